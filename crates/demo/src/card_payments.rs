//! The card payments API as a merchant's server uses it (card-payments-api 2.2, 2.3, 2.4, 5).

use std::sync::Arc;

use hyper::Method;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::order::{Facts, Order, Standing};
use crate::plan::Dialect;
use crate::shop::{Shop, Trouble, minor};
use crate::story::{Content, Once, Opens, Request, Story};

/// What the shop wants to hear of.
const TYPES: [&str; 4] =
    ["CARD_PAYMENT_AUTHORIZED", "CARD_PAYMENT_ERROR", "CARD_PAYMENT_REFUNDED", "STORED_PAYMENT_DETAILS_UPDATED"];
/// Names an operation, so that a repeat is none.
const ONCE: &str = "payer-request-id";

const LINK: &str = "Make a payment link";
const STORE: &str = "Make a link that stores a card";

/// Makes the link that the payer opens.
pub(crate) async fn open(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let token = shop.token(order).await?;
    subscribe(shop, &order.story, &token).await?;
    let (title, about, target) = if order.plan.keep {
        let about = "This link takes no money: it stores a card, which is charged by its token afterwards.";
        (STORE, about, "/api/v2/payments/cards/stored")
    } else {
        let about = "The link leads to a card form of the gateway, in a window or a frame, and lives for 31 days.";
        (LINK, about, "/api/v2/payments/cards/direct")
    };
    let back = shop.page(order, "/back");
    let mut link = json!({
        "currencyCode": order.currency().code(),
        "languageCode": "en",
        "redirectOnSuccessURL": back,
        "redirectOnFailURL": back,
        "backToShopURL": back,
    });
    if !order.plan.keep {
        link["amount"] = order.price().into();
        link["externalPaymentReference"] = order.reference().into();
    }
    let request = Request { title, about, content: Content::Json(link), ..Request::post(token, target.to_owned()) };
    let made = shop.call(&order.story, request).await?.json();
    let url = made["url"].as_str().ok_or(Trouble::Odd(title))?.to_owned();
    order.learn(|known| {
        known.payment = made["paymentId"].as_u64().map(|number| number.to_string());
        known.before = made["token"].as_str().map(str::to_owned);
        known.pay_url = Some(url);
    });
    Ok(())
}

/// Charges a stored card.
pub(crate) async fn charge(shop: &Shop, order: &Order, kept: &str) -> Result<(), Trouble> {
    let token = shop.token(order).await?;
    subscribe(shop, &order.story, &token).await?;
    order.learn(|known| known.before = Some(kept.to_owned()));
    authorize(shop, order, kept).await?;
    ask(shop, order).await
}

/// Reserves the price on a stored card.
async fn authorize(shop: &Shop, order: &Order, stored: &str) -> Result<(), Trouble> {
    const TITLE: &str = "Charge the stored card";
    let back = shop.page(order, "/back");
    let charge = json!({
        "token": stored,
        "amount": order.price(),
        "currencyCode": order.currency().code(),
        "externalPaymentReference": order.reference(),
        "redirectOnSuccessURL": back,
        "redirectOnFailURL": back,
    });
    let request = Request {
        title: TITLE,
        about: "The token stands for the card. The money is reserved, without the payer.",
        content: Content::Json(charge),
        // One order is charged once, however often the shop must ask.
        once: Some(Once { header: ONCE, value: uuid(&order.id) }),
        ..Request::post(shop.token(order).await?, "/api/v2/payments/cards/stored/authorize".to_owned())
    };
    let _charging = shop.charging.lock().await;
    let charged = shop.call(&order.story, request).await.inspect_err(|trouble| {
        if trouble.is_no() {
            order.end();
        }
    })?;
    let charged = charged.json();
    let number = charged["paymentId"].as_u64().ok_or(Trouble::Odd(TITLE))?;
    order.learn(|known| known.payment = Some(number.to_string()));
    Ok(())
}

/// An order's id as the API wants to see ids.
fn uuid(id: &str) -> String {
    let part = |from, to| id.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// Reads how the payment stands, and takes the money when the payer did not want it held.
pub(crate) async fn ask(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let known = order.known();
    let is_over = known.facts.standing == Standing::Ended;
    if known.payment.is_none() && (is_over || !is_stored(shop, order).await?) {
        return Ok(());
    }
    read(shop, order).await?;
    let facts = order.known().facts;
    if facts.word == "AUTHORIZED" && !order.plan.hold {
        return capture(shop, order).await;
    }
    Ok(())
}

/// Whether the card is stored; then it is charged.
async fn is_stored(shop: &Shop, order: &Order) -> Result<bool, Trouble> {
    let stored = order.known().before.ok_or(Trouble::NotOpen)?;
    let request = Request {
        title: "Ask whether the card is stored",
        about: "Only a card that is READY may be charged.",
        ..Request::get(shop.token(order).await?, format!("/api/v2/payments/cards/stored/{stored}/status"))
    };
    let status = shop.call(&order.story, request).await?.json();
    let word = status["status"].as_str().unwrap_or_default().to_owned();
    let is_ready = word == "READY";
    let standing = match word.as_str() {
        "FAILED" => Standing::Declined,
        "EXPIRED" => Standing::Ended,
        "READY" => Standing::Checking,
        _ => Standing::Waiting,
    };
    order.learn(|known| known.facts = Facts { standing, word, ..Facts::default() });
    if is_ready {
        authorize(shop, order, &stored).await?;
    }
    Ok(is_ready)
}

async fn read(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let known = order.known();
    let number = known.payment.ok_or(Trouble::NotOpen)?;
    let request = Request {
        title: "Read the payment",
        about: "What a browser or an event says is news; what the gateway answers is how it stands.",
        ..Request::get(shop.token(order).await?, format!("/api/v2/payments/{number}"))
    };
    let payment = shop.call(&order.story, request).await?.json();
    let was_declined = known.facts.standing == Standing::Declined;
    let read = Facts { kept: known.before, ..facts(&payment["payment"], was_declined) };
    order.learn(|known| known.facts = read);
    Ok(())
}

/// Takes all that is reserved.
pub(crate) async fn capture(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let request = Request {
        title: "Capture",
        about: "Here every payment is reserved first, and taken by the shop: at once, or when it ships.",
        content: Content::Json(json!({ "amount": order.known().facts.held, "releaseRemainingFunds": true })),
        once: shop.once(ONCE),
        ..action(shop, order, "/cards/capture").await?
    };
    act(shop, order, request).await
}

/// Gives back all that is reserved.
pub(crate) async fn release(shop: &Shop, order: &Order) -> Result<(), Trouble> {
    let request = Request {
        title: "Release",
        about: "What was reserved goes back to the payer; nothing was taken.",
        method: Method::PUT,
        once: shop.once(ONCE),
        ..action(shop, order, "/cards/authorize/release").await?
    };
    act(shop, order, request).await
}

/// Gives back some of what was taken.
pub(crate) async fn refund(shop: &Shop, order: &Order, amount: i64) -> Result<(), Trouble> {
    let request = Request {
        title: "Refund",
        about: "Up to what was captured, in as many parts as it takes.",
        content: Content::Json(json!({ "amount": amount, "transactionDescription": order.reference() })),
        once: shop.once(ONCE),
        ..action(shop, order, "/cards/refund-and-credit").await?
    };
    act(shop, order, request).await
}

async fn act(shop: &Shop, order: &Order, request: Request) -> Result<(), Trouble> {
    let done = shop.call(&order.story, request).await;
    read(shop, order).await?;
    done.map(|_| ())
}

/// Has events told to the shop, once per start: addresses of earlier runs are taken away.
async fn subscribe(shop: &Shop, story: &Story, token: &Opens) -> Result<(), Trouble> {
    let mut subscribed = shop.subscribed.lock().await;
    if *subscribed {
        return Ok(());
    }
    const PATH: &str = "/api/v1/events/callbacks";
    let request = Request {
        title: "List the subscriptions",
        about: "Once per start the shop looks what it is told already.",
        ..Request::get(token.clone(), PATH.to_owned())
    };
    let listed = shop.call(story, request).await?.json();
    let url = shop.callback("card-payments");
    let all = listed["callbacks"].as_array().into_iter().flatten();
    let all: Vec<(&str, &str)> = all.filter_map(|one| Some((one["type"].as_str()?, one["url"].as_str()?))).collect();
    let target = |kind: &str, url: &str| {
        let url: String = byte_serialize(url.as_bytes()).collect();
        format!("{PATH}?type={kind}&url={url}")
    };
    for (kind, old) in all.iter().filter(|(_, old)| old.ends_with("/demo/callbacks/card-payments") && *old != url) {
        let request = Request {
            title: "End an old subscription",
            about: "The shop has another address than last time.",
            method: Method::DELETE,
            ..Request::get(token.clone(), target(kind, old))
        };
        shop.call(story, request).await?;
    }
    for kind in TYPES.into_iter().filter(|kind| !all.contains(&(*kind, url.as_str()))) {
        let request = Request {
            title: "Subscribe to events",
            about: "The gateway calls this address with a token when that happens, until the event is acknowledged.",
            ..Request::post(token.clone(), target(kind, &url))
        };
        shop.call(story, request).await?;
    }
    *subscribed = true;
    Ok(())
}

/// An event that was fetched.
pub(crate) struct Event {
    /// What has happened.
    pub(crate) kind: String,
    /// The number of the payment, or the token of the card.
    about: Option<String>,
}

/// Fetches an event by the token of a callback and acknowledges it.
pub(crate) async fn event(shop: &Shop, story: &Story, event_token: &str) -> Result<Event, Trouble> {
    let token = Opens::Token(shop.new_token(story, Dialect::CardPayments).await?);
    let request = Request {
        title: "Fetch the event",
        about: "The callback carries a token only. Whoever fetches with the shop’s credentials knows who answers.",
        ..Request::get(token.clone(), format!("/api/v1/events/{event_token}"))
    };
    let event = shop.call(story, request).await?.json();
    let request = Request {
        title: "Acknowledge the event",
        about: "Until then the gateway calls again, up to ten times.",
        ..Request::get(token, format!("/api/v1/events/{event_token}/ack"))
    };
    shop.call(story, request).await?;
    // A charge that is under way must have its answer before its payment is known here.
    drop(shop.charging.lock().await);
    let payload = &event["payload"];
    let stored = payload["storedPaymentDetailsId"].as_str().map(str::to_owned);
    let about = stored.or_else(|| Some(payload["paymentId"].as_u64()?.to_string()));
    Ok(Event { kind: event["type"].as_str().unwrap_or_default().to_owned(), about })
}

/// The order that an event is about, if it is the shop's.
pub(crate) fn of_order(shop: &Shop, event: &Event) -> Option<Arc<Order>> {
    let about = event.about.as_ref()?;
    shop.orders.find(|order| {
        let known = order.known();
        let is_named = [&known.payment, &known.before].contains(&&Some(about.clone()));
        is_named && order.plan.integration.dialect() == Dialect::CardPayments
    })
}

/// Learns that a try failed, which no reading of the payment tells.
pub(crate) fn learn_event(order: &Order, event: &Event) {
    order.learn(|known| {
        if event.kind == "CARD_PAYMENT_ERROR" && known.facts.standing == Standing::Waiting {
            known.facts.standing = Standing::Declined;
        }
    });
}

async fn action(shop: &Shop, order: &Order, rest: &str) -> Result<Request, Trouble> {
    let number = order.known().payment.ok_or(Trouble::NotOpen)?;
    Ok(Request::post(shop.token(order).await?, format!("/api/v2/payments/{number}{rest}")))
}

/// What a payment says. That a try failed it does not say: the event did.
fn facts(payment: &Value, was_declined: bool) -> Facts {
    let word = payment["status"].as_str().unwrap_or_default();
    let amount = |name: &str| minor(&payment[name]);
    let (authorized, captured) = (amount("authorizedAmount"), amount("capturedAmount"));
    let refundable = captured - amount("refundedAmount").min(captured);
    let held = match word {
        "AUTHORIZED" | "PARTIALLY_CAPTURED" => authorized - captured.min(authorized),
        _ => 0,
    };
    let standing = match word {
        "AUTHORIZED" | "PARTIALLY_CAPTURED" => Standing::Held,
        "FULLY_CAPTURED" if refundable == captured => Standing::Paid,
        "FULLY_CAPTURED" if refundable > 0 => Standing::PartlyRefunded,
        "FULLY_CAPTURED" => Standing::Refunded,
        "CANCELLED" if authorized > 0 => Standing::Released,
        "CANCELLED" | "EXPIRED" => Standing::Ended,
        _ if was_declined => Standing::Declined,
        _ => Standing::Waiting,
    };
    Facts { standing, word: word.to_owned(), held, refundable, kept: None, version: 0 }
}
