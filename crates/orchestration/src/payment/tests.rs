use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::fields::read;
use crate::samples::{payment, pointers, with};

/// The published request, its split made to add up.
fn base() -> Value {
    with(payment(), &json!({ "/split/0/amount": 11_000 }))
}

fn card() -> Value {
    json!({ "amount": 12_000, "partner": "dalenys", "method": "creditcard", "vault_form_token": "a_-9".repeat(8) })
}

fn gift(amount: i64) -> Value {
    let number = format!("600000000000{amount}");
    json!({
        "amount": amount, "partner": "illicado", "method": "giftcard",
        "payment_data": { "card": { "number": number, "csc": "123" } },
    })
}

fn check(changes: &Value, expected: &[&str]) {
    assert_eq!(expected, pointers(&with(base(), changes), create), "{changes}");
}

#[test]
fn the_published_request_is_read() {
    assert_eq!(["/split"].as_slice(), pointers(&payment(), create), "it does not add up");
    let read = read(base().to_string().as_bytes(), create).expect("read");
    let parent = read.split[0].parent.as_ref().expect("a parent");
    assert_eq!("a1b2c3d4-abcd-1234-a1b2-123456abcdef", parent.payment_id.expect("an id").to_string());
    assert_eq!(None, read.split[0].solution);
    assert_eq!(Solution::find("illicado", "giftcard"), read.split[1].solution);
    assert_eq!(payment()["browser"], serde_json::to_value(&read.browser).expect("JSON"));
    let url = "https://www.example.org/payment-callback?order_id=123456789";
    assert_eq!(Some(url), read.shopper_redirection_url.as_deref());
}

#[test]
fn the_split_adds_up() {
    check(&json!({ "/split/1/amount": 1_001, "/customer/gender": "?" }), &["/customer/gender", "/split"]);
    check(&json!({ "/split/1/amount": 1_001 }), &["/split"]);
    check(&json!({ "/split": [] }), &["/split"]);
    check(&json!({ "/split": null }), &["/split"]);
    check(&json!({ "/split/1/amount": 0, "/split/0/amount": 12_000 }), &["/split/1/amount"]);
    check(&json!({ "/split": vec![json!({ "amount": 1 }); 11] }), &["/split"]);
}

#[test]
fn at_most_one_leg_takes_the_remainder() {
    let paypal = json!({ "amount": 1_000, "partner": "paypal", "method": "wallet" });
    check(&json!({ "/split/1": paypal }), &["/split"]);
    check(
        &json!({ "/split/1": { "amount": 1_000, "parent_payment_id": "a1b2c3d4-abcd-1234-a1b2-123456abcdef" } }),
        &["/split"],
    );
    let e2p = |amount: i64| json!({ "amount": amount, "partner": "easy2play", "method": "giftcard" });
    check(&json!({ "/split": [e2p(6_000), e2p(6_000)] }), &[]);
    check(&json!({ "/split": [e2p(6_000), e2p(3_000), e2p(3_000)] }), &["/split"]);
}

#[test]
fn a_gift_card_pays_once() {
    let rest = json!({ "amount": 8_000, "parent_payment_id": "a1b2c3d4-abcd-1234-a1b2-123456abcdef" });
    check(&json!({ "/split": [gift(3_000), gift(1_000), rest] }), &[]);
    check(&json!({ "/split": [gift(2_000), gift(2_000), rest] }), &["/split"]);
    let number = "/split/1/payment_data/card/number";
    for bad in ["600000000000200", "60000000000020000000", "6000 0000 0000 2000", ""] {
        let mut leg = gift(1_000);
        leg["payment_data"]["card"]["number"] = json!(bad);
        check(&json!({ "/split/1": leg }), &[number]);
    }
    let read = read(with(base(), &json!({ "/split/1": gift(1_000) })).to_string().as_bytes(), create).expect("read");
    let gift_card = read.split[1].gift_card.as_ref().expect("a gift card");
    assert_eq!(("6000000000001000", Some("123")), (gift_card.number(), gift_card.code()));
    assert!(!format!("{read:?}").contains("6000000000001000"), "it cannot be printed");
}

#[test]
fn a_card_of_the_payer_needs_its_browser_and_a_way_back() {
    check(&json!({ "/split": [card()] }), &[]);
    for browser in [Value::Null, json!("Firefox")] {
        check(&json!({ "/split": [card()], "/browser": browser }), &["/browser"]);
    }
    for url in [Value::Null, json!("example.org")] {
        check(&json!({ "/split": [card()], "/shopper_redirection_url": url }), &["/shopper_redirection_url"]);
    }
    check(&json!({ "/browser": null, "/shopper_redirection_url": null }), &[]);
    check(&json!({ "/split": [card()], "/split/0/vault_form_token": "short" }), &["/split/0/vault_form_token"]);
    let saved = json!({
        "amount": 12_000, "partner": "dalenys", "method": "creditcard", "save_token": true,
        "wallet_token": "a1b2c3d4-abcd-1234-a1b2-123456abcdef",
    });
    check(&json!({ "/split": [saved], "/browser": null }), &["/browser"]);
    check(&json!({ "/split": [saved], "/browser/color_depth": "32" }), &["/browser/color_depth"]);
}

#[test]
fn a_leg_says_how_it_is_paid() {
    check(&json!({ "/split/1": { "amount": 1_000 } }), &["/split/1/partner", "/split/1/method"]);
    check(&json!({ "/split/1/partner": "nobody" }), &["/split/1/method"]);
    check(&json!({ "/split/1/vault_form_token": "a_-9".repeat(8) }), &["/split/1/vault_form_token"]);
    check(&json!({ "/split/0/save_token": true }), &["/split/0/save_token"]);
    check(&json!({ "/split/0/payment_data": gift(1_000)["payment_data"] }), &["/split/0/payment_data"]);
    let loan = json!({ "amount": 9_000, "partner": "oney", "method": "cb3x" });
    check(&json!({ "/split": [loan, gift(3_000)] }), &["/split/0/method"]);
    let elsewhere = json!({ "amount": 11_000, "parent_partner_token": "tok-9" });
    check(&json!({ "/split/0": elsewhere }), &["/split/0/partner", "/split/0/method"]);
}

#[test]
fn every_pointer_to_a_parent_is_kept() {
    let leg = json!({
        "partner": "dalenys", "method": "creditcard", "amount": 11_000,
        "parent_partner_transaction_id": "1a2b3c4d-1a2b-abcd-1234-123456789abc",
        "parent_payment_id": "9399c938-80e1-11ef-9de7-327d4a6ae82c",
        "parent_partner_token": "tok-9", "parent_partner_reference": 123_456_789,
    });
    let read = read(with(base(), &json!({ "/split/0": leg })).to_string().as_bytes(), create).expect("read");
    let sent = crate::document::SplitDocument::from(&read.split[0]);
    assert_eq!(leg, serde_json::to_value(&sent).expect("JSON"));
}

#[test]
fn one_authentication_in_either_spelling() {
    for name in ["threeds_server_trans_id", "three_ds_server_trans_id"] {
        let body = with(base(), &json!({ format!("/split/0/{name}"): "f8a333e9" }));
        let read = read(body.to_string().as_bytes(), create).expect("read");
        assert_eq!(Some("f8a333e9"), read.split[0].three_ds_server_trans_id.as_deref());
    }
    let both = json!({ "/split/0/threeds_server_trans_id": "a", "/split/1/three_ds_server_trans_id": "b" });
    check(&both, &["/split"]);
}

#[test]
fn the_leg_goes_before_the_payment() {
    let indicator = |value: &str| json!({ "challenge_indicator": value });
    let root = "/three_ds_authentication_options";
    let of_leg = "/split/0/three_ds_authentication_options";
    let holds = |changes: &Value| {
        let body = with(with(base(), &json!({ "/split": [card()] })), changes);
        read(body.to_string().as_bytes(), create).map(|payment| payment.split[0].challenge_indicator)
    };
    use ChallengeIndicator::{ChallengeRequestedByMandate, ChallengeRequestedByMerchant, NoChallengeRequested};
    assert_eq!(Ok(ChallengeIndicator::NoPreference), holds(&json!({})));
    assert_eq!(Ok(NoChallengeRequested), holds(&json!({ root: indicator("NO_CHALLENGE_REQUESTED") })));
    let both = json!({
        root: indicator("NO_CHALLENGE_REQUESTED"), of_leg: indicator("CHALLENGE_REQUESTED_BY_MANDATE"),
    });
    assert_eq!(Ok(ChallengeRequestedByMandate), holds(&both));
    assert_eq!(Ok(ChallengeRequestedByMerchant), holds(&json!({ "/allow_future_usage": true })));
    for (place, name) in [(root, ""), (of_leg, "/split/0")] {
        let changes = json!({
            "/split": [card()], "/allow_future_usage": true, place: indicator("NO_CHALLENGE_REQUESTED"),
        });
        check(&changes, &[&format!("{name}/three_ds_authentication_options/challenge_indicator")]);
    }
    check(&json!({ "/allow_future_usage": true, root: indicator("NO_CHALLENGE_REQUESTED") }), &[]);
}

#[test]
fn nothing_verifies_a_card_for_later() {
    let mut leg = card();
    leg["amount"] = json!(0);
    check(&json!({ "/amount": 0, "/allow_future_usage": true, "/split": [leg] }), &[]);
    check(&json!({ "/amount": 0, "/split": [leg] }), &["/amount", "/split/0/method"]);
    let mut gift_card = gift(1_000);
    gift_card["amount"] = json!(0);
    check(&json!({ "/amount": 0, "/allow_future_usage": true, "/split": [gift_card] }), &["/split/0/method"]);
}

proptest! {
    #[test]
    fn any_parts_that_add_up_are_taken(parts in prop::collection::vec(1_i64..2_000, 1..10), off in -3_i64..4) {
        let amount = parts.iter().sum::<i64>() + off;
        let legs: Vec<Value> = parts.iter().map(|part| json!({ "amount": part, "partner": "illicado", "method": "giftcard" })).collect();
        let body = with(base(), &json!({ "/amount": amount, "/order/net_amount": 100_000, "/split": legs }));
        let found = pointers(&body, create);
        prop_assert_eq!(found.is_empty(), off == 0 && amount > 0);
    }
}
