//! Transactions: what moved merchants' money, found by shop, method, time and more. Each row follows from its journal
//! row, and how much it moved is read from the postings of that row: balances, turnover and statements add up what the
//! ledger says and nothing else.

use domain::{
    BrandId, Checkout, CheckoutId, Currency, Customer, Event, Flow, MerchantId, Mode, Money, Payment, PaymentId,
    Recorded, State, Timestamp, Transaction, TransactionKind,
};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::Store;
use crate::documents::{Owner, Word};
use crate::error::Error;
use crate::filter::{Range, StatementFilter};
use crate::records::CheckoutRecord;
use crate::row::{Cells, Id, all, each, execute, first};
use crate::{checkouts, journal};

/// A transaction ready to be written.
pub(crate) struct TransactionWrite {
    merchant_id: MerchantId,
    mode: Mode,
    at: Timestamp,
    payment_id: PaymentId,
    checkout_id: CheckoutId,
    brand_id: BrandId,
    currency: Currency,
    transaction: Transaction,
    /// Of a capture: hundredths of a per cent that are kept back, and until when.
    reserve: Option<(u32, Timestamp)>,
}

impl TransactionWrite {
    /// What an event of `payment`, which it was applied to, moved.
    pub(crate) fn of(payment: &Payment, brand_id: BrandId, recorded: &Recorded) -> Option<Self> {
        let (terms, at) = (&payment.terms, recorded.at);
        let transaction = payment.transaction(&recorded.event)?;
        let reserve = terms.fees.reserve;
        let kept_back = reserve.lasts().filter(|_| transaction.kind == TransactionKind::Payment);
        Some(Self {
            merchant_id: terms.merchant_id,
            mode: terms.mode,
            at,
            payment_id: terms.payment_id,
            checkout_id: terms.checkout_id,
            brand_id,
            currency: terms.amount.currency(),
            transaction,
            reserve: kept_back.map(|lasts| (reserve.basis_points, at.plus(lasts))),
        })
    }

    /// Writes it beside the journal row at `position`.
    pub(crate) fn write(&self, connection: &Connection, position: i64) -> Result<(), Error> {
        let Transaction { kind, reference, paid_by } = &self.transaction;
        execute(
            connection,
            "insert into transactions (position, merchant_id, mode, at, kind, payment_id, checkout_id, brand_id,
             reference, currency, method, flow, country, by_token, vouched, reserve, free_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            params![
                position,
                self.merchant_id.bytes(),
                self.mode.as_str(),
                self.at.micros(),
                kind.as_str(),
                self.payment_id.bytes(),
                self.checkout_id.bytes(),
                self.brand_id.bytes(),
                reference.as_bytes(),
                self.currency.code(),
                paid_by.method,
                paid_by.flow.map(|flow| flow.to_word()),
                paid_by.country,
                paid_by.by_token,
                paid_by.vouched,
                self.reserve.map(|(basis_points, _)| basis_points),
                self.reserve.map(|(_, free_at)| free_at.micros())
            ],
        )?;
        Ok(())
    }
}

/// A transaction with what its postings say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRow {
    /// Of its journal row.
    pub position: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What kind of movement it is.
    pub kind: TransactionKind,
    /// What the acquirer knows it by.
    pub reference: Uuid,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Of which checkout.
    pub checkout_id: CheckoutId,
    /// Of which shop.
    pub brand_id: BrandId,
    /// Of its amounts.
    pub currency: Currency,
    /// The card's brand, or what else it was paid with; empty when that is not known.
    pub method: String,
    /// How it came.
    pub flow: Option<Flow>,
    /// The card's, ISO 3166-1 alpha-2; empty when not said.
    pub country: String,
    /// Whether a kept card was charged.
    pub by_token: bool,
    /// Whether the bank vouches for the payer.
    pub vouched: bool,
    /// Minor units: positive to the merchant, negative from it.
    pub amount: i64,
    /// What the merchant was charged for it, in minor units.
    pub fee: i64,
}

/// How the payment of a transaction stands, in the words of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// The merchant has the money.
    Paid,
    /// Some of it was given back.
    Refunded,
    /// The payer's bank has it.
    Chargeback,
}

impl Stands {
    /// As stored, and as merchants read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Refunded => "refunded",
            Self::Chargeback => "chargeback",
        }
    }

    /// Reads [`Stands::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Paid, Self::Refunded, Self::Chargeback].into_iter().find(|stands| stands.as_str() == text)
    }
}

/// A transaction as a statement lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// What moved.
    pub transaction: TransactionRow,
    /// What the payment is for.
    pub total: Money,
    /// How it stands now.
    pub stands: Stands,
    /// When its money was taken first.
    pub paid_at: Option<Timestamp>,
    /// When something was heard of it last.
    pub updated_at: Timestamp,
    /// What was bought.
    pub record: CheckoutRecord,
    /// Who paid: as the payer said, or else the merchant.
    pub customer: Customer,
}

impl StatementLine {
    /// Whether the name of something that was bought has a text in it, which is in lower case.
    pub(crate) fn orders(&self, text: &str) -> bool {
        self.record.checkout.lines.iter().any(|line| line.name.to_lowercase().contains(text))
    }

    /// Whether something that it is known by has a text in it, which is in lower case.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        let checkout = &self.record.checkout;
        let ids = [self.transaction.reference.to_string(), checkout.id.to_string()];
        let words = [&checkout.reference, &self.customer.email, &self.customer.full_name, &self.customer.legal_name];
        ids.iter().chain(words).any(|word| word.to_lowercase().contains(text))
    }
}

impl Store {
    /// The next transactions of a merchant that `filter` takes, in the order in which they happened, out of at most `most`
    /// behind a place, none of them written behind `last`; and the place behind those, unless there are no more. They are
    /// read by a connection of its own.
    ///
    /// # Errors
    /// When something broke.
    pub async fn statement_lines(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        filter: StatementFilter,
        (behind, last): ((Timestamp, i64), i64),
        most: u32,
    ) -> Result<(Vec<StatementLine>, Option<(Timestamp, i64)>), Error> {
        self.read_apart(move |connection| {
            let (from, to) = filter.at.bounds();
            let (at, position) = behind.max((from, i64::MIN));
            let found = all(
                connection,
                LINES,
                params![merchant_id.bytes(), mode.as_str(), at.micros(), position, to.micros(), last, most],
                |row| parse_line(connection, (merchant_id, mode), row),
            )?;
            let is_all = found.len() < usize::try_from(most).unwrap_or(usize::MAX);
            let end = found.last().map(|line| (line.transaction.at, line.transaction.position));
            let taken = found.into_iter().filter(|line| filter.takes(line)).collect();
            Ok((taken, end.filter(|_| !is_all)))
        })
        .await
    }

    /// The place of the last transaction that was written.
    ///
    /// # Errors
    /// When something broke.
    pub async fn last_transaction(&self) -> Result<i64, Error> {
        self.read(|connection| {
            let sql = "select coalesce(max(position), 0) from transactions";
            Ok(first(connection, sql, [], |row| Cells::new("transactions", row).get(0, "position"))?.unwrap_or(0))
        })
        .await
    }
}

impl TransactionRow {
    /// What it changed of the merchant's balance before fees: what was paid elsewhere never was there.
    pub(crate) const fn moved(&self) -> i64 {
        match self.kind {
            TransactionKind::Payment
            | TransactionKind::Refund
            | TransactionKind::Chargeback
            | TransactionKind::ChargebackReversal => self.amount,
            TransactionKind::MarkedPaid => 0,
        }
    }

    /// What of it the merchant's balance got, in minor units; negative what it lost.
    #[must_use]
    pub const fn net(&self) -> i64 {
        self.moved().saturating_sub(self.fee)
    }
}

/// A transaction with what its postings say.
macro_rules! columns {
    () => {
        "transactions.position, transactions.at, kind, reference, payment_id, transactions.checkout_id, brand_id,
         transactions.currency, method, flow, country, by_token, vouched,
         (select coalesce(sum(-amount), 0) from postings where position = transactions.position and layer = 'posted'
          and account in ('merchant', 'refunded', 'disputed', 'held_by_merchant')),
         (select coalesce(sum(amount), 0) from postings where position = transactions.position and layer = 'posted'
          and account = 'fees_charged')"
    };
}

pub(crate) use columns;

const ROWS: &str = concat!(
    "select ",
    columns!(),
    " from transactions where merchant_id = $1 and mode = $2 and at >= $3 and at < $4 order by at, position"
);

const LINES: &str = concat!(
    "select ",
    columns!(),
    ", payments.currency, payments.amount, payments.state, payments.refunded, payments.updated_at,
     (select min(paid.at) from transactions paid where paid.payment_id = transactions.payment_id
      and paid.kind in ('payment', 'marked_as_paid'))
     from transactions join payments on payments.id = transactions.payment_id
     where transactions.merchant_id = $1 and transactions.mode = $2
     and (transactions.at, transactions.position) > ($3, $4) and transactions.at < $5
     and transactions.position <= $6 order by transactions.at, transactions.position limit $7"
);

/// The transactions of a merchant within a stretch of time, one after the other.
pub(crate) fn rows(
    connection: &Connection,
    (merchant_id, mode): (MerchantId, Mode),
    range: Range,
    mut take: impl FnMut(TransactionRow) -> Result<(), Error>,
) -> Result<(), Error> {
    let (from, to) = range.bounds();
    let params = params![merchant_id.bytes(), mode.as_str(), from.micros(), to.micros()];
    each(connection, ROWS, params, |row| take(parse(row)?))
}

/// A row of those columns.
pub(crate) fn parse(row: &Row<'_>) -> Result<TransactionRow, Error> {
    let cells = Cells::new("transactions", row);
    Ok(TransactionRow {
        position: cells.get(0, "position")?,
        at: cells.time(1, "at")?,
        kind: cells.word(2, "kind", TransactionKind::parse)?,
        reference: Uuid::from_bytes(cells.get(3, "reference")?),
        payment_id: cells.id(4, "payment_id")?,
        checkout_id: cells.id(5, "checkout_id")?,
        brand_id: cells.id(6, "brand_id")?,
        currency: cells.word(7, "currency", Currency::parse)?,
        method: cells.get(8, "method")?,
        flow: match cells.get::<Option<String>>(9, "flow")? {
            Some(_) => Some(cells.word(9, "flow", Flow::from_word)?),
            None => None,
        },
        country: cells.get(10, "country")?,
        by_token: cells.get(11, "by_token")?,
        vouched: cells.get(12, "vouched")?,
        amount: cells.get(13, "amount")?,
        fee: cells.get(14, "fee")?,
    })
}

/// A transaction with its payment, its checkout, and what the payer said of themselves.
fn parse_line(
    connection: &Connection,
    (merchant_id, mode): (MerchantId, Mode),
    row: &Row<'_>,
) -> Result<StatementLine, Error> {
    let transaction = parse(row)?;
    let cells = Cells::new("payments", row);
    let currency = cells.word(15, "currency", Currency::parse)?;
    let total = Money::new(cells.get(16, "amount")?, currency).ok_or_else(|| cells.corrupt("amount"))?;
    let is_charged_back = cells.get::<String>(17, "state")? == State::ChargedBack.name();
    let is_refunded = cells.get::<i64>(18, "refunded")? > 0;
    let record = checkouts::of_merchant(connection, merchant_id, mode, transaction.checkout_id)?;
    let record = record.ok_or_else(|| cells.corrupt("checkout_id"))?;
    let customer = customer(connection, (merchant_id, mode), transaction.payment_id, &record.checkout)?;
    Ok(StatementLine {
        total,
        stands: match (is_charged_back, is_refunded) {
            (true, _) => Stands::Chargeback,
            (false, true) => Stands::Refunded,
            (false, false) => Stands::Paid,
        },
        updated_at: cells.time(19, "updated_at")?,
        paid_at: cells.time_or_none(20, "at")?,
        customer,
        record,
        transaction,
    })
}

/// Who paid: what the payer said, where somebody asked.
fn customer(
    connection: &Connection,
    (merchant_id, mode): (MerchantId, Mode),
    payment_id: PaymentId,
    checkout: &Checkout,
) -> Result<Customer, Error> {
    let history = if checkout.asks_details.is_empty() {
        vec![]
    } else {
        journal::history(connection, Owner { payment_id, merchant_id, mode })?
    };
    let said = history.into_iter().rev().find_map(|recorded| match recorded.event {
        Event::DetailsGiven(customer) => Some(*customer),
        _ => None,
    });
    Ok(said.unwrap_or_else(|| checkout.customer.clone()))
}
