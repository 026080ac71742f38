//! What became of an acquirer's lines, as it stands in the journals of payments and of differences.

use domain::{
    Adjusted, CheckoutId, Currency, DifferenceEvent, DifferenceId, DifferenceKind, Found, LineKind, LineOf, Matched,
    MerchantId, Money, Paid, PaymentId, Remedy, Timestamp, Whose,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::word::AsWord;
use super::{is_default, word};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchedDoc {
    #[serde(with = "word")]
    kind: LineKind,
    reference: Uuid,
    #[serde(with = "word")]
    amount: Money,
    #[serde(with = "word")]
    fee: Money,
    #[serde(with = "word")]
    ahead: Money,
    at: LineDoc,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustedDoc {
    #[serde(with = "word")]
    difference: DifferenceId,
    #[serde(with = "word")]
    kind: LineKind,
    reference: Uuid,
    #[serde(with = "word")]
    amount: Money,
    paid: i64,
    #[serde(with = "word")]
    ahead: Money,
    #[serde(with = "word")]
    remedy: Remedy,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineDoc {
    file: String,
    line: u32,
}

/// An event of a difference's journal. Its names are none of a payment's.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum DifferenceEventDoc {
    #[serde(rename = "difference_found")]
    Found(Box<FoundDoc>),
    #[serde(rename = "difference_owned")]
    Owned { by: String },
    #[serde(rename = "difference_settled")]
    Settled {
        #[serde(with = "word")]
        remedy: Remedy,
        by: String,
        note: String,
        #[serde(default, skip_serializing_if = "is_default")]
        moved: bool,
    },
    #[serde(rename = "difference_explained")]
    Explained {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<LineDoc>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoundDoc {
    #[serde(with = "word")]
    kind: DifferenceKind,
    #[serde(with = "word")]
    about: LineKind,
    reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment: Option<WhoseDoc>,
    day: i64,
    #[serde(with = "word")]
    currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ours: Option<AsWord<Money>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    theirs: Option<AsWord<Money>>,
    #[serde(default, skip_serializing_if = "is_default")]
    paid: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    suspended: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<LineDoc>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhoseDoc {
    #[serde(with = "word")]
    merchant: MerchantId,
    #[serde(with = "word")]
    payment: PaymentId,
    #[serde(with = "word")]
    checkout: CheckoutId,
}

impl From<LineOf> for LineDoc {
    fn from(LineOf { file, line }: LineOf) -> Self {
        Self { file, line }
    }
}

impl From<LineDoc> for LineOf {
    fn from(LineDoc { file, line }: LineDoc) -> Self {
        Self { file, line }
    }
}

impl From<Matched> for MatchedDoc {
    fn from(Matched { paid: Paid { kind, reference, amount, fee, at }, ahead }: Matched) -> Self {
        Self { kind, reference, amount, fee, ahead, at: at.into() }
    }
}

impl From<MatchedDoc> for Matched {
    fn from(MatchedDoc { kind, reference, amount, fee, ahead, at }: MatchedDoc) -> Self {
        Self { paid: Paid { kind, reference, amount, fee, at: at.into() }, ahead }
    }
}

impl From<Adjusted> for AdjustedDoc {
    fn from(Adjusted { difference_id, kind, reference, amount, paid, ahead, remedy }: Adjusted) -> Self {
        Self { difference: difference_id, kind, reference, amount, paid, ahead, remedy }
    }
}

impl From<AdjustedDoc> for Adjusted {
    fn from(AdjustedDoc { difference, kind, reference, amount, paid, ahead, remedy }: AdjustedDoc) -> Self {
        Self { difference_id: difference, kind, reference, amount, paid, ahead, remedy }
    }
}

impl From<Found> for FoundDoc {
    fn from(found: Found) -> Self {
        let Found { kind, about, reference, payment, day, currency, ours, theirs, paid, suspended, line } = found;
        let whose = |Whose { merchant_id: merchant, payment_id: payment, checkout_id: checkout }| WhoseDoc {
            merchant,
            payment,
            checkout,
        };
        Self {
            kind,
            about,
            reference,
            payment: payment.map(whose),
            day: day.micros(),
            currency,
            ours: ours.map(AsWord),
            theirs: theirs.map(AsWord),
            paid,
            suspended,
            line: line.map(LineDoc::from),
        }
    }
}

impl From<FoundDoc> for Found {
    fn from(found: FoundDoc) -> Self {
        let FoundDoc { kind, about, reference, payment, day, currency, ours, theirs, paid, suspended, line } = found;
        let whose = |WhoseDoc { merchant, payment, checkout }| Whose {
            merchant_id: merchant,
            payment_id: payment,
            checkout_id: checkout,
        };
        Self {
            kind,
            about,
            reference,
            payment: payment.map(whose),
            day: Timestamp::from_micros(day),
            currency,
            ours: ours.map(|AsWord(money)| money),
            theirs: theirs.map(|AsWord(money)| money),
            paid,
            suspended,
            line: line.map(LineOf::from),
        }
    }
}

impl From<DifferenceEvent> for DifferenceEventDoc {
    fn from(event: DifferenceEvent) -> Self {
        match event {
            DifferenceEvent::Found(found) => Self::Found(Box::new((*found).into())),
            DifferenceEvent::Owned { by } => Self::Owned { by },
            DifferenceEvent::Settled { remedy, by, note, moved } => Self::Settled { remedy, by, note, moved },
            DifferenceEvent::Explained { line } => Self::Explained { line: line.map(LineDoc::from) },
        }
    }
}

impl From<DifferenceEventDoc> for DifferenceEvent {
    fn from(event: DifferenceEventDoc) -> Self {
        match event {
            DifferenceEventDoc::Found(found) => Self::Found(Box::new((*found).into())),
            DifferenceEventDoc::Owned { by } => Self::Owned { by },
            DifferenceEventDoc::Settled { remedy, by, note, moved } => Self::Settled { remedy, by, note, moved },
            DifferenceEventDoc::Explained { line } => Self::Explained { line: line.map(LineOf::from) },
        }
    }
}
