//! The manual queue: what no acquirer has answered for a day, and what an operator says became of it (security L13).
//!
//! Who acts: the timers of [`crate::recovery`], which put a doubt into the queue and go on asking, and operators, who asked
//! the acquirer by other means. They may race: the version of the payment lets one of them be the first, and the other
//! finds nothing in doubt any more. A row goes with the events that end its doubt, whoever brought them.

use std::time::Duration;

use domain::{
    Command, DOUBT_MAX, Doubt, InDoubt, Payment, Recorded, SaidByHand, Timestamp, Verdict, doubts, mask_numbers,
};
use store::{Changeset, Committed, DoubtWrite, QueuedDoubt, Timer, TimerKind};
use uuid::Uuid;

use crate::checkouts::{Asking, Shown, timer};
use crate::recovery::UNWANTED_RUNGS;
use crate::{Engine, Error};

/// The last question of the first day is asked so long before its end that its answer, or silence, is in time.
const LAST_QUESTION: Duration = Duration::from_secs(60);
/// From one question to the next once an operator is asked too.
const DAILY: Duration = DOUBT_MAX;

impl Engine {
    /// Plans the next question about something that was not answered; what was not answered for a day goes into the manual
    /// queue with it. When the acquirer, or an operator, has answered meanwhile, the timer stays due and finds that.
    pub(crate) async fn ask_again(
        &self,
        due: &Timer,
        payment: &Payment,
        history: &[Recorded],
        reference: Uuid,
        (next, asked, gap): (TimerKind, u32, Duration),
    ) -> Result<(), Error> {
        let now = self.0.env.now();
        let doubt = doubts(payment, history).into_iter().find(|doubt| doubt.what.reference() == reference);
        let at = match doubt.as_ref().map(queued_at) {
            Some(queued_at) if now >= queued_at => now.plus(DAILY),
            Some(queued_at) => now.plus(gap).min(queued_at),
            // A payer who reads the acquirer's page is no doubt.
            None => now.plus(gap),
        };
        let timers = vec![timer(payment, next, at)];
        let mut change = Changeset { timers_done: vec![due.clone()], timers, ..Changeset::default() };
        let Some(doubt) = doubt.filter(|doubt| now >= queued_at(doubt)) else {
            self.0.store.commit(change).await?;
            return Ok(());
        };
        let is_new = self.0.store.queued_doubt(reference).await?.is_none();
        let Timer { payment_id, merchant_id, mode, .. } = *due;
        let queued = QueuedDoubt { payment_id, merchant_id, mode, doubt, asked };
        change.doubt = Some(Box::new(DoubtWrite { queued, version: payment.version }));
        if self.0.store.commit(change).await? == Committed::Done && is_new {
            warn(payment, &doubt);
        }
        Ok(())
    }

    /// Everything in the manual queue, the oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn doubts(&self) -> Result<Vec<QueuedDoubt>, Error> {
        Ok(self.0.store.queued_doubts().await?)
    }

    /// Something in the manual queue, and its payment.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there; [`Error::Store`].
    pub async fn doubt(&self, reference: Uuid) -> Result<(QueuedDoubt, Shown), Error> {
        let queued = self.0.store.queued_doubt(reference).await?.ok_or(Error::NotFound)?;
        let shown = self.load(whose(&queued)).await?;
        Ok((queued, shown))
    }

    /// An operator says what became of something in the manual queue: who said so is written down, and what the acquirer's
    /// own word would have made of it. Numbers of cards in the note are masked.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there; [`Error::Refused`] when that cannot have become of it, or it is answered by
    /// now; [`Error::Store`].
    pub async fn settle_doubt(
        &self,
        reference: Uuid,
        verdict: Verdict,
        by: &str,
        note: &str,
    ) -> Result<(QueuedDoubt, Shown), Error> {
        let (queued, before) = self.doubt(reference).await?;
        let said = SaidByHand {
            what: queued.doubt.what,
            verdict,
            by: mask_numbers(by).into_owned(),
            note: mask_numbers(note).into_owned(),
        };
        let mut commands = vec![Command::SettleByHand(said)];
        commands.extend(self.after_leg(&before.payment));
        let shown = self.run_all(whose(&queued), &commands, |_, _| {}).await?;
        tracing::info!(kind = queued.doubt.what.name(), %reference, verdict = verdict.as_str(), "settled by hand");
        Ok((queued, shown))
    }
}

fn warn(payment: &Payment, Doubt { what, amount, since: _ }: &Doubt) {
    let (kind, reference, payment_id) = (what.name(), what.reference(), payment.terms.payment_id);
    tracing::warn!(kind, %reference, %payment_id, %amount, "not answered for a day, and in the manual queue now: ask the acquirer by other means and say `tollgate doubt settle`; the questions go on, each day");
}

fn whose(queued: &QueuedDoubt) -> Asking {
    Asking::Paid(queued.merchant_id, queued.mode, queued.payment_id)
}

/// What is asked about each day only is asked about at once when nobody wants it any more: it is undone then
/// (card-payments-api 3.4).
pub(crate) fn ask_at_once(shown: &Shown, now: Timestamp) -> Vec<Timer> {
    let is_asked_daily = |doubt: &Doubt| now >= queued_at(doubt);
    let unwanted = doubts(&shown.payment, &shown.history).into_iter().filter(is_asked_daily);
    let timers = unwanted.filter_map(|doubt| match doubt.what {
        InDoubt::Authorization(attempt_id) => {
            let kind = TimerKind::Inquire { attempt_id, asked: UNWANTED_RUNGS, not_found: 0 };
            Some(timer(&shown.payment, kind, now))
        }
        InDoubt::Reversal(_) | InDoubt::Operation(..) => None,
    });
    timers.collect()
}

/// When the last question of the first day is asked.
fn queued_at(doubt: &Doubt) -> Timestamp {
    doubt.since.plus(DOUBT_MAX).minus(LAST_QUESTION)
}

/// What may be in the manual queue when events are written now; what is long younger than a day cannot be.
pub(crate) fn may_be_queued(shown: &Shown, now: Timestamp) -> Vec<Doubt> {
    let mut doubts = doubts(&shown.payment, &shown.history);
    doubts.retain(|doubt| now >= doubt.since.plus(DOUBT_MAX / 2));
    doubts
}

/// What of it is in doubt no more, after the events.
pub(crate) fn over(before: &[Doubt], shown: &Shown) -> Vec<Uuid> {
    // So it is nearly always.
    if before.is_empty() {
        return vec![];
    }
    let after = doubts(&shown.payment, &shown.history);
    let ended = before.iter().filter(|doubt| !after.contains(doubt));
    ended.map(|doubt| doubt.what.reference()).collect()
}
