//! 3-D Secure: the payer's bank is asked before the acquirer is (checkout-ux 9, security B8).
//!
//! Who acts: the task that asks the directory, the payer in the bank's page, and the timer that gives up. What the
//! browser carries back only wakes us: the outcome is what the bank tells us itself. The verification code waits in
//! this process's memory and nowhere else; when it is gone, the try ends and the payer types it again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use acquirer::three_ds::{AuthenticationAnswer, AuthenticationRequest, AuthenticationResult, parse_cres};
use domain::{
    AttemptId, AttemptStatus, Authentication, CardFacts, Challenge, CheckoutId, Command, DeclineReason, Event, Outcome,
    Payment, State, Submission, Timestamp,
};
use store::{Timer, TimerKind};

use crate::checkouts::{Asking, Shown, timer};
use crate::payments::{ACQUIRER_WAIT, CardEntry, card_rules};
use crate::recovery::{first_inquiry, first_inquiry_at};
use crate::{Causes, Engine, Error};

/// How long a payer may take in the bank's page, the question to the directory included (checkout-ux 9).
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Cards whose payers are being asked by their banks; in memory only (security P1).
#[derive(Default)]
pub(crate) struct Waiting(Mutex<HashMap<AttemptId, (Timestamp, Option<CardEntry>)>>);

/// What was found of a waiting card.
enum Taken {
    /// The card, for the first who asks.
    Card(CardEntry),
    /// Somebody was faster and goes on with it.
    Before,
    /// Nothing: it was never here, or too long ago.
    Never,
}

impl Waiting {
    fn put(&self, now: Timestamp, attempt_id: AttemptId, entry: CardEntry) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, (until, _)| *until > now);
        waiting.insert(attempt_id, (now.plus(PATIENCE), Some(entry)));
    }

    fn take(&self, attempt_id: AttemptId) -> Taken {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&attempt_id) {
            Some((_, entry)) => entry.take().map_or(Taken::Before, Taken::Card),
            None => Taken::Never,
        }
    }
}

/// Why the bank is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Its cards want it so.
    ByTheCard,
    /// The issuer declined without it.
    ByTheIssuer,
}

/// The timer that gives up.
pub(crate) fn abandon(payment: &Payment, submission: &Submission) -> Timer {
    let attempt_id = submission.attempt_id;
    // The try's deadline is counted from the same moment.
    let at = submission.deadline.plus(PATIENCE.saturating_sub(ACQUIRER_WAIT));
    timer(payment, TimerKind::Abandon { attempt_id }, at)
}

/// The same of a try whose bank was asked before.
fn abandoned(shown: &Shown, attempt_id: AttemptId) -> Option<Timer> {
    shown.history.iter().find_map(|recorded| match &recorded.event {
        Event::AuthenticationStarted(submission) if submission.attempt_id == attempt_id => {
            Some(abandon(&shown.payment, submission))
        }
        _ => None,
    })
}

/// The question a payer is being asked, if one is.
#[must_use]
pub fn challenge(shown: &Shown) -> Option<(AttemptId, &Challenge)> {
    let State::InFlight { attempt_id: waiting } = shown.payment.state else { return None };
    if shown.payment.attempt(waiting).ok()?.status != AttemptStatus::Authenticating {
        return None;
    }
    shown.history.iter().rev().find_map(|recorded| match &recorded.event {
        Event::Challenged { attempt_id, challenge } if *attempt_id == waiting => Some((waiting, challenge)),
        _ => None,
    })
}

impl Engine {
    /// The issuer's side of the test world, for the bank's pages.
    #[must_use]
    pub fn test_bank(&self) -> &acquirer::Directory {
        &self.0.directory_server
    }

    /// The issuer declines until its bank has asked the payer: the same card is tried once more, by way of the bank.
    ///
    /// # Errors
    /// When nothing was written down, with what was known of the card.
    pub(crate) async fn step_up(
        &self,
        sent: &Shown,
        declined: AttemptId,
        entry: CardEntry,
        facts: CardFacts,
    ) -> Result<(), (CardFacts, Error)> {
        let asking = Asking::Payer(sent.record.checkout.id);
        let now = self.0.env.now();
        let again = sent.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::AttemptSent(submission) if submission.attempt_id == declined => Some(submission.clone()),
            _ => None,
        });
        let Some(again) = again else { return Err((facts, Error::NotFound)) };
        let attempt_id = AttemptId::new(self.0.env.ordered_id());
        let again = Submission { attempt_id, deadline: now.plus(ACQUIRER_WAIT), ..again };
        let outcome = Outcome::Declined { reason: DeclineReason::AuthenticationRequired, facts: facts.clone() };
        let commands = [Command::Settle { attempt_id: declined, outcome }, Command::Authenticate(again)];
        let stepped = self
            .run_all(asking, &commands, |shown, change| {
                let at = first_inquiry_at(&shown.history, declined);
                change.timers_done.push(timer(&shown.payment, first_inquiry(declined), at));
            })
            .await;
        match stepped {
            Ok(shown) => {
                self.start_authentication(shown, attempt_id, entry, Asked::ByTheIssuer);
                Ok(())
            }
            Err(error) => Err((facts, error)),
        }
    }

    /// Asks the bank, in a task of its own; goes on to the acquirer when it passes at once.
    pub(crate) fn start_authentication(&self, sent: Shown, attempt_id: AttemptId, entry: CardEntry, asked: Asked) {
        let engine = self.clone();
        self.start(attempt_id.uuid(), async move {
            let asking = Asking::Payer(sent.record.checkout.id);
            let base = engine.0.public_url.clone();
            let answer = engine
                .0
                .directory_server
                .authenticate(AuthenticationRequest {
                    attempt_id,
                    pan: &entry.pan,
                    expiry: entry.expiry,
                    amount: sent.payment.terms.amount,
                    merchant: &sent.record.checkout.seller,
                    return_url: &format!("{base}/p/{}/3ds/", sent.record.checkout.id),
                    acs_base: &base,
                    force: asked == Asked::ByTheIssuer,
                    rules: card_rules(&sent.record.checkout),
                })
                .await;
            let result = match answer {
                AuthenticationAnswer::Passed(authentication) => {
                    engine.go_on(asking, attempt_id, entry, authentication).await
                }
                AuthenticationAnswer::Challenge(challenge) => {
                    engine.0.waiting.put(engine.0.env.now(), attempt_id, entry);
                    let ask = Command::Ask { attempt_id, challenge };
                    engine.run(asking, &ask, |_, _| {}).await.map(|_| ())
                }
                AuthenticationAnswer::Failed { .. } | AuthenticationAnswer::Unavailable => {
                    engine.give_up(asking, attempt_id).await
                }
            };
            if let Err(error) = result {
                tracing::error!(%attempt_id, error = %Causes(&error), "an authentication could not be written down; the try will be given up");
            }
        });
    }

    /// The payer comes back from the bank. What the browser says is only a sign to ask the bank; a message that does
    /// not belong to this checkout's question, or comes twice, changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn return_from_bank(&self, id: CheckoutId, cres: &str) -> Result<Shown, Error> {
        let shown = self.show(id).await?;
        let asked = challenge(&shown).map(|(attempt_id, challenge)| (attempt_id, challenge.ids));
        let (Some((attempt_id, ids)), Some(said)) = (asked, parse_cres(cres)) else {
            return self.wait_for_try(id).await;
        };
        if said.server != ids.server {
            return Ok(shown);
        }
        self.end_challenge(id, attempt_id, ids.server).await?;
        self.wait_for_try(id).await
    }

    /// The payer gives up on our own page.
    ///
    /// # Errors
    /// [`Error::Used`] for a form that is none of this checkout; [`Error::NotFound`], [`Error::Store`].
    pub async fn cancel_challenge(&self, id: CheckoutId, form_token: &str) -> Result<Shown, Error> {
        if !self.is_form_token(id, form_token) {
            return Err(Error::Used);
        }
        let shown = self.show(id).await?;
        let Some((attempt_id, _)) = challenge(&shown) else { return Ok(shown) };
        self.give_up(Asking::Payer(id), attempt_id).await?;
        self.show(id).await
    }

    async fn end_challenge(&self, id: CheckoutId, attempt_id: AttemptId, server: uuid::Uuid) -> Result<(), Error> {
        let asking = Asking::Payer(id);
        match self.0.directory_server.result(server) {
            // The bank has not told us yet; the browser's word is not enough.
            None => Ok(()),
            Some(AuthenticationResult::Failed(_)) => self.give_up(asking, attempt_id).await,
            Some(AuthenticationResult::Passed(authentication)) => match self.0.waiting.take(attempt_id) {
                Taken::Card(entry) => {
                    let engine = self.clone();
                    self.start(attempt_id.uuid(), async move {
                        if let Err(error) = engine.go_on(asking, attempt_id, entry, authentication).await {
                            tracing::error!(%attempt_id, error = %Causes(&error), "an authentication could not be written down; the try will be given up");
                        }
                    });
                    Ok(())
                }
                Taken::Before => Ok(()),
                // The process that knew the code is gone.
                Taken::Never => self.give_up(asking, attempt_id).await,
            },
        }
    }

    /// The bank has answered well: written down, then sent to the acquirer.
    async fn go_on(
        &self,
        asking: Asking,
        attempt_id: AttemptId,
        entry: CardEntry,
        authentication: Authentication,
    ) -> Result<(), Error> {
        if !authentication.status.may_go_on() {
            return self.give_up(asking, attempt_id).await;
        }
        let deadline = self.0.env.now().plus(ACQUIRER_WAIT);
        let command = Command::Authorize { attempt_id, authentication: authentication.clone(), deadline };
        let sent = self
            .run(asking, &command, |sent, change| {
                change.timers_done.extend(abandoned(sent, attempt_id));
            })
            .await?;
        // Given up meanwhile: nothing was written down, so nothing is sent.
        if sent.payment.attempt(attempt_id)?.status == AttemptStatus::Sent {
            let initiator = entry.chosen_by_payer();
            self.authorize(&sent, attempt_id, entry, Some(&authentication), initiator).await;
        }
        Ok(())
    }

    /// Nobody comes back for a card whose payer was asked.
    pub(crate) fn forget_waiting_card(&self, attempt_id: AttemptId) {
        drop(self.0.waiting.take(attempt_id));
    }

    async fn give_up(&self, asking: Asking, attempt_id: AttemptId) -> Result<(), Error> {
        self.forget_waiting_card(attempt_id);
        self.run(asking, &Command::GiveUp { attempt_id }, |shown, change| {
            change.timers_done.extend(abandoned(shown, attempt_id));
        })
        .await?;
        Ok(())
    }
}
