//! Statements: what is asked of one, how it is shown, its routes, and the link to its file (purchases-api 2.8, 3.13).

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::{Mode, StatementId, Timestamp};
use engine::{Credential, NewStatement, Place, Statement, StatementDownload, StatementFormat};
use serde::Serialize;
use tokio_util::io::ReaderStream;
use tollgate_http::body;
use tollgate_http::json::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::errors::FieldErrors;
use crate::fields::{self, Choice, Fields};
use crate::page::{Asked, Envelope};
use crate::routes::{Api, ApiError, BODY_BYTES_MAX, Inner, Keyed, json, read_json, written};
use crate::view::Links;
use crate::{filters, formats, query};

/// What a file is to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    format: StatementFormat,
    time_zone: String,
}

/// Reads what a file is to be.
pub(crate) fn create_statement(f: &mut Fields<'_>) -> Option<Said> {
    let format = f.required("format", Choice(&["csv", "xlsx"]), "What the file is to be.");
    let time_zone = f.required("timezone", formats::TIME_ZONE, "By whose clocks its times are told.");
    Some(Said { format: StatementFormat::parse(format?)?, time_zone: time_zone? })
}

/// A statement (3.13).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompanyStatement)]
pub(crate) struct CompanyStatement {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "company_statement")]
    kind: &'static str,
    #[schema(format = "uuid")]
    id: String,
    /// Unix seconds, as are all times.
    created_on: i64,
    updated_on: i64,
    #[schema(value_type = CompanyStatementFormat)]
    format: &'static str,
    /// IANA name.
    timezone: String,
    is_test: bool,
    /// The same as `company_id` of purchases.
    #[schema(format = "uuid")]
    company_uid: String,
    /// What it was asked by.
    query_string: String,
    #[schema(value_type = CompanyStatementStatus)]
    status: &'static str,
    /// Where the file can be had, without a key; null until it is made, and again after a day.
    #[schema(format = "uri")]
    download_url: Option<String>,
    began_on: Option<i64>,
    finished_on: Option<i64>,
}

/// What the file of a statement is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "describes what the core names")]
pub(crate) enum CompanyStatementFormat {
    Csv,
    Xlsx,
}

/// How far a statement is (10.2 #24).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "describes what the core names")]
pub(crate) enum CompanyStatementStatus {
    Pending,
    Processing,
    Success,
    Cancelled,
    Error,
}

/// A page of statements.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompanyStatements {
    /// Newest first.
    results: Vec<CompanyStatement>,
    /// The address of what is older.
    next: Option<String>,
    /// The address of what is newer.
    previous: Option<String>,
}

fn show(statement: Statement, links: &Links, now: Timestamp) -> CompanyStatement {
    let file = statement.file.filter(|file| now < file.until);
    CompanyStatement {
        kind: "company_statement",
        id: statement.id.to_string(),
        created_on: statement.created_at.seconds(),
        updated_on: statement.updated_at.seconds(),
        format: statement.format.as_str(),
        timezone: statement.time_zone,
        is_test: statement.mode == Mode::Test,
        company_uid: statement.merchant_id.to_string(),
        query_string: statement.query,
        status: statement.status.as_str(),
        download_url: file.map(|file| format!("{}/statements/{}/", links.public_url.trim_end_matches('/'), file.token)),
        began_on: statement.began_at.map(Timestamp::seconds),
        finished_on: statement.finished_at.map(Timestamp::seconds),
    }
}

fn parse_id(text: &str) -> Result<StatementId, ApiError> {
    StatementId::parse(text).map_err(|_| ApiError::NotFound)
}

fn answer(api: &Inner, status: StatusCode, statement: Statement) -> Result<Response, ApiError> {
    let shown = show(statement, &api.links, api.engine.env().now());
    Ok(json(status, written(Some(&shown))?))
}

pub(crate) async fn create(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let body = read_json(&parts, body).await?;
    // What it is asked by is as much of the call as its body.
    let said = [parts.uri.query().unwrap_or_default().as_bytes(), b"\n", &body].concat();
    let keyed = match Keyed::begin(&api, caller, &parts, &said).await? {
        Ok(keyed) => keyed,
        Err(replayed) => return Ok(replayed),
    };
    let new = read(&parts.uri, &body)?;
    let kept = |statement: &Statement| {
        let shown = show(statement.clone(), &api.links, statement.created_at);
        keyed.write(&api, caller, Some(StatusCode::CREATED), &written(Some(&shown)).ok()?)
    };
    match api.engine.create_statement(caller, new, kept).await? {
        Some(statement) => answer(&api, StatusCode::CREATED, statement),
        None => Err(FieldErrors::too_many_statements(engine::STATEMENTS_MAX).into()),
    }
}

fn read(uri: &Uri, body: &[u8]) -> Result<NewStatement, FieldErrors> {
    let body = Json::parse(body).map_err(|_| FieldErrors::parse_error())?;
    let asked = query::read(uri, filters::statement);
    match (fields::read(&body, create_statement), asked) {
        (Ok(Said { format, time_zone }), Ok(filter)) => {
            Ok(NewStatement { format, time_zone, query: query::known(uri, filters::statement), filter })
        }
        (Err(body), Err(query)) => Err(body.and(query)),
        (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => Err(errors),
    }
}

pub(crate) async fn index(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let page = Asked::of(&uri).page()?;
    let found = api.engine.statements(caller, page.beside, page.size + 1).await?;
    let path = format!("{}/api/v1/company_statements/", api.links.public_url);
    let place = |statement: &Statement| Place { rank: 0, at: statement.created_at, id: statement.id.uuid() };
    let Envelope { results, next, previous } = page.envelope(found, place, &path, &[]);
    let now = api.engine.env().now();
    let results = results.into_iter().map(|statement| show(statement, &api.links, now)).collect();
    Ok(json(StatusCode::OK, written(Some(&CompanyStatements { results, next, previous }))?))
}

pub(crate) async fn read_one(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let statement = api.engine.statement(caller, parse_id(&id)?).await?;
    answer(&api, StatusCode::OK, statement)
}

/// Nothing can be said of a cancel: whatever its body holds is ignored.
pub(crate) async fn cancel(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let statement = api.engine.statement(caller, parse_id(&id)?).await?;
    let body = body::read(body, BODY_BYTES_MAX).await?;
    let keyed = match Keyed::begin(&api, caller, &parts, &body).await? {
        Ok(keyed) => keyed,
        Err(replayed) => return Ok(replayed),
    };
    let kept = |cancelled: &Statement| {
        let shown = show(cancelled.clone(), &api.links, cancelled.updated_at);
        keyed.write(&api, caller, Some(StatusCode::OK), &written(Some(&shown)).ok()?)
    };
    match api.engine.cancel_statement(caller, statement.id, kept).await? {
        Some(cancelled) => answer(&api, StatusCode::OK, cancelled),
        None => Err(FieldErrors::statement_cancel_wrong_status().into()),
    }
}

/// `/statements/<token>/`, for whoever knows it.
pub(crate) fn files(api: Api) -> Router {
    Router::new().route("/statements/{token}/", get(file)).with_state(api)
}

async fn file(State(Api(api)): State<Api>, Path(token): Path<String>) -> Response {
    let gone = || StatusCode::NOT_FOUND.into_response();
    let Ok(token) = Uuid::try_parse(&token) else { return gone() };
    let StatementDownload { path, format, name } = match api.engine.statement_download(token).await {
        Ok(download) => download,
        Err(engine::Error::NotFound) => return gone(),
        Err(error) => {
            tracing::error!(error = %engine::Causes(&error), "a statement's file was not found");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let opened = async {
        let file = tokio::fs::File::open(&path).await?;
        let length = file.metadata().await?.len();
        Ok::<_, std::io::Error>((file, length))
    };
    // Thrown away meanwhile.
    let Ok((file, length)) = opened.await else { return gone() };
    let content_type = match format {
        StatementFormat::Csv => "text/csv; charset=utf-8",
        StatementFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
    ];
    let attachment = [(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    (headers, attachment, Body::from_stream(ReaderStream::new(file))).into_response()
}
