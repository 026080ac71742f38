//! The gateway as a merchant and a payer see it: through the router in process, on a real store, with a clock that
//! stands still and an acquirer that loses what a card's number tells it to lose.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod app;
mod auditor;
mod callbacks;
mod card_payments;
mod card_payments_events;
mod card_payments_orders;
mod card_payments_tokens;
mod card_payments_vectors;
mod clients;
mod concurrency;
mod delivery_log;
mod direct_post;
mod documents;
mod doubts;
mod faults;
mod golden;
mod mail;
mod operations;
mod orchestration;
mod orchestration_operations;
mod orchestration_payments;
mod orchestration_samples;
mod orchestration_sessions;
mod orchestration_splits;
mod orchestration_webhooks;
mod pages;
mod pay;
mod payment_methods;
mod purchases;
mod reconciliation;
mod redirects;
mod risk;
mod sessions_page;
mod testing;
mod three_ds;
mod tokens;
mod webhooks;
mod widget;
