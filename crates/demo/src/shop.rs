//! The shop's server: what it knows of the gateway, how it calls it, and what it does with an order whatever the dialect.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use env::{Env, Stopwatch};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::catalogue::Thing;
use crate::client::{Answer, Client, Unanswered};
use crate::order::{Order, Orders};
use crate::plan::{Dialect, Plan};
use crate::signatures::Jwk;
use crate::story::{Answered, Arrived, Called, Content, KEPT_MAX, Once, Opens, Request, Step, Story, What};
use crate::{Merchant, OauthClient, card_payments, orchestration, purchases};

/// How long a token is used; it lives for an hour. Microseconds.
const TOKEN_LIFE: i64 = 50 * 60 * 1_000_000;

/// Everything that the shop's server holds.
pub(crate) struct Shop {
    env: Env,
    pub(crate) merchant: Merchant,
    client: Client,
    /// Where the gateway reaches the shop, without a slash at its end.
    callbacks: String,
    pub(crate) orders: Orders,
    /// Messages that belong to no order.
    pub(crate) strays: Story,
    /// In every form of the shop: nobody else's page knows it.
    pub(crate) form_token: String,
    /// The keys of the purchases API, once they were asked for.
    pub(crate) signers: Mutex<Option<Arc<purchases::Signers>>>,
    /// Held while a stored card is charged: its events may come before the answer that names the payment.
    pub(crate) charging: Mutex<()>,
    /// Whether the events of the card payments API lead here.
    pub(crate) subscribed: Mutex<bool>,
    /// The published keys of the orchestration API.
    pub(crate) keys: Mutex<Vec<Jwk>>,
}

/// Why the shop could not do something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The gateway said no.
    #[error("The gateway answered {status} to “{title}”. The story below shows what it said.")]
    Refused { title: &'static str, status: u16 },
    /// It said nothing.
    #[error("“{title}” got no answer: {why}. Nothing is known yet; ask again in a moment.")]
    Unanswered { title: &'static str, why: Unanswered },
    /// It said something that the shop does not understand.
    #[error("The answer to “{0}” lacks what the shop needs to go on.")]
    Odd(&'static str),
    /// The order is not there yet, or any more.
    #[error("There is nothing to do that with: the order was not opened at the gateway.")]
    NotOpen,
}

impl Shop {
    /// `listens_on` is where the gateway takes connections, and so where the shop does.
    pub(crate) fn new(env: Env, merchant: Merchant, listens_on: SocketAddr) -> Self {
        let base = &merchant.base_url;
        let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host).to_owned();
        Self {
            form_token: env.random_id().simple().to_string(),
            env,
            client: Client::new(listens_on, host),
            merchant,
            callbacks: format!("http://{listens_on}/demo/callbacks"),
            orders: Orders::default(),
            strays: Story::default(),
            signers: Mutex::default(),
            charging: Mutex::default(),
            subscribed: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    /// Microseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.env.now().micros()
    }

    /// A name for an operation, so that a repeat of it is none.
    pub(crate) fn once(&self, header: &'static str) -> Option<Once> {
        Some(Once { header, value: self.env.random_id().to_string() })
    }

    /// Where the gateway tells the shop something.
    pub(crate) fn callback(&self, path: &str) -> String {
        format!("{}/{path}", self.callbacks)
    }

    /// A page of an order, as browsers reach it.
    pub(crate) fn page(&self, order: &Order, rest: &str) -> String {
        format!("{}/demo/orders/{}{rest}", self.merchant.base_url, order.id)
    }

    /// Takes an order in.
    pub(crate) fn take(&self, thing: &'static Thing, plan: Plan) -> Arc<Order> {
        let id = self.env.random_id().simple().to_string();
        let order = Arc::new(Order::new(id, self.now(), thing, plan));
        self.orders.add(Arc::clone(&order));
        order
    }

    /// Makes a call and tells the story of it. Only an answer that it worked is one.
    pub(crate) async fn call(&self, story: &Story, request: Request) -> Result<Answer, Trouble> {
        let title = request.title;
        let mut headers = vec![("accept", "application/json".to_owned())];
        headers.extend(request.opens_with.header().map(|value| ("authorization", value)));
        headers.extend(request.content.kind().map(|kind| ("content-type", kind.to_owned())));
        headers.extend(request.once.as_ref().map(|once| (once.header, once.value.clone())));
        let (at, watch) = (self.now(), Stopwatch::start());
        let answer = self.client.send(&request.method, &request.target, &headers, &request.content.text()).await;
        let outcome = answer.as_ref().map(Answered::of).map_err(|why| *why);
        let called = Called { request, took: watch.elapsed(), outcome };
        story.tell(Step { at, what: What::Called(Box::new(called)) });
        match answer {
            Ok(answer) if answer.is_success() => Ok(answer),
            Ok(answer) => Err(Trouble::Refused { title, status: answer.status }),
            Err(why) => Err(Trouble::Unanswered { title, why }),
        }
    }

    /// Tells the story of a message that came then, in microseconds since 1970.
    pub(crate) fn tell(story: &Story, at: i64, arrived: Arrived) {
        story.tell(Step { at, what: What::Arrived(Box::new(arrived)) });
    }

    /// A token of this dialect for the calls of an order: the one it has, or a new one.
    pub(crate) async fn token(&self, order: &Order) -> Result<Opens, Trouble> {
        if let Some((token, until)) = order.known().token
            && until > self.now()
        {
            return Ok(Opens::Token(token));
        }
        let token = self.new_token(&order.story, order.plan.integration.dialect()).await?;
        order.learn(|known| known.token = Some((token.clone(), self.now() + TOKEN_LIFE)));
        Ok(Opens::Token(token))
    }

    /// A new token of a dialect.
    pub(crate) async fn new_token(&self, story: &Story, dialect: Dialect) -> Result<String, Trouble> {
        const TITLE: &str = "Get a token";
        let (client, target) = match dialect {
            Dialect::Orchestration => (&self.merchant.orchestration, "/oauth/token"),
            Dialect::Purchases | Dialect::CardPayments => (&self.merchant.card_payments, "/oauth2/token"),
        };
        let OauthClient { id, secret } = client.clone();
        let request = Request {
            title: TITLE,
            about: "The client’s name and secret become a token that opens this API for an hour.",
            content: Content::Form("grant_type=client_credentials"),
            ..Request::post(Opens::Client { id, secret }, target.to_owned())
        };
        let answer = self.call(story, request).await?;
        answer.json()["access_token"].as_str().map(str::to_owned).ok_or(Trouble::Odd(TITLE))
    }

    /// Opens a new order at the gateway, so that its payer can pay.
    pub(crate) async fn open(&self, order: &Order) -> Result<(), Trouble> {
        let _turn = order.turn.lock().await;
        match order.plan.integration.dialect() {
            Dialect::Purchases => purchases::open(self, order).await,
            Dialect::CardPayments => card_payments::open(self, order).await,
            Dialect::Orchestration => orchestration::open(self, order).await,
        }
    }

    /// Charges the card that another order kept, without its payer.
    pub(crate) async fn charge(&self, order: &Order, kept: &str) -> Result<(), Trouble> {
        let _turn = order.turn.lock().await;
        match order.plan.integration.dialect() {
            Dialect::Purchases => purchases::charge(self, order, kept).await,
            Dialect::CardPayments => card_payments::charge(self, order, kept).await,
            Dialect::Orchestration => orchestration::charge(self, order, kept).await,
        }
    }

    /// Asks the gateway how an order stands, and does what is next for the shop to do.
    pub(crate) async fn ask(&self, order: &Order) -> Result<(), Trouble> {
        let _turn = order.turn.lock().await;
        match order.plan.integration.dialect() {
            Dialect::Purchases => purchases::ask(self, order).await,
            Dialect::CardPayments => card_payments::ask(self, order).await,
            Dialect::Orchestration => orchestration::ask(self, order).await,
        }
    }

    /// Takes what is reserved.
    pub(crate) async fn capture(&self, order: &Order) -> Result<(), Trouble> {
        let _turn = order.turn.lock().await;
        match order.plan.integration.dialect() {
            Dialect::Purchases => purchases::capture(self, order).await,
            Dialect::CardPayments => card_payments::capture(self, order).await,
            Dialect::Orchestration => orchestration::capture(self, order).await,
        }
    }

    /// Gives back what is reserved.
    pub(crate) async fn release(&self, order: &Order) -> Result<(), Trouble> {
        let _turn = order.turn.lock().await;
        match order.plan.integration.dialect() {
            Dialect::Purchases => purchases::release(self, order).await,
            Dialect::CardPayments => card_payments::release(self, order).await,
            Dialect::Orchestration => orchestration::release(self, order).await,
        }
    }

    /// Gives back some of what was taken, in minor units.
    pub(crate) async fn refund(&self, order: &Order, amount: i64) -> Result<(), Trouble> {
        let _turn = order.turn.lock().await;
        match order.plan.integration.dialect() {
            Dialect::Purchases => purchases::refund(self, order, amount).await,
            Dialect::CardPayments => card_payments::refund(self, order, amount).await,
            Dialect::Orchestration => orchestration::refund(self, order, amount).await,
        }
    }
}

impl Trouble {
    /// Whether the gateway said no for good: neither that it does not know, nor that it was asked before.
    pub(crate) const fn is_no(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(status, 400..=408 | 410..=428),
            Self::Unanswered { .. } | Self::Odd(_) | Self::NotOpen => false,
        }
    }
}

impl Opens {
    /// The value of `Authorization`.
    fn header(&self) -> Option<String> {
        match self {
            Self::Public => None,
            Self::Key(key) => Some(format!("Bearer {key}")),
            Self::Client { id, secret } => Some(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))),
            Self::Token(token) => Some(format!("Bearer {token}")),
        }
    }
}

impl Answered {
    fn of(answer: &Answer) -> Self {
        let kept = &answer.body[..answer.body.len().min(KEPT_MAX)];
        Self { status: answer.status, body: String::from_utf8_lossy(kept).into_owned() }
    }
}

/// Amounts of an answer are integers, and never less than nothing.
pub(crate) fn minor(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0).max(0)
}
