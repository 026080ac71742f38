//! The parts that the published descriptions of all dialects are put together from.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{OperationBuilder, PathItemBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, HttpMethod, PathItem, Ref, RefOr, Required, Response, ResponseBuilder};

/// What JSON is called.
pub const JSON: &str = "application/json";

/// Text.
#[must_use]
pub fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A UUID as text.
#[must_use]
pub fn uuid() -> ObjectBuilder {
    text().format(Some(SchemaFormat::Custom("uuid".to_owned())))
}

/// The schema of this name.
#[must_use]
pub fn named(schema: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(schema))
}

/// A JSON body of the schema of this name.
#[must_use]
pub fn json_body(schema: &str, required: bool) -> RequestBody {
    RequestBodyBuilder::new()
        .content(JSON, ContentBuilder::new().schema(Some(named(schema))).build())
        .required(Some(if required { Required::True } else { Required::False }))
        .build()
}

/// An answer in JSON.
#[must_use]
pub fn answer(description: &str, schema: RefOr<Schema>) -> Response {
    answer_in(JSON, description, schema).build()
}

/// An answer in this type of content.
#[must_use]
pub fn answer_in(content_type: &str, description: &str, schema: RefOr<Schema>) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(description)
        .content(content_type, ContentBuilder::new().schema(Some(schema)).build())
}

/// What whoever asks too often is answered, in this type of content.
#[must_use]
pub fn too_many(content_type: &str, schema: RefOr<Schema>) -> Response {
    let retry_after = HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
        .description(Some("Seconds to wait."))
        .build();
    answer_in(content_type, "Too many requests.", schema).header("Retry-After", retry_after).build()
}

/// A path with its operations.
#[must_use]
pub fn item<const N: usize>(operations: [(HttpMethod, OperationBuilder); N]) -> PathItem {
    let item = operations
        .into_iter()
        .fold(PathItemBuilder::new(), |item, (method, operation)| item.operation(method, operation.build()));
    item.build()
}

/// A token of OAuth2 (RFC 6749, 5.1).
#[must_use]
pub fn token_answer() -> ObjectBuilder {
    ObjectBuilder::new()
        .property("access_token", text())
        .required("access_token")
        .property("token_type", text().enum_values(Some(["Bearer"])))
        .required("token_type")
        .property("expires_in", ObjectBuilder::new().schema_type(Type::Integer).description(Some("Seconds.")))
        .required("expires_in")
}

/// Why there is no token (RFC 6749, 5.2).
#[must_use]
pub fn token_error() -> ObjectBuilder {
    ObjectBuilder::new().property("error", text()).required("error").property("error_description", text())
}
