//! How authorizations and operations may stand, and what the end of a try is called here (orchestration-api 4.2, 4.3,
//! 8.3).

use domain::{AuthenticationFailure, BlockedBy, DeclineReason};
use serde::Serialize;
use utoipa::ToSchema;

/// How an authorization stands, of a leg or of the payment (4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AuthorizationStatus {
    /// It goes on: the payer is led elsewhere, or a partner has not answered.
    Pending,
    /// The money is reserved.
    Authorized,
    /// The partner or the bank said no.
    Refused,
    /// Something broke.
    Error,
    /// The payer or the merchant ended it, or nobody came back in time.
    Aborted,
}

/// How a capture, void or refund stands, as a whole or on one leg (4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum OperationStatus {
    /// Done.
    Success,
    /// A partner has not given its final answer.
    Pending,
    /// Nothing of it was done.
    Failure,
    /// Some legs did it, others did not.
    Conflict,
    /// A partner's answer cannot be used; it is asked again.
    Uncertain,
}

/// Fine.
pub(crate) const SUCCEEDED: &str = "SUCCEEDED";
/// The partner has not answered.
pub(crate) const WAITING: &str = "WAITING_PARTNER_RESPONSE";
/// What the partner answered cannot be used.
pub(crate) const UNCERTAIN: &str = "UNCERTAIN";
/// The partner could not be asked.
pub(crate) const TECHNICAL: &str = "TECHNICAL_ISSUE_TO_CONTACT_PARTNER";
/// The payer gave up.
pub(crate) const BY_CUSTOMER: &str = "ABORTED_BY_CUSTOMER";
/// The merchant ended the session; the list of 8.3 has no word for it.
pub(crate) const BY_MERCHANT: &str = "ABORTED_BY_MERCHANT";
/// What was reserved is being given back; a word of ours (5.3).
pub(crate) const RELEASE_PENDING: &str = "RELEASE_PENDING";
/// What was reserved was given back, because another leg failed or the session was ended; a word of ours (5.3).
pub(crate) const RELEASED: &str = "RELEASED";
/// It was never sent, because a leg before it failed or the session was ended; a word of ours (5.3).
pub(crate) const NOT_STARTED: &str = "NOT_STARTED";

/// What a try that failed so is called, and why.
pub(crate) fn failed(
    reason: DeclineReason,
    failure: Option<&AuthenticationFailure>,
) -> (AuthorizationStatus, &'static str) {
    match failure {
        Some(AuthenticationFailure::Payer | AuthenticationFailure::Abandoned) => {
            return (AuthorizationStatus::Aborted, BY_CUSTOMER);
        }
        // The payer left the bank's page, or did not come to it.
        Some(AuthenticationFailure::Bank(said)) if !said.cancel.is_empty() => {
            return (AuthorizationStatus::Aborted, BY_CUSTOMER);
        }
        Some(AuthenticationFailure::Bank(_) | AuthenticationFailure::NoAnswer) | None => {}
    }
    let status = match reason {
        DeclineReason::DoNotHonour
        | DeclineReason::InsufficientFunds
        | DeclineReason::ExpiredCard
        | DeclineReason::LostCard
        | DeclineReason::StolenCard
        | DeclineReason::SuspectedFraud
        | DeclineReason::NotPermittedToCardholder
        | DeclineReason::ExceedsWithdrawalLimit
        | DeclineReason::ExceedsFrequencyLimit
        | DeclineReason::RestrictedCard
        | DeclineReason::SecurityViolation
        | DeclineReason::PickUpCard
        | DeclineReason::InvalidCardNumber
        | DeclineReason::InvalidIssuer
        | DeclineReason::AuthenticationRequired
        | DeclineReason::AuthenticationFailed
        | DeclineReason::WrongCvc
        | DeclineReason::WrongExpiry
        | DeclineReason::TokenDead
        | DeclineReason::Blocked(_)
        | DeclineReason::Field(..) => AuthorizationStatus::Refused,
        DeclineReason::IssuerUnavailable
        | DeclineReason::AcquirerError
        | DeclineReason::NoAcquirer
        | DeclineReason::ConnectionFailed
        | DeclineReason::TimedOut
        | DeclineReason::AuthenticationUnavailable
        | DeclineReason::AuthenticationTimedOut => AuthorizationStatus::Error,
        DeclineReason::Cancelled | DeclineReason::Abandoned => AuthorizationStatus::Aborted,
    };
    (status, description(reason))
}

/// A reason in the words of 8.3.
pub(crate) const fn description(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::DoNotHonour
        | DeclineReason::SecurityViolation
        | DeclineReason::ExceedsFrequencyLimit
        | DeclineReason::AuthenticationRequired
        | DeclineReason::AuthenticationFailed => "REJECTED_BANK",
        DeclineReason::InsufficientFunds => "INSUFFICIENT_FUNDS",
        DeclineReason::ExceedsWithdrawalLimit => "AMOUNT_EXCEEDED",
        DeclineReason::ExpiredCard => "CARD_EXPIRED",
        DeclineReason::LostCard
        | DeclineReason::StolenCard
        | DeclineReason::RestrictedCard
        | DeclineReason::PickUpCard
        | DeclineReason::Blocked(BlockedBy::Retries) => "BLOCKED_CARD",
        DeclineReason::SuspectedFraud
        | DeclineReason::Blocked(BlockedBy::ListedCountry | BlockedBy::Listed | BlockedBy::Limits | BlockedBy::Score) => {
            "REJECTED_BY_RISK_CHECKS"
        }
        DeclineReason::NotPermittedToCardholder => "TRANSACTION_NOT_SUPPORTED_BY_CARD",
        DeclineReason::NoAcquirer => "TRANSACTION_NOT_SUPPORTED_BY_MERCHANT_ACCOUNT",
        DeclineReason::InvalidCardNumber | DeclineReason::InvalidIssuer => "UNKNOWN_CARD",
        DeclineReason::WrongCvc | DeclineReason::WrongExpiry | DeclineReason::Field(..) => "WRONG_CARD_DATA",
        DeclineReason::TokenDead => "CARD_IS_NOT_ACTIVE",
        DeclineReason::IssuerUnavailable
        | DeclineReason::AcquirerError
        | DeclineReason::ConnectionFailed
        | DeclineReason::TimedOut => TECHNICAL,
        DeclineReason::AuthenticationUnavailable | DeclineReason::AuthenticationTimedOut => {
            "TECHNICAL_ISSUE_DURING_AUTHENTICATION_CHECK"
        }
        DeclineReason::Cancelled | DeclineReason::Abandoned => BY_CUSTOMER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_the_published_words() {
        for (reason, status, description) in [
            (DeclineReason::DoNotHonour, "REFUSED", "REJECTED_BANK"),
            (DeclineReason::InsufficientFunds, "REFUSED", "INSUFFICIENT_FUNDS"),
            (DeclineReason::ExpiredCard, "REFUSED", "CARD_EXPIRED"),
            (DeclineReason::AcquirerError, "ERROR", "TECHNICAL_ISSUE_TO_CONTACT_PARTNER"),
            (DeclineReason::Cancelled, "ABORTED", "ABORTED_BY_CUSTOMER"),
        ] {
            let (found, words) = failed(reason, None);
            let found = serde_json::to_value(found).expect("JSON");
            assert_eq!((status, description), (found.as_str().expect("a word"), words), "{reason:?}");
        }
    }

    #[test]
    fn every_reason_has_a_word_of_the_list() {
        let list = "CARD_EXPIRED AMOUNT_EXCEEDED BLOCKED_CARD INSUFFICIENT_FUNDS REJECTED_BANK REJECTED_BY_RISK_CHECKS \
                    TECHNICAL_ISSUE_TO_CONTACT_PARTNER TRANSACTION_NOT_SUPPORTED_BY_CARD \
                    TRANSACTION_NOT_SUPPORTED_BY_MERCHANT_ACCOUNT UNKNOWN_CARD \
                    TECHNICAL_ISSUE_DURING_AUTHENTICATION_CHECK WRONG_CARD_DATA CARD_IS_NOT_ACTIVE ABORTED_BY_CUSTOMER";
        for reason in DeclineReason::ALL {
            assert!(list.split_whitespace().any(|word| word == description(reason)), "{reason:?}");
        }
    }

    #[test]
    fn a_payer_who_leaves_is_not_refused() {
        let reason = DeclineReason::AuthenticationFailed;
        for failure in [AuthenticationFailure::Payer, AuthenticationFailure::Abandoned] {
            assert_eq!((AuthorizationStatus::Aborted, BY_CUSTOMER), failed(reason, Some(&failure)));
        }
        let late = AuthenticationFailure::NoAnswer;
        assert_eq!(AuthorizationStatus::Error, failed(late.reason(), Some(&late)).0);
        assert_eq!((AuthorizationStatus::Refused, "REJECTED_BANK"), failed(reason, None));
    }
}
