//! Workers: steps that production calls in a loop and a test, or a moved clock, calls by hand. A step starts what is
//! due; a process that dies in the middle leaves everything due again. Delivery is at least once.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use acquirer::{Answer, ReportDue};
use domain::{AttemptId, DeliveryId, MerchantId, PaymentId, Timestamp};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use store::{Destination, Failing, TimerKind};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{Causes, Engine, Error};

/// At most this many timers are started by one step.
const BATCH: u32 = 64;
/// A worker that found the store out of order looks again after this.
const PAUSE: Duration = Duration::from_secs(1);

/// What the workers share.
pub(crate) struct State {
    pub(crate) timers: Notify,
    /// Called by the store as well.
    pub(crate) deliveries: Arc<Notify>,
    /// What this process takes deliveries as.
    pub(crate) id: Uuid,
    pub(crate) metrics: Metrics,
    timers_underway: Arc<Claims<(PaymentId, TimerKind)>>,
    pub(crate) deliveries_underway: Arc<Claims<(DeliveryId, Destination)>>,
    pub(crate) failing: Arc<Failing>,
    /// Called when a destination begins to fail.
    pub(crate) warnings: Notify,
    /// Who was called last. Whoever holds it is the only one to start deliveries.
    pub(crate) last_called: tokio::sync::Mutex<Option<Destination>>,
    reports_underway: Arc<Claims<AttemptId>>,
    /// Called when a statement is asked for, or made.
    pub(crate) statements: Notify,
    /// Of each merchant one.
    pub(crate) statements_underway: Arc<Claims<MerchantId>>,
}

impl State {
    pub(crate) fn new(deliveries: Arc<Notify>, id: Uuid) -> Self {
        Self {
            timers: Notify::default(),
            deliveries,
            id,
            metrics: Metrics::default(),
            timers_underway: Arc::default(),
            deliveries_underway: Arc::default(),
            failing: Arc::default(),
            warnings: Notify::default(),
            last_called: tokio::sync::Mutex::default(),
            reports_underway: Arc::default(),
            statements: Notify::default(),
            statements_underway: Arc::default(),
        }
    }

    /// How many pieces of work have ended, well or not.
    pub(crate) fn ended(&self) -> u64 {
        let Self { timers_underway, deliveries_underway, reports_underway, statements_underway, .. } = self;
        let ended =
            [&timers_underway.ended, &deliveries_underway.ended, &reports_underway.ended, &statements_underway.ended];
        ended.into_iter().map(|ended| ended.load(Ordering::SeqCst)).sum()
    }
}

/// What is being carried out, so that a step does not start it twice.
pub(crate) struct Claims<T> {
    underway: Mutex<HashSet<T>>,
    ended: AtomicU64,
}

impl<T> Default for Claims<T> {
    fn default() -> Self {
        Self { underway: Mutex::default(), ended: AtomicU64::new(0) }
    }
}

impl<T: Eq + Hash> Claims<T> {
    /// How many to ask the store for, so that what is under way does not crowd out what is not.
    fn with(&self, more: u32) -> u32 {
        let underway = self.underway.lock().unwrap_or_else(PoisonError::into_inner).len();
        more.saturating_add(u32::try_from(underway).unwrap_or(u32::MAX))
    }
}

impl<T: Eq + Hash + Clone> Claims<T> {
    /// Everything that is under way.
    pub(crate) fn all(&self) -> HashSet<T> {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `None` when it is under way already.
    pub(crate) fn claim(self: &Arc<Self>, what: T) -> Option<Claim<T>> {
        self.claim_one_of(what, u32::MAX)
    }

    /// `None` when it is under way already, or `most` others are.
    pub(crate) fn claim_one_of(self: &Arc<Self>, what: T, most: u32) -> Option<Claim<T>> {
        let mut underway = self.underway.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = u32::try_from(underway.len()).is_ok_and(|underway| underway >= most);
        let is_free = !is_full && underway.insert(what.clone());
        drop(underway);
        is_free.then(|| Claim { claims: Arc::clone(self), what, released: AtomicBool::new(false) })
    }
}

/// Something that is being carried out. However it ends, it can be claimed again.
pub(crate) struct Claim<T: Eq + Hash> {
    claims: Arc<Claims<T>>,
    what: T,
    released: AtomicBool,
}

impl<T: Eq + Hash> Claim<T> {
    /// Once: by then it may be somebody else's.
    fn release(&self) {
        if !self.released.swap(true, Ordering::SeqCst) {
            self.claims.underway.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.what);
            self.claims.ended.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl<T: Eq + Hash> Drop for Claim<T> {
    fn drop(&mut self) {
        self.release();
    }
}

/// Counts of what the engine did.
#[derive(Default, Clone)]
pub(crate) struct Metrics {
    answers: Family<[(&'static str, &'static str); 1], Counter>,
    pub(crate) deliveries: Family<[(&'static str, &'static str); 1], Counter>,
    pub(crate) given_up: Counter,
    pub(crate) mails: Family<[(&'static str, &'static str); 1], Counter>,
    pub(crate) open: Gauge,
    pub(crate) calls: Gauge,
    pub(crate) oldest_due: Gauge,
    pub(crate) failing: Gauge,
    pub(crate) doubts: Gauge,
    pub(crate) differences: Gauge,
}

impl Metrics {
    pub(crate) fn answered(&self, answer: &Answer) {
        let outcome = match answer {
            Answer::Approved { .. } => "approved",
            Answer::Declined { .. } => "declined",
            Answer::Pending => "pending",
            Answer::Redirect { .. } => "redirect",
            Answer::NotSent => "not_sent",
            Answer::NotFound | Answer::Reversed | Answer::Unknown => "unknown",
        };
        self.answers.get_or_create(&[("outcome", outcome)]).inc();
    }
}

impl Engine {
    /// Adds the engine's counts to a registry.
    pub fn register_metrics(&self, registry: &mut Registry) {
        let Metrics { answers, deliveries, given_up, mails, open, calls, oldest_due, failing, doubts, differences } =
            self.0.workers.metrics.clone();
        registry.register("acquirer_answers", "Answers to authorizations", answers);
        registry.register("notification_tries", "Tries to deliver a notification", deliveries);
        registry.register("mails", "Tries to send mail, by what came of them", mails);
        registry.register("notifications_given_up", "Notifications whose last try failed", given_up);
        registry.register("notifications_open", "Notifications neither delivered nor given up", open);
        registry.register("notification_calls", "Notifications on their way", calls);
        let help = "Age of the notification that has been due for longest";
        registry.register_with_unit("notifications_oldest_due", help, Unit::Seconds, oldest_due);
        let help = "Addresses and webhooks at which nothing has arrived for a day";
        registry.register("notification_destinations_failing", help, failing);
        let help = "What no acquirer has answered for a day: it waits for an operator";
        registry.register("doubts_open", help, doubts);
        let help = "Differences between an acquirer's files and the books that are not settled";
        registry.register("reconciliation_differences_open", help, differences);
        self.0.risk.register(registry);
    }

    /// Starts the workers; they stop when the engine is closed.
    pub fn start_workers(&self) {
        let engine = self.clone();
        self.0.tasks.spawn(async move {
            loop {
                let next = engine.timers_step().await.and(engine.0.store.next_timer().await.map_err(Error::from));
                if engine.rest(next, &engine.0.workers.timers).await {
                    return;
                }
            }
        });
        let engine = self.clone();
        self.0.tasks.spawn(async move {
            loop {
                // What is due and may not start yet is not waited for: whatever ends calls.
                let now = engine.0.env.now();
                let next =
                    engine.deliveries_step().await.and(engine.0.store.next_delivery(now).await.map_err(Error::from));
                if engine.rest(next, &engine.0.workers.deliveries).await {
                    return;
                }
            }
        });
        let engine = self.clone();
        self.0.tasks.spawn(async move {
            loop {
                let next = engine.warnings_step().await.and(engine.next_warning().await);
                if engine.rest(next, &engine.0.workers.warnings).await {
                    return;
                }
            }
        });
        let engine = self.clone();
        self.0.tasks.spawn(async move {
            loop {
                let next = engine.reports_step().await.and(engine.0.test_book.next_report().await.map_err(Error::from));
                if engine.rest(next, engine.0.test_book.planned()).await {
                    return;
                }
            }
        });
        let engine = self.clone();
        self.0.tasks.spawn(async move {
            loop {
                let stepped = engine.statements_step().await;
                let next = stepped.and(engine.0.store.next_statement_expiry().await.map_err(Error::from));
                if engine.rest(next, &engine.0.workers.statements).await {
                    return;
                }
            }
        });
        let engine = self.clone();
        self.0.tasks.spawn(async move {
            loop {
                let next = engine.reconciliation_step().await.and(engine.next_miss().await);
                let counted = engine.count_differences().await;
                if engine.rest(counted.and(next), &engine.0.reconciling.began).await {
                    return;
                }
            }
        });
    }

    /// Rests until the next thing is due, somebody calls, or the engine closes, which it answers.
    async fn rest(&self, next: Result<Option<Timestamp>, Error>, called: &Notify) -> bool {
        let next = next.unwrap_or_else(|error| {
            tracing::error!(error = %Causes(&error), "a worker cannot read what is due");
            Some(self.0.env.now())
        });
        // What is due and already under way is not looked at again at once.
        let next = next.map(|next| next.max(self.0.env.now().plus(PAUSE)));
        let sleep = async {
            match next {
                Some(next) => self.0.env.clock().sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.0.stop.cancelled() => true,
            () = called.notified() => false,
            () = sleep => false,
        }
    }

    /// Starts every due timer and answers how many.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn timers_step(&self) -> Result<usize, Error> {
        let due = self.0.store.due_timers(self.0.env.now(), self.0.workers.timers_underway.with(BATCH)).await?;
        let mut started = 0;
        for timer in due {
            let Some(claim) = self.0.workers.timers_underway.claim((timer.payment_id, timer.kind)) else { continue };
            started += 1;
            let engine = self.clone();
            let work = async move { engine.carry_out(&timer).await };
            self.start_claimed(claim, work, |engine| engine.0.workers.timers.notify_one());
        }
        Ok(started)
    }

    /// Starts to write down every due report of the acquirer and answers how many.
    ///
    /// # Errors
    /// [`Error::Acquirer`].
    pub(crate) async fn reports_step(&self) -> Result<usize, Error> {
        let due: Vec<ReportDue> = self.0.test_book.due_reports(self.0.env.now()).await?;
        let mut started = 0;
        for report in due {
            let Some(claim) = self.0.workers.reports_underway.claim(report.reference) else { continue };
            started += 1;
            let engine = self.clone();
            let work = async move { engine.hear(report).await };
            self.start_claimed(claim, work, |engine| engine.0.test_book.planned().notify_one());
        }
        Ok(started)
    }

    /// Does claimed work in a task of its own, then calls the worker. What fails, or panics, is let go only after a
    /// pause.
    pub(crate) fn start_claimed<T: Eq + Hash + Debug + Send + Sync + 'static>(
        &self,
        claim: Claim<T>,
        work: impl Future<Output = Result<(), Error>> + Send + 'static,
        call: fn(&Self),
    ) {
        let claim = Arc::new(claim);
        let claimed = Arc::clone(&claim);
        let work = self.0.env.clock().activity(async move {
            let result = work.await;
            result.inspect(|()| claimed.release())
        });
        let engine = self.clone();
        self.0.tasks.spawn(async move {
            let ended = tokio::spawn(work).await;
            let what = &claim.what;
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(?what, error = %Causes(&error), "work failed; it stays due");
                    engine.0.env.pause(PAUSE).await;
                }
                Err(error) => {
                    tracing::error!(?what, %error, "work was cut off; it stays due");
                    engine.0.env.pause(PAUSE).await;
                }
            }
            drop(claim);
            call(&engine);
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::{Fees, Mode, Recorded};
    use store::{AdminWrite, CheckoutRecord, Company, Endpoint, Merchant};

    use super::*;
    use crate::admin::merchant_owner;
    use crate::{Fingerprints, webhooks};

    pub(crate) struct Mute;

    impl crate::Narrator for Mute {
        fn audience(&self, _: &crate::Shown, _: &domain::Event, _: domain::Notice) -> crate::Audience {
            crate::Audience::default()
        }

        fn body(
            &self,
            _: &CheckoutRecord,
            _: &[Recorded],
            _: domain::Notice,
            _: &Fingerprints,
        ) -> Result<String, String> {
            Err("nothing to say".to_owned())
        }

        fn way_back(&self, _: &CheckoutRecord, _: &[Recorded], _: Timestamp) -> Result<Option<crate::WayBack>, String> {
            Ok(None)
        }

        fn invoice_message(&self, _: &CheckoutRecord) -> Result<String, String> {
            Err("nothing to say".to_owned())
        }
    }

    impl crate::Letters for Mute {
        fn to_payer(&self, _: &crate::Concern<'_>) -> Option<crate::Letter> {
            None
        }
    }

    pub(crate) const START: Timestamp = Timestamp::from_seconds(1_795_132_800);

    pub(crate) async fn engine(dir: &std::path::Path) -> Engine {
        reaching(dir, crate::Reach::Public).await
    }

    pub(crate) async fn reaching(dir: &std::path::Path, reach: crate::Reach) -> Engine {
        node(dir, store::Store::open(dir).expect("a store"), 1, reach).await
    }

    /// One of several that share a store.
    pub(crate) async fn node(dir: &std::path::Path, store: store::Store, seed: u64, reach: crate::Reach) -> Engine {
        let env = env::Env::still(START, seed);
        let parts = crate::Parts {
            store,
            root_key: crate::RootKey::parse(&crate::RootKey::make(&env::Env::still(START, 1))).expect("a key"),
            test_acquirer: acquirer::TestAcquirer::open(dir, env.clone()).expect("a book"),
            reach,
            narrator: Arc::new(Mute),
            public_url: "http://pay.example.com".to_owned(),
            statements: Some(dir.join("statements")),
            letters: Arc::new(Mute),
            post: crate::Post::Nowhere,
            sender: crate::Sender::of_host("http://pay.example.com").expect("an address"),
            authorization_max: Duration::from_hours(168),
            env,
            test_limits: false,
            simulated: None,
        };
        Engine::open(parts).await.expect("an engine")
    }

    /// A merchant of this number, with keys that sign.
    pub(crate) async fn merchant(engine: &Engine, number: u128) {
        let id = MerchantId::new(Uuid::from_u128(number));
        let merchant = Merchant {
            id,
            company: Company::default(),
            fees: Fees::default(),
            email: "boss@shop.example".to_owned(),
            created_at: START,
            revoked_at: None,
        };
        let key = engine.make_key(merchant_owner(id, Mode::Test), 1).await.expect("made");
        engine.administer(vec![AdminWrite::Merchant(merchant), AdminWrite::SigningKey(key)]).await.expect("written");
    }

    #[tokio::test]
    async fn what_panics_can_be_claimed_again_after_a_pause() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let told = webhooks::tests::delivery(1, Endpoint::Mail { to: "ada@example.com".to_owned() });
        let (claims, what) = (&engine.0.workers.deliveries_underway, (told.id, told.destination()));
        let claim = claims.claim(what).expect("free");
        assert!(claims.claim(what).is_none(), "under way");
        let (entered, started) = tokio::sync::oneshot::channel();
        let work = async move {
            let _ = entered.send(());
            panic!("a bug")
        };
        engine.start_claimed(claim, work, |engine| engine.0.workers.deliveries.notify_one());
        started.await.expect("started");
        engine.0.env.clock().quiet().await;
        assert!(claims.claim(what).is_none(), "not at once");
        while engine.0.env.clock().next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        engine.0.env.clock().move_to(START.plus(PAUSE));
        engine.0.workers.deliveries.notified().await;
        assert!(claims.claim(what).is_some());
    }
}
