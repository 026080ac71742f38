//! What a merchant's server is told, over real sockets (purchases-api 5; security W1-W3).

use std::io::Write;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use env::Env;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::app::{App, GOOD, START, card, until_the_crash};

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
pub(crate) const SORRY: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// When, by the gateway's clock: seconds since the start.
    pub(crate) at: i64,
    /// Method and path.
    pub(crate) asked: String,
    /// As spelt.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    /// A header by its exact spelling.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a header, however it is spelt.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn path(&self) -> String {
        self.asked.split_once(' ').unwrap().1.to_owned()
    }

    pub(crate) fn method(&self) -> &str {
        self.asked.split_once(' ').unwrap().0
    }

    /// Whether nothing in it vouches for it.
    pub(crate) fn unsigned(&self) -> bool {
        self.header("X-Signature").is_none()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A merchant's server.
pub(crate) struct Receiver {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    /// Answers each request with what `answer` says of it.
    pub(crate) async fn start(env: Env, answer: impl Fn(&Heard) -> String + Send + Sync + 'static) -> Self {
        Self::behind(env, Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)), answer).await
    }

    /// Answers only as `gate` lets it.
    async fn behind(env: Env, gate: Arc<Semaphore>, answer: impl Fn(&Heard) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(vec![]));
        let answer = Arc::new(answer);
        let list = Arc::clone(&heard);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (env, gate, answer, list) =
                    (env.clone(), Arc::clone(&gate), Arc::clone(&answer), Arc::clone(&list));
                tokio::spawn(async move {
                    let mut stream = stream;
                    let heard = read(&mut stream, env.now().seconds() - START).await;
                    let words = answer(&heard);
                    list.lock().unwrap().push(heard);
                    let _permit = gate.acquire().await;
                    // The gateway may have gone.
                    let _ = stream.write_all(words.as_bytes()).await;
                });
            }
        });
        Self { address, heard, serving }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// The one request there was.
    fn only(&self) -> Heard {
        let heard = self.heard();
        assert_eq!(1, heard.len(), "{heard:?}");
        heard[0].clone()
    }
}

async fn read(stream: &mut TcpStream, at: i64) -> Heard {
    let mut bytes = vec![];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        assert_ne!(0, stream.read_buf(&mut bytes).await.unwrap(), "the head ends early");
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    let asked = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < head + 4 + length {
        assert_ne!(0, stream.read_buf(&mut bytes).await.unwrap(), "the body ends early");
    }
    let body = bytes.split_off(head + 4);
    assert_eq!(length, body.len());
    Heard { at, asked, headers, body }
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
}

pub(crate) fn minutes(heard: &[Heard]) -> Vec<i64> {
    assert!(heard.iter().all(|heard| heard.at % 60 == 0), "to the second");
    heard.iter().map(|heard| heard.at / 60).collect()
}

async fn public_key(app: &App) -> String {
    app.get("/public_key/").await.json().as_str().unwrap().to_owned()
}

pub(crate) fn verifies(pem: &str, body: &[u8], signature: &str) -> bool {
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(der).unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der).verify(body, &signature).is_ok()
}

fn openssl_verifies(pem: &str, body: &[u8], signature: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        path
    };
    let (key, signature) = (write("key.pem", pem.as_bytes()), write("signature", &STANDARD.decode(signature).unwrap()));
    let body = write("body", body);
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-verify"]).arg(key).arg("-signature").arg(signature).arg(body);
    let said = command.output().expect("openssl is installed");
    String::from_utf8_lossy(&said.stdout).contains("Verified OK")
}

#[tokio::test]
async fn a_payment_is_told_once_and_signed() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let id = app.purchase_id(json!({ "success_callback": shop.url("/callback?wc-api=x") })).await;
    app.pay(&id, &card(GOOD)).await;
    app.advance(0).await;
    let heard = shop.only();
    assert_eq!("POST /callback?wc-api=x", heard.asked);
    assert_eq!(Some("application/json"), heard.header("Content-Type"));
    assert_eq!(Some(shop.address.to_string().as_str()), heard.header("Host"));

    let mut body = heard.json();
    assert_eq!(Some(json!("purchase.paid")), body.as_object_mut().unwrap().remove("event_type"));
    assert_eq!(app.show(&id).await, body, "the purchase itself, and the name of the event");

    let signature = heard.header("X-Signature").expect("spelt so on the wire");
    let key = public_key(&app).await;
    assert!(verifies(&key, &heard.body, signature));
    assert!(openssl_verifies(&key, &heard.body, signature));
    let mut changed = heard.body.clone();
    changed[10] ^= 1;
    assert!(!verifies(&key, &changed, signature) && !openssl_verifies(&key, &changed, signature));
    let live = app.api(axum::http::Method::GET, "/public_key/", &app.merchant.live_secret_key, "").await.json();
    assert!(!verifies(live.as_str().unwrap(), &heard.body, signature), "the key of the other mode");

    app.advance(3 * 86_400).await;
    shop.only();
    app.audit();
}

/// Plugins give one address for everything and tell a callback from a payer by its signature; what they answer leads on to
/// a page of the shop's (purchases-api 9 #14, #15).
#[tokio::test]
async fn one_address_is_called_back_and_led_to() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |heard| {
        if heard.unsigned() { OK.into() } else { redirect(302, "/thanks?id=7") }
    })
    .await;
    let here = shop.url("/?wc-api=tollgate&id=7");
    let order = json!({ "success_redirect": here, "failure_redirect": here, "success_callback": here });
    let id = app.purchase_id(order).await;
    let form = "cardholder_name=Ada+Example&card_number=4444333322221111&expires=12%2F30&cvc=123";
    let answer = app.ask_form(&format!("/p/{id}/direct_post/"), form.to_owned()).await;
    assert_eq!((302, here.as_str()), (answer.status, answer.header("location")));
    app.advance(0).await;
    let heard = shop.heard();
    let asked: Vec<_> = heard.iter().map(|heard| (heard.asked.as_str(), heard.unsigned())).collect();
    assert_eq!(vec![("POST /?wc-api=tollgate&id=7", false), ("GET /thanks?id=7", true)], asked);
    app.advance(3 * 86_400).await;
    assert_eq!(2, shop.heard().len(), "delivered, and not repeated");
    app.audit();
}

#[tokio::test]
async fn with_workers_nobody_has_to_ask() {
    let app = App::new().await;
    app.engine.start_workers();
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let id = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&id, &card(GOOD)).await;
    while shop.heard().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!((0, "paid"), (shop.only().at, shop.only().json()["status"].as_str().unwrap()));
}

#[tokio::test]
async fn whoever_asks_while_being_told_sees_the_same() {
    let app = App::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let shop = Receiver::behind(app.engine.env().clone(), Arc::clone(&gate), |_| OK.into()).await;
    let id = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&id, &card(GOOD)).await;
    let (seen, ()) = tokio::join!(
        async {
            while shop.heard().is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            let seen = app.show(&id).await;
            gate.add_permits(1);
            seen
        },
        app.advance(0)
    );
    assert_eq!(("paid", "paid"), (seen["status"].as_str().unwrap(), shop.only().json()["status"].as_str().unwrap()));
}

#[tokio::test]
async fn a_refused_callback_comes_again_and_is_given_up_at_last() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| SORRY.into()).await;
    let id = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&id, &card(GOOD)).await;
    app.advance(0).await;
    shop.only();
    app.advance(119).await;
    shop.only();
    app.advance(1).await;
    assert_eq!(vec![0, 2], minutes(&shop.heard()));
    assert_eq!((1, 0), (app.counted("notifications_open").await, app.counted("notifications_given_up").await));
    app.advance(10 * 86_400).await;
    assert_eq!((0, 1), (app.counted("notifications_open").await, app.counted("notifications_given_up").await));
    let heard = shop.heard();
    assert_eq!(vec![0, 2, 8, 26, 80, 242, 728, 2_186], minutes(&heard));
    let key = public_key(&app).await;
    for again in &heard {
        assert_eq!(heard[0].body, again.body);
        assert!(verifies(&key, &again.body, again.header("X-Signature").unwrap()));
    }
    app.audit();
}

#[tokio::test]
async fn what_was_delivered_late_does_not_come_again() {
    let app = App::new().await;
    let shop =
        Receiver::start(app.engine.env().clone(), |heard| if heard.at < 8 * 60 { SORRY } else { OK }.into()).await;
    let id = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&id, &card(GOOD)).await;
    app.advance(10 * 86_400).await;
    assert_eq!(vec![0, 2, 8], minutes(&shop.heard()));
}

#[tokio::test]
async fn the_story_told_is_that_of_the_moment() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |heard| if heard.at == 0 { SORRY } else { OK }.into()).await;
    let first = app.purchase_id(json!({ "success_callback": shop.url("/first") })).await;
    // Paid without a look at the page, which is looked at before anything is told ...
    app.submit(&first, card(GOOD).body(&app.token(&first))).await;
    let paid = app.show(&first).await;
    app.page(&format!("/p/{first}/invoice/")).await;
    assert_eq!((json!(null), json!(START)), (paid["viewed_on"].clone(), app.show(&first).await["viewed_on"].clone()));
    app.advance(0).await;
    let mut told = shop.only().json();
    told.as_object_mut().unwrap().remove("event_type");
    assert_eq!(paid, told);

    // ... or between two tries.
    let second = app.purchase_id(json!({ "success_callback": shop.url("/second") })).await;
    app.submit(&second, card(GOOD).body(&app.token(&second))).await;
    app.advance(0).await;
    app.page(&format!("/p/{second}/invoice/")).await;
    app.advance(120).await;
    let heard: Vec<Heard> = shop.heard().into_iter().filter(|heard| heard.asked == "POST /second").collect();
    assert_eq!(vec![0, 2], minutes(&heard));
    assert_eq!(heard[0].body, heard[1].body);
    assert_eq!(json!(null), heard[1].json()["viewed_on"]);
}

#[tokio::test]
async fn an_answer_that_leads_on_is_followed_without_the_secret_parts() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |heard| {
        if heard.asked.ends_with("/callback") { redirect(302, "/thanks") } else { OK.into() }
    })
    .await;
    let id = app.purchase_id(json!({ "success_callback": shop.url("/callback") })).await;
    app.pay(&id, &card(GOOD)).await;
    app.advance(10 * 86_400).await;
    let heard = shop.heard();
    let asked: Vec<&str> = heard.iter().map(|heard| heard.asked.as_str()).collect();
    assert_eq!(vec!["POST /callback", "GET /thanks"], asked, "delivered at the end of the way");
    assert!(heard[0].header("X-Signature").is_some());
    assert_eq!((None, 0), (heard[1].header("X-Signature"), heard[1].body.len()));
}

#[tokio::test]
async fn what_it_leads_to_decides() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |heard| {
        if heard.asked.ends_with("/callback") { redirect(303, "/broken") } else { SORRY.into() }
    })
    .await;
    let id = app.purchase_id(json!({ "success_callback": shop.url("/callback") })).await;
    app.pay(&id, &card(GOOD)).await;
    app.advance(120).await;
    let asked: Vec<(i64, String)> = shop.heard().into_iter().map(|heard| (heard.at, heard.asked)).collect();
    let expected = [(0, "POST /callback"), (0, "GET /broken"), (120, "POST /callback"), (120, "GET /broken")];
    assert_eq!(expected.map(|(at, asked)| (at, asked.to_owned())).to_vec(), asked);
}

#[tokio::test]
async fn a_body_is_posted_again_to_the_same_host_only() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |heard| match heard.asked.as_str() {
        "POST /moved" => redirect(307, "/here"),
        // The same machine under another name.
        "POST /abroad" => {
            let port = heard.header("Host").unwrap().rsplit_once(':').unwrap().1;
            redirect(308, &format!("http://localhost:{port}/stolen"))
        }
        _ => OK.into(),
    })
    .await;
    let moved = app.purchase_id(json!({ "success_callback": shop.url("/moved") })).await;
    app.pay(&moved, &card(GOOD)).await;
    app.advance(0).await;
    let heard = shop.heard();
    assert_eq!(vec!["POST /moved", "POST /here"], heard.iter().map(|heard| heard.asked.as_str()).collect::<Vec<_>>());
    assert_eq!((&heard[0].body, heard[0].header("X-Signature")), (&heard[1].body, heard[1].header("X-Signature")));

    let abroad = app.purchase_id(json!({ "success_callback": shop.url("/abroad") })).await;
    app.pay(&abroad, &card(GOOD)).await;
    app.advance(120).await;
    let asked: Vec<String> = shop.heard().into_iter().skip(2).map(|heard| heard.asked).collect();
    assert_eq!(vec!["POST /abroad", "POST /abroad"], asked, "not followed, and so not delivered");
}

#[tokio::test]
async fn an_endless_way_is_left_after_five_steps() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| redirect(302, "/again")).await;
    let id = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&id, &card(GOOD)).await;
    app.advance(0).await;
    assert_eq!(6, shop.heard().len());
    app.advance(120).await;
    assert_eq!(12, shop.heard().len(), "a failure as any other");
}

#[tokio::test]
async fn a_dead_endpoint_holds_up_nobody_else() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let dead = app.purchase_id(json!({ "success_callback": nobody })).await;
    app.pay(&dead, &card(GOOD)).await;
    for _ in 0..3 {
        let id = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
        app.pay(&id, &card(GOOD)).await;
    }
    app.advance(0).await;
    assert_eq!(3, shop.heard().len());
    app.audit();
}

#[tokio::test]
async fn money_that_was_not_taken_is_not_told() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let to = |order: Value| {
        let mut order = order;
        order["success_callback"] = shop.url("/").into();
        order
    };
    let declined = app.purchase_id(to(json!({}))).await;
    app.pay(&declined, &card("4000009900050009")).await;
    let held = app.purchase_id(to(json!({ "skip_capture": true }))).await;
    app.pay(&held, &card(GOOD)).await;
    let checked = app.purchase_id(to(json!({ "skip_capture": true, "purchase": { "total_override": 0 } }))).await;
    app.pay(&checked, &card(GOOD)).await;
    let cancelled = app.purchase_id(to(json!({}))).await;
    app.cancel(&cancelled).await;
    let half = app.purchase_id(to(json!({}))).await;
    app.pay(&half, &card("4000009900005102")).await;
    let expired = app.purchase_id(to(json!({ "purchase": { "due_strict": true } }))).await;
    app.advance(86_400).await;
    assert_eq!("expired", app.status(&expired).await);
    assert_eq!(0, shop.heard().len());

    let found = app.purchase_id(to(json!({}))).await;
    app.pay(&found, &card("4000009900000608")).await;
    app.advance(4).await;
    assert_eq!(0, shop.heard().len(), "not while in doubt");
    app.advance(1).await;
    assert_eq!(found, shop.only().json()["id"].as_str().unwrap());
    app.audit();
}

#[test]
fn a_crash_between_two_tries_changes_nothing() {
    let shops = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let shop = shops.block_on(async {
        let env = Env::still(domain::Timestamp::from_seconds(START), 1);
        Receiver::start(env, |heard| if heard.asked == "POST /late" { SORRY } else { OK }.into()).await
    });
    let home = until_the_crash(async {
        let app = App::new().await;
        for path in ["/late", "/never-told"] {
            let id = app.purchase_id(json!({ "success_callback": shop.url(path) })).await;
            app.submit(&id, card(GOOD).body(&app.token(&id))).await;
            if path == "/late" {
                app.advance(0).await;
                app.page(&format!("/p/{id}/invoice/")).await;
            }
        }
        app.leave()
    });
    until_the_crash(async {
        let app = App::again(home).await;
        app.advance(120).await;
        app.audit();
    });
    let heard = shop.heard();
    let asked: Vec<&str> = heard.iter().map(|heard| heard.asked.as_str()).collect();
    assert_eq!(vec!["POST /late", "POST /never-told", "POST /late"], asked);
    assert_eq!(heard[0].body, heard[2].body);
    assert_eq!(heard[0].header("X-Signature"), heard[2].header("X-Signature"), "signed with the same key");
}
