//! One declaration that both reads and describes. A shape is a straight-line function over [`Fields`]: run on a body it
//! collects what is wrong with each member, run on nothing it yields the schema of what it would read. So the published
//! description cannot say anything else than the validation does.
//!
//! Each dialect has its own kinds of values, and its own [`Verdict`]: how it says what is wrong.

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Object as ObjectSchema, RefOr};

use crate::json::{Json, Object};

/// The members of one object: those of a body, or those there could be.
pub struct Fields<'a, V> {
    run: Run<'a>,
    verdict: V,
}

enum Run<'a> {
    Read(&'a Object),
    Describe(Box<ObjectBuilder>),
}

/// Declares the members of an object; `None` when a mandatory one could not be read, which was then reported.
pub type Shape<T, V> = fn(&mut Fields<'_, V>) -> Option<T>;

/// What is wrong with an object, as a dialect says it.
pub trait Verdict: Default {
    /// What is wrong with one value.
    type Wrong;

    /// Whether `null` is the same as a member that was left out.
    const NULL_IS_NOTHING: bool;

    /// Whether nothing is wrong.
    fn is_empty(&self) -> bool;

    /// One more wrong member.
    fn add(&mut self, name: &'static str, wrong: Self::Wrong);

    /// A member that must be there and is not.
    fn add_missing(&mut self, name: &'static str);

    /// What else a member may be called.
    #[must_use]
    fn other_spelling(_name: &str) -> Option<String> {
        None
    }
}

/// How one kind of value is read and described.
pub trait Kind<V: Verdict> {
    /// What reading yields.
    type Value;

    /// Reads a value.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(&self, json: &Json) -> Result<Self::Value, V::Wrong>;

    /// Describes what [`Kind::read`] takes.
    fn schema(&self) -> Schema;

    /// Whether this value, which is not `null`, says that there is none.
    fn is_absent(&self, _json: &Json) -> bool {
        false
    }
}

/// Reads an object.
///
/// # Errors
/// Everything that is wrong with every member.
pub fn read<T, V: Verdict>(members: &Object, shape: Shape<T, V>) -> Result<T, V> {
    let mut fields = Fields { run: Run::Read(members), verdict: V::default() };
    match shape(&mut fields) {
        Some(value) if fields.verdict.is_empty() => Ok(value),
        _ => Err(fields.verdict),
    }
}

/// The schema of what [`read`] takes.
#[must_use]
pub fn describe<T, V: Verdict>(shape: Shape<T, V>) -> ObjectSchema {
    let mut fields = Fields { run: Run::Describe(Box::default()), verdict: V::default() };
    let _ = shape(&mut fields);
    match fields.run {
        Run::Describe(object) => object.build(),
        Run::Read(_) => ObjectSchema::new(),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "a declaration reads better without borrows")]
impl<V: Verdict> Fields<'_, V> {
    /// A member that must be there; reports what is wrong and is `None` then.
    pub fn required<K: Kind<V>>(&mut self, name: &'static str, kind: K, about: &'static str) -> Option<K::Value> {
        self.describe(name, &kind, about, &Presence::Required);
        match self.said(name, &kind) {
            Some(json) => {
                let value = kind.read(json);
                self.report(name, value)
            }
            None => {
                if matches!(self.run, Run::Read(_)) {
                    self.verdict.add_missing(name);
                }
                None
            }
        }
    }

    /// A member that may be left out.
    pub fn optional<K: Kind<V>>(&mut self, name: &'static str, kind: K, about: &'static str) -> Option<K::Value> {
        let presence = if V::NULL_IS_NOTHING { Presence::Nullable } else { Presence::Optional };
        self.describe(name, &kind, about, &presence);
        let value = kind.read(self.said(name, &kind)?);
        self.report(name, value)
    }

    /// A member that may be left out or be `null`, which means the same.
    pub fn nullable<K: Kind<V>>(&mut self, name: &'static str, kind: K, about: &'static str) -> Option<K::Value> {
        self.describe(name, &kind, about, &Presence::Nullable);
        let value = kind.read(self.said(name, &kind).filter(|json| !matches!(json, Json::Null))?);
        self.report(name, value)
    }

    /// A member that has a value of its own when it is left out.
    pub fn or<K: Kind<V>>(&mut self, name: &'static str, kind: K, default: K::Value, about: &'static str) -> K::Value
    where
        K::Value: Serialize,
    {
        if let Run::Describe(_) = self.run {
            let shown = serde_json::to_value(&default).ok();
            self.describe(name, &kind, about, &Presence::Default { shown, nullable: V::NULL_IS_NOTHING });
        }
        let Some(json) = self.said(name, &kind) else { return default };
        let value = kind.read(json);
        self.report(name, value).unwrap_or(default)
    }

    /// A member as it was sent, for what only its owner can judge.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&Json> {
        let Run::Read(members) = self.run else { return None };
        let is_said = |json: &&Json| !V::NULL_IS_NOTHING || !matches!(json, Json::Null);
        members.get(name).filter(is_said).or_else(|| members.get(&V::other_spelling(name)?).filter(is_said))
    }

    /// Every member, as it was sent.
    #[must_use]
    pub fn all(&self) -> Object {
        match self.run {
            Run::Read(members) => members.clone(),
            Run::Describe(_) => Object::default(),
        }
    }

    /// What is known to be wrong so far, for what only the owner of several members can judge.
    pub fn verdict(&mut self) -> &mut V {
        &mut self.verdict
    }

    fn said<K: Kind<V>>(&self, name: &str, kind: &K) -> Option<&Json> {
        self.given(name).filter(|json| !kind.is_absent(json))
    }

    fn report<T>(&mut self, name: &'static str, result: Result<T, V::Wrong>) -> Option<T> {
        result.map_err(|wrong| self.verdict.add(name, wrong)).ok()
    }

    fn describe<K: Kind<V>>(&mut self, name: &'static str, kind: &K, about: &'static str, presence: &Presence) {
        let Run::Describe(object) = &mut self.run else { return };
        let mut builder = *std::mem::take(object);
        if matches!(presence, Presence::Required) {
            builder = builder.required(name);
        }
        **object = builder.property(name, presented(kind.schema(), about, presence));
    }
}

enum Presence {
    Required,
    Optional,
    Nullable,
    Default { shown: Option<serde_json::Value>, nullable: bool },
}

/// The schema of a member from the schema of its value.
fn presented(schema: Schema, about: &str, presence: &Presence) -> Schema {
    let about = (!about.is_empty()).then(|| about.to_owned());
    let default = match presence {
        Presence::Default { shown, .. } => shown.clone(),
        Presence::Required | Presence::Optional | Presence::Nullable => None,
    };
    let nullable = matches!(presence, Presence::Nullable | Presence::Default { nullable: true, .. });
    match schema {
        Schema::Object(mut object) => {
            // What a kind says of itself comes after what the member is for.
            object.description = match (about, object.description.take()) {
                (Some(about), Some(rule)) => Some(format!("{about} {rule}")),
                (about, rule) => about.or(rule),
            };
            object.default = default;
            if nullable {
                object.schema_type = or_null(object.schema_type);
                if let Some(values) = &mut object.enum_values {
                    values.push(serde_json::Value::Null);
                }
            }
            Schema::Object(object)
        }
        Schema::Array(mut array) => {
            array.description = about;
            array.default = default;
            if nullable {
                array.schema_type = or_null(array.schema_type);
            }
            Schema::Array(array)
        }
        Schema::AnyOf(mut any) => {
            any.description = about;
            any.default = default;
            if nullable {
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
