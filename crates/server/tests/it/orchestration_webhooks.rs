//! What a merchant's server is told of a session and its payment, over real sockets, and what the payer carries back; both
//! signed with what is published (orchestration-api 2.7, 6, 7.6).

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::CheckoutId;
use engine::three_ds::AcsAnswer;
use serde_json::{Value, json};

use crate::app::{App, ask, request};
use crate::callbacks::{Heard, OK, Receiver, SORRY};
use crate::orchestration::{CHALLENGED, PAYMENTS, REFUSED, SESSIONS, call, gift, id, keyed, last};
use crate::orchestration_payments::checkout;

/// As far after the first try as each later one is (6.4).
const TRIES: [i64; 9] = [0, 10, 70, 370, 2_170, 9_370, 30_970, 74_170, 160_570];

fn webhook(shop: &Receiver, event_types: &[&str]) -> Value {
    let mut webhook = json!({ "url": shop.url("/hook?order_id=7") });
    if !event_types.is_empty() {
        webhook["event_types"] = json!(event_types);
    }
    json!({ "webhook": webhook })
}

fn types(heard: &Heard) -> String {
    heard.values("x-purse-event-type").concat()
}

/// What a call is about, and how that stood.
fn told(heard: &Heard) -> String {
    let (body, types) = (heard.json(), types(heard));
    let stood = match types.rsplit(", ").next().unwrap() {
        "PAYMENT_CAPTURE" => last(&body, "captures"),
        "PAYMENT_REFUND" => last(&body, "refunds"),
        "PAYMENT_VOID" => last(&body, "voids"),
        _ => body.pointer("/authorization/status").unwrap_or(&body["status"]).as_str().unwrap().to_owned(),
    };
    format!("{types}: {stood}")
}

fn version(heard: &Heard) -> u64 {
    heard.json()["version"].as_u64().unwrap()
}

/// What a signature of the gateway's says, by the keys that it publishes.
async fn verified(app: &App, jws: &str) -> Option<(Value, Value)> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let json = |text: &str| serde_json::from_slice::<Value>(&decode(text)).unwrap();
    let (signed, signature) = jws.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let header = json(header);
    let keys = ask(&app.router, request(Method::GET, "/v2/signing-jwks", "", "", "")).await.json();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"])?.clone();
    let [n, e] = ["n", "e"].map(|name| decode(key[name].as_str().unwrap()));
    let key = RsaPublicKeyComponents { n, e };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(signature)).ok()?;
    Some((header, json(claims)))
}

impl App {
    /// The payment, without a question to anybody.
    async fn as_stored(&self, payment: &Value) -> Value {
        let token = self.orchestration_token(&self.merchant).await;
        let read = call(&token, Method::GET, &format!("{PAYMENTS}/{}", id(payment)), &Value::Null);
        ask(&self.router, keyed(read, "cache-control", "max-age=0")).await.json()
    }

    /// Makes a session that tells; its address.
    async fn telling_session(&self, reference: &str, shop: &Receiver) -> String {
        let session = self.shop_post(SESSIONS, &self.session_body(reference, &webhook(shop, &[]))).await;
        format!("{SESSIONS}/{}", id(&session))
    }

    /// 20.00 of a gift card, told of.
    async fn telling_payment(&self, reference: &str, changes: &Value) -> Value {
        let leg = gift("illicado", "6000000000002000", 2_000);
        let answer = self.split(reference, &[leg], changes).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()
    }
}

#[tokio::test]
async fn every_change_is_told_once_as_it_is_read() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let split = [gift("illicado", "6000000000002000", 2_000), app.card_leg(CHALLENGED, 2_299).await];
    let payment = app.split("SO-1", &split, &webhook(&shop, &[])).await.json();
    let mut heard = 0;
    let mut check = async |expected: &[&str]| {
        app.advance(0).await;
        let all = shop.heard();
        let new = all.get(heard..).unwrap().iter().map(told).collect::<Vec<_>>();
        // Two legs are asked at once, and either may be answered first.
        let as_expected = |at: usize, said: &String| expected[at].split(" or ").any(|one| one == said);
        assert_eq!(expected.len(), new.len(), "{new:?}");
        assert!(new.iter().enumerate().all(|(at, said)| as_expected(at, said)), "{expected:?}, and not {new:?}");
        let (stored, said) = (app.as_stored(&payment).await, all.last().unwrap().json());
        // That a session was submitted is told of the moment when nothing had been answered.
        if stored["version"] == said["version"] {
            assert_eq!(stored, said, "as whoever asks is answered");
        } else {
            assert_eq!(["CLIENT_SESSION: PENDING"], expected);
        }
        heard = all.len();
    };
    check(&["CLIENT_SESSION: PENDING"]).await;
    app.payer_answers(&payment, AcsAnswer::Otp("1234")).await;
    app.engine.tendered_by_payer(checkout(&payment)).await.unwrap();
    check(&["PAYMENT_AUTHORIZATION: AUTHORIZED"]).await;

    let operate = async |operation: &str, amount: i64, reference: &str| {
        let body = json!({ "amount": amount, "merchant_reference": reference });
        app.operate(&payment, operation, &body).await;
    };
    // The amounts change when it begins, and with each leg.
    let one_of_two = [
        "PAYMENT_CAPTURE: PENDING 3000: giftcard 2000 SUCCESS, creditcard 1000 PENDING",
        "PAYMENT_CAPTURE: PENDING 3000: giftcard 2000 PENDING, creditcard 1000 SUCCESS",
    ];
    operate("captures", 3_000, "").await;
    check(&[
        "PAYMENT_CAPTURE: PENDING 3000: giftcard 2000 PENDING, creditcard 1000 PENDING",
        &one_of_two.join(" or "),
        "PAYMENT_CAPTURE: SUCCESS 3000: giftcard 2000 SUCCESS, creditcard 1000 SUCCESS",
    ])
    .await;
    operate("captures", 10, "SIM_PENDING").await;
    check(&["PAYMENT_CAPTURE: PENDING 10: creditcard 10 PENDING"]).await;
    app.advance(5).await;
    check(&["PAYMENT_CAPTURE: SUCCESS 10: creditcard 10 SUCCESS"]).await;
    operate("captures", 20, "SIM_FAILURE").await;
    check(&[
        "PAYMENT_CAPTURE: PENDING 20: creditcard 20 PENDING",
        "PAYMENT_CAPTURE: FAILURE 20: creditcard 20 FAILURE",
    ])
    .await;
    let one_of_two = [
        "PAYMENT_REFUND: PENDING 1500: creditcard 1010 FAILURE, giftcard 490 PENDING",
        "PAYMENT_REFUND: PENDING 1500: creditcard 1010 PENDING, giftcard 490 SUCCESS",
    ];
    operate("refunds", 1_500, "SIM_FAILURE").await;
    check(&[
        "PAYMENT_REFUND: PENDING 1500: creditcard 1010 PENDING, giftcard 490 PENDING",
        &one_of_two.join(" or "),
        "PAYMENT_REFUND: CONFLICT 1500: creditcard 1010 FAILURE, giftcard 490 SUCCESS",
    ])
    .await;
    operate("voids", 299, "SIM_UNCERTAIN").await;
    check(&[
        "PAYMENT_VOID: PENDING 299: creditcard 299 PENDING",
        "PAYMENT_VOID: UNCERTAIN 299: creditcard 299 UNCERTAIN",
    ])
    .await;
    app.advance(3_600).await;
    check(&["PAYMENT_VOID: SUCCESS 299: creditcard 299 SUCCESS"]).await;

    let versions = shop.heard().iter().map(version).collect::<Vec<_>>();
    assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    app.advance(3 * 86_400).await;
    assert_eq!(versions.len(), shop.heard().len());
    app.audit();
}

#[tokio::test]
async fn a_webhook_hears_of_what_it_wants() {
    let app = App::new().await;
    let all = ["CLIENT_SESSION", "PAYMENT_AUTHORIZATION", "PAYMENT_CAPTURE", "PAYMENT_REFUND", "PAYMENT_VOID"];
    for (place, wanted) in [&all[..0], &all, &all[2..], &all[..1], &all[1..2], &all[4..]].into_iter().enumerate() {
        let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
        let payment = app.telling_payment(&format!("SO-{place}"), &webhook(&shop, wanted)).await;
        for (operation, amount) in [("captures", 1_000), ("refunds", 500), ("voids", 1_000)] {
            app.operate(&payment, operation, &json!({ "amount": amount })).await;
        }
        app.advance(0).await;
        let mut expected = vec![all[0], all[1], all[2], all[2], all[3], all[3], all[4], all[4]];
        expected.retain(|event_type| wanted.is_empty() || wanted.contains(event_type));
        assert_eq!(expected, shop.heard().iter().map(types).collect::<Vec<_>>(), "{wanted:?}");

        // Two things that happen at once are one call.
        let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
        let mut at_once = webhook(&shop, wanted);
        at_once["capture_mode"] = json!("AUTOMATIC");
        app.telling_payment(&format!("AUTO-{place}"), &at_once).await;
        app.advance(0).await;
        let joined = ["CLIENT_SESSION", "PAYMENT_AUTHORIZATION, PAYMENT_CAPTURE", "PAYMENT_CAPTURE"].map(|types| {
            let types = types.split(", ").filter(|one| wanted.is_empty() || wanted.contains(one));
            types.collect::<Vec<_>>().join(", ")
        });
        let expected: Vec<String> = joined.into_iter().filter(|types| !types.is_empty()).collect();
        assert_eq!(expected, shop.heard().iter().map(types).collect::<Vec<_>>(), "{wanted:?}");
    }
    app.audit();
}

#[tokio::test]
async fn ends_are_told() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let mut heard = 0;
    let mut new = async || {
        app.advance(0).await;
        let all = shop.heard();
        let new = all.get(heard..).unwrap().to_vec();
        heard = all.len();
        new
    };
    // Without a payment: the session, but for what is meant for pages.
    let aborted = app.telling_session("SO-1", &shop).await;
    assert!(new().await.is_empty(), "nothing has changed yet");
    app.shop_post(&format!("{aborted}/abort"), &Value::Null).await;
    let expired = app.telling_session("SO-2", &shop).await;
    let first = new().await;
    app.advance(30 * 60).await;
    let second = new().await;
    for (own, status, heard) in [(aborted, "ABORTED_BY_MERCHANT", first), (expired, "EXPIRED", second)] {
        assert_eq!(vec![format!("CLIENT_SESSION: {status}")], heard.iter().map(told).collect::<Vec<_>>());
        let mut session = app.shop_get(&own).await;
        assert!(session.as_object_mut().unwrap().remove("widget").is_some());
        assert_eq!(session, heard[0].json());
    }

    let split = [gift("illicado", "6000000000002000", 2_000), app.card_leg(REFUSED, 2_299).await];
    let refused = app.split("SO-3", &split, &webhook(&shop, &[])).await.json();
    let heard = new().await;
    assert_eq!(
        vec!["CLIENT_SESSION: PENDING", "PAYMENT_AUTHORIZATION: REFUSED"],
        heard.iter().map(told).collect::<Vec<_>>(),
        "what goes back is told to nobody"
    );
    assert_eq!(refused["links"], heard[1].json()["links"]);

    let split = [gift("illicado", "6000000000002000", 2_000), app.card_leg(CHALLENGED, 2_299).await];
    let pending = app.split("SO-4", &split, &webhook(&shop, &[])).await.json();
    new().await;
    let session = pending["client_session_id"].as_str().unwrap();
    app.shop_post(&format!("{SESSIONS}/{session}/abort"), &Value::Null).await;
    let heard = new().await;
    assert_eq!(
        vec!["CLIENT_SESSION, PAYMENT_AUTHORIZATION: ABORTED"],
        heard.iter().map(told).collect::<Vec<_>>(),
        "one change, one call"
    );
    app.audit();
}

#[tokio::test]
async fn a_call_comes_again_until_it_is_given_up() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| SORRY.into()).await;
    let other = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let mut changes = webhook(&shop, &[]);
    changes["webhook"]["headers"] = json!([{ "name": "X-Order-Id", "values": [123_456_789, "b"] }]);
    app.telling_payment("SO-1", &changes).await;
    app.telling_payment("SO-2", &webhook(&other, &[])).await;
    app.advance(0).await;
    assert_eq!(2, other.heard().len(), "nobody waits for another payment's");
    app.advance(9).await;
    assert_eq!(1, shop.heard().len());
    app.engine.rotate_signing_jwk().await.unwrap();
    app.advance(10 * 86_400).await;

    // The next one of a payment waits until the one before has arrived or was given up.
    let heard = shop.heard();
    let (first, second) = heard.split_at(TRIES.len());
    assert_eq!(("CLIENT_SESSION", "PAYMENT_AUTHORIZATION"), (types(&first[0]).as_str(), types(&second[0]).as_str()));
    assert!(version(&first[0]) < version(&second[0]));
    for tries in [first, second] {
        let from = tries[0].at;
        assert_eq!(TRIES.to_vec(), tries.iter().map(|heard| heard.at - from).collect::<Vec<_>>());
        let delivery = tries[0].values("x-purse-delivery-id").concat();
        assert!(CheckoutId::parse(&delivery).is_ok(), "{delivery} has the form of an id");
        for (place, heard) in tries.iter().enumerate() {
            assert_eq!("POST /hook?order_id=7", heard.asked);
            assert_eq!(tries[0].body, heard.body, "the same bytes");
            assert_eq!(vec!["application/json"], heard.values("content-type"));
            assert_eq!(vec!["123456789", "b"], heard.values("x-order-id"));
            assert_eq!(vec![delivery.as_str()], heard.values("x-purse-delivery-id"));
            assert_eq!(vec![(place + 1).to_string()], heard.values("x-purse-attempt"));
            assert_eq!(1, heard.values("user-agent").len());
        }
    }
    assert_ne!(first[0].values("x-purse-delivery-id"), second[0].values("x-purse-delivery-id"));
    let whole = |heard: &Heard, body: &[u8]| {
        let detached = heard.values("x-purse-signature").concat();
        assert_eq!(2, detached.matches('.').count());
        detached.replace("..", &format!(".{}.", URL_SAFE_NO_PAD.encode(body)))
    };
    let last = second.last().unwrap();
    assert_eq!(last.json(), verified(&app, &whole(last, &last.body)).await.unwrap().1);
    let changed = last.json().to_string().replace("2000", "2001");
    assert_eq!(None, verified(&app, &whole(last, changed.as_bytes())).await);
    assert_eq!(None, verified(&app, &whole(&first[0], &first[0].body)).await, "its key is not published any more");
    app.audit();
}

/// The payer goes back with the gateway's word, which a merchant can check without asking.
#[tokio::test]
async fn the_payer_carries_the_gateways_word_back() {
    let app = App::new().await;
    let way_back = async |checkout: CheckoutId| {
        let shown = app.engine.show(checkout).await.unwrap();
        let url = app.engine.way_back(&shown).await.unwrap().unwrap();
        let (before, rest) = url.split_once("&purse-redirection-data=").unwrap();
        let (token, fragment) = rest.split_once('#').unwrap();
        assert_eq!(("https://shop.example/back?order_id=7", "thanks"), (before, fragment));
        token.to_owned()
    };
    let claims = |payment: &Value, status: &str, iat: i64| {
        json!({
            "client_session_id": payment["client_session_id"], "payment_id": payment["id"],
            "authorization_status": status, "client_session_status": "SUBMITTED", "iat": iat,
        })
    };
    let split = [gift("illicado", "6000000000002000", 2_000), app.card_leg(CHALLENGED, 2_299).await];
    let payment = app.split("SO-1", &split, &Value::Null).await.json();
    let pending = way_back(checkout(&payment)).await;
    assert_eq!(claims(&payment, "PENDING", app.now()), verified(&app, &pending).await.unwrap().1);
    app.payer_answers(&payment, AcsAnswer::Otp("1234")).await;
    app.engine.tendered_by_payer(checkout(&payment)).await.unwrap();
    app.advance(60).await;
    let authorized = way_back(checkout(&payment)).await;
    let (header, said) = verified(&app, &authorized).await.unwrap();
    assert_eq!(claims(&payment, "AUTHORIZED", app.now()), said);
    assert_eq!((&json!("RS256"), 2), (&header["alg"], header.as_object().unwrap().len()));

    let session = app.shop_post(SESSIONS, &app.session_body("SO-2", &Value::Null)).await;
    app.shop_post(&format!("{SESSIONS}/{}/abort", id(&session)), &json!({ "status": "ABORTED_BY_CUSTOMER" })).await;
    let ended = way_back(CheckoutId::parse(&id(&session)).unwrap()).await;
    assert_eq!(
        json!({ "client_session_id": id(&session), "client_session_status": "ABORTED_BY_CUSTOMER", "iat": app.now() }),
        verified(&app, &ended).await.unwrap().1,
        "there is no payment"
    );

    // A key that has been replaced still vouches for what it signed, for a week.
    app.engine.rotate_signing_jwk().await.unwrap();
    let after = way_back(checkout(&payment)).await;
    let (new_header, _) = verified(&app, &after).await.unwrap();
    assert_ne!(header["kid"], new_header["kid"]);
    assert_eq!(header, verified(&app, &authorized).await.unwrap().0);
    app.advance(7 * 86_400).await;
    assert_eq!(None, verified(&app, &authorized).await);
    assert!(verified(&app, &after).await.is_some());

    let (signed, signature) = after.rsplit_once('.').unwrap();
    let header = signed.split_once('.').unwrap().0;
    let forged = claims(&payment, "REFUSED", app.now()).to_string();
    assert_eq!(None, verified(&app, &format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(forged))).await);
    app.audit();
}
