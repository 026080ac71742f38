//! What else than a card the pay page offers (checkout-ux 2): a few ways at sight, the others behind one line.

use domain::{LocalMethod, RedirectMethod};

use crate::form::{Field, FormErrors, OfferedMethod, bank_field};
use crate::texts;
use crate::words::{Message, Words};

/// Ways to pay at sight, cards among them.
const AT_SIGHT: usize = 4;

/// What a page offers, and what of it is chosen beforehand.
#[derive(Debug, Default)]
pub(crate) struct MethodsOffered {
    /// In their order.
    pub offered: Vec<OfferedMethod>,
    /// By the address of the page.
    pub chosen: Option<LocalMethod>,
    /// Of a chosen method with banks.
    pub bank: Option<&'static str>,
}

/// The choice as the page shows it.
pub(super) struct Choice {
    /// At sight.
    pub(super) first: Vec<Row>,
    /// Behind one line.
    pub(super) more: Vec<Row>,
    /// That line is open, for what is behind it is chosen.
    pub(super) is_open: bool,
    /// Paying by card is chosen.
    pub(super) by_card: bool,
    /// There is nothing to choose: the first is all there is.
    pub(super) only: bool,
}

/// A way to pay.
pub(super) struct Row {
    pub(super) value: &'static str,
    pub(super) name: &'static str,
    /// Where the name does not say what it is.
    pub(super) hint: Option<Message>,
    pub(super) chosen: bool,
    /// What is said before and after the name of whoever the payer is led to.
    pub(super) confirms: (String, String),
    pub(super) banks: Option<Banks>,
}

/// The banks of a method.
pub(super) struct Banks {
    /// `name` and `id`.
    pub(super) field: &'static str,
    /// What is wrong with the choice; may be empty.
    pub(super) error: String,
    pub(super) rows: Vec<BankRow>,
}

/// A bank to choose.
pub(super) struct BankRow {
    pub(super) code: &'static str,
    pub(super) name: String,
    pub(super) is_up: bool,
    pub(super) chosen: bool,
}

impl Choice {
    pub(super) fn of(words: Words, methods: &MethodsOffered, errors: &FormErrors, takes_cards: bool) -> Self {
        let is_posted = !errors.errors.is_empty();
        let asked = if is_posted { errors.typed.method } else { methods.chosen };
        let is_offered = |method: &LocalMethod| methods.offered.iter().any(|offered| offered.method == *method);
        let first = methods.offered.first().map(|offered| offered.method).filter(|_| !takes_cards);
        let chosen = asked.filter(is_offered).or(first);
        let row =
            |offered: &OfferedMethod| Row::of(words, offered, chosen == Some(offered.method), methods.bank, errors);
        let mut first: Vec<Row> = methods.offered.iter().map(row).collect();
        let at_sight = AT_SIGHT - usize::from(takes_cards);
        // One more takes no more room than the line it would hide behind.
        let more = if first.len() > at_sight + 1 { first.split_off(at_sight) } else { vec![] };
        let is_open = more.iter().any(|row| row.chosen);
        let only = !takes_cards && first.len() == 1;
        Self { first, more, is_open, by_card: takes_cards && chosen.is_none(), only }
    }

    /// Whether there is nothing but cards.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}

impl Row {
    fn of(
        words: Words,
        offered: &OfferedMethod,
        chosen: bool,
        bank: Option<&'static str>,
        errors: &FormErrors,
    ) -> Self {
        let method = offered.method;
        let error = errors.errors.iter().find(|error| error.field == Field::Bank(method));
        let banks = (!offered.banks.is_empty()).then(|| Banks {
            field: bank_field(method),
            error: error.map(|error| words.say(&error.message)).unwrap_or_default(),
            rows: offered
                .banks
                .iter()
                .map(|state| BankRow {
                    code: state.bank.code,
                    name: match state.is_up {
                        true => state.bank.name.to_owned(),
                        false => words.say(texts::bank_down(state.bank.name)),
                    },
                    is_up: state.is_up,
                    chosen: state.is_up && bank == Some(state.bank.code),
                })
                .collect(),
        });
        Self {
            value: method.as_str(),
            name: method.label(),
            hint: match method.kind() {
                RedirectMethod::Wallet => None,
                RedirectMethod::PayLater => Some(texts::METHOD_PAY_LATER),
                RedirectMethod::Bank => Some(texts::METHOD_BANK),
            },
            chosen,
            confirms: words.around(texts::partner_confirms),
            banks,
        }
    }
}
