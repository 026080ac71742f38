//! The published description of this dialect, made by the code that does it: bodies by the reader of the body, answers
//! by the types that are rendered.

use tollgate_http::fields;
use tollgate_http::openapi::{self, JSON, answer, item, json_body, named, text, uuid};
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::security::{ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder, RefOr, Required,
    Response, ResponseBuilder, SecurityRequirement, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::errors::ErrorOut;
use crate::events::{self, CallbacksOut};
use crate::links::{self, LinkOut, StoreLinkOut};
use crate::orders::{self, OrderOut};
use crate::payloads::EventOut;
use crate::payments::{self, CaptureOut};
use crate::stored::{ChargeOut, StoredOut};
use crate::token;
use crate::view::PaymentEnvelope;

/// The names of the security schemes.
const TOKEN: &str = "token";
const CLIENT: &str = "client";

/// The whole document; `public_url` is the address the paths are appended to.
#[must_use]
pub(crate) fn document(public_url: &str) -> OpenApi {
    let mut schemas: Vec<(String, RefOr<Schema>)> = vec![];
    CallbacksOut::schemas(&mut schemas);
    OrderOut::schemas(&mut schemas);
    LinkOut::schemas(&mut schemas);
    StoreLinkOut::schemas(&mut schemas);
    PaymentEnvelope::schemas(&mut schemas);
    CaptureOut::schemas(&mut schemas);
    StoredOut::schemas(&mut schemas);
    ChargeOut::schemas(&mut schemas);
    EventOut::schemas(&mut schemas);
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .schema("Error", ErrorOut::schema())
        .schema("TokenError", openapi::token_error())
        .schema("Token", openapi::token_answer().property("scope", text()).required("scope"))
        .schema("TokenRequest", token_request())
        .schema("OrderRequest", fields::describe(orders::order))
        .schema("Order", OrderOut::schema())
        .schema("Callbacks", CallbacksOut::schema())
        .schema("DirectRequest", fields::describe(links::direct))
        .schema("StoreRequest", fields::describe(links::store))
        .schema("ChargeRequest", fields::describe(links::charge))
        .schema("CaptureRequest", fields::describe(payments::capture_body))
        .schema("RefundRequest", fields::describe(payments::refund_body))
        .schema("Link", LinkOut::schema())
        .schema("StoreLink", StoreLinkOut::schema())
        .schema("PaymentAnswer", PaymentEnvelope::schema())
        .schema("Capture", CaptureOut::schema())
        .schema("StoredCard", StoredOut::schema())
        .schema("Charge", ChargeOut::schema())
        .schema("Event", EventOut::schema())
        .security_scheme(TOKEN, SecurityScheme::OAuth2(OAuth2::new([flow(public_url)])))
        .security_scheme(CLIENT, SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build()));
    let paths = [tokens(), links(), payments(), orders(), events()].into_iter().flatten();
    let paths = paths.fold(PathsBuilder::new(), |paths, (path, item)| paths.path(path, item));
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Tollgate: card payments").version(env!("CARGO_PKG_VERSION")).description(Some(
            "Ask for a token, make a link to a card form, send the buyer there, be told when it is paid, capture.",
        )))
        .servers(Some([ServerBuilder::new().url(public_url).build()]))
        .paths(paths)
        .components(Some(components.build()))
        .security(Some([SecurityRequirement::new(TOKEN, [token::READ, token::WRITE])]))
        .build()
}

fn flow(public_url: &str) -> Flow {
    let scopes = [(token::READ, "GET"), (token::WRITE, "Everything else")];
    Flow::ClientCredentials(ClientCredentials::new(format!("{public_url}/oauth2/token"), Scopes::from_iter(scopes)))
}

type Paths = Vec<(&'static str, PathItem)>;

fn tokens() -> Paths {
    let form = ContentBuilder::new().schema(Some(named("TokenRequest"))).build();
    let body =
        RequestBodyBuilder::new().content("application/x-www-form-urlencoded", form).required(Some(Required::True));
    let refused = |description: &str| answer(description, named("TokenError"));
    let issue = OperationBuilder::new()
        .operation_id(Some("issue_token"))
        .summary(Some("Get a token"))
        .description(Some("OAuth2 client credentials. The client says who it is by Basic authentication or in the form, not both. Earlier tokens go on working."))
        .tag("tokens")
        .request_body(Some(body.build()))
        .response("200", answer("The token.", named("Token")))
        .response("400", refused("`invalid_request`, `unsupported_grant_type` or `invalid_scope`."))
        .response("401", refused("`invalid_client`."))
        .response("405", error("The path has no such method."))
        .response("408", refused("The body did not come whole."))
        .response("413", refused("The body is too large."))
        .response("414", error("The address is too long."))
        .response("415", error("The body is compressed."))
        .response("429", openapi::too_many(JSON, named("Error")))
        .response("431", ResponseBuilder::new().description("The headers are too large.").build())
        .response("500", error("Something went wrong on our side."))
        .securities(Some([SecurityRequirement::default(), SecurityRequirement::new(CLIENT, Vec::<String>::new())]));
    vec![("/oauth2/token", item([(HttpMethod::Post, issue)]))]
}

fn links() -> Paths {
    let make =
        |id: &str, summary: &str, body: &str| call(id, summary, "payments").request_body(Some(json_body(body, true)));
    let wrong = || error("What is wrong with the body.");
    let direct = make("create_payment_link", "Make a link to pay", "DirectRequest")
        .response("200", answer("The link, for 31 days, and the payment's number.", named("Link")))
        .response("400", error("What is wrong with the body, or there is no such order."));
    let store = make("create_store_link", "Make a link to store a card", "StoreRequest")
        .response("200", answer("The link, for 31 days, and the token that names the card.", named("StoreLink")))
        .response("400", wrong());
    let charge = make("charge_stored_card", "Charge a stored card", "ChargeRequest")
        .response(
            "200",
            answer(
                "The payment: `AUTHORIZED`; `INITIATED` when the buyer must be verified or the acquirer is silent.",
                named("Charge"),
            ),
        )
        .response("400", error("What is wrong with the body; the token is not `READY`; or the card was declined."))
        .response("404", error("There is no such token."));
    let status = operation("read_stored_card", "How a stored card stands", "payments")
        .parameter(path("token").description(Some("The token of the card.")).schema(Some(uuid())))
        .response("200", answer("How it stands; charge it when it is `READY`.", named("StoredCard")))
        .response("400", error("The path cannot be read."))
        .response("404", error("There is no such token."));
    vec![
        ("/api/v2/payments/cards/direct", item([(HttpMethod::Post, direct)])),
        ("/api/v2/payments/cards/stored", item([(HttpMethod::Post, store)])),
        ("/api/v2/payments/cards/stored/authorize", item([(HttpMethod::Post, charge)])),
        ("/api/v2/payments/cards/stored/{token}/status", item([(HttpMethod::Get, status)])),
    ]
}

fn payments() -> Paths {
    let payment = || answer("The payment.", named("PaymentAnswer"));
    let done = || ResponseBuilder::new().description("Done; there is nothing to say.").build();
    let act = |id: &str, summary: &str, refused: &str| {
        on_payment(call(id, summary, "payments")).response("400", error(refused))
    };
    let silent =
        || error("The acquirer has not answered: nothing is sent twice, and reading the payment shows the result.");
    let read = on_payment(operation("read_payment", "How a payment stands", "payments"))
        .response("200", payment())
        .response("400", error("The id is not a number."));
    let capture = act(
        "capture_payment",
        "Take authorized money",
        "It is not authorized, that much is not left, or the acquirer refused.",
    )
    .request_body(Some(json_body("CaptureRequest", false)))
    .response("200", answer("The payment, and its receipt when it has an order.", named("Capture")))
    .response("503", silent());
    let cancel = |id: &str| act(id, "End a link that was not paid", "It has been authorized.").response("200", done());
    let release = act("release_payment", "Give authorized money back", "Nothing is held, or the acquirer refused.")
        .response("200", done());
    let refund = |id: &str| {
        act(id, "Give captured money back", "That much was not captured, or the acquirer refused.")
            .request_body(Some(json_body("RefundRequest", false)))
            .response("200", payment())
    };
    vec![
        ("/api/v2/payments/{paymentId}", item([(HttpMethod::Get, read)])),
        ("/api/v2/payments/{paymentId}/cards/capture", item([(HttpMethod::Post, capture)])),
        ("/api/v2/payments/{paymentId}/cards/cancel", item([(HttpMethod::Put, cancel("cancel_payment"))])),
        ("/api/v2/payments/{paymentId}/cancel", item([(HttpMethod::Put, cancel("cancel_payment_briefly"))])),
        (
            "/api/v2/payments/cards/direct/{paymentId}/cancel",
            item([(HttpMethod::Put, cancel("cancel_direct_payment"))]),
        ),
        ("/api/v2/payments/{paymentId}/cards/authorize/release", item([(HttpMethod::Put, release)])),
        ("/api/v2/payments/{paymentId}/cards/refund", item([(HttpMethod::Post, refund("refund_payment"))])),
        (
            "/api/v2/payments/{paymentId}/cards/refund-and-credit",
            item([(HttpMethod::Post, refund("refund_and_credit_payment"))]),
        ),
    ]
}

fn on_payment(operation: OperationBuilder) -> OperationBuilder {
    operation.parameter(number("paymentId", "The payment.")).response("404", error("There is no such payment."))
}

fn orders() -> Paths {
    let order = || answer("The order.", named("Order"));
    let write = |id: &str, summary: &str| {
        call(id, summary, "orders").request_body(Some(json_body("OrderRequest", true))).response("200", order())
    };
    let create = |id: &str| write(id, "Make an order").response("400", error("What is wrong with the body."));
    let update = |id: &str| {
        let refused = "What is wrong with the body, or the order is approved or cancelled.";
        on_order(write(id, "Change an order").response("400", error(refused)))
    };
    let act = |id: &str, summary: &str, refused: &str| {
        on_order(call(id, summary, "orders").response("200", order()).response("400", error(refused)))
    };
    let approve = act("approve_order", "Approve an order", "The order is cancelled, or the id is not a number.");
    let cancel = act("cancel_order", "Cancel an order", "The id is not a number.");
    vec![
        ("/api/v2/orders", item([(HttpMethod::Post, create("create_order"))])),
        ("/api/v2/orders/with-amount-excluding-vat", item([(HttpMethod::Post, create("create_order_excluding_vat"))])),
        ("/api/v2/orders/{orderId}", item([(HttpMethod::Put, update("update_order")), (HttpMethod::Delete, cancel)])),
        (
            "/api/v2/orders/with-amount-excluding-vat/{orderId}",
            item([(HttpMethod::Put, update("update_order_excluding_vat"))]),
        ),
        ("/api/v2/orders/{orderId}/approve", item([(HttpMethod::Put, approve)])),
    ]
}

fn on_order(operation: OperationBuilder) -> OperationBuilder {
    let id = number("orderId", "The order.");
    operation.parameter(id).response("404", error("There is no such order."))
}

fn events() -> Paths {
    let list = operation("list_callbacks", "Where events are told", "events")
        .response("200", answer("Every address and its type.", named("Callbacks")));
    let of_type = || {
        query("type", true)
            .description(Some("The type of event."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(events::TYPES))))
    };
    // What is taken back need only be what was registered, so any text may be asked for.
    let url = |required: bool| {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(required.then(|| SchemaFormat::Custom("uri".to_owned())))
            .max_length(Some(events::URL_CHARS_MAX));
        query("url", required).description(Some("The address that is called with a token.")).schema(Some(schema))
    };
    let done = |description: &str| ResponseBuilder::new().description(description).build();
    let refused = || error("The type or the address is not one that can be registered.");
    let add = call("add_callback", "Be told of events", "events")
        .parameter(of_type())
        .parameter(url(true))
        .response("204", done("The address is registered, and is told once however often this is asked."))
        .response("400", refused());
    let remove = call("remove_callback", "Be told no more", "events")
        .parameter(of_type())
        .parameter(url(false))
        .response(
            "204",
            done("The address is told of nothing that happens from now on; without one, none of the type is."),
        )
        .response("400", refused());
    let read = operation("read_event", "What happened", "events")
        .parameter(event_token())
        .response("200", answer("The event, as things stood right after it.", named("Event")))
        .response("400", error("The path cannot be read."))
        .response("404", error("There is no such event, or it was acknowledged."));
    let acknowledge = operation("acknowledge_event", "Say that an event arrived", "events")
        .parameter(event_token())
        .response("204", done("It is told no more."))
        .response("400", error("The path cannot be read."))
        .response("404", error("There is no such event."));
    let methods = [(HttpMethod::Get, list), (HttpMethod::Post, add), (HttpMethod::Delete, remove)];
    vec![
        ("/api/v1/events/callbacks", item(methods)),
        ("/api/v1/events/{token}", item([(HttpMethod::Get, read)])),
        ("/api/v1/events/{token}/ack", item([(HttpMethod::Get, acknowledge)])),
    ]
}

fn event_token() -> ParameterBuilder {
    path("token").description(Some("What the call named.")).schema(Some(uuid()))
}

/// An operation with the answers every operation may give.
fn operation(id: &str, summary: &str, tag: &str) -> OperationBuilder {
    OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary))
        .tag(tag)
        .response("401", error("The token is missing, unknown or expired."))
        .response("403", error("The token lacks the scope."))
        .response("405", error("The path has no such method."))
        .response("414", error("The address is too long."))
        .response("415", error("The body is compressed, or not JSON."))
        .response("429", openapi::too_many(JSON, named("Error")))
        .response("431", ResponseBuilder::new().description("The headers are too large.").build())
        .response("500", error("Something went wrong on our side; safe to try again with the same Payer-Request-ID."))
}

/// An operation that changes something.
fn call(id: &str, summary: &str, tag: &str) -> OperationBuilder {
    let request_id = ParameterBuilder::new()
        .name("Payer-Request-ID")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("A call with an id that was handled within 31 days, on whatever path, is not handled again."))
        .schema(Some(uuid()));
    operation(id, summary, tag)
        .parameter(request_id)
        .response("408", error("The body did not come whole."))
        .response("409", error("The Payer-Request-ID was used before, or its request is still running."))
        .response("413", error("The body is too large."))
        .response("503", silent())
}

fn silent() -> Response {
    error("The acquirer has not answered: nothing is sent twice, and reading the payment shows the result.")
}

fn path(name: &str) -> ParameterBuilder {
    ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True)
}

fn query(name: &str, required: bool) -> ParameterBuilder {
    let required = if required { Required::True } else { Required::False };
    ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(required)
}

/// A number in a path.
fn number(name: &str, description: &str) -> ParameterBuilder {
    let schema = text().format(Some(SchemaFormat::Custom("int64".to_owned())));
    path(name).description(Some(description)).schema(Some(schema))
}

fn error(description: &str) -> Response {
    answer(description, named("Error"))
}

fn token_request() -> ObjectBuilder {
    ObjectBuilder::new()
        .property("grant_type", text().enum_values(Some(["client_credentials"])))
        .required("grant_type")
        .property("client_id", text().description(Some("Unless it is said by Basic authentication.")))
        .property("client_secret", text().description(Some("Unless it is said by Basic authentication.")))
        .property(
            "scope",
            text().description(Some("`READ`, `WRITE` or both with a space between; both when left out.")),
        )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn shown() -> Value {
        serde_json::to_value(document("https://pay.example.com")).expect("JSON")
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &Value, document: &Value, count: &mut usize) {
            match value {
                Value::Object(members) => {
                    for (name, value) in members {
                        if let (true, Value::String(target)) = (name == "$ref", value) {
                            let pointer = target.strip_prefix('#').expect("within the document");
                            assert!(document.pointer(pointer).is_some(), "{target}");
                            *count += 1;
                        }
                        walk(value, document, count);
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| walk(item, document, count)),
                _ => {}
            }
        }
        let (document, mut count) = (shown(), 0);
        walk(&document, &document, &mut count);
        assert!(count > 40, "{count} references");
    }

    #[test]
    fn operations_have_ids_of_their_own() {
        let document = shown();
        let mut ids = vec![];
        for item in document["paths"].as_object().expect("paths").values() {
            for operation in item.as_object().expect("operations").values() {
                ids.push(operation["operationId"].as_str().expect("an id").to_owned());
            }
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(count, ids.len());
    }
}
