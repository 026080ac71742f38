//! A mail as it goes over the wire: headers, a text and the same in HTML.

use std::time::{Duration, SystemTime};

use domain::{DeliveryId, Timestamp};
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::{Letter, MailError, Sender, mailbox};

/// The most bytes of one mail (checkout-ux 19).
pub(crate) const MAIL_BYTES_MAX: usize = 100 * 1024;

/// The mail of a delivery: the same bytes whenever it is made.
pub(crate) fn compose(
    letter: &Letter,
    sender: &Sender,
    (id, at): (DeliveryId, Timestamp),
) -> Result<String, MailError> {
    let form = |error: &dyn std::error::Error| MailError::Form(error.to_string());
    let from = Some(one_line(&letter.from)).filter(|name| !name.trim().is_empty());
    let subject = one_line(&letter.subject);
    let domain = sender.domain();
    let mut builder = Message::builder()
        .from(Mailbox::new(from, sender.address.clone()))
        .to(mailbox(&letter.to)?)
        .subject(subject.clone())
        .message_id(Some(format!("<{id}@{domain}>")))
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(at.seconds().unsigned_abs()))
        // Nobody's holiday answers it (RFC 3834).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    for address in &letter.cc {
        builder = builder.cc(mailbox(address)?);
    }
    if sender.replies_to_seller && !letter.reply_to.is_empty() {
        builder = builder.reply_to(mailbox(&letter.reply_to)?);
    }
    // Neither encoding writes `=_`, so nobody's words are taken for the end of a part (RFC 2045 6.7).
    let parts = MultiPart::alternative().boundary(format!("=_{}", id.uuid().simple())).build();
    let part = |kind, body: String| {
        let part = SinglePart::builder().header(kind);
        // What is not ASCII is never sent as it is.
        let part = if body.is_ascii() { part.header(ContentTransferEncoding::QuotedPrintable) } else { part };
        part.body(body)
    };
    let parts = parts
        .singlepart(part(ContentType::TEXT_PLAIN, letter.sheet.text()))
        .singlepart(part(ContentType::TEXT_HTML, letter.sheet.html(&subject)));
    let message = builder.multipart(parts).map_err(|error| form(&error))?;
    let mail = String::from_utf8(message.formatted()).map_err(|error| form(&error))?;
    if mail.len() > MAIL_BYTES_MAX {
        return Err(MailError::Form(format!("it has {} bytes, more than {MAIL_BYTES_MAX}", mail.len())));
    }
    Ok(mail)
}

/// Without line breaks and other controls, and without what turns the direction of what stands beside it.
fn one_line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !turns(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders};
    use uuid::Uuid;

    use super::*;
    use crate::mail::Sheet;

    const AT: Timestamp = Timestamp::from_seconds(1_804_055_400);

    fn letter(words: &str) -> Letter {
        Letter {
            from: words.into(),
            to: "ada@example.com".into(),
            cc: vec!["boss@example.com".into()],
            reply_to: "tea@example.com".into(),
            subject: format!("Invoice from {words}"),
            sheet: Sheet {
                language: "en".into(),
                test_mark: "Test mode".into(),
                sender: words.into(),
                heading: format!("{words} asks you to pay"),
                paragraphs: vec![words.into()],
                facts: vec![("Reference".into(), words.into())],
                items: vec![(words.into(), "RM 1.00".into())],
                sums: vec![("Total".into(), "RM 1.00".into())],
                button: Some(("Pay RM 1.00".into(), "https://pay.example.com/p/1/".into())),
                link: Some(("Invoice".into(), "https://pay.example.com/p/1/invoice/".into())),
                footer: "Sent for Tea".into(),
                ..Sheet::default()
            },
        }
    }

    fn composed(letter: &Letter) -> String {
        let sender = Sender::of_host("https://pay.example.com").expect("an address");
        compose(letter, &sender, (DeliveryId::new(Uuid::from_u128(7)), AT)).expect("composed")
    }

    #[test]
    fn a_mail_is_the_same_bytes_whenever_it_is_made() {
        let mail = composed(&letter("Tea"));
        assert_eq!(mail, composed(&letter("Tea")));
        for line in [
            "From: Tea <no-reply@pay.example.com>",
            "To: ada@example.com",
            "Cc: boss@example.com",
            "Reply-To: tea@example.com",
            "Subject: Invoice from Tea",
            "Message-ID: <00000000-0000-0000-0000-000000000007@pay.example.com>",
            "Date: Wed, 03 Mar 2027 06:30:00 +0000",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert_eq!(1, mail.lines().filter(|have| *have == line).count(), "{line} in {mail}");
        }
        let held =
            Sender { replies_to_seller: false, ..Sender::of_host("https://pay.example.com").expect("an address") };
        let unanswered = compose(&letter("Tea"), &held, (DeliveryId::new(Uuid::from_u128(7)), AT)).expect("composed");
        assert!(!unanswered.contains("Reply-To"), "{unanswered}");
    }

    #[test]
    fn both_parts_say_the_same() {
        let mail = composed(&letter("Tea"));
        let parsed = MessageParser::default().parse(&mail).expect("a mail");
        let (text, html) = (parsed.body_text(0).expect("text"), parsed.body_html(0).expect("html"));
        let types: Vec<_> = parsed.parts.iter().filter_map(|part| part.content_type()?.subtype()).collect();
        assert_eq!(["alternative", "plain", "html"], types[..]);
        for words in [
            "Test mode",
            "Tea asks you to pay",
            "Reference",
            "RM 1.00",
            "Total",
            "Pay RM 1.00",
            "https://pay.example.com/p/1/",
            "https://pay.example.com/p/1/invoice/",
            "Sent for Tea",
        ] {
            assert!(text.contains(words) && html.contains(words), "{words} in {text} and {html}");
        }
        for alien in ["<script", "http-equiv", "<link", "<style", "url("] {
            assert!(!html.contains(alien), "{alien} in {html}");
        }
        assert!(!html.contains("<img"), "no picture without a logo");
    }

    #[test]
    fn nobodys_words_become_a_header_or_markup() {
        for hostile in [
            "Tea\r\nBcc: eve@example.com",
            "Tea\nBcc: eve@example.com",
            "Tea\r\n\r\n<script>alert(1)</script>",
            "Tea\u{2028}Bcc: eve@example.com",
            "\"Tea\" <eve@example.com>,",
            "Tea\u{0}\u{8}\u{1b}[31m",
            "=?utf-8?q?Tea=0d=0aBcc:_eve@example.com?=",
            "</td></table><img src=x onerror=alert(1)>",
            "' onmouseover='alert(1)",
            "\u{202e}moc.elpmaxe",
            "--=_00000000000000000000000000000007",
            "--=_00000000000000000000000000000007--\r\n\u{e9}",
            &"Tee ".repeat(200),
            &"\u{1f375}".repeat(300),
        ] {
            let mail = composed(&letter(hostile));
            assert!(mail.is_ascii() && !mail.replace("\r\n", "").contains(['\r', '\n']), "{hostile:?}: {mail}");
            let lines_are_short = mail.lines().all(|line| line.len() <= 998);
            assert!(lines_are_short, "{hostile:?}: {mail}");
            let parsed = MessageParser::default().parse(&mail).expect("a mail");
            let names: Vec<_> = parsed.headers().iter().map(|header| header.name().to_owned()).collect();
            let expected = [
                "From",
                "To",
                "Subject",
                "Message-ID",
                "Date",
                "Auto-Submitted",
                "Cc",
                "Reply-To",
                "MIME-Version",
                "Content-Type",
            ];
            assert_eq!(expected, names[..], "{hostile:?}: {mail}");
            let to: Vec<_> = parsed.to().expect("a recipient").iter().filter_map(|to| to.address()).collect();
            assert_eq!(["ada@example.com"], to[..], "{hostile:?}");
            let from = parsed.from().and_then(|from| from.first()).and_then(|from| from.address());
            assert_eq!(Some("no-reply@pay.example.com"), from, "{hostile:?}: {mail}");
            assert_eq!(3, parsed.parts.len(), "{hostile:?}: {mail}");
            let html = parsed.body_html(0).expect("html");
            assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("onmouseover='"), "{html}");
        }
        let wrong = Letter { to: "ada".into(), ..letter("Tea") };
        assert!(
            compose(&wrong, &Sender::of_host("").expect("an address"), (DeliveryId::new(Uuid::from_u128(7)), AT))
                .is_err()
        );
    }
}
