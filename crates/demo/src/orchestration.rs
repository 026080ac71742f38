//! The orchestration API as a merchant's server uses it (orchestration-api 2.1, 2.4, 2.5, 2.6, 6, 7.6).

use serde_json::{Value, json};

use crate::order::{Facts, Order, Standing};
use crate::shop::{Shop, Trouble, minor};
use crate::signatures::{self, Doubt, Jwk};
use crate::story::{Checked, Content, Opens, Request, Story, Verdict};

/// Names an operation, so that a repeat is none.
const ONCE: &str = "x-idempotency-key";

/// Makes the session whose page the payer opens.
pub(crate) async fn open(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    const TITLE: &str = "Make a client session";
    let mut session = asked(shop, order);
    session["integration_mode"] = "HOSTED_PAGE".into();
    session["shopper_redirection_url"] = shop.page(order, "/back").into();
    if order.plan.keep {
        session["allow_future_usage"] = true.into();
        // Whoever may charge a card again has let its bank ask.
        session["three_ds_authentication_options"] =
            json!({ "challenge_indicator": "CHALLENGE_REQUESTED_BY_MERCHANT" });
    }
    let request = Request {
        title: TITLE,
        about: "The session says what is due, where the payer goes afterwards, and whom to tell. Its page is hosted here.",
        content: Content::Json(session),
        ..Request::post(shop.token(order).await?, "/payment/v2/client-sessions".to_owned())
    };
    let made = shop.call(&order.story, request).await?.json();
    let page = made["redirection"]["href"].as_str().ok_or(Trouble::Odd(TITLE))?.to_owned();
    let id = made["id"].as_str().ok_or(Trouble::Odd(TITLE))?.to_owned();
    order.learn(|known| {
        known.before = Some(id);
        known.pay_url = Some(page);
        known.facts = Facts { word: word(&made["status"]), ..Facts::default() };
    });
    Ok(())
}

/// Makes a payment with what another one was paid with.
pub(crate) async fn charge(shop: &Shop, order: &Order, kept: &str) -> Result<(), Trouble> {
    let mut payment = asked(shop, order);
    payment["split"] = json!([{ "amount": order.price(), "parent_payment_id": kept }]);
    let request = Request {
        title: "Charge again",
        about: "The first payment allowed future usage: this one is made without its payer, by naming it.",
        content: Content::Json(payment),
        once: shop.once(ONCE),
        ..Request::post(shop.token(order).await?, "/payment/v2/payments".to_owned())
    };
    let made = shop.call(&order.story, request).await.inspect_err(|trouble| {
        if trouble.is_no() {
            order.end();
        }
    })?;
    learn(order, &made.json());
    Ok(())
}

/// What sessions and payments ask for alike.
fn asked(shop: &Shop, order: &Order) -> Value {
    let price = order.price();
    json!({
        "entity_id": shop.merchant.brand_id,
        "amount": price,
        "currency": order.currency().code(),
        "capture_mode": if order.plan.hold { "MANUAL" } else { "AUTOMATIC" },
        "order": {
            "reference": order.reference(),
            "net_amount": price,
            "tax_amount": 0,
            "shipments": [{
                "net_amount": price,
                "item_lines": [{
                    "type": "PHYSICAL",
                    "name": order.thing.name,
                    "unit_gross_price": price,
                    "net_amount": price,
                    "quantity": 1,
                    "tax_amount": 0,
                }],
            }],
        },
        "customer": {
            "reference": "ada",
            "email": "ada@example.com",
            "first_name": "Ada",
            "last_name": "Example",
        },
        "webhook": { "url": shop.callback(&format!("orchestration/{}", order.id)) },
    })
}

/// Reads the payment, or the session while there is none.
pub(crate) async fn ask(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    if order.known().payment.is_none() {
        let id = order.known().before.ok_or(Trouble::NotOpen)?;
        let request = Request {
            title: "Read the session",
            about: "It names the payment once the payer has chosen how to pay.",
            ..Request::get(shop.token(order).await?, format!("/payment/v2/client-sessions/{id}"))
        };
        let session = shop.call(&order.story, request).await?.json();
        learn_session(order, &session);
    }
    let Some(id) = order.known().payment else { return Ok(()) };
    let request = Request {
        title: "Read the payment",
        about: "What a browser says is news; what the gateway answers is how it stands.",
        ..Request::get(shop.token(order).await?, format!("/payment/v2/payments/{id}"))
    };
    let payment = shop.call(&order.story, request).await?.json();
    learn(order, &payment);
    Ok(())
}

/// Takes all that is reserved.
pub(crate) async fn capture(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let about = "Over all that was paid with: gift cards first, then the rest.";
    act(shop, order, "Capture", about, "captures", order.known().facts.held).await
}

/// Gives back all that is reserved.
pub(crate) async fn release(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let about = "What was reserved goes back to the payer; nothing was taken.";
    act(shop, order, "Void", about, "voids", order.known().facts.held).await
}

/// Gives back some of what was taken.
pub(crate) async fn refund(shop: &Shop, order: &Order, amount: i64) -> Result<(), Trouble> {
    act(shop, order, "Refund", "Over all that was paid with: cards first.", "refunds", amount).await
}

async fn act(
    shop: &Shop,
    order: &Order,
    title: &'static str,
    about: &'static str,
    what: &str,
    amount: i64,
) -> Result<(), Trouble> {
    let id = order.known().payment.ok_or(Trouble::NotOpen)?;
    let request = Request {
        title,
        about,
        content: Content::Json(json!({ "amount": amount, "merchant_reference": order.reference() })),
        once: shop.once(ONCE),
        ..Request::post(shop.token(order).await?, format!("/payment/v2/payments/{id}/{what}"))
    };
    match shop.call(&order.story, request).await {
        // The answer is the whole payment.
        Ok(answer) => {
            learn(order, &answer.json());
            Ok(())
        }
        Err(trouble) => {
            ask(shop, order).await?;
            Err(trouble)
        }
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Learns what a payment says, unless something newer is known.
pub(crate) fn learn(order: &Order, payment: &Value) {
    let facts = facts(payment, order.plan.keep);
    let id = payment["id"].as_str().map(str::to_owned);
    order.learn(|known| {
        if facts.version >= known.facts.version {
            known.payment = id;
            known.facts = facts;
        }
    });
}

/// Learns what a session says, while there is no payment.
fn learn_session(order: &Order, session: &Value) {
    let word = word(&session["status"]);
    let standing = match word.as_str() {
        "CREATED" => Standing::Waiting,
        "SUBMITTED" => Standing::Checking,
        _ => Standing::Ended,
    };
    let payment = session["payment_id"].as_str().map(str::to_owned);
    order.learn(|known| {
        if known.payment.is_none() {
            known.payment = payment;
            known.facts = Facts { standing, word, ..Facts::default() };
        }
    });
}

/// Whether a webhook tells of this order: each has a session or a payment of its own.
pub(crate) fn is_about(order: &Order, body: &[u8]) -> bool {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    told["order"]["reference"] == order.reference().as_str()
}

/// Learns what a webhook tells: a payment, or a session that has none.
pub(crate) fn learn_told(order: &Order, body: &[u8]) {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    if told["amounts"].is_object() { learn(order, &told) } else { learn_session(order, &told) }
}

/// What a payment says.
fn facts(payment: &Value, keep: bool) -> Facts {
    let amount = |name: &str| minor(&payment["amounts"][name]);
    let (held, captured, refundable) =
        (amount("available_to_capture"), amount("total_captured"), amount("available_to_refund"));
    let word = word(&payment["authorization"]["status"]);
    let is_authorized = word == "AUTHORIZED";
    let standing = match word.as_str() {
        "AUTHORIZED" if held > 0 => Standing::Held,
        "AUTHORIZED" if captured > 0 && amount("total_refunded") == 0 => Standing::Paid,
        "AUTHORIZED" if captured > 0 && refundable > 0 => Standing::PartlyRefunded,
        "AUTHORIZED" if captured > 0 => Standing::Refunded,
        "AUTHORIZED" if amount("total_voided") > 0 => Standing::Released,
        "AUTHORIZED" | "PENDING" => Standing::Checking,
        // A session takes one payment: there is no second try.
        _ => Standing::Ended,
    };
    let kept = payment["id"].as_str().filter(|_| keep && is_authorized).map(str::to_owned);
    Facts { standing, word, held, refundable, kept, version: payment["version"].as_u64().unwrap_or(0) }
}

/// Whether a webhook's call is the gateway's.
pub(crate) async fn verdict(shop: &Shop, story: &Story, body: &[u8], jws: Option<&str>) -> Verdict {
    let check = |keys: &[Jwk]| signatures::check_detached(keys, jws, body);
    match checked(shop, story, check).await {
        Ok(kid) => Verdict::Verified(Checked::Detached { kid, jws: jws.unwrap_or_default().to_owned() }),
        Err(doubt) => Verdict::Refused(doubt.to_string()),
    }
}

/// Whether what the payer carries back is the gateway's word about this order.
pub(crate) async fn verdict_of_return(shop: &Shop, order: &Order, jws: &str) -> Verdict {
    let check = |keys: &[Jwk]| signatures::check_compact(keys, jws);
    match checked(shop, &order.story, check).await {
        Ok((kid, claims)) if order.known().before.as_deref() == claims["client_session_id"].as_str() => {
            Verdict::Verified(Checked::Token { kid, jws: jws.to_owned() })
        }
        Ok(_) => Verdict::Refused("it speaks of another session".to_owned()),
        Err(doubt) => Verdict::Refused(doubt.to_string()),
    }
}

/// Checks with the keys at hand, and once more with fresh ones when the key is not among them.
async fn checked<T>(shop: &Shop, story: &Story, check: impl Fn(&[Jwk]) -> Result<T, Doubt>) -> Result<T, Doubt> {
    let mut keys = shop.keys.lock().await;
    match check(&keys) {
        Err(Doubt::UnknownKey) => {}
        known => return known,
    }
    let request = Request {
        title: "Get the signing keys",
        about: "They are public. Whoever meets a key that they do not know asks again.",
        ..Request::get(Opens::Public, "/payment/v2/signing-jwks".to_owned())
    };
    // What a forger makes the shop ask for is not part of the story.
    let asked = Story::default();
    if let Ok(set) = shop.call(&asked, request).await {
        *keys = Jwk::of_set(&set.json());
    }
    let known = check(&keys);
    if known.is_ok() {
        story.take_over(&asked);
    }
    known
}
