//! The token endpoint (card-payments-api 1.2).

use axum::extract::{Request, State};
use axum::response::Response;
use domain::Dialect;
use tollgate_http::oauth::{self, TokenError, TokenRequest};

use crate::errors::ApiError;
use crate::routes::Api;

/// What a token may be used for.
pub(crate) const READ: &str = "READ";
/// See [`READ`].
pub(crate) const WRITE: &str = "WRITE";
/// What a client gets that asks for nothing special.
const ALL: &str = "READ WRITE";

/// `POST /oauth2/token`
pub(crate) async fn issue(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    match give(&api, request).await? {
        Ok(response) => Ok(response),
        Err(error) => Ok(error.response()),
    }
}

async fn give(api: &Api, request: Request) -> Result<Result<Response, TokenError>, ApiError> {
    let (parts, body) = request.into_parts();
    let body = match oauth::receive(body).await {
        Ok(body) => body,
        Err(error) => return Ok(Err(error)),
    };
    let request = match TokenRequest::read(&parts.headers, &body) {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    let (id, secret) = (&request.client_id, &request.client_secret);
    let Some(client) = api.engine.authenticate_client(Dialect::CardPayments, id, secret).await? else {
        return Ok(Err(TokenError::InvalidClient));
    };
    api.limit(client)?;
    if let Err(error) = request.check_grant() {
        return Ok(Err(error));
    }
    let Some(scope) = granted(request.scope.as_deref()) else { return Ok(Err(TokenError::InvalidScope)) };
    let issued = api.engine.issue_token(client, scope).await?;
    Ok(Ok(oauth::issued(&issued.token, issued.life.as_secs(), Some(scope))))
}

/// What is asked for, in our own order; everything when nothing is.
fn granted(asked: Option<&str>) -> Option<&'static str> {
    let Some(asked) = asked else { return Some(ALL) };
    let words: Vec<&str> = asked.split_ascii_whitespace().collect();
    if words.iter().any(|word| ![READ, WRITE].contains(word)) {
        return None;
    }
    match (words.contains(&READ), words.contains(&WRITE)) {
        (true, true) => Some(ALL),
        (true, false) => Some(READ),
        (false, true) => Some(WRITE),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        for (asked, scope) in [
            (None, Some("READ WRITE")),
            (Some("READ"), Some("READ")),
            (Some("WRITE"), Some("WRITE")),
            (Some("WRITE READ"), Some("READ WRITE")),
            (Some("READ READ"), Some("READ")),
            (Some("read"), None),
            (Some("READ ADMIN"), None),
            (Some(" "), None),
        ] {
            assert_eq!(scope, granted(asked), "{asked:?}");
        }
    }
}
