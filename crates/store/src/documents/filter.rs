//! What a statement lists.

use domain::{BrandId, Currency, Flow, Timestamp, TransactionKind};
use serde::{Deserialize, Serialize};

use super::is_default;
use super::word::{AsWord, Word};
use crate::filter::{Filter, Range, StatementFilter};
use crate::transactions::Stands;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatementFilterDoc {
    #[serde(default, skip_serializing_if = "is_default")]
    currencies: Words<Currency>,
    #[serde(default, skip_serializing_if = "is_default")]
    brands: Words<BrandId>,
    #[serde(default, skip_serializing_if = "is_default")]
    methods: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "is_default")]
    flows: Words<Flow>,
    #[serde(default, skip_serializing_if = "is_default")]
    countries: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "is_default")]
    kinds: Words<TransactionKind>,
    #[serde(default, skip_serializing_if = "is_default")]
    by_token: Option<bool>,
    #[serde(default, skip_serializing_if = "is_default")]
    at: Between,
    #[serde(default, skip_serializing_if = "is_default")]
    paid: Between,
    #[serde(default, skip_serializing_if = "is_default")]
    updated: Between,
    #[serde(default, skip_serializing_if = "is_default")]
    vouched: Option<bool>,
    #[serde(default, skip_serializing_if = "is_default")]
    stands: Words<Stands>,
    #[serde(default, skip_serializing_if = "is_default")]
    total_min: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    total_max: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    lines: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "is_default")]
    text: Option<String>,
}

type Words<T> = Option<Vec<AsWord<T>>>;

/// Microseconds: the first, and the first after the last.
type Between = (Option<i64>, Option<i64>);

impl From<StatementFilter> for StatementFilterDoc {
    fn from(asked: StatementFilter) -> Self {
        let StatementFilter { filter, at, paid, updated, vouched, stands, total_min, total_max, lines, text } = asked;
        let Filter { currencies, brands, methods, flows, countries, kinds, by_token } = filter;
        Self {
            currencies: words(currencies),
            brands: words(brands),
            methods,
            flows: words(flows),
            countries,
            kinds: words(kinds),
            by_token,
            at: between(at),
            paid: between(paid),
            updated: between(updated),
            vouched,
            stands: words(stands),
            total_min,
            total_max,
            lines,
            text,
        }
    }
}

impl From<StatementFilterDoc> for StatementFilter {
    fn from(stored: StatementFilterDoc) -> Self {
        Self {
            filter: Filter {
                currencies: values(stored.currencies),
                brands: values(stored.brands),
                methods: stored.methods,
                flows: values(stored.flows),
                countries: stored.countries,
                kinds: values(stored.kinds),
                by_token: stored.by_token,
            },
            at: range(stored.at),
            paid: range(stored.paid),
            updated: range(stored.updated),
            vouched: stored.vouched,
            stands: values(stored.stands),
            total_min: stored.total_min,
            total_max: stored.total_max,
            lines: stored.lines,
            text: stored.text,
        }
    }
}

fn words<T: Word>(values: Option<Vec<T>>) -> Words<T> {
    values.map(|values| values.into_iter().map(AsWord).collect())
}

fn values<T: Word>(words: Words<T>) -> Option<Vec<T>> {
    words.map(|words| words.into_iter().map(|AsWord(value)| value).collect())
}

fn between(Range { from, to }: Range) -> Between {
    (from.map(Timestamp::micros), to.map(Timestamp::micros))
}

fn range((from, to): Between) -> Range {
    Range { from: from.map(Timestamp::from_micros), to: to.map(Timestamp::from_micros) }
}
