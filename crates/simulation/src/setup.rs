//! What every run begins with: a store with one merchant in it, its credentials, and the addresses that are told of what
//! happens. It is made once; making keys takes longer than a run.

use std::sync::Arc;

use axum::http::Method;
use env::Env;

use crate::plan::{Step, Weather, What};
use crate::shop::{Ask, Client, Shop};
use crate::surroundings::Surroundings;
use crate::world::World;
use crate::{Failure, Gateway, START};

/// Who the clients are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    pub(crate) public_url: String,
    pub(crate) control: String,
    pub(crate) brand_id: String,
    pub(crate) secret_key: String,
    pub(crate) card_payments: (String, String),
    pub(crate) orchestration: (String, String),
}

/// What every run begins with.
pub(crate) struct Setup {
    pub(crate) image: Vec<u8>,
    pub(crate) credentials: Credentials,
}

const CLEAR_SKY: Weather = Weather { crash: 0, commit: 0, network: 0, receiver: 0, hang_up: 0 };
/// What a subscriber hears of.
const TOPICS: [&str; 3] = ["CARD_PAYMENT_AUTHORIZED", "CARD_PAYMENT_SETTLED", "CARD_PAYMENT_REFUNDED"];

impl Setup {
    pub(crate) fn make(gateway: &Gateway) -> Result<Self, Failure> {
        let env = Env::still(START, 0);
        let surroundings = Surroundings::new(0, CLEAR_SKY, env.clone(), true);
        let nobody = Arc::new(Shop::new(Credentials::default()));
        let mut world = World::new(gateway, surroundings.clone(), env.clone(), nobody, None)?;
        let (sender, made) = std::sync::mpsc::channel();
        let known = Credentials {
            public_url: gateway.public_url.clone(),
            control: gateway.control_token.clone(),
            ..Credentials::default()
        };
        let clients = surroundings.clone();
        world.run(async move {
            // Who waits for it is this very function.
            let _ = sender.send(make(&clients, &env, known).await);
        })?;
        let lines = || surroundings.lock().trace.lines().join("; ");
        let made = made.recv().ok().flatten();
        let credentials = made.ok_or_else(|| Failure::Broken(format!("no merchant could be made: {}", lines())))?;
        Ok(Self { image: world.image()?, credentials })
    }
}

async fn make(surroundings: &Surroundings, env: &Env, known: Credentials) -> Option<Credentials> {
    let step = Step { number: 0, at: std::time::Duration::ZERO, what: What::OpenPurchase, seed: 0 };
    let shop = Shop::new(known.clone());
    let client = Client::of(surroundings, env, &shop, &step);
    let ask = Ask::json(Method::POST, "/sandbox/merchants", &serde_json::Value::Null).bearer(&known.control);
    let made = client.insist(&ask).await?.json();
    let text = |dialect: &str, name: &str| made[dialect][name].as_str().unwrap_or_default().to_owned();
    let pair = |dialect: &str| (text(dialect, "client_id"), text(dialect, "client_secret"));
    let credentials = Credentials {
        brand_id: text("purchases", "brand_id"),
        secret_key: text("purchases", "secret_key"),
        card_payments: pair("card_payments"),
        orchestration: pair("orchestration"),
        ..known
    };
    let shop = Shop::new(credentials.clone());
    let client = Client::of(surroundings, env, &shop, &step);
    let webhook = serde_json::json!({
        "title": "All", "all_events": true, "callback": "https://shop.example/webhook",
    });
    let ask = Ask::json(Method::POST, "/api/v1/webhooks/", &webhook).bearer(&credentials.secret_key);
    client.insist(&ask).await.filter(|answer| answer.status == 201)?;
    for topic in TOPICS {
        let token = client.token("/oauth2/token", &credentials.card_payments).await?;
        let path = format!("/api/v1/events/callbacks?type={topic}&url=https://shop.example/{topic}");
        let ask = Ask::json(Method::POST, path, &serde_json::Value::Null).bearer(&token);
        client.insist(&ask).await.filter(|answer| answer.status == 204)?;
    }
    Some(credentials)
}
