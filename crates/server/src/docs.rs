//! The API reference: `/openapi/<dialect>.json`, generated from the code, and `/docs`, the same for reading, offline.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

/// What the docs pages are made of, once.
struct Docs {
    /// Each dialect's document, by the name it is served under.
    documents: Vec<(&'static str, String)>,
    page: String,
}

/// `/docs` and `/openapi/<dialect>.json`.
pub(crate) fn router(public_url: &str) -> Router {
    let dialects = dialects(public_url);
    let sections = dialects.iter().map(|(name, document)| section(name, document)).collect();
    let page = Page { sections }.render().unwrap_or_default();
    let written = |document| serde_json::to_string_pretty(document).unwrap_or_default();
    let documents = dialects.iter().map(|(name, document)| (*name, written(document))).collect();
    let docs = Docs { documents, page };
    Router::new()
        .route("/docs", get(page_of))
        .route("/docs/", get(page_of))
        .route("/docs/docs.css", get(style))
        .route("/openapi/{file}", get(document))
        .with_state(Arc::new(docs))
}

/// Every dialect's document, by the name it is served under.
fn dialects(public_url: &str) -> [(&'static str, Value); 3] {
    [
        ("purchases", purchases::openapi(public_url)),
        ("orchestration", orchestration::openapi(public_url)),
        ("card_payments", card_payments::openapi(public_url)),
    ]
    .map(|(name, document)| (name, serde_json::to_value(document).unwrap_or_default()))
}

fn section(name: &'static str, document: &Value) -> Section {
    Section {
        name,
        title: text(&document["info"]["title"]),
        about: text(&document["info"]["description"]),
        operations: operations(name, document),
        base: text(&document["servers"][0]["url"]),
    }
}

async fn page_of(State(docs): State<Arc<Docs>>) -> Response {
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(docs.page.clone())).into_response()
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../templates/docs.css")).into_response()
}

async fn document(State(docs): State<Arc<Docs>>, Path(file): Path<String>) -> Response {
    let known = docs.documents.iter().find(|(name, _)| file.strip_suffix(".json") == Some(name));
    match known {
        Some((_, document)) => ([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Page {
    sections: Vec<Section>,
}

/// One dialect.
struct Section {
    name: &'static str,
    title: String,
    about: String,
    operations: Vec<Operation>,
    base: String,
}

/// One operation as the page shows it.
struct Operation {
    anchor: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    parameters: Vec<Field>,
    body: Vec<Field>,
    answers: Vec<Answer>,
    /// The fields of the answer when it worked.
    result: Vec<Field>,
}

struct Answer {
    status: String,
    description: String,
}

/// A field with its place in the body: `purchase.products[].name`.
struct Field {
    name: String,
    kind: String,
    required: bool,
    description: String,
}

/// How deep bodies are unfolded.
const DEPTH_MAX: usize = 5;

fn operations(dialect: &str, document: &Value) -> Vec<Operation> {
    let mut operations = vec![];
    for (path, methods) in members(&document["paths"]) {
        for (method, operation) in members(methods) {
            if !matches!(method.as_str(), "get" | "post" | "put" | "patch" | "delete") {
                continue;
            }
            let answers: Vec<(&String, &Value)> = members(&operation["responses"]).collect();
            let result = answers.iter().find(|(status, _)| status.starts_with('2')).map(|(_, answer)| *answer);
            operations.push(Operation {
                anchor: format!("{dialect}-{method}{}", path.replace(['/', '{', '}'], "-")),
                method: method.to_uppercase(),
                path: path.clone(),
                summary: text(&operation["summary"]),
                description: text(&operation["description"]),
                parameters: parameters(&operation["parameters"]),
                body: fields_of(document, &operation["requestBody"]),
                answers: answers
                    .iter()
                    .map(|(status, answer)| Answer {
                        status: (*status).clone(),
                        description: text(&answer["description"]),
                    })
                    .collect(),
                result: result.map(|answer| fields_of(document, answer)).unwrap_or_default(),
            });
        }
    }
    operations
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn parameters(list: &Value) -> Vec<Field> {
    let parameters = list.as_array().into_iter().flatten();
    parameters
        .map(|parameter| Field {
            name: text(&parameter["name"]),
            kind: format!("{} {}", text(&parameter["in"]), kind(&parameter["schema"])),
            required: parameter["required"].as_bool().unwrap_or(false),
            description: text(&parameter["description"]),
        })
        .collect()
}

fn fields_of(document: &Value, body: &Value) -> Vec<Field> {
    let mut fields = vec![];
    for (_, content) in members(&body["content"]) {
        unfold(document, &content["schema"], "", DEPTH_MAX, &mut fields);
    }
    fields
}

fn unfold(document: &Value, schema: &Value, prefix: &str, depth: usize, fields: &mut Vec<Field>) {
    let schema = resolve(document, schema);
    if depth == 0 {
        return;
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in members(&schema["properties"]) {
        let full = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let inner = resolve(document, property);
        fields.push(Field {
            name: full.clone(),
            kind: kind(inner),
            required: required.contains(&name.as_str()),
            description: [&property["description"], &inner["description"]]
                .into_iter()
                .map(text)
                .find(|words| !words.is_empty())
                .unwrap_or_default(),
        });
        unfold(document, inner, &full, depth - 1, fields);
        unfold(document, &inner["items"], &format!("{full}[]"), depth - 1, fields);
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for variant in schema[part].as_array().into_iter().flatten() {
            unfold(document, variant, prefix, depth - 1, fields);
        }
    }
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(&Value::Null),
        None => schema,
    }
}

/// A type in a few words: `string, at most 128 characters`, `integer or null`, `one of web, api`.
fn kind(schema: &Value) -> String {
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> =
            values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
        return format!("one of {}", values.join(", "));
    }
    let mut words = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => ["oneOf", "anyOf"]
            .into_iter()
            .flat_map(|part| schema[part].as_array().into_iter().flatten())
            .map(kind)
            .filter(|kind| !kind.is_empty())
            .collect::<Vec<_>>()
            .join(" or "),
    };
    if let Some(format) = schema["format"].as_str() {
        words = format!("{words} ({format})");
    }
    if let Some(longest) = schema["maxLength"].as_u64() {
        words = format!("{words}, at most {longest} characters");
    }
    if let Some(least) = schema["minimum"].as_f64() {
        words = format!("{words}, at least {least}");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_each_document_is_on_the_page() {
        let dialects = dialects("http://localhost");
        let sections = dialects.iter().map(|(name, document)| section(name, document)).collect();
        let page = Page { sections }.render().expect("renders");
        for (path, methods) in dialects.iter().flat_map(|(_, document)| members(&document["paths"])) {
            assert!(page.contains(path), "{path}");
            assert!(members(methods).count() > 0);
        }
        for field in [
            "purchase.products[].total_price_override",
            "client.shipping_country",
            "checkout_url",
            "status_history[].timestamp",
            "client_secret",
            "items[].unitPriceExcludingVat",
        ] {
            assert!(page.contains(field), "{field}");
        }
        assert!(!page.contains("http://") || page.contains("http://localhost"), "nothing from elsewhere");
    }
}
