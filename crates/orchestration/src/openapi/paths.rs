//! The operations of the dialect.

use tollgate_http::openapi::{self, answer, item, json_body, named, text, uuid};
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, HttpMethod, PathItem, Required, Response, ResponseBuilder, SecurityRequirement};

use crate::errors::PROBLEM_JSON;

/// The names of the security schemes.
pub(super) const TOKEN: &str = "purse_oauth2";
pub(super) const CLIENT: &str = "client";

type Paths = Vec<(&'static str, PathItem)>;

/// Every operation, each at the longer of its paths; all but the first also stand below `/v2` instead of `/payment/v2`.
pub(super) fn all() -> Paths {
    [tokens(), sessions(), payments(), keys(), cards()].into_iter().flatten().collect()
}

fn tokens() -> Paths {
    let form = ContentBuilder::new().schema(Some(named("TokenRequest"))).build();
    let body =
        RequestBodyBuilder::new().content("application/x-www-form-urlencoded", form).required(Some(Required::False));
    let refused = |description: &str| answer(description, named("TokenError"));
    let grant = text().enum_values(Some(["client_credentials"]));
    let issue = OperationBuilder::new()
        .operation_id(Some("issue_token"))
        .summary(Some("Get a token"))
        .description(Some(
            "OAuth2 client credentials. The client says who it is by Basic authentication or in the form; the grant \
             type stands in the form or in the query. Also at `/v2/oauth/token` and `/payment/v2/oauth/token`.",
        ))
        .tag("tokens")
        .parameter(
            ParameterBuilder::new()
                .name("grant_type")
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some("When it is not in the form."))
                .schema(Some(grant)),
        )
        .parameter(api_key("Optional; an entity's key of this account."))
        .request_body(Some(body.build()))
        .response("200", answer("The token, for an hour.", named("Token")))
        .response("400", refused("`invalid_request` or `unsupported_grant_type`."))
        .response("401", refused("`invalid_client`."))
        .response("404", refused("The `x-api-key` is no entity's of this account."))
        .response("405", problem("The path has no such method."))
        .response("408", refused("The body did not come whole."))
        .response("413", refused("The body is too large."))
        .response("414", problem("The address is too long."))
        .response("415", problem("The body is compressed."))
        .response("429", too_many())
        .response("431", ResponseBuilder::new().description("The headers are too large.").build())
        .response("500", problem("Something went wrong on our side."))
        .securities(Some([SecurityRequirement::default(), SecurityRequirement::new(CLIENT, Vec::<String>::new())]));
    vec![("/oauth/token", item([(HttpMethod::Post, issue)]))]
}

fn sessions() -> Paths {
    let session = || answer("The session.", named("ClientSession"));
    let create = write("create_client_session", "Make a client session", "sessions")
        .request_body(Some(json_body("CreateClientSession", true)))
        .response("200", session())
        .response("400", problem("What is wrong with the body, or the order is paid."))
        .response("403", problem("The token does not reach the entity."));
    let read = on("id", "The session.", operation("read_client_session", "How a session stands", "sessions"))
        .response("200", session());
    let abort = on("id", "The session.", write("abort_client_session", "End a session", "sessions"))
        .request_body(Some(json_body("AbortClientSession", false)))
        .response("200", session())
        .response("400", problem("It cannot be ended any more, or what is wrong with the body."));
    let eligible = operation("eligible_solutions", "What an amount could be paid with", "sessions")
        .request_body(Some(json_body("EligibilityRequest", true)))
        .response("200", answer("Ways to pay.", named("EligibleSolutions")))
        .response("400", problem("What is wrong with the body."))
        .response("403", problem("The token does not reach the entity."))
        .response("408", problem("The body did not come whole."))
        .response("413", problem("The body is too large."));
    vec![
        ("/payment/v2/client-sessions", item([(HttpMethod::Post, create)])),
        ("/payment/v2/client-sessions/{id}", item([(HttpMethod::Get, read)])),
        ("/payment/v2/client-sessions/{id}/abort", item([(HttpMethod::Post, abort)])),
        ("/payment/v2/eligible-solutions", item([(HttpMethod::Post, eligible)])),
    ]
}

fn payments() -> Paths {
    let payment = || answer("The payment.", named("Payment"));
    let create = write("create_payment", "Make a payment without a session", "payments")
        .request_body(Some(json_body("CreatePayment", true)))
        .response("200", payment())
        .response("400", problem("What is wrong with the body, or the order is paid."))
        .response("403", problem("The token does not reach the entity."));
    let cache = ParameterBuilder::new()
        .name("Cache-Control")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("With `max-age` the answer is what is known; without, partners are asked what is pending."))
        .schema(Some(text()));
    let read = on("id", "The payment.", operation("read_payment", "How a payment stands", "payments"))
        .parameter(cache)
        .response("200", payment());
    let act = |id: &str, summary: &str| {
        on("id", "The payment.", write(id, summary, "payments"))
            .request_body(Some(json_body("CreateOperation", false)))
            .response("200", answer("The whole payment; the operation is the last of its kind.", named("Payment")))
            .response("400", problem("That much is not available, or what is wrong with the body."))
    };
    vec![
        ("/payment/v2/payments", item([(HttpMethod::Post, create)])),
        ("/payment/v2/payments/{id}", item([(HttpMethod::Get, read)])),
        ("/payment/v2/payments/{id}/captures", item([(HttpMethod::Post, act("capture_payment", "Take money"))])),
        (
            "/payment/v2/payments/{id}/refunds",
            item([(HttpMethod::Post, act("refund_payment", "Give taken money back"))]),
        ),
        ("/payment/v2/payments/{id}/voids", item([(HttpMethod::Post, act("void_payment", "Give held money back"))])),
    ]
}

fn keys() -> Paths {
    let keys = OperationBuilder::new()
        .operation_id(Some("signing_jwks"))
        .summary(Some("The keys that redirection tokens and webhooks are signed with"))
        .tag("keys")
        .response("200", answer("A JSON Web Key Set.", named("KeySet")))
        .response("405", problem("The path has no such method."))
        .response("414", problem("The address is too long."))
        .response("415", problem("The body is compressed."))
        .response("431", ResponseBuilder::new().description("The headers are too large.").build())
        .response("500", problem("Something went wrong on our side."))
        .securities(Some([SecurityRequirement::default()]));
    vec![("/payment/v2/signing-jwks", item([(HttpMethod::Get, keys)]))]
}

fn cards() -> Paths {
    let hand_in = OperationBuilder::new()
        .operation_id(Some("hand_in_card"))
        .summary(Some("Hand in a card for one payment"))
        .description(Some("Called from the payer's browser, of any origin. The token is good for twelve minutes."))
        .tag("cards")
        .parameter(id("tenantId", "The entity."))
        .parameter(api_key("Optional."))
        .request_body(Some(json_body("CardForm", true)))
        .response("200", answer("The token of the card.", named("CardFormAnswer")))
        .response("400", problem("What is wrong with the card."))
        .response("404", problem("There is no such entity."))
        .response("405", problem("The path has no such method."))
        .response("408", problem("The body did not come whole."))
        .response("413", problem("The body is too large."))
        .response("414", problem("The address is too long."))
        .response("415", problem("The body is compressed, or not JSON."))
        .response("429", too_many())
        .response("431", ResponseBuilder::new().description("The headers are too large.").build())
        .response("500", problem("Something went wrong on our side."))
        .securities(Some([SecurityRequirement::default()]));
    vec![("/v1/tenants/{tenantId}/forms/secure-fields", item([(HttpMethod::Post, hand_in)]))]
}

/// What every operation behind a token has.
fn operation(id: &str, summary: &str, tag: &str) -> OperationBuilder {
    OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary))
        .tag(tag)
        .parameter(api_key("Optional; an entity's key of this account."))
        .response("401", problem("There is no token, or none that works."))
        .response("403", problem("The `x-api-key` is no entity's of this account."))
        .response("405", problem("The path has no such method."))
        .response("414", problem("The address is too long."))
        .response("415", problem("The body is compressed, or not JSON."))
        .response("429", too_many())
        .response("431", ResponseBuilder::new().description("The headers are too large.").build())
        .response("500", problem("Something went wrong on our side."))
}

/// An operation that changes something.
fn write(id: &str, summary: &str, tag: &str) -> OperationBuilder {
    let key = text().min_length(Some(1)).max_length(Some(255));
    let once = ParameterBuilder::new()
        .name("x-idempotency-key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("A repeat of a call that was carried out is answered 409, with what the first one made."))
        .schema(Some(key));
    operation(id, summary, tag)
        .parameter(once)
        .response("408", problem("The body did not come whole."))
        .response("409", problem("The idempotency key was used before; `resource_id` is what that call made."))
        .response("413", problem("The body is too large."))
}

fn on(name: &str, description: &str, operation: OperationBuilder) -> OperationBuilder {
    operation.parameter(id(name, description)).response("404", problem("There is no such thing."))
}

fn id(name: &str, description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(uuid()))
}

fn api_key(description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name("x-api-key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text()))
}

fn problem(description: &str) -> Response {
    openapi::answer_in(PROBLEM_JSON, description, named("Problem")).build()
}

fn too_many() -> Response {
    openapi::too_many(PROBLEM_JSON, named("Problem"))
}
