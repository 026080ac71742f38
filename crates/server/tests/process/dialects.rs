//! What is asked of every dialect whose calls carry a token, over the operations of its published document: nobody gets
//! what is not theirs, nothing hostile breaks it, and a key holds whatever happens to the process.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::bad_input::{fields, hostile, with};
use crate::client::Answer;
use crate::gateway::{Gateway, Place, wait};

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A dialect, and things of its own that paths and bodies name.
pub(crate) trait Dialect: Sized {
    /// What its document and its entry in `sandbox.json` are called.
    const NAME: &'static str;
    /// Where tokens are given.
    const TOKENS: &'static str;
    /// Something that can be read of what [`Dialect::make`] made.
    const READ: &'static str;
    /// What a refusal says for people.
    const WORDS: &'static str;

    /// What a client is made with that acts for the same as this one.
    fn acts_for(own: &Value) -> Vec<&str>;

    /// Things that are there.
    fn make(gateway: &Gateway<'_>, token: &str) -> Self;

    /// Ids of the right form that lead to nothing.
    fn unknown(&self) -> Self;

    /// The path with what it names filled in.
    fn fill(&self, path: &str) -> String;

    /// A body that its operation takes.
    fn body(&self, path: &str) -> Value;

    /// Whether an operation names a thing that must be the caller's.
    fn names_a_thing(path: &str) -> bool {
        path.contains('{')
    }

    /// Whether this is how the dialect refuses a call of a path.
    fn refuses(answer: &Answer, path: &str) -> bool;

    /// The things stand as they must after so many bodies of an operation were taken, and all others refused.
    fn check(&self, gateway: &Gateway<'_>, token: &str, path: &str, taken: usize);
}

/// One operation behind a token.
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Of its body; null when it reads none.
    schema: Value,
}

/// The document of a dialect, and what of it needs a token.
pub(crate) fn operations<D: Dialect>(gateway: &Gateway<'_>) -> (Value, Vec<Operation>) {
    let document = gateway.send("GET", &format!("/openapi/{}.json", D::NAME), &[], b"").json();
    let mut found = vec![];
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let schema = operation.pointer("/requestBody/content/application~1json/schema").cloned();
            let schema = schema.unwrap_or(Value::Null);
            let is_open = operation["security"].as_array().is_some_and(|ways| ways.contains(&serde_json::json!({})));
            if !is_open {
                found.push(Operation { method: method.to_uppercase(), path: path.clone(), schema });
            }
        }
    }
    assert!(found.len() > 8, "{}", found.len());
    (document, found)
}

/// The client that the sandbox comes with.
pub(crate) fn own<D: Dialect>(gateway: &Gateway<'_>) -> Value {
    gateway.sandbox[D::NAME].clone()
}

/// A new client of the sandbox's merchant; `more` says what it acts for.
pub(crate) fn client<D: Dialect>(place: &Place, mode: &str, more: &[&str]) -> Value {
    let merchant = place.merchant();
    let create = ["client", "create", "--merchant", &merchant, "--dialect", D::NAME, "--mode", mode];
    place.administer(&[&create, more].concat())
}

/// A new token of a client.
pub(crate) fn token<D: Dialect>(gateway: &Gateway<'_>, client: &Value) -> String {
    let text = |name: &str| client[name].as_str().unwrap();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        text("client_id"),
        text("client_secret")
    );
    let answer = gateway.send("POST", D::TOKENS, &[FORM], form.as_bytes());
    assert_eq!(200, answer.status, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

pub(crate) fn call(gateway: &Gateway<'_>, token: &str, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    gateway.send(method, path, &[("authorization", bearer.as_str()), JSON], body.as_bytes())
}

/// A body whose call must work; the answer.
pub(crate) fn made(gateway: &Gateway<'_>, token: &str, path: &str, body: &Value) -> Value {
    let answer = call(gateway, token, "POST", path, &body.to_string());
    assert_eq!(200, answer.status, "{path}: {}", answer.text());
    answer.json()
}

/// Security K1, K2: without a token that works, every operation is 401, whatever it names.
pub(crate) fn nothing_exists_without_a_good_token<D: Dialect>(place: &Place, gateway: &Gateway<'_>) {
    let own_token = token::<D>(gateway, &own::<D>(gateway));
    let things = D::make(gateway, &own_token);
    let new = client::<D>(place, "test", &D::acts_for(&own::<D>(gateway)));
    let revoked = token::<D>(gateway, &new);
    assert_eq!(200, call(gateway, &revoked, "GET", &things.fill(D::READ), "").status, "it worked once");
    place.administer(&["client", "revoke", "--merchant", &place.merchant(), new["client_id"].as_str().unwrap()]);
    let listed = place.administer(&["client", "list", "--merchant", &place.merchant()]);
    assert_eq!(2, listed.as_array().unwrap().iter().filter(|one| one["dialect"] == D::NAME).count());
    assert!(listed[0].get("client_secret").is_none(), "shown once");
    let others = ["card_payments", "orchestration"].into_iter().filter(|name| *name != D::NAME);
    let secret = own::<D>(gateway)["client_secret"].as_str().unwrap().to_owned();
    let control = gateway.sandbox["control"]["token"].as_str().unwrap().to_owned();
    let bearer = |token: &str| vec![("authorization", format!("Bearer {token}"))];
    let mut bad = vec![
        ("nothing", vec![]),
        ("garbage", bearer("garbage")),
        ("a token of the right form", bearer(&format!("{}a", &own_token[..own_token.len() - 1]))),
        ("a revoked client's", bearer(&revoked)),
        ("the purchases API's key", bearer(gateway.key())),
        ("the client's secret", bearer(&secret)),
        ("the control token", bearer(&control)),
        ("another scheme", vec![("authorization", format!("Basic {own_token}"))]),
        ("two tokens", [bearer(&own_token), bearer(&own_token)].concat()),
    ];
    for name in others {
        bad.push(("another dialect's secret", bearer(gateway.sandbox[name]["client_secret"].as_str().unwrap())));
    }
    let payments = place.count("payments");
    for Operation { method, path, .. } in operations::<D>(gateway).1 {
        let filled = things.fill(&path);
        for (what, headers) in &bad {
            let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            headers.push(JSON);
            let target = format!("{filled}?access_token={own_token}");
            let answer = gateway.send(&method, &target, &headers, things.body(&path).to_string().as_bytes());
            assert_eq!(401, answer.status, "{method} {path}, {what}: {}", answer.text());
            assert!(D::refuses(&answer, &filled), "{method} {path}: {}", answer.text());
            assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")), "{what}");
        }
    }
    assert_eq!(payments, place.count("payments"));
    let log = place.printed();
    assert!(!log.contains(&own_token) && !log.contains(&revoked), "no token in the log");
}

/// Security T1: what is another's is answered as what nobody has. How many operations that concerns.
pub(crate) fn strangers_find_nothing<D: Dialect>(
    place: &Place,
    gateway: &Gateway<'_>,
    things: &D,
    (own_token, strangers): (&str, &[String]),
) -> usize {
    let events = place.count("events");
    let mut rows = 0;
    let operations = operations::<D>(gateway).1;
    for Operation { method, path, .. } in operations.iter().filter(|operation| D::names_a_thing(&operation.path)) {
        rows += 1;
        let asked = |token: &str, things: &D| {
            let filled = things.fill(path);
            let answer = call(gateway, token, method, &filled, &things.body(path).to_string());
            assert!(D::refuses(&answer, &filled), "{method} {path}: {}", answer.text());
            (answer.status, answer.json()[D::WORDS].clone())
        };
        let nobodys = asked(own_token, &things.unknown());
        assert_eq!(404, nobodys.0, "{method} {path}");
        for stranger in strangers {
            assert_eq!(nobodys, asked(stranger, things), "{method} {path}: as if it were not there");
        }
    }
    assert_eq!(events, place.count("events"), "nothing was changed");
    rows
}

/// Security D1: every field of every body takes every hostile value for what it says, or refuses it and changes nothing.
pub(crate) fn hostile_values_break_nothing<D: Dialect>(place: &Place, gateway: &Gateway<'_>) {
    let own_token = token::<D>(gateway, &own::<D>(gateway));
    let (document, operations) = operations::<D>(gateway);
    let shared = D::make(gateway, &own_token);
    let (mut tried, mut taken) = (0, 0);
    for Operation { method, path, schema } in &operations {
        let mut ways = vec![];
        fields(&document, schema, &[], &mut ways);
        ways.sort();
        ways.dedup();
        for way in &ways {
            // What is taken may use them up.
            let fresh = D::names_a_thing(path).then(|| D::make(gateway, &own_token));
            let things = fresh.as_ref().unwrap_or(&shared);
            let filled = things.fill(path);
            let mut taken_here = 0;
            for text in hostile() {
                let body = with(&things.body(path), way, &text);
                let answer = call(gateway, &own_token, method, &filled, &body);
                let shown: String = body.chars().take(300).collect();
                tried += 1;
                match answer.status {
                    200 => taken_here += 1,
                    400 | 404 | 413 => assert!(D::refuses(&answer, &filled), "{path} {shown}: {}", answer.text()),
                    other => panic!("{method} {path} {way:?} {shown}: {other} {}", answer.text()),
                }
            }
            things.check(gateway, &own_token, path, taken_here);
            taken += taken_here;
        }
    }
    assert!(tried > 2_000 && taken > 0 && taken < tried, "{taken} of {tried}");
    assert_eq!(200, gateway.send("GET", "/readyz", &[], b"").status);
    let (code, text) = place.audit();
    assert_eq!(0, code, "{text}");
}

/// Four clients that send one numbered request after the other until the gateway is killed in the midst of it; what was
/// heard of each number. `send` ends early when an answer does not come.
pub(crate) fn until_killed<T: Send + Default>(
    gateway: Gateway<'_>,
    next: &AtomicU32,
    send: impl Fn(SocketAddr, u32, &mut T) -> Option<()> + Sync,
) -> Vec<(u32, T)> {
    let address = gateway.address;
    let enough = next.load(Ordering::SeqCst) + 40;
    std::thread::scope(|scope| {
        let send = &send;
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(move || {
                    let mut all = vec![];
                    loop {
                        let (number, mut heard) = (next.fetch_add(1, Ordering::SeqCst), T::default());
                        let answered = send(address, number, &mut heard);
                        all.push((number, heard));
                        if answered.is_none() {
                            return all;
                        }
                    }
                })
            })
            .collect();
        let worked = wait(|| next.load(Ordering::SeqCst) > enough);
        gateway.kill();
        assert!(worked, "no load");
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}
