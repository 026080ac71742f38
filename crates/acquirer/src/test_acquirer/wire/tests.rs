use domain::{Currency, Cvc, DeclineReason, Expiry, Pan};

use super::*;

const REFERENCE: &str = "01938a1b-0000-7000-8000-00000000000a";
const APPROVED: &str = r#"{"reference":"01938a1b-0000-7000-8000-00000000000a","status":"approved","response_code":"00","amount":954,"approved_amount":954,"currency":"MYR","acquirer_reference":"000000000001","card":{"type":"credit","issuer":"","country":"US"}}"#;
const NOT_FOUND: &str = r#"{"reference":"01938a1b-0000-7000-8000-00000000000a","response_code":"25"}"#;

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::parse(code).expect("a currency")).expect("an amount")
}

fn reference() -> AttemptId {
    AttemptId::parse(REFERENCE).expect("an id")
}

fn inquiry() -> Request<'static> {
    Request::Inquire { reference: reference(), amount: money(954, "MYR") }
}

fn reversal() -> Request<'static> {
    Request::Reverse { reference: reference(), amount: money(954, "MYR") }
}

/// Hands an authorization of 9.54 MYR to `look`.
fn with_authorization<T>(cvc: Option<&str>, holder: &str, look: impl FnOnce(Request<'_>) -> T) -> T {
    let pan = Pan::parse("4444 3333 2222 1111").expect("a card");
    let cvc = cvc.map(|cvc| Cvc::parse(cvc).expect("a code"));
    let card = CardData { pan: &pan, cvc: cvc.as_ref(), expiry: Expiry { year: 2030, month: 1 }, holder };
    look(Request::Authorize {
        reference: reference(),
        amount: money(954, "MYR"),
        capture: true,
        source: Source::Card {
            card,
            authentication: None,
            initiated_by: Initiator::Payer,
            rules: CardRules::Purchases,
        },
        merchant_data: "",
    })
}

fn sent(request: &Request<'_>) -> (Method, String, String) {
    let http = TestProtocol.encode(request);
    (http.method, http.path.clone(), String::from_utf8(http.body.to_vec()).expect("text"))
}

fn decoded(request: &Request<'_>, status: u16, body: &str) -> Answer {
    TestProtocol.decode(request, &HttpResponse { status, body: body.as_bytes().to_vec() })
}

#[test]
fn requests_as_bytes() {
    let authorization = with_authorization(Some("123"), "N \"Ally\" A", |request| sent(&request));
    assert_eq!(
        (
            Method::Post,
            "/authorizations".to_owned(),
            r#"{"reference":"01938a1b-0000-7000-8000-00000000000a","amount":954,"currency":"MYR","capture":true,"initiated_by":"payer","rules":"purchases","card":{"number":"4444333322221111","cvc":"123","expiry_year":2030,"expiry_month":1,"holder":"N \"Ally\" A"}}"#
                .to_owned()
        ),
        authorization
    );
    let without_code = with_authorization(None, "", |request| sent(&request)).2;
    assert!(!without_code.contains("cvc"), "{without_code}");
    assert_eq!((Method::Get, format!("/authorizations/{REFERENCE}"), String::new()), sent(&inquiry()));
    assert_eq!(
        (
            Method::Post,
            format!("/authorizations/{REFERENCE}/reversal"),
            r#"{"amount":954,"currency":"MYR"}"#.to_owned()
        ),
        sent(&reversal())
    );
}

#[test]
fn the_buffer_of_a_card_number_never_grows() {
    let holder = "\u{1}".repeat(400);
    with_authorization(Some("123"), &holder, |request| {
        let body = TestProtocol.encode(&request).body;
        assert!(body.len() > 2_400, "every character was written in six");
        assert_eq!(512 + 6 * 400, body.capacity());
    });
}

#[test]
fn requests_print_without_their_body() {
    let printed = with_authorization(Some("123"), "", |request| format!("{:?}", TestProtocol.encode(&request)));
    assert_eq!(r#"HttpRequest { method: Post, path: "/authorizations", .. }"#, printed);
}

#[test]
fn answers_that_fit() {
    let facts = || CardFacts { kind: "credit".to_owned(), issuer: String::new(), country: "US".to_owned() };
    let approved = |minor| Answer::Approved {
        amount: money(minor, "MYR"),
        acquirer_reference: "000000000001".to_owned(),
        facts: facts(),
    };
    assert_eq!(approved(954), with_authorization(None, "", |request| decoded(&request, 200, APPROVED)));
    assert_eq!(approved(954), decoded(&inquiry(), 200, APPROVED));
    let partial =
        APPROVED.replace(r#""00""#, r#""10""#).replace(r#""approved_amount":954"#, r#""approved_amount":477"#);
    assert_eq!(approved(477), decoded(&inquiry(), 200, &partial));
    let no =
        APPROVED.replace(r#""approved_amount":954"#, r#""approved_amount":0"#).replace("approved\",", "declined\",");
    for (code, reason) in [
        ("51", DeclineReason::InsufficientFunds),
        ("80", DeclineReason::WrongExpiry),
        ("1A", DeclineReason::AuthenticationRequired),
        ("77", DeclineReason::DoNotHonour),
    ] {
        let no = no.replace(r#""00""#, &format!("{code:?}"));
        assert_eq!(Answer::Declined { reason, facts: facts() }, decoded(&inquiry(), 200, &no), "{code}");
    }
    let pending = no.replace("declined", "pending").replace(r#""response_code":"00","#, "");
    assert_eq!(Answer::Pending, decoded(&inquiry(), 200, &pending));
    let reversed = pending.replace("pending", "reversed");
    assert_eq!(Answer::Reversed, decoded(&inquiry(), 200, &reversed));
    assert_eq!(Answer::Reversed, decoded(&reversal(), 200, &reversed));
    assert_eq!(Answer::NotFound, decoded(&inquiry(), 404, NOT_FOUND));
}

const OPERATION: &str = "01938a1b-0000-7000-8000-00000000000b";
const CAPTURED: &str = r#"{"reference":"01938a1b-0000-7000-8000-00000000000b","kind":"capture","original":"01938a1b-0000-7000-8000-00000000000a","status":"approved","response_code":"00","amount":954,"currency":"MYR","acquirer_reference":"000000000002"}"#;

/// A capture, void and refund of 9.54 MYR, and the inquiries about them.
fn operation_requests() -> [(&'static str, Request<'static>, Request<'static>); 3] {
    let operation = OperationId::parse(OPERATION).expect("an id");
    let (original, amount) = (reference(), money(954, "MYR"));
    let inquiry = |kind| Request::InquireOperation { reference: operation, original, kind, amount };
    [
        (
            "capture",
            Request::Capture { reference: operation, original, amount, keeps_rest: false, note: "" },
            inquiry(OperationKind::Capture),
        ),
        ("void", Request::Void { reference: operation, original, amount, note: "" }, inquiry(OperationKind::Void)),
        (
            "refund",
            Request::Refund { reference: operation, original, amount, note: "" },
            inquiry(OperationKind::Refund),
        ),
    ]
}

#[test]
fn operations_as_bytes() {
    let body = r#"{"reference":"01938a1b-0000-7000-8000-00000000000b","original":"01938a1b-0000-7000-8000-00000000000a","amount":954,"currency":"MYR"}"#;
    for (kind, request, inquiry) in operation_requests() {
        assert_eq!((Method::Post, format!("/{kind}s"), body.to_owned()), sent(&request));
        assert_eq!((Method::Get, format!("/{kind}s/{OPERATION}"), String::new()), sent(&inquiry));
        assert_eq!(OPERATION, request.reference().to_string());
    }
    let (reference, original) = (OperationId::parse(OPERATION).expect("an id"), reference());
    let part = Request::Capture { reference, original, amount: money(954, "MYR"), keeps_rest: true, note: "C-7" };
    let body = body.replace("\"MYR\"", "\"MYR\",\"keeps_rest\":true,\"note\":\"C-7\"");
    assert_eq!((Method::Post, "/captures".to_owned(), body), sent(&part));
}

#[test]
fn an_authentication_as_bytes() {
    let id = |last| uuid::Uuid::from_u128(last);
    let ids = domain::AuthenticationIds { server: id(1), directory: id(2), acs: id(3) };
    let (status, cavv) = (domain::TransStatus::Authenticated, "AAECAwQFBgcICQoLDA0ODxAREhM=".to_owned());
    let (reason, cancel) = (String::new(), String::new());
    let said = Authentication { ids, status, reason, cancel, eci: "05".to_owned(), cavv, challenged: true };
    let pan = Pan::parse("4444 3333 2222 1111").expect("a card");
    let holder = "\u{1}".repeat(45);
    let body = TestProtocol
        .encode(&Request::Authorize {
            reference: reference(),
            amount: money(i64::MAX, "MYR"),
            capture: false,
            source: Source::Card {
                card: CardData { pan: &pan, cvc: None, expiry: Expiry { year: 2030, month: 12 }, holder: &holder },
                authentication: Some(&said),
                initiated_by: Initiator::Merchant,
                rules: CardRules::Purchases,
            },
            merchant_data: "\u{1}order 7",
        })
        .body;
    let text = String::from_utf8(body.to_vec()).expect("text");
    let end = r#""authentication":{"server_trans_id":"00000000-0000-0000-0000-000000000001","ds_trans_id":"00000000-0000-0000-0000-000000000002","acs_trans_id":"00000000-0000-0000-0000-000000000003","status":"Y","eci":"05","cavv":"AAECAwQFBgcICQoLDA0ODxAREhM="},"merchant_data":"\u0001order 7"}"#;
    assert!(text.ends_with(end), "{text}");
    assert!(text.contains(r#""initiated_by":"merchant""#), "{text}");
    assert_eq!(512 + 6 * (45 + 8) + 256 + 6 * 30, body.capacity(), "the buffer never grew");
}

#[test]
fn answers_to_operations() {
    let requests = operation_requests();
    let all = || requests.iter().flat_map(|(kind, request, inquiry)| [(*kind, request), (*kind, inquiry)]);
    let facts = CardFacts::default;
    for (kind, request) in all() {
        let yes = CAPTURED.replace("capture", kind);
        let approved = Answer::Approved {
            amount: money(954, "MYR"),
            acquirer_reference: "000000000002".to_owned(),
            facts: facts(),
        };
        assert_eq!(approved, decoded(request, 200, &yes), "{kind}");
        let no = yes.replace("approved", "declined").replace(r#""00""#, r#""96""#);
        let declined = Answer::Declined { reason: DeclineReason::AcquirerError, facts: facts() };
        assert_eq!(declined, decoded(request, 200, &no), "{kind}");
        let pending = yes.replace("approved", "pending").replace(r#""response_code":"00","#, "");
        assert_eq!(Answer::Pending, decoded(request, 200, &pending), "{kind}");
        for (other, _) in all() {
            if other != kind {
                assert_eq!(Answer::Unknown, decoded(request, 200, &CAPTURED.replace("capture", other)));
            }
        }
        for (from, to) in [
            ("00b\"", "00c\""),
            ("00a\"", "00c\""),
            ("954", "955"),
            ("954", "\"954\""),
            ("MYR", "EUR"),
            ("\"00\"", "\"10\""),
            ("\"00\"", "\"51\""),
            ("\"response_code\":\"00\",", ""),
            ("approved", "declined"),
            ("approved", "pending"),
            ("approved", "reversed"),
            ("approved", "settled"),
        ] {
            assert!(yes.contains(from), "{from}");
            assert_eq!(Answer::Unknown, decoded(request, 200, &yes.replace(from, to)), "{kind} {from} {to}");
        }
        for status in [201, 302, 404, 409, 500, 503] {
            assert_eq!(Answer::Unknown, decoded(request, status, &yes), "{kind} {status}");
        }
        for end in 0..yes.len() {
            assert_eq!(Answer::Unknown, decoded(request, 200, &yes[..end]), "{kind} cut at {end}");
        }
        assert_eq!(Answer::Unknown, decoded(request, 200, APPROVED), "an authorization's answer");
        assert_eq!(Answer::Unknown, decoded(request, 404, NOT_FOUND), "{kind}: it names another");
    }
    let not_found = NOT_FOUND.replace("00a\"", "00b\"");
    for (kind, request, inquiry) in &requests {
        assert_eq!(Answer::NotFound, decoded(inquiry, 404, &not_found), "{kind}");
        assert_eq!(Answer::Unknown, decoded(request, 404, &not_found), "{kind}: nobody asked");
    }
    assert_eq!(Answer::Unknown, decoded(&inquiry(), 200, CAPTURED), "an operation's answer");
}

#[test]
fn everything_else_is_unknown() {
    let other = |from: &str, to: &str| {
        assert!(APPROVED.contains(from), "{from}");
        APPROVED.replace(from, to)
    };
    for (status, body) in [
        (200, String::new()),
        (200, "null".to_owned()),
        (200, "<html>approved</html>".to_owned()),
        (500, APPROVED.to_owned()),
        (404, APPROVED.to_owned()),
        (302, APPROVED.to_owned()),
        (404, "not found".to_owned()),
        (404, NOT_FOUND.replace("00a\"", "00b\"")),
        (404, NOT_FOUND.replace("25", "00")),
        (200, NOT_FOUND.to_owned()),
        (200, other("00a\"", "00b\"")),
        (200, other("\"amount\":954", "\"amount\":9540")),
        (200, other("\"amount\":954", "\"amount\":\"954\"")),
        (200, other("\"approved_amount\":954", "\"approved_amount\":9540")),
        (200, other("\"approved_amount\":954", "\"approved_amount\":477")),
        (200, other("\"approved_amount\":954", "\"approved_amount\":-954")),
        (200, other("MYR", "EUR")),
        (200, other("\"00\"", "\"10\"")),
        (200, other("\"00\"", "\"51\"")),
        (200, other("\"status\":\"approved\"", "\"status\":\"declined\"")),
        (200, other("\"status\":\"approved\"", "\"status\":\"authorised\"")),
    ] {
        assert_eq!(Answer::Unknown, decoded(&inquiry(), status, &body), "{status} {body}");
    }
    for end in 0..APPROVED.len() {
        assert_eq!(Answer::Unknown, decoded(&inquiry(), 200, &APPROVED[..end]), "cut at {end}");
    }
    let reversed = APPROVED.replace("\"approved\"", "\"reversed\"");
    with_authorization(None, "", |request| {
        assert_eq!(Answer::Unknown, decoded(&request, 200, &reversed), "nobody asked to undo it");
        assert_eq!(Answer::Unknown, decoded(&request, 404, NOT_FOUND), "nobody asked what became of it");
    });
    assert_eq!(Answer::Unknown, decoded(&reversal(), 200, APPROVED), "it is not undone");
    assert_eq!(Answer::Unknown, decoded(&reversal(), 404, NOT_FOUND), "a reversal is always taken");
}

const PAGE: &str = "https://pay.example.com/acs/pay/01938a1b-0000-7000-8000-00000000000c";

/// Hands an authorization of 9.54 MYR from this source to `look`.
fn with_source<T>(source: Source<'_>, look: impl FnOnce(Request<'_>) -> T) -> T {
    let amount = money(954, "MYR");
    look(Request::Authorize { reference: reference(), amount, capture: false, source, merchant_data: "order 7" })
}

fn by_wallet() -> Source<'static> {
    Source::Redirect {
        method: RedirectMethod::Wallet,
        local: None,
        return_url: "https://pay.example.com/back",
        merchant: "Kedai \"Kopi\"",
        acs_base: "https://pay.example.com",
    }
}

#[test]
fn other_means_as_bytes() {
    let begin = r#"{"reference":"01938a1b-0000-7000-8000-00000000000a","amount":954,"currency":"MYR","capture":false"#;
    let gift_card = with_source(Source::GiftCard { number: "6000000000002000" }, |request| sent(&request));
    let body = format!(r#"{begin},"number":"6000000000002000","merchant_data":"order 7"}}"#);
    assert_eq!((Method::Post, "/authorizations/gift-card".to_owned(), body), gift_card);
    let redirect = with_source(by_wallet(), |request| sent(&request));
    let rest = r#""method":"wallet","return_url":"https://pay.example.com/back","merchant":"Kedai \"Kopi\"","page_base":"https://pay.example.com","merchant_data":"order 7"}"#;
    assert_eq!((Method::Post, "/authorizations/redirect".to_owned(), format!("{begin},{rest}")), redirect);
}

#[test]
fn only_who_asked_for_a_page_is_sent_to_one() {
    let out = APPROVED
        .replace("approved\",", "redirect\",")
        .replace(r#""response_code":"00","#, "")
        .replace(r#""approved_amount":954"#, r#""approved_amount":0"#);
    let page = |url: &str| format!(r#"{},"page":"{url}"}}"#, out.trim_end_matches('}').to_owned() + "}");
    with_source(by_wallet(), |request| {
        assert_eq!(Answer::Redirect { url: PAGE.to_owned() }, decoded(&request, 200, &page(PAGE)));
        for unreadable in [out.clone(), page(""), page("javascript:alert(1)"), page(PAGE).replace("954", "955")] {
            assert_eq!(Answer::Unknown, decoded(&request, 200, &unreadable), "{unreadable}");
        }
        let approved = decoded(&request, 200, APPROVED);
        assert!(matches!(approved, Answer::Approved { .. }), "a repeat, once the payer has decided: {approved:?}");
    });
    with_authorization(None, "", |request| assert_eq!(Answer::Unknown, decoded(&request, 200, &page(PAGE))));
    assert_eq!(Answer::Unknown, decoded(&inquiry(), 200, &page(PAGE)));
    assert_eq!(Answer::Unknown, decoded(&reversal(), 200, &page(PAGE)));
}

#[test]
fn what_is_on_a_gift_card() {
    let reading = |code| Reading { number: "6000000000002000", code, currency: money(0, "MYR").currency() };
    let http = TestProtocol.encode_reading(&reading(Some("123")));
    let body = r#"{"number":"6000000000002000","code":"123","currency":"MYR"}"#;
    assert_eq!(
        (Method::Post, "/gift-cards/balance", body.as_bytes()),
        (http.method, http.path.as_str(), &http.body[..])
    );
    assert!(!String::from_utf8_lossy(&TestProtocol.encode_reading(&reading(None)).body).contains("code"));
    let said = |status, body: &str| {
        TestProtocol.decode_reading(&reading(None), &HttpResponse { status, body: body.as_bytes().to_vec() })
    };
    let yes = r#"{"response_code":"00","balance":2000,"currency":"MYR"}"#;
    assert_eq!(Balance::Known(money(2_000, "MYR")), said(200, yes));
    for code in ["05", "14"] {
        let no = yes.replace("00\",", &format!("{code}\",")).replace("2000", "0");
        assert_eq!(Balance::Refused, said(200, &no), "{no}");
    }
    for (status, body) in [
        (500, yes.to_owned()),
        (200, yes.replace("MYR", "EUR")),
        (200, yes.replace("2000", "-1")),
        (200, yes.replace("\"00\"", "\"05\"")),
        (200, yes.replace("\"00\"", "\"96\"")),
        (200, yes[..20].to_owned()),
    ] {
        assert_eq!(Balance::NoAnswer, said(status, &body), "{status} {body}");
    }
}
