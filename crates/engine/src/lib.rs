//! Carrying commands out: load, decide, commit one changeset, tell whoever waits. No HTTP server, no SQL.
//!
//! Pages, APIs, acquirer answers and workers all change a payment through [`Engine::run`], and nothing else does. An
//! acquirer is called between two changesets, never inside one: the first is durable before the first byte leaves, the
//! second records the answer. What was under way when a process died is found again by its timer.

mod authentication;
mod calls;
mod checkouts;
mod customers;
mod delivery_log;
mod doubts;
mod gift_cards;
mod local_methods;
mod operations;
mod payments;
mod reconciliation;
mod recovery;
mod registered;
mod reports;
mod risk;
mod sending;
mod statements;
mod stored_cards;
mod telling;
mod tenders;
mod warnings;
mod webhooks;
mod workers;

mod admin;
mod balances;
mod cache;
mod card_forms;
mod credentials;
mod embedding;
mod entities;
mod jws;
mod logos;
mod mail;
mod numbers;
mod oauth;
mod orders;
mod outgoing;
pub mod redirects;
mod sandbox;
mod signers;
mod signing;
mod subscriptions;
mod turns;
mod vault;

mod causes;

#[cfg(test)]
mod scenarios;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use acquirer::{Acquirer, TestAcquirer, Wire};
use domain::Refusal;
use env::Env;
use store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use acquirer::Balance;
pub use admin::{BrandChange, NewBrand, NewMerchant};
pub use authentication::{CHALLENGE_WAIT, Question, question};
pub use card_forms::CARD_FORM_LIFE;
pub use causes::Causes;
pub use checkouts::{NewCheckout, Opened, Shown, hold_ends};
pub use credentials::Credential;
pub use customers::LeftCard;
pub use delivery_log::{Again, Logged, Page, RESEND_MAX, Resend};
pub use gift_cards::ReadGiftCard;
pub use jws::{JWK_LIFE, JwkState, PublicJwk, SigningJwk};
pub use local_methods::BankState;
pub use logos::{LOGO_FILE_BYTES_MAX, LogoError};
pub use mail::{
    COPIES_MAX, Concern, Letter, Letters, MailError, MailTls, Post, Row, Sender, Sheet, Smtp, SmtpError, SmtpSettings,
    is_mail_address, test_mail,
};
pub use numbers::Numbered;
pub use oauth::IssuedToken;
pub use operations::{Answered, Operate, Operated};
pub use outgoing::{Reach, Receivers};
pub use payments::{CardEntry, Visit};
pub use reconciliation::{ImportError, Imported};
pub use registered::{TestSend, WEBHOOKS_MAX, WebhookFields};
pub use statements::{FILE_LIFE, NewStatement, STATEMENTS_MAX, StatementDownload};
pub use store::{
    Beside, Brand, CheckoutRecord, Company, CustomerRecord, DeliveryRecord, DeliveryState, DeliveryTry, Destination,
    DestinationRecord, Endpoint, Filter, IdempotencyWrite, MerchantBalance, MovementState, Order, Place, QueuedDoubt,
    Range, Standing, StandingRow, Stands, Statement, StatementFilter, StatementFormat, StatementStatus, Subscription,
    Turned, Turnover, Wanted, Webhook,
};
pub use stored_cards::{StoredCard, needs_verification};
pub use subscriptions::Told;
pub use tenders::{LegSource, NewLeg};
pub use turns::Turn;
pub use vault::{RootKey, RootKeyError};
pub use webhooks::Fingerprints;

/// 3-D Secure as the pages need it: the messages a browser carries, and the issuer's side of the test world.
pub mod three_ds {
    pub use acquirer::three_ds::{creq, parse_creq};
    pub use acquirer::{AcsAnswer, AcsBehaviour, AcsOutcome};
}

/// How long a page waits for an acquirer before it says "processing" (design 5).
pub const PAGE_WAIT: Duration = Duration::from_secs(10);

/// Renders what a merchant is told, once, in the dialect that made the checkout.
pub trait Narrator: Send + Sync {
    /// Who is told of `notice`, which tells of `event`; `shown` is the payment right after it.
    fn audience(&self, shown: &Shown, event: &domain::Event, notice: domain::Notice) -> Audience;

    /// The body that tells of `notice`; `history` ends with the event it tells of, or with the last of its change.
    /// `fingerprints` are those of the cards it was paid with, for webhooks.
    ///
    /// # Errors
    /// A sentence for the operator, when the checkout's document cannot be read.
    fn body(
        &self,
        record: &CheckoutRecord,
        history: &[domain::Recorded],
        notice: domain::Notice,
        fingerprints: &Fingerprints,
    ) -> Result<String, String>;

    /// How a payer goes back to the merchant with signed words about how the payment stands now; `None` when no address
    /// is named, and in dialects that sign nothing there.
    ///
    /// # Errors
    /// A sentence for the operator, when the checkout's document cannot be read.
    fn way_back(
        &self,
        record: &CheckoutRecord,
        history: &[domain::Recorded],
        now: domain::Timestamp,
    ) -> Result<Option<WayBack>, String>;

    /// What the merchant adds to the invoice when it is mailed, in words of its own; may be empty.
    ///
    /// # Errors
    /// A sentence for the operator, when the checkout's document cannot be read.
    fn invoice_message(&self, record: &CheckoutRecord) -> Result<String, String>;
}

/// Who is told of something.
#[derive(Debug, Default)]
pub struct Audience {
    /// Each is told.
    pub endpoints: Vec<Endpoint>,
    /// And whoever subscribed to one of these.
    pub topics: &'static [&'static str],
    /// And the webhooks of the merchant that are told of this.
    pub webhooks: Option<&'static str>,
    /// And the payer, where mail can be sent and there is an address that it can go to.
    pub payer: bool,
}

/// A merchant's address that takes signed words in its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// What stands before the signed words.
    pub before: String,
    /// What is signed: JSON.
    pub claims: String,
    /// What stands behind them; may be empty.
    pub after: String,
}

/// What an engine is put together from.
pub struct Parts {
    /// Time and chance.
    pub env: Env,
    /// What is written down.
    pub store: Store,
    /// The key that wraps every data key.
    pub root_key: RootKey,
    /// Takes every payment in test mode.
    pub test_acquirer: TestAcquirer,
    /// Which addresses may be called.
    pub reach: Reach,
    /// Renders notifications.
    pub narrator: Arc<dyn Narrator>,
    /// Where links lead, without a slash at its end.
    pub public_url: String,
    /// Where the files of statements lie; without one none is made.
    pub statements: Option<PathBuf>,
    /// Words mail to payers.
    pub letters: Arc<dyn Letters>,
    /// Where mail goes.
    pub post: Post,
    /// Who mail is from.
    pub sender: Sender,
    /// How long a card payment may be held before it is taken.
    pub authorization_max: Duration,
    /// Whether limits against card testing bind in test mode.
    pub test_limits: bool,
    /// What is around the engine, in a simulation.
    pub simulated: Option<Surroundings>,
}

/// What is around the engine in a simulation: everything it would reach over a network.
pub struct Surroundings {
    /// The way to the acquirer.
    pub wire: Arc<dyn Wire>,
    /// Everybody who is told of something.
    pub receivers: Arc<dyn Receivers>,
}

/// Carries commands out. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    env: Env,
    store: Store,
    vault: vault::Vault,
    fingerprints: vault::HashKey,
    forms: vault::HashKey,
    requests: vault::HashKey,
    risk: risk::Risk,
    test_acquirer: Acquirer,
    test_book: TestAcquirer,
    directory_server: acquirer::Directory,
    waiting: authentication::Waiting,
    outgoing: outgoing::Outgoing,
    narrator: Arc<dyn Narrator>,
    public_url: String,
    statements: Option<PathBuf>,
    sums: tokio::sync::Semaphore,
    letters: Arc<dyn Letters>,
    post: Post,
    sender: Sender,
    authorization_max: Duration,
    directory: admin::Directory,
    numbers: numbers::Numbers,
    signers: signers::Signers,
    tests: tokio::sync::Semaphore,
    webhook_secrets: vault::HashKey,
    jws: cache::Cache<(), jws::Keys>,
    underway: payments::Underway,
    tenders: tenders::Waiting,
    card_forms: card_forms::CardForms,
    logos: tokio::sync::Semaphore,
    guesses: gift_cards::Guesses,
    turns: turns::Turns,
    advancing: tokio::sync::Mutex<()>,
    reconciling: reconciliation::State,
    workers: workers::State,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Why something was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such object, for this merchant in this mode.
    #[error("not found")]
    NotFound,
    /// We said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Somebody was faster; look again and decide again.
    #[error("changed meanwhile")]
    Stale,
    /// The one-time token or idempotency key was used before.
    #[error("used before")]
    Used,
    /// No such card is kept, for this merchant in this mode.
    #[error("no such card is kept")]
    NoToken,
    /// More would be paid for the order than it is for.
    #[error("the order is paid")]
    OrderPaid,
    /// The checkout does not take cards of this brand.
    #[error("the checkout does not take this brand")]
    BrandNotListed,
    /// Mail goes nowhere, the payer has no address that it can go to, or was mailed often enough for a day.
    #[error("no mail can be sent")]
    NoMail,
    /// A mail could not be written.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] store::Error),
    /// The test acquirer's book failed.
    #[error("the test acquirer's book failed")]
    Acquirer(#[from] acquirer::Error),
    /// A sealed record does not open.
    #[error(transparent)]
    Sealed(#[from] vault::Unsealable),
    /// A signing key failed.
    #[error(transparent)]
    Signing(#[from] signing::SigningError),
    /// A task was cut off by the end of the process.
    #[error("the gateway is shutting down")]
    Stopping,
}

impl Engine {
    /// Opens the gateway's own secrets, or makes them, and puts the engine together. Workers start with
    /// [`Engine::start_workers`].
    ///
    /// # Errors
    /// [`Error::Sealed`] when the root key is not the one this store was made with; [`Error::Store`].
    pub async fn open(parts: Parts) -> Result<Self, Error> {
        let Parts {
            env,
            store,
            root_key,
            test_acquirer,
            reach,
            narrator,
            public_url,
            statements,
            letters,
            post,
            sender,
            authorization_max,
            test_limits,
            simulated,
        } = parts;
        let (acquirer, receivers) = match simulated {
            Some(Surroundings { wire, receivers }) => (Acquirer::simulated(wire, env.clone()), Some(receivers)),
            None => (Acquirer::test(test_acquirer.clone(), env.clone()), None),
        };
        let vault = vault::Vault::new(root_key, env.clone());
        env.clock().restore_offset(store.clock_offset().await?);
        let fingerprints = admin::own_secret(&store, &vault, &env, "card fingerprints").await?;
        let forms = admin::own_secret(&store, &vault, &env, "form tokens").await?;
        let requests = admin::own_secret(&store, &vault, &env, "request fingerprints").await?;
        let webhook_secrets = admin::own_secret(&store, &vault, &env, "webhook secrets").await?;
        let card_keys = admin::own_secret(&store, &vault, &env, "card keys").await?;
        let workers = workers::State::new(store.deliveries_written(), env.random_id());
        let engine = Self(Arc::new(Inner {
            test_acquirer: acquirer,
            directory_server: acquirer::Directory::new(env.clone()),
            waiting: authentication::Waiting::default(),
            test_book: test_acquirer,
            env,
            store,
            vault,
            fingerprints,
            forms,
            requests,
            risk: risk::Risk::new(card_keys, test_limits),
            outgoing: outgoing::Outgoing::new(reach, receivers),
            narrator,
            public_url,
            statements,
            sums: balances::sums(),
            letters,
            post,
            sender,
            authorization_max,
            directory: admin::Directory::default(),
            numbers: numbers::Numbers::default(),
            signers: signers::Signers::default(),
            tests: registered::tests(),
            webhook_secrets,
            jws: cache::Cache::default(),
            underway: payments::Underway::default(),
            tenders: tenders::Waiting::default(),
            card_forms: card_forms::CardForms::default(),
            logos: tokio::sync::Semaphore::new(1),
            guesses: gift_cards::Guesses::default(),
            turns: turns::Turns::default(),
            advancing: tokio::sync::Mutex::new(()),
            reconciling: reconciliation::State::default(),
            workers,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }));
        if let Err(error) = engine.sweep_statements().await {
            tracing::warn!(error = %Causes(&error), "what was left of statements could not be thrown away");
        }
        Ok(engine)
    }

    /// Time and chance.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.0.env
    }

    /// How long a card payment may be held before it is taken; for the terms of a new one (card-payments-api 3.5).
    #[must_use]
    pub fn authorization_max(&self) -> Duration {
        self.0.authorization_max
    }

    /// Whether the store answers: the gateway may take traffic.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn ready(&self) -> Result<(), Error> {
        Ok(self.0.store.ping().await?)
    }

    /// Stops the workers, lets what is under way finish, and closes the store. What the acquirer has not answered by
    /// then is found again by its timer at the next start.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        let patience = Duration::from_secs(10);
        if tokio::time::timeout(patience, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("acquirer calls are still under way; their timers will find them at the next start");
        }
        self.0.test_book.close().await;
        if let Err(error) = self.0.store.close().await {
            tracing::error!(%error, "the store did not close in order; the next start recovers it");
        }
    }
}
