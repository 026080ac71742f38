//! What an operator sees of the manual queue, and says became of what is in it.

use anyhow::{Context as _, bail};
use domain::{Event, InDoubt, Recorded, Submission, Verdict};
use engine::{Engine, Error, QueuedDoubt, Shown};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::risk::shown;

/// The longest name of who settles something.
const BY_CHARS_MAX: usize = 100;
/// The longest note.
const NOTE_CHARS_MAX: usize = 1_000;

pub(crate) async fn list(engine: &Engine) -> anyhow::Result<Value> {
    Ok(engine.doubts().await?.iter().map(describe).collect())
}

pub(crate) async fn show(engine: &Engine, reference: &str) -> anyhow::Result<Value> {
    let reference = parse(reference)?;
    let (queued, shown) = match engine.doubt(reference).await {
        Err(Error::NotFound) => bail!(not_there(reference)),
        found => found?,
    };
    let mut answer = describe(&queued);
    answer["checkout"] = Value::from(shown.record.checkout.id.to_string());
    answer["acquirer"] = Value::from(submission(&shown, queued.doubt.what).map_or("", |sent| sent.acquirer.as_str()));
    answer["ask"] = Value::from(question(&queued));
    answer["outcomes"] = queued.doubt.what.verdicts().iter().map(|verdict| verdict.as_str()).collect();
    answer["state"] = Value::from(shown.payment.state.name());
    answer["history"] = shown.history.iter().map(line).collect();
    Ok(answer)
}

pub(crate) async fn settle(
    engine: &Engine,
    reference: &str,
    outcome: &str,
    by: &str,
    note: &str,
) -> anyhow::Result<Value> {
    let reference = parse(reference)?;
    let Some(verdict) = Verdict::parse(outcome) else {
        bail!(
            "--outcome: approved, declined or reversed of an authorization, reversed of a reversal, done or failed of a capture, void or refund"
        );
    };
    let (by, note) = (by.trim(), note.trim());
    if by.is_empty() || by.chars().count() > BY_CHARS_MAX {
        bail!("--by: the name of who says so, of at most {BY_CHARS_MAX} characters");
    }
    if note.is_empty() || note.chars().count() > NOTE_CHARS_MAX {
        bail!("--note: whom you asked and what you were told, in at most {NOTE_CHARS_MAX} characters");
    }
    let (queued, shown) = match engine.settle_doubt(reference, verdict, by, note).await {
        Err(Error::NotFound) => bail!(not_there(reference)),
        settled => settled.context("nothing was changed")?,
    };
    let mut answer = describe(&queued);
    answer["settled"] = Value::from(verdict.as_str());
    answer["state"] = Value::from(shown.payment.state.name());
    answer["undoing"] = Value::from(is_being_undone(&shown, queued.doubt.what));
    Ok(answer)
}

fn parse(reference: &str) -> anyhow::Result<Uuid> {
    Uuid::try_parse(reference).ok().context("the reference is not an id; `tollgate doubt list` shows them")
}

fn not_there(reference: Uuid) -> String {
    format!(
        "{reference} is not in the manual queue: the acquirer has answered, or has been asked for less than a day; `tollgate doubt list` shows what is there"
    )
}

fn describe(queued: &QueuedDoubt) -> Value {
    let QueuedDoubt { payment_id, merchant_id, mode, doubt, asked } = queued;
    json!({
        "reference": doubt.what.reference().to_string(),
        "kind": doubt.what.name(),
        "amount": doubt.amount.to_string(),
        "payment": payment_id.to_string(),
        "merchant": merchant_id.to_string(),
        "mode": mode.as_str(),
        "since": shown(doubt.since),
        "asked": asked,
    })
}

/// What to ask the acquirer, and what each answer means here.
fn question(QueuedDoubt { doubt, .. }: &QueuedDoubt) -> String {
    let (reference, amount, since) = (doubt.what.reference(), doubt.amount, shown(doubt.since));
    match doubt.what {
        InDoubt::Authorization(_) => format!(
            "What became of the authorization {reference} of {amount}, sent at {since}? approved: it stands; declined: it was refused; reversed: it was undone, or never arrived and cannot any more."
        ),
        InDoubt::Reversal(_) => format!(
            "Is the authorization {reference} of {amount} undone? We asked for its reversal since {since}. reversed: it is, or it never arrived and cannot any more."
        ),
        InDoubt::Operation(kind, _) => format!(
            "What became of the {} {reference} of {amount}, sent at {since}? done: it was carried out; failed: it was not and will not be.",
            kind.name()
        ),
    }
}

/// The try that is in doubt, or that the operation is about.
fn submission(shown: &Shown, what: InDoubt) -> Option<&Submission> {
    let attempt_id = match what {
        InDoubt::Authorization(attempt_id) | InDoubt::Reversal(attempt_id) => attempt_id,
        InDoubt::Operation(_, operation_id) => {
            let operation = shown.payment.operation(operation_id).ok()?;
            shown.payment.attempt_of(operation).ok()?
        }
    };
    shown.history.iter().find_map(|recorded| match &recorded.event {
        Event::AttemptSent(sent) | Event::AuthenticationStarted(sent) if sent.attempt_id == attempt_id => Some(sent),
        _ => None,
    })
}

/// Whether what was said to be approved is of no use any more.
fn is_being_undone(shown: &Shown, what: InDoubt) -> bool {
    match what {
        InDoubt::Authorization(attempt_id) => {
            shown.payment.attempt(attempt_id).is_ok_and(|attempt| attempt.status == domain::AttemptStatus::Reversing)
        }
        InDoubt::Reversal(_) | InDoubt::Operation(..) => false,
    }
}

/// `2026-11-20T00:00:00Z attempt_sent`
fn line(Recorded { at, event, .. }: &Recorded) -> String {
    let at = shown(*at);
    match event {
        Event::SettledByHand(said) => {
            let (kind, verdict) = (said.what.name(), said.verdict.as_str());
            format!("{at} settled_by_hand: {kind} {verdict}, by {}: {}", said.by, said.note)
        }
        event => format!("{at} {}", event.name()),
    }
}
