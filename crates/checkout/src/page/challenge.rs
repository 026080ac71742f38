//! The page between the card form and the bank's own (checkout-ux 9): no card fields, and headers of its own.

use askama::Template;

use super::{Frame, Subject, html};
use crate::texts;
use crate::words::Words;

/// What the payer's browser carries to the bank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChallengeForm<'a> {
    /// Where it goes.
    pub acs_url: &'a str,
    /// The challenge request, base64url.
    pub creq: &'a str,
    /// Comes back as it is.
    pub session_data: &'a str,
    /// The one-time token of this page, for the cancelling form; posted as `attempt`.
    pub attempt: &'a str,
}

/// Leads to the bank by a plain form. The other form posts `cancel=on` to this page's own address.
#[must_use]
pub(crate) fn challenge(subject: Subject<'_>, form: &ChallengeForm<'_>) -> String {
    html(&ChallengeTemplate {
        words: subject.words,
        frame: Frame::of(&subject, &subject.words.say(texts::ASKED_BY_BANK)),
        amount: subject.amount(),
        form: *form,
        here: subject.link("challenge/"),
    })
}

#[derive(Template)]
#[template(path = "challenge.html")]
struct ChallengeTemplate<'a> {
    words: Words,
    frame: Frame,
    amount: String,
    form: ChallengeForm<'a>,
    here: String,
}
