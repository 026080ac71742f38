//! `tollgate reconcile`: an operator imports settlement files, looks at differences, owns and settles them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use acquirer::settlement::Day;
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use domain::{Difference, DifferenceId, Ending, LineKind, Remedy, Timestamp};
use engine::{Engine, Error, Imported, MovementState, Standing, StandingRow};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::DataArgs;

/// Differences shown at once.
const LISTED_MAX: u32 = 1_000;
/// Letters of a name or a note.
const WORDS_MAX: usize = 500;

#[derive(Debug, Subcommand)]
pub(crate) enum ReconcileAction {
    /// Imports a settlement file: every line is matched with the ledger. A file that is not whole changes nothing, and nor
    /// does one that was imported before.
    Import {
        /// The file; `docs/reconciliation.md` says what is in it.
        file: PathBuf,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lists what files and ledger differ in, oldest first.
    Differences {
        /// Only those that are not settled.
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Says who looks after a difference.
    Own {
        /// Its id.
        difference: String,
        /// Who.
        #[arg(long, value_name = "NAME")]
        by: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Settles a difference by a posting.
    Settle {
        #[command(flatten)]
        settlement: SettlementArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Shows both sides by day and currency, amounts in minor units.
    Status(DataArgs),
}

/// How an operator settles a difference, on the command line and over the admin socket.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(crate) struct SettlementArgs {
    /// Its id.
    difference: String,
    /// Where the gap goes: write_off (our loss or gain) or receivable (the acquirer owes it to us, or we to it).
    #[arg(long = "as", value_name = "REMEDY")]
    remedy: String,
    /// Who settles it.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why so.
    #[arg(long, value_name = "TEXT")]
    note: String,
}

/// What is asked of the engine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReconcileRequest {
    Import { file: PathBuf },
    Differences { open: bool },
    Own { difference: String, by: String },
    Settle(SettlementArgs),
    Status,
}

impl ReconcileAction {
    /// What is asked, and of which data. A file is named so that a server with another working directory finds it.
    pub(crate) fn request(self) -> anyhow::Result<(ReconcileRequest, DataArgs)> {
        Ok(match self {
            Self::Import { file, data } => {
                let named = file.canonicalize().with_context(|| format!("{} cannot be read", file.display()))?;
                (ReconcileRequest::Import { file: named }, data)
            }
            Self::Differences { open, data } => (ReconcileRequest::Differences { open }, data),
            Self::Own { difference, by, data } => (ReconcileRequest::Own { difference, by }, data),
            Self::Settle { settlement, data } => (ReconcileRequest::Settle(settlement), data),
            Self::Status(data) => (ReconcileRequest::Status, data),
        })
    }
}

/// Carries out one request.
pub(crate) async fn execute(engine: &Engine, request: ReconcileRequest) -> anyhow::Result<Value> {
    Ok(match request {
        ReconcileRequest::Import { file } => {
            let imported = engine.import_settlement(&file).await;
            let imported = imported.with_context(|| format!("{} was not imported", file.display()))?;
            let Imported { file, mode, lines, differences, is_known } = imported;
            json!({
                "file": file,
                "mode": mode.as_str(),
                "lines": lines,
                "differences": differences,
                "imported_before": is_known,
            })
        }
        ReconcileRequest::Differences { open } => {
            engine.differences(open, LISTED_MAX).await?.iter().map(describe).collect()
        }
        ReconcileRequest::Own { difference, by } => {
            let owned = engine.own_difference(difference_id(&difference)?, words("--by", &by)?).await;
            describe(&known(owned)?)
        }
        ReconcileRequest::Settle(SettlementArgs { difference, remedy, by, note }) => {
            let remedy = Remedy::parse(&remedy).context("--as: write_off or receivable")?;
            let (by, note) = (words("--by", &by)?, words("--note", &note)?);
            describe(&known(engine.settle_difference(difference_id(&difference)?, remedy, by, note).await)?)
        }
        ReconcileRequest::Status => days(engine.standings().await?),
    })
}

fn difference_id(text: &str) -> anyhow::Result<DifferenceId> {
    DifferenceId::parse(text).context("the difference's id is not an id; `tollgate reconcile differences` shows them")
}

fn words<'t>(field: &str, text: &'t str) -> anyhow::Result<&'t str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > WORDS_MAX || text.chars().any(char::is_control) {
        bail!("{field}: a line of 1 to {WORDS_MAX} letters is needed");
    }
    Ok(text)
}

fn known(found: Result<Option<Difference>, Error>) -> anyhow::Result<Difference> {
    match found {
        Ok(Some(difference)) => Ok(difference),
        Ok(None) => bail!("the difference is settled already; what was posted stays"),
        Err(Error::NotFound) => bail!("there is no such difference"),
        Err(Error::Stale | Error::Refused(_)) => bail!("the payment changed meanwhile; try again"),
        Err(error) => Err(error.into()),
    }
}

fn describe(difference: &Difference) -> Value {
    let found = &difference.found;
    let (remedy, by, note) = match &difference.ending {
        Some(Ending::Settled { remedy, by, note }) => (Some(remedy.as_str()), Some(by.clone()), Some(note.clone())),
        Some(Ending::Explained { line }) => {
            let by = line.as_ref().map(|at| format!("line {} of {}", at.line, at.file));
            (Some("explained"), by, None)
        }
        None => (None, None, None),
    };
    json!({
        "difference": difference.id.to_string(),
        "kind": found.kind.as_str(),
        "state": difference.state().as_str(),
        "owner": difference.owner,
        "mode": difference.mode.as_str(),
        "day": Day::of(found.day).to_string(),
        "about": found.about.as_str(),
        "reference": found.reference,
        "merchant": found.payment.map(|whose| whose.merchant_id.to_string()),
        "payment": found.payment.map(|whose| whose.payment_id.to_string()),
        "file": found.line.as_ref().map(|at| at.file.clone()),
        "line": found.line.as_ref().map(|at| at.line),
        "ours": found.ours.map(|money| money.to_string()),
        "theirs": found.theirs.map(|money| money.to_string()),
        "settled_as": remedy,
        "settled_by": by,
        "note": note,
    })
}

/// One day, in one mode and currency.
#[derive(Default)]
struct DayOf {
    captured: i64,
    refunded: i64,
    movements: i64,
    matched: i64,
    waiting: i64,
    differing: i64,
    adjusted: i64,
    lines: i64,
    paid: i64,
    unsettled: i64,
}

fn days(rows: Vec<StandingRow>) -> Value {
    let mut days: BTreeMap<(Timestamp, &str, &str), DayOf> = BTreeMap::new();
    for StandingRow { mode, day, currency, standing, count, amount } in rows {
        let day = days.entry((day, mode.as_str(), currency.code())).or_default();
        match standing {
            Standing::Ours(kind, state) => {
                match kind {
                    LineKind::Capture => day.captured += amount,
                    LineKind::Refund => day.refunded += amount,
                    LineKind::Chargeback | LineKind::ChargebackReversal => {}
                }
                day.movements += count;
                *match state {
                    MovementState::Open => &mut day.waiting,
                    MovementState::Differs => &mut day.differing,
                    MovementState::Matched => &mut day.matched,
                    MovementState::Adjusted => &mut day.adjusted,
                } += count;
            }
            Standing::Theirs => {
                day.lines += count;
                day.paid += amount;
            }
            Standing::Unsettled => day.unsettled += count,
        }
    }
    let describe = |((at, mode, currency), day): ((Timestamp, &str, &str), DayOf)| {
        json!({
            "day": Day::of(at).to_string(),
            "mode": mode,
            "currency": currency,
            "captured": day.captured,
            "refunded": day.refunded,
            "movements": day.movements,
            "matched": day.matched,
            "waiting": day.waiting,
            "differing": day.differing,
            "adjusted": day.adjusted,
            "file_lines": day.lines,
            "file_paid": day.paid,
            "open_differences": day.unsettled,
        })
    };
    days.into_iter().map(describe).collect()
}
