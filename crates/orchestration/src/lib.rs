//! The orchestration dialect (`/payment/v2`, `/v2`): its nouns, its wire types and their meaning for the core.

mod routes;
mod token;

mod operations;
mod payments;
mod sessions;

mod card_forms;
mod idempotency;
mod jwks;
mod opening;
mod parents;

mod operation;
mod payment;
mod session;

mod customer;
mod order;
mod three_ds;
mod webhook;

mod priority;
mod solutions;

mod document;
mod payment_view;
mod session_view;
mod status;

mod amounts;
mod authorization;
mod operation_view;
mod outcomes;
mod transactions;

mod narrator;
mod way_back;

mod openapi;

mod errors;
mod fields;
mod formats;
mod problems;

use utoipa::openapi::OpenApi;

pub use errors::refuse;
pub use narrator::Narrator;
pub use routes::{owns, router};

/// The description of this dialect; `public_url` is where links lead.
#[must_use]
pub fn openapi(public_url: &str) -> OpenApi {
    openapi::document(public_url)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod testing;
