//! The operator's mail server: `[mail]` of the configuration, and `tollgate mail test`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use engine::{MailTls, Sender, Smtp, SmtpSettings, test_mail};
use env::Env;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::app::MailOptions;
use crate::config::{ConfigError, PublicUrl, wrong};

/// The variable with the password, where no file has it.
pub(crate) const PASSWORD_VARIABLE: &str = "TOLLGATE_MAIL_PASSWORD";
/// How long one mail may take, in seconds: a worker has it for a minute.
const TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=50;

/// `[mail]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailSection {
    host: String,
    port: Option<u16>,
    #[serde(default)]
    tls: Tls,
    #[serde(default)]
    plaintext_over_network: bool,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    #[serde(default)]
    reply_to: ReplyTo,
    timeout_seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tls {
    #[default]
    Starttls,
    Implicit,
    None,
}

/// Where answers to a seller's mail go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReplyTo {
    #[default]
    Seller,
    Nobody,
}

/// What takes mail, before it is spoken to.
pub(crate) struct MailConfig {
    settings: SmtpSettings,
    sender: Sender,
}

impl MailSection {
    /// Checks it as a whole. `password` is the variable.
    pub(crate) fn read(
        self,
        public_url: Option<&PublicUrl>,
        password: Option<&str>,
    ) -> Result<MailConfig, ConfigError> {
        let Self {
            host,
            port,
            tls,
            plaintext_over_network,
            ca_file,
            user,
            password_file,
            from,
            reply_to,
            timeout_seconds,
        } = self;
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/') {
            return Err(wrong("[mail] host", "give a name or an address, such as smtp.example.com"));
        }
        if tls == Tls::None && !plaintext_over_network && !is_loopback(&host) {
            return Err(wrong(
                "[mail] tls",
                "without TLS mail and passwords can be read on the way: give starttls or implicit, or a server on this machine, or plaintext_over_network = true",
            ));
        }
        let login = match (user, password_file, password) {
            (None, None, _) => None,
            (None, Some(_), _) => return Err(wrong("[mail] user", "a password needs its user")),
            (Some(user), Some(file), _) => {
                let text = std::fs::read_to_string(&file);
                let cannot =
                    |error| wrong("[mail] password_file", format!("{} cannot be read: {error}", file.display()));
                let text = Zeroizing::new(text.map_err(cannot)?);
                Some((user, Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
            }
            (Some(user), None, Some(password)) => Some((user, Zeroizing::new(password.to_owned()))),
            (Some(_), None, None) => {
                return Err(wrong(
                    "[mail] password_file",
                    format!("a user needs a password: give its file, or set {PASSWORD_VARIABLE}"),
                ));
            }
        };
        let authorities = match ca_file {
            None => None,
            Some(file) => {
                let cannot = |error| wrong("[mail] ca_file", format!("{} cannot be read: {error}", file.display()));
                Some(std::fs::read(&file).map_err(cannot)?)
            }
        };
        let timeout = timeout_seconds.unwrap_or(30);
        if !TIMEOUT_SECONDS.contains(&timeout) {
            return Err(wrong("[mail] timeout_seconds", "give 1 to 50"));
        }
        let sender = match from {
            Some(address) => Sender::named(&address),
            None => Sender::of_host(public_url.map_or("", PublicUrl::as_str)),
        };
        let sender = sender.map_err(|error| wrong("[mail] from", error.to_string()))?;
        let (tls, usual_port) = match tls {
            Tls::Starttls => (MailTls::Starttls, 587),
            Tls::Implicit => (MailTls::Implicit, 465),
            Tls::None => (MailTls::None, 25),
        };
        let settings = SmtpSettings {
            host,
            port: port.unwrap_or(usual_port),
            tls,
            authorities,
            login,
            hello: sender.domain().to_owned(),
            patience: Duration::from_secs(timeout),
        };
        Ok(MailConfig { settings, sender: Sender { replies_to_seller: reply_to == ReplyTo::Seller, ..sender } })
    }
}

/// Whether it is this machine.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl MailConfig {
    /// Ready to be spoken to.
    pub(crate) fn open(self) -> Result<MailOptions, ConfigError> {
        let Self { settings, sender } = self;
        let server = Smtp::new(settings).map_err(|error| wrong("[mail] ca_file", error.to_string()))?;
        Ok(MailOptions { server, sender })
    }
}

/// Sends one mail, and says what came of it.
pub(crate) async fn test(config: MailConfig, to: &str) -> anyhow::Result<String> {
    let name = format!("{:?}", config.settings);
    let MailOptions { server, sender } = config.open()?;
    let mail = test_mail(&sender, to, &Env::real()).context("--to")?;
    server.send(&sender.address, to, &mail).await.with_context(|| format!("{name}: no mail to {to} was sent"))?;
    Ok(format!("{name} took a mail to {to}, from {}.", sender.address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, password: Option<&str>) -> Result<MailConfig, String> {
        let section: MailSection = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let url = PublicUrl::parse("https://pay.example.com").expect("an address");
        section.read(Some(&url), password).map_err(|error| error.to_string())
    }

    #[test]
    fn a_mail_server_is_spoken_to_over_tls() {
        let config = read("host = \"smtp.example.com\"", None).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!("smtp.example.com:587 (Starttls)", format!("{:?}", config.settings));
        assert_eq!("no-reply@pay.example.com", config.sender.address.to_string());
        let config = read("host = \"s\"\ntls = \"implicit\"\nfrom = \"pay@example.org\"\nreply_to = \"nobody\"", None);
        let config = config.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!("s:465 (Implicit)", format!("{:?}", config.settings));
        assert!(!config.sender.replies_to_seller);
        for (host, more, is_good) in [
            ("127.0.0.1", "", true),
            ("::1", "", true),
            ("localhost", "", true),
            ("10.0.0.1", "", false),
            ("smtp.example.com", "", false),
            ("mail", "plaintext_over_network = true", true),
        ] {
            let read = read(&format!("host = \"{host}\"\ntls = \"none\"\n{more}"), None);
            assert_eq!(is_good, read.is_ok(), "{host}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("host = \"\"", "[mail] host: give"),
            ("host = \"a b\"", "[mail] host: give"),
            ("host = \"s\"\nuser = \"u\"", "[mail] password_file: a user needs"),
            ("host = \"s\"\npassword_file = \"p\"", "[mail] user: a password needs"),
            (
                "host = \"s\"\nuser = \"u\"\npassword_file = \"/nowhere\"",
                "[mail] password_file: /nowhere cannot be read",
            ),
            ("host = \"s\"\nca_file = \"/nowhere\"", "[mail] ca_file: /nowhere cannot be read"),
            ("host = \"s\"\ntimeout_seconds = 51", "[mail] timeout_seconds: give 1 to 50"),
            ("host = \"s\"\nfrom = \"a@b\\r\\nBcc: c@d\"", "[mail] from: "),
            ("host = \"s\"\npassword = \"p\"", "unknown field `password`"),
            ("port = 25", "missing field `host`"),
        ] {
            let error = read(text, None).err().unwrap_or_default();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let config = read("host = \"s\"\nuser = \"u\"", Some("hush")).unwrap_or_else(|error| panic!("{error}"));
        let (user, password) = config.settings.login.as_ref().expect("a login");
        assert_eq!(("u", "hush"), (user.as_str(), password.as_str()));
        assert!(!format!("{:?}", config.settings).contains("hush"));
    }
}
