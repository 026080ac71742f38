//! What a merchant is told at the address a link names (card-payments-api 5.6), and who is told of what.

use domain::{Event, Notice, PublicId, Recorded, Timestamp};
use engine::{Audience, CheckoutRecord, Endpoint, Fingerprints, Shown, StoredCard, WayBack};
use serde::Serialize;

use crate::document::LinkDocument;
use crate::payloads;
use crate::view::{self, PaymentStatus, StoredStatus};

/// Renders notifications of this dialect.
pub struct Narrator;

/// What `callbackUrl` is told of a payment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentStatusOut<'a> {
    payment_id: u64,
    external_payment_reference: Option<&'a str>,
    status: PaymentStatus,
}

/// What `callbackUrl` is told of a stored card.
#[derive(Serialize)]
struct StoredStatusOut {
    token: String,
    status: StoredStatus,
}

impl engine::Narrator for Narrator {
    fn audience(&self, shown: &Shown, event: &Event, notice: Notice) -> Audience {
        let checkout = &shown.record.checkout;
        if payloads::waits_for_buyer(checkout, event) {
            return Audience::default();
        }
        let callback = checkout.callback.as_ref().filter(|_| payloads::tells_callback(notice));
        let endpoints = callback.map(|callback| Endpoint::Status { url: callback.url.clone() });
        let topics = payloads::topics(checkout, notice);
        Audience { endpoints: endpoints.into_iter().collect(), topics, ..Audience::default() }
    }

    fn body(
        &self,
        record: &CheckoutRecord,
        history: &[Recorded],
        _: Notice,
        _: &Fingerprints,
    ) -> Result<String, String> {
        let document = LinkDocument::parse(&record.document).map_err(|error| error.to_string())?;
        let then = Shown::of(record.clone(), history.to_vec()).ok_or("the journal does not begin with its opening")?;
        let told = history.last().ok_or("the journal is empty")?;
        let body = match record.checkout.public_id.ok_or("the link has no name")? {
            PublicId::Number(payment_id) => serde_json::to_string(&PaymentStatusOut {
                payment_id,
                external_payment_reference: document.reference.as_deref(),
                status: view::status(&then.payment),
            }),
            token @ PublicId::Token(_) => serde_json::to_string(&StoredStatusOut {
                token: token.to_string(),
                status: StoredCard::of(&then, told.at).into(),
            }),
        };
        body.map_err(|error| error.to_string())
    }

    fn way_back(&self, _: &CheckoutRecord, _: &[Recorded], _: Timestamp) -> Result<Option<WayBack>, String> {
        Ok(None)
    }

    fn invoice_message(&self, _: &CheckoutRecord) -> Result<String, String> {
        Err("this dialect mails no invoices".to_owned())
    }
}
