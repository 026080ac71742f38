//! Workers: steps that production calls in a loop and a test, or a moved clock, calls by hand. A step starts what is
//! due; a process that dies in the middle leaves everything due again. Delivery is at least once.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use acquirer::{Answer, ReportDue};
use aws_lc_rs::rsa::KeyPair;
use domain::{AttemptId, DeliveryId, MerchantId, Mode, PaymentId, Recorded, Timestamp};
use hyper::header::{HeaderName, HeaderValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use store::{Changeset, CheckoutRecord, Delivered, Delivery, DeliveryState, Destination, Endpoint, TimerKind};
use tokio::sync::Notify;

use crate::outgoing::{Answered, SendError};
use crate::webhooks::{self, Call, Fingerprints};
use crate::{Causes, Engine, Error, mail, signing};

/// At most this many timers are started by one step.
const BATCH: u32 = 64;
/// Seconds after the first scheduling at which each try happens; after the last it is given up. In the minutes of
/// purchases-api 5.5: 0, 2, 8, 26, 80, 242, 728, 2186.
const TRIES: [u64; 8] = [0, 120, 480, 1_560, 4_800, 14_520, 43_680, 131_160];
/// The same for addresses that are told to fetch: ten calls, the gaps between them doubled from 32 s
/// (card-payments-api 5.2).
const CALLS: [u64; 10] = [0, 32, 96, 224, 480, 992, 2_016, 4_064, 8_160, 16_352];
/// A worker that found the store out of order looks again after this.
const PAUSE: Duration = Duration::from_secs(1);

/// What the workers share.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) timers: Notify,
    pub(crate) deliveries: Notify,
    pub(crate) metrics: Metrics,
    timers_underway: Arc<Claims<(PaymentId, TimerKind)>>,
    pub(crate) deliveries_underway: Arc<Claims<(DeliveryId, Destination)>>,
    /// Who was called last. Whoever holds it is the only one to start deliveries.
    pub(crate) last_called: tokio::sync::Mutex<Option<Destination>>,
    reports_underway: Arc<Claims<AttemptId>>,
}

impl State {
    /// How many pieces of work have ended, well or not.
    pub(crate) fn ended(&self) -> u64 {
        let Self { timers_underway, deliveries_underway, reports_underway, .. } = self;
        let ended = [&timers_underway.ended, &deliveries_underway.ended, &reports_underway.ended];
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
        let is_free = self.underway.lock().unwrap_or_else(PoisonError::into_inner).insert(what.clone());
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
    deliveries: Family<[(&'static str, &'static str); 1], Counter>,
    given_up: Counter,
    pub(crate) open: Gauge,
    pub(crate) calls: Gauge,
    pub(crate) oldest_due: Gauge,
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
        let Metrics { answers, deliveries, given_up, open, calls, oldest_due } = self.0.workers.metrics.clone();
        registry.register("acquirer_answers", "Answers to authorizations", answers);
        registry.register("notification_tries", "Tries to deliver a notification", deliveries);
        registry.register("notifications_given_up", "Notifications whose last try failed", given_up);
        registry.register("notifications_open", "Notifications neither delivered nor given up", open);
        registry.register("notification_calls", "Notifications on their way", calls);
        let help = "Age of the notification that has been due for longest";
        registry.register_with_unit("notifications_oldest_due", help, Unit::Seconds, oldest_due);
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
                let next = engine.reports_step().await.and(engine.0.test_book.next_report().await.map_err(Error::from));
                if engine.rest(next, engine.0.test_book.planned()).await {
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
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    tracing::error!(?what, %error, "work was cut off; it stays due");
                    tokio::time::sleep(PAUSE).await;
                }
            }
            drop(claim);
            call(&engine);
        });
    }

    /// One try to deliver one notification. A store that fails leaves everything as it was; whatever else goes wrong is
    /// a try that failed.
    pub(crate) async fn deliver(&self, delivery: &Delivery) -> Result<(), Error> {
        let attempts = delivery.attempts + 1;
        let mut body = delivery.body.clone();
        let (told, status) = match self.send(delivery, &mut body, attempts).await {
            Ok(answered) => answered,
            Err(error @ Error::Store(_)) => return Err(error),
            Err(error) => {
                let (delivery_id, checkout_id) = (delivery.id, delivery.checkout_id);
                tracing::error!(%delivery_id, %checkout_id, attempts, error = %Causes(&error), "a notification could not be sent");
                (false, 0)
            }
        };
        let at = self.0.env.now();
        // A subscriber has what it was told of when it says so, and not before.
        let success = told && !matches!(delivery.endpoint, Endpoint::Subscription { .. });
        let next = if success { None } else { next_try(tries(&delivery.endpoint), delivery.created_at, attempts, at) };
        let outcome = if told { "delivered" } else { "failed" };
        self.0.workers.metrics.deliveries.get_or_create(&[("outcome", outcome)]).inc();
        let delivered = Delivered { id: delivery.id, body, attempts, next, success, status, at };
        self.0.store.commit(Changeset { delivered: Some(delivered), ..Changeset::default() }).await?;
        if next.is_none() && !success {
            // Unless its receiver said meanwhile that it has it.
            let record = self.0.store.delivery(delivery.merchant_id, delivery.mode, delivery.id).await?;
            if record.is_some_and(|record| record.state == DeliveryState::GivenUp) {
                self.0.workers.metrics.given_up.inc();
            }
        }
        Ok(())
    }

    /// Sends a notification and tells whether it arrived, and the HTTP status. `body` keeps what was made to be sent.
    async fn send(&self, delivery: &Delivery, body: &mut Option<String>, attempts: u32) -> Result<(bool, u16), Error> {
        match &delivery.endpoint {
            Endpoint::Callback { url } => {
                let made = self.made(delivery, body).await?;
                let signature = self.sign(delivery.merchant_id, delivery.mode, made.clone()).await?;
                Ok(log_try(
                    delivery,
                    attempts,
                    &self.0.outgoing.post_signed(delivery.destination(), url, signature, made).await,
                ))
            }
            Endpoint::Status { url } => {
                let made = self.made(delivery, body).await?;
                Ok(log_try(delivery, attempts, &self.0.outgoing.post_once(delivery.destination(), url, made).await))
            }
            Endpoint::Webhook { url, headers, event_types } => {
                let made = self.made(delivery, body).await?;
                let answer = self.call_webhook(delivery, Call { url, headers, event_types }, attempts, made).await?;
                Ok(log_try(delivery, attempts, &answer))
            }
            Endpoint::Subscription { url, .. } => Ok(log_try(
                delivery,
                attempts,
                &self.0.outgoing.call_with_token(delivery.destination(), url, delivery.id).await,
            )),
            Endpoint::Mail => {
                let mail = self.made(delivery, body).await?.clone();
                let (outbox, id) = (self.0.outbox.clone().ok_or(Error::NoMail)?, delivery.id);
                let posted = tokio::task::spawn_blocking(move || mail::post(&outbox, id, &mail));
                posted.await.map_err(|_| Error::Stopping)??;
                Ok((true, 0))
            }
        }
    }

    /// What is sent, made at the first try.
    async fn made<'a>(&self, delivery: &Delivery, body: &'a mut Option<String>) -> Result<&'a mut String, Error> {
        Ok(match body {
            Some(body) => body,
            None => body.insert(self.render(delivery).await?),
        })
    }

    /// The body of a notification: the payment as it was right after the event it tells of (security W3).
    async fn render(&self, delivery: &Delivery) -> Result<String, Error> {
        let found = self.0.store.checkout_with_history(delivery.checkout_id).await?;
        let (record, mut history) = found.ok_or(Error::NotFound)?;
        history.retain(|recorded| recorded.version <= delivery.version);
        let fingerprints = match &delivery.endpoint {
            Endpoint::Callback { .. } | Endpoint::Status { .. } | Endpoint::Subscription { .. } => {
                Fingerprints::default()
            }
            Endpoint::Webhook { .. } => self.fingerprints(&record.checkout, &history).await?,
            Endpoint::Mail => return self.mail(&record, &history),
        };
        let body = self.0.narrator.body(&record, &history, delivery.notice, &fingerprints);
        body.map_err(|reason| unreadable(&record, &reason))
    }

    /// The invoice as it is mailed.
    pub(crate) fn mail(&self, record: &CheckoutRecord, history: &[Recorded]) -> Result<String, Error> {
        let letter = self.0.narrator.invoice(record, history).map_err(|reason| unreadable(record, &reason))?;
        Ok(mail::compose(&letter, &self.mail_domain())?)
    }

    /// What stands behind the @ of our own address.
    fn mail_domain(&self) -> String {
        let url = url::Url::parse(&self.0.public_url).ok();
        let domain = url.and_then(|url| url.domain().map(str::to_owned));
        domain.unwrap_or_else(|| "localhost".to_owned())
    }

    /// `X-Signature` for a body, made off the async threads.
    async fn sign(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        body: String,
    ) -> Result<(HeaderName, HeaderValue), Error> {
        let pair = self.signer(merchant_id, mode).await?;
        let signature = tokio::task::spawn_blocking(move || signing::sign(&pair, body.as_bytes()))
            .await
            .map_err(|_| Error::Stopping)??;
        let value = HeaderValue::from_str(&signature).map_err(|_| signing::SigningError::Library)?;
        Ok((HeaderName::from_static("x-signature"), value))
    }

    async fn signer(&self, merchant_id: MerchantId, mode: Mode) -> Result<Arc<KeyPair>, Error> {
        if let Some(pair) = self.0.signers.get(merchant_id, mode) {
            return Ok(pair);
        }
        let key = self.0.store.signing_key(merchant_id, mode).await?.ok_or(Error::NotFound)?;
        let pair = Arc::new(signing::open(&self.0.vault, &key)?);
        self.0.signers.keep(merchant_id, mode, Arc::clone(&pair));
        Ok(pair)
    }
}

/// Opened signing keys.
#[derive(Default)]
pub(crate) struct Signers(Mutex<HashMap<(MerchantId, Mode), Arc<KeyPair>>>);

impl Signers {
    fn get(&self, merchant_id: MerchantId, mode: Mode) -> Option<Arc<KeyPair>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(merchant_id, mode)).cloned()
    }

    fn keep(&self, merchant_id: MerchantId, mode: Mode, pair: Arc<KeyPair>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((merchant_id, mode), pair);
    }
}

pub(crate) fn unreadable(record: &CheckoutRecord, reason: &str) -> Error {
    tracing::error!(checkout_id = %record.checkout.id, reason, "a notification cannot be rendered");
    Error::NotFound
}

/// How often an address is tried.
const fn tries(endpoint: &Endpoint) -> &'static [u64] {
    match endpoint {
        Endpoint::Callback { .. } | Endpoint::Mail => &TRIES,
        Endpoint::Status { .. } | Endpoint::Subscription { .. } => &CALLS,
        Endpoint::Webhook { .. } => &webhooks::TRIES,
    }
}

/// When the try after `attempts` tries happens, the last of them `now`; `None` when it is given up. A try that came late
/// does not bring the next one nearer.
fn next_try(tries: &[u64], created_at: Timestamp, attempts: u32, now: Timestamp) -> Option<Timestamp> {
    let attempts = usize::try_from(attempts).ok()?;
    let seconds = *tries.get(attempts)?;
    let before = attempts.checked_sub(1).map_or(0, |before| tries[before]);
    let after = Duration::from_secs;
    Some(created_at.plus(after(seconds)).max(now.plus(after(seconds - before))))
}

/// Whether a try arrived, and the HTTP status.
fn log_try(delivery: &Delivery, attempts: u32, answer: &Result<Answered, SendError>) -> (bool, u16) {
    let answer = answer.as_ref().map(|answered| answered.status);
    // What a subscriber fetches with is no business of the log.
    let delivery_id = match delivery.endpoint {
        Endpoint::Subscription { .. } => None,
        Endpoint::Callback { .. } | Endpoint::Status { .. } | Endpoint::Webhook { .. } | Endpoint::Mail => {
            Some(tracing::field::display(delivery.id))
        }
    };
    let checkout_id = delivery.checkout_id;
    match answer {
        Ok(status) if status.is_success() => {
            tracing::info!(delivery_id, %checkout_id, attempts, "notification delivered");
        }
        Ok(status) => {
            tracing::warn!(delivery_id, %checkout_id, attempts, status = status.as_u16(), "notification refused");
        }
        Err(error) => {
            tracing::warn!(delivery_id, %checkout_id, attempts, %error, "notification not delivered");
        }
    }
    (answer.is_ok_and(|status| status.is_success()), answer.map_or(0, |status| status.as_u16()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The minutes of all tries, the first at `first`.
    fn minutes(first: u64) -> Vec<i64> {
        let start = Timestamp::from_seconds(0);
        let mut now = start.plus(Duration::from_secs(first * 60));
        let mut tries = vec![now.seconds() / 60];
        for attempts in 1.. {
            let Some(next) = next_try(&TRIES, start, attempts, now) else { break };
            now = next;
            tries.push(now.seconds() / 60);
        }
        tries
    }

    #[test]
    fn tries_follow_the_published_minutes_and_end() {
        assert_eq!(vec![0, 2, 8, 26, 80, 242, 728, 2_186], minutes(0));
    }

    #[test]
    fn one_that_waited_long_is_tried_as_patiently() {
        assert_eq!(vec![3, 5, 11, 29, 83, 245, 731, 2_189], minutes(3));
        assert_eq!(vec![5_000, 5_002, 5_008, 5_026, 5_080, 5_242, 5_728, 7_186], minutes(5_000));
    }

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

        fn invoice(&self, _: &CheckoutRecord, _: &[Recorded]) -> Result<crate::Letter, String> {
            Err("nothing to say".to_owned())
        }
    }

    pub(crate) const START: Timestamp = Timestamp::from_seconds(1_795_132_800);

    pub(crate) async fn engine(dir: &std::path::Path) -> Engine {
        reaching(dir, crate::Reach::Public).await
    }

    pub(crate) async fn reaching(dir: &std::path::Path, reach: crate::Reach) -> Engine {
        let env = env::Env::still(START, 1);
        let parts = crate::Parts {
            store: store::Store::open(dir).expect("a store"),
            root_key: crate::RootKey::parse(&crate::RootKey::make(&env)).expect("a key"),
            test_acquirer: acquirer::TestAcquirer::open(dir, env.clone()).expect("a book"),
            reach,
            narrator: Arc::new(Mute),
            public_url: "http://pay.example.com".to_owned(),
            outbox: None,
            authorization_max: Duration::from_hours(168),
            env,
            test_limits: false,
        };
        Engine::open(parts).await.expect("an engine")
    }

    fn openings() -> store::Openings {
        let calls = 2;
        let underway = HashSet::new();
        store::Openings { calls, calls_of_owner: calls, calls_of_destination: calls, underway, last: None }
    }

    #[tokio::test]
    async fn what_cannot_be_rendered_is_a_try_that_failed() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let id = uuid::Uuid::from_u128;
        let delivery = Delivery {
            id: DeliveryId::new(id(1)),
            merchant_id: MerchantId::new(id(2)),
            mode: Mode::Test,
            checkout_id: domain::CheckoutId::new(id(3)),
            payment_id: PaymentId::new(id(4)),
            version: 1,
            notice: domain::Notice::Paid,
            endpoint: Endpoint::Callback { url: "https://shop.example/".to_owned() },
            body: None,
            attempts: 0,
            due_at: START,
            created_at: START,
        };
        let change = Changeset { deliveries: vec![delivery], ..Changeset::default() };
        engine.0.store.commit(change).await.expect("written");
        assert_eq!(1, engine.deliveries_step().await.expect("started"));
        engine.0.env.clock().quiet().await;
        let in_two_minutes = START.plus(Duration::from_secs(120));
        assert_eq!(Some(in_two_minutes), engine.0.store.next_delivery(START).await.expect("readable"));
        let again = engine.0.store.due_deliveries(in_two_minutes, openings()).await.expect("readable");
        assert_eq!(vec![(1, None)], again.into_iter().map(|one| (one.attempts, one.body)).collect::<Vec<_>>());
        engine.advance(Duration::from_secs(10 * 86_400)).await.expect("advanced");
        assert_eq!(None, engine.0.store.next_delivery(START).await.expect("readable"), "given up");
        assert_eq!(1, engine.0.workers.metrics.given_up.get());
    }

    #[tokio::test]
    async fn what_panics_can_be_claimed_again_after_a_pause() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let told = webhooks::tests::delivery(1, Endpoint::Mail);
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
        engine.0.workers.deliveries.notified().await;
        assert!(claims.claim(what).is_some());
    }
}
