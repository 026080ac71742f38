//! What merchants are told, signed: how many notifications a second leave the gateway, beside how often one core can make
//! the signature alone; and how soon one leaves that nothing waits before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use env::Stopwatch;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::gateway::Gateway;

const MERCHANTS: usize = 8;
const WEBHOOKS_EACH: usize = 8;
/// Of each merchant; all its webhooks are told that each was made, and then that it was cancelled.
const PURCHASES_EACH: usize = 150;
/// What is told one after the other, with nothing else to do.
const ALONE: usize = 200;

/// Somebody who takes everything at once.
struct Receiver {
    url: String,
    heard: Arc<AtomicU64>,
    called: Arc<Notify>,
}

impl Receiver {
    async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (heard, called) = (Arc::<AtomicU64>::default(), Arc::<Notify>::default());
        let receiver = Self { url, heard: Arc::clone(&heard), called: Arc::clone(&called) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, Arc::clone(&heard), Arc::clone(&called)));
            }
        });
        Ok(receiver)
    }

    fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }
}

async fn take(mut stream: TcpStream, heard: Arc<AtomicU64>, called: Arc<Notify>) {
    let mut buffer = Vec::with_capacity(16 * 1024);
    let _ = stream.set_nodelay(true);
    loop {
        let request = whole(&mut stream, &mut buffer).await;
        let Ok(Some(length)) = request else { return };
        heard.fetch_add(1, Ordering::Relaxed);
        called.notify_one();
        buffer.drain(..length);
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

/// Reads until a whole message is there and tells its length; `None` at the end.
async fn whole(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<Option<usize>> {
    loop {
        if let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            let length = head + 4 + length.parse::<usize>()?;
            if buffer.len() >= length {
                return Ok(Some(length));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// One call of the gateway.
async fn call(gateway: &Gateway, key: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        gateway.address,
        body.len()
    );
    let mut stream = TcpStream::connect(gateway.address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let text = String::from_utf8(answer)?;
    let (head, body) = text.split_once("\r\n\r\n").context("an answer")?;
    if !head.starts_with("HTTP/1.1 20") {
        bail!("the server answered {text}");
    }
    Ok(serde_json::from_str(body)?)
}

/// A merchant whose webhooks lead to the receiver: its key, and what it orders.
async fn merchant(gateway: &Gateway, receiver: &Receiver, webhooks: usize) -> anyhow::Result<(String, Value)> {
    let made = call(gateway, "bench", "/sandbox/merchants", &json!({})).await?;
    let text = |name: &str| made["purchases"][name].as_str().context("a credential").map(str::to_owned);
    let (key, brand) = (text("secret_key")?, text("brand_id")?);
    for number in 0..webhooks {
        let url = format!("{}/{number}", receiver.url);
        let webhook =
            json!({ "title": "bench", "callback": url, "events": ["purchase.created", "purchase.cancelled"] });
        call(gateway, &key, "/api/v1/webhooks/", &webhook).await?;
    }
    let order = json!({
        "brand_id": brand,
        "client": { "email": "ada@example.com" },
        "purchase": { "products": [{ "name": "Tea", "price": 450 }] },
    });
    Ok((key, order))
}

/// Signatures per second of one core.
pub(crate) fn signatures() -> anyhow::Result<u64> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow::anyhow!("no key"))?;
    let (random, body) = (SystemRandom::new(), vec![b'x'; 4 * 1024]);
    let mut signature = vec![0; pair.public_modulus_len()];
    let (watch, mut count) = (Stopwatch::start(), 0);
    while watch.elapsed() < Duration::from_secs(2) {
        let signed = pair.sign(&RSA_PKCS1_SHA256, &random, &body, &mut signature);
        signed.map_err(|_| anyhow::anyhow!("no signature"))?;
        count += 1;
    }
    Ok(count / 2)
}

/// Notifications that arrive per second once the workers start, all written down before.
pub(crate) async fn drained(gateway: &Gateway) -> anyhow::Result<u64> {
    let receiver = Receiver::start().await?;
    for _ in 0..MERCHANTS {
        let (key, order) = merchant(gateway, &receiver, WEBHOOKS_EACH).await?;
        for _ in 0..PURCHASES_EACH {
            let made = call(gateway, &key, "/api/v1/purchases/", &order).await?;
            let id = made["id"].as_str().context("an id")?;
            call(gateway, &key, &format!("/api/v1/purchases/{id}/cancel/"), &json!({})).await?;
        }
    }
    let all = u64::try_from(MERCHANTS * WEBHOOKS_EACH * PURCHASES_EACH * 2)?;
    let watch = Stopwatch::start();
    gateway.start_workers();
    while receiver.heard() < all {
        receiver.called.notified().await;
    }
    let millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    Ok(all * 1_000 / millis)
}

/// The median time from asking for a purchase to the first call that tells of it, in microseconds: more than from the
/// commit.
pub(crate) async fn alone(gateway: &Gateway) -> anyhow::Result<u128> {
    let receiver = Receiver::start().await?;
    let (key, order) = merchant(gateway, &receiver, 1).await?;
    let mut took = vec![];
    for _ in 0..ALONE {
        let (heard, watch) = (receiver.heard(), Stopwatch::start());
        let asked = call(gateway, &key, "/api/v1/purchases/", &order);
        let told = async {
            while receiver.heard() == heard {
                receiver.called.notified().await;
            }
            watch.elapsed().as_micros()
        };
        let (asked, micros) = tokio::join!(asked, told);
        asked?;
        took.push(micros);
    }
    took.sort_unstable();
    Ok(took[took.len() / 2])
}
