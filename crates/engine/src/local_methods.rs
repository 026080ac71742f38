//! Paying a purchase by what is no card: a bank, a wallet or a lender, on whose page the payer confirms.
//!
//! Who acts: the page that submits, the task that asks the acquirer for its page, and whoever learns what the payer
//! decided there: the acquirer's report, an inquiry, the payer's return. The browser only wakes us. A payer who gives up,
//! or takes longer than an hour, is no decision: the try is undone at the acquirer before anything else may be tried, so
//! that it is never paid twice.

use acquirer::{Request, Source};
use domain::{
    AttemptId, AttemptStatus, Bank, CaptureMode, CheckoutId, Command, DeclineReason, LocalMeans, LocalMethod, Means,
    Mode, Refusal, State, Submission,
};

use crate::checkouts::{Asking, Shown};
use crate::payments::{ACQUIRER_WAIT, Visit, give_details};
use crate::tenders::undoing;
use crate::{Causes, Engine, Error, PAGE_WAIT};

/// A bank to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BankState {
    /// Which.
    pub bank: Bank,
    /// Whether it takes payments now.
    pub is_up: bool,
}

impl Engine {
    /// Pays a checkout by what is no card: waits up to [`PAGE_WAIT`] for the acquirer's page and shows how the payment
    /// stands then. A repeat of the same form waits for the first and shows the same. Of `before` only what never changes
    /// is used.
    ///
    /// # Errors
    /// [`Error::Used`] for a token that is none of this checkout; [`Error::Refused`] when another try is under way, it
    /// cannot be paid any more, or not in this way; [`Error::NotFound`], [`Error::Store`].
    pub async fn pay_by_method(&self, before: &Shown, means: LocalMeans, visit: Visit) -> Result<Shown, Error> {
        let id = before.record.checkout.id;
        if visit.form_token.as_deref().is_some_and(|token| !self.is_form_token(id, token)) {
            return Err(Error::Used);
        }
        match self.send_method(before, means, &visit).await {
            Ok(()) | Err(Error::Used) => {}
            // The same form again, or another window?
            Err(Error::Refused(Refusal::InFlight)) => {
                if !self.is_used(before, &visit).await? {
                    return Err(Refusal::InFlight.into());
                }
            }
            Err(error) => return Err(error),
        }
        self.wait_for_try(id).await
    }

    /// Writes the try down and asks the acquirer for its page, in a task of its own.
    async fn send_method(&self, before: &Shown, means: LocalMeans, visit: &Visit) -> Result<(), Error> {
        let checkout = &before.record.checkout;
        // Live mode has no acquirers yet that a configuration could name.
        if checkout.mode == Mode::Live || !checkout.methods.contains(&means.method()) {
            return self.refuse(checkout.id, None, DeclineReason::NoAcquirer, visit).await;
        }
        let attempt_id = AttemptId::new(self.0.env.ordered_id());
        let submission = Submission {
            attempt_id,
            acquirer: self.0.test_acquirer.name().to_owned(),
            means: Means::Local(means),
            part: None,
            token: None,
            flow: visit.flow,
            payer_ip: visit.payer_ip,
            save_card: false,
            window: visit.window,
            deadline: self.0.env.now().plus(ACQUIRER_WAIT),
        };
        let mut commands: Vec<Command> = visit.details.iter().map(give_details).collect();
        commands.push(Command::Submit(submission));
        let asking = Asking::Payer(checkout.id);
        let used = |sent: &Shown, change: &mut store::Changeset| change.idempotency = self.form_used(sent, visit);
        let sent = self.run_all(asking, &commands, used).await?;
        let engine = self.clone();
        self.start(attempt_id.uuid(), async move { engine.ask_for_page(asking, &sent, attempt_id, means).await });
        Ok(())
    }

    async fn ask_for_page(&self, asking: Asking, sent: &Shown, attempt_id: AttemptId, means: LocalMeans) {
        let (terms, checkout) = (&sent.payment.terms, &sent.record.checkout);
        let merchant_data = crate::reports::merchant_data(terms);
        let return_url = self.return_url(sent);
        let request = Request::Authorize {
            reference: attempt_id,
            amount: terms.amount,
            capture: terms.capture == CaptureMode::Automatic,
            source: Source::Redirect {
                method: means.method().kind(),
                local: Some(means),
                return_url: &return_url,
                merchant: &checkout.seller,
                acs_base: &self.0.public_url,
            },
            merchant_data: &merchant_data,
        };
        let answer = self.0.test_acquirer.ask(request).await;
        self.0.workers.metrics.answered(&answer);
        if let Err(error) = self.settle(asking, &sent.payment, attempt_id, answer, None).await {
            tracing::error!(%attempt_id, error = %Causes(&error), "an answer could not be written down; the inquiry will ask for it");
        }
    }

    /// Where the acquirer's page leads the payer back to.
    pub(crate) fn return_url(&self, shown: &Shown) -> String {
        format!("{}{}return/", self.0.public_url, shown.record.checkout.page())
    }

    /// The payer does not want to confirm on the acquirer's page, or pay in another way. What they decided there before
    /// counts; what they did not is undone, which is waited for up to [`PAGE_WAIT`].
    ///
    /// # Errors
    /// [`Error::Used`] for a form that is none of this checkout; [`Error::NotFound`], [`Error::Store`].
    pub async fn leave_acquirer(&self, id: CheckoutId, form_token: &str) -> Result<Shown, Error> {
        if !self.is_form_token(id, form_token) {
            return Err(Error::Used);
        }
        let shown = self.return_from_acquirer(id).await?;
        let State::InFlight { attempt_id } = shown.payment.state else { return Ok(shown) };
        if !shown.payment.legs.is_empty() {
            return Ok(shown);
        }
        let (asking, reason) = (Asking::Payer(id), DeclineReason::Cancelled);
        let left = self.run(asking, &Command::Leave { attempt_id, reason }, |_, _| {}).await?;
        if left.payment.attempt(attempt_id)?.status == AttemptStatus::Reversing {
            self.start_undoing(asking, &left, attempt_id);
            self.wait_for(undoing(attempt_id), PAGE_WAIT).await;
        }
        self.show(id).await
    }

    /// The banks of a method, and which of them take payments now. None does when the acquirer does not say.
    pub async fn banks(&self, method: LocalMethod) -> Vec<BankState> {
        let down = match self.0.test_book.down_banks().await {
            Ok(down) => Some(down),
            Err(error) => {
                tracing::warn!(error = %Causes(&error), "the acquirer does not say which banks take payments");
                None
            }
        };
        let is_up = |bank: &Bank| {
            let is_down = |down: &LocalMeans| down.method() == method && down.bank() == Some(*bank);
            down.as_ref().is_some_and(|down| !down.iter().any(is_down))
        };
        method.banks().iter().map(|bank| BankState { bank: *bank, is_up: is_up(bank) }).collect()
    }

    /// A tester takes a bank of the test acquirer's down, or up again.
    ///
    /// # Errors
    /// [`Error::Acquirer`].
    pub async fn set_bank(&self, bank: LocalMeans, up: bool) -> Result<(), Error> {
        Ok(self.0.test_book.set_bank(bank, up).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use acquirer::Answer;
    use domain::Event;
    use uuid::Uuid;

    use super::*;
    use crate::reports::tests::{new_checkout, submission, terms};
    use crate::workers::tests::engine;

    /// The process ended between the acquirer's answer and the writing down of it: nobody will ever see the page.
    #[tokio::test]
    async fn a_page_that_was_lost_is_not_waited_for() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let (terms, reference) = (terms(), AttemptId::new(Uuid::from_u128(5)));
        let means = LocalMeans::parse("razer_tng").expect("a method");
        engine.open_checkout(new_checkout(terms.clone())).await.expect("opened");
        let deadline = engine.0.env.now().plus(ACQUIRER_WAIT);
        let sent = Submission { means: Means::Local(means), deadline, ..submission(reference) };
        let submit = Command::Submit(sent);
        engine.run(Asking::Payer(terms.checkout_id), &submit, |_, _| {}).await.expect("sent");
        let source = Source::Redirect {
            method: means.method().kind(),
            local: Some(means),
            return_url: "https://pay.example.com/back",
            merchant: "",
            acs_base: "https://pay.example.com",
        };
        let merchant_data = crate::reports::merchant_data(&terms);
        let (amount, merchant_data) = (terms.amount, merchant_data.as_str());
        let asked = Request::Authorize { reference, amount, capture: true, source, merchant_data };
        assert!(matches!(engine.0.test_acquirer.ask(asked).await, Answer::Redirect { .. }));
        engine.advance(Duration::from_secs(34)).await.expect("time passes");
        assert_eq!(1, engine.show(terms.checkout_id).await.expect("there").payment.attempts.len());
        engine.advance(Duration::from_secs(2)).await.expect("time passes");
        let shown = engine.show(terms.checkout_id).await.expect("there");
        assert_eq!(State::Open, shown.payment.state, "it may be paid in another way");
        assert!(matches!(shown.history.last().map(|last| &last.event), Some(Event::Reversed { .. })));
    }

    #[tokio::test]
    async fn what_does_not_pay_a_checkout_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let terms = terms();
        engine.open_checkout(new_checkout(terms.clone())).await.expect("opened");
        let before = engine.show(terms.checkout_id).await.expect("there");
        let means = LocalMeans::parse("razer_tng").expect("a method");
        let shown = engine.pay_by_method(&before, means, Visit::of_nobody()).await.expect("told");
        let refused = shown.history.last().map(|last| last.event.clone());
        assert!(matches!(refused, Some(Event::AttemptRefused(tried)) if tried.reason == DeclineReason::NoAcquirer));
    }
}
