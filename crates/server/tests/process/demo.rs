//! The demo shop, driven as a browser without script would drive it: forms are posted, redirects followed.

use serde_json::{Value, json};

use crate::client::{Answer, form};
use crate::gateway::{GOOD_CARD, Gateway, Place, card_fields, token, wait};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const DECLINED: &str = "4000 0099 0005 0009";
const REFUND_DECLINED: &str = "4000 0099 0000 2307";
const LATER_DECLINED: &str = "4000 0099 0000 9104";
const WAYS: [&str; 7] = [
    "purchase-redirect",
    "purchase-direct-post",
    "purchase-fields",
    "link-redirect",
    "link-frame",
    "session-redirect",
    "session-frame",
];

/// A newcomer at the shop.
struct Newcomer<'a> {
    gateway: &'a Gateway<'a>,
    /// In the shop's forms.
    token: String,
}

/// An order, by its page.
struct Order<'a, 'b> {
    newcomer: &'b Newcomer<'a>,
    path: String,
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// As a browser reads an attribute.
fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&").replace("&#34;", "\"").replace("&#39;", "'")
}

impl<'a> Newcomer<'a> {
    fn at(gateway: &'a Gateway<'a>) -> Self {
        let shelf = gateway.send("GET", "/demo", &[], b"");
        assert_eq!(200, shelf.status);
        let token = between(&shelf.text(), "name=\"token\" value=\"", "\"").unwrap().to_owned();
        Self { gateway, token }
    }

    fn path<'t>(&self, url: &'t str) -> &'t str {
        url.strip_prefix(self.gateway.sandbox["base_url"].as_str().unwrap()).unwrap_or(url)
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.gateway.send("POST", path, &[FORM], &form(fields))
    }

    /// Puts a thing into the basket and follows to where it is paid; the order, and the page with the gateway's form or the
    /// address that the shop's own form posts to.
    fn buy<'b>(&'b self, way: &str, extras: &[&str]) -> (Order<'a, 'b>, String) {
        let mut fields = vec![("token", self.token.as_str()), ("thing", "mug"), ("pay", way)];
        fields.extend(extras.iter().map(|extra| (*extra, "on")));
        let sent = self.post("/demo/orders/", &fields);
        assert_eq!(303, sent.status, "{}", sent.text());
        let order = Order { newcomer: self, path: self.newest() };
        let to = sent.header("location").unwrap().to_owned();
        let pays_at = if self.path(&to).starts_with("/demo/") {
            let page = self.gateway.send("GET", self.path(&to), &[], b"").text();
            let at = [
                "action=\"",
                "class=\"gateway\" src=\"",
                "<noscript><p class=\"trouble\">The fields need script. <a href=\"",
            ];
            let form = at.iter().find_map(|before| between(&page, before, "\""));
            unescaped(form.unwrap_or_else(|| panic!("{}", order.page())))
        } else {
            to
        };
        (order, self.path(&pays_at).to_owned())
    }

    /// The order that the shelf names first.
    fn newest(&self) -> String {
        let shelf = self.gateway.send("GET", "/demo/", &[], b"").text();
        between(&shelf, "<li><a href=\"", "\"").unwrap().to_owned()
    }

    /// Pays by card as the page there asks for it, up to the way back.
    fn pay(&self, way: &str, at: &str, card: &str) {
        let fields = card_fields(card);
        if way == "purchase-direct-post" {
            let paid = self.post(at, &fields);
            assert_eq!(302, paid.status, "{}", paid.text());
            self.come_back(paid.header("location").unwrap());
            return;
        }
        let page = self.gateway.send("GET", at, &[], b"");
        let token = token(&page).unwrap_or_else(|| panic!("{way}: {} {}", page.status, page.text()));
        let method = [("method", "dalenys/creditcard")];
        let method = if way.starts_with("session") { &method[..] } else { &[] };
        let fields = [&[("attempt", token.as_str())], method, &fields].concat();
        let mut answer = self.post(at, &fields);
        for _ in 0..10 {
            if answer.status == 303 {
                answer = self.gateway.send("GET", self.path(answer.header("location").unwrap()), &[], b"");
            }
            // Pages of the gateway lead on by refreshing themselves.
            let text = answer.text();
            let Some(to) = between(&text, "http-equiv=\"refresh\" content=\"", "\"") else { break };
            let to = unescaped(to.split_once("url=").map_or("", |(_, to)| to));
            if to.contains("/demo/orders/") {
                return self.come_back(&to);
            }
            answer = self.gateway.send("GET", self.path(&to), &[], b"");
        }
        // A payment that failed leaves its payer at the gateway, with a way back to the shop.
        assert!(answer.text().contains("/demo/orders/"), "{way}: {}", answer.text());
    }

    fn come_back(&self, to: &str) {
        let back = self.gateway.send("GET", self.path(to), &[], b"");
        assert!([200, 303].contains(&back.status), "{to}: {}", back.text());
    }
}

impl Order<'_, '_> {
    fn page(&self) -> String {
        let page = self.newcomer.gateway.send("GET", &self.path, &[], b"");
        assert_eq!(200, page.status);
        page.text()
    }

    fn standing(&self) -> String {
        let page = self.page();
        between(&page, "role=\"status\">", "<").unwrap().to_owned()
    }

    /// Waits until it stands like this.
    fn comes_to(&self, standing: &str) {
        assert!(wait(|| self.standing() == standing), "{} is not {standing}: {}", self.standing(), self.page());
    }

    /// A button of its page.
    fn press(&self, action: &str) -> Answer {
        assert!(self.page().contains(&format!("{}{action}/\"", self.path)), "no button {action}: {}", self.page());
        let pressed = self.newcomer.post(&format!("{}{action}/", self.path), &[("token", &self.newcomer.token)]);
        assert_eq!(303, pressed.status, "{}", pressed.text());
        pressed
    }

    /// The titles of its steps that ended like this.
    fn steps(&self, outcome: &str) -> Vec<String> {
        let page = self.page();
        let steps = page.split("<span class=\"step-title\">").skip(1);
        let ended = steps.filter(|step| between(step, "class=\"badge ", "</span>").unwrap().contains(outcome));
        ended.map(|step| step.split(['<', '\n']).next().unwrap().trim().to_owned()).collect()
    }

    /// Waits until so many messages were verified.
    fn hears(&self, count: usize) {
        assert!(wait(|| self.steps("verified").len() >= count), "{:?}", self.steps(""));
    }
}

#[test]
fn every_way_to_pay_is_paid_and_told() {
    let place = Place::new();
    let gateway = place.start();
    let newcomer = Newcomer::at(&gateway);
    for way in WAYS {
        let (order, at) = newcomer.buy(way, &[]);
        assert_eq!("Waiting for the payer", order.standing(), "{way}");
        newcomer.pay(way, &at, GOOD_CARD);
        order.comes_to("Paid");
        let (told, asked) = match way.split_once('-').unwrap().0 {
            "purchase" => (vec!["A callback arrives"], "Make a purchase"),
            "link" => (vec![], "Make a payment link"),
            _ => (vec!["The payer comes back", "A webhook is called"], "Make a client session"),
        };
        order.hears(told.len());
        let verified = order.steps("verified");
        assert!(told.iter().all(|title| verified.contains(&(*title).to_owned())), "{way}: {verified:?}");
        let steps = order.steps("");
        assert!(steps.contains(&asked.to_owned()), "{way}: {steps:?}");
        assert!(way.starts_with("link") == steps.contains(&"Acknowledge the event".to_owned()), "{way}: {steps:?}");
        assert!(order.steps("badge bad").is_empty() && order.steps("refused").is_empty(), "{way}: {steps:?}");
        let page = order.page();
        for secret in [gateway.key(), gateway.sandbox["card_payments"]["client_secret"].as_str().unwrap()] {
            assert!(!page.contains(secret), "{way}: a secret is on the page");
        }
        assert!(!page.contains("444433332222") && !page.contains("4444 3333"), "{way}: the shop knows no number");
        for code in ["curl -s -X POST", "await fetch(", "curl_init(", "urllib.request", "Bearer $TOLLGATE_"] {
            assert!(unescaped(&page).contains(code), "{way}: {code}");
        }
    }
    // What was registered is registered once.
    let webhooks = gateway.call(gateway.key(), "GET", "/webhooks/", None).json();
    assert_eq!(1, webhooks["results"].as_array().unwrap().len(), "{webhooks}");
    gateway.stop();
    assert_eq!(0, place.audit().0, "{}", place.audit().1);
}

#[test]
fn what_is_held_is_captured_refunded_or_released() {
    let place = Place::new();
    let gateway = place.start();
    let newcomer = Newcomer::at(&gateway);
    for way in ["purchase-redirect", "link-redirect", "session-redirect"] {
        let held = || {
            let (order, at) = newcomer.buy(way, &["hold"]);
            newcomer.pay(way, &at, GOOD_CARD);
            order.comes_to("Reserved");
            order
        };
        let order = held();
        order.press("capture");
        order.comes_to("Paid");
        order.press("refund-half");
        order.comes_to("Partly refunded");
        order.press("refund");
        order.comes_to("Refunded");
        assert!(!order.page().contains("/refund/\""), "{way}: nothing is left to refund");
        let order = held();
        order.press("release");
        order.comes_to("Released");
        assert!(!order.page().contains("/capture/\""), "{way}: nothing is left to capture");
    }
    let (order, at) = newcomer.buy("purchase-redirect", &[]);
    newcomer.pay("purchase-redirect", &at, REFUND_DECLINED);
    order.comes_to("Paid");
    order.press("refund");
    assert!(order.page().contains("The gateway answered 400 to “Refund”"), "{}", order.page());
    order.comes_to("Paid");
}

#[test]
fn a_kept_card_is_charged_again_without_its_payer() {
    let place = Place::new();
    let gateway = place.start();
    let newcomer = Newcomer::at(&gateway);
    for way in ["purchase-redirect", "link-redirect"] {
        let (order, at) = newcomer.buy(way, &["keep"]);
        newcomer.pay(way, &at, GOOD_CARD);
        order.comes_to("Paid");
        let again = order.press("again");
        let path = newcomer.path(again.header("location").unwrap()).to_owned();
        assert_ne!(order.path, path);
        let again = Order { newcomer: &newcomer, path };
        again.comes_to("Paid");
        assert!(again.steps("").iter().any(|title| title.starts_with("Charge")), "{:?}", again.steps(""));
    }
    let (order, at) = newcomer.buy("purchase-redirect", &["keep"]);
    newcomer.pay("purchase-redirect", &at, LATER_DECLINED);
    order.comes_to("Paid");
    let again = order.press("again");
    let path = newcomer.path(again.header("location").unwrap()).to_owned();
    Order { newcomer: &newcomer, path }.comes_to("Declined");
    // What a link stores is charged by its token the first time too, and once.
    let (order, at) = newcomer.buy("link-redirect", &["keep"]);
    newcomer.pay("link-redirect", &at, LATER_DECLINED);
    order.comes_to("Not paid");
    order.press("ask");
    let charges = order.steps("").into_iter().filter(|title| title == "Charge the stored card").count();
    assert_eq!((1, "Not paid".to_owned()), (charges, order.standing()));
}

#[test]
fn what_is_declined_may_be_tried_again() {
    let place = Place::new();
    let gateway = place.start();
    let newcomer = Newcomer::at(&gateway);
    for way in ["purchase-redirect", "purchase-direct-post", "link-redirect"] {
        let (order, at) = newcomer.buy(way, &[]);
        newcomer.pay(way, &at, DECLINED);
        order.comes_to("Declined");
        newcomer.pay(way, &at, GOOD_CARD);
        order.comes_to("Paid");
    }
    let (order, at) = newcomer.buy("session-redirect", &[]);
    newcomer.pay("session-redirect", &at, DECLINED);
    order.comes_to("Not paid");
}

/// A callback that anybody could send.
fn forged(id: &str, event: &str) -> Vec<u8> {
    let body =
        json!({ "type": "purchase", "id": id, "status": "paid", "event_type": event, "refundable_amount": 3_900 });
    body.to_string().into_bytes()
}

#[test]
fn a_forged_callback_is_refused_and_changes_nothing() {
    let place = Place::new();
    let gateway = place.start();
    let newcomer = Newcomer::at(&gateway);
    let json = ("content-type", "application/json");
    let (order, at) = newcomer.buy("purchase-redirect", &[]);
    let purchase = at.trim_matches('/').trim_start_matches("p/").to_owned();
    let order_id = order.path.trim_matches('/').rsplit('/').next().unwrap().to_owned();
    let callback = format!("/demo/callbacks/purchases/{order_id}");
    let body = forged(&purchase, "<script>alert(1)</script>");
    let bad = "A".repeat(344);
    for (path, headers) in [
        (callback.as_str(), &[json][..]),
        (&callback, &[json, ("x-signature", "not base64")]),
        (&callback, &[json, ("x-signature", &bad)]),
        ("/demo/callbacks/purchases", &[json]),
        ("/demo/callbacks/purchases", &[json, ("x-signature", &bad)]),
    ] {
        assert_eq!(401, gateway.send("POST", path, headers, &body).status, "{path} {headers:?}");
    }
    assert_eq!("Waiting for the payer", order.standing());
    assert_eq!(5, order.steps("refused").len());
    let page = order.page();
    assert!(page.contains("changed nothing") && !page.contains("<script>alert"), "{page}");

    let (session, _) = newcomer.buy("session-redirect", &[]);
    let id = session.path.trim_matches('/').rsplit('/').next().unwrap().to_owned();
    let webhook = format!("/demo/callbacks/orchestration/{id}");
    let told = json!({ "id": id, "version": 99, "authorization": { "status": "AUTHORIZED" },
        "amounts": { "total_captured": 850, "available_to_refund": 850 } })
    .to_string();
    for jws in ["", "a..b", "eyJhbGciOiJub25lIn0..", "eyJraWQiOiJ4IiwiYWxnIjoiUlMyNTYifQ..AAAA"] {
        let sent = gateway.send("POST", &webhook, &[json, ("x-purse-signature", jws)], told.as_bytes());
        assert_eq!(401, sent.status, "{jws}");
    }
    let unsigned = format!("{}back?purse-redirection-data=e30.e30.e30", session.path);
    assert_eq!(303, gateway.send("GET", &unsigned, &[], b"").status);
    assert_eq!("Waiting for the payer", session.standing());
    assert_eq!(5, session.steps("refused").len(), "{:?}", session.steps(""));

    for query in ["", "?token=", "?token=../../x", "?token=0b8e6c1e-6f0f-4a53-9d0e-6f4f8f1f2a10"] {
        assert_eq!(
            401,
            gateway.send("GET", &format!("/demo/callbacks/card-payments{query}"), &[], b"").status,
            "{query}"
        );
    }
    let shelf = gateway.send("GET", "/demo/", &[], b"").text();
    assert_eq!(4, shelf.matches("class=\"step in\"").count(), "messages of nobody's orders are shown at the shelf");
    assert!(shelf.contains("the gateway knows no such event"));
}

/// Another order's callback is signed as well, and still not about this one.
#[test]
fn a_callback_of_another_order_is_refused() {
    let place = Place::new();
    let gateway = place.start();
    let newcomer = Newcomer::at(&gateway);
    let (paid, at) = newcomer.buy("purchase-redirect", &[]);
    newcomer.pay("purchase-redirect", &at, GOOD_CARD);
    paid.comes_to("Paid");
    paid.hears(1);
    let page = paid.page();
    let arrival = page.split("<li class=\"step in\"").find(|step| step.contains("A callback arrives")).unwrap();
    let number = between(arrival, "id=\"step-", "\"").unwrap();
    let signature = between(arrival, "echo '", "'").or(between(arrival, "echo &#39;", "&#39;")).unwrap();
    let signature = unescaped(signature).replace("&#43;", "+");
    let body = gateway.send("GET", &format!("{}story/{number}", paid.path), &[], b"");
    assert_eq!(Some("application/octet-stream"), body.header("content-type"));
    let deliver = |order: &Order<'_, '_>, body: &[u8]| {
        let id = order.path.trim_matches('/').rsplit('/').next().unwrap().to_owned();
        let headers = [("content-type", "application/json"), ("x-signature", signature.as_str())];
        gateway.send("POST", &format!("/demo/callbacks/purchases/{id}"), &headers, body).status
    };
    assert_eq!(200, deliver(&paid, &body.body), "it is good where it belongs, as often as it comes");
    let (other, _) = newcomer.buy("purchase-redirect", &[]);
    assert_eq!(401, deliver(&other, &body.body));
    assert!(other.page().contains("it is about another purchase"), "{}", other.page());
    assert_eq!("Waiting for the payer", other.standing());
    let changed = body.text().replace("\"paid\"", "\"Paid\"");
    assert_eq!(401, deliver(&paid, changed.as_bytes()), "every byte is signed");
}

#[test]
fn only_the_shops_own_forms_are_taken() {
    let place = Place::new();
    let gateway = place.start();
    let newcomer = Newcomer::at(&gateway);
    let (order, at) = newcomer.buy("purchase-redirect", &[]);
    newcomer.pay("purchase-redirect", &at, GOOD_CARD);
    order.comes_to("Paid");
    let refund = format!("{}refund/", order.path);
    for fields in [&[][..], &[("token", "")], &[("token", "0123456789abcdef0123456789abcdef")]] {
        assert_eq!(403, newcomer.post(&refund, fields).status, "{fields:?}");
        assert_eq!(
            403,
            newcomer.post("/demo/orders/", &[fields, &[("thing", "mug"), ("pay", "link-frame")]].concat()).status
        );
    }
    assert_eq!("Paid", order.standing());
    assert_eq!(order.path, newcomer.newest(), "nothing was ordered");

    let token = ("token", newcomer.token.as_str());
    for fields in [&[token][..], &[token, ("thing", "mug")], &[token, ("thing", "car"), ("pay", "link-frame")]] {
        assert_eq!(400, newcomer.post("/demo/orders/", fields).status, "{fields:?}");
    }
    let long = "x".repeat(5_000);
    assert_eq!(400, newcomer.post(&refund, &[token, ("x", &long)]).status);
    for path in ["/demo/orders/0/", "/demo/orders/%00/", "/demo/orders/0/pay/", "/demo/orders/0/back/"] {
        assert_eq!(404, gateway.send("GET", path, &[], b"").status, "{path}");
    }
    for path in [format!("{}story/0", order.path), format!("{}story/999", order.path)] {
        assert_eq!(404, gateway.send("GET", &path, &[], b"").status, "{path}");
    }
    assert_eq!(404, newcomer.post(&format!("{}destroy/", order.path), &[token]).status);
    let body = vec![b'x'; 100_000];
    assert_eq!(413, gateway.send("POST", "/demo/callbacks/purchases", &[], &body).status);
}

#[test]
fn pages_say_what_they_may_do_and_the_shop_is_easy_to_find() {
    let place = Place::new();
    let gateway = place.start();
    let base = gateway.sandbox["base_url"].as_str().unwrap();
    assert_eq!(format!("{base}/demo"), gateway.sandbox["demo_shop"]["url"].as_str().unwrap());
    assert!(place.read("out").contains(&format!("{base}/demo ")), "{}", place.read("out"));
    let home = gateway.send("GET", "/", &[], b"");
    assert_eq!((303, Some("/demo/")), (home.status, home.header("location")));
    let shelf = gateway.send("GET", "/demo/", &[], b"");
    let policy = shelf.header("content-security-policy").unwrap();
    for part in
        ["default-src 'none'", "script-src 'self' http://127.0.0.1:", "frame-ancestors 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert_eq!(Some("no-store"), shelf.header("cache-control"));
    assert!(!shelf.text().contains("src=\"http") && !shelf.text().contains("href=\"http"), "nothing of anybody else's");
}

#[test]
fn the_next_start_moves_its_webhook_and_subscriptions() {
    let place = Place::new();
    let registered = |gateway: &Gateway<'_>| -> (Vec<Value>, String) {
        let newcomer = Newcomer::at(gateway);
        let (order, at) = newcomer.buy("purchase-redirect", &["hold"]);
        newcomer.pay("purchase-redirect", &at, GOOD_CARD);
        order.comes_to("Reserved");
        order.hears(1);
        let (order, at) = newcomer.buy("link-redirect", &[]);
        newcomer.pay("link-redirect", &at, GOOD_CARD);
        order.comes_to("Paid");
        let webhooks = gateway.call(gateway.key(), "GET", "/webhooks/", None).json();
        (webhooks["results"].as_array().unwrap().clone(), order.page())
    };
    let first = place.start();
    let (before, _) = registered(&first);
    first.stop();
    let second = place.start();
    let (after, story) = registered(&second);
    assert_eq!((1, 1), (before.len(), after.len()));
    assert_eq!(before[0]["id"], after[0]["id"]);
    assert_ne!(before[0]["callback"], after[0]["callback"], "another port");
    assert_eq!(4, story.matches("End an old subscription").count());
}
