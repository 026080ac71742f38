//! The card fields inside a page of a shop's, and what that page is told of the payment (checkout-ux 15).

use askama::Template;
use domain::{Brand, Checkout, Dialect, OfferKind, State};
use serde::Serialize;

use super::card::CardFields;
use super::{Frame, Parent, Refresh, Stage, Subject, Target, html, query};
use crate::form::FormErrors;
use crate::language::Language;
use crate::words::{Message, Words};
use crate::{assets, texts};

/// A page below the fields' own address, in the language asked for.
pub(super) fn link(checkout: &Checkout, page: &str, lang: Option<Language>) -> String {
    format!("/embed/v1/{}/{page}{}", checkout.id, query(lang))
}

/// The page in the making.
pub(crate) struct EmbedPage<'a> {
    subject: Subject<'a>,
    /// The one-time token of its form.
    attempt: &'a str,
    /// The page around this one; nobody is told anything without.
    parent: Option<&'a str>,
    /// From the root of the site up to the payer's links.
    base: &'a str,
}

impl<'a> EmbedPage<'a> {
    /// The fields, or what stands there instead.
    #[must_use]
    pub(crate) const fn new(subject: Subject<'a>, attempt: &'a str, parent: Option<&'a str>, base: &'a str) -> Self {
        Self { subject, attempt, parent, base }
    }

    /// The page.
    #[must_use]
    pub(crate) fn render(self) -> String {
        let Self { subject, attempt, parent, base } = self;
        let mut frame = Frame::of(&subject, &subject.words.say(texts::CARD));
        frame.script = Some(&assets::EMBED);
        frame.style = &assets::EMBED_STYLE.path;
        // The page around it says how it looks.
        frame.theme = None;
        frame.parent = parent.map(|origin| Parent { origin: origin.to_owned(), payment: String::new(), news: "" });
        let standing = Standing::of(&subject, base);
        html(&EmbedTemplate {
            words: subject.words,
            frame,
            notice: (!subject.takes_embedded_card()).then_some(standing.message),
            challenge: standing.challenge.map(|challenge| challenge.url).unwrap_or_default(),
            action: subject.link("card"),
            attempt,
            fields: CardFields::of(&subject, &FormErrors::default()),
        })
    }
}

impl Subject<'_> {
    /// Whether a card may be typed into the fields: one is to be paid with, and nothing but a card is asked.
    #[must_use]
    pub(crate) fn takes_embedded_card(&self) -> bool {
        let checkout = self.checkout;
        let asks_card_alone = checkout.token.is_none() && checkout.asks_details.is_empty();
        let takes_card = checkout.takes_cards();
        let may_be_card = checkout
            .tender
            .as_ref()
            .is_none_or(|terms| self.is_untouched() && terms.offers.iter().any(|offer| offer.kind == OfferKind::Card));
        self.stage() == Stage::Payable && asks_card_alone && takes_card && may_be_card
    }

    /// Whether the shop's page pays with what the fields give it; for a session its merchant's server does.
    #[must_use]
    pub(crate) const fn is_paid_in_page(&self) -> bool {
        match self.checkout.dialect {
            Dialect::Purchases | Dialect::CardPayments => true,
            Dialect::Orchestration => false,
        }
    }
}

/// How a payment stands, as the shop's page is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    /// `open`, `challenge`, `pending`, `paid`, `hold`, `saved`, `declined` or `closed`.
    status: &'static str,
    /// For the payer: says whether money was taken. Empty while nothing happened.
    message: String,
    /// Whether a card may be typed again.
    retry: bool,
    /// Where the merchant wants the payer to go now.
    redirect: Option<String>,
    /// The bank's question.
    challenge: Option<ChallengeLink>,
}

/// Where the payer answers the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ChallengeLink {
    /// To be opened as a page or in a frame of the shop's.
    url: String,
    /// For such a frame.
    title: String,
}

impl Standing {
    /// As it stands now. `base` is the gateway's own address.
    #[must_use]
    pub(crate) fn of(subject: &Subject<'_>, base: &str) -> Self {
        let failure = subject.failure();
        let stage = subject.stage();
        let (status, said): (_, Vec<Message>) = match stage {
            Stage::Payable if !subject.takes_embedded_card() => ("closed", vec![texts::NOTHING_OFFERED]),
            Stage::Payable => match failure {
                Some(text) => ("declined", vec![text]),
                None => ("open", vec![]),
            },
            Stage::Challenged => ("challenge", vec![texts::ASKED_BY_BANK_BODY]),
            Stage::Processing | Stage::AtPartner => ("pending", vec![texts::PROCESSING_BODY]),
            Stage::Paid => ("paid", vec![texts::SUCCESSFUL]),
            Stage::PaidElsewhere => ("paid", vec![texts::PAID_ELSEWHERE]),
            Stage::Reserved => ("hold", vec![texts::RESERVED]),
            Stage::CardSaved => ("saved", vec![texts::CARD_SAVED_BODY]),
            Stage::Failed => ("declined", vec![failure.unwrap_or(texts::NOT_CHARGED), texts::CLOSED]),
            Stage::Cancelled => ("closed", vec![texts::CANCELLED, texts::NOT_CHARGED]),
            Stage::Expired => ("closed", vec![texts::EXPIRED, texts::NOT_CHARGED]),
            Stage::Closed if subject.payment.state == State::Voided => {
                ("closed", vec![texts::CLOSED, texts::NOT_CHARGED])
            }
            Stage::Closed => ("closed", vec![texts::CLOSED]),
        };
        let message: Vec<String> = said.into_iter().map(|text| subject.words.say(text)).collect();
        let challenge = (stage == Stage::Challenged).then(|| ChallengeLink {
            url: format!("{base}{}", link(subject.checkout, "challenge/", subject.lang)),
            title: subject.words.say(texts::BANK_FRAME),
        });
        let failed = || Target::of(subject.checkout.redirects.failure.as_ref()).map(|target| target.url);
        Self {
            status,
            message: message.join(" "),
            retry: subject.takes_embedded_card(),
            redirect: match stage {
                Stage::Failed => failed(),
                Stage::Payable
                | Stage::Processing
                | Stage::Challenged
                | Stage::AtPartner
                | Stage::Paid
                | Stage::PaidElsewhere
                | Stage::Reserved
                | Stage::CardSaved
                | Stage::Cancelled
                | Stage::Expired
                | Stage::Closed => subject.onward().map(str::to_owned),
            },
            challenge,
        }
    }
}

/// What follows the bank's question in a frame of the shop's: its page takes over from here. Standing alone, this page goes
/// on to what became of the payment.
#[must_use]
pub(crate) fn returned_to_shop(subject: Subject<'_>) -> String {
    let mut frame = Frame::of(&subject, &subject.words.say(texts::ACS_DONE));
    frame.languages = &[];
    let onward = super::link(subject.checkout, "result/", subject.lang);
    frame.refresh = Some(Refresh { seconds: 0, to: onward.clone(), script: &assets::ALONE });
    html(&super::challenge::ReturnedTemplate { words: subject.words, frame, onward, target: "_top" })
}

#[derive(Template)]
#[template(path = "embed.html")]
struct EmbedTemplate<'a> {
    words: Words,
    frame: Frame,
    /// Stands there in place of the fields.
    notice: Option<String>,
    /// Where the payer answers the bank; empty while it asks nothing.
    challenge: String,
    action: String,
    attempt: &'a str,
    fields: CardFields,
}
