//! Shops that speak the card payments API, and their payers.

use std::time::Duration;

use auditor::{Fact, Seen};
use axum::http::Method;
use serde_json::{Value, json};

use crate::shop::{Answer, Ask, Client, Standing};

const THANKS: &str = "https://shop.example/thanks";
/// Where a link leads.
const LINKS: &str = "/card/";

impl Client<'_> {
    /// A call with a token of its own; a key makes a repeat harmless.
    async fn card_payments(&self, method: Method, path: &str, body: &Value, key: Option<&str>) -> Option<Answer> {
        let token = self.token("/oauth2/token", &self.shop.credentials.card_payments).await?;
        let ask = Ask::json(method, format!("/api/v2/payments{path}"), body).bearer(&token);
        match key {
            Some(key) => self.insist(&ask.with("payer-request-id", key)).await,
            None => self.ask(&ask).await,
        }
    }

    pub(crate) async fn open_link(&self) {
        let stores = self.chance.once_in(5);
        let mut link = json!({ "currencyCode": "SEK", "redirectOnSuccessURL": THANKS });
        if !stores {
            link["amount"] = json!(100 + self.chance.below(50_000));
            link["externalPaymentReference"] = json!(format!("L-{}", self.number));
        }
        let path = if stores { "/cards/stored" } else { "/cards/direct" };
        let Some(answer) = self.card_payments(Method::POST, path, &link, Some(&self.key())).await else { return };
        let made = answer.json();
        let Some(secret) = made["url"].as_str().and_then(secret) else { return };
        let mut remembered = self.shop.lock();
        match (made["token"].as_str(), made["paymentId"].as_u64()) {
            (Some(token), _) => remembered.stored.push((token.to_owned(), secret)),
            (None, Some(number)) => {
                remembered.links.push((number, secret));
                drop(remembered);
                self.shop.told(&number.to_string(), Fact::Made { key: None });
            }
            (None, None) => remembered.wrong.push(format!("a link without a number: {made}")),
        }
    }

    pub(crate) async fn pay_link(&self) {
        let stored = self.chance.once_in(4).then(|| self.one(|known| &known.stored)).flatten();
        let link = self.one(|known| &known.links);
        let Some(secret) = stored.map(|(_, secret)| secret).or_else(|| Some(link.as_ref()?.1.clone())) else { return };
        let card = self.card();
        let base = format!("{LINKS}{secret}/");
        let pay = self.pay_at(&base, &self.shop.credentials.public_url, card);
        match &link {
            // Its merchant ends it meanwhile.
            Some((number, _)) if self.chance.once_in(6) => {
                futures_util::future::join(pay, self.cancel_link(*number)).await;
            }
            Some(_) | None => pay.await,
        }
        if let Some((number, _)) = link {
            self.look_at_link(number).await;
        }
    }

    /// Ends a payment that may be under way. Once that is answered, nothing is taken or held in the end.
    async fn cancel_link(&self, number: u64) {
        self.env.sleep(Duration::from_millis(self.chance.below(400))).await;
        let path = format!("/{number}/cards/cancel");
        let answer = self.card_payments(Method::PUT, &path, &Value::Null, Some(&self.key())).await;
        if answer.is_some_and(|answer| answer.is_good()) {
            self.shop.told(&number.to_string(), Fact::Ended);
        }
    }

    pub(crate) async fn charge_stored(&self) {
        let Some((token, _)) = self.one(|known| &known.stored) else { return };
        let charge = json!({
            "token": token, "amount": 100 + self.chance.below(9_000), "currencyCode": "SEK",
            "externalPaymentReference": format!("S-{}", self.number), "redirectOnSuccessURL": THANKS,
            "redirectOnFailURL": "https://shop.example/failed",
        });
        let (path, key) = ("/cards/stored/authorize", self.key());
        let answer = self.card_payments(Method::POST, path, &charge, Some(&key)).await;
        let Some(answer) = answer.filter(Answer::is_good) else { return };
        if self.chance.once_in(2) {
            // Asked once more, nothing is paid again.
            self.card_payments(Method::POST, path, &charge, Some(&key)).await;
        }
        if let Some(number) = answer.json()["paymentId"].as_u64() {
            self.shop.lock().links.push((number, String::new()));
            self.look_at_link(number).await;
        }
    }

    pub(crate) async fn act_on_link(&self) {
        let Some((number, _)) = self.one_to_act_on(|known| &known.links, |(number, _)| number.to_string()) else {
            return;
        };
        let Standing { held, refundable } = self.standing(&number.to_string());
        let note = "what the shop says";
        let part = |of: i64| json!({ "amount": self.part_of(of), "transactionDescription": note });
        let rest = json!({ "amount": self.part_of(held), "releaseRemainingFunds": true });
        let (method, action, body) = match (held > 0, refundable > 0, self.chance.below(8)) {
            (true, _, 0) => (Method::POST, "cards/capture", Value::Null),
            (true, false, 1..=4) | (true, true, 1..=2) => (Method::POST, "cards/capture", part(held)),
            (true, _, 5) => (Method::POST, "cards/capture", rest),
            (true, _, 6) => (Method::PUT, "cards/authorize/release", Value::Null),
            (_, true, 0..=6) => (Method::POST, "cards/refund-and-credit", part(refundable)),
            (_, _, 0..=2) => (Method::PUT, "cards/cancel", Value::Null),
            (_, _, 3) => (Method::PUT, "cards/authorize/release", Value::Null),
            (false, false, 4..=5) => (Method::POST, "cards/refund-and-credit", part(held)),
            (_, _, _) => (Method::POST, "cards/capture", part(refundable)),
        };
        self.shop.asked(&number.to_string(), action, body["amount"].as_i64());
        self.card_payments(method, &format!("/{number}/{action}"), &body, Some(&self.key())).await;
        self.look_at_link(number).await;
    }

    /// Fetches what happened, and says so (card-payments-api 5.2).
    pub(crate) async fn fetch(&self, event: &str) {
        for path in [format!("/api/v1/events/{event}"), format!("/api/v1/events/{event}/ack")] {
            let Some(token) = self.token("/oauth2/token", &self.shop.credentials.card_payments).await else { return };
            self.ask(&Ask::get(path).bearer(&token)).await;
        }
    }

    /// Reads a payment and remembers what it says.
    pub(crate) async fn look_at_link(&self, number: u64) -> Option<Seen> {
        let answer = self.card_payments(Method::GET, &format!("/{number}"), &Value::Null, None).await;
        let payment = answer.filter(Answer::is_good)?.json()["payment"].clone();
        let amount = |name: &str| payment[name].as_i64().unwrap_or(0);
        let (authorized, captured) = (amount("authorizedAmount"), amount("capturedAmount"));
        let (released, refunded) = (amount("releasedAmount"), amount("refundedAmount"));
        let checkout = number.to_string();
        for fact in
            [Fact::Authorized(authorized), Fact::Captured(captured), Fact::Released(released), Fact::Refunded(refunded)]
        {
            self.shop.told(&checkout, fact);
        }
        let held = authorized - captured - released;
        self.stands(&checkout, Standing { held, refundable: captured - refunded });
        if payment["status"] == "CANCELLED" {
            self.shop.told(&checkout, Fact::Ended);
        }
        let currency = payment["currencyCode"].as_str()?.to_owned();
        Some(Seen { checkout, currency, captured, refunded, held })
    }
}

/// The secret in a link.
fn secret(url: &str) -> Option<String> {
    let (_, rest) = url.split_once(LINKS)?;
    Some(rest.trim_end_matches('/').to_owned())
}
