//! How bodies are read: counted while they arrive, and not waited for without end.
//!
//! The time belongs to the body itself: [`crate::serve`] hands out bodies that fail once the client took too long, so
//! that it holds for whoever reads them.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Bytes, Frame, Incoming, SizeHint};
use tokio::time::Sleep;
use zeroize::Zeroizing;

use crate::connection::Connection;

/// Why there is no whole body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is, or says it is, longer than the limit: 413.
    TooLarge,
    /// The client took too long to send it: 408.
    TimedOut,
    /// The client broke off, or sent what is no body: 400.
    Broken,
}

/// The whole body, of at most `limit` bytes.
///
/// # Errors
/// See [`BodyError`]. The connection is closed after the answer, for the rest of the body may still come.
pub async fn read(mut body: Body, limit: usize) -> Result<Bytes, BodyError> {
    check_announced(&body, limit)?;
    // Most bodies come in one piece and are not copied.
    let Some(first) = next(&mut body).await? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(BodyError::TooLarge);
    }
    if body.is_end_stream() {
        return Ok(first);
    }
    let rest = usize::try_from(body.size_hint().lower()).unwrap_or(limit);
    let mut whole = Vec::with_capacity(first.len().saturating_add(rest).min(limit));
    whole.extend_from_slice(&first);
    while let Some(data) = next(&mut body).await? {
        append(&mut whole, &data, limit)?;
    }
    Ok(whole.into())
}

/// Like [`read`], for a body with card data: what is returned is wiped when dropped, and no copies are left behind by
/// a buffer that grew. (What the connection read it into is out of reach; the next request overwrites it.)
///
/// # Errors
/// See [`read`].
pub async fn read_secret(mut body: Body, limit: usize) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    check_announced(&body, limit)?;
    let mut whole = Zeroizing::new(Vec::with_capacity(limit));
    while let Some(data) = next(&mut body).await? {
        append(&mut whole, &data, limit)?;
    }
    Ok(whole)
}

fn check_announced(body: &Body, limit: usize) -> Result<(), BodyError> {
    let announced = body.size_hint().lower();
    if usize::try_from(announced).is_ok_and(|announced| announced <= limit) { Ok(()) } else { Err(BodyError::TooLarge) }
}

/// Never grows `whole` beyond `limit`.
fn append(whole: &mut Vec<u8>, data: &[u8], limit: usize) -> Result<(), BodyError> {
    if data.len() > limit.saturating_sub(whole.len()) {
        return Err(BodyError::TooLarge);
    }
    whole.extend_from_slice(data);
    Ok(())
}

/// The next piece of data. Trailers are skipped.
async fn next(body: &mut Body) -> Result<Option<Bytes>, BodyError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| if is_timeout(&error) { BodyError::TimedOut } else { BodyError::Broken })?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    error.is::<TimedOut>() || error.source().is_some_and(is_timeout)
}

/// The client took too long.
#[derive(Debug)]
struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client took too long to send the body")
    }
}

impl Error for TimedOut {}

/// A request's body that fails when it has not come whole within its time.
pub(crate) struct TimedBody {
    body: Incoming,
    timeout: Duration,
    /// Set up when the body is first waited for; few are.
    deadline: Option<Pin<Box<Sleep>>>,
    connection: Arc<Connection>,
}

impl TimedBody {
    pub(crate) fn new(body: Incoming, timeout: Duration, connection: Arc<Connection>) -> Self {
        Self { body, timeout, deadline: None, connection }
    }
}

impl hyper::body::Body for TimedBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Pending => {
                let deadline = this.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(this.timeout)));
                ready!(deadline.as_mut().poll(cx));
                Poll::Ready(Some(Err(TimedOut.into())))
            }
            Poll::Ready(frame) => {
                if frame.is_none() || this.body.is_end_stream() {
                    this.connection.body_is_read();
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A body in pieces that does not say how long it is.
    struct Pieces(VecDeque<Result<&'static [u8], BodyError>>);

    impl hyper::body::Body for Pieces {
        type Data = Bytes;
        type Error = Box<dyn Error + Send + Sync>;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(self.0.pop_front().map(|piece| match piece {
                Ok(data) => Ok(Frame::data(Bytes::from_static(data))),
                Err(BodyError::TimedOut) => Err(TimedOut.into()),
                Err(_) => Err("gone".into()),
            }))
        }
    }

    async fn check(pieces: &[Result<&'static [u8], BodyError>], limit: usize, expected: Result<&[u8], BodyError>) {
        let body = || Body::new(Pieces(pieces.iter().copied().collect()));
        assert_eq!(expected, read(body(), limit).await.as_deref().map_err(|error| *error));
        let secret = read_secret(body(), limit).await;
        assert_eq!(expected, secret.as_ref().map(|secret| secret.as_slice()).map_err(|error| *error));
        if let Ok(secret) = secret {
            assert_eq!(limit, secret.capacity(), "never moved");
        }
    }

    #[tokio::test]
    async fn whole_bodies_up_to_the_limit() {
        check(&[], 0, Ok(b"")).await;
        check(&[Ok(b"1234")], 4, Ok(b"1234")).await;
        check(&[Ok(b"12"), Ok(b""), Ok(b"34")], 4, Ok(b"1234")).await;
        check(&[Ok(b"12345")], 4, Err(BodyError::TooLarge)).await;
        check(&[Ok(b"1234"), Ok(b"5")], 4, Err(BodyError::TooLarge)).await;
        check(&[Ok(b"1"), Err(BodyError::Broken)], 4, Err(BodyError::Broken)).await;
        check(&[Ok(b"1"), Err(BodyError::TimedOut)], 4, Err(BodyError::TimedOut)).await;
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_long_is_not_read() {
        assert_eq!(Err(BodyError::TooLarge), read(Body::from("12345"), 4).await);
        assert_eq!(Err(BodyError::TooLarge), read_secret(Body::from("12345"), 4).await.map(|_| ()));
        assert_eq!(Ok(Bytes::from("1234")), read(Body::from("1234"), 4).await);
    }
}
