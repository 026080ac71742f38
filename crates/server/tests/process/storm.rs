//! Many events through many endpoints, some of which misbehave, and `kill -9` on the way: nothing is lost, nothing of a
//! purchase is out of order, and what comes twice is the same (purchases-api 5.5; security W2).
//!
//! By default a small storm. The full one, some minutes long:
//! `STORM=full cargo nextest run --release -p server storm --no-capture`.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use env::{Env, Stopwatch};
use serde_json::{Value, json};

use crate::client::{Answer, exchange, form, request};
use crate::gateway::{GOOD_CARD, Gateway, Place, card_fields, token, wait};
use crate::receivers::{Heard, Log, Manner, Receivers, is_in_trouble};

const DECLINED_CARD: &str = "4000009900510002";
const SEED: u64 = 20_260_731;
const CLIENTS: usize = 4;
/// So many calls may be under way when a process dies, and are made again.
const CALLS_MAX: usize = 256;
/// Shorter than the lease of a worker: what a dead one had on its way need not wait for its end.
const AT_ONCE: Duration = Duration::from_secs(50);

/// The clock is moved so far at once: further than the first gap between two tries.
const STEP_SECONDS: u64 = 200;

struct Size {
    merchants: usize,
    /// Of each merchant; one more address of each is called back.
    webhooks: usize,
    bad: usize,
    purchases: usize,
    kills: usize,
    deliveries_min: usize,
}

const SMALL: Size = Size { merchants: 4, webhooks: 7, bad: 8, purchases: 60, kills: 3, deliveries_min: 1_000 };
const FULL: Size = Size { merchants: 100, webhooks: 9, bad: 100, purchases: 2_500, kills: 10, deliveries_min: 100_000 };

impl Size {
    /// A merchant's webhooks, then its callback, then the next merchant's.
    fn endpoints(&self) -> usize {
        self.merchants * (self.webhooks + 1)
    }

    fn of(&self, merchant: usize) -> std::ops::Range<usize> {
        merchant * (self.webhooks + 1)..(merchant + 1) * (self.webhooks + 1)
    }

    fn is_callback(&self, endpoint: usize) -> bool {
        endpoint % (self.webhooks + 1) == self.webhooks
    }
}

/// A merchant as its programs know it.
struct Shop {
    key: String,
    order: Value,
    /// The keys that verify what its endpoints are told.
    pems: Vec<String>,
}

/// Registers a merchant's webhooks.
fn open_shop(gateway: &Gateway<'_>, receivers: &Receivers, endpoints: std::ops::Range<usize>) -> Shop {
    let made = gateway.control("POST", "/merchants", &Value::Null);
    let (key, brand) = (made["purchases"]["secret_key"].as_str().unwrap(), &made["purchases"]["brand_id"]);
    let callback = endpoints.end - 1;
    let mut pems = vec![];
    for endpoint in endpoints.start..callback {
        let hook = json!({ "title": "Storm", "callback": receivers.url(endpoint), "all_events": true });
        let made = gateway.call(key, "POST", "/webhooks/", Some(&hook));
        assert_eq!(201, made.status, "{}", made.text());
        pems.push(made.json()["public_key"].as_str().unwrap().to_owned());
    }
    pems.push(gateway.call(key, "GET", "/public_key/", None).json().as_str().unwrap().to_owned());
    let order = json!({
        "brand_id": brand,
        "client": { "email": "ada@example.com" },
        "purchase": { "products": [{ "name": "Tea", "price": 450 }] },
        "success_redirect": "https://shop.example/thanks",
        "failure_redirect": "https://shop.example/sorry",
        "success_callback": receivers.url(callback),
    });
    Shop { key: key.to_owned(), order, pems }
}

/// The purchases there are to make, and those that a client read a 201 for, with their merchants.
#[derive(Default)]
struct Orders {
    next: AtomicUsize,
    made: Mutex<BTreeMap<String, usize>>,
}

/// Somebody who buys, pays and changes their mind.
struct Client<'a> {
    address: SocketAddr,
    shops: &'a [Shop],
    orders: &'a Orders,
}

impl Client<'_> {
    /// Tells the stories up to a number, or until the server dies.
    fn work(&self, until: usize) {
        let next = || {
            self.orders.next.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |next| (next < until).then_some(next + 1))
        };
        while let Ok(number) = next() {
            if self.tell(number).is_none() {
                return;
            }
        }
    }

    /// One purchase, from its beginning to its end; `None` when the server died.
    fn tell(&self, number: usize) -> Option<()> {
        let merchant = number % self.shops.len();
        let shop = &self.shops[merchant];
        let story = number / self.shops.len() % 5;
        let mut order = shop.order.clone();
        order["skip_capture"] = (story == 0).into();
        let made = self.call(shop, "/purchases/", &order, 201)?.json();
        let id = made["id"].as_str().unwrap();
        self.orders.made.lock().unwrap().insert(id.to_owned(), merchant);
        let act = |what: &str| self.call(shop, &format!("/purchases/{id}/{what}/"), &json!({}), 200);
        match story {
            0 => {
                self.post(&format!("/p/{id}/direct_post/"), &card_fields(GOOD_CARD), 302)?;
                act("capture")?;
                act("refund")?;
            }
            1 => drop(act("cancel")?),
            2 => drop(self.post(&format!("/p/{id}/direct_post/"), &card_fields(GOOD_CARD), 302)?),
            3 => {
                let page = self.ask("GET", &format!("/p/{id}/"), &[], b"", 200)?;
                let token = token(&page).expect("a form");
                let fields = [&[("attempt", token.as_str())], &card_fields(GOOD_CARD)[..]].concat();
                self.post(&format!("/p/{id}/"), &fields, 303)?;
                act("refund")?;
            }
            _ => {
                self.post(&format!("/p/{id}/direct_post/"), &card_fields(DECLINED_CARD), 302)?;
                self.post(&format!("/p/{id}/direct_post/"), &card_fields(GOOD_CARD), 302)?;
            }
        }
        Some(())
    }

    fn call(&self, shop: &Shop, path: &str, body: &Value, status: u16) -> Option<Answer> {
        let bearer = format!("Bearer {}", shop.key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.ask("POST", &format!("/api/v1{path}"), &headers, body.to_string().as_bytes(), status)
    }

    fn post(&self, target: &str, fields: &[(&str, &str)], status: u16) -> Option<Answer> {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.ask("POST", target, &headers, &form(fields), status)
    }

    fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8], status: u16) -> Option<Answer> {
        let answer = exchange(self.address, &request(method, target, headers, body)).ok()?;
        assert_eq!(status, answer.status, "{method} {target}: {}", answer.text());
        Some(answer)
    }
}

/// The names of what webhooks are told of a purchase that went this way (purchases-api 4.2).
fn events_of(history: &[String]) -> Vec<&'static str> {
    let mut before = "";
    let mut events = vec![];
    for status in history {
        events.extend_from_slice(match (before, status.as_str()) {
            ("", "created") => &["purchase.created"][..],
            (_, "viewed") => &["purchase.viewed"],
            (_, "pending_execute") => &["purchase.pending_execute"],
            ("pending_execute", "error" | "blocked") => &["purchase.payment_failure"],
            ("pending_execute", "hold") => &["purchase.hold"],
            ("pending_execute", "paid") => &["purchase.paid"],
            ("hold", "pending_capture") => &["purchase.pending_capture"],
            ("pending_capture", "paid") => &["purchase.captured", "purchase.paid"],
            ("paid", "pending_refund") => &["purchase.pending_refund"],
            ("pending_refund", "refunded") => &["payment.refunded"],
            (_, "cancelled") => &["purchase.cancelled"],
            (_, "overdue") => &[],
            odd => panic!("{odd:?} in {history:?}"),
        });
        before = status;
    }
    events
}

/// What the API says happened to a purchase.
fn told_of(gateway: &Gateway<'_>, shop: &Shop, id: &str) -> Vec<&'static str> {
    let shown = gateway.call(&shop.key, "GET", &format!("/purchases/{id}/"), None);
    assert_eq!(200, shown.status, "{id} was answered 201 and is gone");
    let shown = shown.json();
    let steps = shown["status_history"].as_array().unwrap();
    let history: Vec<String> = steps.iter().map(|step| step["status"].as_str().unwrap().to_owned()).collect();
    events_of(&history)
}

/// What an endpoint hears of these events: their places in the list.
fn places(size: &Size, endpoint: usize, events: &[&str]) -> Vec<usize> {
    let is_told = |event: &str| !size.is_callback(endpoint) || event == "purchase.paid";
    (0..events.len()).filter(|at| is_told(events[*at])).collect()
}

/// Whether nobody delays what is told of a purchase.
fn is_free(size: &Size, receivers: &Receivers, id: &str, merchant: usize) -> bool {
    size.of(merchant).all(|endpoint| match receivers.manner(endpoint) {
        Manner::Good => true,
        Manner::Refuses => false,
        _ => !is_in_trouble(id),
    })
}

/// What was told of one purchase: to each endpoint everything, in the order of events, and of each event to everybody
/// before the next to anybody.
fn check_order(size: &Size, id: &str, merchant: usize, events: &[&str], heard: &[&Heard]) -> usize {
    let mut spans = vec![(u64::MAX, 0); events.len()];
    let mut count = 0;
    for endpoint in size.of(merchant) {
        let mut of_endpoint: Vec<&Heard> = heard.iter().copied().filter(|heard| heard.endpoint == endpoint).collect();
        of_endpoint.sort_by_key(|heard| heard.came[0]);
        let places = places(size, endpoint, events);
        let expected: Vec<_> = places.iter().map(|at| events[*at]).collect();
        let found: Vec<_> = of_endpoint.iter().map(|heard| heard.event.as_str()).collect();
        assert_eq!(expected, found, "{id} at {endpoint}: what happened, and what was told of it first to last");
        for (at, heard) in places.into_iter().zip(of_endpoint) {
            let well = heard.well.unwrap_or_else(|| panic!("{id} at {endpoint}: {} never arrived", heard.event));
            let (first, last): &mut (u64, u64) = &mut spans[at];
            *first = heard.came[0].min(*first);
            *last = heard.came.iter().copied().fold(well, u64::max).max(*last);
            count += 1;
        }
    }
    assert_eq!(count, heard.len(), "{id} is told of to nobody else");
    for (at, pair) in spans.windows(2).enumerate() {
        assert!(pair[0].1 < pair[1].0, "{id}: {} went out before everybody had {}", events[at + 1], events[at]);
    }
    count
}

fn verifies(pem: &str, body: &[u8], signature: &str) -> bool {
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(der).unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der).verify(body, &signature).is_ok()
}

/// A count of `/metrics`.
fn metric(gateway: &Gateway<'_>, name: &str) -> u64 {
    let text = gateway.send("GET", "/metrics", &[], b"").text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("no {name} in\n{text}"))
}

/// Which endpoints misbehave, and how.
fn manners(size: &Size, chance: &Env) -> Vec<Manner> {
    let mut order: Vec<usize> = (0..size.endpoints()).collect();
    order.sort_by_cached_key(|_| chance.bytes::<8>());
    let mut manners = vec![Manner::Good; size.endpoints()];
    for (endpoint, manner) in order.into_iter().take(size.bad).zip(Manner::BAD.into_iter().cycle()) {
        manners[endpoint] = manner;
    }
    manners
}

/// Events are made, and the clock is moved if `moves_clock`, until so many calls came or all is made; then the server dies.
fn storm_and_kill(
    gateway: Gateway<'_>,
    receivers: &Receivers,
    client: &Client<'_>,
    until: usize,
    calls: u64,
    moves_clock: bool,
) {
    let token = format!("Bearer {}", gateway.sandbox["control"]["token"].as_str().unwrap());
    let (stop, before, address) = (AtomicBool::new(false), receivers.arrivals(), gateway.address);
    let came = || receivers.arrivals() - before;
    receivers.set_calm(moves_clock);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| client.work(until))).collect();
        if moves_clock {
            scope.spawn(|| {
                let body = json!({ "advance_seconds": STEP_SECONDS }).to_string();
                let advance = request("POST", "/sandbox/clock", &[("authorization", &token)], body.as_bytes());
                for part in 1..4 {
                    wait(|| came() >= calls * part / 4 || stop.load(Ordering::SeqCst));
                    // It may die meanwhile.
                    let _ = exchange(address, &advance);
                }
            });
        }
        wait(|| came() >= calls || clients.iter().all(|client| client.is_finished()));
        gateway.kill();
        stop.store(true, Ordering::SeqCst);
    });
}

/// Those whom nobody delays have everything at once, whoever hangs, and whatever the last process had on its way.
fn check_free(size: &Size, gateway: &Gateway<'_>, receivers: &Receivers, shops: &[Shop], orders: &Orders) {
    let since = Stopwatch::start();
    let made = orders.made.lock().unwrap().clone();
    let mut expected: Vec<((usize, String), usize)> = vec![];
    for (id, merchant) in made.into_iter().filter(|(id, merchant)| is_free(size, receivers, id, *merchant)) {
        let events = told_of(gateway, &shops[merchant], &id);
        let of_endpoint = |endpoint| ((endpoint, id.clone()), places(size, endpoint, &events).len());
        expected.extend(size.of(merchant).map(of_endpoint));
    }
    let late =
        |log: &Log| expected.iter().find(|(whom, count)| log.taken.get(whom).copied().unwrap_or(0) < *count).cloned();
    wait(|| receivers.read(|log| late(log).is_none()) || since.elapsed() > AT_ONCE);
    let waits = receivers.read(late);
    assert!(waits.is_none() && since.elapsed() < AT_ONCE, "{waits:?} waits for others, or for a process that died");
}

fn storm(size: &Size) {
    let chance = Env::still(Timestamp::from_seconds(0), SEED);
    let mut receivers = Receivers::start(manners(size, &chance));
    let place = Place::new();
    // It comes back where it was: its address is in every body. Nobody else binds here meanwhile.
    let gateway = place.start_at("127.77.0.1:0", &[]);
    let address = gateway.address.to_string();
    let shops: Vec<Shop> = std::thread::scope(|scope| {
        let (gateway, receivers) = (&gateway, &receivers);
        let half = |from: usize| {
            move || -> Vec<(usize, Shop)> {
                let merchants = (from..size.merchants).step_by(2);
                merchants.map(|merchant| (merchant, open_shop(gateway, receivers, size.of(merchant)))).collect()
            }
        };
        let halves = [scope.spawn(half(0)), scope.spawn(half(1))];
        let shops: BTreeMap<usize, Shop> = halves.into_iter().flat_map(|half| half.join().unwrap()).collect();
        shops.into_values().collect()
    });

    let (watch, orders) = (Stopwatch::start(), Orders::default());
    let mut gateway = gateway;
    for round in 0..size.kills {
        // At any moment of the round, which has about 40 calls a purchase.
        let most = u64::try_from(40 * size.purchases / size.kills).unwrap();
        let calls = 50 + u64::from_le_bytes(chance.bytes()) % most;
        let until = size.purchases * (round + 1) / size.kills;
        let client = Client { address: gateway.address, shops: &shops, orders: &orders };
        let moves_clock = round % 2 == 1;
        storm_and_kill(gateway, &receivers, &client, until, calls, moves_clock);
        gateway = place.start_at(&address, &[]);
        if moves_clock {
            // Where it was is written down when it has come there: go there again, or what was told then waits for it.
            gateway.advance(STEP_SECONDS);
        } else {
            check_free(size, &gateway, &receivers, &shops, &orders);
        }
    }

    // The rest is made, everybody comes to their senses, and what failed is tried again.
    let client = Client { address: gateway.address, shops: &shops, orders: &orders };
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| client.work(size.purchases));
        }
    });
    let raged = watch.elapsed().as_secs();
    receivers.set_calm(true);
    receivers.open_all();
    let mut advances = 0;
    while metric(&gateway, "tollgate_notifications_open") > 0 {
        advances += 1;
        assert!(advances < 400, "it does not end");
        gateway.advance(STEP_SECONDS);
    }
    let took = watch.elapsed();
    assert_eq!(0, metric(&gateway, "tollgate_notifications_given_up_total"));

    // What happened, and what was told of it.
    let mut purchases = orders.made.lock().unwrap().clone();
    let misbehaved = receivers.misbehaved();
    receivers.read(|log| {
        assert_eq!(Vec::<String>::new(), log.faults);
        let mut of_purchase: HashMap<&str, Vec<&Heard>> = HashMap::new();
        let (mut calls, mut again) = (0, 0);
        for heard in log.heard.values() {
            of_purchase.entry(&heard.purchase).or_default().push(heard);
            calls += heard.came.len();
            again += heard.came.iter().filter(|came| heard.well.is_some_and(|well| **came > well)).count();
            let merchant = heard.endpoint / (size.webhooks + 1);
            // Made, and the answer was lost.
            purchases.entry(heard.purchase.clone()).or_insert(merchant);
            if let Some((body, signature)) = &heard.sample {
                let pem = &shops[merchant].pems[heard.endpoint % (size.webhooks + 1)];
                assert!(verifies(pem, body, signature), "{} at {}", heard.event, heard.endpoint);
            }
        }
        assert_eq!(u64::try_from(purchases.len()).unwrap(), place.count("payments"), "of each something is told");
        let mut deliveries = 0;
        for (id, merchant) in &purchases {
            let events = told_of(&gateway, &shops[*merchant], id);
            let heard = of_purchase.get(id.as_str()).map_or(&[][..], Vec::as_slice);
            deliveries += check_order(size, id, *merchant, &events, heard);
        }
        assert!(deliveries >= size.deliveries_min && misbehaved > 0, "{deliveries}, {misbehaved}: no storm");
        assert!(again <= size.kills * CALLS_MAX, "{again} came again after they had been taken");
        let millis = usize::try_from(took.as_millis()).unwrap();
        println!(
            "storm: {deliveries} deliveries of {} purchases to {} endpoints, {} of them bad; {calls} calls, {misbehaved} \
             treated badly, {again} duplicates; {} kills; {} s, the first {raged} of them with faults, {} deliveries a second",
            purchases.len(),
            size.endpoints(),
            size.bad,
            size.kills,
            millis / 1_000,
            deliveries * 1_000 / millis,
        );
    });
}

#[test]
fn a_storm_loses_nothing_and_keeps_the_order() {
    storm(if std::env::var("STORM").is_ok_and(|size| size == "full") { &FULL } else { &SMALL });
}
