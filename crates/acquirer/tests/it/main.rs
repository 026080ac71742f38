//! The test acquirer and its directory as a gateway meets them, on a clock that stands still until it is moved.

#![allow(clippy::panic, reason = "a test says no this way")]

mod authentication;
mod authorizations;
mod desk;
mod gift_cards;
mod operations;
mod orchestration;
mod redirects;
mod remote;
