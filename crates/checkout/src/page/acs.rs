//! The test bank's own pages (checkout-ux 9.2): they ask for a code, and carry the answer back.

use askama::Template;
use domain::{Brand, Money, Timestamp};

use super::{Frame, html, shown};
use crate::dates::Zone;
use crate::words::{Message, Words};
use crate::{assets, money, texts};

/// The page that asks for the code. Its form posts `creq`, `threeDSSessionData`, `otp` and `action`: `verify`,
/// `resend`, `cancel`, or for testers `Y`, `N`, `U`, `R`, `timeout`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AcsPage<'a> {
    /// In the language of the page.
    pub words: Words,
    /// Where the form goes.
    pub action: &'a str,
    /// Who is paid.
    pub merchant: &'a str,
    /// How much.
    pub amount: Money,
    /// When it began.
    pub at: Timestamp,
    /// Whose scheme it is.
    pub brand: Brand,
    /// The end of the card's number.
    pub last4: &'a str,
    /// Wrong codes that may still be typed.
    pub tries_left: u32,
    /// Codes that may still be asked for; at none the button is gone.
    pub resends_left: u32,
    /// What became of the last post.
    pub notice: Option<AcsNotice>,
    /// As it came.
    pub creq: &'a str,
    /// As it came.
    pub session_data: &'a str,
}

/// What became of a post to the test bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AcsNotice {
    /// No code was typed.
    Empty,
    /// The code is not the one.
    Wrong,
    /// Another code was asked for.
    Resent,
}

/// What a tester may choose: the value sent and what it means.
const RESULTS: [(&str, Message); 6] = [
    ("Y", texts::ACS_RESULT_Y),
    ("N", texts::ACS_RESULT_N),
    ("U", texts::ACS_RESULT_U),
    ("R", texts::ACS_RESULT_R),
    ("timeout", texts::ACS_RESULT_TIMEOUT),
    ("cancel", texts::ACS_RESULT_CANCEL),
];

impl AcsPage<'_> {
    /// The page.
    #[must_use]
    pub(crate) fn render(&self) -> String {
        let error = match self.notice {
            Some(AcsNotice::Empty) => Some(texts::ACS_CODE_EMPTY),
            Some(AcsNotice::Wrong) => Some(texts::wrong_code(self.tries_left)),
            Some(AcsNotice::Resent) | None => None,
        };
        let words = self.words;
        let title = if error.is_some() { texts::error_title(texts::ACS_TITLE) } else { texts::ACS_TITLE };
        let title = format!("{} - {}", words.say(title), words.say(texts::ACS_ISSUER));
        let card = texts::card_ending(self.brand.label(), self.last4);
        html(&AcsTemplate {
            words,
            // A choice of language would lose what was posted here.
            frame: Frame { languages: &[], ..Frame::of_nobody(&title) },
            page: *self,
            scheme: self.brand.label(),
            facts: vec![
                (texts::ACS_MERCHANT, shown(self.merchant)),
                (texts::AMOUNT, money::amount(self.amount, words.language)),
                (texts::DATE, Zone::named("UTC", words).day(self.at)),
                (texts::PAID_WITH, words.say(card)),
            ],
            results: RESULTS,
            error,
            resend: (self.resends_left > 0).then(|| texts::resend(self.resends_left)),
            resent: self.notice == Some(AcsNotice::Resent),
        })
    }
}

/// The page that carries the bank's answer back, by itself where there is a script.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AcsReturn<'a> {
    /// In the language of the page.
    pub words: Words,
    /// Where it goes.
    pub notification_url: &'a str,
    /// The challenge response, base64url.
    pub cres: &'a str,
    /// As it came.
    pub session_data: &'a str,
}

impl AcsReturn<'_> {
    /// The page.
    #[must_use]
    pub(crate) fn render(&self) -> String {
        let words = self.words;
        let title = format!("{} - {}", words.say(texts::ACS_DONE), words.say(texts::ACS_ISSUER));
        let mut frame = Frame::of_nobody(&title);
        frame.languages = &[];
        frame.script = Some(&assets::ONWARD);
        html(&AcsReturnTemplate { words, frame, page: *self })
    }
}

#[derive(Template)]
#[template(path = "acs.html")]
struct AcsTemplate<'a> {
    words: Words,
    frame: Frame,
    page: AcsPage<'a>,
    scheme: &'static str,
    results: [(&'static str, Message); 6],
    facts: Vec<(Message, String)>,
    error: Option<Message>,
    resend: Option<Message>,
    resent: bool,
}

#[derive(Template)]
#[template(path = "acs_return.html")]
struct AcsReturnTemplate<'a> {
    words: Words,
    frame: Frame,
    page: AcsReturn<'a>,
}
