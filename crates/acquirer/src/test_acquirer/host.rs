//! The test acquirer that runs alone: what it answers to the calls of [`super::remote`].

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use domain::{LocalMeans, Timestamp};
use env::Env;
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Request, Response, StatusCode};
use serde::Serialize;
use zeroize::Zeroizing;

use super::book::Book;
use super::remote::{
    CLOCK, ERRANDS, Errand, NETWORK, PLANNED, ReportDoc, SETTLES_AFTER, TransactionDoc, ViewDoc, Word,
};
use super::{Desk, Error, Played};
use crate::protocol::{HttpRequest, HttpResponse, Method};

/// A test acquirer with a book of its own, for gateways in other processes. It has no clock but that of who calls: it
/// never goes back, and goes on with real time between calls.
#[derive(Clone)]
pub struct Host {
    desk: Desk,
}

impl Host {
    /// Opens `acquirer.db` in `dir`, or makes it with mode 0600.
    ///
    /// # Errors
    /// When the file cannot be had or is no book of ours.
    pub fn open(dir: &Path, env: Env) -> Result<Self, Error> {
        Ok(Self { desk: Desk { book: Book::open(dir, env.clone())?, env } })
    }

    /// Answers one call. What is approved is durable when this returns.
    pub async fn answer(&self, call: Request<Zeroizing<Vec<u8>>>) -> Response<Vec<u8>> {
        let (head, body) = call.into_parts();
        let Some((now, settles_after)) = caller(&head.headers) else { return bare(StatusCode::BAD_REQUEST) };
        self.desk.env.clock().move_to(now);
        let path = head.uri.path().to_owned();
        let mut answer = if path == ERRANDS {
            self.run(&body).await
        } else {
            match head.method {
                hyper::Method::GET => play(&self.desk, Method::Get, path, body, settles_after).await,
                hyper::Method::POST => play(&self.desk, Method::Post, path, body, settles_after).await,
                _ => bare(StatusCode::METHOD_NOT_ALLOWED),
            }
        };
        if pin!(self.desk.book.planned().notified()).enable() {
            answer.headers_mut().insert(PLANNED, HeaderValue::from_static("1"));
        }
        answer
    }

    /// Lets go of the file, after what was accepted is written.
    pub async fn close(&self) {
        self.desk.book.close().await;
    }

    async fn run(&self, body: &[u8]) -> Response<Vec<u8>> {
        let Ok(errand) = serde_json::from_slice::<Errand>(body) else { return bare(StatusCode::BAD_REQUEST) };
        let book = &self.desk.book;
        match errand {
            Errand::Recall(recall) => carried(self.desk.recall(recall).await),
            Errand::Transactions => match book.journal().await {
                Ok(lines) => found(Ok::<_, Error>(lines.into_iter().map(TransactionDoc::from).collect::<Vec<_>>())),
                Err(error) => found::<(), _>(Err(error)),
            },
            Errand::SettlementFile(from, until) => {
                let [from, until] = [from, until].map(Timestamp::from_micros);
                found(self.desk.settlement_file(from, until).await)
            }
            Errand::DueReports(until) => {
                let due = book.due_reports(Timestamp::from_micros(until)).await;
                found(due.map(|due| due.iter().map(ReportDoc::from).collect::<Vec<_>>()))
            }
            Errand::Acknowledge(report) => match report.report() {
                Some(report) => found(book.acknowledge(report).await),
                None => bare(StatusCode::BAD_REQUEST),
            },
            Errand::Postpone(report, again) => match report.report() {
                Some(report) => found(book.postpone(report, Timestamp::from_micros(again)).await),
                None => bare(StatusCode::BAD_REQUEST),
            },
            Errand::NextReport => found(book.next_report().await.map(|next| next.map(Timestamp::micros))),
            Errand::View(page) => found(book.view(page.to_string()).await.map(|view| view.map(ViewDoc::from))),
            Errand::DownBanks => {
                let down = book.down_banks().await;
                found(down.map(|down| down.iter().map(LocalMeans::to_string).collect::<Vec<_>>()))
            }
            Errand::SetBank(bank, up) => match LocalMeans::parse(&bank) {
                Some(bank) => found(book.set_bank(bank, up).await),
                None => bare(StatusCode::BAD_REQUEST),
            },
            Errand::Decide(page, choice) => found(book.decide(page.to_string(), choice.into()).await),
        }
    }
}

/// The caller's clock, and how long after a capture it wants to be paid out.
fn caller(headers: &HeaderMap) -> Option<(Timestamp, Duration)> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<i64>().ok();
    let settles_after = u64::try_from(number(SETTLES_AFTER)?).ok()?;
    Some((Timestamp::from_micros(number(CLOCK)?), Duration::from_micros(settles_after)))
}

async fn play(
    desk: &Desk,
    method: Method,
    path: String,
    body: Zeroizing<Vec<u8>>,
    settles_after: Duration,
) -> Response<Vec<u8>> {
    carried(desk.play(HttpRequest { method, path, body }, settles_after).await)
}

/// An answer, or the word that tells what the network does instead.
fn carried(played: Played) -> Response<Vec<u8>> {
    let (word, body) = match played {
        Played::Answered(HttpResponse { status, body }) => {
            let mut answer = Response::new(body);
            *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return answer;
        }
        Played::AnsweredTwice(HttpResponse { status, body }) => (Word::Twice(status), body),
        Played::Silent => (Word::Silent, Vec::new()),
        Played::Reset => (Word::Reset, Vec::new()),
        Played::NotSent => (Word::NotSent, Vec::new()),
        Played::Later(after, recall) => {
            (Word::Later(u64::try_from(after.as_micros()).unwrap_or(u64::MAX), recall), Vec::new())
        }
    };
    let word = serde_json::to_string(&word).ok().and_then(|word| HeaderValue::try_from(word).ok());
    let mut answer = Response::new(body);
    match word {
        Some(word) => drop(answer.headers_mut().insert(NETWORK, word)),
        None => *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    answer
}

fn found<T: Serialize, E>(result: Result<T, E>) -> Response<Vec<u8>> {
    match result.ok().and_then(|found| serde_json::to_vec(&found).ok()) {
        Some(body) => Response::new(body),
        None => bare(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// A status and nothing else.
fn bare(status: StatusCode) -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = status;
    answer
}
