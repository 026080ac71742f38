//! Paying by card: written down, sent, answered. What is not answered is found again by `recovery`.
//!
//! Who acts: the page that submits, the task that asks the acquirer, and the inquiry timer. They may race; the version
//! of the payment lets one of them settle a try, and a second answer changes nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use acquirer::{Answer, CardData, CardRules, Initiator, Request, Source};
use domain::{
    AttemptId, Authentication, Brand, CaptureMode, CardFacts, CardId, CardSummary, ChallengeWindow, Checkout,
    CheckoutId, Command, Customer, Cvc, DeclineReason, Dialect, Expiry, Flow, Means, MerchantId, Mode, Outcome, Pan,
    Payment, Refusal, RefusedTry, State, Submission, Timestamp,
};
use store::{CardRow, IdempotencyWrite, Timer};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::authentication::Asked;
use crate::checkouts::{Asking, Shown, timer};
use crate::recovery::{FIRST_INQUIRY, first_inquiry, first_inquiry_at};
use crate::risk::Judged;
use crate::{Causes, Engine, Error, PAGE_WAIT};

/// After this the acquirer's silence is doubt (design 5).
pub(crate) const ACQUIRER_WAIT: Duration = Duration::from_secs(30);
/// How long a form may be posted: no longer than the store remembers that it was.
pub(crate) const FORM_GOOD: Duration = Duration::from_hours(24);

/// A card as the payer gave it. The code lives here and nowhere else.
#[derive(Debug)]
pub struct CardEntry {
    /// The number.
    pub pan: Pan,
    /// The brand it pays under; one of those on the card.
    pub brand: Brand,
    /// The verification code; none of a kept card.
    pub cvc: Option<Cvc>,
    /// The expiry date.
    pub expiry: Expiry,
    /// The name on the card.
    pub holder: String,
    /// Whether the payer wants it kept.
    pub save: bool,
}

impl CardEntry {
    pub(crate) fn summary(&self) -> CardSummary {
        CardSummary { brand: self.brand, masked: self.pan.masked(), expiry: self.expiry, holder: self.holder.clone() }
    }

    /// Who wants this payment, when it is the payer.
    pub(crate) const fn chosen_by_payer(&self) -> Initiator {
        match self.cvc {
            Some(_) => Initiator::Payer,
            None => Initiator::PayerWithKeptCard,
        }
    }
}

/// A card on its way to the acquirer; a kept one with its token and where it lies.
pub(crate) struct Paying {
    pub(crate) entry: CardEntry,
    pub(crate) kept: Option<(CheckoutId, CardId)>,
    /// The bank is asked also about a card that would pass without.
    pub(crate) must_ask: bool,
}

/// How the payer came.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Our page, or a form of the merchant's.
    pub flow: Flow,
    /// The payer's address.
    pub payer_ip: Option<IpAddr>,
    /// The one-time token of our form; a merchant's form has none.
    pub form_token: Option<String>,
    /// What the payer said of themselves on the same form.
    pub details: Option<Customer>,
    /// How large the bank's page may be, as far as the payer's browser has told.
    pub window: ChallengeWindow,
}

impl Visit {
    /// The merchant charges: no payer is there.
    pub(crate) const fn of_nobody() -> Self {
        Self { flow: Flow::Api, payer_ip: None, form_token: None, details: None, window: ChallengeWindow::Full }
    }
}

/// Calls to the acquirer that run in this process, by the id of the try or operation; the channel closes when one ends.
#[derive(Default)]
pub(crate) struct Underway(Mutex<HashMap<Uuid, CancellationToken>>);

impl Underway {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// A one-time token for a form that pays this checkout. It says when it was made.
    #[must_use]
    pub fn form_token(&self, id: CheckoutId) -> String {
        let made = u64::try_from(self.0.env.now().micros()).unwrap_or(0);
        let nonce = u128::from(made) << 64 | u128::from(u64::from_be_bytes(self.0.env.bytes()));
        format!("{nonce:032x}{:032x}", self.form_tag(id, nonce))
    }

    fn form_tag(&self, id: CheckoutId, nonce: u128) -> u128 {
        let hash = self.0.forms.hash(&[b"form", id.uuid().as_bytes(), &nonce.to_be_bytes()]);
        hash[..16].iter().fold(0, |tag, byte| tag << 8 | u128::from(*byte))
    }

    /// Whether a token was made by us for this checkout, and lately; whether it was used is the store's to say.
    pub(crate) fn is_form_token(&self, id: CheckoutId, token: &str) -> bool {
        let Some((nonce, tag)) = token.split_at_checked(32).filter(|_| token.len() == 64) else { return false };
        let (Ok(nonce), Ok(tag)) = (u128::from_str_radix(nonce, 16), u128::from_str_radix(tag, 16)) else {
            return false;
        };
        let made = Timestamp::from_micros(i64::try_from(nonce >> 64).unwrap_or(i64::MAX));
        let expected = self.form_tag(id, nonce).to_be_bytes();
        self.0.env.now() < made.plus(FORM_GOOD)
            && bool::from(subtle::ConstantTimeEq::ct_eq(&tag.to_be_bytes()[..], &expected[..]))
    }

    /// Pays a checkout by card: waits up to [`PAGE_WAIT`] for the bank and the acquirer and shows how the payment
    /// stands then. A repeat of the same form waits for the first and shows the same. Of `before` only what never
    /// changes is used.
    ///
    /// # Errors
    /// [`Error::Used`] for a token that is none of this checkout; [`Error::NoToken`] when a kept card pays it;
    /// [`Error::Refused`] when another window's try is under
    /// way or it cannot be paid any more; [`Error::NotFound`], [`Error::Store`].
    pub async fn pay_by_card(&self, before: &Shown, entry: CardEntry, visit: Visit) -> Result<Shown, Error> {
        // Its page asks about the one card that pays it, and takes no other.
        if before.record.checkout.token.is_some() {
            return Err(Error::NoToken);
        }
        self.pay(before, Paying { entry, kept: None, must_ask: false }, visit).await
    }

    pub(crate) async fn pay(&self, before: &Shown, paying: Paying, visit: Visit) -> Result<Shown, Error> {
        let id = before.record.checkout.id;
        let began = self.0.env.now();
        if visit.form_token.as_deref().is_some_and(|token| !self.is_form_token(id, token)) {
            return Err(Error::Used);
        }
        match self.send_card(before, paying, &visit).await {
            Ok(()) | Err(Error::Used) => {}
            // The same form again, or another window?
            Err(Error::Refused(Refusal::InFlight)) => {
                if !self.is_used(before, &visit).await? {
                    return Err(Refusal::InFlight.into());
                }
            }
            Err(error) => return Err(error),
        }
        let shown = self.wait_for_try(id).await?;
        self.even_out(&shown, began).await;
        Ok(shown)
    }

    /// Waits up to [`PAGE_WAIT`] for the try that is under way, if one is, and shows how the payment stands then.
    pub(crate) async fn wait_for_try(&self, id: CheckoutId) -> Result<Shown, Error> {
        let mut waited_for = None;
        loop {
            let shown = self.show(id).await?;
            match shown.payment.state {
                // A try may lead to another one, by way of the payer's bank.
                State::InFlight { attempt_id } if waited_for != Some(attempt_id) => {
                    self.wait_for(attempt_id.uuid(), PAGE_WAIT).await;
                    waited_for = Some(attempt_id);
                }
                _ => return Ok(shown),
            }
        }
    }

    pub(crate) async fn is_used(&self, before: &Shown, visit: &Visit) -> Result<bool, Error> {
        let Some(token) = &visit.form_token else { return Ok(false) };
        let (terms, scope) = (&before.payment.terms, form_scope(before.record.checkout.id));
        Ok(self.0.store.used_key(terms.merchant_id, terms.mode, &scope, token, self.0.env.now()).await?.is_some())
    }

    /// Judges the try; writes it down and sends it, or writes down that it was blocked.
    async fn send_card(&self, before: &Shown, paying: Paying, visit: &Visit) -> Result<(), Error> {
        let attempt_id = AttemptId::new(self.0.env.ordered_id());
        match self.judge(before, attempt_id, &paying.entry, paying.kept.is_some(), visit).await? {
            Judged::Goes { by_the_bank } => {
                let sent = self.send_judged(before, paying, visit, attempt_id, by_the_bank).await;
                if sent.is_err() {
                    self.0.risk.withdraw(attempt_id);
                }
                sent
            }
            Judged::Blocked(by, assessment) => {
                let blocked = self.block(before, attempt_id, &paying.entry, visit, (by, assessment));
                self.write_refused(before.record.checkout.id, blocked, visit).await
            }
        }
    }

    /// Writes the try down and starts the calls in a task of its own: a payer who leaves does not end it.
    async fn send_judged(
        &self,
        before: &Shown,
        paying: Paying,
        visit: &Visit,
        attempt_id: AttemptId,
        by_the_bank: bool,
    ) -> Result<(), Error> {
        let Paying { entry, kept, must_ask } = paying;
        let checkout = &before.record.checkout;
        let asking = Asking::Payer(checkout.id);
        // Live mode has no acquirers yet that a configuration could name. Which brands are taken, our form says in better
        // words; here is where it holds for whatever else posts cards.
        if checkout.mode == Mode::Live || !checkout.takes(entry.brand) {
            self.0.risk.withdraw(attempt_id);
            return self.refuse(checkout.id, Some(entry.summary()), DeclineReason::NoAcquirer, visit).await;
        }
        let terms = &before.payment.terms;
        let now = self.0.env.now();
        let card_id = kept.map_or_else(|| CardId::new(self.0.env.ordered_id()), |(_, card_id)| card_id);
        let submission = Submission {
            attempt_id,
            acquirer: self.0.test_acquirer.name().to_owned(),
            means: Means::Card { card: entry.summary(), card_id },
            part: None,
            token: kept.map(|(token, _)| token),
            flow: visit.flow,
            payer_ip: visit.payer_ip,
            save_card: kept.is_none() && (entry.save || terms.save_card || terms.amount.is_zero()),
            window: visit.window,
            deadline: now.plus(ACQUIRER_WAIT),
        };
        let card = match kept {
            Some(_) => None,
            None => Some(self.seal(checkout, card_id, &entry)?),
        };
        // A card that is past its date is refused before its bank is asked.
        let wants_to_know = must_ask || self.0.directory_server.participates(&entry.pan, card_rules(checkout));
        let asks_bank = by_the_bank || (wants_to_know && !entry.expiry.is_past(now));
        let mut commands: Vec<Command> = visit.details.iter().map(give_details).collect();
        commands.push(if asks_bank { Command::Authenticate(submission) } else { Command::Submit(submission) });
        let sent = self
            .run_all(asking, &commands, |sent, change| {
                change.card.clone_from(&card);
                change.idempotency = self.form_used(sent, visit);
            })
            .await?;
        if asks_bank {
            let asked = match (by_the_bank, must_ask) {
                (true, _) => Asked::Safety,
                (false, true) => Asked::Merchant,
                (false, false) => Asked::Card,
            };
            self.start_authentication(sent, attempt_id, entry, asked);
        } else {
            let initiator = entry.chosen_by_payer();
            self.start_authorization(sent, attempt_id, entry, None, initiator);
        }
        Ok(())
    }

    /// A card's row in the vault.
    pub(crate) fn seal(&self, checkout: &Checkout, id: CardId, entry: &CardEntry) -> Result<CardRow, Error> {
        let Checkout { merchant_id, mode, .. } = *checkout;
        Ok(CardRow {
            id,
            merchant_id,
            mode,
            sealed: self.0.vault.seal_card(merchant_id, mode, id, &entry.pan)?,
            fingerprint: self.fingerprint(merchant_id, mode, &entry.pan),
            card_key: self.0.risk.card_key(mode, &entry.pan),
            summary: entry.summary(),
            created_at: self.0.env.now(),
        })
    }

    /// What a merchant may recognise a number by; it says nothing to another merchant (security V4).
    pub(crate) fn fingerprint(&self, merchant_id: MerchantId, mode: Mode, pan: &Pan) -> [u8; 32] {
        let owner = merchant_id.uuid();
        let parts = [&b"card"[..], owner.as_bytes(), mode.as_str().as_bytes(), pan.expose().as_bytes()];
        self.0.fingerprints.hash(&parts)
    }

    /// Notes a try that goes nowhere: a form that could not be read, or no acquirer for the card.
    ///
    /// # Errors
    /// As [`Engine::pay_by_card`].
    pub async fn refuse(
        &self,
        id: CheckoutId,
        card: Option<CardSummary>,
        reason: DeclineReason,
        visit: &Visit,
    ) -> Result<(), Error> {
        let attempt_id = AttemptId::new(self.0.env.ordered_id());
        let (flow, payer_ip) = (visit.flow, visit.payer_ip);
        let refused = RefusedTry { attempt_id, card, flow, payer_ip, reason, assessment: None };
        self.write_refused(id, Command::Refuse(refused), visit).await
    }

    async fn write_refused(&self, id: CheckoutId, refused: Command, visit: &Visit) -> Result<(), Error> {
        let mut commands: Vec<Command> = visit.details.iter().map(give_details).collect();
        commands.push(refused);
        let used = |shown: &Shown, change: &mut store::Changeset| change.idempotency = self.form_used(shown, visit);
        self.run_all(Asking::Payer(id), &commands, used).await?;
        Ok(())
    }

    /// What uses a form's token up.
    pub(crate) fn form_used(&self, shown: &Shown, visit: &Visit) -> Option<IdempotencyWrite> {
        let checkout = &shown.record.checkout;
        Some(IdempotencyWrite {
            merchant_id: checkout.merchant_id,
            mode: checkout.mode,
            scope: form_scope(checkout.id),
            key: visit.form_token.clone()?,
            fingerprint: [0; 32],
            status: 0,
            body: String::new(),
            at: self.0.env.now(),
            kept_for: FORM_GOOD,
        })
    }

    /// Sends an authorization that is written down, in a task of its own.
    pub(crate) fn start_authorization(
        &self,
        sent: Shown,
        attempt_id: AttemptId,
        entry: CardEntry,
        authentication: Option<Authentication>,
        initiated_by: Initiator,
    ) {
        let engine = self.clone();
        self.start(attempt_id.uuid(), async move {
            engine.authorize(&sent, attempt_id, entry, authentication.as_ref(), initiated_by).await;
        });
    }

    /// Sends an authorization that is written down, and writes the answer down.
    pub(crate) async fn authorize(
        &self,
        sent: &Shown,
        attempt_id: AttemptId,
        entry: CardEntry,
        authentication: Option<&Authentication>,
        initiated_by: Initiator,
    ) {
        let terms = &sent.payment.terms;
        let Ok(attempt) = sent.payment.attempt(attempt_id) else { return };
        let merchant_data = crate::reports::merchant_data(terms);
        let request = Request::Authorize {
            reference: attempt_id,
            amount: attempt.amount,
            capture: terms.capture == CaptureMode::Automatic,
            source: Source::Card {
                card: CardData {
                    pan: &entry.pan,
                    cvc: entry.cvc.as_ref(),
                    expiry: entry.expiry,
                    holder: &entry.holder,
                },
                authentication,
                initiated_by,
                rules: card_rules(&sent.record.checkout),
            },
            merchant_data: &merchant_data,
        };
        let (answer, again) = self.0.test_acquirer.hear(request).await;
        self.0.workers.metrics.answered(&answer);
        let asking = Asking::Payer(sent.record.checkout.id);
        let answer = match answer {
            Answer::Declined { reason: DeclineReason::AuthenticationRequired, facts }
                if initiated_by != Initiator::Merchant && authentication.is_none() =>
            {
                match self.step_up(sent, attempt_id, entry, facts).await {
                    Ok(()) => return,
                    // The payment does not go on; that it was declined is written down all the same.
                    Err((facts, error)) => {
                        tracing::info!(%attempt_id, error = %Causes(&error), "the bank is not asked after all");
                        Answer::Declined { reason: DeclineReason::AuthenticationRequired, facts }
                    }
                }
            }
            answer => {
                drop(entry);
                answer
            }
        };
        // What comes once more changes nothing (security U7).
        for answer in [answer].into_iter().chain(again) {
            if let Err(error) = self.settle(asking, &sent.payment, attempt_id, answer, None).await {
                tracing::error!(%attempt_id, error = %Causes(&error), "an answer could not be written down; the inquiry will ask for it");
            }
        }
    }

    /// Runs a call in a task of its own, where [`Engine::wait_for`] finds it.
    pub(crate) fn start(&self, id: Uuid, call: impl Future<Output = ()> + Send + 'static) {
        let ended = CancellationToken::new();
        self.0.underway.lock().insert(id, ended.clone());
        let ends = ended.drop_guard();
        let engine = self.clone();
        self.0.tasks.spawn(self.0.env.clock().activity(async move {
            call.await;
            engine.0.underway.lock().remove(&id);
            drop(ends);
        }));
    }

    /// Waits until a call has ended in this process, or `patience` has passed.
    pub(crate) async fn wait_for(&self, id: Uuid, patience: Duration) {
        let ended = self.0.underway.lock().get(&id).cloned();
        let Some(ended) = ended else { return };
        tokio::select! {
            biased;
            () = ended.cancelled() => {}
            () = self.0.env.sleep(patience) => {}
        }
    }

    /// Whether a call runs in this process.
    pub(crate) fn is_underway(&self, id: Uuid) -> bool {
        self.0.underway.lock().contains_key(&id)
    }

    /// Writes down what became of a try. `asked_by` is the inquiry that asked, if one did. Of `payment` only its legs and
    /// what never changes are used.
    pub(crate) async fn settle(
        &self,
        asking: Asking,
        payment: &Payment,
        attempt_id: AttemptId,
        answer: Answer,
        asked_by: Option<&Timer>,
    ) -> Result<Shown, Error> {
        let outcome = match answer {
            Answer::Approved { amount, acquirer_reference, facts } => {
                Outcome::Approved { amount, acquirer_reference, facts }
            }
            Answer::Declined { reason, facts } => Outcome::Declined { reason, facts },
            Answer::NotSent => {
                Outcome::Declined { reason: DeclineReason::ConnectionFailed, facts: CardFacts::default() }
            }
            Answer::Pending => Outcome::Pending,
            Answer::Redirect { url } => Outcome::Redirected { url },
            Answer::Reversed => Outcome::ReversalAcknowledged,
            Answer::NotFound | Answer::Unknown => Outcome::Unknown,
        };
        let again = matches!(outcome, Outcome::Pending | Outcome::Unknown);
        let now = self.0.env.now();
        let mut commands = vec![Command::Settle { attempt_id, outcome: outcome.clone() }];
        commands.extend(self.after_leg(payment));
        let beside = |shown: &Shown, change: &mut store::Changeset| match asked_by {
            Some(asked_by) => change.timers_done.push(asked_by.clone()),
            None => {
                // The inquiry that watched over the call is moot, or comes sooner.
                let kind = first_inquiry(attempt_id);
                change.timers_done.push(timer(&shown.payment, kind, first_inquiry_at(&shown.history, attempt_id)));
                if again {
                    change.timers.push(timer(&shown.payment, kind, now.plus(FIRST_INQUIRY)));
                }
            }
        };
        let shown = self.run_all(asking, &commands, beside).await?;
        let journal = shown.history.iter().map(|recorded| &recorded.event);
        if shown.payment.is_contradicted(journal, attempt_id, &outcome) {
            tracing::warn!(%attempt_id, "the acquirer contradicts what it said before: ask it what became of this reference");
        }
        Ok(shown)
    }
}

/// Which test cards pay a checkout.
pub(crate) const fn card_rules(checkout: &Checkout) -> CardRules {
    match checkout.dialect {
        Dialect::Purchases => CardRules::Purchases,
        Dialect::CardPayments => CardRules::CardPayments,
        Dialect::Orchestration => CardRules::Orchestration,
    }
}

pub(crate) fn give_details(customer: &Customer) -> Command {
    Command::GiveDetails(Box::new(customer.clone()))
}

/// Where the one-time tokens of a checkout's forms are kept.
fn form_scope(id: CheckoutId) -> String {
    format!("form {id}")
}
