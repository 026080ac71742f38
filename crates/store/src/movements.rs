//! Movements: the captures and refunds that an acquirer's files must name. Each row follows from its payment's journal.

use domain::{
    Adjusted, CheckoutId, Currency, Event, GRACE, LineKind, Matched, MerchantId, Mode, Money, Paid, Payment, PaymentId,
    Recorded, Timestamp, Whose,
};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::Store;
use crate::error::Error;
use crate::row::{Cells, Id, all, execute, first};

/// Whether the files have a movement, as its row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementState {
    /// No file has it.
    Open,
    /// A difference is about it.
    Differs,
    /// A line said the same.
    Matched,
    /// A difference about it was settled.
    Adjusted,
}

impl MovementState {
    /// As stored, and as operators read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Differs => "differs",
            Self::Matched => "matched",
            Self::Adjusted => "adjusted",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let all = [Self::Open, Self::Differs, Self::Matched, Self::Adjusted];
        all.into_iter().find(|state| state.as_str() == text)
    }
}

/// A capture or refund, as files must name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementRecord {
    /// What the acquirer knows it by.
    pub reference: Uuid,
    /// A capture or a refund.
    pub kind: LineKind,
    /// In which world.
    pub mode: Mode,
    /// Of which payment.
    pub whose: Whose,
    /// How much.
    pub amount: Money,
    /// When it happened.
    pub at: Timestamp,
    /// Whether the files have it.
    pub state: MovementState,
}

/// What the events of a payment do to its movements.
pub(crate) enum MovementWrite {
    Expect(MovementRecord),
    Close(Uuid, MovementState),
}

impl MovementWrite {
    pub(crate) fn of(payment: &Payment, recorded: &Recorded) -> Option<Self> {
        let terms = &payment.terms;
        let whose =
            Whose { merchant_id: terms.merchant_id, payment_id: terms.payment_id, checkout_id: terms.checkout_id };
        let expect = |kind, reference, amount| {
            let (mode, at, state) = (terms.mode, recorded.at, MovementState::Open);
            Some(Self::Expect(MovementRecord { reference, kind, mode, whose, amount, at, state }))
        };
        match &recorded.event {
            Event::Captured { attempt_id, operation_id, amount, .. } => {
                let reference = operation_id.map_or(attempt_id.uuid(), |operation_id| operation_id.uuid());
                expect(LineKind::Capture, reference, *amount)
            }
            Event::Refunded { operation_id, amount } => expect(LineKind::Refund, operation_id.uuid(), *amount),
            Event::Matched(Matched { paid: Paid { kind, reference, .. }, .. }) => match kind {
                LineKind::Capture | LineKind::Refund => Some(Self::Close(*reference, MovementState::Matched)),
                LineKind::Chargeback | LineKind::ChargebackReversal => None,
            },
            Event::Adjusted(Adjusted { reference, .. }) => Some(Self::Close(*reference, MovementState::Adjusted)),
            Event::Opened(_)
            | Event::Viewed
            | Event::DetailsGiven(_)
            | Event::InvoiceSent
            | Event::Overdue
            | Event::Expired
            | Event::Cancelled
            | Event::MarkedPaid { .. }
            | Event::TenderBegun(_)
            | Event::TenderEnded(_)
            | Event::AttemptSent(_)
            | Event::AuthenticationStarted(_)
            | Event::Challenged { .. }
            | Event::Authenticated { .. }
            | Event::NotAuthenticated { .. }
            | Event::AttemptRefused(_)
            | Event::TriesUsedUp
            | Event::Redirected { .. }
            | Event::Left { .. }
            | Event::AttemptUnknown { .. }
            | Event::Authorized { .. }
            | Event::Declined { .. }
            | Event::ReversalSent { .. }
            | Event::Reversed { .. }
            | Event::OperationSent(_)
            | Event::OperationFailed { .. }
            | Event::OperationUnknown { .. }
            | Event::Released { .. }
            | Event::Voided { .. }
            | Event::SettledByHand(_)
            | Event::CardForgetting
            | Event::CardForgotten
            | Event::Cleared
            | Event::Settled { .. }
            | Event::ChargedBack { .. }
            | Event::ChargebackReversed { .. } => None,
        }
    }

    pub(crate) fn write(&self, connection: &Connection) -> Result<(), Error> {
        match self {
            Self::Expect(MovementRecord { reference, kind, mode, whose, amount, at, state }) => execute(
                connection,
                "insert into movements (reference, kind, merchant_id, mode, payment_id, checkout_id, currency, amount,
                 at, state) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                params![
                    reference.as_bytes(),
                    kind.as_str(),
                    whose.merchant_id.bytes(),
                    mode.as_str(),
                    whose.payment_id.bytes(),
                    whose.checkout_id.bytes(),
                    amount.currency().code(),
                    amount.minor(),
                    at.micros(),
                    state.as_str()
                ],
            ),
            Self::Close(reference, state) => execute(
                connection,
                "update movements set state = $1 where reference = $2",
                params![state.as_str(), reference.as_bytes()],
            ),
        }?;
        Ok(())
    }
}

/// Whether neither a line nor a difference is about it.
pub(crate) fn is_open(connection: &Connection, reference: Uuid) -> Result<bool, Error> {
    let open = first(
        connection,
        "select reference from movements where reference = $1 and state = 'open'",
        [reference.as_bytes()],
        |_| Ok(()),
    )?;
    Ok(open.is_some())
}

/// A difference is about it from now on.
pub(crate) fn claim(connection: &Connection, reference: Uuid) -> Result<(), Error> {
    let sql = "update movements set state = 'differs' where reference = $1";
    execute(connection, sql, [reference.as_bytes()]).map(|_| ())
}

impl Store {
    /// The movement that the acquirer knows by `reference`, in this world.
    ///
    /// # Errors
    /// When something broke.
    pub async fn movement(&self, mode: Mode, reference: Uuid) -> Result<Option<MovementRecord>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select reference, kind, merchant_id, mode, payment_id, checkout_id, currency, amount, at, state
                 from movements where mode = $1 and reference = $2",
                params![mode.as_str(), reference.as_bytes()],
                parse,
            )
        })
        .await
    }

    /// At most `limit` movements from `since` on that no file has had by `now`, though the grace is over; oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn overdue_movements(
        &self,
        mode: Mode,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<MovementRecord>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select reference, kind, merchant_id, mode, payment_id, checkout_id, currency, amount, at, state
                 from movements where state = 'open' and mode = $1 and at >= $2 and at <= $3 order by at limit $4",
                params![mode.as_str(), since.micros(), now.minus(GRACE).micros(), limit],
                parse,
            )
        })
        .await
    }

    /// When the next movement from `since` on will be overdue, unless a file has it by then.
    ///
    /// # Errors
    /// When something broke.
    pub async fn next_overdue(&self, mode: Mode, since: Timestamp) -> Result<Option<Timestamp>, Error> {
        let at = self.read(move |connection| {
            first(
                connection,
                "select reference, at from movements where state = 'open' and mode = $1 and at >= $2
                 order by at limit 1",
                params![mode.as_str(), since.micros()],
                |row| Cells::new("movements", row).time(1, "at"),
            )
        });
        Ok(at.await?.map(|at| at.plus(GRACE)))
    }
}

fn parse(row: &Row<'_>) -> Result<MovementRecord, Error> {
    let cells = Cells::new("movements", row);
    let (merchant_id, payment_id, checkout_id): (MerchantId, PaymentId, CheckoutId) =
        (cells.id(2, "merchant_id")?, cells.id(4, "payment_id")?, cells.id(5, "checkout_id")?);
    let currency = cells.word(6, "currency", Currency::parse)?;
    Ok(MovementRecord {
        reference: Uuid::from_bytes(cells.get(0, "reference")?),
        kind: cells.word(1, "kind", LineKind::parse)?,
        mode: cells.mode(3, "mode")?,
        whose: Whose { merchant_id, payment_id, checkout_id },
        amount: Money::new(cells.get(7, "amount")?, currency).ok_or_else(|| cells.corrupt("amount"))?,
        at: cells.time(8, "at")?,
        state: cells.word(9, "state", MovementState::parse)?,
    })
}
