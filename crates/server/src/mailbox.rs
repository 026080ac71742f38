//! `/sandbox/mail`: what a sandbox wrote into its outbox, for reading. Whoever reaches the sandbox reads it, as its test bank
//! and its docs. What stands in a mail is somebody else's: its HTML is drawn alone, without scripts, and everything around
//! it is text.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{self, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::DeliveryId;
use mail_parser::MessageParser;
use serde::Serialize;
use serde_json::json;
use url::form_urlencoded;

/// Mails on one page.
const PAGE: usize = 50;
/// The most that is read of one file; mails have less.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// For the pages: nothing but their style, and one mail drawn within.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// For the mail that is drawn: styles of its own and the seller's logo, no script, no form, no way out but a new window.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// `/sandbox/mail...`, of a folder that may not be there yet.
pub(crate) fn router(folder: PathBuf) -> Router {
    Router::new()
        .route("/sandbox/mail", get(list))
        .route("/sandbox/mail/{id}", get(read))
        .route("/sandbox/mail/{id}/html", get(drawn))
        .route("/sandbox/mail/{id}/source", get(source))
        .with_state(Arc::from(folder))
}

/// What a list says of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Summary {
    id: String,
    /// Who this one went to.
    to: String,
    from: String,
    subject: String,
    /// RFC 3339.
    at: String,
}

/// A mail taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Mail {
    #[serde(flatten)]
    summary: Summary,
    /// As the header has them, the one it went to or not.
    addressed_to: Vec<String>,
    cc: Vec<String>,
    reply_to: Option<String>,
    text: String,
    html: String,
}

impl Mail {
    /// `None` when it cannot be read as a mail.
    fn parse(id: DeliveryId, source: &[u8]) -> Option<Self> {
        let mail = MessageParser::default().parse(source)?;
        let addresses = |found: Option<&mail_parser::Address<'_>>| -> Vec<String> {
            let all = found.into_iter().flat_map(mail_parser::Address::iter);
            all.filter_map(|one| one.address().map(str::to_owned)).collect()
        };
        let from = mail.from().and_then(mail_parser::Address::first);
        let name = from.and_then(|from| from.name()).unwrap_or_default();
        let address = from.and_then(|from| from.address()).unwrap_or_default();
        let to = addresses(mail.to());
        let delivered_to = mail.header("Delivered-To").and_then(|value| match value {
            mail_parser::HeaderValue::Address(found) => found.first()?.address().map(str::to_owned),
            value => value.as_text().map(str::to_owned),
        });
        Some(Self {
            summary: Summary {
                id: id.to_string(),
                to: delivered_to.or_else(|| to.first().cloned()).unwrap_or_default(),
                from: if name.is_empty() { address.to_owned() } else { format!("{name} <{address}>") },
                subject: mail.subject().unwrap_or_default().to_owned(),
                at: mail.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default(),
            },
            addressed_to: to,
            cc: addresses(mail.cc()),
            reply_to: addresses(mail.reply_to()).pop(),
            text: mail.body_text(0).unwrap_or_default().into_owned(),
            html: mail.body_html(0).unwrap_or_default().into_owned(),
        })
    }
}

#[derive(Template)]
#[template(path = "mail_list.html")]
struct ListPage {
    mails: Vec<Summary>,
    /// The last one of this page, when there are older ones.
    older: Option<String>,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    mail: Mail,
}

/// The newest, or those before `?before=`.
async fn list(State(folder): State<Arc<Path>>, uri: Uri, headers: HeaderMap) -> Response {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let before = query.into_iter().find_map(|(name, value)| (name == "before").then(|| value.into_owned()));
    let before = match before.as_deref().map(DeliveryId::parse) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return refused(StatusCode::BAD_REQUEST, "before is the id of a mail"),
    };
    match off_thread(move || page_of(&folder, before)).await {
        Ok((mails, goes_on)) => {
            let older = mails.last().map(|last| last.id.clone()).filter(|_| goes_on);
            if wants_json(&headers) {
                return answer(StatusCode::OK, &json!({ "results": mails, "next_before": older }).to_string());
            }
            page(&ListPage { mails, older, is_first: before.is_none() })
        }
        Err(error) => failed(&error),
    }
}

async fn read(
    State(folder): State<Arc<Path>>,
    extract::Path(id): extract::Path<String>,
    headers: HeaderMap,
) -> Response {
    match found(folder, &id).await {
        Ok(Some((mail, _))) if wants_json(&headers) => {
            answer(StatusCode::OK, &serde_json::to_string(&mail).unwrap_or_default())
        }
        Ok(Some((mail, _))) => page(&MailPage { mail }),
        Ok(None) => refused(StatusCode::NOT_FOUND, "there is no such mail"),
        Err(error) => failed(&error),
    }
}

/// The HTML part, for a frame.
async fn drawn(State(folder): State<Arc<Path>>, extract::Path(id): extract::Path<String>) -> Response {
    match found(folder, &id).await {
        Ok(Some((mail, _))) => with_policy(MAIL_POLICY, Html(mail.html)),
        Ok(None) => refused(StatusCode::NOT_FOUND, "there is no such mail"),
        Err(error) => failed(&error),
    }
}

/// Byte for byte, as text.
async fn source(State(folder): State<Arc<Path>>, extract::Path(id): extract::Path<String>) -> Response {
    match found(folder, &id).await {
        Ok(Some((_, source))) => {
            with_policy(PAGE_POLICY, ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], source))
        }
        Ok(None) => refused(StatusCode::NOT_FOUND, "there is no such mail"),
        Err(error) => failed(&error),
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("application/json")
}

/// One page of mails, newest first, and whether there are older ones. Their names are in the order of time.
fn page_of(folder: &Path, before: Option<DeliveryId>) -> io::Result<(Vec<Summary>, bool)> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Nothing was mailed yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((vec![], false)),
        Err(error) => return Err(error),
    };
    let mut ids = vec![];
    for entry in entries {
        let name = entry?.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".eml")).and_then(|id| DeliveryId::parse(id).ok());
        ids.extend(id.filter(|id| before.is_none_or(|before| id.uuid() < before.uuid())));
    }
    ids.sort_unstable_by_key(|id| std::cmp::Reverse(id.uuid()));
    let goes_on = ids.len() > PAGE;
    let mut mails = vec![];
    for id in ids.into_iter().take(PAGE) {
        // One that cannot be read is left out: somebody else put it there.
        mails.extend(read_file(folder, id)?.and_then(|source| Mail::parse(id, &source)).map(|mail| mail.summary));
    }
    Ok((mails, goes_on))
}

/// A mail and its source.
async fn found(folder: Arc<Path>, id: &str) -> io::Result<Option<(Mail, Vec<u8>)>> {
    let Ok(id) = DeliveryId::parse(id) else { return Ok(None) };
    let read = off_thread(move || read_file(&folder, id)).await?;
    Ok(read.and_then(|source| Some((Mail::parse(id, &source)?, source))))
}

fn read_file(folder: &Path, id: DeliveryId) -> io::Result<Option<Vec<u8>>> {
    let path = folder.join(format!("{id}.eml"));
    match fs::metadata(&path) {
        Ok(about) if about.len() <= FILE_BYTES_MAX => fs::read(&path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

async fn off_thread<T: Send + 'static>(read: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

fn page(template: &impl Template) -> Response {
    // Writing into memory does not fail.
    with_policy(PAGE_POLICY, Html(template.render().unwrap_or_default()))
}

fn with_policy(policy: &'static str, body: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body).into_response()
}

fn failed(error: &io::Error) -> Response {
    tracing::error!(%error, "the outbox cannot be read");
    refused(StatusCode::INTERNAL_SERVER_ERROR, "the outbox cannot be read; the log says why")
}

fn refused(status: StatusCode, words: &str) -> Response {
    answer(status, &json!({ "error": words }).to_string())
}

fn answer(status: StatusCode, body: &str) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_owned()).into_response()
}
