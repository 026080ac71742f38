//! The error envelope (purchases-api 1.5): lists of `{message, code}` at the place they belong to. A message is one
//! plain sentence, read by shop admins and sometimes by payers, and never repeats what was sent.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use utoipa::ToSchema;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A plain sentence for people.
    pub message: Cow<'static, str>,
    /// A fixed word for programs.
    #[schema(value_type = String, example = "required")]
    pub code: &'static str,
}

/// What is wrong with one object, by its fields. Shown under `__all__` when no field can be named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldErrors {
    all: Vec<Problem>,
    fields: BTreeMap<&'static str, Node>,
}

/// What is wrong with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// With the value itself.
    Leaf(Vec<Problem>),
    /// With what is inside an object.
    Fields(FieldErrors),
    /// With objects in a list: one entry per item of the input, empty for good ones.
    Items(Vec<FieldErrors>),
}

impl From<Problem> for Node {
    fn from(problem: Problem) -> Self {
        Self::Leaf(vec![problem])
    }
}

impl FieldErrors {
    /// One problem that belongs to no field.
    #[must_use]
    pub(crate) fn all(problem: Problem) -> Self {
        Self { all: vec![problem], fields: BTreeMap::new() }
    }

    /// One problem of one field.
    #[must_use]
    pub(crate) fn field(name: &'static str, problem: Problem) -> Self {
        let mut errors = Self::default();
        errors.add(name, problem);
        errors
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.fields.is_empty()
    }

    /// What is wrong with two objects that are read together and share no field.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.all.extend(other.all);
        self.fields.extend(other.fields);
        self
    }

    /// One more problem that belongs to no field.
    pub(crate) fn add_all(&mut self, problem: Problem) {
        self.all.push(problem);
    }

    /// One more wrong field. What was known about it stays.
    pub(crate) fn add(&mut self, name: &'static str, node: impl Into<Node>) {
        match (self.fields.get_mut(name), node.into()) {
            (Some(Node::Leaf(known)), Node::Leaf(more)) => known.extend(more),
            (Some(_), _) => {}
            (None, node) => {
                self.fields.insert(name, node);
            }
        }
    }

    /// One more wrong field of an object field. An object that is wrong as a whole stays so.
    pub(crate) fn add_in(&mut self, object: &'static str, name: &'static str, node: impl Into<Node>) {
        match self.fields.entry(object).or_insert_with(|| Node::Fields(Self::default())) {
            Node::Fields(fields) => fields.add(name, node),
            Node::Leaf(_) | Node::Items(_) => {}
        }
    }
}

impl Serialize for FieldErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.all.is_empty() {
            map.serialize_entry("__all__", &self.all)?;
        }
        for (name, node) in &self.fields {
            map.serialize_entry(name, node)?;
        }
        map.end()
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(problems) => problems.serialize(serializer),
            Self::Fields(fields) => fields.serialize(serializer),
            Self::Items(items) => items.serialize(serializer),
        }
    }
}

/// The problems of section 1.5, each with its words.
impl Problem {
    /// A code with its sentence.
    #[must_use]
    pub(crate) fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), code }
    }

    /// A field that must be there is not.
    #[must_use]
    pub(crate) fn required() -> Self {
        Self::new("required", "A value is required here.")
    }

    /// `null` where a value is needed.
    #[must_use]
    pub(crate) fn null() -> Self {
        Self::new("null", "This value cannot be null.")
    }

    /// Empty text where some is needed.
    #[must_use]
    pub(crate) fn blank() -> Self {
        Self::new("blank", "This text cannot be blank.")
    }

    /// The wrong type or form; `message` says what is wanted.
    #[must_use]
    pub(crate) fn invalid(message: &'static str) -> Self {
        Self::new("invalid", message)
    }

    /// None of the values there are.
    #[must_use]
    pub(crate) fn invalid_choice(message: &'static str) -> Self {
        Self::new("invalid_choice", message)
    }

    /// Text that is too long, in characters.
    #[must_use]
    pub(crate) fn max_length(max: usize) -> Self {
        Self::new("max_length", format!("At most {max} characters are allowed."))
    }

    /// A list that is too long.
    #[must_use]
    pub(crate) fn max_items(max: usize) -> Self {
        Self::new("max_length", format!("At most {max} items are allowed."))
    }

    /// A list that is too short.
    #[must_use]
    pub(crate) fn min_items(min: usize) -> Self {
        let items = if min == 1 { "item is" } else { "items are" };
        Self::new("min_length", format!("At least {min} {items} needed."))
    }

    /// A number that is too small.
    #[must_use]
    pub(crate) fn min_value(min: i64) -> Self {
        Self::new("min_value", format!("This value must be {min} or more."))
    }

    /// A number that is too large.
    #[must_use]
    pub(crate) fn max_value(max: i64) -> Self {
        Self::new("max_value", format!("This value must be {max} or less."))
    }

    /// Too many digits after the point.
    #[must_use]
    pub(crate) fn max_decimal_places(max: u32) -> Self {
        Self::new("max_decimal_places", format!("At most {max} digits after the point are allowed."))
    }

    /// Too many digits in all.
    #[must_use]
    pub(crate) fn max_digits(max: usize) -> Self {
        Self::new("max_digits", format!("At most {max} digits are allowed."))
    }

    /// A number written absurdly long.
    #[must_use]
    pub(crate) fn max_string_length(max: usize) -> Self {
        Self::new("max_string_length", format!("A number may be at most {max} characters long."))
    }

    /// An id of nothing the caller has.
    #[must_use]
    pub(crate) fn does_not_exist() -> Self {
        Self::new("does_not_exist", "There is no such object.")
    }

    /// The due time is not in the future.
    #[must_use]
    pub(crate) fn due_not_greater_than_now() -> Self {
        Self::new("due_not_greater_than_now", "The due time must be in the future.")
    }

    /// Neither `client` nor `client_id`.
    #[must_use]
    pub(crate) fn client_or_id_required() -> Self {
        Self::new("purchase_client_or_id_required", "Say who pays: give either client or client_id.")
    }

    /// Both `client` and `client_id`.
    #[must_use]
    pub(crate) fn client_or_id_only() -> Self {
        Self::new("purchase_client_or_id_only", "Give either client or client_id, not both.")
    }

    /// A line whose discount is more than its price.
    #[must_use]
    pub(crate) fn subtotal_negative() -> Self {
        Self::new("product_subtotal_negative", "The discount is more than the price of this line.")
    }

    /// Nothing to pay, and no card to be saved either (10.2 #35).
    #[must_use]
    pub(crate) fn zero_total() -> Self {
        Self::new("purchase_zero_total", "The total is zero. That is possible with skip_capture only.")
    }

    /// A method that cannot be whitelisted, or no method left.
    #[must_use]
    pub(crate) fn payment_method_whitelist(message: &'static str) -> Self {
        Self::new("invalid_payment_method_whitelist", message)
    }
}

/// The whole-request answers of section 1.5, each a complete body.
impl FieldErrors {
    /// 400: the body is not JSON.
    #[must_use]
    pub(crate) fn parse_error() -> Self {
        Self::all(Problem::new("parse_error", "The request body is not valid JSON."))
    }

    /// 401: no key, or none of ours.
    #[must_use]
    pub(crate) fn authentication_failed() -> Self {
        Self::all(Problem::new("authentication_failed", "The secret key is not valid."))
    }

    /// 404: nothing there, or nothing of the caller's.
    #[must_use]
    pub(crate) fn not_found() -> Self {
        Self::all(Problem::new("not_found", "No such object."))
    }

    /// 405: the route has no such method.
    #[must_use]
    pub(crate) fn method_not_allowed() -> Self {
        Self::all(Problem::new("method_not_allowed", "This method is not allowed here."))
    }

    /// 413: the body is too large.
    #[must_use]
    pub(crate) fn too_large() -> Self {
        Self::all(Problem::new("request_too_large", "The request body is too large."))
    }

    /// 415: not JSON by its content type, or compressed.
    #[must_use]
    pub(crate) fn unsupported_media_type() -> Self {
        Self::all(Problem::new("unsupported_media_type", "Send the body as application/json, not compressed."))
    }

    /// 429: too many requests.
    #[must_use]
    pub(crate) fn rate_limited() -> Self {
        Self::all(Problem::new("rate_limited", "Too many requests. Try again later."))
    }

    /// 500: our fault.
    #[must_use]
    pub(crate) fn internal_error() -> Self {
        Self::all(Problem::new("internal_error", "Something went wrong on our side. Try again later."))
    }

    /// 400: cancel of a purchase that cannot be cancelled any more.
    #[must_use]
    pub(crate) fn cancel_wrong_status() -> Self {
        Self::all(Problem::new("purchase_cancel_wrong_status", "This purchase can no longer be cancelled."))
    }

    /// 400: an idempotency key used again with another body (10.2 #4).
    #[must_use]
    pub(crate) fn idempotency_key_reuse() -> Self {
        Self::all(Problem::new(
            "idempotency_key_reuse",
            "This idempotency key was used before with a different request.",
        ))
    }

    /// 400: an `Idempotency-Key` header that is no key.
    #[must_use]
    pub(crate) fn invalid_idempotency_key() -> Self {
        Self::all(Problem::new("invalid", "The Idempotency-Key header must be 1 to 255 visible characters."))
    }

    /// 400: an address that is not called in live mode (security S1).
    #[must_use]
    pub(crate) fn not_live(name: &'static str) -> Self {
        Self::field(name, Problem::invalid("In live mode an https address with a name and port 443 is needed here."))
    }

    /// 400: one more webhook than there may be.
    #[must_use]
    pub(crate) fn too_many_webhooks(most: u32) -> Self {
        Self::all(Problem::new("max_length", format!("At most {most} webhooks are allowed.")))
    }

    /// 400: one more statement than there may be.
    #[must_use]
    pub(crate) fn too_many_statements(most: u32) -> Self {
        Self::all(Problem::new(
            "max_length",
            format!("At most {most} statements are kept at a time. Their files are thrown away after a day."),
        ))
    }

    /// 400: cancel of a statement that is over.
    #[must_use]
    pub(crate) fn statement_cancel_wrong_status() -> Self {
        let message = "This statement is finished, so it can no longer be cancelled.";
        Self::all(Problem::new("company_statement_cancel_wrong_status", message))
    }

    /// 400: a brand the caller does not have (10.2 #26).
    #[must_use]
    pub(crate) fn unknown_brand() -> Self {
        Self::field("brand_id", Problem::does_not_exist())
    }

    /// 400: a client the caller does not have.
    #[must_use]
    pub(crate) fn unknown_client() -> Self {
        Self::field("client_id", Problem::does_not_exist())
    }
}

/// What the actions of section 2.3 refuse, each a complete body under `__all__`, where every client looks.
impl FieldErrors {
    /// 400: capture of what is not held.
    #[must_use]
    pub(crate) fn capture_wrong_status() -> Self {
        Self::all(Problem::new(
            "purchase_capture_wrong_status",
            "This purchase is not on hold, so nothing can be captured.",
        ))
    }

    /// 400: release of what is not held.
    #[must_use]
    pub(crate) fn release_wrong_status() -> Self {
        Self::all(Problem::new(
            "purchase_release_wrong_status",
            "This purchase is not on hold, so nothing can be released.",
        ))
    }

    /// 400: charge of a purchase that cannot be paid.
    #[must_use]
    pub(crate) fn charge_wrong_status() -> Self {
        Self::all(Problem::new(
            "purchase_charge_wrong_status",
            "This purchase can no longer be paid, so it cannot be charged.",
        ))
    }

    /// 400: refund of what was never paid.
    #[must_use]
    pub(crate) fn refund_wrong_status() -> Self {
        Self::all(Problem::new(
            "purchase_refund_wrong_status",
            "This purchase is not paid, so nothing can be refunded.",
        ))
    }

    /// 400: nothing is left to refund, or not this way.
    #[must_use]
    pub(crate) fn refund_not_possible() -> Self {
        Self::all(Problem::new("purchase_refund_not_possible", "Nothing of this purchase can be refunded any more."))
    }

    /// 400: mark as paid of a purchase that cannot be paid.
    #[must_use]
    pub(crate) fn mark_as_paid_wrong_status() -> Self {
        Self::all(Problem::new(
            "purchase_mark_as_paid_wrong_status",
            "This purchase can no longer be paid, so it cannot be marked as paid.",
        ))
    }

    /// 400: the client has no address or was mailed too often, or this gateway sends no mail.
    #[must_use]
    pub(crate) fn no_mail() -> Self {
        Self::all(Problem::new(
            "purchase_resend_invoice_error",
            "The invoice could not be mailed: the client has no email address, was mailed ten invoices of this purchase in a day, or this gateway has no mail server.",
        ))
    }

    /// 400: an invoice for a purchase that cannot be paid (10.2 #19).
    #[must_use]
    pub(crate) fn resend_invoice_wrong_status() -> Self {
        Self::all(Problem::new(
            "purchase_resend_invoice_wrong_status",
            "This purchase can no longer be paid, so its invoice is not sent.",
        ))
    }

    /// 400: the acquirer refused the capture.
    #[must_use]
    pub(crate) fn capture_error() -> Self {
        Self::all(Problem::new(
            "purchase_capture_error",
            "The acquirer refused the capture. The purchase tells why in transaction_data.attempts.",
        ))
    }

    /// 400: the acquirer refused the release.
    #[must_use]
    pub(crate) fn release_error() -> Self {
        Self::all(Problem::new(
            "purchase_release_error",
            "The acquirer refused the release. The purchase tells why in transaction_data.attempts.",
        ))
    }

    /// 400: the charge was declined.
    #[must_use]
    pub(crate) fn charge_error() -> Self {
        Self::all(Problem::new(
            "purchase_charge_error",
            "The saved card was declined. The purchase tells why in transaction_data.attempts.",
        ))
    }

    /// 400: the acquirer refused the refund.
    #[must_use]
    pub(crate) fn refund_error() -> Self {
        Self::all(Problem::new(
            "purchase_refund_error",
            "The acquirer refused the refund. The purchase tells why in transaction_data.attempts.",
        ))
    }

    /// 400: a token that is missing or names no kept card. Shops forget their saved card on this code, so it is never
    /// the answer to what may work later.
    #[must_use]
    pub(crate) fn invalid_recurring_token() -> Self {
        Self::all(Problem::new("invalid_recurring_token", "There is no saved card for this recurring token."))
    }

    /// 400: a charge with a card the purchase does not take.
    #[must_use]
    pub(crate) fn card_not_whitelisted() -> Self {
        Self::all(Problem::new(
            "invalid_payment_method_whitelist",
            "The saved card is none of the payment methods this purchase takes.",
        ))
    }

    /// 400: a capture of more than is held.
    #[must_use]
    pub(crate) fn capture_above(held: i64) -> Self {
        Self::field("amount", Problem::max_value(held))
    }

    /// 400: a refund of more than is left, at the field and for clients that look at no field (10.2 #41).
    #[must_use]
    pub(crate) fn refund_above(left: i64) -> Self {
        Self::field("amount", Problem::max_value(left)).refused_refund()
    }

    /// A refusal that clients take for one: they book an error of a field alone as a success (quirk 22).
    #[must_use]
    pub(crate) fn refused_refund(mut self) -> Self {
        if self.all.is_empty() {
            self.add_all(Problem::new("purchase_refund_not_possible", "This amount cannot be refunded."));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_the_envelope() {
        let mut good_and_bad = FieldErrors::default();
        good_and_bad.add("quantity", Problem::max_decimal_places(4));
        let mut errors = FieldErrors::default();
        errors.add("brand_id", Problem::required());
        errors.add_in("purchase", "currency", Problem::required());
        errors.add_in("purchase", "products", Node::Items(vec![FieldErrors::default(), good_and_bad]));
        errors.add_all(Problem::client_or_id_required());
        let shown: serde_json::Value = serde_json::to_value(&errors).expect("JSON");
        let leaf = |problem: Problem| serde_json::json!([{"message": problem.message, "code": problem.code}]);
        assert_eq!(
            serde_json::json!({
                "__all__": leaf(Problem::client_or_id_required()),
                "brand_id": leaf(Problem::required()),
                "purchase": {
                    "currency": leaf(Problem::required()),
                    "products": [{}, {"quantity": leaf(Problem::max_decimal_places(4))}],
                },
            }),
            shown
        );
    }

    #[test]
    fn a_wrong_field_keeps_every_problem() {
        let mut errors = FieldErrors::field("due", Problem::null());
        errors.add("due", Problem::required());
        assert_eq!(
            r#"{"due":[{"message":"This value cannot be null.","code":"null"},{"message":"A value is required here.","code":"required"}]}"#,
            serde_json::to_string(&errors).expect("JSON")
        );
    }
}
