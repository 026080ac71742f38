//! Which banks of FPX take payments now, as plugins ask before they show them (purchases-api quirk 31): without a key, at
//! the root of the host.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::LocalMethod;

use crate::routes::{Api, ApiError, json, written};

/// `/health_check/fpx_b2c` and `/health_check/fpx_b2b1`.
pub(crate) fn router(api: Api) -> Router {
    [("fpx_b2c", LocalMethod::Fpx), ("fpx_b2b1", LocalMethod::FpxB2b1)]
        .into_iter()
        .fold(Router::new(), |router, (name, method)| {
            let health = get(move |api| health(api, method));
            let path = format!("/health_check/{name}");
            router.route(&path, health.clone()).route(&format!("{path}/"), health)
        })
        .with_state(api)
}

/// Bank codes: `A` takes payments, `B` does not.
async fn health(State(Api(api)): State<Api>, method: LocalMethod) -> Result<Response, ApiError> {
    let banks = api.engine.banks(method).await;
    let states: BTreeMap<_, _> =
        banks.iter().map(|state| (state.bank.code, if state.is_up { "A" } else { "B" })).collect();
    let answer = json(StatusCode::OK, written(Some(&states))?);
    Ok(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}
