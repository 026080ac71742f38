//! Invoice and receipts: pages to keep and to print, and the same on paper (checkout-ux 17).

use askama::Template;
use domain::{Means, OperationId};
use paper::Sheet;

use super::order::{LineView, Order, itemized};
use super::{Frame, Link, Stage, Subject, Target, html, shown};
use crate::money::signed;
use crate::words::{Message, Words};
use crate::{assets, texts};

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
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Where it may be paid by transfer: account and bank code.
    pub accounts: Vec<(String, String)>,
}

/// What an invoice or a receipt says.
#[derive(Template)]
#[template(path = "document.html")]
pub(crate) struct Document {
    pub(super) words: Words,
    pub(super) frame: Frame,
    pub(super) heading: Message,
    pub(super) stamp: Message,
    tone: &'static str,
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
    pub(super) facts: Vec<(Message, String)>,
    pub(super) lines: Vec<LineView>,
    pub(super) sums: Vec<Row>,
    pub(super) notes: String,
    pub(super) links: Vec<Link>,
    pub(super) sheet: Sheet,
}

/// A named amount; the one that matters is strong.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) amount: String,
    pub(super) strong: bool,
}

impl Document {
    /// As a page.
    #[must_use]
    pub(crate) fn page(&self) -> String {
        html(self)
    }

    /// In its language.
    #[must_use]
    pub(crate) const fn words(&self) -> Words {
        self.words
    }
}

/// The invoice: readable at every stage, with a way to pay while it can be paid.
#[must_use]
pub(crate) fn invoice(subject: Subject<'_>, issuer: &Issuer) -> Document {
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

    let mut facts = Vec::new();
    if !checkout.reference.is_empty() {
        facts.push((texts::INVOICE_NUMBER, shown(&checkout.reference)));
    }
    let issued = zone.calendar_day(&checkout.stated.issued).unwrap_or_else(|| zone.day(checkout.created_at));
    facts.push((texts::ISSUED, issued));
    facts.extend(subject.payment.terms.due.map(|due| (texts::DUE, zone.day_and_time(due.at))));
    if matches!(stage, Stage::Paid | Stage::PaidElsewhere) {
        facts.extend(subject.success().map(|(at, _)| (texts::PAID_AT, zone.day_and_time(at))));
    }
    for (account, code) in &issuer.accounts {
        facts.push((texts::BANK_ACCOUNT, shown(account)));
        facts.extend((!code.is_empty()).then(|| (texts::BANK_CODE, shown(code))));
    }
    facts.push((texts::NUMBER, checkout.id.to_string()));

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
    links.push(printed(&subject, "invoice.pdf"));
    if let Some(target) = Target::of(checkout.redirects.cancel.as_ref()) {
        let text = words.say(texts::return_to(&target.host));
        links.push(Link { href: target.url, text, primary: false });
    }
    let Order { lines, .. } = Order::of(&subject);
    Document { facts, lines, sums: sums(&subject), links, ..document(&subject, texts::INVOICE, (stamp, tone), issuer) }
}

/// The receipt: there is one once money was taken, and none before.
#[must_use]
pub(crate) fn receipt(subject: Subject<'_>, issuer: &Issuer) -> Option<Document> {
    if !matches!(subject.stage(), Stage::Paid | Stage::PaidElsewhere) {
        return None;
    }
    let (at, _) = subject.success()?;
    let zone = subject.zone();
    let mut facts = vec![(texts::PAID_AT, zone.day_and_time(at))];
    facts.extend(payment_facts(&subject));
    let mut links = vec![printed(&subject, "receipt.pdf")];
    for (refund, at, _) in subject.refunds() {
        let text = subject.words.say(texts::refund_receipt(zone.day(at)));
        links.push(Link { href: subject.link(&format!("refunds/{refund}/")), text, primary: false });
    }
    let Order { lines, .. } = Order::of(&subject);
    let document = document(&subject, texts::RECEIPT_TITLE, paid_stamp(&subject), issuer);
    Some(Document { facts, lines, sums: sums(&subject), links, ..document })
}

/// The receipt of money that was given back; `None` where that was not.
#[must_use]
pub(crate) fn refund_receipt(subject: Subject<'_>, issuer: &Issuer, refund: OperationId) -> Option<Document> {
    let words = subject.words;
    let before = || subject.refunds().take_while(|(id, ..)| *id != refund);
    let (_, at, amount) = subject.refunds().nth(before().count())?;
    let taken = subject.payment.captured;
    let left = before().map(|(.., amount)| amount.minor()).fold(taken.minor() - amount.minor(), |left, sum| left - sum);

    let mut facts = vec![(texts::REFUNDED_AT, subject.zone().day_and_time(at))];
    facts.extend(payment_facts(&subject));
    facts.push((texts::REFUND_NUMBER, refund.to_string()));
    let row = |label: Message, amount, strong| Row { label: words.say(label), amount, strong };
    let sums = vec![
        row(texts::TAKEN, subject.money(taken), false),
        row(texts::REFUNDED, subject.money(amount), true),
        row(texts::AFTER_REFUNDS, signed(left, taken.currency(), words.language), false),
    ];
    let links = vec![
        printed(&subject, &format!("refunds/{refund}/receipt.pdf")),
        Link { href: subject.link("receipt/"), text: words.say(texts::RECEIPT), primary: false },
    ];
    let document = document(&subject, texts::REFUND_TITLE, (texts::STAMP_REFUNDED, "neutral"), issuer);
    Some(Document { facts, sums, links, notes: String::new(), ..document })
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
    for (_, at, amount) in subject.refunds() {
        let label = texts::refunded_on(subject.zone().day(at));
        rows.push((label, signed(-amount.minor(), amount.currency(), subject.words.language)));
    }
    if !payment.refunded.is_zero() {
        rows.push((texts::AFTER_REFUNDS, subject.money(payment.refundable())));
    }
    rows
}

fn printed(subject: &Subject<'_>, page: &str) -> Link {
    Link { href: subject.link(page), text: subject.words.say(texts::PDF), primary: false }
}

/// What it was paid with, and the numbers by which those who took part know it.
fn payment_facts(subject: &Subject<'_>) -> Vec<(Message, String)> {
    let mut facts = Vec::new();
    if let Some((means, reference)) = subject.paid_by() {
        facts.push(match means {
            Means::Card { card, .. } => (texts::PAID_WITH, subject.card_ending(card)),
            Means::GiftCard { masked } => (texts::METHOD, masked.clone()),
            Means::Redirect(method) => (texts::METHOD, subject.words.say(super::method_name(*method))),
            Means::Local(local) => (texts::PAID_WITH, super::local_name(*local)),
        });
        facts.extend((!reference.is_empty()).then(|| (texts::ACQUIRER_REFERENCE, shown(reference))));
    }
    let checkout = subject.checkout;
    if !checkout.reference.is_empty() {
        facts.push((texts::REFERENCE, shown(&checkout.reference)));
    }
    facts.push((texts::NUMBER, checkout.id.to_string()));
    facts
}

/// What the lines come to; what was taken if it is not that; what was given back, and what remains.
fn sums(subject: &Subject<'_>) -> Vec<Row> {
    let row = |label: Message, amount| Row { label: subject.words.say(label), amount, strong: false };
    let mut rows: Vec<Row> =
        itemized(subject).into_iter().map(|sum| Row { label: sum.label, amount: sum.amount, strong: false }).collect();
    rows.push(Row { strong: true, ..row(texts::TOTAL, subject.amount()) });
    rows.extend(settlement(subject).into_iter().map(|(label, amount)| row(label, amount)));
    rows
}

/// What every document has.
fn document(
    subject: &Subject<'_>,
    heading: Message,
    (stamp, tone): (Message, &'static str),
    issuer: &Issuer,
) -> Document {
    Document {
        words: subject.words,
        frame: Frame::of(subject, &subject.words.say(&heading)),
        heading,
        stamp,
        tone,
        from: from(subject, issuer),
        to: to(subject),
        facts: Vec::new(),
        lines: Vec::new(),
        sums: Vec::new(),
        notes: shown(subject.checkout.notes.trim()),
        links: Vec::new(),
        sheet: sheet(&issuer.country),
    }
}

/// Where letters are written on Letter (CLDR, `paperSize`).
fn sheet(country: &str) -> Sheet {
    match country {
        "BZ" | "CA" | "CL" | "CO" | "CR" | "GT" | "MX" | "NI" | "PA" | "PH" | "PR" | "SV" | "US" | "VE" => {
            Sheet::Letter
        }
        _ => Sheet::A4,
    }
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
