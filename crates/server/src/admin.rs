//! Administration: the same requests whether a server runs (then over `<data>/admin.sock`, because a store has one
//! writer) or not (then on the opened data).

use std::io::{BufRead, BufReader, Read as _, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::{BrandId, Currency, Dialect, Exchange, Fees, KeyId, Logo, MerchantId, Mode, Reserve};
use engine::{BrandChange, Engine, LOGO_FILE_BYTES_MAX, NewBrand, NewMerchant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{ApiKey, Company, Merchant, OauthClient};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::cli::{ListedArgs, LogoArgs, NewBrandArgs, NewEntityArgs, NewMerchantArgs, PolicyArgs, UpdateBrandArgs};
use crate::reconcile::{self, ReconcileRequest};
use crate::{brands, doubts, entities, risk};

/// One request of an operator.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub(crate) enum AdminRequest {
    CreateMerchant(NewMerchantArgs),
    ListMerchants,
    RevokeMerchant { merchant: String },
    CreateBrand(NewBrandArgs),
    UpdateBrand(Box<UpdateBrandArgs>),
    ListBrands { merchant: String },
    RevokeBrand { merchant: String, brand: String },
    CreateEntity(NewEntityArgs),
    ListEntities { merchant: String },
    RevokeEntity { merchant: String, entity: String },
    CreateKey { merchant: String, mode: String },
    ListKeys { merchant: String },
    RevokeKey { merchant: String, key: String },
    CreateClient { merchant: String, dialect: String, entity: Option<String>, mode: String },
    ListClients { merchant: String },
    RevokeClient { merchant: String, client: String },
    RotateSigningKey,
    ListSigningKeys,
    ShowRisk { merchant: String, mode: String },
    SetRisk { merchant: String, mode: String, policy: PolicyArgs },
    Block { merchant: String, mode: String, listed: ListedArgs },
    Unblock { merchant: String, mode: String, listed: ListedArgs },
    ListBlocked { merchant: String, mode: String },
    ListBlockedTries { merchant: String, mode: String, checkout: String },
    ListDoubts,
    ShowDoubt { reference: String },
    SettleDoubt { reference: String, outcome: String, by: String, note: String },
    Reconcile { what: ReconcileRequest },
}

/// An answer over the socket: a result or a sentence.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AdminAnswer {
    Done(Value),
    Failed(String),
}

/// Longer than any payment can be disputed.
const RESERVE_DAYS_MAX: u32 = 730;
/// A logo in base64 among it.
const REQUEST_BYTES_MAX: u64 = 2 * 1024 * 1024;
const SOCKET: &str = "admin.sock";

/// Carries out one request.
pub(crate) async fn execute(engine: &Engine, request: AdminRequest) -> anyhow::Result<Value> {
    Ok(match request {
        AdminRequest::CreateMerchant(NewMerchantArgs {
            legal_name,
            registration_number,
            tax_number,
            street_address,
            city,
            zip_code,
            country,
            fee_basis_points,
            fee_fixed,
            reserve_basis_points,
            reserve_days,
            email,
        }) => {
            if legal_name.trim().is_empty() {
                bail!("--legal-name: a merchant needs a name");
            }
            if !email.is_empty() && !engine::is_mail_address(&email) {
                bail!("--email: {email} is no mail address");
            }
            if fee_basis_points > 10_000 {
                bail!("--fee-basis-points: at most 10000, which is all of it");
            }
            if reserve_basis_points.saturating_add(fee_basis_points) > 10_000 {
                bail!("--reserve-basis-points: at most 10000 with the fee, which is all of it");
            }
            if reserve_days > RESERVE_DAYS_MAX {
                bail!("--reserve-days: at most {RESERVE_DAYS_MAX}");
            }
            if (reserve_basis_points == 0) != (reserve_days == 0) {
                bail!("--reserve-basis-points and --reserve-days go together");
            }
            let company = Company {
                legal_name,
                registration_number,
                tax_number,
                street_address,
                city,
                zip_code,
                country,
                bank_accounts: vec![],
            };
            let reserve = Reserve { basis_points: reserve_basis_points, days: reserve_days };
            let fees = Fees { basis_points: fee_basis_points, fixed: fee_fixed, reserve };
            describe_merchant(&engine.create_merchant(NewMerchant { company, fees, email }).await?)
        }
        AdminRequest::ListMerchants => engine.merchants().await?.iter().map(describe_merchant).collect(),
        AdminRequest::RevokeMerchant { merchant } => {
            let id = merchant_id(&merchant)?;
            engine.revoke_merchant(id).await.context("there is no such merchant")?;
            json!({ "revoked": merchant })
        }
        AdminRequest::CreateBrand(brand) => {
            let new = new_brand(engine, brand, None).await?;
            brands::describe(&engine.create_brand(new).await.context("there is no such merchant")?)
        }
        AdminRequest::UpdateBrand(args) => {
            let UpdateBrandArgs { merchant, brand, fields, logo, no_logo } = *args;
            let id = BrandId::parse(&brand).context("the brand's id is not an id")?;
            let logo = parse_logo(engine, &logo).await?.map(Some);
            let change = BrandChange { logo: if no_logo { Some(None) } else { logo }, ..fields.change()? };
            let updated = engine.update_brand(merchant_id(&merchant)?, id, change).await;
            brands::describe(&updated.context("this merchant has no such brand")?)
        }
        AdminRequest::ListBrands { merchant } => {
            engine.brands(merchant_id(&merchant)?).await?.iter().map(brands::describe).collect()
        }
        AdminRequest::RevokeBrand { merchant, brand } => {
            let id = BrandId::parse(&brand).context("the brand's id is not an id")?;
            engine.revoke_brand(merchant_id(&merchant)?, id).await.context("this merchant has no such brand")?;
            json!({ "revoked": brand })
        }
        AdminRequest::CreateEntity(args) => entities::create(engine, args).await?,
        AdminRequest::ListEntities { merchant } => entities::list(engine, &merchant).await?,
        AdminRequest::RevokeEntity { merchant, entity } => entities::revoke(engine, &merchant, &entity).await?,
        AdminRequest::CreateKey { merchant, mode } => {
            let mode = Mode::parse(&mode).context("--mode: test or live")?;
            let (key, secret) =
                engine.create_key(merchant_id(&merchant)?, mode).await.context("there is no such merchant")?;
            let mut answer = describe_key(&key);
            answer["secret"] = Value::from(secret.as_str());
            answer
        }
        AdminRequest::ListKeys { merchant } => {
            engine.keys(merchant_id(&merchant)?).await?.iter().map(describe_key).collect()
        }
        AdminRequest::RevokeKey { merchant, key } => {
            let id = KeyId::parse(&key).context("the key's id is not an id")?;
            engine.revoke_key(merchant_id(&merchant)?, id).await.context("this merchant has no such key")?;
            json!({ "revoked": key })
        }
        AdminRequest::CreateClient { merchant, dialect, entity, mode } => {
            let dialect = Dialect::parse(&dialect).context("--dialect: card_payments or orchestration")?;
            let mode = Mode::parse(&mode).context("--mode: test or live")?;
            let merchant = merchant_id(&merchant)?;
            engine.merchant(merchant).await.context("there is no such merchant")?;
            let entity = entities::of_client(dialect, entity.as_deref())?;
            let (client, secret) =
                engine.create_client(merchant, dialect, mode, entity).await.context(entities::NO_ENTITY)?;
            let mut answer = describe_client(&client);
            answer["client_secret"] = Value::from(secret.as_str());
            answer
        }
        AdminRequest::ListClients { merchant } => {
            engine.clients(merchant_id(&merchant)?).await?.iter().map(describe_client).collect()
        }
        AdminRequest::RevokeClient { merchant, client } => {
            let id = KeyId::parse(&client).context("the client's id is not an id")?;
            engine.revoke_client(merchant_id(&merchant)?, id).await.context("this merchant has no such client")?;
            json!({ "revoked": client })
        }
        AdminRequest::RotateSigningKey => entities::describe_key(&engine.rotate_signing_jwk().await?),
        AdminRequest::ListSigningKeys => engine.signing_jwks().await?.iter().map(entities::describe_key).collect(),
        AdminRequest::ShowRisk { merchant, mode } => risk::show(engine, &merchant, &mode).await?,
        AdminRequest::SetRisk { merchant, mode, policy } => risk::set(engine, &merchant, &mode, &policy).await?,
        AdminRequest::Block { merchant, mode, listed } => risk::block(engine, &merchant, &mode, &listed).await?,
        AdminRequest::Unblock { merchant, mode, listed } => risk::unblock(engine, &merchant, &mode, &listed).await?,
        AdminRequest::ListBlocked { merchant, mode } => risk::list(engine, &merchant, &mode).await?,
        AdminRequest::ListBlockedTries { merchant, mode, checkout } => {
            risk::tries(engine, &merchant, &mode, &checkout).await?
        }
        AdminRequest::ListDoubts => doubts::list(engine).await?,
        AdminRequest::ShowDoubt { reference } => doubts::show(engine, &reference).await?,
        AdminRequest::SettleDoubt { reference, outcome, by, note } => {
            doubts::settle(engine, &reference, &outcome, &by, &note).await?
        }
        AdminRequest::Reconcile { what } => reconcile::execute(engine, what).await?,
    })
}

/// What the arguments of a brand, or of an entity below `parent`, ask for.
pub(crate) async fn new_brand(
    engine: &Engine,
    args: NewBrandArgs,
    parent: Option<BrandId>,
) -> anyhow::Result<NewBrand> {
    let NewBrandArgs {
        merchant,
        name,
        website,
        support_email,
        currency,
        currencies,
        convert_to,
        rate: rates,
        language,
        time_zone,
        direct_post,
        embed_origins,
        look,
    } = args;
    let default = brands::parse_currency("currency", &currency)?;
    let currencies = match currencies {
        None => None,
        Some(codes) => {
            let mut allowed = vec![default];
            for code in codes {
                let currency = brands::parse_currency("currencies", &code)?;
                if !allowed.contains(&currency) {
                    allowed.push(currency);
                }
            }
            Some(allowed)
        }
    };
    let exchanges = match convert_to {
        Some(code) => parse_rates(brands::parse_currency("convert_to", &code)?, &rates)?,
        None => vec![],
    };
    let merchant_id = merchant_id(&merchant)?;
    Ok(NewBrand {
        merchant_id,
        parent,
        name: brands::checked_name(name)?,
        website: brands::checked_website(website)?,
        support_email: brands::checked_support_email(support_email)?,
        currency: default,
        currencies,
        exchanges,
        language: brands::checked_language(language)?,
        time_zone: brands::checked_time_zone(time_zone)?,
        direct_post,
        embed_origins: brands::origins(&embed_origins)?,
        palette: look.colour.map(|colour| brands::palette(&colour, look.ground.as_deref())).transpose()?,
        logo: parse_logo(engine, &look.logo).await?,
    })
}

async fn parse_logo(engine: &Engine, args: &LogoArgs) -> anyhow::Result<Option<Logo>> {
    let Some(picture) = &args.picture else { return Ok(None) };
    let file = BASE64_STANDARD.decode(picture).context("--logo: the picture came broken")?;
    engine.read_logo(file).await.map(Some).context("--logo")
}

/// Reads the file that `--logo` names, on the operator's side of the socket.
pub(crate) fn read_logo(args: &mut LogoArgs) -> anyhow::Result<()> {
    if let Some(file) = args.logo.take() {
        let mut bytes = Vec::new();
        // One byte more than fits tells a file that is too large, however large it is.
        let most = u64::try_from(LOGO_FILE_BYTES_MAX + 1).unwrap_or(u64::MAX);
        let read = std::fs::File::open(&file).and_then(|opened| opened.take(most).read_to_end(&mut bytes));
        read.with_context(|| format!("--logo: {} cannot be read", file.display()))?;
        args.picture = Some(BASE64_STANDARD.encode(bytes));
    }
    Ok(())
}

pub(crate) fn merchant_id(text: &str) -> anyhow::Result<MerchantId> {
    MerchantId::parse(text).context("the merchant's id is not an id; `tollgate merchant list` shows them")
}

fn describe_merchant(merchant: &Merchant) -> Value {
    json!({
        "merchant": merchant.id.to_string(),
        "legal_name": merchant.company.legal_name,
        "revoked": merchant.revoked_at.is_some(),
    })
}

/// `EUR=4.71`, each currency once.
fn parse_rates(to: Currency, rates: &[String]) -> anyhow::Result<Vec<Exchange>> {
    let mut exchanges: Vec<Exchange> = vec![];
    for text in rates {
        let Some((code, rate)) = text.split_once('=') else {
            bail!("--rate: {text} is not CURRENCY=RATE, such as EUR=4.71");
        };
        let from = brands::parse_currency("rate", code)?;
        let Some(exchange) = Exchange::new(from, to, rate) else {
            bail!(
                "--rate: {text}: a rate is above 0, below 1000000000, has at most 8 digits after the point, and is for another currency than --convert-to"
            );
        };
        if exchanges.iter().any(|known| known.from() == from) {
            bail!("--rate: {code} has two rates");
        }
        exchanges.push(exchange);
    }
    Ok(exchanges)
}

fn describe_key(key: &ApiKey) -> Value {
    json!({
        "key": key.id.to_string(),
        "merchant": key.merchant_id.to_string(),
        "mode": key.mode.as_str(),
        "begins": format!("sk_{}_{}", key.mode.as_str(), key.prefix),
        "revoked": key.revoked_at.is_some(),
    })
}

fn describe_client(client: &OauthClient) -> Value {
    json!({
        "client_id": client.id.to_string(),
        "merchant": client.merchant_id.to_string(),
        "dialect": client.dialect.as_str(),
        "entity": client.entity.map(|entity| entity.to_string()),
        "mode": client.mode.as_str(),
        "revoked": client.revoked_at.is_some(),
    })
}

/// `<data>/admin.sock`. Only the owner of the data may connect.
pub(crate) struct Desk {
    listener: tokio::net::UnixListener,
    path: PathBuf,
}

impl Desk {
    /// Opens it. Who connects before somebody answers waits, so this comes before the server says that it runs.
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(SOCKET);
        // The lock is held, so whoever left a socket behind is gone.
        let _ = std::fs::remove_file(&path);
        let listener =
            tokio::net::UnixListener::bind(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Answers requests until told to stop.
    pub(crate) async fn answer(self, engine: Engine, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            let stream = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted?.0,
            };
            let engine = engine.clone();
            tokio::spawn(async move {
                if let Err(error) = answer(&engine, stream).await {
                    tracing::warn!("an administration request broke off: {error:#}");
                }
            });
        }
        let _ = std::fs::remove_file(&self.path);
        Ok(())
    }
}

async fn answer(engine: &Engine, stream: tokio::net::UnixStream) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    tokio::io::BufReader::new(read.take(REQUEST_BYTES_MAX)).read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Err(error) => AdminAnswer::Failed(format!("the request cannot be read: {error}")),
        Ok(request) => match execute(engine, request).await {
            Ok(value) => AdminAnswer::Done(value),
            Err(error) => AdminAnswer::Failed(format!("{error:#}")),
        },
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    write.write_all(&line).await?;
    Ok(())
}

/// Asks the server of a data directory; `None` when none runs.
pub(crate) fn ask_server(data: &Path, request: &AdminRequest) -> anyhow::Result<Option<Value>> {
    let Ok(mut stream) = UnixStream::connect(data.join(SOCKET)) else { return Ok(None) };
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    match serde_json::from_str(&answer).context("the server's answer cannot be read")? {
        AdminAnswer::Done(value) => Ok(Some(value)),
        AdminAnswer::Failed(words) => bail!("{words}"),
    }
}
