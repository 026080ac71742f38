//! 3-D Secure 2: what a bank asks of a payer, and what it answers (EMV 3DS 2.2, checkout-ux 9).

use uuid::Uuid;

/// The three ids of one authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticationIds {
    /// Ours, `threeDSServerTransID`.
    pub server: Uuid,
    /// The scheme's directory's, `dsTransID`.
    pub directory: Uuid,
    /// The bank's, `acsTransID`.
    pub acs: Uuid,
}

/// The bank wants to ask the payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The ids of the authentication.
    pub ids: AuthenticationIds,
    /// Where the payer's browser goes.
    pub acs_url: String,
}

/// What the bank said of the payer, on which the payment may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentication {
    /// The ids of the authentication.
    pub ids: AuthenticationIds,
    /// How sure the bank is.
    pub status: TransStatus,
    /// Electronic commerce indicator, two characters.
    pub eci: String,
    /// Authentication value, base64 of 20 bytes; empty when there is none.
    pub cavv: String,
    /// Whether the payer was asked.
    pub challenged: bool,
}

/// `transStatus`: the answers of an authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransStatus {
    /// `Y`: it is the cardholder.
    Authenticated,
    /// `A`: an attempt was made; the bank stands in.
    Attempted,
    /// `I`: informational only; an exemption holds.
    Informational,
    /// `N`: it is not the cardholder.
    NotAuthenticated,
    /// `U`: it could not be done.
    Unavailable,
    /// `R`: the bank refuses; the payment must not be sent.
    Rejected,
}

impl TransStatus {
    /// The letter on the wire.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Authenticated => 'Y',
            Self::Attempted => 'A',
            Self::Informational => 'I',
            Self::NotAuthenticated => 'N',
            Self::Unavailable => 'U',
            Self::Rejected => 'R',
        }
    }

    /// Reads [`TransStatus::letter`] back.
    #[must_use]
    pub fn parse(letter: &str) -> Option<Self> {
        let all = [
            Self::Authenticated,
            Self::Attempted,
            Self::Informational,
            Self::NotAuthenticated,
            Self::Unavailable,
            Self::Rejected,
        ];
        all.into_iter().find(|status| letter.chars().eq([status.letter()]))
    }

    /// Whether the payment may go to the acquirer. What could not be done is not done: by default it fails.
    #[must_use]
    pub const fn may_go_on(self) -> bool {
        match self {
            Self::Authenticated | Self::Attempted | Self::Informational => true,
            Self::NotAuthenticated | Self::Unavailable | Self::Rejected => false,
        }
    }
}
