//! The one writer: a thread that takes every waiting changeset, writes them in one transaction with one fsync (group
//! commit), and only then answers each.
//!
//! A changeset's guards are checked before any of it is written, so one that is stale or repeated leaves no trace and
//! needs no savepoint. What no guard foresees (two rows with one id, say) undoes the batch, which is then written
//! again with a savepoint around each changeset: only the one at fault fails. Correctness does not depend on which
//! changesets share a batch.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use domain::ledger::Posting;
use domain::{CardId, CheckoutId, DeliveryId};
use rusqlite::Connection;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use crate::changeset::{
    AdminWrite, Changeset, Committed, CounterWrite, CustomerWrite, DeclineWrite, Delivered, DoubtWrite, Hurried,
    IdempotencyWrite, Lease, OrderTotal, OrderWrite, PaymentWrite, Resent, StatementWrite, SubscriptionWrite, Told,
    Warning, WebhookWrite,
};
use crate::checkouts::CheckoutRow;
use crate::customers::CustomerRow;
use crate::differences::DifferenceRow;
use crate::documents::Owner;
use crate::error::Error;
use crate::idempotency::Purge;
use crate::journal::{Entry, Journal};
use crate::ledger::Ledger;
use crate::movements::MovementWrite;
use crate::payments::PaymentRow;
use crate::records::{AccessToken, CardRow, KeptCard, ReusableLeg, SigningKey, Timer};
use crate::settlement::SettlementWrite;
use crate::transactions::TransactionWrite;
use crate::{
    brands, cards, counters, customers, deliveries, doubts, health, idempotency, jws_keys, keys, merchants, oauth,
    order_totals, orders, reusable_legs, risk, secrets, settings, settlement, statements, subscriptions, timers,
    webhooks,
};

/// Changesets in one transaction.
const BATCH_MAX: usize = 1_024;

/// What happened to a changeset, or why nobody knows.
pub(crate) type Answer = Result<Committed, Error>;

/// A changeset on its way to the writer, and who waits for it.
pub(crate) struct Job {
    pub(crate) change: Prepared,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// A changeset whose documents are text already: the caller's thread did that, the writer has no time for it.
pub(crate) struct Prepared {
    customer_write: Option<Box<CustomerWrite>>,
    customer: Option<CustomerRow>,
    checkout: Option<CheckoutRow>,
    card: Option<CardRow>,
    payment: Option<PaymentRow>,
    entries: Vec<Entry>,
    movements: Vec<MovementWrite>,
    timers: Vec<Timer>,
    timers_done: Vec<Timer>,
    doubt: Option<Box<DoubtWrite>>,
    doubts_over: Vec<Uuid>,
    told: Vec<Told>,
    lease: Option<Lease>,
    delivered: Option<Box<Delivered>>,
    resent: Vec<Resent>,
    hurried: Option<Hurried>,
    warning: Option<Box<Warning>>,
    acknowledged: Option<DeliveryId>,
    idempotency: Option<IdempotencyWrite>,
    answered: Option<IdempotencyWrite>,
    freed: Option<Box<IdempotencyWrite>>,
    kept_card: Option<KeptCard>,
    order_total: Option<Box<OrderTotal>>,
    reusable_legs: Vec<ReusableLeg>,
    forgotten_card: Option<(CheckoutId, CardId)>,
    declines: Vec<DeclineWrite>,
    counter: Option<CounterWrite>,
    order: Option<Box<OrderWrite>>,
    subscription: Option<Box<SubscriptionWrite>>,
    webhook: Option<Box<WebhookWrite>>,
    statement: Option<Box<StatementWrite>>,
    signing_key: Option<Box<SigningKey>>,
    access_token: Option<Box<AccessToken>>,
    settlement: Option<Box<SettlementWrite>>,
    differences: Vec<DifferenceRow>,
    admin: Vec<AdminWrite>,
}

impl Prepared {
    pub(crate) fn new(changeset: Changeset) -> Result<Self, Error> {
        let Changeset {
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
            order_total,
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
        } = changeset;
        let movements = payment.as_ref().map(movements).unwrap_or_default();
        let (payment, entries) = match payment {
            Some(write) => prepare_payment(write)?,
            None => (None, Vec::new()),
        };
        Ok(Self {
            customer_write,
            customer: customer.map(CustomerRow::new).transpose()?,
            checkout: checkout.map(|record| CheckoutRow::new(*record)).transpose()?,
            card,
            payment,
            entries,
            movements,
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
            order_total,
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
            differences: differences.into_iter().map(DifferenceRow::new).collect::<Result<_, _>>()?,
            admin,
        })
    }
}

impl Prepared {
    /// Whether something happened to a payment.
    pub(crate) fn is_of_payment(&self) -> bool {
        self.payment.is_some()
    }
}

/// What the events of a payment do to what files must name.
fn movements(write: &PaymentWrite) -> Vec<MovementWrite> {
    write.events.iter().filter_map(|recorded| MovementWrite::of(&write.payment, recorded)).collect()
}

/// The row and the journal entries of a payment; nothing when nothing happened to it.
fn prepare_payment(write: PaymentWrite) -> Result<(Option<PaymentRow>, Vec<Entry>), Error> {
    let PaymentWrite { expected_version, payment, brand_id, events, postings } = write;
    let Some(at) = events.last().map(|last| last.at) else { return Ok((None, Vec::new())) };
    let terms = &payment.terms;
    let owner = Owner { payment_id: terms.payment_id, merchant_id: terms.merchant_id, mode: terms.mode };
    let mut by_version: HashMap<u32, Vec<Posting>> = HashMap::new();
    for (version, posting) in postings {
        by_version.entry(version).or_default().push(posting);
    }
    let entries = events
        .into_iter()
        .map(|recorded| {
            let postings = by_version.remove(&recorded.version).unwrap_or_default();
            let transaction = TransactionWrite::of(&payment, brand_id, &recorded);
            Entry::new(owner, recorded, terms.amount.currency(), postings, transaction)
        })
        .collect::<Result<_, _>>()?;
    Ok((Some(PaymentRow::new(expected_version, &payment, at)), entries))
}

/// The connection that writes, and what it remembers of what it wrote.
pub(crate) struct Writer {
    connection: Connection,
    journal: Journal,
    ledger: Ledger,
    purge: Purge,
    /// Whether there are notifications that were not there before.
    wrote_deliveries: bool,
    deliveries: Arc<Notify>,
}

impl Writer {
    /// `deliveries` is called after each batch that wrote some.
    pub(crate) fn new(connection: Connection, deliveries: Arc<Notify>) -> Result<Self, Error> {
        let journal = Journal::open(&connection)?;
        deliveries::nobody_works(&connection)?;
        let (ledger, purge) = (Ledger::default(), Purge::new());
        Ok(Self { connection, journal, ledger, purge, wrote_deliveries: false, deliveries })
    }

    /// Writes until nobody can send any more and everything sent is written.
    pub(crate) fn run(mut self, queue: &Receiver<Job>) {
        while let Ok(job) = queue.recv() {
            let jobs: Vec<Job> = std::iter::once(job).chain(queue.try_iter().take(BATCH_MAX - 1)).collect();
            let (changes, waiting): (Vec<_>, Vec<_>) = jobs.into_iter().map(|job| (job.change, job.reply)).unzip();
            for (reply, answer) in waiting.into_iter().zip(self.write(&changes)) {
                // Who waited may be gone; what was written stays written.
                let _ = reply.send(answer);
            }
            self.call_worker();
        }
        // Whatever the log still holds is durable and read again at the next start.
        if let Err(error) = self.connection.execute_batch("pragma wal_checkpoint(truncate)") {
            tracing::warn!(error = %error, "the log could not be folded into the database");
        }
    }

    fn call_worker(&mut self) {
        if std::mem::take(&mut self.wrote_deliveries) {
            self.deliveries.notify_one();
        }
    }

    /// What is committed.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A transaction of its own.
    pub(crate) fn write_one(&mut self, change: Prepared) -> Answer {
        let answers = self.write(&[change]);
        self.call_worker();
        answers.into_iter().next().unwrap_or(Err(Error::Closed))
    }

    /// One transaction; one answer for each changeset, all of them true only once it is durable.
    fn write(&mut self, changes: &[Prepared]) -> Vec<Answer> {
        let applied = match self.apply_together(changes) {
            Ok(answers) => Ok(answers),
            Err(error) => {
                tracing::warn!(error = %error, cause = ?error, "a batch failed and is written again one by one");
                self.forget().and_then(|()| self.apply_apart(changes))
            }
        };
        match applied.and_then(|answers| self.finish().map(|()| answers)) {
            Ok(answers) => answers,
            Err(error) => {
                tracing::error!(error = %error, cause = ?error, "a batch could not be written");
                if let Err(error) = self.forget() {
                    tracing::error!(error = %error, cause = ?error, "a batch could not be undone");
                }
                changes.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }

    fn apply_together(&mut self, changes: &[Prepared]) -> Result<Vec<Answer>, Error> {
        self.begin(changes)?;
        changes.iter().map(|change| self.apply(change).map(Ok)).collect()
    }

    fn apply_apart(&mut self, changes: &[Prepared]) -> Result<Vec<Answer>, Error> {
        self.begin(changes)?;
        changes
            .iter()
            .map(|change| {
                let before = (self.journal.clone(), self.ledger.clone());
                self.connection.execute_batch("savepoint changeset")?;
                let answer = self.apply(change);
                if answer.is_err() {
                    self.connection.execute_batch("rollback to changeset")?;
                    (self.journal, self.ledger) = before;
                }
                self.connection.execute_batch("release changeset")?;
                Ok(answer)
            })
            .collect()
    }

    fn begin(&mut self, changes: &[Prepared]) -> Result<(), Error> {
        self.connection.execute_batch("begin immediate")?;
        for key in changes.iter().filter_map(|change| change.idempotency.as_ref()) {
            self.purge.saw(key.at);
        }
        if let Some(now) = changes.iter().filter_map(|change| Some(change.access_token.as_ref()?.issued_at)).max() {
            oauth::purge_tokens(&self.connection, now)?;
        }
        self.purge.run(&self.connection)
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.journal.write_heads(&self.connection)?;
        self.ledger.write_balances(&self.connection)?;
        self.connection.execute_batch("commit")?;
        Ok(())
    }

    /// Undoes the transaction, if there is one, and everything remembered of it.
    fn forget(&mut self) -> Result<(), Error> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("rollback")?;
        }
        self.ledger = Ledger::default();
        self.journal = Journal::open(&self.connection)?;
        Ok(())
    }

    /// Writes one changeset into the open transaction, or says why not before anything is written.
    fn apply(&mut self, change: &Prepared) -> Answer {
        let Self { connection, journal, ledger, wrote_deliveries, purge: _, deliveries: _ } = self;
        if let Some(key) = &change.idempotency
            && idempotency::is_used(connection, key)?
        {
            return Ok(Committed::KeyUsed);
        }
        if let Some(counter) = &change.counter
            && !counters::is_current(connection, counter)?
        {
            return Ok(Committed::Stale);
        }
        if let Some(customer) = &change.customer
            && customer.is_taken(connection)?
        {
            return Ok(Committed::Stale);
        }
        if let Some(checkout) = &change.checkout
            && checkout.is_taken(connection)?
        {
            return Ok(Committed::Stale);
        }
        if let Some(order) = &change.order
            && !orders::is_current(connection, order)?
        {
            return Ok(Committed::Stale);
        }
        if let Some(order) = &change.order_total
            && !order_totals::fits(connection, order)?
        {
            return Ok(Committed::OrderPaid);
        }
        if let Some(write) = &change.customer_write
            && !customers::is_current(connection, write)?
        {
            return Ok(Committed::Stale);
        }
        if let Some(write) = &change.webhook
            && !webhooks::is_current(connection, write)?
        {
            return Ok(Committed::Stale);
        }
        if let Some(write) = &change.statement
            && !statements::is_current(connection, write)?
        {
            return Ok(Committed::Stale);
        }
        if let Some(key) = &change.signing_key
            && !keys::is_next(connection, key)?
        {
            return Ok(Committed::Stale);
        }
        if let Some(write) = &change.doubt
            && !doubts::is_current(connection, write)?
        {
            return Ok(Committed::Stale);
        }
        for write in &change.admin {
            let is_stale = match write {
                AdminWrite::Secret(name, _) => secrets::exists(connection, name)?,
                AdminWrite::JwsKey { retires, .. } => jws_keys::current(connection)? != *retires,
                _ => false,
            };
            if is_stale {
                return Ok(Committed::Stale);
            }
        }
        match change.settlement.as_deref() {
            Some(SettlementWrite::Begin(file, _)) if settlement::is_known(connection, file)? => {
                return Ok(Committed::Stale);
            }
            Some(SettlementWrite::Line(line)) if settlement::is_taken(connection, line)? => {
                return Ok(Committed::KeyUsed);
            }
            Some(SettlementWrite::Begin(..) | SettlementWrite::Line(_) | SettlementWrite::End(..)) | None => {}
        }
        for difference in &change.differences {
            if !difference.is_current(connection)? {
                return Ok(Committed::Stale);
            }
        }
        // The last guard is the first write.
        if let Some(payment) = &change.payment
            && !payment.write(connection)?
        {
            return Ok(Committed::Stale);
        }
        let house = change.differences.iter().flat_map(|difference| &difference.entries);
        for entry in change.entries.iter().chain(house) {
            let position = journal.append(connection, entry)?;
            ledger.post(connection, position, entry)?;
            if let Some(transaction) = &entry.transaction {
                transaction.write(connection, position)?;
            }
        }
        for movement in &change.movements {
            movement.write(connection)?;
        }
        if let Some(write) = &change.settlement {
            settlement::write(connection, write)?;
        }
        for difference in &change.differences {
            difference.write(connection)?;
        }
        if let Some(key) = &change.idempotency {
            idempotency::insert(connection, key)?;
        }
        if let Some(counter) = &change.counter {
            counters::put(connection, counter)?;
        }
        if let Some(customer) = &change.customer {
            customer.insert(connection)?;
        }
        if let Some(checkout) = &change.checkout {
            checkout.insert(connection)?;
        }
        if let Some(answered) = &change.answered {
            idempotency::answer(connection, answered)?;
        }
        if let Some(freed) = &change.freed {
            idempotency::free(connection, freed)?;
        }
        if let Some(order) = &change.order {
            orders::put(connection, order)?;
        }
        if let Some(write) = &change.subscription {
            subscriptions::write(connection, write)?;
        }
        if let Some(write) = &change.customer_write {
            customers::write(connection, write)?;
        }
        if let Some(write) = &change.webhook {
            webhooks::write(connection, write)?;
        }
        if let Some(write) = &change.statement {
            statements::write(connection, write)?;
        }
        if let Some(key) = &change.signing_key {
            keys::put_signing_key(connection, key)?;
        }
        if let Some(card) = &change.kept_card {
            cards::keep(connection, card)?;
        }
        if let Some(order) = &change.order_total {
            order_totals::insert(connection, order)?;
        }
        for leg in &change.reusable_legs {
            reusable_legs::insert(connection, leg)?;
        }
        for decline in &change.declines {
            risk::count(connection, decline)?;
        }
        if let Some((checkout_id, id)) = change.forgotten_card {
            cards::forget(connection, checkout_id, id)?;
        }
        if let Some(card) = &change.card {
            cards::insert(connection, card)?;
        }
        for timer in &change.timers_done {
            timers::delete(connection, timer)?;
        }
        for timer in &change.timers {
            timers::insert(connection, timer)?;
        }
        if let Some(write) = &change.doubt {
            doubts::queue(connection, &write.queued)?;
        }
        for reference in &change.doubts_over {
            doubts::end(connection, *reference)?;
        }
        if let Some(lease) = &change.lease {
            deliveries::lease(connection, lease)?;
        }
        if let Some(delivered) = &change.delivered {
            deliveries::record(connection, delivered)?;
        }
        if let Some(id) = change.acknowledged {
            deliveries::acknowledge(connection, id)?;
        }
        for told in &change.told {
            *wrote_deliveries |= deliveries::tell(connection, told)?;
        }
        for resent in &change.resent {
            deliveries::resend(connection, resent)?;
        }
        if let Some(Hurried { ids, at }) = &change.hurried {
            deliveries::hurry(connection, ids, *at)?;
        }
        if let Some(warning) = &change.warning {
            health::warn(connection, warning)?;
        }
        *wrote_deliveries |= !change.resent.is_empty() || change.hurried.is_some() || change.warning.is_some();
        if let Some(token) = &change.access_token {
            oauth::insert_token(connection, token)?;
        }
        for write in &change.admin {
            apply_admin(connection, write)?;
        }
        Ok(Committed::Done)
    }
}

fn apply_admin(connection: &Connection, write: &AdminWrite) -> Result<(), Error> {
    match write {
        AdminWrite::Merchant(merchant) => merchants::insert(connection, merchant),
        AdminWrite::SigningKey(key) => keys::put_signing_key(connection, key),
        AdminWrite::Brand(brand) => brands::insert(connection, brand),
        AdminWrite::UpdateBrand(brand) => brands::update(connection, brand),
        AdminWrite::Logo(id, logo) => brands::insert_logo(connection, *id, logo),
        AdminWrite::Key(key) => keys::insert(connection, key),
        AdminWrite::RevokeMerchant(id, at) => merchants::revoke(connection, *id, *at),
        AdminWrite::RevokeBrand(id, at) => brands::revoke(connection, *id, *at),
        AdminWrite::RevokeKey(id, at) => keys::revoke(connection, *id, *at),
        AdminWrite::Client(client) => oauth::insert_client(connection, client),
        AdminWrite::RevokeClient(id, at) => oauth::revoke_client(connection, *id, *at),
        AdminWrite::Secret(name, sealed) => secrets::insert(connection, name, sealed),
        AdminWrite::JwsKey { retires, key } => jws_keys::replace(connection, retires.as_deref(), key),
        AdminWrite::ClockOffset(micros) => settings::put_clock_offset(connection, *micros),
        AdminWrite::RiskPolicy(merchant_id, mode, policy) => risk::put_policy(connection, *merchant_id, *mode, policy),
        AdminWrite::List(row) => risk::list(connection, row),
        AdminWrite::Unlist(merchant_id, mode, listed) => risk::unlist(connection, *merchant_id, *mode, listed),
    }
}

#[cfg(test)]
mod tests {
    use domain::risk::CardKey;
    use domain::{CardId, CardSummary, Expiry, MerchantId, Mode, Timestamp};
    use uuid::Uuid;

    use super::*;
    use crate::records::Sealed;
    use crate::schema;

    fn writer() -> Writer {
        let mut connection = Connection::open_in_memory().expect("a database");
        schema::migrate(&mut connection).expect("a schema");
        Writer::new(connection, Arc::default()).expect("a writer")
    }

    fn key(key: &str) -> Changeset {
        let idempotency = Some(IdempotencyWrite {
            merchant_id: MerchantId::new(Uuid::nil()),
            mode: Mode::Test,
            scope: String::new(),
            key: key.to_owned(),
            fingerprint: [0; 32],
            status: 200,
            body: "x".repeat(8_000),
            at: Timestamp::from_seconds(0),
            kept_for: std::time::Duration::from_hours(24),
        });
        Changeset { idempotency, ..Changeset::default() }
    }

    fn card(id: u128) -> Option<CardRow> {
        Some(CardRow {
            id: CardId::new(Uuid::from_u128(id)),
            merchant_id: MerchantId::new(Uuid::nil()),
            mode: Mode::Test,
            sealed: Sealed { key_id: String::new(), wrapped_key: vec![], ciphertext: vec![] },
            fingerprint: [0; 32],
            card_key: CardKey::new([0; 16]),
            summary: CardSummary {
                brand: domain::Brand::Visa,
                masked: "444433******1111".to_owned(),
                expiry: Expiry { year: 2028, month: 8 },
                holder: String::new(),
            },
            created_at: Timestamp::from_seconds(0),
        })
    }

    fn write(writer: &mut Writer, changes: Vec<Changeset>) -> Vec<Option<Committed>> {
        let changes: Vec<_> = changes.into_iter().map(|change| Prepared::new(change).expect("readable")).collect();
        writer.write(&changes).into_iter().map(Result::ok).collect()
    }

    fn count(writer: &Writer, table: &str) -> u32 {
        let sql = format!("select count(*) from {table}");
        writer.connection.query_row(&sql, [], |row| row.get(0)).expect("a count")
    }

    #[test]
    fn in_one_batch_each_gets_its_own_answer() {
        let mut writer = writer();
        let twice = Changeset { card: card(1), ..key("c") };
        let answers =
            write(&mut writer, vec![key("a"), Changeset { card: card(1), ..key("b") }, key("a"), twice, key("d")]);
        let done = Some(Committed::Done);
        assert_eq!(vec![done, done, Some(Committed::KeyUsed), None, done], answers);
        assert_eq!((3, 1), (count(&writer, "idempotency"), count(&writer, "cards")), "the failed one left nothing");
        assert_eq!(vec![done], write(&mut writer, vec![key("c")]), "so its key is still free");
    }

    #[test]
    fn a_batch_that_cannot_be_written_fails_for_all_and_the_next_one_does_not() {
        let mut writer = writer();
        let pages: u32 = writer.connection.query_row("pragma page_count", [], |row| row.get(0)).expect("a count");
        let limit = |writer: &Writer, pages: u32| {
            let set: u32 = writer
                .connection
                .query_row(&format!("pragma max_page_count = {pages}"), [], |row| row.get(0))
                .expect("a limit");
            assert_eq!(pages, set);
        };
        limit(&writer, pages);
        assert_eq!(vec![None, None], write(&mut writer, vec![key("a"), key("b")]), "the disk is full");
        assert_eq!(0, count(&writer, "idempotency"));
        limit(&writer, 10_000);
        let done = Some(Committed::Done);
        assert_eq!(vec![done, done], write(&mut writer, vec![key("a"), key("b")]));
    }
}
