//! The fields of a card form, on whichever page they stand (checkout-ux 3 and 4).

use domain::{Brand, CaptureMode};

use super::Subject;
use crate::dates::month_in_the_west;
use crate::form::{Field, FieldError, FormErrors, Typed};
use crate::texts;
use crate::words::Message;

/// What is in them, and what is wrong with it.
pub(super) struct CardFields {
    pub(super) number_error: String,
    pub(super) expires_error: String,
    pub(super) cvc_error: String,
    pub(super) holder_error: String,
    pub(super) typed: Typed,
    /// Those that are taken.
    pub(super) brands: Vec<Brand>,
    /// Those a card with two brands may have; fewer than two leave nothing to choose.
    pub(super) choice: Vec<Brand>,
    /// `YYYY-MM`: a card is good until this month is over everywhere.
    pub(super) month: String,
}

impl CardFields {
    pub(super) fn of(subject: &Subject<'_>, errors: &FormErrors) -> Self {
        let checkout = subject.checkout;
        let error_of = |field: Field| {
            let found = errors.errors.iter().find(|error| error.field == field);
            found.map(|error| subject.words.say(&error.message)).unwrap_or_default()
        };
        let taken = |brand: &Brand| checkout.takes(*brand);
        // A card of two brands is one of these and the other.
        let paired = [Brand::CartesBancaires, Brand::Visa, Brand::Mastercard];
        let choice = if checkout.takes(Brand::CartesBancaires) { paired.to_vec() } else { Vec::new() };
        Self {
            number_error: error_of(Field::CardNumber),
            expires_error: error_of(Field::Expires),
            cvc_error: error_of(Field::Cvc),
            holder_error: error_of(Field::CardholderName),
            typed: errors.typed.clone(),
            brands: Brand::ALL.into_iter().filter(taken).collect(),
            choice: choice.into_iter().filter(taken).collect(),
            month: month_in_the_west(subject.now),
        }
    }
}

/// What a form pays: the words of its button, and what else is to be known of it.
pub(super) fn button(subject: &Subject<'_>) -> (Message, Option<Message>) {
    let terms = &subject.payment.terms;
    match terms.capture {
        CaptureMode::Automatic => (texts::pay(subject.amount()), None),
        CaptureMode::Manual if terms.amount.is_zero() => (texts::SAVE_CARD, Some(texts::VERIFY_NOTE)),
        CaptureMode::Manual => (texts::hold(subject.amount()), Some(texts::HOLD_NOTE)),
    }
}

/// A line of the error summary.
pub(super) struct Problem {
    pub(super) field: &'static str,
    pub(super) message: String,
}

/// The error summary.
pub(super) fn problems(subject: &Subject<'_>, errors: &[FieldError]) -> Vec<Problem> {
    let problem =
        |error: &FieldError| Problem { field: error.field.name(), message: subject.words.say(&error.message) };
    errors.iter().map(problem).collect()
}
