//! What tries at cards are judged by: declines that were counted, and what operators decided.

use domain::risk::limits::{CardRecord, Decline, MEMORY};
use domain::risk::{CardKey, ListKind, Listed, Policy};
use domain::{DeclineReason, MerchantId, Mode, Money, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::DeclineWrite;
use crate::documents::{self, PolicyDoc};
use crate::error::Error;
use crate::records::ListRow;
use crate::row::{Cells, Id, all, execute, first};

/// How many of the oldest declines one more decline looks at, to forget those that count no more.
const PURGE_MAX: u32 = 8;

/// A card with more declines than these within the time that counts is blocked by any of its limits.
const DECLINES_MAX: u32 = 1_000;

/// Counts a decline, and forgets a few that are too old to count.
pub(crate) fn count(connection: &Connection, write: &DeclineWrite) -> Result<(), Error> {
    let DeclineWrite { card_id, decline: Decline { merchant_id, at, reason, weight }, for_good } = write;
    execute(
        connection,
        "insert into declines (card_key, at, merchant_id, reason, weight)
         select card_key, $1, $2, $3, $4 from cards where id = $5",
        params![at.micros(), merchant_id.bytes(), reason.as_str(), weight, card_id.bytes()],
    )?;
    if let Some(amount) = for_good {
        execute(
            connection,
            "insert into declines_for_good (card_key, merchant_id, currency, amount)
             select card_key, $1, $2, $3 from cards where id = $4
             on conflict (card_key, merchant_id, currency, amount) do nothing",
            params![merchant_id.bytes(), amount.currency().code(), amount.minor(), card_id.bytes()],
        )?;
    }
    execute(
        connection,
        "delete from declines where at <= $1
         and position in (select position from declines order by position limit $2)",
        params![forgotten(*at), PURGE_MAX],
    )?;
    Ok(())
}

pub(crate) fn put_policy(
    connection: &Connection,
    merchant_id: MerchantId,
    mode: Mode,
    policy: &Policy,
) -> Result<(), Error> {
    execute(
        connection,
        "insert into risk_policies (merchant_id, mode, policy) values ($1, $2, $3)
         on conflict (merchant_id, mode) do update set policy = excluded.policy",
        params![merchant_id.bytes(), mode.as_str(), documents::text(&PolicyDoc::from(policy))?],
    )?;
    Ok(())
}

pub(crate) fn list(connection: &Connection, row: &ListRow) -> Result<(), Error> {
    let ListRow { merchant_id, mode, listed: Listed { kind, value }, created_at } = row;
    execute(
        connection,
        "insert into risk_lists (merchant_id, mode, kind, value, created_at) values ($1, $2, $3, $4, $5)
         on conflict (merchant_id, mode, kind, value) do nothing",
        params![merchant_id.bytes(), mode.as_str(), kind.as_str(), value, created_at.micros()],
    )?;
    Ok(())
}

pub(crate) fn unlist(
    connection: &Connection,
    merchant_id: MerchantId,
    mode: Mode,
    Listed { kind, value }: &Listed,
) -> Result<(), Error> {
    execute(
        connection,
        "delete from risk_lists where merchant_id = $1 and mode = $2 and kind = $3 and value = $4",
        params![merchant_id.bytes(), mode.as_str(), kind.as_str(), value],
    )?;
    Ok(())
}

/// A decline at this moment or before counts no more.
fn forgotten(now: Timestamp) -> i64 {
    now.micros().saturating_sub(i64::try_from(MEMORY.as_micros()).unwrap_or(i64::MAX))
}

impl Store {
    /// What is written down of a card that is to pay `amount` to a merchant.
    ///
    /// # Errors
    /// When something broke.
    pub async fn card_record(
        &self,
        card_key: CardKey,
        merchant_id: MerchantId,
        amount: Money,
        now: Timestamp,
    ) -> Result<CardRecord, Error> {
        self.read(move |connection| {
            let declines = all(
                connection,
                "select position, merchant_id, at, reason, weight from declines where card_key = $1 and at > $2
                 order by at desc limit $3",
                params![card_key.bytes(), forgotten(now), DECLINES_MAX],
                parse_decline,
            )?;
            let for_good = first(
                connection,
                "select amount from declines_for_good
                 where card_key = $1 and merchant_id = $2 and currency = $3 and amount = $4",
                params![card_key.bytes(), merchant_id.bytes(), amount.currency().code(), amount.minor()],
                |_| Ok(()),
            )?;
            Ok(CardRecord { declines, declined_for_good: for_good.is_some(), under_way: vec![] })
        })
        .await
    }

    /// What an operator decided about tries at a merchant; the default where nobody did.
    ///
    /// # Errors
    /// When something broke.
    pub async fn risk_policy(&self, merchant_id: MerchantId, mode: Mode) -> Result<Policy, Error> {
        let decided = self
            .read(move |connection| {
                first(
                    connection,
                    "select merchant_id, policy from risk_policies where merchant_id = $1 and mode = $2",
                    params![merchant_id.bytes(), mode.as_str()],
                    |row| Cells::new("risk_policies", row).document::<PolicyDoc>(1, "policy"),
                )
            })
            .await?;
        Ok(decided.map(Policy::from).unwrap_or_default())
    }

    /// What is listed for a merchant, oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn risk_list(&self, merchant_id: MerchantId, mode: Mode) -> Result<Vec<ListRow>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select position, merchant_id, mode, kind, value, created_at from risk_lists
                 where merchant_id = $1 and mode = $2 order by position",
                params![merchant_id.bytes(), mode.as_str()],
                parse_listed,
            )
        })
        .await
    }
}

fn parse_decline(row: &Row<'_>) -> Result<Decline, Error> {
    let cells = Cells::new("declines", row);
    Ok(Decline {
        merchant_id: cells.id(1, "merchant_id")?,
        at: cells.time(2, "at")?,
        reason: cells.word(3, "reason", DeclineReason::parse)?,
        weight: cells.get(4, "weight")?,
    })
}

fn parse_listed(row: &Row<'_>) -> Result<ListRow, Error> {
    let cells = Cells::new("risk_lists", row);
    Ok(ListRow {
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        listed: Listed { kind: cells.word(3, "kind", ListKind::parse)?, value: cells.get(4, "value")? },
        created_at: cells.time(5, "created_at")?,
    })
}
