//! Mail to payers: what the pages say, as letters (checkout-ux 19, purchases-api 8.3). Whatever a merchant or payer wrote is
//! shown as on the pages, and without what turns the direction of text, because a text and a subject take no markup.

use domain::{Checkout, Event, Mode, Notice};
use engine::{Concern, Letter, Row, Sheet};

use super::order::Order;
use super::{Subject, document, link, shown, unturned};
use crate::language::Language;
use crate::texts;
use crate::words::{Message, Words};

/// The most lines of an order in a letter; all of them are on the page it leads to.
const ITEMS_MAX: usize = 30;
/// The most letters of a line's name there.
const NAME_MAX: usize = 100;

/// Words what payers are mailed.
pub struct Letters {
    public_url: String,
}

impl Letters {
    /// `public_url` is where links lead, without a slash at its end.
    #[must_use]
    pub fn new(public_url: &str) -> Self {
        Self { public_url: public_url.to_owned() }
    }
}

impl engine::Letters for Letters {
    fn to_payer(&self, concern: &Concern<'_>) -> Option<Letter> {
        let Concern { checkout, payment, history, notice, brand, .. } = *concern;
        let subject = Subject {
            checkout,
            payment,
            history,
            now: history.last()?.at,
            words: Words::new(Language::of(&checkout.language).unwrap_or(Language::English)),
            lang: None,
            embedded: false,
            look: brand.map(|brand| brand.look).unwrap_or_default(),
        };
        let told = match notice {
            Notice::Invoiced => invoice(&subject, &concern.message),
            Notice::Paid | Notice::PaidElsewhere => receipt(&subject),
            Notice::Refunded => refund(&subject)?,
            Notice::Opened
            | Notice::Viewed
            | Notice::Submitted
            | Notice::Pending
            | Notice::ChargePending
            | Notice::Held
            | Notice::Verified
            | Notice::Failed
            | Notice::Cancelled
            | Notice::Expired
            | Notice::CapturePending
            | Notice::Captured
            | Notice::CaptureFailed
            | Notice::ReleasePending
            | Notice::Released
            | Notice::ReleaseFailed
            | Notice::RefundPending
            | Notice::RefundFailed
            | Notice::CardForgetting
            | Notice::CardForgotten
            | Notice::Settled
            | Notice::ChargedBack
            | Notice::ChargebackReversed => return None,
        };
        let mut letter = self.letter(&subject, told);
        letter.reply_to = brand.map(|brand| brand.support_email.clone()).unwrap_or_default();
        Some(letter)
    }
}

/// What makes one kind of letter another than the rest.
struct Told {
    title: Message,
    heading: Message,
    paragraphs: Vec<String>,
    facts: Vec<(Message, String)>,
    button: (Message, &'static str),
    link: Option<(Message, &'static str)>,
}

fn invoice(subject: &Subject<'_>, message: &str) -> Told {
    let (seller, amount) = (seller(subject), subject.amount());
    let due = subject.payment.terms.due.map(|due| (texts::DUE, subject.zone().day_and_time(due.at)));
    Told {
        title: texts::mail_invoice(&seller, &amount),
        heading: texts::mail_asks(&seller, &amount),
        paragraphs: vec![lines(message)],
        facts: due.into_iter().collect(),
        button: (texts::pay(amount), ""),
        link: Some((texts::INVOICE, "invoice/")),
    }
}

fn receipt(subject: &Subject<'_>) -> Told {
    let payment = subject.payment;
    // What is paid elsewhere is paid as a whole.
    let paid = if payment.captured.is_zero() { payment.terms.amount } else { payment.captured };
    let (seller, amount) = (seller(subject), subject.money(paid));
    let mut facts = vec![];
    if let Some((at, paid_with)) = subject.success() {
        facts.push((texts::PAID_AT, subject.zone().day_and_time(at)));
        facts.extend(paid_with.map(|paid_with| (texts::PAID_WITH, paid_with)));
    }
    Told {
        title: texts::mail_receipt(&seller, &amount),
        heading: texts::mail_paid(amount, &seller),
        paragraphs: vec![],
        facts,
        button: (texts::RECEIPT, "receipt/"),
        link: None,
    }
}

fn refund(subject: &Subject<'_>) -> Option<Told> {
    let Event::Refunded { amount, .. } = subject.history.last()?.event else { return None };
    let (seller, amount) = (seller(subject), subject.money(amount));
    let paid_with = subject.success().and_then(|(_, paid_with)| paid_with);
    Some(Told {
        title: texts::mail_refund(&seller, &amount),
        heading: texts::mail_refunded(seller, amount),
        paragraphs: vec![subject.words.say(texts::MAIL_REFUND_DAYS)],
        facts: paid_with.map(|paid_with| (texts::PAID_WITH, paid_with)).into_iter().collect(),
        button: (texts::RECEIPT, "receipt/"),
        link: None,
    })
}

impl Letters {
    fn letter(&self, subject: &Subject<'_>, told: Told) -> Letter {
        let Subject { checkout, words, look, .. } = *subject;
        let Told { title, heading, paragraphs, mut facts, button, link } = told;
        if !checkout.reference.is_empty() {
            facts.push((texts::REFERENCE, plain(&checkout.reference)));
        }
        facts.push((texts::NUMBER, checkout.id.to_string()));
        let facts = facts.into_iter().map(|(name, value)| (words.say(name), value)).collect();
        let (items, sums) = order(subject);
        let lead = |(word, page)| (words.say(word), self.address(checkout, page));
        let seller = seller(subject);
        let sheet = Sheet {
            language: words.language.code().to_owned(),
            is_from_right: words.language.direction() == "rtl",
            test_mark: if checkout.mode == Mode::Test { words.say(texts::TEST_BAND) } else { String::new() },
            logo: look.logo.map(|logo| format!("{}/p/logos/{logo}", self.public_url)).unwrap_or_default(),
            accent: look.palette.map(domain::Palette::accent),
            heading: words.say(heading),
            paragraphs: paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()).collect(),
            facts,
            items,
            sums,
            button: Some(lead(button)),
            link: link.map(lead),
            footer: words.say(texts::mail_sent_for(&seller)),
            sender: seller.clone(),
        };
        Letter {
            from: seller,
            to: subject.customer().email.clone(),
            cc: checkout.customer.cc.clone(),
            reply_to: String::new(),
            subject: words.say(title),
            sheet,
        }
    }

    /// A page under the payer's link.
    fn address(&self, checkout: &Checkout, page: &str) -> String {
        format!("{}{}", self.public_url, link(checkout, page, None))
    }
}

/// What is paid for and what that comes to.
fn order(subject: &Subject<'_>) -> (Vec<Row>, Vec<Row>) {
    let Order { lines, sums, total } = Order::of(subject);
    let is_cut = lines.len() > ITEMS_MAX;
    let item = |name: &str| {
        let name = plain(name);
        let cut: String = name.chars().take(NAME_MAX).collect();
        if cut.len() < name.len() { format!("{cut}\u{2026}") } else { cut }
    };
    let mut items: Vec<_> = lines.into_iter().take(ITEMS_MAX).map(|line| (item(&line.name), line.total)).collect();
    if is_cut {
        items.push(("\u{2026}".to_owned(), "\u{2026}".to_owned()));
    }
    let mut sums: Vec<_> = sums.into_iter().map(|sum| (sum.label, sum.amount)).collect();
    sums.push((subject.words.say(texts::TOTAL), total));
    sums.extend(document::settlement(subject).into_iter().map(|(name, amount)| (subject.words.say(name), amount)));
    (items, sums)
}

fn seller(subject: &Subject<'_>) -> String {
    plain(subject.checkout.seller.trim())
}

/// One line that may stand anywhere.
fn plain(text: &str) -> String {
    unturned(&shown(text)).into_owned()
}

/// Several of them.
fn lines(text: &str) -> String {
    text.trim().lines().map(plain).collect::<Vec<_>>().join("\n")
}
