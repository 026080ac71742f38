//! Card numbers and codes reach no sink (invariant I6; security P1, P2, P3, T4).
//!
//! Numbers are typed into every box of every route, right and wrong, and into everything else a request has. Then
//! whatever rests anywhere is read: what the process printed with the log at its most talkative, and every file below
//! the data directory.

use std::path::Path;

use aws_lc_rs::digest;
use base64::Engine as _;
use serde_json::{Value, json};

use crate::client::{exchange, form, request};
use crate::gateway::{Gateway, Place, card_fields, token};

/// Cards that payers type. No file and no line may hold them.
const PAYERS: [&str; 8] = [
    "4444333322221111",    // approved
    "4000009900000004",    // approved, and kept
    "4000009900510002",    // declined
    "5555555555554444",    // asks for 3-D Secure
    "4000009900000103",    // the answer is lost
    "4000009900000301",    // the approval is late
    "4000009900007108",    // the answer is garbled
    "4000009700000000002", // 19 digits
];

/// A number that a merchant gives as a reference, and that passes Luhn: stored as given, and masked in every line.
const REFERENCE: &str = "6011009900000006";

/// A code that is no code: eleven letters, so that it is found wherever it rests.
const CODE: &str = "qzxcvccanar";

fn spaced(number: &str, between: &str) -> String {
    let groups: Vec<&str> = (0..number.len()).step_by(4).map(|at| &number[at..number.len().min(at + 4)]).collect();
    groups.join(between)
}

/// How a text may rest somewhere without looking like itself.
fn disguises(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let reversed: String = text.chars().rev().collect();
    let mut found = vec![
        ("plain", text.as_bytes().to_vec()),
        ("spaced", spaced(text, " ").into_bytes()),
        ("hyphened", spaced(text, "-").into_bytes()),
        ("as a form sends it", spaced(text, "+").into_bytes()),
        ("escaped", spaced(text, "%20").into_bytes()),
        ("reversed", reversed.into_bytes()),
        ("hex", hex.clone().into_bytes()),
        ("hex in capitals", hex.to_uppercase().into_bytes()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a list of bytes", format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).as_bytes().to_vec()),
        ("SHA-256", digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()),
    ];
    // Base64 of a longer text holds one of three pictures of it, of which the edges depend on the neighbours.
    for lead in 0..3 {
        let padded = format!("{}{text}", "\0".repeat(lead));
        let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&padded);
        let (from, to) = ((lead * 8).div_ceil(6), (padded.len() * 8) / 6);
        found.push(("base64", encoded.as_bytes()[from..to].to_vec()));
    }
    if let Ok(number) = text.parse::<u64>() {
        found.push(("a number, low byte first", number.to_le_bytes().to_vec()));
        found.push(("a number, high byte first", number.to_be_bytes().to_vec()));
    }
    found
}

/// Bytes as characters, one each: text is searched much faster than windows of bytes.
fn searchable(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn holds(hay: &str, needle: &[u8]) -> bool {
    hay.contains(&searchable(needle))
}

/// Every file below a folder with what is in it; sockets have nothing.
fn files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files(&entry.path(), found);
        } else if kind.is_file() {
            found.push((entry.path().display().to_string(), searchable(&std::fs::read(entry.path()).unwrap())));
        }
    }
}

fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| (at, u32::from(digit - b'0')))
        .map(|(at, digit)| if at % 2 == 0 { digit } else { doubled(digit) })
        .sum();
    sum.is_multiple_of(10)
}

/// The first stretch of 13 to 19 digits in a line that passes Luhn, single spaces and hyphens between them allowed.
fn card_number(line: &str) -> Option<String> {
    let mut runs: Vec<Vec<u8>> = vec![vec![]];
    let mut gap = false;
    for byte in line.bytes() {
        match byte {
            b'0'..=b'9' => {
                runs.last_mut()?.push(byte);
                gap = false;
            }
            b' ' | b'-' if !gap => gap = true,
            _ => {
                runs.push(vec![]);
                gap = false;
            }
        }
    }
    runs.iter().find_map(|run| {
        let found = (13..=19).flat_map(|length| run.windows(length)).find(|digits| luhn(digits))?;
        Some(String::from_utf8_lossy(found).into_owned())
    })
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The fields of a card form with a number, or a code, where it does not belong.
fn misplaced<'a>(card: &'a str, field: &'a str, text: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = card_fields(card).to_vec();
    match fields.iter_mut().find(|(name, _)| *name == field) {
        Some(known) => known.1 = text,
        None => fields.push((field, text)),
    }
    fields
}

/// Payers type: right, wrong, in every box, and in what is no box.
fn payers(gateway: &Gateway<'_>) {
    let id = gateway.purchase(&gateway.order());
    let boxes = ["attempt", "expires", "cvc", "cardholder_name", "remember_card", "email", "phone", "notes", "unknown"];
    for card in PAYERS {
        let typo = format!("{}{}", &card[..card.len() - 1], (card.as_bytes()[card.len() - 1] - b'0' + 1) % 10);
        for text in [card.to_owned(), spaced(card, " "), spaced(card, "-"), format!("card {card}"), typo] {
            for field in boxes {
                // A wrong code keeps the form from being sent, wherever the number stands.
                let mut fields = misplaced("", field, &text);
                if field != "cvc" {
                    fields.retain(|(name, _)| *name != "cvc");
                    fields.push(("cvc", CODE));
                }
                let answer = gateway.post_form(&id, &fields);
                assert!((400..500).contains(&answer.status), "{field}: {}", answer.status);
                assert!(!answer.text().contains(card) && !answer.text().contains(CODE), "{field} is shown again");
            }
        }
        let code_in_the_name = gateway.post_form(&id, &misplaced(card, "cardholder_name", "123"));
        assert_eq!(422, code_in_the_name.status);
    }
    assert_eq!("viewed", gateway.status(&id));
}

/// Numbers in everything else a request has.
fn requests(gateway: &Gateway<'_>) {
    let id = gateway.purchase(&gateway.order());
    let document = gateway.send("GET", "/openapi/purchases.json", &[], b"").json();
    let mut paths: Vec<String> = document["paths"].as_object().unwrap().keys().map(|p| format!("/api/v1{p}")).collect();
    paths.extend(["", "/result/", "/invoice/", "/receipt/"].map(|page| format!("/p/{{id}}{page}")));
    paths.extend(
        ["/sandbox/clock", "/sandbox/merchants", "/healthz", "/metrics", "/docs", "/nothing"].map(str::to_owned),
    );
    let bearer = format!("Bearer {}", gateway.key());
    for card in PAYERS {
        let said = spaced(card, " ");
        let body = format!("{{\"card_number\":\"{card}\",\"cvc\":\"{CODE}\"");
        for path in &paths {
            for (target, authorization) in [
                (path.replace("{id}", &id), bearer.as_str()),
                (path.replace("{id}", card), bearer.as_str()),
                (format!("{}?card={card}&cvc={CODE}", path.replace("{id}", &id)), bearer.as_str()),
                (path.replace("{id}", &id), card),
                (path.replace("{id}", &id), &format!("Bearer {card}")),
            ] {
                let headers = [
                    ("authorization", authorization),
                    ("user-agent", said.as_str()),
                    ("x-forwarded-for", card),
                    ("forwarded", said.as_str()),
                    ("idempotency-key", card),
                    ("x-request-id", card),
                    ("referer", said.as_str()),
                    ("cookie", card),
                    ("x-card", said.as_str()),
                    ("content-type", if path.starts_with("/p/") { FORM.1 } else { "application/json" }),
                ];
                for method in ["GET", "PUT", "POST"] {
                    // A good POST would be kept under the key above.
                    let answer = gateway.send(method, &target, &headers, body.as_bytes());
                    assert!(answer.status < 500, "{method} {target}: {}", answer.status);
                    assert!(!answer.text().contains(card), "{method} {target} says it again");
                }
            }
        }
        // Too large, not HTTP, the wrong scheme, a body in the wrong place.
        let large = format!("{body},\"x\":\"{}\"}}", card.repeat(6_000));
        assert_eq!(413, gateway.send("POST", &format!("/p/{id}/"), &[FORM], large.as_bytes()).status);
        let api = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        assert_eq!(413, gateway.send("POST", "/api/v1/purchases/", &api, large.as_bytes()).status);
        assert_eq!(400, gateway.send("POST", "/api/v1/purchases/", &api, body.as_bytes()).status, "broken JSON");
        for bytes in [
            format!("{card} / HTTP/1.1\r\n\r\n").into_bytes(),
            format!("GET /{card} HTTP/9.9\r\nhost: {card}\r\n\r\n").into_bytes(),
            format!("card_number={card}&cvc={CODE}\r\n\r\n").into_bytes(),
            request("GET", "/healthz", &[(card, CODE), ("bad header", card)], b""),
        ] {
            let answer = exchange(gateway.address, &bytes);
            assert!(answer.is_ok_and(|answer| (200..500).contains(&answer.status)));
        }
    }
}

/// Cards are used: taken, declined, lost, late, kept. The acquirer's delays pass by the movable clock.
fn pay(gateway: &Gateway<'_>) -> Vec<String> {
    let mut ids = vec![];
    for (at, card) in PAYERS.into_iter().enumerate() {
        let id = gateway.purchase(&gateway.order());
        let typed = spaced(card, ["", " ", "-"][at % 3]);
        let fields = [&card_fields(&typed)[..], &[("remember_card", "on")]].concat();
        std::thread::scope(|scope| {
            let posted = scope.spawn(|| gateway.post_form(&id, &fields).status);
            while !posted.is_finished() {
                std::thread::sleep(std::time::Duration::from_millis(20));
                gateway.advance(5);
            }
            assert_eq!(303, posted.join().unwrap(), "{card}");
        });
        for page in ["", "result/", "invoice/", "receipt/"] {
            let text = gateway.send("GET", &format!("/p/{id}/{page}"), &[], b"").text();
            assert!(!text.contains(card) && !text.contains(&spaced(card, " ")), "{card} on page {page}");
        }
        ids.push(id);
    }
    ids
}

/// The same cards in the fields inside a shop's page: right and wrong, handed in, paid with and left lying.
fn embed(gateway: &Gateway<'_>) {
    let origin = ("origin", "http://localhost:4000");
    for card in PAYERS {
        let id = gateway.purchase(&gateway.order());
        let path = |page: &str| format!("/embed/v1/{id}{page}");
        let hand_in = |fields: &[(&str, &str)]| {
            let attempt = token(&gateway.send("GET", &path(""), &[], b"")).unwrap();
            let fields = [&[("attempt", attempt.as_str())], fields].concat();
            gateway.send("POST", &path("/card"), &[FORM], &form(&fields))
        };
        let typo = format!("{}{}", &card[..card.len() - 1], (card.as_bytes()[card.len() - 1] - b'0' + 1) % 10);
        for wrong in [misplaced(&typo, "cvc", CODE), misplaced(card, "cardholder_name", card)] {
            let answer = hand_in(&wrong);
            assert_eq!(422, answer.status);
            assert!(!answer.text().contains(card) && !answer.text().contains(CODE), "{}", answer.text());
        }
        hand_in(&card_fields(card));
        let handed = hand_in(&card_fields(&spaced(card, " ")));
        assert!(!handed.text().contains(card), "{}", handed.text());
        let token = format!("token={}", handed.json()["token"].as_str().unwrap());
        std::thread::scope(|scope| {
            let paid = scope.spawn(|| gateway.send("POST", &path("/pay"), &[FORM, origin], token.as_bytes()));
            while !paid.is_finished() {
                std::thread::sleep(std::time::Duration::from_millis(20));
                gateway.advance(5);
            }
            let paid = paid.join().unwrap();
            assert!(paid.status == 200 && !paid.text().contains(card), "{card}: {}", paid.text());
        });
        let frame = gateway.send("GET", &path(""), &[], b"").text();
        assert!(!frame.contains(card) && !frame.contains(&spaced(card, " ")), "{card}");
    }
}

/// A merchant's own fields hold a number that is none of a payer's, and members that nobody asked for hold a code.
fn merchant(gateway: &Gateway<'_>) -> String {
    let said = format!("no. {}", spaced(REFERENCE, " "));
    let mut order = json!({
        "brand_id": gateway.brand(),
        "client": { "email": "ada@example.com", "full_name": said, "city": said, "street_address": REFERENCE },
        "purchase": {
            "products": [{ "name": said, "price": 450, "category": said, "cvc": CODE }],
            "notes": format!("{REFERENCE} and {said}"),
            "email_message": said,
        },
        "reference": REFERENCE,
        "creator_agent": said,
        "tags": [REFERENCE],
        "success_redirect": format!("https://shop.example.com/{REFERENCE}"),
        "success_callback": format!("http://127.0.0.1:9/{REFERENCE}?card={REFERENCE}"),
    });
    for place in ["", "/client", "/purchase"] {
        order.pointer_mut(place).unwrap()["cvc"] = json!(CODE);
        order.pointer_mut(place).unwrap()["card"] = json!({ "number": PAYERS[0], "cvc": CODE });
    }
    let id = gateway.purchase(&order);
    assert_eq!(303, gateway.pay(&id, PAYERS[0]).status);
    // The callback finds nobody, again and again.
    gateway.advance(3 * 86_400);
    for page in ["", "result/", "invoice/", "receipt/"] {
        let text = gateway.send("GET", &format!("/p/{id}/{page}"), &[], b"").text();
        // A link leads where the merchant said; what is shown of it is its host.
        let shown = text.replace(&format!("https://shop.example.com/{REFERENCE}"), "");
        for number in [REFERENCE.to_owned(), spaced(REFERENCE, " ")] {
            assert!(!shown.contains(&number), "{number} is on page {page:?}: {shown}");
        }
    }
    id
}

#[test]
fn card_numbers_and_codes_rest_nowhere() {
    let place = Place::new();
    let gateway = place.start_with(&[("TOLLGATE_LOG_LEVEL", "trace")]);
    payers(&gateway);
    requests(&gateway);
    let ids = pay(&gateway);
    embed(&gateway);
    // Whatever is in doubt is asked about until it is known.
    gateway.advance(600);
    let statuses: Vec<String> = ids.iter().map(|id| gateway.status(id)).collect();
    assert_eq!(("paid", "paid", "error"), (&*statuses[0], &*statuses[1], &*statuses[2]));
    let with_reference = merchant(&gateway);
    let shown = gateway.call(gateway.key(), "GET", &format!("/purchases/{with_reference}/"), None).json();
    assert_eq!(Value::from(REFERENCE), shown["reference"], "a merchant's own number is kept as it was given");
    // Once as a crash leaves it, with everything in the write-ahead log, and once closed.
    let mut resting = vec![];
    files(&place.data(), &mut resting);
    gateway.kill();
    files(&place.data(), &mut resting);
    place.start_with(&[("TOLLGATE_LOG_LEVEL", "trace"), ("TOLLGATE_LOG_FORMAT", "json")]).stop();
    files(&place.data(), &mut resting);

    assert!(resting.iter().any(|(_, bytes)| holds(bytes, REFERENCE.as_bytes())), "the search finds what is there");
    for (file, bytes) in &resting {
        for card in PAYERS {
            for (how, needle) in disguises(card) {
                assert!(!holds(bytes, &needle), "{card} rests in {file}: {how}");
            }
        }
        for (how, needle) in disguises(CODE) {
            assert!(!holds(bytes, &needle), "a code rests in {file}: {how}");
        }
        // A real code has three digits and would be found anywhere; it has no name anywhere.
        assert!(!holds(bytes, b"\"cvc\"") && !holds(bytes, b"cvc="), "something named like a code rests in {file}");
    }

    let log = place.read("err");
    assert!(log.lines().count() > 1_000, "{} lines", log.lines().count());
    assert!(log.contains("/api/v1/purchases/"), "routes are logged");
    assert!(!log.to_lowercase().contains(CODE), "a code is in the log");
    for line in log.lines() {
        assert_eq!(None, card_number(line), "in the log: {line}");
        for key in ["sk_test_", "sk_live_"] {
            let rest = line.split_once(key).map_or("***", |(_, rest)| rest);
            assert!(rest.starts_with("***"), "a key in the log: {line}");
        }
    }
    let banner = place.read("out");
    for card in &PAYERS[1..] {
        assert!(!banner.contains(card), "{banner}");
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    for line in ["4444333322221111", "x 4444 3333-2222 1111 y", "99444433332222111100", "{\"a\":4444333322221111}"] {
        assert!(card_number(line).is_some(), "{line}");
    }
    assert_eq!(None, card_number("4444333322221112, 4444a333322221111, 4444  333322221111"));
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    for around in ["", "a", "ab", "abc"] {
        let hay = encoded(&format!("{around}{}{around}", PAYERS[0]));
        assert!(disguises(PAYERS[0]).iter().any(|(how, needle)| *how == "base64" && holds(&hay, needle)), "{around}");
    }
    for (how, needle) in disguises(PAYERS[0]) {
        assert!(needle.len() >= 6, "{how} is too short to mean anything");
    }
}
