//! The purchases API as a merchant's server uses it (purchases-api 2.1, 2.3, 2.6, 5).

use std::sync::Arc;

use hyper::Method;
use serde_json::{Value, json};

use crate::order::{Facts, Order, Standing};
use crate::plan::Integration;
use crate::shop::{Shop, Trouble, minor};
use crate::signatures::{self, Doubt};
use crate::story::{Checked, Content, Opens, Request, Story, Verdict};

/// By which the shop finds its webhook again.
const WEBHOOK_TITLE: &str = "Demo shop";
/// What `success_callback` does not tell.
const EVENTS: [&str; 6] = [
    "purchase.hold",
    "purchase.payment_failure",
    "purchase.captured",
    "purchase.released",
    "purchase.refund_failure",
    "payment.refunded",
];

/// What callbacks are verified with.
pub(crate) struct Signers {
    /// Of each purchase's own callback.
    company: String,
    webhook_id: String,
    /// Of the webhook.
    webhook: String,
}

/// Which of the two ways a callback came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The purchase named the address.
    SuccessCallback,
    /// The shop registered the address.
    Webhook,
}

/// Makes the purchase that the payer pays.
pub(crate) async fn open(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    signers(shop, &order.story).await?;
    let made = make(shop, order).await?;
    let url = match order.plan.integration {
        Integration::PurchaseDirectPost => &made["direct_post_url"],
        Integration::PurchaseRedirect
        | Integration::PurchaseFields
        | Integration::LinkRedirect
        | Integration::LinkFrame
        | Integration::SessionRedirect
        | Integration::SessionFrame => &made["checkout_url"],
    };
    let url = url.as_str().ok_or(Trouble::Odd(MAKE))?;
    order.learn(|known| known.pay_url = Some(url.to_owned()));
    Ok(())
}

/// Makes a purchase and has it paid with the card that another one kept.
pub(crate) async fn charge(shop: &Shop, order: &Order, kept: &str) -> Result<(), Trouble> {
    signers(shop, &order.story).await?;
    make(shop, order).await?;
    let request = Request {
        title: "Charge the kept card",
        about: "The first purchase’s id is the token of the card it kept. Nobody has to type anything.",
        content: Content::Json(json!({ "recurring_token": kept })),
        ..action(shop, order, "charge")?
    };
    let charged = shop.call(&order.story, request).await;
    // Whether it was declined is known afterwards.
    ask(shop, order).await?;
    charged.map(|_| ())
}

/// Reads the purchase.
pub(crate) async fn ask(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let id = order.known().payment.ok_or(Trouble::NotOpen)?;
    let request = Request {
        title: "Read the purchase",
        about: "What a browser or a message says is news; what the gateway answers is how it stands.",
        ..Request::get(key(shop), format!("/api/v1/purchases/{id}/"))
    };
    let purchase = shop.call(&order.story, request).await?.json();
    order.learn(|known| known.facts = facts(&purchase));
    Ok(())
}

/// Takes all that is reserved.
pub(crate) async fn capture(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let request = Request {
        title: "Capture",
        about: "The money was reserved; now it is taken. A smaller amount would release the rest.",
        ..action(shop, order, "capture")?
    };
    act(shop, order, request).await
}

/// Gives back all that is reserved.
pub(crate) async fn release(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let request = Request {
        title: "Release",
        about: "What was reserved goes back to the payer; nothing was taken.",
        ..action(shop, order, "release")?
    };
    act(shop, order, request).await
}

/// Gives back some of what was taken.
pub(crate) async fn refund(shop: &Shop, order: &Order, amount: i64) -> Result<(), Trouble> {
    let request = Request {
        title: "Refund",
        about: "Without an amount all that is left goes back.",
        content: Content::Json(json!({ "amount": amount })),
        ..action(shop, order, "refund")?
    };
    act(shop, order, request).await
}

async fn act(shop: &Shop, order: &Order, request: Request) -> Result<(), Trouble> {
    let done = shop.call(&order.story, request).await;
    ask(shop, order).await?;
    done.map(|_| ())
}

const MAKE: &str = "Make a purchase";

async fn make(shop: &Shop, order: &Order) -> Result<Value, Trouble> {
    let back = shop.page(order, "/back");
    let purchase = json!({
        "brand_id": shop.merchant.brand_id,
        "client": { "email": "ada@example.com", "full_name": "Ada Example" },
        "purchase": {
            "currency": order.currency().code(),
            "products": [{ "name": order.thing.name, "price": order.price(), "quantity": 1 }],
        },
        "reference": order.reference(),
        "skip_capture": order.plan.hold,
        "force_recurring": order.plan.keep,
        "success_redirect": back,
        "failure_redirect": back,
        "cancel_redirect": back,
        "success_callback": shop.callback(&format!("purchases/{}", order.id)),
    });
    let request = Request {
        title: MAKE,
        about: "The shop’s server says what is bought, where the payer comes back to, and where to call.",
        content: Content::Json(purchase),
        ..Request::post(key(shop), "/api/v1/purchases/".to_owned())
    };
    let made = shop.call(&order.story, request).await?.json();
    let id = made["id"].as_str().ok_or(Trouble::Odd(MAKE))?;
    order.learn(|known| {
        known.payment = Some(id.to_owned());
        known.facts = facts(&made);
    });
    Ok(made)
}

/// The keys, asked for once; the webhook that an earlier run registered is used again.
async fn signers(shop: &Shop, story: &Story) -> Result<Arc<Signers>, Trouble> {
    let mut signers = shop.signers.lock().await;
    if let Some(signers) = &*signers {
        return Ok(Arc::clone(signers));
    }
    let request = Request {
        title: "Get the public key",
        about: "Callbacks that a purchase asks for are signed; this key verifies them.",
        ..Request::get(key(shop), "/api/v1/public_key/".to_owned())
    };
    let company = shop.call(story, request).await?.json().as_str().unwrap_or_default().to_owned();
    let (webhook_id, webhook) = webhook(shop, story).await?;
    let made = Arc::new(Signers { company, webhook_id, webhook });
    *signers = Some(Arc::clone(&made));
    Ok(made)
}

async fn webhook(shop: &Shop, story: &Story) -> Result<(String, String), Trouble> {
    const TITLE: &str = "Register a webhook";
    let url = shop.callback("purchases");
    let request = Request {
        title: "List the webhooks",
        about: "Once per start the shop looks whether it is registered already.",
        ..Request::get(key(shop), "/api/v1/webhooks/".to_owned())
    };
    let listed = shop.call(story, request).await?.json();
    let mut all = listed["results"].as_array().into_iter().flatten();
    let own = all.find(|webhook| webhook["title"] == WEBHOOK_TITLE).cloned();
    let content = json!({ "title": WEBHOOK_TITLE, "callback": url, "events": EVENTS });
    let webhook = match own {
        Some(own) if own["callback"] == url.as_str() => own,
        Some(own) => {
            let id = own["id"].as_str().unwrap_or_default();
            let request = Request {
                title: "Move the webhook",
                about: "The shop has another address than last time.",
                method: Method::PUT,
                content: Content::Json(content),
                ..Request::get(key(shop), format!("/api/v1/webhooks/{id}/"))
            };
            shop.call(story, request).await?.json()
        }
        None => {
            let request = Request {
                title: TITLE,
                about: "From now on the shop is told of holds, failures, captures, releases and refunds. \
                        A webhook has a key of its own.",
                content: Content::Json(content),
                ..Request::post(key(shop), "/api/v1/webhooks/".to_owned())
            };
            shop.call(story, request).await?.json()
        }
    };
    let text = |name: &str| webhook[name].as_str().map(str::to_owned).ok_or(Trouble::Odd(TITLE));
    Ok((text("id")?, text("public_key")?))
}

fn key(shop: &Shop) -> Opens {
    Opens::Key(shop.merchant.secret_key.clone())
}

fn action(shop: &Shop, order: &Order, name: &str) -> Result<Request, Trouble> {
    let id = order.known().payment.ok_or(Trouble::NotOpen)?;
    Ok(Request::post(key(shop), format!("/api/v1/purchases/{id}/{name}/")))
}

/// What a purchase says.
fn facts(purchase: &Value) -> Facts {
    let word = purchase["status"].as_str().unwrap_or_default();
    let refundable = minor(&purchase["refundable_amount"]);
    let standing = match word {
        "error" | "blocked" => Standing::Declined,
        "expired" | "cancelled" => Standing::Ended,
        "hold" | "preauthorized" => Standing::Held,
        "paid" | "cleared" | "settled" => Standing::Paid,
        "released" => Standing::Released,
        "refunded" if refundable > 0 => Standing::PartlyRefunded,
        "refunded" | "chargeback" => Standing::Refunded,
        pending if pending.starts_with("pending_") => Standing::Checking,
        _ => Standing::Waiting,
    };
    let held = if word == "hold" { minor(&purchase["purchase"]["total"]) } else { 0 };
    let is_kept = purchase["is_recurring_token"] == true;
    let kept = purchase["id"].as_str().filter(|_| is_kept).map(str::to_owned);
    let refundable = if standing == Standing::Checking { 0 } else { refundable };
    Facts { standing, word: word.to_owned(), held, refundable, kept, version: 0 }
}

/// Whether a callback is the gateway's. `None` when the shop knows no key yet, and so no order either.
pub(crate) async fn verdict(shop: &Shop, way: Way, body: &[u8], signature: Option<&str>) -> Option<Verdict> {
    let signers = Arc::clone(shop.signers.lock().await.as_ref()?);
    let key = match way {
        Way::SuccessCallback => &signers.company,
        Way::Webhook => &signers.webhook,
    };
    let given = || signature.unwrap_or_default().to_owned();
    let checked: Result<Checked, Doubt> = signatures::check(key, body, signature).map(|()| match way {
        Way::SuccessCallback => Checked::CompanyKey { signature: given() },
        Way::Webhook => Checked::WebhookKey { webhook: signers.webhook_id.clone(), signature: given() },
    });
    Some(checked.map_or_else(|doubt| Verdict::Refused(doubt.to_string()), Verdict::Verified))
}

/// The purchase that a callback is about: itself, or the one that a refund belongs to.
pub(crate) fn about(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let id = if body["type"] == "payment" { &body["related_to"]["id"] } else { &body["id"] };
    id.as_str().map(str::to_owned)
}

/// What a callback says has happened.
pub(crate) fn tells(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["event_type"].as_str().unwrap_or_default().to_owned()
}
