//! The order, line by line.

use std::collections::BTreeMap;

use domain::{Checkout, Line, Money};

use super::{Subject, shown};
use crate::money::{decimal, percent, signed};
use crate::texts;
use crate::words::Message;

/// Who asks for how much, and for what: the summary beside a form.
pub(super) struct Summary {
    pub(super) amount: String,
    pub(super) due: Option<Message>,
    pub(super) order: Order,
    pub(super) reference: String,
    /// What is said before and after it.
    pub(super) reference_words: (String, String),
    pub(super) notes: String,
}

impl Summary {
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let zone = subject.zone();
        let due = subject.payment.terms.due.map(|due| {
            if subject.is_overdue() {
                texts::was_due(zone.day(due.at))
            } else {
                texts::payable_until(zone.day_and_time(due.at))
            }
        });
        Self {
            amount: subject.amount(),
            due,
            order: Order::of(subject),
            reference: shown(&subject.checkout.reference),
            reference_words: subject.words.around(texts::reference_is),
            notes: shown(subject.checkout.notes.trim()),
        }
    }
}

/// What is paid for and how it adds up.
pub(super) struct Order {
    pub(super) lines: Vec<LineView>,
    /// What stands between the lines and the total; empty when the lines are the total.
    pub(super) sums: Vec<Sum>,
    pub(super) total: String,
}

/// One line. Amounts are ready to read.
pub(super) struct LineView {
    pub(super) name: String,
    pub(super) quantity: String,
    pub(super) unit_price: String,
    pub(super) discount: Option<String>,
    pub(super) tax: Option<String>,
    pub(super) total: String,
}

/// A named amount below the lines.
pub(super) struct Sum {
    pub(super) label: String,
    pub(super) amount: String,
}

/// What stands below the lines of an invoice: before tax, the tax of each rate, the total. What the merchant states in
/// place of that is shown as given and marked (purchases-api 2.1.2); the total is what is charged.
pub(super) fn itemized(subject: &Subject<'_>) -> Vec<Sum> {
    let Checkout { lines, debt, stated, .. } = subject.checkout;
    let words = subject.words;
    let total = subject.payment.terms.amount;
    let show = |minor: i64| signed(minor, total.currency(), words.language);
    let sum = |label: Message, minor: i64| Sum { label: words.say(label), amount: show(minor) };
    let by_seller = |label: Message, minor: i64| sum(texts::stated(words.say(label)), minor);

    let mut taxes: BTreeMap<i64, i64> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.tax_percent != 0) {
        let tax = taxes.entry(line.tax_percent).or_default();
        *tax = tax.saturating_add(line.total.saturating_sub(before_tax(line)));
    }
    let all = lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.total));
    let tax = taxes.values().fold(0_i64, |sum, tax| sum.saturating_add(*tax));
    let adjustment = total.minor().saturating_sub(all).saturating_sub(*debt);
    let is_stated = stated.subtotal.is_some() || stated.tax.is_some() || stated.discount.is_some();

    let mut sums = Vec::new();
    match stated.subtotal {
        Some(subtotal) => sums.push(by_seller(texts::SUBTOTAL, subtotal)),
        None if lines.is_empty() || (taxes.is_empty() && *debt == 0 && adjustment == 0 && !is_stated) => {}
        None => sums.push(sum(texts::SUBTOTAL, all.saturating_sub(tax))),
    }
    sums.extend(stated.discount.map(|discount| by_seller(texts::DISCOUNT, discount)));
    match stated.tax {
        Some(tax) => sums.push(by_seller(texts::TAX, tax)),
        None => sums.extend(taxes.iter().map(|(rate, tax)| sum(texts::tax_at(percent(*rate, words.language)), *tax))),
    }
    if *debt != 0 {
        sums.push(sum(if *debt < 0 { texts::CREDIT } else { texts::DEBT }, *debt));
    }
    // What is stated need not add up.
    if adjustment != 0 && !lines.is_empty() && !is_stated {
        sums.push(sum(texts::ADJUSTMENT, adjustment));
    }
    sums
}

/// What a line comes to before tax, in minor units, rounded half up. Where the merchant fixed the price, tax is part of it.
fn before_tax(line: &Line) -> i64 {
    const WHOLE: i128 = 10_000;
    let rounded = |number: i128, unit: i128| i64::try_from((number + unit / 2).div_euclid(unit)).unwrap_or(line.total);
    if line.total_override.is_some() {
        return rounded(i128::from(line.total) * WHOLE, WHOLE + i128::from(line.tax_percent));
    }
    let net = i128::from(line.unit_price) * i128::from(line.quantity) - i128::from(line.discount) * WHOLE;
    rounded(net, WHOLE)
}

impl Order {
    /// The total is what is charged, whatever the lines say; a difference is shown as one.
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let checkout = subject.checkout;
        let words = subject.words;
        let total: Money = subject.payment.terms.amount;
        let show = |minor: i64| signed(minor, total.currency(), words.language);

        let subtotal = checkout.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.total));
        let adjustment = total.minor().saturating_sub(subtotal).saturating_sub(checkout.debt);
        let mut sums = Vec::new();
        if !checkout.lines.is_empty() && (checkout.debt != 0 || adjustment != 0) {
            sums.push(Sum { label: words.say(texts::SUBTOTAL), amount: show(subtotal) });
            if checkout.debt != 0 {
                let label = if checkout.debt < 0 { texts::CREDIT } else { texts::DEBT };
                sums.push(Sum { label: words.say(label), amount: show(checkout.debt) });
            }
            if adjustment != 0 {
                sums.push(Sum { label: words.say(texts::ADJUSTMENT), amount: show(adjustment) });
            }
        }

        let line = |line: &Line| LineView {
            name: shown(&line.name),
            quantity: decimal(line.quantity, 4, words.language),
            unit_price: show(line.unit_price),
            discount: (line.discount != 0).then(|| show(line.discount.saturating_neg())),
            tax: (line.tax_percent != 0).then(|| percent(line.tax_percent, words.language)),
            total: show(line.total),
        };
        Self { lines: checkout.lines.iter().map(line).collect(), sums, total: show(total.minor()) }
    }
}
