//! What is asked of transactions: the same words for balances, turnover and statements. `None` asks for nothing; of a
//! list, one has to fit; an empty list fits none.

use domain::{BrandId, Currency, Flow, Timestamp, TransactionKind};

use crate::transactions::{Stands, StatementLine, TransactionRow};

/// Which transactions are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In these currencies.
    pub currencies: Option<Vec<Currency>>,
    /// Of these shops.
    pub brands: Option<Vec<BrandId>>,
    /// Paid with these: card brands, or what else there is.
    pub methods: Option<Vec<String>>,
    /// Which came in these ways.
    pub flows: Option<Vec<Flow>>,
    /// With cards of these countries, ISO 3166-1 alpha-2.
    pub countries: Option<Vec<String>>,
    /// Of these kinds.
    pub kinds: Option<Vec<TransactionKind>>,
    /// Whether a kept card was charged.
    pub by_token: Option<bool>,
}

impl Filter {
    /// Whether a transaction is counted.
    pub(crate) fn takes(&self, row: &TransactionRow) -> bool {
        let Self { currencies, brands, methods, flows, countries, kinds, by_token } = self;
        is_among(currencies.as_ref(), &row.currency)
            && is_among(brands.as_ref(), &row.brand_id)
            && is_among(methods.as_ref(), &row.method)
            && flows.as_ref().is_none_or(|flows| row.flow.is_some_and(|flow| flows.contains(&flow)))
            && is_among(countries.as_ref(), &row.country)
            && is_among(kinds.as_ref(), &row.kind)
            && by_token.is_none_or(|by_token| by_token == row.by_token)
    }

    /// Whether every transaction in its currencies is counted, as in the balances of the ledger.
    #[must_use]
    pub fn is_of_currencies_only(&self) -> bool {
        *self == Self { currencies: self.currencies.clone(), ..Self::default() }
    }
}

fn is_among<T: PartialEq>(asked: Option<&Vec<T>>, value: &T) -> bool {
    asked.is_none_or(|asked| asked.contains(value))
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// Its first moment.
    pub from: Option<Timestamp>,
    /// The first moment after it.
    pub to: Option<Timestamp>,
}

impl Range {
    /// Whether a moment is in it.
    fn holds(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// Its first moment, and the first after it.
    pub(crate) fn bounds(self) -> (Timestamp, Timestamp) {
        let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        (self.from.unwrap_or(first), self.to.unwrap_or(last))
    }
}

/// Which transactions a statement lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementFilter {
    /// Of these.
    pub filter: Filter,
    /// Which happened then.
    pub at: Range,
    /// Whose payment was paid then.
    pub paid: Range,
    /// Of whose payment something was heard last then.
    pub updated: Range,
    /// Whether the payer's bank vouches for the payer.
    pub vouched: Option<bool>,
    /// Whose payment stands so now.
    pub stands: Option<Vec<Stands>>,
    /// The least the payment is for, in minor units.
    pub total_min: Option<i64>,
    /// The most.
    pub total_max: Option<i64>,
    /// With one of these texts, in lower case, in the name of a line of the order.
    pub lines: Option<Vec<String>>,
    /// With this text, in lower case, in an id, the merchant's reference, or the payer's name or email.
    pub text: Option<String>,
}

impl StatementFilter {
    /// Whether a transaction is listed.
    pub(crate) fn takes(&self, line: &StatementLine) -> bool {
        let Self { filter, at, paid, updated, vouched, stands, total_min, total_max, lines, text } = self;
        let total = line.total.minor();
        filter.takes(&line.transaction)
            && at.holds(line.transaction.at)
            && (*paid == Range::default() || line.paid_at.is_some_and(|at| paid.holds(at)))
            && updated.holds(line.updated_at)
            && vouched.is_none_or(|vouched| vouched == line.transaction.vouched)
            && is_among(stands.as_ref(), &line.stands)
            && total_min.is_none_or(|least| least <= total)
            && total_max.is_none_or(|most| total <= most)
            && lines.as_ref().is_none_or(|asked| asked.iter().any(|text| line.orders(text)))
            && text.as_ref().is_none_or(|text| line.mentions(text))
    }
}
