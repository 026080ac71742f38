//! Answers that are long, slow, broken or never end.

use super::*;

/// Production, about thirty times faster.
fn hasty() -> Outgoing {
    let soon = Duration::from_millis;
    let limits =
        Limits { dns: soon(100), connect: soon(300), chain: soon(1_000), one_call: soon(600), body: soon(300) };
    Outgoing { limits, ..Outgoing::new(Reach::PublicAndLoopback, None) }
}

/// What a reply comes to, and after how long.
async fn called(reply: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> (Result<Answered, SendError>, Duration) {
    let (_receiver, url) = Receiver::here(reply).await;
    let since = Stopwatch::start();
    let answer = post(&hasty(), &url).await;
    (answer, since.elapsed())
}

/// `said`, then `piece` each so many milliseconds.
fn drip(said: &str, piece: &str, pause_ms: u64) -> Reply {
    Reply::SayAndRepeat(said.to_owned(), piece.to_owned(), Duration::from_millis(pause_ms))
}

fn answered(status: StatusCode, excerpt: &str) -> Result<Answered, SendError> {
    Ok(Answered { status, excerpt: excerpt.to_owned() })
}

const LONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n";

#[tokio::test]
async fn an_answer_is_its_status_and_the_beginning_of_its_body() {
    let (answer, _) = called(|_| Reply::Say(ok("caf\u{e9}\r\n\tnul\0 esc\u{1b}[2J c1\u{85} del\u{7f}\n"))).await;
    assert_eq!(answered(StatusCode::OK, "caf\u{e9}\n\tnul\u{fffd} esc\u{fffd}[2J c1\u{fffd} del\u{fffd}\n"), answer);
    let (answer, _) = called(|_| Reply::Say(ok(&"0123456789".repeat(1_000)))).await;
    assert_eq!(answered(StatusCode::OK, &"0123456789".repeat(103)[..1024]), answer);
    let (answer, _) = called(|_| Reply::Say("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n".to_owned())).await;
    assert_eq!(answered(StatusCode::SERVICE_UNAVAILABLE, ""), answer);
    assert_eq!("a\u{fffd}b", shown(b"a\xffb"), "no UTF-8");
}

#[tokio::test]
async fn nothing_is_asked_for_that_would_have_to_be_unpacked() {
    let (receiver, url) = Receiver::here(|_| Reply::Say(ok(""))).await;
    post(&hasty(), &url).await.expect("answered");
    let head = receiver.heard().remove(0).head;
    let names: Vec<&str> = head.lines().skip(1).filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(vec!["User-Agent", "Content-Type", "Content-Length", "X-Signature", "Host"], names, "spelt so");
}

#[tokio::test]
async fn who_has_answered_has_answered_however_the_body_goes_on() {
    let (answer, took) = called(|_| drip(LONG, "x", 30)).await;
    let answer = answer.expect("answered");
    assert!(answer.status.is_success() && answer.excerpt.starts_with("xx"), "{answer:?}");
    assert!(took < Duration::from_millis(600), "{took:?}");
    let (answer, took) = called(|_| Reply::SayAfter(Duration::from_millis(900), LONG.to_owned())).await;
    assert_eq!(answered(StatusCode::OK, ""), answer, "answered at the last moment");
    assert!(took < Duration::from_millis(1_200), "{took:?}");
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal";
    assert_eq!(answered(StatusCode::OK, "hal"), called(|_| Reply::SayAndCut(cut.to_owned())).await.0);
    let no_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nno length\r\n";
    assert_eq!(answered(StatusCode::OK, "ok"), called(|_| Reply::Say(no_chunk.to_owned())).await.0);
}

#[tokio::test]
async fn an_endless_body_is_left_soon() {
    for (head, piece) in [
        (LONG, "y".repeat(16_384)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", format!("4000\r\n{}\r\n", "y".repeat(16_384))),
        ("HTTP/1.0 200 OK\r\n\r\n", "y".repeat(16_384)),
    ] {
        let (receiver, url) = Receiver::here(move |_| drip(head, &piece, 0)).await;
        assert_eq!(answered(StatusCode::OK, &"y".repeat(1_024)), post(&hasty(), &url).await);
        while receiver.open.load(Ordering::SeqCst) > 0 {
            sleep(Duration::from_millis(5)).await;
        }
        // What was sent and not read lies in buffers of the network.
        let written = receiver.written.load(Ordering::SeqCst);
        assert!(written <= 512 * 1024, "{written}");
    }
}

#[tokio::test]
async fn who_has_not_answered_is_not_waited_for_longer() {
    let soon = Duration::from_millis(500);
    let in_time = Duration::from_millis(1_200);
    let (hop, on) = (Duration::from_millis(300), "HTTP/1.1 302 On\r\nLocation: /on\r\nContent-Length: 0\r\n\r\n");
    let cut = |said: &'static str| move |_: &Heard| Reply::SayAndCut(said.to_owned());
    for (said, (answer, took), expected, at_most) in [
        ("nothing", called(|_| Reply::Say(String::new())).await, SendError::TimedOut, in_time),
        ("slow headers", called(|_| drip("HTTP/1.1 200 OK\r\n", "A: b\r\n", 20)).await, SendError::TimedOut, in_time),
        (
            "endless headers",
            called(|_| drip("HTTP/1.1 200 OK\r\n", &"A: b\r\n".repeat(64), 0)).await,
            SendError::Broken,
            soon,
        ),
        (
            "an endless header",
            called(|_| drip("HTTP/1.1 200 OK\r\nA: ", &"b".repeat(1_024), 0)).await,
            SendError::Broken,
            soon,
        ),
        ("a cut", called(cut("")).await, SendError::Broken, soon),
        ("half a head", called(cut("HTTP/1.1 200 OK\r\nConte")).await, SendError::Broken, soon),
        ("no HTTP", called(cut("220 mail.example ESMTP\r\n")).await, SendError::Broken, soon),
        ("slow hops", called(move |_| Reply::SayAfter(hop, on.to_owned())).await, SendError::TimedOut, in_time),
    ] {
        assert_eq!(Err(expected), answer, "{said}");
        assert!(took < at_most, "{said}: {took:?}");
    }
}

#[test]
fn in_production_a_chain_ends_after_30_s() {
    let Limits { dns, connect, chain, one_call, body } = LIMITS;
    assert_eq!([2, 10, 30, 10, 2], [dns, connect, chain, one_call, body].map(|limit| limit.as_secs()));
}
