//! Merchants, brands and keys from the command line: through a running server, and without one.

use serde_json::{Value, json};

use crate::gateway::{Gateway, Place, wait};

/// The rows of a list whose member `name` is `value`.
fn rows<'a>(list: &'a Value, name: &str, value: &Value) -> Vec<&'a Value> {
    list.as_array().unwrap().iter().filter(|row| row[name] == *value).collect()
}

/// The whole life of a merchant. What a command says must be the same whoever carries it out.
fn story(place: &Place, works: &dyn Fn(&str) -> bool) {
    let merchant = place.administer(&["merchant", "create", "--legal-name", "Tea Ltd", "--fee-basis-points", "150"]);
    let id = merchant["merchant"].as_str().unwrap();
    assert_eq!(json!({ "merchant": id, "legal_name": "Tea Ltd", "revoked": false }), merchant);
    assert_eq!(vec![&merchant], rows(&place.administer(&["merchant", "list"]), "merchant", &merchant["merchant"]));

    let new_brand = ["brand", "create", "--merchant", id, "--name", "Tea", "--currency", "EUR", "--direct-post"];
    let brand = place.administer(&new_brand);
    assert_eq!((&json!("EUR"), &json!(true)), (&brand["currency"], &brand["direct_post"]));
    assert_eq!(json!([brand]), place.administer(&["brand", "list", "--merchant", id]));

    let make = |mode: &str| place.administer(&["key", "create", "--merchant", id, "--mode", mode]);
    let (test, live) = (make("test"), make("live"));
    let secret = |key: &Value| key["secret"].as_str().unwrap().to_owned();
    assert!(secret(&test).starts_with("sk_test_") && secret(&live).starts_with("sk_live_"));
    let listed = place.administer(&["key", "list", "--merchant", id]);
    assert_eq!(2, listed.as_array().unwrap().len());
    assert!(!listed.to_string().contains(&secret(&test)), "a secret is shown once");
    assert!(works(&secret(&test)) && works(&secret(&live)));

    let key = test["key"].as_str().unwrap();
    assert_eq!(json!({ "revoked": key }), place.administer(&["key", "revoke", "--merchant", id, key]));
    assert!(!works(&secret(&test)), "a revoked key");
    assert!(works(&secret(&live)), "and only that");
    let listed = place.administer(&["key", "list", "--merchant", id]);
    assert_eq!(json!(true), rows(&listed, "key", &test["key"])[0]["revoked"]);

    let brand_id = brand["brand"].as_str().unwrap();
    place.administer(&["brand", "revoke", "--merchant", id, brand_id]);
    assert_eq!(json!(true), place.administer(&["brand", "list", "--merchant", id])[0]["revoked"]);

    place.administer(&["merchant", "revoke", id]);
    assert!(!works(&secret(&live)), "a revoked merchant's key");
    assert_eq!(
        json!(true),
        rows(&place.administer(&["merchant", "list"]), "merchant", &merchant["merchant"])[0]["revoked"]
    );
}

/// A picture of one point.
const LOGO: &[u8] =
    b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\
      \x00\x00\x00\x0cIDATx\x9cc\xe0\xce\xf3\x07\x00\x01P\x00\xc9\xaa\x16:6\x00\x00\x00\x00IEND\xaeB`\x82";

#[test]
fn a_brand_is_known_by_its_colours_and_its_logo() {
    let place = Place::new();
    let gateway = place.start();
    let merchant = place.administer(&["merchant", "create", "--legal-name", "Tea Ltd"]);
    let merchant = merchant["merchant"].as_str().unwrap();
    let key = place.administer(&["key", "create", "--merchant", merchant, "--mode", "test"]);
    let brand = place.administer(&["brand", "create", "--merchant", merchant, "--name", "Tea"]);
    let (brand, plain) = (brand["brand"].as_str().unwrap(), brand.clone());
    assert_eq!((&Value::Null, &Value::Null), (&plain["colour"], &plain["logo"]));
    let file = place.path().join("logo.png");
    std::fs::write(&file, LOGO).unwrap();

    let update = ["brand", "update", "--merchant", merchant, brand];
    let look = ["--name", "Fine Tea", "--colour", "#0B6E4F", "--logo", file.to_str().unwrap()];
    let updated = place.administer(&[&update[..], &look[..]].concat());
    assert_eq!(
        (&json!("Fine Tea"), &json!("#0b6e4f"), &json!("#f3f5f9")),
        (&updated["name"], &updated["colour"], &updated["ground"])
    );
    // What is not said stays.
    let again = place.administer(&[&update[..], &["--website", "https://tea.example"]].concat());
    let mut updated = updated;
    updated["website"] = json!("https://tea.example");
    assert_eq!(updated, again);
    assert_eq!(json!([updated]), place.administer(&["brand", "list", "--merchant", merchant]));

    let body = json!({
        "brand_id": brand, "client": { "email": "ada@example.com" },
        "purchase": { "currency": "MYR", "products": [{ "name": "Tea", "price": 999 }] },
    });
    let made = gateway.call(key["secret"].as_str().unwrap(), "POST", "/purchases/", Some(&body)).json();
    let page = gateway.send("GET", &format!("/p/{}/", made["id"].as_str().unwrap()), &[], b"").text();
    let logo = format!("/p/logos/{}", updated["logo"].as_str().unwrap());
    for path in ["/p/assets/theme.0b6e4f.f3f5f9.css", logo.as_str()] {
        assert!(page.contains(&format!("\"{path}\"")), "{path} is missing in {page}");
        let answer = gateway.send("GET", path, &[], b"");
        assert_eq!((200, Some("public, max-age=31536000, immutable")), (answer.status, answer.header("cache-control")));
    }
    let picture = gateway.send("GET", &logo, &[], b"");
    assert_eq!(Some("image/png"), picture.header("content-type"));
    assert!(picture.body.starts_with(&LOGO[..8]), "a picture of our own");
    for path in ["/p/assets/theme.ffcc00.ffffff.css", "/p/logos/0123456789abcdef0123456789abcdef.png", "/p/logos/x"] {
        assert_eq!(404, gateway.send("GET", path, &[], b"").status, "{path}");
    }
    gateway.stop();
}

/// Whose pages may draw the card fields (checkout-ux 15).
#[test]
fn a_brand_says_whose_pages_may_draw_the_card_fields() {
    let place = Place::new();
    let gateway = place.start();
    let merchant = place.administer(&["merchant", "create", "--legal-name", "Tea Ltd"]);
    let merchant = merchant["merchant"].as_str().unwrap();
    let new = ["brand", "create", "--merchant", merchant, "--name", "Tea", "--embed-origins", "https://tea.example"];
    let brand = place.administer(&new);
    assert_eq!(json!(["https://tea.example"]), brand["embed_origins"]);
    let update = ["brand", "update", "--merchant", merchant, brand["brand"].as_str().unwrap()];
    let set = |more: &[&str]| place.administer(&[&update[..], more].concat())["embed_origins"].clone();
    let two = ["--embed-origins", "https://shop.example:8443,http://localhost:3000"];
    let both = json!(["https://shop.example:8443", "http://localhost:3000"]);
    assert_eq!(both, set(&two));
    assert_eq!(both, set(&["--name", "Fine Tea"]), "what is not said stays");
    for wrong in ["https://shop.example/", "http://shop.example", "*", "null", "https://shop.example; script-src *"] {
        let data = place.data();
        let wrong = ["--embed-origins", wrong, "--data", data.to_str().unwrap()];
        let (code, _, refused) = place.run(&[&update[..], &wrong].concat(), &[]);
        assert_eq!(1, code, "{refused}");
        assert!(refused.contains("--embed-origins: ") && refused.contains("such as https://shop.example"), "{refused}");
    }
    assert_eq!(both, place.administer(&["brand", "list", "--merchant", merchant])[0]["embed_origins"]);
    assert_eq!(json!([]), set(&["--embed-origins", ""]));
    gateway.stop();
}

/// Ordered in euro, paid in ringgit (purchases-api 10.2 #49).
#[test]
fn a_brand_with_a_rate_is_paid_in_its_own_currency() {
    let place = Place::new();
    let gateway = place.start();
    let merchant = place.administer(&["merchant", "create", "--legal-name", "Tea Ltd"]);
    let id = merchant["merchant"].as_str().unwrap();
    let rates = ["--convert-to", "MYR", "--rate", "EUR=4.71", "--rate", "JPY=0.0291"];
    let brand = place.administer(&[&["brand", "create", "--merchant", id, "--name", "Tea"], &rates[..]].concat());
    assert_eq!(json!({ "from": "JPY", "to": "MYR", "rate": "0.0291" }), brand["rates"][1]);
    let key = place.administer(&["key", "create", "--merchant", id, "--mode", "test"]);
    let body = json!({
        "brand_id": brand["brand"], "client": { "email": "ada@example.com" },
        "purchase": { "currency": "EUR", "products": [{ "name": "Tea", "price": 999 }] },
    });
    let made = gateway.call(key["secret"].as_str().unwrap(), "POST", "/purchases/", Some(&body)).json();
    assert_eq!((&json!(4_705), &json!("MYR")), (&made["purchase"]["total"], &made["purchase"]["currency"]));
    let conversion = json!({ "original_currency": "EUR", "original_amount": 999, "exchange_rate": 4.71 });
    assert_eq!(conversion, made["currency_conversion"]);
    gateway.stop();
}

/// The tree of a merchant's entities, a client of one of them, and the keys that the gateway signs with.
fn entities(place: &Place) {
    let id = |what: &Value, name: &str| what[name].as_str().unwrap().to_owned();
    let merchant = id(&place.administer(&["merchant", "create", "--legal-name", "Tea Ltd"]), "merchant");
    let create = |name: &str, more: &[&str]| {
        place.administer(&[&["entity", "create", "--merchant", &merchant, "--name", name], more].concat())
    };
    let group = create("Tea", &["--currency", "EUR"]);
    assert_eq!((&Value::Null, &json!("Tea")), (&group["parent"], &group["path"]));
    let paris = create("Paris", &["--parent", &id(&group, "entity")]);
    let lyon = create("Lyon", &["--parent", &id(&group, "entity"), "--colour", "#0b6e4f"]);
    let stall = create("Stall", &["--parent", &id(&paris, "entity")]);
    assert_eq!((&group["entity"], &json!("Tea / Lyon")), (&lyon["parent"], &lyon["path"]));
    assert_eq!(36, id(&lyon, "api_key").len());
    let list = || place.administer(&["entity", "list", "--merchant", &merchant]);
    assert_eq!(json!([group, paris, stall, lyon]), list(), "each after the one it stands below");
    let brands = place.administer(&["brand", "list", "--merchant", &merchant]);
    assert_eq!(4, brands.as_array().unwrap().len(), "an entity is a brand");

    let client = ["client", "create", "--merchant", &merchant, "--dialect", "orchestration", "--mode", "test"];
    let made = place.administer(&[&client[..], &["--entity", &id(&paris, "entity")]].concat());
    assert_eq!((&json!("orchestration"), &paris["entity"]), (&made["dialect"], &made["entity"]));
    assert!(id(&made, "client_secret").starts_with("cs_test_"));
    let listed = place.administer(&["client", "list", "--merchant", &merchant]);
    assert_eq!(paris["entity"], listed[0]["entity"]);
    assert!(!listed.to_string().contains(&id(&made, "client_secret")), "a secret is shown once");

    let stall_id = id(&stall, "entity");
    let revoked = place.administer(&["entity", "revoke", "--merchant", &merchant, &stall_id]);
    assert_eq!(json!({ "revoked": stall_id }), revoked);
    assert_eq!(
        vec![&json!(true)],
        rows(&list(), "entity", &stall["entity"]).iter().map(|it| &it["revoked"]).collect::<Vec<_>>()
    );

    let other = id(&place.administer(&["merchant", "create", "--legal-name", "Other"]), "merchant");
    let (group, card_payments, data) = (id(&group, "entity"), "card_payments", place.data());
    for (arguments, said) in [
        (vec!["entity", "create", "--merchant", &other, "--name", "A", "--parent", &group], "no such entity"),
        (vec!["entity", "create", "--merchant", &merchant, "--name", "A", "--parent", &stall_id], "was revoked"),
        (vec!["entity", "create", "--merchant", &merchant, "--name", "A", "--parent", "Tea"], "--parent"),
        (vec!["entity", "revoke", "--merchant", &other, &group], "no such entity"),
        ([&client[..], &["--entity", "Tea"]].concat(), "--entity"),
        (client.to_vec(), "acts for an entity"),
        (
            vec![
                "client",
                "create",
                "--merchant",
                &other,
                "--dialect",
                "orchestration",
                "--mode",
                "test",
                "--entity",
                &group,
            ],
            "no such entity",
        ),
        (
            vec![
                "client",
                "create",
                "--merchant",
                &merchant,
                "--dialect",
                card_payments,
                "--mode",
                "test",
                "--entity",
                &group,
            ],
            "only a client of the orchestration API",
        ),
    ] {
        let arguments = [&arguments[..], &["--data", data.to_str().unwrap()]].concat();
        let (code, out, err) = place.run(&arguments, &[]);
        assert_eq!((1, ""), (code, out.as_str()), "{arguments:?}: {err}");
        assert!(err.contains(said), "{arguments:?} must say {said:?}: {err}");
    }

    let first = place.administer(&["signing-key", "list"]);
    assert_eq!((1, &json!("current")), (first.as_array().unwrap().len(), &first[0]["state"]));
    let rotated = place.administer(&["signing-key", "rotate"]);
    let keys = place.administer(&["signing-key", "list"]);
    assert_eq!(2, keys.as_array().unwrap().len());
    assert_eq!(rotated, keys[0]);
    assert_eq!((&first[0]["kid"], &json!("published")), (&keys[1]["kid"], &keys[1]["state"]));
    assert!(keys[1]["until"].is_string());
    assert_eq!(first[0]["created"], keys[1]["created"], "the key itself stays as it was");
}

#[test]
fn entities_through_the_running_server() {
    let place = Place::new();
    let gateway = place.start();
    entities(&place);
    gateway.stop();
}

#[test]
fn entities_without_a_server() {
    let place = Place::new();
    place.start().stop();
    entities(&place);
    assert_eq!(0, place.audit().0);
}

#[test]
fn through_the_running_server() {
    let place = Place::new();
    let gateway = place.start();
    story(&place, &|secret| gateway.call(secret, "GET", "/public_key/", None).status == 200);
    assert_eq!(200, gateway.call(gateway.key(), "GET", "/public_key/", None).status, "others go on");
    gateway.stop();
    let secrets = place.printed();
    assert!(!secrets.contains("sk_live_"), "a secret in what the server printed");
}

#[test]
fn without_a_server() {
    let place = Place::new();
    place.start().stop();
    let asked = std::cell::Cell::new(0);
    story(&place, &|secret| {
        // One start per question: what was done without a server holds when there is one.
        asked.set(asked.get() + 1);
        let gateway = place.start();
        let works = gateway.call(secret, "GET", "/public_key/", None).status == 200;
        gateway.stop();
        works
    });
    assert_eq!(5, asked.get());
    assert_eq!(0, place.audit().0);
}

/// What is decided about tries, through a running server: it holds from the next try on, in its own mode only.
#[test]
fn tries_are_judged_as_the_operator_says() {
    let place = Place::new();
    let gateway = place.start_with(&[("TOLLGATE_TEST_LIMITS", "true")]);
    let merchants = place.administer(&["merchant", "list"]);
    let id = merchants[0]["merchant"].as_str().unwrap();
    let risk = |arguments: &[&str]| {
        let (action, rest) = arguments.split_first().unwrap();
        place.administer(&[&["risk", *action, "--merchant", id, "--mode", "test"], rest].concat())
    };
    let shown = risk(&["show"]);
    assert_eq!((&json!(60), &json!(100)), (&shown["challenge_at"], &shown["block_at"]));
    assert_eq!(json!("limit=0,each=6,most=18"), shown["checkout_failures"]);

    let tried = |email: &str, card: &str| {
        let mut order = gateway.order();
        order["client"] = json!({ "email": email });
        let id = gateway.purchase(&order);
        gateway.pay(&id, card);
        (gateway.status(&id), id)
    };
    let (status, paid) = tried("eve@example.com", "4444333322221111");
    assert_eq!("paid", status);
    assert_eq!(json!({ "blocked": "email eve@example.com" }), risk(&["block", "--email", "Eve@example.com"]));
    let (status, blocked) = tried("eve@example.com", "4444333322221111");
    assert_eq!("blocked", status);
    let tries = risk(&["tries", &blocked]);
    assert_eq!(
        (&json!("list email: 1 (100 points)"), &json!(100)),
        (&tries[0]["reasons"], &tries[0]["score"]),
        "{tries}"
    );
    assert_eq!(json!("email"), risk(&["list"])[0]["kind"]);
    let live = place.administer(&["risk", "list", "--merchant", id, "--mode", "live"]);
    assert_eq!(json!([]), live, "live mode knows nothing of it");
    risk(&["unblock", "--email", "eve@example.com"]);
    assert_eq!("paid", tried("eve@example.com", "4444333322221111").0);

    // The card of a checkout, without its number.
    let card = risk(&["block", "--checkout", &paid])["blocked"].as_str().unwrap().to_owned();
    let key = card.strip_prefix("card ").unwrap();
    assert_eq!("blocked", tried("ada@example.com", "4444333322221111").0);
    assert_eq!("paid", tried("ada@example.com", "4000009900000004").0);
    risk(&["unblock", "--card", key]);

    let rules = ["--rule", "checkout_failures,each=10", "--rule", "address_failures,most=0"];
    let set = risk(&[&["set", "--block-at", "10", "--challenge-at", "10"], &rules[..]].concat());
    assert_eq!(json!("limit=0,each=10,most=18"), set["checkout_failures"]);
    let (status, id) = tried("ada@example.com", "4000009900050009");
    assert_eq!("error", status);
    gateway.pay(&id, "4444333322221111");
    assert_eq!("blocked", gateway.status(&id));
    assert_eq!(json!("rule checkout_failures: 1 (10 points)"), risk(&["tries", &id])[0]["reasons"]);
    assert_eq!(shown, risk(&["set", "--reset"]));
    gateway.stop();
    assert_eq!(0, place.audit().0);
}

#[test]
fn what_cannot_be_done_says_why() {
    let place = Place::new();
    let gateway = place.start();
    let data = place.data();
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (arguments, said) in [
        (vec!["merchant", "create", "--legal-name", " "], "--legal-name"),
        (vec!["merchant", "create", "--legal-name", "A", "--fee-basis-points", "10001"], "--fee-basis-points"),
        (vec!["merchant", "create", "--legal-name", "A", "--reserve-basis-points", "1000"], "--reserve-days"),
        (vec!["merchant", "create", "--legal-name", "A", "--reserve-days", "731"], "--reserve-days"),
        (
            vec![
                "merchant",
                "create",
                "--legal-name",
                "A",
                "--fee-basis-points",
                "1",
                "--reserve-basis-points",
                "10000",
            ],
            "--reserve-basis-points",
        ),
        (vec!["merchant", "revoke", "nobody"], "not an id"),
        (vec!["merchant", "revoke", unknown], "no such merchant"),
        (vec!["brand", "create", "--merchant", unknown, "--name", "A"], "no such merchant"),
        (vec!["brand", "create", "--merchant", unknown, "--name", "A", "--currency", "ABC"], "--currency"),
        (
            vec!["brand", "create", "--merchant", unknown, "--name", "A", "--convert-to", "MYR", "--rate", "EUR"],
            "EUR=4.71",
        ),
        (
            vec!["brand", "create", "--merchant", unknown, "--name", "A", "--convert-to", "MYR", "--rate", "EUR=0"],
            "above 0",
        ),
        (vec!["brand", "create", "--merchant", unknown, "--name", "A", "--time-zone", "Moon/Sea"], "--time-zone"),
        (vec!["brand", "create", "--merchant", unknown, "--name", "A", "--language", "english"], "--language"),
        (
            vec!["brand", "create", "--merchant", unknown, "--name", "A", "--colour", "#ffcc00"],
            "#ffffff on #ffcc00, has a contrast of 1.51:1; at least 4.5:1 is needed",
        ),
        (vec!["brand", "create", "--merchant", unknown, "--name", "A", "--colour", "green"], "#0b6e4f"),
        (vec!["brand", "create", "--merchant", unknown, "--name", "A", "--logo", "nowhere.png"], "cannot be read"),
        (
            vec![
                "brand",
                "create",
                "--merchant",
                unknown,
                "--name",
                "A",
                "--logo",
                data.join("lock").to_str().unwrap(),
            ],
            "PNG",
        ),
        (vec!["brand", "update", "--merchant", unknown, unknown, "--name", "B"], "no such brand"),
        (vec!["key", "create", "--merchant", unknown, "--mode", "test"], "no such merchant"),
        (vec!["key", "revoke", "--merchant", unknown, unknown], "no such key"),
        (vec!["risk", "show", "--merchant", unknown, "--mode", "test"], "no such merchant"),
        (vec!["risk", "set", "--merchant", unknown, "--mode", "test", "--block-at", "9"], "no such merchant"),
        (vec!["risk", "block", "--merchant", unknown, "--mode", "live", "--email", "nobody"], "not a mail address"),
        (vec!["risk", "block", "--merchant", unknown, "--mode", "live", "--network", "1.2.3"], "not an address"),
        (vec!["risk", "block", "--merchant", unknown, "--mode", "live", "--country", "Mars"], "two letters"),
        (vec!["risk", "block", "--merchant", unknown, "--mode", "live", "--bin", "444433332"], "four to eight"),
        (vec!["risk", "block", "--merchant", unknown, "--mode", "live", "--card", "4444"], "never a card number"),
        (vec!["risk", "block", "--merchant", unknown, "--mode", "live", "--checkout", unknown], "no card"),
        (vec!["risk", "unblock", "--merchant", unknown, "--mode", "live", "--bin", "4444"], "no such merchant"),
        (vec!["risk", "tries", "--merchant", unknown, "--mode", "live", unknown], "no such checkout"),
    ] {
        let arguments = [&arguments[..], &["--data", data.to_str().unwrap()]].concat();
        let (code, out, err) = place.run(&arguments, &[]);
        assert_eq!((1, ""), (code, out.as_str()), "{arguments:?}: {err}");
        assert!(err.contains(said), "{arguments:?} must say {said:?}: {err}");
    }
    gateway.stop();

    let (code, _, err) = place.run(&["key", "create", "--merchant", unknown, "--mode", "maybe"], &[]);
    assert_eq!(2, code, "{err}");
    // Where nothing is, nothing is made.
    let (code, _, err) = place.run(&["merchant", "list", "--data", "elsewhere"], &[]);
    assert_eq!(2, code, "{err}");
    assert!(err.contains("--key-file: "), "{err}");
    assert!(!place.path().join("elsewhere").exists());
}

/// A merchant's key is another merchant's: neither its brands nor its keys can be revoked in the other's name.
#[test]
fn one_merchant_is_not_another() {
    let place = Place::new();
    let gateway = place.start();
    let data = place.data();
    let (one, other) = (
        place.administer(&["merchant", "create", "--legal-name", "One"])["merchant"].as_str().unwrap().to_owned(),
        place.administer(&["merchant", "create", "--legal-name", "Other"])["merchant"].as_str().unwrap().to_owned(),
    );
    let key = place.administer(&["key", "create", "--merchant", &one, "--mode", "test"]);
    let brand = place.administer(&["brand", "create", "--merchant", &one, "--name", "One"]);
    for (what, id) in [("key", &key["key"]), ("brand", &brand["brand"])] {
        let arguments = [what, "revoke", "--merchant", &other, id.as_str().unwrap(), "--data", data.to_str().unwrap()];
        assert_eq!(1, place.run(&arguments, &[]).0, "{what}");
    }
    assert_eq!(200, gateway.call(key["secret"].as_str().unwrap(), "GET", "/public_key/", None).status);
    assert_eq!(json!(false), place.administer(&["brand", "list", "--merchant", &one])[0]["revoked"]);
}

/// Its answer is lost, and for 30 hours nobody can be asked about it.
const SILENT_CARD: &str = "4000 0099 0000 4204";

/// Two purchases that have been in doubt for more than a day.
fn in_doubt(gateway: &Gateway<'_>) -> [String; 2] {
    let ids = [(); 2].map(|()| gateway.purchase(&gateway.order()));
    std::thread::scope(|threads| {
        for id in &ids {
            threads.spawn(|| gateway.pay(id, SILENT_CARD));
            assert!(wait(|| gateway.status(id) == "pending_execute"));
        }
        gateway.advance(25 * 3_600);
    });
    ids
}

#[test]
fn an_operator_settles_what_nobody_answers_for() {
    let place = Place::new();
    let gateway = place.start();
    assert_eq!(json!([]), place.administer(&["doubt", "list"]));
    let [first, second] = in_doubt(&gateway);
    let queue = place.administer(&["doubt", "list"]);
    assert_eq!(2, queue.as_array().unwrap().len(), "{queue}");
    assert_eq!(
        json!(["authorization", "4.50 MYR", "test"]),
        json!([queue[0]["kind"], queue[0]["amount"], queue[0]["mode"]])
    );
    assert!(place.printed().contains("not answered for a day"), "{}", place.printed());
    let metrics = gateway.send("GET", "/metrics", &[], b"").text();
    assert!(metrics.contains("tollgate_doubts_open 2"), "{metrics}");

    let reference = |row: &Value| row["reference"].as_str().unwrap().to_owned();
    let shown = place.administer(&["doubt", "show", &reference(&queue[0])]);
    assert_eq!((&json!(first), &json!("test")), (&shown["checkout"], &shown["acquirer"]));
    assert_eq!(json!(["approved", "declined", "reversed"]), shown["outcomes"]);
    assert!(shown["ask"].as_str().unwrap().contains(&reference(&queue[0])), "{shown}");
    assert!(shown["history"].to_string().contains("attempt_unknown"), "{shown}");

    let data = place.data().display().to_string();
    let settle = |reference: &str, outcome: &str, by: &str| {
        let words = ["doubt", "settle", reference, "--outcome", outcome, "--by", by, "--note", "by telephone"];
        place.run(&[&words[..], &["--data", &data]].concat(), &[])
    };
    for (reference, outcome, by, refusal) in [
        (reference(&queue[0]), "done", "Ada", "nothing was changed: no authorization is settled as done"),
        (reference(&queue[0]), "approved", " ", "--by: the name of who says so"),
        ("0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10".to_owned(), "approved", "Ada", "is not in the manual queue"),
        ("seven".to_owned(), "approved", "Ada", "the reference is not an id"),
    ] {
        let (code, _, error) = settle(&reference, outcome, by);
        assert_eq!((1, true), (code, error.contains(refusal)), "{error}");
    }
    let (code, told, error) = settle(&reference(&queue[0]), "approved", "Ada Lovelace");
    assert_eq!(0, code, "{error}");
    assert!(told.contains("settled      approved\n") && told.contains("state        captured\n"), "{told}");
    assert_eq!("paid", gateway.status(&first));
    assert_eq!(1, place.administer(&["doubt", "list"]).as_array().unwrap().len());
    let (code, _, error) = settle(&reference(&queue[0]), "approved", "Ada");
    assert_eq!((1, true), (code, error.contains("is not in the manual queue")), "{error}");

    // Without a server too.
    gateway.stop();
    let (code, counted) = place.audit();
    assert_eq!((0, true), (code, counted.contains("1 of them in the manual queue")), "{counted}");
    assert_eq!(0, settle(&reference(&queue[1]), "declined", "Ada Lovelace").0);
    assert_eq!(json!([]), place.administer(&["doubt", "list"]));
    assert_eq!(0, place.audit().0);
    let gateway = place.start();
    assert_eq!("error", gateway.status(&second));
    gateway.stop();
}
