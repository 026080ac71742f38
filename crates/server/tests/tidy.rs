//! What holds of the tree itself: an absence is an invariant too. Who leans on whom, where time and chance come from,
//! who may look at a card number, which numbers may be written down, and that the list of security tests is true.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The crates of the house, and whom of each other they lean on (design 2). The binary `bench` leans on whom it likes.
const HOUSE: [(&str, &[&str]); 15] = [
    ("domain", &[]),
    // It knows paper and fonts, and nothing of payments.
    ("paper", &[]),
    // It judges the others: nothing of theirs is in it (security X4).
    ("auditor", &[]),
    ("env", &["domain"]),
    ("acquirer", &["domain", "env"]),
    ("store", &["domain"]),
    ("engine", &["domain", "env", "acquirer", "store"]),
    ("tollgate-http", &["domain", "env"]),
    ("purchases", &["domain", "env", "engine", "tollgate-http"]),
    ("orchestration", &["domain", "env", "engine", "tollgate-http"]),
    ("card-payments", &["domain", "env", "engine", "tollgate-http"]),
    ("checkout", &["domain", "env", "engine", "tollgate-http", "paper"]),
    // A merchant's server: it knows the gateway by its addresses only.
    ("demo", &["env", "tollgate-http"]),
    ("simulation", &["domain", "env", "acquirer", "store", "engine", "tollgate-http", "auditor"]),
    (
        "server",
        &[
            "domain",
            "env",
            "acquirer",
            "store",
            "engine",
            "tollgate-http",
            "purchases",
            "orchestration",
            "card-payments",
            "checkout",
            "demo",
            "simulation",
        ],
    ),
];

const LINES_MAX: usize = 900;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(program).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every text file of the project, with its path from the root. What is generated is not looked into.
fn texts() -> Vec<(String, String)> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let generated = ["target", ".git", "tollgate-data", "browser/node_modules", "browser/screenshots"];
            if generated.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                walk(&path, root, found);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                found.push((name, text));
            }
        }
    }
    let (mut found, root) = (vec![], root());
    walk(&root, &root, &mut found);
    assert!(found.len() > 100, "{} files: the tree was not found", found.len());
    found.sort();
    found
}

/// The program's own code: what stands in `src`, up to the tests of each file.
fn product() -> Vec<(String, String)> {
    let sources = texts().into_iter().filter(|(path, _)| {
        let is_test = path.ends_with("/tests.rs") || path.contains("/src/tests/");
        path.starts_with("crates/") && path.contains("/src/") && path.ends_with(".rs") && !is_test
    });
    let until_tests = |text: String| text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    sources.map(|(path, text)| (path, until_tests(text))).collect()
}

/// Direct dependencies by crate: `(name, is it for tests or builds only)`.
fn dependencies() -> BTreeMap<String, Vec<(String, bool)>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"]))
            .unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let all = package["dependencies"].as_array().unwrap();
            (text(&package["name"]), all.iter().map(|d| (text(&d["name"]), !d["kind"].is_null())).collect())
        })
        .collect()
}

#[test]
fn dependencies_go_one_way() {
    let crates = dependencies();
    let house: BTreeSet<&str> = HOUSE.iter().map(|(name, _)| *name).chain(["bench"]).collect();
    for (name, all) in &crates {
        assert!(house.contains(name.as_str()), "{name} is no crate of the design");
        let Some((_, allowed)) = HOUSE.iter().find(|(known, _)| known == name) else { continue };
        for (dependency, is_for_tests) in all {
            let ours = house.contains(dependency.as_str());
            assert!(
                !ours || *is_for_tests || allowed.contains(&dependency.as_str()),
                "{name} must not lean on {dependency}"
            );
        }
    }
    for needed in ["domain", "env", "acquirer", "store", "engine", "tollgate-http", "purchases", "checkout", "server"] {
        assert!(crates.contains_key(needed), "{needed} is gone");
    }
}

#[test]
fn the_domain_has_no_runtime_no_wire_and_no_database() {
    let tree = cargo(&["tree", "-p", "domain", "-e", "normal", "--prefix", "none", "--offline", "--locked"]);
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("domain") && names.contains("zeroize"), "{names:?}");
    let strangers = [
        "tokio",
        "hyper",
        "axum",
        "serde",
        "serde_json",
        "rusqlite",
        "redb",
        "tracing",
        "aws-lc-rs",
        "rand",
        "getrandom",
    ];
    for stranger in strangers {
        assert!(!names.contains(stranger), "domain has grown {stranger}");
    }
}

#[test]
fn each_outer_thing_is_known_to_those_it_concerns() {
    let crates = dependencies();
    for (thing, knowing) in [
        ("rusqlite", &["store", "auditor"][..]),
        ("redb", &["acquirer"]),
        (
            "axum",
            &[
                "tollgate-http",
                "purchases",
                "orchestration",
                "card-payments",
                "checkout",
                "demo",
                "server",
                "simulation",
            ],
        ),
        // The engine makes a mail's HTML of the words it is handed.
        ("askama", &["engine", "checkout", "demo", "server"]),
        ("clap", &["server"]),
        ("krilla", &["paper"]),
        ("utoipa", &["tollgate-http", "purchases", "orchestration", "card-payments", "server"]),
    ] {
        for (name, all) in &crates {
            let leans = all.iter().any(|(dependency, is_for_tests)| dependency == thing && !is_for_tests);
            assert!(!leans || knowing.contains(&name.as_str()) || name == "bench", "{name} must not know {thing}");
        }
    }
}

#[test]
fn time_and_chance_come_from_env_only() {
    let sources = ["SystemTime::now", "Instant::now", "SystemRandom", "getrandom", "Uuid::new_v4", "Uuid::now_v7"];
    // The interface of RSA wants a source of chance; this way of signing does not draw from it.
    let excepted =
        [("crates/engine/src/signing.rs", "SystemRandom"), ("crates/bench/src/deliveries.rs", "SystemRandom")];
    for (path, text) in product() {
        for source in sources {
            let is_excepted = path.starts_with("crates/env/src/") || excepted.contains(&(&path, source));
            assert!(is_excepted || !text.contains(source), "{path} uses {source}");
        }
    }
}

/// Whoever looks at the digits of a card or a code is named here (security P3, V6).
#[test]
fn few_may_look_at_a_card() {
    let expected = BTreeSet::from([
        "crates/acquirer/src/test_acquirer/cards.rs", // the issuer's script
        "crates/acquirer/src/test_acquirer/wire.rs",  // the acquirer's request
        "crates/checkout/src/form.rs",                // the length of a code
        "crates/domain/src/card.rs",                  // the mask
        "crates/engine/src/gift_cards.rs",            // a gift card's number, for the acquirer and the seal
        "crates/engine/src/payments.rs",              // the keyed fingerprint
        "crates/engine/src/risk.rs",                  // what tries are counted by
        "crates/engine/src/tenders.rs",               // a gift card's number, for the acquirer
        "crates/engine/src/vault.rs",                 // the seal
    ]);
    let product = product();
    let found = product.iter().filter(|(_, text)| text.contains(".expose()")).map(|(path, _)| path.as_str());
    assert_eq!(expected, found.collect(), "left: who may; right: who does");
}

#[test]
fn only_the_command_line_prints_and_logs_name_no_secret() {
    let printing = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    for (path, text) in product() {
        let may_print = ["crates/server/src/run.rs", "crates/server/src/simulate.rs"].contains(&path.as_str())
            || path.starts_with("crates/bench/src/");
        for word in printing {
            assert!(may_print || !text.contains(word), "{path} prints");
        }
        for (at, line) in text.lines().enumerate() {
            let is_log = ["tracing::", "info!(", "warn!(", "error!(", "debug!("].iter().any(|word| line.contains(word));
            for secret in ["expose", "secret_key", "control_token", "authorization", "root_key", "cvc"] {
                assert!(!is_log || !line.contains(secret), "{path}:{}: {line}", at + 1);
            }
        }
    }
}

#[test]
fn files_are_not_too_long_and_crates_say_what_they_are() {
    for (path, text) in product() {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{path} has {lines} lines; at most {LINES_MAX}");
        if path.ends_with("/src/lib.rs") {
            assert!(text.starts_with("//! "), "{path} does not say what the crate is");
        }
    }
}

/// What one machine has and another has not, and what a tool left behind.
#[test]
fn nothing_of_one_machine_is_in_the_tree() {
    let mut unwanted: Vec<String> = ["work", "root", "home", "Users", "mnt"].map(|name| format!("/{name}/")).to_vec();
    unwanted.extend(["index", "static"].map(|host| format!("{host}.crates.io")));
    unwanted.extend(["registry.npmjs", "pypi", "files.pythonhosted"].map(|host| format!("{host}.org")));
    for (path, text) in texts() {
        assert!(!path.ends_with(".pending-snap") && !path.ends_with(".snap.new"), "{path} is a tool's leftover");
        if path == "Cargo.lock" {
            let sources: BTreeSet<&str> = text.lines().filter(|line| line.starts_with("source = ")).collect();
            let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
            assert_eq!(BTreeSet::from([public]), sources);
            continue;
        }
        for (at, line) in text.lines().enumerate() {
            // A page of an API may have such a path after its host.
            let words =
                line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | '<' | '>'));
            for word in words {
                let named = unwanted.iter().find(|text| {
                    if text.starts_with('/') { word.starts_with(text.as_str()) } else { word.contains(text.as_str()) }
                });
                assert!(named.is_none(), "{path}:{}: {word}", at + 1);
            }
        }
    }
}

/// The beginnings of the grammar of test cards (checkout-ux 20) and the numbers beside it.
const TEST_CARDS: [&str; 39] = [
    "40000099",
    "40000097",
    "40000098",
    "52000099",
    "52000098",
    "22230099",
    "340099",
    "360099",
    "60110099",
    "35300099",
    "62000099",
    "67000099",
    "4444333322221111",
    "5555555555554444",
    // card-payments-api 6
    "4111111111111111",
    "4000000000010001",
    "5200000000010006",
    "378282246310005",
    "4000000000020000",
    "4000000000020018",
    "4000000000020026",
    "4000000000020034",
    "4000000000030009",
    "4000000000030017",
    "4000000000040008",
    "4000000000050007",
    "4000000000050015",
    "4000000000060006",
    "4000000000070005",
    "5200000000070000",
    "4000000000070013",
    // orchestration-api 8.4
    "4916994064252017",
    "4000000000003220",
    "4000000000000002",
    "4000000000009995",
    "4000000000000069",
    "4000000000000119",
    "60000000", // gift cards
    "60010000",
];

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|digit| u32::from(digit - b'0'))
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit) {
            (0, digit) => digit,
            (_, 0..=4) => digit * 2,
            (_, digit) => digit * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Runs of 13 to 19 digits that stand alone, single spaces and hyphens between them allowed. UUIDs, hashes and
/// versions are no such runs: letters, dots or underscores touch them, or hyphens make a UUID of them.
fn runs(line: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    let is_uuid = |word: &str| {
        let lengths: Vec<usize> = word.split('-').map(str::len).collect();
        lengths == [8, 4, 4, 4, 12]
    };
    let mut found = vec![];
    for stretch in line.split(|c| !is_part(c)) {
        let mut digits = String::new();
        for word in stretch.split(' ').map(|word| word.trim_matches('.')).chain([""]) {
            let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            if is_number && !is_uuid(word) {
                digits.extend(word.chars().filter(char::is_ascii_digit));
            } else {
                found.push(std::mem::take(&mut digits));
            }
        }
    }
    found.retain(|digits| (13..=19).contains(&digits.len()));
    found
}

/// A real card number in the tree is a leak and a licence to use it in tests. Write other long numbers with
/// underscores.
#[test]
fn only_test_cards_are_written_down() {
    let mut seen = 0;
    for (path, text) in texts() {
        if path.ends_with(".lock") || path.ends_with("package-lock.json") {
            continue;
        }
        for (at, line) in text.lines().enumerate() {
            for digits in runs(line).iter().filter(|digits| luhn(digits)) {
                let is_known = TEST_CARDS.iter().any(|card| digits.starts_with(card));
                // No brand's numbers begin with a 9; those of 64 bits do.
                let is_none = digits.starts_with('9') || digits.bytes().all(|digit| digit == b'0');
                assert!(is_known || is_none, "{path}:{}: {digits} is no test card", at + 1);
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen}: the cards of the tests were not found");
}

/// A key's secret has 43 characters of the alphabet and a checksum: whoever pastes one here has leaked it.
#[test]
fn no_key_is_written_down() {
    for (path, text) in texts() {
        for scheme in ["sk_test_", "sk_live_", "whsec_"] {
            for (at, _) in text.match_indices(scheme) {
                let length = text[at + scheme.len()..].bytes().take_while(u8::is_ascii_alphanumeric).count();
                assert!(length < 43, "{path} holds a key that begins with {}", &text[at..at + scheme.len() + 4]);
            }
        }
        let header = ["-----BEGIN ", "PRIVATE KEY-----"].concat();
        let rsa = ["-----BEGIN RSA ", "PRIVATE KEY-----"].concat();
        assert!(!text.contains(&header) && !text.contains(&rsa), "{path} holds a private key");
    }
}

#[test]
fn runs_are_found_as_people_write_them() {
    let number = TEST_CARDS[12];
    for line in
        [number.to_owned(), format!("(\"{number}\")"), "4444 3333 2222 1111, and".into(), "4444-3333-2222-1111".into()]
    {
        assert_eq!(vec![number.to_owned()], runs(&line), "{line}");
    }
    for line in
        ["4444333a3222211111", "1.4444333322221111", "3f0c0a2e-1111-4111-8111-111111111111", "4444_3333_2222_1111"]
    {
        assert!(runs(line).is_empty(), "{line}");
    }
}

/// The items of the requirements, by letter and how many there are.
const REQUIREMENTS: [(&str, usize); 13] = [
    ("P", 10),
    ("V", 7),
    ("K", 4),
    ("I", 3),
    ("S", 4),
    ("W", 4),
    ("B", 9),
    ("R", 5),
    ("T", 6),
    ("D", 6),
    ("C", 3),
    ("X", 5),
    ("U", 9),
];

/// `defects/run` makes each of them in a copy; here it is seen soon that one does not fit the code any more.
#[test]
fn every_defect_changes_a_text_that_stands_once() {
    let list: toml::Table = std::fs::read_to_string(root().join("defects/defects.toml")).unwrap().parse().unwrap();
    let defects = list["defect"].as_array().unwrap();
    assert!(defects.len() >= 30, "{} are left", defects.len());
    for defect in defects {
        let text = |name: &str| defect[name].as_str().unwrap();
        let source = std::fs::read_to_string(root().join(text("file"))).unwrap();
        let count = source.matches(text("find")).count();
        assert_eq!(1, count, "{}: {} in {}", text("name"), text("find"), text("file"));
        assert!(text("replace").contains("DEFECT"), "{} would always be made", text("name"));
    }
}

#[test]
fn every_security_requirement_names_its_tests_and_they_exist() {
    let text = std::fs::read_to_string(root().join("docs/security.md")).unwrap();
    let rows: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| line.starts_with("| SEC-"))
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|');
            (cells.next().unwrap().trim(), cells.next_back().unwrap().trim())
        })
        .collect();
    let expected: Vec<String> = REQUIREMENTS
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("SEC-{letter}{number}")))
        .collect();
    assert_eq!(expected, rows.iter().map(|(id, _)| *id).collect::<Vec<_>>(), "left: what must be there, in order");

    for (id, cell) in rows {
        let tests: Vec<&str> = cell.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
        assert!(!tests.is_empty() || cell.contains("not yet: "), "{id} has neither a test nor says what is missing");
        for name in tests {
            let (path, test) = name.split_once("::").unwrap();
            let source =
                std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{id}: {path}: {error}"));
            let exists = if path.ends_with(".mjs") {
                source.contains(&format!("test(\"{test}\""))
            } else {
                is_a_test(&source, test)
            };
            assert!(exists, "{id}: there is no test {test} in {path}");
        }
    }
}

/// What a dialect's page says is tested is: each test by its path, or by its module and name.
#[test]
fn every_test_that_the_page_of_a_dialect_names_exists() {
    let sources: Vec<(String, String)> = texts().into_iter().filter(|(path, _)| path.ends_with(".rs")).collect();
    for page in ["docs/purchases.md", "docs/card-payments.md", "docs/orchestration.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let cells = text.lines().filter_map(|line| line.trim_end_matches('|').rsplit_once('|')).map(|(_, cell)| cell);
        let named = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter_map(|name| name.rsplit_once("::"));
        let named: Vec<(String, &str)> = named
            .map(|(module, test)| (module.trim_end_matches(".rs").trim_end_matches("/tests").replace("::", "/"), test))
            .collect();
        assert!(named.len() > 50, "{page} names {}", named.len());
        for (module, test) in named {
            let files = [format!("{module}.rs"), format!("{module}/tests.rs")];
            let mut places = sources.iter().filter(|(path, _)| {
                files.iter().any(|file| {
                    path.strip_suffix(file.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
                })
            });
            assert!(places.any(|(_, source)| is_a_test(source, test)), "{page}: there is no test {module}::{test}");
        }
    }
}

/// Whether a function of this name stands below a test attribute.
fn is_a_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let at = lines
        .iter()
        .position(|line| line.split("fn ").nth(1).is_some_and(|rest| rest.starts_with(&format!("{name}("))));
    at.is_some_and(|at| {
        let attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        attributes.into_iter().any(|line| line.starts_with("#[test") || line.starts_with("#[tokio::test"))
    })
}

/// Whether a type implements a trait: the bound picks the inherent constant, which goes before the trait's.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        #[allow(dead_code, reason = "where the bound holds, nobody asks it")]
        trait Otherwise {
            const ANSWER: bool = false;
        }
        impl<T> Otherwise for T {}
        #[allow(dead_code, reason = "it is there for its constant")]
        struct Asked<T>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "the point is that it may not apply")]
        impl<T: $($bound)+> Asked<T> {
            const ANSWER: bool = true;
        }
        <Asked<$type>>::ANSWER
    }};
}

/// Secrets cannot be written out by accident (security P1, V5); `domain` itself asks about copies.
#[test]
fn secrets_cannot_be_serialized() {
    assert!(implements!(String: serde::Serialize) && implements!(String: Display) && implements!(String: Debug));
    assert!(!implements!(domain::Pan: serde::Serialize) && !implements!(domain::Cvc: serde::Serialize));
    assert!(!implements!(engine::CardEntry: serde::Serialize) && !implements!(engine::CardEntry: Clone));
    assert!(!implements!(engine::RootKey: serde::Serialize) && !implements!(engine::RootKey: Clone));
    assert!(!implements!(engine::RootKey: Display) && !implements!(engine::RootKey: Debug));
}
