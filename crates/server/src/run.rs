//! Carrying out a command line: 0 when it worked, 1 when it failed, 2 when what was asked cannot be (the field and the
//! remedy on standard error).

use std::fmt::Write as _;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domain::Dialect;
use env::Env;
use serde_json::Value;
use store::{AuditReport, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tollgate_http::metrics::{HttpMetrics, Metrics};
use tollgate_http::serve::{Limits, Serving, serve};

use crate::admin::{self, AdminRequest, read_logo};
use crate::app::{App, AppOptions, refuse};
use crate::cli::{
    BrandAction, Cli, ClientAction, ClientDialect, Command, DataArgs, DoubtAction, EntityAction, KeyAction, LogFormat,
    LogLevel, MailAction, MerchantAction, RiskAction, ServeArgs, SigningKeyAction, TestAcquirerArgs, TriesArgs,
};
use crate::config::{Config, PublicUrl, Secrets, read_key_file, read_mail, sandbox_key_path};
use crate::mail::{self, MailConfig};
use crate::sandbox::Credentials;
use crate::{files, hardening, logging, operations, simulate, test_acquirer, tls};

/// Something that cannot be as it was asked: exit 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Impossible(String);

/// Carries out a command line.
#[must_use]
pub fn main(cli: Cli) -> ExitCode {
    let result = match cli.command() {
        Command::Serve(args) => run_serve(*args),
        Command::Audit(data) => return audit(&data),
        Command::Simulate(args) => return simulate::run(&args),
        Command::TestAcquirer(args) => run_test_acquirer(&args),
        Command::Merchant { action } => administer(merchant_request(action)),
        Command::Brand { action } => brand_request(action).and_then(administer),
        Command::Mail { action: MailAction::Test { to, config } } => test_mail(&config, &to),
        Command::Entity { action } => entity_request(action).and_then(administer),
        Command::Key { action } => administer(key_request(action)),
        Command::Client { action } => administer(client_request(action)),
        Command::SigningKey { action } => administer(signing_key_request(action)),
        Command::Risk { action } => administer(risk_request(action)),
        Command::Doubt { action } => administer(doubt_request(action)),
        Command::Reconcile { action } => {
            action.request().and_then(|(what, data)| administer((AdminRequest::Reconcile { what }, data)))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tollgate: {error:#}");
            if error.is::<Impossible>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn test_mail(config: &Path, to: &str) -> anyhow::Result<()> {
    let password = std::env::var(mail::PASSWORD_VARIABLE).ok();
    let config = read_mail(config, password.as_deref()).map_err(|error| Impossible(error.to_string()))?;
    println!("{}", runtime()?.block_on(mail::test(config, to))?);
    Ok(())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime does not start")
}

fn run_serve(args: ServeArgs) -> anyhow::Result<()> {
    let (key, password) = (std::env::var("TOLLGATE_KEY").ok(), std::env::var(mail::PASSWORD_VARIABLE).ok());
    let secrets = Secrets { key: key.as_deref(), mail_password: password.as_deref() };
    let config = Config::read(args, secrets).map_err(|error| Impossible(error.to_string()))?;
    logging::start(config.log_format, config.log_level);
    hardening::forbid_dumps();
    let lock = lock(&config.data)?;
    if config.sandbox {
        // Whoever waits for this file would otherwise read the addresses of an earlier run.
        let _ = std::fs::remove_file(&config.sandbox_file);
    }
    runtime()?.block_on(serve_until_signal(config))?;
    drop(lock);
    Ok(())
}

/// One server per data directory.
fn lock(data: &Path) -> anyhow::Result<File> {
    let lock = files::lock(data).with_context(|| format!("--data: {} cannot be used", data.display()))?;
    lock.ok_or_else(|| {
        let words = format!("--data: another server uses {}; stop it or give another directory", data.display());
        Impossible(words).into()
    })
}

fn run_test_acquirer(args: &TestAcquirerArgs) -> anyhow::Result<()> {
    logging::start(LogFormat::Text, LogLevel::Info);
    hardening::forbid_dumps();
    let lock = lock(&args.data)?;
    runtime()?.block_on(host_test_acquirer(args))?;
    drop(lock);
    Ok(())
}

async fn host_test_acquirer(args: &TestAcquirerArgs) -> anyhow::Result<()> {
    let env = Env::real();
    let mut signals = Signals::listen()?;
    let listener = listen("--listen", args.listen).await?;
    let address = listener.local_addr()?;
    let host = acquirer::Host::open(&args.data, env.clone())
        .with_context(|| format!("--data: the test acquirer's book in {} cannot be opened", args.data.display()))?;
    let stop = CancellationToken::new();
    let options = serving(env, HttpMetrics::new(&Metrics::default()));
    let server = tokio::spawn(serve(listener, test_acquirer::router(host.clone()), options, stop.clone()));
    println!("The test acquirer listens on http://{address}");
    signals.stop().await;
    stop.cancel();
    let _ = server.await;
    host.close().await;
    Ok(())
}

async fn listen(option: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    Ok(listener.map_err(|error| Impossible(format!("{option}: {address} cannot be listened on: {error}")))?)
}

async fn serve_until_signal(config: Config) -> anyhow::Result<()> {
    let env = Env::real();
    // From here on a signal to stop is heard, however early it comes.
    let mut signals = Signals::listen()?;
    let listener = listen("--listen", config.listen).await?;
    let address = listener.local_addr()?;
    let public_url = match config.public_url {
        Some(url) => url,
        None => PublicUrl::parse(&format!("http://{address}")).map_err(Impossible)?,
    };
    let tls = config
        .tls
        .as_ref()
        .map(|(cert, key)| tls::load(cert, key))
        .transpose()
        .map_err(|error| Impossible(format!("{error:#}")))?;
    let credentials = if config.sandbox { Credentials::read(&config.data)? } else { None };
    let control_token = match &credentials {
        Some(credentials) => credentials.control_token.clone(),
        None => env.random_id().simple().to_string() + &env.random_id().simple().to_string(),
    };
    let root_key = config.root_key.load(&env).map_err(|error| Impossible(error.to_string()))?;
    let mail = config.mail.map(MailConfig::open).transpose().map_err(|error| Impossible(error.to_string()))?;
    let app = App::open(AppOptions {
        env: env.clone(),
        data: &config.data,
        store: None,
        root_key,
        public_url: public_url.clone(),
        control_token: config.sandbox.then(|| control_token.clone()),
        test_limits: config.test_limits,
        authorization_max: config.card_authorization,
        settles_after: config.card_settlement,
        test_acquirer: config.test_acquirer.as_deref(),
        mail,
        metrics: config.sandbox,
    })
    .await
    .map_err(impossible_data)?;
    let App { engine, mut router, metrics, http_metrics } = app;
    engine.start_workers();
    let sandbox = match (config.sandbox, credentials) {
        (false, _) => None,
        (true, Some(credentials)) => Some(credentials),
        (true, None) => Some(Credentials::make(&engine, &config.data, &control_token).await?),
    };
    // The demo shop speaks plain HTTP, as it is on this machine.
    let has_shop = tls.is_none();
    if let Some(credentials) = sandbox.as_ref().filter(|_| has_shop) {
        let merchant = credentials.demo_merchant(&public_url);
        router = router.merge(demo::router(env.clone(), merchant, reached_locally(address)));
    }

    let stop = CancellationToken::new();
    let admin = admin::Desk::open(&config.data)?;
    let admin = tokio::spawn(admin.answer(engine.clone(), stop.clone()));
    let mut servers = vec![];
    if let Some(address) = config.admin_listen {
        let listener = listen("--admin-listen", address).await?;
        let options = serving(env.clone(), Arc::clone(&http_metrics));
        servers.push(tokio::spawn(serve(
            listener,
            operations::metrics_router(engine.clone(), metrics),
            options,
            stop.clone(),
        )));
    }
    let options = Serving { trusted_proxies: config.trusted_proxies, tls, ..serving(env.clone(), http_metrics) };
    servers.push(tokio::spawn(serve(listener, router, options, stop.clone())));

    if let Some(credentials) = sandbox {
        let described = credentials.describe(&public_url, has_shop);
        files::write_private(&config.sandbox_file, &serde_json::to_vec_pretty(&described)?)
            .with_context(|| format!("--sandbox-file: {} cannot be written", config.sandbox_file.display()))?;
        print!("{}", banner(&public_url, &credentials, [&config.data, &config.sandbox_file], has_shop));
    } else {
        if engine.merchants().await?.is_empty() {
            println!(
                "No merchant exists yet: tollgate merchant create --data {} --legal-name NAME",
                config.data.display()
            );
        }
        println!("Tollgate listens on {address} and is reached at {}", public_url.as_str());
    }
    tracing::info!(%address, sandbox = config.sandbox, "ready");

    signals.stop().await;
    tracing::info!("stopping: requests under way are finished");
    stop.cancel();
    for server in servers {
        let _ = server.await;
    }
    let _ = admin.await;
    engine.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// A store newer than the binary and a key of other data are what was asked, not what broke.
fn impossible_data(error: anyhow::Error) -> anyhow::Error {
    let newer = error.downcast_ref::<store::Error>().is_some_and(|error| matches!(error, store::Error::TooNew { .. }));
    let sealed = matches!(error.downcast_ref::<engine::Error>(), Some(engine::Error::Sealed(_)));
    if newer || sealed { Impossible(format!("--data: {error:#}")).into() } else { error }
}

/// How every listener of ours serves.
#[must_use]
pub fn serving(env: Env, metrics: Arc<HttpMetrics>) -> Serving {
    Serving {
        limits: Limits::default(),
        trusted_proxies: vec![],
        slash_prefixes: &["/api/v1/"],
        tls: None,
        env,
        metrics,
        refuse,
    }
}

/// What tells the process to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Where a listener at this address is reached from this machine.
fn reached_locally(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// `files` are the data directory and the file with the credentials.
fn banner(public_url: &PublicUrl, credentials: &Credentials, files: [&Path; 2], has_shop: bool) -> String {
    let base = public_url.as_str();
    let Credentials { brand_id, secret_key, card_payments, .. } = credentials;
    let [data, sandbox_file] = files;
    let shop = if has_shop { format!("\x20 demo shop    {base}/demo   (start here)\n") } else { String::new() };
    let mut text = String::new();
    let body = format!(
        r#"{{"brand_id":"{brand_id}","client":{{"email":"ada@example.com"}},"purchase":{{"products":[{{"name":"Tea","price":450,"quantity":2}}]}}}}"#
    );
    let _ = write!(
        text,
        "\n\
         Tollgate sandbox on {base}   (no money moves here)\n\n\
         {shop}\
         \x20 secret key   {secret_key}\n\
         \x20 brand id     {brand_id}\n\
         \x20 client       {}  {}   (card payments, {base}/oauth2/token)\n\
         \x20 API docs     {base}/docs\n\
         \x20 OpenAPI      {base}/openapi/purchases.json\n\
         \x20 data         {}\n\
         \x20 credentials  {}\n\n\
         Make a purchase, then open its checkout_url and pay with 4444 3333 2222 1111, any future date, CVC 123:\n\n\
         curl -s {base}/api/v1/purchases/ -H 'Authorization: Bearer {secret_key}' -H 'Content-Type: application/json' \\\n\
         \x20 -d '{body}'\n\n",
        card_payments.client_id,
        card_payments.client_secret,
        data.display(),
        sandbox_file.display(),
    );
    text
}

fn audit(data: &DataArgs) -> ExitCode {
    match Store::audit_dir(&data.data) {
        Err(error) => {
            eprintln!("tollgate: --data: {} cannot be audited: {error}", data.data.display());
            ExitCode::from(2)
        }
        Ok(report) => {
            print!("{}", audited(&report));
            if report.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

/// What was counted, then each broken invariant.
fn audited(report: &AuditReport) -> String {
    let AuditReport { merchants, payments, events, postings, balances, open_attempts, queued, differences, broken } =
        report;
    let mut text = format!(
        "{merchants} merchants, {payments} payments, {events} events, {postings} postings, {balances} balances, \
         {open_attempts} tries without an outcome yet, {queued} of them in the manual queue, {differences} differences, \
         {} broken\n",
        broken.len()
    );
    for sentence in broken {
        let _ = writeln!(text, "{sentence}");
    }
    text
}

fn administer((request, data): (AdminRequest, DataArgs)) -> anyhow::Result<()> {
    let answer = match admin::ask_server(&data.data, &request)? {
        Some(answer) => answer,
        None => administer_alone(request, &data)?,
    };
    if data.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        print!("{}", as_lines(&answer));
    }
    Ok(())
}

/// No server runs: the data is opened, changed and closed here.
fn administer_alone(request: AdminRequest, data: &DataArgs) -> anyhow::Result<Value> {
    let key = std::env::var("TOLLGATE_KEY").ok();
    let sandbox_key = sandbox_key_path(&data.data);
    let root_key = match (&data.key_file, key) {
        (Some(path), _) => read_key_file(path).map_err(|error| Impossible(error.to_string()))?,
        (None, Some(text)) => {
            engine::RootKey::parse(&text).map_err(|error| Impossible(format!("TOLLGATE_KEY: {error}")))?
        }
        (None, None) if sandbox_key.exists() => {
            read_key_file(&sandbox_key).map_err(|error| Impossible(error.to_string()))?
        }
        (None, None) => {
            let words = "--key-file: the root key of the data is needed: give its file, or set TOLLGATE_KEY";
            return Err(Impossible(words.into()).into());
        }
    };
    let Some(_lock) = files::lock(&data.data)? else {
        let words = format!("--data: {} is in use by a server that does not answer; try again", data.data.display());
        return Err(Impossible(words).into());
    };
    runtime()?.block_on(async {
        let env = Env::real();
        let app = App::open(AppOptions {
            env,
            data: &data.data,
            store: None,
            root_key,
            public_url: PublicUrl::parse("http://localhost").map_err(Impossible)?,
            control_token: None,
            test_limits: false,
            metrics: false,
            authorization_max: Duration::ZERO,
            settles_after: Duration::ZERO,
            test_acquirer: None,
            mail: None,
        })
        .await
        .map_err(impossible_data)?;
        let answer = admin::execute(&app.engine, request).await;
        app.engine.close().await;
        answer
    })
}

/// One `name  value` line each; a blank line between the objects of a list.
fn as_lines(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Array(objects) if objects.is_empty() => text.push_str("none\n"),
        Value::Array(objects) => {
            text = objects.iter().map(as_lines).collect::<Vec<_>>().join("\n");
        }
        Value::Object(members) => {
            for (name, value) in members {
                for value in words(value) {
                    let _ = writeln!(text, "{name:<12} {value}");
                }
            }
        }
        other => {
            let _ = writeln!(text, "{other}");
        }
    }
    text
}

/// A value as it is read; of a list of texts, each.
fn words(value: &Value) -> Vec<String> {
    let texts = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    match (value, texts) {
        (_, Some(texts)) if !texts.is_empty() => texts.into_iter().map(str::to_owned).collect(),
        (Value::String(text), _) => vec![text.clone()],
        (other, _) => vec![other.to_string()],
    }
}

fn merchant_request(action: MerchantAction) -> (AdminRequest, DataArgs) {
    match action {
        MerchantAction::Create { merchant, data } => (AdminRequest::CreateMerchant(merchant), data),
        MerchantAction::List(data) => (AdminRequest::ListMerchants, data),
        MerchantAction::Revoke { merchant, data } => (AdminRequest::RevokeMerchant { merchant }, data),
    }
}

fn brand_request(action: BrandAction) -> anyhow::Result<(AdminRequest, DataArgs)> {
    Ok(match action {
        BrandAction::Create { mut brand, data } => {
            read_logo(&mut brand.look.logo)?;
            (AdminRequest::CreateBrand(*brand), data)
        }
        BrandAction::Update { mut brand, data } => {
            read_logo(&mut brand.logo)?;
            (AdminRequest::UpdateBrand(brand), data)
        }
        BrandAction::List { merchant, data } => (AdminRequest::ListBrands { merchant }, data),
        BrandAction::Revoke { merchant, brand, data } => (AdminRequest::RevokeBrand { merchant, brand }, data),
    })
}

fn entity_request(action: EntityAction) -> anyhow::Result<(AdminRequest, DataArgs)> {
    Ok(match action {
        EntityAction::Create { mut entity, data } => {
            read_logo(&mut entity.brand.look.logo)?;
            (AdminRequest::CreateEntity(*entity), data)
        }
        EntityAction::List { merchant, data } => (AdminRequest::ListEntities { merchant }, data),
        EntityAction::Revoke { merchant, entity, data } => (AdminRequest::RevokeEntity { merchant, entity }, data),
    })
}

fn signing_key_request(action: SigningKeyAction) -> (AdminRequest, DataArgs) {
    match action {
        SigningKeyAction::Rotate(data) => (AdminRequest::RotateSigningKey, data),
        SigningKeyAction::List(data) => (AdminRequest::ListSigningKeys, data),
    }
}

fn key_request(action: KeyAction) -> (AdminRequest, DataArgs) {
    match action {
        KeyAction::Create { merchant, mode, data } => {
            (AdminRequest::CreateKey { merchant, mode: mode.as_str().to_owned() }, data)
        }
        KeyAction::List { merchant, data } => (AdminRequest::ListKeys { merchant }, data),
        KeyAction::Revoke { merchant, key, data } => (AdminRequest::RevokeKey { merchant, key }, data),
    }
}

fn client_request(action: ClientAction) -> (AdminRequest, DataArgs) {
    match action {
        ClientAction::Create { merchant, dialect, entity, mode, data } => {
            let dialect = match dialect {
                ClientDialect::CardPayments => Dialect::CardPayments.as_str().to_owned(),
                ClientDialect::Orchestration => Dialect::Orchestration.as_str().to_owned(),
            };
            (AdminRequest::CreateClient { merchant, dialect, entity, mode: mode.as_str().to_owned() }, data)
        }
        ClientAction::List { merchant, data } => (AdminRequest::ListClients { merchant }, data),
        ClientAction::Revoke { merchant, client, data } => (AdminRequest::RevokeClient { merchant, client }, data),
    }
}

fn doubt_request(action: DoubtAction) -> (AdminRequest, DataArgs) {
    match action {
        DoubtAction::List(data) => (AdminRequest::ListDoubts, data),
        DoubtAction::Show { reference, data } => (AdminRequest::ShowDoubt { reference }, data),
        DoubtAction::Settle { reference, outcome, by, note, data } => {
            let outcome = outcome.verdict().as_str().to_owned();
            (AdminRequest::SettleDoubt { reference, outcome, by, note }, data)
        }
    }
}

fn risk_request(action: RiskAction) -> (AdminRequest, DataArgs) {
    let of = |TriesArgs { merchant, mode }: TriesArgs| (merchant, mode.as_str().to_owned());
    match action {
        RiskAction::Show { tries, data } => {
            let (merchant, mode) = of(tries);
            (AdminRequest::ShowRisk { merchant, mode }, data)
        }
        RiskAction::Set { tries, policy, data } => {
            let (merchant, mode) = of(tries);
            (AdminRequest::SetRisk { merchant, mode, policy }, data)
        }
        RiskAction::Block { tries, listed, data } => {
            let (merchant, mode) = of(tries);
            (AdminRequest::Block { merchant, mode, listed }, data)
        }
        RiskAction::Unblock { tries, listed, data } => {
            let (merchant, mode) = of(tries);
            (AdminRequest::Unblock { merchant, mode, listed }, data)
        }
        RiskAction::List { tries, data } => {
            let (merchant, mode) = of(tries);
            (AdminRequest::ListBlocked { merchant, mode }, data)
        }
        RiskAction::Tries { tries, checkout, data } => {
            let (merchant, mode) = of(tries);
            (AdminRequest::ListBlockedTries { merchant, mode, checkout }, data)
        }
    }
}
