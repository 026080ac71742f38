//! Mail to payers: written whole into an outbox folder, one file per mail, named after its notification, so that a
//! repeat after a crash replaces it. A sandbox has an outbox; a mail server can not be configured yet.

use std::io::Write;
use std::path::{Path, PathBuf};

use domain::DeliveryId;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::{Address, Message};

/// A mail as a dialect words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Whose name it bears.
    pub from: String,
    /// The payer.
    pub to: String,
    /// Who else gets it, and is seen to.
    pub cc: Vec<String>,
    /// Who else gets it.
    pub bcc: Vec<String>,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// Why a mail was not written.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Not an address, or a line that is none.
    #[error("the mail cannot be addressed: {0}")]
    Address(String),
    /// The folder.
    #[error("the outbox cannot be written")]
    Outbox(#[from] std::io::Error),
}

/// Whether mail can be addressed so.
#[must_use]
pub fn is_mail_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// The mail as it goes over the wire.
pub(crate) fn compose(letter: &Letter, domain: &str) -> Result<String, MailError> {
    let wrong = |error: &dyn std::error::Error| MailError::Address(error.to_string());
    let sender: Address = format!("no-reply@{domain}").parse().map_err(|error| wrong(&error))?;
    let mailbox = |text: &String| -> Result<Mailbox, MailError> {
        Ok(Mailbox::new(None, text.parse().map_err(|error: lettre::address::AddressError| wrong(&error))?))
    };
    let mut builder: MessageBuilder = Message::builder()
        .from(Mailbox::new(Some(letter.from.clone()), sender))
        .to(mailbox(&letter.to)?)
        .subject(letter.subject.clone())
        .header(ContentType::TEXT_PLAIN)
        .keep_bcc();
    for address in &letter.cc {
        builder = builder.cc(mailbox(address)?);
    }
    for address in &letter.bcc {
        builder = builder.bcc(mailbox(address)?);
    }
    let message = builder.body(letter.text.clone()).map_err(|error| wrong(&error))?;
    String::from_utf8(message.formatted()).map_err(|error| wrong(&error))
}

/// Writes a mail into the outbox, whole or not at all.
pub(crate) fn post(outbox: &Path, id: DeliveryId, mail: &str) -> Result<(), MailError> {
    std::fs::create_dir_all(outbox)?;
    let (path, draft): (PathBuf, PathBuf) = (outbox.join(format!("{id}.eml")), outbox.join(format!("{id}.new")));
    let mut file = std::fs::File::create(&draft)?;
    file.write_all(mail.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(draft, path)?;
    // Its name survives a power cut too.
    std::fs::File::open(outbox)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(subject: &str) -> Letter {
        Letter {
            from: "Tea".into(),
            to: "ada@example.com".into(),
            cc: vec!["boss@example.com".into()],
            bcc: vec!["books@example.com".into()],
            subject: subject.into(),
            text: "Please pay RM 52.00.\n".into(),
        }
    }

    #[test]
    fn a_mail_has_its_addresses_and_one_subject() {
        let mail = compose(&letter("Invoice 7"), "pay.example.com").expect("composed");
        for line in [
            "From: Tea <no-reply@pay.example.com>",
            "To: ada@example.com",
            "Cc: boss@example.com",
            "Bcc: books@example.com",
            "Subject: Invoice 7",
        ] {
            assert!(mail.lines().any(|have| have == line), "{line} in {mail}");
        }
        let hostile = compose(&letter("Invoice\r\nBcc: eve@example.com"), "pay.example.com").expect("composed");
        assert!(!hostile.lines().any(|line| line.starts_with("Bcc: eve")), "{hostile}");
        let wrong = Letter { to: "ada".into(), ..letter("x") };
        assert!(compose(&wrong, "pay.example.com").is_err());
    }
}
