//! Pages without a form: what became of a payment, and what to do when there is none (checkout-ux 6, 7 and 8).

use std::time::Duration;

use askama::Template;
use domain::{AttemptStatus, LocalMeans, Means, Party, State};

use super::{Frame, Link, Refresh, Stage, Subject, Target, html, shown};
use crate::words::{Message, Words};
use crate::{assets, texts};

/// Something of ours broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Too much to do; nothing was sent. For 503.
    Busy,
    /// Nothing was sent. For 500.
    NotCharged,
    /// Something may have been sent. For 500.
    Unsure,
}

/// What stands at the payer's link when there is no form: `None` means the payment can be made, show the form.
#[must_use]
pub(crate) fn at_link(subject: Subject<'_>) -> Option<String> {
    Some(match subject.stage() {
        Stage::Payable => return None,
        Stage::Processing => processing(&subject),
        Stage::Challenged => asked_by_bank(&subject),
        Stage::AtPartner => waiting_at_partner(&subject).render(),
        Stage::Paid | Stage::PaidElsewhere | Stage::Reserved | Stage::CardSaved => succeeded(&subject).render(),
        Stage::Closed => closed(&subject).render(),
        Stage::Cancelled => ended(&subject, cancelled(&subject)).render(),
        Stage::Failed => failed(&subject).render(),
        Stage::Expired => {
            let mut page = ended(&subject, texts::EXPIRED);
            page.says(texts::CONTACT_SELLER);
            page.render()
        }
    })
}

/// What follows a try, once its outcome is known or takes too long: sends the payer back to the merchant where the
/// merchant wants that. A page with a refresh and not a redirect: browsers hold redirects after a form against the
/// form's `form-action` (checkout-ux 8).
#[must_use]
pub(crate) fn after_try(subject: Subject<'_>) -> String {
    let redirects = &subject.checkout.redirects;
    // A payer whom the end of it caught while paying goes where a failed payment leads.
    let was_paying = subject.manner().leads_on && !subject.payment.attempts.is_empty();
    let failure = || Target::of(redirects.failure.as_ref());
    let (mut page, target, news) = match subject.stage() {
        Stage::Processing => return processing(&subject),
        Stage::Challenged => return asked_by_bank(&subject),
        Stage::AtPartner => return waiting_at_partner(&subject).render(),
        Stage::Paid | Stage::PaidElsewhere | Stage::Reserved | Stage::CardSaved => {
            (succeeded(&subject), Target::of(redirects.success.as_ref()), "SUCCESS")
        }
        Stage::Closed => (closed(&subject), None, ""),
        // Nothing failed yet: somebody only opened the page of results.
        Stage::Payable if subject.last_failure().is_none() => (failed(&subject), None, ""),
        Stage::Payable | Stage::Failed => (failed(&subject), failure(), "FAIL"),
        Stage::Cancelled if was_paying => (ended(&subject, texts::CANCELLED), failure(), "FAIL"),
        Stage::Expired if was_paying => (ended(&subject, texts::EXPIRED), failure(), "FAIL"),
        Stage::Cancelled => (ended(&subject, texts::CANCELLED), None, ""),
        Stage::Expired => (ended(&subject, texts::EXPIRED), None, ""),
    };
    page.focused = subject.was_challenged();
    if let Some(target) = target {
        page = page.leading_to(target);
    }
    if let Some(parent) = &mut page.frame.parent {
        parent.news = news;
        match &mut page.frame.refresh {
            Some(refresh) => refresh.script = &assets::WIDGET,
            None => page.frame.script = Some(&assets::WIDGET),
        }
    }
    page.render()
}

/// What became of a session, and on the way to the merchant whatever that is (orchestration-api 7.5).
#[must_use]
pub(crate) fn after_session(subject: Subject<'_>, way_back: Option<&String>) -> String {
    let mut page = match subject.stage() {
        Stage::Processing => return processing(&subject),
        Stage::Challenged => return asked_by_bank(&subject),
        Stage::AtPartner => return led_to_partner(&subject),
        Stage::Paid | Stage::PaidElsewhere | Stage::Reserved | Stage::CardSaved => succeeded(&subject),
        Stage::Closed => closed(&subject),
        Stage::Payable | Stage::Failed => session_failed(&subject),
        Stage::Cancelled => ended(&subject, cancelled(&subject)),
        Stage::Expired => ended(&subject, texts::EXPIRED),
    };
    page.focused = subject.was_challenged();
    page.leading_back(way_back)
}

/// The payer has not been to the partner's page, or left it. Whoever opens this page is not led away by it, and may cancel.
#[must_use]
pub(crate) fn at_partner(subject: Subject<'_>, attempt: &str) -> String {
    let mut page = waiting_at_partner(&subject);
    page.cancel = Some((subject.link("cancel/"), attempt.to_owned()));
    page.render()
}

/// The payer of a purchase is away at the bank, the wallet or the lender. Whoever opens this page is not led away by it, and
/// may choose another way to pay.
#[must_use]
pub(crate) fn away(subject: Subject<'_>, attempt: &str) -> String {
    let mut page = waiting_at_partner(&subject);
    if let (Some(house), Some(link)) = (house(&subject), page.links.first_mut()) {
        link.text = subject.words.say(texts::continue_to(house));
    }
    page.cancel = Some((subject.link("leave/"), attempt.to_owned()));
    page.cancel_text = texts::LEAVE_PARTNER;
    page.render()
}

/// The payer of a purchase is back, and what was decided is not known yet: it is asked for each time the page is loaded.
#[must_use]
pub(crate) fn deciding(subject: Subject<'_>) -> String {
    let mut page = Page::new(&subject, Tone::Wait, texts::PENDING);
    page.says(texts::PENDING_BODY);
    let sent = subject.payment.attempts.last().and_then(|attempt| subject.sent_at(attempt.id));
    page.frame.refresh = sent.and_then(|at| refresh_after(subject.now.since(at))).map(Refresh::look_again);
    page.links.push(Link { href: subject.link(""), text: subject.words.say(texts::LEAVE_PARTNER), primary: false });
    page.render()
}

/// Whose page the payer is on.
fn house(subject: &Subject<'_>) -> Option<&'static str> {
    let State::InFlight { attempt_id } = subject.payment.state else { return None };
    subject.local(attempt_id).map(LocalMeans::house)
}

/// The payer was on the partner's page, and what came of it takes longer: the merchant hears of it (orchestration-api 7.6).
#[must_use]
pub(crate) fn pending(subject: Subject<'_>, way_back: Option<&String>) -> String {
    let mut page = Page::new(&subject, Tone::Wait, texts::PENDING);
    page.says(texts::PENDING_BODY);
    page.leading_back(way_back)
}

/// A try is under way that was started in another window.
#[must_use]
pub(crate) fn processing_elsewhere(subject: Subject<'_>) -> String {
    let mut page = Page::new(&subject, Tone::Wait, texts::ELSEWHERE);
    page.says(texts::PROCESSING_BODY);
    // At the link: this page answers a post, and to load it again could post the card again.
    page.frame.refresh = Some(Refresh { to: subject.link(""), ..Refresh::look_again(5) });
    page.render()
}

/// The same for every link that leads nowhere.
#[must_use]
pub(crate) fn unknown_link(words: Words) -> String {
    Page::of_nobody(words, texts::UNKNOWN, &texts::UNKNOWN_BODY).render()
}

/// Says whether money was taken.
#[must_use]
pub(crate) fn broken(words: Words, broken: Broken) -> String {
    let (heading, text) = match broken {
        Broken::Busy => (texts::BUSY_PAGE, texts::BUSY_PAGE_BODY),
        Broken::NotCharged => (texts::BROKEN, texts::BROKEN_BODY),
        Broken::Unsure => (texts::BROKEN, texts::BROKEN_UNSURE),
    };
    Page::of_nobody(words, heading, &text).render()
}

/// How often the page looks again, by how long the payer has waited; later it stops.
fn refresh_after(waited: Duration) -> Option<u64> {
    match waited.as_secs() {
        0..10 => Some(3),
        10..30 => Some(5),
        30..60 => Some(10),
        60..300 => Some(15),
        _ => None,
    }
}

fn processing(subject: &Subject<'_>) -> String {
    let attempts = &subject.payment.attempts;
    let attempt = match subject.payment.state {
        State::InFlight { attempt_id } => attempts.iter().find(|attempt| attempt.id == attempt_id),
        _ => attempts.iter().rfind(|attempt| matches!(attempt.status, AttemptStatus::Sent | AttemptStatus::Unknown)),
    };
    let sent = attempt.and_then(|attempt| subject.sent_at(attempt.id));
    let refresh = sent.and_then(|at| refresh_after(subject.now.since(at)));
    let fresh = |status| matches!(status, AttemptStatus::Sent | AttemptStatus::Authenticating);
    let in_doubt = attempt.is_none_or(|attempt| !fresh(attempt.status));

    let mut page;
    if in_doubt || refresh.is_none() {
        let later = if subject.customer().email.is_empty() || !subject.manner().receipts {
            texts::COME_BACK
        } else {
            texts::WILL_EMAIL
        };
        page = Page::new(subject, Tone::Wait, texts::CHECKING);
        page.strong = Some(texts::DO_NOT_PAY_AGAIN);
        page.says(later);
    } else {
        page = Page::new(subject, Tone::Wait, texts::PROCESSING);
        page.says(texts::PROCESSING_BODY);
    }
    page.frame.refresh = refresh.map(Refresh::look_again);
    page.render()
}

fn succeeded(subject: &Subject<'_>) -> Page {
    let success = subject.success();
    let (heading, text) = match subject.stage() {
        Stage::Reserved => (texts::RESERVED, Some(texts::RESERVED_BODY)),
        Stage::CardSaved => (texts::CARD_SAVED, Some(texts::CARD_SAVED_BODY)),
        Stage::PaidElsewhere => (texts::PAID_ELSEWHERE, None),
        Stage::Paid
        | Stage::Payable
        | Stage::Processing
        | Stage::Challenged
        | Stage::AtPartner
        | Stage::Cancelled
        | Stage::Failed
        | Stage::Expired
        | Stage::Closed => (texts::SUCCESSFUL, None),
    };
    let mut page = Page::new(subject, Tone::Good, heading);
    let dated = text.is_none();
    text.into_iter().for_each(|text| page.says(text));
    if let Some((at, paid_with)) = success {
        let zone = subject.zone();
        if dated {
            page.says(texts::paid_on(zone.day(at)));
        }
        if dated && subject.manner().receipts {
            page.links.push(Link {
                href: subject.link("receipt/"),
                text: subject.words.say(texts::RECEIPT),
                primary: false,
            });
        }
        if subject.stage() == Stage::PaidElsewhere {
            page.says(texts::PAID_ELSEWHERE_BODY);
        }
        let taken = subject.payment.captured;
        // The parts of a tender are taken one after the other.
        if !taken.is_zero() && taken != subject.payment.terms.amount && subject.payment.legs.is_empty() {
            page.facts.push((texts::TAKEN, subject.money(taken)));
        }
        page.facts.extend(paid_with.map(|means| (texts::PAID_WITH, means)));
        page.facts.push((texts::DATE, zone.day_and_time(at)));
        for (_, at, amount) in subject.refunds() {
            let text = subject.words.say(texts::amount_on(subject.money(amount), zone.day(at)));
            page.facts.push((texts::REFUNDED, text));
        }
    }
    page
}

/// Leads on to the challenge page, which has its own address because it has its own headers.
fn asked_by_bank(subject: &Subject<'_>) -> String {
    let mut page = Page::new(subject, Tone::Wait, texts::ASKED_BY_BANK);
    page.says(texts::ASKED_BY_BANK_BODY);
    let href = subject.link("challenge/");
    page.links.push(Link { href, text: subject.words.say(texts::CONTINUE), primary: true });
    page.render()
}

fn waiting_at_partner(subject: &Subject<'_>) -> Page {
    let mut page = Page::new(subject, Tone::Neutral, texts::AT_PARTNER);
    page.says(texts::AT_PARTNER_WAITS);
    if let Some(target) = Target::of(subject.redirected_to()) {
        page.links.push(Link { href: target.url, text: subject.words.say(texts::CONTINUE), primary: true });
    }
    page
}

/// Leads to the partner's page, as to the merchant: by a page that refreshes itself.
fn led_to_partner(subject: &Subject<'_>) -> String {
    let mut page = waiting_at_partner(subject);
    if let Some(target) = Target::of(subject.redirected_to()) {
        page.tone = Tone::Wait;
        page.paragraphs = vec![subject.words.say(texts::AT_PARTNER_BODY)];
        page.frame.refresh = Some(Refresh::go_on(target.url));
    }
    page.render()
}

/// A session has one try: there is nothing to do here after it.
fn session_failed(subject: &Subject<'_>) -> Page {
    let mut page = Page::new(subject, Tone::Bad, texts::NOT_PAID);
    let means = subject.last_failure().and_then(|(attempt_id, _)| subject.means(attempt_id));
    page.says(match means {
        Some(Means::GiftCard { .. }) => texts::DECLINED_GIFT_CARD,
        Some(Means::Redirect(_) | Means::Local(_)) => texts::DECLINED_BY_PARTNER,
        Some(Means::Card { .. }) | None => subject.failure().unwrap_or(texts::NOT_TRIED),
    });
    if subject.gave_back() {
        page.says(texts::GIVEN_BACK);
    }
    page
}

/// Who ended it.
fn cancelled(subject: &Subject<'_>) -> Message {
    match subject.ended_by() {
        Some(Party::Payer) => texts::YOU_CANCELLED,
        Some(Party::Merchant) | None => texts::CANCELLED,
    }
}

/// A reservation that was given back was no charge; of money the bank took back this page says nothing.
fn closed(subject: &Subject<'_>) -> Page {
    let mut page = Page::new(subject, Tone::Neutral, texts::CLOSED);
    if subject.payment.state == State::Voided {
        page.says(texts::NOT_CHARGED);
    }
    page.with_way_back(subject)
}

fn failed(subject: &Subject<'_>) -> Page {
    let mut page = Page::new(subject, Tone::Bad, texts::NOT_PAID);
    let text = subject.failure().unwrap_or(texts::NOT_TRIED);
    page.says(text);
    match subject.stage() {
        Stage::Payable => {
            page.links.push(Link { href: subject.link(""), text: subject.words.say(texts::TRY_AGAIN), primary: true });
        }
        _ => page.says(texts::CLOSED),
    }
    page.with_way_back(subject)
}

fn ended(subject: &Subject<'_>, heading: Message) -> Page {
    let mut page = Page::new(subject, Tone::Neutral, heading);
    page.says(texts::NOT_CHARGED);
    if subject.gave_back() {
        page.says(texts::GIVEN_BACK);
    }
    page.with_way_back(subject)
}

/// How a page looks and how it is announced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Good,
    Bad,
    Neutral,
    Wait,
}

#[derive(Template)]
#[template(path = "status.html")]
struct Page {
    words: Words,
    frame: Frame,
    tone: Tone,
    heading: Message,
    /// Whether the heading has the focus: the payer comes from the bank's page.
    focused: bool,
    strong: Option<Message>,
    paragraphs: Vec<String>,
    facts: Vec<(Message, String)>,
    links: Vec<Link>,
    /// Where a form goes that cancels, and its one-time token.
    cancel: Option<(String, String)>,
    /// What its button says.
    cancel_text: Message,
}

impl Page {
    fn new(subject: &Subject<'_>, tone: Tone, heading: Message) -> Self {
        let words = subject.words;
        let title = if tone == Tone::Bad { texts::error_title(heading.clone()) } else { heading.clone() };
        let mut facts = vec![(texts::AMOUNT, subject.amount())];
        if !subject.checkout.reference.is_empty() {
            facts.push((texts::REFERENCE, shown(&subject.checkout.reference)));
        }
        Self {
            words,
            frame: Frame::of(subject, &words.say(title)),
            tone,
            heading,
            focused: false,
            strong: None,
            paragraphs: Vec::new(),
            facts,
            links: Vec::new(),
            cancel: None,
            cancel_text: texts::CANCEL_CHALLENGE,
        }
    }

    fn of_nobody(words: Words, heading: Message, text: &Message) -> Self {
        Self {
            words,
            frame: Frame::of_nobody(&words.say(&heading)),
            tone: Tone::Neutral,
            heading,
            focused: false,
            strong: None,
            paragraphs: vec![words.say(text)],
            facts: Vec::new(),
            links: Vec::new(),
            cancel: None,
            cancel_text: texts::CANCEL_CHALLENGE,
        }
    }

    /// Goes on to the merchant by itself, exactly to the address given.
    fn leading_to(mut self, target: Target) -> Self {
        self.frame.refresh = Some(Refresh::go_on(target.url.clone()));
        self.says(texts::REDIRECTING);
        let text = self.words.say(texts::continue_to(&target.host));
        // One way on, not two.
        self.links.retain(|link| !link.primary);
        self.links.insert(0, Link { href: target.url, text, primary: true });
        self
    }

    /// To the merchant, and by no other way: what is said there is signed.
    fn leading_back(mut self, way_back: Option<&String>) -> String {
        self.links.clear();
        match Target::of(way_back) {
            Some(target) => self.leading_to(target).render(),
            None => self.render(),
        }
    }

    fn with_way_back(mut self, subject: &Subject<'_>) -> Self {
        if let Some(target) = Target::of(subject.checkout.redirects.cancel.as_ref()) {
            let text = self.words.say(subject.manner().way_back(&target.host));
            self.links.push(Link { href: target.url, text, primary: false });
        }
        self
    }

    fn says(&mut self, message: Message) {
        self.paragraphs.push(self.words.say(message));
    }

    fn render(&self) -> String {
        html(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_looks_again_less_and_less_often() {
        let looks = [0, 9, 10, 29, 30, 59, 60, 299, 300, 100_000];
        let after = looks.map(|seconds| refresh_after(Duration::from_secs(seconds)));
        let ladder = [3, 3, 5, 5, 10, 10, 15, 15].map(Some);
        assert_eq!([&ladder[..], &[None, None]].concat(), after);
    }
}
