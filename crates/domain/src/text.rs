//! Text that may hold what it should not.

use crate::card::luhn;

/// The text with every run of 13 to 19 digits that passes the Luhn check masked to its last four, spaces and hyphens
/// between the digits allowed. For log lines, pages and mail (security T4).
#[must_use]
pub fn mask_numbers(text: &str) -> std::borrow::Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut masked: Option<Vec<u8>> = None;
    let mut start = 0;
    while start < bytes.len() {
        if !bytes[start].is_ascii_digit() {
            start += 1;
            continue;
        }
        // A run: digits, with at most one space or hyphen between two of them.
        let mut digits = Vec::new();
        let mut end = start;
        while end < bytes.len() {
            if bytes[end].is_ascii_digit() {
                digits.push(end);
                end += 1;
            } else if matches!(bytes[end], b' ' | b'-') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
                end += 1;
            } else {
                break;
            }
        }
        for found in card_numbers(bytes, &digits) {
            let out = masked.get_or_insert_with(|| bytes.to_vec());
            for &at in &found[..found.len() - 4] {
                out[at] = b'*';
            }
        }
        start = end.max(start + 1);
    }
    match masked {
        // Only ASCII digits were replaced by ASCII stars, so it is still UTF-8.
        Some(bytes) => String::from_utf8(bytes).unwrap_or_default().into(),
        None => text.into(),
    }
}

/// The stretches of a run of digits that could be a card number: any window of 13 to 19 digits that passes Luhn,
/// longest first, so that a number hidden between other digits is found too.
fn card_numbers<'a>(bytes: &[u8], digits: &'a [usize]) -> Vec<&'a [usize]> {
    let mut found = Vec::new();
    let mut from = 0;
    while from + 13 <= digits.len() {
        let window = (13..=19.min(digits.len() - from)).rev().map(|length| &digits[from..from + length]);
        match window.into_iter().find(|at| luhn(at.iter().map(|&at| bytes[at]))) {
            Some(at) => {
                // The last four stay readable, and may begin another.
                from += at.len() - 4;
                found.push(at);
            }
            None => from += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn card_numbers_are_masked_wherever_they_stand() {
        for (text, masked) in [
            ("nothing here", "nothing here"),
            ("4444333322221111", "************1111"),
            ("card 4444 3333 2222 1111, thanks", "card **** **** **** 1111, thanks"),
            ("4444-3333-2222-1111", "****-****-****-1111"),
            ("ref 12345678", "ref 12345678"),
            ("é4444333322221111é", "é************1111é"),
            ("4444333322221112", "4444333322221112"),
        ] {
            assert_eq!(masked, mask_numbers(text));
        }
    }

    #[test]
    fn a_number_between_other_digits_is_found() {
        let masked = mask_numbers("99994444333322221111000");
        assert!(!masked.contains("444433332222"), "{masked}");
    }

    proptest! {
        #[test]
        fn what_is_left_of_a_masked_number_is_part_of_no_other(digits in "[0-9]{13,40}") {
            let masked = mask_numbers(&digits);
            prop_assert_eq!(&masked, &mask_numbers(&masked));
        }
    }
}
