//! Which calls go over one connection.

use tokio::task::JoinSet;

use super::*;

fn outgoing() -> Outgoing {
    Outgoing::new(Reach::PublicAndLoopback, None)
}

#[tokio::test]
async fn the_next_call_of_a_merchant_goes_the_same_way_and_nobody_elses() {
    let (receiver, url) = Receiver::here(|_| Reply::Say(ok("yes"))).await;
    let names = Names::Scripted(Script::default().name("shop.example", "127.0.0.1").name("other.example", "127.0.0.1"));
    let outgoing = Outgoing { names, ..outgoing() };
    let named = |name: &str| url.replace("127.0.0.1", name);
    for (merchant, url) in [
        (1, named("shop.example")),
        (1, named("shop.example")),
        (2, named("shop.example")),
        (1, named("other.example")),
        (1, named("shop.example")),
    ] {
        let answer = outgoing
            .post_signed(of_merchant(merchant), Mode::Test, &url, vec![signature()], "{}")
            .await
            .expect("answered");
        assert_eq!("yes", answer.excerpt);
    }
    assert_eq!(vec![1, 1, 2, 3, 1], receiver.connections());
    let heard = receiver.heard();
    assert_eq!((&heard[0].head, &heard[0].body), (&heard[1].head, &heard[1].body), "the same words");
    let Names::Scripted(script) = &outgoing.names else { panic!("scripted") };
    assert_eq!(3, script.look_ups.load(Ordering::SeqCst), "one for each connection");
}

/// Calls at once, all of them answered.
async fn at_once(calls: usize, outgoing: &Arc<Outgoing>, url: &str) {
    let mut tasks = JoinSet::new();
    for _ in 0..calls {
        let (outgoing, url) = (Arc::clone(outgoing), url.to_owned());
        tasks.spawn(async move { post(&outgoing, &url).await });
    }
    for answer in tasks.join_all().await {
        answer.expect("answered");
    }
}

#[tokio::test]
async fn a_connection_rests_for_a_moment_only_and_with_few_others() {
    let (receiver, url) = Receiver::here(|_| Reply::SayAfter(Duration::from_millis(200), ok(""))).await;
    let outgoing = Arc::new(outgoing());
    let open = || receiver.open.load(Ordering::SeqCst);
    at_once(12, &outgoing, &url).await;
    sleep(Duration::from_millis(50)).await;
    assert_eq!((12, 8), (receiver.dialled().await.len(), open()));
    sleep(Duration::from_millis(350)).await;
    assert_eq!(0, open());
    post(&outgoing, &url).await.expect("answered");
    assert_eq!(13, receiver.dialled().await.len());
}

#[tokio::test]
async fn a_connection_in_use_is_followed_by_a_new_one_after_a_second() {
    let (receiver, url) = Receiver::here(|_| Reply::Say(ok(""))).await;
    let (outgoing, since) = (outgoing(), Stopwatch::start());
    while since.elapsed() < Duration::from_millis(1_300) {
        post(&outgoing, &url).await.expect("answered");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(2, receiver.dialled().await.len());
}

#[tokio::test]
async fn what_is_not_whole_and_open_is_not_used_again() {
    let long = "x".repeat(65 * 1024);
    for said in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: Keep-Alive, CLOSE\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbroken\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        &ok(&long),
    ] {
        let (reply, outgoing) = (said.to_owned(), outgoing());
        let (receiver, url) = Receiver::here(move |_| Reply::Say(reply.clone())).await;
        for call in 1..=2 {
            let status = post(&outgoing, &url).await.expect("answered").status;
            assert!(matches!(status.as_u16(), 101 | 200), "{status}");
            assert_eq!(call, receiver.dialled().await.len(), "{}", &said[..said.len().min(80)]);
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_silence_fails_no_try() {
    for (said, expected) in [("", Ok(StatusCode::OK)), ("H", Err(SendError::Broken))] {
        let (receiver, url) = Receiver::here(move |heard| match heard.path() {
            "/again" if heard.connection == 1 => Reply::SayAndCut(said.to_owned()),
            _ => Reply::Say(ok("")),
        })
        .await;
        let outgoing = outgoing();
        post(&outgoing, &url).await.expect("answered");
        let again = post(&outgoing, &format!("{url}again")).await.map(|answered| answered.status);
        assert_eq!(expected, again, "after {said:?}");
        let calls = if expected.is_ok() { vec![1, 1, 2] } else { vec![1, 1] };
        assert_eq!(calls, receiver.connections());
        assert!(receiver.heard().iter().all(|heard| heard.body == "{}"));
    }
}

/// It answers on each connection until that is closed, and only then turns to the next.
#[tokio::test]
async fn one_that_serves_a_connection_at_a_time_is_not_held_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let receiver = Arc::new(Receiver::default());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a call");
            let (to, connection) = receiver.dial(&stream);
            let _ = receiver.serve(stream, to, connection, &|_| Reply::Say(ok(""))).await;
        }
    });
    let (outgoing, since) = (Arc::new(outgoing()), Stopwatch::start());
    at_once(4, &outgoing, &url).await;
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
}
