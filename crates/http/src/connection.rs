//! One connection: what it is doing, since when, and how long it may.
//!
//! hyper reads and writes through [`Io`], and what passes is noted here. A connection is looked at now and then
//! ([`Connection::patience`]) and closed when its client keeps us waiting: for the head of a request, for the next
//! request, or for taking the answer. The time for bodies is kept in [`crate::body`].
//!
//! All of it happens in the connection's one task; the atomics only make the compiler see that.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::MatchedPath;
use env::Stopwatch;
use hyper::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::serve::Limits;

/// What is known about one connection.
pub(crate) struct Connection {
    /// The other end of the socket.
    pub(crate) peer: IpAddr,
    age: Stopwatch,
    phase: AtomicU8,
    /// When the phase began, in microseconds of age.
    since: AtomicU64,
    /// Since when the client takes nothing of the answer, in microseconds of age; [`NOT_STALLED`] when it does.
    stalled_since: AtomicU64,
    /// Whether the body of the last request was not read to its end.
    is_body_unread: AtomicBool,
    /// Lines that begin with `Content-Length:`, in all bytes received.
    length_lines: AtomicU64,
    /// Those of them that hyper passed on as headers.
    lengths_passed: AtomicU64,
    /// The route of the request under way.
    route: Mutex<Option<MatchedPath>>,
}

/// The head of a request is on its way, or is due because the connection is new.
const HEAD: u8 = 0;
/// A request is being answered.
const BUSY: u8 = 1;
/// Between two requests.
const IDLE: u8 = 2;

const NOT_STALLED: u64 = u64::MAX;

impl Connection {
    pub(crate) fn new(peer: IpAddr) -> Self {
        Self {
            peer,
            age: Stopwatch::start(),
            phase: AtomicU8::new(HEAD),
            since: AtomicU64::new(0),
            stalled_since: AtomicU64::new(NOT_STALLED),
            is_body_unread: AtomicBool::new(false),
            length_lines: AtomicU64::new(0),
            lengths_passed: AtomicU64::new(0),
            route: Mutex::default(),
        }
    }

    /// How long it may go on before it has to be looked at again; `None` when it has kept us waiting too long.
    pub(crate) fn patience(&self, limits: &Limits) -> Option<Duration> {
        let stalled_since = self.stalled_since.load(Ordering::Relaxed);
        let (since, limit) = if stalled_since != NOT_STALLED {
            (stalled_since, limits.idle)
        } else {
            let since = self.since.load(Ordering::Relaxed);
            match self.phase.load(Ordering::Relaxed) {
                HEAD => (since, limits.header_timeout),
                IDLE => (since, limits.idle),
                // Ours to finish, however long it takes.
                _ => (self.micros(), Duration::MAX),
            }
        };
        let waited = Duration::from_micros(self.micros().saturating_sub(since));
        let rest = limit.checked_sub(waited).filter(|rest| !rest.is_zero())?;
        // The next phase may begin right now, and its time must not be missed.
        Some(rest.min(limits.header_timeout).min(limits.idle))
    }

    /// A request's head is here.
    pub(crate) fn begin_request(&self, has_body: bool) {
        self.is_body_unread.store(has_body, Ordering::Relaxed);
        self.phase.store(BUSY, Ordering::Relaxed);
    }

    /// Its answer is with hyper.
    pub(crate) fn end_request(&self) {
        self.enter(IDLE);
    }

    /// The body of the request came whole.
    pub(crate) fn body_is_read(&self) {
        self.is_body_unread.store(false, Ordering::Relaxed);
    }

    /// Whether bytes of a body may still come in.
    pub(crate) fn is_body_unread(&self) -> bool {
        self.is_body_unread.load(Ordering::Relaxed)
    }

    /// Whether the request says its length in two ways, `Transfer-Encoding` and `Content-Length`, as one does who wants
    /// a proxy and us to see different requests (security D5). hyper goes by the first and takes away the second, so
    /// this compares the lines received with the headers passed on. A client that sends requests without waiting for
    /// answers, or whose body had such a line, is refused too should it then use `Transfer-Encoding` on the same
    /// connection: rather that than miss one.
    ///
    /// To be asked once for every request.
    pub(crate) fn is_framed_twice(&self, headers: &HeaderMap) -> bool {
        let passed = u64::from(headers.contains_key(CONTENT_LENGTH));
        let passed = self.lengths_passed.fetch_add(passed, Ordering::Relaxed) + passed;
        headers.contains_key(TRANSFER_ENCODING) && self.length_lines.load(Ordering::Relaxed) > passed
    }

    /// Notes the route of the request under way.
    pub(crate) fn note_route(&self, route: Option<MatchedPath>) {
        *self.route.lock().unwrap_or_else(PoisonError::into_inner) = route;
    }

    /// The route of the request under way; none when it was not routed.
    pub(crate) fn take_route(&self) -> Option<MatchedPath> {
        self.route.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn received(&self, length_lines: u64) {
        if length_lines > 0 {
            self.length_lines.fetch_add(length_lines, Ordering::Relaxed);
        }
        if self.phase.load(Ordering::Relaxed) == IDLE {
            self.enter(HEAD);
        }
    }

    fn written(&self, is_stalled: bool) {
        if is_stalled {
            if self.stalled_since.load(Ordering::Relaxed) == NOT_STALLED {
                self.stalled_since.store(self.micros(), Ordering::Relaxed);
            }
            return;
        }
        self.stalled_since.store(NOT_STALLED, Ordering::Relaxed);
        // What hyper still had of an answer went on: the client is idle from now.
        if self.phase.load(Ordering::Relaxed) == IDLE {
            self.enter(IDLE);
        }
    }

    fn enter(&self, phase: u8) {
        self.since.store(self.micros(), Ordering::Relaxed);
        self.phase.store(phase, Ordering::Relaxed);
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.age.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// The socket of a connection, with what passes noted.
pub(crate) struct Io<S> {
    stream: S,
    length_lines: LengthLines,
    connection: Arc<Connection>,
}

impl<S> Io<S> {
    pub(crate) fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self { stream, length_lines: LengthLines::default(), connection }
    }

    pub(crate) fn into_stream(self) -> S {
        self.stream
    }

    fn note_write(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.connection.written(written.is_pending());
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Io<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let received = &buf.filled()[before..];
        if !received.is_empty() {
            let lines = self.length_lines.count(received);
            self.connection.received(lines);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Io<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note_write(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.note_write(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Counts lines that begin with `Content-Length:`, in any case and however the bytes are cut into reads. hyper refuses
/// a space before the colon and folded lines, so nothing else can be such a header.
#[derive(Default)]
struct LengthLines {
    matched: Matched,
}

/// How the current line compares with [`LENGTH_LINE`].
enum Matched {
    /// So many bytes are the same, and no other came.
    Bytes(usize),
    /// It is another, or is counted already.
    Not,
}

impl Default for Matched {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

const LENGTH_LINE: &[u8] = b"content-length:";

impl LengthLines {
    fn count(&mut self, mut bytes: &[u8]) -> u64 {
        let mut lines = 0;
        while let Some((byte, rest)) = bytes.split_first() {
            match self.matched {
                Matched::Bytes(matched) => {
                    bytes = rest;
                    self.matched = match byte {
                        b'\n' => Matched::Bytes(0),
                        byte if byte.eq_ignore_ascii_case(&LENGTH_LINE[matched]) => Matched::Bytes(matched + 1),
                        _ => Matched::Not,
                    };
                    if matches!(self.matched, Matched::Bytes(matched) if matched == LENGTH_LINE.len()) {
                        lines += 1;
                        self.matched = Matched::Not;
                    }
                }
                Matched::Not => match bytes.iter().position(|&byte| byte == b'\n') {
                    Some(end) => {
                        bytes = &bytes[end + 1..];
                        self.matched = Matched::Bytes(0);
                    }
                    None => return lines,
                },
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADS: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 1\r\nX-Content-Length: 2\r\n\r\nxcontent-length:\n\
        CONTENT-LENGTH:3\ncontent-lengt\ncontent-length :\n\ncontent-length:";

    #[test]
    fn length_lines_are_counted() {
        assert_eq!(3, LengthLines::default().count(HEADS));
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut(cuts in proptest::collection::vec(0..HEADS.len(), 0..20)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            cuts.push(HEADS.len());
            let mut counter = LengthLines::default();
            let mut start = 0;
            let mut lines = 0;
            for cut in cuts {
                lines += counter.count(&HEADS[start..cut]);
                start = cut;
            }
            prop_assert_eq!(3, lines);
        }
    }
}
