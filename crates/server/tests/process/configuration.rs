//! What cannot be stops with exit 2 and names the field (design 6, security P4).

use std::net::TcpListener;

use crate::gateway::Place;

const KEY: &str = "8f1d3c5a7b9e0f2d4c6a8b1e3f5d7c9a0b2e4f6d8c1a3b5e7f9d0c2a4b6e8f13";
const OTHER_KEY: &str = "13f8e6b4a2c0d9f7e5b3a1c8d6f4e2b0a9c7d5f3e1b8a6c4d2f0e9b7a5c3d1f8";
const HTTPS: [&str; 2] = ["--public-url", "https://pay.example.com"];

/// `serve` must stop with exit 2, say `expected`, and never have listened.
fn refused(place: &Place, arguments: &[&str], variables: &[(&str, &str)], expected: &str) {
    let data = place.data();
    let mut all = vec!["serve"];
    if !arguments.contains(&"--data") && !variables.iter().any(|(name, _)| *name == "TOLLGATE_DATA") {
        all.extend(["--data", data.to_str().unwrap()]);
    }
    if !arguments.contains(&"--listen") && !variables.iter().any(|(name, _)| *name == "TOLLGATE_LISTEN") {
        all.extend(["--listen", "127.0.0.1:0"]);
    }
    all.extend(arguments);
    let (code, out, err) = place.run(&all, variables);
    assert_eq!(2, code, "{arguments:?} {variables:?}: {out}{err}");
    assert!(err.contains(expected), "{arguments:?} {variables:?} must say {expected:?}: {err}");
}

#[test]
fn going_live_needs_a_key_and_an_https_address() {
    let place = Place::new();
    let key_file = place.path().join("root.key");
    std::fs::write(&key_file, KEY).unwrap();
    let key_file = key_file.to_str().unwrap();
    refused(&place, &[], &[], "--key-file: ");
    refused(&place, &HTTPS, &[], "--key-file: ");
    refused(&place, &["--key-file", key_file], &[], "--public-url: ");
    refused(&place, &[], &[("TOLLGATE_KEY", KEY)], "--public-url: ");
    refused(&place, &["--public-url", "http://pay.example.com"], &[("TOLLGATE_KEY", KEY)], "--public-url: ");
    refused(&place, &["--sandbox=false"], &[], "--key-file: ");
    assert!(!place.data().join("tollgate.db").exists(), "nothing was made");
}

#[test]
fn bad_keys_do_not_start() {
    let place = Place::new();
    let file = place.path().join("root.key");
    let path = file.to_str().unwrap();
    let with_file = [&HTTPS[..], &["--key-file", path]].concat();
    refused(&place, &with_file, &[], "--key-file: ");
    let counted: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
    for (weak, said) in [
        ("", "64 hexadecimal digits"),
        ("8f1d3c5a", "64 hexadecimal digits"),
        (&KEY.replace('8', "x"), "64 hexadecimal digits"),
        (&"00".repeat(32), "not random"),
        (&"ab".repeat(32), "not random"),
        (&counted, "not random"),
    ] {
        std::fs::write(&file, weak).unwrap();
        refused(&place, &with_file, &[], "--key-file: ");
        refused(&place, &with_file, &[], said);
        if !weak.is_empty() {
            refused(&place, &HTTPS, &[("TOLLGATE_KEY", weak)], "TOLLGATE_KEY: ");
        }
    }
    let data = place.data();
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("root.key"), KEY).unwrap();
    let inside = data.join("root.key");
    refused(&place, &[&HTTPS[..], &["--key-file", inside.to_str().unwrap()]].concat(), &[], "--key-file: it lies in");
    // By another way to the same place.
    let link = place.path().join("link");
    std::os::unix::fs::symlink(&data, &link).unwrap();
    let around = link.join("root.key");
    refused(&place, &[&HTTPS[..], &["--key-file", around.to_str().unwrap()]].concat(), &[], "--key-file: it lies in");
}

#[test]
fn a_bad_value_names_its_field_wherever_it_stands() {
    let place = Place::new();
    let file = place.path().join("tollgate.toml");
    let config = ["--sandbox", "--config", file.to_str().unwrap()];
    for (flag, bad) in [
        ("listen", "nowhere"),
        ("public-url", "not an address"),
        ("data", "postgres://localhost/tollgate"),
        ("trusted-proxy", "10.0.0.0/99"),
        ("admin-listen", "127.0.0.1"),
        ("test-limits", "perhaps"),
        ("card-authorization-days", "31"),
        ("card-settlement-hours", "soon"),
        ("test-acquirer", "https://127.0.0.1:8090"),
        ("log-format", "xml"),
        ("log-level", "loud"),
        ("config", "/does/not/exist.toml"),
    ] {
        let flag = format!("--{flag}");
        refused(&place, &["--sandbox", &flag, bad], &[], &flag);
        let variable = flag.trim_start_matches('-').replace('-', "_");
        refused(&place, &["--sandbox"], &[(&format!("TOLLGATE_{}", variable.to_uppercase()), bad)], &flag);
        if flag == "--config" {
            continue;
        }
        let value = if flag == "--trusted-proxy" { format!("[\"{bad}\"]") } else { format!("\"{bad}\"") };
        std::fs::write(&file, format!("{variable} = {value}\n")).unwrap();
        // A flag wins over the file, so these two are left to it.
        let (data, listen) = (place.data(), "127.0.0.1:0");
        let mut arguments = vec!["serve"];
        arguments.extend(config);
        if flag != "--data" {
            arguments.extend(["--data", data.to_str().unwrap()]);
        }
        if flag != "--listen" {
            arguments.extend(["--listen", listen]);
        }
        let (code, out, err) = place.run(&arguments, &[]);
        assert_eq!(2, code, "{variable} in the file: {out}{err}");
        assert!(err.contains(&variable) || err.contains(&flag), "{variable} in the file: {err}");
    }
    refused(&place, &["--sandbox", "perhaps"], &[], "--sandbox");
    std::fs::write(&file, "listne = \"127.0.0.1:0\"\n").unwrap();
    refused(&place, &config, &[], "listne");
    std::fs::write(&file, "this is no TOML").unwrap();
    refused(&place, &config, &[], "tollgate.toml");
    refused(&place, &["--sandbox", "--no-such-option"], &[], "--no-such-option");
}

#[test]
fn a_test_acquirer_that_cannot_run_alone_says_why() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = place.data();
    let data = data.to_str().unwrap();
    for (arguments, expected) in [
        (["--listen", &address, "--data", data], format!("--listen: {address}")),
        (["--listen", "nowhere", "--data", data], "--listen".to_owned()),
        (["--listen", "127.0.0.1:0", "--book", data], "--book".to_owned()),
    ] {
        let (code, out, err) = place.run(&[&["test-acquirer"], &arguments[..]].concat(), &[]);
        assert_eq!(2, code, "{arguments:?}: {out}{err}");
        assert!(err.contains(&expected), "{arguments:?}: {err}");
    }
}

#[test]
fn certificate_and_key_come_together_and_fit() {
    let place = Place::new();
    let absent = place.path().join("absent.pem");
    let absent = absent.to_str().unwrap();
    refused(&place, &["--sandbox", "--tls-cert", absent], &[], "--tls-key: ");
    refused(&place, &["--sandbox", "--tls-key", absent], &[], "--tls-cert: ");
    refused(&place, &["--sandbox", "--tls-cert", absent, "--tls-key", absent], &[], "--tls-cert: ");
    let (cert, key) = crate::live::certificate(place.path());
    refused(&place, &["--sandbox", "--tls-cert", &cert, "--tls-key", &cert], &[], "--tls-key: ");
    let other = place.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let (_, foreign) = crate::live::certificate(&other);
    refused(&place, &["--sandbox", "--tls-cert", &cert, "--tls-key", &foreign], &[], "do not belong together");
    refused(&place, &["--sandbox", "--tls-cert", &key, "--tls-key", &key], &[], "--tls-cert");
}

#[test]
fn an_address_in_use_is_named() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&place, &["--sandbox", "--listen", &address], &[], &format!("--listen: {address}"));
    refused(&place, &["--sandbox", "--admin-listen", &address], &[], &format!("--admin-listen: {address}"));
}

#[test]
fn data_opens_with_its_own_key_only() {
    let place = Place::new();
    let gateway = place.start();
    let id = gateway.purchase(&gateway.order());
    gateway.stop();
    let file = place.path().join("other.key");
    std::fs::write(&file, OTHER_KEY).unwrap();
    refused(&place, &["--sandbox", "--key-file", file.to_str().unwrap()], &[], "--data: ");
    refused(&place, &["--sandbox"], &[("TOLLGATE_KEY", OTHER_KEY)], "--data: ");
    let data = place.data();
    let arguments = ["merchant", "list", "--data", data.to_str().unwrap()];
    let (code, _, err) = place.run(&arguments, &[("TOLLGATE_KEY", OTHER_KEY)]);
    assert_eq!(2, code, "{err}");
    let gateway = place.start();
    assert_eq!("created", gateway.status(&id), "and is unharmed");
}

#[test]
fn data_of_a_newer_program_is_left_alone() {
    let place = Place::new();
    place.start().stop();
    crate::audit::sql(&place, "update schema_version set version = version + 1");
    refused(&place, &["--sandbox"], &[], "--data: ");
    assert_eq!(2, place.audit().0);
    crate::audit::sql(&place, "update schema_version set version = version - 1");
    assert_eq!(0, place.audit().0);
}
