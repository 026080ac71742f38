//! What a merchant is told: the object right after the event, and the event's name (purchases-api 5.2).

use domain::{Event, Notice, Payment, Recorded, Timestamp};
use engine::{Audience, CheckoutRecord, Endpoint, Fingerprints, Letter, Shown, WayBack};

use crate::document::PurchaseDocument;
use crate::status::{event_type, tells_of_a_payment};
use crate::view::{self, Links};
use crate::{invoice, refund};

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
            Notice::Invoiced => Some(Endpoint::Mail),
            _ => None,
        };
        Audience { endpoints: endpoint.into_iter().collect(), topics: &[], webhooks: event_type(notice) }
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

    fn invoice(&self, record: &CheckoutRecord, history: &[Recorded]) -> Result<Letter, String> {
        let document = PurchaseDocument::from_json(&record.document).map_err(|error| error.to_string())?;
        let payment = Payment::fold(history.iter().map(|recorded| &recorded.event))
            .ok_or("the journal does not begin with its opening")?;
        Ok(invoice::letter(&record.checkout, &document, &payment, history, &self.links))
    }
}

#[cfg(test)]
mod tests;
