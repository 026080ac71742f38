//! The store as the engine sees it, and as somebody sees it who edits its file by hand.

mod audit;
mod audit_memory;
mod commits;
mod customers;
mod deliveries;
mod opening;
mod records;
mod risk;
mod samples;
mod statements;
mod subscribers;
mod transactions;
mod webhooks;
