//! L9: of each change of which somebody wants to hear there is one notification for each of them, in order; nothing is
//! told of what did not happen.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::books::{Books, CheckoutRow, DeliveryRow, WebhookRow};
use crate::story::{Meaning, Step, Story};
use crate::{Evidence, Stories, Verdict};

/// How often each is tried before it is given up (purchases-api 5.5).
const TRIES: i64 = 8;
/// The same of what card payments tell (card-payments-api 5.2).
const TRIES_OF_LINK: i64 = 10;
/// The same of the webhook of a session (orchestration-api 6.4).
const TRIES_OF_SESSION: i64 = 9;

pub(crate) fn check(books: &Books, stories: &Stories<'_>, evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut of_payment: BTreeMap<Uuid, Vec<&DeliveryRow>> = BTreeMap::new();
    for delivery in &books.deliveries {
        of_payment.entry(delivery.payment).or_default().push(delivery);
        match stories.get(&delivery.payment) {
            Some(story) if !(1..=story.payment.version).contains(&delivery.version) => verdict.broke(format!(
                "L9: delivery {} tells of version {} of payment {}, which has {}",
                delivery.id, delivery.version, delivery.payment, story.payment.version
            )),
            Some(story) if (delivery.merchant, &delivery.mode) != (story.payment.merchant, &story.payment.mode) => {
                verdict
                    .broke(format!("L12: delivery {} is another merchant's or mode's than its payment", delivery.id));
            }
            Some(_) => {}
            None => verdict.broke(format!(
                "L9: delivery {} tells of payment {}, which is not there",
                delivery.id, delivery.payment
            )),
        }
        let is_over = match delivery.state.as_str() {
            "delivered" | "given_up" => true,
            "waiting" | "queued" => !evidence.drained,
            _ => false,
        };
        // Mails are not calls, and a call that is made once names no notification.
        let is_named = !delivery.endpoint["status"].is_object() && !delivery.endpoint["mail"].is_object();
        let was_heard = evidence.heard.is_none_or(|heard| heard.contains(&delivery.id.to_string()));
        if delivery.state == "delivered" && is_named && !was_heard {
            verdict.broke(format!(
                "L9: delivery {} of payment {}, version {}, counts as delivered and nobody heard it",
                delivery.id, delivery.payment, delivery.version
            ));
        }
        ended(books, delivery, verdict);
        if !is_over {
            verdict.broke(format!(
                "L9: delivery {} of payment {}, version {}, is still {}",
                delivery.id, delivery.payment, delivery.version, delivery.state
            ));
        }
    }
    for (payment, deliveries) in &of_payment {
        once(*payment, deliveries, verdict);
        in_order(*payment, deliveries, evidence.clock_went_back, verdict);
    }
    for (payment, story) in stories {
        let deliveries = of_payment.get(payment).map(Vec::as_slice).unwrap_or_default();
        complete(books, story, deliveries, verdict);
    }
}

/// Delivered is what was answered with a 2xx; given up is what was tried as often as was promised.
fn ended(books: &Books, delivery: &DeliveryRow, verdict: &mut Verdict) {
    let DeliveryRow { id, payment, endpoint, state, arrived, tries, .. } = delivery;
    // A subscriber says by another call that it has it, and a mail goes where nobody answers.
    let is_answered = !endpoint["mail"].is_object() && !endpoint["subscription"].is_object();
    if state == "delivered" && is_answered && arrived.is_none() {
        verdict.broke(format!("L9: delivery {id} of payment {payment} is delivered, and nobody answered that it is"));
    }
    let promised = if endpoint["webhook"].is_object() {
        TRIES_OF_SESSION
    } else if endpoint["status"].is_object() || endpoint["subscription"].is_object() {
        TRIES_OF_LINK
    } else {
        TRIES
    };
    let webhook = endpoint["registered"]["webhook_id"].as_str();
    let is_gone = webhook.is_some_and(|webhook| books.webhooks.iter().all(|row| row.id.to_string() != webhook));
    // What a mail server refused once it refuses for ever.
    let is_refused = endpoint["mail"].is_object() && *tries > 0;
    if state == "given_up" && *tries < promised && !is_gone && !is_refused {
        verdict.broke(format!("L9: delivery {id} of payment {payment} is given up after {tries} of {promised} tries"));
    }
}

/// Nobody is told of one thing by two notifications.
fn once(payment: Uuid, deliveries: &[&DeliveryRow], verdict: &mut Verdict) {
    let mut told = BTreeSet::new();
    for DeliveryRow { id, version, notice, endpoint, .. } in deliveries {
        // A mail may be asked for again.
        if !endpoint["mail"].is_object() && !told.insert((*version, notice, endpoint.to_string())) {
            verdict.broke(format!(
                "L9: delivery {id} tells of {notice}, version {version} of payment {payment}, once more"
            ));
        }
    }
}

/// Whoever is told of one thing after the other is told so in the order in which it happened.
fn in_order(payment: Uuid, deliveries: &[&DeliveryRow], clock_went_back: bool, verdict: &mut Verdict) {
    let in_lanes: Vec<_> = deliveries.iter().filter(|delivery| delivery.lane.is_some()).collect();
    for pair in in_lanes.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        let is_out_of_order = before.version > after.version;
        // Both times are of the ends of calls; those of one event go side by side.
        let overtook = !clock_went_back
            && before.version < after.version
            && matches!((before.arrived, after.first_try), (Some(arrived), Some(tried)) if tried < arrived);
        if is_out_of_order || overtook {
            verdict.broke(format!(
                "L9: delivery {} of payment {payment}, version {}, goes before {}, version {}",
                after.id, after.version, before.id, before.version
            ));
        }
    }
}

/// Everybody who wants to hear of a change is told of it.
fn complete(books: &Books, story: &Story<'_>, deliveries: &[&DeliveryRow], verdict: &mut Verdict) {
    let Some(checkout) = story.checkout else { return };
    for (at, step) in story.steps.iter().enumerate() {
        for notice in notices(story, at) {
            for listener in listeners(books, checkout, step, notice) {
                if !deliveries.iter().any(|row| listener.hears(row, story, step, notice)) {
                    verdict.broke(format!(
                        "L9: nobody tells {listener:?} of {notice}, version {} of payment {}",
                        step.row.version, story.payment.id
                    ));
                }
            }
        }
    }
}

/// Who wants to hear of something.
#[derive(Debug)]
enum Listener {
    /// The address that the checkout names.
    Callback,
    /// An address that the merchant registered for everything.
    Webhook(Uuid),
    /// The webhook of the checkout's session.
    SessionWebhook,
}

fn listeners(books: &Books, checkout: &CheckoutRow, step: &Step<'_>, notice: &str) -> Vec<Listener> {
    let is_own = |hook: &&WebhookRow| (hook.merchant, &hook.mode) == (checkout.merchant, &checkout.mode);
    let hears = |hook: &&WebhookRow| hook.is_of_everything && hook.updated_at < step.row.at;
    let mut listeners = vec![];
    match checkout.dialect.as_str() {
        "purchases" => {
            let hooks = books.webhooks.iter().filter(is_own).filter(hears);
            listeners.extend(hooks.map(|hook| Listener::Webhook(hook.id)));
            listeners.extend((notice == "paid").then_some(Listener::Callback));
        }
        "card_payments" => {
            listeners.extend(matches!(notice, "held" | "cancelled").then_some(Listener::Callback));
        }
        "orchestration" => {
            let webhook = &checkout.document["webhook"];
            // One that picked its events is not asked which.
            let is_of_everything = webhook["event_types"].as_array().is_none_or(Vec::is_empty);
            let hears = webhook["url"].is_string() && is_of_everything && matches!(notice, "captured" | "refunded");
            listeners.extend(hears.then_some(Listener::SessionWebhook));
        }
        _ => {}
    }
    listeners.retain(|listener| !matches!(listener, Listener::Callback) || checkout.checkout["callback"].is_string());
    listeners
}

impl Listener {
    /// Whether this notification tells it.
    fn hears(&self, row: &DeliveryRow, story: &Story<'_>, step: &Step<'_>, notice: &str) -> bool {
        let is_of_step = row.version == step.row.version && row.notice == notice;
        match self {
            Self::Callback => {
                is_of_step && (row.endpoint["callback"].is_object() || row.endpoint["status"].is_object())
            }
            Self::Webhook(id) => is_of_step && row.endpoint["registered"]["webhook_id"] == id.to_string(),
            // One call tells of a whole change, by its last version.
            Self::SessionWebhook => {
                let told_of = story.steps.iter().find(|told| told.row.version == row.version);
                row.endpoint["webhook"].is_object()
                    && row.version >= step.row.version
                    && told_of.is_some_and(|told| told.row.at == step.row.at)
            }
        }
    }
}

/// The changes of which a merchant must hear, as notifications call them. What only says that something waits is left
/// to whoever tells it.
fn notices(story: &Story<'_>, at: usize) -> Vec<&'static str> {
    let Step { meaning, .. } = &story.steps[at];
    let was_cancelled = story.steps[..at].iter().any(|step| step.meaning == Meaning::Cancelled);
    let is_automatic = matches!(story.steps[0].meaning, Meaning::Opened { is_automatic: true, .. });
    match meaning {
        Meaning::Opened { .. } => vec!["opened"],
        Meaning::Authorized { amount, .. }
            if amount.minor > 0 && !is_automatic && !was_cancelled && story.legs.is_empty() =>
        {
            vec!["held"]
        }
        Meaning::Captured { operation: None, .. } => vec!["paid"],
        Meaning::Captured { operation: Some(_), .. } => vec!["captured", "paid"],
        Meaning::Refunded { .. } => vec!["refunded"],
        Meaning::ChargedBack { .. } => vec!["charged_back"],
        Meaning::ChargebackReversed { .. } => vec!["chargeback_reversed"],
        Meaning::MarkedPaid { .. } => vec!["paid_elsewhere"],
        Meaning::Cancelled => vec!["cancelled"],
        Meaning::Authorized { .. }
        | Meaning::TenderBegun { .. }
        | Meaning::TryBegun { .. }
        | Meaning::TryRefused { .. }
        | Meaning::Declined { .. }
        | Meaning::ReversalSent { .. }
        | Meaning::Reversed { .. }
        | Meaning::Released { .. }
        | Meaning::OperationBegun { .. }
        | Meaning::OperationFailed { .. }
        | Meaning::Voided { .. }
        | Meaning::Settled { .. }
        | Meaning::Other => vec![],
    }
}
