//! What a statement says of a transaction, column by column: `docs/statements.md` has them for merchants.

use domain::{Currency, Flow, Mode, Timestamp, mask_numbers};
use jiff::tz::TimeZone;
use store::StatementLine;

/// The columns, in their order.
pub(super) const NAMES: [&str; 26] = [
    "date",
    "type",
    "transaction_id",
    "purchase_id",
    "reference",
    "status",
    "currency",
    "amount",
    "fee",
    "net",
    "amount_minor",
    "fee_minor",
    "net_minor",
    "payment_method",
    "country",
    "flow",
    "recurring",
    "three_d_secure",
    "client_name",
    "client_email",
    "client_id",
    "brand_id",
    "brand",
    "purchase_created",
    "purchase_paid",
    "is_test",
];

/// A value, before anybody says how a file writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// An amount in minor units, shown in units of its currency.
    Amount(i64, Currency),
    /// A whole number.
    Whole(i64),
    /// A moment; none where there was none.
    Time(Option<Timestamp>),
    /// Yes or no.
    Flag(bool),
}

/// A row of the statement.
pub(super) fn cells(line: &StatementLine) -> [Cell; NAMES.len()] {
    let (transaction, checkout) = (&line.transaction, &line.record.checkout);
    let (currency, amount, fee) = (transaction.currency, transaction.amount, transaction.fee);
    let net = transaction.net();
    let customer = &line.customer;
    let name = if customer.full_name.is_empty() { &customer.legal_name } else { &customer.full_name };
    let text = |text: &str| Cell::Text(text.to_owned());
    // What merchants and payers typed may be anything (security T4).
    let typed = |text: &str| Cell::Text(mask_numbers(text).into_owned());
    [
        Cell::Time(Some(transaction.at)),
        text(transaction.kind.as_str()),
        Cell::Text(transaction.reference.to_string()),
        Cell::Text(checkout.id.to_string()),
        typed(&checkout.reference),
        text(line.stands.as_str()),
        text(currency.code()),
        Cell::Amount(amount, currency),
        Cell::Amount(fee, currency),
        Cell::Amount(net, currency),
        Cell::Whole(amount),
        Cell::Whole(fee),
        Cell::Whole(net),
        text(&transaction.method),
        text(&transaction.country),
        text(transaction.flow.map_or("", flow)),
        Cell::Flag(transaction.by_token),
        Cell::Flag(transaction.vouched),
        typed(name),
        typed(&customer.email),
        Cell::Text(checkout.customer_id.map(|id| id.to_string()).unwrap_or_default()),
        Cell::Text(transaction.brand_id.to_string()),
        typed(&checkout.seller),
        Cell::Time(Some(checkout.created_at)),
        Cell::Time(line.paid_at),
        Cell::Flag(checkout.mode == Mode::Test),
    ]
}

/// As purchases show it (purchases-api 3.12).
const fn flow(flow: Flow) -> &'static str {
    match flow {
        Flow::HostedPage => "payform",
        Flow::DirectPost => "direct_post",
        Flow::Api => "api",
    }
}

/// Words as a spreadsheet may open them: what it could take for a formula begins with an apostrophe (security T3).
pub(super) fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// Minor units in units of the currency: `-12.50`.
pub(super) fn decimal(minor: i64, currency: Currency) -> String {
    let digits = currency.exponent();
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    match digits {
        0 => format!("{sign}{minor}"),
        digits => {
            let (unit, width) = (10_u64.pow(digits), digits as usize);
            format!("{sign}{}.{:0width$}", minor / unit, minor % unit)
        }
    }
}

/// ISO 8601 with the offset of the zone at that moment: `2026-11-20T22:30:00+08:00`.
pub(super) fn iso(at: Timestamp, zone: &TimeZone) -> String {
    let Ok(moment) = jiff::Timestamp::from_second(at.seconds()) else { return String::new() };
    moment.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Days since 30 December 1899 by the clocks of the zone, as spreadsheets count them; ten digits tell seconds apart.
pub(super) fn serial_day(at: Timestamp, zone: &TimeZone) -> String {
    const UNIX_EPOCH: i64 = 25_569;
    const DAY: i64 = 86_400;
    let Ok(moment) = jiff::Timestamp::from_second(at.seconds()) else { return String::new() };
    let local = at.seconds() + i64::from(zone.to_offset(moment).seconds());
    let (day, second) = (local.div_euclid(DAY) + UNIX_EPOCH, local.rem_euclid(DAY));
    format!("{day}.{:010}", second * 10_000_000_000 / DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_formulas() {
        for (text, shown) in [
            ("=1+1", "'=1+1"),
            ("+60123456789", "'+60123456789"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(shown, harmless(text));
        }
    }

    #[test]
    fn amounts_are_in_units() {
        let currency = |code| Currency::parse(code).expect("a currency");
        for (minor, code, shown) in [
            (954, "MYR", "9.54"),
            (-5, "MYR", "-0.05"),
            (0, "MYR", "0.00"),
            (-500, "JPY", "-500"),
            (1_250, "KWD", "1.250"),
            (i64::MIN, "JPY", "-9223372036854775808"),
        ] {
            assert_eq!(shown, decimal(minor, currency(code)));
        }
    }

    #[test]
    fn moments_are_told_by_the_clocks_of_the_zone() {
        let zone = |name| TimeZone::get(name).expect("a zone");
        let at = Timestamp::from_seconds(1_774_746_000);
        for (name, told, day) in [
            ("UTC", "2026-03-29T01:00:00+00:00", "46110.0416666666"),
            ("Europe/Berlin", "2026-03-29T03:00:00+02:00", "46110.1250000000"),
            ("Asia/Kuala_Lumpur", "2026-03-29T09:00:00+08:00", "46110.3750000000"),
            ("America/St_Johns", "2026-03-28T22:30:00-02:30", "46109.9375000000"),
        ] {
            assert_eq!(
                (told.to_owned(), day.to_owned()),
                (iso(at, &zone(name)), serial_day(at, &zone(name))),
                "{name}"
            );
        }
    }
}
