//! A test acquirer that runs alone: asked over HTTP, it does and says the same; and what really happens to the network
//! is told as it is.

use std::sync::atomic::Ordering;

use acquirer::{Acquirer, Answer, RedirectChoice, ReportDue, Reported, Request, Source, TestAcquirer};
use domain::{LocalMeans, OperationKind, RedirectMethod, Report};
use env::Env;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::authorizations::check_cards;
use crate::desk::*;

const CHARGED_BACK: &str = "4000 0099 0000 6100";

#[tokio::test]
async fn every_card_does_over_the_wire_what_its_number_says() {
    let (desk, connections) = Desk::elsewhere().await;
    check_cards(&desk).await;
    assert_eq!(1, connections.load(Ordering::SeqCst), "one call after the other goes over one connection");
}

#[tokio::test]
async fn operations_and_reports_go_over_the_wire() {
    let (desk, _) = Desk::elsewhere().await;
    let held = desk.authorized(GOOD).await;
    assert_eq!("approved 600", desk.capture_part(held, 600).await);
    assert_eq!("approved 401", desk.operate(OperationKind::Void, held, 401).await);
    assert_eq!("approved 200", desk.operate(OperationKind::Refund, held, 200).await);
    assert_eq!("capture approved 600, void approved 401, refund approved 200", desk.operated().await);

    let taken = desk.taken(CHARGED_BACK).await;
    desk.book.planned().notified().await;
    let at = desk.book.next_report().await.expect("an answer").expect("a report to come");
    assert_eq!(60, at.since(desk.env.now()).as_secs());
    assert_eq!(Vec::<ReportDue>::new(), desk.book.due_reports(desk.env.now()).await.expect("an answer"));
    desk.env.clock().move_to(at);
    let due = desk.book.due_reports(desk.env.now()).await.expect("an answer");
    let expected = ReportDue {
        reference: taken,
        capture: taken.to_string(),
        report: Reported::Taken(Report::ChargedBack),
        merchant_data: MERCHANT_DATA.to_owned(),
        at,
    };
    assert_eq!(vec![expected.clone()], due);
    desk.advance(60);
    desk.book.postpone(expected.clone(), desk.env.now()).await.expect("an answer");
    let again = ReportDue { at: desk.env.now(), ..expected };
    assert_eq!(vec![again.clone()], desk.book.due_reports(desk.env.now()).await.expect("an answer"));
    desk.book.acknowledge(again).await.expect("an answer");
    assert_eq!(None, desk.book.next_report().await.expect("an answer"));
}

#[tokio::test]
async fn payers_decide_over_the_wire() {
    let (desk, _) = Desk::elsewhere().await;
    let (reference, amount) = (desk.attempt(), myr(10_001));
    let source = Source::Redirect {
        method: RedirectMethod::PayLater,
        local: None,
        return_url: "https://pay.example.com/back",
        merchant: "Kedai Kopi",
        acs_base: "https://pay.example.com",
    };
    let asked = Request::Authorize { reference, amount, capture: true, source, merchant_data: MERCHANT_DATA };
    let Answer::Redirect { url } = desk.ask(asked).await else { panic!("no page") };
    let page: Uuid = url.rsplit('/').next().expect("an id").parse().expect("an id");
    let view = desk.book.redirect_view(page).await.expect("an answer").expect("a page");
    assert_eq!((RedirectMethod::PayLater, amount, false), (view.method, view.amount, view.decided));
    assert_eq!(None, desk.book.redirect_view(reference.uuid()).await.expect("an answer"));
    let onward = desk.book.decide_redirect(page, RedirectChoice::Approve).await.expect("an answer");
    assert_eq!(Some("https://pay.example.com/back"), onward.as_deref());
    let became = desk.ask(Request::Inquire { reference, amount }).await;
    assert_eq!("approved 10001", in_words(&became));
    let bank = LocalMeans::parse("fpx MB2U0227").expect("a bank");
    desk.book.set_bank(bank, false).await.expect("an answer");
    assert_eq!(vec![bank], desk.book.down_banks().await.expect("an answer"));
}

#[tokio::test]
async fn who_is_not_there_was_sent_nothing_and_who_hangs_up_may_have_heard() {
    let env = Env::still(START, 7);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let ask = async || {
        let acquirer = Acquirer::test(TestAcquirer::at(&address, env.clone()), env.clone());
        in_words(&card(GOOD).authorize(&acquirer, domain::AttemptId::new(env.ordered_id())).await)
    };
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"] {
        let hangs_up = async {
            let (mut stream, _) = listener.accept().await.expect("a call");
            let mut heard = [0; 4_096];
            assert!(stream.read(&mut heard).await.expect("a request") > 100);
            stream.write_all(answer.as_bytes()).await.expect("written");
        };
        let (answered, ()) = tokio::join!(ask(), hangs_up);
        assert_eq!("unknown", answered, "after {answer:?}");
    }
    drop(listener);
    assert_eq!("not sent", ask().await);
    let book = TestAcquirer::at(&address, env.clone());
    assert!(book.transactions().await.is_err() && book.next_report().await.is_err());
}
