//! What can be read back.

use std::time::Duration;

use domain::risk::{CardKey, Listed};
use domain::{
    AttemptId, BrandId, CardId, CardSummary, Checkout, CheckoutId, Currency, Customer, CustomerId, DeliveryId, Dialect,
    Doubt, Exchange, Fees, KeyId, Look, MerchantId, Mode, Notice, OperationId, Origin, PaymentId, Timestamp, WebhookId,
};
use uuid::Uuid;

use crate::destinations::Destination;

/// A company that takes payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// Its id; the purchases dialect calls it the company.
    pub id: MerchantId,
    /// Its legal details, as invoices show them.
    pub company: Company,
    /// What it is charged for captured money.
    pub fees: Fees,
    /// Where it is written to when something of its own fails; may be empty.
    pub email: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when its keys do not work any more.
    pub revoked_at: Option<Timestamp>,
}

/// Legal details. Absent is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Company {
    pub legal_name: String,
    pub registration_number: String,
    pub tax_number: String,
    pub street_address: String,
    pub city: String,
    pub zip_code: String,
    pub country: String,
    pub bank_accounts: Vec<BankAccount>,
}

/// An account that invoices name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BankAccount {
    /// IBAN or local number, at most 34 characters.
    pub account: String,
    /// BIC, at most 11 characters.
    pub code: String,
}

/// A shop of a merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// Its id.
    pub id: BrandId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// The brand of the same merchant that it stands below; it was made before and never changes.
    pub parent: Option<BrandId>,
    /// What pages and clients name it by to the gateway; public, unique, and opens nothing by itself.
    pub api_key: String,
    /// What payers know it by.
    pub name: String,
    /// Its site; may be empty.
    pub website: String,
    /// Where its payers' answers to mail go; may be empty.
    pub support_email: String,
    /// Used when a purchase names none.
    pub currency: Currency,
    /// The only currencies it takes; `None` is every currency.
    pub currencies: Option<Vec<Currency>>,
    /// What orders of other currencies are paid in, and at which rate; no currency is given twice.
    pub exchanges: Vec<Exchange>,
    /// ISO 639-1, used when a purchase names none.
    pub language: String,
    /// IANA name, used when a purchase names none.
    pub time_zone: String,
    /// Whether forms on the merchant's own pages may post cards to us.
    pub direct_post: bool,
    /// Whose pages may draw the card fields inside themselves, beside those of this machine in a sandbox.
    pub embed_origins: Vec<Origin>,
    /// How its pages look.
    pub look: Look,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it takes no new purchases.
    pub revoked_at: Option<Timestamp>,
}

/// An API key; the secret itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, to revoke it by.
    pub id: KeyId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// The first characters of the secret after `sk_test_`, to find it by.
    pub prefix: String,
    /// SHA-256 of the whole secret.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it does not work any more.
    pub revoked_at: Option<Timestamp>,
}

/// A client of a dialect that speaks OAuth; the secret itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthClient {
    /// Its id, which it calls itself by.
    pub id: KeyId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// The only dialect it speaks.
    pub dialect: Dialect,
    /// The brand it acts for, with all below it; `None` is every brand of its merchant.
    pub entity: Option<BrandId>,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it and its tokens do not work any more.
    pub revoked_at: Option<Timestamp>,
}

/// What a client calls with for a while; the token itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// Whose it is.
    pub client_id: KeyId,
    /// What it may be used for, in its dialect's words.
    pub scope: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when it does not work any more.
    pub expires_at: Timestamp,
}

/// A payer a merchant knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRecord {
    /// Its id; the purchases dialect calls it the client.
    pub id: CustomerId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// 1 when it is made, then one more each time it changes.
    pub version: u32,
    /// What is known.
    pub details: Customer,
    /// The dialect's own JSON; may be empty.
    pub extra: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// Where something stands in a list: the first by rank, then the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 1 for what comes before all others, else 0.
    pub rank: u8,
    /// When it was made.
    pub at: Timestamp,
    /// Its id.
    pub id: Uuid,
}

impl Place {
    /// Before everything.
    pub(crate) const FIRST: Self = Self { rank: u8::MAX, at: Timestamp::from_micros(i64::MAX), id: Uuid::max() };
}

/// Where a page of a list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Behind this place, with what is older.
    Older(Place),
    /// Before it, with what is newer.
    Newer(Place),
}

impl Beside {
    /// Whether the page goes towards what is newer, and the place it goes from.
    pub(crate) fn direction(beside: Option<Self>) -> (bool, Place) {
        match beside {
            None => (false, Place::FIRST),
            Some(Self::Older(place)) => (false, place),
            Some(Self::Newer(place)) => (true, place),
        }
    }
}

/// A checkout and what its dialect keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutRecord {
    /// The facts every page needs.
    pub checkout: Checkout,
    /// The dialect's own JSON document; nobody else reads it.
    pub document: String,
}

/// Bytes under the envelope of `engine::vault`: a data key of its own, wrapped by a key that is not in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key wraps the data key.
    pub key_id: String,
    /// Nonce and wrapped data key.
    pub wrapped_key: Vec<u8>,
    /// Nonce and ciphertext.
    pub ciphertext: Vec<u8>,
}

/// A card in the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRow {
    /// Its id, bound into the seal.
    pub id: CardId,
    /// Whose customer's it is.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// The number, sealed.
    pub sealed: Sealed,
    /// Keyed hash of the number, for the merchant to recognise it by.
    pub fingerprint: [u8; 32],
    /// What the card is counted by.
    pub card_key: CardKey,
    /// What may be shown.
    pub summary: CardSummary,
    /// When it was sealed.
    pub created_at: Timestamp,
}

/// A card that a customer left with a merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptCard {
    /// With whom.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The checkout that kept it: its token.
    pub checkout_id: CheckoutId,
    /// Since when.
    pub created_at: Timestamp,
}

/// A key pair that signs what a merchant is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// What is signed with it: that of a merchant's id its callbacks, that of a webhook's id this webhook.
    pub owner: Uuid,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// 1 for the first of its owner, then one more each time.
    pub generation: u32,
    /// When it was made.
    pub made_at: Timestamp,
    /// PEM `SubjectPublicKeyInfo`, LF newlines.
    pub public_pem: String,
    /// PKCS#8, sealed.
    pub private: Sealed,
}

/// A key pair of the gateway itself, that signs JSON web signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwsKey {
    /// What a signature names it by.
    pub kid: String,
    /// Big-endian, without leading zeros.
    pub modulus: Vec<u8>,
    /// Big-endian, without leading zeros.
    pub exponent: Vec<u8>,
    /// PKCS#8, sealed.
    pub private: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when another one signs.
    pub retired_at: Option<Timestamp>,
}

/// Something an operator never wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// At which merchant.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// What.
    pub listed: Listed,
    /// Since when.
    pub created_at: Timestamp,
}

/// A leg of a tender that may be charged again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReusableLeg {
    /// Its try.
    pub attempt_id: AttemptId,
    /// Whose.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// Where it was paid.
    pub checkout_id: CheckoutId,
    /// The acquirer's own number for it.
    pub reference: String,
    /// What it was paid with.
    pub card_id: CardId,
    /// When it was authorized.
    pub created_at: Timestamp,
}

/// Something that no acquirer has answered for a day: it waits for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedDoubt {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Whose.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// What is in doubt, how much it is about, and since when.
    pub doubt: Doubt,
    /// How often the acquirer was asked about it.
    pub asked: u32,
}

/// Something to do at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: TimerKind,
    /// Whose payment.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// To which payment.
    pub payment_id: PaymentId,
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimerKind {
    /// The due time of the payment.
    Due,
    /// Ask the acquirer what became of a try.
    Inquire {
        /// The try.
        attempt_id: AttemptId,
        /// How many inquiries came before.
        asked: u32,
        /// How many of them said the acquirer does not know it.
        not_found: u32,
    },
    /// Ask the acquirer to undo a try.
    Reverse {
        /// The try.
        attempt_id: AttemptId,
        /// How many times it was asked before.
        asked: u32,
    },
    /// Give up waiting for the payer's bank.
    Abandon {
        /// The try.
        attempt_id: AttemptId,
    },
    /// Ask the acquirer what became of a capture, void or refund.
    InquireOperation {
        /// The operation.
        operation_id: OperationId,
        /// How many inquiries came before.
        asked: u32,
        /// How many of them said the acquirer does not know it.
        not_found: u32,
    },
    /// The acquirer forgets the reservation.
    Lapse,
    /// A tender captures what is left of it by itself.
    Capture,
    /// A kept card is past its date.
    ForgetCard,
    /// Give back what is held and nobody wants, or may take, any more.
    Release {
        /// How many times the acquirer was asked before.
        asked: u32,
    },
}

/// Where a notification goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The callback the checkout names.
    Callback {
        /// The merchant's address.
        url: String,
    },
    /// The address the checkout names, told in plain JSON how the payment stands.
    Status {
        /// The merchant's address.
        url: String,
    },
    /// An address that subscribed; it is told that there is something to fetch.
    Subscription {
        /// What it subscribed to.
        topic: String,
        /// The merchant's address.
        url: String,
    },
    /// The webhook the checkout names, told in signed JSON how everything stands.
    Webhook {
        /// The merchant's address.
        url: String,
        /// What each call carries for the merchant, each header once for each of its values.
        headers: Vec<(String, Vec<String>)>,
        /// What is told, in its dialect's words, in the order in which it happened.
        event_types: Vec<String>,
    },
    /// A webhook the merchant registered, told of an event in its dialect's JSON, signed with a key of its own. Where it
    /// is now is looked up at each try.
    Registered {
        /// Which one.
        webhook_id: WebhookId,
    },
    /// By mail: the payer, whom the merchant named beside, or the merchant.
    Mail {
        /// One address.
        to: String,
    },
}

impl DeliveryState {
    /// As stored.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "waiting",
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }

    /// Reads [`DeliveryState::as_str`] back.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Queued, Self::Delivered, Self::GivenUp].into_iter().find(|state| state.as_str() == text)
    }
}

impl Endpoint {
    /// Whether later notifications of the same checkout wait for earlier ones.
    #[must_use]
    pub const fn is_in_order(&self) -> bool {
        match self {
            Self::Callback { .. } | Self::Webhook { .. } | Self::Registered { .. } => true,
            Self::Status { .. } | Self::Subscription { .. } | Self::Mail { .. } => false,
        }
    }
}

/// An address that a merchant registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// 1 when it is made, then one more each time it changes.
    pub version: u32,
    /// What the merchant calls it.
    pub title: String,
    /// Where it is.
    pub url: String,
    /// What it is told of, in its dialect's words; `None` is everything.
    pub topics: Option<Vec<String>>,
    /// What verifies what it is told: PEM `SubjectPublicKeyInfo`, LF newlines. Changes with its key pair only.
    pub public_pem: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// Where a merchant wants to be told of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Who.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// Of what, in its dialect's words.
    pub topic: String,
    /// Where.
    pub url: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// What a merchant sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What the merchant knows it by: positive, below 2^53, unique in the whole store.
    pub number: u64,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// 1 when it is made, then one more each time it changes.
    pub version: u32,
    /// The dialect's own JSON document; nobody else reads it.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One notification on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The same for every try.
    pub id: DeliveryId,
    /// Who is told.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// The object it tells of.
    pub checkout_id: CheckoutId,
    /// The payment it tells of.
    pub payment_id: PaymentId,
    /// The journal event it tells of; the body shows the payment as it was right after it.
    pub version: u32,
    /// What happened.
    pub notice: Notice,
    /// Where it goes.
    pub endpoint: Endpoint,
    /// Rendered at the first try, then the same bytes for ever.
    pub body: Option<String>,
    /// Tries so far.
    pub attempts: u32,
    /// When it goes next.
    pub due_at: Timestamp,
    /// When it was written down.
    pub created_at: Timestamp,
}

impl Delivery {
    /// Who is called.
    #[must_use]
    pub fn destination(&self) -> Destination {
        Destination::of(self.merchant_id, self.mode, &self.endpoint)
    }
}

/// What is still to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Notifications that are neither delivered nor given up.
    pub open: u64,
    /// When the one that is late, or under way, for longest was due.
    pub oldest_due: Option<Timestamp>,
    /// Destinations at which nothing has arrived for a day.
    pub failing: u64,
}

/// What a used idempotency key remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotent {
    /// Keyed hash of the body it was used with.
    pub fingerprint: [u8; 32],
    /// The HTTP status answered.
    pub status: u16,
    /// The body answered.
    pub body: String,
}

/// A delivery and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The delivery; without its body once it arrived.
    pub delivery: Delivery,
    /// SHA-256 of the body that arrived and is not kept.
    pub body_hash: Option<[u8; 32]>,
    /// Whether it is over.
    pub state: DeliveryState,
    /// Whether a worker has it.
    pub is_under_way: bool,
    /// Where it stands among all, oldest first.
    pub position: i64,
    /// The HTTP status of the last answer, 0 when there was none; `None` before the first try.
    pub status: Option<u16>,
    /// When the last try ended.
    pub tried_at: Option<Timestamp>,
}

/// Whether a delivery is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its time.
    Open,
    /// It waits for earlier ones of its checkout.
    Queued,
    /// It arrived.
    Delivered,
    /// It was tried often enough.
    GivenUp,
}

/// What became of one try to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryTry {
    /// 1 for the first.
    pub number: u32,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// The HTTP status of the answer, 0 when there was none.
    pub status: u16,
    /// Why there was none, for the merchant to read; empty when there was one.
    pub error: String,
    /// The first KiB of the answer.
    pub answer: String,
}

/// How it goes with somebody who is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationRecord {
    /// Who.
    pub destination: Destination,
    /// The webhook that it is.
    pub webhook_id: Option<WebhookId>,
    /// Else: scheme, host and port of what a payment or a subscription names.
    pub origin: String,
    /// When something arrived there last.
    pub delivered_at: Option<Timestamp>,
    /// When a try failed last.
    pub failed_at: Option<Timestamp>,
    /// Since when every try failed.
    pub failing_since: Option<Timestamp>,
    /// How many these are.
    pub failures: u32,
    /// When its merchant was told.
    pub warned_at: Option<Timestamp>,
}
