//! The manual queue: what no acquirer answers for a day, seen and settled by an operator (security U3, U4, L13).

use domain::{Event, InDoubt, Refusal, Verdict};
use engine::{Error, QueuedDoubt};
use serde_json::{Value, json};
use store::Store;

use crate::app::{App, START, card, story};
use crate::risk::pan;

/// Its answer is lost, and for 30 hours nobody can be asked.
const SILENT: u32 = 42;
/// Its reversals and voids are lost.
const NEVER_UNDONE: u32 = 32;
const HOUR: u64 = 3_600;

fn number(ff: u32) -> String {
    pan("40000099", 0, 0, ff, 0)
}

impl App {
    async fn queue(&self) -> Vec<QueuedDoubt> {
        self.engine.doubts().await.unwrap()
    }

    /// What is in the queue, in words.
    async fn queued(&self) -> Vec<String> {
        let words = |QueuedDoubt { doubt, asked, .. }: &QueuedDoubt| {
            let since = doubt.since.seconds() - START;
            format!("{} {} since {since} s, asked {asked} times", doubt.what.name(), doubt.amount)
        };
        self.queue().await.iter().map(words).collect()
    }

    /// The only doubt there is is settled by an operator.
    async fn say(&self, verdict: Verdict) -> Result<(), Error> {
        let queue = self.queue().await;
        let reference = queue[0].doubt.what.reference();
        let card = "they told me of 4000 0099 0000 4204";
        self.engine.settle_doubt(reference, verdict, "Ada Lovelace", card).await.map(|_| ())
    }

    /// A purchase whose card was sent, and of which nobody knows what became.
    async fn silent(&self, order: Value) -> String {
        let id = self.purchase_id(order).await;
        let waiting = self.pay_slowly(&id, &card(&number(SILENT))).await;
        self.advance(30).await;
        waiting.await.unwrap();
        id
    }

    fn open_tries(&self) -> (u64, u64) {
        let report = Store::audit_dir(self.data()).unwrap();
        assert_eq!(Vec::<String>::new(), report.broken);
        (report.open_attempts, report.queued)
    }
}

fn later() -> Value {
    json!({ "due": START + 30 * 86_400 })
}

#[tokio::test]
async fn a_payment_that_nobody_answers_for_waits_for_an_operator_after_a_day() {
    let app = App::new().await;
    let id = app.silent(later()).await;
    app.advance(24 * HOUR - 30 - 61).await;
    assert_eq!((Vec::<String>::new(), (1, 0)), (app.queued().await, app.open_tries()));
    assert_eq!(0, app.counted("doubts_open").await);
    app.advance(61).await;
    // 5 s, 15 s, 60 s, 5 min, 30 min, each hour, and once more just before the day is over.
    assert_eq!(vec!["authorization 9.54 MYR since 0 s, asked 29 times"], app.queued().await);
    assert_eq!((1, (1, 1)), (app.counted("doubts_open").await, app.open_tries()));
    // The payer is still told not to pay again.
    assert!(app.link(&id).await.words().contains("Please do not pay again."));
    assert_eq!("pending_execute", app.status(&id).await);
    app.advance(23 * HOUR).await;
    assert_eq!(vec!["authorization 9.54 MYR since 0 s, asked 29 times"], app.queued().await, "each day from then on");
    // The acquirer can be asked again since 30 hours, and is after 48.
    app.advance(HOUR).await;
    assert_eq!("created viewed pending_execute paid", story(&app.show(&id).await));
    assert_eq!((Vec::<String>::new(), (0, 0)), (app.queued().await, app.open_tries()), "the row went by itself");
    assert_eq!(0, app.counted("doubts_open").await);
}

#[tokio::test]
async fn an_operator_says_what_became_of_a_payment_and_the_journal_says_who() {
    for (verdict, expected, kept) in [
        (Verdict::Approved, "created viewed pending_execute paid", 1),
        (Verdict::Declined, "created viewed pending_execute error", 1),
        (Verdict::Reversed, "created viewed pending_execute error", 1),
    ] {
        let app = App::new().await;
        let id = app.silent(later()).await;
        app.advance(25 * HOUR).await;
        let refused = app.say(Verdict::Done).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::WrongVerdict { .. }))), "{refused:?}");
        app.say(verdict).await.unwrap();
        assert_eq!(expected, story(&app.show(&id).await), "{verdict:?}");
        assert!(app.queue().await.is_empty());
        let shown = app.engine.show(domain::CheckoutId::parse(&id).unwrap()).await.unwrap();
        let said = shown.history.iter().find_map(|recorded| match &recorded.event {
            Event::SettledByHand(said) => Some(said.clone()),
            _ => None,
        });
        let said = said.expect("it is in the journal");
        assert_eq!((verdict, "Ada Lovelace"), (said.verdict, said.by.as_str()));
        assert!(!said.note.contains("4000 0099"), "{}", said.note);
        assert_eq!(InDoubt::Authorization(shown.payment.attempts[0].id), said.what);
        let again = app.engine.settle_doubt(said.what.reference(), verdict, "Ada", "again").await;
        assert!(matches!(again, Err(Error::NotFound)), "it is settled once");
        app.advance(72 * HOUR).await;
        assert_eq!(expected, story(&app.show(&id).await), "{verdict:?}: nothing happens later");
        assert_eq!(kept, app.approvals_kept().await);
        assert_eq!((0, 0), app.open_tries());
    }
}

/// Both may come at once: one of them is the first, and the books hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_and_the_acquirer_may_answer_at_once() {
    for round in 0..8 {
        let app = App::new().await;
        let id = app.silent(later()).await;
        app.advance(47 * HOUR).await;
        let reference = app.queue().await[0].doubt.what.reference();
        let engine = app.engine.clone();
        let operator = tokio::spawn(async move {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            engine.settle_doubt(reference, Verdict::Declined, "Ada", "by telephone").await.is_ok()
        });
        app.advance(2 * HOUR).await;
        let operator_was_first = operator.await.unwrap();
        app.advance(72 * HOUR).await;
        let shown = app.show(&id).await;
        let expected = if operator_was_first { "error" } else { "paid" };
        assert_eq!(format!("created viewed pending_execute {expected}"), story(&shown));
        assert_eq!((Vec::<String>::new(), (0, 0)), (app.queued().await, app.open_tries()));
    }
}

#[tokio::test]
async fn a_release_that_nobody_answers_for_waits_for_an_operator() {
    for (verdict, expected) in [(Verdict::Done, "released"), (Verdict::Failed, "hold")] {
        let app = App::new().await;
        let id = app.hold(&number(NEVER_UNDONE)).await;
        let waiting = app.act_slowly(&id, "release", "").await;
        app.advance(30 * HOUR).await;
        waiting.await.unwrap();
        assert_eq!(vec!["void 9.54 MYR since 0 s, asked 29 times"], app.queued().await);
        assert_eq!("pending_release", app.status(&id).await);
        let refused = app.say(Verdict::Reversed).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::WrongVerdict { .. }))), "{refused:?}");
        app.say(verdict).await.unwrap();
        assert_eq!((expected.to_owned(), (0, 0)), (app.status(&id).await, app.open_tries()));
        app.advance(48 * HOUR).await;
        assert_eq!((expected.to_owned(), (0, 0)), (app.status(&id).await, app.open_tries()));
    }
}
