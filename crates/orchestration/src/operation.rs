//! What is asked of a capture, a void or a refund (orchestration-api 2.5).

use crate::fields::{AMOUNT, Fields, NAME, Nested, list};
use crate::order::{self, OperationOrder};
use crate::priority::{Preference, preference};

/// Entries of a priority list.
const PREFERENCES_MAX: usize = 100;

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NewOperation {
    /// Minor units, more than nothing; all that is left without.
    pub amount: Option<i64>,
    /// What it is for.
    pub order: Option<OperationOrder>,
    /// The merchant's own id of it.
    pub merchant_reference: Option<String>,
    /// Which legs it draws on first.
    pub priority: Vec<Preference>,
}

/// The body of `POST /v2/payments/{id}/captures`, `/refunds` and `/voids`.
#[allow(clippy::unnecessary_wraps, reason = "a shape")]
pub(crate) fn create(f: &mut Fields<'_>) -> Option<NewOperation> {
    let amount = f.optional("amount", AMOUNT.at_least(1), "Minor units; all that is left when left out.");
    let order = f.optional("order", Nested(order::operation_order), "What it is for.");
    let merchant_reference = f.optional("merchant_reference", NAME, "The merchant's own id of it.");
    // The name is not known for sure (10, 21): the first list that is given counts.
    let abouts = [
        ("priority", "Which legs it draws on first."),
        ("priorities", "The same as `priority`."),
        ("processing_priority", "The same as `priority`."),
    ];
    let lists = abouts.map(|(name, about)| f.optional(name, list(Nested(preference), PREFERENCES_MAX), about));
    let priority = lists.into_iter().flatten().next().unwrap_or_default();
    Some(NewOperation { amount, order, merchant_reference, priority })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fields::read;
    use crate::samples::{capture, pointers};

    #[test]
    fn the_published_request_is_read_and_kept_whole() {
        let sent = capture();
        let read = read(sent.to_string().as_bytes(), create).expect("read");
        assert_eq!((Some(10), Some("CAP#1223445")), (read.amount, read.merchant_reference.as_deref()));
        assert_eq!(sent["order"], serde_json::to_value(&read.order).expect("JSON"));
    }

    #[test]
    fn nothing_is_everything() {
        assert_eq!(Ok(NewOperation::default()), read(b"", create));
        for amount in [json!(0), json!(-1), json!("10"), json!(1.5)] {
            assert_eq!(["/amount"].as_slice(), pointers(&json!({ "amount": amount }), create), "{amount}");
        }
    }

    #[test]
    fn the_list_has_three_names() {
        let list = json!([{ "partner": "*", "method": "creditcard" }, { "partner": "*", "method": "*" }]);
        let told = |body: &Value| read(body.to_string().as_bytes(), create).expect("read").priority;
        let expected = told(&json!({ "priority": list }));
        assert_eq!(2, expected.len());
        for name in ["priorities", "processing_priority"] {
            assert_eq!(expected, told(&json!({ name: list })), "{name}");
        }
        let wrong = json!({ "priority": [{ "partner": "*" }, 5] });
        assert_eq!(["/priority/0/method", "/priority/1"].as_slice(), pointers(&wrong, create));
    }
}
