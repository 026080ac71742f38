//! The ledger: the postings of every journal row, and the balances they add up to.

use std::collections::HashMap;

use domain::ledger::{Account, Layer, Posting};
use domain::{Currency, MerchantId, Mode};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::error::Error;
use crate::journal::Entry;
use crate::row::{Cells, Id, all, execute, first};

/// Balances remembered between batches; beyond that all are forgotten and read again.
const BALANCES_MAX: usize = 10_000;

/// Which balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BalanceKey {
    pub(crate) merchant_id: MerchantId,
    pub(crate) mode: Mode,
    pub(crate) currency: Currency,
    pub(crate) account: Account,
    pub(crate) layer: Layer,
}

/// The writer's view of the books: each balance is written once per batch, however many postings it got.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    balances: HashMap<BalanceKey, Balance>,
}

#[derive(Clone, Copy)]
struct Balance {
    amount: i64,
    is_written: bool,
}

impl Ledger {
    /// Writes the postings of the journal row at `position`.
    pub(crate) fn post(&mut self, connection: &Connection, position: i64, entry: &Entry) -> Result<(), Error> {
        for (line, posting) in (0_i64..).zip(&entry.postings) {
            let Posting { account, layer, amount } = *posting;
            let (merchant_id, mode, currency) = (entry.owner.merchant_id, entry.owner.mode, entry.currency);
            execute(
                connection,
                "insert into postings (position, line, currency, account, layer, amount)
                 values ($1, $2, $3, $4, $5, $6)",
                params![position, line, currency.code(), account.as_str(), layer.as_str(), amount],
            )?;
            self.add(connection, BalanceKey { merchant_id, mode, currency, account, layer }, amount)?;
        }
        Ok(())
    }

    fn add(&mut self, connection: &Connection, key: BalanceKey, amount: i64) -> Result<(), Error> {
        let before = match self.balances.get(&key) {
            Some(balance) => balance.amount,
            None => stored_balance(connection, key)?.unwrap_or(0),
        };
        // More than 64 bits of minor units is nobody's money; refused before it spoils the balance.
        let after = before.checked_add(amount).ok_or_else(|| Error::Corrupt {
            table: "balances",
            column: "amount",
            key: key.merchant_id.to_string(),
        })?;
        self.balances.insert(key, Balance { amount: after, is_written: false });
        Ok(())
    }

    /// Writes down the balances this batch changed.
    pub(crate) fn write_balances(&mut self, connection: &Connection) -> Result<(), Error> {
        for (key, balance) in self.balances.iter_mut().filter(|(_, balance)| !balance.is_written) {
            execute(
                connection,
                "insert into balances (merchant_id, mode, currency, account, layer, amount)
                 values ($1, $2, $3, $4, $5, $6)
                 on conflict (merchant_id, mode, currency, account, layer) do update set amount = excluded.amount",
                params![
                    key.merchant_id.bytes(),
                    key.mode.as_str(),
                    key.currency.code(),
                    key.account.as_str(),
                    key.layer.as_str(),
                    balance.amount
                ],
            )?;
            balance.is_written = true;
        }
        if self.balances.len() > BALANCES_MAX {
            self.balances.clear();
        }
        Ok(())
    }
}

fn stored_balance(connection: &Connection, key: BalanceKey) -> Result<Option<i64>, Error> {
    first(
        connection,
        "select merchant_id, amount from balances
         where merchant_id = $1 and mode = $2 and currency = $3 and account = $4 and layer = $5",
        params![
            key.merchant_id.bytes(),
            key.mode.as_str(),
            key.currency.code(),
            key.account.as_str(),
            key.layer.as_str()
        ],
        |row| Cells::new("balances", row).get(1, "amount"),
    )
}

impl Store {
    /// The balances of a merchant in one mode, in minor units; debits are positive, credits negative.
    ///
    /// # Errors
    /// When something broke.
    pub async fn balances(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
    ) -> Result<Vec<(Currency, Account, Layer, i64)>, Error> {
        self.read(move |connection| {
            let found = balances_of(connection, (merchant_id, mode))?;
            Ok(found.into_iter().map(|(key, amount)| (key.currency, key.account, key.layer, amount)).collect())
        })
        .await
    }
}

/// The balances of a merchant in one mode.
pub(crate) fn balances_of(
    connection: &Connection,
    (merchant_id, mode): (MerchantId, Mode),
) -> Result<Vec<(BalanceKey, i64)>, Error> {
    all(
        connection,
        "select merchant_id, mode, currency, account, layer, amount from balances
         where merchant_id = $1 and mode = $2 order by currency, account, layer",
        params![merchant_id.bytes(), mode.as_str()],
        parse_balance,
    )
}

/// A row of `merchant_id, mode, currency, account, layer, amount`.
pub(crate) fn parse_balance(row: &Row<'_>) -> Result<(BalanceKey, i64), Error> {
    let cells = Cells::new("balances", row);
    let key = BalanceKey {
        merchant_id: cells.id(0, "merchant_id")?,
        mode: cells.mode(1, "mode")?,
        currency: cells.word(2, "currency", Currency::parse)?,
        account: cells.word(3, "account", Account::parse)?,
        layer: cells.word(4, "layer", Layer::parse)?,
    };
    Ok((key, cells.get(5, "amount")?))
}
