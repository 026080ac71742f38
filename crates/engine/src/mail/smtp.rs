//! A mail server: one connection for each mail, one recipient for each mail. What the server said decides: a mail is sent
//! when the server took it, tried again when it may take it later, given up when it never will.

use std::fmt;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Connections at once; mail servers bound them too.
const CONNECTIONS_MAX: usize = 8;

/// How the way to a mail server is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// From the first byte on, usually at port 465.
    Implicit,
    /// After a greeting, usually at port 587; a server that cannot is not used.
    Starttls,
    /// Not at all.
    None,
}

/// Where a mail server is and how it is spoken to.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Its name, or its address. It is the operator's own: it may be inside.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way is sealed.
    pub tls: MailTls,
    /// Certificates that count beside the public ones, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// Who logs in, and with what.
    pub login: Option<(String, Zeroizing<String>)>,
    /// What the gateway calls itself.
    pub hello: String,
    /// For how long one mail may take.
    pub patience: Duration,
}

/// A mail server.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    connections: Semaphore,
}

/// Why a mail server did not take a mail.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// It did not answer in time.
    #[error("the mail server did not answer in time")]
    TimedOut,
    /// It cannot be spoken to, or does not take mail from us.
    #[error("the mail server cannot be used while {stage}")]
    Unusable {
        /// What was done.
        stage: Stage,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It does not take this mail now.
    #[error("the mail server does not take it now")]
    Later(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It will never take this mail.
    #[error("the mail server refused it")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// How far one came before there was anything to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its certificate, or those given beside, cannot be read.
    Preparing,
    /// Reaching it.
    Connecting,
    /// Sealing the way.
    Securing,
    /// Logging in.
    LoggingIn,
    /// Saying who the mail is from.
    NamingSender,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Preparing => "preparing TLS",
            Self::Connecting => "connecting",
            Self::Securing => "starting TLS",
            Self::LoggingIn => "logging in",
            Self::NamingSender => "naming the sender",
        })
    }
}

fn unusable(stage: Stage) -> impl FnOnce(lettre::transport::smtp::Error) -> SmtpError {
    move |error| SmtpError::Unusable { stage, source: Box::new(error) }
}

/// What was said of the mail itself.
fn said(error: lettre::transport::smtp::Error) -> SmtpError {
    if error.is_permanent() { SmtpError::Refused(Box::new(error)) } else { SmtpError::Later(Box::new(error)) }
}

impl Smtp {
    /// A server that is spoken to like this.
    ///
    /// # Errors
    /// [`SmtpError::Unusable`] when the certificates cannot be read.
    pub fn new(settings: SmtpSettings) -> Result<Self, SmtpError> {
        let tls = match settings.tls {
            MailTls::None => None,
            MailTls::Implicit | MailTls::Starttls => {
                let mut builder = TlsParameters::builder(settings.host.clone());
                if let Some(pem) = &settings.authorities {
                    let certificate = Certificate::from_pem(pem).map_err(unusable(Stage::Preparing))?;
                    builder = builder.add_root_certificate(certificate);
                }
                Some(builder.build_rustls().map_err(unusable(Stage::Preparing))?)
            }
        };
        Ok(Self { settings, tls, connections: Semaphore::new(CONNECTIONS_MAX) })
    }

    /// Sends one mail to one recipient.
    ///
    /// # Errors
    /// What the server said, or that it said nothing. A connection that breaks after the last byte leaves unknown whether
    /// it took the mail: then the same bytes go again, under the same `Message-ID`.
    pub async fn send(&self, from: &Address, to: &str, mail: &str) -> Result<(), SmtpError> {
        timeout(self.settings.patience, self.converse(from, to, mail)).await.map_err(|_| SmtpError::TimedOut)?
    }

    async fn converse(&self, from: &Address, to: &str, mail: &str) -> Result<(), SmtpError> {
        // Nobody closes it.
        let _permit = self.connections.acquire().await;
        let mut connection = self.connect().await?;
        let sent = Self::hand_over(&mut connection, from, to, mail).await;
        // What it says to our leaving changes nothing.
        let _ = connection.quit().await;
        sent
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let SmtpSettings { host, port, tls, login, hello, patience, .. } = &self.settings;
        let hello = ClientId::Domain(hello.clone());
        let at_once = self.tls.clone().filter(|_| *tls == MailTls::Implicit);
        let server = (host.as_str(), *port);
        let connected = AsyncSmtpConnection::connect_tokio1(server, Some(*patience), &hello, at_once, None).await;
        let mut connection = connected.map_err(unusable(Stage::Connecting))?;
        if let Some(parameters) = self.tls.clone().filter(|_| *tls == MailTls::Starttls) {
            connection.starttls(parameters, &hello).await.map_err(unusable(Stage::Securing))?;
        }
        if let Some((user, password)) = login {
            let credentials = Credentials::new(user.clone(), password.to_string());
            let authenticated = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            authenticated.map_err(unusable(Stage::LoggingIn))?;
        }
        Ok(connection)
    }

    async fn hand_over(
        connection: &mut AsyncSmtpConnection,
        from: &Address,
        to: &str,
        mail: &str,
    ) -> Result<(), SmtpError> {
        let to: Address = to.parse().map_err(|error| SmtpError::Refused(Box::new(error)))?;
        let sender = Mail::new(Some(from.clone()), vec![]);
        connection.command(sender).await.map_err(unusable(Stage::NamingSender))?;
        connection.command(Rcpt::new(to, vec![])).await.map_err(said)?;
        connection.command(Data).await.map_err(said)?;
        connection.message(mail.as_bytes()).await.map_err(said)?;
        Ok(())
    }
}

impl fmt::Debug for SmtpSettings {
    /// Without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{} ({:?})", self.host, self.port, self.tls)
    }
}
