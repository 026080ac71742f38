//! What is shown of payments: the reference's own examples, every way an authorization ends, and that the amounts hold
//! whatever happens.

use std::time::Duration;

use domain::{
    AuthenticationFailure, Command, DeclineReason, Event, Leg, Means, Money, OperationKind, OperationOutcome, Order,
    Outcome, Party, RedirectMethod, RefusedTry, Report, State, TransStatus,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples;
use crate::testing::{
    START, Story, approved, attempt, authentication, card, challenge, declined, gift, id, leg, order, settle,
};

const DONE: [OperationOutcome; 1] = [OperationOutcome::Done];

/// Amounts in the order of the table of 4.4: pending, authorized, captured, voided, refunded, and what is left to capture,
/// to void and to refund.
fn row(view: &Value) -> [i64; 8] {
    [
        "authorize_pending",
        "total_authorized",
        "total_captured",
        "total_voided",
        "total_refunded",
        "available_to_capture",
        "available_to_void",
        "available_to_refund",
    ]
    .map(|name| view["amounts"][name].as_i64().expect(name))
}

/// Amount, method and status of each leg of the last operation of a kind.
fn last(view: &Value, operations: &str) -> Vec<(String, i64)> {
    let operation = view[operations].as_array().and_then(|all| all.last()).expect("an operation");
    let legs = operation["partner_transactions"].as_array().expect("a list").iter();
    legs.map(|leg| (leg["method"].as_str().expect("text").to_owned(), leg["amount"].as_i64().expect("a number")))
        .collect()
}

fn legs(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(method, amount)| ((*method).to_owned(), *amount)).collect()
}

#[test]
fn the_worked_sequence_of_the_reference() {
    let mut story = Story::begun(vec![leg(0xa1, gift(), 2_000), leg(0xa2, card(), 2_299)]);
    story.does(&settle(0xa1, approved(2_000))).expect("pays");
    let view = story.view();
    assert_eq!([4_299, 0, 0, 0, 0, 0, 0, 0], row(&view));
    assert_eq!(vec!["AUTHORIZED", "PENDING"], statuses(&view));
    assert_eq!(json!("PENDING"), view["authorization"]["status"]);
    story.does(&settle(0xa2, approved(2_299))).expect("pays");
    assert_eq!([0, 4_299, 0, 0, 0, 4_299, 4_299, 0], row(&story.view()));
    for (number, kind, amount, expected, list, drawn) in [
        (
            1,
            OperationKind::Capture,
            3_000,
            [0, 4_299, 3_000, 0, 0, 1_299, 1_299, 3_000],
            "captures",
            &[("giftcard", 2_000), ("creditcard", 1_000)][..],
        ),
        (2, OperationKind::Void, 299, [0, 4_299, 3_000, 299, 0, 1_000, 1_000, 3_000], "voids", &[("creditcard", 299)]),
        (
            3,
            OperationKind::Refund,
            500,
            [0, 4_299, 3_000, 299, 500, 1_000, 1_000, 2_500],
            "refunds",
            &[("creditcard", 500)],
        ),
        (
            4,
            OperationKind::Refund,
            1_000,
            [0, 4_299, 3_000, 299, 1_500, 1_000, 1_000, 1_500],
            "refunds",
            &[("creditcard", 500), ("giftcard", 500)],
        ),
        (
            5,
            OperationKind::Capture,
            1_000,
            [0, 4_299, 4_000, 299, 1_500, 0, 0, 2_500],
            "captures",
            &[("creditcard", 1_000)],
        ),
    ] {
        story.operates(order(number, kind, Some(amount)), &DONE);
        let view = story.view();
        assert_eq!((expected, legs(drawn)), (row(&view), last(&view, list)), "{kind:?} {amount}");
    }
    let view = story.view();
    assert_eq!(json!("TOTALLY"), view["overview"]["consumed"]);
    // Captured 2000 of the gift card and twice 1000 of the card; refunded 500 and 1000, the oldest capture first.
    let left =
        |capture: usize, leg: usize| view["captures"][capture]["partner_transactions"][leg]["remaining_amount"].clone();
    assert_eq!([json!(1_500), json!(0), json!(1_000)], [left(0, 0), left(0, 1), left(1, 0)]);
    assert!(view["links"].get("capture").is_none() && view["links"].get("refund").is_some());
}

/// Appendix A, with ids and moments of a test's.
#[test]
fn the_payment_of_the_appendix() {
    let mut story = Story::of(4_299, None, &json!({ "/webhook": null }));
    let by_the_bank = Leg { asks_bank: true, ..leg(0xa2, card(), 2_299) };
    story.does(&[Command::Tender(vec![leg(0xa1, gift(), 2_000), by_the_bank])]).expect("begins");
    story.does(&settle(0xa1, approved(2_000))).expect("pays");
    let attempt_id = attempt(0xa2);
    story.does(&[Command::Ask { attempt_id, challenge: challenge() }]).expect("asks");
    let authentication = authentication(TransStatus::Authenticated, "");
    story.does(&[Command::Authorize { attempt_id, authentication, deadline: START }]).expect("goes on");
    story.does(&settle(0xa2, approved(2_299))).expect("pays");
    let invoice = Order { note: "INV-1".into(), ..order(1, OperationKind::Capture, Some(3_000)) };
    story.operates(invoice, &DONE);
    story.operates(order(2, OperationKind::Void, Some(299)), &DONE);
    let at = |seconds: u64| crate::formats::time(START.plus(Duration::from_secs(seconds)));
    let part = |number: u128, (created, updated): (u64, u64), amount: i64, remaining: i64, is_card: bool| {
        let mut part = json!({
            "id": id(number), "created_at": at(created), "updated_at": at(updated), "status": "SUCCESS", "amount": amount,
            "remaining_amount": remaining, "partner": "illicado", "method": "giftcard", "partner_reference": id(number),
            "partner_status": "1", "partner_status_description": "SUCCEEDED",
        });
        if is_card {
            part["partner"] = json!("dalenys");
            part["method"] = json!("creditcard");
            part["partner_status"] = json!("0000");
            part["partner_token"] = json!(id(0x701));
        }
        part
    };
    let own = format!("/v2/payments/{}", id(1));
    let authorization = json!({ "status": "AUTHORIZED", "updated_at": at(5), "partner_transactions": [
            {
                "id": id(0xa1), "created_at": at(1), "updated_at": at(2), "status": "AUTHORIZED", "amount": 2_000,
                "remaining_amount": 0, "partner": "illicado", "method": "giftcard", "partner_reference": "A4232036332",
                "partner_status": "1", "partner_status_description": "SUCCEEDED",
            },
            {
                "id": id(0xa2), "created_at": at(1), "updated_at": at(5), "status": "AUTHORIZED", "amount": 2_299,
                "remaining_amount": 1_000, "partner": "dalenys", "method": "creditcard", "partner_token": id(0x701),
                "partner_reference": "A4232036332", "partner_status": "0000", "partner_status_description": "SUCCEEDED",
                "card": {
                    "bin": "491699", "last_four_digits": "2017", "holder_name": "A. Test", "expiry_month": "09",
                    "expiry_year": "29", "country_code": "FR", "fingerprint": "mG/7oNfg", "selected_network": "VISA",
                    "three_ds": {
                        "eci": "05", "version": "2.2.0", "flow": "CHALLENGE", "ds_transaction_id": id(0x3d1),
                        "acs_transaction_id": id(0x3d2),
                    },
                },
            },
        ] });
    let captures = json!([{
        "id": id(1), "amount": 3_000, "created_at": at(6), "updated_at": at(8), "triggered_by": "MERCHANT",
        "merchant_reference": "INV-1", "status": "SUCCESS", "partner_transactions": [
            part(0x1000, (6, 7), 2_000, 2_000, false),
            part(0x1001, (6, 8), 1_000, 1_000, true),
        ],
    }]);
    let voids = json!([{
        "id": id(2), "amount": 299, "created_at": at(9), "updated_at": at(10), "triggered_by": "MERCHANT",
        "status": "SUCCESS", "partner_transactions": [part(0x2000, (9, 10), 299, 0, true)],
    }]);
    let expected = json!({
        "id": id(1), "version": 11, "created_at": at(1), "entity_id": "5e3a0862-7cc3-4427-92ba-9e1e9595f571",
        "client_session_id": id(0xc1), "order_reference": "SO-77",
        "order": { "reference": "SO-77", "net_amount": 4_299, "tax_amount": 716 },
        "amount": 4_299, "currency": "EUR", "capture_mode": "MANUAL", "allow_future_usage": false,
        "amounts": {
            "authorize_pending": 0, "total_authorized": 4_299, "total_voided": 299, "available_to_void": 1_000,
            "total_captured": 3_000, "available_to_capture": 1_000, "total_refunded": 0, "available_to_refund": 3_000,
        },
        "overview": { "consumed": "PARTIALLY", "captured": "PARTIALLY", "voided": "PARTIALLY", "refunded": "NOT" },
        "split": [
            { "partner": "illicado", "method": "giftcard", "amount": 2_000 },
            { "partner": "dalenys", "method": "creditcard", "amount": 2_299 },
        ],
        "authorization": authorization, "captures": captures, "voids": voids,
        "refunds": [],
        "links": {
            "self": { "href": own, "method": "GET" },
            "capture": { "href": format!("{own}/captures"), "method": "POST" },
            "refund": { "href": format!("{own}/refunds"), "method": "POST" },
            "void": { "href": format!("{own}/voids"), "method": "POST" },
        },
    });
    assert_eq!(expected, story.view());
}

/// Every member of the published payments (source S), but for what only some partners say.
#[test]
fn every_published_member_is_there() {
    let mut story = Story::authorized();
    for (number, kind) in [(1, OperationKind::Capture), (2, OperationKind::Void), (3, OperationKind::Refund)] {
        let document = samples::capture()["order"].to_string();
        story.operates(Order { note: "CAP#1223445".into(), document, ..order(number, kind, Some(500)) }, &DONE);
    }
    let view = story.view();
    let has = |value: &Value, names: &str, at: &str| {
        for name in names.split_whitespace() {
            assert!(value.get(name).is_some(), "{at}: {name} is missing in {value}");
        }
    };
    has(
        &view,
        "id version created_at entity_id amount currency client_session_id order_reference order capture_mode \
         allow_future_usage amounts overview split authorization captures voids refunds webhook links",
        "payment",
    );
    has(&view["split"][0], "partner method amount", "split");
    has(&view["webhook"], "url headers", "webhook");
    let authorization = &view["authorization"];
    has(authorization, "status updated_at partner_transactions", "authorization");
    let transaction = "id created_at updated_at status amount partner method partner_reference partner_status \
                       partner_status_description remaining_amount";
    has(&authorization["partner_transactions"][0], transaction, "gift card");
    has(&authorization["partner_transactions"][1], transaction, "card");
    has(&authorization["partner_transactions"][1], "partner_token card", "card");
    let card = "bin last_four_digits holder_name expiry_month expiry_year country_code fingerprint selected_network";
    has(&authorization["partner_transactions"][1]["card"], card, "card");
    for list in ["captures", "voids", "refunds"] {
        let operation =
            "id amount created_at updated_at triggered_by merchant_reference status partner_transactions order";
        has(&view[list][0], operation, list);
        has(&view[list][0]["partner_transactions"][0], transaction, list);
    }
}

#[test]
fn what_was_sent_is_shown_again() {
    let mut story = Story::authorized();
    let sent = samples::capture();
    let note = "CAP#1223445".to_owned();
    let document = sent["order"].to_string();
    story.operates(Order { note, document, ..order(1, OperationKind::Capture, Some(10)) }, &DONE);
    let view = story.view();
    assert_eq!(
        (&sent["order"], &sent["merchant_reference"]),
        (&view["captures"][0]["order"], &view["captures"][0]["merchant_reference"])
    );
    assert_eq!(samples::session()["webhook"]["url"], view["webhook"]["url"]);
    assert!(view["webhook"]["headers"][0]["values"].is_array());

    let split = json!([{ "amount": 2_000, "partner": "illicado", "method": "giftcard" }, { "amount": 2_299, "parent_payment_id": id(9) }]);
    story.document.split = serde_json::from_value(split.clone()).expect("a split");
    let mut expected = split;
    expected[1]["partner"] = json!("dalenys");
    expected[1]["method"] = json!("creditcard");
    assert_eq!(expected, story.view()["split"], "with what was inherited");
}

fn statuses(view: &Value) -> Vec<&str> {
    let legs = view["authorization"]["partner_transactions"].as_array().expect("a list").iter();
    legs.map(|leg| leg["status"].as_str().expect("a word")).collect()
}

fn descriptions(view: &Value) -> Vec<&str> {
    let legs = view["authorization"]["partner_transactions"].as_array().expect("a list").iter();
    legs.map(|leg| leg["partner_status_description"].as_str().expect("words")).collect()
}

/// Checks the status of the whole, then of each leg with its description, and that nothing is left to use.
fn ends(story: &Story, whole: &str, expected: &[(&str, &str)]) {
    let view = story.view();
    assert_eq!(json!(whole), view["authorization"]["status"]);
    let found: Vec<(&str, &str)> = statuses(&view).into_iter().zip(descriptions(&view)).collect();
    assert_eq!(expected, found);
    assert_eq!([0; 8], row(&view));
    assert_eq!(json!({ "self": { "href": format!("/v2/payments/{}", id(1)), "method": "GET" } }), view["links"]);
    assert!(view.get("redirection").is_none());
}

fn gift_and(means: Means) -> Story {
    let mut story = Story::begun(vec![leg(0xa1, means, 2_299), leg(0xa2, gift(), 2_000)]);
    story.does(&settle(0xa2, approved(2_000))).expect("pays");
    story
}

#[test]
fn a_leg_that_is_refused_takes_the_others_with_it() {
    for (reason, whole, description) in [
        (DeclineReason::InsufficientFunds, "REFUSED", "INSUFFICIENT_FUNDS"),
        (DeclineReason::AcquirerError, "ERROR", "TECHNICAL_ISSUE_TO_CONTACT_PARTNER"),
        (DeclineReason::Cancelled, "ABORTED", "ABORTED_BY_CUSTOMER"),
    ] {
        let mut story = gift_and(card());
        story.does(&settle(0xa1, declined(reason))).expect("fails");
        ends(&story, whole, &[(whole, description), ("AUTHORIZED", "RELEASE_PENDING")]);
        story.does(&settle(0xa2, Outcome::ReversalAcknowledged)).expect("is released");
        ends(&story, whole, &[(whole, description), ("ABORTED", "RELEASED")]);
        assert_eq!(json!([]), story.view()["voids"], "a release is no void");
    }
    let mut story = Story::begun(vec![leg(0xa1, card(), 2_299), leg(0xa2, gift(), 2_000)]);
    story.does(&settle(0xa2, declined(DeclineReason::DoNotHonour))).expect("fails");
    ends(&story, "REFUSED", &[("ABORTED", "NOT_STARTED"), ("REFUSED", "REJECTED_BANK")]);
}

#[test]
fn what_is_not_sent_anywhere_fails_by_its_own_leg() {
    let mut story = Story::of(4_299, None, &json!({}));
    let refused = RefusedTry {
        attempt_id: attempt(0xa1),
        card: None,
        flow: domain::Flow::HostedPage,
        payer_ip: None,
        reason: DeclineReason::NoAcquirer,
        assessment: None,
    };
    let legs = vec![leg(0xa1, card(), 2_299), leg(0xa2, gift(), 2_000)];
    story.does(&[Command::RefuseTender(legs, refused)]).expect("is written down");
    let expected = [("ERROR", "TRANSACTION_NOT_SUPPORTED_BY_MERCHANT_ACCOUNT"), ("ABORTED", "NOT_STARTED")];
    ends(&story, "ERROR", &expected);
}

#[test]
fn a_payer_who_leaves_aborts() {
    for failure in [
        AuthenticationFailure::Payer,
        AuthenticationFailure::Abandoned,
        AuthenticationFailure::Bank(authentication(TransStatus::NotAuthenticated, "01")),
    ] {
        let mut story = Story::begun(vec![Leg { asks_bank: true, ..leg(0xa1, card(), 2_299) }]);
        story.does(&[Command::GiveUp { attempt_id: attempt(0xa1), failure }]).expect("fails");
        ends(&story, "ABORTED", &[("ABORTED", "ABORTED_BY_CUSTOMER")]);
    }
    let mut story = Story::begun(vec![Leg { asks_bank: true, ..leg(0xa1, card(), 2_299) }]);
    let failure = AuthenticationFailure::Bank(authentication(TransStatus::NotAuthenticated, ""));
    story.does(&[Command::GiveUp { attempt_id: attempt(0xa1), failure }]).expect("fails");
    ends(&story, "REFUSED", &[("REFUSED", "REJECTED_BANK")]);
}

#[test]
fn a_redirect_that_nobody_confirms_aborts_and_a_silence_is_an_error() {
    for (leads_away, status, description) in
        [(true, "ABORTED", "ABORTED_BY_CUSTOMER"), (false, "ERROR", "TECHNICAL_ISSUE_TO_CONTACT_PARTNER")]
    {
        let mut story = gift_and(Means::Redirect(RedirectMethod::Wallet));
        if leads_away {
            let url = "https://acquirer.example/page".to_owned();
            story.does(&settle(0xa1, Outcome::Redirected { url })).expect("leads away");
        }
        story.does(&[Command::Reverse { attempt_id: attempt(0xa1) }]).expect("is undone");
        assert_eq!(vec!["PENDING", "AUTHORIZED"], statuses(&story.view()));
        story.does(&settle(0xa1, Outcome::ReversalAcknowledged)).expect("is undone");
        ends(&story, status, &[(status, description), ("AUTHORIZED", "RELEASE_PENDING")]);
    }
}

#[test]
fn a_session_that_is_ended_aborts_its_payment() {
    for (party, description) in [(Party::Merchant, "ABORTED_BY_MERCHANT"), (Party::Payer, "ABORTED_BY_CUSTOMER")] {
        let mut story = gift_and(card());
        story.does(&[Command::EndTender(party)]).expect("ends");
        ends(&story, "ABORTED", &[("ABORTED", description), ("AUTHORIZED", "RELEASE_PENDING")]);
        story.does(&settle(0xa1, Outcome::ReversalAcknowledged)).expect("undone");
        story.does(&settle(0xa2, Outcome::ReversalAcknowledged)).expect("undone");
        ends(&story, "ABORTED", &[("ABORTED", description), ("ABORTED", "RELEASED")]);
    }
}

#[test]
fn a_payer_is_led_where_they_have_to_go_and_no_longer() {
    let led = |story: &Story| story.view().get("redirection").cloned();
    let mut story = gift_and(Means::Redirect(RedirectMethod::Wallet));
    assert_eq!(None, led(&story));
    let url = "https://acquirer.example/page".to_owned();
    story.does(&settle(0xa1, Outcome::Redirected { url: url.clone() })).expect("leads away");
    assert_eq!(Some(json!({ "href": url, "method": "GET" })), led(&story));
    story.does(&settle(0xa1, approved(2_299))).expect("pays");
    assert_eq!(None, led(&story));

    let mut story = Story::begun(vec![Leg { asks_bank: true, ..leg(0xa1, card(), 2_299) }]);
    assert_eq!(None, led(&story));
    story.does(&[Command::Ask { attempt_id: attempt(0xa1), challenge: challenge() }]).expect("asks");
    let href = format!("https://pay.example/entities/5e3a0862-7cc3-4427-92ba-9e1e9595f571/sessions/{}/", id(0xc1));
    assert_eq!(Some(json!({ "href": href, "method": "GET" })), led(&story));
    let authentication = authentication(TransStatus::Authenticated, "");
    let deadline = START;
    story.does(&[Command::Authorize { attempt_id: attempt(0xa1), authentication, deadline }]).expect("goes on");
    assert_eq!(None, led(&story));
}

#[test]
fn a_leg_that_goes_on_by_way_of_the_bank_is_one_leg() {
    let mut story = gift_and(card());
    let again = leg(0xa3, card(), 2_299).submission;
    story.does(&[Command::StepUp { attempt_id: attempt(0xa1), again }]).expect("goes on");
    let view = story.view();
    assert_eq!(vec!["PENDING", "AUTHORIZED"], statuses(&view));
    assert_eq!(json!(id(0xa3)), view["authorization"]["partner_transactions"][0]["id"]);
    assert_eq!(
        json!("WAITING_PARTNER_RESPONSE"),
        view["authorization"]["partner_transactions"][0]["partner_status_description"]
    );
}

#[test]
fn an_operation_stands_as_its_legs_do() {
    let refused = OperationOutcome::Refused(DeclineReason::AcquirerError);
    for (outcomes, expected, legs) in [
        ([OperationOutcome::Done, OperationOutcome::Done], "SUCCESS", ["SUCCESS", "SUCCESS"]),
        ([OperationOutcome::Pending, OperationOutcome::Done], "PENDING", ["PENDING", "SUCCESS"]),
        ([OperationOutcome::Pending, refused], "PENDING", ["PENDING", "FAILURE"]),
        ([OperationOutcome::Pending, OperationOutcome::Unknown], "PENDING", ["PENDING", "UNCERTAIN"]),
        ([OperationOutcome::Done, OperationOutcome::Unknown], "UNCERTAIN", ["SUCCESS", "UNCERTAIN"]),
        ([refused, OperationOutcome::Unknown], "UNCERTAIN", ["FAILURE", "UNCERTAIN"]),
        ([refused, OperationOutcome::Done], "CONFLICT", ["FAILURE", "SUCCESS"]),
        ([refused, refused], "FAILURE", ["FAILURE", "FAILURE"]),
    ] {
        let mut story = Story::authorized();
        story.operates(order(1, OperationKind::Capture, Some(3_000)), &outcomes);
        let capture = story.view()["captures"][0].clone();
        let found = [0, 1].map(|leg| capture["partner_transactions"][leg]["status"].clone());
        assert_eq!((json!(expected), legs.map(|status| json!(status))), (capture["status"].clone(), found));
    }
}

#[test]
fn what_happens_by_itself_is_the_systems() {
    let mut story = Story::of(3_000, Some(Duration::ZERO), &json!({ "/capture_mode": "AUTOMATIC" }));
    story.does(&[Command::Tender(vec![leg(0xa1, card(), 3_000)])]).expect("begins");
    story.does(&settle(0xa1, approved(3_000))).expect("pays");
    let view = story.view();
    assert_eq!(
        (json!("SYSTEM"), json!("PENDING")),
        (view["captures"][0]["triggered_by"].clone(), view["captures"][0]["status"].clone())
    );
    assert_eq!([0, 3_000, 0, 0, 0, 0, 0, 0], row(&view));

    let mut story = Story::authorized();
    story.operates(order(1, OperationKind::Capture, Some(2_500)), &DONE);
    story.does(&[Command::Lapse]).expect("is forgotten");
    let view = story.view();
    assert_eq!([0, 4_299, 2_500, 1_799, 0, 0, 0, 2_500], row(&view), "what the acquirer forgot is void");
    assert_eq!(
        (json!("SYSTEM"), legs(&[("creditcard", 1_799)])),
        (view["voids"][0]["triggered_by"].clone(), last(&view, "voids"))
    );
    assert_eq!(json!(id(1).replace("-7000-", "-8000-")), view["voids"][0]["id"]);
    assert_eq!(json!("TOTALLY"), view["overview"]["consumed"]);
}

#[test]
fn what_the_payers_bank_took_back_cannot_be_used() {
    let mut story = Story::authorized();
    story.operates(order(1, OperationKind::Capture, Some(3_000)), &DONE);
    let (before, version) = (row(&story.view()), story.view()["version"].clone());
    story.does(&[Command::Report(Report::ChargedBack)]).expect("is taken back");
    assert_eq!([0, 4_299, 3_000, 0, 0, 0, 0, 0], row(&story.view()));
    assert_ne!(version, story.view()["version"]);
    story.does(&[Command::Report(Report::ChargebackReversed)]).expect("is given again");
    assert_eq!(before, row(&story.view()));
}

#[test]
fn a_check_of_a_card_reserves_nothing() {
    let mut story =
        Story::of(0, None, &json!({ "/allow_future_usage": true, "/three_ds_authentication_options": null }));
    story.does(&[Command::Tender(vec![leg(0xa1, card(), 0)])]).expect("begins");
    assert_eq!(json!(1), story.view()["version"]);
    story.does(&settle(0xa1, approved(0))).expect("is fine");
    ends(&story, "AUTHORIZED", &[("AUTHORIZED", "SUCCEEDED")]);
    assert_eq!(json!(2), story.view()["version"]);
}

#[test]
fn there_is_no_payment_before_the_payer_chose() {
    let mut story = Story::of(3_000, None, &json!({}));
    assert_eq!(None, story.view_of(&story.history));
    story.does(&[Command::View, Command::EndTender(Party::Merchant)]).expect("ends");
    assert_eq!(None, story.view_of(&story.history));
}

/// What a test does next.
#[derive(Debug, Clone)]
enum Step {
    Settle(usize, Outcome),
    Operate(OperationKind, Option<i64>),
    SettleOperation(usize, OperationOutcome),
    Plain(Command),
}

fn any_legs() -> impl Strategy<Value = Vec<Leg>> {
    let primary = prop_oneof![
        Just(card()),
        Just(Means::Redirect(RedirectMethod::Wallet)),
        Just(Means::Redirect(RedirectMethod::Bank)),
    ];
    let gifts = proptest::collection::vec(1_i64..5_000, 0..5);
    (gifts, proptest::option::of((primary, 1_i64..5_000)), any::<bool>()).prop_filter_map(
        "a tender has a leg",
        |(gifts, primary, is_first)| {
            let mut legs: Vec<(Means, i64)> = gifts.into_iter().map(|amount| (gift(), amount)).collect();
            if let Some(primary) = primary {
                legs.insert(if is_first { 0 } else { legs.len() }, primary);
            }
            let legs = (1..).zip(legs).map(|(number, (means, amount))| leg(number, means, amount));
            Some(legs.collect::<Vec<_>>()).filter(|legs| !legs.is_empty())
        },
    )
}

fn any_step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        10 => Just(approved(0)),
        1 => Just(declined(DeclineReason::DoNotHonour)),
        1 => Just(declined(DeclineReason::AcquirerError)),
        1 => Just(Outcome::Redirected { url: "https://acquirer.example/".into() }),
        1 => Just(Outcome::Unknown),
        2 => Just(Outcome::ReversalAcknowledged),
    ];
    let kind = prop_oneof![Just(OperationKind::Capture), Just(OperationKind::Void), Just(OperationKind::Refund)];
    let done = prop_oneof![
        4 => Just(OperationOutcome::Done),
        1 => Just(OperationOutcome::Pending),
        1 => Just(OperationOutcome::Unknown),
        1 => Just(OperationOutcome::Refused(DeclineReason::AcquirerError)),
    ];
    prop_oneof![
        12 => (0_usize..6, outcome).prop_map(|(leg, outcome)| Step::Settle(leg, outcome)),
        8 => (kind, proptest::option::of(1_i64..9_000)).prop_map(|(kind, amount)| Step::Operate(kind, amount)),
        10 => (0_usize..40, done).prop_map(|(number, outcome)| Step::SettleOperation(number, outcome)),
        1 => Just(Step::Plain(Command::EndTender(Party::Payer))),
        1 => Just(Step::Plain(Command::Lapse)),
        1 => Just(Step::Plain(Command::View)),
        1 => Just(Step::Plain(Command::Reverse { attempt_id: attempt(1) })),
    ]
}

fn commands(story: &Story, legs: &[Leg], number: u128, step: Step) -> Vec<Command> {
    match step {
        Step::Settle(place, outcome) => {
            let place = place % legs.len();
            if story.payment.attempt(legs[place].submission.attempt_id).is_err() {
                return vec![];
            }
            let outcome = match outcome {
                Outcome::Approved { .. } => approved(legs[place].amount().map_or(0, Money::minor)),
                other => other,
            };
            let mut commands = settle(u128::try_from(place).expect("small") + 1, outcome);
            // Ids of operations are made fresh.
            commands.truncate(if story.payment.operations.is_empty() { 3 } else { 2 });
            commands
        }
        Step::Operate(kind, amount) => vec![Command::Operate(order(number, kind, amount))],
        Step::SettleOperation(place, outcome) => match story.payment.operations.len() {
            0 => vec![],
            many => {
                let operation_id = story.payment.operations[place % many].id;
                vec![Command::SettleOperation { operation_id, outcome }]
            }
        },
        // An acquirer forgets what was authorized as a whole.
        Step::Plain(Command::Lapse) if !matches!(story.payment.state, State::Authorized | State::Captured) => vec![],
        Step::Plain(command) => vec![command],
    }
}

/// Amounts of the transactions of a list of operations whose status is among some.
fn sum(view: &Value, list: &str, statuses: &[&str]) -> i64 {
    let operations = view[list].as_array().expect("a list").iter();
    let parts = operations.flat_map(|operation| operation["partner_transactions"].as_array().expect("a list"));
    let wanted = parts.filter(|part| statuses.contains(&part["status"].as_str().expect("a word")));
    wanted.map(|part| part["amount"].as_i64().expect("a number")).sum()
}

fn level(part: i64, whole: i64) -> &'static str {
    if part == 0 {
        "NOT"
    } else if part == whole {
        "TOTALLY"
    } else {
        "PARTIALLY"
    }
}

/// What 4.4 and 4.5 make of the transactions that are shown.
fn hold(view: &Value) -> Result<(), TestCaseError> {
    let status = view["authorization"]["status"].as_str().expect("a word");
    let legs = view["authorization"]["partner_transactions"].as_array().expect("a list");
    let authorized = legs.iter().filter(|leg| leg["status"] == "AUTHORIZED");
    let is_authorized = status == "AUTHORIZED";
    let a: i64 = authorized.map(|leg| leg["amount"].as_i64().expect("a number")).sum();
    let [c, v, r] = ["captures", "voids", "refunds"].map(|list| sum(view, list, &["SUCCESS"]));
    let [cp, vp, rp] = ["captures", "voids", "refunds"].map(|list| sum(view, list, &["PENDING", "UNCERTAIN"]));
    let gated = |amount| if is_authorized { amount } else { 0 };
    let amount = view["amount"].as_i64().expect("a number");
    let pending = if status == "PENDING" { amount } else { 0 };
    let left = gated(a - c - cp - v - vp);
    prop_assert_eq!([pending, gated(a), c, v, r, left, left, c - r - rp], row(view), "4.4");
    prop_assert!(row(view).iter().all(|amount| *amount >= 0));
    prop_assert!(c + cp + v + vp <= gated(a) && r + rp <= c);
    prop_assert!([0, amount].contains(&(pending + gated(a))));
    let expected = json!({
        "consumed": level(c + v, a), "captured": level(c, a), "voided": level(v, a), "refunded": level(r, c),
    });
    prop_assert_eq!(&expected, &view["overview"], "4.5");
    let mut remaining = 0;
    for leg in legs {
        let part = leg["remaining_amount"].as_i64().expect("a number");
        prop_assert!((0..=leg["amount"].as_i64().expect("a number")).contains(&part));
        remaining += part;
    }
    prop_assert_eq!(left + pending, remaining, "what is left is left on the legs");
    let captures = view["captures"].as_array().expect("a list").iter();
    let parts = captures.flat_map(|capture| capture["partner_transactions"].as_array().expect("a list"));
    let refundable: i64 = parts.map(|part| part["remaining_amount"].as_i64().expect("a number")).sum();
    prop_assert_eq!(c - r - rp, refundable);
    for list in ["captures", "voids", "refunds"] {
        for operation in view[list].as_array().expect("a list") {
            let parts = operation["partner_transactions"].as_array().expect("a list");
            let parts: i64 = parts.iter().map(|part| part["amount"].as_i64().expect("a number")).sum();
            prop_assert_eq!(operation["amount"].as_i64(), Some(parts), "the parts are the whole");
        }
    }
    for (link, available) in [("capture", left), ("void", left), ("refund", c - r - rp)] {
        prop_assert_eq!(available > 0, view["links"].get(link).is_some());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn amounts_hold_and_versions_grow_whatever_happens(
        legs in any_legs(),
        steps in proptest::collection::vec(any_step(), 0..60),
        captured_after in proptest::option::of(0_u64..2),
    ) {
        let total = legs.iter().filter_map(Leg::amount).map(Money::minor).sum();
        let mut story = Story::of(total, captured_after.map(Duration::from_secs), &json!({}));
        story.does(&[Command::Tender(legs.clone())]).expect("adds up");
        let mut before = story.view();
        prop_assert_eq!(&json!(1), &before["version"]);
        let mut is_final = false;
        for (number, step) in (0x100_u128..).zip(steps) {
            let commands = commands(&story, &legs, number, step);
            if story.does(&commands).is_err() {
                continue;
            }
            let now = story.view();
            hold(&now)?;
            let versions = [&before, &now].map(|view| view["version"].as_u64().expect("a number"));
            let mut same = now.clone();
            same["version"] = before["version"].clone();
            prop_assert!(versions[0] <= versions[1]);
            prop_assert!(same == before || versions[0] < versions[1], "each change has a version");
            let status = &before["authorization"]["status"];
            prop_assert!(!is_final || status == &now["authorization"]["status"], "no way out of an end");
            is_final = now["authorization"]["status"] != "PENDING";
            before = now;
        }
    }
}

#[test]
fn events_that_show_nothing_count_for_nothing() {
    let mut story = Story::authorized();
    let before = story.view();
    story.does(&[Command::View]).expect("is seen");
    assert_eq!(Some(&Event::Viewed), story.history.last().map(|recorded| &recorded.event));
    assert_eq!(before, story.view());
}
