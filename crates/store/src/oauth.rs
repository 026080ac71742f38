//! Clients of the dialects that speak OAuth, and the tokens they were given.

use domain::{Dialect, KeyId, MerchantId, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::error::Error;
use crate::records::{AccessToken, OauthClient};
use crate::row::{Cells, Id, all, execute, first};

/// How many of the oldest tokens one purge looks at, so that no batch waits long for it.
const PURGE_MAX: u32 = 512;

pub(crate) fn insert_client(connection: &Connection, client: &OauthClient) -> Result<(), Error> {
    let OauthClient { id, merchant_id, mode, dialect, entity, hash, created_at, revoked_at } = client;
    execute(
        connection,
        "insert into oauth_clients (id, merchant_id, mode, dialect, entity, hash, created_at, revoked_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            id.bytes(),
            merchant_id.bytes(),
            mode.as_str(),
            dialect.as_str(),
            entity.map(Id::bytes),
            hash,
            created_at.micros(),
            revoked_at.map(Timestamp::micros)
        ],
    )?;
    Ok(())
}

/// The first revocation counts.
pub(crate) fn revoke_client(connection: &Connection, id: KeyId, at: Timestamp) -> Result<(), Error> {
    execute(
        connection,
        "update oauth_clients set revoked_at = $1 where id = $2 and revoked_at is null",
        params![at.micros(), id.bytes()],
    )?;
    Ok(())
}

pub(crate) fn insert_token(connection: &Connection, token: &AccessToken) -> Result<(), Error> {
    let AccessToken { hash, client_id, scope, issued_at: _, expires_at } = token;
    execute(
        connection,
        "insert into access_tokens (hash, client_id, scope, expires_at) values ($1, $2, $3, $4)",
        params![hash, client_id.bytes(), scope, expires_at.micros()],
    )?;
    Ok(())
}

/// Takes off tokens that have expired, the oldest first, a little at a time.
pub(crate) fn purge_tokens(connection: &Connection, now: Timestamp) -> Result<(), Error> {
    execute(
        connection,
        "delete from access_tokens where expires_at <= $1
         and position in (select position from access_tokens order by position limit $2)",
        params![now.micros(), PURGE_MAX],
    )?;
    Ok(())
}

impl Store {
    /// A client, revoked or not, by its id alone: it calls before anybody knows whose it is.
    ///
    /// # Errors
    /// When something broke.
    pub async fn oauth_client(&self, id: KeyId) -> Result<Option<OauthClient>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, merchant_id, mode, dialect, entity, hash, created_at, revoked_at from oauth_clients
                 where id = $1",
                [id.bytes()],
                parse_client,
            )
        })
        .await
    }

    /// Every client of a merchant, revoked or not, oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn oauth_clients(&self, merchant_id: MerchantId) -> Result<Vec<OauthClient>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select id, merchant_id, mode, dialect, entity, hash, created_at, revoked_at from oauth_clients
                 where merchant_id = $1 order by position",
                [merchant_id.bytes()],
                parse_client,
            )
        })
        .await
    }

    /// Whose token it is and what it may be used for, by its hash, if it has not expired.
    ///
    /// # Errors
    /// When something broke.
    pub async fn access_token(&self, hash: [u8; 32], now: Timestamp) -> Result<Option<(KeyId, String)>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select position, client_id, scope from access_tokens where hash = $1 and expires_at > $2",
                params![hash, now.micros()],
                |row| {
                    let cells = Cells::new("access_tokens", row);
                    Ok((cells.id(1, "client_id")?, cells.get(2, "scope")?))
                },
            )
        })
        .await
    }
}

fn parse_client(row: &Row<'_>) -> Result<OauthClient, Error> {
    let cells = Cells::new("oauth_clients", row);
    Ok(OauthClient {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        dialect: cells.word(3, "dialect", Dialect::parse)?,
        entity: cells.id_or_none(4, "entity")?,
        hash: cells.get(5, "hash")?,
        created_at: cells.time(6, "created_at")?,
        revoked_at: cells.time_or_none(7, "revoked_at")?,
    })
}
