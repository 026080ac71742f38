//! Subscriptions: where merchants want to be told of what. Who is told of an event is settled in the transaction that
//! writes the event: whoever is subscribed at that moment.

use aws_lc_rs::digest;
use domain::{DeliveryId, MerchantId, Mode};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::{Announcement, SubscriptionWrite};
use crate::deliveries;
use crate::error::Error;
use crate::records::{Delivery, Endpoint, Subscription};
use crate::row::{Cells, Id, all, execute};

pub(crate) fn write(connection: &Connection, write: &SubscriptionWrite) -> Result<(), Error> {
    match write {
        SubscriptionWrite::Add(Subscription { merchant_id, mode, topic, url, created_at }) => execute(
            connection,
            "insert into subscriptions (merchant_id, mode, topic, url, created_at) values ($1, $2, $3, $4, $5)
             on conflict (merchant_id, mode, topic, url) do nothing",
            params![merchant_id.bytes(), mode.as_str(), topic, url, created_at.micros()],
        ),
        SubscriptionWrite::Remove { merchant_id, mode, topic, url } => execute(
            connection,
            "delete from subscriptions where merchant_id = $1 and mode = $2 and topic = $3
             and ($4 is null or url = $4)",
            params![merchant_id.bytes(), mode.as_str(), topic, url],
        ),
    }?;
    Ok(())
}

/// One delivery for each address that is subscribed now; whether there is any.
pub(crate) fn announce(connection: &Connection, announcement: &Announcement) -> Result<bool, Error> {
    let Announcement { merchant_id, mode, topic, .. } = announcement;
    let urls = all(
        connection,
        "select position, url from subscriptions where merchant_id = $1 and mode = $2 and topic = $3 order by position",
        params![merchant_id.bytes(), mode.as_str(), topic],
        |row| Cells::new("subscriptions", row).get::<String>(1, "url"),
    )?;
    for url in &urls {
        let endpoint = Endpoint::Subscription { topic: (*topic).to_owned(), url: url.clone() };
        deliveries::insert(connection, &delivery_of(announcement, endpoint, url.as_bytes()))?;
    }
    Ok(!urls.is_empty())
}

/// What one of those who listen is told. Nobody who does not know the seed can guess its id, and it is another one for
/// each of them.
pub(crate) fn delivery_of(announcement: &Announcement, endpoint: Endpoint, listener: &[u8]) -> Delivery {
    let Announcement { to: _, merchant_id, mode, topic: _, checkout_id, payment_id, version, notice, seed, at } =
        announcement;
    let hash = digest::digest(&digest::SHA256, &[&seed[..], listener].concat());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    Delivery {
        id: DeliveryId::new(uuid::Builder::from_random_bytes(bytes).into_uuid()),
        merchant_id: *merchant_id,
        mode: *mode,
        checkout_id: *checkout_id,
        payment_id: *payment_id,
        version: *version,
        notice: *notice,
        endpoint,
        body: None,
        attempts: 0,
        due_at: *at,
        created_at: *at,
    }
}

impl Store {
    /// The subscriptions of a merchant in a mode, oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn subscriptions(&self, merchant_id: MerchantId, mode: Mode) -> Result<Vec<Subscription>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select position, merchant_id, mode, topic, url, created_at from subscriptions
                 where merchant_id = $1 and mode = $2 order by position",
                params![merchant_id.bytes(), mode.as_str()],
                parse,
            )
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<Subscription, Error> {
    let cells = Cells::new("subscriptions", row);
    Ok(Subscription {
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        topic: cells.get(3, "topic")?,
        url: cells.get(4, "url")?,
        created_at: cells.time(5, "created_at")?,
    })
}
