//! A thousand merchants' servers behind one port, told apart by their addresses. Some misbehave for a while. All that
//! they hear is noted, in the order in which it came.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const SORRY: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
const NO_PAGE: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
/// A slow one takes so long.
const SLOWNESS: Duration = Duration::from_secs(1);
/// So many calls hang at once at a server; then it says that it is sorry. The gateway makes eight at once to each.
const HANGING_MAX: usize = 4;
/// A body of so many is kept, to look at its signature.
const SAMPLE: u64 = 16;

/// What a server does with calls of purchases that are in trouble. The first tries of each notification fail where that
/// makes them fail; in the end everything arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Good,
    /// 500.
    Fails,
    /// No answer until it is calm.
    Hangs,
    /// The line breaks in the middle of the answer.
    Cuts,
    /// To a page that answers.
    Redirects,
    /// To a page that is not there.
    LeadsNowhere,
    Slow,
    /// Its answer never ends.
    Floods,
    /// Nobody listens until it is calm, whatever the purchase.
    Refuses,
}

impl Manner {
    pub(crate) const BAD: [Self; 8] = [
        Self::Fails,
        Self::Hangs,
        Self::Cuts,
        Self::Redirects,
        Self::LeadsNowhere,
        Self::Slow,
        Self::Floods,
        Self::Refuses,
    ];
}

/// Whether a server that misbehaves does so with what it is told of this purchase.
pub(crate) fn is_in_trouble(purchase: &str) -> bool {
    purchase.ends_with(|digit| matches!(digit, '0'..='7'))
}

/// A notification as it was heard.
pub(crate) struct Heard {
    pub(crate) endpoint: usize,
    pub(crate) purchase: String,
    pub(crate) event: String,
    hash: Vec<u8>,
    /// When each try came.
    pub(crate) came: Vec<u64>,
    /// When it was first answered well.
    pub(crate) well: Option<u64>,
    /// Body and `X-Signature` of some.
    pub(crate) sample: Option<(Vec<u8>, String)>,
}

/// All that was heard. Its moments are counted, not measured.
#[derive(Default)]
pub(crate) struct Log {
    moment: u64,
    /// By `webhook-id`.
    pub(crate) heard: HashMap<String, Heard>,
    /// How many notifications of a purchase a server took.
    pub(crate) taken: HashMap<(usize, String), usize>,
    /// What must not be.
    pub(crate) faults: Vec<String>,
}

impl Log {
    fn now(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    /// The number of this try, and the purchase.
    fn arrive(&mut self, endpoint: usize, request: Request) -> (usize, String) {
        let now = self.now();
        let hash = digest(&SHA256, &request.body).as_ref().to_vec();
        let heard = self.heard.entry(request.id.clone()).or_insert_with(|| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let related = &body["related_to"]["id"];
            let purchase = if related.is_null() { &body["id"] } else { related };
            Heard {
                endpoint,
                purchase: purchase.as_str().unwrap().to_owned(),
                event: body["event_type"].as_str().unwrap().to_owned(),
                hash: hash.clone(),
                came: vec![],
                well: None,
                sample: now.is_multiple_of(SAMPLE).then_some((request.body, request.signature)),
            }
        });
        if (heard.endpoint, &heard.hash) != (endpoint, &hash) {
            self.faults.push(format!("{} came again with other bytes or elsewhere", request.id));
        }
        heard.came.push(now);
        (heard.came.len(), heard.purchase.clone())
    }

    fn answered_well(&mut self, id: &str) {
        let now = self.now();
        if let Some(heard) = self.heard.get_mut(id).filter(|heard| heard.well.is_none()) {
            heard.well = Some(now);
            *self.taken.entry((heard.endpoint, heard.purchase.clone())).or_default() += 1;
        }
    }
}

struct Request {
    path: String,
    id: String,
    signature: String,
    body: Vec<u8>,
}

struct Shared {
    manners: Vec<Manner>,
    log: Mutex<Log>,
    arrivals: AtomicU64,
    misbehaved: AtomicU64,
    hanging: Vec<AtomicUsize>,
    is_calm: watch::Sender<bool>,
}

/// The servers, gone when this is.
pub(crate) struct Receivers {
    runtime: Runtime,
    shared: Arc<Shared>,
    port: u16,
    /// Bound, and nobody listens.
    closed: Option<TcpSocket>,
    closed_port: u16,
}

impl Receivers {
    pub(crate) fn start(manners: Vec<Manner>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let hanging = manners.iter().map(|_| AtomicUsize::new(0)).collect();
        let shared = Arc::new(Shared {
            manners,
            log: Mutex::default(),
            arrivals: AtomicU64::new(0),
            misbehaved: AtomicU64::new(0),
            hanging,
            is_calm: watch::Sender::new(false),
        });
        let bound = || {
            let _inside = runtime.enter();
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("0.0.0.0:0".parse().unwrap()).unwrap();
            let port = socket.local_addr().unwrap().port();
            (socket, port)
        };
        let ((open, port), (closed, closed_port)) = (bound(), bound());
        let receivers = Self { runtime, shared, port, closed: Some(closed), closed_port };
        receivers.listen(open);
        receivers
    }

    fn listen(&self, socket: TcpSocket) {
        let _inside = self.runtime.enter();
        let (listener, shared) = (socket.listen(1_024).unwrap(), Arc::clone(&self.shared));
        self.runtime.spawn(accept(listener, shared));
    }

    /// The address of a server: each is another host.
    pub(crate) fn url(&self, endpoint: usize) -> String {
        let port = if self.shared.manners[endpoint] == Manner::Refuses { self.closed_port } else { self.port };
        format!("http://127.1.{}.{}:{port}/hooks/{endpoint}", endpoint / 250, endpoint % 250 + 1)
    }

    pub(crate) fn manner(&self, endpoint: usize) -> Manner {
        self.shared.manners[endpoint]
    }

    /// How many calls came so far.
    pub(crate) fn arrivals(&self) -> u64 {
        self.shared.arrivals.load(Ordering::SeqCst)
    }

    /// How many of them were treated badly.
    pub(crate) fn misbehaved(&self) -> u64 {
        self.shared.misbehaved.load(Ordering::SeqCst)
    }

    /// While it is calm nobody hangs and nobody is slow, so that a clock that is moved need not wait for them.
    pub(crate) fn set_calm(&self, is_calm: bool) {
        self.shared.is_calm.send_replace(is_calm);
    }

    /// Those that refused connections take them from now on.
    pub(crate) fn open_all(&mut self) {
        if let Some(closed) = self.closed.take() {
            self.listen(closed);
        }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Log) -> T) -> T {
        read(&self.shared.log.lock().unwrap())
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

/// Serves a connection until one of both ends it.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut bytes = vec![];
    while let Some(request) = read(&mut stream, &mut bytes).await {
        if shared.answer(request, &mut stream).await.is_none() {
            return;
        }
    }
}

/// The next request, if it comes whole.
async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let header = |name: &str| {
                let found = head.lines().filter_map(|line| line.split_once(": "));
                found.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
            };
            let whole = end + 4 + header("content-length").map_or(0, |length| length.parse::<usize>().unwrap());
            if bytes.len() >= whole {
                let body = bytes[end + 4..whole].to_vec();
                bytes.drain(..whole);
                return Some(Request {
                    path: head.split(' ').nth(1).unwrap().to_owned(),
                    id: header("webhook-id").unwrap_or_default(),
                    signature: header("x-signature").unwrap_or_default(),
                    body,
                });
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

impl Shared {
    /// Answers, or does not; `None` ends the connection. What is answered well is noted first: nobody can know of it
    /// before.
    async fn answer(&self, request: Request, stream: &mut TcpStream) -> Option<()> {
        if let Some(id) = request.path.strip_prefix("/thanks/") {
            return self.take(id, OK, stream).await;
        }
        let Some(endpoint) = request.path.strip_prefix("/hooks/").and_then(|number| number.parse().ok()) else {
            return say(NO_PAGE, stream).await;
        };
        let id = request.id.clone();
        let (number, purchase) = self.log.lock().unwrap().arrive(endpoint, request);
        self.arrivals.fetch_add(1, Ordering::SeqCst);
        let manner = self.manners[endpoint];
        // One, two or three times.
        let fails = number <= 1 + usize::from(id.as_bytes()[id.len() - 1] % 3);
        let is_bad = match manner {
            Manner::Good | Manner::Refuses => false,
            Manner::Fails | Manner::Hangs | Manner::Cuts | Manner::LeadsNowhere => fails,
            Manner::Redirects | Manner::Slow | Manner::Floods => true,
        };
        if !is_bad || !is_in_trouble(&purchase) {
            return self.take(&id, OK, stream).await;
        }
        self.misbehaved.fetch_add(1, Ordering::SeqCst);
        match manner {
            Manner::Good | Manner::Refuses => None,
            Manner::Fails => say(SORRY, stream).await,
            Manner::Hangs => self.hang(endpoint, stream).await,
            Manner::Cuts => {
                say("HTTP/1.1 200 OK\r\ncontent-le", stream).await?;
                None
            }
            Manner::Redirects => say(&to(&format!("/thanks/{id}")), stream).await,
            Manner::LeadsNowhere => say(&to("/nowhere"), stream).await,
            Manner::Slow => {
                if !*self.is_calm.borrow() {
                    tokio::time::sleep(SLOWNESS).await;
                }
                self.take(&id, OK, stream).await
            }
            Manner::Floods => {
                self.take(&id, "HTTP/1.1 200 OK\r\n\r\n", stream).await?;
                let flood = "more ".repeat(4_096);
                loop {
                    say(&flood, stream).await?;
                }
            }
        }
    }

    async fn take(&self, id: &str, answer: &str, stream: &mut TcpStream) -> Option<()> {
        self.log.lock().unwrap().answered_well(id);
        say(answer, stream).await
    }

    /// Until it is calm, or whoever called is gone.
    async fn hang(&self, endpoint: usize, stream: &mut TcpStream) -> Option<()> {
        let hanging = &self.hanging[endpoint];
        let (mut is_calm, mut nothing) = (self.is_calm.subscribe(), [0]);
        let is_full = hanging.fetch_add(1, Ordering::SeqCst) >= HANGING_MAX;
        if !is_full && !*is_calm.borrow() {
            tokio::select! {
                _ = is_calm.wait_for(|is_calm| *is_calm) => {}
                _ = stream.read(&mut nothing) => {}
            }
        }
        hanging.fetch_sub(1, Ordering::SeqCst);
        say(SORRY, stream).await?;
        None
    }
}

async fn say(words: &str, stream: &mut TcpStream) -> Option<()> {
    stream.write_all(words.as_bytes()).await.ok()
}

fn to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
}
