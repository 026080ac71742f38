//! Mail on its way to a mail server that is slow, says no, or is not there.

use engine::{MailTls, Sender, Smtp, SmtpSettings};
use serde_json::{Value, json};

use crate::app::{App, GOOD, Home, card, id};
use crate::callbacks::{OK, Receiver};
use crate::smtp::{MailServer, Step, Turn, certificate};

const MAIL: &str = "Subject: Tea\r\n\r\nHot\r\n.\r\n..two dots\r\n";

async fn send(settings: SmtpSettings) -> Result<(), String> {
    let sender = Sender::named("mail@pay.example.com").unwrap();
    let server = Smtp::new(settings).map_err(|error| error.to_string())?;
    server.send(&sender.address, "ada@example.com", MAIL).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_server_takes_a_mail_as_it_was_written() {
    let server = MailServer::start([]).await;
    assert_eq!(Ok(()), send(server.logged_in()).await);
    let taken = server.taken().remove(0);
    assert_eq!(("mail@pay.example.com", &["ada@example.com".to_owned()][..]), (taken.from.as_str(), &taken.to[..]));
    // Lines that begin with a dot get one more on the way (RFC 5321 4.5.2).
    assert_eq!("Subject: Tea\r\n\r\nHot\r\n..\r\n...two dots", taken.source.trim_end());
    assert_eq!(Some("AHRvbGxnYXRlAGh1c2g=".to_owned()), taken.login);
}

#[tokio::test]
async fn the_way_is_sealed_or_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, acceptor) = certificate(folder.path());
    for (is_implicit, tls) in [(false, MailTls::Starttls), (true, MailTls::Implicit)] {
        let server = MailServer::sealed([], Some(acceptor.clone()), is_implicit).await;
        let settings = SmtpSettings { tls, authorities: Some(pem.clone()), ..server.logged_in() };
        assert_eq!(Ok(()), send(settings.clone()).await, "{tls:?}");
        assert!(server.taken()[0].was_sealed, "{tls:?}");
        // Nobody vouches for it.
        let stage = if is_implicit { "connecting" } else { "starting TLS" };
        let unknown = SmtpSettings { authorities: None, ..settings.clone() };
        assert_eq!(Err(format!("the mail server cannot be used while {stage}")), send(unknown).await, "{tls:?}");
        // It is somebody else.
        let other = SmtpSettings { host: "127.0.0.1".to_owned(), ..settings };
        assert_eq!(Err(format!("the mail server cannot be used while {stage}")), send(other).await, "{tls:?}");
        assert_eq!(1, server.taken().len());
    }
    // A server without TLS, or whoever stands before it, gets no password.
    let plain = MailServer::start([]).await;
    let stripped = send(SmtpSettings { tls: MailTls::Starttls, ..plain.logged_in() }).await;
    assert_eq!(Err("the mail server cannot be used while starting TLS".to_owned()), stripped);
    assert!(plain.taken().is_empty());
    let nonsense = SmtpSettings { tls: MailTls::Starttls, authorities: Some(b"no PEM".to_vec()), ..plain.settings() };
    let _ = send(nonsense).await.expect_err("no certificate");
}

#[tokio::test]
async fn what_a_server_says_decides() {
    const UNUSABLE: &str = "the mail server cannot be used while";
    for (turn, expected) in [
        (Turn::Say(Step::Hello, "554 not you"), format!("{UNUSABLE} connecting")),
        (Turn::Cut(Step::Hello), format!("{UNUSABLE} connecting")),
        (Turn::Say(Step::Auth, "535 wrong password"), format!("{UNUSABLE} logging in")),
        (Turn::Say(Step::Auth, "454 later"), format!("{UNUSABLE} logging in")),
        (Turn::Say(Step::From, "553 not your address"), format!("{UNUSABLE} naming the sender")),
        (Turn::Say(Step::To, "450 busy"), "the mail server does not take it now".to_owned()),
        (Turn::Say(Step::To, "550 nobody"), "the mail server refused it".to_owned()),
        (Turn::Say(Step::Data, "451 later"), "the mail server does not take it now".to_owned()),
        (Turn::Say(Step::Data, "554 no"), "the mail server refused it".to_owned()),
        (Turn::Say(Step::End, "452 full"), "the mail server does not take it now".to_owned()),
        (Turn::Say(Step::End, "552 too large"), "the mail server refused it".to_owned()),
        (Turn::Say(Step::End, "gibberish"), "the mail server does not take it now".to_owned()),
        (Turn::Cut(Step::Data), "the mail server does not take it now".to_owned()),
        (Turn::CutWithin(10), "the mail server does not take it now".to_owned()),
        (Turn::Hang(Step::Hello), "the mail server did not answer in time".to_owned()),
        (Turn::Hang(Step::End), "the mail server did not answer in time".to_owned()),
    ] {
        let server = MailServer::start([turn]).await;
        assert_eq!(Err(expected), send(server.logged_in()).await, "{turn:?}");
    }
    let closed = MailServer::start([]).await.settings();
    let nowhere = SmtpSettings { port: 1, ..closed };
    assert_eq!(Err(format!("{UNUSABLE} connecting")), send(nowhere).await);
}

/// A gateway with this mail server.
async fn gateway(server: &MailServer) -> App {
    App::mailing(Home::new(), server.options()).await
}

async fn invoice(app: &App, changes: Value) -> String {
    let purchase = app.purchase(changes).await;
    let answer = app.post(&format!("/purchases/{}/resend_invoice/", id(&purchase)), &json!({})).await;
    assert_eq!(200, answer.status, "{}", answer.text());
    id(&purchase).to_owned()
}

#[tokio::test]
async fn each_recipient_gets_one_mail_of_their_own() {
    // The second of three is refused for ever: that costs the others nothing.
    let server = MailServer::start([Turn::Take, Turn::Say(Step::To, "550 nobody"), Turn::Take]).await;
    let app = gateway(&server).await;
    let client = json!({
        "email": "ada@example.com", "cc": ["boss@example.com", "ADA@example.com"], "bcc": ["books@example.com"],
    });
    invoice(&app, json!({ "client": client })).await;
    app.advance(0).await;
    app.advance(10 * 86_400).await;
    assert_eq!(3, server.connections(), "what is refused is not tried again");
    let taken = server.taken();
    assert_eq!(2, taken.len());
    for mail in &taken {
        assert_eq!(("ada@example.com", 1), (mail.header("to"), mail.to.len()));
        assert!(mail.header("cc").contains("boss@example.com"));
        assert!(!mail.source.contains("books@example.com"), "nobody sees who else gets it unseen");
        assert_eq!(("mail@pay.example.com", "merchant@example.com"), (mail.from.as_str(), mail.header("reply-to")));
    }
    assert_eq!(
        (2, 1),
        (app.counted("mails_total{outcome=\"sent\"}").await, app.counted("mails_total{outcome=\"refused\"}").await)
    );
    app.audit();
}

#[tokio::test]
async fn what_is_not_taken_now_is_sent_later_as_the_same_mail() {
    let turns = [
        Turn::Say(Step::To, "450 busy"),
        Turn::CutWithin(200),
        // Taken, and nobody hears of it.
        Turn::Cut(Step::End),
        Turn::Take,
    ];
    let server = MailServer::start(turns).await;
    let app = gateway(&server).await;
    invoice(&app, json!({})).await;
    app.advance(0).await;
    assert_eq!((1, 0), (server.connections(), server.taken().len()));
    app.advance(119).await;
    assert_eq!(1, server.connections(), "not before its time");
    app.advance(86_400).await;
    let taken = server.taken();
    assert_eq!((4, 2), (server.connections(), taken.len()));
    assert_eq!(taken[0], taken[1], "the same bytes, under the same Message-ID");
    assert!(taken[0].header("message-id").ends_with("@pay.example.com>"));
    app.audit();
}

#[tokio::test]
async fn a_mail_that_was_sent_and_not_noted_is_the_same_mail_again() {
    let server = MailServer::start([]).await;
    let app = gateway(&server).await;
    let purchase = invoice(&app, json!({})).await;
    let again = |source: &str| {
        let mail = server.taken().into_iter().find(|mail| mail.source.contains(source)).unwrap();
        (mail.header("message-id").to_owned(), mail.source)
    };
    app.advance(0).await;
    let first = again(&purchase);
    // As a crash between the server's answer and our note of it leaves the row.
    let home = app.leave();
    let books = rusqlite::Connection::open(home.path().join("tollgate.db")).unwrap();
    let changed =
        books.execute("update deliveries set state = 'waiting', body = null, attempts = 0, body_hash = null", []);
    assert_eq!(1, changed.unwrap());
    drop(books);
    let app = App::mailing(home, server.options()).await;
    app.advance(3_600).await;
    assert_eq!(2, server.taken().len());
    assert_eq!(first, again(&purchase));
    assert_eq!(server.taken()[0], server.taken()[1]);
}

#[tokio::test]
async fn a_server_that_hangs_holds_up_no_callback() {
    let server = MailServer::start([Turn::Hang(Step::Hello); 40]).await;
    let app = gateway(&server).await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    app.engine.start_workers();
    for _ in 0..40 {
        invoice(&app, json!({})).await;
    }
    let paid = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&paid, &card(GOOD)).await;
    let mut tries = 0;
    while shop.heard().is_empty() {
        tries += 1;
        assert!(tries < 2_000, "the callback waits for mail");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(server.connections() <= 8, "{} at once", server.connections());
    assert!(server.taken().is_empty());
}
