//! L1, L2, L11 and L12: the chain of the journal, and postings that are those of their events and sum to the balances.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Uuid;

use crate::books::{BalanceName, Books, JournalRow, PostingRow};
use crate::story::{self, Amount, Meaning};
use crate::{Stories, Verdict};

pub(crate) fn check(books: &Books, stories: &Stories<'_>, verdict: &mut Verdict) {
    chains(books, verdict);
    rows(books, stories, verdict);
    sums(books, verdict);
}

/// L2: each row's hash is that of the merchant's row before it and its own, and each chain ends where it was left.
fn chains(books: &Books, verdict: &mut Verdict) {
    let mut ends: BTreeMap<Uuid, (i64, Vec<u8>)> = BTreeMap::new();
    for row in &books.journal {
        let before = ends.get(&row.merchant).map_or(vec![0; 32], |(_, hash)| hash.clone());
        if chained(&before, row) != row.hash {
            verdict.broke(format!(
                "L2: journal row {} (payment {}, version {}) does not follow from the row before it in the chain of merchant {}",
                row.position, row.payment, row.version, row.merchant
            ));
        }
        ends.insert(row.merchant, (row.position, row.hash.clone()));
    }
    for (merchant, head) in &books.heads {
        if ends.remove(merchant).as_ref() != Some(head) {
            verdict
                .broke(format!("L2: the chain of merchant {merchant} was left at row {} and ends elsewhere", head.0));
        }
    }
    for merchant in ends.keys() {
        verdict.broke(format!("L2: nobody wrote down where the chain of merchant {merchant} ends"));
    }
}

fn chained(before: &[u8], row: &JournalRow) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    context.update(before);
    context.update(row.merchant.as_bytes());
    context.update(row.mode.as_bytes());
    context.update(row.payment.as_bytes());
    context.update(&u32::try_from(row.version).unwrap_or(0).to_be_bytes());
    context.update(&row.at.to_be_bytes());
    context.update(row.event.as_bytes());
    context.finish().as_ref().to_vec()
}

/// L1, L2 and L12 row by row.
fn rows(books: &Books, stories: &Stories<'_>, verdict: &mut Verdict) {
    let mut written: BTreeMap<i64, &[PostingRow]> =
        books.postings.iter().map(|(position, postings)| (*position, postings.as_slice())).collect();
    for row in &books.journal {
        let postings = written.remove(&row.position).unwrap_or_default();
        let name = format!("journal row {} (payment {}, version {})", row.position, row.payment, row.version);
        let mut totals: BTreeMap<(&str, &str), i128> = BTreeMap::new();
        for PostingRow { currency, account: _, layer, amount } in postings {
            *totals.entry((currency, layer)).or_default() += i128::from(*amount);
        }
        for ((currency, layer), total) in totals {
            if total != 0 {
                verdict.broke(format!("L1: the {layer} postings of {name} sum to {total} {currency}"));
            }
        }
        let Some(meaning) = story::meaning(&row.event) else { continue };
        if expected(&meaning) != postings {
            verdict.broke(format!("L2: the postings of {name} are not those of its event"));
        }
        let Some(payment) = stories.get(&row.payment).map(|story| story.payment) else { continue };
        if postings.iter().any(|posting| posting.currency != payment.currency) {
            verdict.broke(format!("L12: {name} has postings in another currency than {}", payment.currency));
        }
        if (row.merchant, &row.mode) != (payment.merchant, &payment.mode) {
            verdict.broke(format!("L12: {name} is another merchant's or mode's than its payment"));
        }
    }
    for position in written.keys() {
        verdict.broke(format!("L2: there are postings of journal row {position} and no such row"));
    }
}

/// The table of `docs/ledger.md`: of each event, what is debited and what is credited.
fn expected(meaning: &Meaning) -> Vec<PostingRow> {
    match meaning {
        Meaning::Authorized { amount, .. } => pair("pending", "acquirer", "merchant", amount),
        Meaning::Captured { amount, fee, .. } => [
            pair("pending", "merchant", "acquirer", amount),
            pair("posted", "acquirer", "merchant", amount),
            pair("posted", "fees_charged", "fees_earned", fee),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Meaning::Voided { amount, .. } | Meaning::Released { amount, .. } => {
            pair("pending", "merchant", "acquirer", amount)
        }
        Meaning::Refunded { amount, .. } => pair("posted", "refunded", "acquirer", amount),
        Meaning::ChargedBack { amount } => pair("posted", "disputed", "acquirer", amount),
        Meaning::ChargebackReversed { amount } => pair("posted", "acquirer", "disputed", amount),
        Meaning::Settled { amount } => pair("posted", "bank", "acquirer", amount),
        Meaning::MarkedPaid { amount } => pair("posted", "paid_elsewhere", "held_by_merchant", amount),
        Meaning::Opened { .. }
        | Meaning::TenderBegun { .. }
        | Meaning::TryBegun { .. }
        | Meaning::TryRefused { .. }
        | Meaning::Declined { .. }
        | Meaning::ReversalSent { .. }
        | Meaning::Reversed { .. }
        | Meaning::OperationBegun { .. }
        | Meaning::OperationFailed { .. }
        | Meaning::Cancelled
        | Meaning::Other => vec![],
    }
}

fn pair(layer: &str, debit: &str, credit: &str, amount: &Amount) -> Vec<PostingRow> {
    let posting = |account: &str, minor| PostingRow {
        currency: amount.currency.clone(),
        account: account.to_owned(),
        layer: layer.to_owned(),
        amount: minor,
    };
    if amount.minor == 0 { vec![] } else { vec![posting(debit, amount.minor), posting(credit, -amount.minor)] }
}

/// L1 in total, and L11.
fn sums(books: &Books, verdict: &mut Verdict) {
    let mut sums: BTreeMap<BalanceName, i128> = BTreeMap::new();
    let mut totals: BTreeMap<(Uuid, &str, &str, &str), i128> = BTreeMap::new();
    for row in &books.journal {
        for PostingRow { currency, account, layer, amount } in books.postings.get(&row.position).into_iter().flatten() {
            let name = (row.merchant, row.mode.clone(), currency.clone(), account.clone(), layer.clone());
            *sums.entry(name).or_default() += i128::from(*amount);
            *totals.entry((row.merchant, &row.mode, currency, layer)).or_default() += i128::from(*amount);
        }
    }
    for ((merchant, mode, currency, layer), total) in totals {
        if total != 0 {
            verdict
                .broke(format!("L1: all {layer} {currency} postings of merchant {merchant} ({mode}) sum to {total}"));
        }
    }
    for (name, balance) in &books.balances {
        let sum = sums.remove(name).unwrap_or(0);
        if sum != i128::from(*balance) {
            verdict
                .broke(format!("L11: the balance {} is {balance} and its postings sum to {sum}", balance_name(name)));
        }
    }
    for (name, sum) in sums {
        verdict.broke(format!("L11: the balance {} is missing and its postings sum to {sum}", balance_name(&name)));
    }
}

fn balance_name((merchant, mode, currency, account, layer): &BalanceName) -> String {
    format!("{layer} {account} of merchant {merchant} ({mode}, {currency})")
}
