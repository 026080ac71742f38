//! One declaration that both reads and describes. A shape is a straight-line function over [`Fields`]: run on a body it
//! collects what is wrong with each member, run on nothing it yields the schema of what it would read. So the published
//! description cannot say anything else than the validation does.
//!
//! Members that are unknown are ignored, and `null` is the same as absent (card-payments-api 1.3).

use domain::Currency;
use tollgate_http::address;
use tollgate_http::json::{Json, Object};
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Object as ObjectSchema, RefOr};

use crate::errors::ApiError;

/// The members of one object: those of a body, or those there could be.
pub(crate) struct Fields<'a> {
    run: Run<'a>,
    problems: Vec<String>,
}

enum Run<'a> {
    Read(&'a Object),
    Describe(Box<ObjectBuilder>),
}

/// Declares the members of an object; `None` when a mandatory one could not be read, which was then reported.
pub(crate) type Shape<T> = fn(&mut Fields<'_>) -> Option<T>;

/// How one kind of value is read and described.
pub(crate) trait Kind {
    /// What reading yields.
    type Value;

    /// Reads a value; what it must be otherwise.
    fn read(&self, json: &Json) -> Result<Self::Value, String>;

    /// Describes what [`Kind::read`] takes.
    fn schema(&self) -> Schema;

    /// Whether this value says that there is none.
    fn is_absent(&self, json: &Json) -> bool {
        matches!(json, Json::Null)
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
    let mut fields = Fields { run: Run::Read(members), problems: vec![] };
    match shape(&mut fields) {
        Some(value) if fields.problems.is_empty() => Ok(value),
        _ => Err(ApiError::Invalid(fields.problems.join("; "))),
    }
}

/// The schema of what [`read`] takes.
#[must_use]
pub(crate) fn describe<T>(shape: Shape<T>) -> ObjectSchema {
    let mut fields = Fields { run: Run::Describe(Box::default()), problems: vec![] };
    let _ = shape(&mut fields);
    match fields.run {
        Run::Describe(object) => object.build(),
        Run::Read(_) => ObjectSchema::new(),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "a declaration reads better without borrows")]
impl Fields<'_> {
    /// A member that must be there; reports what is wrong and is `None` then.
    pub(crate) fn required<K: Kind>(&mut self, name: &'static str, kind: K, about: &'static str) -> Option<K::Value> {
        self.describe(name, &kind, about, true);
        match self.given(name) {
            Some(json) if !kind.is_absent(json) => {
                let value = kind.read(json);
                self.report(name, value)
            }
            Some(_) | None => {
                if matches!(self.run, Run::Read(_)) {
                    self.problems.push(format!("{name} is required"));
                }
                None
            }
        }
    }

    /// A member that may be left out.
    pub(crate) fn optional<K: Kind>(&mut self, name: &'static str, kind: K, about: &'static str) -> Option<K::Value> {
        self.describe(name, &kind, about, false);
        let json = self.given(name).filter(|json| !kind.is_absent(json))?;
        let value = kind.read(json);
        self.report(name, value)
    }

    /// Every member, as it was sent.
    #[must_use]
    pub(crate) fn all(&self) -> Object {
        match self.run {
            Run::Read(members) => members.clone(),
            Run::Describe(_) => Object::default(),
        }
    }

    /// By its name; one that ends in `URL` or `Url` by either spelling.
    fn given(&self, name: &str) -> Option<&'_ Json> {
        let Run::Read(members) = self.run else { return None };
        let other = match (name.strip_suffix("URL"), name.strip_suffix("Url")) {
            (Some(stem), _) => Some(format!("{stem}Url")),
            (_, Some(stem)) => Some(format!("{stem}URL")),
            (None, None) => None,
        };
        let is_said = |json: &&Json| !matches!(json, Json::Null);
        members.get(name).filter(is_said).or_else(|| members.get(&other?))
    }

    fn report<T>(&mut self, name: &'static str, result: Result<T, String>) -> Option<T> {
        result.map_err(|wanted| self.problems.push(format!("{name} must be {wanted}"))).ok()
    }

    fn describe<K: Kind>(&mut self, name: &'static str, kind: &K, about: &'static str, is_required: bool) {
        let Run::Describe(object) = &mut self.run else { return };
        let mut builder = *std::mem::take(object);
        if is_required {
            builder = builder.required(name);
        }
        **object = builder.property(name, presented(kind.schema(), about, is_required));
    }
}

/// The schema of a member from the schema of its value.
fn presented(schema: Schema, about: &str, is_required: bool) -> Schema {
    let about = (!about.is_empty()).then(|| about.to_owned());
    match schema {
        Schema::Object(mut object) => {
            // What a kind says of itself comes after what the member is for.
            object.description = match (about, object.description.take()) {
                (Some(about), Some(rule)) => Some(format!("{about} {rule}")),
                (about, rule) => about.or(rule),
            };
            if !is_required {
                object.schema_type = or_null(object.schema_type);
                if let Some(values) = &mut object.enum_values {
                    values.push(serde_json::Value::Null);
                }
            }
            Schema::Object(object)
        }
        Schema::Array(mut array) => {
            array.description = about;
            if !is_required {
                array.schema_type = or_null(array.schema_type);
            }
            Schema::Array(array)
        }
        Schema::AnyOf(mut any) => {
            any.description = about;
            if !is_required {
                any.items.push(RefOr::T(ObjectBuilder::new().schema_type(Type::Null).into()));
            }
            Schema::AnyOf(any)
        }
        other => other,
    }
}

fn or_null(schema_type: SchemaType) -> SchemaType {
    let types = match schema_type {
        SchemaType::Type(one) => vec![one, Type::Null],
        SchemaType::Array(many) => many.into_iter().chain([Type::Null]).collect(),
        SchemaType::AnyValue => return SchemaType::AnyValue,
    };
    SchemaType::from_iter(types)
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

impl Kind for Int {
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

impl Kind for Number {
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

impl Kind for Text {
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
        matches!(json, Json::Null) || self.filled && matches!(json, Json::String(text) if text.is_empty())
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

impl Kind for Address {
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
        matches!(json, Json::Null) || matches!(json, Json::String(text) if text.is_empty())
    }
}

/// The currencies cards are taken in (card-payments-api 1.3).
const CURRENCIES: [&str; 6] = ["DKK", "EUR", "GBP", "NOK", "SEK", "USD"];

/// One of [`CURRENCIES`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurrencyCode;

impl Kind for CurrencyCode {
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

impl Kind for Language {
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

impl Kind for OrderNumber {
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
        matches!(json, Json::Null) || matches!(json, Json::String(text) if text.is_empty())
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bool;

impl Kind for Bool {
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

impl Kind for Choice {
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

impl<T> Kind for Nested<T> {
    type Value = T;

    fn read(&self, json: &Json) -> Result<T, String> {
        let nothing = Object::default();
        let members = match json {
            Json::Object(members) => members,
            Json::Array(items) if items.is_empty() => &nothing,
            _ => return Err("an object".to_owned()),
        };
        let mut fields = Fields { run: Run::Read(members), problems: vec![] };
        match (self.0)(&mut fields) {
            Some(value) if fields.problems.is_empty() => Ok(value),
            _ => Err(format!("an object in which {}", fields.problems.join(" and "))),
        }
    }

    fn schema(&self) -> Schema {
        AnyOfBuilder::new()
            .item(describe(self.0))
            .item(ArrayBuilder::new().items(ObjectBuilder::new()).max_items(Some(0_usize)))
            .into()
    }
}

/// A list of objects.
pub(crate) struct Objects<T> {
    pub(crate) shape: Shape<T>,
    pub(crate) max: usize,
}

impl<T> Kind for Objects<T> {
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

    fn one<K: Kind>(kind: &K, json: &str) -> Result<K::Value, String> {
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
