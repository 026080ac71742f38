//! Connections, and those that are kept for the next call to the same receiver.
//!
//! Under load a receiver is called again before its connection has been idle for long; then the next call goes the same
//! way. What rests is closed soon, before a receiver closes it and before one that serves a connection at a time waits
//! for us. Nothing is shared between merchants, and a new connection is always right: no call depends on an old one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use env::Stopwatch;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use store::Destination;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use tokio_util::io::InspectReader;
use tokio_util::task::AbortOnDropHandle;
use url::Host;

/// What is read of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// What is kept of it.
const EXCERPT_BYTES_MAX: usize = 1024;
/// How long a connection rests before it is closed.
const REST: Duration = Duration::from_millis(250);
/// From this age on a connection is used no more. Its address was checked when it was opened; and a receiver that serves
/// one connection at a time comes to each of eight well within the time for a call.
const AGE_MAX: Duration = Duration::from_secs(1);
const RESTING_MAX: usize = 256;
const RESTING_OF_DESTINATION_MAX: usize = 8;

/// The other end of a connection, and on whose behalf it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) to: Destination,
    pub(super) tls: bool,
    pub(super) host: Host,
    pub(super) port: u16,
}

impl Peer {
    /// Whether it may be called in live mode: a name, behind TLS, at the usual port (security S1).
    pub(super) fn is_live(&self) -> bool {
        self.tls && self.port == 443 && matches!(self.host, Host::Domain(_))
    }
}

/// An open connection.
pub(super) struct Line {
    sender: SendRequest<Full<Bytes>>,
    /// Whether anything came back since it was last asked.
    heard: Arc<AtomicBool>,
    opened: Stopwatch,
    _driver: AbortOnDropHandle<hyper::Result<()>>,
}

impl Line {
    pub(super) async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> hyper::Result<Self> {
        let heard = Arc::new(AtomicBool::new(false));
        let hears = Arc::clone(&heard);
        let stream = InspectReader::new(stream, move |bytes| {
            if !bytes.is_empty() {
                hears.store(true, Ordering::SeqCst);
            }
        });
        let (sender, connection) = http1::Builder::new()
            // `X-Signature` is spelt so on the wire: some receivers look it up by case (purchases-api 5.4).
            .title_case_headers(true)
            .max_buf_size(16 * 1024)
            .handshake(TokioIo::new(stream))
            .await?;
        let driver = AbortOnDropHandle::new(tokio::spawn(connection));
        Ok(Self { sender, heard, opened: Stopwatch::start(), _driver: driver })
    }

    /// Sends one request and waits for the head of its answer.
    pub(super) async fn ask(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        self.heard.store(false, Ordering::SeqCst);
        self.sender.send_request(request).await
    }

    /// Whether any byte of an answer came.
    pub(super) fn has_heard(&self) -> bool {
        self.heard.load(Ordering::SeqCst)
    }
}

/// Reads what is read of an answer, for so long at most: the first of its bytes, and whether it was read to its end.
pub(super) async fn read(answer: &mut Response<Incoming>, at_most: Duration) -> (Vec<u8>, bool) {
    let (mut excerpt, mut read) = (vec![], 0);
    let to_the_end = async {
        while let Some(frame) = answer.body_mut().frame().await {
            let Ok(frame) = frame else { return false };
            let data = frame.data_ref().map_or(&[][..], |data| data);
            excerpt.extend(data.iter().take(EXCERPT_BYTES_MAX - excerpt.len()));
            read += data.len();
            if read > ANSWER_BYTES_MAX {
                return false;
            }
        }
        true
    };
    let ended = timeout(at_most, to_the_end).await.unwrap_or(false);
    (excerpt, ended && answer.version() == Version::HTTP_11)
}

/// Connections that rest.
#[derive(Default)]
pub(super) struct Resting(Arc<Mutex<Vec<Rested>>>);

struct Rested {
    peer: Peer,
    line: Line,
    since: Stopwatch,
}

impl Resting {
    /// The one that was used last, for it is the likeliest to be open.
    pub(super) fn take(&self, peer: &Peer) -> Option<Line> {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |rested: &Rested| {
            rested.peer == *peer
                && rested.line.sender.is_ready()
                && rested.line.opened.elapsed() < AGE_MAX
                && rested.since.elapsed() < REST
        };
        let at = resting.iter().rposition(fits)?;
        Some(resting.remove(at).line)
    }

    /// Keeps a connection whose answer was read to its end. One that the receiver closes is never taken again.
    pub(super) fn keep(&self, peer: Peer, line: Line) {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_destination = resting.iter().filter(|rested| rested.peer.to == peer.to).count();
        if resting.len() >= RESTING_MAX
            || of_destination >= RESTING_OF_DESTINATION_MAX
            || line.opened.elapsed() >= AGE_MAX
        {
            return;
        }
        resting.push(Rested { peer, line, since: Stopwatch::start() });
        drop(resting);
        let resting = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            sleep(REST).await;
            if let Some(resting) = resting.upgrade() {
                resting.lock().unwrap_or_else(PoisonError::into_inner).retain(|rested| rested.since.elapsed() < REST);
            }
        });
    }
}
