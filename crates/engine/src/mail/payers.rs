//! Mail to payers: who gets it, the invoice that a merchant has mailed, and what stands in each.

use std::time::Duration;

use domain::{Checkout, CheckoutId, Command, Event, Payment, Recorded};
use store::{CheckoutRecord, Delivery, IdempotencyWrite};

use super::{Concern, compose, is_mail_address};
use crate::checkouts::{Asking, Shown};
use crate::credentials::Credential;
use crate::sending::unreadable;
use crate::{Engine, Error};

/// At most this many invoices of one checkout are mailed in a day, so that nobody's mailbox is filled (security R4).
const INVOICES_A_DAY_MAX: usize = 10;
const DAY: Duration = Duration::from_hours(24);

/// Who is mailed of a checkout: its payer, as the payer said last, and whom the merchant named beside; each once.
pub(crate) fn recipients(email: &str, checkout: &Checkout) -> Vec<String> {
    let customer = &checkout.customer;
    let mut all: Vec<String> = vec![];
    for address in [email].into_iter().chain(customer.cc.iter().chain(&customer.bcc).map(String::as_str)) {
        if !address.is_empty() && !all.iter().any(|known| known.eq_ignore_ascii_case(address)) {
            all.push(address.to_owned());
        }
    }
    all
}

impl Engine {
    /// Mails the invoice to the payer, again if need be.
    ///
    /// # Errors
    /// [`Error::NoMail`] when mail goes nowhere, without an address that it can go to, or too often; [`Error::Refused`]
    /// unless it may be paid; [`Error::NotFound`], [`Error::Store`].
    pub async fn mail_invoice(
        &self,
        caller: Credential,
        id: CheckoutId,
        kept: impl Fn(&Shown) -> Option<IdempotencyWrite>,
    ) -> Result<Shown, Error> {
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        let before = self.read(caller, id).await?;
        if before.payment.is_payable() {
            let (payer, checkout) = (&before.customer().email, &before.record.checkout);
            // What cannot be addressed now cannot be later.
            let can_go = recipients(payer, checkout).iter().all(|to| is_mail_address(to));
            let is_too_often = self.0.risk.binds(caller.mode) && self.invoices_of_a_day(&before) >= INVOICES_A_DAY_MAX;
            if !self.0.post.is_open() || payer.is_empty() || !can_go || is_too_often {
                return Err(Error::NoMail);
            }
        }
        self.run(asking, &Command::NoteInvoice, |shown, change| change.idempotency = kept(shown)).await
    }

    fn invoices_of_a_day(&self, shown: &Shown) -> usize {
        let since = self.0.env.now().minus(DAY);
        let invoices = shown.history.iter().filter(|recorded| matches!(recorded.event, Event::InvoiceSent));
        invoices.filter(|recorded| recorded.at > since).count()
    }

    /// What a payer is mailed.
    pub(crate) async fn mail(
        &self,
        delivery: &Delivery,
        record: &CheckoutRecord,
        history: &[Recorded],
    ) -> Result<String, Error> {
        let checkout = &record.checkout;
        let payment = Payment::fold(history.iter().map(|recorded| &recorded.event)).ok_or(Error::NotFound)?;
        // Without its looks it is a letter all the same.
        let brand = self.brand(checkout.merchant_id, checkout.brand_id).await.ok();
        let merchant = self.merchant(checkout.merchant_id).await?;
        let message = self.0.narrator.invoice_message(record).map_err(|reason| unreadable(record, &reason))?;
        let (notice, brand) = (delivery.notice, brand.as_deref());
        let concern = Concern { checkout, payment: &payment, history, notice, message, brand };
        let letter = self.0.letters.to_payer(&concern);
        let mut letter = letter.ok_or_else(|| unreadable(record, "nobody is mailed of this"))?;
        if letter.reply_to.is_empty() {
            letter.reply_to.clone_from(&merchant.email);
        }
        Ok(compose(&letter, &self.0.sender, (delivery.id, delivery.created_at))?)
    }
}
