//! What an acquirer tells by itself: a chargeback, or what a payer decided on its page, comes when nobody asks. Each report names its payment by what the
//! authorization said of itself, so that none has to be searched for.
//!
//! Who acts: the reports worker. A report stays with the acquirer until it is acknowledged, and it is acknowledged only
//! when it is written down here or never can be.

use std::time::Duration;

use acquirer::{Answer, ReportDue, Reported, Request};
use domain::{
    Attempt, AttemptId, AttemptStatus, CheckoutId, Command, LineKind, MerchantId, Mode, MovementStatus, Payment,
    PaymentId, Report, Terms,
};

use crate::checkouts::Asking;
use crate::{Engine, Error};

/// A report that the payment cannot take yet is told again after this.
const AGAIN: Duration = Duration::from_secs(5 * 60);

/// Whose payment an authorization is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Origin {
    merchant_id: MerchantId,
    mode: Mode,
    payment_id: PaymentId,
    checkout_id: CheckoutId,
}

/// What an authorization says of itself.
pub(crate) fn merchant_data(terms: &Terms) -> String {
    let Terms { merchant_id, mode, payment_id, checkout_id, .. } = terms;
    format!("{merchant_id} {} {payment_id} {checkout_id}", mode.as_str())
}

impl Origin {
    /// Reads [`merchant_data`] back.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let origin = Self {
            merchant_id: MerchantId::parse(words.next()?).ok()?,
            mode: Mode::parse(words.next()?)?,
            payment_id: PaymentId::parse(words.next()?).ok()?,
            checkout_id: CheckoutId::parse(words.next()?).ok()?,
        };
        words.next().is_none().then_some(origin)
    }
}

/// Whether the acquirer's settlement file was faster to tell of this capture, or of a chargeback of it.
fn is_in_files(payment: &Payment, report: Report, capture: &str) -> bool {
    let kind = match report {
        Report::SettledPart(_) => LineKind::Capture,
        Report::ChargedBack => LineKind::Chargeback,
        Report::Cleared | Report::Settled | Report::ChargebackReversed => return false,
    };
    payment.movements.iter().any(|movement| {
        (movement.kind, movement.reference.to_string().as_str()) == (kind, capture)
            && movement.status != MovementStatus::Open
    })
}

/// What became of a report.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// It is written down.
    Done,
    /// What is under way must end before.
    TooEarly,
    /// It will never fit, for this reason.
    Never(&'static str),
}

impl Engine {
    /// Writes a report down and acknowledges it, or has it told again.
    pub(crate) async fn hear(&self, report: ReportDue) -> Result<(), Error> {
        let (attempt_id, merchant_data) = (report.reference, report.merchant_data.clone());
        match self.take_report(&report).await? {
            Heard::Done => {
                tracing::info!(%attempt_id, report = ?report.report, "a report is written down");
                self.0.test_book.acknowledge(report).await?;
            }
            Heard::TooEarly => {
                tracing::info!(%attempt_id, report = ?report.report, "a report comes too early; it is told again later");
                let again = self.0.env.now().plus(AGAIN);
                self.0.test_book.postpone(report, again).await?;
            }
            Heard::Never(reason) => {
                tracing::error!(%attempt_id, merchant_data, report = ?report.report, reason, "a report fits no payment");
                self.0.test_book.acknowledge(report).await?;
            }
        }
        Ok(())
    }

    async fn take_report(&self, due: &ReportDue) -> Result<Heard, Error> {
        let Some(origin) = Origin::parse(&due.merchant_data) else {
            return Ok(Heard::Never("its merchant data cannot be read"));
        };
        let Origin { merchant_id, mode, payment_id, checkout_id } = origin;
        let payment = match self.show(checkout_id).await {
            Ok(shown) => shown.payment,
            Err(Error::NotFound) => return Ok(Heard::Never("there is no such payment")),
            Err(error) => return Err(error),
        };
        let terms = &payment.terms;
        if (terms.merchant_id, terms.mode, terms.payment_id) != (merchant_id, mode, payment_id) {
            return Ok(Heard::Never("there is no such payment"));
        }
        let asking = Asking::Merchant(merchant_id, mode, checkout_id);
        let report = match due.report {
            Reported::Decided => return self.learn_decision(asking, &payment, due.reference).await,
            Reported::Taken(report) => report,
        };
        // The acquirer may have taken the money before we know.
        if payment.is_moving() {
            return Ok(Heard::TooEarly);
        }
        let is_ours = |attempt: &Attempt| attempt.status == AttemptStatus::Approved;
        if !payment.attempt(due.reference).is_ok_and(is_ours) {
            return Ok(Heard::Never("the payment was not made with this try"));
        }
        if is_in_files(&payment, report, &due.capture) {
            return Ok(Heard::Done);
        }
        match self.run(asking, &Command::Report(report), |_, _| {}).await {
            Ok(_) => Ok(Heard::Done),
            Err(Error::Refused(domain::Refusal::OperationInFlight)) => Ok(Heard::TooEarly),
            Err(Error::Refused(_)) => Ok(Heard::Never("the payment is in another state")),
            Err(error) => Err(error),
        }
    }

    /// The payer has decided: the acquirer is asked what that was.
    async fn learn_decision(&self, asking: Asking, payment: &Payment, attempt_id: AttemptId) -> Result<Heard, Error> {
        let Ok(attempt) = payment.attempt(attempt_id) else {
            return Ok(Heard::Never("the payment knows no such try"));
        };
        match attempt.status {
            AttemptStatus::Sent | AttemptStatus::Unknown | AttemptStatus::Redirected => {}
            AttemptStatus::Authenticating
            | AttemptStatus::Approved
            | AttemptStatus::Declined
            | AttemptStatus::Reversing
            | AttemptStatus::Reversed => return Ok(Heard::Done),
        }
        let request = Request::Inquire { reference: attempt_id, amount: attempt.amount };
        let answer = self.0.test_acquirer.ask(request).await;
        match answer {
            Answer::Approved { .. } | Answer::Declined { .. } => {
                self.settle(asking, payment, attempt_id, answer, None).await?;
                Ok(Heard::Done)
            }
            Answer::Pending
            | Answer::Redirect { .. }
            | Answer::NotFound
            | Answer::Reversed
            | Answer::NotSent
            | Answer::Unknown => Ok(Heard::TooEarly),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use acquirer::{RedirectChoice, Source};
    use domain::RedirectMethod;
    use domain::{
        BrandId, CaptureMode, CardFacts, CardId, CardSummary, Checkout, Currency, Customer, Dialect, Event, Expiry,
        Fees, Flow, Money, OperationId, OperationKind, OperationOutcome, Order, Outcome, Recorded, Redirects, State,
        Stated, Submission,
    };
    use store::CheckoutRecord;
    use uuid::Uuid;

    use super::*;
    use crate::NewCheckout;
    use crate::workers::tests::{START, engine};

    pub(crate) fn terms() -> Terms {
        let id = Uuid::from_u128;
        Terms {
            payment_id: PaymentId::new(id(1)),
            merchant_id: MerchantId::new(id(2)),
            mode: Mode::Test,
            checkout_id: CheckoutId::new(id(3)),
            amount: Money::new(954, Currency::parse("MYR").expect("a currency")).expect("an amount"),
            capture: CaptureMode::Automatic,
            due: None,
            single_attempt: false,
            save_card: false,
            hold_max: None,
            captured_after: None,
            fees: Fees::default(),
        }
    }

    pub(crate) fn new_checkout(terms: Terms) -> NewCheckout {
        let checkout = Checkout {
            id: terms.checkout_id,
            merchant_id: terms.merchant_id,
            mode: terms.mode,
            brand_id: BrandId::new(Uuid::from_u128(4)),
            payment_id: terms.payment_id,
            dialect: Dialect::Purchases,
            public_id: None,
            order_key: None,
            tender: None,
            created_at: START,
            seller: String::new(),
            language: "en".to_owned(),
            language_chosen: false,
            time_zone: "UTC".to_owned(),
            reference: String::new(),
            notes: String::new(),
            lines: vec![],
            debt: 0,
            stated: Stated::default(),
            customer: Customer::default(),
            customer_id: None,
            customer_named: false,
            asks_details: vec![],
            redirects: Redirects::default(),
            callback: None,
            brands: None,
            methods: vec![],
            token: None,
        };
        NewCheckout {
            record: CheckoutRecord { checkout, document: "{}".to_owned() },
            opened: Recorded { version: 1, at: START, event: Event::Opened(terms.clone()) },
            terms,
            customer: None,
            idempotency: None,
        }
    }

    #[tokio::test]
    async fn a_report_waits_for_what_is_under_way_and_fits_one_payment() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let terms = terms();
        let attempt_id = AttemptId::new(Uuid::from_u128(5));
        let report = |reference, merchant_data: &str| ReportDue {
            reference,
            capture: String::new(),
            report: Reported::Taken(Report::ChargedBack),
            merchant_data: merchant_data.to_owned(),
            at: START,
        };
        let data = merchant_data(&terms);
        let due = report(attempt_id, &data);
        let nobody = Heard::Never("there is no such payment");
        assert_eq!(nobody, engine.take_report(&due).await.expect("judged"));
        engine.open_checkout(new_checkout(terms.clone())).await.expect("opened");
        let run = async |command: Command| {
            let asking = Asking::Payer(terms.checkout_id);
            engine.run(asking, &command, |_, _| {}).await.expect("carried out");
        };
        run(Command::Submit(submission(attempt_id))).await;
        assert_eq!(Heard::TooEarly, engine.take_report(&due).await.expect("judged"), "the answer is on its way");
        let (amount, acquirer_reference) = (terms.amount, String::new());
        let outcome = Outcome::Approved { amount, acquirer_reference, facts: CardFacts::default() };
        run(Command::Settle { attempt_id, outcome }).await;
        let operation_id = OperationId::new(Uuid::from_u128(7));
        run(Command::Operate(Order::new(operation_id, OperationKind::Refund))).await;
        assert_eq!(Heard::TooEarly, engine.take_report(&due).await.expect("judged"), "a refund is on its way");
        let outcome = OperationOutcome::Refused(domain::DeclineReason::DoNotHonour);
        run(Command::SettleOperation { operation_id, outcome }).await;
        let other_try = report(AttemptId::new(Uuid::from_u128(8)), &data);
        let foreign = report(attempt_id, &data.replace("0002 test", "0009 test"));
        for wrong in [other_try, foreign, report(attempt_id, "order 7")] {
            assert!(matches!(engine.take_report(&wrong).await.expect("judged"), Heard::Never(_)), "{wrong:?}");
        }
        assert_eq!(Heard::Done, engine.take_report(&due).await.expect("judged"));
        let twice = Heard::Never("the payment is in another state");
        assert_eq!(twice, engine.take_report(&due).await.expect("judged"));
    }

    pub(crate) fn submission(attempt_id: AttemptId) -> Submission {
        let card = CardSummary {
            brand: domain::Brand::Visa,
            masked: "400000******6100".to_owned(),
            expiry: Expiry { year: 2030, month: 12 },
            holder: String::new(),
        };
        Submission {
            attempt_id,
            acquirer: "test".to_owned(),
            means: domain::Means::Card { card, card_id: CardId::new(Uuid::from_u128(6)) },
            part: None,
            token: None,
            flow: Flow::HostedPage,
            payer_ip: None,
            save_card: false,
            window: domain::ChallengeWindow::Full,
            deadline: START,
        }
    }

    #[tokio::test]
    async fn a_payers_decision_is_asked_for_when_it_is_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let (terms, reference) = (terms(), AttemptId::new(Uuid::from_u128(5)));
        engine.open_checkout(new_checkout(terms.clone())).await.expect("opened");
        let submit = Command::Submit(submission(reference));
        engine.run(Asking::Payer(terms.checkout_id), &submit, |_, _| {}).await.expect("sent");
        let data = merchant_data(&terms);
        let early =
            ReportDue { reference, capture: String::new(), report: Reported::Decided, merchant_data: data, at: START };
        let source = Source::Redirect {
            method: RedirectMethod::Wallet,
            local: None,
            return_url: "https://pay.example.com/back",
            merchant: "",
            acs_base: "https://pay.example.com",
        };
        let (amount, merchant_data) = (terms.amount, early.merchant_data.as_str());
        let asked = Request::Authorize { reference, amount, capture: true, source, merchant_data };
        let Answer::Redirect { url } = engine.0.test_acquirer.ask(asked).await else { panic!("no page") };
        assert_eq!(Heard::TooEarly, engine.take_report(&early).await.expect("judged"), "nothing is decided");
        let page = url.rsplit('/').next().and_then(|id| Uuid::parse_str(id).ok()).expect("an id");
        engine.decide_at_acquirer(page, RedirectChoice::Approve).await.expect("decided");
        let told = engine.0.test_book.due_reports(engine.0.env.now()).await.expect("the book");
        assert_eq!(1, told.len());
        for report in told {
            engine.hear(report).await.expect("heard");
        }
        let shown = engine.show(terms.checkout_id).await.expect("there");
        assert_eq!((State::Captured, terms.amount), (shown.payment.state, shown.payment.captured));
        assert_eq!(
            Vec::<ReportDue>::new(),
            engine.0.test_book.due_reports(engine.0.env.now()).await.expect("the book")
        );
        assert_eq!(Heard::Done, engine.take_report(&early).await.expect("judged"), "told again it changes nothing");
    }

    #[test]
    fn merchant_data_is_read_back_and_nothing_else_is() {
        let terms = terms();
        let text = merchant_data(&terms);
        let Terms { payment_id, merchant_id, mode, checkout_id, .. } = terms;
        assert_eq!(Some(Origin { merchant_id, mode, payment_id, checkout_id }), Origin::parse(&text));
        for bad in ["", "order 7", &text[1..], &text[..text.len() - 1], &format!("{text} "), &text.replace("test", "x")]
        {
            assert_eq!(None, Origin::parse(bad), "{bad:?}");
        }
    }
}
