//! The card payments dialect (`/api/v2`, events at `/api/v1/events`): its nouns, its wire types and their meaning for the
//! core.

mod routes;
mod token;

mod events;
mod links;
mod orders;
mod payments;
mod stored;

mod document;
mod narrator;
mod payloads;
mod view;

mod openapi;
mod request_id;

mod errors;
mod fields;
mod formats;

use utoipa::openapi::OpenApi;

pub use errors::refuse;
pub use narrator::Narrator;
pub use routes::{owns, router};

/// The description of this dialect; `public_url` is where links lead.
#[must_use]
pub fn openapi(public_url: &str) -> OpenApi {
    openapi::document(public_url)
}
