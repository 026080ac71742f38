//! What was reserved, taken and given back of a payment, and what is left of it (orchestration-api 4.4, 4.5).

use domain::{OperationKind, Payment, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::outcomes::AuthorizationStatus;

/// Sums over the legs of a payment, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.11")]
pub(crate) struct Amounts {
    pub(crate) authorize_pending: i64,
    pub(crate) total_authorized: i64,
    pub(crate) total_voided: i64,
    pub(crate) available_to_void: i64,
    pub(crate) total_captured: i64,
    pub(crate) available_to_capture: i64,
    pub(crate) total_refunded: i64,
    pub(crate) available_to_refund: i64,
}

/// How much of a payment was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// Captured or voided, of what was authorized.
    pub(crate) consumed: Level,
    /// Of what was authorized.
    pub(crate) captured: Level,
    /// Of what was authorized.
    pub(crate) voided: Level,
    /// Of what was captured.
    pub(crate) refunded: Level,
}

/// How much of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Level {
    /// Nothing.
    Not,
    /// A part.
    Partially,
    /// All of it.
    Totally,
}

impl Amounts {
    /// Of a payment whose authorization stands so.
    pub(crate) fn of(payment: &Payment, status: AuthorizationStatus) -> Self {
        match status {
            AuthorizationStatus::Pending => Self { authorize_pending: payment.terms.amount.minor(), ..Self::default() },
            // What its legs gave back is nobody's void (5.3).
            AuthorizationStatus::Refused | AuthorizationStatus::Error | AuthorizationStatus::Aborted => Self::default(),
            AuthorizationStatus::Authorized => Self::of_authorized(payment),
        }
    }

    fn of_authorized(payment: &Payment) -> Self {
        // What the payer's bank took back cannot be used, until it gives it again.
        let is_disputed = payment.state == State::ChargedBack;
        let left = |kind| {
            let over_legs = payment.attempts.iter().map(|attempt| payment.available(kind, attempt).minor()).sum();
            if is_disputed { 0 } else { over_legs }
        };
        Self {
            authorize_pending: 0,
            total_authorized: payment.authorized.minor(),
            total_voided: payment.voided.minor(),
            available_to_void: left(OperationKind::Void),
            total_captured: payment.captured.minor(),
            available_to_capture: left(OperationKind::Capture),
            total_refunded: payment.refunded.minor(),
            available_to_refund: left(OperationKind::Refund),
        }
    }

    /// What has ended of operations, by how much there was; what is under way does not count.
    #[must_use]
    pub(crate) const fn overview(&self) -> Overview {
        let Self { total_authorized: authorized, total_captured: captured, total_voided: voided, .. } = *self;
        Overview {
            consumed: Level::of(captured + voided, authorized),
            captured: Level::of(captured, authorized),
            voided: Level::of(voided, authorized),
            refunded: Level::of(self.total_refunded, captured),
        }
    }
}

impl Level {
    const fn of(part: i64, whole: i64) -> Self {
        match part {
            0 => Self::Not,
            part if part == whole => Self::Totally,
            _ => Self::Partially,
        }
    }
}
