//! Gift cards: what is on them, and that nothing on them is spent twice (orchestration-api 8.4).

use std::sync::Arc;

use acquirer::{Acquirer, Answer, Balance, Request, Source};
use domain::{AttemptId, CardFacts, Currency, Money, OperationKind};
use env::Env;
use tokio::task::JoinHandle;

use crate::desk::*;

use OperationKind::{Capture, Refund, Void};

/// Always full.
const FULL: &str = "6000000000002000";
/// An account with the same 20.00 on it.
const ACCOUNT: &str = "6000123456002000";
/// Can be read, and not be paid with.
const UNPAYABLE: &str = "6001000000002000";

async fn pay(acquirer: &Acquirer, number: &str, reference: AttemptId, amount: Money, capture: bool) -> Answer {
    let source = Source::GiftCard { number };
    acquirer.ask(Request::Authorize { reference, amount, capture, source, merchant_data: MERCHANT_DATA }).await
}

impl Desk {
    fn start_gift(&self, number: &'static str, reference: AttemptId, minor: i64) -> JoinHandle<Answer> {
        let acquirer = Arc::clone(&self.acquirer);
        let asking = async move { pay(&acquirer, number, reference, myr(minor), false).await };
        tokio::spawn(self.env.clock().activity(asking))
    }

    async fn gift(&self, number: &'static str, minor: i64) -> (AttemptId, String) {
        let reference = self.attempt();
        let asking = self.start_gift(number, reference, minor);
        (reference, in_words(&self.finish(asking).await))
    }

    async fn balance(&self, number: &str) -> Balance {
        self.acquirer.gift_card_balance(number, Some("123"), myr(0).currency()).await
    }
}

fn known(minor: i64) -> Balance {
    Balance::Known(myr(minor))
}

#[tokio::test]
async fn a_card_says_what_is_on_it_to_whoever_knows_its_code() {
    let desk = Desk::new();
    for number in [FULL, ACCOUNT, UNPAYABLE, "6000000000000002000"] {
        assert_eq!(known(2_000), desk.balance(number).await, "{number}");
        let no_code = desk.acquirer.gift_card_balance(number, None, myr(0).currency()).await;
        assert_eq!(known(2_000), no_code, "{number}");
        for wrong in ["", "124", "1234"] {
            let refused = desk.acquirer.gift_card_balance(number, Some(wrong), myr(0).currency()).await;
            assert_eq!(Balance::Refused, refused, "{number} {wrong}");
        }
    }
    for number in ["", "6002000000002000", "600000000002000", "4000009900000004", "6000 0000 0000 2000"] {
        assert_eq!(Balance::Refused, desk.balance(number).await, "{number}");
    }
    desk.book.close().await;
    assert_eq!(Balance::NoAnswer, desk.balance(ACCOUNT).await);
}

#[tokio::test]
async fn no_more_is_spent_than_is_on_it() {
    let desk = Desk::new();
    assert_eq!("insufficient_funds", desk.gift(ACCOUNT, 2_001).await.1, "nothing in part");
    assert_eq!("approved 1500", desk.gift(ACCOUNT, 1_500).await.1);
    assert_eq!(known(500), desk.balance(ACCOUNT).await);
    let desk = desk.reopened().await;
    assert_eq!("insufficient_funds", desk.gift(ACCOUNT, 501).await.1);
    assert_eq!("approved 500", desk.gift(ACCOUNT, 500).await.1);
    assert_eq!("insufficient_funds", desk.gift(ACCOUNT, 1).await.1);
    assert_eq!(known(0), desk.balance(ACCOUNT).await);
    assert_eq!(known(2_000), desk.balance("6000123457002000").await, "another card");
    let euro = Currency::parse("EUR").expect("a currency");
    let in_euro = desk.acquirer.gift_card_balance(ACCOUNT, None, euro).await;
    assert_eq!(Balance::Known(Money::new(2_000, euro).expect("an amount")), in_euro, "each currency by itself");
    for _ in 0..3 {
        assert_eq!("approved 2000", desk.gift(FULL, 2_000).await.1, "always full");
        assert_eq!("insufficient_funds", desk.gift(FULL, 2_001).await.1);
        assert_eq!(known(2_000), desk.balance(FULL).await);
    }
    assert_eq!("do_not_honour", desk.gift(UNPAYABLE, 100).await.1);
    assert_eq!("invalid_card_number", desk.gift("6002000000002000", 100).await.1);
}

#[tokio::test]
async fn it_says_nothing_about_a_card_of_a_bank() {
    let desk = Desk::new();
    let facts = CardFacts::default();
    let answer = pay(&desk.acquirer, FULL, desk.attempt(), myr(100), true).await;
    assert_eq!(Answer::Approved { amount: myr(100), acquirer_reference: "000000000001".to_owned(), facts }, answer);
}

#[tokio::test]
async fn a_reference_spends_once() {
    let mut desk = Desk::new();
    let reference = desk.attempt();
    for _ in 0..3 {
        let asking = desk.start_gift(ACCOUNT, reference, 700);
        assert_eq!("approved 700", in_words(&desk.finish(asking).await));
        let asked = desk.ask(Request::Inquire { reference, amount: myr(700) }).await;
        assert_eq!("approved 700", in_words(&asked));
        assert_eq!(known(1_300), desk.balance(ACCOUNT).await);
        desk = desk.reopened().await;
    }
    let asking: Vec<_> = (0..20).map(|_| desk.start_gift(ACCOUNT, reference, 700)).collect();
    for asking in asking {
        assert_eq!("approved 700", in_words(&desk.finish(asking).await));
    }
    assert_eq!(known(1_300), desk.balance(ACCOUNT).await);
}

#[tokio::test]
async fn of_many_at_once_so_many_are_paid_as_it_holds() {
    let desk = Desk::new();
    let asking: Vec<_> = (0..50).map(|_| desk.start_gift(ACCOUNT, desk.attempt(), 300)).collect();
    let mut seen = Vec::new();
    for asking in asking {
        seen.push(in_words(&desk.finish(asking).await));
    }
    assert_eq!(6, seen.iter().filter(|words| *words == "approved 300").count(), "{seen:?}");
    assert_eq!(44, seen.iter().filter(|words| *words == "insufficient_funds").count(), "{seen:?}");
    assert_eq!(known(200), desk.balance(ACCOUNT).await);
}

#[tokio::test]
async fn what_is_given_back_is_on_it_again() {
    let desk = Desk::new();
    let (original, _) = desk.gift(ACCOUNT, 2_000).await;
    assert_eq!("approved 500", desk.operate(Void, original, 500).await);
    assert_eq!(known(500), desk.balance(ACCOUNT).await, "a part of the reservation");
    assert_eq!("approved 600", desk.capture_part(original, 600).await);
    assert_eq!(known(500), desk.balance(ACCOUNT).await, "what is taken stays spent");
    assert_eq!("approved 400", desk.operate(Capture, original, 400).await);
    assert_eq!(known(1_000), desk.balance(ACCOUNT).await, "a last capture leaves the rest");
    assert_eq!("approved 300", desk.operate(Refund, original, 300).await);
    assert_eq!("approved 300", desk.operate(Refund, original, 300).await);
    assert_eq!("acquirer_error", desk.operate(Refund, original, 401).await);
    assert_eq!(known(1_600), desk.balance(ACCOUNT).await);
    let amount = myr(2_000);
    assert_eq!(Answer::Reversed, desk.ask(Request::Reverse { reference: original, amount }).await);
    assert_eq!(Answer::Reversed, desk.ask(Request::Reverse { reference: original, amount }).await);
    assert_eq!(known(2_000), desk.balance(ACCOUNT).await);

    let forbidden = desk.attempt();
    assert_eq!(Answer::Reversed, desk.ask(Request::Reverse { reference: forbidden, amount: myr(700) }).await);
    let late = desk.start_gift(ACCOUNT, forbidden, 700);
    assert_eq!("do_not_honour", in_words(&desk.finish(late).await));
    assert_eq!(known(2_000), desk.balance(ACCOUNT).await, "it was undone before it came");

    desk.gift(ACCOUNT, 700).await;
    desk.advance(30 * 86_400);
    assert_eq!(known(2_000), desk.balance(ACCOUNT).await, "what is never taken lapses");
}

/// Every way to take a reservation of two apart, by steps of one: what is on the card is always what was not spent.
#[tokio::test]
async fn whatever_is_done_in_whatever_order_the_balance_is_what_is_left() {
    let kinds = [Capture, Void, Refund];
    for sequence in 0..3_usize.pow(4) {
        let desk = Desk::new();
        let (original, _) = desk.gift(ACCOUNT, 2).await;
        let (mut held, mut taken) = (2, 0);
        for step in 0..4_u32 {
            let kind = kinds[sequence / 3_usize.pow(step) % 3];
            let (words, fits) = match kind {
                Capture => (desk.capture_part(original, 1).await, held > 0),
                Void => (desk.operate(kind, original, 1).await, held > 0),
                Refund => (desk.operate(kind, original, 1).await, taken > 0),
            };
            assert_eq!(if fits { "approved 1" } else { "acquirer_error" }, words, "{sequence} {step} {kind:?}");
            match kind {
                Capture if fits => (held, taken) = (held - 1, taken + 1),
                Void if fits => held -= 1,
                Refund if fits => taken -= 1,
                Capture | Void | Refund => {}
            }
            assert_eq!(known(2_000 - held - taken), desk.balance(ACCOUNT).await, "{sequence} {step} {kind:?}");
        }
    }
}

/// Cards of chance, operations of chance, restarts: the sum of what the book says is what is gone.
#[tokio::test]
async fn the_balance_is_what_the_journal_says() {
    for seed in 0..5 {
        let chance = Env::still(START, seed);
        let pick = |below: usize| usize::from(u16::from_le_bytes(chance.bytes())) % below;
        let mut desk = Desk::new();
        let mut originals = Vec::new();
        for _ in 0..60 {
            match pick(8) {
                0..=2 => originals.push(desk.gift(ACCOUNT, [100, 350, 900][pick(3)]).await.0),
                3 => desk = desk.reopened().await,
                turn => {
                    if let Some(original) = originals.get(pick(originals.len().max(1))).copied() {
                        let minor = [50, 100, 350, 900][pick(4)];
                        match turn {
                            4 => drop(desk.capture_part(original, minor).await),
                            5 => drop(desk.operate([Capture, Void, Refund][pick(3)], original, minor).await),
                            6 => drop(desk.ask(Request::Reverse { reference: original, amount: myr(minor) }).await),
                            _ => drop(desk.operate(Refund, original, minor).await),
                        }
                    }
                }
            }
            let lines = desk.book.transactions().await.expect("the book");
            let spent: i64 = lines
                .iter()
                .filter(|line| line.outcome == acquirer::Verdict::Approved)
                .map(|line| match line.kind {
                    acquirer::Kind::Authorize => line.amount,
                    acquirer::Kind::Capture => 0,
                    acquirer::Kind::Void | acquirer::Kind::Refund | acquirer::Kind::Reversal => -line.amount,
                })
                .sum();
            assert!((0..=2_000).contains(&spent), "seed {seed}: {spent}");
            assert_eq!(known(2_000 - spent), desk.balance(ACCOUNT).await, "seed {seed}");
        }
    }
}

#[tokio::test]
async fn the_number_is_not_in_the_file() {
    let desk = Desk::new();
    for number in [FULL, ACCOUNT, UNPAYABLE] {
        desk.gift(number, 100).await;
        desk.balance(number).await;
    }
    desk.book.close().await;
    let file = std::fs::read(desk.dir.path().join("acquirer.db")).expect("the file");
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("gift_card"), "the search finds what is there");
    for number in [FULL, ACCOUNT, UNPAYABLE] {
        assert!(!holds(&number[..10]) && !holds(&number[4..]), "{number}");
    }
    for secret in ["123456", "\"123\""] {
        assert!(!holds(secret), "{secret}");
    }
}
