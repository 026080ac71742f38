//! How the query of an address is read: as an object whose members are texts, or lists of texts where they are given more
//! than once. What reads bodies reads it, and describes it. Members nobody asks for are ignored (purchases-api 1.1).

use axum::http::Uri;
use tollgate_http::fields::Kind;
use tollgate_http::json::Json;
use url::form_urlencoded;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, Schema};
use utoipa::openapi::{RefOr, Required};

use crate::errors::{FieldErrors, Node, Problem};
use crate::fields::{self, Shape};

/// Reads the query of an address.
///
/// # Errors
/// Every error of every member.
pub(crate) fn read<T>(uri: &Uri, shape: Shape<T>) -> Result<T, FieldErrors> {
    let mut members = serde_json::Map::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let value = serde_json::Value::String(value.into_owned());
        match members.get_mut(name.as_ref()) {
            Some(serde_json::Value::Array(values)) => values.push(value),
            Some(first) => *first = serde_json::Value::Array(vec![first.take(), value]),
            None => {
                members.insert(name.into_owned(), value);
            }
        }
    }
    let members = serde_json::Value::Object(members).to_string();
    fields::read(&Json::parse(members.as_bytes()).map_err(|_| FieldErrors::parse_error())?, shape)
}

/// The members that a shape reads.
pub(crate) fn parameters<T>(shape: Shape<T>) -> impl Iterator<Item = Parameter> {
    let object = tollgate_http::fields::describe(shape);
    let required = object.required;
    object.properties.into_iter().map(move |(name, schema)| {
        let required = if required.contains(&name) { Required::True } else { Required::False };
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(required)
            .schema(Some(schema))
            .build()
    })
}

/// The known members of the query of an address, as they were sent.
pub(crate) fn known<T>(uri: &Uri, shape: Shape<T>) -> String {
    let known: Vec<_> = parameters(shape).map(|parameter| parameter.name).collect();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if known.iter().any(|known| *known == name) {
            query.append_pair(&name, &value);
        }
    }
    query.finish()
}

/// How often a member may be given.
const TIMES_MAX: usize = 20;

/// A member that may be given several times, and says each time what its kind does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Several<K>(pub(crate) K);

impl<K: Kind<FieldErrors>> Kind<FieldErrors> for Several<K> {
    type Value = Vec<K::Value>;

    fn read(&self, json: &Json) -> Result<Self::Value, Node> {
        match json {
            Json::Array(items) if items.len() > TIMES_MAX => Err(Problem::max_items(TIMES_MAX).into()),
            Json::Array(items) => items.iter().map(|item| self.0.read(item)).collect(),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
                Ok(vec![self.0.read(json)?])
            }
        }
    }

    fn schema(&self) -> Schema {
        ArrayBuilder::new().items(RefOr::T(self.0.schema())).min_items(Some(1)).max_items(Some(TIMES_MAX)).into()
    }
}
