//! Company statements as a merchant sees them (purchases-api 2.8, 3.13): asked for, made, downloaded, and gone a day later.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use axum::body::Body;
use axum::http::{Method, Request};
use domain::Timestamp;
use serde_json::{Value, json};
use store::Store;
use zip::ZipArchive;

use crate::app::{Answer, App, GOOD, Home, START, ask, codes, request};
use crate::balances::charged;

const DAY: u64 = 86_400;
const UTC_CSV: &str = r#"{"format":"csv","timezone":"UTC"}"#;

/// A row by the names of its columns.
type Row = HashMap<String, String>;

impl App {
    fn statement_request(&self, query: &str, body: &str) -> Request<Body> {
        let uri = format!("/api/v1/company_statements/{query}");
        request(Method::POST, &uri, &self.merchant.secret_key, "application/json", body.to_owned())
    }

    async fn ask_statement(&self, query: &str, body: &str) -> Value {
        let answer = ask(&self.router, self.statement_request(query, body)).await;
        assert_eq!(201, answer.status, "{}", answer.text());
        answer.json()
    }

    async fn statement(&self, id: &str) -> Value {
        self.get(&format!("/company_statements/{id}/")).await.json()
    }

    /// The file behind a link.
    async fn download(&self, statement: &Value) -> Answer {
        let url = statement["download_url"].as_str().unwrap_or_else(|| panic!("no link: {statement}"));
        self.page(url.strip_prefix("http://pay.example.com").unwrap()).await
    }

    /// A statement that is made at once.
    async fn made(&self, query: &str, body: &str) -> Answer {
        let asked = self.ask_statement(query, body).await;
        self.advance(0).await;
        self.download(&self.statement(asked["id"].as_str().unwrap()).await).await
    }

    async fn rows(&self, query: &str) -> Vec<Row> {
        csv_rows(&self.made(query, UTC_CSV).await.text())
    }
}

fn csv_rows(text: &str) -> Vec<Row> {
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// The rows of the first sheet; days as they are counted there.
fn workbook_rows(bytes: &[u8]) -> Vec<Row> {
    let mut book = ZipArchive::new(Cursor::new(bytes.to_vec())).unwrap();
    let mut sheet = String::new();
    book.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
    let plain =
        |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&#13;", "\r").replace("&amp;", "&");
    let cells = |row: &str| -> HashMap<char, String> {
        let cell = |cell: &str| {
            let column = cell.strip_prefix("r=\"").unwrap().chars().next().unwrap();
            let (_, value) = cell.split_once("<v>").or_else(|| cell.split_once("preserve\">")).unwrap();
            let (value, _) = value.split_once("</").unwrap();
            let is_flag = cell.contains("t=\"b\"");
            let value = if is_flag { (value == "1").to_string() } else { plain(value) };
            (column, value)
        };
        row.split("<c ").skip(1).map(cell).collect()
    };
    let mut rows = sheet.split("<row ").skip(1).map(cells);
    let names = rows.next().unwrap();
    let named = |row: HashMap<char, String>| {
        names.iter().map(|(column, name)| (name.clone(), row.get(column).cloned().unwrap_or_default())).collect()
    };
    rows.map(named).collect()
}

fn sum(rows: &[Row], column: &str) -> i64 {
    rows.iter().map(|row| row[column].parse::<i64>().unwrap()).sum()
}

#[tokio::test]
async fn a_statement_is_made_in_the_background_and_its_link_lasts_a_day() {
    let mut app = App::new().await;
    charged(&mut app).await;
    app.paid(GOOD, json!({})).await;
    let asked =
        app.ask_statement("?currency=MYR&time=1700000000", r#"{"format":"csv","timezone":"Asia/Kuala_Lumpur"}"#).await;
    let expected = json!({
        "type": "company_statement", "id": asked["id"], "created_on": START, "updated_on": START,
        "format": "csv", "timezone": "Asia/Kuala_Lumpur", "is_test": true, "company_uid": app.merchant.id,
        "query_string": "currency=MYR", "status": "pending", "download_url": null,
        "began_on": null, "finished_on": null,
    });
    assert_eq!(expected, asked);
    let id = asked["id"].as_str().unwrap().to_owned();
    assert_eq!(asked, app.statement(&id).await);
    app.advance(60).await;
    let made = app.statement(&id).await;
    assert_eq!(
        ("success", START, START),
        (made["status"].as_str().unwrap(), made["began_on"].as_i64().unwrap(), made["finished_on"].as_i64().unwrap())
    );
    let purchase = app.purchase(json!({})).await;
    assert_eq!(purchase["company_id"], made["company_uid"], "as Gravity Forms compares them (quirk 36)");
    let file = app.download(&made).await;
    assert_eq!(200, file.status);
    for (name, value) in [
        ("content-type", "text/csv; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"statement-2026-11-20.csv\""),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex"),
    ] {
        assert_eq!(value, file.header(name), "{name}");
    }
    assert_eq!(file.body.len().to_string(), file.header("content-length"));
    let row = csv_rows(&file.text()).remove(0);
    for (column, value) in [
        ("date", "2026-11-20T08:00:00+08:00"),
        ("type", "payment"),
        ("reference", "ORD-7"),
        ("status", "paid"),
        ("currency", "MYR"),
        ("amount", "9.54"),
        ("fee", "0.34"),
        ("net", "9.20"),
        ("amount_minor", "954"),
        ("fee_minor", "34"),
        ("net_minor", "920"),
        ("payment_method", "visa"),
        ("flow", "payform"),
        ("recurring", "false"),
        ("client_email", "ada@example.com"),
        ("brand", "Tea"),
        ("brand_id", &app.merchant.brand_id),
        ("is_test", "true"),
    ] {
        assert_eq!(value, row[column], "{column}");
    }
    let until = START + 86_400;
    app.advance(u64::try_from(until - 1 - app.now()).unwrap()).await;
    assert_eq!(200, app.download(&made).await.status);
    let folder = app.data().join("statements");
    assert_eq!(1, std::fs::read_dir(&folder).unwrap().count());
    app.advance(1).await;
    assert_eq!(404, app.download(&made).await.status);
    assert_eq!(Value::Null, app.statement(&id).await["download_url"]);
    assert_eq!("success", app.statement(&id).await["status"]);
    assert_eq!(0, std::fs::read_dir(&folder).unwrap().count(), "nobody keeps it");
}

#[tokio::test]
async fn a_statement_lists_what_moved_and_both_formats_say_the_same() {
    let mut app = App::new().await;
    let coffee = charged(&mut app).await;
    let mut ids = vec![];
    for number in 0..12_i64 {
        let brand = if number % 2 == 0 { &coffee } else { &app.merchant.brand_id };
        let name = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "A & B <c>", "Zoë, \"the\" Great\nGatsby"]
            [usize::try_from(number % 6).unwrap()];
        let price = 101 + number * 997;
        let order = json!({ "brand_id": brand, "client": { "full_name": name, "email": "ada@example.com" },
            "purchase": { "products": [{ "name": "Tea", "price": price }] }, "reference": format!("=R{number}") });
        ids.push(app.paid(GOOD, order).await);
        app.advance(3_600).await;
    }
    assert_eq!(200, app.act(&ids[0], "refund", "").await.status);
    assert_eq!(200, app.act(&ids[1], "refund", r#"{"amount":7}"#).await.status);
    app.report(&ids[2], "chargeback").await;
    app.report(&ids[3], "chargeback").await;
    app.report(&ids[3], "chargeback_reversed").await;
    let marked = app.purchase_id(json!({})).await;
    app.act(&marked, "mark_as_paid", "").await;

    let rows = app.rows("").await;
    let of = |kind: &str| rows.iter().filter(|row| row["type"] == kind).count();
    assert_eq!([12, 2, 2, 1, 1], ["payment", "refund", "chargeback", "chargeback_reversal", "marked_as_paid"].map(of));
    let balance = app.get("/account/json/balance/").await.json();
    assert_eq!(balance["MYR"]["balance"], sum(&rows, "net_minor"), "the statement adds up to the balance");
    assert_eq!(balance["MYR"]["fee_sell"], sum(&rows, "fee_minor"));
    let mut independent = 0;
    for id in &ids {
        let payment = app.show(id).await["payment"].clone();
        independent += payment["amount"].as_i64().unwrap();
    }
    let taken: Vec<_> = rows.iter().filter(|row| row["type"] == "payment").cloned().collect();
    assert_eq!(independent, sum(&taken, "amount_minor"), "and to the purchases");
    let refund = rows.iter().find(|row| row["type"] == "refund" && row["amount_minor"] == "-7").unwrap();
    assert_eq!(
        ("-0.07", ids[1].as_str(), "refunded"),
        (refund["amount"].as_str(), refund["purchase_id"].as_str(), refund["status"].as_str())
    );
    for row in rows.iter().filter(|row| row["type"] != "marked_as_paid") {
        assert!(row["reference"].starts_with("'=R"), "{row:?}");
        assert!(!row["client_name"].starts_with(['=', '+', '-', '@']), "{row:?}");
    }

    let file = app.made("", r#"{"format":"xlsx","timezone":"UTC"}"#).await;
    assert_eq!("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", file.header("content-type"));
    let sheet = workbook_rows(&file.body);
    assert_eq!(rows.len(), sheet.len());
    for (row, other) in rows.iter().zip(&sheet) {
        for (column, value) in row {
            let other = &other[column];
            if ["date", "purchase_created", "purchase_paid"].contains(&column.as_str()) {
                let day = jiff_day(value);
                assert_eq!(&day, other, "{column}");
            } else {
                assert_eq!(value, other, "{column}");
            }
        }
    }
    for (query, count) in [
        (format!("?brand_id={coffee}"), 8),
        ("?status=refunded".to_owned(), 4),
        ("?product=refund&product=custom_payment".to_owned(), 6),
        (format!("?from={}&to={}", START, START + 7_200), 2),
        ("?q=%3Dr11".to_owned(), 1),
        ("?total=1098,1098".to_owned(), 2),
        ("?currency=EUR".to_owned(), 0),
        ("?payment_method=mastercard".to_owned(), 0),
        ("?three_d_secure=1".to_owned(), 0),
        ("?products=tea&country=SE".to_owned(), 0),
    ] {
        assert_eq!(count, app.rows(&query).await.len(), "{query}");
    }
    app.audit();
}

/// The day of a moment of UTC, as spreadsheets count.
fn jiff_day(iso: &str) -> String {
    if iso.is_empty() {
        return String::new();
    }
    let (day, time) = iso.trim_end_matches("+00:00").split_once('T').unwrap();
    assert_eq!("2026-11-20", day, "all of it happens on one day");
    let mut parts = time.split(':').map(|part| part.parse::<u64>().unwrap());
    let seconds = parts.next().unwrap() * 3_600 + parts.next().unwrap() * 60 + parts.next().unwrap();
    format!("46346.{:010}", seconds * 10_000_000_000 / DAY)
}

#[tokio::test]
async fn what_is_wrong_is_said_and_makes_nothing() {
    let app = App::new().await;
    for (query, body, refusal) in [
        ("", "{}", "400 format required, timezone required"),
        ("", "[]", "400 format required, timezone required"),
        ("", r#"{"format":"pdf","timezone":"Mars/Phobos"}"#, "400 format invalid_choice, timezone invalid_choice"),
        ("?status=payed&from=x", UTC_CSV, "400 from invalid, status invalid_choice"),
        ("?total=9", r#"{"format":"csv"}"#, "400 timezone required, total invalid"),
        ("", "{", "400 __all__ parse_error"),
    ] {
        assert_eq!(refusal, codes(&ask(&app.router, app.statement_request(query, body)).await), "{query} {body}");
    }
    assert_eq!(json!([]), app.get("/company_statements/").await.json()["results"]);
}

#[tokio::test]
async fn a_cancel_ends_what_is_not_made_yet() {
    let app = App::new().await;
    let asked = app.ask_statement("", UTC_CSV).await;
    let path = format!("/company_statements/{}/cancel/", asked["id"].as_str().unwrap());
    let cancelled = app.post(&path, &json!({})).await;
    assert_eq!((200, "cancelled"), (cancelled.status, cancelled.json()["status"].as_str().unwrap()));
    assert_eq!(START, cancelled.json()["finished_on"]);
    app.advance(60).await;
    assert_eq!(cancelled.json(), app.statement(asked["id"].as_str().unwrap()).await, "nobody makes it");
    let keyed = async |id: &str| {
        let uri = format!("/api/v1/company_statements/{id}/cancel/");
        let mut request = request(Method::POST, &uri, &app.merchant.secret_key, "application/json", "{}");
        request.headers_mut().insert("idempotency-key", "c-1".parse().unwrap());
        ask(&app.router, request).await
    };
    let twice = app.ask_statement("", UTC_CSV).await["id"].as_str().unwrap().to_owned();
    let first = keyed(&twice).await;
    assert_eq!((200, first.json()), (keyed(&twice).await.status, keyed(&twice).await.json()), "under its key");
    let wrong = (400, "company_statement_cancel_wrong_status".to_owned());
    assert_eq!(wrong, app.post(&path, &json!({})).await.refusal());
    let made = app.ask_statement("", UTC_CSV).await;
    app.advance(60).await;
    let path = format!("/company_statements/{}/cancel/", made["id"].as_str().unwrap());
    assert_eq!(wrong, app.post(&path, &json!({})).await.refusal());
    assert_eq!(200, app.download(&app.statement(made["id"].as_str().unwrap()).await).await.status);
}

#[tokio::test]
async fn a_list_goes_on_whatever_is_made_meanwhile() {
    let app = App::new().await;
    let mut made = vec![];
    for _ in 0..5 {
        made.push(app.ask_statement("", UTC_CSV).await["id"].clone());
        app.advance(1).await;
    }
    made.reverse();
    let page = async |url: &str| app.get(url.strip_prefix("http://pay.example.com/api/v1").unwrap_or(url)).await.json();
    let ids =
        |page: &Value| page["results"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    let first = page("/company_statements/?page_size=2").await;
    assert_eq!(Value::Null, first["previous"]);
    let newer = app.ask_statement("", UTC_CSV).await["id"].clone();
    let second = page(first["next"].as_str().unwrap()).await;
    let third = page(second["next"].as_str().unwrap()).await;
    assert_eq!(made, [ids(&first), ids(&second), ids(&third)].concat());
    assert_eq!(Value::Null, third["next"]);
    let back = page(first_of(&second)).await;
    assert_eq!(ids(&first), ids(&back), "and back again");
    assert_eq!(vec![newer], ids(&page(back["previous"].as_str().unwrap()).await));
    assert_eq!(400, app.get("/company_statements/?cursor=x").await.status);
}

fn first_of(page: &Value) -> &str {
    page["previous"].as_str().unwrap()
}

#[tokio::test]
async fn a_repeat_under_its_key_makes_one() {
    let app = App::new().await;
    let keyed = async |query: &str, body: &str| {
        let mut request = app.statement_request(query, body);
        request.headers_mut().insert("idempotency-key", "k-1".parse().unwrap());
        ask(&app.router, request).await
    };
    let first = keyed("?currency=MYR", UTC_CSV).await;
    assert_eq!(201, first.status);
    let again = keyed("?currency=MYR", UTC_CSV).await;
    assert_eq!((201, first.json()), (again.status, again.json()));
    let reuse = (400, "idempotency_key_reuse".to_owned());
    assert_eq!(reuse, keyed("?currency=EUR", UTC_CSV).await.refusal(), "what it is asked by is part of it");
    assert_eq!(reuse, keyed("?currency=MYR", r#"{"format":"xlsx","timezone":"UTC"}"#).await.refusal());
    assert_eq!(1, app.get("/company_statements/").await.json()["results"].as_array().unwrap().len());
}

#[tokio::test]
async fn nobody_elses_statement_exists() {
    let app = App::new().await;
    let asked = app.ask_statement("", UTC_CSV).await;
    app.advance(1).await;
    let id = asked["id"].as_str().unwrap();
    let stranger = app.another_merchant().await;
    for key in [&stranger.secret_key, &app.merchant.live_secret_key] {
        for (method, path) in [(Method::GET, ""), (Method::POST, "cancel/")] {
            let answer = app.api(method, &format!("/company_statements/{id}/{path}"), key, "{}").await;
            assert_eq!((404, "not_found".to_owned()), answer.refusal());
        }
        assert_eq!(json!([]), app.api(Method::GET, "/company_statements/", key, "").await.json()["results"]);
    }
    for token in [id, "x", "00000000-0000-0000-0000-000000000000", "..%2f..%2ftollgate.db"] {
        let answer = app.page(&format!("/statements/{token}/")).await;
        assert_eq!((404, ""), (answer.status, answer.text().as_str()), "a link is no id");
    }
}

#[tokio::test]
async fn the_next_process_makes_what_this_one_did_not() {
    let app = App::new().await;
    app.paid(GOOD, json!({})).await;
    let asked = app.ask_statement("", UTC_CSV).await;
    app.engine.close().await;
    let home: Home = app.leave();
    let app = App::again(home).await;
    assert_eq!("pending", app.statement(asked["id"].as_str().unwrap()).await["status"]);
    app.advance(0).await;
    let made = app.statement(asked["id"].as_str().unwrap()).await;
    assert_eq!(1, csv_rows(&app.download(&made).await.text()).len());
    let report = Store::audit_dir(app.data()).unwrap();
    assert_eq!(Vec::<String>::new(), report.broken);
    assert!(Timestamp::from_seconds(START) <= app.engine.env().now());
}
