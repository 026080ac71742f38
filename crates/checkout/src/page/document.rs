//! Invoice and receipt: pages to keep and to print (checkout-ux 17).

use askama::Template;

use super::order::Order;
use super::{Frame, Link, Stage, Subject, Target, html, shown};
use crate::money::signed;
use crate::texts;
use crate::words::{Message, Words};

/// Who takes the money, in legal words. Absent is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Issuer {
    /// The company's registered name.
    pub legal_name: String,
    /// Its number in the register of companies.
    pub registration_number: String,
    /// Its tax number.
    pub tax_number: String,
    /// Its address, a line each.
    pub address: Vec<String>,
}

/// The invoice: readable at every stage, with a way to pay while it can be paid.
#[must_use]
pub(crate) fn invoice(subject: Subject<'_>, issuer: &Issuer) -> String {
    let checkout = subject.checkout;
    let words = subject.words;
    let zone = subject.zone();
    let stage = subject.stage();
    let (stamp, tone) = match stage {
        Stage::Paid | Stage::PaidElsewhere => paid_stamp(&subject),
        Stage::Closed => (texts::STAMP_CLOSED, "neutral"),
        Stage::Reserved => (texts::STAMP_RESERVED, "good"),
        Stage::CardSaved => (texts::STAMP_SAVED, "good"),
        Stage::Processing | Stage::Challenged | Stage::AtPartner => (texts::STAMP_PROCESSING, "wait"),
        Stage::Cancelled | Stage::Failed => (texts::STAMP_CANCELLED, "neutral"),
        Stage::Expired => (texts::STAMP_EXPIRED, "neutral"),
        Stage::Payable if subject.is_overdue() => (texts::STAMP_OVERDUE, "bad"),
        Stage::Payable => (texts::STAMP_OPEN, "neutral"),
    };

    let mut facts = vec![(texts::ISSUED, zone.day(checkout.created_at))];
    facts.extend(subject.payment.terms.due.map(|due| (texts::DUE, zone.day_and_time(due.at))));
    if matches!(stage, Stage::Paid | Stage::PaidElsewhere) {
        facts.extend(subject.success().map(|(at, _)| (texts::PAID_AT, zone.day_and_time(at))));
    }

    let mut links = Vec::new();
    match stage {
        Stage::Payable => {
            links.push(Link { href: subject.link(""), text: words.say(texts::pay(subject.amount())), primary: true });
        }
        Stage::Paid | Stage::PaidElsewhere => {
            links.push(Link { href: subject.link("receipt/"), text: words.say(texts::RECEIPT), primary: false });
        }
        Stage::Challenged => {
            links.push(Link { href: subject.link("challenge/"), text: words.say(texts::CONTINUE), primary: true });
        }
        Stage::Processing
        | Stage::AtPartner
        | Stage::Reserved
        | Stage::CardSaved
        | Stage::Cancelled
        | Stage::Failed
        | Stage::Expired
        | Stage::Closed => {}
    }
    if let Some(target) = Target::of(checkout.redirects.cancel.as_ref()) {
        let text = words.say(texts::return_to(&target.host));
        links.push(Link { href: target.url, text, primary: false });
    }
    document(&subject, texts::INVOICE, (stamp, tone), issuer, facts, links)
}

/// The receipt: there is one once money was taken, and none before.
#[must_use]
pub(crate) fn receipt(subject: Subject<'_>, issuer: &Issuer) -> Option<String> {
    if !matches!(subject.stage(), Stage::Paid | Stage::PaidElsewhere) {
        return None;
    }
    let (at, paid_with) = subject.success()?;
    let zone = subject.zone();
    let mut facts = vec![(texts::PAID_AT, zone.day_and_time(at))];
    facts.extend(paid_with.map(|means| (texts::PAID_WITH, means)));
    Some(document(&subject, texts::RECEIPT_TITLE, paid_stamp(&subject), issuer, facts, Vec::new()))
}

fn paid_stamp(subject: &Subject<'_>) -> (Message, &'static str) {
    let payment = subject.payment;
    match (payment.refunded.is_zero(), payment.refundable().is_zero()) {
        (true, _) => (texts::STAMP_PAID, "good"),
        (false, true) => (texts::STAMP_REFUNDED, "neutral"),
        (false, false) => (texts::STAMP_PARTLY_REFUNDED, "good"),
    }
}

/// What was taken if it is not the total, what was given back, and what remains.
pub(super) fn settlement(subject: &Subject<'_>) -> Vec<(Message, String)> {
    let payment = subject.payment;
    let mut rows = Vec::new();
    if !payment.captured.is_zero() && payment.captured != payment.terms.amount {
        rows.push((texts::TAKEN, subject.money(payment.captured)));
    }
    for (at, amount) in subject.refunds() {
        let label = texts::refunded_on(subject.zone().day(at));
        rows.push((label, signed(-amount.minor(), amount.currency(), subject.words.language)));
    }
    if !payment.refunded.is_zero() {
        rows.push((texts::AFTER_REFUNDS, subject.money(payment.refundable())));
    }
    rows
}

fn document(
    subject: &Subject<'_>,
    heading: Message,
    (stamp, tone): (Message, &'static str),
    issuer: &Issuer,
    mut facts: Vec<(Message, String)>,
    links: Vec<Link>,
) -> String {
    let checkout = subject.checkout;
    if !checkout.reference.is_empty() {
        facts.push((texts::REFERENCE, shown(&checkout.reference)));
    }
    facts.push((texts::NUMBER, checkout.id.to_string()));
    html(&Document {
        words: subject.words,
        frame: Frame::of(subject, &subject.words.say(&heading)),
        heading,
        stamp,
        tone,
        from: from(subject, issuer),
        to: to(subject),
        facts,
        order: Order::of(subject),
        settlement: settlement(subject),
        notes: shown(checkout.notes.trim()),
        links,
    })
}

fn from(subject: &Subject<'_>, issuer: &Issuer) -> Vec<String> {
    let seller = subject.seller();
    let legal_name = if issuer.legal_name == seller { "" } else { issuer.legal_name.as_str() };
    let mut lines = vec![seller, shown(legal_name)];
    lines.extend(issuer.address.iter().map(|line| shown(line)));
    lines.extend(numbers(subject.words, &issuer.registration_number, &issuer.tax_number));
    without_empty(lines)
}

/// Name and address only: who holds the link need not know more of the payer.
fn to(subject: &Subject<'_>) -> Vec<String> {
    let customer = subject.customer();
    let billing = &customer.billing;
    let town = format!("{} {}", billing.zip_code.trim(), billing.city.trim());
    let mut lines: Vec<String> = [
        customer.full_name.as_str(),
        &customer.legal_name,
        &billing.street_address,
        town.trim(),
        &billing.state,
        &billing.country,
    ]
    .map(shown)
    .into();
    lines.extend(numbers(subject.words, &customer.registration_number, &customer.tax_number));
    without_empty(lines)
}

fn numbers(words: Words, registration: &str, tax: &str) -> Vec<String> {
    let given = |number: &str| (!number.trim().is_empty()).then(|| shown(number));
    let registration = given(registration).map(|number| words.say(texts::registration(number)));
    let tax = given(tax).map(|number| words.say(texts::tax_registration(number)));
    registration.into_iter().chain(tax).collect()
}

fn without_empty(mut lines: Vec<String>) -> Vec<String> {
    lines.retain(|line| !line.trim().is_empty());
    lines
}

#[derive(Template)]
#[template(path = "document.html")]
struct Document {
    words: Words,
    frame: Frame,
    heading: Message,
    stamp: Message,
    tone: &'static str,
    from: Vec<String>,
    to: Vec<String>,
    facts: Vec<(Message, String)>,
    order: Order,
    settlement: Vec<(Message, String)>,
    notes: String,
    links: Vec<Link>,
}
