//! The token endpoint (orchestration-api 1.5).

use axum::extract::{Request, State};
use axum::response::Response;
use domain::Dialect;
use tollgate_http::oauth::{self, TokenError, TokenRequest};

use crate::errors::ApiError;
use crate::routes::Api;

/// `POST /oauth/token`
pub(crate) async fn issue(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    Ok(give(&api, request).await?.unwrap_or_else(TokenError::response))
}

async fn give(api: &Api, request: Request) -> Result<Result<Response, TokenError>, ApiError> {
    let (parts, body) = request.into_parts();
    let body = match oauth::receive(body).await {
        Ok(body) => body,
        Err(error) => return Ok(Err(error)),
    };
    let asked = match TokenRequest::read_leniently(&parts.headers, parts.uri.query(), &body) {
        Ok(asked) => asked,
        Err(error) => return Ok(Err(error)),
    };
    let (id, secret) = (&asked.client_id, &asked.client_secret);
    let Some(client) = api.engine.authenticate_client(Dialect::Orchestration, id, secret).await? else {
        return Ok(Err(TokenError::InvalidClient));
    };
    api.limit(client)?;
    if let Some(key) = oauth::api_key(&parts.headers)
        && !api.engine.owns_api_key(client, key).await?
    {
        return Ok(Err(TokenError::UnknownApiKey));
    }
    if let Err(error) = asked.check_grant() {
        return Ok(Err(error));
    }
    let issued = api.engine.issue_token(client, "").await?;
    Ok(Ok(oauth::issued(&issued.token, issued.life.as_secs(), None)))
}
