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
    /// An API key.
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
}
