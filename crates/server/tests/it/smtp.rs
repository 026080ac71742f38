//! A mail server for tests: it takes what it is sent, and does with each connection what it was told to.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::{MailTls, Sender, Smtp, SmtpSettings};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use server::MailOptions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Hello,
    Auth,
    From,
    To,
    Data,
    /// The mail is there as a whole.
    End,
}

/// What happens to one connection; one that nothing is said of takes everything.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Turn {
    Take,
    /// Says this at that step.
    Say(Step, &'static str),
    /// Says nothing any more from that step on.
    Hang(Step),
    /// Breaks off there; at the end only after the mail was taken.
    Cut(Step),
    /// Breaks off after so many bytes of the mail.
    CutWithin(usize),
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) source: String,
    /// What stood in `AUTH PLAIN`.
    pub(crate) login: Option<String>,
    pub(crate) was_sealed: bool,
}

impl Taken {
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self.source.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
        line.map_or("", |line| line.split_once(": ").unwrap().1)
    }
}

#[derive(Clone)]
pub(crate) struct MailServer {
    port: u16,
    taken: Arc<Mutex<Vec<Taken>>>,
    turns: Arc<Mutex<VecDeque<Turn>>>,
    connections: Arc<Mutex<usize>>,
    tls: Option<TlsAcceptor>,
    /// Whether TLS begins with the first byte.
    is_implicit: bool,
}

impl MailServer {
    pub(crate) async fn start(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self::sealed(turns, None, false).await
    }

    pub(crate) async fn sealed(
        turns: impl IntoIterator<Item = Turn>,
        tls: Option<TlsAcceptor>,
        is_implicit: bool,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            taken: Arc::default(),
            turns: Arc::new(Mutex::new(turns.into_iter().collect())),
            connections: Arc::default(),
            tls,
            is_implicit,
        };
        let listening = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                *listening.connections.lock().unwrap() += 1;
                // Whoever calls may break off.
                tokio::spawn(listening.clone().answer(stream));
            }
        });
        server
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    pub(crate) fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            host: "localhost".to_owned(),
            port: self.port,
            tls: MailTls::None,
            authorities: None,
            login: None,
            hello: "pay.example.com".to_owned(),
            patience: Duration::from_secs(1),
        }
    }

    pub(crate) fn options(&self) -> MailOptions {
        let sender = Sender::named("mail@pay.example.com").unwrap();
        MailOptions { server: Smtp::new(self.settings()).unwrap(), sender }
    }

    pub(crate) fn logged_in(&self) -> SmtpSettings {
        SmtpSettings { login: Some(("tollgate".to_owned(), Zeroizing::new("hush".to_owned()))), ..self.settings() }
    }

    async fn answer(self, stream: TcpStream) -> std::io::Result<()> {
        let turn = self.turns.lock().unwrap().pop_front().unwrap_or(Turn::Take);
        match &self.tls {
            Some(tls) if self.is_implicit => {
                Talk::new(tls.accept(stream).await?, &self, turn, true).greet().await.map(|_| ())
            }
            Some(tls) => match Talk::new(stream, &self, turn, false).greet().await? {
                Some(stream) => Talk::new(tls.accept(stream).await?, &self, turn, true).go_on().await.map(|_| ()),
                None => Ok(()),
            },
            None => Talk::new(stream, &self, turn, false).greet().await.map(|_| ()),
        }
    }
}

/// One connection.
struct Talk<'a, S> {
    stream: S,
    read: Vec<u8>,
    server: &'a MailServer,
    turn: Turn,
    is_sealed: bool,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Talk<'a, S> {
    fn new(stream: S, server: &'a MailServer, turn: Turn, is_sealed: bool) -> Self {
        Self { stream, read: vec![], server, turn, is_sealed }
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await
    }

    /// Everything up to `end`; nothing when the other side is gone.
    async fn until(&mut self, end: &[u8]) -> std::io::Result<Option<String>> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|bytes| bytes == end) {
                let rest = self.read.split_off(at + end.len());
                let found = std::mem::replace(&mut self.read, rest);
                return Ok(Some(String::from_utf8(found[..at].to_vec()).unwrap()));
            }
            if let Turn::CutWithin(bytes) = self.turn
                && end.len() > 2
                && self.read.len() >= bytes
            {
                return Ok(None);
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// What is said at a step; nothing when the connection ends there.
    async fn at(&mut self, step: Step, usual: &str) -> std::io::Result<bool> {
        match self.turn {
            Turn::Say(at, words) if at == step => self.say(words).await?,
            Turn::Cut(at) if at == step => return Ok(false),
            Turn::Hang(at) if at == step => std::future::pending().await,
            _ => self.say(usual).await?,
        }
        Ok(true)
    }

    async fn greet(mut self) -> std::io::Result<Option<S>> {
        self.say("220 mail.example.com ready").await?;
        self.go_on().await
    }

    /// Takes mail until the other side goes, or wants the way sealed.
    async fn go_on(mut self) -> std::io::Result<Option<S>> {
        let (mut from, mut to, mut login) = (String::new(), vec![], None);
        while let Some(line) = self.until(b"\r\n").await? {
            let argument = |prefix: &str| line[prefix.len()..].trim_matches(['<', '>']).to_owned();
            let goes_on = if line.starts_with("EHLO ") {
                let starttls = if self.server.tls.is_some() && !self.is_sealed { "250-STARTTLS\r\n" } else { "" };
                self.at(Step::Hello, &format!("250-mail.example.com\r\n{starttls}250 AUTH PLAIN")).await?
            } else if line == "STARTTLS" {
                self.say("220 go on").await?;
                return Ok(Some(self.stream));
            } else if line.starts_with("AUTH PLAIN ") {
                login = Some(argument("AUTH PLAIN "));
                self.at(Step::Auth, "235 welcome").await?
            } else if line.starts_with("MAIL FROM:") {
                from = argument("MAIL FROM:");
                self.at(Step::From, "250 ok").await?
            } else if line.starts_with("RCPT TO:") {
                to.push(argument("RCPT TO:"));
                self.at(Step::To, "250 ok").await?
            } else if line == "DATA" {
                let goes_on = self.at(Step::Data, "354 go on").await?;
                if !goes_on || matches!(self.turn, Turn::Say(Step::Data, _)) {
                    goes_on
                } else {
                    let Some(source) = self.until(b"\r\n.\r\n").await? else { return Ok(None) };
                    let is_taken = !matches!(self.turn, Turn::Say(Step::End, _));
                    if is_taken {
                        let (from, to, login) = (from.clone(), to.clone(), login.clone());
                        let taken = Taken { from, to, source, login, was_sealed: self.is_sealed };
                        self.server.taken.lock().unwrap().push(taken);
                    }
                    self.at(Step::End, "250 taken").await?
                }
            } else if line == "QUIT" {
                self.say("221 bye").await?;
                false
            } else {
                self.say("502 what").await?;
                true
            };
            if !goes_on {
                break;
            }
        }
        Ok(None)
    }
}

/// A certificate for `localhost`, made by openssl in `folder`, and who shows it.
pub(crate) fn certificate(folder: &Path) -> (Vec<u8>, TlsAcceptor) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let output = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &cert])
        .output()
        .expect("openssl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let chain = vec![CertificateDer::from_pem_file(&cert).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&key).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    (std::fs::read(&cert).unwrap(), TlsAcceptor::from(Arc::new(config)))
}
