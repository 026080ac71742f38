//! What is written down. The only crate that knows SQL.
//!
//! [`Store::commit`] is the only write in the program: one [`Changeset`], all of it or none. One writer thread takes
//! every waiting changeset, writes them in one transaction with one fsync, and only then answers each; a stale or
//! duplicate one is refused without harming its neighbours. Readers never wait for the writer.

mod changeset;
mod records;

mod store;

mod memory;
mod readers;
mod writer;

mod balances;
mod brands;
mod cards;
mod checkouts;
mod counters;
mod customers;
mod deliveries;
mod destinations;
mod differences;
mod doubts;
mod health;
mod idempotency;
mod journal;
mod jws_keys;
mod keys;
mod ledger;
mod merchants;
mod movements;
mod oauth;
mod order_totals;
mod orders;
mod payments;
mod reusable_legs;
mod risk;
mod secrets;
mod settings;
mod settlement;
mod statements;
mod subscriptions;
mod timers;
mod transactions;
mod tries;
mod webhooks;

mod audit;

mod documents;
mod error;
mod filter;
mod row;
mod schema;

pub use audit::AuditReport;
pub use balances::{MerchantBalance, Turned, Turnover};
pub use changeset::{
    AdminWrite, Announcement, Changeset, Committed, CounterWrite, CustomerWrite, DeclineWrite, Delivered, DoubtWrite,
    Hurried, IdempotencyWrite, Lease, Listeners, OrderTotal, OrderWrite, PaymentWrite, Resent, StatementWrite,
    SubscriptionWrite, Told, Warning, WebhookWrite,
};
pub use customers::Wanted;
pub use destinations::{Destination, Failing, Openings};
pub use differences::DifferenceWrite;
pub use error::Error;
pub use filter::{Filter, Range, StatementFilter};
pub use memory::{CommitFate, Disk};
pub use movements::{MovementRecord, MovementState};
pub use records::{
    AccessToken, ApiKey, Backlog, BankAccount, Beside, Brand, CardRow, CheckoutRecord, Company, CustomerRecord,
    Delivery, DeliveryRecord, DeliveryState, DeliveryTry, DestinationRecord, Endpoint, Idempotent, JwsKey, KeptCard,
    ListRow, Merchant, OauthClient, Order, Place, QueuedDoubt, ReusableLeg, Sealed, SigningKey, Subscription, Timer,
    TimerKind, Webhook,
};
pub use settlement::{KnownFile, SettlementFile, SettlementLine, SettlementWrite, Standing, StandingRow};
pub use statements::{Statement, StatementFile, StatementFormat, StatementStatus};
pub use store::Store;
pub use transactions::{Stands, StatementLine, TransactionRow};
