//! What a sandbox may do beyond a gateway: move the clock.

use std::time::Duration;

use domain::{CheckoutId, PaymentId, PublicId, Timestamp};
use store::{AdminWrite, Changeset};

use crate::{Engine, Error};

impl Engine {
    /// Moves the clock by `ahead`. What falls due on the way happens in the order of its due times, each at its own
    /// moment, before this answers; what a merchant's server is told of it included.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Acquirer`].
    pub async fn advance(&self, ahead: Duration) -> Result<Timestamp, Error> {
        let _one_at_a_time = self.0.advancing.lock().await;
        let (env, clock) = (&self.0.env, self.0.env.clock());
        let target = env.now().plus(ahead);
        clock.quiet().await;
        loop {
            // The clock goes on by itself meanwhile: what falls due between the work and the look ahead comes next too.
            let looked = env.now();
            self.work().await?;
            let (store, book) = (&self.0.store, &self.0.test_book);
            let stored = [
                store.next_timer().await?,
                store.next_delivery(looked).await?,
                self.next_warning().await?,
                self.next_overdue().await?,
                store.next_statement_expiry().await?,
            ];
            let next = stored.into_iter().chain([book.next_report().await?, clock.next_wake()]);
            let next = next.flatten().filter(|next| *next > looked).min();
            match next {
                Some(next) if next <= target => clock.move_to(next),
                Some(_) | None => break,
            }
        }
        clock.move_to(target);
        self.work().await?;
        // Written down last: a process that dies on the way has simply not come as far.
        let admin = vec![AdminWrite::ClockOffset(clock.offset())];
        self.0.store.commit(Changeset { admin, ..Changeset::default() }).await?;
        Ok(env.now())
    }

    /// Does everything that is due now, and what follows from it now. The workers take their share at the same time:
    /// finding nothing to start means that it is done only if nobody is still doing it, nor made room for more meanwhile.
    async fn work(&self) -> Result<(), Error> {
        let clock = self.0.env.clock();
        loop {
            clock.quiet().await;
            let ended = self.0.workers.ended();
            let started = self.timers_step().await?
                + self.deliveries_step().await?
                + self.reports_step().await?
                + self.warnings_step().await?
                + self.reconciliation_step().await?
                + self.statements_step().await?;
            if started == 0 && clock.is_quiet() && ended == self.0.workers.ended() {
                return Ok(());
            }
        }
    }

    /// The checkout that its dialect's clients call so, whoever's it is.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn checkout_named(&self, public_id: PublicId) -> Result<Option<CheckoutId>, Error> {
        Ok(self.0.store.checkout_named(public_id).await?)
    }

    /// The checkout whose payment this is, whoever's it is.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn checkout_of_payment(&self, payment_id: PaymentId) -> Result<Option<CheckoutId>, Error> {
        Ok(self.0.store.checkout_of_payment(payment_id).await?)
    }

    /// The test acquirer's settlement file of what happened from `from` until before `until`.
    ///
    /// # Errors
    /// [`Error::Acquirer`].
    pub async fn acquirer_settlement(&self, from: Timestamp, until: Timestamp) -> Result<String, Error> {
        Ok(self.0.test_book.settlement_file(from, until).await?)
    }

    /// The test acquirer's own book, oldest first.
    ///
    /// # Errors
    /// [`Error::Acquirer`].
    pub async fn acquirer_transactions(&self) -> Result<Vec<acquirer::Transaction>, Error> {
        Ok(self.0.test_book.transactions().await?)
    }
}
