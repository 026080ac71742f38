//! Payments that their payer confirms on a page of the acquirer's (orchestration-api 8.2, 8.4).

use acquirer::{Answer, RedirectChoice, RedirectView, ReportDue, Reported, Request, Source};
use domain::{AttemptId, CardFacts, DeclineReason, LocalMeans, OperationKind, RedirectMethod, Timestamp};
use uuid::Uuid;

use crate::desk::*;

use RedirectChoice::{Approve, Cancel, Later, Refuse};
use RedirectMethod::{Bank, PayLater, Wallet};

const BACK: &str = "https://pay.example.com/back?leg=1";

impl Desk {
    async fn redirect(&self, method: RedirectMethod, reference: AttemptId, minor: i64, capture: bool) -> Answer {
        let source = Source::Redirect {
            method,
            local: None,
            return_url: BACK,
            merchant: "Kedai \"Kopi\"",
            acs_base: "https://pay.example.com/",
        };
        let amount = myr(minor);
        self.ask(Request::Authorize { reference, amount, capture, source, merchant_data: MERCHANT_DATA }).await
    }

    /// 100.01 MYR that wait for their payer, and the id of the page.
    async fn waiting(&self, method: RedirectMethod) -> (AttemptId, Uuid) {
        let reference = self.attempt();
        let answer = self.redirect(method, reference, 10_001, false).await;
        (reference, page_of(&answer))
    }

    async fn became(&self, reference: AttemptId) -> String {
        in_words(&self.ask(Request::Inquire { reference, amount: myr(10_001) }).await)
    }

    async fn view(&self, page: Uuid) -> RedirectView {
        self.book.redirect_view(page).await.expect("the book").expect("a page")
    }

    async fn choose(&self, page: Uuid, choice: RedirectChoice) -> Option<String> {
        self.book.decide_redirect(page, choice).await.expect("the book")
    }

    async fn told(&self) -> Vec<ReportDue> {
        self.book.due_reports(self.env.now()).await.expect("the book")
    }
}

fn page_of(answer: &Answer) -> Uuid {
    let Answer::Redirect { url } = answer else { panic!("{answer:?}") };
    let id = url.strip_prefix("https://pay.example.com/acs/pay/").expect("below the base");
    Uuid::parse_str(id).expect("an id")
}

fn decision(reference: AttemptId, seconds: i64) -> ReportDue {
    ReportDue {
        reference,
        capture: String::new(),
        report: Reported::Decided,
        merchant_data: MERCHANT_DATA.to_owned(),
        at: Timestamp::from_seconds(START.seconds() + seconds),
    }
}

#[tokio::test]
async fn it_waits_until_the_payer_has_decided() {
    for (method, choice, expected) in [
        (Wallet, Approve, "approved 10001"),
        (Wallet, Refuse, "do_not_honour"),
        (Wallet, Cancel, "cancelled"),
        (PayLater, Approve, "approved 10001"),
        (PayLater, Cancel, "cancelled"),
        (Bank, Approve, "approved 10001"),
        (Bank, Refuse, "do_not_honour"),
    ] {
        let mut desk = Desk::new();
        let (reference, page) = desk.waiting(method).await;
        let again = desk.redirect(method, reference, 10_001, false).await;
        assert_eq!(page, page_of(&again), "one page, however often it is asked");
        desk.advance(3_600);
        desk = desk.reopened().await;
        assert_eq!("pending", desk.became(reference).await);
        assert_eq!((vec![], String::new()), (desk.told().await, desk.booked(reference).await));
        let view = RedirectView {
            method,
            local: None,
            merchant: "Kedai \"Kopi\"".to_owned(),
            amount: myr(10_001),
            return_url: BACK.to_owned(),
            decided: false,
            may_wait: method == Bank,
        };
        assert_eq!(view, desk.view(page).await);
        assert_eq!(Some(BACK.to_owned()), desk.choose(page, choice).await);
        desk = desk.reopened().await;
        assert_eq!(RedirectView { decided: true, ..view }, desk.view(page).await);
        assert_eq!(expected, desk.became(reference).await, "{method:?} {choice:?}");
        assert_eq!(expected, in_words(&desk.redirect(method, reference, 10_001, false).await));
        let outcome = if choice == Approve { "approved" } else { "declined" };
        assert_eq!(format!("authorize {outcome} 10001 MYR +3600s"), desk.booked(reference).await);
        assert_eq!(vec![decision(reference, 3_600)], desk.told().await, "it is told");
        desk.book.acknowledge(decision(reference, 3_600)).await.expect("the book");
        assert_eq!(Vec::<ReportDue>::new(), desk.told().await);
    }
}

#[tokio::test]
async fn the_first_choice_counts() {
    let desk = Desk::new();
    for (first, expected) in [(Approve, "approved 10001"), (Refuse, "do_not_honour"), (Cancel, "cancelled")] {
        let (reference, page) = desk.waiting(Bank).await;
        for choice in [first, Approve, Refuse, Cancel, Later] {
            assert_eq!(Some(BACK.to_owned()), desk.choose(page, choice).await);
            assert_eq!(expected, desk.became(reference).await, "{first:?} {choice:?}");
        }
        assert_eq!(1, desk.told().await.iter().filter(|due| due.reference == reference).count());
    }
    let id = desk.env.random_id();
    assert_eq!(None, desk.book.redirect_view(id).await.expect("the book"));
    assert_eq!(None, desk.choose(id, Approve).await);
}

#[tokio::test]
async fn a_bank_may_take_its_time() {
    let mut desk = Desk::new();
    let (reference, page) = desk.waiting(Bank).await;
    desk.advance(10);
    assert_eq!(Some(BACK.to_owned()), desk.choose(page, Later).await);
    assert!(desk.view(page).await.decided);
    desk.choose(page, Refuse).await;
    assert_eq!("pending", in_words(&desk.redirect(Bank, reference, 10_001, false).await), "nobody is asked again");
    assert_eq!(Some(decision(reference, 40).at), desk.book.next_report().await.expect("the book"));
    desk.advance(29);
    desk = desk.reopened().await;
    assert_eq!(("pending", vec![]), (desk.became(reference).await.as_str(), desk.told().await));
    desk.advance(1);
    assert_eq!(vec![decision(reference, 40)], desk.told().await);
    assert_eq!("approved 10001", desk.became(reference).await);
    assert_eq!("authorize approved 10001 MYR +40s", desk.booked(reference).await);
    for method in [Wallet, PayLater] {
        let (reference, page) = desk.waiting(method).await;
        assert_eq!(None, desk.choose(page, Later).await, "only banks offer it");
        assert_eq!(("pending", false), (desk.became(reference).await.as_str(), desk.view(page).await.decided));
    }
}

#[tokio::test]
async fn a_reversal_ends_the_waiting_for_good() {
    let desk = Desk::new();
    let amount = myr(10_001);
    for choices in [vec![], vec![Later]] {
        let (reference, page) = desk.waiting(Bank).await;
        for choice in choices {
            desk.choose(page, choice).await;
        }
        assert_eq!(Answer::Reversed, desk.ask(Request::Reverse { reference, amount }).await);
        assert!(desk.view(page).await.decided);
        assert_eq!(Some(BACK.to_owned()), desk.choose(page, Approve).await);
        desk.advance(60);
        assert_eq!(Answer::Reversed, desk.ask(Request::Inquire { reference, amount }).await);
        assert_eq!(Vec::<ReportDue>::new(), desk.told().await, "nobody needs to hear of it");
        assert!(!desk.booked(reference).await.contains("approved"));
    }
    let (reference, page) = desk.waiting(Wallet).await;
    desk.choose(page, Approve).await;
    assert_eq!(Answer::Reversed, desk.ask(Request::Reverse { reference, amount }).await);
    assert!(desk.booked(reference).await.ends_with("reversal approved 10001 MYR +120s"), "what was approved goes back");

    let forbidden = desk.attempt();
    assert_eq!(Answer::Reversed, desk.ask(Request::Reverse { reference: forbidden, amount }).await);
    let late = desk.redirect(Wallet, forbidden, 10_001, false).await;
    assert_eq!(Answer::Declined { reason: DeclineReason::DoNotHonour, facts: CardFacts::default() }, late);
}

#[tokio::test]
async fn a_lender_does_not_lend_little() {
    let desk = Desk::new();
    let facts = CardFacts::default();
    let no = Answer::Declined { reason: DeclineReason::NotPermittedToCardholder, facts };
    assert_eq!(no, desk.redirect(PayLater, desk.attempt(), 9_999, true).await);
    page_of(&desk.redirect(PayLater, desk.attempt(), 10_000, true).await);
    page_of(&desk.redirect(Wallet, desk.attempt(), 1, true).await);
}

#[tokio::test]
async fn what_was_confirmed_is_money_like_any_other() {
    let desk = Desk::new();
    let (reference, page) = desk.waiting(Wallet).await;
    assert_eq!("acquirer_error", desk.operate(OperationKind::Capture, reference, 10_001).await, "not yet");
    desk.choose(page, Approve).await;
    assert_eq!("approved 4000", desk.capture_part(reference, 4_000).await);
    assert_eq!("approved 1000", desk.operate(OperationKind::Void, reference, 1_000).await);
    assert_eq!("approved 4000", desk.operate(OperationKind::Refund, reference, 4_000).await);
    let at_once = desk.attempt();
    let page = page_of(&desk.redirect(PayLater, at_once, 10_001, true).await);
    desk.choose(page, Approve).await;
    assert_eq!("authorize approved 10001 MYR +0s, capture approved 10001 MYR +0s", desk.booked(at_once).await);
}

#[tokio::test]
async fn who_waits_for_news_is_woken() {
    let desk = Desk::new();
    let (_, page) = desk.waiting(Wallet).await;
    let planned = desk.book.planned().notified();
    desk.choose(page, Cancel).await;
    planned.await;
    desk.book.close().await;
    assert!(desk.book.redirect_view(page).await.is_err() && desk.book.decide_redirect(page, Approve).await.is_err());
}

#[tokio::test]
async fn a_bank_that_is_down_takes_no_payment() {
    let mut desk = Desk::new();
    let [fpx, business] = [("fpx", "MBB0228"), ("fpx_b2b1", "MBB0228")]
        .map(|(method, bank)| LocalMeans::parse(&format!("{method} {bank}")).expect("a bank"));
    let ask = async |desk: &Desk, local: LocalMeans| {
        let source = Source::Redirect {
            method: local.method().kind(),
            local: Some(local),
            return_url: BACK,
            merchant: "",
            acs_base: "https://pay.example.com",
        };
        let (reference, amount) = (desk.attempt(), myr(100));
        desk.ask(Request::Authorize { reference, amount, capture: true, source, merchant_data: MERCHANT_DATA }).await
    };
    desk.book.set_bank(fpx, false).await.expect("the book");
    desk = desk.reopened().await;
    assert_eq!(vec![fpx], desk.book.down_banks().await.expect("the book"));
    assert_eq!("issuer_unavailable", in_words(&ask(&desk, fpx).await));
    let page = page_of(&ask(&desk, business).await);
    assert_eq!(Some(business), desk.view(page).await.local, "the same bank's other service is up");
    desk.book.set_bank(fpx, true).await.expect("the book");
    assert_eq!(Vec::<LocalMeans>::new(), desk.book.down_banks().await.expect("the book"));
    assert_eq!(Some(fpx), desk.view(page_of(&ask(&desk, fpx).await)).await.local);
    let atome = LocalMeans::parse("razer_atome").expect("a method");
    assert!(matches!(ask(&desk, atome).await, Answer::Redirect { .. }), "its least amount is its own");
}
