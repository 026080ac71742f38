//! Webhooks: the addresses that merchants registered, each with a key pair of its own. Who is told of an event is settled
//! in the transaction that writes the event.

use domain::{MerchantId, Mode, WebhookId};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::{Announcement, WebhookWrite};
use crate::destinations::Destination;
use crate::error::Error;
use crate::records::{Beside, Endpoint, Place, Webhook};
use crate::row::{Cells, Id, all, execute, first};
use crate::subscriptions::delivery_of;
use crate::{deliveries, documents, health, keys};

/// Whether the write may be made: whoever wants to make it saw the newest version, or one more may be added.
pub(crate) fn is_current(connection: &Connection, write: &WebhookWrite) -> Result<bool, Error> {
    match write {
        WebhookWrite::Add { webhook, key: _, most } => {
            Ok(count(connection, webhook.merchant_id, webhook.mode)? < *most)
        }
        WebhookWrite::Change(webhook) => {
            let version =
                first(connection, "select id, version from webhooks where id = $1", [webhook.id.bytes()], |row| {
                    Cells::new("webhooks", row).get::<u32>(1, "version")
                })?;
            Ok(version.is_some_and(|version| version + 1 == webhook.version))
        }
        WebhookWrite::Remove(..) => Ok(true),
    }
}

pub(crate) fn exists(connection: &Connection, id: WebhookId) -> Result<bool, Error> {
    Ok(first(connection, "select id from webhooks where id = $1", [id.bytes()], |_| Ok(()))?.is_some())
}

fn count(connection: &Connection, merchant_id: MerchantId, mode: Mode) -> Result<u32, Error> {
    let sql = "select count(*) from webhooks where merchant_id = $1 and mode = $2";
    let of = params![merchant_id.bytes(), mode.as_str()];
    Ok(first(connection, sql, of, |row| Cells::new("webhooks", row).get(0, "count"))?.unwrap_or(0))
}

pub(crate) fn write(connection: &Connection, write: &WebhookWrite) -> Result<(), Error> {
    match write {
        WebhookWrite::Add { webhook, key, most: _ } => {
            let Webhook { id, merchant_id, mode, version, title, url, topics, public_pem: _, created_at, updated_at } =
                webhook;
            execute(
                connection,
                "insert into webhooks (id, merchant_id, mode, version, title, url, topics, created_at, updated_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                params![
                    id.bytes(),
                    merchant_id.bytes(),
                    mode.as_str(),
                    version,
                    title,
                    url,
                    topics.as_ref().map(documents::text).transpose()?,
                    created_at.micros(),
                    updated_at.micros()
                ],
            )?;
            keys::put_signing_key(connection, key)
        }
        WebhookWrite::Change(Webhook { id, merchant_id, mode, version, title, url, topics, updated_at, .. }) => {
            let has_moved = first(connection, "select id, url from webhooks where id = $1", [id.bytes()], |row| {
                Ok(Cells::new("webhooks", row).get::<String>(1, "url")? != *url)
            })?;
            if has_moved == Some(true) {
                health::forget(connection, Destination::of_webhook(*merchant_id, *mode, *id))?;
            }
            execute(
                connection,
                "update webhooks set version = $1, title = $2, url = $3, topics = $4, updated_at = $5 where id = $6",
                params![
                    version,
                    title,
                    url,
                    topics.as_ref().map(documents::text).transpose()?,
                    updated_at.micros(),
                    id.bytes()
                ],
            )?;
            Ok(())
        }
        WebhookWrite::Remove(merchant_id, mode, id) => {
            let removed = execute(
                connection,
                "delete from webhooks where merchant_id = $1 and mode = $2 and id = $3",
                params![merchant_id.bytes(), mode.as_str(), id.bytes()],
            )?;
            if removed == 1 {
                health::forget(connection, Destination::of_webhook(*merchant_id, *mode, *id))?;
                keys::remove_signing_key(connection, id.uuid())?;
            }
            Ok(())
        }
    }
}

/// One delivery for each webhook that is told of this now; whether there is any.
pub(crate) fn announce(connection: &Connection, announcement: &Announcement) -> Result<bool, Error> {
    let Announcement { merchant_id, mode, topic, .. } = announcement;
    let ids: Vec<WebhookId> = all(
        connection,
        "select id from webhooks where merchant_id = $1 and mode = $2
         and (topics is null or exists (select 1 from json_each(topics) where value = $3)) order by position",
        params![merchant_id.bytes(), mode.as_str(), topic],
        |row| Cells::new("webhooks", row).id(0, "id"),
    )?;
    for id in &ids {
        let endpoint = Endpoint::Registered { webhook_id: *id };
        deliveries::insert(connection, &delivery_of(announcement, endpoint, &id.bytes()))?;
    }
    Ok(!ids.is_empty())
}

impl Store {
    /// How many webhooks a merchant has in a mode.
    ///
    /// # Errors
    /// When something broke.
    pub async fn webhook_count(&self, merchant_id: MerchantId, mode: Mode) -> Result<u32, Error> {
        self.read(move |connection| count(connection, merchant_id, mode)).await
    }

    /// A webhook of a merchant in a mode.
    ///
    /// # Errors
    /// When something broke.
    pub async fn webhook(&self, merchant_id: MerchantId, mode: Mode, id: WebhookId) -> Result<Option<Webhook>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, merchant_id, mode, version, title, url, topics, created_at, updated_at,
                 (select public_pem from signing_keys where owner = id and signing_keys.mode = webhooks.mode)
                 from webhooks where id = $1 and merchant_id = $2 and mode = $3",
                params![id.bytes(), merchant_id.bytes(), mode.as_str()],
                parse,
            )
        })
        .await
    }

    /// The webhooks of a merchant in a mode, newest first: at most `most`, and those older, or newer, than another.
    ///
    /// # Errors
    /// When something broke.
    pub async fn webhooks(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        beside: Option<Beside>,
        most: u32,
    ) -> Result<Vec<Webhook>, Error> {
        self.read(move |connection| {
            let (is_newer, Place { rank: _, at, id }) = Beside::direction(beside);
            let beside = params![merchant_id.bytes(), mode.as_str(), at.micros(), id.as_bytes(), most];
            let mut found = all(connection, if is_newer { NEWER } else { OLDER }, beside, parse)?;
            if is_newer {
                found.reverse();
            }
            Ok(found)
        })
        .await
    }
}

const OLDER: &str = "select id, merchant_id, mode, version, title, url, topics, created_at, updated_at,
     (select public_pem from signing_keys where owner = id and signing_keys.mode = webhooks.mode)
     from webhooks where merchant_id = $1 and mode = $2 and (created_at, id) < ($3, $4)
     order by created_at desc, id desc limit $5";
const NEWER: &str = "select id, merchant_id, mode, version, title, url, topics, created_at, updated_at,
     (select public_pem from signing_keys where owner = id and signing_keys.mode = webhooks.mode)
     from webhooks where merchant_id = $1 and mode = $2 and (created_at, id) > ($3, $4)
     order by created_at, id limit $5";

fn parse(row: &Row<'_>) -> Result<Webhook, Error> {
    let cells = Cells::new("webhooks", row);
    Ok(Webhook {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        version: cells.get(3, "version")?,
        title: cells.get(4, "title")?,
        url: cells.get(5, "url")?,
        topics: match cells.get::<Option<String>>(6, "topics")? {
            Some(_) => Some(cells.document(6, "topics")?),
            None => None,
        },
        created_at: cells.time(7, "created_at")?,
        updated_at: cells.time(8, "updated_at")?,
        public_pem: cells.get(9, "public_pem")?,
    })
}
