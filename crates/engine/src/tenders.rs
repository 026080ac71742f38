//! Paying by tender: several legs, one after the other, all of them or none (orchestration-api 5).
//!
//! Who acts: the page or the API call that submits, the task of the leg that is under way, and whoever learns what became
//! of a leg: its answer, an inquiry, the payer's return. Whoever writes down that a leg was approved begins the next one
//! with the same changeset. What a leg is paid with waits in this process's memory and nowhere else: when it is gone, the
//! tender fails and what its legs reserved goes back.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acquirer::{Answer, Balance, Initiator, Request, Source};
use domain::{
    AttemptId, AttemptStatus, CardId, CheckoutId, Command, DeclineReason, Event, GiftCardNumber, LEGS_MAX, Leg, Means,
    Mode, Money, Operation, OperationId, Party, Payment, RedirectMethod, RefusedTry, State, Submission, Terms,
    Timestamp,
};
use store::{IdempotencyWrite, OrderTotal, ReusableLeg, Timer, TimerKind};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::authentication::{Asked, abandoned};
use crate::checkouts::{Asking, NewCheckout, Opened, Shown, timer};
use crate::credentials::Credential;
use crate::operations::{API_WAIT, Sending};
use crate::payments::{ACQUIRER_WAIT, CardEntry, Visit, card_rules, give_details};
use crate::risk::Judged;
use crate::{Causes, Engine, Error, PAGE_WAIT};

/// How long a payer may take on a page of the acquirer's; the payment ends without it then (orchestration-api 4.1).
pub(crate) const REDIRECT_WAIT: Duration = Duration::from_secs(60 * 60);

/// How long what a leg is paid with waits for its turn; verification codes no longer (security P1).
const SECRET_LIFE: Duration = Duration::from_secs(15 * 60);

/// How long a read waits for acquirers.
const REFRESH_WAIT: Duration = Duration::from_secs(5);

/// A leg as it is submitted.
#[derive(Debug)]
pub struct NewLeg {
    /// What the dialect calls whoever takes it.
    pub partner: String,
    /// What the dialect calls what is paid with.
    pub method: String,
    /// Minor units.
    pub amount: i64,
    /// What is paid with.
    pub source: LegSource,
}

/// What a leg is paid with.
#[derive(Debug)]
pub enum LegSource {
    /// A card, as the payer gave it.
    Card {
        /// The card.
        entry: Box<CardEntry>,
        /// The merchant wants the bank to ask its payer.
        asks_payer: bool,
    },
    /// A card that lies in the vault.
    Kept {
        /// Where it lies.
        card_id: CardId,
        /// Where it was paid with before, as far as that is known.
        token: Option<CheckoutId>,
        /// Who wants it to be charged.
        by: Party,
        /// The merchant wants the bank to ask its payer, who has to be there.
        asks_payer: bool,
    },
    /// A gift card.
    GiftCard {
        /// Its number.
        number: GiftCardNumber,
        /// The code that belongs to it, when the payer gave one.
        code: Option<Zeroizing<String>>,
    },
    /// The payer confirms on a page of the acquirer's.
    Redirect(RedirectMethod),
}

/// What a leg that has not begun is paid with.
enum Secret {
    Card(Box<CardEntry>, Initiator),
    GiftCard(GiftCardNumber),
    Redirect(RedirectMethod),
}

/// Legs that wait for their turn; in memory only.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<HashMap<AttemptId, (Timestamp, Secret)>>);

impl Waiting {
    fn put(&self, now: Timestamp, secrets: Vec<(AttemptId, Secret)>) {
        let mut waiting = self.lock();
        waiting.retain(|_, (until, _)| *until > now);
        let until = now.plus(SECRET_LIFE);
        waiting.extend(secrets.into_iter().map(|(attempt_id, secret)| (attempt_id, (until, secret))));
    }

    fn drop_all(&self, legs: impl Iterator<Item = AttemptId>) {
        let mut waiting = self.lock();
        legs.for_each(|attempt_id| drop(waiting.remove(&attempt_id)));
    }

    fn take(&self, attempt_id: AttemptId) -> Option<Secret> {
        self.lock().remove(&attempt_id).map(|(_, secret)| secret)
    }

    /// Whether all that has not begun could.
    fn knows(&self, payment: &Payment) -> bool {
        let waiting = self.lock();
        payment.waiting_legs().all(|leg| waiting.contains_key(&leg.submission.attempt_id))
    }

    /// No leg of it will begin any more.
    fn forget(&self, payment: &Payment) {
        self.drop_all(payment.legs.iter().map(|leg| leg.submission.attempt_id));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AttemptId, (Timestamp, Secret)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tender that is ready to be written down.
struct Ready {
    command: Command,
    card: Option<store::CardRow>,
    secrets: Vec<(AttemptId, Secret)>,
    /// The leg with a card that counts as a try of it.
    judged: Option<AttemptId>,
}

impl Engine {
    /// Pays a checkout that is open by tender: waits up to a page's time for acquirers and banks and shows how the
    /// payment stands then. A repeat of the same form waits for the first and shows the same. Of `before` only what never
    /// changes is used.
    ///
    /// # Errors
    /// [`Error::Used`] for a form that is none of this checkout; [`Error::OrderPaid`] when others have paid the order;
    /// [`Error::Refused`] when it cannot be paid any more or the legs do not make up the payment; [`Error::NoToken`] when
    /// a card that is charged again is not there; [`Error::NotFound`], [`Error::Store`].
    pub async fn pay_by_tender(&self, before: &Shown, legs: Vec<NewLeg>, visit: Visit) -> Result<Shown, Error> {
        let id = before.record.checkout.id;
        let began = self.0.env.now();
        if visit.form_token.as_deref().is_some_and(|token| !self.is_form_token(id, token)) {
            return Err(Error::Used);
        }
        match Box::pin(self.send_tender(before, legs, &visit)).await {
            Ok(()) | Err(Error::Used) => {}
            // The same form again, or another window?
            Err(Error::Refused(refused)) => {
                if !self.is_used(before, &visit).await? {
                    return Err(refused.into());
                }
            }
            Err(error) => return Err(error),
        }
        let shown = self.tendered_by_payer(id).await?;
        self.even_out(&shown, began).await;
        Ok(shown)
    }

    async fn send_tender(&self, before: &Shown, legs: Vec<NewLeg>, visit: &Visit) -> Result<(), Error> {
        let asking = Asking::Payer(before.record.checkout.id);
        let order = order_total(before);
        let Ready { command, card, secrets, judged } = self.ready_tender(before, legs, visit).await?;
        let legs = self.remember(secrets);
        let mut commands: Vec<Command> = visit.details.iter().map(give_details).collect();
        commands.push(command);
        self.run_all(asking, &commands, |sent, change| {
            change.card.clone_from(&card);
            change.order_total.clone_from(&order);
            change.idempotency = self.form_used(sent, visit);
        })
        .await
        .inspect_err(|_| self.unwritten(judged, legs))?;
        Ok(())
    }

    /// What legs are paid with waits for them from before they are written down.
    fn remember(&self, secrets: Vec<(AttemptId, Secret)>) -> Vec<AttemptId> {
        let legs = secrets.iter().map(|(attempt_id, _)| *attempt_id).collect();
        self.0.tenders.put(self.0.env.now(), secrets);
        legs
    }

    /// What was not written down is not kept and not counted either.
    fn unwritten(&self, judged: Option<AttemptId>, legs: Vec<AttemptId>) {
        self.0.tenders.drop_all(legs.into_iter());
        if let Some(attempt_id) = judged {
            self.0.risk.withdraw(attempt_id);
        }
    }

    /// Makes a checkout and pays it by tender at once; waits for it as long as an API call may. `new`'s idempotency key is
    /// used up with both.
    ///
    /// # Errors
    /// [`Error::Used`] when the key was used before; otherwise as [`Engine::pay_by_tender`].
    pub async fn open_tender(
        &self,
        caller: Credential,
        new: NewCheckout,
        legs: Vec<NewLeg>,
        visit: Visit,
    ) -> Result<Shown, Error> {
        let NewCheckout { record, opened, terms, customer, idempotency } = new;
        let id = record.checkout.id;
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        let payment = Payment::open(terms);
        let mut shown = Shown { record: record.clone(), history: vec![opened.clone()], payment };
        let order = order_total(&shown);
        let Ready { command, card, secrets, judged } = Box::pin(self.ready_tender(&shown, legs, &visit)).await?;
        let decided = shown.payment.decide(&command)?;
        let legs = self.remember(secrets);
        let mut change = self.changeset(&mut shown, decided, self.0.env.now());
        if let Some(write) = &mut change.payment {
            write.expected_version = 0;
            write.events.insert(0, opened);
        }
        change.checkout = Some(Box::new(record));
        change.customer = customer;
        change.idempotency = idempotency;
        change.card = card;
        change.order_total = order;
        match self.commit_opening(change).await {
            Ok(Opened::Done) => {}
            Ok(Opened::Stale) => {
                self.unwritten(judged, legs);
                return Err(Error::Stale);
            }
            Err(error) => {
                self.unwritten(judged, legs);
                return Err(error);
            }
        }
        self.learn(&shown, &shown.history);
        self.0.workers.timers.notify_one();
        self.carry_on(asking, &shown, 0);
        self.tendered(caller, id).await
    }

    /// How a tender stands, waited for as long as an API call may.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn tendered(&self, caller: Credential, id: CheckoutId) -> Result<Shown, Error> {
        self.wait_for_tender(Asking::Merchant(caller.merchant_id, caller.mode, id), API_WAIT).await
    }

    /// Waits for its legs, for those that are undone, and for what is captured by itself.
    async fn wait_for_tender(&self, asking: Asking, patience: Duration) -> Result<Shown, Error> {
        let until = self.0.env.now().plus(patience);
        let mut waited_for = vec![];
        loop {
            let shown = self.current(asking).await?;
            let attempt = match shown.payment.state {
                State::InFlight { attempt_id } => Some(attempt_id.uuid()),
                _ => None,
            };
            let undone = shown.payment.attempts.iter().filter(|attempt| attempt.status == AttemptStatus::Reversing);
            let operations = shown.payment.pending_operations().map(|operation| operation.id.uuid());
            let pending = attempt.into_iter().chain(undone.map(|attempt| undoing(attempt.id))).chain(operations);
            let Some(next) = pending.into_iter().find(|id| !waited_for.contains(id)) else { return Ok(shown) };
            self.wait_for(next, until.since(self.0.env.now())).await;
            waited_for.push(next);
        }
    }

    /// Waits until what a payer set going has come to something, or is too slow for a page.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn tendered_by_payer(&self, id: CheckoutId) -> Result<Shown, Error> {
        let shown = self.show(id).await?;
        let Terms { merchant_id, mode, .. } = shown.payment.terms;
        self.wait_for_tender(Asking::Merchant(merchant_id, mode, id), PAGE_WAIT).await
    }

    /// Who ends a session that was not paid; what a tender had sent goes back.
    ///
    /// # Errors
    /// [`Error::Refused`] once it was paid, ended or failed; [`Error::NotFound`], [`Error::Store`].
    pub async fn end_tender(
        &self,
        caller: Credential,
        id: CheckoutId,
        kept: impl Fn(&Shown) -> Option<IdempotencyWrite>,
        party: Party,
    ) -> Result<Shown, Error> {
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        self.end(asking, kept, party).await?;
        self.tendered(caller, id).await
    }

    /// The payer ends it on our page.
    ///
    /// # Errors
    /// As [`Engine::end_tender`]; [`Error::Used`] for a form that is none of this checkout.
    pub async fn leave_tender(&self, id: CheckoutId, form_token: &str) -> Result<Shown, Error> {
        if !self.is_form_token(id, form_token) {
            return Err(Error::Used);
        }
        self.end(Asking::Payer(id), |_| None, Party::Payer).await
    }

    async fn end(
        &self,
        asking: Asking,
        kept: impl Fn(&Shown) -> Option<IdempotencyWrite>,
        party: Party,
    ) -> Result<Shown, Error> {
        let ended = self
            .run(asking, &Command::EndTender(party), |shown, change| {
                change.idempotency = kept(shown);
                if let Some(attempt) = shown.payment.attempts.last() {
                    change.timers_done.extend(abandoned(shown, attempt.id));
                }
            })
            .await?;
        if let Some(attempt) = ended.payment.attempts.last() {
            self.forget_waiting_card(attempt.id);
        }
        Ok(ended)
    }

    /// The payer comes back from a page of the acquirer's: it is asked what came of it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn return_from_acquirer(&self, id: CheckoutId) -> Result<Shown, Error> {
        let shown = self.show(id).await?;
        if let Some(asked) = self.start_asking(Asking::Payer(id), &shown) {
            self.wait_for(asked, PAGE_WAIT).await;
        }
        self.tendered_by_payer(id).await
    }

    /// Asks what became of what is under way, so that a merchant reads it as it is now; waits [`REFRESH_WAIT`] for the
    /// answers (orchestration-api 1.10).
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn refresh(&self, caller: Credential, shown: Shown) -> Result<Shown, Error> {
        let id = shown.record.checkout.id;
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        if !shown.payment.is_moving() {
            return Ok(shown);
        }
        let mut asked: Vec<Uuid> = self.start_asking(asking, &shown).into_iter().collect();
        for operation in shown.payment.pending_operations() {
            asked.push(operation.id.uuid());
            // One that is being asked in this process tells by itself.
            if !self.is_underway(operation.id.uuid()) {
                let original = shown.payment.attempt_of(operation)?;
                self.start_asking_after(asking, operation, original);
            }
        }
        let until = self.0.env.now().plus(REFRESH_WAIT);
        for id in asked {
            self.wait_for(id, until.since(self.0.env.now())).await;
        }
        self.read(caller, id).await
    }

    /// Asks what became of the try that is under way, in a task of its own.
    fn start_asking(&self, asking: Asking, shown: &Shown) -> Option<Uuid> {
        let State::InFlight { attempt_id } = shown.payment.state else { return None };
        let attempt = shown.payment.attempt(attempt_id).ok()?;
        match attempt.status {
            AttemptStatus::Sent | AttemptStatus::Unknown | AttemptStatus::Redirected => {}
            AttemptStatus::Authenticating
            | AttemptStatus::Approved
            | AttemptStatus::Declined
            | AttemptStatus::Reversing
            | AttemptStatus::Reversed => return None,
        }
        if !self.is_underway(attempt_id.uuid()) {
            let (engine, payment, amount) = (self.clone(), shown.payment.clone(), attempt.amount);
            self.start(attempt_id.uuid(), async move {
                let answer = engine.0.test_acquirer.ask(Request::Inquire { reference: attempt_id, amount }).await;
                if matches!(answer, Answer::Approved { .. } | Answer::Declined { .. })
                    && let Err(error) = engine.settle(asking, &payment, attempt_id, answer, None).await
                {
                    tracing::error!(%attempt_id, error = %Causes(&error), "an answer could not be written down; the inquiry will ask for it");
                }
            });
        }
        Some(attempt_id.uuid())
    }

    /// Asks what became of an operation, in a task of its own.
    fn start_asking_after(&self, asking: Asking, operation: &Operation, original: AttemptId) {
        let (engine, operation_id) = (self.clone(), operation.id);
        let (kind, amount) = (operation.kind, operation.amount);
        self.start(operation_id.uuid(), async move {
            let request = Request::InquireOperation { reference: operation_id, original, kind, amount };
            let answer = engine.0.test_acquirer.ask(request).await;
            if matches!(answer, Answer::Approved { .. } | Answer::Declined { .. })
                && let Err(error) = engine.settle_operation(asking, operation_id, answer, None).await
            {
                tracing::error!(%operation_id, error = %Causes(&error), "an answer could not be written down; the inquiry will ask for it");
            }
        });
    }

    /// What is written down of a tender, and what is kept in mind of it.
    async fn ready_tender(&self, before: &Shown, new: Vec<NewLeg>, visit: &Visit) -> Result<Ready, Error> {
        let checkout = &before.record.checkout;
        let currency = before.payment.terms.amount.currency();
        let now = self.0.env.now();
        let deadline = now.plus(ACQUIRER_WAIT);
        let reusable = checkout.tender.as_ref().is_some_and(|tender| tender.reusable);
        let mut ready = Ready { command: Command::Tender(vec![]), card: None, secrets: vec![], judged: None };
        let (mut legs, mut refused) = (vec![], None);
        for NewLeg { partner, method, amount, source } in new {
            let attempt_id = AttemptId::new(self.0.env.ordered_id());
            let amount = Money::new(amount, currency).ok_or(domain::Refusal::ZeroAmount)?;
            let (mut asks_bank, mut challenge, mut is_charged, mut saves, mut token) =
                (false, false, false, reusable, None);
            let (means, secret) = match source {
                LegSource::GiftCard { number, code } => {
                    let code = code.as_ref().map(|code| code.as_str());
                    let reason = match self.gift_card_balance(before, &number, code).await {
                        Balance::Known(balance) if balance.minor() < amount.minor() => {
                            Some(DeclineReason::InsufficientFunds)
                        }
                        Balance::Refused => Some(DeclineReason::WrongCvc),
                        // Whoever does not say now is asked for the money itself.
                        Balance::Known(_) | Balance::NoAnswer => None,
                    };
                    refused = refused.or(reason.map(|reason| goes_nowhere(attempt_id, visit, reason)));
                    (Means::GiftCard { masked: number.masked() }, Secret::GiftCard(number))
                }
                LegSource::Redirect(method) => (Means::Redirect(method), Secret::Redirect(method)),
                LegSource::Card { entry, asks_payer } => {
                    let card_id = CardId::new(self.0.env.ordered_id());
                    ready.card = Some(self.seal(checkout, card_id, &entry)?);
                    let participates = self.0.directory_server.participates(&entry.pan, card_rules(checkout));
                    asks_bank = (asks_payer || participates) && !entry.expiry.is_past(now);
                    challenge = asks_payer;
                    saves |= entry.save;
                    let initiator = entry.chosen_by_payer();
                    (Means::Card { card: entry.summary(), card_id }, Secret::Card(entry, initiator))
                }
                LegSource::Kept { card_id, token: paid, by, asks_payer } => {
                    let entry = self.open_card(&before.payment.terms, card_id).await?;
                    token = paid;
                    is_charged = by == Party::Merchant;
                    let participates = self.0.directory_server.participates(&entry.pan, card_rules(checkout));
                    asks_bank = !is_charged && (asks_payer || participates) && !entry.expiry.is_past(now);
                    challenge = !is_charged && asks_payer;
                    let initiator = if is_charged { Initiator::Merchant } else { Initiator::PayerWithKeptCard };
                    (Means::Card { card: entry.summary(), card_id }, Secret::Card(Box::new(entry), initiator))
                }
            };
            if let Secret::Card(entry, _) = &secret {
                ready.judged = Some(attempt_id);
                match Box::pin(self.judge(before, attempt_id, entry, is_charged, visit)).await? {
                    Judged::Goes { by_the_bank } => {
                        let may_ask = by_the_bank && !is_charged && !entry.expiry.is_past(now);
                        asks_bank |= may_ask;
                        challenge |= may_ask;
                    }
                    Judged::Blocked(by, why) => {
                        if let Command::Refuse(blocked) = self.block(before, attempt_id, entry, visit, (by, why)) {
                            refused = Some(blocked);
                        }
                    }
                }
            }
            // Live mode has no acquirers yet that a configuration could name.
            if checkout.mode == Mode::Live && refused.is_none() {
                refused = Some(goes_nowhere(attempt_id, visit, DeclineReason::NoAcquirer));
            }
            let submission = Submission {
                attempt_id,
                acquirer: self.0.test_acquirer.name().to_owned(),
                save_card: saves && matches!(means, Means::Card { .. }),
                means,
                part: Some(amount),
                token,
                flow: visit.flow,
                payer_ip: visit.payer_ip,
                window: visit.window,
                deadline,
            };
            legs.push(Leg { submission, partner, method, asks_bank, asks_payer: challenge });
            ready.secrets.push((attempt_id, secret));
        }
        ready.command = match refused {
            Some(refused) => Command::RefuseTender(legs, refused),
            None => Command::Tender(legs),
        };
        Ok(ready)
    }

    /// Where a leg that may be charged again was paid.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn reusable_leg(&self, caller: Credential, attempt_id: AttemptId) -> Result<Option<CheckoutId>, Error> {
        Ok(self.0.store.reusable_leg(caller.merchant_id, caller.mode, attempt_id).await?)
    }

    /// The newest leg that may be charged again and that the acquirer calls so, and where it was paid.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn reusable_leg_by_reference(
        &self,
        caller: Credential,
        reference: &str,
    ) -> Result<Option<(AttemptId, CheckoutId)>, Error> {
        Ok(self.0.store.reusable_leg_by_reference(caller.merchant_id, caller.mode, reference).await?)
    }

    /// The first leg that was paid with a card that may be charged again, and where: there its payer agreed to it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn reusable_leg_by_card(
        &self,
        caller: Credential,
        card_id: CardId,
    ) -> Result<Option<(AttemptId, CheckoutId)>, Error> {
        Ok(self.0.store.reusable_leg_by_card(caller.merchant_id, caller.mode, card_id).await?)
    }

    /// What was paid, or is being paid, for an order, in minor units.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn order_paid(&self, caller: Credential, key: &str) -> Result<i64, Error> {
        Ok(self.0.store.order_paid(caller.merchant_id, caller.mode, key).await?)
    }

    /// Begins the call of the leg that is under way, if it waits for that.
    fn start_leg(&self, asking: Asking, sent: &Shown) {
        let State::InFlight { attempt_id } = sent.payment.state else { return };
        let Some(secret) = self.0.tenders.take(attempt_id) else { return };
        let sent = sent.clone();
        match secret {
            Secret::Card(entry, initiator) => {
                let leg = sent.payment.leg(attempt_id);
                let (asks_bank, asks_payer) = leg.map_or((false, false), |leg| (leg.asks_bank, leg.asks_payer));
                if asks_bank {
                    let asked = if asks_payer { Asked::Challenge } else { Asked::Card };
                    self.start_authentication(sent, attempt_id, *entry, asked);
                } else {
                    self.start_authorization(sent, attempt_id, *entry, None, initiator);
                }
            }
            Secret::GiftCard(_) | Secret::Redirect(_) => {
                let engine = self.clone();
                self.start(attempt_id.uuid(), async move { engine.ask_leg(asking, sent, attempt_id, secret).await });
            }
        }
    }

    /// Sends the authorization of a leg without a card, and writes the answer down.
    async fn ask_leg(&self, asking: Asking, sent: Shown, attempt_id: AttemptId, secret: Secret) {
        let merchant_data = crate::reports::merchant_data(&sent.payment.terms);
        let checkout = &sent.record.checkout;
        let return_url = self.return_url(&sent);
        let source = match &secret {
            Secret::GiftCard(number) => Source::GiftCard { number: number.expose() },
            Secret::Redirect(method) => Source::Redirect {
                method: *method,
                local: None,
                return_url: &return_url,
                merchant: &checkout.seller,
                acs_base: &self.0.public_url,
            },
            Secret::Card(..) => return,
        };
        let Ok(attempt) = sent.payment.attempt(attempt_id) else { return };
        let (reference, amount) = (attempt_id, attempt.amount);
        let request = Request::Authorize { reference, amount, capture: false, source, merchant_data: &merchant_data };
        let answer = self.0.test_acquirer.ask(request).await;
        self.0.workers.metrics.answered(&answer);
        if let Err(error) = self.settle(asking, &sent.payment, attempt_id, answer, None).await {
            tracing::error!(%attempt_id, error = %Causes(&error), "an answer could not be written down; the inquiry will ask for it");
        }
    }

    /// What follows on the outcome of a leg, as one with it.
    pub(crate) fn after_leg(&self, payment: &Payment) -> Vec<Command> {
        if payment.legs.is_empty() {
            return vec![];
        }
        let deadline = self.0.env.now().plus(ACQUIRER_WAIT);
        let operation = || OperationId::new(self.0.env.ordered_id());
        let parts = (0..LEGS_MAX).map(|_| operation()).collect();
        vec![
            Command::NextLeg { deadline, begins: self.0.tenders.knows(payment) },
            Command::CaptureByItself { operation_id: operation(), parts, due: false },
        ]
    }

    /// Begins what events of a tender, just written down, have asked for.
    pub(crate) fn carry_on(&self, asking: Asking, shown: &Shown, known: usize) {
        for recorded in shown.history.iter().skip(known) {
            match &recorded.event {
                Event::AttemptSent(_) | Event::AuthenticationStarted(_) => self.start_leg(asking, shown),
                Event::OperationSent(operation) => {
                    if let Ok(original) = shown.payment.attempt_of(operation) {
                        self.start_operation(asking, operation.clone(), original, Sending::First);
                    }
                }
                Event::ReversalSent { attempt_id } => self.start_undoing(asking, shown, *attempt_id),
                Event::Cancelled | Event::TenderEnded(_) => {
                    self.0.tenders.forget(&shown.payment);
                    // What never began is no try of its card.
                    let never = shown.payment.waiting_legs().map(|leg| leg.submission.attempt_id);
                    never.for_each(|attempt_id| self.0.risk.withdraw(attempt_id));
                }
                _ => {}
            }
        }
    }

    /// Asks the acquirer to undo a leg, at once; its timer asks again when this comes to nothing.
    pub(crate) fn start_undoing(&self, asking: Asking, shown: &Shown, attempt_id: AttemptId) {
        let Ok(attempt) = shown.payment.attempt(attempt_id) else { return };
        if attempt.status != AttemptStatus::Reversing || self.is_underway(undoing(attempt_id)) {
            return;
        }
        let sent_at = shown.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::ReversalSent { attempt_id: sent } if *sent == attempt_id => Some(recorded.at),
            _ => None,
        });
        let Some(sent_at) = sent_at else { return };
        let due = timer(&shown.payment, TimerKind::Reverse { attempt_id, asked: 0 }, sent_at);
        let (engine, payment, amount) = (self.clone(), shown.payment.clone(), attempt.amount);
        self.start(undoing(attempt_id), async move {
            let request = Request::Reverse { reference: attempt_id, amount };
            let answer = engine.0.test_acquirer.ask(request).await;
            if matches!(answer, Answer::Reversed)
                && let Err(error) = engine.settle(asking, &payment, attempt_id, answer, Some(&due)).await
            {
                tracing::error!(%attempt_id, error = %Causes(&error), "it could not be written down that a leg was undone; its timer asks again");
            }
        });
    }

    /// Captures what is captured by itself, now that its time has come.
    pub(crate) async fn capture_due(&self, asking: Asking, due: &Timer) -> Result<(), Error> {
        let operation = || OperationId::new(self.0.env.ordered_id());
        let parts = (0..LEGS_MAX).map(|_| operation()).collect();
        let capture = Command::CaptureByItself { operation_id: operation(), parts, due: true };
        self.run(asking, &capture, |_, change| change.timers_done.push(due.clone())).await?;
        Ok(())
    }
}

/// Where the undoing of a try is waited for: its own call may still be ending.
pub(crate) fn undoing(attempt_id: AttemptId) -> Uuid {
    Uuid::from_u128(!attempt_id.uuid().as_u128())
}

/// A leg that is not sent.
fn goes_nowhere(attempt_id: AttemptId, visit: &Visit, reason: DeclineReason) -> RefusedTry {
    let (flow, payer_ip) = (visit.flow, visit.payer_ip);
    RefusedTry { attempt_id, card: None, flow, payer_ip, reason, assessment: None }
}

/// The order that a tender must fit into.
fn order_total(before: &Shown) -> Option<Box<OrderTotal>> {
    let checkout = &before.record.checkout;
    Some(Box::new(OrderTotal {
        merchant_id: checkout.merchant_id,
        mode: checkout.mode,
        key: checkout.order_key.clone()?,
        payment_id: checkout.payment_id,
        amount: before.payment.terms.amount.minor(),
        total: checkout.tender.as_ref()?.order_total?,
    }))
}

/// The entry of a leg that may be charged again.
pub(crate) fn reusable_leg(shown: &Shown, event: &Event, now: Timestamp) -> Option<ReusableLeg> {
    let Event::Authorized { attempt_id, acquirer_reference, .. } = event else { return None };
    let leg = shown.payment.leg(*attempt_id).filter(|leg| leg.submission.save_card)?;
    let checkout = &shown.record.checkout;
    Some(ReusableLeg {
        attempt_id: leg.submission.attempt_id,
        merchant_id: checkout.merchant_id,
        mode: checkout.mode,
        checkout_id: checkout.id,
        reference: acquirer_reference.clone(),
        card_id: leg.submission.card_id()?,
        created_at: now,
    })
}
