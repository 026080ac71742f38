//! What may be told about a payment from outside: the acquirer's own book.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::gateway::Gateway;

/// What the acquirer did under one reference.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Booked {
    pub(crate) authorized: u32,
    pub(crate) captured: u32,
    pub(crate) undone: u32,
}

/// The approved lines of the acquirer's book, by reference.
pub(crate) fn book(gateway: &Gateway<'_>) -> BTreeMap<String, Booked> {
    let lines = gateway.control("GET", "/acquirer/transactions", &Value::Null);
    let mut book: BTreeMap<String, Booked> = BTreeMap::new();
    for line in lines.as_array().unwrap() {
        if line["outcome"] != "approved" {
            continue;
        }
        let booked = book.entry(line["reference"].as_str().unwrap().to_owned()).or_default();
        match line["kind"].as_str().unwrap() {
            "authorize" => booked.authorized += 1,
            "capture" => booked.captured += 1,
            "void" | "reversal" => booked.undone += 1,
            other => panic!("an unexpected line: {other}"),
        }
    }
    book
}

/// How many payments the acquirer took money for and did not give it back. Nothing is taken twice.
pub(crate) fn taken(gateway: &Gateway<'_>) -> usize {
    let book = book(gateway);
    for (reference, booked) in &book {
        assert!(booked.authorized <= 1 && booked.captured <= 1, "{reference}: {booked:?}");
    }
    book.values().filter(|booked| booked.captured == 1 && booked.undone == 0).count()
}
