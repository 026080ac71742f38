//! Sending: one try of one notification, and what comes of it. Which is tried, and when, is settled before: see
//! `calls.rs`.

use std::time::Duration;

use domain::{DeliveryId, Timestamp};
use env::Stopwatch;
use store::{Changeset, CheckoutRecord, Delivered, Delivery, DeliveryState, Endpoint};

use crate::mail::{PostError, Posted, SmtpError};
use crate::outgoing::{Answered, SendError};
use crate::webhooks::{self, Call, Fingerprints};
use crate::{Causes, Engine, Error};

/// Seconds after the first scheduling at which each try happens; after the last it is given up. In the minutes of
/// purchases-api 5.5: 0, 2, 8, 26, 80, 242, 728, 2186.
const TRIES: [u64; 8] = [0, 120, 480, 1_560, 4_800, 14_520, 43_680, 131_160];
/// The same for addresses that are told to fetch: ten calls, the gaps between them doubled from 32 s
/// (card-payments-api 5.2).
const CALLS: [u64; 10] = [0, 32, 96, 224, 480, 992, 2_016, 4_064, 8_160, 16_352];

/// What somebody answered.
struct Heard {
    /// Whether that is what is hoped for.
    well: bool,
    /// The HTTP status, 0 when there was no answer.
    status: u16,
    /// Why there was none, for the merchant to read; empty when there was one.
    error: String,
    /// The first KiB of it.
    answer: String,
    /// Whether it says something of whoever was called.
    is_theirs: bool,
    /// Whether nobody is there any more, and never will be.
    gone: bool,
}

impl Heard {
    fn nothing(error: String) -> Self {
        Self { well: false, status: 0, error, answer: String::new(), is_theirs: true, gone: false }
    }
}

impl Engine {
    /// One try to deliver one notification. A store that fails leaves everything as it was; whatever else goes wrong is
    /// a try that failed.
    pub(crate) async fn deliver(&self, delivery: &Delivery) -> Result<(), Error> {
        let attempts = delivery.attempts + 1;
        let mut body = delivery.body.clone();
        let watch = Stopwatch::start();
        let heard = match self.send(delivery, &mut body, attempts).await {
            Ok(heard) => heard,
            // What cannot be read now cannot be later: that counts.
            Err(Error::Store(error)) if !matches!(error, store::Error::Corrupt { .. }) => return Err(error.into()),
            Err(error) => {
                let (id, checkout_id) = (logged_id(delivery), delivery.checkout_id);
                tracing::error!(delivery_id = id, %checkout_id, attempts, error = %Causes(&error), "a notification could not be sent");
                Heard { is_theirs: false, ..Heard::nothing("the gateway could not make the call".to_owned()) }
            }
        };
        let (took, at) = (watch.elapsed(), self.0.env.now());
        let Heard { well, status, error, answer, is_theirs, gone } = heard;
        // A subscriber has what it was told of when it says so, and not before.
        let success = well && !matches!(delivery.endpoint, Endpoint::Subscription { .. });
        let next = next_try(tries(&delivery.endpoint), delivery.created_at, attempts, at).filter(|_| !success && !gone);
        let outcome = if well { "delivered" } else { "failed" };
        self.0.workers.metrics.deliveries.get_or_create(&[("outcome", outcome)]).inc();
        let worker = self.0.workers.id;
        // Of a subscriber only its acknowledgement counts: whoever answers anything is there (card-payments-api 5.2).
        let answers = well || (status != 0 && matches!(delivery.endpoint, Endpoint::Subscription { .. }));
        let is_there = is_theirs.then_some(answers);
        if let Some(is_there) = is_there {
            self.0.workers.failing.note(delivery.destination(), is_there);
        }
        let delivered = Delivered {
            id: delivery.id,
            worker,
            body,
            attempts,
            next,
            success,
            status,
            error,
            answer,
            at,
            took,
            is_there,
        };
        self.0.store.commit(Changeset { delivered: Some(Box::new(delivered)), ..Changeset::default() }).await?;
        if next.is_none() && !success && !gone {
            // Unless its receiver said meanwhile that it has it.
            let record = self.0.store.delivery(delivery.merchant_id, delivery.mode, delivery.id).await?;
            if record.is_some_and(|record| record.state == DeliveryState::GivenUp) {
                self.0.workers.metrics.given_up.inc();
            }
        }
        if is_there == Some(false) {
            self.0.workers.warnings.notify_one();
        }
        Ok(())
    }

    /// Sends a notification and tells what was answered. `body` keeps what was made to be sent.
    async fn send(&self, delivery: &Delivery, body: &mut Option<String>, attempts: u32) -> Result<Heard, Error> {
        let Delivery { id, merchant_id, mode, .. } = *delivery;
        match &delivery.endpoint {
            Endpoint::Callback { url } => {
                let made = self.made(delivery, body).await?;
                let headers = self.signatures((merchant_id.uuid(), mode), id, made, true).await?;
                Ok(heard(
                    delivery,
                    attempts,
                    self.0.outgoing.post_signed(delivery.destination(), mode, url, headers, made).await,
                ))
            }
            Endpoint::Registered { webhook_id } => {
                let Some(webhook) = self.0.store.webhook(merchant_id, mode, *webhook_id).await? else {
                    let gone = "the webhook was deleted".to_owned();
                    return Ok(Heard { is_theirs: false, gone: true, ..Heard::nothing(gone) });
                };
                let made = self.made(delivery, body).await?;
                let headers = self.signatures((webhook_id.uuid(), mode), id, made, true).await?;
                Ok(heard(
                    delivery,
                    attempts,
                    self.0.outgoing.post_signed(delivery.destination(), mode, &webhook.url, headers, made).await,
                ))
            }
            Endpoint::Status { url } => {
                let made = self.made(delivery, body).await?;
                Ok(heard(delivery, attempts, self.0.outgoing.post_once(delivery.destination(), mode, url, made).await))
            }
            Endpoint::Webhook { url, headers, event_types } => {
                let made = self.made(delivery, body).await?;
                let answer = self.call_webhook(delivery, Call { url, headers, event_types }, attempts, made).await?;
                Ok(heard(delivery, attempts, answer))
            }
            Endpoint::Subscription { url, .. } => Ok(heard(
                delivery,
                attempts,
                self.0.outgoing.call_with_token(delivery.destination(), mode, url, id).await,
            )),
            Endpoint::Mail { to } => {
                let mail = self.made(delivery, body).await?;
                let posted = self.0.post.send(&self.0.sender, Posted { id, to, mail }).await;
                Ok(self.posted(delivery, attempts, posted))
            }
        }
    }

    /// What is sent, made at the first try.
    async fn made<'a>(&self, delivery: &Delivery, body: &'a mut Option<String>) -> Result<&'a mut String, Error> {
        Ok(match body {
            Some(body) => body,
            None => body.insert(self.render(delivery).await?),
        })
    }

    /// The body of a notification: the payment as it was right after the event it tells of (security W3).
    pub(crate) async fn render(&self, delivery: &Delivery) -> Result<String, Error> {
        let found = self.0.store.checkout_with_history(delivery.checkout_id).await?;
        let (record, mut history) = found.ok_or(Error::NotFound)?;
        history.retain(|recorded| recorded.version <= delivery.version);
        let fingerprints = match &delivery.endpoint {
            Endpoint::Callback { .. }
            | Endpoint::Registered { .. }
            | Endpoint::Status { .. }
            | Endpoint::Subscription { .. } => Fingerprints::default(),
            Endpoint::Webhook { .. } => self.fingerprints(&record.checkout, &history).await?,
            Endpoint::Mail { .. } => return self.mail(delivery, &record, &history).await,
        };
        let body = self.0.narrator.body(&record, &history, delivery.notice, &fingerprints);
        body.map_err(|reason| unreadable(&record, &reason))
    }

    /// What became of a mail, noted in the log, which knows more than the merchant may.
    fn posted(&self, delivery: &Delivery, attempts: u32, posted: Result<(), PostError>) -> Heard {
        let (delivery_id, checkout_id) = (delivery.id, delivery.checkout_id);
        let count = |outcome| self.0.workers.metrics.mails.get_or_create(&[("outcome", outcome)]).inc();
        let Err(error) = posted else {
            tracing::info!(%delivery_id, %checkout_id, attempts, "mail sent");
            count("sent");
            return Heard { well: true, ..Heard::nothing(String::new()) };
        };
        let is_refused = matches!(error, PostError::Smtp(SmtpError::Refused(_)));
        count(if is_refused { "refused" } else { "failed" });
        tracing::warn!(%delivery_id, %checkout_id, attempts, is_refused, error = %Causes(&error), "mail not sent");
        // A recipient that is refused says nothing of the server.
        Heard { gone: is_refused, is_theirs: !is_refused, ..Heard::nothing(error.to_string()) }
    }
}

pub(crate) fn unreadable(record: &CheckoutRecord, reason: &str) -> Error {
    tracing::error!(checkout_id = %record.checkout.id, reason, "a notification cannot be rendered");
    Error::NotFound
}

/// How often an address is tried.
const fn tries(endpoint: &Endpoint) -> &'static [u64] {
    match endpoint {
        Endpoint::Callback { .. } | Endpoint::Registered { .. } | Endpoint::Mail { .. } => &TRIES,
        Endpoint::Status { .. } | Endpoint::Subscription { .. } => &CALLS,
        Endpoint::Webhook { .. } => &webhooks::TRIES,
    }
}

/// When the try after `attempts` tries happens, the last of them `now`; `None` when it is given up. A try that came late
/// does not bring the next one nearer.
fn next_try(tries: &[u64], created_at: Timestamp, attempts: u32, now: Timestamp) -> Option<Timestamp> {
    let attempts = usize::try_from(attempts).ok()?;
    let seconds = *tries.get(attempts)?;
    let before = attempts.checked_sub(1).map_or(0, |before| tries[before]);
    let after = Duration::from_secs;
    Some(created_at.plus(after(seconds)).max(now.plus(after(seconds - before))))
}

/// What the log calls a delivery. What a subscriber fetches with is no business of the log.
fn logged_id(delivery: &Delivery) -> Option<tracing::field::DisplayValue<DeliveryId>> {
    match delivery.endpoint {
        Endpoint::Subscription { .. } => None,
        Endpoint::Callback { .. }
        | Endpoint::Registered { .. }
        | Endpoint::Status { .. }
        | Endpoint::Webhook { .. }
        | Endpoint::Mail { .. } => Some(tracing::field::display(delivery.id)),
    }
}

/// What was answered, noted in the log.
fn heard(delivery: &Delivery, attempts: u32, answer: Result<Answered, SendError>) -> Heard {
    let delivery_id = logged_id(delivery);
    let checkout_id = delivery.checkout_id;
    match answer {
        Ok(Answered { status, excerpt }) => {
            let well = status.is_success();
            if well {
                tracing::info!(delivery_id, %checkout_id, attempts, "notification delivered");
            } else {
                tracing::warn!(delivery_id, %checkout_id, attempts, status = status.as_u16(), "notification refused");
            }
            Heard { well, status: status.as_u16(), error: String::new(), answer: excerpt, is_theirs: true, gone: false }
        }
        Err(error) => {
            tracing::warn!(delivery_id, %checkout_id, attempts, %error, "notification not delivered");
            Heard::nothing(error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{MerchantId, Mode, PaymentId};
    use store::Told;

    use super::*;
    use crate::workers::tests::{START, engine, merchant};

    /// The minutes of all tries, the first at `first`.
    fn minutes(first: u64) -> Vec<i64> {
        let start = Timestamp::from_seconds(0);
        let mut now = start.plus(Duration::from_secs(first * 60));
        let mut tries = vec![now.seconds() / 60];
        for attempts in 1.. {
            let Some(next) = next_try(&TRIES, start, attempts, now) else { break };
            now = next;
            tries.push(now.seconds() / 60);
        }
        tries
    }

    #[test]
    fn tries_follow_the_published_minutes_and_end() {
        assert_eq!(vec![0, 2, 8, 26, 80, 242, 728, 2_186], minutes(0));
    }

    #[test]
    fn one_that_waited_long_is_tried_as_patiently() {
        assert_eq!(vec![3, 5, 11, 29, 83, 245, 731, 2_189], minutes(3));
        assert_eq!(vec![5_000, 5_002, 5_008, 5_026, 5_080, 5_242, 5_728, 7_186], minutes(5_000));
    }

    #[tokio::test]
    async fn what_cannot_be_rendered_is_a_try_that_failed() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        merchant(&engine, 2).await;
        let id = uuid::Uuid::from_u128;
        let delivery = Delivery {
            id: DeliveryId::new(id(1)),
            merchant_id: MerchantId::new(id(2)),
            mode: Mode::Test,
            checkout_id: domain::CheckoutId::new(id(3)),
            payment_id: PaymentId::new(id(4)),
            version: 1,
            notice: domain::Notice::Paid,
            endpoint: Endpoint::Callback { url: "https://shop.example/".to_owned() },
            body: None,
            attempts: 0,
            due_at: START,
            created_at: START,
        };
        let change = Changeset { told: vec![Told::To(delivery)], ..Changeset::default() };
        engine.0.store.commit(change).await.expect("written");
        assert_eq!(1, engine.deliveries_step().await.expect("started"));
        engine.0.env.clock().quiet().await;
        let in_two_minutes = START.plus(Duration::from_secs(120));
        assert_eq!(Some(in_two_minutes), engine.0.store.next_delivery(START).await.expect("readable"));
        let stored = engine.0.store.delivery(MerchantId::new(id(2)), Mode::Test, DeliveryId::new(id(1))).await;
        let stored = stored.expect("readable").expect("there");
        assert_eq!((1, None, false), (stored.delivery.attempts, stored.delivery.body, stored.is_under_way));
        let tries = engine.0.store.tries(DeliveryId::new(id(1))).await.expect("readable");
        let words: Vec<_> = tries.iter().map(|one| (one.number, one.status, one.error.as_str())).collect();
        assert_eq!(vec![(1, 0, "the gateway could not make the call")], words);
        engine.advance(Duration::from_secs(10 * 86_400)).await.expect("advanced");
        assert_eq!(None, engine.0.store.next_delivery(START).await.expect("readable"), "given up");
        assert_eq!(1, engine.0.workers.metrics.given_up.get());
    }
}
