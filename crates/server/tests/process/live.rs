//! Without a sandbox: TLS ends here, nothing made up exists, and counts are served apart (design 6, security P5).

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};

use crate::client::{Answer, connect, exchange, request};
use crate::gateway::{Place, wait};

/// A certificate for `localhost` and its key, made by openssl in `folder`.
pub(crate) fn certificate(folder: &Path) -> (String, String) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (config, cert, key) = (path("openssl.cnf"), path("cert.pem"), path("key.pem"));
    let text = "[req]\ndistinguished_name=name\nx509_extensions=end\nprompt=no\n[name]\nCN=localhost\n\
                [end]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost\n";
    std::fs::write(&config, text).unwrap();
    let arguments = ["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let output = Command::new("openssl")
        .args(arguments)
        .args(["-config", &config, "-keyout", &key, "-out", &cert])
        .output()
        .expect("openssl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (cert, key)
}

/// One request over TLS, to a server that must prove to be `localhost` by this certificate.
fn over_tls(
    address: SocketAddr,
    cert: &str,
    versions: &[&'static rustls::SupportedProtocolVersion],
    bytes: &[u8],
) -> std::io::Result<Answer> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(cert).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_protocol_versions(versions)
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut tcp = connect(address)?;
    let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
    stream.write_all(bytes)?;
    Answer::read(stream)
}

/// An address that no other process of this machine uses: one of its own, named after this process.
fn own_address() -> SocketAddr {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    SocketAddr::from(([127, 77, high, low], 9464))
}

#[test]
fn a_live_gateway_serves_tls_and_nothing_of_the_sandbox() {
    let place = Place::new();
    let (cert, key) = certificate(place.path());
    let root_key = place.path().join("root.key");
    std::fs::write(&root_key, "8f1d3c5a7b9e0f2d4c6a8b1e3f5d7c9a0b2e4f6d8c1a3b5e7f9d0c2a4b6e8f13\n").unwrap();
    let (root_key, data) = (root_key.to_str().unwrap().to_owned(), place.data());
    let admin = own_address();
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        "https://localhost",
        "--data",
        data.to_str().unwrap(),
        "--key-file",
        &root_key,
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
        "--admin-listen",
        &admin.to_string(),
    ];
    let mut process = place.spawn(&arguments, &[]);
    let mut address = None;
    wait(|| {
        let out = place.read("out");
        address = out.split_once("listens on ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        address.is_some() || !process.is_running()
    });
    let address: SocketAddr = address.unwrap_or_else(|| panic!("it does not start: {}", place.printed()));
    assert!(place.read("out").contains("No merchant exists yet: tollgate merchant create"), "{}", place.read("out"));

    let both = [&rustls::version::TLS12, &rustls::version::TLS13];
    let get = |path: &str| over_tls(address, &cert, &both, &request("GET", path, &[], b"")).unwrap();
    for version in both {
        let ready = over_tls(address, &cert, &[version], &request("GET", "/readyz", &[], b"")).unwrap();
        assert_eq!(200, ready.status, "{version:?}");
    }
    // Plain HTTP gets no answer where cards are posted.
    assert!(exchange(address, &request("GET", "/readyz", &[], b"")).is_err());

    for path in [
        "/sandbox/clock",
        "/sandbox/merchants",
        "/sandbox/acquirer/transactions",
        "/sandbox/mail",
        "/sandbox/",
        "/metrics",
        "/",
        "/demo",
        "/demo/",
    ] {
        assert_eq!(404, get(path).status, "{path}");
    }
    let metrics = exchange(admin, &request("GET", "/metrics", &[], b"")).unwrap();
    assert!(metrics.status == 200 && metrics.text().contains("tollgate_http_"), "{}", metrics.text());
    assert_eq!(404, exchange(admin, &request("GET", "/readyz", &[], b"")).unwrap().status, "only counts");

    assert!(!data.join("sandbox.json").exists() && !data.join("keys").exists(), "nothing is made up");
    assert_eq!(json!([]), place.administer(&["merchant", "list"]));
    let merchant = place.administer(&["merchant", "create", "--legal-name", "Tea Ltd"]);
    let id = merchant["merchant"].as_str().unwrap();
    let brand = place.administer(&["brand", "create", "--merchant", id, "--name", "Tea"]);
    let key = |mode: &str| {
        let made = place.administer(&["key", "create", "--merchant", id, "--mode", mode]);
        format!("Bearer {}", made["secret"].as_str().unwrap())
    };
    let call = |bearer: &str, path: &str, body: &Value| {
        let headers = [("authorization", bearer), ("content-type", "application/json")];
        let bytes = request("POST", &format!("/api/v1/purchases/{path}"), &headers, body.to_string().as_bytes());
        over_tls(address, &cert, &both, &bytes).unwrap()
    };
    let order = json!({
        "brand_id": brand["brand"],
        "client": { "email": "ada@example.com" },
        "purchase": { "products": [{ "name": "Tea", "price": 450 }] },
        "send_receipt": true,
    });
    let (test, live) = (key("test"), key("live"));
    let made = call(&test, "", &order);
    assert_eq!(201, made.status, "{}", made.text());
    let link = made.json()["checkout_url"].as_str().unwrap().to_owned();
    let path = link.strip_prefix("https://localhost").unwrap_or_else(|| panic!("links are public: {link}"));
    let page = get(path);
    assert_eq!(200, page.status);
    assert!(page.header("strict-transport-security").is_some(), "{:?}", page.headers);
    assert_eq!(400, call(&live, "", &order).status, "no acquirer is configured, so no live method exists");
    // No mail server is configured, and nothing is pretended.
    let purchase = made.json()["id"].as_str().unwrap().to_owned();
    let mailed = call(&test, &format!("{purchase}/resend_invoice/"), &json!({}));
    assert!(mailed.status == 400 && mailed.text().contains("purchase_resend_invoice_error"), "{}", mailed.text());
    assert_eq!(200, call(&test, &format!("{purchase}/mark_as_paid/"), &json!({})).status);

    process.terminate();
    assert_eq!(0, process.ended(), "{}", place.printed());
    let books = rusqlite::Connection::open(data.join("tollgate.db")).unwrap();
    let told: u32 = books.query_row("select count(*) from deliveries", [], |row| row.get(0)).unwrap();
    assert_eq!(0, told, "no receipt waits for a mail server to come");
    drop(books);
    // Administration without the server needs the key again.
    let list = ["merchant", "list", "--json", "--data", data.to_str().unwrap()];
    assert_eq!(2, place.run(&list, &[]).0);
    let (code, out, err) = place.run(&[&list[..], &["--key-file", &root_key]].concat(), &[]);
    assert!(code == 0 && out.contains("Tea Ltd"), "{out}{err}");
}
