//! The bodies of what may be asked of a purchase (purchases-api 2.3). None is needed: nothing at all, `{}` and members
//! that are `null` mean the same (1.1, 1.3).

use domain::{CheckoutId, Timestamp};

use crate::errors::{FieldErrors, Problem};
use crate::fields::{self, Fields, Shape, int};
use crate::formats;
use tollgate_http::json::{Json, Object};

/// The last second of the year 9999; beyond it is a slip, such as milliseconds.
const TIME_MAX: i64 = 253_402_300_799;

/// Reads the body of a capture: how much, in minor units; `None` is all of it.
///
/// # Errors
/// Every error at its place.
pub(crate) fn read_capture(body: &[u8]) -> Result<Option<i64>, FieldErrors> {
    read(body, capture)
}

/// Reads the body of a refund: how much, in minor units; `None` is all that is left.
///
/// # Errors
/// Every error at its place.
pub(crate) fn read_refund(body: &[u8]) -> Result<Option<i64>, FieldErrors> {
    read(body, refund).map_err(FieldErrors::refused_refund)
}

/// Reads the body of a charge: the purchase whose kept card is charged.
///
/// # Errors
/// `invalid_recurring_token` for a token that is missing or cannot be one; `parse_error` and `invalid` for a body that
/// is no JSON object, because shops forget a saved card when they are told that its token is invalid.
pub(crate) fn read_charge(body: &[u8]) -> Result<CheckoutId, FieldErrors> {
    let body = parse(body)?;
    fields::read(&body, anything)?;
    fields::read(&body, charge).map_err(|_| FieldErrors::invalid_recurring_token())
}

/// Reads the body of a mark as paid: when it was paid, which is now unless said.
///
/// # Errors
/// Every error at its place; `max_value` for a time in the future (10.2 #10).
pub(crate) fn read_mark_as_paid(body: &[u8], now: Timestamp) -> Result<Timestamp, FieldErrors> {
    match read(body, mark_as_paid)? {
        Some(paid_on) if paid_on > now.seconds() => {
            Err(FieldErrors::field("paid_on", Problem::max_value(now.seconds())))
        }
        Some(paid_on) => Ok(Timestamp::from_seconds(paid_on)),
        None => Ok(now),
    }
}

/// Reads a body that says nothing: there may be none, and whatever a JSON object holds is ignored.
///
/// # Errors
/// `parse_error` and `invalid` for what is no JSON object.
pub(crate) fn read_nothing(body: &[u8]) -> Result<(), FieldErrors> {
    read(body, anything)
}

/// `capture/`
pub(crate) fn capture(f: &mut Fields<'_>) -> Option<Option<i64>> {
    Some(f.nullable("amount", int(1), "In minor units. All of it when left out; what is left is released."))
}

/// `refund/`
pub(crate) fn refund(f: &mut Fields<'_>) -> Option<Option<i64>> {
    let amount = f.nullable("amount", int(1), "In minor units. All that is left when left out.");
    Some(amount)
}

/// `charge/`
pub(crate) fn charge(f: &mut Fields<'_>) -> Option<CheckoutId> {
    f.required("recurring_token", formats::RECURRING_TOKEN, "The id of the purchase that saved the card.")
}

/// `mark_as_paid/`
pub(crate) fn mark_as_paid(f: &mut Fields<'_>) -> Option<Option<i64>> {
    let time = int(0).at_most(TIME_MAX);
    Some(f.nullable("paid_on", time, "Unix seconds, not in the future. Now when left out."))
}

#[allow(clippy::unnecessary_wraps, reason = "a shape")]
fn anything(_: &mut Fields<'_>) -> Option<()> {
    Some(())
}

fn read<T>(body: &[u8], shape: Shape<T>) -> Result<T, FieldErrors> {
    fields::read(&parse(body)?, shape)
}

fn parse(body: &[u8]) -> Result<Json, FieldErrors> {
    if body.trim_ascii().is_empty() {
        return Ok(Json::Object(Object::default()));
    }
    match Json::parse(body).map_err(|_| FieldErrors::parse_error())? {
        Json::Null => Ok(Json::Object(Object::default())),
        body => Ok(body),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_760_000_000);
    const TOKEN: &str = "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10";

    fn codes(errors: &FieldErrors) -> String {
        let shown = serde_json::to_value(errors).expect("JSON");
        let of = |(name, problems): (&String, &Value)| {
            let codes: Vec<_> = problems
                .as_array()
                .expect("a list")
                .iter()
                .map(|problem| problem["code"].as_str().expect("a code").to_owned())
                .collect();
            format!("{name}: {}", codes.join(" "))
        };
        shown.as_object().expect("an object").iter().map(of).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn nothing_is_said_in_many_ways() {
        for body in ["", " \n", "{}", "[]", "null", r#"{"amount":null,"paid_on":null}"#, r#"{"client_name":7}"#] {
            let body = body.as_bytes();
            assert_eq!(Ok(None), read_capture(body));
            assert_eq!(Ok(None), read_refund(body));
            assert_eq!(Ok(NOW), read_mark_as_paid(body, NOW));
            assert_eq!(Ok(()), read_nothing(body));
        }
    }

    #[test]
    fn amounts_are_whole_and_at_least_one() {
        for (body, expected) in [
            (r#"{"amount":1}"#, 1),
            (r#"{"amount":"120"}"#, 120),
            (r#"{"amount":120.0}"#, 120),
            (r#"{"amount":9223372036854775807,"client_name":"Ada"}"#, i64::MAX),
        ] {
            assert_eq!(Ok(Some(expected)), read_capture(body.as_bytes()), "{body}");
            assert_eq!(Ok(Some(expected)), read_refund(body.as_bytes()), "{body}");
        }
        for (body, expected) in [
            (r#"{"amount":0}"#, "amount: min_value"),
            (r#"{"amount":-5}"#, "amount: min_value"),
            (r#"{"amount":1.5}"#, "amount: invalid"),
            (r#"{"amount":"ten"}"#, "amount: invalid"),
            (r#"{"amount":[]}"#, "amount: invalid"),
            (r#"{"amount":9223372036854775808}"#, "amount: max_value"),
            ("{", "__all__: parse_error"),
            (r#"{"amount":1,"amount":2}"#, "__all__: parse_error"),
            ("5", "__all__: invalid"),
        ] {
            assert_eq!(expected, codes(&read_capture(body.as_bytes()).expect_err(body)), "{body}");
            let refund = match expected.strip_prefix("amount") {
                Some(_) => format!("__all__: purchase_refund_not_possible, {expected}"),
                None => expected.to_owned(),
            };
            assert_eq!(refund, codes(&read_refund(body.as_bytes()).expect_err(body)), "{body}");
        }
    }

    #[test]
    fn a_token_is_the_id_of_a_purchase() {
        for token in [TOKEN.to_owned(), TOKEN.to_uppercase()] {
            let body = json!({"recurring_token": token}).to_string();
            assert_eq!(Ok(TOKEN.to_owned()), read_charge(body.as_bytes()).map(|id| id.to_string()));
        }
        for body in [
            "",
            "{}",
            "[]",
            r#"{"recurring_token":null}"#,
            r#"{"recurring_token":""}"#,
            r#"{"recurring_token":7}"#,
            r#"{"recurring_token":{}}"#,
            r#"{"recurring_token":"0b8f6b0c6e0a4a328d2e4f5d0d7c9a10"}"#,
            r#"{"token":"0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10"}"#,
        ] {
            let errors = read_charge(body.as_bytes()).expect_err(body);
            assert_eq!("__all__: invalid_recurring_token", codes(&errors), "{body}");
        }
    }

    #[test]
    fn a_broken_body_never_costs_a_saved_card() {
        for (body, expected) in [("{", "__all__: parse_error"), ("7", "__all__: invalid"), ("[1]", "__all__: invalid")]
        {
            assert_eq!(expected, codes(&read_charge(body.as_bytes()).expect_err(body)));
            assert_eq!(expected, codes(&read_nothing(body.as_bytes()).expect_err(body)));
        }
    }

    #[test]
    fn nothing_is_paid_in_the_future() {
        let read = |paid_on: Value| read_mark_as_paid(json!({"paid_on": paid_on}).to_string().as_bytes(), NOW);
        assert_eq!(Ok(NOW), read(json!(1_760_000_000)));
        assert_eq!(Ok(Timestamp::from_seconds(0)), read(json!("0")));
        for (paid_on, expected) in [
            (json!(1_760_000_001), "paid_on: max_value"),
            (json!(1_760_000_000_000_i64), "paid_on: max_value"),
            (json!(-1), "paid_on: min_value"),
            (json!("today"), "paid_on: invalid"),
        ] {
            assert_eq!(expected, codes(&read(paid_on).expect_err("refused")));
        }
    }

    #[test]
    fn too_much_is_refused_where_each_client_looks() {
        assert_eq!("amount: max_value", codes(&FieldErrors::capture_above(100)));
        assert_eq!("__all__: purchase_refund_not_possible, amount: max_value", codes(&FieldErrors::refund_above(100)));
    }

    #[test]
    fn every_refusal_of_an_action_is_told_to_people_and_programs() {
        for (errors, code) in [
            (FieldErrors::cancel_wrong_status(), "purchase_cancel_wrong_status"),
            (FieldErrors::capture_wrong_status(), "purchase_capture_wrong_status"),
            (FieldErrors::release_wrong_status(), "purchase_release_wrong_status"),
            (FieldErrors::charge_wrong_status(), "purchase_charge_wrong_status"),
            (FieldErrors::refund_wrong_status(), "purchase_refund_wrong_status"),
            (FieldErrors::refund_not_possible(), "purchase_refund_not_possible"),
            (FieldErrors::mark_as_paid_wrong_status(), "purchase_mark_as_paid_wrong_status"),
            (FieldErrors::resend_invoice_wrong_status(), "purchase_resend_invoice_wrong_status"),
            (FieldErrors::capture_error(), "purchase_capture_error"),
            (FieldErrors::release_error(), "purchase_release_error"),
            (FieldErrors::charge_error(), "purchase_charge_error"),
            (FieldErrors::refund_error(), "purchase_refund_error"),
            (FieldErrors::invalid_recurring_token(), "invalid_recurring_token"),
            (FieldErrors::card_not_whitelisted(), "invalid_payment_method_whitelist"),
        ] {
            assert_eq!(format!("__all__: {code}"), codes(&errors), "under __all__, where shops look");
            let shown = serde_json::to_value(&errors).expect("JSON");
            let item = shown["__all__"][0].as_object().expect("an item");
            assert_eq!(2, item.len(), "{code} holds two strings and nothing else");
            assert!(item["message"].as_str().is_some_and(|text| text.ends_with('.')), "{code}");
        }
    }
}
