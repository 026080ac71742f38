//! The invoice as it is mailed to the payer (8.3): what it is for, until when, and where to pay. Merchants' and payers'
//! words go in with card numbers masked (security T4).

use std::fmt::Write as _;

use domain::{Checkout, Event, Payment, Recorded, mask_numbers};
use engine::Letter;
use jiff::tz::TimeZone;

use crate::document::PurchaseDocument;
use crate::view::Links;

/// The mail.
pub(crate) fn letter(
    checkout: &Checkout,
    document: &PurchaseDocument,
    payment: &Payment,
    history: &[Recorded],
    links: &Links,
) -> Letter {
    let customer = history
        .iter()
        .rev()
        .find_map(|recorded| match &recorded.event {
            Event::DetailsGiven(customer) => Some(&**customer),
            _ => None,
        })
        .unwrap_or(&checkout.customer);
    let (seller, reference) = (mask_numbers(&checkout.seller), mask_numbers(&checkout.reference));
    let amount = payment.terms.amount;
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{seller} asks you to pay {amount}.\n");
    if !document.email_message.is_empty() {
        let _ = writeln!(text, "{}\n", mask_numbers(&document.email_message));
    }
    for line in &checkout.lines {
        let _ = writeln!(text, "  {}", mask_numbers(&line.name));
    }
    let _ = writeln!(text, "\nReference: {reference}");
    if let Some(due) = payment.terms.due {
        let zone = TimeZone::get(&checkout.time_zone).unwrap_or(TimeZone::UTC);
        if let Ok(at) = jiff::Timestamp::from_second(due.at.seconds()) {
            let at = at.to_zoned(zone);
            let _ = writeln!(text, "Payable until {} ({})", at.strftime("%H:%M, %-d %B %Y"), checkout.time_zone);
        }
    }
    let page = format!("{}/p/{}/", links.public_url.trim_end_matches('/'), checkout.id);
    let _ = writeln!(text, "\nPay here: {page}\nInvoice: {page}invoice/");
    Letter {
        from: one_line(&seller),
        to: customer.email.clone(),
        cc: checkout.customer.cc.clone(),
        bcc: checkout.customer.bcc.clone(),
        subject: one_line(&format!("Invoice {reference} from {seller}: {amount}")),
        text,
    }
}

/// Without line breaks and other controls.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
