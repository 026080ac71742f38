//! The real binary: started, stopped, killed, misconfigured and attacked as it will be run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod client;
mod dialects;
mod gateway;
mod machines;
mod mail;
mod oracle;
mod power;
mod receivers;
mod shoppers;

mod administration;
mod audit;
mod bad_input;
mod card_payments;
mod configuration;
mod crash;
mod demo;
mod isolation;
mod live;
mod orchestration;
mod reconciliation;
mod redaction;
mod simulate;
mod start;
mod storm;
