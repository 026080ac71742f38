//! What the outer faces share: how connections are served, how bodies are read, what a header says, how often somebody
//! may ask, and what is counted.
//!
//! A request comes in through [`serve::serve`], which bounds its size and time, names it, finds out who calls, puts its
//! path in order and counts it. What it means is a matter of the router behind.

pub mod serve;

mod connection;
mod places;
mod request;

pub mod address;
pub mod bearer;
pub mod body;
pub mod caller;
pub mod content;
pub mod fields;
pub mod idempotency;
pub mod json;
pub mod metrics;
pub mod oauth;
pub mod openapi;
pub mod path;
pub mod rate;
