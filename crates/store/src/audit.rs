//! The audit: reads everything once by payment and once by position, and checks what must hold always.
//!
//! I1: the postings of a journal row are those of its event and sum to zero per currency and layer; a balance is the
//! sum of its postings. I2: captured <= authorized <= the terms' amount. I3: an outcome has a try that was sent, and
//! one outcome each; a try without one has a timer, and so has money held for a cancelled payment. L13: what is in doubt
//! for more than a day is in the manual queue, and nothing else is. I7: folding a payment's journal gives its row. And each row's hash
//! follows from the row before it in its merchant's chain. I10 is beside ([`reconciliation`]).
//!
//! Everything is read from one snapshot, payments, journals and timers side by side. What is remembered grows with
//! merchants and balances only.

mod reconciliation;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use domain::ledger::{self, Account, Layer, Posting};
use domain::{
    Adjusted, Attempt, AttemptStatus, CheckoutId, Currency, DOUBT_MAX, Event, Matched, MerchantId, Money, Paid,
    Payment, PaymentId, Recorded, RefusedTry, State, Submission, Timestamp, doubts,
};
use rusqlite::{Connection, Row, Rows, params};

use uuid::Uuid;

use crate::documents::{EventDoc, Owner};
use crate::doubts::queued;
use crate::error::Error;
use crate::journal::{self, Hash};
use crate::ledger::{BalanceKey, parse_balance};
use crate::records::{QueuedDoubt, Timer, TimerKind};
use crate::row::{Cells, first, statement};
use crate::timers;

/// Sentences in a report; what is broken beyond that is counted in the last one.
const BROKEN_MAX: usize = 1_000;

/// What an audit counted and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Merchants.
    pub merchants: u64,
    /// Payments.
    pub payments: u64,
    /// Journal rows.
    pub events: u64,
    /// Postings.
    pub postings: u64,
    /// Balances.
    pub balances: u64,
    /// Tries whose outcome, or whose undoing, is not known yet.
    pub open_attempts: u64,
    /// What waits in the manual queue.
    pub queued: u64,
    /// What the acquirers' files and the books differ in, or did.
    pub differences: u64,
    /// What does not hold: a sentence each, with the invariant and the ids. Empty is good.
    pub broken: Vec<String>,
}

/// Audits what `connection` sees now.
pub(crate) fn run(connection: &Connection) -> Result<AuditReport, Error> {
    // One snapshot for all that follows; dropped with the connection, nothing is ever written.
    let snapshot = connection.unchecked_transaction()?;
    let mut audit = Audit::default();
    audit.report.merchants = count_merchants(&snapshot)?;
    audit.queue(&snapshot)?;
    audit.payments(&snapshot)?;
    audit.leftovers();
    audit.books(&snapshot)?;
    audit.reconciliation(&snapshot)?;
    audit.balances(&snapshot)?;
    audit.heads(&snapshot)?;
    if audit.more > 0 {
        audit.report.broken.push(format!("and {} more", audit.more));
    }
    Ok(audit.report)
}

#[derive(Default)]
struct Audit {
    report: AuditReport,
    /// What did not fit into the report.
    more: u64,
    /// The newest moment of the journal: it is not earlier by the store's clock.
    newest: Option<Timestamp>,
    /// The manual queue, as far as nothing was found that is in doubt.
    queued: BTreeMap<Uuid, QueuedDoubt>,
    chains: HashMap<MerchantId, Chain>,
    sums: HashMap<BalanceKey, i128>,
    tally: reconciliation::Tally,
}

/// How far a merchant's chain was followed.
struct Chain {
    position: i64,
    hash: Hash,
    /// Only the first bad row is named: those behind it may be the consequence.
    is_broken: bool,
}

/// A payment's row.
struct PaymentFacts {
    owner: Owner,
    checkout_id: CheckoutId,
    version: u32,
    state: String,
    currency: Currency,
    amount: i64,
    authorized: i64,
    captured: i64,
    voided: i64,
    refunded: i64,
    due_at: Option<Timestamp>,
}

/// A journal row with what its hash is made of.
struct Line {
    position: i64,
    owner: Owner,
    version: u32,
    at: Timestamp,
    text: String,
    hash: Hash,
}

/// A posting's row.
struct PostingLine {
    position: i64,
    currency: Currency,
    account: Account,
    layer: Layer,
    amount: i64,
}

impl Audit {
    fn broken(&mut self, sentence: String) {
        if self.report.broken.len() < BROKEN_MAX {
            self.report.broken.push(sentence);
        } else {
            self.more += 1;
        }
    }

    /// What a row says, or nothing and a sentence about it.
    fn readable<T>(&mut self, parsed: Result<T, Error>) -> Result<Option<T>, Error> {
        match parsed {
            Ok(row) => Ok(Some(row)),
            Err(error @ Error::Corrupt { .. }) => {
                self.broken(error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn queue(&mut self, connection: &Connection) -> Result<(), Error> {
        self.newest =
            first(connection, "select position, at from journal order by position desc limit 1", [], |row| {
                Cells::new("journal", row).time(1, "at")
            })?;
        if let Some(rows) = self.readable(queued(connection))? {
            self.report.queued = rows.len().try_into().unwrap_or(u64::MAX);
            self.queued = rows.into_iter().map(|row| (row.doubt.what.reference(), row)).collect();
        }
        Ok(())
    }

    /// L13: what is in the manual queue is in doubt.
    fn leftovers(&mut self) {
        for (reference, QueuedDoubt { payment_id, doubt, .. }) in std::mem::take(&mut self.queued) {
            let name = doubt.what.name();
            self.broken(format!(
                "L13: the {name} {reference} of payment {payment_id} is in the manual queue and not in doubt"
            ));
        }
    }

    /// L13 of one payment: what has been in doubt for a day, or will be before anybody asks again, is in the queue.
    fn doubts(&mut self, owner: Owner, payment: &Payment, history: &[Recorded], planned: &Planned) {
        let id = owner.payment_id;
        for doubt in doubts(payment, history) {
            let reference = doubt.what.reference();
            let name = doubt.what.name();
            match self.queued.remove(&reference) {
                Some(QueuedDoubt { payment_id, merchant_id, mode, doubt: queued, .. }) => {
                    if !is_same_owner(Owner { payment_id, merchant_id, mode }, owner) || queued != doubt {
                        self.broken(format!(
                            "L13: the {name} {reference} of payment {id} is another one in the manual queue"
                        ));
                    }
                }
                None => {
                    let next = planned.asks.get(&reference).copied().max(self.newest);
                    if next.is_some_and(|next| next > doubt.since.plus(DOUBT_MAX)) {
                        self.broken(format!(
                            "L13: the {name} {reference} of payment {id}, {}, has been in doubt for more than a day and \
                             is not in the manual queue",
                            doubt.amount
                        ));
                    }
                }
            }
        }
    }

    /// Goes through the payments, their journals and their timers side by side.
    fn payments(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut payments = statement(
            connection,
            "select id, merchant_id, mode, checkout_id, version, state, currency, amount, authorized, captured, voided,
             refunded, due_at from payments order by id",
        )?;
        let mut payments = payments.query([])?;
        let mut journal = statement(
            connection,
            "select position, payment_id, version, merchant_id, mode, at, event, hash from journal
             order by payment_id, version",
        )?;
        let mut journals = Journals { rows: journal.query([])?, next: None };
        let mut timers =
            statement(connection, "select payment_id, at, kind, merchant_id, mode from timers order by payment_id")?;
        let mut timers = Timers { rows: timers.query([])?, next: None };
        let mut payment = self.next_payment(&mut payments)?;
        let mut history = self.next_history(&mut journals)?;
        loop {
            let order = match (&payment, &history) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(facts), Some((id, _))) => facts.owner.payment_id.cmp(id),
            };
            if order.is_le()
                && let Some(facts) = payment.take()
            {
                self.report.payments += 1;
                let lines = if order.is_eq() { history.take() } else { None };
                let planned = self.planned(&mut timers, facts.owner.payment_id)?;
                self.payment(&facts, &lines.map(|(_, lines)| lines).unwrap_or_default(), &planned);
                payment = self.next_payment(&mut payments)?;
            }
            if let Some((id, lines)) = history.take_if(|_| order.is_gt()) {
                if lines.first().is_some_and(reconciliation::is_house) {
                    self.difference(id, &lines);
                } else {
                    self.broken(format!("I7: payment {id} has a journal and no row"));
                }
            }
            if history.is_none() {
                history = self.next_history(&mut journals)?;
            }
        }
    }

    fn next_payment(&mut self, rows: &mut Rows<'_>) -> Result<Option<PaymentFacts>, Error> {
        while let Some(row) = rows.next()? {
            if let Some(facts) = self.readable(parse_payment(row))? {
                return Ok(Some(facts));
            }
        }
        Ok(None)
    }

    /// The journal rows of the next payment.
    fn next_history(&mut self, journals: &mut Journals<'_>) -> Result<Option<(PaymentId, Vec<Line>)>, Error> {
        let mut lines: Vec<Line> = journals.next.take().into_iter().collect();
        while let Some(row) = journals.rows.next()? {
            let Some(line) = self.readable(parse_line(row))? else { continue };
            match lines.first() {
                Some(first) if first.owner.payment_id != line.owner.payment_id => {
                    journals.next = Some(line);
                    break;
                }
                Some(_) | None => lines.push(line),
            }
        }
        Ok(lines.first().map(|line| line.owner.payment_id).map(|id| (id, lines)))
    }

    /// What the timers of this payment will do. Payments are asked for in the order of their ids.
    fn planned(&mut self, timers: &mut Timers<'_>, id: PaymentId) -> Result<Planned, Error> {
        let mut planned = Planned::default();
        loop {
            let timer = match timers.next.take() {
                Some(timer) => timer,
                None => match timers.rows.next()? {
                    Some(row) => match self.readable(timers::parse(row))? {
                        Some(timer) => timer,
                        None => continue,
                    },
                    None => return Ok(planned),
                },
            };
            match timer.payment_id.cmp(&id) {
                // One of a payment that is not there finds nothing and is taken off.
                Ordering::Less => {}
                Ordering::Equal => planned.add(timer.kind, timer.at),
                Ordering::Greater => {
                    timers.next = Some(timer);
                    return Ok(planned);
                }
            }
        }
    }

    /// I2, I3 and I7 of one payment.
    fn payment(&mut self, facts: &PaymentFacts, lines: &[Line], planned: &Planned) {
        let id = facts.owner.payment_id;
        let PaymentFacts { amount, authorized, captured, voided, refunded, .. } = *facts;
        if !adds_up([amount, authorized, captured, voided, refunded]) {
            self.broken(format!(
                "I2: payment {id} has captured {captured}, voided {voided} and refunded {refunded} of authorized {authorized} of {amount}"
            ));
        }
        let mut history = Vec::with_capacity(lines.len());
        for (expected, line) in (1_u32..).zip(lines) {
            if line.version != expected {
                self.broken(format!("I7: the journal of payment {id} has no version {expected}"));
                return;
            }
            if !is_same_owner(line.owner, facts.owner) {
                self.broken(format!(
                    "I7: journal row {} of payment {id} is another merchant's or mode's",
                    line.position
                ));
                return;
            }
            // An unreadable event is told of when the books are checked.
            let Some(event) = line.event() else { return };
            history.push(Recorded { version: line.version, at: line.at, event });
        }
        let events = || history.iter().map(|recorded| &recorded.event);
        let strange = events().filter_map(currency).find(|currency| *currency != facts.currency);
        if let Some(currency) = strange {
            self.broken(format!(
                "I7: payment {id} is in {} and its journal in {}",
                facts.currency.code(),
                currency.code()
            ));
            return;
        }
        let Some(payment) = Payment::fold(events()) else {
            self.broken(format!("I7: the journal of payment {id} does not begin with its opening"));
            return;
        };
        if let Some(difference) = facts.difference(&payment) {
            self.broken(format!("I7: payment {id} has another {difference} than its journal"));
        }
        let Payment { terms, authorized, captured, voided, refunded, .. } = &payment;
        if !adds_up([terms.amount, *authorized, *captured, *voided, *refunded].map(Money::minor)) {
            self.broken(format!(
                "I2: by its journal, payment {id} has captured {captured}, voided {voided} and refunded {refunded} of \
                 authorized {authorized} of {}",
                terms.amount
            ));
        }
        for attempt in &payment.attempts {
            let Attempt { id: attempt_id, amount, authorized, captured, voided, refunded, .. } = attempt;
            if !adds_up([*amount, *authorized, *captured, *voided, *refunded].map(Money::minor)) {
                self.broken(format!(
                    "I2: attempt {attempt_id} of payment {id} has captured {captured}, voided {voided} and refunded \
                     {refunded} of authorized {authorized} of {amount}"
                ));
            }
        }
        self.tally(&payment, events());
        self.attempts(id, &payment, events(), planned);
        self.doubts(facts.owner, &payment, &history, planned);
    }

    /// I3.
    fn attempts<'e>(
        &mut self,
        id: PaymentId,
        payment: &Payment,
        events: impl Iterator<Item = &'e Event>,
        planned: &Planned,
    ) {
        let mut sent = HashSet::new();
        let mut decided = HashSet::new();
        for event in events {
            match event {
                Event::AttemptSent(Submission { attempt_id, .. })
                | Event::AuthenticationStarted(Submission { attempt_id, .. })
                | Event::AttemptRefused(RefusedTry { attempt_id, .. }) => {
                    if !sent.insert(attempt_id.uuid()) {
                        self.broken(format!("I3: attempt {attempt_id} of payment {id} was sent twice"));
                    }
                }
                Event::OperationSent(operation) => {
                    if !sent.insert(operation.id.uuid()) {
                        self.broken(format!("I3: operation {} of payment {id} was sent twice", operation.id));
                    }
                }
                Event::Authorized { attempt_id, .. } | Event::Declined { attempt_id, .. } => {
                    self.outcome(id, &sent, attempt_id.uuid());
                    if !decided.insert(attempt_id.uuid()) {
                        self.broken(format!("I3: attempt {attempt_id} of payment {id} has two outcomes"));
                    }
                }
                Event::Refunded { operation_id, .. } | Event::OperationFailed { operation_id, .. } => {
                    self.outcome(id, &sent, operation_id.uuid());
                    if !decided.insert(operation_id.uuid()) {
                        self.broken(format!("I3: operation {operation_id} of payment {id} has two outcomes"));
                    }
                }
                Event::Voided { operation_id: Some(operation_id), .. } => {
                    self.outcome(id, &sent, operation_id.uuid());
                }
                Event::OperationUnknown { operation_id } => self.outcome(id, &sent, operation_id.uuid()),
                Event::AttemptUnknown { attempt_id }
                | Event::Redirected { attempt_id, .. }
                | Event::Left { attempt_id, .. }
                | Event::Released { attempt_id, .. }
                | Event::Challenged { attempt_id, .. }
                | Event::Authenticated { attempt_id, .. }
                | Event::NotAuthenticated { attempt_id, .. }
                | Event::Captured { attempt_id, .. }
                | Event::ReversalSent { attempt_id }
                | Event::Reversed { attempt_id } => self.outcome(id, &sent, attempt_id.uuid()),
                Event::Opened(_)
                | Event::Viewed
                | Event::DetailsGiven(_)
                | Event::InvoiceSent
                | Event::Overdue
                | Event::Expired
                | Event::Cancelled
                | Event::TenderBegun(_)
                | Event::TenderEnded(_)
                | Event::TriesUsedUp
                | Event::MarkedPaid { .. }
                | Event::Voided { operation_id: None, .. }
                | Event::SettledByHand(_)
                | Event::CardForgetting
                | Event::CardForgotten
                | Event::Matched(_)
                | Event::Adjusted(_)
                | Event::Cleared
                | Event::Settled { .. }
                | Event::ChargedBack { .. }
                | Event::ChargebackReversed { .. } => {}
            }
        }
        for attempt in &payment.attempts {
            match attempt.status {
                AttemptStatus::Authenticating
                | AttemptStatus::Sent
                | AttemptStatus::Unknown
                | AttemptStatus::Redirected
                | AttemptStatus::Reversing => {
                    self.report.open_attempts += 1;
                    if !planned.asks.contains_key(&attempt.id.uuid()) {
                        self.broken(format!("I3: attempt {} of payment {id} is open and has no timer", attempt.id));
                    }
                }
                AttemptStatus::Approved | AttemptStatus::Declined | AttemptStatus::Reversed => {}
            }
        }
        // What a leg of a tender still holds goes back with its try.
        let undone = |attempt: &Attempt| attempt.status == AttemptStatus::Reversing || attempt.held().is_zero();
        let has_release = planned.releases || !payment.legs.is_empty() && payment.attempts.iter().all(undone);
        if payment.state == State::Cancelled && !payment.held().is_zero() && !has_release {
            self.broken(format!(
                "I3: payment {id} is cancelled, {} are held and no timer gives them back",
                payment.held()
            ));
        }
        let is_tender_held = !payment.legs.is_empty()
            && matches!(payment.state, State::Authorized | State::Captured | State::ChargedBack);
        if is_tender_held && !payment.held().is_zero() && payment.pending_operation().is_none() && !planned.lapses {
            self.broken(format!("I3: payment {id} holds {} and no timer ends that", payment.held()));
        }
        for operation in payment.pending_operations() {
            self.report.open_attempts += 1;
            if !planned.asks.contains_key(&operation.id.uuid()) {
                self.broken(format!("I3: operation {} of payment {id} is open and has no timer", operation.id));
            }
        }
    }

    fn outcome(&mut self, id: PaymentId, sent: &HashSet<Uuid>, of: Uuid) {
        if !sent.contains(&of) {
            self.broken(format!("I3: attempt or operation {of} of payment {id} has an outcome and was never sent"));
        }
    }

    /// The chains and I1, in the order in which everything was written.
    fn books(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut journal = statement(
            connection,
            "select position, payment_id, version, merchant_id, mode, at, event, hash from journal order by position",
        )?;
        let mut journal = journal.query([])?;
        let mut postings = statement(
            connection,
            "select position, line, currency, account, layer, amount from postings
             order by position, line",
        )?;
        let mut postings = postings.query([])?;
        let mut waiting = self.next_posting(&mut postings)?;
        while let Some(row) = journal.next()? {
            self.report.events += 1;
            let Some(line) = self.readable(parse_line(row))? else { continue };
            self.follow(&line);
            let mut written = Vec::new();
            while let Some(posting) = waiting.take_if(|posting| posting.position <= line.position) {
                if posting.position == line.position {
                    self.sum(line.owner, &posting);
                    written.push(posting);
                } else {
                    self.orphan(&posting);
                }
                waiting = self.next_posting(&mut postings)?;
            }
            self.entry(&line, &written);
        }
        while let Some(posting) = waiting {
            self.orphan(&posting);
            waiting = self.next_posting(&mut postings)?;
        }
        Ok(())
    }

    fn next_posting(&mut self, rows: &mut Rows<'_>) -> Result<Option<PostingLine>, Error> {
        while let Some(row) = rows.next()? {
            self.report.postings += 1;
            if let Some(posting) = self.readable(parse_posting(row))? {
                return Ok(Some(posting));
            }
        }
        Ok(None)
    }

    fn orphan(&mut self, posting: &PostingLine) {
        self.broken(format!("I1: there is a posting of journal row {} and no such row", posting.position));
    }

    fn sum(&mut self, owner: Owner, posting: &PostingLine) {
        let Owner { payment_id: _, merchant_id, mode } = owner;
        let PostingLine { position: _, currency, account, layer, amount } = *posting;
        let key = BalanceKey { merchant_id, mode, currency, account, layer };
        *self.sums.entry(key).or_default() += i128::from(amount);
    }

    /// Whether the row follows from the one before it in its chain.
    fn follow(&mut self, line: &Line) {
        let merchant_id = line.owner.merchant_id;
        let (previous, was_broken) = match self.chains.get(&merchant_id) {
            Some(chain) => (chain.hash, chain.is_broken),
            None => (journal::NOTHING, false),
        };
        let expected = journal::chained(&previous, line.owner, line.version, line.at, &line.text);
        let is_broken = was_broken || expected != line.hash;
        if is_broken && !was_broken {
            self.broken(format!(
                "the chain of merchant {merchant_id} breaks at journal row {} (payment {}, version {}): it, or a row \
                 before it, was changed, added or taken away",
                line.position, line.owner.payment_id, line.version
            ));
        }
        self.chains.insert(merchant_id, Chain { position: line.position, hash: line.hash, is_broken });
    }

    /// I1 of one journal row.
    fn entry(&mut self, line: &Line, written: &[PostingLine]) {
        let (position, id) = (line.position, line.owner.payment_id);
        let mut totals: HashMap<(Currency, Layer), i128> = HashMap::new();
        for posting in written {
            *totals.entry((posting.currency, posting.layer)).or_default() += i128::from(posting.amount);
        }
        if totals.values().any(|total| *total != 0) {
            self.broken(format!("I1: the postings of journal row {position} (payment {id}) do not sum to zero"));
        }
        if reconciliation::is_house(line) {
            self.house_entry(line, written);
            return;
        }
        let Some(event) = line.event() else {
            self.broken(format!("the row {position} of journal (payment {id}) has an unreadable event"));
            return;
        };
        let is_expected = match currency(&event) {
            Some(currency) => ledger::postings(&event)
                .into_iter()
                .map(|Posting { account, layer, amount }| (currency, account, layer, amount))
                .eq(written.iter().map(|line| (line.currency, line.account, line.layer, line.amount))),
            None => written.is_empty(),
        };
        if !is_expected {
            self.broken(format!(
                "I1: the postings of journal row {position} (payment {id}, version {}) are not those of its event, {}",
                line.version,
                event.name()
            ));
        }
    }

    /// I1: a balance is the sum of its postings.
    fn balances(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut statement =
            statement(connection, "select merchant_id, mode, currency, account, layer, amount from balances")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.report.balances += 1;
            let Some((key, amount)) = self.readable(parse_balance(row))? else { continue };
            let sum = self.sums.remove(&key).unwrap_or(0);
            if sum != i128::from(amount) {
                self.broken(format!("I1: {} is {amount} and its postings sum to {sum}", name(&key)));
            }
        }
        for (key, sum) in std::mem::take(&mut self.sums) {
            self.broken(format!("I1: {} is missing and its postings sum to {sum}", name(&key)));
        }
        Ok(())
    }

    /// Whether each chain ends where it was left: rows taken off its end are missed by nobody else.
    fn heads(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut statement =
            statement(connection, "select merchant_id, position, hash from journal_heads where node = $1")?;
        let mut rows = statement.query(params![journal::NODE])?;
        while let Some(row) = rows.next()? {
            let Some((merchant_id, position, hash)) = self.readable(parse_head(row))? else { continue };
            match self.chains.remove(&merchant_id) {
                Some(chain) if chain.position == position && chain.hash == hash => {}
                Some(chain) => self.broken(format!(
                    "the chain of merchant {merchant_id} ends at journal row {} and was left at {position}, or with \
                     another hash",
                    chain.position
                )),
                None => self.broken(format!("the chain of merchant {merchant_id} is gone; it was left at {position}")),
            }
        }
        for (merchant_id, _) in std::mem::take(&mut self.chains) {
            self.broken(format!("nobody wrote down where the chain of merchant {merchant_id} ends"));
        }
        Ok(())
    }
}

/// The journal by payment, with the row that was read too far.
struct Journals<'s> {
    rows: Rows<'s>,
    next: Option<Line>,
}

/// The timers by payment, with the row that was read too far.
struct Timers<'s> {
    rows: Rows<'s>,
    next: Option<Timer>,
}

/// What the timers of one payment will do.
#[derive(Default)]
struct Planned {
    /// The tries and operations that some timer will ask about, and when it does so next.
    asks: HashMap<Uuid, Timestamp>,
    /// Held money is given back.
    releases: bool,
    /// The reservation is forgotten.
    lapses: bool,
}

impl Planned {
    fn add(&mut self, kind: TimerKind, at: Timestamp) {
        match kind {
            TimerKind::Due | TimerKind::Capture | TimerKind::ForgetCard => {}
            TimerKind::Lapse => self.lapses = true,
            TimerKind::Release { .. } => self.releases = true,
            TimerKind::Inquire { attempt_id, .. }
            | TimerKind::Reverse { attempt_id, .. }
            | TimerKind::Abandon { attempt_id } => self.ask(attempt_id.uuid(), at),
            TimerKind::InquireOperation { operation_id, .. } => self.ask(operation_id.uuid(), at),
        }
    }

    fn ask(&mut self, reference: Uuid, at: Timestamp) {
        self.asks.entry(reference).and_modify(|next| *next = at.min(*next)).or_insert(at);
    }
}

impl Line {
    /// What happened; `None` when it cannot be read.
    fn event(&self) -> Option<Event> {
        Some(serde_json::from_str::<EventDoc>(&self.text).ok()?.into_event(self.owner))
    }
}

impl PaymentFacts {
    /// The first column that differs from what the journal says.
    fn difference(&self, payment: &Payment) -> Option<&'static str> {
        let Payment { terms, state, version, authorized, captured, voided, refunded, .. } = payment;
        let checks = [
            ("version", self.version == *version),
            ("state", self.state == state.name()),
            ("amount", self.amount == terms.amount.minor()),
            ("authorized amount", self.authorized == authorized.minor()),
            ("captured amount", self.captured == captured.minor()),
            ("voided amount", self.voided == voided.minor()),
            ("refunded amount", self.refunded == refunded.minor()),
            ("checkout", self.checkout_id == terms.checkout_id),
            ("due time", self.due_at == terms.due.map(|due| due.at)),
        ];
        checks.into_iter().find(|(_, is_same)| !is_same).map(|(column, _)| column)
    }
}

fn is_same_owner(a: Owner, b: Owner) -> bool {
    (a.payment_id, a.merchant_id, a.mode) == (b.payment_id, b.merchant_id, b.mode)
}

/// I2, of the amounts asked, authorized, captured, voided and refunded.
fn adds_up([amount, authorized, captured, voided, refunded]: [i64; 5]) -> bool {
    let is_within = captured.checked_add(voided).is_some_and(|used| used <= authorized);
    is_within && authorized <= amount && refunded <= captured && captured >= 0 && voided >= 0 && refunded >= 0
}

/// The currency of an event's amount, if it has one.
fn currency(event: &Event) -> Option<Currency> {
    match event {
        Event::Opened(terms) => Some(terms.amount.currency()),
        Event::OperationSent(operation) => Some(operation.amount.currency()),
        Event::AttemptSent(submission) | Event::AuthenticationStarted(submission) => {
            submission.part.map(Money::currency)
        }
        Event::Authorized { amount, .. }
        | Event::Captured { amount, .. }
        | Event::MarkedPaid { amount, .. }
        | Event::Voided { amount, .. }
        | Event::Released { amount, .. }
        | Event::Refunded { amount, .. }
        | Event::Settled { amount }
        | Event::ChargedBack { amount }
        | Event::ChargebackReversed { amount }
        | Event::Matched(Matched { paid: Paid { amount, .. }, .. })
        | Event::Adjusted(Adjusted { amount, .. }) => Some(amount.currency()),
        Event::Viewed
        | Event::DetailsGiven(_)
        | Event::InvoiceSent
        | Event::Overdue
        | Event::Expired
        | Event::Cancelled
        | Event::TenderBegun(_)
        | Event::TenderEnded(_)
        | Event::Redirected { .. }
        | Event::Left { .. }
        | Event::OperationUnknown { .. }
        | Event::SettledByHand(_)
        | Event::Challenged { .. }
        | Event::Authenticated { .. }
        | Event::NotAuthenticated { .. }
        | Event::AttemptRefused(_)
        | Event::TriesUsedUp
        | Event::AttemptUnknown { .. }
        | Event::Declined { .. }
        | Event::ReversalSent { .. }
        | Event::Reversed { .. }
        | Event::OperationFailed { .. }
        | Event::CardForgetting
        | Event::CardForgotten
        | Event::Cleared => None,
    }
}

/// A balance in a sentence.
fn name(key: &BalanceKey) -> String {
    let BalanceKey { merchant_id, mode, currency, account, layer } = key;
    format!(
        "the {} balance {} of merchant {merchant_id} ({}, {})",
        layer.as_str(),
        account.as_str(),
        mode.as_str(),
        currency.code()
    )
}

fn count_merchants(connection: &Connection) -> Result<u64, Error> {
    let count = first(connection, "select count(*) from merchants", [], |row| {
        Cells::new("merchants", row).get::<i64>(0, "count")
    })?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

fn parse_payment(row: &Row<'_>) -> Result<PaymentFacts, Error> {
    let cells = Cells::new("payments", row);
    Ok(PaymentFacts {
        owner: Owner {
            payment_id: cells.id(0, "id")?,
            merchant_id: cells.id(1, "merchant_id")?,
            mode: cells.mode(2, "mode")?,
        },
        checkout_id: cells.id(3, "checkout_id")?,
        version: cells.get(4, "version")?,
        state: cells.get(5, "state")?,
        currency: cells.word(6, "currency", Currency::parse)?,
        amount: cells.get(7, "amount")?,
        authorized: cells.get(8, "authorized")?,
        captured: cells.get(9, "captured")?,
        voided: cells.get(10, "voided")?,
        refunded: cells.get(11, "refunded")?,
        due_at: cells.time_or_none(12, "due_at")?,
    })
}

fn parse_line(row: &Row<'_>) -> Result<Line, Error> {
    let cells = Cells::new("journal", row);
    Ok(Line {
        position: cells.get(0, "position")?,
        owner: Owner {
            payment_id: cells.id(1, "payment_id")?,
            merchant_id: cells.id(3, "merchant_id")?,
            mode: cells.mode(4, "mode")?,
        },
        version: cells.get(2, "version")?,
        at: cells.time(5, "at")?,
        text: cells.get(6, "event")?,
        hash: cells.get(7, "hash")?,
    })
}

fn parse_posting(row: &Row<'_>) -> Result<PostingLine, Error> {
    let cells = Cells::new("postings", row);
    Ok(PostingLine {
        position: cells.get(0, "position")?,
        currency: cells.word(2, "currency", Currency::parse)?,
        account: cells.word(3, "account", Account::parse)?,
        layer: cells.word(4, "layer", Layer::parse)?,
        amount: cells.get(5, "amount")?,
    })
}

fn parse_head(row: &Row<'_>) -> Result<(MerchantId, i64, Hash), Error> {
    let cells = Cells::new("journal_heads", row);
    Ok((cells.id(0, "merchant_id")?, cells.get(1, "position")?, cells.get(2, "hash")?))
}
