//! A card from a form on the merchant's own page (purchases-api 6.5): strict, and silent. What is wrong is a failed
//! payment and not a message, since the page is not ours.

use domain::{CardField, CardSummary, Cvc, DeclineReason, Expiry, FieldFault, Pan};
use zeroize::Zeroizing;

use crate::form::{CardForm, decode, pairs};

/// A post that goes nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    /// The first wrong field; always a [`DeclineReason::Field`].
    pub reason: DeclineReason,
    /// The card, when number and expiry date could be read; without a name that could not.
    pub card: Option<CardSummary>,
}

/// Reads a posted `application/x-www-form-urlencoded` body. Other fields are ignored, as many a framework adds its own.
/// Whether the card is still good is the acquirer's to say.
///
/// # Errors
/// [`Unusable`] with the first wrong field in the order name, number, expiry date, code.
pub(crate) fn read(body: &[u8]) -> Result<CardForm, Unusable> {
    let mut fields = Fields::default();
    for (name, value) in pairs(body) {
        let field = match name.as_str() {
            "cardholder_name" => &mut fields.cardholder_name,
            "card_number" => &mut fields.card_number,
            "expires" => &mut fields.expires,
            "cvc" => &mut fields.cvc,
            "remember_card" => &mut fields.remember_card,
            _ => continue,
        };
        // A field that comes twice could be either.
        *field = match (decode(value), &*field) {
            (Some(text), Given::Nothing) => Given::Text(text),
            (Some(_) | None, _) => Given::Unreadable,
        };
    }
    let holder = fields.cardholder_name.read(holder);
    let pan = fields.card_number.read(number);
    let expiry = fields.expires.read(expiry);
    let cvc = fields.cvc.read(cvc);
    match (holder, pan, expiry, cvc) {
        (Ok(holder), Ok(pan), Ok(expiry), Ok(cvc)) => {
            let remember = matches!(&fields.remember_card, Given::Text(text) if text.as_str() == "on");
            Ok(CardForm { pan, wish: None, cvc, expiry, holder, remember })
        }
        (holder, pan, expiry, cvc) => {
            let card = match (&pan, &expiry) {
                (Ok(pan), Ok(expiry)) => Some(CardSummary {
                    brand: pan.brand(),
                    masked: pan.masked(),
                    expiry: *expiry,
                    holder: holder.clone().unwrap_or_default(),
                }),
                (Ok(_) | Err(_), _) => None,
            };
            let faults = [
                (CardField::Holder, holder.err()),
                (CardField::Number, pan.err()),
                (CardField::Expiry, expiry.err()),
                (CardField::Cvc, cvc.err()),
            ];
            let first = faults.into_iter().find_map(|(field, fault)| Some((field, fault?)));
            // One of the four is wrong, or we would not be here.
            let (field, fault) = first.unwrap_or((CardField::Number, FieldFault::Invalid));
            Err(Unusable { reason: DeclineReason::Field(field, fault), card })
        }
    }
}

const HOLDER_LEN_MAX: usize = 30;
const NUMBER_LEN_MAX: usize = 19;
const EXPIRES_LEN: usize = 5;
const CVC_LEN_MAX: usize = 4;

#[derive(Default)]
struct Fields {
    cardholder_name: Given,
    card_number: Given,
    expires: Given,
    cvc: Given,
    remember_card: Given,
}

#[derive(Default)]
enum Given {
    #[default]
    Nothing,
    Text(Zeroizing<String>),
    /// Came twice, or cannot be decoded.
    Unreadable,
}

impl Given {
    fn read<T>(&self, reader: impl FnOnce(&str) -> Result<T, FieldFault>) -> Result<T, FieldFault> {
        match self {
            Self::Nothing => Err(FieldFault::Missing),
            Self::Text(text) if text.trim().is_empty() => Err(FieldFault::Missing),
            Self::Text(text) => reader(text),
            Self::Unreadable => Err(FieldFault::Invalid),
        }
    }
}

fn holder(text: &str) -> Result<String, FieldFault> {
    let text = text.trim();
    if text.chars().count() > HOLDER_LEN_MAX {
        return Err(FieldFault::TooLong);
    }
    let fits = text.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, ' ' | '\'' | '.' | '-'));
    let named = text.contains(|c: char| c.is_ascii_alphabetic());
    if fits && named { Ok(text.to_owned()) } else { Err(FieldFault::Invalid) }
}

fn number(text: &str) -> Result<Pan, FieldFault> {
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    digits.extend(text.chars().filter(|c| *c != ' '));
    if digits.chars().count() > NUMBER_LEN_MAX {
        return Err(FieldFault::TooLong);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FieldFault::Invalid);
    }
    Pan::parse(&digits).map_err(|_| FieldFault::Invalid)
}

fn expiry(text: &str) -> Result<Expiry, FieldFault> {
    if text.chars().count() > EXPIRES_LEN {
        return Err(FieldFault::TooLong);
    }
    let [a, b, b'/', c, d] = text.as_bytes() else { return Err(FieldFault::Invalid) };
    if ![a, b, c, d].into_iter().all(u8::is_ascii_digit) {
        return Err(FieldFault::Invalid);
    }
    Expiry::parse(text).map_err(|_| FieldFault::Invalid)
}

fn cvc(text: &str) -> Result<Cvc, FieldFault> {
    if text.chars().count() > CVC_LEN_MAX {
        return Err(FieldFault::TooLong);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FieldFault::Invalid);
    }
    Cvc::parse(text).ok_or(FieldFault::Invalid)
}

#[cfg(test)]
mod tests {
    use domain::Brand;
    use proptest::prelude::*;

    use super::*;

    const GOOD: [(&str, &str); 4] =
        [("cardholder_name", "Ann Lee"), ("card_number", "4444 3333 2222 1111"), ("expires", "08/28"), ("cvc", "123")];

    /// The good post with some fields changed; `None` leaves one out.
    fn with(changes: &[(&str, Option<&str>)]) -> String {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in GOOD {
            if !changes.iter().any(|(changed, _)| *changed == name) {
                body.append_pair(name, value);
            }
        }
        for (name, value) in changes {
            value.map(|value| body.append_pair(name, value));
        }
        body.finish()
    }

    fn ok(changes: &[(&str, Option<&str>)]) -> CardForm {
        read(with(changes).as_bytes()).unwrap_or_else(|wrong| panic!("{changes:?}: {wrong:?}"))
    }

    fn wrong(changes: &[(&str, Option<&str>)]) -> Unusable {
        read(with(changes).as_bytes()).expect_err("unusable")
    }

    #[test]
    fn a_good_card_is_read() {
        let card = ok(&[("remember_card", Some("on")), ("csrf_token", Some("x")), ("amount", Some("1"))]);
        assert_eq!(("4444333322221111", "123"), (card.pan.expose(), card.cvc.expose()));
        assert_eq!(
            (Expiry { year: 2028, month: 8 }, "Ann Lee", true),
            (card.expiry, card.holder.as_str(), card.remember)
        );
        for off in [None, Some("off"), Some("true"), Some("ON"), Some("")] {
            assert!(!ok(&[("remember_card", off)]).remember, "{off:?}");
        }
        assert_eq!("O'Brien-Smith Jr.", ok(&[("cardholder_name", Some(" O'Brien-Smith Jr. "))]).holder);
        assert_eq!("1234", ok(&[("cvc", Some("1234"))]).cvc.expose(), "the acquirer knows how long a code is");
        assert_eq!(Expiry { year: 2020, month: 1 }, ok(&[("expires", Some("01/20"))]).expiry, "the past is not ours");
    }

    #[test]
    fn each_field_has_its_faults() {
        let rows = [
            ("cardholder_name", None),
            ("cardholder_name", Some(" ")),
            ("cardholder_name", Some("Ann Lee Ann Lee Ann Lee Ann Lee")),
            ("cardholder_name", Some("Ann Lée")),
            ("cardholder_name", Some("Ann 2")),
            ("cardholder_name", Some("...")),
            ("card_number", None),
            ("card_number", Some("")),
            ("card_number", Some("4444 3333 2222 1111 2222")),
            ("card_number", Some("4444-3333-2222-1111")),
            ("card_number", Some("4444 3333 2222 1112")),
            ("card_number", Some("4444")),
            ("card_number", Some("٤٤٤٤٣٣٣٣٢٢٢٢١١١١")),
            ("expires", None),
            ("expires", Some("08/2028")),
            ("expires", Some("8/28")),
            ("expires", Some("08-28")),
            ("expires", Some("0828")),
            ("expires", Some("13/28")),
            ("expires", Some("٠٨/٢٨")),
            ("cvc", None),
            ("cvc", Some("12345")),
            ("cvc", Some("12")),
            ("cvc", Some("12a")),
            ("cvc", Some("１２３")),
        ];
        let table: Vec<String> = rows
            .iter()
            .map(|(name, value)| format!("{name} {value:?}: {}", wrong(&[(name, *value)]).reason.as_str()))
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r#"
        cardholder_name None: holder_missing
        cardholder_name Some(" "): holder_missing
        cardholder_name Some("Ann Lee Ann Lee Ann Lee Ann Lee"): holder_too_long
        cardholder_name Some("Ann Lée"): holder_invalid
        cardholder_name Some("Ann 2"): holder_invalid
        cardholder_name Some("..."): holder_invalid
        card_number None: number_missing
        card_number Some(""): number_missing
        card_number Some("4444 3333 2222 1111 2222"): number_too_long
        card_number Some("4444-3333-2222-1111"): number_invalid
        card_number Some("4444 3333 2222 1112"): number_invalid
        card_number Some("4444"): number_invalid
        card_number Some("٤٤٤٤٣٣٣٣٢٢٢٢١١١١"): number_invalid
        expires None: expiry_missing
        expires Some("08/2028"): expiry_too_long
        expires Some("8/28"): expiry_invalid
        expires Some("08-28"): expiry_invalid
        expires Some("0828"): expiry_invalid
        expires Some("13/28"): expiry_invalid
        expires Some("٠٨/٢٨"): expiry_invalid
        cvc None: cvc_missing
        cvc Some("12345"): cvc_too_long
        cvc Some("12"): cvc_invalid
        cvc Some("12a"): cvc_invalid
        cvc Some("１２３"): cvc_invalid
        "#);
    }

    #[test]
    fn the_first_wrong_field_counts() {
        let order = ["cardholder_name", "card_number", "expires", "cvc"];
        let found: Vec<&str> = (0..4)
            .map(|first| {
                let changes: Vec<_> = order[first..].iter().map(|name| (*name, None)).collect();
                wrong(&changes).reason.as_str()
            })
            .collect();
        assert_eq!(["holder_missing", "number_missing", "expiry_missing", "cvc_missing"], found.as_slice());
        assert_eq!("holder_missing", read(b"").expect_err("empty").reason.as_str());
    }

    #[test]
    fn what_comes_twice_or_broken_is_invalid() {
        for (name, value) in GOOD {
            let twice = format!("{}&{name}={}", with(&[]), value.replace(' ', "+"));
            let broken = format!("{}&{name}=%zz", with(&[(name, None)]));
            for body in [twice, broken] {
                let reason = read(body.as_bytes()).expect_err(&body).reason;
                assert!(matches!(reason, DeclineReason::Field(_, FieldFault::Invalid)), "{body}: {reason:?}");
            }
        }
    }

    #[test]
    fn the_card_is_told_when_it_could_be_read() {
        let card = wrong(&[("cvc", None)]).card.expect("readable");
        assert_eq!(
            (Brand::Visa, "444433******1111", "Ann Lee"),
            (card.brand, card.masked.as_str(), card.holder.as_str())
        );
        assert_eq!("", wrong(&[("cardholder_name", Some("4444333322221111"))]).card.expect("readable").holder);
        for name in ["card_number", "expires"] {
            assert_eq!(None, wrong(&[(name, Some("x"))]).card, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics_and_no_number_is_printed(
            body in proptest::collection::vec(any::<u8>(), 0..200),
            value in "\\PC{0,40}",
            digits in "[0-9]{12,19}",
        ) {
            let _ = read(&body).is_ok();
            for (name, _) in GOOD {
                let _ = read(with(&[(name, Some(&value))]).as_bytes()).is_ok();
                let printed = format!("{:?}", read(with(&[(name, Some(&digits))]).as_bytes()));
                prop_assert!(!printed.contains(&digits));
            }
        }
    }
}
