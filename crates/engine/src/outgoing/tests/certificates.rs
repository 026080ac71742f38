//! Who is believed to be whom. The certificate is made by `openssl`, for a day.

use std::process::Command;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::*;

/// A certificate that signs itself, for `shop.example`, and its key.
fn certificate() -> (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>) {
    let folder = tempfile::tempdir().expect("a folder");
    let openssl = |arguments: &str| {
        let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder.path()).output();
        let made = made.expect("openssl runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        std::fs::read(folder.path().join("out.der")).expect("written")
    };
    let certificate = openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -days 1 -outform DER -out out.der \
         -subj /CN=shop.example -addext subjectAltName=DNS:shop.example -addext basicConstraints=critical,CA:FALSE",
    );
    let key = openssl("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out out.der");
    (certificate.into(), key.into())
}

/// Listens and shows that certificate; answers with an outgoing side that trusts it.
async fn shown_by(receiver: &Arc<Receiver>, address: &str, reply: fn(&Heard) -> Reply) -> (SocketAddr, TlsConnector) {
    let (certificate, key) = certificate();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let server = rustls::ServerConfig::builder().with_no_client_auth();
    let server = server.with_single_cert(vec![certificate], key.into()).expect("they fit");
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind(address).await.expect("a port");
    let (address, receiver) = (listener.local_addr().expect("an address"), Arc::clone(receiver));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a call");
            let (to, connection) = receiver.dial(&stream);
            let (acceptor, receiver) = (acceptor.clone(), Arc::clone(&receiver));
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await?;
                receiver.serve(stream, to, connection, &reply).await
            });
        }
    });
    (address, trusting(roots))
}

#[tokio::test]
async fn a_stranger_with_a_certificate_hears_nothing() {
    let receiver = Arc::new(Receiver::default());
    let (address, tls) = shown_by(&receiver, "127.0.0.1:0", |_| Reply::Say(ok(""))).await;
    let names = || Script::default().name("shop.example", "127.0.0.1").name("other.example", "127.0.0.1");
    let outgoing = || Outgoing { names: Names::Scripted(names()), ..Outgoing::new(Reach::PublicAndLoopback, None) };
    let trusting_it = Outgoing { tls, ..outgoing() };
    let url = |host: &str| format!("https://{host}:{}/", address.port());
    for host in ["shop.example", "other.example", "127.0.0.1"] {
        assert_eq!(Err(SendError::Tls), post(&outgoing(), &url(host)).await, "nobody vouches for it");
    }
    assert_eq!(Err(SendError::Tls), post(&trusting_it, &url("other.example")).await, "it is for another name");
    assert_eq!(Err(SendError::Tls), post(&trusting_it, &url("127.0.0.1")).await, "it is for no address");
    assert_eq!(5, receiver.dialled().await.len());
    assert!(receiver.heard().is_empty());
    for _ in 0..2 {
        post(&trusting_it, &url("shop.example")).await.expect("it is good for this");
    }
    assert_eq!(vec![6, 6], receiver.connections());
}

#[test]
fn from_tls_nothing_leads_back_to_plain_text() {
    inside::in_a_network_of_its_own(module_path!(), "from_tls_nothing_leads_back_to_plain_text", async {
        let receiver = Arc::new(Receiver::default());
        receiver.listen("0.0.0.0:80", |_| Reply::Say(ok("plain"))).await;
        let reply = |heard: &Heard| match heard.path() {
            "/plain" => redirect("302", "http://shop.example/"),
            "/on" => redirect("302", "/"),
            _ => Reply::Say(ok("secret")),
        };
        let (_, tls) = shown_by(&receiver, "0.0.0.0:443", reply).await;
        let outgoing = Outgoing { tls, ..inside::outgoing(Reach::Public, Script::default()) };
        assert_eq!(Err(SendError::Redirect), post(&outgoing, "https://shop.example/plain").await);
        let answer = post(&outgoing, "https://shop.example/on").await.expect("answered");
        assert_eq!("secret", answer.excerpt);
        let outgoing = Outgoing { reach: Reach::PublicAndLoopback, ..outgoing };
        let answer = post(&outgoing, "https://shop.example/plain").await.expect("answered");
        assert_eq!("plain", answer.excerpt, "a sandbox may");
    });
}
