//! `tollgate reconcile`: through a running server, on the data alone, and what the audit says when somebody meddles.

use serde_json::{Value, json};

use crate::audit::sql;
use crate::gateway::{GOOD_CARD, Gateway, Place};

fn settlement(gateway: &Gateway<'_>) -> String {
    let token = format!("Bearer {}", gateway.sandbox["control"]["token"].as_str().unwrap());
    let answer = gateway.send("GET", "/sandbox/acquirer/settlement", &[("authorization", &token)], b"");
    assert_eq!(200, answer.status);
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Three paid purchases; the file has another amount for the first, and no line for the second.
fn story(place: &Place, gateway: &Gateway<'_>) -> String {
    for _ in 0..3 {
        let id = gateway.purchase(&gateway.order());
        assert_eq!(303, gateway.pay(&id, GOOD_CARD).status);
    }
    let file = settlement(gateway);
    let lines: Vec<&str> = file.lines().collect();
    let (amount, name) = (lines[1].split(',').nth(5).unwrap(), place.path().join("file.csv"));
    let less = lines[1].replacen(&format!(",{amount},"), ",100,", 1);
    let third = lines[3].replacen("line,3,", "line,2,", 1);
    let total = 100 + third.split(',').nth(5).unwrap().parse::<i64>().unwrap();
    let currency = third.split(',').nth(6).unwrap();
    let text = format!("{}\n{less}\n{third}\ntotal,{currency},2,{total}\nend,2\n", lines[0]);
    std::fs::write(&name, text).unwrap();
    name.to_str().unwrap().to_owned()
}

fn differences(place: &Place, more: &[&str]) -> Vec<Value> {
    let listed = place.administer(&[&["reconcile", "differences"], more].concat());
    listed.as_array().unwrap().clone()
}

#[test]
fn an_operator_reconciles_with_and_without_a_server() {
    let place = Place::new();
    let gateway = place.start();
    let file = story(&place, &gateway);
    let imported = place.administer(&["reconcile", "import", &file]);
    assert_eq!(
        (&json!(2), &json!(1), &json!(false)),
        (&imported["lines"], &imported["differences"], &imported["imported_before"])
    );
    assert_eq!(json!(true), place.administer(&["reconcile", "import", &file])["imported_before"]);
    gateway.advance(2 * 86_400);
    let open = differences(&place, &["--open"]);
    let kinds: Vec<_> = open.iter().map(|difference| difference["kind"].as_str().unwrap()).collect();
    assert_eq!(["wrong_amount", "missing"], kinds[..]);
    let metrics = gateway.send("GET", "/metrics", &[], b"");
    assert!(String::from_utf8_lossy(&metrics.body).contains("reconciliation_differences_open 2\n"));
    let id = open[0]["difference"].as_str().unwrap();
    let owned = place.administer(&["reconcile", "own", id, "--by", "Ada"]);
    assert_eq!((&json!("owned"), &json!("Ada")), (&owned["state"], &owned["owner"]));
    let status = place.administer(&["reconcile", "status"]);
    assert_eq!(json!([1, 2, 0]), json!([status[0]["matched"], status[0]["differing"], status[0]["waiting"]]));
    assert_eq!(2, place.count("differences"));
    gateway.stop();

    let settle = |id: &str, remedy: &str| {
        let words = ["--as", remedy, "--by", "Bob", "--note", "they will send the rest"];
        place.administer(&[&["reconcile", "settle", id], &words[..]].concat())
    };
    let settled = settle(id, "receivable");
    assert_eq!((&json!("settled"), &json!("receivable")), (&settled["state"], &settled["settled_as"]));
    settle(open[1]["difference"].as_str().unwrap(), "write_off");
    assert_eq!(Vec::<Value>::new(), differences(&place, &["--open"]));
    assert_eq!(2, differences(&place, &[]).len());
    assert_eq!(0, place.audit().0, "{}", place.audit().1);

    let data = place.data();
    let torn = place.path().join("torn.csv");
    std::fs::write(&torn, "file,1,F-9,test,test,2026-11-20,2026-11-20\n").unwrap();
    for (arguments, said) in [
        (vec!["import", torn.to_str().unwrap()], "breaks off"),
        (vec!["import", "no-such-file.csv"], "cannot be read"),
        (vec!["own", id, "--by", "Ada"], "settled already"),
        (vec!["own", "7", "--by", "Ada"], "not an id"),
        (vec!["settle", id, "--as", "magic", "--by", "Ada", "--note", "x"], "write_off or receivable"),
        (vec!["settle", id, "--as", "write_off", "--by", "Ada", "--note", " "], "--note"),
    ] {
        let arguments = [&["reconcile"], &arguments[..], &["--data", data.to_str().unwrap()]].concat();
        let (code, out, err) = place.run(&arguments, &[]);
        assert_eq!((1, ""), (code, out.as_str()), "{arguments:?}: {err}");
        assert!(err.contains(said), "{arguments:?} must say {said:?}: {err}");
    }
}

/// Whatever of it is changed behind the gateway's back, the audit finds it and says where.
#[test]
fn each_damage_to_reconciliation_is_found() {
    let place = Place::new();
    let gateway = place.start();
    let file = story(&place, &gateway);
    place.administer(&["reconcile", "import", &file]);
    gateway.advance(2 * 86_400);
    let open = differences(&place, &["--open"]);
    let words = ["--as", "write_off", "--by", "Bob", "--note", "too little to ask"];
    place.administer(&[&["reconcile", "settle", open[0]["difference"].as_str().unwrap()], &words[..]].concat());
    gateway.stop();
    assert_eq!(0, place.audit().0, "{}", place.audit().1);
    for (damage, repair) in [
        (
            "update differences set state = 'open' where state = 'settled'",
            "update differences set state = 'settled' where owner = 'Bob'",
        ),
        (
            "update differences set owner = 'Eve' where owner = 'Bob'",
            "update differences set owner = 'Bob' where owner = 'Eve'",
        ),
        (
            "update differences set kind = 'late' where kind = 'missing'",
            "update differences set kind = 'missing' where kind = 'late'",
        ),
        (
            "update settlement_lines set net = net + 1 where line = 1",
            "update settlement_lines set net = net - 1 where line = 1",
        ),
        ("update settlement_totals set net = net + 1", "update settlement_totals set net = net - 1"),
        ("update movements set amount = amount + 1", "update movements set amount = amount - 1"),
        (
            "update movements set state = 'matched' where state = 'differs'",
            "update movements set state = 'differs' where reference in (select reference from movements where hex(reference) = (select upper(replace(reference, '-', '')) from differences where kind = 'missing'))",
        ),
        (
            "update postings set account = 'claimed' where account = 'written_off'",
            "update postings set account = 'written_off' where account = 'claimed'",
        ),
        (
            "update journal set event = replace(event, 'too little', 'too much') where event like '%difference_settled%'",
            "update journal set event = replace(event, 'too much', 'too little') where event like '%difference_settled%'",
        ),
        (
            "update journal set event = replace(event, 'adjusted', 'Adjusted')",
            "update journal set event = replace(event, 'Adjusted', 'adjusted')",
        ),
        (
            "update balances set amount = amount + 1 where account = 'suspense'",
            "update balances set amount = amount - 1 where account = 'suspense'",
        ),
    ] {
        sql(&place, damage);
        let (code, text) = place.audit();
        assert_eq!(1, code, "{damage}: {text}");
        assert!(text.lines().count() > 1, "{damage}: {text}");
        sql(&place, repair);
        let (code, text) = place.audit();
        assert_eq!(0, code, "{repair}: {text}");
    }
    for gone in ["differences", "settlement_lines", "movements"] {
        let copy = format!("create table kept as select * from {gone}; delete from {gone}");
        sql(&place, &copy);
        let (code, text) = place.audit();
        assert!(code == 1 && text.contains("I10"), "{gone}: {text}");
        sql(&place, &format!("insert into {gone} select * from kept; drop table kept"));
        assert_eq!(0, place.audit().0, "{gone}");
    }
}
