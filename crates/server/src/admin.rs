//! Administration: the same requests whether a server runs (then over `<data>/admin.sock`, because a store has one
//! writer) or not (then on the opened data).

use std::io::{BufRead, BufReader, Read as _, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::{BrandId, Colour, Currency, Dialect, Exchange, Fees, KeyId, Logo, MerchantId, Mode, Origin, Palette};
use engine::{BrandChange, Engine, NewBrand, NewMerchant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{ApiKey, Brand, Company, Merchant, OauthClient};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::cli::{ListedArgs, LookArgs, NewBrandArgs, NewEntityArgs, NewMerchantArgs, PolicyArgs, UpdateBrandArgs};
use crate::reconcile::{self, ReconcileRequest};
use crate::{doubts, entities, risk};

/// One request of an operator.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub(crate) enum AdminRequest {
    CreateMerchant(NewMerchantArgs),
    ListMerchants,
    RevokeMerchant { merchant: String },
    CreateBrand(NewBrandArgs),
    UpdateBrand(UpdateBrandArgs),
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

const REQUEST_BYTES_MAX: u64 = 64 * 1024;
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
            let fees = Fees { basis_points: fee_basis_points, fixed: fee_fixed };
            describe_merchant(&engine.create_merchant(NewMerchant { company, fees, email }).await?)
        }
        AdminRequest::ListMerchants => engine.merchants().await?.iter().map(describe_merchant).collect(),
        AdminRequest::RevokeMerchant { merchant } => {
            let id = merchant_id(&merchant)?;
            engine.revoke_merchant(id).await.context("there is no such merchant")?;
            json!({ "revoked": merchant })
        }
        AdminRequest::CreateBrand(brand) => {
            let new = new_brand(brand, None)?;
            describe_brand(&engine.create_brand(new).await.context("there is no such merchant")?)
        }
        AdminRequest::UpdateBrand(UpdateBrandArgs {
            merchant,
            brand,
            name,
            website,
            embed_origin,
            no_embed_origins,
            look,
        }) => {
            if name.as_ref().is_some_and(|name| name.trim().is_empty()) {
                bail!("--name: a brand needs a name");
            }
            let id = BrandId::parse(&brand).context("the brand's id is not an id")?;
            let keeps = embed_origin.is_empty() && !no_embed_origins;
            let change = BrandChange {
                name,
                website,
                embed_origins: if keeps { None } else { Some(parse_origins(&embed_origin)?) },
                palette: parse_palette(&look)?,
                logo: parse_logo(&look)?,
            };
            let updated = engine.update_brand(merchant_id(&merchant)?, id, change).await;
            describe_brand(&updated.context("this merchant has no such brand")?)
        }
        AdminRequest::ListBrands { merchant } => {
            engine.brands(merchant_id(&merchant)?).await?.iter().map(describe_brand).collect()
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
pub(crate) fn new_brand(args: NewBrandArgs, parent: Option<BrandId>) -> anyhow::Result<NewBrand> {
    let NewBrandArgs {
        merchant,
        name,
        website,
        currency,
        currencies,
        convert_to,
        rate: rates,
        language,
        time_zone,
        direct_post,
        embed_origin,
        look,
    } = args;
    if name.trim().is_empty() {
        bail!("--name: a brand needs a name");
    }
    if jiff::tz::TimeZone::get(&time_zone).is_err() {
        bail!("--time-zone: {time_zone} is not an IANA time zone, such as Asia/Kuala_Lumpur");
    }
    if language.len() != 2 || !language.bytes().all(|letter| letter.is_ascii_lowercase()) {
        bail!("--language: {language} is not a language of two letters, such as en");
    }
    let default = parse_currency("--currency", &currency)?;
    let currencies = match currencies {
        None => None,
        Some(codes) => {
            let mut allowed = vec![default];
            for code in codes {
                let currency = parse_currency("--currencies", &code)?;
                if !allowed.contains(&currency) {
                    allowed.push(currency);
                }
            }
            Some(allowed)
        }
    };
    let exchanges = match convert_to {
        Some(code) => parse_rates(parse_currency("--convert-to", &code)?, &rates)?,
        None => vec![],
    };
    let merchant_id = merchant_id(&merchant)?;
    Ok(NewBrand {
        merchant_id,
        parent,
        name,
        website,
        currency: default,
        currencies,
        exchanges,
        language,
        time_zone,
        direct_post,
        embed_origins: parse_origins(&embed_origin)?,
        palette: parse_palette(&look)?,
        logo: parse_logo(&look)?,
    })
}

/// So many origins are a list of shops, and fit a header.
const EMBED_ORIGINS_MAX: usize = 50;

fn parse_origins(texts: &[String]) -> anyhow::Result<Vec<Origin>> {
    let mut origins: Vec<Origin> = vec![];
    for text in texts {
        let Some(origin) = Origin::parse(text) else {
            bail!(
                "--embed-origin: {text} is not the origin of a page: https, host and port as browsers write them, such as https://shop.example, or http on this machine"
            );
        };
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if origins.len() > EMBED_ORIGINS_MAX {
        bail!("--embed-origin: at most {EMBED_ORIGINS_MAX}");
    }
    Ok(origins)
}

fn parse_palette(look: &LookArgs) -> anyhow::Result<Option<Palette>> {
    let Some(colour) = &look.colour else { return Ok(None) };
    let parse = |field: &str, text: &str| {
        Colour::parse(text).with_context(|| format!("{field}: {text} is not a colour of six digits, such as #0b6e4f"))
    };
    let ground = look.ground.as_deref().map_or(Ok(Colour::GROUND), |ground| parse("--ground", ground))?;
    let palette = Palette::new(parse("--colour", colour)?, ground);
    palette.map(Some).map_err(|error| anyhow!("--colour, --ground: {error}"))
}

fn parse_logo(look: &LookArgs) -> anyhow::Result<Option<Logo>> {
    let Some(picture) = &look.picture else { return Ok(None) };
    let bytes = BASE64_STANDARD.decode(picture).context("--logo: the picture came broken")?;
    Logo::new(bytes).map(Some).context("--logo: not a PNG or JPEG of at most 20 KB")
}

/// Reads the file that `--logo` names, on the operator's side of the socket.
pub(crate) fn read_logo(look: &mut LookArgs) -> anyhow::Result<()> {
    if let Some(file) = look.logo.take() {
        let mut bytes = Vec::new();
        // One byte more than fits tells a file that is too large, however large it is.
        let most = u64::try_from(Logo::BYTES_MAX + 1).unwrap_or(u64::MAX);
        let read = std::fs::File::open(&file).and_then(|opened| opened.take(most).read_to_end(&mut bytes));
        read.with_context(|| format!("--logo: {} cannot be read", file.display()))?;
        look.picture = Some(BASE64_STANDARD.encode(bytes));
    }
    Ok(())
}

pub(crate) fn merchant_id(text: &str) -> anyhow::Result<MerchantId> {
    MerchantId::parse(text).context("the merchant's id is not an id; `tollgate merchant list` shows them")
}

fn parse_currency(field: &str, code: &str) -> anyhow::Result<Currency> {
    Currency::parse(code).with_context(|| format!("{field}: {code} is not an ISO 4217 currency, such as MYR"))
}

fn describe_merchant(merchant: &Merchant) -> Value {
    json!({
        "merchant": merchant.id.to_string(),
        "legal_name": merchant.company.legal_name,
        "revoked": merchant.revoked_at.is_some(),
    })
}

fn describe_brand(brand: &Brand) -> Value {
    json!({
        "brand": brand.id.to_string(),
        "merchant": brand.merchant_id.to_string(),
        "name": brand.name,
        "currency": brand.currency.code(),
        "rates": brand.exchanges.iter().map(describe_exchange).collect::<Vec<_>>(),
        "language": brand.language,
        "time_zone": brand.time_zone,
        "direct_post": brand.direct_post,
        "embed_origins": brand.embed_origins.iter().map(Origin::as_str).collect::<Vec<_>>(),
        "colour": brand.look.palette.map(|palette| palette.accent().to_string()),
        "ground": brand.look.palette.map(|palette| palette.ground().to_string()),
        "logo": brand.look.logo.map(|logo| logo.to_string()),
        "revoked": brand.revoked_at.is_some(),
    })
}

fn describe_exchange(exchange: &Exchange) -> Value {
    json!({ "from": exchange.from().code(), "to": exchange.to().code(), "rate": exchange.rate() })
}

/// `EUR=4.71`, each currency once.
fn parse_rates(to: Currency, rates: &[String]) -> anyhow::Result<Vec<Exchange>> {
    let mut exchanges: Vec<Exchange> = vec![];
    for text in rates {
        let Some((code, rate)) = text.split_once('=') else {
            bail!("--rate: {text} is not CURRENCY=RATE, such as EUR=4.71");
        };
        let from = parse_currency("--rate", code)?;
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
