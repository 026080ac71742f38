use domain::Brand as CardBrand;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::testing::brand;
use crate::view::{self, Links};

const NOW: i64 = 1_760_000_000;

/// The smallest body of the docs.
fn minimal() -> Value {
    json!({
        "brand_id": "6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a11",
        "client": {"email": "ada@example.com"},
        "purchase": {"products": [{"name": "Tea", "price": 100}]},
    })
}

/// `body` with the member at `path` set to `raw`, which need not be a number any Rust type holds; empty `raw` removes
/// the member.
fn put(mut body: Value, path: &str, raw: &str) -> String {
    const MARK: &str = "@@";
    let (parent, name) = path.rsplit_once('/').expect("a path");
    let parent = body.pointer_mut(parent).expect(path);
    match (parent, raw) {
        (Value::Object(members), "") => drop(members.remove(name)),
        (Value::Object(members), _) => drop(members.insert(name.to_owned(), json!(MARK))),
        (Value::Array(items), _) => items[name.parse::<usize>().expect("a position")] = json!(MARK),
        (other, _) => panic!("{path} is inside {other}"),
    }
    body.to_string().replace(&format!("\"{MARK}\""), raw)
}

fn order(body: &str) -> Result<Order, FieldErrors> {
    CreatePurchase::parse(body.as_bytes())?.complete(&brand(), Timestamp::from_seconds(NOW))
}

/// The errors of a body as `path: code` lines, or `ok`.
fn said(body: &str) -> String {
    match order(body) {
        Ok(_) => "ok".to_owned(),
        Err(errors) => lines(&errors).join("; "),
    }
}

fn lines(errors: &FieldErrors) -> Vec<String> {
    fn walk(value: &Value, path: &str, out: &mut Vec<String>) {
        let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| walk(value, &join(name), out)),
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    match item.get("code") {
                        Some(Value::String(code)) => {
                            let members = item.as_object().expect("an object");
                            assert_eq!(2, members.len(), "an error holds two strings only");
                            assert!(members["message"].as_str().is_some_and(|text| text.ends_with('.')), "{item}");
                            out.push(format!("{path}: {code}"));
                        }
                        _ => walk(item, &format!("{path}[{at}]"), out),
                    }
                }
            }
            other => panic!("no error at {path}: {other}"),
        }
    }
    let mut out = vec![];
    walk(&serde_json::to_value(errors).expect("JSON"), "", &mut out);
    out
}

/// The purchase a body makes, as clients see it.
fn made(body: &str) -> Value {
    let order = order(body).unwrap_or_else(|errors| panic!("{body}: {:?}", lines(&errors)));
    let id = "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10";
    let customer = order.input.client.clone().map(|client| client.customer).unwrap_or_default();
    let (checkout, terms, document) = order.open(Opening {
        checkout_id: CheckoutId::parse(id).expect("an id"),
        payment_id: PaymentId::parse(id).expect("an id"),
        merchant_id: MerchantId::parse(id).expect("an id"),
        mode: Mode::Test,
        customer,
        customer_id: None,
        seller: "Shop".to_owned(),
        issuer: Issuer::default(),
        fees: Fees::default(),
        reference_generated: "PG12".to_owned(),
        created_from_ip: "203.0.113.9".to_owned(),
        direct_post: true,
        methods: vec![],
    });
    let opened = domain::Recorded { version: 1, at: checkout.created_at, event: domain::Event::Opened(terms) };
    let document = PurchaseDocument::from_json(&document.to_json().expect("JSON")).expect("what was written");
    let links = Links { public_url: "https://pay.example.com".to_owned() };
    let purchase = view::purchase(&checkout, &document, &[opened], &links).expect("a purchase");
    serde_json::to_value(purchase).expect("JSON")
}

#[test]
fn the_smallest_body_of_the_docs_is_enough() {
    assert_eq!("ok", said(&minimal().to_string()));
    let purchase = made(&minimal().to_string());
    for (pointer, value) in [
        ("/purchase/total", json!(100)),
        ("/purchase/currency", json!("MYR")),
        ("/purchase/language", json!("en")),
        ("/purchase/timezone", json!("UTC")),
        ("/purchase/products/0/quantity", json!("1.0000")),
        ("/purchase/products/0/tax_percent", json!("0.00")),
        ("/due", json!(NOW + 3_600)),
        ("/issued", json!("2025-10-09")),
        ("/platform", json!("api")),
        ("/payment_method_whitelist", Value::Null),
    ] {
        assert_eq!(Some(&value), purchase.pointer(pointer), "{pointer}");
    }
}

#[test]
fn what_clients_send_is_taken_for_what_it_says() {
    let name_only = "/client/full_name";
    for (path, raw, pointer, value) in [
        ("/purchase/products/0/price", r#""100""#, "/purchase/products/0/price", json!(100)),
        ("/purchase/products/0/price", "120.0", "/purchase/products/0/price", json!(120)),
        ("/purchase/products/0/price", "450.000", "/purchase/products/0/price", json!(450)),
        ("/purchase/products/0/price", "1e2", "/purchase/products/0/price", json!(100)),
        ("/purchase/products/0/price", "9223372036854775807", "/purchase/total", json!(i64::MAX)),
        ("/purchase/products/0/discount", r#"" +2 ""#, "/purchase/products/0/discount", json!(2)),
        ("/purchase/products/0/quantity", "2", "/purchase/products/0/quantity", json!("2.0000")),
        ("/purchase/products/0/quantity", "2.0", "/purchase/products/0/quantity", json!("2.0000")),
        ("/purchase/products/0/quantity", r#""2""#, "/purchase/products/0/quantity", json!("2.0000")),
        ("/purchase/products/0/quantity", r#"" 2 ""#, "/purchase/products/0/quantity", json!("2.0000")),
        ("/purchase/products/0/quantity", r#""+2""#, "/purchase/products/0/quantity", json!("2.0000")),
        ("/purchase/products/0/quantity", r#""1e2""#, "/purchase/products/0/quantity", json!("100.0000")),
        ("/purchase/products/0/quantity", "1.50000", "/purchase/products/0/quantity", json!("1.5000")),
        ("/purchase/products/0/tax_percent", "6", "/purchase/products/0/tax_percent", json!("6.00")),
        ("/purchase/products/0/category", "5", "/purchase/products/0/category", json!("5")),
        ("/reference", "123", "/reference", json!("123")),
        ("/reference", "1.10", "/reference", json!("1.10")),
        ("/send_receipt", r#""1""#, "/send_receipt", json!(true)),
        ("/send_receipt", r#""0""#, "/send_receipt", json!(false)),
        ("/send_receipt", "1", "/send_receipt", json!(true)),
        ("/send_receipt", "0", "/send_receipt", json!(false)),
        ("/send_receipt", r#""true""#, "/send_receipt", json!(true)),
        ("/send_receipt", r#""True""#, "/send_receipt", json!(true)),
        ("/send_receipt", r#""false""#, "/send_receipt", json!(false)),
        ("/send_receipt", r#""""#, "/send_receipt", json!(false)),
        ("/client/cc", "null", "/client/cc", json!([])),
        ("/client/bcc", "null", "/client/bcc", json!([])),
        ("/client/phone", r#""""#, "/client/phone", json!("")),
        ("/client/country", r#""Malaysia""#, "/client/country", json!("MY")),
        ("/client/shipping_country", r#""my""#, "/client/shipping_country", json!("MY")),
        (name_only, "42", "/client/full_name", json!("42")),
        (
            "/payment_method_whitelist",
            r#"{"1":"visa","3":"mastercard"}"#,
            "/payment_method_whitelist",
            json!(["visa", "mastercard"]),
        ),
        ("/payment_method_whitelist", "null", "/payment_method_whitelist", Value::Null),
        ("/client_id", "null", "/client_id", Value::Null),
        ("/issued", "null", "/issued", json!("2025-10-09")),
        ("/due", "null", "/due", json!(NOW + 3_600)),
        ("/due", "\"1760000001\"", "/due", json!(NOW + 1)),
        ("/referral_campaign_id", "null", "/referral_campaign_id", Value::Null),
        ("/purchase/total_override", "null", "/purchase/total", json!(100)),
        ("/purchase/total_override", "70", "/purchase/total", json!(70)),
        ("/purchase/metadata", "[]", "/purchase/metadata", json!({})),
        ("/purchase/metadata", r#"{"a":[1,null]}"#, "/purchase/metadata", json!({"a": [1, null]})),
        ("/purchase/language", r#""MS""#, "/purchase/language", json!("ms")),
        ("/purchase/total", "999999", "/purchase/total", json!(100)),
        ("/purchase/skip_capture", "true", "/skip_capture", json!(false)),
        ("/description", "[{}]", "/purchase/total", json!(100)),
        ("/status", r#""paid""#, "/status", json!("created")),
        ("/platform", r#""woocommerce""#, "/platform", json!("woocommerce")),
        ("/success_redirect", r#""http://localhost?x=y""#, "/success_redirect", json!("http://localhost?x=y")),
        ("/failure_redirect", r#""http://success""#, "/failure_redirect", json!("http://success")),
        ("/success_redirect", r#""https://a.example/o'k""#, "/success_redirect", json!("https://a.example/o'k")),
        (
            "/upsell_campaigns",
            r#"["0B8F6B0C-6E0A-4A32-8D2E-4F5D0D7C9A10"]"#,
            "/upsell_campaigns/0",
            json!("0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10"),
        ),
        ("/tags", r#"["a",7]"#, "/tags", json!(["a", "7"])),
        (
            "/purchase/shipping_options",
            r#"[{"id":1,"price":"5","x":1}]"#,
            "/purchase/shipping_options",
            json!([{"id": "1", "price": 5}]),
        ),
        ("/purchase/timezone", r#""Asia/Kuala_Lumpur""#, "/issued", json!("2025-10-09")),
        ("/purchase/timezone", r#""Pacific/Kiritimati""#, "/issued", json!("2025-10-09")),
    ] {
        assert_eq!(Some(&value), made(&put(minimal(), path, raw)).pointer(pointer), "{path} {raw}");
    }
}

#[test]
fn empty_php_arrays() {
    let nothing = "brand_id: required; purchase: required";
    for body in ["[]", "{}"] {
        let errors = said(body);
        assert_eq!(nothing, errors);
    }
    let by_id = put(minimal(), "/client_id", r#""5d2b0cf8-1f0b-4c4e-b1b3-1d6f0a9b2c33""#);
    let with = |client: &str| put(serde_json::from_str(&by_id).expect("JSON"), "/client", client);
    for client in ["[]", "null", "{}", r#"{"email":"","phone":"","cc":null}"#, ""] {
        assert_eq!("ok", said(&with(client)), "{client}");
    }
    assert_eq!("__all__: purchase_client_or_id_only", said(&by_id));
    assert_eq!("purchase.products: required", said(&put(minimal(), "/purchase", "[]")));
}

#[test]
fn metadata_keeps_its_numbers() {
    let body = put(minimal(), "/purchase/metadata", r#"{"weight":1.10,"id":12345678901234567890123}"#);
    let order = order(&body).expect("a purchase");
    let text = serde_json::to_string(&order.input.purchase.metadata).expect("JSON");
    assert_eq!(r#"{"weight":1.10,"id":12345678901234567890123}"#, text);
}

#[test]
fn what_is_not_json_says_so() {
    for body in ["", "{", "{}x", r#"{"a":1,"a":2}"#, "nul", "\u{feff}{}"] {
        assert_eq!("__all__: parse_error", said(body), "{body}");
    }
    for body in ["null", "1", "\"x\"", "[1]", "[{}]", "true"] {
        assert_eq!("__all__: invalid", said(body), "{body}");
    }
}

#[test]
fn every_code_of_a_field() {
    let long_number = format!("\"{}\"", "1".repeat(1_001));
    for (path, raw, expected) in [
        ("/brand_id", "", "brand_id: required"),
        ("/brand_id", "null", "brand_id: null"),
        ("/brand_id", "\"x\"", "brand_id: invalid"),
        ("/brand_id", "\"\"", "brand_id: invalid"),
        ("/purchase", "", "purchase: required"),
        ("/purchase", "null", "purchase: null"),
        ("/purchase", "\"x\"", "purchase: invalid"),
        ("/client", "\"x\"", "client: invalid"),
        ("/client/email", "", "client.email: required"),
        ("/client/email", "null", "client.email: required"),
        ("/client/email", "\"ada\"", "client.email: invalid"),
        ("/client/phone", "null", "client.phone: null"),
        ("/client/phone", "\"\\u0000\"", "client.phone: invalid"),
        ("/client/country", "\"Atlantis\"", "client.country: invalid_choice"),
        ("/client/cc", "[\"ada\"]", "client.cc: invalid"),
        ("/client_id", "\"x\"", "client_id: invalid"),
        ("/purchase/products", "", "purchase.products: required"),
        ("/purchase/products", "[]", "purchase.products: min_length"),
        ("/purchase/products", "null", "purchase.products: null"),
        ("/purchase/products", "[1]", "purchase.products[0].__all__: invalid"),
        ("/purchase/products/0/name", "", "purchase.products[0].name: required"),
        ("/purchase/products/0/name", "\" \"", "purchase.products[0].name: blank"),
        ("/purchase/products/0/category", "null", "purchase.products[0].category: null"),
        ("/purchase/products/0/price", "", "purchase.products[0].price: required"),
        ("/purchase/products/0/price", "null", "purchase.products[0].price: null"),
        ("/purchase/products/0/price", "true", "purchase.products[0].price: invalid"),
        ("/purchase/products/0/price", "1.5", "purchase.products[0].price: invalid"),
        ("/purchase/products/0/price", "\"\"", "purchase.products[0].price: invalid"),
        ("/purchase/products/0/price", "-1", "purchase.products[0].price: min_value"),
        ("/purchase/products/0/price", "9223372036854775808", "purchase.products[0].price: max_value"),
        ("/purchase/products/0/price", "1e400", "purchase.products[0].price: max_value"),
        ("/purchase/products/0/price", "-1e400", "purchase.products[0].price: min_value"),
        ("/purchase/products/0/price", &long_number, "purchase.products[0].price: max_string_length"),
        ("/purchase/products/0/quantity", "null", "purchase.products[0].quantity: null"),
        ("/purchase/products/0/quantity", "-1", "purchase.products[0].quantity: min_value"),
        ("/purchase/products/0/quantity", "1e400", "purchase.products[0].quantity: max_value"),
        ("/purchase/products/0/quantity", "1.00001", "purchase.products[0].quantity: max_decimal_places"),
        ("/purchase/products/0/quantity", "\"1.00000\"", "purchase.products[0].quantity: max_decimal_places"),
        ("/purchase/products/0/quantity", "\"NaN\"", "purchase.products[0].quantity: invalid"),
        ("/purchase/products/0/quantity", &long_number, "purchase.products[0].quantity: max_string_length"),
        ("/purchase/products/0/discount", "-1", "purchase.products[0].discount: min_value"),
        ("/purchase/products/0/tax_percent", "100.01", "purchase.products[0].tax_percent: max_value"),
        ("/purchase/products/0/tax_percent", "-0.01", "purchase.products[0].tax_percent: min_value"),
        ("/purchase/products/0/tax_percent", "\"0.000\"", "purchase.products[0].tax_percent: max_decimal_places"),
        ("/purchase/products/0/tax_percent", "\"1000.00\"", "purchase.products[0].tax_percent: max_digits"),
        ("/purchase/products/0/total_price_override", "-1", "purchase.products[0].total_price_override: min_value"),
        ("/purchase/products/0/discount", "101", "purchase.products[0].__all__: product_subtotal_negative"),
        ("/purchase/currency", "\"XYZ\"", "purchase.currency: invalid_choice"),
        ("/purchase/currency", "null", "purchase.currency: null"),
        ("/purchase/language", "\"xx\"", "purchase.language: invalid_choice"),
        ("/purchase/timezone", "\"Asia/Atlantis\"", "purchase.timezone: invalid_choice"),
        ("/purchase/total_override", "-1", "purchase.total_override: min_value"),
        ("/purchase/total_override", "0", "__all__: purchase_zero_total"),
        ("/purchase/products/0/price", "0", "__all__: purchase_zero_total"),
        ("/purchase/products/0/quantity", "0", "__all__: purchase_zero_total"),
        ("/purchase/debt", "-100", "__all__: purchase_zero_total"),
        ("/purchase/debt", "-101", "purchase.debt: min_value"),
        ("/purchase/debt", "9223372036854775807", "purchase.debt: max_value"),
        ("/purchase/request_client_details", "[\"shoe_size\"]", "purchase.request_client_details: invalid_choice"),
        ("/purchase/request_client_details", "[\"phone\",\"phone\"]", "purchase.request_client_details: invalid"),
        ("/purchase/metadata", "\"x\"", "purchase.metadata: invalid"),
        ("/purchase/metadata", "{\"a\":[\"\\u0000\"]}", "purchase.metadata: invalid"),
        ("/purchase/shipping_options", "[{\"id\":\"a\"}]", "purchase.shipping_options[0].price: required"),
        ("/send_receipt", "2", "send_receipt: invalid"),
        ("/send_receipt", "\"yes\"", "send_receipt: invalid"),
        ("/send_receipt", "null", "send_receipt: null"),
        ("/reference", "true", "reference: invalid"),
        ("/issued", "\"tomorrow\"", "issued: invalid"),
        ("/due", "1760000000", "due: due_not_greater_than_now"),
        ("/due", "-1", "due: due_not_greater_than_now"),
        ("/due", "1760000001", "ok"),
        ("/due", "253402300799", "ok"),
        ("/due", "253402300800", "due: max_value"),
        ("/payment_method_whitelist", "[]", "payment_method_whitelist: min_length"),
        ("/payment_method_whitelist", "{}", "payment_method_whitelist: min_length"),
        ("/payment_method_whitelist", "\"visa\"", "payment_method_whitelist: invalid"),
        ("/payment_method_whitelist", "[\"card\"]", "payment_method_whitelist: invalid_choice"),
        ("/payment_method_whitelist", "[null]", "payment_method_whitelist: null"),
        (
            "/payment_method_whitelist",
            "[\"visa\",\"razer\"]",
            "payment_method_whitelist: invalid_payment_method_whitelist",
        ),
        ("/success_redirect", "\"shop.example.com\"", "success_redirect: invalid"),
        ("/success_redirect", "null", "success_redirect: null"),
        ("/success_callback", "\"ftp://shop.example.com\"", "success_callback: invalid"),
        ("/cancel_redirect", "\"http://a.example/'\"", "cancel_redirect: invalid"),
        ("/cancel_redirect", "\"http://a.example/<b>\"", "cancel_redirect: invalid"),
        ("/cancel_redirect", "\"http://a.example/\\\"\"", "cancel_redirect: invalid"),
        ("/platform", "\"toaster\"", "platform: invalid_choice"),
        ("/upsell_campaigns", "[\"x\"]", "upsell_campaigns: invalid"),
        ("/client", "", "__all__: purchase_client_or_id_required"),
    ] {
        assert_eq!(expected, said(&put(minimal(), path, raw)), "{path} {raw}");
    }
}

#[test]
fn every_limit_holds_at_its_edge() {
    let text = |length: usize| format!("\"{}\"", "é".repeat(length));
    for (path, max) in [
        ("/reference", 128),
        ("/creator_agent", 32),
        ("/client/phone", 32),
        ("/client/full_name", 128),
        ("/client/personal_code", 32),
        ("/client/street_address", 128),
        ("/client/city", 128),
        ("/client/state", 128),
        ("/client/zip_code", 32),
        ("/client/shipping_street_address", 128),
        ("/client/shipping_city", 128),
        ("/client/shipping_state", 128),
        ("/client/shipping_zip_code", 32),
        ("/client/legal_name", 128),
        ("/client/brand_name", 128),
        ("/client/registration_number", 32),
        ("/client/tax_number", 32),
        ("/client/bank_account", 34),
        ("/client/bank_code", 11),
        ("/purchase/notes", 10_000),
        ("/purchase/email_message", 256),
        ("/purchase/products/0/name", 256),
        ("/purchase/products/0/category", 256),
    ] {
        let field = path[1..].replace("/0/", "[0].").replace('/', ".");
        assert_eq!("ok", said(&put(minimal(), path, &text(max))), "{path}");
        assert_eq!(format!("{field}: max_length"), said(&put(minimal(), path, &text(max + 1))));
    }
    let url = |length: usize| format!("\"http://a.example/{}\"", "x".repeat(length - "http://a.example/".len()));
    for field in ["success_redirect", "failure_redirect", "cancel_redirect", "success_callback"] {
        assert_eq!("ok", said(&put(minimal(), &format!("/{field}"), &url(500))));
        assert_eq!(format!("{field}: max_length"), said(&put(minimal(), &format!("/{field}"), &url(501))));
    }
    let email = |length: usize| format!("\"a@{}.example\"", "x".repeat(length - "a@.example".len()));
    assert_eq!("ok", said(&put(minimal(), "/client/email", &email(254))));
    assert_eq!("client.email: max_length", said(&put(minimal(), "/client/email", &email(255))));
    let metadata = |length: usize| format!("{{\"a\":\"{}\"}}", "é".repeat(length - "{\"a\":\"\"}".len()));
    assert_eq!("ok", said(&put(minimal(), "/purchase/metadata", &metadata(10_000))));
    assert_eq!("purchase.metadata: max_length", said(&put(minimal(), "/purchase/metadata", &metadata(10_001))));
    let products = |count: usize| format!("[{}]", vec![r#"{"name":"Tea","price":1}"#; count].join(","));
    assert_eq!("ok", said(&put(minimal(), "/purchase/products", &products(500))));
    assert_eq!("purchase.products: max_length", said(&put(minimal(), "/purchase/products", &products(501))));
}

#[test]
fn errors_of_one_stage_come_together_and_lists_stay_aligned() {
    let body = json!({
        "client": {"phone": null},
        "purchase": {"products": [{"name": "Tea", "price": 1}, {"price": -1, "quantity": "1.23456"}], "currency": "?"},
        "due": "soon",
    });
    let mut all: Vec<_> = said(&body.to_string()).split("; ").map(ToOwned::to_owned).collect();
    all.sort();
    assert_eq!(
        [
            "brand_id: required",
            "client.email: required",
            "client.phone: null",
            "due: invalid",
            "purchase.currency: invalid_choice",
            "purchase.products[1].name: required",
            "purchase.products[1].price: min_value",
            "purchase.products[1].quantity: max_decimal_places",
        ],
        all[..]
    );
    let errors = order(&body.to_string()).expect_err("wrong");
    let shown = serde_json::to_value(errors).expect("JSON");
    assert_eq!(Some(&json!({})), shown.pointer("/purchase/products/0"), "good items are empty");

    let later = json!({
        "brand_id": "6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a11",
        "purchase": {"products": [{"name": "Tea", "price": 1, "discount": 2}]},
        "due": 5,
        "cancel_redirect": "https://a.example/<",
    });
    assert_eq!(
        "__all__: purchase_client_or_id_required; cancel_redirect: invalid; due: due_not_greater_than_now; purchase.products[0].__all__: product_subtotal_negative",
        said(&later.to_string())
    );
}

#[test]
fn the_email_may_be_left_to_the_payer_or_blank() {
    let asked = put(minimal(), "/purchase/request_client_details", r#"["email"]"#);
    let asked: Value = serde_json::from_str(&asked).expect("JSON");
    assert_eq!("ok", said(&put(asked, "/client/email", "")));
    assert_eq!("ok", said(&put(minimal(), "/client/email", "\"\"")));
}

#[test]
fn details_known_already_are_not_asked_for() {
    let body = json!({
        "brand_id": "6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a11",
        "client": {"email": "ada@example.com", "street_address": "1 Road", "city": "Kuala Lumpur", "country": "MY",
                   "shipping_street_address": "1 Road", "shipping_city": "KL", "shipping_zip_code": "50000",
                   "shipping_country": "Malaysia"},
        "purchase": {"products": [{"name": "Tea", "price": 100}], "request_client_details":
            ["email", "phone", "billing_address", "shipping_address", "city", "zip_code", "shipping_country"]},
    });
    let purchase = made(&body.to_string());
    assert_eq!(json!(["phone", "billing_address", "zip_code"]), purchase["purchase"]["request_client_details"]);
}

#[test]
fn the_brand_decides_which_currencies_it_takes() {
    let facts = Brand { currencies: Some(vec![brand().currency]), ..brand() };
    let complete = |raw| {
        let input = CreatePurchase::parse(put(minimal(), "/purchase/currency", raw).as_bytes()).expect("readable");
        input.complete(&facts, Timestamp::from_seconds(NOW))
    };
    assert!(complete("\"MYR\"").is_ok());
    assert_eq!(vec!["purchase.currency: invalid_choice"], lines(&complete("\"EUR\"").expect_err("not enabled")));
}

/// A brand that is paid in ringgit what is ordered in euro, at 4.71.
fn paid_in_ringgit(body: &str) -> Result<Order, FieldErrors> {
    let currency = |code| Currency::parse(code).expect(code);
    let exchange = Exchange::new(currency("EUR"), currency("MYR"), "4.71").expect("a rate");
    let facts = Brand { exchanges: vec![exchange], ..brand() };
    CreatePurchase::parse(body.as_bytes())?.complete(&facts, Timestamp::from_seconds(NOW))
}

#[test]
fn an_order_of_another_currency_is_converted_once() {
    let mut body = minimal();
    body["purchase"] = json!({
        "currency": "EUR", "debt": -5, "shipping_options": [{"id": "post", "price": 101}],
        "products": [{"name": "Tea", "price": 33, "quantity": 3}, {"name": "Cup", "price": 50, "discount": 1}],
    });
    let order = paid_in_ringgit(&body.to_string()).expect("an order");
    // 3 × 0.33 + 0.50 - 0.01 - 0.05 EUR are 1.43 EUR, and 6.7353 MYR.
    assert_eq!((674, "MYR"), (order.total.minor(), order.total.currency().code()));
    let conversion = order.conversion.as_ref().expect("a conversion");
    let shown = serde_json::to_value(conversion).expect("JSON");
    assert_eq!(json!({"original_currency": "EUR", "original_amount": 143, "exchange_rate": 4.71}), shown);
    let details = &order.input.purchase;
    let prices: Vec<_> = details.products.iter().map(|line| (line.price, line.discount)).collect();
    assert_eq!(vec![(155, 0), (236, 5)], prices);
    assert_eq!((-24, 476), (details.debt, details.shipping_options[0].price));
    assert_eq!(vec![466, 231], order.line_totals);
}

#[test]
fn what_needs_no_conversion_is_not_converted() {
    let order = paid_in_ringgit(&minimal().to_string()).expect("an order");
    assert_eq!(None, order.conversion);
    let dollars = put(minimal(), "/purchase/currency", "\"USD\"");
    assert_eq!("USD", paid_in_ringgit(&dollars).expect("an order").total.currency().code());
}

#[test]
fn what_cannot_be_paid_after_its_conversion_is_refused() {
    let mut body = minimal();
    body["purchase"]["currency"] = json!("EUR");
    let body = put(body, "/purchase/products/0/price", &i64::MAX.to_string());
    assert_eq!(vec!["purchase.currency: invalid"], lines(&paid_in_ringgit(&body).expect_err("refused")));
}

#[test]
fn a_purchase_needs_a_method_that_can_do_it() {
    let [visa, mastercard, maestro] = [CardBrand::Visa, CardBrand::Mastercard, CardBrand::Maestro].map(Method::Card);
    let offered = [visa, mastercard, maestro];
    let methods = |body: &str| {
        let left = order(body).expect("readable").methods(&offered);
        left.map_err(|errors| lines(&errors).join("; "))
    };
    let with = |members: Value| {
        let mut body = minimal();
        body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        body.to_string()
    };
    let refused = Err("payment_method_whitelist: invalid_payment_method_whitelist".to_owned());
    assert_eq!(Ok(offered.to_vec()), methods(&with(json!({}))));
    assert_eq!(Ok(vec![visa]), methods(&with(json!({"payment_method_whitelist": ["fpx", "visa"]}))));
    assert_eq!(refused, methods(&with(json!({"payment_method_whitelist": ["fpx"]}))));
    let free = json!({"products": [{"name": "Tea", "price": 0}]});
    assert_eq!(Ok(offered.to_vec()), methods(&with(json!({"purchase": free, "skip_capture": true}))));
    let only = json!({"purchase": free, "skip_capture": true, "payment_method_whitelist": ["mpgs_google_pay"]});
    assert_eq!(refused, methods(&with(only)));
}

#[test]
fn totals_beyond_64_bits_name_the_line() {
    let line = |price: i64, quantity: &str| json!({"name": "Tea", "price": price, "quantity": quantity});
    let with = |products: Value| put(minimal(), "/purchase/products", &products.to_string());
    let one = "purchase.products[0].price: max_value";
    assert_eq!(one, said(&with(json!([line(i64::MAX, "1.0001")]))));
    let second = "purchase.products[1].price: max_value";
    assert_eq!(second, said(&with(json!([line(i64::MAX, "1"), line(1, "1"), line(1, "1")]))));
}

/// Every member of the described body with every kind of wrong value: it is taken, or refused at its own place.
#[test]
fn a_wrong_value_is_an_error_at_its_place_and_nothing_else() {
    fn walk(schema: &Value, path: &str, out: &mut Vec<String>) {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let here = format!("{path}/{name}");
            walk(member, &here, out);
            for form in member["anyOf"].as_array().into_iter().flatten() {
                walk(&form["items"], &format!("{here}/0"), out);
            }
            out.push(here);
        }
    }
    let document = serde_json::to_value(crate::openapi::document("http://localhost/api/v1")).expect("JSON");
    let mut paths = vec![];
    walk(&document["components"]["schemas"]["CreatePurchase"], "", &mut paths);
    assert!(paths.len() > 70, "every member is described: {paths:?}");
    for path in
        ["/brand_id", "/purchase/products/0/tax_percent", "/client/bank_code", "/purchase/shipping_options/0/id"]
    {
        assert!(paths.iter().any(|known| known == path), "{path}");
    }
    let mut full = minimal();
    full["purchase"]["shipping_options"] = json!([{"id": "post", "price": 5}]);
    full["client"]["delivery_methods"] = json!([{"method": "email", "options": {}}]);
    assert_eq!("ok", said(&full.to_string()));
    let huge = format!("\"{}\"", "9".repeat(20_000));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    for path in &paths {
        for raw in [
            "null",
            "\"\"",
            "[]",
            "{}",
            "true",
            "false",
            "-1",
            "0",
            "1.5",
            "1e400",
            "-1e400",
            "1e-400",
            "\"\\u0000\"",
            "\" \"",
            "[null]",
            "[[]]",
            "[{}]",
            "{\"0\":{}}",
            "{\"a\":1}",
            "99999999999999999999999",
            &huge,
            &deep,
        ] {
            let Err(errors) = order(&put(full.clone(), path, raw)) else { continue };
            let field = path[1..].replace("/0/", "[0].").replace('/', ".");
            for line in lines(&errors) {
                // A client or total that is gone or wrong is told where all of it is judged.
                let follows = line.starts_with("__all__: purchase_") || line == "client.email: required";
                assert!(
                    line.starts_with(&field) || follows || line.starts_with("purchase.products[0].__all__"),
                    "{path} {raw}: {line}"
                );
                let inner = raw.trim_matches('"');
                assert!(inner.len() < 8 || !format!("{errors:?}").contains(inner), "{path} echoes what was sent");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_body_panics(text in r#"[\[\]{}:,"0-9a-z.\\ -]{0,40}"#) {
        let _ = order(&text);
    }

    #[test]
    fn no_value_panics(value in "\\PC{0,30}", at in 0_usize..6) {
        let path = ["/reference", "/success_redirect", "/purchase/products/0/price", "/client/email", "/issued", "/purchase/timezone"][at];
        let _ = order(&put(minimal(), path, &json!(value).to_string()));
    }
}
