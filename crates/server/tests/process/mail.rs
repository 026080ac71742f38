//! `[mail]` of the configuration, and `tollgate mail test`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use crate::gateway::Place;

/// A mail server for one connection: answers each command by its first word, and hands out what it heard.
fn mail_server(recipient: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut heard = String::new();
        write!(stream, "220 ready\r\n").unwrap();
        let mut is_mail = false;
        while let Some(Ok(line)) = lines.next() {
            heard.push_str(&line);
            heard.push('\n');
            let answer = match line.split([' ', ':']).next().unwrap() {
                "." if is_mail => {
                    is_mail = false;
                    "250 taken"
                }
                _ if is_mail => continue,
                "EHLO" => "250-hello\r\n250 AUTH PLAIN",
                "AUTH" => "235 welcome",
                "RCPT" => recipient,
                "DATA" => {
                    is_mail = true;
                    "354 go on"
                }
                _ => "250 ok",
            };
            write!(stream, "{answer}\r\n").unwrap();
        }
        heard
    });
    (address, heard)
}

#[test]
fn an_operator_sees_whether_mail_arrives() {
    let place = Place::new();
    let file = place.path().join("tollgate.toml");
    let password = place.path().join("password");
    std::fs::write(&password, "hush\n").unwrap();
    let test = |text: &str, to: &str| {
        std::fs::write(&file, text).unwrap();
        place.run(&["mail", "test", "--to", to, "--config", file.to_str().unwrap()], &[])
    };
    let section = |address: SocketAddr| {
        format!(
            "public_url = \"https://pay.example.com\"\n[mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             user = \"tollgate\"\npassword_file = \"{}\"\n",
            address.port(),
            password.display(),
        )
    };
    let (address, heard) = mail_server("250 ok");
    let (code, out, err) = test(&section(address), "ada@example.com");
    assert_eq!((0, ""), (code, err.as_str()), "{out}");
    assert!(out.contains("took a mail to ada@example.com, from no-reply@pay.example.com."), "{out}");
    let heard = heard.join().unwrap();
    for words in [
        "AUTH PLAIN AHRvbGxnYXRlAGh1c2g=",
        "MAIL FROM:<no-reply@pay.example.com>",
        "RCPT TO:<ada@example.com>",
        "Subject: Mail from Tollgate arrives",
    ] {
        assert!(heard.contains(words), "{words} in {heard}");
    }

    let (address, _) = mail_server("550 5.1.1 nobody of that name");
    let (code, _, err) = test(&section(address), "ada@example.com");
    assert!(code == 1 && err.contains("refused it") && err.contains("nobody of that name"), "{err}");
    assert!(!err.contains("hush"), "{err}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, _, err) = test(&section(closed), "ada@example.com");
    assert!(code == 1 && err.contains("cannot be used while connecting"), "{err}");
    let (code, _, err) = test(&section(closed), "nobody");
    assert!(code == 1 && err.contains("--to"), "{err}");
    for (text, words) in [("", "names no mail server"), ("[mail]\nhost = \"\"\n", "[mail] host: ")] {
        let (code, _, err) = test(text, "ada@example.com");
        assert!(code == 2 && err.contains(words), "{text}: {err}");
    }
}

#[test]
fn a_gateway_with_a_wrong_mail_server_does_not_start() {
    let place = Place::new();
    let file = place.path().join("tollgate.toml");
    for (section, words) in [
        ("[mail]\nhost = \"smtp.example.com\"\ntls = \"none\"\n", "[mail] tls: "),
        ("[mail]\nhost = \"smtp.example.com\"\nuser = \"u\"\n", "TOLLGATE_MAIL_PASSWORD"),
        ("[mail]\nserver = \"smtp.example.com\"\n", "server"),
    ] {
        std::fs::write(&file, section).unwrap();
        let serve = ["serve", "--sandbox", "--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()];
        let (code, _, err) = place.run(&serve, &[]);
        assert!(code == 2 && err.contains(words), "{section}: {err}");
    }
}
