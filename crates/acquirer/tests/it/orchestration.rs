//! The rules for test cards of the orchestration API (orchestration-api 8.4).

use acquirer::{CardRules, Initiator};
use domain::{AttemptId, OperationKind};

use crate::desk::*;

use OperationKind::{Capture, Refund, Void};

fn of_orchestration(number: &str) -> Card {
    let cvc = Some(if number.starts_with('3') { "9876" } else { "987" });
    Card { rules: CardRules::Orchestration, cvc, ..card(number) }
}

/// Its own numbers, and faults of the grammar: what the payer meets, and what the merchant who charges the kept card.
const CARDS: &str = "
4111 1111 1111 1111: authenticated approved 1001
5200 0099 1000 0007: authenticated approved 1001
3782 822463 10005: authenticated approved 1001
4916 9940 6425 2017: authenticated approved 1001
4000 0000 0000 3220: authenticated approved 1001
5555 5555 5555 4444: authenticated approved 1001
4000 0000 0000 0002: do_not_honour
4000 0000 0000 9995: insufficient_funds
4000 0000 0000 0069: expired_card
4000 0000 0000 0119: acquirer_error
4444 3333 2222 1111: approved 1001
4000 0099 0000 0707: pending
4000 0099 0000 5102: approved 501
4000 0099 0000 7108: unknown, kept unknown
4000 0099 0000 8106: not sent
4000 0099 0000 9104: approved 1001, kept insufficient_funds
";

#[tokio::test]
async fn it_has_numbers_of_its_own_and_every_fault() {
    let desk = Desk::new();
    let mut seen = String::from("\n");
    for (number, _) in CARDS.lines().filter_map(|line| line.split_once(": ")) {
        let mut words = in_words(&desk.authorize(of_orchestration(number), desk.attempt()).await);
        if words == "authentication_required" {
            let said = Some(authentication(number));
            let again = Card { authentication: said, ..of_orchestration(number) };
            words = format!("authenticated {}", in_words(&desk.authorize(again, desk.attempt()).await));
        }
        let charge = Card { cvc: None, initiated_by: Initiator::Merchant, ..of_orchestration(number) };
        let kept = match in_words(&desk.authorize(charge, desk.attempt()).await) {
            same if words.ends_with(&same) && same != "unknown" => String::new(),
            other => format!(", kept {other}"),
        };
        seen.push_str(&format!("{number}: {words}{kept}\n"));
    }
    assert_eq!(CARDS, seen);
    for (card, reason) in [
        (card("4111 1111 1111 1111"), "invalid_card_number"),
        (of_orchestration("4000 0000 0001 0001"), "invalid_card_number"),
        (Card { cvc: Some("1234"), ..of_orchestration(GOOD) }, "wrong_cvc"),
    ] {
        assert_eq!(reason, in_words(&desk.authorize(card, desk.attempt()).await));
    }
}

impl Desk {
    async fn reserved(&self, number: &str, capture: bool) -> AttemptId {
        let reference = self.attempt();
        self.authorize(Card { capture, ..of_orchestration(number) }, reference).await;
        reference
    }
}

#[tokio::test]
async fn a_note_says_what_becomes_of_an_operation() {
    for (kind, taken) in [(Capture, false), (Void, false), (Refund, true)] {
        for (note, first, asked, later) in [
            ("order 7", "approved 400", "approved 400", "approved 400"),
            ("7 SIM_PENDING", "pending", "pending", "approved 400"),
            ("SIM_FAILURE/7", "do_not_honour", "do_not_honour", "do_not_honour"),
            ("SIM_UNCERTAIN", "unknown", "unknown", "unknown"),
        ] {
            let mut desk = Desk::new();
            let original = desk.reserved(GOOD, taken).await;
            let reference = desk.operation();
            let about = || inquiry(kind, reference, original, 400);
            let words = in_words(&desk.ask(noted(kind, reference, original, 400, note)).await);
            assert_eq!((first, 0), (words.as_str(), desk.env.now().since(START).as_secs()), "{kind:?} {note}");
            desk = desk.reopened().await;
            desk.advance(4);
            assert_eq!(asked, in_words(&desk.ask(about()).await), "{kind:?} {note}");
            desk.advance(1);
            desk = desk.reopened().await;
            assert_eq!(later, in_words(&desk.ask(about()).await), "{kind:?} {note}");
            desk.advance(294);
            assert_eq!(later, in_words(&desk.ask(about()).await), "{kind:?} {note}");
            desk.advance(1);
            let told = if note == "SIM_UNCERTAIN" { "approved 400" } else { later };
            assert_eq!(told, in_words(&desk.ask(about()).await), "{kind:?} {note}");
            let again = noted(kind, reference, original, 400, note);
            assert_eq!(told, in_words(&desk.ask(again).await), "{kind:?} {note}: one effect");
            let done = desk.operated().await.matches(&format!("{} approved 400", kind.name())).count();
            assert_eq!(usize::from(told == "approved 400"), done, "{kind:?} {note}");
        }
    }
}

#[tokio::test]
async fn a_note_means_nothing_elsewhere() {
    let desk = Desk::new();
    for rules in [CardRules::Purchases, CardRules::CardPayments] {
        let original = desk.attempt();
        desk.authorize(Card { rules, ..card(GOOD) }, original).await;
        let answer = desk.ask(noted(Capture, desk.operation(), original, 1_001, "SIM_FAILURE")).await;
        assert_eq!("approved 1001", in_words(&answer));
    }
    // Without a word in it the card's own script holds.
    let original = desk.reserved("4000 0099 0000 1309", false).await;
    let answer = desk.ask(noted(Capture, desk.operation(), original, 1_001, "order 7")).await;
    assert_eq!("do_not_honour", in_words(&answer));
}
