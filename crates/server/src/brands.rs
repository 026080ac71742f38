//! A brand's settings: how they are read, from the command line and from a call, and the calls of `/tollgate/v1/brands`.

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, put};
use axum::{Extension, Router};
use clap::Args;
use domain::{BrandId, Colour, Currency, Origin, Palette};
use engine::{Brand, BrandChange, Credential, Error, LOGO_FILE_BYTES_MAX, LogoError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tollgate_http::body;

use crate::management::{Api, Problem, answer};

const BODY_BYTES_MAX: usize = 16 * 1024;
const NAME_MAX: usize = 128;
const WEBSITE_MAX: usize = 500;
/// So many origins are a list of shops, and fit a header.
const EMBED_ORIGINS_MAX: usize = 50;

/// What may be said of a brand that is there already. What is absent stays; what is empty goes.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrandFields {
    /// What payers know it by.
    #[arg(long)]
    name: Option<String>,
    /// Its site.
    #[arg(long)]
    website: Option<String>,
    /// Where its payers' answers to mail go; empty is the merchant's own address.
    #[arg(long)]
    support_email: Option<String>,
    /// Used when a purchase names none.
    #[arg(long)]
    currency: Option<String>,
    /// The only currencies it takes, comma between; empty is every currency.
    #[arg(long, value_delimiter = ',')]
    currencies: Option<Vec<String>>,
    /// ISO 639-1, used when a purchase names none.
    #[arg(long)]
    language: Option<String>,
    /// IANA name, used when a purchase names none.
    #[arg(long)]
    time_zone: Option<String>,
    /// Of buttons, links and marks of choice: six hexadecimal digits, such as #0b6e4f; empty is the gateway's own. White
    /// text must be read on it.
    #[arg(long)]
    colour: Option<String>,
    /// Behind everything: a light colour [default: #f3f5f9].
    #[arg(long, requires = "colour")]
    ground: Option<String>,
    /// Whose pages may draw the card fields inside themselves, comma between: https, host and port as browsers write them,
    /// or http on this machine; empty is nobody's.
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',')]
    embed_origins: Option<Vec<String>>,
}

/// A field that cannot be as it was said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongField {
    /// As in JSON.
    pub(crate) field: &'static str,
    pub(crate) problem: String,
}

/// As on the command line.
impl From<WrongField> for anyhow::Error {
    fn from(WrongField { field, problem }: WrongField) -> Self {
        Self::msg(format!("--{}: {problem}", field.replace('_', "-")))
    }
}

impl From<WrongField> for Problem {
    fn from(WrongField { field, problem }: WrongField) -> Self {
        Self::Wrong(format!("`{field}`: {problem}"))
    }
}

fn wrong(field: &'static str, problem: impl Into<String>) -> WrongField {
    WrongField { field, problem: problem.into() }
}

impl BrandFields {
    /// What is to be changed.
    pub(crate) fn change(self) -> Result<BrandChange, WrongField> {
        let Self {
            name,
            website,
            support_email,
            currency,
            currencies,
            language,
            time_zone,
            colour,
            ground,
            embed_origins,
        } = self;
        let currencies = match currencies {
            None => None,
            Some(codes) if codes.iter().all(String::is_empty) => Some(None),
            Some(codes) => Some(Some(distinct(&codes)?)),
        };
        let palette = match colour {
            None if ground.is_some() => return Err(wrong("ground", "it goes with a colour")),
            None => None,
            Some(colour) if colour.is_empty() => Some(None),
            Some(colour) => Some(Some(palette(&colour, ground.as_deref())?)),
        };
        Ok(BrandChange {
            name: name.map(checked_name).transpose()?,
            website: website.map(checked_website).transpose()?,
            support_email: support_email.map(checked_support_email).transpose()?,
            currency: currency.map(|code| parse_currency("currency", &code)).transpose()?,
            currencies,
            language: language.map(checked_language).transpose()?,
            time_zone: time_zone.map(checked_time_zone).transpose()?,
            palette,
            logo: None,
            embed_origins: embed_origins.map(|texts| origins(&texts)).transpose()?,
        })
    }
}

/// Each currency once.
fn distinct(codes: &[String]) -> Result<Vec<Currency>, WrongField> {
    let mut currencies = vec![];
    for code in codes {
        let currency = parse_currency("currencies", code)?;
        if !currencies.contains(&currency) {
            currencies.push(currency);
        }
    }
    Ok(currencies)
}

/// Each origin once; empty is none.
pub(crate) fn origins(texts: &[String]) -> Result<Vec<Origin>, WrongField> {
    let no_origin = |text: &str| {
        let problem = format!(
            "{text} is not the origin of a page: https, host and port as browsers write them, such as https://shop.example, or http on this machine"
        );
        wrong("embed_origins", problem)
    };
    let mut origins: Vec<Origin> = vec![];
    for text in texts.iter().filter(|text| !text.is_empty()) {
        let origin = Origin::parse(text).ok_or_else(|| no_origin(text))?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if origins.len() > EMBED_ORIGINS_MAX {
        return Err(wrong("embed_origins", format!("at most {EMBED_ORIGINS_MAX}")));
    }
    Ok(origins)
}

pub(crate) fn parse_currency(field: &'static str, code: &str) -> Result<Currency, WrongField> {
    Currency::parse(code).ok_or_else(|| wrong(field, format!("{code} is not an ISO 4217 currency, such as MYR")))
}

pub(crate) fn palette(colour: &str, ground: Option<&str>) -> Result<Palette, WrongField> {
    let parse = |field, text: &str| {
        let no_colour = || wrong(field, format!("{text} is not a colour of six digits, such as #0b6e4f"));
        Colour::parse(text).ok_or_else(no_colour)
    };
    let ground = ground.map_or(Ok(Colour::GROUND), |ground| parse("ground", ground))?;
    Palette::new(parse("colour", colour)?, ground).map_err(|error| wrong("colour", error.to_string()))
}

pub(crate) fn checked_name(name: String) -> Result<String, WrongField> {
    if name.trim().is_empty() {
        return Err(wrong("name", "a brand needs a name"));
    }
    one_line("name", name, NAME_MAX)
}

pub(crate) fn checked_website(website: String) -> Result<String, WrongField> {
    one_line("website", website, WEBSITE_MAX)
}

pub(crate) fn checked_support_email(address: String) -> Result<String, WrongField> {
    if !address.is_empty() && !engine::is_mail_address(&address) {
        return Err(wrong("support_email", format!("{address:?} is no mail address")));
    }
    Ok(address)
}

pub(crate) fn checked_language(language: String) -> Result<String, WrongField> {
    if language.len() != 2 || !language.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return Err(wrong("language", format!("{language:?} is not a language of two letters, such as en")));
    }
    Ok(language)
}

pub(crate) fn checked_time_zone(time_zone: String) -> Result<String, WrongField> {
    if jiff::tz::TimeZone::get(&time_zone).is_err() {
        return Err(wrong("time_zone", format!("{time_zone:?} is not an IANA time zone, such as Asia/Kuala_Lumpur")));
    }
    Ok(time_zone)
}

fn one_line(field: &'static str, text: String, most: usize) -> Result<String, WrongField> {
    if text.chars().count() > most || text.contains(char::is_control) {
        return Err(wrong(field, format!("one line of at most {most} characters")));
    }
    Ok(text)
}

/// A brand as an operator and its merchant see it.
pub(crate) fn describe(brand: &Brand) -> Value {
    let code = |currency: &Currency| currency.code();
    let exchange = |exchange: &domain::Exchange| json!({ "from": exchange.from().code(), "to": exchange.to().code(), "rate": exchange.rate() });
    json!({
        "brand": brand.id.to_string(),
        "merchant": brand.merchant_id.to_string(),
        "name": brand.name,
        "website": brand.website,
        "support_email": brand.support_email,
        "currency": brand.currency.code(),
        "currencies": brand.currencies.as_ref().map(|taken| taken.iter().map(code).collect::<Vec<_>>()),
        "rates": brand.exchanges.iter().map(exchange).collect::<Vec<_>>(),
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

/// `/brands/...` below `/tollgate/v1`.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/brands", get(list))
        .route("/brands/{id}", get(read).patch(update))
        .route("/brands/{id}/logo", put(put_logo).delete(delete_logo))
}

async fn list(State(api): State<Api>, Extension(caller): Extension<Credential>) -> Result<Response, Problem> {
    let brands = api.engine.brands(caller.merchant_id).await?;
    let results: Vec<_> = brands.iter().map(describe).collect();
    Ok(answer(StatusCode::OK, &json!({ "results": results })))
}

fn brand_id(text: &str) -> Result<BrandId, Problem> {
    BrandId::parse(text).map_err(|_| Problem::NotFound)
}

async fn read(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let brand = api.engine.brand(caller.merchant_id, brand_id(&id)?).await?;
    Ok(answer(StatusCode::OK, &describe(&brand)))
}

async fn update(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let body: Bytes = body::read(request.into_body(), BODY_BYTES_MAX).await?;
    let fields: BrandFields = serde_json::from_slice(&body)
        .map_err(|error| Problem::Wrong(format!("A JSON object of a brand's settings is needed: {error}")))?;
    change(&api, caller, &id, fields.change()?).await
}

/// The bytes of a picture: whatever they are said to be, they are looked at.
async fn put_logo(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    // Another merchant's brand is not there, whatever is sent.
    api.engine.brand(caller.merchant_id, brand_id(&id)?).await?;
    let file = body::read(request.into_body(), LOGO_FILE_BYTES_MAX).await?;
    let logo = match api.engine.read_logo(file.to_vec()).await {
        Ok(logo) => logo,
        Err(LogoError::Stopping) => return Err(Error::Stopping.into()),
        Err(error @ (LogoError::Kind | LogoError::Bytes | LogoError::Size | LogoError::Broken)) => {
            return Err(Problem::Wrong(format!("The logo is {error}.")));
        }
    };
    change(&api, caller, &id, BrandChange { logo: Some(Some(logo)), ..BrandChange::default() }).await
}

async fn delete_logo(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    change(&api, caller, &id, BrandChange { logo: Some(None), ..BrandChange::default() }).await
}

async fn change(api: &Api, caller: Credential, id: &str, change: BrandChange) -> Result<Response, Problem> {
    let brand = api.engine.update_brand(caller.merchant_id, brand_id(id)?, change).await?;
    Ok(answer(StatusCode::OK, &describe(&brand)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: &str) -> String {
        let fields: BrandFields = serde_json::from_str(json).expect("fields");
        match fields.change() {
            Ok(_) => "good".to_owned(),
            Err(WrongField { field, problem }) => format!("{field}: {problem}"),
        }
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (json, expected) in [
            ("{}", "good"),
            (r#"{"support_email":"","colour":"","currencies":[],"website":""}"#, "good"),
            (r#"{"name":" "}"#, "name: a brand needs a name"),
            (r#"{"name":"a\r\nBcc: eve@example.com"}"#, "name: one line of at most 128 characters"),
            (
                r#"{"support_email":"a@b.c\r\nBcc: d@e.f"}"#,
                r#"support_email: "a@b.c\r\nBcc: d@e.f" is no mail address"#,
            ),
            (r#"{"currency":"RM"}"#, "currency: RM is not an ISO 4217 currency, such as MYR"),
            (r#"{"currencies":["MYR","X"]}"#, "currencies: X is not an ISO 4217 currency, such as MYR"),
            (r#"{"language":"english"}"#, r#"language: "english" is not a language of two letters, such as en"#),
            (r#"{"time_zone":"Mars"}"#, r#"time_zone: "Mars" is not an IANA time zone, such as Asia/Kuala_Lumpur"#),
            (r##"{"ground":"#ffffff"}"##, "ground: it goes with a colour"),
            (r#"{"embed_origins":["https://tea.example",""]}"#, "good"),
            (r#"{"colour":"red"}"#, "colour: red is not a colour of six digits, such as #0b6e4f"),
        ] {
            assert_eq!(expected, change(json), "{json}");
        }
        assert!(change(r##"{"colour":"#ffcc00"}"##).starts_with("colour: the text of a button"));
        assert!(serde_json::from_str::<BrandFields>(r#"{"logo":"x"}"#).is_err(), "unknown members are told");
    }
}
