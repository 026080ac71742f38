//! How bodies are read: the kinds of values there are, and what is said of wrong ones.
//!
//! Members that are unknown are ignored, and `null` is the same as absent (card-payments-api 1.3).

use domain::Currency;
use tollgate_http::address;
use tollgate_http::fields::{self, Kind, Verdict};
use tollgate_http::json::{Json, Object};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};

use crate::errors::ApiError;

/// The members of one object.
pub(crate) type Fields<'a> = fields::Fields<'a, Problems>;

/// Declares the members of an object; `None` when a mandatory one could not be read, which was then reported.
pub(crate) type Shape<T> = fields::Shape<T, Problems>;

/// What is wrong with a body, one sentence each.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Verdict for Problems {
    /// What it must be.
    type Wrong = String;

    const NULL_IS_NOTHING: bool = true;

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, name: &'static str, wanted: String) {
        self.0.push(format!("{name} must be {wanted}"));
    }

    fn add_missing(&mut self, name: &'static str) {
        self.0.push(format!("{name} is required"));
    }

    /// A name that ends in `URL` or `Url` may end in the other.
    fn other_spelling(name: &str) -> Option<String> {
        match (name.strip_suffix("URL"), name.strip_suffix("Url")) {
            (Some(stem), _) => Some(format!("{stem}Url")),
            (_, Some(stem)) => Some(format!("{stem}URL")),
            (None, None) => None,
        }
    }
}

/// Reads a body. Nothing at all is an empty object.
pub(crate) fn read<T>(body: &[u8], shape: Shape<T>) -> Result<T, ApiError> {
    let invalid = |message: &str| ApiError::Invalid(message.to_owned());
    let nothing = Object::default();
    let json = match body.trim_ascii() {
        b"" => None,
        body => Some(Json::parse(body).map_err(|_| invalid("The body is not JSON that means one thing"))?),
    };
    let members = match &json {
        Some(Json::Object(members)) => members,
        None => &nothing,
        Some(_) => return Err(invalid("The body must be a JSON object")),
    };
    fields::read(members, shape).map_err(|Problems(problems)| ApiError::Invalid(problems.join("; ")))
}

/// A whole number between two bounds, and nothing that only stands for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Int {
    min: i64,
    max: i64,
}

/// An amount that is more than nothing, in minor units.
pub(crate) const AMOUNT: Int = Int { min: 1, max: i64::MAX };
/// Any whole number of 64 bits.
pub(crate) const WHOLE: Int = Int { min: i64::MIN, max: i64::MAX };

impl Kind<Problems> for Int {
    type Value = i64;

    fn read(&self, json: &Json) -> Result<i64, String> {
        let wanted = || match self.min {
            i64::MIN => "a whole number of 64 bits".to_owned(),
            min => format!("a whole number of at least {min}, in minor units"),
        };
        let Json::Number(text) = json else { return Err(wanted()) };
        let number = text.parse::<i64>().map_err(|_| wanted())?;
        if (self.min..=self.max).contains(&number) { Ok(number) } else { Err(wanted()) }
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum((self.min != i64::MIN).then_some(self.min))
            .maximum((self.min != i64::MIN).then_some(self.max))
            .into()
    }
}

/// Any JSON number or its text, for what is only kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number;

impl Kind<Problems> for Number {
    type Value = ();

    fn read(&self, json: &Json) -> Result<(), String> {
        match json {
            Json::Number(text) | Json::String(text) if text.len() <= 32 && text.parse::<f64>().is_ok() => Ok(()),
            _ => Err("a number".to_owned()),
        }
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Number, Type::String]))
            .max_length(Some(32_usize))
            .description(Some("A number, or its text."))
            .into()
    }
}

/// Text of at most so many characters; a number is taken as it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    max: usize,
    filled: bool,
}

/// Text of at most `max` characters, which may be empty.
#[must_use]
pub(crate) const fn text(max: usize) -> Text {
    Text { max, filled: false }
}

impl Text {
    /// And not empty: empty is absent.
    #[must_use]
    pub(crate) const fn filled(self) -> Self {
        Self { filled: true, ..self }
    }
}

impl Kind<Problems> for Text {
    type Value = String;

    fn read(&self, json: &Json) -> Result<String, String> {
        let wanted = || format!("text of at most {} characters, none of them a null character", self.max);
        let (Json::String(text) | Json::Number(text)) = json else { return Err(wanted()) };
        if text.contains('\0') || text.chars().count() > self.max {
            return Err(wanted());
        }
        Ok(text.clone())
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Number]))
            .max_length(Some(self.max))
            .min_length(self.filled.then_some(1))
            .description(Some("A number is taken as text."))
            .into()
    }

    fn is_absent(&self, json: &Json) -> bool {
        self.filled && matches!(json, Json::String(text) if text.is_empty())
    }
}

/// An address; empty is absent (D1 `redirectOnFailURL`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address {
    max: usize,
}

/// Where a buyer is sent (card-payments-api 2.2, the URL rule).
pub(crate) const URL: Address = Address { max: 2_048 };
/// Where we call (card-payments-api 5.6).
pub(crate) const CALLBACK_URL: Address = Address { max: 512 };

impl Kind<Problems> for Address {
    type Value = String;

    fn read(&self, json: &Json) -> Result<String, String> {
        match json {
            Json::String(text) if text.chars().count() <= self.max && address::is_web(text) => Ok(text.clone()),
            _ => Err(format!("an absolute http or https address of at most {} characters", self.max)),
        }
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(self.max))
            .format(Some(SchemaFormat::Custom("uri".to_owned())))
            .description(Some(
                "An absolute http or https address with a host and without a user name, spaces, control characters \
                 and backslashes. The name may end in `URL` or in `Url`.",
            ))
            .into()
    }

    fn is_absent(&self, json: &Json) -> bool {
        matches!(json, Json::String(text) if text.is_empty())
    }
}

/// The currencies cards are taken in (card-payments-api 1.3).
const CURRENCIES: [&str; 6] = ["DKK", "EUR", "GBP", "NOK", "SEK", "USD"];

/// One of [`CURRENCIES`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurrencyCode;

impl Kind<Problems> for CurrencyCode {
    type Value = Currency;

    fn read(&self, json: &Json) -> Result<Currency, String> {
        let known = match json {
            Json::String(code) if CURRENCIES.contains(&code.as_str()) => Currency::parse(code),
            _ => None,
        };
        known.ok_or_else(|| format!("one of {}", CURRENCIES.join(", ")))
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(CURRENCIES)).into()
    }
}

/// A language of two letters; whatever else it is, is English (card-payments-api 4.4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Language;

impl Kind<Problems> for Language {
    type Value = String;

    fn read(&self, json: &Json) -> Result<String, String> {
        let code = match json {
            Json::String(text) => text.to_ascii_lowercase(),
            _ => String::new(),
        };
        let is_code = code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_lowercase());
        Ok(match code.as_str() {
            // An early client's Swedish.
            "se" => "sv".to_owned(),
            _ if is_code => code,
            _ => "en".to_owned(),
        })
    }

    fn schema(&self) -> Schema {
        let about = "ISO 639-1, two lower-case letters; anything else is `en`, and `se` is `sv`.";
        ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some(about)).into()
    }
}

/// The number of an order, or its text (card-payments-api 1.3).
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderNumber;

impl Kind<Problems> for OrderNumber {
    type Value = u64;

    fn read(&self, json: &Json) -> Result<u64, String> {
        let (Json::Number(text) | Json::String(text)) = json else { return Err("the number of an order".to_owned()) };
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_plain).ok_or_else(|| "the number of an order".to_owned())
    }

    fn schema(&self) -> Schema {
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0));
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]*$")).max_length(Some(19_usize));
        AnyOfBuilder::new().item(number).item(text).into()
    }

    fn is_absent(&self, json: &Json) -> bool {
        matches!(json, Json::String(text) if text.is_empty())
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bool;

impl Kind<Problems> for Bool {
    type Value = bool;

    fn read(&self, json: &Json) -> Result<bool, String> {
        match json {
            Json::Bool(value) => Ok(*value),
            _ => Err("true or false".to_owned()),
        }
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new().schema_type(Type::Boolean).into()
    }
}

/// One of these words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice(pub &'static [&'static str]);

impl Kind<Problems> for Choice {
    type Value = &'static str;

    fn read(&self, json: &Json) -> Result<&'static str, String> {
        let known = match json {
            Json::String(text) => self.0.iter().find(|word| *word == text).copied(),
            _ => None,
        };
        known.ok_or_else(|| format!("one of {}", self.0.join(", ")))
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(self.0.iter().copied())).into()
    }
}

/// An object, read by a shape of its own; PHP writes `[]` for an empty one.
pub(crate) struct Nested<T>(pub Shape<T>);

impl<T> Kind<Problems> for Nested<T> {
    type Value = T;

    fn read(&self, json: &Json) -> Result<T, String> {
        let nothing = Object::default();
        let members = match json {
            Json::Object(members) => members,
            Json::Array(items) if items.is_empty() => &nothing,
            _ => return Err("an object".to_owned()),
        };
        fields::read(members, self.0)
            .map_err(|Problems(problems)| format!("an object in which {}", problems.join(" and ")))
    }

    fn schema(&self) -> Schema {
        AnyOfBuilder::new()
            .item(fields::describe(self.0))
            .item(ArrayBuilder::new().items(ObjectBuilder::new()).max_items(Some(0_usize)))
            .into()
    }
}

/// A list of objects.
pub(crate) struct Objects<T> {
    pub(crate) shape: Shape<T>,
    pub(crate) max: usize,
}

impl<T> Kind<Problems> for Objects<T> {
    type Value = Vec<T>;

    fn read(&self, json: &Json) -> Result<Vec<T>, String> {
        match json {
            Json::Array(items) if items.len() <= self.max => items
                .iter()
                .map(|item| Nested(self.shape).read(item))
                .collect::<Result<_, _>>()
                .map_err(|wanted| format!("a list of which each item is {wanted}")),
            _ => Err(format!("a list of at most {} objects", self.max)),
        }
    }

    fn schema(&self) -> Schema {
        ArrayBuilder::new().items(RefOr::T(Nested(self.shape).schema())).max_items(Some(self.max)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one<K: Kind<Problems>>(kind: &K, json: &str) -> Result<K::Value, String> {
        kind.read(&Json::parse(json.as_bytes()).expect(json))
    }

    #[test]
    fn amounts_are_json_integers_of_at_least_one() {
        assert_eq!(Ok(1), one(&AMOUNT, "1"));
        assert_eq!(Ok(i64::MAX), one(&AMOUNT, "9223372036854775807"));
        for bad in ["0", "-5", "1.0", "1e2", "9223372036854775808", "\"100\"", "true", "[]", "{}"] {
            assert!(one(&AMOUNT, bad).is_err(), "{bad}");
        }
        assert_eq!(Ok(-5), one(&WHOLE, "-5"));
    }

    #[test]
    fn orders_come_as_numbers_and_as_text() {
        assert_eq!(Ok(473_332), one(&OrderNumber, "473332"));
        assert_eq!(Ok(473_332), one(&OrderNumber, "\"473332\""));
        assert!(OrderNumber.is_absent(&Json::String(String::new())));
        for bad in ["-1", "1.0", "\"1 \"", "\"+1\"", "\"W-1042\"", "99999999999999999999", "[]"] {
            assert!(one(&OrderNumber, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn languages_are_never_refused() {
        for (given, read) in [
            ("\"sv\"", "sv"),
            ("\"se\"", "sv"),
            ("\"EN\"", "en"),
            ("\"bh\"", "bh"),
            ("\"sv-SE\"", "en"),
            ("5", "en"),
            ("{}", "en"),
        ] {
            assert_eq!(Ok(read.to_owned()), one(&Language, given), "{given}");
        }
    }

    #[test]
    fn only_card_currencies() {
        assert!(CURRENCIES.iter().all(|code| one(&CurrencyCode, &format!("{code:?}")).is_ok()));
        for bad in ["\"sek\"", "\"MYR\"", "\"XXX\"", "752", "\"\""] {
            assert!(one(&CurrencyCode, bad).is_err(), "{bad}");
        }
    }

    fn shape(f: &mut Fields<'_>) -> Option<(String, Option<String>, Option<String>)> {
        let success = f.required("redirectOnSuccessURL", URL, "");
        let fail = f.optional("redirectOnFailURL", URL, "");
        let callback = f.optional("callbackUrl", CALLBACK_URL, "");
        Some((success?, fail, callback))
    }

    #[test]
    fn both_spellings_null_and_nothing() {
        let a = Some("https://a.example/".to_owned());
        let read = |body: &str| read(body.as_bytes(), shape).map_err(|error| format!("{error:?}"));
        let full = (a.clone().expect("set"), a.clone(), a);
        for body in [
            r#"{"redirectOnSuccessURL":"https://a.example/","redirectOnFailURL":"https://a.example/","callbackUrl":"https://a.example/","x":1}"#,
            r#"{"redirectOnSuccessUrl":"https://a.example/","redirectOnFailUrl":"https://a.example/","callbackURL":"https://a.example/"}"#,
            r#"{"redirectOnSuccessURL":null,"redirectOnSuccessUrl":"https://a.example/","redirectOnFailUrl":"https://a.example/","callbackURL":"https://a.example/"}"#,
        ] {
            assert_eq!(Ok(full.clone()), read(body), "{body}");
        }
        let bare = r#"{"redirectOnSuccessURL":"https://a.example/","redirectOnFailURL":"","callbackUrl":null}"#;
        assert_eq!(Ok((full.0, None, None)), read(bare));
        for body in ["", " ", "{}", r#"{"redirectOnSuccessURL":""}"#] {
            assert_eq!(Err("Invalid(\"redirectOnSuccessURL is required\")".to_owned()), read(body), "{body}");
        }
        for body in
            ["{", "5", "[1]", "[]", "null", r#"{"a":1,"a":2}"#, r#"{"redirectOnSuccessURL":"ftp://a.example/"}"#]
        {
            assert!(read(body).is_err(), "{body}");
        }
    }
}
