//! Whether the payer's bank is to ask its payer (orchestration-api 3.8).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fields::{Choice, Fields};

/// What the merchant wants of the payer's bank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ChallengeIndicator {
    /// It decides.
    #[default]
    NoPreference,
    /// It should not ask.
    NoChallengeRequested,
    /// It is asked to ask.
    ChallengeRequestedByMerchant,
    /// It has to ask.
    ChallengeRequestedByMandate,
}

const INDICATORS: Choice<ChallengeIndicator> = Choice(&[
    ("NO_PREFERENCE", ChallengeIndicator::NoPreference),
    ("NO_CHALLENGE_REQUESTED", ChallengeIndicator::NoChallengeRequested),
    ("CHALLENGE_REQUESTED_BY_MERCHANT", ChallengeIndicator::ChallengeRequestedByMerchant),
    ("CHALLENGE_REQUESTED_BY_MANDATE", ChallengeIndicator::ChallengeRequestedByMandate),
]);

impl ChallengeIndicator {
    /// Whether the bank is to ask, also when it would not.
    #[must_use]
    pub(crate) const fn asks(self) -> bool {
        match self {
            Self::ChallengeRequestedByMerchant | Self::ChallengeRequestedByMandate => true,
            Self::NoPreference | Self::NoChallengeRequested => false,
        }
    }

    /// What holds when the card may be charged again later: nothing said means that the bank asks (10, 26). `None` when
    /// something else was said.
    #[must_use]
    pub(crate) const fn with_future_usage(self, allow_future_usage: bool) -> Option<Self> {
        match self {
            Self::NoPreference if allow_future_usage => Some(Self::ChallengeRequestedByMerchant),
            Self::NoChallengeRequested if allow_future_usage => None,
            said => Some(said),
        }
    }
}

/// `three_ds_authentication_options`
pub(crate) fn options(f: &mut Fields<'_>) -> Option<ChallengeIndicator> {
    Some(f.optional("challenge_indicator", INDICATORS, "`NO_PREFERENCE` when left out.").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_both_ways() {
        for (word, indicator) in INDICATORS.0 {
            assert_eq!(format!("{word:?}"), serde_json::to_string(indicator).expect("JSON"));
        }
    }

    #[test]
    fn who_may_charge_again_lets_the_bank_ask() {
        for (_, said) in INDICATORS.0 {
            assert_eq!(Some(*said), said.with_future_usage(false));
            let holds = said.with_future_usage(true);
            assert_eq!(*said != ChallengeIndicator::NoChallengeRequested, holds.is_some());
            assert!(holds.is_none_or(ChallengeIndicator::asks), "{said:?}");
        }
    }
}
