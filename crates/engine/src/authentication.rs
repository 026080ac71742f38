//! 3-D Secure: the payer's bank is asked before the acquirer is (checkout-ux 9, security B8).
//!
//! Who acts: the task that asks the directory, the bank that tells us what came of its question (RReq), and the timer
//! that gives up. What the browser carries back only wakes us, and a payer who closes it after the bank's yes has paid
//! all the same. The verification code waits in this process's memory and nowhere else; when it is gone, the try ends
//! and the payer types it again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acquirer::three_ds::{AuthenticationAnswer, AuthenticationRequest, parse_cres};
use acquirer::{AcsAnswer, AcsOutcome};
use domain::{
    AttemptId, AttemptStatus, Authentication, AuthenticationFailure, CardFacts, Challenge, ChallengeWindow, CheckoutId,
    Command, DeclineReason, Event, Outcome, Payment, State, Submission, Timestamp, TransStatus,
};
use store::{Timer, TimerKind};
use uuid::Uuid;

use crate::checkouts::{Asking, Shown, timer};
use crate::payments::{ACQUIRER_WAIT, CardEntry, card_rules};
use crate::recovery::{first_inquiry, first_inquiry_at};
use crate::{Causes, Engine, Error};

/// How long a payer may take in the bank's page, the question to the directory included (checkout-ux 9).
pub const CHALLENGE_WAIT: Duration = Duration::from_secs(10 * 60);

/// Cards whose payers are being asked by their banks; in memory only (security P1).
#[derive(Default)]
pub(crate) struct Waiting(Mutex<HashMap<AttemptId, WaitingCard>>);

struct WaitingCard {
    until: Timestamp,
    checkout_id: CheckoutId,
    /// `threeDSServerTransID`.
    server: Uuid,
    /// Gone once somebody went on with it.
    entry: Option<CardEntry>,
}

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
    fn put(&self, now: Timestamp, attempt_id: AttemptId, card: WaitingCard) {
        let mut waiting = self.lock();
        waiting.retain(|_, card| card.until > now);
        waiting.insert(attempt_id, card);
    }

    fn take(&self, attempt_id: AttemptId) -> Taken {
        match self.lock().get_mut(&attempt_id) {
            Some(card) => card.entry.take().map_or(Taken::Before, Taken::Card),
            None => Taken::Never,
        }
    }

    /// After it could not be written down that somebody goes on with it.
    fn give_back(&self, attempt_id: AttemptId, entry: CardEntry) {
        if let Some(card) = self.lock().get_mut(&attempt_id) {
            card.entry = Some(entry);
        }
    }

    /// Whose authentication this is.
    fn find(&self, server: Uuid) -> Option<(AttemptId, CheckoutId)> {
        let waiting = self.lock();
        let found = waiting.iter().find(|(_, card)| card.server == server);
        found.map(|(attempt_id, card)| (*attempt_id, card.checkout_id))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AttemptId, WaitingCard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who wants the bank to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The bank itself.
    Card,
    /// The issuer, who declined without it.
    Issuer,
    /// The merchant.
    Merchant,
    /// The merchant, who wants the payer to be asked.
    Challenge,
    /// We, who want to know who pays (security R1).
    Safety,
}

/// The timer that gives up.
pub(crate) fn abandon(payment: &Payment, submission: &Submission) -> Timer {
    let attempt_id = submission.attempt_id;
    // The try's deadline is counted from the same moment.
    let at = submission.deadline.plus(CHALLENGE_WAIT.saturating_sub(ACQUIRER_WAIT));
    timer(payment, TimerKind::Abandon { attempt_id }, at)
}

/// The same of a try whose bank was asked before.
pub(crate) fn abandoned(shown: &Shown, attempt_id: AttemptId) -> Option<Timer> {
    begun(shown, attempt_id).map(|(submission, _)| abandon(&shown.payment, submission))
}

/// The try as it was when its bank was asked, and when that was.
fn begun(shown: &Shown, wanted: AttemptId) -> Option<(&Submission, Timestamp)> {
    shown.history.iter().find_map(|recorded| match &recorded.event {
        Event::AuthenticationStarted(submission) if submission.attempt_id == wanted => Some((submission, recorded.at)),
        _ => None,
    })
}

/// What a payer is being asked by the bank.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The try.
    pub attempt_id: AttemptId,
    /// What the bank wants.
    pub challenge: &'a Challenge,
    /// How large its page is drawn.
    pub window: ChallengeWindow,
    /// When the bank was asked; [`CHALLENGE_WAIT`] later nobody waits any more.
    pub asked_at: Timestamp,
}

/// The question a payer is being asked, if one is.
#[must_use]
pub fn question(shown: &Shown) -> Option<Question<'_>> {
    let State::InFlight { attempt_id: waiting } = shown.payment.state else { return None };
    if shown.payment.attempt(waiting).ok()?.status != AttemptStatus::Authenticating {
        return None;
    }
    let (submission, asked_at) = begun(shown, waiting)?;
    let challenge = shown.history.iter().rev().find_map(|recorded| match &recorded.event {
        Event::Challenged { attempt_id, challenge } if *attempt_id == waiting => Some(challenge),
        _ => None,
    })?;
    Some(Question { attempt_id: waiting, challenge, window: submission.window, asked_at })
}

impl Engine {
    /// The issuer's side of the test world, for what the bank's pages show.
    #[must_use]
    pub fn test_bank(&self) -> &acquirer::Directory {
        &self.0.directory_server
    }

    /// What a payer does on the test bank's page. When that ends the question, the bank tells us what came of it before
    /// it sends the payer back, as banks do. `None` for a question that nobody asked, or that is forgotten.
    pub async fn act_at_test_bank(&self, acs: Uuid, answer: AcsAnswer<'_>) -> Option<AcsOutcome> {
        let bank = &self.0.directory_server;
        let outcome = bank.answer(acs, answer)?;
        if let (AcsOutcome::Done { .. }, Some(view)) = (&outcome, bank.challenge(acs)) {
            self.hear_from_bank(view.ids.server).await;
        }
        Some(outcome)
    }

    /// The bank's own word (RReq). About a question of ours that nobody waits for it changes nothing (security W4).
    async fn hear_from_bank(&self, server: Uuid) {
        let Some((attempt_id, checkout_id)) = self.0.waiting.find(server) else { return };
        if let Err(error) = self.end_challenge(checkout_id, attempt_id, server).await {
            tracing::error!(%attempt_id, error = %Causes(&error), "the bank's answer could not be written down; the payer's return asks for it again");
        }
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
        let commands = if sent.payment.legs.is_empty() {
            vec![Command::Settle { attempt_id: declined, outcome }, Command::Authenticate(again)]
        } else {
            vec![Command::StepUp { attempt_id: declined, again }]
        };
        let stepped = self
            .run_all(asking, &commands, |shown, change| {
                let at = first_inquiry_at(&shown.history, declined);
                change.timers_done.push(timer(&shown.payment, first_inquiry(declined), at));
            })
            .await;
        match stepped {
            // Somebody ended it meanwhile: there is nobody to be asked.
            Ok(shown) if shown.payment.attempt(attempt_id).is_err() => Ok(()),
            Ok(shown) => {
                self.start_authentication(shown, attempt_id, entry, Asked::Issuer);
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
            let checkout = &sent.record.checkout;
            let bank = &engine.0.directory_server;
            let window = begun(&sent, attempt_id).map_or(ChallengeWindow::Full, |(submission, _)| submission.window);
            let rules = card_rules(&sent.record.checkout);
            let method = bank.look_at_browser(&entry.pan, rules).await;
            let answer = bank
                .authenticate(AuthenticationRequest {
                    attempt_id,
                    pan: &entry.pan,
                    expiry: entry.expiry,
                    amount: sent.payment.attempt(attempt_id).map_or(sent.payment.terms.amount, |attempt| attempt.amount),
                    merchant: &sent.record.checkout.seller,
                    return_url: &format!("{base}{}3ds/", checkout.page()),
                    acs_base: &base,
                    window,
                    method,
                    force: asked != Asked::Card,
                    ask_payer: matches!(asked, Asked::Safety | Asked::Challenge),
                    rules,
                })
                .await;
            let result = match answer {
                // Whoever stands in for the bank does not know its payer.
                AuthenticationAnswer::Said(said)
                    if asked == Asked::Safety && said.status != TransStatus::Authenticated =>
                {
                    engine.give_up(asking, attempt_id, AuthenticationFailure::Bank(said)).await
                }
                AuthenticationAnswer::Said(authentication) => {
                    engine.go_on(asking, attempt_id, entry, authentication).await
                }
                AuthenticationAnswer::Challenge(challenge) => {
                    let (now, checkout_id) = (engine.0.env.now(), sent.record.checkout.id);
                    let (until, server) = (now.plus(CHALLENGE_WAIT), challenge.ids.server);
                    let card = WaitingCard { until, checkout_id, server, entry: Some(entry) };
                    engine.0.waiting.put(now, attempt_id, card);
                    let ask = Command::Ask { attempt_id, challenge };
                    engine.run(asking, &ask, |_, _| {}).await.map(|_| ())
                }
                AuthenticationAnswer::NoAnswer => {
                    engine.give_up(asking, attempt_id, AuthenticationFailure::NoAnswer).await
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
        let asked = question(&shown).map(|question| (question.attempt_id, question.challenge.ids));
        if let Some((attempt_id, ids)) = asked {
            let said = parse_cres(cres).filter(|said| said.server == ids.server && said.acs == ids.acs);
            let Some(said) = said else { return Ok(shown) };
            self.end_challenge(id, attempt_id, said.server).await?;
        }
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
        let Some(attempt_id) = question(&shown).map(|question| question.attempt_id) else { return Ok(shown) };
        self.give_up(Asking::Payer(id), attempt_id, AuthenticationFailure::Payer).await?;
        self.show(id).await
    }

    async fn end_challenge(&self, id: CheckoutId, attempt_id: AttemptId, server: Uuid) -> Result<(), Error> {
        let asking = Asking::Payer(id);
        match self.0.directory_server.result(server) {
            // The bank has not told us yet; the browser's word is not enough.
            None => Ok(()),
            Some(said) if !said.status.may_go_on() => {
                self.give_up(asking, attempt_id, AuthenticationFailure::Bank(said)).await
            }
            Some(authentication) => match self.0.waiting.take(attempt_id) {
                Taken::Card(entry) => match self.authenticated(asking, attempt_id, &authentication).await {
                    Ok(Some(sent)) => {
                        let initiator = entry.chosen_by_payer();
                        self.start_authorization(sent, attempt_id, entry, Some(authentication), initiator);
                        Ok(())
                    }
                    Ok(None) => Ok(()),
                    Err(error) => {
                        self.0.waiting.give_back(attempt_id, entry);
                        Err(error)
                    }
                },
                Taken::Before => Ok(()),
                // The process that knew the code is gone.
                Taken::Never => self.give_up(asking, attempt_id, AuthenticationFailure::Abandoned).await,
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
            return self.give_up(asking, attempt_id, AuthenticationFailure::Bank(authentication)).await;
        }
        if let Some(sent) = self.authenticated(asking, attempt_id, &authentication).await? {
            let initiator = entry.chosen_by_payer();
            self.authorize(&sent, attempt_id, entry, Some(&authentication), initiator).await;
        }
        Ok(())
    }

    /// Writes the bank's yes down; `None` when the try was given up or cancelled meanwhile: nothing is written, so nothing is sent.
    async fn authenticated(
        &self,
        asking: Asking,
        attempt_id: AttemptId,
        authentication: &Authentication,
    ) -> Result<Option<Shown>, Error> {
        let deadline = self.0.env.now().plus(ACQUIRER_WAIT);
        let command = Command::Authorize { attempt_id, authentication: authentication.clone(), deadline };
        let sent = self
            .run(asking, &command, |sent, change| {
                change.timers_done.extend(abandoned(sent, attempt_id));
            })
            .await?;
        Ok((sent.payment.attempt(attempt_id)?.status == AttemptStatus::Sent).then_some(sent))
    }

    /// Nobody comes back for a card whose payer was asked.
    pub(crate) fn forget_waiting_card(&self, attempt_id: AttemptId) {
        drop(self.0.waiting.take(attempt_id));
    }

    async fn give_up(
        &self,
        asking: Asking,
        attempt_id: AttemptId,
        failure: AuthenticationFailure,
    ) -> Result<(), Error> {
        self.forget_waiting_card(attempt_id);
        self.run(asking, &Command::GiveUp { attempt_id, failure }, |shown, change| {
            change.timers_done.extend(abandoned(shown, attempt_id));
        })
        .await?;
        Ok(())
    }
}
