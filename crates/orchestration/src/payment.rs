//! What is asked when a payment is made without a session (orchestration-api 2.6, 3.7, 3.18): the split, each leg with
//! what it is paid with, and the rules of 5.1.

use std::fmt;

use domain::{Money, PaymentId};
use serde::{Deserialize, Serialize};
use tollgate_http::json::Json;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::fields::{
    AMOUNT, AMOUNT_MAX, Bool, COUNT, DIFFERENCE, Fields, NAME, Nested, PAYMENT_ID, Parsed, TextOrNumber, URL, UUID,
    VAULT_FORM_TOKEN, list, text,
};
use crate::session::{self, Asked, refuse_indicator};
use crate::solutions::{Family, Solution};
use crate::three_ds::{self, ChallengeIndicator};

/// Legs of a payment.
const LEGS_MAX: usize = 10;
/// Characters of what a browser says of itself.
const SAYING_MAX: usize = 2_048;

/// A payment to be made.
#[derive(Debug)]
pub(crate) struct NewPayment {
    /// What every payment is asked with.
    pub asked: Asked,
    /// Who pays which part: one to ten legs that add up, one of them at most primary.
    pub split: Vec<SplitItem>,
    /// The payer's browser; there when a card is paid with by its payer.
    pub browser: Option<Browser>,
    /// Where the payer goes in the end; there when a leg may lead its payer away.
    pub shopper_redirection_url: Option<String>,
}

/// A leg: a part of the amount, and what it is paid with.
#[derive(Debug)]
pub(crate) struct SplitItem {
    /// Its part; nothing only when the payment is of nothing.
    pub amount: Money,
    /// As it was sent; a leg that inherits may leave it out.
    pub partner: Option<String>,
    /// As it was sent; a leg that inherits may leave it out.
    pub method: Option<String>,
    /// The way to pay, when both names were sent.
    pub solution: Option<&'static Solution>,
    /// The earlier payment it reuses.
    pub parent: Option<Parent>,
    /// A one-time card token of the secure fields.
    pub vault_form_token: Option<String>,
    /// A saved card.
    pub wallet_token: Option<String>,
    /// Whether the card is to be saved.
    pub save_token: bool,
    /// The gift card it is paid with.
    pub gift_card: Option<GiftCard>,
    /// What holds of the payer's bank: the leg's own word, else the payment's (10, 25).
    pub challenge_indicator: ChallengeIndicator,
    /// An authentication that was done before.
    pub three_ds_server_trans_id: Option<String>,
}

/// What a leg says of the earlier payment whose means of payment it reuses; at least one member is there (5.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parent {
    /// The payment.
    pub payment_id: Option<PaymentId>,
    /// One authorization of it; a lower-case UUID.
    pub partner_transaction_id: Option<String>,
    /// The partner's token of what was paid with.
    pub partner_token: Option<String>,
    /// The partner's reference of what was paid; a text or a number.
    pub partner_reference: Option<Json>,
}

impl Parent {
    /// Whether it leads to a payment of ours, whose partner and method the leg inherits.
    #[must_use]
    pub(crate) const fn is_ours(&self) -> bool {
        self.payment_id.is_some() || self.partner_transaction_id.is_some()
    }
}

/// A gift card, as it was sent. It has a `Debug` that says nothing, and is wiped when dropped.
pub(crate) struct GiftCard {
    number: Zeroizing<String>,
    code: Option<Zeroizing<String>>,
}

impl GiftCard {
    /// As printed on it, digits only.
    #[must_use]
    pub(crate) fn number(&self) -> &str {
        &self.number
    }

    /// The code that belongs to it, digits only.
    #[must_use]
    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref().map(String::as_str)
    }
}

impl fmt::Debug for GiftCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GiftCard(***)")
    }
}

/// What the payer's browser says of itself, for the payer's bank (3.18).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.18")]
pub(crate) struct Browser {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color_depth: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub java_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub javascript_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen_height: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen_width: Option<i64>,
    /// Minutes east of UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utc_time_zone: Option<i64>,
}

/// The body of `POST /v2/payments`.
pub(crate) fn create(f: &mut Fields<'_>) -> Option<NewPayment> {
    let asked = session::asked(f);
    let about = "Who pays which part: the amounts add up to the payment's.";
    let split = f.required("split", list(Nested(item), LEGS_MAX).filled(), about);
    let about = "Needed when a leg has a `vault_form_token` or a `wallet_token`.";
    let browser = f.optional("browser", Nested(browser), about);
    let about = "Where the payer goes in the end, by GET. Needed when a leg may lead its payer away.";
    let shopper_redirection_url = f.optional("shopper_redirection_url", URL, about);
    let (asked, sent) = (asked?, split?);

    let legs = sent.len();
    if f.given("browser").is_none() && sent.iter().any(Sent::has_card_token) {
        f.verdict().refuse("/browser", "With a vault_form_token or a wallet_token, this member is required.");
    }
    let split: Vec<SplitItem> =
        sent.into_iter().enumerate().filter_map(|(at, sent)| leg(f, &asked, &format!("/split/{at}"), sent)).collect();
    if split.len() == legs {
        check_together(f, &asked, &split);
    }
    if f.given("shopper_redirection_url").is_none() && split.iter().any(SplitItem::may_redirect) {
        f.verdict().refuse("/shopper_redirection_url", "With a leg that may lead its payer away, this is required.");
    }
    Some(NewPayment { asked, split, browser, shopper_redirection_url })
}

/// A leg as it was sent, judged for itself.
struct Sent {
    amount: i64,
    partner: Option<String>,
    method: Option<String>,
    parent: Option<Parent>,
    vault_form_token: Option<String>,
    wallet_token: Option<String>,
    save_token: bool,
    gift_card: Option<GiftCard>,
    challenge_indicator: Option<ChallengeIndicator>,
    three_ds_server_trans_id: Option<String>,
}

impl Sent {
    const fn has_card_token(&self) -> bool {
        self.vault_form_token.is_some() || self.wallet_token.is_some()
    }
}

impl SplitItem {
    /// Whether it takes what the others leave. What is reused without a name is registrable, so it does.
    #[must_use]
    pub(crate) fn is_primary(&self) -> bool {
        self.solution.is_none_or(|solution| solution.family.is_primary())
    }

    fn may_redirect(&self) -> bool {
        self.parent.is_none() && self.is_primary()
    }
}

fn item(f: &mut Fields<'_>) -> Option<Sent> {
    let amount = f.required("amount", AMOUNT, "Minor units.");
    let about = "Who takes it. Needed unless the leg inherits it from a parent.";
    let partner = f.optional("partner", NAME.filled(), about);
    let about = "What is paid with. Needed unless the leg inherits it from a parent.";
    let method = f.optional("method", NAME.filled(), about);
    let parent = Parent {
        payment_id: f.optional("parent_payment_id", PAYMENT_ID, "The payment whose means of payment is reused."),
        partner_transaction_id: f.optional("parent_partner_transaction_id", UUID, "One authorization of it."),
        partner_token: f.optional("parent_partner_token", NAME.filled(), "The partner's token."),
        partner_reference: f.optional("parent_partner_reference", TextOrNumber, "The partner's reference."),
    };
    let vault_form_token =
        f.optional("vault_form_token", VAULT_FORM_TOKEN, "A one-time card token of the secure fields.");
    let wallet_token = f.optional("wallet_token", UUID, "A saved card.");
    let save_token = f.or("save_token", Bool, false, "Whether to save the card, if it goes well.");
    let gift_card = f.optional("payment_data", Nested(payment_data), "The gift card.").flatten();
    let options = Nested(three_ds::options);
    let challenge_indicator = f.optional("three_ds_authentication_options", options, "Goes before the payment's.");
    let about = "An authentication that was done before; for one leg at most.";
    let older = f.optional("threeds_server_trans_id", NAME.filled(), about);
    let newer = f.optional("three_ds_server_trans_id", NAME.filled(), "The same as `threeds_server_trans_id`.");
    Some(Sent {
        amount: amount?,
        partner,
        method,
        parent: Some(parent).filter(|parent| *parent != Parent::default()),
        vault_form_token,
        wallet_token,
        save_token,
        gift_card,
        challenge_indicator,
        three_ds_server_trans_id: newer.or(older),
    })
}

fn payment_data(f: &mut Fields<'_>) -> Option<Option<GiftCard>> {
    Some(f.optional("card", Nested(gift_card), ""))
}

fn gift_card(f: &mut Fields<'_>) -> Option<GiftCard> {
    const NUMBER: Parsed<Zeroizing<String>> =
        Parsed::new(19, |text| digits(text, 16, 19), "A number of 16 to 19 digits", "^[0-9]{16,19}$");
    const CODE: Parsed<Zeroizing<String>> =
        Parsed::new(8, |text| digits(text, 3, 8), "A code of 3 to 8 digits", "^[0-9]{3,8}$");
    let number = f.required("number", NUMBER, "As printed on the card.");
    let code = f.optional("csc", CODE, "The code that belongs to it.");
    Some(GiftCard { number: number?, code })
}

fn digits(text: &str, min: usize, max: usize) -> Option<Zeroizing<String>> {
    let is_good = (min..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_good.then(|| Zeroizing::new(text.to_owned()))
}

fn browser(f: &mut Fields<'_>) -> Option<Browser> {
    Some(Browser {
        user_agent: f.optional("user_agent", text(SAYING_MAX), ""),
        referrer: f.optional("referrer", text(SAYING_MAX), ""),
        accept_header: f.optional("accept_header", text(SAYING_MAX), ""),
        accept_language: f.optional("accept_language", NAME, ""),
        color_depth: f.optional("color_depth", COUNT, ""),
        java_enabled: f.optional("java_enabled", Bool, ""),
        javascript_enabled: f.optional("javascript_enabled", Bool, ""),
        locale: f.optional("locale", NAME, ""),
        screen_height: f.optional("screen_height", COUNT, ""),
        screen_width: f.optional("screen_width", COUNT, ""),
        utc_time_zone: f.optional("utc_time_zone", DIFFERENCE, "Minutes east of UTC."),
    })
}

/// A leg, judged with what the payment asks; `None` when it was refused.
fn leg(f: &mut Fields<'_>, asked: &Asked, at: &str, sent: Sent) -> Option<SplitItem> {
    let amount = Money::new(sent.amount, asked.amount.currency())?;
    if amount.is_zero() && !asked.amount.is_zero() {
        f.verdict().refuse(&format!("{at}/amount"), "This amount must be more than 0.");
        return None;
    }
    let solution = solution_of(f, at, &sent)?;
    match solution {
        Some(solution) if !solution.takes(amount, asked.allow_future_usage) => {
            let detail = "This way to pay does not take this amount, in this currency, for this use.";
            f.verdict().refuse(&format!("{at}/method"), detail);
            return None;
        }
        None if amount.is_zero() => {
            f.verdict().refuse(&format!("{at}/amount"), "What was paid with before is not verified again.");
            return None;
        }
        Some(_) | None => {}
    }
    check_means(f, at, &sent, solution)?;
    let is_card = solution.is_some_and(|solution| solution.family == Family::Card) && sent.parent.is_none();
    let said = sent.challenge_indicator.unwrap_or(asked.challenge_indicator);
    let holds = said.with_future_usage(asked.allow_future_usage && is_card);
    if holds.is_none() {
        let place = if sent.challenge_indicator.is_some() { at } else { "" };
        refuse_indicator(f, &format!("{place}/three_ds_authentication_options/challenge_indicator"));
    }
    Some(SplitItem {
        amount,
        partner: sent.partner,
        method: sent.method,
        solution,
        parent: sent.parent,
        vault_form_token: sent.vault_form_token,
        wallet_token: sent.wallet_token,
        save_token: sent.save_token,
        gift_card: sent.gift_card,
        challenge_indicator: holds?,
        three_ds_server_trans_id: sent.three_ds_server_trans_id,
    })
}

/// The way to pay that a leg names, if it has to name one; `None` when it was refused.
fn solution_of(f: &mut Fields<'_>, at: &str, sent: &Sent) -> Option<Option<&'static Solution>> {
    let inherits = sent.parent.as_ref().is_some_and(Parent::is_ours);
    if let (Some(partner), Some(method)) = (&sent.partner, &sent.method) {
        let found = Solution::find(partner, method);
        if found.is_none() {
            f.verdict().refuse(&format!("{at}/method"), "There is no such way to pay.");
        }
        return found.map(Some);
    }
    if inherits {
        return Some(None);
    }
    for (name, value) in [("partner", &sent.partner), ("method", &sent.method)] {
        if value.is_none() {
            f.verdict().refuse(&format!("{at}/{name}"), "This member is required.");
        }
    }
    None
}

/// What is paid with fits the way to pay.
fn check_means(f: &mut Fields<'_>, at: &str, sent: &Sent, solution: Option<&Solution>) -> Option<()> {
    let is_fresh = |family| sent.parent.is_none() && solution.is_some_and(|solution| solution.family == family);
    let (takes_card, takes_gift_card) = (is_fresh(Family::Card), is_fresh(Family::GiftCard));
    let wrong = [
        ("vault_form_token", sent.vault_form_token.is_some() && !takes_card),
        ("wallet_token", sent.wallet_token.is_some() && !takes_card),
        ("save_token", sent.save_token && !takes_card),
        ("payment_data", sent.gift_card.is_some() && !takes_gift_card),
    ];
    let mut fits = true;
    for (name, _) in wrong.iter().filter(|(_, is_wrong)| *is_wrong) {
        f.verdict().refuse(&format!("{at}/{name}"), "What this leg is paid with leaves no place for this member.");
        fits = false;
    }
    fits.then_some(())
}

/// What only all legs together can break (5.1).
fn check_together(f: &mut Fields<'_>, asked: &Asked, split: &[SplitItem]) {
    let sum: i64 = split.iter().map(|leg| leg.amount.minor()).sum();
    let gift_cards: Vec<&str> = split.iter().filter_map(|leg| leg.gift_card.as_ref()).map(GiftCard::number).collect();
    let is_doubled =
        gift_cards.iter().enumerate().any(|(at, number)| gift_cards.iter().skip(at + 1).any(|other| other == number));
    let is_overused = |solution: &'static Solution| {
        let uses = split.iter().filter(|leg| leg.solution == Some(solution)).count();
        solution.uses_max.is_some_and(|max| uses > max)
    };
    let rules = [
        (sum != asked.amount.minor(), "The amounts must add up to the amount of the payment."),
        (split.iter().filter(|leg| leg.is_primary()).count() > 1, "At most one leg can be other than a gift card."),
        (is_doubled, "Each gift card can be used in one leg only."),
        (split.iter().filter_map(|leg| leg.solution).any(is_overused), "This way to pay is used too often."),
        (
            split.iter().filter(|leg| leg.three_ds_server_trans_id.is_some()).count() > 1,
            "At most one leg can carry an authentication.",
        ),
    ];
    for (_, detail) in rules.iter().filter(|(is_broken, _)| *is_broken) {
        f.verdict().refuse("/split", *detail);
    }
}

/// The sum of as many legs as there can be fits.
const _: () = assert!(AMOUNT_MAX < i64::MAX / LEGS_MAX as i64);

#[cfg(test)]
mod tests;
