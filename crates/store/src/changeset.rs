//! Everything one decision writes down.

use std::time::Duration;

use domain::ledger::Posting;
use domain::risk::limits::Decline;
use domain::risk::{Listed, Policy};
use domain::{
    BrandId, CardId, CheckoutId, CustomerId, DeliveryId, KeyId, Logo, LogoId, MerchantId, Mode, Money, Notice, Payment,
    PaymentId, Recorded, Timestamp, WebhookId,
};
use uuid::Uuid;

use crate::destinations::Destination;
use crate::differences::DifferenceWrite;
use crate::records::{
    AccessToken, ApiKey, Brand, CardRow, CheckoutRecord, CustomerRecord, Delivery, JwsKey, KeptCard, ListRow, Merchant,
    OauthClient, Order, QueuedDoubt, ReusableLeg, Sealed, SigningKey, Subscription, Timer, Webhook,
};
use crate::settlement::SettlementWrite;
use crate::statements::Statement;

/// Everything one decision wrote down. All of it becomes durable, or none.
#[derive(Debug, Default)]
pub struct Changeset {
    /// A customer that a merchant makes, changes or deletes.
    pub customer_write: Option<Box<CustomerWrite>>,
    /// New customers; one that loses the race for an inline email makes the changeset stale.
    pub customer: Option<CustomerRecord>,
    /// A new checkout; one whose public id is taken makes the changeset stale.
    pub checkout: Option<Box<CheckoutRecord>>,
    /// A newly sealed card.
    pub card: Option<CardRow>,
    /// What happened to a payment, guarded by the version that was read.
    pub payment: Option<PaymentWrite>,
    /// New timers.
    pub timers: Vec<Timer>,
    /// Timers that were carried out or are moot.
    pub timers_done: Vec<Timer>,
    /// Something that is put into the manual queue.
    pub doubt: Option<Box<DoubtWrite>>,
    /// References that are in doubt no more, in the manual queue or not.
    pub doubts_over: Vec<Uuid>,
    /// What is told, in the order in which it happened.
    pub told: Vec<Told>,
    /// Notifications that a worker takes.
    pub lease: Option<Lease>,
    /// What became of a notification's try.
    pub delivered: Option<Box<Delivered>>,
    /// Notifications that are sent again.
    pub resent: Vec<Resent>,
    /// Notifications that wait for their time and go now.
    pub hurried: Option<Hurried>,
    /// A merchant is told that somebody it named is failing.
    pub warning: Option<Box<Warning>>,
    /// A notification whose receiver says that it has it: it is told no more.
    pub acknowledged: Option<DeliveryId>,
    /// The idempotency key this answers, or the form token it uses up.
    pub idempotency: Option<IdempotencyWrite>,
    /// The answer of a call whose idempotency key was used up before it had one.
    pub answered: Option<IdempotencyWrite>,
    /// A key that may be used again, because what it was used for came to nothing.
    pub freed: Option<Box<IdempotencyWrite>>,
    /// A card a known customer may be charged by again.
    pub kept_card: Option<KeptCard>,
    /// The order a payment must fit into, together with what was paid for it before.
    pub order_total: Option<Box<OrderTotal>>,
    /// Legs that may be charged again.
    pub reusable_legs: Vec<ReusableLeg>,
    /// A card that is kept no longer, and the checkout that kept it.
    pub forgotten_card: Option<(CheckoutId, CardId)>,
    /// Declines of cards, to be counted.
    pub declines: Vec<DeclineWrite>,
    /// A counter moved on, guarded by the value that was read.
    pub counter: Option<CounterWrite>,
    /// A new or changed order.
    pub order: Option<Box<OrderWrite>>,
    /// A subscription that begins or ends.
    pub subscription: Option<Box<SubscriptionWrite>>,
    /// A webhook that is made, changed or ended.
    pub webhook: Option<Box<WebhookWrite>>,
    /// A statement that is asked for, or goes on.
    pub statement: Option<Box<StatementWrite>>,
    /// A new key pair in place of the one its owner has, which makes the changeset stale unless it is the one before.
    pub signing_key: Option<Box<SigningKey>>,
    /// A token a client was given.
    pub access_token: Option<Box<AccessToken>>,
    /// A step of the import of a settlement file.
    pub settlement: Option<Box<SettlementWrite>>,
    /// What happened to differences.
    pub differences: Vec<DifferenceWrite>,
    /// Merchants, brands, keys, clients, secrets.
    pub admin: Vec<AdminWrite>,
}

/// What happened to one payment.
#[derive(Debug)]
pub struct PaymentWrite {
    /// The version the decision was made on; 0 for a new payment.
    pub expected_version: u32,
    /// The payment after the events: the row that searches and sums read.
    pub payment: Payment,
    /// The shop whose it is.
    pub brand_id: BrandId,
    /// What happened.
    pub events: Vec<Recorded>,
    /// The postings of those events, by the version of the event.
    pub postings: Vec<(u32, Posting)>,
}

/// Something that is put into the manual queue, or was asked about once more there.
#[derive(Debug, Clone)]
pub struct DoubtWrite {
    /// What.
    pub queued: QueuedDoubt,
    /// The version of the payment that was in doubt; another one makes the changeset stale.
    pub version: u32,
}

/// Something that is told.
#[derive(Debug, Clone)]
pub enum Told {
    /// To one endpoint.
    To(Delivery),
    /// To whoever listens when this is written.
    Announced(Announcement),
}

/// Who listens to an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listeners {
    /// The addresses that are subscribed to its topic.
    Subscribers,
    /// The webhooks that are told of its topic.
    Webhooks,
}

/// Something to be told to whoever listens: one delivery for each that does when it is written.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// To whom.
    pub to: Listeners,
    /// Who is told.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// What they listen to.
    pub topic: &'static str,
    /// The object it tells of.
    pub checkout_id: CheckoutId,
    /// The payment it tells of.
    pub payment_id: PaymentId,
    /// The journal event it tells of.
    pub version: u32,
    /// What happened.
    pub notice: Notice,
    /// Chance, from which the id of each delivery follows; nobody can guess one.
    pub seed: [u8; 32],
    /// When it happened.
    pub at: Timestamp,
}

/// The order of a payment that begins.
#[derive(Debug, Clone)]
pub struct OrderTotal {
    /// Whose.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// What its checkouts share.
    pub key: String,
    /// The payment that begins.
    pub payment_id: PaymentId,
    /// What it is for, in minor units.
    pub amount: i64,
    /// What the order is for, in minor units.
    pub total: i64,
}

/// An order, guarded by the version that was read.
#[derive(Debug, Clone)]
pub struct OrderWrite {
    /// The version that was read; 0 for a new order, which is stale when its number is taken.
    pub expected_version: u32,
    /// The order from now on.
    pub order: Order,
}

/// A subscription that begins or ends. What is so already, stays so.
#[derive(Debug, Clone)]
pub enum SubscriptionWrite {
    /// Begins.
    Add(Subscription),
    /// Ends.
    Remove {
        /// Whose.
        merchant_id: MerchantId,
        /// In which world.
        mode: Mode,
        /// To what.
        topic: String,
        /// The address; every one of the topic without it.
        url: Option<String>,
    },
}

/// A customer that a merchant makes, changes or deletes.
#[derive(Debug, Clone)]
pub enum CustomerWrite {
    /// Made, whoever else has its address.
    Add(CustomerRecord),
    /// Changed; stale when its version is not the one before.
    Change(CustomerRecord),
    /// Deleted. Its purchases keep what they know.
    Remove(MerchantId, Mode, CustomerId),
}

/// A webhook that is made, changed or ended.
#[derive(Debug, Clone)]
pub enum WebhookWrite {
    /// Made, with the key pair that signs for it; stale when the merchant has as many as it may.
    Add {
        /// The webhook.
        webhook: Webhook,
        /// Its key pair.
        key: SigningKey,
        /// How many a merchant may have in one mode.
        most: u32,
    },
    /// Changed; stale when its version is not the one before.
    Change(Webhook),
    /// Ended, with its key pair. What is still to be told to it is given up.
    Remove(MerchantId, Mode, WebhookId),
}

/// A statement that is asked for, or goes on.
#[derive(Debug, Clone)]
pub enum StatementWrite {
    /// Asked for; stale when the merchant has as many as it may that are not made or whose files are kept.
    Add {
        /// The statement.
        statement: Statement,
        /// How many a merchant may have in one mode.
        most: u32,
    },
    /// It goes on; stale when its version is not the one before.
    Change(Statement),
}

/// A worker takes notifications: nobody else sends them before the end of the lease, and only those that are due are
/// taken.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Who takes them; another one each time a process starts.
    pub worker: Uuid,
    /// Which.
    pub ids: Vec<DeliveryId>,
    /// When.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// A notification that is over and is sent again, under the same id.
#[derive(Debug, Clone)]
pub struct Resent {
    /// Which.
    pub id: DeliveryId,
    /// The same bytes as before, where they were not kept.
    pub body: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Notifications that wait for their time and go now.
#[derive(Debug, Clone)]
pub struct Hurried {
    /// Which.
    pub ids: Vec<DeliveryId>,
    /// When.
    pub at: Timestamp,
}

/// A merchant is told, once while it lasts, that somebody it named is failing.
#[derive(Debug, Clone)]
pub struct Warning {
    /// Who is failing.
    pub destination: Destination,
    /// The mail that tells it; none where none can be sent.
    pub letter: Option<Delivery>,
    /// When.
    pub at: Timestamp,
}

/// What became of one try to deliver. That it arrived is taken from anybody, that it failed only from the worker that
/// has it.
#[derive(Debug)]
pub struct Delivered {
    /// Which notification.
    pub id: DeliveryId,
    /// Who tried.
    pub worker: Uuid,
    /// The bytes that were sent, kept for the next try; `None` when none could be made, and the next try makes them.
    pub body: Option<String>,
    /// Tries including this one.
    pub attempts: u32,
    /// When to try again; `None` when it arrived or was given up.
    pub next: Option<Timestamp>,
    /// Whether it arrived.
    pub success: bool,
    /// The HTTP status of the last answer, 0 when there was none.
    pub status: u16,
    /// Why there was none; empty when there was one.
    pub error: String,
    /// The first KiB of the answer.
    pub answer: String,
    /// When the try ended.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Whether whoever was called is there; nothing is said of that when the gateway could not make the call, or nobody is
    /// there to be called any more.
    pub is_there: Option<bool>,
}

/// A key that may be used once.
#[derive(Debug, Clone)]
pub struct IdempotencyWrite {
    /// Whose key it is.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// Method and path, or what else the key is unique within.
    pub scope: String,
    /// The key.
    pub key: String,
    /// Keyed hash of the body.
    pub fingerprint: [u8; 32],
    /// The HTTP status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub body: String,
    /// When it was used.
    pub at: Timestamp,
    /// How long it cannot be used again.
    pub kept_for: Duration,
}

/// A decline of a card that lies in the vault; one that is forgotten there is not counted.
#[derive(Debug, Clone)]
pub struct DeclineWrite {
    /// Which card.
    pub card_id: CardId,
    /// What happened to it.
    pub decline: Decline,
    /// The amount for which the card may never be sent to this merchant again.
    pub for_good: Option<Money>,
}

/// A counter moved on.
#[derive(Debug)]
pub struct CounterWrite {
    /// Whose counter.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// Which one.
    pub name: &'static str,
    /// The value that was read; another value makes the changeset stale.
    pub expected: u64,
    /// The value from now on.
    pub next: u64,
}

/// A change by an operator.
#[derive(Debug)]
pub enum AdminWrite {
    /// A new merchant with its signing keys.
    Merchant(Merchant),
    /// A new key pair.
    SigningKey(SigningKey),
    /// A new brand.
    Brand(Brand),
    /// A brand is called or looks otherwise.
    UpdateBrand(Brand),
    /// A logo for a brand.
    Logo(LogoId, Logo),
    /// A new API key.
    Key(ApiKey),
    /// A merchant's keys stop working.
    RevokeMerchant(MerchantId, Timestamp),
    /// A brand takes no new purchases.
    RevokeBrand(BrandId, Timestamp),
    /// A key stops working.
    RevokeKey(KeyId, Timestamp),
    /// A new client of a dialect that speaks OAuth.
    Client(OauthClient),
    /// A client and its tokens stop working.
    RevokeClient(KeyId, Timestamp),
    /// A secret of the gateway itself, sealed; one that exists already makes the changeset stale.
    Secret(&'static str, Sealed),
    /// A new key pair of the gateway itself in place of the one of this name, or of none; another one makes the
    /// changeset stale.
    JwsKey {
        /// Which key retires now.
        retires: Option<String>,
        /// The key that signs from now on.
        key: JwsKey,
    },
    /// How far the sandbox clock was moved, in microseconds.
    ClockOffset(i64),
    /// What an operator decides about tries at a merchant, in place of what was decided before.
    RiskPolicy(MerchantId, Mode, Policy),
    /// Something an operator never wants to see; once is enough.
    List(ListRow),
    /// Something an operator does not mind any more.
    Unlist(MerchantId, Mode, Listed),
}

/// What became of a changeset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It is durable.
    Done,
    /// Somebody was faster: look again, decide again.
    Stale,
    /// Its idempotency key was used before.
    KeyUsed,
    /// More would be paid for the order than it is for.
    OrderPaid,
}

impl Changeset {
    /// Whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self {
            customer_write,
            customer,
            checkout,
            card,
            payment,
            timers,
            timers_done,
            doubt,
            doubts_over,
            told,
            lease,
            delivered,
            resent,
            hurried,
            warning,
            acknowledged,
            idempotency,
            answered,
            freed,
            kept_card,
            order_total: _,
            reusable_legs,
            forgotten_card,
            declines,
            counter,
            order,
            subscription,
            webhook,
            statement,
            signing_key,
            access_token,
            settlement,
            differences,
            admin,
        } = self;
        customer_write.is_none()
            && customer.is_none()
            && checkout.is_none()
            && card.is_none()
            && payment.is_none()
            && timers.is_empty()
            && timers_done.is_empty()
            && doubt.is_none()
            && doubts_over.is_empty()
            && told.is_empty()
            && lease.is_none()
            && delivered.is_none()
            && resent.is_empty()
            && hurried.is_none()
            && warning.is_none()
            && acknowledged.is_none()
            && idempotency.is_none()
            && answered.is_none()
            && freed.is_none()
            && kept_card.is_none()
            && reusable_legs.is_empty()
            && forgotten_card.is_none()
            && declines.is_empty()
            && counter.is_none()
            && order.is_none()
            && subscription.is_none()
            && webhook.is_none()
            && statement.is_none()
            && signing_key.is_none()
            && access_token.is_none()
            && settlement.is_none()
            && differences.is_empty()
            && admin.is_empty()
    }
}
