//! A shop to try the gateway with. It is what a merchant's own server would be: it knows the addresses and credentials
//! of the sandbox, speaks plain HTTP to the gateway, is called back by it, and knows nothing else of it. No card number
//! and no code ever reaches it: payers give those to the gateway.
//!
//! A payer picks a thing (`catalogue.rs`) and a way to pay (`plan.rs`) on the shelf; `routes.rs` makes an order of it
//! (`order.rs`). The dialect's file (`purchases.rs`, `card_payments.rs`, `orchestration.rs`) makes the calls through
//! [`shop::Shop::call`], which writes each into the order's story (`story.rs`). Callbacks are verified
//! (`signatures.rs`), written into the story too, and acted on only when they are good. The order's page
//! (`pages.rs`) tells the story, with the code for each step (`snippets.rs`).

mod routes;

mod catalogue;
mod plan;

mod order;
mod story;

mod card_payments;
mod orchestration;
mod purchases;
mod shop;

mod client;
mod signatures;

mod forms;
mod pages;
mod pretty;
mod snippets;

pub use routes::router;

/// What a merchant knows of its own account: the entries of `sandbox.json`.
#[derive(Clone)]
pub struct Merchant {
    /// Where the gateway is reached by browsers, without a slash at its end.
    pub base_url: String,
    /// Its shop, which is its entity too.
    pub brand_id: String,
    /// Opens the purchases API.
    pub secret_key: String,
    /// Its client of the card payments API.
    pub card_payments: OauthClient,
    /// Its client of the orchestration API.
    pub orchestration: OauthClient,
}

/// What is asked for a token with.
#[derive(Clone)]
pub struct OauthClient {
    /// Its name.
    pub id: String,
    /// Its secret.
    pub secret: String,
}
