//! Mail: to payers, in words that the pages have for them, and to merchants of what concerns their servers and keys. A
//! letter is a delivery like any other, one for each recipient: its row decides that it is sent once. It is made whole at
//! the first try, and everything in it that is not said by the payment comes from the row (its id, its time), so that a
//! repeat after a crash is the same bytes under the same `Message-ID`.

mod compose;
mod outbox;
mod payers;
mod sheet;
mod smtp;

use std::path::PathBuf;

use domain::{Checkout, DeliveryId, Notice, Payment, Recorded};
use env::Env;
use lettre::Address;
use lettre::message::Mailbox;
use store::Brand;

pub(crate) use compose::compose;
pub(crate) use payers::recipients;
pub use sheet::{Row, Sheet};
pub use smtp::{MailTls, Smtp, SmtpError, SmtpSettings};

/// The most recipients of one letter beside its first.
pub const COPIES_MAX: usize = 10;

/// What stands in a mail, but for what its delivery says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Whose name it bears.
    pub from: String,
    /// Who gets it.
    pub to: String,
    /// Who else gets it, and is seen to.
    pub cc: Vec<String>,
    /// Where an answer goes; empty is nowhere else.
    pub reply_to: String,
    /// One line.
    pub subject: String,
    /// What it says.
    pub sheet: Sheet,
}

/// What a payer is mailed about.
pub struct Concern<'a> {
    /// What is to be paid.
    pub checkout: &'a Checkout,
    /// Its money side, right after the event that is told of.
    pub payment: &'a Payment,
    /// The payment's journal, up to that event.
    pub history: &'a [Recorded],
    /// What is told.
    pub notice: Notice,
    /// What the merchant adds in words of its own; may be empty.
    pub message: String,
    /// Whose pages it is paid on, as they look today.
    pub brand: Option<&'a Brand>,
}

/// Words what payers are mailed, in a language of theirs.
pub trait Letters: Send + Sync {
    /// The mail that tells of something; `None` of what nobody is mailed about.
    fn to_payer(&self, concern: &Concern<'_>) -> Option<Letter>;
}

/// Where mail goes.
pub enum Post {
    /// To nobody: nothing may be asked that needs mail.
    Nowhere,
    /// Into a folder, one file for each mail and recipient.
    Outbox(PathBuf),
    /// To a mail server.
    Server(Smtp),
}

impl Post {
    /// Whether mail can be sent at all.
    pub(crate) const fn is_open(&self) -> bool {
        match self {
            Self::Nowhere => false,
            Self::Outbox(_) | Self::Server(_) => true,
        }
    }
}

/// Who a gateway's mail is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The address; names of sellers stand before it.
    pub address: Address,
    /// Whether answers go to the seller, where it has an address for them.
    pub replies_to_seller: bool,
}

impl Sender {
    /// Of a gateway that was given no address: `no-reply@` the host that payers see.
    ///
    /// # Errors
    /// [`MailError::Address`] for a host that can have none.
    pub fn of_host(public_url: &str) -> Result<Self, MailError> {
        let url = url::Url::parse(public_url).ok();
        let host = url.as_ref().and_then(url::Url::domain).unwrap_or("localhost");
        Self::named(&format!("no-reply@{host}"))
    }

    /// With this address.
    ///
    /// # Errors
    /// [`MailError::Address`] when it is none.
    pub fn named(address: &str) -> Result<Self, MailError> {
        if !is_mail_address(address) {
            return Err(MailError::Address(format!("{address} is no mail address")));
        }
        Ok(Self { address: mailbox(address)?.email, replies_to_seller: true })
    }

    /// What stands behind the @.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.domain()
    }
}

/// A mail that says nothing but that mail arrives.
///
/// # Errors
/// [`MailError::Address`] when nobody can be mailed there.
pub fn test_mail(sender: &Sender, to: &str, env: &Env) -> Result<String, MailError> {
    if !is_mail_address(to) {
        return Err(MailError::Address(format!("{to:?} is no mail address")));
    }
    let subject = "Mail from Tollgate arrives";
    let sheet = Sheet {
        language: "en".to_owned(),
        sender: "Tollgate".to_owned(),
        heading: subject.to_owned(),
        paragraphs: vec!["Somebody asked the gateway to send this, to see whether it can.".to_owned()],
        ..Sheet::default()
    };
    let letter = Letter {
        from: "Tollgate".to_owned(),
        to: to.to_owned(),
        cc: vec![],
        reply_to: String::new(),
        subject: subject.to_owned(),
        sheet,
    };
    compose(&letter, sender, (DeliveryId::new(env.ordered_id()), env.now()))
}

/// Why a mail was not written.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Not an address, or a line that is none.
    #[error("the mail cannot be addressed: {0}")]
    Address(String),
    /// It cannot be put together.
    #[error("the mail cannot be put together: {0}")]
    Form(String),
    /// The folder.
    #[error("the outbox cannot be written")]
    Outbox(#[from] std::io::Error),
}

/// Whether mail can be addressed so: an address that every mail server takes, with a name and nothing around it.
#[must_use]
pub fn is_mail_address(text: &str) -> bool {
    text.is_ascii()
        && text.len() <= 254
        && !text.contains(|c: char| c.is_control() || c.is_whitespace() || "\"<>()[],;:\\".contains(c))
        && mailbox(text).is_ok()
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    let address: Address =
        text.parse().map_err(|error: lettre::address::AddressError| MailError::Address(error.to_string()))?;
    Ok(Mailbox::new(None, address))
}

/// What is known of a mail on its way.
#[derive(Clone, Copy)]
pub(crate) struct Posted<'a> {
    /// Its delivery.
    pub(crate) id: DeliveryId,
    /// Who this one goes to.
    pub(crate) to: &'a str,
    /// The whole mail.
    pub(crate) mail: &'a str,
}

impl Post {
    /// Sends one mail to one recipient.
    pub(crate) async fn send(&self, sender: &Sender, posted: Posted<'_>) -> Result<(), PostError> {
        match self {
            Self::Nowhere => Err(PostError::Nowhere),
            Self::Server(smtp) => Ok(smtp.send(&sender.address, posted.to, posted.mail).await?),
            Self::Outbox(folder) => {
                let (folder, id) = (folder.clone(), posted.id);
                // As whoever delivers a mail notes for whom.
                let mail = format!("Delivered-To: {}\r\n{}", posted.to, posted.mail);
                let written = tokio::task::spawn_blocking(move || outbox::post(&folder, id, &mail)).await;
                written.map_err(|_| PostError::Stopping)?.map_err(PostError::Outbox)
            }
        }
    }
}

/// Why a mail did not go.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    #[error("no mail can be sent")]
    Nowhere,
    #[error(transparent)]
    Smtp(#[from] SmtpError),
    #[error("the outbox cannot be written")]
    Outbox(#[source] std::io::Error),
    #[error("the gateway is shutting down")]
    Stopping,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_mailed_to() {
        for good in ["ada@example.com", "a.b+c@mail.example.co.uk", "x@localhost"] {
            assert!(is_mail_address(good), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com\nRCPT TO:<eve@example.com>",
            "ada@example.com>",
            "Ada <ada@example.com>",
            "ada@example.com, eve@example.com",
            "\"a b\"@example.com",
            "ada@[127.0.0.1]",
            "ada @example.com",
            "адa@example.com",
            "ada@exämple.com",
            "ada@example.com\u{0}",
            &long,
        ] {
            assert!(!is_mail_address(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_gateway_writes_from_its_own_host() {
        let of = |url: &str| Sender::of_host(url).expect("an address").address.to_string();
        assert_eq!("no-reply@pay.example.com", of("https://pay.example.com"));
        assert_eq!("no-reply@localhost", of("http://127.0.0.1:8080"));
        assert_eq!("no-reply@localhost", of(""));
    }
}
