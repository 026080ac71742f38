//! How bodies are read: the kinds of values there are, and what is said of wrong ones, each by its JSON Pointer.
//!
//! Members that are unknown are ignored, and `null` is the same as absent (orchestration-api 1.2). What a closed list of
//! values decides is strict; words that are only kept need the form of one (10, 39).

use std::net::IpAddr;

use domain::{BrandId, Currency, IdError, PaymentId};
use jiff::civil::Date;
use tollgate_http::address;
use tollgate_http::fields::{self, Kind, Verdict};
use tollgate_http::json::{Json, Object};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};

use crate::formats;
use crate::problems::Problems;

/// The largest amount, in minor units (orchestration-api 1.4).
pub(crate) const AMOUNT_MAX: i64 = 999_999_999_999;
/// Characters of a word that is only kept.
const WORD_MAX: usize = 64;
/// Characters of a web address.
const URL_MAX: usize = 2_048;
/// The currencies there are (orchestration-api 1.4).
const CURRENCIES: [&str; 5] = ["CHF", "EUR", "GBP", "JPY", "USD"];

/// The members of one object.
pub(crate) type Fields<'a> = fields::Fields<'a, Problems>;

/// Declares the members of an object; `None` when a mandatory one could not be read, which was then reported.
pub(crate) type Shape<T> = fields::Shape<T, Problems>;

/// Reads a body. Nothing at all is an empty object.
///
/// # Errors
/// Every problem of every member.
pub(crate) fn read<T>(body: &[u8], shape: Shape<T>) -> Result<T, Problems> {
    let json = match body.trim_ascii() {
        b"" => Json::Object(Object::default()),
        body => Json::parse(body).map_err(|_| Problems::here("The body is not JSON that means one thing."))?,
    };
    Nested(shape).read(&json)
}

/// What a kind of text takes, or why not.
fn text_of(json: &Json, max: usize) -> Result<&str, Problems> {
    let Json::String(text) = json else { return Err(Problems::here("A text is needed here.")) };
    if text.contains('\0') {
        return Err(Problems::here("This text contains a character that is not allowed."));
    }
    // Bytes bound characters, so most texts need no counting.
    if text.len() > max && text.chars().count() > max {
        return Err(Problems::here(format!("At most {max} characters are allowed here.")));
    }
    Ok(text)
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// Text of at most so many characters.
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

/// A reference, a name, or the like (orchestration-api 10, 40).
pub(crate) const NAME: Text = text(255);

impl Text {
    /// And not blank.
    #[must_use]
    pub(crate) const fn filled(self) -> Self {
        Self { filled: true, ..self }
    }
}

impl Kind<Problems> for Text {
    type Value = String;

    fn read(&self, json: &Json) -> Result<String, Problems> {
        let text = text_of(json, self.max)?;
        if self.filled && text.trim().is_empty() {
            return Err(Problems::here("This text cannot be blank."));
        }
        Ok(text.to_owned())
    }

    fn schema(&self) -> Schema {
        string().max_length(Some(self.max)).pattern(self.filled.then_some(r"\S")).into()
    }
}

/// Text that stands for something else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parsed<T> {
    max: usize,
    parse: fn(&str) -> Option<T>,
    wanted: &'static str,
    format: &'static str,
    pattern: &'static str,
}

impl<T> Parsed<T> {
    /// Text of at most `max` characters that `parse` understands and `pattern` describes; `wanted` is what it is.
    pub(crate) const fn new(
        max: usize,
        parse: fn(&str) -> Option<T>,
        wanted: &'static str,
        pattern: &'static str,
    ) -> Self {
        Self { max, parse, wanted, format: "", pattern }
    }
}

impl<T> Kind<Problems> for Parsed<T> {
    type Value = T;

    fn read(&self, json: &Json) -> Result<T, Problems> {
        (self.parse)(text_of(json, self.max)?).ok_or_else(|| Problems::here(format!("{} is needed here.", self.wanted)))
    }

    fn schema(&self) -> Schema {
        let is_plain = self.format.is_empty() && self.pattern.is_empty();
        string()
            .max_length(Some(self.max))
            .format((!self.format.is_empty()).then(|| SchemaFormat::Custom(self.format.to_owned())))
            .pattern((!self.pattern.is_empty()).then_some(self.pattern))
            .description(is_plain.then(|| format!("{}.", self.wanted)))
            .into()
    }
}

const fn id<T>(parse: fn(&str) -> Option<T>) -> Parsed<T> {
    Parsed { max: 36, parse, wanted: "A UUID", format: "uuid", pattern: "" }
}

/// An entity.
pub(crate) const ENTITY_ID: Parsed<BrandId> = id(|text| parsed_id(BrandId::parse(text)));
/// A payment.
pub(crate) const PAYMENT_ID: Parsed<PaymentId> = id(|text| parsed_id(PaymentId::parse(text)));
/// Any id, kept as lower-case text.
pub(crate) const UUID: Parsed<String> = id(|text| parsed_id(PaymentId::parse(text)).map(|id| id.to_string()));

fn parsed_id<T>(id: Result<T, IdError>) -> Option<T> {
    id.ok()
}

/// Where somebody is sent or called.
pub(crate) const URL: Parsed<String> = Parsed {
    max: URL_MAX,
    parse: |text| address::is_web(text).then(|| text.to_owned()),
    wanted: "An absolute http or https address with a host and without a user name, spaces and backslashes",
    format: "uri",
    pattern: "",
};

/// A moment with any offset, kept in UTC.
pub(crate) const MOMENT: Parsed<String> = Parsed {
    max: 64,
    parse: formats::moment,
    wanted: "A date, a time and an offset",
    format: "date-time",
    pattern: "",
};

/// A day.
pub(crate) const DAY: Parsed<String> = Parsed {
    max: 10,
    parse: |text| text.parse::<Date>().ok().map(|day| day.to_string()).filter(|day| day == text),
    wanted: "A day such as 1995-08-25",
    format: "date",
    pattern: "",
};

/// An address of IPv4 or IPv6.
pub(crate) const IP: Parsed<String> = Parsed {
    max: 45,
    parse: |text| text.parse::<IpAddr>().ok().map(|_| text.to_owned()),
    wanted: "An address of IPv4 or IPv6",
    format: "",
    pattern: "",
};

/// How long to wait, in seconds.
pub(crate) const DELAY: Parsed<u64> = Parsed {
    max: 64,
    parse: formats::seconds,
    wanted: "A duration of at most 31 days, such as PT24H",
    format: "duration",
    pattern: "",
};

/// A word that is kept and decides nothing.
pub(crate) const WORD: Parsed<String> = Parsed {
    max: WORD_MAX,
    parse: |text| {
        let is_letter = |c: char| c.is_ascii_uppercase();
        let is_part = |c: char| is_letter(c) || c.is_ascii_digit() || c == '_';
        (text.starts_with(is_letter) && text.chars().all(is_part)).then(|| text.to_owned())
    },
    wanted: "A word of capital letters, digits and underscores",
    format: "",
    pattern: "^[A-Z][A-Z0-9_]*$",
};

/// A one-time card token of the secure fields.
pub(crate) const VAULT_FORM_TOKEN: Parsed<String> = Parsed {
    max: 32,
    parse: |text| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        (text.len() == 32 && text.bytes().all(is_part)).then(|| text.to_owned())
    },
    wanted: "A token of 32 letters, digits, hyphens and underscores",
    format: "",
    pattern: "^[a-zA-Z0-9_-]{32}$",
};

/// A whole number between two bounds, and nothing that only stands for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Int {
    min: i64,
    max: i64,
}

/// An amount in minor units.
pub(crate) const AMOUNT: Int = Int { min: 0, max: AMOUNT_MAX };
/// An amount that may count the other way.
pub(crate) const DIFFERENCE: Int = Int { min: -AMOUNT_MAX, max: AMOUNT_MAX };
/// How many.
pub(crate) const COUNT: Int = AMOUNT;

impl Int {
    /// And not below `min`.
    #[must_use]
    pub(crate) const fn at_least(self, min: i64) -> Self {
        Self { min, ..self }
    }
}

impl Kind<Problems> for Int {
    type Value = i64;

    fn read(&self, json: &Json) -> Result<i64, Problems> {
        let number = match json {
            Json::Number(text) => text.parse().ok(),
            Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => None,
        };
        number.filter(|number| (self.min..=self.max).contains(number)).ok_or_else(|| {
            Problems::here(format!("A whole number between {} and {} is needed here.", self.min, self.max))
        })
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(self.min))
            .maximum(Some(self.max))
            .into()
    }
}

/// Any number that whoever reads JSON can read, kept as it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number;

impl Kind<Problems> for Number {
    type Value = Json;

    fn read(&self, json: &Json) -> Result<Json, Problems> {
        match json {
            Json::Number(text) if text.len() <= WORD_MAX && text.parse().is_ok_and(f64::is_finite) => Ok(json.clone()),
            Json::Number(_) => Err(Problems::here(format!(
                "At most {WORD_MAX} digits, of a number that is not beyond a double, are allowed here."
            ))),
            Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
                Err(Problems::here("A number is needed here."))
            }
        }
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new().schema_type(Type::Number).into()
    }
}

/// A text or a number, kept as it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextOrNumber;

impl Kind<Problems> for TextOrNumber {
    type Value = Json;

    fn read(&self, json: &Json) -> Result<Json, Problems> {
        match json {
            Json::Number(_) => Number.read(json),
            Json::String(_) => NAME.filled().read(json).map(Json::String),
            _ => Err(Problems::here("A text or a number is needed here.")),
        }
    }

    fn schema(&self) -> Schema {
        let types = SchemaType::from_iter([Type::String, Type::Number]);
        ObjectBuilder::new().schema_type(types).max_length(Some(NAME.max)).pattern(Some(r"\S")).into()
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bool;

impl Kind<Problems> for Bool {
    type Value = bool;

    fn read(&self, json: &Json) -> Result<bool, Problems> {
        match json {
            Json::Bool(value) => Ok(*value),
            _ => Err(Problems::here("True or false is needed here.")),
        }
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new().schema_type(Type::Boolean).into()
    }
}

/// One of these words, and what each means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Copy> Kind<Problems> for Choice<T> {
    type Value = T;

    fn read(&self, json: &Json) -> Result<T, Problems> {
        let known = match json {
            Json::String(text) => self.0.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning),
            _ => None,
        };
        known.ok_or_else(|| {
            let words: Vec<&str> = self.0.iter().map(|(word, _)| *word).collect();
            Problems::here(format!("One of {} is needed here.", words.join(", ")))
        })
    }

    fn schema(&self) -> Schema {
        string().enum_values(Some(self.0.iter().map(|(word, _)| *word))).into()
    }
}

/// One of the currencies there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurrencyCode;

impl Kind<Problems> for CurrencyCode {
    type Value = Currency;

    fn read(&self, json: &Json) -> Result<Currency, Problems> {
        let known = match json {
            Json::String(code) if CURRENCIES.contains(&code.as_str()) => Currency::parse(code),
            _ => None,
        };
        known.ok_or_else(|| Problems::here(format!("One of {} is needed here.", CURRENCIES.join(", "))))
    }

    fn schema(&self) -> Schema {
        string().enum_values(Some(CURRENCIES)).into()
    }
}

/// An object, read by a shape of its own.
pub(crate) struct Nested<T>(pub Shape<T>);

impl<T> Kind<Problems> for Nested<T> {
    type Value = T;

    fn read(&self, json: &Json) -> Result<T, Problems> {
        match json {
            Json::Object(members) => fields::read(members, self.0),
            _ => Err(Problems::here("An object is needed here.")),
        }
    }

    fn schema(&self) -> Schema {
        fields::describe(self.0).into()
    }
}

/// A list of values of one kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<K> {
    item: K,
    min: usize,
    max: usize,
}

/// A list of at most `max` values of one kind.
pub(crate) const fn list<K>(item: K, max: usize) -> List<K> {
    List { item, min: 0, max }
}

impl<K> List<K> {
    /// And not empty.
    #[must_use]
    pub(crate) fn filled(self) -> Self {
        Self { min: 1, ..self }
    }
}

impl<K: Kind<Problems>> Kind<Problems> for List<K> {
    type Value = Vec<K::Value>;

    fn read(&self, json: &Json) -> Result<Vec<K::Value>, Problems> {
        let Json::Array(items) = json else { return Err(Problems::here("A list is needed here.")) };
        if items.len() < self.min || items.len() > self.max {
            let Self { min, max, .. } = self;
            return Err(Problems::here(format!("Between {min} and {max} items are allowed here.")));
        }
        let (mut values, mut problems) = (Vec::with_capacity(items.len()), Problems::default());
        for (at, item) in items.iter().enumerate() {
            match self.item.read(item) {
                Ok(value) => values.push(value),
                Err(inside) => problems.add_inside(&at.to_string(), inside),
            }
        }
        if problems.is_empty() { Ok(values) } else { Err(problems) }
    }

    fn schema(&self) -> Schema {
        let list = ArrayBuilder::new().items(RefOr::T(self.item.schema())).max_items(Some(self.max));
        if self.min > 0 { list.min_items(Some(self.min)).into() } else { list.into() }
    }
}

/// Members that the merchant names, each a text or a number, kept as they are (orchestration-api 1.2).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Additional;

impl Kind<Problems> for Additional {
    type Value = Object;

    fn read(&self, json: &Json) -> Result<Object, Problems> {
        let Json::Object(members) = json else { return Err(Problems::here("An object is needed here.")) };
        let mut problems = Problems::default();
        for (name, value) in members.iter() {
            match value {
                Json::String(_) | Json::Number(_) if value.has_nul() || name.contains('\0') => {
                    problems.add_inside(name, Problems::here("This member contains a character that is not allowed."));
                }
                Json::String(_) => {}
                Json::Number(_) => {
                    if let Err(inside) = Number.read(value) {
                        problems.add_inside(name, inside);
                    }
                }
                Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => {
                    problems.add_inside(name, Problems::here("A text or a number is needed here."));
                }
            }
        }
        if problems.is_empty() { Ok(members.clone()) } else { Err(problems) }
    }

    fn schema(&self) -> Schema {
        let member = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Number]));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(member.into()))))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_read<K: Kind<Problems>>(kind: &K, json: &str) -> bool {
        kind.read(&Json::parse(json.as_bytes()).expect(json)).is_ok()
    }

    #[test]
    fn numbers_are_json_integers_within_bounds() {
        for good in ["0", "1", "999999999999"] {
            assert!(is_read(&AMOUNT, good), "{good}");
        }
        for bad in ["-1", "1000000000000", "1.0", "1e2", "\"100\"", "true", "[]", "{}", "9223372036854775808"] {
            assert!(!is_read(&AMOUNT, bad), "{bad}");
        }
        assert!(is_read(&DIFFERENCE, "-5") && !is_read(&AMOUNT.at_least(1), "0"));
        assert!(is_read(&Number, "5.5") && is_read(&Number, "20") && !is_read(&Number, "\"20\""));
        for (number, readable) in [("1e308", true), ("-1e400", false), ("1e-400", true), (&"9".repeat(65), false)] {
            assert_eq!(readable, is_read(&Number, number), "{number}");
            assert_eq!(readable, is_read(&TextOrNumber, number), "{number}");
            assert_eq!(readable, is_read(&Additional, &format!("{{\"a\":{number}}}")), "{number}");
        }
    }

    #[test]
    fn words_have_the_form_of_one() {
        for good in ["FEMALE", "EXTERNAL_PICKUP", "A1"] {
            assert!(is_read(&WORD, &format!("{good:?}")), "{good}");
        }
        let long = "A".repeat(65);
        for bad in ["", "female", "_A", "1A", "A-B", long.as_str()] {
            assert!(!is_read(&WORD, &format!("{bad:?}")), "{bad}");
        }
    }

    #[test]
    fn texts_that_stand_for_something() {
        assert!(is_read(&UUID, "\"5E3A0862-7cc3-4427-92ba-9e1e9595f571\"") && !is_read(&UUID, "\"5e3a0862\""));
        assert!(is_read(&DAY, "\"1995-08-25\"") && is_read(&DAY, "\"2024-02-29\""));
        for bad in ["1995-8-25", "1995-02-30", "19950825", "1995-08-25T00:00:00Z"] {
            assert!(!is_read(&DAY, &format!("{bad:?}")), "{bad}");
        }
        assert!(is_read(&IP, "\"203.0.113.195\"") && is_read(&IP, "\"2001:db8::1\"") && !is_read(&IP, "\"host\""));
        assert!(is_read(&URL, "\"https://a.example/x?y=z\"") && !is_read(&URL, "\"ftp://a.example/\""));
        assert!(!is_read(&URL, &format!("\"https://a.example/{}\"", "x".repeat(2_040))));
        assert!(is_read(&VAULT_FORM_TOKEN, &format!("\"{}\"", "a_-9".repeat(8))));
        assert!(!is_read(&VAULT_FORM_TOKEN, "\"short\"") && !is_read(&NAME, r#""nul \u0000""#));
    }

    #[test]
    fn only_five_currencies() {
        assert!(CURRENCIES.iter().all(|code| is_read(&CurrencyCode, &format!("{code:?}"))));
        for bad in ["\"eur\"", "\"MYR\"", "\"KWD\"", "978", "\"\""] {
            assert!(!is_read(&CurrencyCode, bad), "{bad}");
        }
    }

    #[test]
    fn what_merchants_name_is_kept_as_it_is() {
        let text = r#"{"b":1.10,"a/b~":"x","":""}"#;
        let read = Additional.read(&Json::parse(text.as_bytes()).expect("JSON")).expect("read");
        assert_eq!(text, serde_json::to_string(&read).expect("text"));
        let wrong = Additional.read(&Json::parse(br#"{"a/b~":true,"ok":1,"z":null}"#).expect("JSON"));
        let pointers: Vec<String> =
            wrong.expect_err("refused").into_list().into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(["/a~1b~0", "/z"].map(str::to_owned).to_vec(), pointers);
    }

    fn shape(f: &mut Fields<'_>) -> Option<Vec<Vec<i64>>> {
        f.required("rows", list(list(AMOUNT, 3), 200), "")
    }

    #[test]
    fn a_body_is_an_object_or_nothing() {
        let pointers = |body: &str| match read(body.as_bytes(), shape) {
            Ok(_) => vec![],
            Err(problems) => problems.into_list().into_iter().map(|problem| problem.pointer).collect(),
        };
        for body in ["{", "[]", "null", "5", r#"{"rows":[],"rows":[]}"#] {
            assert_eq!(vec![String::new()], pointers(body), "{body}");
        }
        for body in ["", " ", "{}", r#"{"rows":null}"#] {
            assert_eq!(vec!["/rows".to_owned()], pointers(body), "{body}");
        }
        assert_eq!(vec!["/rows/1/0", "/rows/2"], pointers(r#"{"rows":[[1],["x"],[1,2,3,4],[]],"other":{}}"#));
        assert!(pointers(r#"{"rows":[]}"#).is_empty());
    }

    proptest! {
        #[test]
        fn pointers_lead_to_what_is_wrong(rows in prop::collection::vec(prop::collection::vec(-3_i64..9, 0..4), 0..40)) {
            let body = serde_json::json!({ "rows": rows });
            let wrong = rows.iter().flatten().filter(|number| **number < 0).count();
            match read(body.to_string().as_bytes(), shape) {
                Ok(read) => prop_assert!(wrong == 0 && read == rows),
                Err(problems) => {
                    let problems = problems.into_list();
                    prop_assert_eq!(wrong.min(100), problems.len());
                    for problem in problems {
                        prop_assert!(body.pointer(&problem.pointer).and_then(serde_json::Value::as_i64) < Some(0));
                    }
                }
            }
        }
    }
}
