//! The page of a payment by a kept card whose bank must ask the payer first (card-payments-api 2.3): nothing is typed.

use askama::Template;
use domain::DeclineReason;

use super::{Frame, Subject, Target, html};
use crate::words::{Message, Words};
use crate::{assets, texts};

/// The page. `attempt` is its form's one-time token.
#[must_use]
pub(crate) fn verify(subject: Subject<'_>, attempt: &str, problem: Option<Message>) -> String {
    let mut frame = Frame::of(&subject, &subject.words.say(texts::CONFIRM_WITH_BANK));
    frame.script = Some(&assets::WIDGET);
    // That the bank must be asked is why the payer is here.
    let asked = |reason| reason == DeclineReason::AuthenticationRequired;
    let failed = subject.last_failure().filter(|(_, reason)| !asked(*reason)).and_then(|_| subject.failure());
    let card = subject.payment.attempts.last().and_then(|tried| subject.card(tried.id));
    html(&VerifyTemplate {
        words: subject.words,
        frame,
        amount: subject.amount(),
        failure: problem.or(failed),
        facts: card.map(|card| (texts::PAID_WITH, subject.card_ending(card))).into_iter().collect(),
        action: subject.link(""),
        attempt,
        cancel: Target::of(subject.checkout.redirects.cancel.as_ref()),
    })
}

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyTemplate<'a> {
    words: Words,
    frame: Frame,
    amount: String,
    failure: Option<Message>,
    facts: Vec<(Message, String)>,
    action: String,
    attempt: &'a str,
    cancel: Option<Target>,
}
