//! Values that are one word in a document: `#[serde(with = "word")]`, or [`AsWord`] inside lists and options.

use std::borrow::Cow;
use std::fmt::Display;

use domain::risk::{Finding, Ground, Limit, ListKind, RuleName};
use domain::{
    AttemptId, Brand, BrandId, CaptureMode, CardId, ChallengeWindow, CheckoutId, Colour, Currency, CustomerId,
    DeclineReason, DifferenceId, DifferenceKind, Exchange, Expiry, Flow, InDoubt, LineKind, LocalMeans, LocalMethod,
    LogoId, MerchantId, Money, OfferKind, OperationId, OperationKind, Origin, Palette, Party, PaymentId,
    RedirectMethod, Remedy, TransStatus, TransactionKind, Verdict,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::records::TimerKind;
use crate::transactions::Stands;

/// A value that is one word.
pub(crate) trait Word: Sized {
    /// The word.
    fn to_word(&self) -> Cow<'static, str>;
    /// Reads it back; `None` for what is never written.
    fn from_word(word: &str) -> Option<Self>;
}

pub(super) fn serialize<T: Word, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_word())
}

pub(super) fn deserialize<'de, T: Word, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let word = Cow::<str>::deserialize(deserializer)?;
    T::from_word(&word).ok_or_else(|| D::Error::custom("a word that is never written"))
}

/// A word in a list or an option.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "T: Word")]
pub(crate) struct AsWord<T: Word>(#[serde(with = "self")] pub(super) T);

macro_rules! listed {
    ($($name:ident: $write:ident),*) => {$(
        impl Word for $name {
            fn to_word(&self) -> Cow<'static, str> {
                self.$write().into()
            }

            fn from_word(word: &str) -> Option<Self> {
                Self::parse(word)
            }
        }
    )*};
}

listed! { Brand: as_str, Currency: code, DeclineReason: as_str, DifferenceKind: as_str, LineKind: as_str, Remedy: as_str, RuleName: as_str, Stands: as_str, TransactionKind: as_str }

/// `EUR/MYR 4.71`
impl Word for Exchange {
    fn to_word(&self) -> Cow<'static, str> {
        format!("{}/{} {}", self.from().code(), self.to().code(), self.rate()).into()
    }

    fn from_word(word: &str) -> Option<Self> {
        let (pair, rate) = word.split_once(' ')?;
        let (from, to) = pair.split_once('/')?;
        Self::new(Currency::parse(from)?, Currency::parse(to)?, rate)
    }
}

/// `limit card_declines 5 100`: where the reason comes from, what was counted, and the points it adds.
impl Word for Finding {
    fn to_word(&self) -> Cow<'static, str> {
        let (kind, name) = match self.ground {
            Ground::Limit(limit) => ("limit", limit.as_str()),
            Ground::Listed(kind) => ("list", kind.as_str()),
            Ground::Rule(name) => ("rule", name.as_str()),
        };
        format!("{kind} {name} {} {}", self.value, self.points).into()
    }

    fn from_word(word: &str) -> Option<Self> {
        let mut words = word.split(' ');
        let ground = match (words.next()?, words.next()?) {
            ("limit", name) => Ground::Limit(Limit::parse(name)?),
            ("list", name) => Ground::Listed(ListKind::parse(name)?),
            ("rule", name) => Ground::Rule(RuleName::parse(name)?),
            _ => return None,
        };
        let (value, points) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        words.next().is_none().then_some(Self { ground, value, points })
    }
}

/// `#0b6e4f on #f3f5f9`
impl Word for Palette {
    fn to_word(&self) -> Cow<'static, str> {
        format!("{} on {}", self.accent(), self.ground()).into()
    }

    fn from_word(word: &str) -> Option<Self> {
        let (accent, ground) = word.split_once(" on ")?;
        Self::new(Colour::parse(accent)?, Colour::parse(ground)?).ok()
    }
}

impl Word for Origin {
    fn to_word(&self) -> Cow<'static, str> {
        self.as_str().to_owned().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

impl Word for LogoId {
    fn to_word(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

macro_rules! ids {
    ($($name:ident)*) => {$(
        impl Word for $name {
            fn to_word(&self) -> Cow<'static, str> {
                self.to_string().into()
            }

            fn from_word(word: &str) -> Option<Self> {
                Self::parse(word).ok()
            }
        }
    )*};
}

ids! { AttemptId BrandId CardId CheckoutId CustomerId DifferenceId MerchantId OperationId PaymentId }

/// `954 MYR`: minor units and currency.
impl Word for Money {
    fn to_word(&self) -> Cow<'static, str> {
        format!("{} {}", self.minor(), self.currency().code()).into()
    }

    fn from_word(word: &str) -> Option<Self> {
        let (minor, currency) = word.split_once(' ')?;
        Self::new(minor.parse().ok()?, Currency::parse(currency)?)
    }
}

/// `2028-08`.
impl Word for Expiry {
    fn to_word(&self) -> Cow<'static, str> {
        format!("{:04}-{:02}", self.year, self.month).into()
    }

    fn from_word(word: &str) -> Option<Self> {
        let (year, month) = word.split_once('-')?;
        Some(Self { year: year.parse().ok()?, month: month.parse().ok().filter(|month| (1..=12).contains(month))? })
    }
}

impl Word for CaptureMode {
    fn to_word(&self) -> Cow<'static, str> {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
        }
        .into()
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "automatic" => Some(Self::Automatic),
            "manual" => Some(Self::Manual),
            _ => None,
        }
    }
}

impl Word for Flow {
    fn to_word(&self) -> Cow<'static, str> {
        match self {
            Self::HostedPage => "hosted_page",
            Self::DirectPost => "direct_post",
            Self::Api => "api",
        }
        .into()
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "hosted_page" => Some(Self::HostedPage),
            "direct_post" => Some(Self::DirectPost),
            "api" => Some(Self::Api),
            _ => None,
        }
    }
}

impl Word for OperationKind {
    fn to_word(&self) -> Cow<'static, str> {
        self.name().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Capture, Self::Void, Self::Refund].into_iter().find(|kind| kind.name() == word)
    }
}

/// `refund 0198...`: what is in doubt, and its reference.
impl Word for InDoubt {
    fn to_word(&self) -> Cow<'static, str> {
        format!("{} {}", self.name(), self.reference()).into()
    }

    fn from_word(word: &str) -> Option<Self> {
        let (name, reference) = word.split_once(' ')?;
        Self::parse(name, Uuid::try_parse(reference).ok()?)
    }
}

impl Word for Verdict {
    fn to_word(&self) -> Cow<'static, str> {
        self.as_str().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `02`, `03` ...
impl Word for ChallengeWindow {
    fn to_word(&self) -> Cow<'static, str> {
        self.code().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `Y`, `A` ...
impl Word for TransStatus {
    fn to_word(&self) -> Cow<'static, str> {
        self.letter().to_string().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

impl Word for Party {
    fn to_word(&self) -> Cow<'static, str> {
        self.as_str().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

impl Word for RedirectMethod {
    fn to_word(&self) -> Cow<'static, str> {
        self.as_str().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

impl Word for LocalMethod {
    fn to_word(&self) -> Cow<'static, str> {
        self.as_str().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `fpx MB2U0227`: the method, and the bank where there are banks.
impl Word for LocalMeans {
    fn to_word(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `card`, `gift_card`, or what the payer confirms elsewhere.
impl Word for OfferKind {
    fn to_word(&self) -> Cow<'static, str> {
        match self {
            Self::Card => "card".into(),
            Self::GiftCard => "gift_card".into(),
            Self::Redirect(method) => method.as_str().into(),
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "card" => Some(Self::Card),
            "gift_card" => Some(Self::GiftCard),
            other => RedirectMethod::parse(other).map(Self::Redirect),
        }
    }
}

/// `due`, `inquire <try> <asked> <not found>`, `reverse <try> <asked>`, `abandon <try>`,
/// `inquire_operation <operation> <asked> <not found>`, `lapse`, `capture`, `forget_card`, `release <asked>`.
impl Word for TimerKind {
    fn to_word(&self) -> Cow<'static, str> {
        match self {
            Self::Due => "due".into(),
            Self::Inquire { attempt_id, asked, not_found } => join("inquire", &[attempt_id, asked, not_found]),
            Self::Reverse { attempt_id, asked } => join("reverse", &[attempt_id, asked]),
            Self::Abandon { attempt_id } => join("abandon", &[attempt_id]),
            Self::InquireOperation { operation_id, asked, not_found } => {
                join("inquire_operation", &[operation_id, asked, not_found])
            }
            Self::Lapse => "lapse".into(),
            Self::Capture => "capture".into(),
            Self::ForgetCard => "forget_card".into(),
            Self::Release { asked } => join("release", &[asked]),
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let parts: Vec<&str> = word.split(' ').collect();
        match parts.as_slice() {
            ["due"] => Some(Self::Due),
            ["inquire", attempt, asked, not_found] => Some(Self::Inquire {
                attempt_id: AttemptId::parse(attempt).ok()?,
                asked: asked.parse().ok()?,
                not_found: not_found.parse().ok()?,
            }),
            ["reverse", attempt, asked] => {
                Some(Self::Reverse { attempt_id: AttemptId::parse(attempt).ok()?, asked: asked.parse().ok()? })
            }
            ["abandon", attempt] => Some(Self::Abandon { attempt_id: AttemptId::parse(attempt).ok()? }),
            ["inquire_operation", operation, asked, not_found] => Some(Self::InquireOperation {
                operation_id: OperationId::parse(operation).ok()?,
                asked: asked.parse().ok()?,
                not_found: not_found.parse().ok()?,
            }),
            ["lapse"] => Some(Self::Lapse),
            ["capture"] => Some(Self::Capture),
            ["forget_card"] => Some(Self::ForgetCard),
            ["release", asked] => Some(Self::Release { asked: asked.parse().ok()? }),
            _ => None,
        }
    }
}

fn join(name: &str, parts: &[&dyn Display]) -> Cow<'static, str> {
    parts.iter().fold(name.to_owned(), |word, part| format!("{word} {part}")).into()
}
