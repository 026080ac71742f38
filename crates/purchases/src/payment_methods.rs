//! Which methods a payer could use (purchases-api 2.4, 3.9): what the acquirers of the mode offer and the brand takes.
//! Plugins ask this to learn whether a key and a brand fit together.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::{BrandId, Currency};
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
    /// Each card brand by itself.
    available_payment_methods: Vec<&'static str>,
    /// By country of the payer, cards as one; `any` is everywhere.
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
                Ok(Self { brand_id, currency, needs, preauthorization, language: member(uri, "language") })
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
    let Asked { brand_id, currency, mut needs, preauthorization, language } = Asked::of(&uri)?;
    let brand = routes::brand(&api.engine, caller, brand_id).await?;
    let is_taken = brand.currencies.as_ref().is_none_or(|enabled| enabled.contains(&currency));
    let offered = if is_taken { methods::offered(caller.mode) } else { &[] };
    if preauthorization {
        needs = Needs { amount: 0, skip_capture: true, ..needs };
    }
    let available = methods::remaining(offered, None, &needs);
    Ok(json(StatusCode::OK, written(Some(&listed(&available, language.as_deref())))?))
}

fn listed(available: &[Method], language: Option<&str>) -> PaymentMethods {
    let is_card = |method: &&Method| method.brand().is_some();
    let cards: Vec<_> = available.iter().filter(is_card).map(|method| method.name()).collect();
    let others = available.iter().filter(|method| !is_card(method)).map(|method| method.name());
    let everywhere: Vec<_> = (!cards.is_empty()).then_some("card").into_iter().chain(others).collect();
    let shown = available.iter().map(|method| method.name()).chain((!cards.is_empty()).then_some("card"));
    let logos = shown.map(|name| (name, logo_path(name))).filter(|(name, _)| logo(name).is_some()).collect();
    let mut names: BTreeMap<_, _> = available.iter().map(|method| (method.name(), method.label())).collect();
    if !cards.is_empty() {
        names.insert("card", card_in(language));
    }
    let is_any = !everywhere.is_empty();
    PaymentMethods {
        available_payment_methods: available.iter().map(|method| method.name()).collect(),
        by_country: is_any.then_some(("any", everywhere)).into_iter().collect(),
        country_names: is_any.then_some(("any", "Other")).into_iter().collect(),
        names,
        logos,
        card_methods: cards,
    }
}

/// "Card" in the languages of the pages; English for all others.
fn card_in(language: Option<&str>) -> &'static str {
    match language {
        Some("ms") => "Kad",
        Some("de") => "Karte",
        Some("fr") => "Carte",
        Some("es") => "Tarjeta",
        Some("sv") => "Kort",
        Some("pl") => "Karta",
        Some("zh") => "\u{94f6}\u{884c}\u{5361}",
        Some("ar") => "\u{628}\u{637}\u{627}\u{642}\u{629}",
        _ => "Card",
    }
}

fn logo_path(name: &str) -> String {
    format!("/methods/{name}.svg")
}

fn logo(name: &str) -> Option<&'static str> {
    match name {
        "card" => Some(include_str!("../assets/card.svg")),
        "visa" => Some(include_str!("../assets/visa.svg")),
        "mastercard" => Some(include_str!("../assets/mastercard.svg")),
        "maestro" => Some(include_str!("../assets/maestro.svg")),
        _ => None,
    }
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
            (headers, svg).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
