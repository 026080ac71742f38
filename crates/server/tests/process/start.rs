//! Starting, stopping and starting again (design 6, security K1, P4).

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::client::{Answer, connect, request};
use crate::gateway::{Place, wait};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

#[test]
fn a_first_start_makes_what_is_needed_for_its_owner_only() {
    let place = Place::new();
    let gateway = place.start();
    let data = place.data();
    for folder in ["", "keys"] {
        assert_eq!(0o700, mode(&data.join(folder)), "{folder}");
    }
    for file in
        ["sandbox.json", "keys/root.key", "keys/sandbox.json", "tollgate.db", "acquirer.db", "lock", "admin.sock"]
    {
        assert_eq!(0o600, mode(&data.join(file)), "{file}");
    }

    let sandbox = &gateway.sandbox;
    let text = |pointer: &str| sandbox.pointer(pointer).and_then(|value| value.as_str()).expect(pointer).to_owned();
    let base = text("/base_url");
    assert_eq!(format!("http://{}", gateway.address), base);
    assert_eq!(format!("{base}/api/v1"), text("/purchases/base_url"));
    assert_eq!(36, text("/purchases/brand_id").len());
    assert!(text("/purchases/secret_key").starts_with("sk_test_"));
    assert_eq!(format!("{base}/payment/v2"), text("/orchestration/base_url"));
    assert_eq!(format!("{base}/oauth/token"), text("/orchestration/token_url"));
    assert_eq!(text("/purchases/brand_id"), text("/orchestration/entity_id"), "an entity is a brand");
    assert_eq!((36, 36), (text("/orchestration/client_id").len(), text("/orchestration/api_key").len()));
    assert!(text("/orchestration/client_secret").starts_with("cs_test_"));
    let more = gateway.control("POST", "/merchants", &Value::Null);
    for member in ["base_url", "token_url"] {
        assert_eq!(sandbox["orchestration"][member], more["orchestration"][member], "{member}");
    }
    assert_eq!(more["purchases"]["brand_id"], more["orchestration"]["entity_id"]);
    for member in ["entity_id", "client_id", "client_secret", "api_key"] {
        assert!(more["orchestration"][member].is_string(), "{member}");
        assert_ne!(sandbox["orchestration"][member], more["orchestration"][member], "{member}");
    }
    assert_eq!(format!("{base}/sandbox"), text("/control/base_url"));
    assert!(text("/control/token").len() >= 32);

    for (path, answer) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let told = gateway.send("GET", path, &[], b"");
        assert_eq!((200, answer.to_owned()), (told.status, told.text()));
    }
    let metrics = gateway.send("GET", "/metrics", &[], b"");
    assert!(metrics.status == 200 && metrics.text().contains("tollgate_"), "{}", metrics.text());

    let banner = place.read("out");
    for promised in [text("/purchases/secret_key"), text("/purchases/brand_id"), format!("{base}/docs")] {
        assert!(banner.contains(&promised), "{promised} is not in {banner}");
    }
}

#[test]
fn the_next_start_shows_the_same_keys() {
    let place = Place::new();
    let first = place.start();
    let orchestration = first.sandbox["orchestration"].clone();
    let (purchases, control) = (first.sandbox["purchases"].clone(), first.sandbox["control"]["token"].clone());
    let id = first.purchase(&first.order());
    first.stop();

    let second = place.start();
    for field in ["brand_id", "secret_key"] {
        assert_eq!(purchases[field], second.sandbox["purchases"][field], "{field}");
    }
    for field in ["entity_id", "client_id", "client_secret", "api_key"] {
        assert_eq!(orchestration[field], second.sandbox["orchestration"][field], "{field}");
    }
    assert_eq!(control, second.sandbox["control"]["token"]);
    assert_eq!("created", second.status(&id));
}

#[test]
fn the_clock_does_not_go_back_at_a_restart() {
    let place = Place::new();
    let first = place.start();
    first.advance(3 * 86_400);
    let before = first.control("GET", "/clock", &Value::Null)["now"].as_str().unwrap().to_owned();
    first.kill();
    let second = place.start();
    let after = second.control("GET", "/clock", &Value::Null)["now"].as_str().unwrap().to_owned();
    assert!(after > before, "{before} then {after}");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let place = Place::new();
    let gateway = place.start();
    let data = place.data();
    let arguments = ["serve", "--sandbox", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let (code, _, err) = place.run(&arguments, &[]);
    assert_eq!(2, code, "{err}");
    assert!(err.contains("--data: another server uses"), "{err}");
    assert_eq!(200, gateway.send("GET", "/readyz", &[], b"").status, "the first goes on");
}

/// What is announced by the file of an earlier run does not answer.
#[test]
fn an_old_sandbox_file_does_not_outlive_the_next_start() {
    let place = Place::new();
    let gateway = place.start();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    gateway.kill();
    let data = place.data();
    assert!(data.join("sandbox.json").exists());
    let (code, _, err) = place.run(&["serve", "--sandbox", "--listen", &taken, "--data", data.to_str().unwrap()], &[]);
    assert_eq!(2, code, "{err}");
    assert!(!data.join("sandbox.json").exists(), "it names an address where nobody is");
}

#[test]
fn a_stop_finishes_what_is_under_way() {
    const REQUESTS: usize = 8;
    let place = Place::new();
    let gateway = place.start();
    let body = gateway.order().to_string();
    let bearer = format!("Bearer {}", gateway.key());
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("expect", "100-continue")];
    let bytes = request("POST", "/api/v1/purchases/", &headers, body.as_bytes());
    let (head, body) = bytes.split_at(bytes.len() - body.len());
    // Whoever reads "continue" is being answered: the handler has asked for the body.
    let mut streams: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let mut stream = connect(gateway.address).unwrap();
            stream.write_all(head).unwrap();
            let mut word = [0; 25];
            stream.read_exact(&mut word).unwrap();
            assert_eq!(b"HTTP/1.1 100 Continue\r\n\r\n", &word);
            stream
        })
        .collect();
    gateway.process.terminate();
    assert!(wait(|| connect(gateway.address).is_err()), "it still takes connections");
    let ids: Vec<String> = streams
        .iter_mut()
        .map(|stream| {
            stream.write_all(body).unwrap();
            let answer = Answer::read(stream).expect("a request under way is answered");
            assert_eq!(201, answer.status, "{}", answer.text());
            answer.json()["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(0, gateway.process.ended(), "{}", place.printed());
    assert!(!place.data().join("admin.sock").exists());

    let gateway = place.start();
    for id in ids {
        assert_eq!("created", gateway.status(&id));
    }
}

/// A file that is the core of the process would hold card numbers (security P1).
#[test]
fn the_process_cannot_be_dumped() {
    let place = Place::new();
    let gateway = place.start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.process.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(vec!["0", "0"], line.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), "{line}");
}
