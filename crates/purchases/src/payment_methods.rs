//! Which methods a payer could use (purchases-api 2.4, 3.9): what the acquirers of the mode offer and the brand takes.
//! Plugins ask this to learn whether a key and a brand fit together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::{BrandId, Currency, LocalMethod, RedirectMethod};
use engine::Credential;
use serde::Serialize;
use utoipa::ToSchema;

use crate::errors::{FieldErrors, Problem};
use crate::methods::{self, Method, Needs};
use crate::page::member;
use crate::routes::{self, Api, ApiError, json, written};

/// What there is (3.9).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentMethods {
    /// Each card brand by itself, and `razer` beside its wallets.
    available_payment_methods: Vec<&'static str>,
    /// By country of the payer, cards as one; `any` is those that are everywhere.
    by_country: BTreeMap<&'static str, Vec<&'static str>>,
    /// What the countries above are called.
    country_names: BTreeMap<&'static str, &'static str>,
    /// What the methods are called.
    names: BTreeMap<&'static str, &'static str>,
    /// Where their logos are, below the gateway's address.
    logos: BTreeMap<&'static str, String>,
    /// Which of them are cards.
    card_methods: Vec<&'static str>,
}

/// What is asked.
struct Asked {
    brand_id: BrandId,
    currency: Currency,
    needs: Needs,
    preauthorization: bool,
    /// Where the payer is, if that is to matter.
    country: Option<String>,
    language: Option<String>,
}

impl Asked {
    fn of(uri: &Uri) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let brand_id = member(uri, "brand_id").map(|text| BrandId::parse(&text));
        let currency = member(uri, "currency").map(|text| Currency::parse(&text));
        match &brand_id {
            None => errors.add("brand_id", Problem::required()),
            Some(Err(_)) => errors.add("brand_id", Problem::invalid("A UUID is needed here.")),
            Some(Ok(_)) => {}
        }
        match &currency {
            None => errors.add("currency", Problem::required()),
            Some(None) => errors.add("currency", Problem::invalid_choice("This is no currency we know.")),
            Some(Some(_)) => {}
        }
        let amount = member(uri, "amount").map(|text| text.parse::<i64>().ok().filter(|amount| *amount >= 0));
        if amount == Some(None) {
            errors.add("amount", Problem::invalid("A whole number that is not negative is needed here."));
        }
        let is_on = |name| member(uri, name).as_deref() == Some("true");
        match (brand_id, currency) {
            (Some(Ok(brand_id)), Some(Some(currency))) if errors.is_empty() => {
                // Without an amount none is too small.
                let amount = amount.flatten().unwrap_or(i64::MAX);
                let needs =
                    Needs { currency, amount, skip_capture: is_on("skip_capture"), recurring: is_on("recurring") };
                let preauthorization = is_on("preauthorization");
                let (country, language) = (member(uri, "country"), member(uri, "language"));
                Ok(Self { brand_id, currency, needs, preauthorization, country, language })
            }
            _ => Err(errors),
        }
    }
}

pub(crate) async fn index(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let Asked { brand_id, currency, mut needs, preauthorization, country, language } = Asked::of(&uri)?;
    let brand = routes::brand(&api.engine, caller, brand_id).await?;
    let is_taken = brand.currencies.as_ref().is_none_or(|enabled| enabled.contains(&currency));
    let offered = if is_taken { methods::offered(caller.mode) } else { &[] };
    if preauthorization {
        needs = Needs { amount: 0, skip_capture: true, ..needs };
    }
    let mut available = methods::remaining(offered, None, &needs);
    available.retain(|method| country.as_deref().is_none_or(|country| country == MALAYSIA || !method.is_malaysian()));
    Ok(json(StatusCode::OK, written(Some(&listed(&available, language.as_deref())))?))
}

fn listed(available: &[Method], language: Option<&str>) -> PaymentMethods {
    let words = Words::of(language);
    let is_card = |method: &&Method| method.brand().is_some();
    let cards: Vec<_> = available.iter().filter(is_card).map(|method| method.name()).collect();
    let mut names: BTreeMap<_, _> = available.iter().map(|method| (method.name(), method.label())).collect();
    let mut individual: Vec<_> = available.iter().map(|method| method.name()).collect();
    if !cards.is_empty() {
        names.insert(CARD, words.card);
    }
    if available.iter().any(|method| method.is_razer()) {
        // Clients know it as what its wallets have in common; nobody can whitelist it.
        names.insert(RAZER, "Razer");
        individual.push(RAZER);
    }
    let mut by_country = BTreeMap::<_, Vec<_>>::new();
    if !cards.is_empty() {
        by_country.entry(ANY).or_default().push(CARD);
    }
    for method in available.iter().filter(|method| !is_card(method)) {
        by_country.entry(if method.is_malaysian() { MALAYSIA } else { ANY }).or_default().push(method.name());
    }
    let called = |code: &'static str| (code, if code == ANY { words.other } else { words.malaysia });
    PaymentMethods {
        available_payment_methods: individual,
        country_names: by_country.keys().map(|code| called(code)).collect(),
        by_country,
        logos: names.keys().map(|name| (*name, logo_path(name))).collect(),
        names,
        card_methods: cards,
    }
}

/// What cards are called together.
const CARD: &str = "card";
/// What the wallets whose names begin with it are called together.
const RAZER: &str = "razer";
/// Everywhere.
const ANY: &str = "any";
const MALAYSIA: &str = "MY";

/// What this call says in words.
struct Words {
    card: &'static str,
    other: &'static str,
    malaysia: &'static str,
}

impl Words {
    /// In the languages of the pages; English for all others.
    fn of(language: Option<&str>) -> Self {
        let [card, other, malaysia] = match language {
            Some("ms") => ["Kad", "Lain-lain", "Malaysia"],
            Some("de") => ["Karte", "Andere", "Malaysia"],
            Some("fr") => ["Carte", "Autres", "Malaisie"],
            Some("es") => ["Tarjeta", "Otros", "Malasia"],
            Some("sv") => ["Kort", "\u{d6}vriga", "Malaysia"],
            Some("pl") => ["Karta", "Inne", "Malezja"],
            Some("zh") => ["\u{94f6}\u{884c}\u{5361}", "\u{5176}\u{4ed6}", "\u{9a6c}\u{6765}\u{897f}\u{4e9a}"],
            Some("ar") => [
                "\u{628}\u{637}\u{627}\u{642}\u{629}",
                "\u{623}\u{62e}\u{631}\u{649}",
                "\u{645}\u{627}\u{644}\u{64a}\u{632}\u{64a}\u{627}",
            ],
            _ => ["Card", "Other", "Malaysia"],
        };
        Self { card, other, malaysia }
    }
}

fn logo_path(name: &str) -> String {
    format!("/methods/{name}.svg")
}

/// Cards have drawings of their own, everything else a tile with its name.
fn logo(name: &str) -> Option<Cow<'static, str>> {
    Some(match name {
        CARD => include_str!("../assets/card.svg").into(),
        "visa" => include_str!("../assets/visa.svg").into(),
        "mastercard" => include_str!("../assets/mastercard.svg").into(),
        "maestro" => include_str!("../assets/maestro.svg").into(),
        RAZER => tile("Razer", RedirectMethod::Wallet).into(),
        name => {
            let method = LocalMethod::parse(name)?;
            tile(method.label(), method.kind()).into()
        }
    })
}

/// A tile in the colour of its kind, with the name on it; a name of several words in two lines.
fn tile(label: &str, kind: RedirectMethod) -> String {
    let colour = match kind {
        RedirectMethod::Bank => "#24507a",
        RedirectMethod::Wallet => "#4b4468",
        RedirectMethod::PayLater => "#4d5b2f",
    };
    let (first, second) = label.split_once(' ').unwrap_or((label, ""));
    let lines = if second.is_empty() { vec![(first, 24)] } else { vec![(first, 18), (second, 31)] };
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 40" role="img" aria-label="{label}"><rect width="64" height="40" rx="5" fill="{colour}"/><g fill="#fff" font-family="Arial, Helvetica, sans-serif" font-size="11" font-weight="700" text-anchor="middle">"##
    );
    for (line, y) in lines {
        svg.push_str(&format!(r#"<text x="32" y="{y}">{line}</text>"#));
    }
    svg.push_str("</g></svg>");
    svg
}

/// `/methods/<name>.svg`, for everybody.
pub(crate) fn logos() -> Router {
    Router::new().route("/methods/{file}", get(picture))
}

async fn picture(Path(file): Path<String>) -> Response {
    match file.strip_suffix(".svg").and_then(logo) {
        Some(svg) => {
            let headers = [
                (header::CONTENT_TYPE, "image/svg+xml"),
                (header::CACHE_CONTROL, "public, max-age=86400"),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, svg.into_owned()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
