//! The page between the card form and the bank's own (checkout-ux 9): no card fields, and headers of its own.

use std::time::Duration;

use askama::Template;
use domain::{ChallengeWindow, Timestamp};

use super::{Frame, Refresh, Subject, html};
use crate::headers::Framing;
use crate::words::Words;
use crate::{assets, texts};

/// How long before the end the payer is asked whether they are still there (checkout-ux 9).
const WARNING: Duration = Duration::from_mins(2);

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
    /// How large the bank's page is drawn.
    pub window: ChallengeWindow,
    /// When nobody waits for the payer any more.
    pub until: Timestamp,
}

/// Leads to the bank by a plain form, or, with script, draws its page inside this one. The other form posts `cancel=on`
/// to this page's own address.
#[must_use]
pub(crate) fn challenge(subject: Subject<'_>, form: &ChallengeForm<'_>) -> String {
    let mut frame = Frame::of(&subject, &subject.words.say(texts::ASKED_BY_BANK));
    let left = form.until.since(subject.now);
    frame.refresh = Some(Refresh { seconds: left.as_secs(), to: subject.link("result/"), script: &assets::CHALLENGE });
    html(&ChallengeTemplate {
        words: subject.words,
        frame,
        amount: subject.amount(),
        form: *form,
        here: subject.link("challenge/"),
        pixels: form.window.pixels(),
        warn: left.saturating_sub(WARNING).as_secs(),
        window: form.window.code(),
    })
}

/// Where the bank sends the payer back to: goes on to what became of it, out of the bank's frame if it is in one.
#[must_use]
pub(crate) fn returned(subject: Subject<'_>) -> String {
    let mut frame = Frame::of(&subject, &subject.words.say(texts::ACS_DONE));
    // It answers a post, and stays for a moment only.
    frame.languages = &[];
    let onward = subject.link("result/");
    frame.refresh = Some(Refresh { seconds: 0, to: onward.clone(), script: &assets::RETURNED });
    // Out of the bank's frame; what lies in a frame of the shop's stays there.
    let target = match subject.manner().framing {
        Framing::Ours if !subject.embedded => "_top",
        Framing::Ours | Framing::Anybody => "_self",
    };
    html(&ReturnedTemplate { words: subject.words, frame, onward, target })
}

#[derive(Template)]
#[template(path = "returned.html")]
pub(super) struct ReturnedTemplate {
    pub(super) words: Words,
    pub(super) frame: Frame,
    pub(super) onward: String,
    pub(super) target: &'static str,
}

#[derive(Template)]
#[template(path = "challenge.html")]
struct ChallengeTemplate<'a> {
    words: Words,
    frame: Frame,
    amount: String,
    form: ChallengeForm<'a>,
    here: String,
    /// Of the bank's page, as far as it has a size.
    pixels: Option<(u32, u32)>,
    /// Seconds until the payer is asked whether they are still there.
    warn: u64,
    window: &'static str,
}
