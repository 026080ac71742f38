//! Why a try or an operation failed.

/// Why a try failed. The payer sees a gentler text (checkout-ux 6); the merchant sees this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum DeclineReason {
    DoNotHonour,
    InsufficientFunds,
    ExpiredCard,
    LostCard,
    StolenCard,
    SuspectedFraud,
    NotPermittedToCardholder,
    ExceedsWithdrawalLimit,
    ExceedsFrequencyLimit,
    RestrictedCard,
    SecurityViolation,
    /// The bank wants the card taken away from whoever shows it.
    PickUpCard,
    InvalidCardNumber,
    InvalidIssuer,
    IssuerUnavailable,
    AcquirerError,
    /// The issuer wants the payer to authenticate first.
    AuthenticationRequired,
    /// The card verification code was refused.
    WrongCvc,
    /// The expiry date was refused.
    WrongExpiry,
    /// No acquirer takes this card in this mode.
    NoAcquirer,
    /// The acquirer could not be reached; nothing was sent.
    ConnectionFailed,
    /// No outcome could be learned, and the try was undone.
    TimedOut,
    /// The payer was not authenticated by the bank.
    AuthenticationFailed,
    /// The bank could not authenticate anybody.
    AuthenticationUnavailable,
    /// The card scheme did not say in time whether the bank wants to.
    AuthenticationTimedOut,
    /// The merchant ended the payment before anything was sent to the acquirer, or the payer gave up on the acquirer's
    /// page.
    Cancelled,
    /// The payer did not decide on the acquirer's page in time.
    Abandoned,
    /// The kept card can not be used any more.
    TokenDead,
    /// We did not let it through to the acquirer: it looked like fraud.
    Blocked(BlockedBy),
    /// A field of a form that posts to us is missing, too long or wrong.
    Field(CardField, FieldFault),
}

/// What kept a try from the acquirer; what weighs most comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockedBy {
    /// An operator's list names the card's or the payer's country.
    ListedCountry,
    /// An operator's list names the card, its BIN, the payer's mail address or network.
    Listed,
    /// The card was declined so that it may not be sent again (security R2).
    Retries,
    /// A limit against card testing (security R1).
    Limits,
    /// The score was the merchant's threshold or above.
    Score,
}

/// A field of a card form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum CardField {
    Holder,
    Number,
    Expiry,
    Cvc,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldFault {
    /// Nothing was given.
    Missing,
    /// More than fits.
    TooLong,
    /// Not what belongs there.
    Invalid,
}

impl DeclineReason {
    /// Every reason, for stores and tables.
    pub const ALL: [Self; 45] = [
        Self::DoNotHonour,
        Self::InsufficientFunds,
        Self::ExpiredCard,
        Self::LostCard,
        Self::StolenCard,
        Self::SuspectedFraud,
        Self::NotPermittedToCardholder,
        Self::ExceedsWithdrawalLimit,
        Self::ExceedsFrequencyLimit,
        Self::RestrictedCard,
        Self::SecurityViolation,
        Self::PickUpCard,
        Self::InvalidCardNumber,
        Self::InvalidIssuer,
        Self::IssuerUnavailable,
        Self::AcquirerError,
        Self::AuthenticationRequired,
        Self::WrongCvc,
        Self::WrongExpiry,
        Self::NoAcquirer,
        Self::ConnectionFailed,
        Self::TimedOut,
        Self::AuthenticationFailed,
        Self::AuthenticationUnavailable,
        Self::AuthenticationTimedOut,
        Self::Cancelled,
        Self::Abandoned,
        Self::TokenDead,
        Self::Blocked(BlockedBy::ListedCountry),
        Self::Blocked(BlockedBy::Listed),
        Self::Blocked(BlockedBy::Retries),
        Self::Blocked(BlockedBy::Limits),
        Self::Blocked(BlockedBy::Score),
        Self::Field(CardField::Holder, FieldFault::Missing),
        Self::Field(CardField::Holder, FieldFault::TooLong),
        Self::Field(CardField::Holder, FieldFault::Invalid),
        Self::Field(CardField::Number, FieldFault::Missing),
        Self::Field(CardField::Number, FieldFault::TooLong),
        Self::Field(CardField::Number, FieldFault::Invalid),
        Self::Field(CardField::Expiry, FieldFault::Missing),
        Self::Field(CardField::Expiry, FieldFault::TooLong),
        Self::Field(CardField::Expiry, FieldFault::Invalid),
        Self::Field(CardField::Cvc, FieldFault::Missing),
        Self::Field(CardField::Cvc, FieldFault::TooLong),
        Self::Field(CardField::Cvc, FieldFault::Invalid),
    ];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DoNotHonour => "do_not_honour",
            Self::InsufficientFunds => "insufficient_funds",
            Self::ExpiredCard => "expired_card",
            Self::LostCard => "lost_card",
            Self::StolenCard => "stolen_card",
            Self::SuspectedFraud => "suspected_fraud",
            Self::NotPermittedToCardholder => "not_permitted_to_cardholder",
            Self::ExceedsWithdrawalLimit => "exceeds_withdrawal_limit",
            Self::ExceedsFrequencyLimit => "exceeds_frequency_limit",
            Self::RestrictedCard => "restricted_card",
            Self::SecurityViolation => "security_violation",
            Self::PickUpCard => "pick_up_card",
            Self::InvalidCardNumber => "invalid_card_number",
            Self::InvalidIssuer => "invalid_issuer",
            Self::IssuerUnavailable => "issuer_unavailable",
            Self::AcquirerError => "acquirer_error",
            Self::AuthenticationRequired => "authentication_required",
            Self::WrongCvc => "wrong_cvc",
            Self::WrongExpiry => "wrong_expiry",
            Self::NoAcquirer => "no_acquirer",
            Self::ConnectionFailed => "connection_failed",
            Self::TimedOut => "timed_out",
            Self::AuthenticationFailed => "authentication_failed",
            Self::AuthenticationUnavailable => "authentication_unavailable",
            Self::AuthenticationTimedOut => "authentication_timed_out",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::TokenDead => "token_dead",
            Self::Blocked(BlockedBy::ListedCountry) => "blocked_by_country",
            Self::Blocked(BlockedBy::Listed) => "blocked_by_list",
            Self::Blocked(BlockedBy::Retries) => "blocked_by_retries",
            Self::Blocked(BlockedBy::Limits) => "blocked_by_limits",
            Self::Blocked(BlockedBy::Score) => "blocked_by_score",
            Self::Field(field, fault) => match (field, fault) {
                (CardField::Holder, FieldFault::Missing) => "holder_missing",
                (CardField::Holder, FieldFault::TooLong) => "holder_too_long",
                (CardField::Holder, FieldFault::Invalid) => "holder_invalid",
                (CardField::Number, FieldFault::Missing) => "number_missing",
                (CardField::Number, FieldFault::TooLong) => "number_too_long",
                (CardField::Number, FieldFault::Invalid) => "number_invalid",
                (CardField::Expiry, FieldFault::Missing) => "expiry_missing",
                (CardField::Expiry, FieldFault::TooLong) => "expiry_too_long",
                (CardField::Expiry, FieldFault::Invalid) => "expiry_invalid",
                (CardField::Cvc, FieldFault::Missing) => "cvc_missing",
                (CardField::Cvc, FieldFault::TooLong) => "cvc_too_long",
                (CardField::Cvc, FieldFault::Invalid) => "cvc_invalid",
            },
        }
    }

    /// Reads [`DeclineReason::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}
