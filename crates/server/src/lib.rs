//! The whole gateway: configuration, command line, the server's own routes, and everything put together.

mod admin;
mod app;
mod brands;
mod cli;
mod config;
mod docs;
mod doubts;
mod entities;
mod files;
mod hardening;
mod logging;
mod mail;
mod mailbox;
mod management;
mod operations;
mod reconcile;
mod risk;
mod run;
mod sandbox;
mod simulate;
mod test_acquirer;
mod tls;

pub use app::{App, AppOptions, MailOptions, refuse};
pub use cli::Cli;
pub use config::PublicUrl;
pub use run::{main, serving};
pub use sandbox::Credentials;
