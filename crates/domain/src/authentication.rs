//! 3-D Secure 2: what a bank asks of a payer, and what it answers (EMV 3DS 2.2, checkout-ux 9).

use uuid::Uuid;

use crate::decline::DeclineReason;

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

/// What the bank said of the payer in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentication {
    /// The ids of the authentication.
    pub ids: AuthenticationIds,
    /// How sure the bank is.
    pub status: TransStatus,
    /// `transStatusReason`: why it is not, two digits; empty when not said.
    pub reason: String,
    /// `challengeCancel`: why the question to the payer ended without an answer, two digits; empty when it did not.
    pub cancel: String,
    /// Electronic commerce indicator, two characters.
    pub eci: String,
    /// Authentication value, base64 of 20 bytes; empty when there is none.
    pub cavv: String,
    /// Whether the payer was asked.
    pub challenged: bool,
}

/// Why a payment does not go on to the acquirer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthenticationFailure {
    /// The bank said so.
    Bank(Authentication),
    /// The scheme's directory did not answer in time.
    NoAnswer,
    /// The payer gave up on our page.
    Payer,
    /// Nobody came back in time, or what is needed to go on is gone.
    Abandoned,
}

impl AuthenticationFailure {
    /// Why the try failed.
    #[must_use]
    pub const fn reason(&self) -> DeclineReason {
        match self {
            Self::Bank(Authentication { status: TransStatus::Unavailable, .. }) => {
                DeclineReason::AuthenticationUnavailable
            }
            Self::NoAnswer => DeclineReason::AuthenticationTimedOut,
            Self::Bank(_) | Self::Payer | Self::Abandoned => DeclineReason::AuthenticationFailed,
        }
    }
}

/// How large the bank's page is drawn, EMV `challengeWindowSize`, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ChallengeWindow {
    /// `02`, 390 by 400.
    Small,
    /// `03`, 500 by 600.
    Large,
    /// `05`, all there is.
    #[default]
    Full,
}

impl ChallengeWindow {
    /// What fits on a page of this width, in CSS pixels, with its margins: banks' pages scroll badly on phones in
    /// anything smaller than the phone (checkout-ux 9).
    #[must_use]
    pub const fn on_page(width: u32) -> Self {
        match width {
            0..=390 => Self::Full,
            391..=559 => Self::Small,
            560.. => Self::Large,
        }
    }

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Small => "02",
            Self::Large => "03",
            Self::Full => "05",
        }
    }

    /// Reads [`ChallengeWindow::code`] back.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Small, Self::Large, Self::Full].into_iter().find(|window| window.code() == code)
    }

    /// Width and height in CSS pixels; `None` is all there is.
    #[must_use]
    pub const fn pixels(self) -> Option<(u32, u32)> {
        match self {
            Self::Small => Some((390, 400)),
            Self::Large => Some((500, 600)),
            Self::Full => None,
        }
    }
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

    /// Whether the bank vouches for the payer: let through without a question, nobody was authenticated.
    #[must_use]
    pub const fn vouches(self) -> bool {
        match self {
            Self::Authenticated | Self::Attempted => true,
            Self::Informational | Self::NotAuthenticated | Self::Unavailable | Self::Rejected => false,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_back() {
        for letter in ["Y", "A", "I", "N", "U", "R"] {
            let status = TransStatus::parse(letter).expect("an answer");
            assert_eq!(letter, status.letter().to_string());
            assert_eq!("YAI".contains(letter), status.may_go_on(), "{letter}");
        }
        for other in ["", "C", "D", "y", "YY", "S"] {
            assert_eq!(None, TransStatus::parse(other), "{other}");
        }
    }

    #[test]
    fn a_window_fits_its_page() {
        for (width, code) in
            [(0, "05"), (320, "05"), (390, "05"), (391, "02"), (430, "02"), (559, "02"), (560, "03"), (1_280, "03")]
        {
            let window = ChallengeWindow::on_page(width);
            assert_eq!(code, window.code(), "{width}");
            assert_eq!(Some(window), ChallengeWindow::parse(code));
            assert!(window.pixels().is_none_or(|(wide, _)| wide < width), "{width}");
        }
        assert_eq!(None, ChallengeWindow::parse("01"));
    }
}
