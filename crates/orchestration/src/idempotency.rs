//! `x-idempotency-key`: one effect for each key. A repeat is told which call came first, and what it made
//! (orchestration-api 1.6); what was refused has not used its key.

use std::time::Duration;

use axum::extract::Request;
use axum::http::HeaderMap;
use engine::{Credential, Engine, IdempotencyWrite, Turn};

use crate::errors::ApiError;
use crate::routes;

/// How long a key cannot be used again.
const KEPT_FOR: Duration = Duration::from_hours(7 * 24);
/// Characters of a key.
const KEY_CHARS_MAX: usize = 255;

/// The key of a call, if it has one. Calls with the same key take turns until it is dropped.
pub(crate) struct Once {
    key: Option<IdempotencyWrite>,
    _turn: Option<Turn>,
}

impl Once {
    /// Reads the key of a call.
    ///
    /// # Errors
    /// [`ApiError::Conflict`] when it was used before; [`ApiError::BadRequest`] for what is no key.
    pub(crate) async fn begin(
        engine: &Engine,
        caller: Credential,
        request: Request,
    ) -> Result<(Self, Request), ApiError> {
        let Some(key) = key(request.headers())? else { return Ok((Self { key: None, _turn: None }, request)) };
        let (method, path) = routes::path_of(&request);
        // What one entity's client calls its order is nothing to another's.
        let entity = caller.entity.map(|entity| entity.to_string()).unwrap_or_default();
        let scope = format!("{method} {path} {entity}");
        let key = hashed(engine, &key);
        let turn = engine.turn(caller, &scope, &key).await;
        let key = IdempotencyWrite {
            merchant_id: caller.merchant_id,
            mode: caller.mode,
            scope,
            key,
            fingerprint: [0; 32],
            status: 0,
            body: String::new(),
            at: engine.env().now(),
            kept_for: KEPT_FOR,
        };
        let once = Self { key: Some(key), _turn: Some(turn) };
        match once.used(engine, caller).await? {
            Some(resource_id) => Err(conflict(resource_id)),
            None => Ok((once, request)),
        }
    }

    /// What uses the key up; `resource_id` is what a repeat is told.
    pub(crate) fn makes(&self, resource_id: &str) -> Option<IdempotencyWrite> {
        self.key.clone().map(|key| IdempotencyWrite { body: resource_id.to_owned(), ..key })
    }

    /// What uses the key up together with an operation, whose id the engine puts there.
    pub(crate) fn operates(&self) -> Option<IdempotencyWrite> {
        self.key.clone()
    }

    /// What an error of the engine means: a key that was used meanwhile is told of as one that was used before.
    pub(crate) async fn failed(&self, engine: &Engine, caller: Credential, error: engine::Error) -> ApiError {
        match error {
            engine::Error::Used => match self.used(engine, caller).await {
                Ok(resource_id) => conflict(resource_id.unwrap_or_default()),
                Err(error) => error,
            },
            error => error.into(),
        }
    }

    async fn used(&self, engine: &Engine, caller: Credential) -> Result<Option<String>, ApiError> {
        let Some(IdempotencyWrite { scope, key, .. }) = &self.key else { return Ok(None) };
        Ok(engine.used_key(caller, scope, key).await?.map(|used| used.body))
    }
}

/// What of a key is written down: it must not become a store of card numbers (security I2).
fn hashed(engine: &Engine, key: &str) -> String {
    let hash = engine.request_fingerprint(format!("idempotency key {key}").as_bytes());
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn conflict(resource_id: String) -> ApiError {
    ApiError::Conflict { resource_id: Some(resource_id).filter(|id| !id.is_empty()), instance: None }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all("x-idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=KEY_CHARS_MAX).contains(&key.len()));
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(ApiError::wrong("", "The x-idempotency-key must be one text of 1 to 255 visible ASCII characters.")),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_a_key_is() {
        let read = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-idempotency-key", HeaderValue::from_bytes(value).expect("a value"));
            }
            key(&headers).ok()
        };
        assert_eq!(Some(None), read(&[]));
        assert_eq!(Some(Some("a key".to_owned())), read(&[b"a key"]));
        assert_eq!(Some(Some("x".repeat(255))), read(&[&[b'x'; 255]]));
        for bad in [[b"".as_slice()].as_slice(), &[&[b'x'; 256]], &[b"a", b"a"], &[b"\xff"]] {
            assert_eq!(None, read(bad), "{bad:?}");
        }
    }
}
