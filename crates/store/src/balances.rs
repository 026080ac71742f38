//! What merchants have, and what they turned over: added up from postings, found by their transactions.
//! [`Store::merchant_balances`] has the accounts.

use std::collections::BTreeMap;

use domain::ledger::{Account, Layer};
use domain::{Currency, MerchantId, Mode, Money, Reserve, Timestamp, TransactionKind};
use rusqlite::{Connection, params};

use crate::Store;
use crate::error::Error;
use crate::filter::{Filter, Range};
use crate::ledger;
use crate::row::{Cells, Id, all, each};
use crate::transactions::{TransactionRow, columns, parse, rows};

/// What a merchant has in one currency, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MerchantBalance {
    /// The currency.
    pub currency: Currency,
    /// Taken, less what was refunded and what payers' banks took back.
    pub gross: i64,
    /// What the merchant was charged.
    pub fees: i64,
    /// What of it is kept back for a time.
    pub reserved: i64,
}

/// What went one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turned {
    /// How much, in minor units, without a sign.
    pub amount: i64,
    /// What the merchant was charged for it, in minor units.
    pub fees: i64,
    /// How many transactions.
    pub count: u64,
}

/// What went to a merchant, and from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Payments, and chargebacks that were reversed.
    pub incoming: Turned,
    /// Refunds and chargebacks.
    pub outgoing: Turned,
}

impl Store {
    /// What a merchant has in each currency it ever had anything in, as far as it stems from what `filter` takes: now, or
    /// from all that happened before a moment. Gross is the posted balance of the accounts *merchant*, *refunded* and
    /// *disputed*, fees that of *fees charged*. Without a filter and a moment it is read from the balances; otherwise every
    /// transaction of the merchant is looked at, one after the other, by a connection of its own.
    ///
    /// # Errors
    /// When something broke.
    pub async fn merchant_balances(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        filter: Filter,
        before: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Vec<MerchantBalance>, Error> {
        if before.is_none() && filter.is_of_currencies_only() {
            return self.read(move |connection| current(connection, (merchant_id, mode), &filter, now)).await;
        }
        self.read_apart(move |connection| {
            let transaction = connection.unchecked_transaction()?;
            let range = Range { from: None, to: before };
            let mut sums = Sums::of(&transaction, (merchant_id, mode), &filter)?;
            rows(&transaction, (merchant_id, mode), range, |row| {
                if filter.takes(&row) {
                    let sum = sums.0.entry(row.currency).or_insert(Sum::new(row.currency));
                    sum.gross += i128::from(row.moved());
                    sum.fees += i128::from(row.fee);
                }
                Ok(())
            })?;
            sums.keep_back(&transaction, (merchant_id, mode), &filter, (range, before.unwrap_or(now)))?;
            sums.balances()
        })
        .await
    }

    /// What of what `filter` takes went to a merchant, and from it, within a stretch of time. Every transaction of that
    /// time is looked at, by a connection of its own.
    ///
    /// # Errors
    /// When something broke.
    pub async fn turnover(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        filter: Filter,
        range: Range,
    ) -> Result<Turnover, Error> {
        self.read_apart(move |connection| {
            let mut turnover = Turnover::default();
            rows(connection, (merchant_id, mode), range, |row| {
                if filter.takes(&row) {
                    turnover.add(&row)?;
                }
                Ok(())
            })?;
            Ok(turnover)
        })
        .await
    }
}

impl Turnover {
    fn add(&mut self, row: &TransactionRow) -> Result<(), Error> {
        let turned = match row.kind {
            TransactionKind::Payment | TransactionKind::ChargebackReversal => &mut self.incoming,
            TransactionKind::Refund | TransactionKind::Chargeback => &mut self.outgoing,
            TransactionKind::MarkedPaid => return Ok(()),
        };
        turned.amount = turned.amount.checked_add(row.amount.saturating_abs()).ok_or_else(too_large)?;
        turned.fees = turned.fees.checked_add(row.fee).ok_or_else(too_large)?;
        turned.count += 1;
        Ok(())
    }
}

/// More than 64 bits of minor units is nobody's money.
fn too_large() -> Error {
    Error::Corrupt { table: "postings", column: "amount", key: "all".to_owned() }
}

/// What is added up for one currency.
struct Sum {
    currency: Currency,
    gross: i128,
    fees: i128,
    reserved: i128,
}

impl Sum {
    const fn new(currency: Currency) -> Self {
        Self { currency, gross: 0, fees: 0, reserved: 0 }
    }
}

/// By currency.
struct Sums(BTreeMap<Currency, Sum>);

impl Sums {
    /// Nothing, in each currency that the merchant has any balance in and that is asked for.
    fn of(connection: &Connection, (merchant_id, mode): (MerchantId, Mode), filter: &Filter) -> Result<Self, Error> {
        let found = all(
            connection,
            "select distinct currency from balances where merchant_id = $1 and mode = $2",
            params![merchant_id.bytes(), mode.as_str()],
            |row| Cells::new("balances", row).word(0, "currency", Currency::parse),
        )?;
        let is_asked = |code: &Currency| filter.currencies.as_ref().is_none_or(|asked| asked.contains(code));
        Ok(Self(found.into_iter().filter(is_asked).map(|currency| (currency, Sum::new(currency))).collect()))
    }

    /// Adds what is kept back at a moment of what happened within a stretch of time: of each capture the share that was not
    /// given back, whatever was given back being taken from the oldest capture of its payment first.
    fn keep_back(
        &mut self,
        connection: &Connection,
        (merchant_id, mode): (MerchantId, Mode),
        filter: &Filter,
        (range, at): (Range, Timestamp),
    ) -> Result<(), Error> {
        let (_, before) = range.bounds();
        let params = params![before.micros(), merchant_id.bytes(), mode.as_str(), at.micros()];
        each(connection, KEPT_BACK, params, |row| {
            let transaction = parse(row)?;
            if !filter.takes(&transaction) {
                return Ok(());
            }
            let cells = Cells::new("transactions", row);
            let (before, given_back): (i64, i64) = (cells.get(16, "before")?, cells.get(17, "given_back")?);
            let gone = given_back.saturating_sub(before).clamp(0, transaction.amount);
            let money = |minor| Money::new(minor, transaction.currency).ok_or_else(|| cells.corrupt("amount"));
            let reserve = Reserve { basis_points: cells.get(15, "reserve")?, ..Reserve::default() };
            let kept = reserve.on(money(transaction.amount - gone)?, money(transaction.fee)?);
            let sum = self.0.entry(transaction.currency).or_insert(Sum::new(transaction.currency));
            sum.reserved += i128::from(kept.minor());
            Ok(())
        })
    }

    fn balances(self) -> Result<Vec<MerchantBalance>, Error> {
        let whole = |sum: i128| i64::try_from(sum).map_err(|_| too_large());
        let balance = |Sum { currency, gross, fees, reserved }: Sum| {
            let (gross, fees, reserved) = (whole(gross)?, whole(fees)?, whole(reserved)?);
            Ok(MerchantBalance { currency, gross, fees, reserved })
        };
        self.0.into_values().map(balance).collect()
    }
}

/// What the balances say.
fn current(
    connection: &Connection,
    merchant: (MerchantId, Mode),
    filter: &Filter,
    now: Timestamp,
) -> Result<Vec<MerchantBalance>, Error> {
    let transaction = connection.unchecked_transaction()?;
    let mut sums = Sums::of(&transaction, merchant, filter)?;
    for (key, amount) in ledger::balances_of(&transaction, merchant)? {
        let Some(sum) = sums.0.get_mut(&key.currency).filter(|_| key.layer == Layer::Posted) else { continue };
        match key.account {
            Account::Merchant | Account::Refunded | Account::Disputed => sum.gross -= i128::from(amount),
            Account::FeesCharged => sum.fees += i128::from(amount),
            Account::Acquirer
            | Account::Bank
            | Account::PaidElsewhere
            | Account::HeldByMerchant
            | Account::FeesEarned
            | Account::AcquirerFees
            | Account::Suspense
            | Account::WrittenOff
            | Account::Claimed => {}
        }
    }
    sums.keep_back(&transaction, merchant, filter, (Range::default(), now))?;
    sums.balances()
}

const KEPT_BACK: &str = concat!(
    "select ",
    columns!(),
    ", reserve,
     (select coalesce(sum(-amount), 0) from transactions before join postings using (position)
      where before.payment_id = transactions.payment_id and before.position < transactions.position
      and layer = 'posted' and account = 'merchant'),
     (select coalesce(sum(amount), 0) from transactions after join postings using (position)
      where after.payment_id = transactions.payment_id and after.at < $1
      and layer = 'posted' and account in ('refunded', 'disputed'))
     from transactions where merchant_id = $2 and mode = $3 and free_at > $4 and transactions.at < $1"
);
