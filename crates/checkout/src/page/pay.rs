//! The page with the card form (checkout-ux 2, 3 and 6).

use askama::Template;
use domain::{Brand, Expiry};

use super::card::{self, CardFields, Problem};
use super::methods::{Choice, MethodsOffered};
use super::order::Summary;
use super::{Frame, Subject, Target, html};
use crate::countries::COUNTRIES;
use crate::details::{self, DetailField};
use crate::form::{CARD, Field, FormErrors, SavedCard};
use crate::words::{Message, Words};
use crate::{assets, texts};

/// The pay page in the making.
pub(crate) struct PayPage<'a> {
    subject: Subject<'a>,
    attempt: &'a str,
    details: Vec<DetailField>,
    saved: Vec<SavedCard>,
    errors: FormErrors,
    remember_offered: bool,
    methods: MethodsOffered,
}

/// More kept cards than this are too many to choose from; the stylesheet knows as many.
const SAVED_MAX: usize = 6;

impl<'a> PayPage<'a> {
    /// A page with an empty form. `attempt` is its one-time token.
    #[must_use]
    pub(crate) fn new(subject: Subject<'a>, attempt: &'a str) -> Self {
        Self {
            subject,
            attempt,
            details: Vec::new(),
            saved: Vec::new(),
            errors: FormErrors::default(),
            remember_offered: false,
            methods: MethodsOffered::default(),
        }
    }

    /// Says what was wrong with the last post, and keeps what may be kept of it.
    #[must_use]
    pub(crate) fn after(self, errors: FormErrors) -> Self {
        Self { errors, ..self }
    }

    /// Asks for more than the card, by the names of purchases-api 3.2; what is known stands in the fields.
    #[must_use]
    pub(crate) fn details(self, names: &[String]) -> Self {
        Self { details: details::fields(names, self.subject.customer()), ..self }
    }

    /// Offers kept cards, the first chosen; those that have expired come last. Nothing but the choice is asked: the bank may ask more.
    #[must_use]
    pub(crate) fn saved_cards(self, mut saved: Vec<SavedCard>) -> Self {
        saved.sort_by_key(|card| card.expired);
        saved.truncate(SAVED_MAX);
        Self { saved, ..self }
    }

    /// Has a box to keep the card, unless it is kept anyway.
    #[must_use]
    pub(crate) fn offer_to_remember(self) -> Self {
        Self { remember_offered: true, ..self }
    }

    /// Offers more than cards.
    #[must_use]
    pub(crate) fn methods(self, methods: MethodsOffered) -> Self {
        Self { methods, ..self }
    }

    /// The page.
    #[must_use]
    pub(crate) fn render(self) -> String {
        let subject = &self.subject;
        let words = subject.words;
        let checkout = subject.checkout;
        let terms = &subject.payment.terms;
        let (button, note) = card::button(subject);
        let has_card = checkout.takes_cards();
        let choice = Choice::of(words, &self.methods, &self.errors, has_card);
        let mut problems = card::problems(subject, &self.errors.errors);
        if !has_card {
            // There is no card to lead to.
            problems
                .iter_mut()
                .filter(|problem| problem.field == Field::Whole.name())
                .for_each(|p| p.field = "card-form");
        }
        // What is wrong with the form now says more than why an earlier try failed.
        let failure = if problems.is_empty() { subject.failure() } else { None };
        let fields = CardFields::of(subject, &self.errors);

        let wrong = !problems.is_empty() || failure.is_some();
        let title = if wrong { texts::error_title(button.clone()) } else { button.clone() };
        let mut frame = Frame::of(subject, &words.say(title));
        frame.script = Some(&assets::FORM);
        let kept = match (terms.save_card, self.remember_offered) {
            // To save the card is all this page is for: its button says so.
            _ if terms.amount.is_zero() || !has_card => Kept::No,
            (true, _) => Kept::Always,
            (false, true) => Kept::Offered,
            (false, false) => Kept::No,
        };
        let kept_words = match (&kept, frame.seller.is_empty()) {
            (Kept::Offered, false) => words.around(texts::remember),
            (Kept::Offered, true) => (words.say(texts::REMEMBER_UNNAMED), String::new()),
            (Kept::Always, false) => words.around(texts::kept),
            (Kept::Always, true) => (words.say(texts::KEPT_UNNAMED), String::new()),
            (Kept::No, _) => (String::new(), String::new()),
        };
        let typed = self.errors.typed;
        let mut groups: Vec<DetailGroup> = Vec::new();
        for mut field in self.details {
            let found = self.errors.errors.iter().find(|error| error.field.name() == field.name);
            field.error = found.map(|error| error.message.clone());
            if let Some((_, again)) = typed.details.iter().find(|(name, _)| *name == field.name) {
                field.value.clone_from(again);
            }
            field.value = details::without_numbers(&field.value);
            match groups.last_mut().filter(|group| group.legend == field.legend) {
                Some(group) => group.fields.push(field),
                None => groups.push(DetailGroup { legend: field.legend.clone(), fields: vec![field] }),
            }
        }
        let chosen = match typed.saved {
            Some(token) => Some(token),
            None if typed.another => None,
            None => self.saved.iter().find(|card| !card.expired).map(|card| card.token),
        };
        let saved: Vec<SavedRow> = self
            .saved
            .iter()
            .map(|card| SavedRow {
                token: card.token.to_string(),
                brand: card.brand,
                name: words.say(texts::card_ending(card.brand.label(), &card.last4)),
                expires: words.say(texts::expires_on(short(card.expiry))),
                expired: card.expired,
                chosen: chosen == Some(card.token),
                with: words.say(texts::with_card(card.brand.label(), &card.last4)),
            })
            .collect();
        html(&PayTemplate {
            words,
            frame,
            summary: Summary::of(subject),
            note,
            action: subject.link(""),
            attempt: self.attempt,
            failure,
            problems,
            has_card,
            choice,
            fields,
            groups,
            another: chosen.is_none(),
            saved,
            kept,
            kept_words,
            button,
            cancel: Target::of(checkout.redirects.cancel.as_ref())
                .map(|target| (subject.words.say(subject.manner().way_back(&target.host)), target.url)),
        })
    }
}

/// As it stands on the card: `08/28`.
fn short(expiry: Expiry) -> String {
    format!("{:02}/{:02}", expiry.month, expiry.year % 100)
}

/// Fields that belong together.
struct DetailGroup {
    legend: Message,
    fields: Vec<DetailField>,
}

/// A kept card to choose.
struct SavedRow {
    token: String,
    brand: Brand,
    name: String,
    expires: String,
    expired: bool,
    chosen: bool,
    /// What the button says after its own words.
    with: String,
}

/// Whether the card is kept.
enum Kept {
    No,
    Offered,
    Always,
}

#[derive(Template)]
#[template(path = "pay.html")]
struct PayTemplate<'a> {
    words: Words,
    frame: Frame,
    summary: Summary,
    note: Option<Message>,
    action: String,
    attempt: &'a str,
    failure: Option<Message>,
    problems: Vec<Problem>,
    /// Cards are taken.
    has_card: bool,
    choice: Choice,
    fields: CardFields,
    groups: Vec<DetailGroup>,
    saved: Vec<SavedRow>,
    /// A card is typed, or may be without choosing.
    another: bool,
    kept: Kept,
    /// What is said of it, before and after the seller's name.
    kept_words: (String, String),
    button: Message,
    /// What the way back says, and where it leads.
    cancel: Option<(String, String)>,
}
