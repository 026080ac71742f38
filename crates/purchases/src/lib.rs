//! The purchases dialect (`/api/v1`): its nouns, its wire types and their meaning for the core.

mod operations;
mod routes;

mod actions;
mod balance;
mod bank_health;
mod clients;
mod company_statements;
mod create;
mod document;
mod filters;
mod methods;
mod page;
mod payment_methods;
mod query;
mod recurring_tokens;
mod refund;
mod sample;
mod status;
mod totals;
mod view;
mod webhook_deliveries;
mod webhooks;

mod narrator;
mod openapi;

mod errors;
mod fields;
mod formats;
mod numbers;

#[cfg(test)]
mod testing;

use utoipa::openapi::OpenApi;

pub use narrator::Narrator;
pub use routes::{refuse, router};

/// The description of this dialect; `public_url` is where links lead.
#[must_use]
pub fn openapi(public_url: &str) -> OpenApi {
    openapi::document(&format!("{public_url}/api/v1"))
}
