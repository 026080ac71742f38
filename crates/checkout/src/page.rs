//! Pages as text: facts in, HTML out. Nothing here reads a clock or asks anybody.
//!
//! Whatever a merchant or payer wrote goes through `shown` on its way in, is escaped by the templates, and stands
//! in a `<bdi>`, so that neither a card number nor markup nor a turned-around text gets onto a page (security B3, T3,
//! T4).

mod acquirer;
mod acs;
mod card;
mod challenge;
mod document;
mod embed;
mod letter;
mod methods;
mod order;
mod pay;
mod print;
mod status;
mod tender;
mod verify;

use std::borrow::Cow;

use askama::Template;
use domain::{
    Attempt, AttemptId, AttemptStatus, CardSummary, Challenge, Checkout, Customer, DeclineReason, Dialect, Event,
    LocalMeans, Look, Means, Mode, Money, OperationId, Party, Payment, PublicId, Recorded, RedirectMethod, State,
    Timestamp,
};
use url::Url;

use crate::assets::Asset;
use crate::dates::Zone;
use crate::declines;
use crate::language::Language;
use crate::manner::Manner;
use crate::words::{Message, Words};
use crate::{assets, money, texts};

pub(crate) use acquirer::AcquirerPage;
pub(crate) use acs::{AcsNotice, AcsPage, AcsReturn};
pub(crate) use challenge::{ChallengeForm, challenge, returned};
pub(crate) use document::{Document, Issuer, invoice, receipt, refund_receipt};
pub(crate) use embed::{EmbedPage, Standing, returned_to_shop};
pub use letter::Letters;
pub(crate) use methods::MethodsOffered;
pub(crate) use pay::PayPage;
pub(crate) use status::{
    Broken, after_session, after_try, at_link, at_partner, away, broken, deciding, pending, processing_elsewhere,
    unknown_link,
};
pub(crate) use tender::TenderPage;
pub(crate) use verify::verify;

/// What a page is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// What the payer is asked to pay.
    pub checkout: &'a Checkout,
    /// Its money side.
    pub payment: &'a Payment,
    /// The payment's journal, oldest first.
    pub history: &'a [Recorded],
    /// When the page is made.
    pub now: Timestamp,
    /// In the language of the page.
    pub words: Words,
    /// The language that was asked for in the address; links of the page ask for it again.
    pub lang: Option<Language>,
    /// How the seller's pages look.
    pub look: Look,
    /// Drawn for a page of the shop's around it: links of the page stay below `/embed/`.
    pub embedded: bool,
}

/// Where a payment stands in the eyes of its payer (checkout-ux 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A card may be submitted.
    Payable,
    /// A try has no outcome yet.
    Processing,
    /// The bank asks the payer.
    Challenged,
    /// The payer confirms on a page of a partner's.
    AtPartner,
    /// Money was taken. What was given back stands beside it.
    Paid,
    /// The merchant says it was paid outside the gateway.
    PaidElsewhere,
    /// Money is reserved.
    Reserved,
    /// The card was checked and kept.
    CardSaved,
    /// The merchant ended it.
    Cancelled,
    /// No try is left: its only one failed, or too many did.
    Failed,
    /// The strict due time passed.
    Expired,
    /// The reservation was given back, or the bank took the money back.
    Closed,
}

impl<'a> Subject<'a> {
    /// Where the payment stands. A try in doubt wins over expired and cancelled: nobody may say "not charged" then.
    #[must_use]
    pub(crate) fn stage(&self) -> Stage {
        match self.payment.state {
            State::Captured => Stage::Paid,
            State::Authorized => Stage::Reserved,
            State::Verified => Stage::CardSaved,
            State::PaidElsewhere => Stage::PaidElsewhere,
            State::Voided | State::ChargedBack => Stage::Closed,
            State::InFlight { .. } if self.challenge().is_some() => Stage::Challenged,
            State::InFlight { .. } if self.redirected_to().is_some() => Stage::AtPartner,
            State::InFlight { .. } => Stage::Processing,
            State::Open | State::Cancelled | State::Expired if self.is_in_doubt() => Stage::Processing,
            // The timer may be late; the due time is not.
            State::Open if self.payment.terms.due.is_some_and(|due| due.strict && due.at <= self.now) => Stage::Expired,
            State::Open if self.payment.tries_used_up => Stage::Failed,
            State::Open => Stage::Payable,
            State::Cancelled if self.ended_by().is_some() => Stage::Cancelled,
            State::Cancelled if self.payment.terms.single_attempt && self.last_failure().is_some() => Stage::Failed,
            State::Cancelled => Stage::Cancelled,
            State::Expired => Stage::Expired,
        }
    }

    /// What the bank asks the payer, while it waits for the answer.
    #[must_use]
    pub(crate) fn challenge(&self) -> Option<&'a Challenge> {
        let State::InFlight { attempt_id: current } = self.payment.state else { return None };
        if self.payment.attempt(current).ok()?.status != AttemptStatus::Authenticating {
            return None;
        }
        self.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::Challenged { attempt_id, challenge } if *attempt_id == current => Some(challenge),
            _ => None,
        })
    }

    /// The page on which the payer confirms the try that is under way, while it waits for that.
    #[must_use]
    pub(crate) fn redirected_to(&self) -> Option<&'a String> {
        let State::InFlight { attempt_id: current } = self.payment.state else { return None };
        if self.payment.attempt(current).ok()?.status != AttemptStatus::Redirected {
            return None;
        }
        self.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::Redirected { attempt_id, url } if *attempt_id == current => Some(url),
            _ => None,
        })
    }

    /// Whether its payer may choose what to pay with: nobody has, and it is not too late.
    pub(crate) fn is_untouched(&self) -> bool {
        self.stage() == Stage::Payable && self.payment.legs.is_empty() && self.payment.attempts.is_empty()
    }

    /// Who ended it before it was paid.
    fn ended_by(&self) -> Option<Party> {
        self.history.iter().rev().find_map(|recorded| match recorded.event {
            Event::TenderEnded(party) => Some(party),
            _ => None,
        })
    }

    /// Whether gift cards had reserved something that goes back, or went.
    fn gave_back(&self) -> bool {
        let is_gift = |attempt_id| matches!(self.means(attempt_id), Some(Means::GiftCard { .. }));
        let was_held = |attempt: &Attempt| !attempt.authorized.is_zero() && is_gift(attempt.id);
        self.payment.attempts.iter().any(was_held)
    }

    /// What a leg is paid with.
    fn means(&self, attempt_id: AttemptId) -> Option<&'a Means> {
        self.payment.leg(attempt_id).map(|leg| &leg.submission.means)
    }

    /// What else than a card a try of a purchase is paid with.
    pub(crate) fn local(&self, wanted: AttemptId) -> Option<LocalMeans> {
        self.history.iter().find_map(|recorded| match &recorded.event {
            Event::AttemptSent(sent) if sent.attempt_id == wanted => sent.local(),
            _ => None,
        })
    }

    /// Whether the bank asked the payer in the last try.
    fn was_challenged(&self) -> bool {
        let last = self.payment.attempts.last().map(|attempt| attempt.id);
        self.history.iter().any(
            |recorded| matches!(&recorded.event, Event::Challenged { attempt_id, .. } if Some(*attempt_id) == last),
        )
    }

    /// Who pays: what the payer said last, or else the merchant.
    #[must_use]
    pub(crate) fn customer(&self) -> &'a Customer {
        let said = self.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::DetailsGiven(customer) => Some(&**customer),
            _ => None,
        });
        said.unwrap_or(&self.checkout.customer)
    }

    fn is_in_doubt(&self) -> bool {
        self.payment.attempts.iter().any(|attempt| match attempt.status {
            AttemptStatus::Sent | AttemptStatus::Unknown => true,
            AttemptStatus::Authenticating
            | AttemptStatus::Redirected
            | AttemptStatus::Approved
            | AttemptStatus::Declined
            | AttemptStatus::Reversing
            | AttemptStatus::Reversed => false,
        })
    }

    /// What the payer is told of the last try, if it failed.
    fn failure(&self) -> Option<Message> {
        let (attempt_id, reason) = self.last_failure()?;
        if self.local(attempt_id).is_some() {
            return Some(declines::advice_elsewhere(reason));
        }
        let proven = self.history.iter().any(|recorded| match &recorded.event {
            Event::Authenticated { attempt_id: proven, authentication, .. } => {
                *proven == attempt_id && authentication.challenged && authentication.status.may_go_on()
            }
            _ => false,
        });
        Some(declines::advice(reason, proven).text)
    }

    /// Which try failed last and why, if one did.
    fn last_failure(&self) -> Option<(AttemptId, DeclineReason)> {
        self.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::AttemptRefused(refused) => Some((refused.attempt_id, refused.reason)),
            Event::Declined { attempt_id, reason, .. } => Some((*attempt_id, *reason)),
            // Undone because nobody could say what became of it, or nobody waited for that, unless it was declined before.
            Event::Reversed { attempt_id } if !self.was_declined(*attempt_id) => {
                Some((*attempt_id, self.left(*attempt_id).unwrap_or(DeclineReason::TimedOut)))
            }
            Event::Opened(_)
            | Event::Viewed
            | Event::DetailsGiven(_)
            | Event::InvoiceSent
            | Event::Overdue
            | Event::Expired
            | Event::Cancelled
            | Event::TenderBegun(_)
            | Event::TenderEnded(_)
            | Event::Redirected { .. }
            | Event::Left { .. }
            | Event::OperationUnknown { .. }
            | Event::SettledByHand(_)
            | Event::Released { .. }
            | Event::MarkedPaid { .. }
            | Event::AttemptSent(_)
            | Event::AuthenticationStarted(_)
            | Event::Challenged { .. }
            | Event::Authenticated { .. }
            | Event::NotAuthenticated { .. }
            | Event::TriesUsedUp
            | Event::AttemptUnknown { .. }
            | Event::Authorized { .. }
            | Event::Captured { .. }
            | Event::ReversalSent { .. }
            | Event::Reversed { .. }
            | Event::OperationSent(_)
            | Event::OperationFailed { .. }
            | Event::Voided { .. }
            | Event::Refunded { .. }
            | Event::CardForgetting
            | Event::CardForgotten
            | Event::Cleared
            | Event::Matched(_)
            | Event::Adjusted(_)
            | Event::Settled { .. }
            | Event::ChargedBack { .. }
            | Event::ChargebackReversed { .. } => None,
        })
    }

    /// Why its payer is not waited for on the acquirer's page any more.
    fn left(&self, wanted: AttemptId) -> Option<DeclineReason> {
        self.history.iter().find_map(|recorded| match recorded.event {
            Event::Left { attempt_id, reason } if attempt_id == wanted => Some(reason),
            _ => None,
        })
    }

    fn was_declined(&self, declined: AttemptId) -> bool {
        self.history
            .iter()
            .any(|recorded| matches!(recorded.event, Event::Declined { attempt_id, .. } if attempt_id == declined))
    }

    /// When it succeeded and with what: the capture, or the authorization while there is none; elsewhere, when the
    /// merchant says.
    fn success(&self) -> Option<(Timestamp, Option<String>)> {
        self.history.iter().rev().find_map(|recorded| match recorded.event {
            Event::Captured { attempt_id, .. } | Event::Authorized { attempt_id, .. } => {
                Some((recorded.at, self.paid_with(attempt_id)))
            }
            Event::MarkedPaid { paid_on, .. } => Some((paid_on, None)),
            _ => None,
        })
    }

    /// What a try is paid with, as its payer knows it.
    fn paid_with(&self, attempt_id: AttemptId) -> Option<String> {
        let card = self.card(attempt_id).map(|card| self.card_ending(card));
        card.or_else(|| self.local(attempt_id).map(local_name))
    }

    /// The card of a try.
    fn card(&self, wanted: AttemptId) -> Option<&'a CardSummary> {
        self.history.iter().find_map(|recorded| match &recorded.event {
            Event::AttemptSent(submission) | Event::AuthenticationStarted(submission)
                if submission.attempt_id == wanted =>
            {
                submission.card()
            }
            _ => None,
        })
    }

    /// When somebody was last asked about a try: the acquirer, or before it the bank.
    fn sent_at(&self, wanted: AttemptId) -> Option<Timestamp> {
        self.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::AttemptSent(submission) | Event::AuthenticationStarted(submission)
                if submission.attempt_id == wanted =>
            {
                Some(recorded.at)
            }
            Event::Authenticated { attempt_id, .. } if *attempt_id == wanted => Some(recorded.at),
            _ => None,
        })
    }

    /// What it was paid with, and the acquirer's number for it; nothing where it was paid elsewhere.
    fn paid_by(&self) -> Option<(&'a Means, &'a str)> {
        let paid = self.history.iter().rev().find_map(|recorded| match recorded.event {
            Event::Captured { attempt_id, .. } | Event::Authorized { attempt_id, .. } => Some(attempt_id),
            _ => None,
        })?;
        let reference = self.history.iter().find_map(|recorded| match &recorded.event {
            Event::Authorized { attempt_id, acquirer_reference, .. } if *attempt_id == paid => Some(acquirer_reference),
            _ => None,
        })?;
        let means = self.history.iter().find_map(|recorded| match &recorded.event {
            Event::AttemptSent(submission) | Event::AuthenticationStarted(submission)
                if submission.attempt_id == paid =>
            {
                Some(&submission.means)
            }
            _ => None,
        })?;
        Some((means, reference))
    }

    /// What was given back, when, and by which operation.
    fn refunds(&self) -> impl Iterator<Item = (OperationId, Timestamp, Money)> + use<'a> {
        self.history.iter().filter_map(|recorded| match recorded.event {
            Event::Refunded { operation_id, amount } => Some((operation_id, recorded.at, amount)),
            _ => None,
        })
    }

    fn is_overdue(&self) -> bool {
        self.payment.overdue || self.payment.terms.due.is_some_and(|due| due.at <= self.now)
    }

    fn zone(&self) -> Zone {
        Zone::named(&self.checkout.time_zone, self.words)
    }

    fn amount(&self) -> String {
        self.money(self.payment.terms.amount)
    }

    fn money(&self, amount: Money) -> String {
        money::amount(amount, self.words.language)
    }

    fn card_ending(&self, card: &CardSummary) -> String {
        self.words.say(texts::card_ending(card.brand.label(), card.last4()))
    }

    fn seller(&self) -> String {
        shown(self.checkout.seller.trim())
    }

    /// A page under the payer's link; `""` is the link itself.
    fn link(&self, page: &str) -> String {
        link_from(self.checkout, page, self.lang, self.embedded)
    }

    /// How the pages of its dialect behave.
    pub(crate) fn manner(&self) -> &'static Manner {
        Manner::of(self.checkout.dialect)
    }

    /// Whether the payment can no longer be made here.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.stage(), Stage::Cancelled | Stage::Expired | Stage::Failed | Stage::Closed)
    }

    /// Where a payer goes whose payment was made: the merchant's address, exactly as given.
    pub(crate) fn onward(&self) -> Option<&'a str> {
        let paid = matches!(self.stage(), Stage::Paid | Stage::PaidElsewhere | Stage::Reserved | Stage::CardSaved);
        let success = self.checkout.redirects.success.as_ref().filter(|_| paid)?;
        Target::of(Some(success)).map(|_| success.as_str())
    }
}

/// A page under a payer's link, in the language asked for.
fn link(checkout: &Checkout, page: &str, lang: Option<Language>) -> String {
    format!("{}{page}{}", checkout.page(), query(lang))
}

/// The same, as pages name it that are drawn for a page of the shop's around them.
#[must_use]
pub(crate) fn link_from(checkout: &Checkout, page: &str, lang: Option<Language>, embedded: bool) -> String {
    if embedded { embed::link(checkout, page, lang) } else { link(checkout, page, lang) }
}

/// Asks for the language again.
fn query(lang: Option<Language>) -> String {
    lang.map(|language| format!("?lang={}", language.code())).unwrap_or_default()
}

/// The language the merchant chose for this checkout, if the pages have it. The payer can choose no other.
#[must_use]
pub(crate) fn chosen(checkout: &Checkout) -> Option<Language> {
    checkout.language_chosen.then(|| Language::of(&checkout.language)).flatten()
}

/// What every page has around its middle.
struct Frame {
    title: String,
    /// Empty on pages that belong to nobody.
    seller: String,
    /// Where the stylesheet of the seller's colours is.
    theme: Option<String>,
    /// Where the seller's logo is.
    logo: Option<String>,
    /// The seller's first letter, in place of a logo.
    monogram: String,
    test: bool,
    style: &'static str,
    /// To choose from at the end of the page; none where the merchant chose.
    languages: &'static [Language],
    /// Pages with a form have one.
    script: Option<&'static Asset>,
    /// Pages that wait look again, or go on.
    refresh: Option<Refresh>,
    /// The page around this one, if it is to be told.
    parent: Option<Parent>,
}

impl Frame {
    fn of(subject: &Subject<'_>, title: &str) -> Self {
        let seller = subject.seller();
        let title = if seller.is_empty() { title.to_owned() } else { format!("{title} - {}", unturned(&seller)) };
        let monogram = seller.chars().find(|c| c.is_alphanumeric());
        Self {
            title,
            theme: subject.look.palette.map(assets::theme_path),
            logo: subject.look.logo.map(|logo| format!("/p/logos/{logo}")),
            monogram: monogram.map(|letter| letter.to_uppercase().to_string()).unwrap_or_default(),
            seller,
            parent: Parent::of(subject),
            test: subject.checkout.mode == Mode::Test,
            languages: if chosen(subject.checkout).is_some() { &[] } else { &Language::ALL },
            ..Self::of_nobody("")
        }
    }

    fn of_nobody(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            seller: String::new(),
            theme: None,
            logo: None,
            monogram: String::new(),
            test: false,
            languages: &Language::ALL,
            style: &assets::STYLE.path,
            script: None,
            parent: None,
            refresh: None,
        }
    }
}

/// What a page does by itself after a while.
struct Refresh {
    seconds: u64,
    /// Where to; empty is this page again.
    to: String,
    /// Does it, and whatever else its page needs.
    script: &'static Asset,
}

impl Refresh {
    fn look_again(seconds: u64) -> Self {
        Self { seconds, to: String::new(), script: &assets::WAIT }
    }

    fn go_on(to: String) -> Self {
        Self { seconds: 1, to, script: &assets::WAIT }
    }

    /// The content of the refresh element.
    fn element(&self) -> String {
        if self.to.is_empty() { self.seconds.to_string() } else { format!("{};url={}", self.seconds, self.to) }
    }
}

/// The page that may have drawn ours inside it, and what it is told (card-payments-api 4.1).
struct Parent {
    /// Scheme, host and port: nobody else is told.
    origin: String,
    /// The number by which the shop knows the payment; empty when there is none.
    payment: String,
    /// What happened, once something has.
    news: &'static str,
}

impl Parent {
    fn of(subject: &Subject<'_>) -> Option<Self> {
        let checkout = subject.checkout;
        match checkout.dialect {
            // Their pages say nothing to the page around them: they lead on.
            Dialect::Purchases | Dialect::Orchestration => None,
            Dialect::CardPayments => Some(Self {
                origin: Url::parse(checkout.redirects.success.as_ref()?).ok()?.origin().ascii_serialization(),
                payment: match checkout.public_id {
                    Some(PublicId::Number(number)) => number.to_string(),
                    Some(PublicId::Token(_)) | None => String::new(),
                },
                news: "",
            }),
        }
    }
}

/// A link on a page.
struct Link {
    href: String,
    text: String,
    /// Looks like a button.
    primary: bool,
}

/// An address of the merchant that may be linked, and the host to show beside it.
struct Target {
    /// Exactly as given.
    url: String,
    host: String,
}

impl Target {
    /// `None` for what no browser should be sent to. Such an address was refused when the checkout was made; this
    /// only makes sure (security B4).
    fn of(url: Option<&String>) -> Option<Self> {
        let url = url?;
        let parsed = Url::parse(url).ok()?;
        let plain = !url.contains(|c: char| c.is_control() || c == ' ' || c == '\\');
        let public = matches!(parsed.scheme(), "http" | "https") && parsed.username().is_empty();
        if !plain || !public || parsed.password().is_some() {
            return None;
        }
        let host = parsed.host_str()?;
        let host = parsed.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Some(Self { url: url.clone(), host })
    }
}

/// A merchant's or payer's text as a page may show it: card numbers masked.
fn shown(text: &str) -> String {
    domain::mask_numbers(text).into_owned()
}

/// The text without what turns its direction, for places that take no markup: a page's title.
fn unturned(text: &str) -> Cow<'_, str> {
    let turns = |c: char| {
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || c.is_control()
    };
    if text.contains(turns) { text.replace(turns, "").into() } else { text.into() }
}

/// What a payer calls what is confirmed on a page of a partner's.
/// `FPX, Maybank2u`
fn local_name(means: LocalMeans) -> String {
    let label = means.method().label();
    means.bank().map_or_else(|| label.to_owned(), |bank| format!("{label}, {}", bank.name))
}

const fn method_name(method: RedirectMethod) -> Message {
    match method {
        RedirectMethod::Wallet => texts::METHOD_WALLET,
        RedirectMethod::PayLater => texts::METHOD_PAY_LATER,
        RedirectMethod::Bank => texts::METHOD_BANK,
    }
}

/// Writing into memory does not fail.
fn html(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}

#[cfg(test)]
mod tests;
