//! What `serve` runs with: flags over variables over the file over defaults, checked as a whole before anything starts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::RootKey;
use env::Env;
use ipnet::IpNet;
use serde::Deserialize;
use url::Url;

use crate::cli::{LogFormat, LogLevel, ServeArgs};
use crate::mail::{MailConfig, MailSection};

/// What `serve` runs with.
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) data: PathBuf,
    pub(crate) root_key: RootKeySource,
    pub(crate) sandbox: bool,
    pub(crate) sandbox_file: PathBuf,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) admin_listen: Option<SocketAddr>,
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    pub(crate) test_limits: bool,
    pub(crate) card_authorization: Duration,
    pub(crate) card_settlement: Duration,
    /// Host and port.
    pub(crate) test_acquirer: Option<String>,
    /// What takes mail, if anything.
    pub(crate) mail: Option<MailConfig>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: LogLevel,
}

/// Where the root key comes from.
pub(crate) enum RootKeySource {
    /// Given.
    Given(RootKey),
    /// A sandbox's own, made at its first start.
    Sandbox(PathBuf),
}

/// Where payers and merchants reach the gateway; without the slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads an http or https address without path, query or user.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("{error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err("it must begin with http:// or https:// and a host".into());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err("it must be a scheme, a host and perhaps a port, and nothing after them".into());
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers reach it by TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

/// A wrong or missing option: the field and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{field}: {problem}")]
pub(crate) struct ConfigError {
    field: String,
    problem: String,
}

pub(crate) fn wrong(field: impl Into<String>, problem: impl Into<String>) -> ConfigError {
    ConfigError { field: field.into(), problem: problem.into() }
}

/// A week unless said otherwise, and no longer than acquirers hold money (card-payments-api 3.5).
fn card_authorization(days: Option<u8>) -> Result<Duration, ConfigError> {
    match days.unwrap_or(7) {
        days @ 1..=30 => Ok(Duration::from_hours(24 * u64::from(days))),
        _ => Err(wrong("--card-authorization-days", "give 1 to 30 days; acquirers hold money no longer")),
    }
}

/// Host and port of a test acquirer that runs alone. There is no TLS on the way: it is a tool for tests.
fn test_acquirer(text: &str) -> Result<String, ConfigError> {
    let url = PublicUrl::parse(text).map_err(|problem| wrong("--test-acquirer", problem))?;
    match url.as_str().strip_prefix("http://") {
        Some(authority) if authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) => {
            Ok(authority.to_owned())
        }
        Some(_) | None => {
            Err(wrong("--test-acquirer", "give http://, a host and a port, such as http://127.0.0.1:8090"))
        }
    }
}

/// The file: the same options, spelt with underscores.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    data: Option<String>,
    key_file: Option<PathBuf>,
    sandbox: Option<bool>,
    sandbox_file: Option<PathBuf>,
    trusted_proxy: Option<Vec<IpNet>>,
    admin_listen: Option<SocketAddr>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    test_limits: Option<bool>,
    card_authorization_days: Option<u8>,
    card_settlement_hours: Option<u16>,
    test_acquirer: Option<String>,
    log_format: Option<LogFormat>,
    log_level: Option<LogLevel>,
    mail: Option<MailSection>,
}

/// What stands in variables and in no file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Secrets<'a> {
    /// `TOLLGATE_KEY`.
    pub(crate) key: Option<&'a str>,
    /// `TOLLGATE_MAIL_PASSWORD`.
    pub(crate) mail_password: Option<&'a str>,
}

impl File {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong("--config", format!("{} cannot be read: {error}", path.display())))?;
        toml::from_str(&text).map_err(|error| wrong(path.display().to_string(), error.to_string()))
    }
}

/// What a file says of mail, for a command that needs nothing else.
pub(crate) fn read_mail(path: &Path, mail_password: Option<&str>) -> Result<MailConfig, ConfigError> {
    let File { mail, public_url, .. } = File::read(path)?;
    let public_url = public_url.as_deref().map(PublicUrl::parse).transpose();
    let public_url = public_url.map_err(|problem| wrong("public_url", problem))?;
    let mail = mail.ok_or_else(|| wrong("[mail]", format!("{} names no mail server", path.display())))?;
    mail.read(public_url.as_ref(), mail_password)
}

impl Config {
    /// Puts the sources together and checks them.
    pub(crate) fn read(args: ServeArgs, secrets: Secrets<'_>) -> Result<Self, ConfigError> {
        let Secrets { key, mail_password } = secrets;
        let file = args.config.as_deref().map_or_else(|| Ok(File::default()), File::read)?;
        let sandbox = args.sandbox.or(file.sandbox).unwrap_or(false);
        let data = args.data.or(file.data).unwrap_or_else(|| "./tollgate-data".into());
        if data.contains("://") {
            return Err(wrong(
                "--data",
                "this version stores in a directory only; give a path, such as ./tollgate-data",
            ));
        }
        let data = PathBuf::from(data);
        let listen = args.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let public_url = match args.public_url.or(file.public_url) {
            Some(text) => Some(PublicUrl::parse(&text).map_err(|problem| wrong("--public-url", problem))?),
            None => None,
        };
        let tls = match (args.tls_cert.or(file.tls_cert), args.tls_key.or(file.tls_key)) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => {
                return Err(wrong("--tls-key", "a certificate needs its private key: give both or neither"));
            }
            (None, Some(_)) => {
                return Err(wrong("--tls-cert", "a private key needs its certificate: give both or neither"));
            }
        };
        let key_file = args.key_file.or(file.key_file);
        let root_key = root_key(key_file.as_deref(), key, sandbox, &data)?;
        if !sandbox && !public_url.as_ref().is_some_and(PublicUrl::is_https) {
            return Err(wrong(
                "--public-url",
                "payers' cards may only travel over TLS: give the https address they use, or --sandbox to try things out",
            ));
        }
        let mail = file.mail.map(|mail| mail.read(public_url.as_ref(), mail_password)).transpose()?;
        Ok(Self {
            mail,
            listen,
            public_url,
            sandbox,
            sandbox_file: args.sandbox_file.or(file.sandbox_file).unwrap_or_else(|| data.join("sandbox.json")),
            data,
            root_key,
            trusted_proxies: args.trusted_proxy.or(file.trusted_proxy).unwrap_or_default(),
            admin_listen: args.admin_listen.or(file.admin_listen),
            tls,
            test_limits: args.test_limits.or(file.test_limits).unwrap_or(false),
            card_settlement: Duration::from_hours(
                args.card_settlement_hours.or(file.card_settlement_hours).unwrap_or(24).into(),
            ),
            card_authorization: card_authorization(args.card_authorization_days.or(file.card_authorization_days))?,
            test_acquirer: args.test_acquirer.or(file.test_acquirer).as_deref().map(test_acquirer).transpose()?,
            log_format: args.log_format.or(file.log_format).unwrap_or(LogFormat::Text),
            log_level: args.log_level.or(file.log_level).unwrap_or(LogLevel::Info),
        })
    }
}

fn root_key(
    key_file: Option<&Path>,
    key: Option<&str>,
    sandbox: bool,
    data: &Path,
) -> Result<RootKeySource, ConfigError> {
    if let Some(path) = key_file {
        if !sandbox && is_inside(path, data) {
            return Err(wrong(
                "--key-file",
                "it lies in the data directory, where a stolen backup would hold both; move it elsewhere",
            ));
        }
        return read_key_file(path).map(RootKeySource::Given);
    }
    match key {
        Some(text) => {
            RootKey::parse(text).map(RootKeySource::Given).map_err(|error| wrong("TOLLGATE_KEY", error.to_string()))
        }
        None if sandbox => Ok(RootKeySource::Sandbox(sandbox_key_path(data))),
        None => Err(wrong(
            "--key-file",
            "cards are sealed under a key that is not in the data directory: make one with `openssl rand -hex 32 > FILE` and give its path, or set TOLLGATE_KEY; or give --sandbox to try things out",
        )),
    }
}

/// Reads a root key from a file.
pub(crate) fn read_key_file(path: &Path) -> Result<RootKey, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong("--key-file", format!("{} cannot be read: {error}", path.display())))?;
    RootKey::parse(&text).map_err(|error| wrong("--key-file", error.to_string()))
}

/// Where a sandbox keeps its made-up root key.
pub(crate) fn sandbox_key_path(data: &Path) -> PathBuf {
    data.join("keys").join("root.key")
}

impl RootKeySource {
    /// The key; a sandbox's is made when it is missing.
    pub(crate) fn load(self, env: &Env) -> Result<RootKey, ConfigError> {
        match self {
            Self::Given(key) => Ok(key),
            Self::Sandbox(path) => {
                if !path.exists() {
                    let text = RootKey::make(env);
                    crate::files::write_private(&path, text.as_bytes())
                        .map_err(|error| wrong("--data", format!("{} cannot be written: {error}", path.display())))?;
                }
                read_key_file(&path)
            }
        }
    }
}

/// Whether `path` lies in `directory`, as far as both exist.
fn is_inside(path: &Path, directory: &Path) -> bool {
    match (path.canonicalize(), directory.canonicalize()) {
        (Ok(path), Ok(directory)) => path.starts_with(directory),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "8f1d3c5a7b9e0f2d4c6a8b1e3f5d7c9a0b2e4f6d8c1a3b5e7f9d0c2a4b6e8f13";

    fn problem(args: ServeArgs, key: Option<&str>) -> String {
        Config::read(args, Secrets { key, ..Secrets::default() })
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_live_gateway_needs_a_key_and_tls() {
        assert!(problem(ServeArgs::default(), None).starts_with("--key-file: "));
        assert!(problem(ServeArgs::default(), Some(KEY)).starts_with("--public-url: "));
        let http = ServeArgs { public_url: Some("http://pay.example.com".into()), ..ServeArgs::default() };
        assert!(problem(http, Some(KEY)).starts_with("--public-url: "));
        let https = ServeArgs { public_url: Some("https://pay.example.com/".into()), ..ServeArgs::default() };
        let config = Config::read(https, Secrets { key: Some(KEY), ..Secrets::default() }).expect("enough");
        assert_eq!("https://pay.example.com", config.public_url.expect("given").as_str());
        assert!(problem(ServeArgs::default(), Some("00")).starts_with("TOLLGATE_KEY: "));
    }

    #[test]
    fn a_key_beside_the_data_is_refused() {
        let data = tempfile::tempdir().expect("a folder");
        let path = data.path().join("key");
        std::fs::write(&path, KEY).expect("written");
        let args = ServeArgs {
            data: Some(data.path().display().to_string()),
            key_file: Some(path),
            public_url: Some("https://pay.example.com".into()),
            ..ServeArgs::default()
        };
        assert!(problem(args, None).contains("data directory"));
    }

    #[test]
    fn the_file_names_its_wrong_field() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tollgate.toml");
        std::fs::write(&path, "listen = \"nowhere\"\n").expect("written");
        let args = || ServeArgs { config: Some(path.clone()), sandbox: Some(true), ..ServeArgs::default() };
        assert!(problem(args(), None).contains("listen"), "{}", problem(args(), None));
        std::fs::write(&path, "listne = \"127.0.0.1:1\"\n").expect("written");
        assert!(problem(args(), None).contains("listne"));
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\n").expect("written");
        let port = |args| {
            Config::read(args, Secrets::default()).map(|config| config.listen.port()).map_err(|error| error.to_string())
        };
        assert_eq!(Ok(1), port(args()));
        let flagged = ServeArgs { listen: Some(([127, 0, 0, 1], 2).into()), ..args() };
        assert_eq!(Ok(2), port(flagged), "a flag wins over the file");
    }
}
