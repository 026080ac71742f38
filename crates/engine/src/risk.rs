//! Before a try is sent: does it look like somebody trying out cards (security R1, R2)?
//!
//! Who acts: the page or the call that submits a card asks [`Engine::judge`] once, before anything is written down; the
//! one path by which payments change then counts what became of it. What must hold across restarts is counted in the
//! store with the decline itself; what holds for minutes is in [`memory`]. A try that is under way counts as the decline
//! it may become, so that many at once do not each find none before them.
//!
//! Limits and scores bind in live mode, and in test mode where they are switched on; lists bind in the mode they are
//! made for.

mod memory;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::risk::limits::{self, CardRecord, Decline, Retry};
use domain::risk::{Assessment, CardKey, Facts, ListKind, Listed, Policy, Verdict};
use domain::{
    AttemptId, BlockedBy, Checkout, CheckoutId, Command, Customer, DeclineReason, Event, Flow, MerchantId, Mode, Pan,
    Recorded, RefusedTry, State, Submission, Timestamp,
};
use ipnet::IpNet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use store::{AdminWrite, DeclineWrite, ListRow};

use crate::cache::Cache;
use crate::checkouts::{Asking, Shown};
use crate::payments::{CardEntry, Visit};
use crate::vault::HashKey;
use crate::{Engine, Error};
use memory::{Alert, Memory, Tried};

/// Answers that say no come at the end of a stretch of this length (security T5).
const ANSWER_STEP: Duration = Duration::from_secs(1);
/// Lists longer than this are somebody's mistake.
const LISTED_MAX: usize = 10_000;

/// What tries are judged by.
pub(crate) struct Risk {
    test_limits: bool,
    card_keys: HashKey,
    memory: Mutex<Memory>,
    /// Emptied by every change of an operator.
    rulings: Cache<(MerchantId, Mode), Ruling>,
    /// How many steps the last decline of a bank took.
    steps: AtomicU64,
    metrics: Metrics,
}

/// Counts of what was judged.
#[derive(Default, Clone)]
struct Metrics {
    blocked: Family<[(&'static str, &'static str); 1], Counter>,
    challenged: Counter,
    alerts: Family<[(&'static str, &'static str); 1], Counter>,
}

/// What an operator decided for a merchant in one mode.
struct Ruling {
    policy: Policy,
    listed: HashSet<Listed>,
    networks: Vec<IpNet>,
}

/// What becomes of a try.
pub(crate) enum Judged {
    /// It may go on its way; by way of the payer's bank, if that is said here.
    Goes { by_the_bank: bool },
    /// It goes nowhere.
    Blocked(BlockedBy, Assessment),
}

impl Risk {
    pub(crate) fn new(card_keys: HashKey, test_limits: bool) -> Self {
        Self {
            test_limits,
            card_keys,
            memory: Mutex::default(),
            rulings: Cache::default(),
            steps: AtomicU64::new(1),
            metrics: Metrics::default(),
        }
    }

    /// What a card is counted by; test and live mode have nothing in common.
    pub(crate) fn card_key(&self, mode: Mode, pan: &Pan) -> CardKey {
        let hash = self.card_keys.hash(&[b"card", mode.as_str().as_bytes(), pan.expose().as_bytes()]);
        let mut key = [0; 16];
        key.copy_from_slice(&hash[..16]);
        CardKey::new(key)
    }

    /// Whether limits bind in this mode.
    pub(crate) fn binds(&self, mode: Mode) -> bool {
        self.test_limits || mode == Mode::Live
    }

    /// An operator decided something.
    pub(crate) fn decided(&self) {
        self.rulings.clear();
    }

    /// A try that was judged was not written down.
    pub(crate) fn withdraw(&self, attempt_id: AttemptId) {
        self.memory().withdraw(attempt_id);
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let Metrics { blocked, challenged, alerts } = self.metrics.clone();
        registry.register("tries_blocked", "Tries that went nowhere because they looked like fraud", blocked);
        registry.register("tries_challenged", "Tries whose payer's bank was asked for safety", challenged);
        registry.register("card_testing_alerts", "Times that somebody seemed to try out cards", alerts);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ruling {
    fn new(policy: Policy, rows: Vec<ListRow>) -> Self {
        let (networks, listed): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|row| row.listed).partition(|listed| listed.kind == ListKind::Network);
        let networks = networks.iter().filter_map(|listed| listed.value.parse().ok()).collect();
        Self { policy, listed: listed.into_iter().collect(), networks }
    }

    /// Lists that name something of a try.
    fn naming(&self, tried: &Tried, customer: &Customer, card_country: &str) -> Vec<ListKind> {
        let has =
            |kind, value: &str| !value.is_empty() && self.listed.contains(&Listed { kind, value: value.to_owned() });
        let bin = tried.bin.to_string();
        let countries = [card_country, customer.billing.country.as_str()];
        let is_named = |kind: &ListKind| match kind {
            ListKind::Card => has(ListKind::Card, &tried.card.to_string()),
            ListKind::Email => has(ListKind::Email, &customer.email.to_lowercase()),
            ListKind::Network => tried
                .payer_ip
                .is_some_and(|ip| self.networks.iter().any(|network| network.contains(&ip.to_canonical()))),
            ListKind::Country => countries.iter().any(|country| has(ListKind::Country, country)),
            ListKind::Bin => (4..=bin.len()).any(|digits| has(ListKind::Bin, &bin[..digits])),
        };
        if self.listed.is_empty() && self.networks.is_empty() {
            return vec![];
        }
        ListKind::ALL.iter().copied().filter(is_named).collect()
    }
}

impl Engine {
    /// Judges a try before it is written down. One that goes on its way is counted as under way; who does not send it
    /// after all says so ([`Risk::withdraw`]).
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn judge(
        &self,
        before: &Shown,
        attempt_id: AttemptId,
        entry: &CardEntry,
        is_kept: bool,
        visit: &Visit,
    ) -> Result<Judged, Error> {
        let Checkout { merchant_id, mode, .. } = before.record.checkout;
        let (risk, amount) = (&self.0.risk, before.payment.terms.amount);
        let by_payer = visit.flow != Flow::Api;
        let tried = Tried {
            merchant_id,
            mode,
            card: risk.card_key(mode, &entry.pan),
            bin: entry.pan.bin(),
            payer_ip: visit.payer_ip.filter(|_| by_payer),
            is_typed: by_payer && !is_kept,
            by_payer,
            weight: limits::weight(amount),
        };
        let ruling = self.ruling(merchant_id, mode).await?;
        let customer = visit.details.as_ref().unwrap_or_else(|| before.customer());
        loop {
            let declined = risk.memory().declines_of(tried.card);
            let record = if risk.binds(mode) {
                self.0.store.card_record(tried.card, merchant_id, amount, self.0.env.now()).await?
            } else {
                CardRecord::default()
            };
            let now = self.0.env.now();
            let mut memory = risk.memory();
            // A decline that was written down meanwhile is neither in the record nor under way any more.
            if memory.declines_of(tried.card) != declined {
                continue;
            }
            let known = memory.recall(&tried, record, amount, now);
            let card_country = memory.country_of(tried.bin).to_owned();
            let mut facts = if risk.binds(mode) { known } else { Facts::default() };
            facts.listed = ruling.naming(&tried, customer, &card_country);
            if risk.binds(mode) {
                let home = customer.billing.country.as_str();
                let differs = |country: &str| !country.is_empty() && !home.is_empty() && country != home;
                facts.card_country_differs = differs(&card_country);
                facts.shipping_country_differs = differs(&customer.shipping.country);
                facts.checkout_failures = before.payment.tries;
            }
            memory.count(&tried, &facts, now);
            let assessment = Assessment::of(&facts, &ruling.policy);
            let by_the_bank = match assessment.verdict(&ruling.policy) {
                Verdict::Block(by) => return Ok(Judged::Blocked(by, assessment)),
                // Nobody is there to be asked when the merchant charges.
                Verdict::Challenge => by_payer,
                Verdict::Pass => false,
            };
            memory.start(attempt_id, tried, now);
            if by_the_bank {
                risk.metrics.challenged.inc();
            }
            return Ok(Judged::Goes { by_the_bank });
        }
    }

    /// The command that writes a blocked try down.
    pub(crate) fn block(
        &self,
        before: &Shown,
        attempt_id: AttemptId,
        entry: &CardEntry,
        visit: &Visit,
        (by, assessment): (BlockedBy, Assessment),
    ) -> Command {
        let merchant_id = before.record.checkout.merchant_id;
        let reasons: Vec<_> = assessment.findings.iter().map(|finding| finding.ground).collect();
        tracing::info!(%attempt_id, %merchant_id, score = assessment.score, ?reasons, "a try was blocked");
        let reason = DeclineReason::Blocked(by);
        self.0.risk.metrics.blocked.get_or_create(&[("by", reason.as_str())]).inc();
        Command::Refuse(RefusedTry {
            attempt_id,
            card: Some(entry.summary()),
            flow: visit.flow,
            payer_ip: visit.payer_ip,
            reason,
            assessment: Some(assessment),
        })
    }

    /// What was written down of a payment: learns how its tries ended.
    pub(crate) fn learn(&self, shown: &Shown, written: &[Recorded]) {
        let risk = &self.0.risk;
        let terms = &shown.payment.terms;
        let mut alerts = vec![];
        // A try that its issuer wants asked about goes on as another one, by way of the bank.
        let goes_on = written.iter().find_map(|recorded| match &recorded.event {
            Event::AuthenticationStarted(sent) => Some(sent.attempt_id),
            _ => None,
        });
        for Recorded { at, event, .. } in written {
            if let (Event::Declined { attempt_id, .. }, Some(goes_on)) = (event, goes_on) {
                risk.memory().goes_on(*attempt_id, goes_on, *at);
                continue;
            }
            match event {
                Event::Authorized { attempt_id, amount, facts, .. } => {
                    risk.memory().approved(*attempt_id, *amount, &facts.country);
                }
                Event::Declined { attempt_id, reason, facts } => {
                    alerts.extend(risk.memory().declined(*attempt_id, *reason, &facts.country, *at));
                }
                Event::Reversed { attempt_id } => risk.memory().undone(*attempt_id),
                Event::AttemptRefused(RefusedTry { reason: DeclineReason::Blocked(_), flow, payer_ip, .. })
                    if *flow != Flow::Api =>
                {
                    alerts.extend(risk.memory().blocked((terms.merchant_id, terms.mode), *payer_ip, *at));
                }
                Event::Opened(_)
                | Event::Viewed
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
                | Event::Released { .. }
                | Event::MarkedPaid { .. }
                | Event::AttemptSent(_)
                | Event::AuthenticationStarted(_)
                | Event::Challenged { .. }
                | Event::Authenticated { .. }
                | Event::NotAuthenticated { .. }
                | Event::AttemptRefused(_)
                | Event::TriesUsedUp
                | Event::AttemptUnknown { .. }
                | Event::Captured { .. }
                | Event::ReversalSent { .. }
                | Event::OperationSent(_)
                | Event::OperationFailed { .. }
                | Event::Voided { .. }
                | Event::Refunded { .. }
                | Event::CardForgetting
                | Event::CardForgotten
                | Event::Cleared
                | Event::Matched(_)
                | Event::Adjusted(_)
                | Event::Settled { .. }
                | Event::ChargedBack { .. }
                | Event::ChargebackReversed { .. } => {}
            }
        }
        if !risk.binds(terms.mode) {
            return;
        }
        for alert in alerts {
            let kind = match alert {
                Alert::BinPaused { merchant_id, bin } => {
                    tracing::error!(%merchant_id, mode = terms.mode.as_str(), %bin, "card testing: nearly all cards of this BIN are declined at this merchant; none is taken for ten minutes, then their banks are asked");
                    "bin_paused"
                }
                Alert::Attack { merchant_id } => {
                    tracing::error!(%merchant_id, mode = terms.mode.as_str(), "card testing: most tries at this merchant fail; payers who failed before are asked by their banks or blocked");
                    "attack"
                }
            };
            risk.metrics.alerts.get_or_create(&[("kind", kind)]).inc();
        }
    }

    /// Lets a payer's answer that says no come no sooner and no later than another one: what we refuse takes as many
    /// steps as the last decline of a bank did, and that is answered at the end of its step (security T5). An approval
    /// waits for nothing.
    pub(crate) async fn even_out(&self, shown: &Shown, began: Timestamp) {
        let risk = &self.0.risk;
        let has_failed = matches!(shown.payment.state, State::Open | State::Cancelled);
        if !has_failed || !risk.binds(shown.payment.terms.mode) {
            return;
        }
        let last = shown.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::AttemptRefused(refused) => Some(refused.reason),
            Event::Declined { reason, .. } => Some(*reason),
            _ => None,
        });
        let step = u64::try_from(ANSWER_STEP.as_micros()).unwrap_or(u64::MAX);
        let elapsed = u64::try_from(self.0.env.now().since(began).as_micros()).unwrap_or(u64::MAX);
        let steps = if matches!(last, Some(DeclineReason::Blocked(_))) {
            risk.steps.load(Ordering::Relaxed)
        } else {
            let steps = elapsed.div_ceil(step).max(1);
            risk.steps.store(steps, Ordering::Relaxed);
            steps
        };
        let until = began.plus(ANSWER_STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX)));
        self.0.env.clock().sleep_until(until).await;
    }

    async fn ruling(&self, merchant_id: MerchantId, mode: Mode) -> Result<Arc<Ruling>, Error> {
        let cache = &self.0.risk.rulings;
        if let Some(ruling) = cache.get(&(merchant_id, mode)) {
            return Ok(ruling);
        }
        let generation = cache.generation();
        let store = &self.0.store;
        let policy = store.risk_policy(merchant_id, mode).await?;
        let ruling = Arc::new(Ruling::new(policy, store.risk_list(merchant_id, mode).await?));
        cache.keep(generation, (merchant_id, mode), Arc::clone(&ruling));
        Ok(ruling)
    }
}

/// What an operator reads and decides.
impl Engine {
    /// What is decided about tries at a merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a merchant; [`Error::Store`].
    pub async fn risk_policy(&self, merchant_id: MerchantId, mode: Mode) -> Result<Policy, Error> {
        self.merchant(merchant_id).await?;
        Ok(self.0.store.risk_policy(merchant_id, mode).await?)
    }

    /// Decides about tries at a merchant, from the next one on.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a merchant; [`Error::Store`].
    pub async fn set_risk_policy(&self, merchant_id: MerchantId, mode: Mode, policy: Policy) -> Result<(), Error> {
        self.merchant(merchant_id).await?;
        self.administer(vec![AdminWrite::RiskPolicy(merchant_id, mode, policy)]).await
    }

    /// What is listed for a merchant, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a merchant; [`Error::Store`].
    pub async fn risk_list(&self, merchant_id: MerchantId, mode: Mode) -> Result<Vec<ListRow>, Error> {
        self.merchant(merchant_id).await?;
        Ok(self.0.store.risk_list(merchant_id, mode).await?)
    }

    /// Lists something, so that it is never taken; `false` when the list is full.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a merchant; [`Error::Store`].
    pub async fn list(&self, merchant_id: MerchantId, mode: Mode, listed: Listed) -> Result<bool, Error> {
        if self.risk_list(merchant_id, mode).await?.len() >= LISTED_MAX {
            return Ok(false);
        }
        let row = ListRow { merchant_id, mode, listed, created_at: self.0.env.now() };
        self.administer(vec![AdminWrite::List(row)]).await?;
        Ok(true)
    }

    /// Takes something off the list; `false` when it was not on it.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a merchant; [`Error::Store`].
    pub async fn unlist(&self, merchant_id: MerchantId, mode: Mode, listed: Listed) -> Result<bool, Error> {
        let was_listed = self.risk_list(merchant_id, mode).await?.iter().any(|row| row.listed == listed);
        if was_listed {
            self.administer(vec![AdminWrite::Unlist(merchant_id, mode, listed)]).await?;
        }
        Ok(was_listed)
    }

    /// What the card of a checkout's try is counted by; of the last try that was sent, when none is named.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the merchant has no such checkout in this mode or no card of it lies in the vault;
    /// [`Error::Store`].
    pub async fn card_key(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        id: CheckoutId,
        attempt_id: Option<AttemptId>,
    ) -> Result<CardKey, Error> {
        let shown = self.load(Asking::Merchant(merchant_id, mode, id)).await?;
        let sent = shown.history.iter().rev().find_map(|recorded| submission(&recorded.event, attempt_id));
        let card_id = sent.and_then(Submission::card_id).ok_or(Error::NotFound)?;
        Ok(self.0.store.card(merchant_id, mode, card_id).await?.ok_or(Error::NotFound)?.card_key)
    }

    /// The tries of a checkout that were blocked, oldest first, each with when.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the merchant has no such checkout in this mode; [`Error::Store`].
    pub async fn blocked_tries(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        id: CheckoutId,
    ) -> Result<Vec<(Timestamp, RefusedTry)>, Error> {
        let shown = self.load(Asking::Merchant(merchant_id, mode, id)).await?;
        let blocked = shown.history.into_iter().filter_map(|recorded| match recorded.event {
            Event::AttemptRefused(refused) if refused.assessment.is_some() => Some((recorded.at, refused)),
            _ => None,
        });
        Ok(blocked.collect())
    }
}

fn submission(event: &Event, wanted: Option<AttemptId>) -> Option<&Submission> {
    match event {
        Event::AttemptSent(sent) | Event::AuthenticationStarted(sent) => {
            (wanted.is_none() || wanted == Some(sent.attempt_id)).then_some(sent)
        }
        _ => None,
    }
}

/// What is to be counted of an event that follows on `shown`.
pub(crate) fn counted(shown: &Shown, event: &Event, at: Timestamp) -> Option<DeclineWrite> {
    let Event::Declined { attempt_id, reason, .. } = event else { return None };
    let retry = limits::retry(*reason);
    if retry == Retry::Free && !limits::tells_on_the_card(*reason) {
        return None;
    }
    let sent = shown.history.iter().find_map(|recorded| submission(&recorded.event, Some(*attempt_id)))?;
    let terms = &shown.payment.terms;
    let weight = limits::weight(terms.amount);
    Some(DeclineWrite {
        card_id: sent.card_id()?,
        decline: Decline { merchant_id: terms.merchant_id, at, reason: *reason, weight },
        for_good: (retry == Retry::Never).then_some(terms.amount),
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// One merchant cannot tell whether another one's payer has the same card; the gateway can (security V4).
    #[tokio::test]
    async fn what_merchants_see_of_a_card_and_what_it_is_counted_by() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = crate::workers::tests::engine(dir.path()).await;
        let pan = Pan::parse("4444333322221111").expect("a card");
        let seen_by = |merchant: u128, mode| engine.fingerprint(MerchantId::new(Uuid::from_u128(merchant)), mode, &pan);
        assert_eq!(seen_by(1, Mode::Live), seen_by(1, Mode::Live));
        assert_ne!(seen_by(1, Mode::Live), seen_by(2, Mode::Live));
        assert_ne!(seen_by(1, Mode::Live), seen_by(1, Mode::Test));
        let key = |mode| engine.0.risk.card_key(mode, &pan).bytes();
        assert_eq!(key(Mode::Live), key(Mode::Live));
        assert_ne!(key(Mode::Live), key(Mode::Test));
        assert_ne!(key(Mode::Live), seen_by(1, Mode::Live)[..16]);
        assert!(engine.0.risk.binds(Mode::Live) && !engine.0.risk.binds(Mode::Test));
    }
}
