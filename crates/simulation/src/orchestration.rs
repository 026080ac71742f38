//! Shops that speak the orchestration API: payments of several legs, and what is done with them.

use std::time::Duration;

use auditor::{Fact, Seen};
use axum::http::Method;
use serde_json::{Value, json};

use crate::shop::{Answer, Ask, Client, Standing};

const PAYMENTS: &str = "/payment/v2/payments";

impl Client<'_> {
    async fn orchestration(&self, method: Method, path: &str, body: &Value, key: Option<&str>) -> Option<Answer> {
        let token = self.token("/oauth/token", &self.shop.credentials.orchestration).await?;
        let mut ask = Ask::json(method, path, body).bearer(&token);
        if body.is_null() {
            ask = Ask::get(path).bearer(&token);
        }
        match key {
            Some(key) => self.insist(&ask.with("x-idempotency-key", key)).await,
            None => self.ask(&ask).await,
        }
    }

    /// Hands a card in as secure fields do.
    async fn hand_in(&self, number: &str) -> Option<String> {
        let path = format!("/v1/tenants/{}/forms/secure-fields", self.shop.credentials.brand_id);
        let card = json!({ "pan": number, "card_holder_name": "A. Test", "expiry_month": 9, "expiry_year": 31 });
        let ask = Ask::json(Method::POST, path, &json!({ "cvv": "123", "card": card }));
        self.insist(&ask).await?.json()["form_token"].as_str().map(str::to_owned)
    }

    pub(crate) async fn tender(&self) {
        let mut legs = Vec::new();
        if self.chance.once_in(2) {
            let of = ["6000000000002000", "6000000000005000", "6000000000000000"];
            let number = of[usize::try_from(self.chance.below(3)).unwrap_or(0)];
            let payment_data = json!({ "card": { "number": number, "csc": "123" } });
            let amount = 100 + self.chance.below(2_500);
            legs.push(
                json!({ "partner": "illicado", "method": "giftcard", "amount": amount, "payment_data": payment_data }),
            );
        }
        for _ in 0..self.chance.below(2) + u64::from(legs.is_empty()) {
            let Some(token) = self.hand_in(self.card()).await else { return };
            let amount = 100 + self.chance.below(30_000);
            legs.push(
                json!({ "partner": "dalenys", "method": "creditcard", "amount": amount, "vault_form_token": token }),
            );
        }
        if self.chance.once_in(5) {
            let ways = [("paypal", "wallet", 1_000), ("adyen", "ideal", 1_000), ("oney", "cb3x", 10_000)];
            let (partner, method, least) = ways[usize::try_from(self.chance.below(3)).unwrap_or(0)];
            let amount = least + self.chance.below(5_000);
            // What is confirmed elsewhere goes alone or behind a gift card.
            legs.retain(|leg| leg["method"] == "giftcard");
            legs.push(json!({ "partner": partner, "method": method, "amount": amount }));
        }
        let sum: u64 = legs.iter().filter_map(|leg| leg["amount"].as_u64()).sum();
        let modes = ["MANUAL", "AUTOMATIC"];
        let mut body = json!({
            "entity_id": self.shop.credentials.brand_id, "amount": sum, "currency": "EUR",
            "shopper_redirection_url": "https://shop.example/back",
            "order": { "reference": format!("SO-{}", self.number), "net_amount": sum, "tax_amount": 0 },
            "split": legs, "browser": { "user_agent": "Mozilla/5.0" },
            "capture_mode": modes[usize::try_from(self.chance.below(2)).unwrap_or(0)],
        });
        if self.chance.once_in(2) {
            body["webhook"] = json!({ "url": "https://shop.example/purse" });
        }
        let key = self.key();
        let Some(answer) = self.orchestration(Method::POST, PAYMENTS, &body, Some(&key)).await else { return };
        let made = answer.json();
        let Some(id) = made["id"].as_str().filter(|_| answer.is_good()).map(str::to_owned) else { return };
        self.shop.told(&id, Fact::Made { key: Some(key) });
        self.shop.lock().tenders.push(id.clone());
        if let Some(page) = made["redirection"]["href"].as_str() {
            self.confirm_at(page.strip_prefix(&self.shop.credentials.public_url).unwrap_or(page)).await;
        }
        self.look_at_tender(&id).await;
    }

    /// A payer confirms a payment on the acquirer's page, and comes back or does not.
    pub(crate) async fn confirm_at(&self, page: &str) {
        if self.chance.once_in(6) {
            return;
        }
        self.env.sleep(Duration::from_millis(self.chance.below(90_000))).await;
        let choices = ["approve", "approve", "approve", "refuse", "cancel", "later"];
        let choice = choices[usize::try_from(self.chance.below(6)).unwrap_or(0)];
        let Some(answer) = self.ask(&Ask::form(page, format!("action={choice}"))).await else { return };
        let back = answer.leads_to(&self.shop.credentials.public_url).to_owned();
        if !back.is_empty() && !self.chance.once_in(4) {
            self.ask(&Ask::get(back)).await;
        }
    }

    pub(crate) async fn act_on_tender(&self) {
        let Some(id) = self.one_to_act_on(|known| &known.tenders, String::clone) else { return };
        let Standing { held, refundable } = self.standing(&id);
        let (action, of) = match (held > 0, refundable > 0, self.chance.below(6)) {
            (true, false, 0..=3) | (true, true, 0..=1) => ("captures", held),
            (true, _, 4) => ("voids", held),
            (_, true, _) => ("refunds", refundable),
            (_, _, 0..=1) => ("captures", 9_000),
            (_, _, 2..=3) => ("voids", 9_000),
            (_, _, _) => ("refunds", 9_000),
        };
        let path = format!("{PAYMENTS}/{id}/{action}");
        let body = json!({ "amount": self.part_of(of) });
        self.orchestration(Method::POST, &path, &body, Some(&self.key())).await;
        self.look_at_tender(&id).await;
    }

    /// Reads a payment and remembers what it says.
    pub(crate) async fn look_at_tender(&self, id: &str) -> Option<Seen> {
        let answer = self.orchestration(Method::GET, &format!("{PAYMENTS}/{id}"), &Value::Null, None).await;
        let payment = answer.filter(Answer::is_good)?.json();
        let amount = |name: &str| payment["amounts"][name].as_i64().unwrap_or(0);
        let (authorized, captured) = (amount("total_authorized"), amount("total_captured"));
        let (voided, refunded) = (amount("total_voided"), amount("total_refunded"));
        for fact in [Fact::Captured(captured), Fact::Released(voided), Fact::Refunded(refunded)] {
            self.shop.told(id, fact);
        }
        let held = authorized - captured - voided;
        self.stands(id, Standing { held, refundable: captured - refunded });
        let currency = payment["currency"].as_str()?.to_owned();
        Some(Seen { checkout: id.to_owned(), currency, captured, refunded, held })
    }
}
