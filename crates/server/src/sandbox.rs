//! What only a sandbox has: made-up credentials, a movable clock, and a look into the test acquirer's book (design 6).

mod banks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acquirer::settlement::Day;
use anyhow::Context as _;
use axum::Router;
use axum::extract::{self, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::{CheckoutId, Currency, Dialect, Mode, PaymentId, PublicId, Report, Timestamp};
use engine::{Engine, NewBrand, NewMerchant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Company;
use tollgate_http::{bearer, body};

use crate::config::PublicUrl;
use crate::files;

/// A year: no sandbox story is longer.
const ADVANCE_SECONDS_MAX: u64 = 10 * 366 * 86_400;
const BODY_BYTES_MAX: usize = 64 * 1024;

/// A sandbox's made-up credentials, kept in `<data>/keys/sandbox.json` so that the next start shows the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The sandbox merchant.
    pub merchant_id: String,
    /// Its shop.
    pub brand_id: String,
    /// Its key in test mode.
    pub secret_key: String,
    /// The public key of its shop, which is its entity too.
    pub api_key: String,
    /// Its client of the card payments API in test mode.
    pub card_payments: ClientCredentials,
    /// Its client of the orchestration API in test mode, for its one entity.
    pub orchestration: ClientCredentials,
    /// Opens the control API.
    pub control_token: String,
}

/// What a client of a dialect that speaks OAuth calls itself by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientCredentials {
    /// Its name.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl Credentials {
    /// The token of the control API, made before anything else of the sandbox.
    pub(crate) fn path(data: &Path) -> std::path::PathBuf {
        data.join("keys").join("sandbox.json")
    }

    /// What an earlier start made.
    pub(crate) fn read(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = Self::path(data);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let credentials = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; remove it and a new sandbox merchant is made", path.display()))?;
        Ok(Some(credentials))
    }

    /// Makes the sandbox merchant and keeps its credentials.
    ///
    /// # Errors
    /// The store or the file cannot be written.
    pub async fn make(engine: &Engine, data: &Path, control_token: &str) -> anyhow::Result<Self> {
        let made = make_merchant(engine).await?;
        let credentials = Self {
            merchant_id: made.merchant_id,
            brand_id: made.brand_id,
            secret_key: made.secret_key,
            api_key: made.api_key,
            card_payments: made.card_payments,
            orchestration: made.orchestration,
            control_token: control_token.to_owned(),
        };
        files::write_private(&Self::path(data), &serde_json::to_vec_pretty(&credentials)?)?;
        Ok(credentials)
    }

    /// What the demo shop knows: its entries of `sandbox.json`.
    pub(crate) fn demo_merchant(&self, public_url: &PublicUrl) -> demo::Merchant {
        let client = |client: &ClientCredentials| demo::OauthClient {
            id: client.client_id.clone(),
            secret: client.client_secret.clone(),
        };
        demo::Merchant {
            base_url: public_url.as_str().to_owned(),
            brand_id: self.brand_id.clone(),
            secret_key: self.secret_key.clone(),
            card_payments: client(&self.card_payments),
            orchestration: client(&self.orchestration),
        }
    }

    /// `sandbox.json`: what exists, and how to reach it.
    #[must_use]
    pub fn describe(&self, public_url: &PublicUrl, has_shop: bool) -> Value {
        let base = public_url.as_str();
        let mut described = json!({
            "base_url": base,
            "purchases": purchases_entry(base, &self.brand_id, &self.secret_key),
            "orchestration": orchestration_entry(base, &self.brand_id, &self.api_key, &self.orchestration),
            "card_payments": card_payments_entry(base, &self.card_payments),
            "control": { "base_url": format!("{base}/sandbox"), "token": self.control_token },
        });
        if has_shop {
            described["demo_shop"] = json!({ "url": format!("{base}/demo") });
        }
        described
    }
}

fn purchases_entry(base: &str, brand_id: &str, secret_key: &str) -> Value {
    json!({ "base_url": format!("{base}/api/v1"), "brand_id": brand_id, "secret_key": secret_key })
}

fn card_payments_entry(base: &str, client: &ClientCredentials) -> Value {
    json!({
        "base_url": format!("{base}/api/v2"),
        "token_url": format!("{base}/oauth2/token"),
        "client_id": client.client_id,
        "client_secret": client.client_secret,
    })
}

fn orchestration_entry(base: &str, entity_id: &str, api_key: &str, client: &ClientCredentials) -> Value {
    json!({
        "base_url": format!("{base}/payment/v2"),
        "token_url": format!("{base}/oauth/token"),
        "entity_id": entity_id,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "api_key": api_key,
    })
}

struct Made {
    merchant_id: String,
    brand_id: String,
    secret_key: String,
    live_secret_key: String,
    api_key: String,
    card_payments: ClientCredentials,
    orchestration: ClientCredentials,
}

/// The sandbox merchant of design 6: MYR, `en`, UTC, every currency, direct post on.
async fn make_merchant(engine: &Engine) -> anyhow::Result<Made> {
    let company = Company { legal_name: "Sandbox Shop Ltd".into(), country: "MY".into(), ..Company::default() };
    let new = NewMerchant { company, email: "merchant@example.com".into(), ..NewMerchant::default() };
    let merchant = engine.create_merchant(new).await?;
    let brand = engine
        .create_brand(NewBrand {
            merchant_id: merchant.id,
            parent: None,
            name: "Sandbox Shop".into(),
            website: String::new(),
            support_email: String::new(),
            currency: Currency::parse("MYR").context("MYR is a currency")?,
            currencies: None,
            exchanges: vec![],
            language: "en".into(),
            time_zone: "UTC".into(),
            direct_post: true,
            embed_origins: vec![],
            palette: None,
            logo: None,
        })
        .await?;
    let (_, secret) = engine.create_key(merchant.id, Mode::Test).await?;
    let (_, live) = engine.create_key(merchant.id, Mode::Live).await?;
    let client = async |dialect, entity| {
        let (client, secret) = engine.create_client(merchant.id, dialect, Mode::Test, entity).await?;
        anyhow::Ok(ClientCredentials { client_id: client.id.to_string(), client_secret: secret.to_string() })
    };
    let card_payments = client(Dialect::CardPayments, None).await?;
    let orchestration = client(Dialect::Orchestration, Some(brand.id)).await?;
    Ok(Made {
        merchant_id: merchant.id.to_string(),
        brand_id: brand.id.to_string(),
        secret_key: secret.to_string(),
        live_secret_key: live.to_string(),
        api_key: brand.api_key,
        card_payments,
        orchestration,
    })
}

#[derive(Clone)]
struct Control {
    engine: Engine,
    base: Arc<str>,
    token: Arc<str>,
}

/// `/sandbox/...`; nothing at all outside a sandbox.
pub(crate) fn router(engine: Engine, public_url: &PublicUrl, token: Option<&str>) -> Router {
    let Some(token) = token else { return Router::new() };
    let control = Control { engine, base: public_url.as_str().into(), token: token.into() };
    Router::new()
        .route("/sandbox/clock", get(clock).post(advance))
        .route("/sandbox/acquirer/transactions", get(transactions))
        .route("/sandbox/acquirer/settlement", get(settlement))
        .route("/sandbox/acquirer/banks", get(banks::list).post(banks::set))
        .route("/sandbox/merchants", post(merchant))
        .route("/sandbox/purchases/{id}/events", post(report_purchase))
        .route("/sandbox/payments/{id}/events", post(report_payment))
        .route("/sandbox/card-payments/{id}/events", post(report_card_payment))
        .route_layer(middleware::from_fn_with_state(control.clone(), authenticate))
        .with_state(control)
}

async fn authenticate(State(control): State<Control>, headers: HeaderMap, request: Request, next: Next) -> Response {
    // The token opens a sandbox on this machine and nothing else; it is compared by its hash all the same.
    let given = bearer::bearer(&headers).map(|token| control.engine.request_fingerprint(token.as_bytes()));
    if given != Some(control.engine.request_fingerprint(control.token.as_bytes())) {
        return problem(StatusCode::UNAUTHORIZED, "the control token of sandbox.json is needed as a bearer token");
    }
    next.run(request).await
}

async fn clock(State(control): State<Control>) -> Response {
    now(&control.engine)
}

fn now(engine: &Engine) -> Response {
    match jiff::Timestamp::from_microsecond(engine.env().now().micros()) {
        Ok(now) => answer(StatusCode::OK, &json!({ "now": now.to_string() })),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "the clock left the calendar"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceIn {
    advance_seconds: u64,
}

async fn advance(State(control): State<Control>, request: Request) -> Response {
    let bytes = match body::read(request.into_body(), BODY_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(_) => return problem(StatusCode::BAD_REQUEST, "the body could not be read"),
    };
    let seconds = match serde_json::from_slice::<AdvanceIn>(&bytes) {
        Ok(AdvanceIn { advance_seconds }) if advance_seconds <= ADVANCE_SECONDS_MAX => advance_seconds,
        Ok(_) => return problem(StatusCode::BAD_REQUEST, "advance_seconds: at most ten years at once"),
        Err(error) => {
            return problem(StatusCode::BAD_REQUEST, &format!("the body must be {{\"advance_seconds\": n}}: {error}"));
        }
    };
    match control.engine.advance(Duration::from_secs(seconds)).await {
        Ok(_) => now(&control.engine),
        Err(error) => failed(&error),
    }
}

async fn transactions(State(control): State<Control>) -> Response {
    match control.engine.acquirer_transactions().await {
        Ok(transactions) => answer(StatusCode::OK, &transactions.iter().map(transaction).collect()),
        Err(error) => failed(&error),
    }
}

/// The acquirer's settlement file of `from` until `to`: days, both included, or moments, the last one not; today by
/// default.
async fn settlement(State(control): State<Control>, request: Request) -> Response {
    let today = Day::of(control.engine.env().now());
    let (mut from, mut until) = (today.begins(), today.ends());
    for (name, value) in url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        let day = Day::parse(&value);
        let moment = value.parse::<jiff::Timestamp>().ok().map(|at| Timestamp::from_micros(at.as_microsecond()));
        match (&*name, moment.or(day.map(Day::begins)), moment.or(day.map(Day::ends))) {
            ("from", Some(at), _) => from = at,
            ("to", _, Some(at)) => until = at,
            _ => {
                let words =
                    format!("{name}: from and to are days, such as {today}, or moments, such as {today}T12:00:00Z");
                return problem(StatusCode::BAD_REQUEST, &words);
            }
        }
    }
    if until <= from || from > control.engine.env().now() {
        return problem(StatusCode::BAD_REQUEST, "from: it is before to, and not to come");
    }
    match control.engine.acquirer_settlement(from, until).await {
        Ok(file) => {
            let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::OK, headers, file).into_response()
        }
        Err(error) => failed(&error),
    }
}

fn transaction(transaction: &acquirer::Transaction) -> Value {
    let at = jiff::Timestamp::from_microsecond(transaction.at.micros()).unwrap_or_default();
    json!({
        "reference": transaction.reference,
        "kind": transaction.kind.as_str(),
        "amount": transaction.amount,
        "currency": transaction.currency,
        "outcome": transaction.outcome.as_str(),
        "at": at.to_string(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportIn {
    event: ReportName,
}

/// What an acquirer would report later.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReportName {
    Clear,
    Settle,
    Chargeback,
    ChargebackReversed,
}

async fn report_purchase(
    State(control): State<Control>,
    extract::Path(id): extract::Path<String>,
    request: Request,
) -> Response {
    match CheckoutId::parse(&id) {
        Ok(id) => report(control, id, request).await,
        Err(_) => problem(StatusCode::NOT_FOUND, "there is no such payment"),
    }
}

/// By the payment's own id, or by its session's.
async fn report_payment(
    State(control): State<Control>,
    extract::Path(id): extract::Path<String>,
    request: Request,
) -> Response {
    let (Ok(session), Ok(payment)) = (CheckoutId::parse(&id), PaymentId::parse(&id)) else {
        return problem(StatusCode::NOT_FOUND, "there is no such payment");
    };
    match control.engine.checkout_of_payment(payment).await {
        Ok(found) => report(control, found.unwrap_or(session), request).await,
        Err(error) => failed(&error),
    }
}

async fn report_card_payment(
    State(control): State<Control>,
    extract::Path(id): extract::Path<String>,
    request: Request,
) -> Response {
    let Ok(id) = PublicId::parse(&id) else { return problem(StatusCode::NOT_FOUND, "there is no such payment") };
    match control.engine.checkout_named(id).await {
        Ok(Some(id)) => report(control, id, request).await,
        Ok(None) => problem(StatusCode::NOT_FOUND, "there is no such payment"),
        Err(error) => failed(&error),
    }
}

async fn report(control: Control, id: CheckoutId, request: Request) -> Response {
    let Ok(bytes) = body::read(request.into_body(), BODY_BYTES_MAX).await else {
        return problem(StatusCode::BAD_REQUEST, "the body could not be read");
    };
    let report = match serde_json::from_slice::<ReportIn>(&bytes).map(|body| body.event) {
        Ok(ReportName::Clear) => Report::Cleared,
        Ok(ReportName::Settle) => Report::Settled,
        Ok(ReportName::Chargeback) => Report::ChargedBack,
        Ok(ReportName::ChargebackReversed) => Report::ChargebackReversed,
        Err(error) => {
            return problem(StatusCode::BAD_REQUEST, &format!("the body must be {{\"event\": name}}: {error}"));
        }
    };
    match control.engine.report(id, report).await {
        Ok(shown) => answer(StatusCode::OK, &json!({ "state": shown.payment.state.name() })),
        Err(engine::Error::NotFound) => problem(StatusCode::NOT_FOUND, "there is no such payment"),
        Err(engine::Error::Refused(refusal)) => {
            problem(StatusCode::BAD_REQUEST, &format!("that does not fit: {refusal}"))
        }
        Err(error) => failed(&error),
    }
}

async fn merchant(State(control): State<Control>) -> Response {
    match make_merchant(&control.engine).await {
        Ok(made) => {
            let mut entry = purchases_entry(&control.base, &made.brand_id, &made.secret_key);
            entry["live_secret_key"] = made.live_secret_key.into();
            let card_payments = card_payments_entry(&control.base, &made.card_payments);
            let orchestration = orchestration_entry(&control.base, &made.brand_id, &made.api_key, &made.orchestration);
            let entries = json!({
                "merchant_id": made.merchant_id,
                "purchases": entry,
                "orchestration": orchestration,
                "card_payments": card_payments,
            });
            answer(StatusCode::CREATED, &entries)
        }
        Err(error) => {
            tracing::error!("{error:#}");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "the merchant could not be made; the log says why")
        }
    }
}

fn failed(error: &engine::Error) -> Response {
    tracing::error!(%error, "a sandbox call failed");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "that failed; the log says why")
}

fn problem(status: StatusCode, words: &str) -> Response {
    answer(status, &json!({ "error": words }))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
