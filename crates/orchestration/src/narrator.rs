//! What a merchant's webhook is told, and of what (orchestration-api 6.1, 6.2).

use domain::{Event, Notice, Recorded, Timestamp};
use engine::{Audience, CheckoutRecord, Endpoint, Fingerprints, Shown, WayBack};

use crate::document::SessionDocument;
use crate::payment_view::{self, PaymentFacts};
use crate::session_view::{self, SessionFacts};
use crate::status;
use crate::way_back;
use crate::webhook::{EventType, Webhook};

/// Renders notifications of this dialect.
pub struct Narrator {
    public_url: String,
}

impl Narrator {
    /// `public_url` is where links lead, without a slash at its end.
    #[must_use]
    pub fn new(public_url: &str) -> Self {
        Self { public_url: public_url.to_owned() }
    }
}

impl engine::Narrator for Narrator {
    fn audience(&self, shown: &Shown, event: &Event, notice: Notice) -> Audience {
        let event_types = event_types(shown, event, notice);
        if event_types.is_empty() {
            return Audience::default();
        }
        let webhook = match SessionDocument::from_json(&shown.record.document) {
            Ok(document) => document.webhook,
            Err(error) => {
                tracing::error!(checkout_id = %shown.record.checkout.id, %error, "whom to tell cannot be read");
                None
            }
        };
        let endpoint = webhook.and_then(|webhook| endpoint(webhook, event_types));
        Audience { endpoints: endpoint.into_iter().collect(), ..Audience::default() }
    }

    /// The payment once there is one, else the session: the same as whoever asks is answered, but for the widget, which
    /// is for pages.
    fn body(
        &self,
        record: &CheckoutRecord,
        history: &[Recorded],
        _: Notice,
        fingerprints: &Fingerprints,
    ) -> Result<String, String> {
        let CheckoutRecord { checkout, document } = record;
        let document = SessionDocument::from_json(document).map_err(|error| error.to_string())?;
        let public_url = self.public_url.as_str();
        let facts = PaymentFacts { checkout, document: &document, history, public_url, fingerprints };
        if let Some(payment) = payment_view::payment(&facts).map_err(|error| error.to_string())? {
            return serde_json::to_string(&payment).map_err(|error| error.to_string());
        }
        let shown = Shown::of(record.clone(), history.to_vec()).ok_or("the journal does not begin with its opening")?;
        let due = shown.payment.terms.due.ok_or("the session does not end")?;
        let facts = SessionFacts {
            id: checkout.id,
            status: status::status(history),
            expires_at: due.at,
            payment_id: None,
            may_abort: status::may_abort(&shown.payment),
            mode: checkout.mode,
            public_url,
            page: None,
        };
        let session = session_view::session(&document, &facts).map_err(|error| error.to_string())?;
        serde_json::to_string(&session).map_err(|error| error.to_string())
    }

    fn way_back(
        &self,
        record: &CheckoutRecord,
        history: &[Recorded],
        now: Timestamp,
    ) -> Result<Option<WayBack>, String> {
        let document = SessionDocument::from_json(&record.document).map_err(|error| error.to_string())?;
        way_back::way_back(&record.checkout, &document, history, now).map_err(|error| error.to_string())
    }

    fn invoice_message(&self, _: &CheckoutRecord) -> Result<String, String> {
        Err("this dialect mails no invoices".to_owned())
    }
}

/// The webhook, if it wants to be told of any of these.
fn endpoint(webhook: Webhook, event_types: &[EventType]) -> Option<Endpoint> {
    let wanted = event_types.iter().copied().filter(|event_type| webhook.wants(*event_type));
    let event_types: Vec<String> = wanted.map(|event_type| event_type.as_str().to_owned()).collect();
    let headers = webhook.headers.into_iter().map(|header| (header.name, header.values)).collect();
    (!event_types.is_empty()).then_some(Endpoint::Webhook { url: webhook.url, headers, event_types })
}

/// What a notice is here (6.1).
const fn event_types(shown: &Shown, event: &Event, notice: Notice) -> &'static [EventType] {
    let is_submitted = !shown.payment.legs.is_empty();
    match notice {
        Notice::Submitted | Notice::Expired => &[EventType::ClientSession],
        Notice::Held | Notice::Verified => &[EventType::PaymentAuthorization],
        Notice::Cancelled => match event {
            Event::TenderEnded(_) if is_submitted => &[EventType::ClientSession, EventType::PaymentAuthorization],
            // A tender that failed leaves its session submitted (4.1).
            _ if is_submitted => &[EventType::PaymentAuthorization],
            _ => &[EventType::ClientSession],
        },
        Notice::CapturePending | Notice::Captured | Notice::CaptureFailed => &[EventType::PaymentCapture],
        Notice::ReleasePending | Notice::Released | Notice::ReleaseFailed => &[EventType::PaymentVoid],
        Notice::RefundPending | Notice::Refunded | Notice::RefundFailed => &[EventType::PaymentRefund],
        Notice::Opened
        | Notice::Viewed
        | Notice::Pending
        | Notice::ChargePending
        // Told of as captured.
        | Notice::Paid
        | Notice::PaidElsewhere
        | Notice::Invoiced
        // Told of with the end of the tender.
        | Notice::Failed
        | Notice::CardForgetting
        | Notice::CardForgotten
        | Notice::Settled
        | Notice::ChargedBack
        | Notice::ChargebackReversed => &[],
    }
}

#[cfg(test)]
mod tests;
