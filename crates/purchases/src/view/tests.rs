use domain::{Command, CustomerId, DeclineReason, Outcome};
use serde_json::{Value, json};

use super::*;
use crate::refund;
use crate::testing::{App, START, TOKEN, facts, pretty};

#[test]
fn the_composed_example_of_the_reference() {
    let shown = App::example().shown();
    insta::assert_snapshot!("created", pretty(&shown));
    // Every member of 11.3 as it stands there.
    let expected: Value = serde_json::from_str(include_str!("example.json")).expect("JSON");
    fn check(expected: &Value, shown: &Value, path: &str) {
        match (expected, shown) {
            (Value::Object(members), Value::Object(_)) => {
                for (name, value) in members {
                    let here = format!("{path}/{name}");
                    check(value, shown.get(name).unwrap_or_else(|| panic!("{here} is missing")), &here);
                }
            }
            (expected, shown) => assert_eq!(expected, shown, "{path}"),
        }
    }
    check(&expected, &shown, "");
}

#[test]
fn every_status_there_is() {
    for (name, kind, story) in [
        ("viewed", "sale", "view"),
        ("sent", "sale", "invoice"),
        ("pending_execute", "sale", "view, submit"),
        ("pending_execute_in_doubt", "sale", "submit, silence"),
        ("pending_execute_authenticating", "sale", "authenticate, ask"),
        ("pending_charge", "sale", "charge"),
        ("paid", "sale", "view, submit, approved"),
        ("paid_after_authentication", "sale", "authenticate, ask, authenticated, approved"),
        ("paid_by_direct_post", "sale", "post, approved"),
        ("paid_by_token", "sale", "charge, approved"),
        ("paid_by_capture", "hold", "submit, approved, capture, done"),
        ("paid_in_part", "hold", "submit, approved, capture 300, done"),
        ("paid_and_settled", "sale", "submit, approved, clear, settle"),
        ("paid_elsewhere", "sale", "mark_paid"),
        ("paid_after_refund_failure", "sale", "submit, approved, refund 300, refused"),
        ("error", "sale", "submit, declined insufficient_funds"),
        ("error_timeout", "sale", "submit, silence, reverse, undone"),
        ("error_in_a_form", "sale", "refuse number_missing"),
        ("error_then_paid", "sale", "submit, declined wrong_cvc, submit, approved"),
        ("blocked", "sale", "submit, declined suspected_fraud"),
        ("hold", "hold", "submit, approved"),
        ("hold_by_token", "hold", "charge, approved"),
        ("hold_after_capture_failure", "hold", "submit, approved, capture, refused"),
        ("pending_capture", "hold", "submit, approved, capture"),
        ("pending_release", "hold", "submit, approved, release"),
        ("released", "hold", "submit, approved, release, done"),
        ("released_by_lapse", "hold", "submit, approved, lapse"),
        ("preauthorized", "verify", "submit, approved"),
        ("preauthorized_and_forgotten", "verify", "submit, approved, forget"),
        ("pending_refund", "sale", "submit, approved, refund 300"),
        ("refunded", "sale", "submit, approved, refund, done"),
        ("refunded_in_part", "sale", "submit, approved, refund 300, done"),
        ("chargeback", "sale", "submit, approved, chargeback"),
        ("overdue", "sale", "due"),
        ("expired", "strict", "due"),
        ("cancelled", "sale", "cancel"),
        ("cancelled_by_single_attempt", "single", "submit, declined"),
    ] {
        let app = App::kind(kind).tell(story);
        let known = name.split("_then_").last().expect("a name");
        let status = app.status().as_str().expect("a text").to_owned();
        assert!(known.starts_with(&status), "{name} is {status}");
        insta::assert_snapshot!(name, pretty(&app.changes(&app.shown())));
    }
}

#[test]
fn a_view_or_a_due_time_never_hides_an_outcome() {
    let seen = App::example().tell("submit, declined, view");
    assert_eq!("error", seen.status());
    assert_eq!(json!(START + 30), seen.shown()["viewed_on"]);
    assert_eq!("overdue", App::example().tell("submit, declined, due").status());
    assert_eq!("overdue", App::example().tell("due, view").status());

    let under_way = App::example().tell("submit, due");
    assert_eq!("pending_execute", under_way.status());
    assert_eq!(2, under_way.purchase().status_history.len());
    assert_eq!("error", under_way.tell("declined").status());
}

#[test]
fn a_late_reversal_does_not_disturb_the_next_attempt() {
    let app = App::example().tell("submit");
    let first = app.attempt_id();
    // Declined, tried again, and only then the first is reported approved and undone.
    let mut app = app.tell("declined, submit");
    let amount = app.payment.terms.amount;
    let late = Outcome::Approved { amount, acquirer_reference: "T-9".to_owned(), facts: facts() };
    for outcome in [late, Outcome::ReversalAcknowledged] {
        app.go(&Command::Settle { attempt_id: first, outcome }).expect("allowed");
    }
    assert_eq!("pending_execute", app.status());
    let app = app.tell("approved");
    assert_eq!("paid", app.status());
    assert_eq!(2, app.purchase().transaction_data.attempts.len());
}

#[test]
fn repeated_failures_are_one_step_and_the_newest_attempt_comes_first() {
    let app = App::example().tell("submit, declined do_not_honour, refuse no_acquirer");
    let purchase = app.purchase();
    let steps: Vec<_> = purchase.status_history.iter().map(|step| step.status).collect();
    assert_eq!(vec![Status::Created, Status::PendingExecute, Status::Error], steps);
    let codes: Vec<_> =
        purchase.transaction_data.attempts.iter().filter_map(|a| a.error.as_ref()).map(|e| e.code).collect();
    assert_eq!(vec!["no_matching_terminal", "do_not_honour"], codes);
    let Extra::Card(card) = &purchase.transaction_data.attempts[0].extra else { panic!("a card was tried") };
    assert_eq!(("444433******1111", "visa"), (card.masked_pan.as_str(), card.card_brand));
    assert_eq!(START + 30, purchase.updated_on);
}

#[test]
fn every_decline_has_a_documented_code() {
    // The list of 11.2 with what was seen elsewhere, and of it the group that blocks.
    let documented = "no_matching_terminal invalid_card_number invalid_issuer_number expired_card suspected_fraud \
        security_violation insufficient_funds do_not_honour issuer_not_available exceeds_withdrawal_limit \
        exceeds_frequency_limit restricted_card lost_card stolen_card transaction_not_permitted_to_cardholder \
        soft_decline_contact_support timeout acquirer_connection_error acquirer_internal_error \
        3ds_authentication_failed timeout_3ds_enrollment_check recurring_token_expired validation_cardholder_name_not_provided \
        validation_cardholder_name_too_long validation_cardholder_name_invalid validation_card_number_not_provided \
        validation_card_number_too_long validation_card_number_invalid validation_expires_not_provided \
        validation_expires_too_long validation_expires_invalid validation_cvc_not_provided validation_cvc_too_long \
        validation_cvc_invalid blacklisted_tx blacklisted_tx_issuing_country blacklisted_tx_risk_score \
        antifraud_general decline_irregular_transaction_pattern payment_expired";
    let known: Vec<_> = documented.split_whitespace().collect();
    for reason in DeclineReason::ALL {
        let shown = App::example().tell(&format!("submit, declined {}", reason.as_str())).shown();
        let error = &shown["transaction_data"]["attempts"][0]["error"];
        let code = error["code"].as_str().expect("a code");
        assert!(known.contains(&code), "{code}");
        assert!(error["message"].as_str().is_some_and(|text| text.ends_with('.')));
        let by_us = matches!(reason, DeclineReason::Blocked(_));
        let blocks = by_us || matches!(code, "suspected_fraud" | "security_violation");
        assert_eq!(if blocks { "blocked" } else { "error" }, shown["status"], "{code}");
        let says_so = error["message"].as_str().is_some_and(|text| text.starts_with("Blocked before it was sent: "));
        assert_eq!(by_us, says_so, "the merchant sees who said no");
    }
}

#[test]
fn the_card_is_a_token_when_it_was_kept() {
    let is_token = |app: App| app.purchase().is_recurring_token;
    let forced = || App::with(&json!({"/force_recurring": true}));
    assert!(!is_token(App::example().tell("submit, approved")));
    assert!(is_token(App::example().tell("remember, approved")));
    assert!(is_token(forced().tell("submit, approved")));
    assert!(!is_token(forced().tell("submit")), "not before it paid");
    assert!(!is_token(forced().tell("submit, approved, forget")), "and not when it was forgotten");
    assert!(!is_token(forced().tell("charge, approved")), "a charged purchase is none itself");
}

#[test]
fn a_charge_names_its_token_once_it_paid() {
    assert_eq!(None, App::example().tell("charge").purchase().recurring_token);
    assert_eq!(None, App::example().tell("charge, declined").purchase().recurring_token);
    assert_eq!(None, App::example().tell("charge, declined, submit, approved").purchase().recurring_token);
    let paid = App::example().tell("charge, approved").purchase();
    assert_eq!(Some(TOKEN), paid.recurring_token.as_deref());
    let attempt = &paid.transaction_data.attempts[0];
    assert_eq!((AttemptKind::RecurringExecute, "api", ""), (attempt.kind, attempt.flow, attempt.client_ip.as_str()));
}

/// Every attempt, newest first: what it was, whether it succeeded, its fee.
fn attempts(app: &App) -> String {
    let told = |attempt: &Attempt| {
        let kind = serde_json::to_value(attempt.kind).expect("JSON");
        let end = if attempt.successful { "" } else { " failed" };
        format!("{}{end} {}", kind.as_str().expect("a word"), attempt.fee_amount)
    };
    app.purchase().transaction_data.attempts.iter().map(told).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_attempt_is_shown_with_the_whole_card() {
    for (kind, story, expected) in [
        ("sale", "submit, approved", "execute 34"),
        ("sale", "charge, declined, post, approved", "execute 34, recurring_execute failed 0"),
        ("hold", "submit, approved, capture, refused, capture 300, done", "capture 25, capture failed 0, authorize 0"),
        ("hold", "submit, approved, release, refused, release, done", "release 0, release failed 0, authorize 0"),
        ("sale", "submit, approved, refund 1, refused, refund 1, done", "refund 0, refund failed 0, execute 34"),
        ("sale", "remember, approved, forget", "delete_recurring_token 0, execute 34"),
    ] {
        let app = App::kind(kind).tell(story);
        assert_eq!(expected, attempts(&app), "{story}");
        let purchase = app.purchase();
        let by_payer = |kind| matches!(kind, AttemptKind::Execute | AttemptKind::Authorize);
        for attempt in &purchase.transaction_data.attempts {
            let Extra::Card(card) = &attempt.extra else { panic!("a card") };
            assert_eq!(("444433******1111", 4, 30), (card.masked_pan.as_str(), card.expiry_month, card.expiry_year));
            assert_eq!(by_payer(attempt.kind), !attempt.client_ip.is_empty(), "only payers have an address");
        }
    }
}

#[test]
fn authentication_shows_on_the_card() {
    let is_3ds = |story: &str| {
        let purchase = App::example().tell(story).purchase();
        let Extra::Card(card) = &purchase.transaction_data.attempts[0].extra else { panic!("a card") };
        card.three_d_secure
    };
    assert!(is_3ds("authenticate, ask, authenticated, approved"));
    assert!(is_3ds("authenticate, authenticated A, declined"));
    assert!(!is_3ds("authenticate, authenticated I, approved"), "an exemption is no authentication");
    assert!(!is_3ds("authenticate, ask, declined authentication_failed"));
    assert!(!is_3ds("authenticate, authenticated, declined, submit, approved"), "another try");
}

/// Whether and how much may be given back.
fn left(kind: &str, story: &str) -> (RefundAvailability, i64) {
    let purchase = App::kind(kind).tell(story).purchase();
    (purchase.refund_availability, purchase.refundable_amount)
}

#[test]
fn what_may_be_given_back() {
    use RefundAvailability::{All, None};
    let paid = "submit, approved,";
    for (kind, story, expected) in [
        ("sale", "", (None, 0)),
        ("sale", paid, (All, 954)),
        ("sale", &format!("{paid} refund 300"), (None, 954)),
        ("sale", &format!("{paid} refund 300, refused"), (All, 954)),
        ("sale", &format!("{paid} refund 300, done"), (All, 654)),
        ("sale", &format!("{paid} refund 300, done, refund"), (None, 654)),
        ("sale", &format!("{paid} refund 300, done, refund, done"), (None, 0)),
        ("sale", &format!("{paid} chargeback"), (None, 0)),
        ("sale", &format!("{paid} refund 300, done, chargeback, chargeback_reversed"), (All, 654)),
        ("sale", "mark_paid", (None, 0)),
        ("hold", paid, (None, 0)),
        ("hold", &format!("{paid} capture 300"), (None, 0)),
        ("hold", &format!("{paid} capture 300, done"), (All, 300)),
        ("hold", &format!("{paid} capture 300, done, refund, done"), (None, 0)),
    ] {
        assert_eq!(expected, left(kind, story), "{story}");
    }
}

#[test]
fn a_partial_capture_is_what_was_paid() {
    let purchase = App::kind("hold").tell("submit, approved, capture 300, done").purchase();
    let payment = purchase.payment.expect("paid");
    assert_eq!((300, 25, 275), (payment.amount, payment.fee_amount, payment.net_amount));
    assert_eq!(954, purchase.purchase.total);
    assert_eq!(3, purchase.transaction_data.attempts.len() + 1, "the rest goes back without an attempt");
}

#[test]
fn what_was_paid_elsewhere_says_so() {
    let purchase = App::example().tell("mark_paid").purchase();
    let payment = purchase.payment.expect("paid");
    assert_eq!(
        ("custom", 954, 0, Some(START - 86_400)),
        (payment.payment_type, payment.amount, payment.fee_amount, payment.paid_on,)
    );
    assert!(purchase.marked_as_paid && !purchase.can_chargeback && !purchase.can_retrieve);
    assert!(!App::example().tell("submit, approved").purchase().marked_as_paid);
}

#[test]
fn what_the_payer_said_is_shown() {
    let asked = || App::with(&json!({"/purchase/request_client_details": ["phone"]}));
    let purchase = asked().tell("details, submit, approved").purchase();
    assert_eq!(
        ("eve@example.com", "Eve van Example"),
        (purchase.client.email.as_str(), purchase.client.full_name.as_str())
    );
    assert_eq!(vec!["phone".to_owned()], purchase.purchase.request_client_details, "what was asked for stays");
}

#[test]
fn settled_money_names_its_day() {
    let extra = |story: &str| App::example().tell(story).shown()["transaction_data"]["extra"].clone();
    assert_eq!(json!(null), extra("submit, approved, clear")["settlement"]);
    assert_eq!(json!({"settled_on": START + 40}), extra("submit, approved, settle")["settlement"]);
    assert_eq!(json!("visa"), extra("submit, approved, settle")["card_brand"], "beside the card");
}

#[test]
fn every_refund_names_its_payment() {
    let app = App::example().tell("submit, approved, refund 300, done, refund 100, done");
    let shown = app.shown();
    let named = |step: &Value| step["related_object"]["id"].as_str().map(ToOwned::to_owned);
    let steps: Vec<_> = shown["status_history"].as_array().expect("a list").iter().filter_map(named).collect();
    assert_eq!(2, steps.len());
    for (id, amount, number) in [(&steps[0], 300, "146"), (&steps[1], 100, "147")] {
        let id = OperationId::parse(id).expect("an id");
        let payment = refund::refund(&app.checkout, &app.document, &app.history, id).expect("a refund");
        assert_eq!((id.to_string(), amount), (payment.id, payment.payment.amount));
        assert_eq!(number, payment.reference_generated);
    }
    let unknown = OperationId::parse(TOKEN).expect("an id");
    assert_eq!(None, refund::refund(&app.checkout, &app.document, &app.history, unknown));
}

#[test]
fn a_refund_is_a_payment_of_its_own() {
    let app = App::example().tell("details, submit, approved, refund 300, done, refund 100");
    let id = app.payment.operations[0].id;
    let payment = refund::refund(&app.checkout, &app.document, &app.history, id).expect("a refund");
    let shown = serde_json::to_value(payment).expect("JSON");
    insta::assert_snapshot!("payment", pretty(&shown));
    // As clients read it: 2.3, 3.6 and the example of 11.5.
    for (pointer, expected) in [
        ("/type", json!("payment")),
        ("/status", json!("success")),
        ("/payment/is_outgoing", json!(true)),
        ("/payment/payment_type", json!("refund")),
        ("/payment/amount", json!(300)),
        ("/payment/currency", json!("MYR")),
        ("/payment/description", json!("Refund: ORD-7")),
        ("/related_to", json!({"type": "purchase", "id": app.checkout.id.to_string(), "reference": "ORD-7"})),
        ("/transaction_data/extra/amount", json!(300)),
        ("/transaction_data/extra/masked_pan", json!("444433******1111")),
        ("/client/first_name", json!("Eve")),
        ("/client/last_name", json!("van Example")),
        (
            "/client/client_id",
            json!(CustomerId::parse("5d2b0cf8-1f0b-4c4e-b1b3-1d6f0a9b2c33").expect("an id").to_string()),
        ),
        ("/reference_generated", json!("146")),
        ("/refund_availability", json!("none")),
    ] {
        assert_eq!(Some(&expected), shown.pointer(pointer), "{pointer}");
    }
}

#[test]
fn a_refund_without_a_reference_names_the_generated_one() {
    let app = App::with(&json!({"/reference": ""})).tell("submit, approved, refund, done");
    let payment = refund::last(&app.checkout, &app.document, &app.history).expect("a refund");
    assert_eq!(("PG12", "Refund: PG12"), (payment.related_to.reference.as_str(), payment.payment.description.as_str()));
}

#[test]
fn a_chargeback_goes_out_and_comes_back() {
    let told = |story: &str| {
        let app = App::example().tell(story);
        refund::last(&app.checkout, &app.document, &app.history).expect("a payment").payment
    };
    let lost = told("submit, approved, chargeback");
    assert_eq!(("custom", true, 954), (lost.payment_type, lost.is_outgoing, lost.amount));
    let back = told("submit, approved, chargeback, chargeback_reversed");
    assert_eq!(("custom", false, 954), (back.payment_type, back.is_outgoing, back.amount));
    let can = |story: &str| {
        let purchase = App::example().tell(story).purchase();
        (purchase.can_chargeback, purchase.can_reverse_chargeback)
    };
    assert_eq!((true, false), can("submit, approved"));
    assert_eq!((false, true), can("submit, approved, chargeback"));
    assert_eq!((true, false), can("submit, approved, chargeback, chargeback_reversed"));
}

#[test]
fn direct_post_needs_all_of_its_conditions() {
    let url = |app: App| app.purchase().direct_post_url;
    let expected = "https://pay.example.com/p/0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10/direct_post/";
    assert_eq!(Some(expected), url(App::example()).as_deref());
    assert_eq!(Some(expected), url(App::example().tell("submit, declined")).as_deref());
    let mut app = App::example();
    app.document.direct_post = false;
    assert_eq!(None, url(app), "not of this brand");
    assert_eq!(None, url(App::example().tell("submit")));
    assert_eq!(None, url(App::with(&json!({"/success_redirect": ""}))));
    assert_eq!(None, url(App::with(&json!({"/failure_redirect": ""}))));
    assert_eq!(None, url(App::with(&json!({"/purchase/request_client_details": ["phone"]}))));
    let known = App::with(&json!({"/purchase/request_client_details": ["full_name"]}));
    assert_eq!(Some(expected), url(known).as_deref(), "what is known already is not asked for");
}

#[test]
fn money_adds_up_in_the_payment() {
    let payment = App::example().tell("submit, approved").purchase().payment.expect("paid");
    assert_eq!(954, payment.amount);
    assert_eq!(34, payment.fee_amount, "1.5 % and 20");
    assert_eq!(payment.amount, payment.net_amount + payment.fee_amount + payment.pending_amount);
}

#[test]
fn a_callback_is_the_purchase_and_the_name_of_the_event() {
    let app = App::example().tell("submit, approved");
    let name = status::event_type(domain::Notice::Paid).expect("a name");
    let body = event_body(app.purchase(), name).expect("JSON");
    let mut body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(Some(json!("purchase.paid")), body.as_object_mut().expect("an object").remove("event_type"));
    assert_eq!(app.shown(), body, "nothing else differs");
}

#[test]
fn a_history_without_its_opening_is_no_purchase() {
    let app = App::example().tell("view");
    let links = Links { public_url: String::new() };
    for history in [&[][..], &app.history[1..]] {
        assert_eq!(None, purchase(&app.checkout, &app.document, history, &links));
    }
}
