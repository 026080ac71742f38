//! Ids are types, one line each. Dialects show them as their wire wants; all of them are UUIDs inside.

use std::fmt;

use uuid::Uuid;

/// The text is not a hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct IdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID made by the environment or read from the store.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Reads the hyphenated form, in either case.
            ///
            /// # Errors
            /// [`IdError`] for anything else; braces, URNs and bare hex are not ids on any wire.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if text.len() != 36 {
                    return Err(IdError);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| IdError)
            }
        }

        /// Lower-case and hyphenated: some clients refuse anything else (purchases-api 1.3).
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

ids! {
    /// A company that takes payments.
    MerchantId;
    /// A shop of a merchant.
    BrandId;
    /// What a merchant calls us with: an API key, or a client of a dialect that speaks OAuth.
    KeyId;
    /// What a payer is asked to pay; random, because it stands in the payer's link.
    CheckoutId;
    /// The money side of a checkout.
    PaymentId;
    /// One try at one acquirer; also the reference the acquirer knows it by.
    AttemptId;
    /// A capture, void or refund; also the reference the acquirer knows it by.
    OperationId;
    /// A card in the vault.
    CardId;
    /// A payer a merchant knows.
    CustomerId;
    /// One notification on its way to one endpoint.
    DeliveryId;
    /// An address that a merchant registered to be told of what happens.
    WebhookId;
    /// In what an acquirer's settlement file and the books differ.
    DifferenceId;
    /// A list of transactions that a merchant asked for.
    StatementId;
}

/// What a dialect's clients call a checkout where its id will not do: a secret stands in the link, and their wire wants
/// a number (card-payments-api 1.3). Unique in the whole store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicId {
    /// Positive and below 2^53, so that no JSON reader rounds it.
    Number(u64),
    /// A UUID.
    Token(Uuid),
}

impl PublicId {
    /// A number made of random bytes.
    #[must_use]
    pub fn number(random: [u8; 8]) -> Self {
        Self::Number((u64::from_be_bytes(random) >> 11).max(1))
    }

    /// Reads what [`fmt::Display`] writes.
    ///
    /// # Errors
    /// [`IdError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.len() == 36 {
            return Uuid::try_parse(text).map(Self::Token).map_err(|_| IdError);
        }
        let is_plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| is_plain && *number < 1 << 53);
        number.map(Self::Number).ok_or(IdError)
    }
}

impl fmt::Display for PublicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Token(token) => token.as_hyphenated().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hyphenated_uuids_are_ids() {
        let id = MerchantId::parse("6F0D2F0E-1A55-4D0C-9C0E-6F2F0D3B7A11").expect("upper case is read");
        assert_eq!("6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a11", id.to_string(), "and shown in lower case");
        for bad in
            ["", "6f0d2f0e1a554d0c9c0e6f2f0d3b7a11", "{6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a11}", "../../etc/passwd"]
        {
            assert_eq!(Err(IdError), MerchantId::parse(bad));
        }
    }

    #[test]
    fn public_ids_are_plain_numbers_or_uuids() {
        assert_eq!(PublicId::Number((1 << 53) - 1), PublicId::number([255; 8]));
        assert_eq!(PublicId::Number(1), PublicId::number([0; 8]), "never nothing");
        for id in [PublicId::Number(900_017), PublicId::Token(Uuid::from_u128(7))] {
            assert_eq!(Ok(id), PublicId::parse(&id.to_string()));
        }
        for bad in ["", "0", "007", "+7", "-7", "7.0", "9007199254740992", "99999999999999999999", "٧"] {
            assert_eq!(Err(IdError), PublicId::parse(bad), "{bad}");
        }
    }
}
