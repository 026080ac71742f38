//! The published description of this dialect, made by the code that does it: requests by the reader of the body, answers
//! by the types that are rendered.

mod paths;

use tollgate_http::fields;
use tollgate_http::openapi::{self, text};
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Schema};
use utoipa::openapi::security::{ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, RefOr, SecurityRequirement, ServerBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::card_forms::{CardFormIn, CardFormOut};
use crate::errors::ProblemOut;
use crate::jwks::KeySet;
use crate::payment_view::PaymentView;
use crate::session_view::ClientSession;
use crate::sessions::Eligible;
use crate::{operation, payment, session};

/// The whole document; `public_url` is the address the paths are appended to.
#[must_use]
pub(crate) fn document(public_url: &str) -> OpenApi {
    let token_url = format!("{public_url}/oauth/token");
    let flow = Flow::ClientCredentials(ClientCredentials::new(token_url, Scopes::new()));
    let components = components()
        .security_scheme(paths::TOKEN, SecurityScheme::OAuth2(OAuth2::new([flow])))
        .security_scheme(paths::CLIENT, SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build()));
    let paths = paths::all().into_iter().fold(PathsBuilder::new(), |paths, (path, item)| paths.path(path, item));
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Tollgate: orchestration").version(env!("CARGO_PKG_VERSION")).description(Some(
            "Ask for a token, make a client session, let the payer choose how to pay, be told, capture. Everything below \
             `/payment/v2` also stands below `/v2`.",
        )))
        .servers(Some([ServerBuilder::new().url(public_url).build()]))
        .paths(paths)
        .components(Some(components.build()))
        .security(Some([SecurityRequirement::new(paths::TOKEN, Vec::<String>::new())]))
        .build()
}

/// The schemas of requests and answers, by the names under which paths refer to them.
fn components() -> ComponentsBuilder {
    let mut schemas: Vec<(String, RefOr<Schema>)> = vec![];
    ClientSession::schemas(&mut schemas);
    PaymentView::schemas(&mut schemas);
    ProblemOut::schemas(&mut schemas);
    KeySet::schemas(&mut schemas);
    Eligible::schemas(&mut schemas);
    CardFormIn::schemas(&mut schemas);
    CardFormOut::schemas(&mut schemas);
    ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .schema("Problem", ProblemOut::schema())
        .schema("ClientSession", ClientSession::schema())
        .schema("Payment", PaymentView::schema())
        .schema("KeySet", KeySet::schema())
        .schema("EligibleSolutions", Eligible::schema())
        .schema("CardForm", CardFormIn::schema())
        .schema("CardFormAnswer", CardFormOut::schema())
        .schema("CreateClientSession", fields::describe(session::create))
        .schema("AbortClientSession", fields::describe(session::abort))
        .schema("EligibilityRequest", fields::describe(session::eligibility))
        .schema("CreatePayment", fields::describe(payment::create))
        .schema("CreateOperation", fields::describe(operation::create))
        .schema("TokenRequest", token_request())
        .schema("Token", openapi::token_answer())
        .schema("TokenError", openapi::token_error())
}

fn token_request() -> ObjectBuilder {
    ObjectBuilder::new()
        .property("grant_type", text().enum_values(Some(["client_credentials"])).description(Some("Or in the query.")))
        .property("client_id", text().description(Some("Unless it is said by Basic authentication.")))
        .property("client_secret", text().description(Some("Unless it is said by Basic authentication.")))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::samples;

    fn described() -> Value {
        serde_json::to_value(components().build()).expect("JSON")
    }

    /// Every member of a body is described where it stands.
    fn check(schema: &Value, sent: &Value, at: &str) {
        match sent {
            Value::Object(members) if schema.get("properties").is_some() => {
                for (name, value) in members {
                    let property = &schema["properties"][name];
                    assert!(!property.is_null(), "{at}/{name} is not described");
                    check(property, value, &format!("{at}/{name}"));
                }
            }
            Value::Array(items) => items.iter().for_each(|item| check(&schema["items"], item, at)),
            Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                assert!(schema.get("type").is_some(), "{at} has no type");
            }
        }
    }

    #[test]
    fn what_is_published_is_described() {
        let schemas = described()["schemas"].clone();
        check(&schemas["CreateClientSession"], &samples::session(), "");
        check(&schemas["CreatePayment"], &samples::payment(), "");
        check(&schemas["CreateOperation"], &samples::capture(), "");
        let required = schemas["CreateClientSession"]["required"].clone();
        assert_eq!(
            serde_json::json!(["entity_id", "amount", "currency", "order", "shopper_redirection_url"]),
            required
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let described = described();
        let text = described.to_string();
        let references = text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        for name in references {
            assert!(described["schemas"].get(name).is_some(), "{name} is not there");
        }
    }
}
