//! Whom we call, what we make of answers, and what a call costs us. The receivers are played here.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{MerchantId, Mode};
use store::{Delivery, Endpoint};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::sleep;

use super::*;
use crate::webhooks::tests::delivery;

mod answers;
mod certificates;
mod inside;
mod reuse;

/// What the look-ups of a name answer, one after the other; the last answer stays. Other names have no address.
#[derive(Default)]
pub(super) struct Script {
    names: HashMap<String, Mutex<Vec<Vec<IpAddr>>>>,
    look_ups: AtomicUsize,
}

impl Script {
    /// Answers are divided by `|`, the addresses of one by spaces.
    fn name(mut self, name: &str, answers: &str) -> Self {
        let parse = |answer: &str| answer.split_whitespace().map(|ip| ip.parse().expect(ip)).collect();
        self.names.insert(name.to_owned(), Mutex::new(answers.split('|').map(parse).collect()));
        self
    }

    pub(super) fn look_up(&self, name: &str, port: u16) -> Vec<SocketAddr> {
        self.look_ups.fetch_add(1, Ordering::SeqCst);
        let Some(answers) = self.names.get(name) else { return vec![] };
        let mut answers = answers.lock().expect("not poisoned");
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        answer.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
    }
}

/// A call that came: over which connection, to which address, and what it said.
#[derive(Debug, Clone)]
struct Heard {
    connection: usize,
    to: IpAddr,
    head: String,
    body: String,
}

impl Heard {
    fn path(&self) -> &str {
        self.head.split(' ').nth(1).expect("a path")
    }
}

/// What is sent back.
enum Reply {
    /// And the connection stays open.
    Say(String),
    /// Somewhat later.
    SayAfter(Duration, String),
    /// And then the connection is cut.
    SayAndCut(String),
    /// And then the piece, again and again, with a pause before each.
    SayAndRepeat(String, String, Duration),
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn redirect(status: &str, location: &str) -> Reply {
    Reply::Say(format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
}

/// Somebody who is called.
#[derive(Default)]
struct Receiver {
    /// The address of ours that each connection was made to.
    dialled: Mutex<Vec<IpAddr>>,
    heard: Mutex<Vec<Heard>>,
    open: AtomicUsize,
    written: AtomicUsize,
}

impl Receiver {
    /// Listens on a port of its own on this machine.
    async fn here(reply: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> (Arc<Self>, String) {
        let receiver = Arc::new(Self::default());
        let address = receiver.listen("127.0.0.1:0", reply).await;
        (receiver, format!("http://{address}/"))
    }

    async fn listen(
        self: &Arc<Self>,
        address: &str,
        reply: impl Fn(&Heard) -> Reply + Send + Sync + 'static,
    ) -> SocketAddr {
        let address: SocketAddr = address.parse().expect("an address");
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.expect("a socket");
        // So that what was sent and not read is little.
        socket.set_send_buffer_size(16 * 1024).expect("a small buffer");
        socket.bind(address).expect("a port");
        let listener = socket.listen(1_024).expect("a port");
        let (address, receiver, reply) =
            (listener.local_addr().expect("an address"), Arc::clone(self), Arc::new(reply));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a call");
                let (receiver, reply) = (Arc::clone(&receiver), Arc::clone(&reply));
                let (to, connection) = receiver.dial(&stream);
                tokio::spawn(async move {
                    // Who called may be gone.
                    let _ = receiver.serve(stream, to, connection, &*reply).await;
                    receiver.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        address
    }

    fn dial(&self, stream: &TcpStream) -> (IpAddr, usize) {
        let to = stream.local_addr().expect("an address").ip().to_canonical();
        self.open.fetch_add(1, Ordering::SeqCst);
        let mut dialled = self.dialled.lock().expect("not poisoned");
        dialled.push(to);
        (to, dialled.len())
    }

    async fn serve(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        to: IpAddr,
        connection: usize,
        reply: &(dyn Fn(&Heard) -> Reply + Send + Sync),
    ) -> std::io::Result<()> {
        let mut read = Vec::new();
        loop {
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
            let text = String::from_utf8_lossy(&read).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() < length.map_or(0, |length| length.parse().expect("a length")) {
                continue;
            }
            read.clear();
            let heard = Heard { connection, to, head: head.to_owned(), body: body.to_owned() };
            let reply = reply(&heard);
            self.heard.lock().expect("not poisoned").push(heard);
            match reply {
                Reply::Say(said) => stream.write_all(said.as_bytes()).await?,
                Reply::SayAfter(pause, said) => {
                    sleep(pause).await;
                    stream.write_all(said.as_bytes()).await?;
                }
                Reply::SayAndCut(said) => return stream.write_all(said.as_bytes()).await,
                Reply::SayAndRepeat(said, piece, pause) => {
                    stream.write_all(said.as_bytes()).await?;
                    loop {
                        if !pause.is_zero() {
                            sleep(pause).await;
                        }
                        stream.write_all(piece.as_bytes()).await?;
                        self.written.fetch_add(piece.len(), Ordering::SeqCst);
                    }
                }
            }
        }
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("not poisoned").clone()
    }

    /// Over which connection each call came.
    fn connections(&self) -> Vec<usize> {
        self.heard().iter().map(|heard| heard.connection).collect()
    }

    /// To which addresses connections were made, those of this moment included.
    async fn dialled(&self) -> Vec<IpAddr> {
        sleep(Duration::from_millis(5)).await;
        self.dialled.lock().expect("not poisoned").clone()
    }

    fn forget(&self) {
        self.dialled.lock().expect("not poisoned").clear();
        self.heard.lock().expect("not poisoned").clear();
    }
}

fn of_merchant(number: u128) -> Destination {
    let told = delivery(1, Endpoint::Status { url: "http://shop.example/".to_owned() });
    Delivery { merchant_id: MerchantId::new(uuid::Uuid::from_u128(number)), ..told }.destination()
}

fn signature() -> (HeaderName, HeaderValue) {
    (HeaderName::from_static("x-signature"), HeaderValue::from_static("signed"))
}

/// Calls a receiver on this machine, on behalf of one merchant.
async fn post(outgoing: &Outgoing, url: &str) -> Result<Answered, SendError> {
    outgoing.post_signed(of_merchant(1), Mode::Test, url, vec![signature()], "{}").await
}

#[test]
fn the_token_comes_last_and_nothing_else_changes() {
    let token = DeliveryId::new(uuid::Uuid::from_u128(7));
    for (url, expected) in [
        ("https://shop.example", "https://shop.example/?token=T"),
        ("https://shop.example/hook", "https://shop.example/hook?token=T"),
        ("https://shop.example/hook?", "https://shop.example/hook?token=T"),
        ("https://shop.example/hook?a=b%20c&d=e+f#top", "https://shop.example/hook?a=b%20c&d=e+f&token=T"),
        ("https://shop.example/hook#top", "https://shop.example/hook?token=T"),
    ] {
        assert_eq!(expected.replace('T', &token.to_string()), with_token(url, token).expect(url).as_str(), "{url}");
    }
}

#[tokio::test]
async fn a_public_process_never_dials_inside() {
    let outgoing = Outgoing::new(Reach::Public, None);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "localhost",
        "localhost.",
    ] {
        let url = format!("http://{host}:{port}/");
        let answer = post(&outgoing, &url).await;
        assert!(matches!(answer, Err(SendError::NotPublic | SendError::Resolve)), "{url}: {answer:?}");
    }
    let dialled = timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(dialled.is_err(), "nobody connected");
}
