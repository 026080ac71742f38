//! How bodies are read: the kinds of values there are, and what is said of wrong ones, each at its place.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};

use crate::errors::{FieldErrors, Node, Problem};
use crate::numbers::{Decimal, Fixed};
use tollgate_http::fields::{self, Kind, Verdict};
use tollgate_http::json::{Json, Object};

/// The members of one object.
pub(crate) type Fields<'a> = fields::Fields<'a, FieldErrors>;

/// Declares the members of an object; `None` when a mandatory one could not be read, which was then reported.
pub(crate) type Shape<T> = fields::Shape<T, FieldErrors>;

impl Verdict for FieldErrors {
    type Wrong = Node;

    const NULL_IS_NOTHING: bool = false;

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn add(&mut self, name: &'static str, wrong: Node) {
        self.add(name, wrong);
    }

    fn add_missing(&mut self, name: &'static str) {
        self.add(name, Problem::required());
    }
}

/// Reads an object; `[]` is what PHP writes for an empty one.
///
/// # Errors
/// Every error of every member.
pub(crate) fn read<T>(body: &Json, shape: Shape<T>) -> Result<T, FieldErrors> {
    let nothing = Object::default();
    let members = match body {
        Json::Object(members) => members,
        Json::Array(items) if items.is_empty() => &nothing,
        _ => return Err(FieldErrors::all(Problem::invalid("An object is needed here."))),
    };
    fields::read(members, shape)
}

/// A value of the wrong type.
fn wrong(json: &Json, message: &'static str) -> Problem {
    if matches!(json, Json::Null) { Problem::null() } else { Problem::invalid(message) }
}

/// Text as every kind of text is read: numbers are taken as they were written, U+0000 is no text.
fn text_of(json: &Json) -> Result<&str, Problem> {
    match json {
        Json::String(text) | Json::Number(text) => {
            if text.contains('\0') {
                return Err(Problem::invalid("This text contains a character that is not allowed."));
            }
            Ok(text)
        }
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => Err(wrong(json, "A text is needed here.")),
    }
}

fn check_length(text: &str, max: usize) -> Result<(), Problem> {
    // Bytes bound characters, so most texts need no counting.
    if text.len() > max && text.chars().count() > max { Err(Problem::max_length(max)) } else { Ok(()) }
}

/// Text of at most so many characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    max: usize,
    blank: bool,
}

/// Text of at most `max` characters, which may be empty.
#[must_use]
pub(crate) const fn text(max: usize) -> Text {
    Text { max, blank: true }
}

impl Text {
    /// And not blank.
    #[must_use]
    pub(crate) const fn filled(self) -> Self {
        Self { blank: false, ..self }
    }
}

impl Kind<FieldErrors> for Text {
    type Value = String;

    fn read(&self, json: &Json) -> Result<String, Node> {
        let text = text_of(json)?;
        if !self.blank && text.trim().is_empty() {
            return Err(Problem::blank().into());
        }
        check_length(text, self.max)?;
        Ok(text.to_owned())
    }

    fn schema(&self) -> Schema {
        let object = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Number]))
            .max_length(Some(self.max))
            .description(Some("A number is taken as text."));
        if self.blank { object.into() } else { object.pattern(Some(r"\S")).into() }
    }
}

/// Text that stands for something else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parsed<T> {
    max: usize,
    parse: fn(&str) -> Result<T, Problem>,
    values: &'static [&'static str],
    format: &'static str,
    rule: &'static str,
}

/// Text of at most `max` characters that `parse` understands; `format` and `rule` describe it.
pub(crate) const fn parsed<T>(
    max: usize,
    parse: fn(&str) -> Result<T, Problem>,
    format: &'static str,
    rule: &'static str,
) -> Parsed<T> {
    Parsed { max, parse, values: &[], format, rule }
}

impl<T> Parsed<T> {
    /// And `parse` understands these words only.
    #[must_use]
    pub(crate) fn one_of(self, values: &'static [&'static str]) -> Self {
        Self { values, ..self }
    }
}

impl<T> Kind<FieldErrors> for Parsed<T> {
    type Value = T;

    fn read(&self, json: &Json) -> Result<T, Node> {
        let text = text_of(json)?;
        check_length(text, self.max)?;
        Ok((self.parse)(text)?)
    }

    fn schema(&self) -> Schema {
        let values = (!self.values.is_empty()).then(|| self.values.iter().copied());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(values)
            .max_length(self.values.is_empty().then_some(self.max))
            .format((!self.format.is_empty()).then(|| SchemaFormat::Custom(self.format.to_owned())))
            .description((!self.rule.is_empty()).then_some(self.rule))
            .into()
    }
}

/// One of these words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice(pub &'static [&'static str]);

impl Kind<FieldErrors> for Choice {
    type Value = &'static str;

    fn read(&self, json: &Json) -> Result<&'static str, Node> {
        let text = text_of(json)?;
        let known = self.0.iter().find(|word| **word == text).copied();
        known.ok_or_else(|| Problem::invalid_choice("This is none of the values allowed here.").into())
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(self.0.iter().copied())).into()
    }
}

/// Yes or no, in every way clients write it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bool;

impl Kind<FieldErrors> for Bool {
    type Value = bool;

    fn read(&self, json: &Json) -> Result<bool, Node> {
        const WANTED: &str = "True or false is needed here.";
        match json {
            Json::Bool(value) => Ok(*value),
            Json::Number(text) | Json::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "1" | "true" => Ok(true),
                "0" | "false" | "" => Ok(false),
                _ => Err(Problem::invalid(WANTED).into()),
            },
            Json::Null | Json::Array(_) | Json::Object(_) => Err(wrong(json, WANTED).into()),
        }
    }

    fn schema(&self) -> Schema {
        let values = serde_json::json!([true, false, 1, 0, "1", "0", "true", "false", ""]);
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Boolean, Type::Integer, Type::String]))
            .enum_values(values.as_array().cloned())
            .into()
    }
}

/// A whole number between two bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Int {
    min: i64,
    max: i64,
}

/// A whole number of 64 bits that is not below `min`.
#[must_use]
pub(crate) const fn int(min: i64) -> Int {
    Int { min, max: i64::MAX }
}

impl Int {
    /// And not above `max`.
    #[must_use]
    pub(crate) const fn at_most(self, max: i64) -> Self {
        Self { max, ..self }
    }
}

impl Kind<FieldErrors> for Int {
    type Value = i64;

    fn read(&self, json: &Json) -> Result<i64, Node> {
        const WANTED: &str = "A whole number is needed here.";
        let (Json::Number(text) | Json::String(text)) = json else { return Err(wrong(json, WANTED).into()) };
        let number = Decimal::parse(text)?.trimmed();
        if number.places() > 0 {
            return Err(Problem::invalid(WANTED).into());
        }
        Ok(number.within(0, self.min, self.max)?)
    }

    fn schema(&self) -> Schema {
        // In JSON Schema a float without a fraction is an integer too; the pattern binds strings only.
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Integer, Type::String]))
            .minimum((self.min != i64::MIN).then_some(self.min))
            .maximum(Some(self.max))
            .pattern(Some(NUMBER))
            .description(Some("A float without a fraction and a numeric string are taken as the number they say."))
            .into()
    }
}

/// Numeric strings.
const NUMBER: &str = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$";

/// A decimal number, not negative, with so many digits after the point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimals {
    /// Digits after the point, at most.
    pub places: u32,
    /// Digits in all, at most.
    pub digits: Option<usize>,
    /// The largest, in units of the last digit.
    pub max: i64,
}

impl Kind<FieldErrors> for Decimals {
    type Value = Fixed;

    fn read(&self, json: &Json) -> Result<Fixed, Node> {
        let number = match json {
            // Zeros that end a JSON number mean nothing; in a string they are digits the caller wrote.
            Json::Number(text) => Decimal::parse(text)?.trimmed(),
            Json::String(text) => Decimal::parse(text)?,
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => {
                return Err(wrong(json, "A number is needed here.").into());
            }
        };
        if let Some(digits) = self.digits
            && number.digit_count() > i64::try_from(digits).unwrap_or(i64::MAX)
        {
            return Err(Problem::max_digits(digits).into());
        }
        if number.places() > i64::from(self.places) {
            return Err(Problem::max_decimal_places(self.places).into());
        }
        Ok(Fixed { value: number.within(self.places, 0, self.max)?, places: self.places })
    }

    fn schema(&self) -> Schema {
        let digits = self.digits.map(|digits| format!(", {digits} digits in all")).unwrap_or_default();
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Number, Type::String]))
            .minimum(Some(0))
            .maximum(Some(self.max / 10_i64.pow(self.places)))
            .pattern(Some(NUMBER))
            .description(Some(format!(
                "A number or a numeric string, at most {} digits after the point{digits}.",
                self.places
            )))
            .into()
    }
}

/// A list of values of one kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<K> {
    item: K,
    min: usize,
    max: usize,
    unique: bool,
}

/// A list of at most `max` values of one kind.
pub(crate) const fn list<K>(item: K, max: usize) -> List<K> {
    List { item, min: 0, max, unique: false }
}

impl<K> List<K> {
    /// And at least so many.
    #[must_use]
    pub(crate) fn at_least(self, min: usize) -> Self {
        Self { min, ..self }
    }

    /// And none of them twice.
    #[must_use]
    pub(crate) fn unique(self) -> Self {
        Self { unique: true, ..self }
    }
}

impl<K: Kind<FieldErrors>> Kind<FieldErrors> for List<K>
where
    K::Value: PartialEq,
{
    type Value = Vec<K::Value>;

    fn read(&self, json: &Json) -> Result<Vec<K::Value>, Node> {
        let items = items_of(json, self.min, self.max)?;
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            // The first wrong item stands for all: an error list has no place for positions.
            let value = self.item.read(item)?;
            if self.unique && values.contains(&value) {
                return Err(Problem::invalid("Each value can be listed once only.").into());
            }
            values.push(value);
        }
        Ok(values)
    }

    fn schema(&self) -> Schema {
        list_schema(self.item.schema(), self.min, self.max, self.unique)
    }
}

/// An object of its own shape.
pub(crate) struct Nested<T>(pub Shape<T>);

impl<T> Kind<FieldErrors> for Nested<T> {
    type Value = T;

    fn read(&self, json: &Json) -> Result<T, Node> {
        match json {
            Json::Object(_) => read(json, self.0).map_err(Node::Fields),
            Json::Array(items) if items.is_empty() => read(json, self.0).map_err(Node::Fields),
            _ => Err(wrong(json, "An object is needed here.").into()),
        }
    }

    fn schema(&self) -> Schema {
        Schema::Object(fields::describe(self.0))
    }
}

/// An object of its own shape that is not there when it is `[]`, as PHP writes an empty one.
pub(crate) struct NestedOrEmpty<T>(pub Shape<T>);

impl<T> Kind<FieldErrors> for NestedOrEmpty<T> {
    type Value = T;

    fn read(&self, json: &Json) -> Result<T, Node> {
        Nested(self.0).read(json)
    }

    fn schema(&self) -> Schema {
        Nested(self.0).schema()
    }

    fn is_absent(&self, json: &Json) -> bool {
        matches!(json, Json::Array(items) if items.is_empty())
    }
}

/// A list of objects of one shape.
pub(crate) struct Objects<T> {
    /// The shape of each.
    pub shape: Shape<T>,
    /// At least so many.
    pub min: usize,
    /// At most so many.
    pub max: usize,
}

impl<T> Kind<FieldErrors> for Objects<T> {
    type Value = Vec<T>;

    fn read(&self, json: &Json) -> Result<Vec<T>, Node> {
        let items = items_of(json, self.min, self.max)?;
        let mut values = Vec::with_capacity(items.len());
        let mut errors = Vec::with_capacity(items.len());
        for item in items {
            match read(item, self.shape) {
                Ok(value) => {
                    values.push(value);
                    errors.push(FieldErrors::default());
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.iter().all(FieldErrors::is_empty) { Ok(values) } else { Err(Node::Items(errors)) }
    }

    fn schema(&self) -> Schema {
        list_schema(fields::describe(self.shape).into(), self.min, self.max, false)
    }
}

/// Any object, kept as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anything {
    /// Characters when written without spaces, at most.
    pub max: usize,
}

impl Kind<FieldErrors> for Anything {
    type Value = Object;

    fn read(&self, json: &Json) -> Result<Object, Node> {
        let object = match json {
            Json::Object(object) => object.clone(),
            Json::Array(items) if items.is_empty() => Object::default(),
            _ => return Err(wrong(json, "An object is needed here.").into()),
        };
        if object.has_nul() {
            return Err(Problem::invalid("A text in here contains a character that is not allowed.").into());
        }
        let written = serde_json::to_string(&object).unwrap_or_default();
        check_length(&written, self.max)?;
        Ok(object)
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .description(Some(format!("At most {} characters when written without spaces.", self.max)))
            .into()
    }
}

/// The items of a list; an object with numbers for names is what PHP writes for a list with gaps.
fn items_of(json: &Json, min: usize, max: usize) -> Result<Vec<&Json>, Problem> {
    let is_number = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    let items: Vec<&Json> = match json {
        Json::Array(items) => items.iter().collect(),
        Json::Object(object) if object.iter().all(|(name, _)| is_number(name)) => {
            object.iter().map(|(_, value)| value).collect()
        }
        _ => return Err(wrong(json, "A list is needed here.")),
    };
    if items.len() < min {
        return Err(Problem::min_items(min));
    }
    if items.len() > max {
        return Err(Problem::max_items(max));
    }
    Ok(items)
}

fn list_schema(item: Schema, min: usize, max: usize, unique: bool) -> Schema {
    let mut array = ArrayBuilder::new().items(RefOr::T(item.clone())).max_items(Some(max));
    if min > 0 {
        array = array.min_items(Some(min));
    }
    let gaps = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("Numbered members are taken as the items of a list."))
        .property_names(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^\d+$")).build()))
        .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(item))));
    AnyOfBuilder::new().item(array.unique_items(unique)).item(gaps).into()
}
