//! What a merchant is told: the object right after the event, and the event's name (purchases-api 5.2).

use domain::{Event, Notice, Recorded, Timestamp};
use engine::{Audience, CheckoutRecord, Endpoint, Fingerprints, Shown, WayBack};

use crate::document::PurchaseDocument;
use crate::refund;
use crate::status::{event_type, tells_of_a_payment};
use crate::view::{self, Links};

/// Renders notifications of this dialect.
pub struct Narrator {
    links: Links,
}

impl Narrator {
    /// `public_url` is where links lead.
    #[must_use]
    pub fn new(public_url: &str) -> Self {
        Self { links: Links { public_url: public_url.to_owned() } }
    }
}

impl engine::Narrator for Narrator {
    /// A checkout's own callback hears of money taken, its payer of the invoice, webhooks of everything that has a name.
    fn audience(&self, shown: &Shown, _: &Event, notice: Notice) -> Audience {
        let checkout = &shown.record.checkout;
        let callback = || checkout.callback.as_ref().map(|callback| Endpoint::Callback { url: callback.url.clone() });
        let endpoint = match notice {
            Notice::Paid => callback(),
            _ => None,
        };
        Audience {
            endpoints: endpoint.into_iter().collect(),
            topics: &[],
            webhooks: event_type(notice),
            payer: mails_payer(shown, notice),
        }
    }

    fn body(
        &self,
        record: &CheckoutRecord,
        history: &[Recorded],
        notice: Notice,
        _: &Fingerprints,
    ) -> Result<String, String> {
        let document = PurchaseDocument::from_json(&record.document).map_err(|error| error.to_string())?;
        let name = event_type(notice).ok_or("no webhook tells of this")?;
        let body = if tells_of_a_payment(notice) {
            let payment = refund::last(&record.checkout, &document, history)
                .ok_or("the journal does not end with money that went back")?;
            refund::event_body(payment, name)
        } else {
            let purchase = view::purchase(&record.checkout, &document, history, &self.links)
                .ok_or("the journal does not begin with its opening")?;
            view::event_body(purchase, name)
        };
        String::from_utf8(body.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
    }

    fn way_back(&self, _: &CheckoutRecord, _: &[Recorded], _: Timestamp) -> Result<Option<WayBack>, String> {
        Ok(None)
    }

    fn invoice_message(&self, record: &CheckoutRecord) -> Result<String, String> {
        let document = PurchaseDocument::from_json(&record.document).map_err(|error| error.to_string())?;
        Ok(document.email_message)
    }
}

/// Whether the payer is mailed: the invoice always, what came of it where the merchant wants receipts sent
/// (purchases-api 2.1.1, 8.3).
fn mails_payer(shown: &Shown, notice: Notice) -> bool {
    match notice {
        Notice::Invoiced => true,
        Notice::Paid | Notice::PaidElsewhere | Notice::Refunded => {
            PurchaseDocument::from_json(&shown.record.document).is_ok_and(|document| document.send_receipt)
        }
        Notice::Opened
        | Notice::Viewed
        | Notice::Submitted
        | Notice::Pending
        | Notice::ChargePending
        | Notice::Held
        | Notice::Verified
        | Notice::Failed
        | Notice::Cancelled
        | Notice::Expired
        | Notice::CapturePending
        | Notice::Captured
        | Notice::CaptureFailed
        | Notice::ReleasePending
        | Notice::Released
        | Notice::ReleaseFailed
        | Notice::RefundPending
        | Notice::RefundFailed
        | Notice::CardForgetting
        | Notice::CardForgotten
        | Notice::Settled
        | Notice::ChargedBack
        | Notice::ChargebackReversed => false,
    }
}

#[cfg(test)]
mod tests;
