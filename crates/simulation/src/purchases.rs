//! Shops that speak the purchases API, and their payers.

use auditor::{Fact, Seen};
use axum::http::Method;
use serde_json::{Value, json};

use crate::shop::{Ask, Client, Standing};

impl Client<'_> {
    fn purchases(&self, method: Method, path: &str, body: &Value) -> Ask {
        Ask::json(method, format!("/api/v1{path}"), body).bearer(&self.shop.credentials.secret_key)
    }

    pub(crate) async fn open_purchase(&self) {
        let mut order = json!({
            "brand_id": self.shop.credentials.brand_id,
            "client": { "email": format!("payer{}@example.com", self.chance.below(5)) },
            "purchase": { "products": [{ "name": "Tea", "price": 100 + self.chance.below(20_000) }] },
            "reference": format!("P-{}", self.number),
            "skip_capture": self.chance.once_in(3),
            "force_recurring": self.chance.once_in(4),
            "success_redirect": "https://shop.example/done", "failure_redirect": "https://shop.example/failed",
        });
        if self.chance.once_in(2) {
            order["success_callback"] = json!(format!("https://shop.example/callback/{}", self.chance.below(3)));
        }
        if self.chance.once_in(6) {
            order["purchase"]["due_strict"] = json!(true);
            order["due"] = json!(self.now().seconds() + 60 + i64::try_from(self.chance.below(3_000)).unwrap_or(0));
        }
        let key = self.key();
        let ask = self.purchases(Method::POST, "/purchases/", &order).with("idempotency-key", key.clone());
        let Some(answer) = self.insist(&ask).await.filter(|answer| answer.status == 201) else { return };
        let made = answer.json();
        let Some(id) = made["id"].as_str() else { return };
        self.shop.told(id, Fact::Made { key: Some(key) });
        self.shop.lock().purchases.push(id.to_owned());
        if self.chance.once_in(3) {
            // Asked once more, the same is answered.
            let again = self.insist(&ask).await.filter(|answer| answer.status == 201);
            if let Some(again) = again.map(|answer| answer.json()).filter(|again| again["id"] != made["id"]) {
                self.shop.lock().wrong.push(format!("L10: one key made the purchases {id} and {}", again["id"]));
            }
        }
    }

    pub(crate) async fn pay_purchase(&self) {
        let Some(id) = self.one(|known| &known.purchases) else { return };
        if self.chance.once_in(4) {
            self.pay_without_card(&id).await;
            self.look_at_purchase(&id).await;
            return;
        }
        let card = self.card();
        if self.chance.once_in(4) {
            let form = format!("card_number={card}&expires=12%2F30&cvc=123&cardholder_name=Ada+Example");
            let form = if self.chance.once_in(2) { format!("{form}&remember_card=on") } else { form };
            self.ask(&Ask::form(format!("/p/{id}/direct_post/"), form)).await;
        } else {
            self.pay_at(&format!("/p/{id}/"), &self.shop.credentials.public_url, card).await;
        }
        self.look_at_purchase(&id).await;
    }

    /// A payer goes to a bank or a wallet, by our page or by the shop's link straight there, and decides, or does not.
    async fn pay_without_card(&self, id: &str) {
        let base = format!("/p/{id}/");
        let methods = ["razer_tng", "fpx&fpx_bank_code=MB2U0227", "crypto_coin"];
        let method = methods[usize::try_from(self.chance.below(3)).unwrap_or(0)];
        let begun = if self.chance.once_in(2) {
            self.ask(&Ask::get(format!("{base}?preferred={method}"))).await
        } else {
            let Some(attempt) = self.ask(&Ask::get(base.clone())).await.and_then(|page| page.field("attempt")) else {
                return;
            };
            let form = Ask::form(base.clone(), format!("attempt={attempt}&method={method}"));
            if self.chance.once_in(6) {
                // A double click.
                futures_util::future::join(self.ask(&form), self.ask(&form)).await.0
            } else {
                self.ask(&form).await
            }
        };
        let page = begun.map(|answer| answer.leads_to(&self.shop.credentials.public_url).to_owned());
        let Some(page) = page.filter(|page| page.starts_with("/acs/pay/")) else { return };
        if self.chance.once_in(4) {
            let away = self.ask(&Ask::get(base.clone())).await;
            if let Some(attempt) = away.and_then(|page| page.field("attempt")) {
                self.ask(&Ask::form(format!("{base}leave/"), format!("attempt={attempt}"))).await;
            }
            if self.chance.once_in(2) {
                return;
            }
        }
        self.confirm_at(&page).await;
        if self.chance.once_in(2) {
            self.ask(&Ask::get(format!("{base}return/"))).await;
        }
    }

    pub(crate) async fn charge_purchase(&self) {
        let (Some(id), Some(token)) = (self.one(|known| &known.purchases), self.one(|known| &known.tokens)) else {
            return;
        };
        let charge = json!({ "recurring_token": token });
        let ask = self.purchases(Method::POST, &format!("/purchases/{id}/charge/"), &charge);
        self.insist(&ask.with("idempotency-key", self.key())).await;
        self.look_at_purchase(&id).await;
    }

    pub(crate) async fn act_on_purchase(&self) {
        let Some(id) = self.one_to_act_on(|known| &known.purchases, String::clone) else { return };
        let Standing { held, refundable } = self.standing(&id);
        let part = json!({ "amount": self.part_of(held.max(refundable)) });
        let all = json!({});
        let (action, body) = match (held > 0, refundable > 0, self.chance.below(8)) {
            (true, _, 0..=1) => ("capture", &all),
            (true, _, 2..=4) => ("capture", &part),
            (true, _, 5) => ("release", &all),
            (true, _, 6) => ("release", &part),
            (false, true, 0..=1) => ("refund", &all),
            (false, true, 2..=6) => ("refund", &part),
            (_, _, 0..=1) => ("cancel", &all),
            (_, _, 2) => ("mark_as_paid", &all),
            (_, _, 3) => ("delete_recurring_token", &all),
            (false, false, 4..=5) => ("capture", &part),
            (_, _, _) => ("refund", &part),
        };
        let ask = self.purchases(Method::POST, &format!("/purchases/{id}/{action}/"), body);
        let ask = ask.with("idempotency-key", self.key());
        self.shop.asked(&id, action, body["amount"].as_i64());
        if self.chance.once_in(6) {
            // Two at once, each with its own key.
            self.shop.asked(&id, action, body["amount"].as_i64());
            let other = self.purchases(Method::POST, &format!("/purchases/{id}/{action}/"), body);
            let other = other.with("idempotency-key", self.key());
            futures_util::future::join(self.insist(&ask), self.insist(&other)).await;
        } else {
            self.insist(&ask).await;
        }
        self.look_at_purchase(&id).await;
    }

    /// Reads a purchase and remembers what it says.
    pub(crate) async fn look_at_purchase(&self, id: &str) -> Option<Seen> {
        let ask = self.purchases(Method::GET, &format!("/purchases/{id}/"), &Value::Null);
        let purchase = self.ask(&ask).await.filter(|answer| answer.status == 200)?.json();
        if purchase["is_recurring_token"] == true {
            let mut remembered = self.shop.lock();
            if !remembered.tokens.iter().any(|token| token == id) {
                remembered.tokens.push(id.to_owned());
            }
        }
        let total = purchase["purchase"]["total"].as_i64().unwrap_or(0);
        let held = if purchase["status"] == "hold" { total } else { 0 };
        self.stands(id, Standing { held, refundable: purchase["refundable_amount"].as_i64().unwrap_or(0) });
        let seen = seen(id, &purchase)?;
        self.shop.told(id, Fact::Captured(seen.captured));
        self.shop.told(id, Fact::Refunded(seen.refunded));
        if purchase["status"] == "cancelled" {
            self.shop.told(id, Fact::Ended);
        }
        Some(seen)
    }

    pub(crate) async fn report(&self) {
        let Some(id) = self.one_to_act_on(|known| &known.purchases, String::clone) else { return };
        let event = ["clear", "settle", "chargeback", "chargeback_reversed"];
        let event = event[usize::try_from(self.chance.below(4)).unwrap_or(0)];
        let ask = Ask::json(Method::POST, format!("/sandbox/purchases/{id}/events"), &json!({ "event": event }));
        let ask = ask.bearer(&self.shop.credentials.control);
        self.ask(&ask).await;
        if self.chance.once_in(3) {
            // An acquirer may say it again.
            self.ask(&ask).await;
        }
    }
}

/// What was taken and given back, as a purchase tells it; `None` when it does not.
fn seen(id: &str, purchase: &Value) -> Option<Seen> {
    let status = purchase["status"].as_str()?;
    let taken = purchase["payment"]["amount"].as_i64().unwrap_or(0);
    let captured = if purchase["marked_as_paid"] == true || status == "hold" { 0 } else { taken };
    let refunded = match status {
        "paid" | "cleared" | "settled" | "refunded" | "pending_refund" => {
            captured - purchase["refundable_amount"].as_i64().unwrap_or(captured)
        }
        // Of money that was taken back no more can be refunded, and nothing says how much was.
        _ => return None,
    };
    let currency = purchase["purchase"]["currency"].as_str()?.to_owned();
    Some(Seen { checkout: id.to_owned(), currency, captured, refunded, held: 0 })
}
