//! What balances, turnover and statements are asked by (purchases-api 2.8, 3.12).

use domain::{Flow, Timestamp, TransactionKind};
use engine::{Filter, Range, Stands, StatementFilter};

use crate::errors::Problem;
use crate::fields::{Bool, Choice, Fields, Int, Parsed, int, parsed, text};
use crate::formats;
use crate::methods::Method;
use crate::query::Several;

/// The last second of the year 9999; beyond it is a slip, such as milliseconds.
const TIME: Int = int(0).at_most(253_402_300_799);

/// Products (3.12); of those that are not ours there is nothing.
const PRODUCTS: &[&str] = &[
    "bank_payment",
    "custom_payment",
    "invoice",
    "purchase",
    "refund",
    "subscription",
    "payout",
    "payout_balance_transfer",
];

/// Flows (3.12); cards come to us in three of them.
const FLOWS: &[&str] = &[
    "api",
    "direct_post",
    "edd",
    "fluentcart",
    "fluentforms",
    "formidableforms",
    "givewp",
    "gohighlevel",
    "gravityforms",
    "hostbill",
    "import",
    "link",
    "magento",
    "opencart",
    "payform",
    "paymattic",
    "perfexcrm",
    "pos",
    "prestashop",
    "server_to_server",
    "shopify",
    "web_office",
    "whmcs",
    "woocommerce",
    "woocommerce_subscriptions",
    "wpcharitable",
    "wpfunnels",
];

/// The statuses of a purchase (4.1).
const STATUSES: &[&str] = &[
    "created",
    "sent",
    "viewed",
    "error",
    "blocked",
    "overdue",
    "expired",
    "cancelled",
    "pending_execute",
    "pending_charge",
    "hold",
    "pending_capture",
    "pending_release",
    "released",
    "preauthorized",
    "paid",
    "cleared",
    "settled",
    "pending_refund",
    "refunded",
    "chargeback",
];

const METHOD: Parsed<String> = parsed(
    32,
    method,
    "",
    "A payment method by its name; a card brand of another API of ours; `unknown` for what was not paid through us.",
);

/// Reads what a balance is asked by: of what, and as of when.
pub(crate) fn balance(f: &mut Fields<'_>) -> Option<(Filter, Option<Timestamp>)> {
    let currencies = f.optional(
        "currency",
        Several(formats::CURRENCY),
        "ISO 4217; without it every currency there ever was anything in.",
    );
    let from = f.optional("from", TIME, "The balance as of that moment: of everything that happened before it.");
    let filter = Filter { currencies, ..filter(f) };
    Some((filter, from.map(Timestamp::from_seconds)))
}

/// Reads what a turnover is asked by: of what, and of when.
pub(crate) fn turnover(f: &mut Fields<'_>) -> Option<(Filter, Range)> {
    let currency = f.required("currency", formats::CURRENCY, "ISO 4217, exactly one.");
    let from = f.optional("from", TIME, "From this moment on, unix seconds.");
    let to = f.optional("to", TIME, "Before this moment, unix seconds.");
    let filter = filter(f);
    Some((Filter { currencies: Some(vec![currency?]), ..filter }, range(from, to)))
}

/// Reads what all of them are asked by.
fn filter(f: &mut Fields<'_>) -> Filter {
    let brands = f.optional("brand", Several(formats::BRAND_ID), "Of these brands.");
    let terminals =
        f.optional("terminal_uid", Several(formats::UUID), "Of these terminals; there are none yet, and so nothing.");
    let methods = f.optional("payment_method", Several(METHOD), "Paid with these.");
    let products = f.optional(
        "product",
        Several(Choice(PRODUCTS)),
        "`purchase` is what payers paid, `refund` what was given back, `custom_payment` chargebacks and what was marked as paid.",
    );
    let flows = f.optional("flow", Several(Choice(FLOWS)), "How the card came.");
    let countries = f.optional("country", Several(formats::COUNTRY), "The card's.");
    let by_token = f.optional("tokenized", Bool, "Only what was, or was not, charged to a saved card.");
    Filter {
        currencies: None,
        brands,
        methods: methods.map(members),
        flows: flows.map(|flows| flows.into_iter().filter_map(flow).collect()),
        countries,
        kinds: match terminals {
            Some(_) => Some(vec![]),
            None => products.map(|products| products.into_iter().flat_map(kinds).copied().collect()),
        },
        by_token,
    }
}

/// Reads what a statement is asked by.
pub(crate) fn statement(f: &mut Fields<'_>) -> Option<StatementFilter> {
    let currencies = f.optional("currency", Several(formats::CURRENCY), "ISO 4217.");
    let brands = f.optional("brand_id", Several(formats::BRAND_ID), "Of these brands.");
    let shops = f.optional("shop_id", Several(formats::BRAND_ID), "The same; a shop is a brand.");
    let methods = f.optional("payment_method", Several(METHOD), "Paid with these.");
    let countries = f.optional("country", Several(formats::COUNTRY), "The card's.");
    let products = f.optional(
        "product",
        Several(Choice(PRODUCTS)),
        "`purchase` is what payers paid, `refund` what was given back, `custom_payment` chargebacks and what was marked as paid.",
    );
    let vouched = f.optional("three_d_secure", Bool, "Whether the card's bank vouches for the payer.");
    let statuses = f.optional(
        "status",
        Several(Choice(STATUSES)),
        "How the payment stands: `paid`, `refunded` or `chargeback`; in any other status there is nothing to list.",
    );
    let total = f.optional(
        "total",
        TOTAL,
        "What the payment is for, in minor units: the least and the most, as `100,5000`; either may be left out.",
    );
    let lines = f.optional("products", Several(text(256).filled()), "With this in the name of a product.");
    let text = f.optional("q", text(256), "With this in an id, the reference, or the client's name or email.");
    let mut between = |[from, to]: [&'static str; 2], about: [&'static str; 2]| {
        let (from, to) = (f.optional(from, TIME, about[0]), f.optional(to, TIME, about[1]));
        range(from, to)
    };
    let at = between(["from", "to"], ["Moved from this moment on, unix seconds.", "Moved before this moment."]);
    let paid = between(["paid_from", "paid_to"], ["Paid from this moment on.", "Paid before this moment."]);
    let updated = between(
        ["updated_from", "updated_to"],
        ["Of a payment that changed last from this moment on.", "Of one that changed last before this moment."],
    );
    let brands = match (brands, shops) {
        (Some(brands), Some(shops)) => Some(brands.into_iter().filter(|brand| shops.contains(brand)).collect()),
        (brands, shops) => brands.or(shops),
    };
    let (total_min, total_max) = total.unwrap_or_default();
    Some(StatementFilter {
        filter: Filter {
            currencies,
            brands,
            methods: methods.map(members),
            flows: None,
            countries,
            kinds: products.map(|products| products.into_iter().flat_map(kinds).copied().collect()),
            by_token: None,
        },
        at,
        paid,
        updated,
        vouched,
        stands: statuses.map(|statuses| statuses.into_iter().filter_map(Stands::parse).collect()),
        total_min,
        total_max,
        lines: lines.map(|lines| lines.iter().map(|line| line.to_lowercase()).collect()),
        text: text.filter(|text| !text.is_empty()).map(|text| text.to_lowercase()),
    })
}

fn range(from: Option<i64>, to: Option<i64>) -> Range {
    Range { from: from.map(Timestamp::from_seconds), to: to.map(Timestamp::from_seconds) }
}

fn flow(name: &str) -> Option<Flow> {
    match name {
        "payform" => Some(Flow::HostedPage),
        "direct_post" => Some(Flow::DirectPost),
        "api" => Some(Flow::Api),
        _ => None,
    }
}

fn kinds(product: &str) -> &'static [TransactionKind] {
    match product {
        "purchase" => &[TransactionKind::Payment],
        "refund" => &[TransactionKind::Refund],
        "custom_payment" => {
            &[TransactionKind::Chargeback, TransactionKind::ChargebackReversal, TransactionKind::MarkedPaid]
        }
        _ => &[],
    }
}

/// The methods that are meant: `razer` is all that go by way of it.
fn members(names: Vec<String>) -> Vec<String> {
    let of_razer = || Method::NAMES.iter().filter(|name| name.starts_with("razer_")).map(|&name| name.to_owned());
    let meant = |name: String| if name == "razer" { of_razer().collect() } else { vec![name] };
    names.into_iter().flat_map(meant).collect()
}

/// The name of a method as it is kept.
fn method(name: &str) -> Result<String, Problem> {
    match name {
        "unknown" => Ok(String::new()),
        name if Method::NAMES.contains(&name) || name == "razer" || domain::Brand::parse(name).is_some() => {
            Ok(name.to_owned())
        }
        _ => Err(Problem::invalid_choice("This is no payment method we know.")),
    }
}

/// `100,5000`
const TOTAL: Parsed<(Option<i64>, Option<i64>)> =
    parsed(41, total, "", "Two whole numbers with a comma between them; either may be left out.");

fn total(text: &str) -> Result<(Option<i64>, Option<i64>), Problem> {
    let wrong = || Problem::invalid("Two whole numbers with a comma between them are needed here.");
    let (least, most) = text.split_once(',').ok_or_else(wrong)?;
    let number = |text: &str| match text {
        "" => Ok(None),
        text => text.parse().ok().filter(|number| *number >= 0).map(Some).ok_or_else(wrong),
    };
    Ok((number(least)?, number(most)?))
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;
    use serde_json::{Value, json};

    use super::*;
    use crate::query;

    const BRAND: &str = "2b4f8a52-3d1e-4c5b-9f6a-7d8e9f0a1b2c";

    fn uri(query: &str) -> Uri {
        format!("/?{query}").parse().expect(query)
    }

    fn asked(query: &str) -> StatementFilter {
        query::read(&uri(query), statement).expect(query)
    }

    #[test]
    fn every_status_may_be_asked_for() {
        let described = <crate::status::Status as utoipa::PartialSchema>::schema();
        let described = serde_json::to_value(described).expect("JSON");
        assert_eq!(described["enum"], json!(STATUSES));
    }

    #[test]
    fn what_nobody_asks_by_is_ignored() {
        let brand_id = format!("brand_id={BRAND}");
        let (filter, at) = query::read(&uri(&brand_id), balance).expect("a filter");
        assert_eq!((Filter::default(), None), (filter, at), "as a plugin asks for its balance");
        assert_eq!(StatementFilter::default(), asked("time=1700000000"));
        assert_eq!("currency=MYR&q=%3D1", query::known(&uri("time=1&currency=MYR&q==1"), statement));
    }

    #[test]
    fn members_are_read_once_or_several_times() {
        let query =
            format!("currency=MYR&currency=EUR&brand={BRAND}&tokenized=true&flow=api&flow=pos&country=Malaysia");
        let (filter, before) = query::read(&uri(&format!("{query}&from=7")), balance).expect("a filter");
        let codes = |filter: &Filter| {
            filter.currencies.as_ref().map(|all| all.iter().map(|code| code.code()).collect::<Vec<_>>())
        };
        assert_eq!(Some(vec!["MYR", "EUR"]), codes(&filter));
        assert_eq!(1, filter.brands.expect("brands").len());
        assert_eq!((Some(true), Some(vec![Flow::Api])), (filter.by_token, filter.flows));
        assert_eq!((Some(vec!["MY".to_owned()]), Some(Timestamp::from_seconds(7))), (filter.countries, before));
        let nothing = query::read(&uri(&format!("terminal_uid={BRAND}&product=refund")), balance).expect("a filter").0;
        assert_eq!(Some(vec![]), nothing.kinds, "nobody has a terminal");
        let (filter, range) = query::read(&uri("currency=JPY&from=1&to=2"), turnover).expect("a filter");
        assert_eq!(Some(vec!["JPY"]), codes(&filter));
        assert_eq!((Some(1), Some(2)), (range.from.map(Timestamp::seconds), range.to.map(Timestamp::seconds)));
    }

    #[test]
    fn a_statement_is_asked_for_by_much() {
        let everything = format!(
            "brand_id={BRAND}&shop_id={BRAND}&status=paid&status=hold&total=100,&products=TEA&q=Ada&three_d_secure=0\
             &payment_method=visa&payment_method=unknown&product=custom_payment&paid_from=5&updated_to=9"
        );
        let asked = asked(&everything);
        assert_eq!(Some(vec![Stands::Paid]), asked.stands);
        assert_eq!((Some(100), None, Some(false)), (asked.total_min, asked.total_max, asked.vouched));
        assert_eq!((Some(vec!["tea".to_owned()]), Some("ada".to_owned())), (asked.lines, asked.text));
        assert_eq!(Some(vec!["visa".to_owned(), String::new()]), asked.filter.methods);
        assert_eq!(3, asked.filter.kinds.expect("kinds").len());
        assert_eq!(
            (Some(Timestamp::from_seconds(5)), Some(Timestamp::from_seconds(9))),
            (asked.paid.from, asked.updated.to)
        );
        assert_eq!(1, asked.filter.brands.expect("a brand").len());
    }

    #[test]
    fn a_group_of_methods_is_all_its_members() {
        let methods = asked("payment_method=razer&payment_method=fpx").filter.methods.expect("methods");
        let razer = ["razer_atome", "razer_grabpay", "razer_maybankqr", "razer_shopeepay", "razer_tng"];
        assert_eq!([&razer[..], &["fpx"]].concat(), methods);
    }

    #[test]
    fn what_is_wrong_is_said_at_its_place() {
        for (query, code) in [
            ("currency=myr", "invalid_choice"),
            ("currency=MYR&currency=", "invalid_choice"),
            ("from=x", "invalid"),
            ("from=1&from=2", "invalid"),
            ("from=-1", "min_value"),
            ("to=253402300800", "max_value"),
            ("brand_id=1", "invalid"),
            ("shop_id=1", "invalid"),
            ("status=payed", "invalid_choice"),
            ("product=tea", "invalid_choice"),
            ("payment_method=cash", "invalid_choice"),
            ("country=Atlantis", "invalid_choice"),
            ("three_d_secure=2", "invalid"),
            ("total=5", "invalid"),
            ("total=-5,5", "invalid"),
            ("total=a,b", "invalid"),
        ] {
            let errors = query::read(&uri(query), statement).expect_err(query);
            let errors: Value = serde_json::to_value(&errors).expect("JSON");
            let name = query.split(['=', '&']).next().unwrap_or_default();
            assert_eq!(code, errors[name][0]["code"], "{query}: {errors}");
        }
        let often = |times| format!("/?{}", vec!["flow=api"; times].join("&"));
        assert!(query::read(&often(20).parse().expect("an address"), balance).is_ok());
        assert!(query::read(&often(21).parse().expect("an address"), balance).is_err(), "too often");
        let missing = query::read(&uri(""), turnover).expect_err("no currency");
        assert_eq!("required", serde_json::to_value(&missing).expect("JSON")["currency"][0]["code"]);
        assert!(query::read(&uri("currency=MYR&currency=EUR"), turnover).is_err(), "exactly one");
        for wrong in ["flow=x", "terminal_uid=x", "tokenized=maybe", "brand=x", "from=x"] {
            assert!(query::read(&uri(wrong), balance).is_err(), "{wrong}");
        }
    }
}
