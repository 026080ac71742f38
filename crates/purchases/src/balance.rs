//! What a merchant has and what it turned over, from the ledger (purchases-api 2.8, 3.10, 3.11).

use std::collections::BTreeMap;

use axum::extract::{Extension, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use engine::{Credential, MerchantBalance, Turned, Turnover};
use serde::Serialize;
use utoipa::ToSchema;

use crate::routes::{Api, ApiError, json, written};
use crate::{filters, query};

/// What a merchant has in one currency (3.10), in minor units; any of it may be negative.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Balance {
    /// Taken, less what was refunded and charged back.
    gross_balance: i64,
    /// The same less fees.
    balance: i64,
    /// What of that is neither kept back nor under way.
    available_balance: i64,
    /// Kept back for a time.
    reserved: i64,
    /// Withdrawals under way; there are none yet.
    pending_outgoing: i64,
    /// Fees.
    fee_sell: i64,
}

impl From<MerchantBalance> for Balance {
    fn from(MerchantBalance { currency: _, gross, fees, reserved }: MerchantBalance) -> Self {
        let balance = gross.saturating_sub(fees);
        Self {
            gross_balance: gross,
            balance,
            available_balance: balance.saturating_sub(reserved),
            reserved,
            pending_outgoing: 0,
            fee_sell: fees,
        }
    }
}

/// What went to a merchant and from it (3.11).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Turnover)]
pub(crate) struct TurnoverOut {
    /// Payments, and chargebacks that were reversed.
    incoming: TurnoverSide,
    /// Refunds and chargebacks.
    outgoing: TurnoverSide,
}

/// What went one way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TurnoverSide {
    /// In minor units.
    #[schema(minimum = 0)]
    turnover: i64,
    /// Fees, in minor units.
    #[schema(minimum = 0)]
    fee_sell: i64,
    count: TurnoverCount,
}

/// How many transactions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TurnoverCount {
    /// All of them.
    all: u64,
}

impl From<Turned> for TurnoverSide {
    fn from(Turned { amount, fees, count }: Turned) -> Self {
        Self { turnover: amount, fee_sell: fees, count: TurnoverCount { all: count } }
    }
}

pub(crate) async fn balance(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let (filter, before) = query::read(&uri, filters::balance)?;
    let asked = filter.currencies.clone().unwrap_or_default();
    let found = api.engine.merchant_balances(caller, filter, before).await?;
    // A currency that was asked for is there, whether or not anything ever was in it.
    let mut balances: BTreeMap<_, _> = asked.iter().map(|currency| (currency.code(), Balance::default())).collect();
    balances.extend(found.into_iter().map(|balance| (balance.currency.code(), balance.into())));
    Ok(json(StatusCode::OK, written(Some(&balances))?))
}

pub(crate) async fn turnover(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let (filter, range) = query::read(&uri, filters::turnover)?;
    let Turnover { incoming, outgoing } = api.engine.turnover(caller, filter, range).await?;
    let turnover = TurnoverOut { incoming: incoming.into(), outgoing: outgoing.into() };
    Ok(json(StatusCode::OK, written(Some(&turnover))?))
}
