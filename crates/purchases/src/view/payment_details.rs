//! The money of a purchase or a refund, and what of it is kept back (purchases-api 3.1.2).

use domain::{Money, Payment, State, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// The money that was taken (3.1.2). `amount` is the sum of net, fee and pending amount, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct PaymentDetails {
    pub is_outgoing: bool,
    /// `purchase`, `refund`, or `custom` for money that was paid or taken back outside the gateway.
    #[schema(value_type = String, example = "purchase")]
    pub payment_type: &'static str,
    pub amount: i64,
    #[schema(value_type = String, example = "MYR")]
    pub currency: &'static str,
    pub net_amount: i64,
    pub fee_amount: i64,
    pub pending_amount: i64,
    pub pending_unfreeze_on: Option<i64>,
    pub description: String,
    pub paid_on: Option<i64>,
    pub remote_paid_on: Option<i64>,
    pub owned_bank_account_id: Option<String>,
    pub owned_bank_account: Option<String>,
    pub owned_bank_code: Option<String>,
}

impl PaymentDetails {
    /// Money that came in at `at`.
    #[must_use]
    pub(crate) fn new(payment_type: &'static str, amount: Money, fee: i64, at: Timestamp) -> Self {
        Self {
            is_outgoing: false,
            payment_type,
            amount: amount.minor(),
            currency: amount.currency().code(),
            net_amount: amount.minor().saturating_sub(fee),
            fee_amount: fee,
            pending_amount: 0,
            pending_unfreeze_on: None,
            description: String::new(),
            paid_on: Some(at.seconds()),
            remote_paid_on: Some(at.seconds()),
            owned_bank_account_id: None,
            owned_bank_account: None,
            owned_bank_code: None,
        }
    }

    /// What of it cannot be withdrawn for a time: a share of what was not given back of `payment` (10.2 #48).
    pub(super) fn keep_back(&mut self, payment: &Payment) {
        let reserve = payment.terms.fees.reserve;
        let nothing = Money::zero(payment.terms.amount.currency());
        let left = if payment.state == State::Captured { payment.refundable() } else { nothing };
        if let Some(lasts) = reserve.lasts() {
            let fee = Money::new(self.fee_amount, nothing.currency()).unwrap_or(nothing);
            self.pending_amount = reserve.on(left, fee).minor();
            self.net_amount = self.amount - self.fee_amount - self.pending_amount;
            let paid_on = self.paid_on.filter(|_| self.pending_amount > 0).map(Timestamp::from_seconds);
            self.pending_unfreeze_on = paid_on.map(|paid_on| paid_on.plus(lasts).seconds());
        }
    }
}
