//! The published description of this dialect, made by the code that does it: bodies by the reader of the body, answers
//! by the types that are rendered.

mod books;

use tollgate_http::fields;
use tollgate_http::openapi::{self, JSON, answer, item, named, uuid};
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, ComponentsBuilder, ObjectBuilder, OneOfBuilder, Schema, Type,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, RefOr, Required, Response,
    SecurityRequirement, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::actions;
use crate::clients::{self, Clients};
use crate::company_statements;
use crate::create::create_purchase;
use crate::errors::Problem;
use crate::page;
use crate::payment_methods::PaymentMethods;
use crate::recurring_tokens::ClientRecurringTokens;
use crate::refund::Payment;
use crate::view::Purchase;
use crate::webhook_deliveries::{SOURCE_TYPES, WebhookDeliveries};
use crate::webhooks::{self, WebhookSecret, WebhookTest, Webhooks};

/// The name of the security scheme.
const KEY: &str = "secret_key";

/// The whole document; `base_url` is the address the paths are appended to, such as
/// `http://127.0.0.1:8080/api/v1`.
#[must_use]
pub(crate) fn document(base_url: &str) -> OpenApi {
    let create = operation("create_purchase", "Create a purchase")
        .description(Some("Makes a purchase to be paid at its `checkout_url`. Fields that are unknown, read-only or in the wrong place are ignored."))
        .parameter(idempotency_key())
        .request_body(Some(required_body("CreatePurchase")))
        .response("201", answer("The purchase.", named("Purchase")))
        .response("400", refusal("What is wrong with the body, each error at its field."))
        .response("413", refusal("The body is too large."))
        .response("415", refusal("The body is not JSON, or compressed."));
    let read = operation("read_purchase", "Read a purchase")
        .parameter(id())
        .response("200", answer("The purchase.", named("Purchase")))
        .response("404", refusal("There is no such purchase."));
    let purchase = |description: &str| answer(description, named("Purchase"));
    let cancel = action("cancel_purchase", "Cancel a purchase", None)
        .description(Some("Ends a purchase that can still be paid and that nobody is paying."))
        .response("200", purchase("The cancelled purchase."))
        .response("400", refusal("It can no longer be cancelled: `purchase_cancel_wrong_status`."));
    let capture = action("capture_purchase", "Capture held money", Some("CapturePurchase"))
        .description(Some("Takes what is on hold. A smaller amount is taken once; the rest is released."))
        .response("200", purchase("The purchase: `paid`, or `pending_capture` while the acquirer is thinking."))
        .response("400", refusal("It is not on hold: `purchase_capture_wrong_status`. More than is held: `max_value` at `amount`. The acquirer refused: `purchase_capture_error`, and the purchase is on hold as before."));
    let release = action("release_purchase", "Release held money", None)
        .description(Some("Gives back what is on hold."))
        .response("200", purchase("The purchase: `released`, or `pending_release` while the acquirer is thinking."))
        .response("400", refusal("It is not on hold: `purchase_release_wrong_status`. The acquirer refused: `purchase_release_error`, and the purchase is on hold as before."));
    let charge = action("charge_purchase", "Charge a saved card", Some("ChargePurchase"))
        .description(Some("Pays this purchase with the card another one saved."))
        .response("200", purchase("The purchase: `paid`, `hold` with `skip_capture`, or `pending_charge` while the acquirer is thinking."))
        .response("400", refusal("No saved card: `invalid_recurring_token`. The card is not on the whitelist: `invalid_payment_method_whitelist`. It cannot be paid: `purchase_charge_wrong_status`. The card was declined: `purchase_charge_error`, and the purchase may be paid again."));
    let done = OneOfBuilder::new().item(named("Payment")).item(named("Purchase"));
    let refund = action("refund_purchase", "Refund a purchase", Some("RefundPurchase"))
        .description(Some("Gives money back, once or in parts."))
        .response("200", answer("The refund, or the purchase in `pending_refund` while the acquirer is thinking.", RefOr::T(done.into())))
        .response("400", refusal("It was never paid: `purchase_refund_wrong_status`. Nothing is left: `purchase_refund_not_possible`, with `max_value` at `amount` when less is left than was asked for. The acquirer refused: `purchase_refund_error`, and the purchase is as before."));
    let mark_as_paid = action("mark_purchase_as_paid", "Mark a purchase as paid", Some("MarkPurchaseAsPaid"))
        .description(Some("Settles a purchase that was paid outside the gateway. It cannot be refunded."))
        .response("200", purchase("The purchase, `paid` and `marked_as_paid`."))
        .response("400", refusal("It cannot be paid: `purchase_mark_as_paid_wrong_status`. The time is in the future: `max_value` at `paid_on`."));
    let resend_invoice = action("resend_purchase_invoice", "Mail the invoice again", None)
        .response("200", purchase("The purchase."))
        .response("400", refusal("It cannot be paid: `purchase_resend_invoice_wrong_status`."));
    let delete_recurring_token = action("delete_purchase_recurring_token", "Forget the saved card", None)
        .description(Some("The card this purchase saved can not be charged any more. The status stays."))
        .response("200", purchase("The purchase, with `is_recurring_token` false."))
        .response("400", refusal("It keeps no card: `invalid_recurring_token`."));
    let pem = ObjectBuilder::new().schema_type(Type::String).description(Some("PEM, with LF newlines."));
    let public_key = operation("read_public_key", "Read the public key")
        .description(Some("The key that verifies `X-Signature` of what is sent to a `success_callback`."))
        .response("200", answer("The key as a JSON string.", pem.into()));

    let flag = |name: &str, about: &str| {
        query(name, about, Type::String).schema(Some(ObjectBuilder::new().schema_type(Type::String)))
    };
    let payment_methods = operation("list_payment_methods", "List the payment methods")
        .description(Some("Those that a payer of the brand could use. Only the word `true` switches a filter on."))
        .parameter(query("brand_id", "The brand.", Type::String).required(Required::True).schema(Some(uuid())))
        .parameter(query("currency", "ISO 4217.", Type::String).required(Required::True))
        .parameter(
            query("amount", "In minor units: only methods that take so little.", Type::Integer)
                .schema(Some(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)))),
        )
        .parameter(flag("skip_capture", "Only methods that hold money to be captured later."))
        .parameter(flag("recurring", "Only methods that can be charged again."))
        .parameter(flag("preauthorization", "Only methods that can be checked and kept for nothing."))
        .parameter(flag("country", "Where the payer is: without it, or with `MY`, methods of Malaysia too."))
        .parameter(flag("language", "ISO 639-1, for `names` and `country_names`."))
        .response("200", answer("What there is.", named("PaymentMethods")))
        .response(
            "400",
            refusal("What is wrong with the query, each error at its member; a brand that is not the caller's."),
        );
    let client = |description: &str| answer(description, named("Client"));
    let create_client = operation("create_client", "Make a client")
        .parameter(idempotency_key())
        .request_body(Some(required_body("CreateClient")))
        .response("201", client("The client."))
        .response("400", refusal("What is wrong with the body, each error at its field."))
        .response("413", refusal("The body is too large."))
        .response("415", refusal("The body is not JSON, or compressed."));
    let list_clients = operation("list_clients", "List the clients")
        .parameter(query("q", "A text in the email, a name, the personal code or the phone, in whatever case. Who has it as email comes first.", Type::String))
        .parameter(query("personal_code", "The whole personal code.", Type::String))
        .parameter(cursor())
        .parameter(page_size())
        .response("200", answer("A page of clients, newest first.", named("Clients")))
        .response("400", refusal("A cursor that is none, or a page size that is too large."));
    let of_client = |id: &str, summary: &str| {
        operation(id, summary).parameter(client_id()).response("404", refusal("There is no such client."))
    };
    let read_client = of_client("read_client", "Read a client").response("200", client("The client."));
    let change = |id: &str, summary: &str, body: &str| {
        of_client(id, summary)
            .request_body(Some(required_body(body)))
            .response("200", client("The client. Purchases that were made before keep what they know."))
            .response("400", refusal("What is wrong with the body, each error at its field."))
            .response("413", refusal("The body is too large."))
            .response("415", refusal("The body is not JSON, or compressed."))
    };
    let replace_client = change("replace_client", "Replace a client", "CreateClient");
    let update_client = change("update_client", "Change some of a client", "UpdateClient");
    let delete_client = of_client("delete_client", "Delete a client")
        .description(Some("Its saved cards are forgotten; its purchases keep what they know."))
        .response("204", ResponseBuilder::new().description("It is gone."));
    let list_tokens = of_client("list_client_recurring_tokens", "List the saved cards of a client")
        .parameter(cursor())
        .parameter(page_size())
        .response("200", answer("A page of tokens, newest first.", named("ClientRecurringTokens")))
        .response("400", refusal("A cursor that is none, or a page size that is too large."));
    let of_token = |id: &str, summary: &str| {
        operation(id, summary)
            .parameter(client_id())
            .parameter(token_id())
            .response("404", refusal("There is no such client, or no such card of its."))
    };
    let read_token = of_token("read_client_recurring_token", "Read a saved card of a client")
        .response("200", answer("The token.", named("ClientRecurringToken")));
    let delete_token = of_token("delete_client_recurring_token", "Forget a saved card of a client")
        .description(Some("The same as deleting the token of the purchase that saved it."))
        .response("204", ResponseBuilder::new().description("It is gone."));
    let webhook = |description: &str| answer(description, named("Webhook"));
    let create_webhook = operation("create_webhook", "Register a webhook")
        .description(Some("Tells an address of what happens from now on, each call signed with a key pair of its own."))
        .parameter(idempotency_key())
        .request_body(Some(required_body("CreateWebhook")))
        .response("201", webhook("The webhook."))
        .response("400", refusal("What is wrong with the body, each error at its field."))
        .response("413", refusal("The body is too large."))
        .response("415", refusal("The body is not JSON, or compressed."));
    let list_webhooks = operation("list_webhooks", "List the webhooks")
        .parameter(cursor())
        .parameter(page_size())
        .response("200", answer("A page of webhooks, newest first.", named("Webhooks")))
        .response("400", refusal("A cursor that is none, or a page size that is too large."));
    let of_webhook = |id: &str, summary: &str| {
        operation(id, summary).parameter(webhook_id()).response("404", refusal("There is no such webhook."))
    };
    let read_webhook = of_webhook("read_webhook", "Read a webhook").response("200", webhook("The webhook."));
    let change = |id: &str, summary: &str, body: &str| {
        of_webhook(id, summary)
            .request_body(Some(required_body(body)))
            .response("200", webhook("The webhook. What is still to be told to it goes to where it is now."))
            .response("400", refusal("What is wrong with the body, each error at its field."))
            .response("413", refusal("The body is too large."))
            .response("415", refusal("The body is not JSON, or compressed."))
    };
    let replace_webhook = change("replace_webhook", "Replace a webhook", "CreateWebhook");
    let update_webhook = change("update_webhook", "Change some of a webhook", "UpdateWebhook");
    let delete_webhook = of_webhook("delete_webhook", "Delete a webhook")
        .description(Some("It is told nothing more, not even of what happened before."))
        .response("204", ResponseBuilder::new().description("It is gone."));
    let test_webhook = of_webhook("test_webhook", "Try a webhook")
        .description(Some("Calls it now with a made-up purchase, `purchase.created`, signed as every call. It stands in no log and is not tried again."))
        .response("200", answer("What came of it.", named("WebhookTest")))
        .response("400", refusal("There is no brand to make up a purchase for."));
    let webhook_secret = of_webhook("read_webhook_secret", "Read the secret of a webhook")
        .description(Some("What verifies `webhook-signature`, by the rules of Standard Webhooks."))
        .response("200", answer("The secret.", named("WebhookSecret")));
    let rotate_webhook_key = of_webhook("rotate_webhook_key", "Change the key pair of a webhook")
        .parameter(idempotency_key())
        .response("400", refusal("The idempotency key was used with another body."))
        .response("413", refusal("The body is too large."))
        .description(Some(
            "`X-Signature` is made with the new pair at once; the secret before signs beside the new one for 24 hours.",
        ))
        .response("200", webhook("The webhook with its new public key."));
    let webhook_deliveries = operation("list_webhook_deliveries", "List what was told of a purchase")
        .parameter(query("id", "The purchase.", Type::String).required(Required::True))
        .parameter(source_type())
        .parameter(cursor())
        .parameter(page_size())
        .response(
            "200",
            answer("A page of what its callback and the webhooks were told, newest first.", named("WebhookDeliveries")),
        )
        .response(
            "400",
            refusal("No `id`, another `source_type`, a cursor that is none, or a page size that is too large."),
        )
        .response("404", refusal("There is no such purchase."));

    let books = books::Operations::described();

    let mut schemas: Vec<(String, RefOr<Schema>)> = vec![];
    books::schemas(&mut schemas);
    Purchase::schemas(&mut schemas);
    Clients::schemas(&mut schemas);
    ClientRecurringTokens::schemas(&mut schemas);
    Webhooks::schemas(&mut schemas);
    WebhookDeliveries::schemas(&mut schemas);
    Payment::schemas(&mut schemas);
    Problem::schemas(&mut schemas);
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .schema(Purchase::name(), Purchase::schema())
        .schema(Payment::name(), Payment::schema())
        .schema(Problem::name(), Problem::schema())
        .schema(PaymentMethods::name(), PaymentMethods::schema())
        .schema(Clients::name(), Clients::schema())
        .schema(ClientRecurringTokens::name(), ClientRecurringTokens::schema())
        .schema("CreateClient", fields::describe(clients::whole))
        .schema("UpdateClient", fields::describe(clients::part))
        .schema(Webhooks::name(), Webhooks::schema())
        .schema(WebhookTest::name(), WebhookTest::schema())
        .schema(WebhookSecret::name(), WebhookSecret::schema())
        .schema(WebhookDeliveries::name(), WebhookDeliveries::schema())
        .schema("CreateWebhook", fields::describe(webhooks::whole))
        .schema("UpdateWebhook", fields::describe(webhooks::part))
        .schema("CreatePurchase", fields::describe(create_purchase))
        .schema("CapturePurchase", fields::describe(actions::capture))
        .schema("RefundPurchase", fields::describe(actions::refund))
        .schema("ChargePurchase", fields::describe(actions::charge))
        .schema("MarkPurchaseAsPaid", fields::describe(actions::mark_as_paid))
        .schema("CreateCompanyStatement", fields::describe(company_statements::create_statement))
        .schema("Errors", errors())
        .security_scheme(
            KEY,
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some("The secret key of a merchant, `sk_test_...` or `sk_live_...`."))
                    .build(),
            ),
        );
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Tollgate: purchases")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some("Create a purchase, send the payer to its `checkout_url`, be told when it is paid.")),
        )
        .servers(Some([ServerBuilder::new().url(base_url).build()]))
        .paths(
            PathsBuilder::new()
                .path("/purchases/", item([(HttpMethod::Post, create)]))
                .path("/purchases/{id}/", item([(HttpMethod::Get, read)]))
                .path("/purchases/{id}/cancel/", item([(HttpMethod::Post, cancel)]))
                .path("/purchases/{id}/capture/", item([(HttpMethod::Post, capture)]))
                .path("/purchases/{id}/release/", item([(HttpMethod::Post, release)]))
                .path("/purchases/{id}/charge/", item([(HttpMethod::Post, charge)]))
                .path("/purchases/{id}/refund/", item([(HttpMethod::Post, refund)]))
                .path("/purchases/{id}/mark_as_paid/", item([(HttpMethod::Post, mark_as_paid)]))
                .path("/purchases/{id}/resend_invoice/", item([(HttpMethod::Post, resend_invoice)]))
                .path("/purchases/{id}/delete_recurring_token/", item([(HttpMethod::Post, delete_recurring_token)]))
                .path("/payment_methods/", item([(HttpMethod::Get, payment_methods)]))
                .path("/clients/", item([(HttpMethod::Get, list_clients), (HttpMethod::Post, create_client)]))
                .path(
                    "/clients/{id}/",
                    item([
                        (HttpMethod::Get, read_client),
                        (HttpMethod::Put, replace_client),
                        (HttpMethod::Patch, update_client),
                        (HttpMethod::Delete, delete_client),
                    ]),
                )
                .path("/clients/{id}/recurring_tokens/", item([(HttpMethod::Get, list_tokens)]))
                .path(
                    "/clients/{id}/recurring_tokens/{purchase_id}/",
                    item([(HttpMethod::Get, read_token), (HttpMethod::Delete, delete_token)]),
                )
                .path("/webhooks/", item([(HttpMethod::Get, list_webhooks), (HttpMethod::Post, create_webhook)]))
                .path("/webhooks/deliveries/", item([(HttpMethod::Get, webhook_deliveries)]))
                .path(
                    "/webhooks/{id}/",
                    item([
                        (HttpMethod::Get, read_webhook),
                        (HttpMethod::Put, replace_webhook),
                        (HttpMethod::Patch, update_webhook),
                        (HttpMethod::Delete, delete_webhook),
                    ]),
                )
                .path("/webhooks/{id}/test/", item([(HttpMethod::Post, test_webhook)]))
                .path("/webhooks/{id}/secret/", item([(HttpMethod::Get, webhook_secret)]))
                .path("/webhooks/{id}/rotate_key/", item([(HttpMethod::Post, rotate_webhook_key)]))
                .path("/public_key/", item([(HttpMethod::Get, public_key)]))
                .path("/account/json/balance/", item([(HttpMethod::Get, books.balance)]))
                .path("/account/json/turnover/", item([(HttpMethod::Get, books.turnover)]))
                .path(
                    "/company_statements/",
                    item([(HttpMethod::Get, books.list_statements), (HttpMethod::Post, books.create_statement)]),
                )
                .path("/company_statements/{id}/", item([(HttpMethod::Get, books.read_statement)]))
                .path("/company_statements/{id}/cancel/", item([(HttpMethod::Post, books.cancel_statement)])),
        )
        .components(Some(components.build()))
        .security(Some([SecurityRequirement::new(KEY, Vec::<String>::new())]))
        .build()
}

/// An operation with the answers every operation may give.
fn operation(id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary))
        .tag("purchases")
        .response("401", refusal("The secret key is missing or not valid."))
        .response("405", refusal("The path has no such method."))
        .response("414", refusal("The address is too long."))
        .response("429", openapi::too_many(JSON, named("Errors")))
        .response(
            "431",
            ResponseBuilder::new().description("The headers, or the query, are too large; nothing is said."),
        )
        .response("500", refusal("Something went wrong on our side; safe to try again with the same idempotency key."))
}

/// Something asked of a purchase; `body` names the schema of what may be said.
fn action(id_of_operation: &str, summary: &str, body: Option<&str>) -> OperationBuilder {
    let body = body.map(|schema| {
        RequestBodyBuilder::new()
            .content("application/json", ContentBuilder::new().schema(Some(named(schema))).build())
            .required(Some(Required::False))
            .description(Some("Nothing at all is taken as an empty object."))
            .build()
    });
    operation(id_of_operation, summary)
        .parameter(id())
        .parameter(idempotency_key())
        .request_body(body)
        .response("404", refusal("There is no such purchase."))
        .response("413", refusal("The body is too large."))
        .response("415", refusal("The body is not JSON, or compressed."))
}

fn required_body(schema: &str) -> RequestBody {
    RequestBodyBuilder::new()
        .content("application/json", ContentBuilder::new().schema(Some(named(schema))).build())
        .required(Some(Required::True))
        .build()
}

fn query(name: &str, about: &str, value: Type) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(ObjectBuilder::new().schema_type(value)))
}

fn cursor() -> ParameterBuilder {
    query("cursor", "Where to go on: as the `next` and `previous` of an answer say.", Type::String)
}

fn page_size() -> ParameterBuilder {
    let size = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(page::SIZE_MAX))
        .default(Some(page::SIZE.into()));
    query("page_size", "How many at most.", Type::Integer).schema(Some(size))
}

fn source_type() -> ParameterBuilder {
    let one = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(SOURCE_TYPES));
    query("source_type", "Of what. What was told of a purchase's payments is listed with the purchase; of the other two there are none yet.", Type::String)
        .schema(Some(one))
}

fn client_id() -> ParameterBuilder {
    id().description(Some("The client."))
}

fn token_id() -> ParameterBuilder {
    id().name("purchase_id").description(Some("The purchase that saved the card."))
}

fn webhook_id() -> ParameterBuilder {
    id().description(Some("The webhook."))
}

fn id() -> ParameterBuilder {
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The purchase."))
        .schema(Some(uuid()))
}

fn idempotency_key() -> ParameterBuilder {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("A repeat with the same key and body within 24 hours gets the first answer again."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
}

fn refusal(description: &str) -> Response {
    answer(description, named("Errors"))
}

/// The envelope of 1.5: problems at the place of the field they belong to.
fn errors() -> Schema {
    let problems = ArrayBuilder::new().items(named("Problem"));
    let items =
        ArrayBuilder::new().items(named("Errors")).description(Some("One entry per item sent; good ones are empty."));
    let node = AnyOfBuilder::new().item(problems).item(named("Errors")).item(items);
    ObjectBuilder::new()
        .description(Some("What is wrong, by field; under `__all__` what belongs to no field. Nested objects and lists of objects nest in the same shape."))
        .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(node.into()))))
        .into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown() -> Value {
        serde_json::to_value(document("https://pay.example.com/api/v1")).expect("JSON")
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
    fn every_answer_is_described() {
        let paths = &shown()["paths"];
        let answers = |path: &str, method: &str| {
            let answers = paths[path][method]["responses"].as_object().expect(path);
            answers.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        let always = "401 405 414 429 431 500";
        assert_eq!("201 400 401 405 413 414 415 429 431 500", answers("/purchases/", "post"));
        assert_eq!("200 401 404 405 414 429 431 500", answers("/purchases/{id}/", "get"));
        for action in [
            "cancel",
            "capture",
            "release",
            "charge",
            "refund",
            "mark_as_paid",
            "resend_invoice",
            "delete_recurring_token",
        ] {
            let path = format!("/purchases/{{id}}/{action}/");
            assert_eq!("200 400 401 404 405 413 414 415 429 431 500", answers(&path, "post"), "{action}");
        }
        assert_eq!(format!("200 {always}"), answers("/public_key/", "get"));
    }

    #[test]
    fn the_body_is_described_as_it_is_read() {
        let body = &shown()["components"]["schemas"]["CreatePurchase"];
        insta::assert_snapshot!("create_purchase", serde_json::to_string_pretty(body).expect("JSON"));
        assert_eq!(json!(["brand_id", "purchase"]), body["required"]);
        let price =
            &body["properties"]["purchase"]["properties"]["products"]["anyOf"][0]["items"]["properties"]["price"];
        assert_eq!(json!(["integer", "string"]), price["type"]);
        assert_eq!(json!(0), price["minimum"]);
    }

    #[test]
    fn the_bodies_of_actions_are_described_as_they_are_read() {
        let schemas = &shown()["components"]["schemas"];
        for name in ["CapturePurchase", "RefundPurchase"] {
            let amount = &schemas[name]["properties"]["amount"];
            assert_eq!(json!(["integer", "string", "null"]), amount["type"]);
            assert_eq!(json!(1), amount["minimum"]);
            assert_eq!(Value::Null, schemas[name]["required"]);
        }
        assert_eq!(json!(["recurring_token"]), schemas["ChargePurchase"]["required"]);
        assert_eq!(json!("uuid"), schemas["ChargePurchase"]["properties"]["recurring_token"]["format"]);
        assert_eq!(json!(0), schemas["MarkPurchaseAsPaid"]["properties"]["paid_on"]["minimum"]);
    }

    #[test]
    fn every_status_is_described() {
        let statuses = &shown()["components"]["schemas"]["Status"]["enum"];
        assert_eq!(21, statuses.as_array().expect("words").len());
    }

    #[test]
    fn the_purchase_is_described_as_it_is_rendered() {
        let purchase = &shown()["components"]["schemas"]["Purchase"]["properties"];
        for name in ["type", "status", "checkout_url", "transaction_data", "event_type", "currency_conversion"] {
            assert!(purchase[name].is_object(), "{name}");
        }
    }
}
