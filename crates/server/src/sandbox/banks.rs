//! Which banks of FPX take payments at the test acquirer: `/sandbox/acquirer/banks`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{LocalMeans, LocalMethod};
use engine::Engine;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate_http::body;

use super::{BODY_BYTES_MAX, Control, answer, failed, problem};

/// Every bank, by method and code: whether it is up.
pub(super) async fn list(State(control): State<Control>) -> Response {
    answer(StatusCode::OK, &banks(&control.engine).await)
}

async fn banks(engine: &Engine) -> Value {
    let mut methods = Map::new();
    for method in LocalMethod::ALL.into_iter().filter(|method| !method.banks().is_empty()) {
        let states = engine.banks(method).await;
        let states: Map<_, _> = states.iter().map(|state| (state.bank.code.to_owned(), json!(state.is_up))).collect();
        methods.insert(method.as_str().to_owned(), Value::Object(states));
    }
    Value::Object(methods)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BankIn {
    method: String,
    bank: String,
    up: bool,
}

/// Takes a bank down, or up again.
pub(super) async fn set(State(control): State<Control>, request: Request) -> Response {
    let Ok(bytes) = body::read(request.into_body(), BODY_BYTES_MAX).await else {
        return problem(StatusCode::BAD_REQUEST, "the body could not be read");
    };
    let BankIn { method, bank, up } = match serde_json::from_slice(&bytes) {
        Ok(asked) => asked,
        Err(error) => {
            let form = r#"{"method": "fpx", "bank": code, "up": false}"#;
            return problem(StatusCode::BAD_REQUEST, &format!("the body must be {form}: {error}"));
        }
    };
    let means = LocalMethod::parse(&method).and_then(|method| LocalMeans::new(method, Some(&bank)));
    let Some(means) = means else {
        return problem(StatusCode::BAD_REQUEST, "that method has no such bank");
    };
    match control.engine.set_bank(means, up).await {
        Ok(()) => answer(StatusCode::OK, &banks(&control.engine).await),
        Err(error) => failed(&error),
    }
}
