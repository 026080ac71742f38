//! Calls: how many notifications are on their way at once, and to whom. The backlog stays in the store; here is only
//! what is under way, and whoever ends makes room and calls the worker. What may start next, destination by destination
//! in turns, is chosen by the store.

use std::sync::Arc;
use std::time::Duration;

use store::{Changeset, Lease, Openings};

use crate::{Engine, Error};

/// At most this many calls at once.
const CALLS_MAX: usize = 256;
/// Of these to one merchant in one mode, however many addresses it names.
const CALLS_OF_OWNER_MAX: usize = 64;
/// Of these to one destination: one that answers nobody holds no more than this.
const CALLS_OF_DESTINATION_MAX: usize = 8;
/// Of all calls, those to addresses that failed last, one to each: a network that is down leaves room for everybody else.
const CALLS_OF_FAILING_MAX: usize = 128;
/// For how long a worker has what it takes: longer than any try. Who is gone by then left it to the others.
const LEASE: Duration = Duration::from_secs(60);

impl Engine {
    /// Starts the due deliveries that there is room for and answers how many.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn deliveries_step(&self) -> Result<usize, Error> {
        let workers = &self.0.workers;
        let mut last = workers.last_called.lock().await;
        let openings = Openings {
            calls: CALLS_MAX,
            calls_of_failing: CALLS_OF_FAILING_MAX,
            failing: Arc::clone(&workers.failing),
            calls_of_owner: CALLS_OF_OWNER_MAX,
            calls_of_destination: CALLS_OF_DESTINATION_MAX,
            underway: workers.deliveries_underway.all(),
            last: *last,
        };
        let (store, at) = (&self.0.store, self.0.env.now());
        let ids = store.due_deliveries(at, openings).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        // Another node that looked at the same time may have taken some of them.
        let lease = Lease { worker: workers.id, ids, at, until: at.plus(LEASE) };
        store.commit(Changeset { lease: Some(lease.clone()), ..Changeset::default() }).await?;
        let mut started = 0;
        for delivery in store.leased(lease).await? {
            let destination = delivery.destination();
            let Some(claim) = workers.deliveries_underway.claim((delivery.id, destination)) else { continue };
            *last = Some(destination);
            started += 1;
            let engine = self.clone();
            let work = async move { engine.deliver(&delivery).await };
            self.start_claimed(claim, work, |engine| engine.0.workers.deliveries.notify_one());
        }
        Ok(started)
    }

    /// Brings up to date what the metrics say of notifications that wait, and of the manual queue. Whoever reads the
    /// metrics does this first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn measure(&self) -> Result<(), Error> {
        let (workers, now) = (&self.0.workers, self.0.env.now());
        let gauge = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        workers.metrics.calls.set(i64::try_from(workers.deliveries_underway.all().len()).unwrap_or(i64::MAX));
        let backlog = self.0.store.backlog(now).await?;
        let age = backlog.oldest_due.map_or(Duration::ZERO, |due| now.since(due));
        workers.metrics.open.set(gauge(backlog.open));
        workers.metrics.oldest_due.set(gauge(age.as_secs()));
        workers.metrics.failing.set(gauge(backlog.failing));
        workers.metrics.doubts.set(gauge(self.0.store.count_doubts().await?));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::SocketAddr;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use domain::{CheckoutId, DeliveryId, MerchantId, Timestamp};
    use prometheus_client::registry::Registry;
    use store::{Delivery, Endpoint, Told};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::watch;
    use uuid::Uuid;

    use super::*;
    use crate::Reach;
    use crate::webhooks::tests::{delivery, webhook};
    use crate::workers::tests::{START, merchant, node, reaching};

    /// Somebody who is called, and answers when told to.
    #[derive(Clone)]
    struct Shop {
        address: SocketAddr,
        heard: Arc<Mutex<Vec<String>>>,
        /// Calls that have no answer yet.
        open: Arc<AtomicUsize>,
        open_max: Arc<AtomicUsize>,
        answers: watch::Sender<bool>,
    }

    impl Shop {
        async fn start(answers: bool) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let shop = Self {
                address: listener.local_addr().expect("an address"),
                heard: Arc::default(),
                open: Arc::default(),
                open_max: Arc::default(),
                answers: watch::Sender::new(answers),
            };
            let listening = shop.clone();
            tokio::spawn(async move {
                loop {
                    let (stream, _) = listener.accept().await.expect("a call");
                    tokio::spawn(listening.clone().answer(stream));
                }
            });
            shop
        }

        async fn answer(self, mut stream: TcpStream) {
            let mut read = Vec::new();
            let body = loop {
                if stream.read_buf(&mut read).await.expect("readable") == 0 {
                    return;
                }
                let text = String::from_utf8_lossy(&read).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                if head.to_ascii_lowercase().contains(&format!("content-length: {}\r\n", body.len())) {
                    break body.to_owned();
                }
            };
            self.heard.lock().expect("not poisoned").push(body);
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            self.open_max.fetch_max(open, Ordering::SeqCst);
            let mut answers = self.answers.subscribe();
            answers.wait_for(|answers| *answers).await.expect("told to");
            self.open.fetch_sub(1, Ordering::SeqCst);
            // Who called may have given up.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }

        fn url(&self) -> String {
            format!("http://{}/", self.address)
        }

        fn heard(&self) -> Vec<String> {
            self.heard.lock().expect("not poisoned").clone()
        }

        fn open(&self) -> usize {
            self.open.load(Ordering::SeqCst)
        }
    }

    async fn until(what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..4_000 {
            if is_so() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("not in time: {what}");
    }

    /// One of a merchant's objects, told something of.
    fn told(merchant: u128, object: u128, number: u128, endpoint: Endpoint, due_at: Timestamp) -> Delivery {
        let id = |kind: u128, number| Uuid::from_u128((kind << 96) + (merchant << 64) + (object << 32) + number);
        Delivery {
            id: DeliveryId::new(id(1, number)),
            merchant_id: MerchantId::new(Uuid::from_u128(merchant)),
            checkout_id: CheckoutId::new(id(2, 0)),
            version: u32::try_from(number).expect("small"),
            body: Some(format!("{object} {number}")),
            due_at,
            created_at: due_at,
            ..delivery(1, endpoint)
        }
    }

    async fn write(engine: &Engine, deliveries: Vec<Delivery>) {
        let told = deliveries.into_iter().map(Told::To).collect();
        engine.0.store.commit(Changeset { told, ..Changeset::default() }).await.expect("written");
    }

    #[tokio::test]
    async fn one_that_never_answers_delays_nobody_else() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = reaching(dir.path(), Reach::PublicAndLoopback).await;
        let mut registry = Registry::default();
        engine.register_metrics(&mut registry);
        merchant(&engine, 1).await;
        let (silent, busy) = (Shop::start(false).await, Shop::start(true).await);
        let before = Timestamp::from_seconds(START.seconds() - 60);
        let told_of =
            |number: u128| told(1, number % 125, number / 125, webhook(&silent.url(), &["PAYMENT_VOID"]), before);
        write(&engine, (0..500).map(told_of).collect()).await;
        engine.start_workers();
        until("the silent one is called", || silent.open() == CALLS_OF_DESTINATION_MAX).await;

        let status = || Endpoint::Status { url: busy.url() };
        write(&engine, (1..=50).map(|merchant| told(1 + merchant, merchant, 0, status(), START)).collect()).await;
        until("everybody else is told", || busy.heard().len() == 50).await;
        assert_eq!(CALLS_OF_DESTINATION_MAX, silent.open_max.load(Ordering::SeqCst));

        until("everybody else is done", || engine.0.workers.deliveries_underway.all().len() == 8).await;
        engine.measure().await.expect("measured");
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("written out");
        for line in ["notifications_open 500", "notification_calls 8", "notifications_oldest_due_seconds 60"] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }

        silent.answers.send_replace(true);
        engine.advance(Duration::from_hours(48)).await.expect("advanced");
        let mut of_object: HashMap<String, Vec<u32>> = HashMap::new();
        for body in silent.heard() {
            let (object, number) = body.split_once(' ').expect("two numbers");
            of_object.entry(object.to_owned()).or_default().push(number.parse().expect("a number"));
        }
        assert_eq!(125, of_object.len());
        for (object, mut numbers) in of_object {
            // One that waited too long for its answer came again, before the next.
            numbers.dedup();
            assert_eq!(vec![0, 1, 2, 3], numbers, "in order, of object {object}");
        }
        assert_eq!(CALLS_OF_DESTINATION_MAX, silent.open_max.load(Ordering::SeqCst), "nor later");
        assert_eq!(0, engine.0.store.backlog(START).await.expect("readable").open);
        assert_eq!(50, busy.heard().len());
    }

    #[tokio::test]
    async fn two_nodes_share_the_work_and_neither_repeats_the_others() {
        let (dir, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let one = reaching(dir.path(), Reach::PublicAndLoopback).await;
        let two = node(other.path(), one.0.store.clone(), 2, Reach::PublicAndLoopback).await;
        let shop = Shop::start(true).await;
        let told_of = |number: u128| told(1 + number % 40, number, 0, Endpoint::Status { url: shop.url() }, START);
        let told: Vec<_> = (0..600).map(told_of).map(Told::To).collect();
        one.0.store.commit(Changeset { told, ..Changeset::default() }).await.expect("written");
        one.start_workers();
        two.start_workers();
        until("all of it is told", || shop.heard().len() >= 600).await;
        until("both are done", || [&one, &two].iter().all(|node| node.0.workers.deliveries_underway.all().is_empty()))
            .await;
        let heard = shop.heard();
        assert_eq!(
            (600, 600),
            (heard.len(), heard.iter().collect::<std::collections::HashSet<_>>().len()),
            "each once"
        );
        let tries = |node: &Engine| node.0.workers.metrics.deliveries.get_or_create(&[("outcome", "delivered")]).get();
        assert_eq!(600, tries(&one) + tries(&two));
        assert!(tries(&one) > 0 && tries(&two) > 0, "{} and {}", tries(&one), tries(&two));
    }

    #[tokio::test]
    async fn calls_at_once_are_bounded_whatever_waits() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = reaching(dir.path(), Reach::PublicAndLoopback).await;
        let mut shops = vec![];
        for _ in 0..10 {
            shops.push(Shop::start(false).await);
        }
        // 80 calls to each of five merchants, which have ten addresses each.
        let mut deliveries = vec![];
        for (number, merchant) in (0..400).zip((1..=5).cycle()) {
            let shop = &shops[usize::try_from(number / 5 % 10).expect("small")];
            deliveries.push(told(merchant, number, 0, Endpoint::Status { url: shop.url() }, START));
        }
        let (alone, others) = deliveries.into_iter().partition(|told| told.merchant_id.uuid().as_u128() == 1);
        let open = || shops.iter().map(Shop::open).sum::<usize>();

        write(&engine, alone).await;
        engine.start_workers();
        until("one merchant has all it may", || open() == CALLS_OF_OWNER_MAX).await;
        assert_eq!(0, engine.deliveries_step().await.expect("nothing to start"));
        write(&engine, others).await;
        until("all that may be under way is", || open() == CALLS_MAX).await;
        assert_eq!(0, engine.deliveries_step().await.expect("nothing to start"));
        let underway = engine.0.workers.deliveries_underway.all();
        assert_eq!(CALLS_MAX, underway.len());
        let mut of_destination = HashMap::new();
        for (_, destination) in underway {
            *of_destination.entry(destination).or_insert(0) += 1;
        }
        assert!(of_destination.values().all(|calls| *calls <= CALLS_OF_DESTINATION_MAX), "{of_destination:?}");

        // Whatever ends makes room for what waits.
        for shop in &shops {
            shop.answers.send_replace(true);
        }
        engine.advance(Duration::from_hours(1)).await.expect("advanced");
        let arrived = || shops.iter().flat_map(Shop::heard).collect::<std::collections::HashSet<_>>().len();
        assert_eq!(400, arrived());
    }
}
