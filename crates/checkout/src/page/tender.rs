//! The page that takes several means of payment (orchestration-api 7.5): gift cards first, then a choice of what pays the
//! rest. Everything on it works without script.

use askama::Template;
use domain::{Brand, LEGS_MAX, Money, Offer, OfferKind, RedirectMethod, TenderTerms};

use super::card::{self, CardFields, Problem};
use super::order::Summary;
use super::{Frame, Subject, html, shown};
use crate::form::{Field, FormErrors};
use crate::tender::{GiftCards, gift_offers, name_of, primaries};
use crate::words::{Message, Words};
use crate::{assets, texts};

/// The page in the making.
pub(crate) struct TenderPage<'a> {
    subject: Subject<'a>,
    terms: &'a TenderTerms,
    attempt: &'a str,
    gifts: &'a GiftCards,
    errors: FormErrors,
    /// What is wrong with the whole of it.
    notice: Option<Message>,
    /// Offers that were chosen, by name: what pays the rest, or the kind of the gift card.
    chosen: String,
}

impl<'a> TenderPage<'a> {
    /// A page with these gift cards. `attempt` is the one-time token of its forms.
    #[must_use]
    pub(crate) fn new(subject: Subject<'a>, terms: &'a TenderTerms, gifts: &'a GiftCards, attempt: &'a str) -> Self {
        Self { subject, terms, attempt, gifts, errors: FormErrors::default(), notice: None, chosen: String::new() }
    }

    /// Says what was wrong with the fields of the last post, and keeps what may be kept of it.
    #[must_use]
    pub(crate) fn after(self, errors: FormErrors) -> Self {
        Self { errors, ..self }
    }

    /// Says what was wrong with the last post as a whole.
    #[must_use]
    pub(crate) fn notice(self, notice: Message) -> Self {
        Self { notice: Some(notice), ..self }
    }

    /// Keeps what was chosen, by the name of the offer.
    #[must_use]
    pub(crate) fn chosen(self, name: &str) -> Self {
        Self { chosen: name.to_owned(), ..self }
    }

    /// The page.
    #[must_use]
    pub(crate) fn render(self) -> String {
        let Self { subject, terms, gifts, .. } = self;
        let words = subject.words;
        let total = subject.payment.terms.amount;
        let left = gifts.left(total);
        let show = |minor: i64| Money::new(minor, total.currency()).map(|part| subject.money(part)).unwrap_or_default();

        let covered = left == 0 && !total.is_zero();
        let offered: Vec<&Offer> = if covered { vec![] } else { primaries(&terms.offers, left).collect() };
        let kinds: Vec<&Offer> = gift_offers(&terms.offers).collect();
        let is_payable = covered || !(offered.is_empty() || gifts.is_overfull(total));
        let can_add = !covered && !total.is_zero() && !kinds.is_empty() && gifts.0.len() < LEGS_MAX;
        let overfull = gifts.is_overfull(total).then_some(texts::GIFT_OVERFULL);
        let nothing = (!is_payable && !can_add && overfull.is_none()).then_some(texts::NOTHING_OFFERED);
        let failure = self.notice.or(overfull).or(nothing);

        let button = if total.is_zero() {
            texts::SAVE_CARD
        } else {
            texts::pay(if covered { show(total.minor()) } else { show(left) })
        };
        let problems = card::problems(&subject, &self.errors.errors);
        let wrong = !problems.is_empty() || failure.is_some();
        let title = if wrong { texts::error_title(button.clone()) } else { button.clone() };
        let mut frame = Frame::of(&subject, &words.say(title));
        frame.script = Some(&assets::FORM);
        let gift_error = |field: Field| {
            let found = self.errors.errors.iter().find(|error| error.field == field);
            found.map(|error| words.say(&error.message)).unwrap_or_default()
        };
        let (gift_number_error, gift_code_error) = (gift_error(Field::GiftNumber), gift_error(Field::GiftCode));
        let first = offered.iter().position(|offer| name_of(offer) == self.chosen).unwrap_or_default();
        let methods: Vec<Method> =
            offered.iter().enumerate().map(|(at, offer)| Method::of(words, offer, at == first)).collect();
        let parts = gifts.parts(total);
        let rows = gifts.0.iter().zip(parts).map(|(gift, part)| GiftRow {
            token: gift.token.clone(),
            number: gift.read.number.masked(),
            kind: if kinds.len() > 1 { name(&gift.read.partner) } else { String::new() },
            part: show(part),
        });
        let kept = (terms.reusable && !total.is_zero() && offered.iter().any(|offer| offer.kind == OfferKind::Card))
            .then(|| match frame.seller.is_empty() {
                true => (words.say(texts::KEPT_UNNAMED), String::new()),
                false => words.around(texts::kept),
            });
        html(&TenderTemplate {
            words,
            summary: Summary::of(&subject),
            problems,
            failure,
            gifts: rows.collect(),
            left: show(left),
            covered,
            can_add,
            is_adding: !gift_number_error.is_empty() || !gift_code_error.is_empty(),
            gift_number_error,
            gift_code_error,
            kinds: kinds
                .iter()
                .map(|kind| (name_of(kind), name(&kind.partner), name_of(kind) == self.chosen))
                .collect(),
            is_payable,
            has_card: methods.iter().any(|method| method.is_card),
            methods,
            fields: CardFields::of(&subject, &self.errors),
            kept,
            note: total.is_zero().then_some(texts::VERIFY_NOTE),
            button,
            action: subject.link(""),
            gift_action: subject.link("gift-cards/"),
            cancel_action: subject.link("cancel/"),
            attempt: self.attempt,
            frame,
        })
    }
}

/// As payers know it; what we do not know, they know by its code.
fn name(code: &str) -> String {
    match code {
        "paypal" => "PayPal".to_owned(),
        "oney" => "Oney".to_owned(),
        "ideal" => "iDEAL".to_owned(),
        "easy2play" => "Easy2Play".to_owned(),
        code => shown(code),
    }
}

/// A gift card in the list.
struct GiftRow {
    token: String,
    number: String,
    /// Empty where there is one kind only.
    kind: String,
    part: String,
}

/// A way to pay the rest.
struct Method {
    value: String,
    name: String,
    hint: Option<Message>,
    chosen: bool,
    is_card: bool,
    /// What is said before and after the name of whoever the payer is led to.
    confirms: (String, String),
}

impl Method {
    fn of(words: Words, offer: &Offer, chosen: bool) -> Self {
        let (name, hint) = match offer.kind {
            OfferKind::Card | OfferKind::GiftCard => (words.say(texts::METHOD_CARD), None),
            OfferKind::Redirect(RedirectMethod::Wallet) => (name(&offer.partner), Some(texts::METHOD_WALLET)),
            OfferKind::Redirect(RedirectMethod::PayLater) => (name(&offer.partner), Some(texts::METHOD_PAY_LATER)),
            // Payers know their bank's scheme, not who connects it.
            OfferKind::Redirect(RedirectMethod::Bank) => (name(&offer.method), Some(texts::METHOD_BANK)),
        };
        let confirms = words.around(texts::partner_confirms);
        Self { value: name_of(offer), name, hint, chosen, is_card: offer.kind == OfferKind::Card, confirms }
    }
}

#[derive(Template)]
#[template(path = "tender.html")]
struct TenderTemplate<'a> {
    words: Words,
    frame: Frame,
    summary: Summary,
    problems: Vec<Problem>,
    failure: Option<Message>,
    gifts: Vec<GiftRow>,
    left: String,
    /// By gift cards alone.
    covered: bool,
    can_add: bool,
    is_adding: bool,
    gift_number_error: String,
    gift_code_error: String,
    /// Value, name, and whether it was chosen.
    kinds: Vec<(String, String, bool)>,
    is_payable: bool,
    has_card: bool,
    methods: Vec<Method>,
    fields: CardFields,
    /// What is said before and after the seller's name, when the card is kept.
    kept: Option<(String, String)>,
    note: Option<Message>,
    button: Message,
    action: String,
    gift_action: String,
    cancel_action: String,
    attempt: &'a str,
}
