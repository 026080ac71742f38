//! Reversals that are repeated until they are acknowledged, approvals that come after them, and what waits for an operator
//! in the end (security U4, U5, U7, L13).

use domain::{Outcome, Verdict};

use super::*;
use crate::QueuedDoubt;

const FAILS_THRICE: &str = "4000009900003107";
const FAILS_ALWAYS: &str = "4000009900003206";
const MINUTE: Duration = Duration::from_secs(60);

impl Desk {
    /// A link whose card the acquirer approved, and that is being undone before the gateway has heard of it.
    async fn undoing(&self, number: &str) -> (CheckoutId, AttemptId) {
        let id = self.link().await;
        let attempt_id = self.sent(id, number).await;
        self.decide(id, &Command::Reverse { attempt_id }).await;
        (id, attempt_id)
    }

    async fn decide(&self, id: CheckoutId, command: &Command) {
        self.engine.run(Asking::Payer(id), command, |_, _| {}).await.expect("it is allowed");
    }

    /// The acquirer's approval comes now.
    async fn hears_approval(&self, id: CheckoutId, attempt_id: AttemptId) {
        let amount = self.show(id).await.payment.terms.amount;
        let (acquirer_reference, facts) = ("1".to_owned(), CardFacts::default());
        self.decide(
            id,
            &Command::Settle { attempt_id, outcome: Outcome::Approved { amount, acquirer_reference, facts } },
        )
        .await;
    }

    /// How often the acquirer booked the reversal of a try.
    async fn reversals(&self, attempt_id: AttemptId) -> usize {
        let book = self.engine.acquirer_transactions().await.expect("the book");
        let is_it = |line: &&acquirer::Transaction| {
            line.reference == attempt_id.to_string() && line.kind == acquirer::Kind::Reversal
        };
        book.iter().filter(is_it).count()
    }

    async fn queued(&self) -> Vec<String> {
        let words = |QueuedDoubt { doubt, asked, .. }: &QueuedDoubt| format!("{} asked {asked}", doubt.what.name());
        self.engine.doubts().await.expect("readable").iter().map(words).collect()
    }
}

/// Whoever dies between two tries loses nothing.
#[tokio::test]
async fn a_reversal_that_fails_is_repeated_each_minute_by_whoever_comes_next() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let (id, attempt_id) = desk.undoing(FAILS_THRICE).await;
    desk.advance(MINUTE).await;
    assert_eq!("attempt_sent reversal_sent", events(&desk.show(id).await));
    desk.engine.close().await;
    drop(desk);
    let desk = Desk::seeded(dir.path(), 2).await;
    desk.advance(5 * MINUTE).await;
    let shown = desk.show(id).await;
    assert_eq!("attempt_sent reversal_sent reversed", events(&shown));
    assert_eq!((1, 0), (desk.reversals(attempt_id).await, desk.held_at_acquirer(&shown).await));
    assert_eq!(State::Open, shown.payment.state, "another card may be tried");
    desk.advance(25 * HOUR).await;
    assert_eq!((1, Vec::<String>::new()), (desk.reversals(attempt_id).await, desk.queued().await));
    desk.audit().await;
}

#[tokio::test]
async fn a_reversal_that_is_never_acknowledged_waits_for_an_operator_after_a_day() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let (id, attempt_id) = desk.undoing(FAILS_ALWAYS).await;
    desk.advance(24 * HOUR - 2 * MINUTE).await;
    assert_eq!(Vec::<String>::new(), desk.queued().await);
    desk.advance(2 * MINUTE).await;
    assert_eq!(1, desk.queued().await.len());
    let reference = attempt_id.uuid();
    let say = async |verdict| desk.engine.settle_doubt(reference, verdict, "Ada", "by telephone").await;
    let refused = say(Verdict::Approved).await.map(|_| ());
    assert!(matches!(refused, Err(Error::Refused(Refusal::WrongVerdict { .. }))), "{refused:?}");
    // An approval that is heard meanwhile changes nothing: it is being undone.
    desk.hears_approval(id, attempt_id).await;
    say(Verdict::Reversed).await.expect("settled");
    let shown = desk.show(id).await;
    assert_eq!("attempt_sent reversal_sent settled_by_hand reversed", events(&shown));
    assert_eq!((State::Open, Vec::<String>::new()), (shown.payment.state, desk.queued().await));
    desk.advance(48 * HOUR).await;
    assert_eq!("attempt_sent reversal_sent settled_by_hand reversed", events(&desk.show(id).await));
    desk.audit().await;
}

#[tokio::test]
async fn an_approval_that_comes_after_the_reversal_is_undone_again_and_pays_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let (id, attempt_id) = desk.undoing(GOOD).await;
    desk.advance(MINUTE).await;
    let paid = desk.pay(id, GOOD).await;
    assert_eq!("authorized, authorized 1000", in_words(&paid), "another card has paid");
    desk.hears_approval(id, attempt_id).await;
    desk.advance(MINUTE).await;
    let shown = desk.show(id).await;
    assert_eq!("authorized, authorized 1000", in_words(&shown));
    assert!(events(&shown).ends_with("authorized reversal_sent reversed"), "{}", events(&shown));
    assert_eq!(1_000, desk.held_at_acquirer(&shown).await, "one card pays");
    desk.audit().await;
}

/// Nobody can be asked about it for 30 hours.
const SILENT: &str = "4000009900004204";

#[tokio::test]
async fn what_is_cancelled_after_a_day_of_doubt_is_undone_within_the_hour() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let id = desk.link().await;
    let paying = desk.submit(id, SILENT).await;
    desk.advance(25 * HOUR).await;
    paying.await.expect("no panic").expect("in doubt");
    assert_eq!(1_000, desk.held_at_acquirer(&desk.show(id).await).await);
    desk.abort(id).await.expect("cancelled");
    desk.advance(HOUR).await;
    let shown = desk.show(id).await;
    assert_eq!("attempt_sent attempt_unknown cancelled reversal_sent reversed", events(&shown));
    assert_eq!((0, Vec::<String>::new()), (desk.held_at_acquirer(&shown).await, desk.queued().await));
    desk.audit().await;
}

#[tokio::test]
async fn what_an_operator_says_was_approved_is_given_back_when_the_link_was_cancelled() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let id = desk.link().await;
    let paying = desk.submit(id, SILENT).await;
    desk.advance(24 * HOUR).await;
    paying.await.expect("no panic").expect("in doubt");
    assert_eq!(vec!["authorization asked 29"], desk.queued().await);
    desk.abort(id).await.expect("cancelled");
    let reference = desk.show(id).await.payment.attempts[0].id.uuid();
    desk.engine.settle_doubt(reference, Verdict::Approved, "Ada", "by telephone").await.expect("settled");
    desk.advance(MINUTE).await;
    let shown = desk.show(id).await;
    assert_eq!("cancelled, authorized 1000, voided 1000", in_words(&shown));
    assert_eq!((0, Vec::<String>::new()), (desk.held_at_acquirer(&shown).await, desk.queued().await));
    desk.audit().await;
}
