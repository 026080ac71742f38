//! What a payer posts to a page that takes several means of payment (orchestration-api 5.1): gift cards one after the
//! other, then what takes the rest.
//!
//! The gift cards of a page stand sealed in its forms and come back with each post: nothing is written down before the
//! payer pays.

use domain::{GiftCardNumber, LEGS_MAX, Money, Offer, OfferKind};
use engine::{LegSource, NewLeg, ReadGiftCard};
use zeroize::Zeroizing;

use crate::details::latin;
use crate::form::{self, Field, FieldError};
use crate::texts;
use crate::words::Message;

/// Longer than any code printed on a gift card.
const CODE_LEN_MAX: usize = 16;

/// A gift card of the page.
#[derive(Debug)]
pub(crate) struct GiftCard {
    /// What was read of it.
    pub read: ReadGiftCard,
    /// The same, sealed.
    pub token: String,
}

/// The gift cards of a page, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct GiftCards(pub Vec<GiftCard>);

impl GiftCards {
    /// What each pays of `total`, in minor units.
    pub(crate) fn parts(&self, total: Money) -> Vec<i64> {
        let mut left = total.minor();
        let part = |card: &GiftCard| {
            let part = card.read.balance.minor().min(left);
            left = left.saturating_sub(part);
            part
        };
        self.0.iter().map(part).collect()
    }

    /// What they leave of `total`, in minor units.
    pub(crate) fn left(&self, total: Money) -> i64 {
        self.parts(total).into_iter().fold(total.minor(), i64::saturating_sub)
    }

    /// Why another card cannot be added at this offer, if it cannot.
    pub(crate) fn refuse(&self, number: &GiftCardNumber, offer: &Offer, total: Money) -> Option<Message> {
        let used = self.0.iter().filter(|card| is_of(&card.read, offer)).count();
        if self.0.iter().any(|card| card.read.number == *number) {
            Some(texts::GIFT_TWICE)
        } else if self.left(total) == 0 {
            Some(texts::GIFT_COVERS)
        } else if offer.uses_max.is_some_and(|most| used >= usize::from(most)) {
            Some(texts::GIFT_KIND_FULL)
        } else if self.0.len() >= LEGS_MAX {
            Some(texts::GIFT_FULL)
        } else {
            None
        }
    }

    /// Whether there is no place left for what takes the rest.
    pub(crate) fn is_overfull(&self, total: Money) -> bool {
        self.0.len() >= LEGS_MAX && self.left(total) > 0
    }

    /// The parts of the payment that they carry. A card that has nothing to carry is left out.
    pub(crate) fn into_legs(self, total: Money) -> Vec<NewLeg> {
        let parts = self.parts(total);
        let leg = |(card, amount): (GiftCard, i64)| {
            let ReadGiftCard { partner, method, number, .. } = card.read;
            (amount > 0).then_some(NewLeg {
                partner,
                method,
                amount,
                source: LegSource::GiftCard { number, code: None },
            })
        };
        self.0.into_iter().zip(parts).filter_map(leg).collect()
    }
}

fn is_of(card: &ReadGiftCard, offer: &Offer) -> bool {
    card.partner == offer.partner && card.method == offer.method
}

/// By which name a form speaks of an offer.
pub(crate) fn name_of(offer: &Offer) -> String {
    format!("{}/{}", offer.partner, offer.method)
}

/// What takes the rest, as offered: that which takes as little as `left`. Where all of it is nothing, a check is all that is
/// asked for, and that has no least amount.
pub(crate) fn primaries(offers: &[Offer], left: i64) -> impl Iterator<Item = &Offer> {
    offers.iter().filter(move |offer| match offer.kind {
        OfferKind::Card | OfferKind::Redirect(_) => left == 0 || left >= offer.amount_min,
        OfferKind::GiftCard => false,
    })
}

/// Gift cards that are taken.
pub(crate) fn gift_offers(offers: &[Offer]) -> impl Iterator<Item = &Offer> {
    offers.iter().filter(|offer| offer.kind == OfferKind::GiftCard)
}

/// The sealed gift cards of a posted form.
pub(crate) fn tokens(body: &[u8]) -> Vec<Zeroizing<String>> {
    let gifts = form::pairs(body).filter(|(name, _)| name.as_str() == "gift");
    gifts.take(LEGS_MAX).filter_map(|(_, value)| form::decode(value)).collect()
}

/// A gift card as it was typed.
#[derive(Debug)]
pub(crate) struct TypedGiftCard<'a> {
    /// Of which kind.
    pub offer: &'a Offer,
    /// Its number.
    pub number: GiftCardNumber,
    /// The code on it.
    pub code: Zeroizing<String>,
}

/// Reads the form that adds one.
///
/// # Errors
/// What is wrong with its fields; nothing when it is no form of ours.
pub(crate) fn read_gift_card<'a>(body: &[u8], offers: &'a [Offer]) -> Result<TypedGiftCard<'a>, Vec<FieldError>> {
    let [kind, number, code] = form::fields(body, ["gift_kind", "gift_number", "gift_code"]);
    let offer = gift_offers(offers).find(|offer| name_of(offer) == *kind).ok_or_else(Vec::new)?;
    let plain = |text: &str| Zeroizing::new(text.trim().chars().map(latin).collect::<String>());
    let (number, code) = (GiftCardNumber::parse(&plain(&number)), plain(&code));
    let is_code = !code.is_empty() && code.chars().count() <= CODE_LEN_MAX;
    match number {
        Some(number) if is_code => Ok(TypedGiftCard { offer, number, code }),
        number => {
            let wrong = |field, message| FieldError { field, message };
            let number = number.is_none().then(|| wrong(Field::GiftNumber, texts::GIFT_NUMBER_WRONG));
            let code = (!is_code).then(|| wrong(Field::GiftCode, texts::GIFT_CODE_WRONG));
            Err(number.into_iter().chain(code).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Currency, RedirectMethod};

    use super::*;

    fn money(minor: i64) -> Money {
        Money::new(minor, Currency::parse("EUR").expect("a currency")).expect("an amount")
    }

    fn offer(partner: &str, method: &str, kind: OfferKind, uses_max: Option<u8>) -> Offer {
        Offer { partner: partner.to_owned(), method: method.to_owned(), kind, uses_max, amount_min: 0 }
    }

    fn offers() -> Vec<Offer> {
        vec![
            offer("dalenys", "creditcard", OfferKind::Card, None),
            offer("illicado", "giftcard", OfferKind::GiftCard, None),
            offer("easy2play", "giftcard", OfferKind::GiftCard, Some(2)),
            offer("paypal", "wallet", OfferKind::Redirect(RedirectMethod::Wallet), None),
        ]
    }

    fn number(text: &str) -> GiftCardNumber {
        GiftCardNumber::parse(text).expect("a number")
    }

    /// Gift cards of one kind with these balances.
    fn cards(partner: &str, balances: &[i64]) -> GiftCards {
        let card = |(at, balance): (usize, &i64)| GiftCard {
            read: ReadGiftCard {
                partner: partner.to_owned(),
                method: "giftcard".to_owned(),
                number: number(&format!("60000000{at:02}{balance:06}")),
                balance: money(*balance),
            },
            token: String::new(),
        };
        GiftCards(balances.iter().enumerate().map(card).collect())
    }

    #[test]
    fn gift_cards_pay_in_turn_as_much_as_is_left() {
        let three = cards("illicado", &[2_000, 5_000, 1_000]);
        assert_eq!((vec![2_000, 5_000, 1_000], 4_000), (three.parts(money(12_000)), three.left(money(12_000))));
        assert_eq!((vec![2_000, 4_500, 0], 0), (three.parts(money(6_500)), three.left(money(6_500))));
        let legs = three.into_legs(money(6_500));
        assert_eq!(vec![2_000, 4_500], legs.iter().map(|leg| leg.amount).collect::<Vec<_>>());
        assert_eq!(12_000, GiftCards::default().left(money(12_000)));
    }

    #[test]
    fn there_is_an_end_to_gift_cards() {
        let (offers, another, total) = (offers(), number("6000000099001000"), money(1_000_000));
        let refused =
            |cards: &GiftCards, number: &GiftCardNumber, at: usize, total| cards.refuse(number, &offers[at], total);
        let two = cards("easy2play", &[2_000, 2_000]);
        assert_eq!(Some(texts::GIFT_KIND_FULL), refused(&two, &another, 2, total));
        assert_eq!(None, refused(&two, &another, 1, total), "another kind");
        assert_eq!(Some(texts::GIFT_TWICE), refused(&two, &number("6000000000002000"), 1, total));
        assert_eq!(Some(texts::GIFT_COVERS), refused(&two, &another, 1, money(4_000)));
        let ten = cards("illicado", &[1_000; 10]);
        assert_eq!(Some(texts::GIFT_FULL), refused(&ten, &another, 1, total));
        assert!(ten.is_overfull(total) && !ten.is_overfull(money(10_000)));
        assert!(!cards("illicado", &[1_000; 9]).is_overfull(total));
    }

    #[test]
    fn what_takes_the_rest_must_take_as_little() {
        let mut offers = offers();
        offers[3].amount_min = 10_000;
        let names = |left| primaries(&offers, left).map(|offer| offer.partner.as_str()).collect::<Vec<_>>();
        assert_eq!(vec!["dalenys", "paypal"], names(10_000));
        assert_eq!(vec!["dalenys"], names(9_999));
    }

    #[test]
    fn a_gift_card_is_read_as_typed() {
        let offers = offers();
        let typed =
            read_gift_card(b"gift_kind=easy2play%2Fgiftcard&gift_number=6000+0000-0000+2000&gift_code=+123", &offers)
                .expect("read");
        assert_eq!(
            ("easy2play", number("6000000000002000"), "123"),
            (typed.offer.partner.as_str(), typed.number, typed.code.as_str())
        );
        let arabic = "gift_kind=illicado%2Fgiftcard&gift_number=٦٠٠٠٠٠٠٠٠٠٠٠٢٠٠٠&gift_code=١٢٣";
        let typed = read_gift_card(arabic.as_bytes(), &offers).expect("read");
        assert_eq!((number("6000000000002000"), "123"), (typed.number, typed.code.as_str()));
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        let offers = offers();
        let wrong = |body: &str| {
            let errors = read_gift_card(body.as_bytes(), &offers).expect_err("wrong");
            errors.into_iter().map(|error| (error.field.name(), error.message)).collect::<Vec<_>>()
        };
        let (number, code) = (("gift_number", texts::GIFT_NUMBER_WRONG), ("gift_code", texts::GIFT_CODE_WRONG));
        assert_eq!(vec![number.clone(), code.clone()], wrong("gift_kind=illicado%2Fgiftcard"));
        assert_eq!(vec![number], wrong("gift_kind=illicado%2Fgiftcard&gift_number=6000&gift_code=123"));
        let long = format!("gift_kind=illicado%2Fgiftcard&gift_number=6000000000002000&gift_code={}", "1".repeat(17));
        assert_eq!(vec![code], wrong(&long));
        for nobodys in ["", "gift_kind=paypal%2Fwallet&gift_number=6000000000002000&gift_code=123"] {
            assert!(wrong(nobodys).is_empty(), "{nobodys}");
        }
    }

    #[test]
    fn sealed_cards_come_back_in_order_and_no_more_than_fit() {
        let body = format!("gift=a.b&attempt=x&gift=c%2Ed{}", "&gift=e".repeat(20));
        let tokens = tokens(body.as_bytes());
        assert_eq!(("a.b", "c.d", LEGS_MAX), (tokens[0].as_str(), tokens[1].as_str(), tokens.len()));
    }
}
