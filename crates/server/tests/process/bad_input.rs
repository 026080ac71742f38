//! Hostile bodies at every route that takes one: refused with a 4xx or taken for exactly what they say, never a 5xx,
//! and what is refused changes nothing (security D1, D2).
//!
//! The fields are those of the published document, so a new field is attacked from its first day.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::client::{Answer, connect, request};
use crate::gateway::{Gateway, Place};

const BODY_BYTES_MAX: usize = 64 * 1024;
const FORM_BYTES_MAX: usize = 8 * 1024;

/// Values, as JSON text, that few fields take and that no field may break on.
pub(crate) fn hostile() -> Vec<String> {
    let mut values: Vec<String> = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "1.0",
        "1.5",
        "1e2",
        "1e400",
        "-1e400",
        "1e-400",
        "1e999999999999999999999",
        "12345678901234567890123",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "\"\"",
        "\" \"",
        "\"text\"",
        "\"1e400\"",
        "\"9223372036854775808\"",
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "\"\\u202e\\u2066\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"<script>alert(1)</script>\"",
        "\"'; drop table payments; --\"",
        "\"\\r\\nX-Injected: 1\"",
        "\"../../etc/passwd\"",
        "[]",
        "{}",
        "[null]",
        "[[]]",
        "[{}]",
        "[\"\"]",
        "[0]",
        "{\"0\":null}",
        "{\"\":{}}",
        "{\"\\u0000\":1}",
        "{\"a\":1,\"a\":2}",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push(format!("\"{}\"", "x".repeat(20_000)));
    values.push("9".repeat(5_000));
    values.push(format!("[{}]", vec!["{}"; 2_000].join(",")));
    values.push(format!("{}{}", "[".repeat(100), "]".repeat(100)));
    values
}

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Member(String),
    First,
}

/// The way to every field that a schema knows of, those that hold others included.
pub(crate) fn fields(document: &Value, schema: &Value, way: &[Step], found: &mut Vec<Vec<Step>>) {
    assert!(way.len() < 12, "the schema of {way:?} has no end");
    if let Some(name) = schema["$ref"].as_str() {
        let target = document.pointer(name.trim_start_matches('#')).expect(name);
        return fields(document, target, way, found);
    }
    for alternatives in ["anyOf", "oneOf", "allOf"] {
        for schema in schema[alternatives].as_array().into_iter().flatten() {
            fields(document, schema, way, found);
        }
    }
    let mut inside = |step: Step, schema: &Value| {
        let way = [way, &[step]].concat();
        found.push(way.clone());
        fields(document, schema, &way, found);
    };
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        inside(Step::Member(name.clone()), schema);
    }
    if schema["items"].is_object() {
        inside(Step::First, &schema["items"]);
    }
    if schema["additionalProperties"].is_object() {
        inside(Step::Member("0".to_owned()), &schema["additionalProperties"]);
    }
}

const MARK: &str = "@@here@@";

/// The body with something else, as JSON text, at the end of the way.
pub(crate) fn with(body: &Value, way: &[Step], text: &str) -> String {
    let mut body = body.clone();
    let mut at = &mut body;
    for step in way {
        at = match step {
            Step::Member(name) => {
                if !at.is_object() {
                    *at = json!({});
                }
                at.as_object_mut().unwrap().entry(name.clone()).or_insert(Value::Null)
            }
            Step::First => {
                if at.as_array().is_none_or(Vec::is_empty) {
                    *at = json!([null]);
                }
                &mut at[0]
            }
        };
    }
    *at = json!(MARK);
    body.to_string().replace(&format!("\"{MARK}\""), text)
}

/// Paths of the document that take a POST, with the id of a purchase, a webhook or a statement filled in, and the schema of the
/// body if one is described.
fn posts(document: &Value, [id, webhook, statement]: [&str; 3]) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let posts = paths.iter().filter(|(_, item)| item["post"].is_object()).map(|(path, item)| {
        let schema = item["post"].pointer("/requestBody/content/application~1json/schema");
        let id = match path.split('/').nth(1) {
            Some("webhooks") => webhook,
            Some("company_statements") => statement,
            _ => id,
        };
        (path.replace("{id}", id), schema.cloned().unwrap_or(Value::Null))
    });
    posts.collect()
}

/// A body that the path takes.
fn good(gateway: &Gateway<'_>, path: &str) -> Value {
    match path {
        "/clients/" => json!({ "email": "ada@example.com" }),
        "/webhooks/" => webhook(),
        "/company_statements/" => statement(),
        _ => gateway.order(),
    }
}

fn webhook() -> Value {
    json!({ "title": "Test", "callback": "https://shop.example/", "events": ["purchase.paid"] })
}

/// The id of a new webhook.
fn webhook_id(gateway: &Gateway<'_>) -> String {
    let made = post(gateway, "/webhooks/", &[JSON], webhook().to_string().as_bytes());
    assert_eq!(201, made.status, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

fn statement() -> Value {
    json!({ "format": "csv", "timezone": "UTC" })
}

/// The id of a new statement.
fn statement_id(gateway: &Gateway<'_>) -> String {
    let made = post(gateway, "/company_statements/", &[JSON], statement().to_string().as_bytes());
    assert_eq!(201, made.status, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

fn post(gateway: &Gateway<'_>, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let bearer = format!("Bearer {}", gateway.key());
    let headers = [&[("authorization", bearer.as_str())], headers].concat();
    gateway.send("POST", &format!("/api/v1{path}"), &headers, body)
}

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Whether it was accepted; anything but an acceptance or a described refusal fails.
fn accepted(what: &str, answer: &Answer) -> bool {
    match answer.status {
        200 | 201 => {
            let made = answer.json();
            let is_whole = made["id"].is_string() && (made["status"].is_string() || made["type"] != "purchase");
            assert!(is_whole, "{what}: {}", answer.text());
            true
        }
        400 | 404 | 408 | 413 | 415 => {
            let errors = answer.json();
            assert!(errors.as_object().is_some_and(|errors| !errors.is_empty()), "{what}: {}", answer.text());
            false
        }
        other => panic!("{what}: {other} {}", answer.text()),
    }
}

const NOBODYS: &str = "3f0c0a2e-5b1d-4c6a-9e8f-7d2b4a6c8e01";

#[test]
fn every_field_of_every_body_takes_hostile_values() {
    let place = Place::new();
    let gateway = place.start();
    let document = gateway.send("GET", "/openapi/purchases.json", &[], b"").json();
    let before = (place.count("payments"), place.count("events"));
    let (mut accepted_count, mut tried) = (0, 0);
    for (path, schema) in posts(&document, [NOBODYS; 3]) {
        let mut ways = vec![];
        fields(&document, &schema, &[], &mut ways);
        ways.sort();
        ways.dedup();
        assert_eq!(schema.is_null(), ways.is_empty(), "{path}: {} fields", ways.len());
        let order = good(&gateway, &path);
        let mut bodies: Vec<(String, String)> = vec![];
        for way in &ways {
            for text in hostile() {
                bodies.push((format!("{path} {way:?}"), with(&order, way, &text)));
            }
        }
        tried += bodies.len();
        let half = bodies.len().div_ceil(2).max(1);
        let accepted_here = std::thread::scope(|scope| {
            let halves: Vec<_> = bodies
                .chunks(half)
                .map(|bodies| {
                    let (gateway, path) = (&gateway, &path);
                    scope.spawn(move || {
                        let send = |(what, body): &(String, String)| {
                            let shown: String = body.chars().take(400).collect();
                            accepted(&format!("{what}: {shown}"), &post(gateway, path, &[JSON], body.as_bytes()))
                        };
                        bodies.iter().filter(|body| send(body)).count()
                    })
                })
                .collect();
            halves.into_iter().map(|half| half.join().unwrap()).sum::<usize>()
        });
        // The others make something that is no payment.
        accepted_count += if path == "/purchases/" { accepted_here } else { 0 };
    }
    assert!(tried > 2_000, "{tried}");
    let made = u64::try_from(accepted_count).unwrap();
    assert!(made > 0, "some of it is what a field takes");
    let after = (place.count("payments"), place.count("events"));
    assert_eq!((before.0 + made, before.1 + made), after, "a payment and its opening for each 201 and no more");
    assert_eq!(200, gateway.send("GET", "/readyz", &[], b"").status);
}

#[test]
fn amounts_are_taken_for_exactly_what_they_say() {
    let place = Place::new();
    let gateway = place.start();
    let price = |text: &str| {
        let way = ["purchase", "products"].map(|name| Step::Member(name.to_owned()));
        let way = [&way[..], &[Step::First, Step::Member("price".to_owned())]].concat();
        let answer = post(&gateway, "/purchases/", &[JSON], with(&gateway.order(), &way, text).as_bytes());
        accepted(text, &answer).then(|| answer.json()["purchase"]["total"].as_i64().expect("a total"))
    };
    for (text, total) in [
        ("1", 1),
        ("1.0", 1),
        ("1e2", 100),
        ("1E2", 100),
        ("120.00", 120),
        ("\"100\"", 100),
        ("\" 2 \"", 2),
        ("0.0001e4", 1),
        ("9007199254740993", 9_007_199_254_740_993),
    ] {
        assert_eq!(Some(total), price(text), "{text}");
    }
    for text in [
        "1.5",
        "-1",
        "1e400",
        "1e-1",
        "12345678901234567890123",
        "9223372036854775808",
        "18446744073709551617",
        "true",
        "[1]",
        "{}",
        "null",
        "\"0x10\"",
        "\"1,000\"",
        "\"١٢\"",
        "\"\"",
        "NaN",
        "Infinity",
        "+1",
        "01",
        ".5",
        "1_000",
    ] {
        assert_eq!(None, price(text), "{text}");
    }
}

#[test]
fn a_member_said_twice_has_no_meaning() {
    let place = Place::new();
    let gateway = place.start();
    let order = gateway.order().to_string();
    let before = place.count("payments");
    for (once, twice) in [
        ("\"price\":450", "\"price\":450,\"price\":1"),
        ("\"price\":450", "\"price\":450,\"pr\\u0069ce\":1"),
        ("\"name\":\"Tea\"", "\"name\":\"Tea\",\"name\":\"Tea\""),
        ("{\"brand_id\"", "{\"x\":1,\"x\":1,\"brand_id\""),
        ("{\"brand_id\"", "{\"x\":{\"y\":[{\"z\":1,\"z\":2}]},\"brand_id\""),
    ] {
        let body = order.replace(once, twice);
        assert_ne!(order, body, "{once} is in the order");
        assert_eq!(400, post(&gateway, "/purchases/", &[JSON], body.as_bytes()).status, "{twice}");
    }
    assert_eq!(before, place.count("payments"));
}

#[test]
fn bodies_that_are_no_json_object_are_refused_whole() {
    let place = Place::new();
    let gateway = place.start();
    let order = gateway.order().to_string();
    let nested = |depth: usize| order.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(depth), "]".repeat(depth)), 1);
    let before = place.count("payments");
    let mut bodies: Vec<(&str, Vec<u8>)> = vec![
        ("empty", vec![]),
        ("white space", b" \r\n\t".to_vec()),
        ("a list", b"[]".to_vec()),
        ("nothing", b"null".to_vec()),
        ("a number", b"1".to_vec()),
        ("a string", b"\"brand_id\"".to_vec()),
        ("cut off", order.as_bytes()[..order.len() - 1].to_vec()),
        ("more after it", format!("{order}{{}}").into_bytes()),
        ("a comma too many", order.replacen(",", ",,", 1).into_bytes()),
        ("a comment", format!("/* */{order}").into_bytes()),
        ("a byte order mark", [b"\xef\xbb\xbf", order.as_bytes()].concat()),
        ("UTF-16", order.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        (
            "invalid UTF-8",
            order.replace("Tea", "T\u{1}").into_bytes().iter().map(|b| if *b == 1 { 0xff } else { *b }).collect(),
        ),
        ("overlong UTF-8", [b"{\"brand_id\":\"\xc0\xaf\"", &b"}"[..]].concat()),
        ("a surrogate as UTF-8", [b"{\"brand_id\":\"\xed\xa0\x80\"", &b"}"[..]].concat()),
        ("a raw newline in a string", order.replace("Tea", "T\nea").into_bytes()),
        ("a form", b"brand_id=1".to_vec()),
        ("single quotes", order.replace('"', "'").into_bytes()),
    ];
    // The outer object is the first level.
    for depth in [127, 128, 10_000, 30_000] {
        bodies.push(("nested too deeply", nested(depth).into_bytes()));
    }
    for (what, body) in &bodies {
        let answer = post(&gateway, "/purchases/", &[JSON], body);
        assert!(!accepted(what, &answer) && answer.status == 400, "{what}: {}", answer.status);
    }
    assert_eq!(before, place.count("payments"));
    assert!(accepted("nested as deeply as may be", &post(&gateway, "/purchases/", &[JSON], nested(126).as_bytes())));
}

#[test]
fn sizes_at_the_limit_and_one_above() {
    let place = Place::new();
    let gateway = place.start();
    let id = gateway.purchase(&gateway.order());
    let document = gateway.send("GET", "/openapi/purchases.json", &[], b"").json();
    let (webhook, statement) = (webhook_id(&gateway), statement_id(&gateway));
    // A test of a webhook reads no body.
    let reads = |(path, _): &(String, Value)| !path.ends_with("/test/");
    for (path, _) in posts(&document, [&id, &webhook, &statement]).into_iter().filter(reads) {
        let order = good(&gateway, &path).to_string();
        let padded = |length: usize| format!("{order}{}", " ".repeat(length - order.len()));
        let before = place.count("events");
        for (length, taken) in [(BODY_BYTES_MAX + 1, false), (4 * BODY_BYTES_MAX, false), (BODY_BYTES_MAX, true)] {
            let answer = post(&gateway, &path, &[JSON], padded(length).as_bytes());
            // What is read may still not fit the purchase.
            let expected = if taken { matches!(answer.status, 200 | 201 | 400) } else { answer.status == 413 };
            assert!(expected, "{path} with {length} bytes: {} {}", answer.status, answer.text());
            accepted(&path, &answer);
            if !taken {
                assert_eq!(before, place.count("events"), "{path} with {length} bytes");
            }
        }
    }

    let open = gateway.purchase(&gateway.order());
    let form = |length: usize| format!("x={}", "a".repeat(length - 2));
    for (length, status) in [(FORM_BYTES_MAX, 422), (FORM_BYTES_MAX + 1, 413), (BODY_BYTES_MAX, 413)] {
        let answer = gateway.send("POST", &format!("/p/{open}/"), &[FORM], form(length).as_bytes());
        assert_eq!(status, answer.status, "a form of {length} bytes");
    }
    assert_eq!("created", gateway.status(&open));
}

#[test]
fn chunked_bodies_are_bodies_and_broken_ones_are_refused() {
    let place = Place::new();
    let gateway = place.start();
    let order = gateway.order().to_string();
    let head = |length: &str| {
        format!(
            "POST /api/v1/purchases/ HTTP/1.1\r\nhost: tollgate.test\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\n{length}\r\n",
            gateway.key()
        )
    };
    let send = |bytes: &[u8]| -> Option<u16> {
        let mut stream = connect(gateway.address).unwrap();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        Answer::read(stream).ok().map(|answer| answer.status)
    };
    const CHUNKED: &str = "transfer-encoding: chunked\r\n";
    let pieces = |size: usize, body: &str| -> String {
        let pieces = body.as_bytes().chunks(size);
        let pieces = pieces.map(|piece| format!("{:x}\r\n{}\r\n", piece.len(), String::from_utf8_lossy(piece)));
        pieces.collect::<String>() + "0\r\n\r\n"
    };
    let before = place.count("payments");
    for size in [1, 7, order.len()] {
        assert_eq!(
            Some(201),
            send(format!("{}{}", head(CHUNKED), pieces(size, &order)).as_bytes()),
            "pieces of {size}"
        );
    }
    let large = format!("{order}{}", " ".repeat(BODY_BYTES_MAX));
    assert_eq!(Some(413), send(format!("{}{}", head(CHUNKED), pieces(4_096, &large)).as_bytes()));

    let both = format!("content-length: {}\r\n{CHUNKED}", order.len());
    let two = format!("content-length: {}\r\ncontent-length: {}\r\n", order.len(), order.len() + 1);
    for (what, bytes) in [
        ("length and chunks", format!("{}{}", head(&both), pieces(9, &order))),
        ("two lengths", format!("{}{order}", head(&two))),
        ("a negative length", format!("{}{order}", head("content-length: -1\r\n"))),
        ("a length in hex", format!("{}{order}", head("content-length: 0x10\r\n"))),
        ("a size that is no number", format!("{}zz\r\n{order}\r\n0\r\n\r\n", head(CHUNKED))),
        ("a size beyond 64 bits", format!("{}fffffffffffffffff\r\n{order}\r\n0\r\n\r\n", head(CHUNKED))),
        ("an unknown coding", format!("{}{order}", head("transfer-encoding: zip\r\n"))),
        ("a body cut off", format!("{}{}", head(&format!("content-length: {}\r\n", order.len())), &order[..20])),
        ("chunks cut off", format!("{}{:x}\r\n{}", head(CHUNKED), order.len(), &order[..20])),
    ] {
        let status = send(bytes.as_bytes());
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{what}: {status:?}");
    }
    assert_eq!(before + 3, place.count("payments"));
}

#[test]
fn what_is_said_about_a_body_must_be_so() {
    let place = Place::new();
    let gateway = place.start();
    let id = gateway.purchase(&gateway.order());
    let document = gateway.send("GET", "/openapi/purchases.json", &[], b"").json();
    let order = gateway.order().to_string();
    let events = place.count("events");
    for (path, _) in posts(&document, [&id, NOBODYS, NOBODYS]) {
        for coding in ["gzip", "br", "deflate", "zstd", "identity", "gzip, gzip", "x"] {
            let answer = post(&gateway, &path, &[JSON, ("content-encoding", coding)], order.as_bytes());
            assert_eq!(415, answer.status, "{path} with {coding}");
            accepted(&path, &answer);
        }
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"] {
        let answer = post(&gateway, "/purchases/", &[("content-type", kind)], order.as_bytes());
        assert_eq!(415, answer.status, "{kind}");
    }
    let link = format!("/p/{id}/");
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", ""] {
        assert_eq!(415, gateway.send("POST", &link, &[("content-type", kind)], b"attempt=1").status, "{kind}");
    }
    assert_eq!(415, gateway.send("POST", &link, &[FORM, ("content-encoding", "gzip")], b"attempt=1").status);
    assert_eq!(events, place.count("events"));
}

#[test]
fn hostile_forms_change_nothing() {
    let place = Place::new();
    let gateway = place.start();
    let id = gateway.purchase(&gateway.order());
    let page = gateway.send("GET", &format!("/p/{id}/"), &[], b"");
    let token = crate::gateway::token(&page).expect("a form");
    let events = place.count("events");
    let good = format!("attempt={token}&card_number=4444333322221111&expires=12%2F40&cvc=123&cardholder_name=Ada");
    let mut bodies: Vec<Vec<u8>> = [
        "",
        "&&&&",
        "=",
        "=&=",
        "%",
        "%zz=%zz",
        "attempt",
        "[]",
        "null",
        "{\"card_number\":\"4444333322221111\"}",
        "attempt=%00",
        "attempt=%ff%fe",
    ]
    .map(|body| body.as_bytes().to_vec())
    .to_vec();
    for field in ["attempt", "card_number", "expires", "cvc", "cardholder_name"] {
        // Said twice.
        bodies.push(format!("{good}&{field}=1").into_bytes());
        for value in
            ["", "%00", "%ff", "%", "%ed%a0%80", "%f0%9f%98%80", "-1", "1e400", "[]", "%0d%0a", &"9".repeat(4_000)]
        {
            let pairs: Vec<String> =
                good.split('&')
                    .map(|pair| {
                        if pair.starts_with(&format!("{field}=")) {
                            format!("{field}={value}")
                        } else {
                            pair.to_owned()
                        }
                    })
                    .collect();
            bodies.push(pairs.join("&").into_bytes());
        }
    }
    bodies.push(
        [good.as_bytes(), b"&cvc\xff=1&\x00"].concat().iter().map(|b| if *b == b'4' { 0xfe } else { *b }).collect(),
    );
    for body in &bodies {
        let answer = gateway.send("POST", &format!("/p/{id}/"), &[FORM], body);
        assert!((400..500).contains(&answer.status), "{}: {}", answer.status, String::from_utf8_lossy(body));
    }
    assert_eq!(events, place.count("events"));
    assert_eq!("viewed", gateway.status(&id));
    assert!(crate::oracle::book(&gateway).is_empty(), "nothing was sent");

    // The amount is ours (security B5): what a payer adds about it changes nothing.
    let more = format!("{good}&amount=1&total=1&currency=JPY&status=paid&is_test=false&marked_as_paid=true&brand_id=x");
    assert_eq!(303, gateway.send("POST", &format!("/p/{id}/"), &[FORM], more.as_bytes()).status);
    let paid = gateway.call(gateway.key(), "GET", &format!("/purchases/{id}/"), None).json();
    assert_eq!(
        (json!("paid"), json!(450), json!("MYR")),
        (paid["status"].clone(), paid["payment"]["amount"].clone(), paid["payment"]["currency"].clone(),)
    );
}

#[test]
fn odd_requests_are_refused_politely() {
    let place = Place::new();
    let gateway = place.start();
    let id = gateway.purchase(&gateway.order());
    let document = gateway.send("GET", "/openapi/purchases.json", &[], b"").json();
    let bearer = format!("Bearer {}", gateway.key());
    let events = place.count("events");
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            if item[method.to_lowercase()].is_object() {
                continue;
            }
            let target = format!("/api/v1{}", path.replace("{id}", &id));
            let answer = gateway.send(method, &target, &[("authorization", &bearer)], b"");
            assert_eq!(405, answer.status, "{method} {path}");
        }
    }
    for (target, status) in [
        ("/api/v1/", 404),
        ("/api/v1/nothing/", 404),
        ("/api/v1/purchases/../purchases/", 404),
        ("/api/v1/%2e%2e/", 404),
        ("/%ff%fe", 404),
        ("/nothing", 404),
    ] {
        let answer = gateway.send("GET", target, &[("authorization", &bearer)], b"");
        assert_eq!(status, answer.status, "{target}");
    }
    let long = format!("/api/v1/purchases/{}/", "a".repeat(5_000));
    assert_eq!(414, gateway.send("GET", &long, &[("authorization", &bearer)], b"").status);
    let heavy = "x".repeat(17_000);
    assert_eq!(431, gateway.send("GET", "/healthz", &[("x-heavy", &heavy)], b"").status);
    let many: Vec<(String, String)> = (0..80).map(|at| (format!("x-{at}"), at.to_string())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(431, gateway.send("GET", "/healthz", &many, b"").status);
    let bytes = request("GET", "/api/v1/public_key/", &[("authorization", "Bearer \u{1}")], b"");
    let mut stream = connect(gateway.address).unwrap();
    stream.write_all(&bytes).unwrap();
    assert!(Answer::read(stream).map_or(true, |answer| (400..500).contains(&answer.status)));
    assert_eq!(events, place.count("events"));
}
