//! The Purchase object as clients see it (purchases-api 3): the stored facts of the order and the fold of the journal.

mod extra;
mod payment_details;
mod three_d_secure;

use domain::{
    AttemptId, AuthenticationFailure, CaptureMode, CardFacts, CardSummary, Checkout, CheckoutId, Customer,
    DeclineReason, Event, Flow, LocalMeans, Mode, OperationId, OperationKind, Payment, Recorded, State, Submission,
    Terms, Timestamp,
};
use serde::Serialize;
use tollgate_http::json::Object;
use utoipa::ToSchema;

use crate::create::{DeliveryMethod, ShippingOption};
use crate::document::{BankAccount, CurrencyConversion, PurchaseDocument};
use crate::numbers::Fixed;
use crate::status::{self, Status};
pub(crate) use extra::{CardExtra, Extra, LocalExtra, Settlement};
pub(crate) use payment_details::PaymentDetails;
use three_d_secure::ThreeDSecure;

/// Where links point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Links {
    /// The gateway's own address; from the configuration, never from a request.
    pub public_url: String,
}

/// A purchase (3.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct Purchase {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "purchase")]
    pub kind: &'static str,
    /// Also stands in the payer's links.
    #[schema(format = "uuid")]
    pub id: String,
    /// Unix seconds, as are all times.
    pub created_on: i64,
    pub updated_on: i64,
    /// Who pays: as known at creation, or as the payer said later.
    pub client: ClientDetails,
    #[schema(format = "uuid")]
    pub client_id: Option<String>,
    pub purchase: PurchaseDetails,
    /// There once money was taken.
    pub payment: Option<PaymentDetails>,
    pub issuer_details: IssuerDetails,
    pub transaction_data: TransactionData,
    pub status: Status,
    /// Oldest first.
    pub status_history: Vec<StatusEntry>,
    /// When the payer first saw the page.
    pub viewed_on: Option<i64>,
    #[schema(format = "uuid")]
    pub company_id: String,
    #[schema(format = "uuid")]
    pub brand_id: String,
    pub is_test: bool,
    pub user_id: Option<String>,
    pub billing_template_id: Option<String>,
    pub order_id: Option<String>,
    /// The merchant's own; empty when none was given.
    pub reference: String,
    /// Shown wherever there is no reference of the merchant's own.
    pub reference_generated: String,
    #[schema(format = "date")]
    pub issued: Option<String>,
    pub due: Option<i64>,
    pub send_receipt: bool,
    pub skip_capture: bool,
    pub force_recurring: bool,
    /// Whether the id of this purchase may be charged.
    pub is_recurring_token: bool,
    /// The token that paid it.
    #[schema(format = "uuid")]
    pub recurring_token: Option<String>,
    pub refund_availability: RefundAvailability,
    /// In minor units.
    pub refundable_amount: i64,
    pub currency_conversion: Option<CurrencyConversion>,
    pub payment_method_whitelist: Option<Vec<String>>,
    pub success_redirect: String,
    pub failure_redirect: String,
    pub cancel_redirect: String,
    pub success_callback: String,
    pub creator_agent: String,
    pub platform: String,
    #[schema(value_type = String, example = "purchases")]
    pub product: &'static str,
    pub created_from_ip: String,
    pub invoice_url: Option<String>,
    /// The payment form while it can be paid, the invoice otherwise.
    pub checkout_url: String,
    /// Where a form of the merchant's own may post a card.
    pub direct_post_url: Option<String>,
    pub marked_as_paid: bool,
    pub tags: Vec<String>,
    pub upsell_campaigns: Vec<String>,
    pub referral_campaign_id: Option<String>,
    pub referral_code: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub referral_code_details: Option<()>,
    pub referral_code_generated: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub retain_level_details: Option<()>,
    pub can_retrieve: bool,
    pub can_chargeback: bool,
    pub can_reverse_chargeback: bool,
    /// In callbacks only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "purchase.paid")]
    pub event_type: Option<&'static str>,
}

/// One step of the status (3.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) struct StatusEntry {
    pub status: Status,
    pub timestamp: i64,
    /// What made the step, where it is an object of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub related_object: Option<RelatedObject>,
}

/// An object another one names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) struct RelatedObject {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "payment")]
    pub kind: &'static str,
    #[schema(format = "uuid")]
    pub id: String,
}

/// How much of the money may be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum RefundAvailability {
    All,
    None,
}

/// Who pays (3.2). Absent is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct ClientDetails {
    pub email: String,
    pub phone: String,
    pub full_name: String,
    pub personal_code: String,
    pub street_address: String,
    pub city: String,
    pub state: String,
    pub zip_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub shipping_street_address: String,
    pub shipping_city: String,
    pub shipping_state: String,
    pub shipping_zip_code: String,
    /// ISO 3166-1 alpha-2.
    pub shipping_country: String,
    pub cc: Vec<String>,
    pub bcc: Vec<String>,
    pub legal_name: String,
    pub brand_name: String,
    pub registration_number: String,
    pub tax_number: String,
    pub bank_account: String,
    pub bank_code: String,
    pub client_type: Option<String>,
    pub delivery_methods: Vec<DeliveryMethod>,
}

/// What is paid for (2.1.2). Amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct PurchaseDetails {
    #[schema(value_type = String, example = "MYR")]
    pub currency: &'static str,
    pub products: Vec<Product>,
    pub total: i64,
    pub language: String,
    pub notes: String,
    pub debt: i64,
    pub subtotal_override: Option<i64>,
    pub total_tax_override: Option<i64>,
    pub total_discount_override: Option<i64>,
    pub total_override: Option<i64>,
    /// What the payer is still asked for.
    pub request_client_details: Vec<String>,
    pub timezone: String,
    pub due_strict: bool,
    pub email_message: String,
    pub shipping_options: Vec<ShippingOption>,
    #[schema(value_type = Object)]
    pub payment_method_details: Object,
    pub has_upsell_products: bool,
    pub single_attempt: bool,
    #[schema(value_type = Object)]
    pub metadata: Object,
}

/// A line of the order (2.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct Product {
    pub name: String,
    /// Per piece and before tax, in minor units.
    pub price: i64,
    /// With four digits after the point.
    #[schema(value_type = String, example = "1.0000")]
    pub quantity: Fixed,
    /// For the whole line, in minor units.
    pub discount: i64,
    /// With two digits after the point.
    #[schema(value_type = String, example = "6.00")]
    pub tax_percent: Fixed,
    pub category: String,
    pub total_price_override: Option<i64>,
}

/// Who sells (3.3), as on the day of the order. Absent is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct IssuerDetails {
    pub website: String,
    pub brand_name: String,
    pub legal_name: String,
    pub registration_number: String,
    pub tax_number: String,
    pub legal_street_address: String,
    pub legal_country: String,
    pub legal_city: String,
    pub legal_zip_code: String,
    pub bank_accounts: Vec<BankAccount>,
}

/// How it was paid (3.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct TransactionData {
    /// Empty until a try succeeds.
    pub payment_method: String,
    #[schema(value_type = String, example = "payform")]
    pub flow: &'static str,
    pub extra: Extra,
    /// ISO 3166-1 alpha-2; empty when not known.
    pub country: String,
    /// Newest first.
    pub attempts: Vec<Attempt>,
    /// The acquirer's own number; there once a try succeeded.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub processing_tx_id: String,
}

/// One try whose outcome is known (3.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct Attempt {
    #[serde(rename = "type")]
    pub kind: AttemptKind,
    pub successful: bool,
    pub payment_method: String,
    #[schema(value_type = String, example = "payform")]
    pub flow: &'static str,
    /// ISO 3166-1 alpha-2; empty when not known.
    pub country: String,
    pub extra: Extra,
    /// Empty when not known.
    pub client_ip: String,
    pub processing_time: i64,
    /// The acquirer's own number; there when it processed the try.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub processing_tx_id: String,
    pub fee_amount: i64,
    pub error: Option<AttemptError>,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum AttemptKind {
    Execute,
    Authorize,
    Capture,
    Release,
    RecurringExecute,
    Refund,
    DeleteRecurringToken,
}

/// Why a try failed: a code of 11.2 and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) struct AttemptError {
    #[schema(value_type = String, example = "insufficient_funds")]
    pub code: &'static str,
    #[schema(value_type = String)]
    pub message: &'static str,
}

/// The purchase after the last event of `history`; `None` when the history does not begin with its opening.
#[must_use]
pub(crate) fn purchase(
    checkout: &Checkout,
    document: &PurchaseDocument,
    history: &[Recorded],
    links: &Links,
) -> Option<Purchase> {
    let Story { payment, status, steps, viewed_on, updated_on, customer, attempts, won, paid, .. } =
        Story::told(history)?;
    let (refund_availability, refundable_amount) = refundable(status, &payment);
    let Terms { amount, capture, due, single_attempt, save_card, .. } = payment.terms;
    let page = format!("{}/p/{}/", links.public_url.trim_end_matches('/'), checkout.id);
    let redirects = &checkout.redirects;
    let may_post = document.direct_post
        && status.is_payable()
        && checkout.takes_cards()
        && document.request_client_details.is_empty()
        && redirects.success.is_some()
        && redirects.failure.is_some();
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let paid_by_card = paid.is_some() && won.as_ref().is_some_and(|won| matches!(won.extra, Extra::Card(_)));
    Some(Purchase {
        kind: "purchase",
        id: checkout.id.to_string(),
        created_on: checkout.created_at.seconds(),
        updated_on: updated_on.seconds(),
        client: client(customer.as_ref().unwrap_or(&checkout.customer), document.delivery_methods.clone()),
        client_id: checkout.customer_id.map(|id| id.to_string()),
        purchase: PurchaseDetails {
            currency: amount.currency().code(),
            products: checkout.lines.iter().map(product).collect(),
            total: amount.minor(),
            language: checkout.language.clone(),
            notes: checkout.notes.clone(),
            debt: checkout.debt,
            subtotal_override: document.subtotal_override,
            total_tax_override: document.total_tax_override,
            total_discount_override: document.total_discount_override,
            total_override: document.total_override,
            request_client_details: document.request_client_details.clone(),
            timezone: checkout.time_zone.clone(),
            due_strict: due.is_some_and(|due| due.strict),
            email_message: document.email_message.clone(),
            shipping_options: document.shipping_options.clone(),
            payment_method_details: document.payment_method_details.clone(),
            has_upsell_products: document.has_upsell_products,
            single_attempt,
            metadata: document.metadata.clone(),
        },
        issuer_details: issuer(checkout, document),
        transaction_data: TransactionData {
            payment_method: won.as_ref().map(|won| won.payment_method.clone()).unwrap_or_default(),
            flow: won.as_ref().map_or("payform", |won| won.flow),
            extra: won.as_ref().map_or(Extra::Nothing {}, |won| won.extra.clone()),
            country: won.as_ref().map(|won| won.country.clone()).unwrap_or_default(),
            processing_tx_id: won.as_ref().map(|won| won.processing_tx_id.clone()).unwrap_or_default(),
            attempts,
        },
        status,
        status_history: steps,
        viewed_on: viewed_on.map(Timestamp::seconds),
        company_id: checkout.merchant_id.to_string(),
        brand_id: checkout.brand_id.to_string(),
        is_test: checkout.mode == Mode::Test,
        user_id: None,
        billing_template_id: None,
        order_id: None,
        reference: document.reference.clone(),
        reference_generated: document.reference_generated.clone(),
        issued: (!document.issued.is_empty()).then(|| document.issued.clone()),
        due: due.map(|due| due.at.seconds()),
        send_receipt: document.send_receipt,
        skip_capture: capture == CaptureMode::Manual,
        force_recurring: save_card,
        is_recurring_token: payment.kept_card.is_some(),
        recurring_token: won.and_then(|won| won.token).map(|token| token.to_string()),
        refund_availability,
        refundable_amount,
        currency_conversion: document.currency_conversion.clone(),
        payment_method_whitelist: document.payment_method_whitelist.clone(),
        success_redirect: or_empty(&redirects.success),
        failure_redirect: or_empty(&redirects.failure),
        cancel_redirect: or_empty(&redirects.cancel),
        success_callback: checkout.callback.as_ref().map(|callback| callback.url.clone()).unwrap_or_default(),
        creator_agent: document.creator_agent.clone(),
        platform: if document.platform.is_empty() { "api".to_owned() } else { document.platform.clone() },
        product: "purchases",
        created_from_ip: document.created_from_ip.clone(),
        invoice_url: None,
        direct_post_url: may_post.then(|| format!("{page}direct_post/")),
        checkout_url: if status.is_payable() { page } else { format!("{page}invoice/") },
        marked_as_paid: payment.state == State::PaidElsewhere,
        tags: document.tags.clone(),
        upsell_campaigns: document.upsell_campaigns.clone(),
        referral_campaign_id: document.referral_campaign_id.clone(),
        referral_code: None,
        referral_code_details: None,
        referral_code_generated: None,
        retain_level_details: None,
        // A card payment can be disputed while its money is with the merchant.
        can_retrieve: paid_by_card && status == Status::Paid,
        can_chargeback: paid_by_card && status == Status::Paid,
        can_reverse_chargeback: status == Status::Chargeback,
        payment: paid,
        event_type: None,
    })
}

/// How much may be given back (3.1.3, 10.2 #10 and #12).
fn refundable(status: Status, payment: &Payment) -> (RefundAvailability, i64) {
    let left = payment.refundable().minor();
    match status {
        Status::PendingRefund => (RefundAvailability::None, left),
        Status::Paid | Status::Cleared | Status::Settled | Status::Refunded if left > 0 => {
            (RefundAvailability::All, left)
        }
        _ => (RefundAvailability::None, 0),
    }
}

/// A callback's body: the object with the name of the event beside its members (5.2).
///
/// # Errors
/// Never for a purchase made by [`purchase`].
pub(crate) fn event_body(purchase: Purchase, event_type: &'static str) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Purchase { event_type: Some(event_type), ..purchase })
}

/// What the journal tells, event by event.
pub(crate) struct Story {
    /// The money side.
    pub payment: Payment,
    status: Status,
    steps: Vec<StatusEntry>,
    viewed_on: Option<Timestamp>,
    /// When the last event was written down.
    pub updated_on: Timestamp,
    /// What the payer said, when they did.
    pub customer: Option<Customer>,
    sent: Vec<Submission>,
    /// What came of 3-D Secure, by try.
    authentications: Vec<(AttemptId, ThreeDSecure)>,
    /// Why payers who were to confirm elsewhere are not waited for, by try.
    left: Vec<(AttemptId, DeclineReason)>,
    /// Newest first.
    attempts: Vec<Attempt>,
    /// The try that succeeded.
    pub won: Option<Won>,
    paid: Option<PaymentDetails>,
}

/// The try that succeeded.
pub(crate) struct Won {
    /// The card's brand.
    pub payment_method: String,
    /// How the card came.
    pub flow: &'static str,
    /// The card.
    pub extra: Extra,
    /// The card's country.
    pub country: String,
    processing_tx_id: String,
    /// The purchase whose kept card it was.
    token: Option<CheckoutId>,
}

/// How a try or an operation ended, for the merchant.
type Failure = (&'static str, &'static str);

impl Story {
    /// The story of a whole journal; `None` when it does not begin with its opening.
    #[must_use]
    pub(crate) fn told(history: &[Recorded]) -> Option<Self> {
        let (opening, rest) = history.split_first()?;
        let Event::Opened(terms) = &opening.event else { return None };
        let status = Status::Created;
        let mut story = Self {
            payment: Payment::open(terms.clone()),
            status,
            steps: vec![StatusEntry { status, timestamp: opening.at.seconds(), related_object: None }],
            viewed_on: None,
            updated_on: opening.at,
            customer: None,
            sent: vec![],
            authentications: vec![],
            left: vec![],
            attempts: vec![],
            won: None,
            paid: None,
        };
        rest.iter().for_each(|recorded| story.go_on(recorded));
        Some(story)
    }

    fn go_on(&mut self, Recorded { at, event, .. }: &Recorded) {
        let status = status::after(self.status, &self.payment, event);
        if status != self.status {
            self.status = status;
            let related_object = match event {
                Event::Refunded { operation_id, .. } => {
                    Some(RelatedObject { kind: "payment", id: operation_id.to_string() })
                }
                _ => None,
            };
            self.steps.push(StatusEntry { status, timestamp: at.seconds(), related_object });
        }
        self.updated_on = *at;
        self.note(*at, event);
        self.payment.apply(event);
        if let Some(paid) = &mut self.paid {
            paid.keep_back(&self.payment);
        }
    }

    fn note(&mut self, at: Timestamp, event: &Event) {
        let nothing_known = CardFacts::default();
        match event {
            Event::Viewed => self.viewed_on = self.viewed_on.or(Some(at)),
            Event::DetailsGiven(customer) => self.customer = Some((**customer).clone()),
            Event::AttemptSent(submission) | Event::AuthenticationStarted(submission) => {
                self.sent.push(submission.clone());
            }
            Event::Challenged { attempt_id, challenge } => {
                self.authentications.push((*attempt_id, ThreeDSecure::asked(challenge)));
            }
            Event::Authenticated { attempt_id, authentication, .. } => {
                self.authentications.push((*attempt_id, ThreeDSecure::said(authentication)));
            }
            Event::NotAuthenticated { attempt_id, failure } => {
                let came_of_it = match failure {
                    AuthenticationFailure::Bank(authentication) => ThreeDSecure::said(authentication),
                    AuthenticationFailure::NoAnswer
                    | AuthenticationFailure::Payer
                    | AuthenticationFailure::Abandoned => self.authentication(*attempt_id).unwrap_or_default(),
                };
                self.authentications.push((*attempt_id, came_of_it));
            }
            Event::AttemptRefused(refused) => {
                let tried = Tried {
                    flow: refused.flow,
                    card: refused.card.as_ref(),
                    local: None,
                    facts: &nothing_known,
                    ip: refused.payer_ip.map(|ip| ip.to_string()),
                    authentication: None,
                };
                self.push(self.attempt(at, &tried, Some(status::error_of(refused.reason))));
            }
            Event::Authorized { attempt_id, acquirer_reference, facts, .. } => {
                let Some(submission) = self.submission(*attempt_id) else { return };
                let token = submission.token;
                let mut attempt = self.attempt(at, &self.tried(submission, facts), None);
                attempt.processing_tx_id.clone_from(acquirer_reference);
                self.won = Some(Won {
                    payment_method: attempt.payment_method.clone(),
                    flow: attempt.flow,
                    extra: attempt.extra.clone(),
                    country: attempt.country.clone(),
                    processing_tx_id: acquirer_reference.clone(),
                    token,
                });
                self.push(attempt);
            }
            Event::Captured { operation_id, amount, fee, .. } => {
                // Money taken at once belongs to the try that reserved it; later it is a step of its own.
                if operation_id.is_some() {
                    self.operated(at, AttemptKind::Capture, fee.minor(), None);
                } else if let Some(newest) = self.attempts.first_mut() {
                    newest.fee_amount = fee.minor();
                }
                self.paid = Some(PaymentDetails::new("purchase", *amount, fee.minor(), at));
            }
            Event::MarkedPaid { paid_on, amount } => {
                self.paid = Some(PaymentDetails {
                    remote_paid_on: None,
                    ..PaymentDetails::new("custom", *amount, 0, *paid_on)
                });
            }
            Event::Declined { attempt_id, reason, facts } => {
                self.fail(at, *attempt_id, facts, *reason);
            }
            Event::Left { attempt_id, reason } => self.left.push((*attempt_id, *reason)),
            Event::Reversed { attempt_id } if status::is_awaited(&self.payment, *attempt_id) => {
                let left = self.left.iter().find(|(left, _)| left == attempt_id);
                let reason = left.map_or(DeclineReason::TimedOut, |(_, reason)| *reason);
                self.fail(at, *attempt_id, &nothing_known, reason);
            }
            Event::OperationFailed { operation_id, reason } => {
                if let Some(kind) = self.kind(*operation_id) {
                    self.operated(at, kind, 0, Some(status::error_of(*reason)));
                }
            }
            // The rest of a partial capture goes back without a word of its own.
            Event::Voided { .. } if self.payment.captured.is_zero() => {
                self.operated(at, AttemptKind::Release, 0, None);
            }
            Event::Refunded { .. } => self.operated(at, AttemptKind::Refund, 0, None),
            Event::CardForgotten => self.operated(at, AttemptKind::DeleteRecurringToken, 0, None),
            Event::Settled { .. } => {
                let settlement = Some(Settlement { settled_on: at.seconds() });
                match self.won.as_mut().map(|won| &mut won.extra) {
                    Some(Extra::Card(card)) => card.settlement = settlement,
                    Some(Extra::Local(local)) => local.settlement = settlement,
                    Some(Extra::Nothing {}) | None => {}
                }
            }
            // A try without an outcome is not shown, and one undone later was shown as failed before.
            Event::Opened(_)
            | Event::InvoiceSent
            | Event::TenderBegun(_)
            | Event::TenderEnded(_)
            | Event::Redirected { .. }
            | Event::OperationUnknown { .. }
            | Event::SettledByHand(_)
            | Event::Released { .. }
            | Event::Overdue
            | Event::Expired
            | Event::Cancelled
            | Event::TriesUsedUp
            | Event::AttemptUnknown { .. }
            | Event::ReversalSent { .. }
            | Event::Reversed { .. }
            | Event::OperationSent(_)
            | Event::Voided { .. }
            | Event::CardForgetting
            | Event::Cleared
            | Event::Matched(_)
            | Event::Adjusted(_)
            | Event::ChargedBack { .. }
            | Event::ChargebackReversed { .. } => {}
        }
    }

    fn push(&mut self, attempt: Attempt) {
        self.attempts.insert(0, attempt);
    }

    fn fail(&mut self, at: Timestamp, attempt_id: AttemptId, facts: &CardFacts, reason: DeclineReason) {
        if let Some(submission) = self.submission(attempt_id) {
            let is_elsewhere = submission.local().is_some();
            let error = if is_elsewhere { status::error_elsewhere(reason) } else { status::error_of(reason) };
            self.push(self.attempt(at, &self.tried(submission, facts), Some(error)));
        }
    }

    /// What the merchant's call did to the card that paid: it names the card, and no payer's address.
    fn operated(&mut self, at: Timestamp, kind: AttemptKind, fee_amount: i64, error: Option<Failure>) {
        let Some(won) = &self.won else { return };
        self.push(Attempt {
            kind,
            successful: error.is_none(),
            payment_method: won.payment_method.clone(),
            flow: won.flow,
            country: won.country.clone(),
            extra: won.extra.clone(),
            client_ip: String::new(),
            processing_time: at.seconds(),
            processing_tx_id: String::new(),
            fee_amount,
            error: error.map(|(code, message)| AttemptError { code, message }),
        });
    }

    fn kind(&self, operation_id: OperationId) -> Option<AttemptKind> {
        Some(match status::operation(&self.payment, operation_id)? {
            OperationKind::Capture => AttemptKind::Capture,
            OperationKind::Void => AttemptKind::Release,
            OperationKind::Refund => AttemptKind::Refund,
        })
    }

    fn submission(&self, attempt_id: AttemptId) -> Option<&Submission> {
        self.sent.iter().find(|submission| submission.attempt_id == attempt_id)
    }

    /// What is known last of a try's authentication.
    fn authentication(&self, attempt_id: AttemptId) -> Option<ThreeDSecure> {
        let known = self.authentications.iter().rfind(|(known, _)| *known == attempt_id);
        known.map(|(_, authentication)| authentication.clone())
    }

    fn tried<'a>(&self, submission: &'a Submission, facts: &'a CardFacts) -> Tried<'a> {
        Tried {
            flow: submission.flow,
            card: submission.card(),
            local: submission.local(),
            facts,
            ip: submission.payer_ip.map(|ip| ip.to_string()),
            authentication: self.authentication(submission.attempt_id),
        }
    }

    fn attempt(&self, at: Timestamp, tried: &Tried<'_>, error: Option<Failure>) -> Attempt {
        let facts = tried.facts;
        let without_card = || tried.local.map_or(Extra::Nothing {}, |local| Extra::Local(LocalExtra::of(local)));
        Attempt {
            kind: match (tried.flow, self.payment.terms.capture) {
                (Flow::Api, _) => AttemptKind::RecurringExecute,
                (Flow::HostedPage | Flow::DirectPost, CaptureMode::Automatic) => AttemptKind::Execute,
                (Flow::HostedPage | Flow::DirectPost, CaptureMode::Manual) => AttemptKind::Authorize,
            },
            successful: error.is_none(),
            payment_method: match (tried.card, tried.local) {
                (Some(card), _) => card.brand.as_str().to_owned(),
                (None, Some(local)) => local.method().as_str().to_owned(),
                (None, None) => String::new(),
            },
            flow: match tried.flow {
                Flow::HostedPage => "payform",
                Flow::DirectPost => "direct_post",
                Flow::Api => "api",
            },
            country: facts.country.clone(),
            extra: tried.card.map_or_else(without_card, |card| {
                Extra::Card(CardExtra {
                    masked_pan: card.masked.clone(),
                    card_brand: card.brand.as_str(),
                    card_type: facts.kind.clone(),
                    card_issuer: facts.issuer.clone(),
                    card_issuer_country: facts.country.clone(),
                    cardholder_name: card.holder.clone(),
                    expiry_month: card.expiry.month,
                    expiry_year: card.expiry.year % 100,
                    three_d_secure: tried.authentication.as_ref().is_some_and(ThreeDSecure::vouches),
                    three_d_secure_result: tried.authentication.clone().map(Box::new),
                    amount: None,
                    settlement: None,
                })
            }),
            client_ip: match tried.flow {
                Flow::HostedPage | Flow::DirectPost => tried.ip.clone().unwrap_or_default(),
                // The merchant's machine is not the payer's.
                Flow::Api => String::new(),
            },
            processing_time: at.seconds(),
            processing_tx_id: String::new(),
            fee_amount: 0,
            error: error.map(|(code, message)| AttemptError { code, message }),
        }
    }
}

/// What is known of a try.
struct Tried<'a> {
    flow: Flow,
    /// When it could be read.
    card: Option<&'a CardSummary>,
    local: Option<LocalMeans>,
    facts: &'a CardFacts,
    ip: Option<String>,
    authentication: Option<ThreeDSecure>,
}

/// Who pays, as shown.
#[must_use]
pub(crate) fn client(customer: &Customer, delivery_methods: Option<Vec<DeliveryMethod>>) -> ClientDetails {
    let Customer { billing, shipping, .. } = customer.clone();
    let by = |method: &str| DeliveryMethod { method: method.to_owned(), options: Object::default() };
    let usual = || {
        let by_phone = (!customer.phone.is_empty()).then(|| by("text_message"));
        [by("email")].into_iter().chain(by_phone).collect()
    };
    ClientDetails {
        email: customer.email.clone(),
        phone: customer.phone.clone(),
        full_name: customer.full_name.clone(),
        personal_code: customer.personal_code.clone(),
        street_address: billing.street_address,
        city: billing.city,
        state: billing.state,
        zip_code: billing.zip_code,
        country: billing.country,
        shipping_street_address: shipping.street_address,
        shipping_city: shipping.city,
        shipping_state: shipping.state,
        shipping_zip_code: shipping.zip_code,
        shipping_country: shipping.country,
        cc: customer.cc.clone(),
        bcc: customer.bcc.clone(),
        legal_name: customer.legal_name.clone(),
        brand_name: customer.brand_name.clone(),
        registration_number: customer.registration_number.clone(),
        tax_number: customer.tax_number.clone(),
        bank_account: customer.bank_account.clone(),
        bank_code: customer.bank_code.clone(),
        client_type: None,
        delivery_methods: delivery_methods.unwrap_or_else(usual),
    }
}

fn issuer(checkout: &Checkout, document: &PurchaseDocument) -> IssuerDetails {
    let issuer = document.issuer.clone();
    IssuerDetails {
        website: issuer.website,
        brand_name: checkout.seller.clone(),
        legal_name: issuer.legal_name,
        registration_number: issuer.registration_number,
        tax_number: issuer.tax_number,
        legal_street_address: issuer.legal_street_address,
        legal_country: issuer.legal_country,
        legal_city: issuer.legal_city,
        legal_zip_code: issuer.legal_zip_code,
        bank_accounts: issuer.bank_accounts,
    }
}

fn product(line: &domain::Line) -> Product {
    Product {
        name: line.name.clone(),
        price: line.unit_price,
        quantity: Fixed { value: line.quantity, places: 4 },
        discount: line.discount,
        tax_percent: Fixed { value: line.tax_percent, places: 2 },
        category: line.category.clone(),
        total_price_override: line.total_override,
    }
}

#[cfg(test)]
mod tests;
