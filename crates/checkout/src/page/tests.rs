use std::collections::HashSet;
use std::time::Duration;

use domain::RedirectMethod;
use domain::{
    AttemptId, Authentication, AuthenticationIds, Brand, BrandId, CaptureMode, CardFacts, CardId, Challenge,
    ChallengeWindow, CheckoutId, Colour, Command, Currency, Customer, Dialect, Due, Expiry, Fees, Flow, Line, LogoId,
    Look, MerchantId, Money, OperationId, OperationKind, OperationOutcome, Order, Outcome, Palette, PaymentId,
    Redirects, Report, Stated, Submission, Terms, TransStatus,
};
use engine::redirects::RedirectView;
use uuid::Uuid;

use super::*;
use crate::form::{Asked, FieldError, FormErrors, SavedCard};
use crate::language::Language;

/// 2027-03-03 06:30 UTC, 14:30 in Kuala Lumpur.
const NOW: Timestamp = Timestamp::from_seconds(1_804_055_400);
const ENGLISH: Words = Words::new(Language::English);
const PAN: &str = "4444333322221111";

/// A checkout and what happens to it.
struct Story {
    checkout: Checkout,
    terms: Terms,
    history: Vec<Recorded>,
    now: Timestamp,
    words: Words,
    lang: Option<Language>,
    look: Look,
}

impl Story {
    fn new() -> Self {
        let id = |n: u128| Uuid::from_u128(0x6f0d_2f0e_1a55_4d0c_9c0e_6f2f_0d3b_7a00 + n);
        let line = |name: &str, quantity, unit_price, discount, tax_percent, total| Line {
            name: name.to_owned(),
            quantity,
            unit_price,
            discount,
            tax_percent,
            total,
            ..Line::default()
        };
        let checkout = Checkout {
            customer_named: false,
            asks_details: vec![],
            id: CheckoutId::new(id(1)),
            merchant_id: MerchantId::new(id(2)),
            mode: Mode::Live,
            brand_id: BrandId::new(id(3)),
            payment_id: PaymentId::new(id(4)),
            dialect: Dialect::Purchases,
            public_id: None,
            order_key: None,
            tender: None,
            created_at: NOW,
            seller: "Kedai Kopi Seri".to_owned(),
            language: "en".to_owned(),
            language_chosen: false,
            time_zone: "Asia/Kuala_Lumpur".to_owned(),
            reference: "ORDER-1042".to_owned(),
            notes: "Collect at the counter.\nBring your order number.".to_owned(),
            lines: vec![
                line("House blend, 1 kg", 20_000, 2_000, 200, 600, 4_028),
                line("Paper filters", 5_000, 2_344, 0, 0, 1_172),
            ],
            debt: 0,
            stated: Stated::default(),
            customer: Customer {
                email: "ann@example.com".to_owned(),
                full_name: "Ann Lee".to_owned(),
                ..Customer::default()
            },
            customer_id: None,
            redirects: Redirects::default(),
            callback: None,
            brands: None,
            methods: vec![],
            token: None,
        };
        let terms = Terms {
            payment_id: checkout.payment_id,
            merchant_id: checkout.merchant_id,
            mode: Mode::Live,
            checkout_id: checkout.id,
            amount: ringgit(5_200),
            capture: CaptureMode::Automatic,
            due: None,
            single_attempt: false,
            save_card: false,
            hold_max: None,
            captured_after: None,
            fees: Fees::default(),
        };
        Self { checkout, terms, history: Vec::new(), now: NOW, words: ENGLISH, lang: None, look: Look::default() }
    }

    fn shop(mut self, change: impl FnOnce(&mut Checkout)) -> Self {
        change(&mut self.checkout);
        self
    }

    fn terms(mut self, change: impl FnOnce(&mut Terms)) -> Self {
        change(&mut self.terms);
        self
    }

    fn reading(self, language: Language) -> Self {
        Self { words: Words::new(language), ..self }
    }

    fn later(mut self, seconds: u64) -> Self {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self
    }

    fn payment(&self) -> Payment {
        let mut payment = Payment::open(self.terms.clone());
        self.history.iter().skip(1).for_each(|recorded| payment.apply(&recorded.event));
        payment
    }

    fn does(mut self, command: &Command) -> Self {
        if self.history.is_empty() {
            self.history.push(Recorded { version: 1, at: self.now, event: Event::Opened(self.terms.clone()) });
        }
        for event in self.payment().decide(command).expect("allowed") {
            let version = u32::try_from(self.history.len()).expect("few") + 1;
            self.history.push(Recorded { version, at: self.now, event });
        }
        self
    }

    fn submission(&self) -> Submission {
        Submission {
            attempt_id: attempt_id(),
            acquirer: "test".to_owned(),
            means: Means::Card {
                card: CardSummary {
                    brand: Brand::Visa,
                    masked: domain::mask(PAN),
                    expiry: Expiry { year: 2028, month: 8 },
                    holder: "Ann Lee".to_owned(),
                },
                card_id: CardId::new(Uuid::from_u128(8)),
            },
            part: None,
            token: None,
            flow: Flow::HostedPage,
            payer_ip: None,
            save_card: false,
            window: ChallengeWindow::Full,
            deadline: self.now.plus(Duration::from_secs(30)),
        }
    }

    fn submit(self) -> Self {
        let submission = self.submission();
        self.does(&Command::Submit(submission))
    }

    /// The bank is asked first.
    fn authenticate(self) -> Self {
        let submission = self.submission();
        self.does(&Command::Authenticate(submission))
    }

    /// The bank wants to ask the payer.
    fn challenged(self) -> Self {
        let challenge = Challenge { ids: ids(), acs_url: "https://bank.example/challenge".to_owned() };
        self.authenticate().does(&Command::Ask { attempt_id: attempt_id(), challenge })
    }

    /// The bank lets the payment go on.
    fn proven(self, challenged: bool) -> Self {
        let authentication = Authentication {
            ids: ids(),
            status: TransStatus::Authenticated,
            reason: String::new(),
            cancel: String::new(),
            eci: "05".to_owned(),
            cavv: String::new(),
            challenged,
        };
        let deadline = self.now.plus(Duration::from_secs(30));
        self.does(&Command::Authorize { attempt_id: attempt_id(), authentication, deadline })
    }

    fn operation(self, n: u128, kind: OperationKind, amount: Option<i64>) -> Self {
        let operation_id = OperationId::new(Uuid::from_u128(n));
        self.does(&Command::Operate(Order { amount: amount.map(ringgit), ..Order::new(operation_id, kind) }))
            .does(&Command::SettleOperation { operation_id, outcome: OperationOutcome::Done })
    }

    fn settle(self, outcome: Outcome) -> Self {
        self.does(&Command::Settle { attempt_id: attempt_id(), outcome })
    }

    fn approved(self) -> Self {
        let amount = self.terms.amount;
        let facts = CardFacts::default();
        self.submit().settle(Outcome::Approved { amount, acquirer_reference: "a-1".to_owned(), facts })
    }

    fn declined(self, reason: DeclineReason) -> Self {
        self.submit().settle(Outcome::Declined { reason, facts: CardFacts::default() })
    }

    fn read<T>(&self, page: impl FnOnce(Subject<'_>) -> T) -> T {
        let payment = self.payment();
        page(Subject {
            embedded: false,
            checkout: &self.checkout,
            payment: &payment,
            history: &self.history,
            now: self.now,
            words: self.words,
            lang: self.lang,
            look: self.look,
        })
    }

    fn form(&self) -> String {
        self.read(|subject| PayPage::new(subject, "token-1").render())
    }

    fn stage(&self) -> Stage {
        self.read(|subject| subject.stage())
    }

    fn at_link(&self) -> String {
        self.read(|subject| at_link(subject).expect("no form"))
    }

    fn after_try(&self) -> String {
        self.read(after_try)
    }
}

fn approval() -> Outcome {
    Outcome::Approved { amount: ringgit(5_200), acquirer_reference: "a-1".to_owned(), facts: CardFacts::default() }
}

fn not_authenticated() -> Outcome {
    Outcome::Declined { reason: DeclineReason::AuthenticationFailed, facts: CardFacts::default() }
}

fn attempt_id() -> AttemptId {
    AttemptId::new(Uuid::from_u128(7))
}

fn ids() -> AuthenticationIds {
    AuthenticationIds { server: Uuid::from_u128(11), directory: Uuid::from_u128(12), acs: Uuid::from_u128(13) }
}

fn ringgit(minor: i64) -> Money {
    Money::new(minor, Currency::parse("MYR").expect("a currency")).expect("not negative")
}

fn hold(terms: &mut Terms) {
    terms.capture = CaptureMode::Manual;
}

fn verify(terms: &mut Terms) {
    terms.capture = CaptureMode::Manual;
    terms.amount = ringgit(0);
}

fn test_mode(checkout: &mut Checkout) {
    checkout.mode = Mode::Test;
}

fn redirects(checkout: &mut Checkout) {
    checkout.redirects = Redirects {
        success: Some("https://shop.example/thanks?order=1&a='b'".to_owned()),
        failure: Some("http://shop.example:8081/failed?id=1".to_owned()),
        cancel: Some("https://shop.example/cart".to_owned()),
    };
}

fn due(days: i64, strict: bool) -> impl FnOnce(&mut Terms) {
    move |terms| terms.due = Some(Due { at: Timestamp::from_seconds(NOW.seconds() + days * 86_400), strict })
}

fn issuer() -> Issuer {
    Issuer {
        legal_name: "Seri Trading Sdn. Bhd.".to_owned(),
        registration_number: "202001000001".to_owned(),
        tax_number: "W10-1808-32000001".to_owned(),
        address: vec!["1 Jalan Besar".to_owned(), "50000 Kuala Lumpur".to_owned(), "MY".to_owned()],
        country: "MY".to_owned(),
        accounts: vec![],
    }
}

fn invoice(subject: Subject<'_>, issuer: &Issuer) -> String {
    super::invoice(subject, issuer).page()
}

fn receipt(subject: Subject<'_>, issuer: &Issuer) -> Option<String> {
    super::receipt(subject, issuer).map(|document| document.page())
}

fn wrong_form() -> FormErrors {
    let body =
        b"email=ann@&card_number=4444333322221112&expires=13%2F28&cvc=12&cardholder_name=&attempt=t&remember_card=on";
    let customer = Customer { full_name: "Ann Lee".to_owned(), ..Customer::default() };
    let asked = Asked {
        accepted: None,
        details: &["email".to_owned()],
        customer: &customer,
        saved: &[],
        takes_cards: true,
        methods: None,
    };
    crate::form::read(body, NOW, &asked).expect_err("wrong")
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn details() -> Vec<String> {
    names(&["email", "full_name"])
}

fn saved(n: u128, brand: Brand, last4: &str, expired: bool) -> SavedCard {
    SavedCard {
        token: CheckoutId::new(Uuid::from_u128(n)),
        brand,
        last4: last4.to_owned(),
        expiry: Expiry { year: if expired { 2026 } else { 2028 }, month: 8 },
        expired,
    }
}

fn saved_cards() -> Vec<SavedCard> {
    vec![
        saved(1, Brand::Mastercard, "4444", true),
        saved(2, Brand::Visa, "1111", false),
        saved(3, Brand::Amex, "0001", false),
    ]
}

fn with_saved(story: &Story) -> String {
    story.read(|subject| PayPage::new(subject, "token-1").saved_cards(saved_cards()).offer_to_remember().render())
}

fn challenge_page(story: &Story) -> String {
    challenge_page_of(story, ChallengeWindow::Large)
}

fn challenge_page_of(story: &Story, window: ChallengeWindow) -> String {
    let form = ChallengeForm {
        acs_url: "https://bank.example/challenge",
        creq: "Y3JlcQ",
        session_data: "c2Vzc2lvbg",
        attempt: "token-2",
        window,
        until: NOW.plus(Duration::from_secs(580)),
    };
    story.read(|subject| challenge(subject, &form))
}

fn acs<'a>(notice: Option<AcsNotice>) -> AcsPage<'a> {
    AcsPage {
        words: ENGLISH,
        action: "/acs/challenge",
        merchant: "Kedai Kopi Seri",
        amount: ringgit(5_200),
        at: NOW,
        brand: Brand::Visa,
        last4: "1111",
        tries_left: 2,
        resends_left: 3,
        notice,
        creq: "Y3JlcQ",
        session_data: "c2Vzc2lvbg",
    }
}

fn redirect(method: RedirectMethod) -> RedirectView {
    RedirectView {
        method,
        local: None,
        merchant: "Kedai Kopi Seri".to_owned(),
        amount: ringgit(5_200),
        return_url: "https://pay.example.com/p/back?leg=1&x=2".to_owned(),
        decided: false,
        may_wait: method == RedirectMethod::Bank,
    }
}

fn hostile_redirect() -> RedirectView {
    RedirectView { merchant: format!("{MARKUP} {PAN}"), ..redirect(RedirectMethod::Wallet) }
}

fn acquirer(words: Words, view: &RedirectView) -> String {
    AcquirerPage { words, action: "/acs/pay/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01", view }.render()
}

fn acs_return(words: Words) -> String {
    let page = AcsReturn {
        words,
        notification_url: "http://127.0.0.1:8080/p/3ds/",
        cres: "Y3Jlcw",
        session_data: "c2Vzc2lvbg",
    };
    page.render()
}

/// Every page in every state, by name.
fn gallery(language: Language) -> Vec<(&'static str, String)> {
    let words = Words::new(language);
    let new = || Story::new().reading(language);
    let full = |story: Story| {
        story.read(|subject| {
            PayPage::new(subject, "token-1").after(wrong_form()).details(&details()).offer_to_remember().render()
        })
    };
    let invoice_of = |story: Story| story.read(|subject| invoice(subject, &issuer()));
    let shop = || new().shop(redirects);
    let unknown = || shop().submit().settle(Outcome::Unknown);
    let mut pages = vec![
        ("pay", new().form()),
        (
            "pay_test",
            shop()
                .shop(test_mode)
                .shop(|c| c.brands = Some(vec![Brand::Visa, Brand::Mastercard]))
                .terms(due(1, false))
                .form(),
        ),
        ("pay_errors", full(shop().shop(test_mode).terms(due(-1, false)))),
        ("pay_declined", shop().declined(DeclineReason::DoNotHonour).form()),
        ("pay_hold", new().terms(hold).form()),
        ("pay_verify", new().terms(verify).terms(|t| t.save_card = true).form()),
        ("pay_debt", new().shop(|c| c.debt = -500).shop(|c| c.lines[1].total = 1_000).form()),
        ("pay_hostile", hostile().reading(language).form()),
        ("pay_saved", with_saved(&shop().shop(test_mode))),
        (
            "pay_details",
            shop().read(|subject| {
                let asked = names(&["email", "phone", "billing_address", "shipping_address", "tax_number"]);
                PayPage::new(subject, "token-1").details(&asked).saved_cards(saved_cards()).render()
            }),
        ),
        ("challenge", challenge_page(&shop().shop(test_mode).challenged())),
        ("challenge_link", shop().challenged().at_link()),
        ("returned", shop().shop(test_mode).challenged().read(returned)),
        ("acs", AcsPage { words, ..acs(None) }.render()),
        ("acs_wrong", AcsPage { words, merchant: MARKUP, ..acs(Some(AcsNotice::Wrong)) }.render()),
        ("acs_resent", AcsPage { words, resends_left: 0, ..acs(Some(AcsNotice::Resent)) }.render()),
        ("acs_return", acs_return(words)),
        ("acquirer_wallet", acquirer(words, &redirect(RedirectMethod::Wallet))),
        ("acquirer_lender", acquirer(words, &redirect(RedirectMethod::PayLater))),
        ("acquirer_bank", acquirer(words, &redirect(RedirectMethod::Bank))),
        ("acquirer_hostile", acquirer(words, &hostile_redirect())),
        ("acquirer_done", acquirer(words, &RedirectView { decided: true, ..redirect(RedirectMethod::Bank) })),
        ("paid_refunded", refunded(shop(), 700).later(86_400).at_link()),
        ("paid_elsewhere", shop().does(&Command::MarkPaid(NOW)).at_link()),
        ("voided", shop().terms(hold).approved().operation(1, OperationKind::Void, None).at_link()),
        ("charged_back", shop().approved().does(&Command::Report(Report::ChargedBack)).at_link()),
        ("invoice_refunded", invoice_of(refunded(shop(), 700))),
        ("paid", new().shop(test_mode).approved().later(86_400).at_link()),
        ("paid_return", shop().approved().after_try()),
        ("failed", new().declined(DeclineReason::StolenCard).after_try()),
        ("failed_return", shop().declined(DeclineReason::ExpiredCard).after_try()),
        ("failed_only_try", new().terms(|t| t.single_attempt = true).declined(DeclineReason::DoNotHonour).at_link()),
        ("processing", shop().submit().later(4).at_link()),
        ("processing_unknown", unknown().later(40).at_link()),
        ("processing_long", unknown().shop(|c| c.customer.email.clear()).later(400).at_link()),
        ("processing_elsewhere", shop().submit().read(processing_elsewhere)),
        ("reserved", shop().terms(hold).approved().at_link()),
        ("card_saved", shop().terms(verify).approved().at_link()),
        ("cancelled", shop().does(&Command::Cancel).at_link()),
        ("expired", shop().terms(due(-1, true)).does(&Command::PassDue).at_link()),
        ("unknown_link", unknown_link(words)),
        ("busy", broken(words, Broken::Busy)),
        ("broken", broken(words, Broken::NotCharged)),
        ("broken_unsure", broken(words, Broken::Unsure)),
        ("invoice_open", invoice_of(shop().shop(test_mode).terms(due(-2, false)))),
        ("invoice_paid", invoice_of(shop().approved())),
        ("receipt", new().shop(test_mode).approved().read(|s| receipt(s, &issuer()).expect("paid"))),
        (
            "receipt_hostile",
            hostile().reading(language).approved().read(|s| receipt(s, &hostile_issuer()).expect("paid")),
        ),
    ];
    pages.extend(sessions::gallery(language));
    pages.extend(methods::gallery(language));
    pages
}

fn refunded(story: Story, minor: i64) -> Story {
    story.approved().later(86_400).operation(1, OperationKind::Refund, Some(minor))
}

const MARKUP: &str = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

/// A shop whose every text attacks the page.
fn hostile() -> Story {
    let text = format!("\u{202e}{MARKUP} {PAN} 4444 3333 2222 1111");
    Story::new().shop(|checkout| {
        checkout.seller = text.clone();
        checkout.reference = text.clone();
        checkout.notes = text.clone();
        checkout.time_zone = text.clone();
        checkout.language = text.clone();
        checkout.lines[0].name = text.clone();
        checkout.customer.full_name = text.clone();
        checkout.customer.billing.city = text.clone();
        checkout.customer.tax_number = text.clone();
        checkout.redirects.cancel = Some("javascript:alert(1)".to_owned());
    })
}

fn hostile_issuer() -> Issuer {
    let text = format!("\u{202e}{MARKUP} {PAN}");
    Issuer {
        legal_name: text.clone(),
        registration_number: text.clone(),
        tax_number: text.clone(),
        address: vec![text.clone()],
        country: text.clone(),
        accounts: vec![(text.clone(), text)],
    }
}

/// The tags of a page, `<` and `>` left out.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    tags(page).into_iter().filter_map(|tag| attribute(tag, name)).collect()
}

/// What is read, without the markup.
fn text(page: &str) -> String {
    let body = page.split_once("<body>").expect("a body").1;
    let mut texts = String::new();
    for part in body.split('<') {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        // An isolated text stands in its sentence; every other element on its own.
        texts.push_str(if tag.ends_with("bdi") { "" } else { " " });
        texts.push_str(text);
    }
    let words = texts.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace("&#39;", "'").replace("&#38;", "&")
}

#[track_caller]
fn says(page: &str, words: &str) {
    assert!(text(page).contains(words), "{words:?} is missing in: {}", text(page));
}

#[track_caller]
fn does_not_say(page: &str, words: &str) {
    assert!(!text(page).contains(words), "{words:?} is in: {}", text(page));
}

/// Every page in every state in every language.
fn in_every_language() -> impl Iterator<Item = (Language, &'static str, String)> {
    Language::ALL
        .into_iter()
        .flat_map(|language| gallery(language).into_iter().map(move |(name, page)| (language, name, page)))
}

#[test]
fn links_stay_below_the_page_of_the_checkout() {
    let id = "6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01";
    for (dialect, page) in [
        (Dialect::Purchases, format!("/p/{id}/result/")),
        (Dialect::CardPayments, format!("/card/{id}/result/")),
        (Dialect::Orchestration, format!("/entities/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a03/sessions/{id}/result/")),
    ] {
        let story = Story::new().shop(|checkout| checkout.dialect = dialect);
        assert_eq!(page, link(&story.checkout, "result/", None));
        assert_eq!(format!("{page}?lang=ms"), link(&story.checkout, "result/", Some(Language::Malay)));
        assert_eq!(dialect, Manner::at(&format!("https://pay.example.com{page}")).dialect);
    }
}

#[test]
fn every_page_is_sound() {
    for (language, name, page) in in_every_language() {
        let name = format!("{name} in {}", language.code());
        assert!(page.starts_with("<!doctype html>"), "{name}");
        let root = format!("<html lang=\"{}\" dir=\"{}\">", language.code(), language.direction());
        assert!(page.contains(&root), "{name}");
        assert!(page.contains("<meta name=\"robots\" content=\"noindex, nofollow\">"), "{name}");
        assert_eq!(1, page.matches("<h1").count(), "{name}: one heading");
        assert_eq!(1, page.matches("<main").count(), "{name}");

        let ids = attributes(&page, "id");
        let distinct: HashSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len(), "{name}: ids are unique");
        for label in attributes(&page, "for") {
            assert!(ids.contains(&label), "{name}: {label}");
        }
        for described in attributes(&page, "aria-describedby").iter().flat_map(|ids| ids.split(' ')) {
            assert!(ids.contains(&described), "{name}: {described}");
        }
        for tag in tags(&page).iter().filter(|tag| tag.starts_with("input ") && !tag.contains("type=\"hidden\"")) {
            let id = attribute(tag, "id").expect(tag);
            assert!(
                page.contains(&format!("<label for=\"{id}\">")) || page.contains(&format!("for=\"{id}\"")),
                "{name}: {id}"
            );
            assert!(!tag.contains("placeholder") && !tag.contains("type=\"number\""), "{name}: {tag}");
        }
        for target in attributes(&page, "href").into_iter().filter_map(|href| href.strip_prefix('#')) {
            assert!(ids.contains(&target), "{name}: {target}");
        }
        let opened = |tag: &str| page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        for tag in [
            "a", "bdi", "dd", "details", "div", "dl", "dt", "fieldset", "form", "header", "h2", "label", "li", "p",
            "section", "span", "table", "td", "th", "tr", "ul",
        ] {
            assert_eq!(opened(tag), page.matches(&format!("</{tag}>")).count(), "{name}: {tag}");
        }
    }
}

#[test]
fn a_page_asks_for_nothing_but_our_own_files() {
    for (name, page) in gallery(Language::English) {
        let mut requests = 1;
        let mut bytes = page.len();
        for tag in tags(&page) {
            let names: String = tag.split('"').step_by(2).collect();
            assert!(!names.contains("style=") && !names.contains(" on") && names != "style", "{name}: {tag}");
            let element = tag.split([' ', '/']).next().unwrap_or_default();
            let address = match element {
                "link" => attribute(tag, "href"),
                "script" | "img" | "iframe" => Some(attribute(tag, "src").expect("no inline script")),
                _ => None,
            };
            if let Some(address) = address.filter(|address| *address != "data:,") {
                requests += 1;
                bytes += assets::find(address).unwrap_or_else(|| panic!("{name}: {address}")).body.len();
            }
        }
        assert!(requests <= 5 && bytes <= 60 * 1024, "{name}: {requests} requests, {bytes} bytes");
        assert!(!page.contains("<script>"), "{name}");
    }
}

#[test]
fn merchant_texts_are_escaped_masked_and_kept_in_their_place() {
    for page in [
        hostile().form(),
        hostile().approved().at_link(),
        hostile().read(|subject| invoice(subject, &hostile_issuer())),
        hostile().approved().read(|subject| receipt(subject, &hostile_issuer()).expect("paid")),
    ] {
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{page}");
        assert!(!page.contains(PAN) && !page.contains("4444 3333 2222 1111"), "{page}");
        assert!(!page.contains("javascript:"), "{page}");
        // Wherever a text turns the direction it is inside an isolated element.
        for (at, _) in page.match_indices('\u{202e}') {
            let before = &page[..at];
            assert!(before.rfind("<bdi>") > before.rfind("</bdi>"), "{}", &before[before.len().saturating_sub(80)..]);
        }
        assert!(page.contains('\u{202e}'), "the text itself is shown as given");
        let title = page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).expect("a title");
        assert!(!title.contains('\u{202e}') && title.contains("&#60;script&#62;"), "{title}");
    }
}

#[test]
fn what_a_payer_typed_is_escaped() {
    let mut errors = wrong_form();
    errors.typed.holder = MARKUP.to_owned();
    errors.typed.expires = MARKUP.to_owned();
    errors.typed.details = vec![("email", MARKUP.to_owned()), ("full_name", format!("{MARKUP} {PAN}"))];
    let page = Story::new().read(|subject| PayPage::new(subject, MARKUP).after(errors).details(&details()).render());
    assert!(page.contains("&#60;script&#62;alert"), "what was typed stands there again: {page}");
    assert!(!page.contains("<script>alert") && !page.contains("<img") && !page.contains(PAN), "{page}");
}

#[test]
fn a_shop_has_its_colours_and_its_logo_on_every_page() {
    let mut story = Story::new();
    let palette = Palette::new(Colour::parse("#0b6e4f").expect("a colour"), Colour::GROUND).expect("readable");
    let logo = LogoId::parse("0123456789abcdef0123456789abcdef.png");
    story.look = Look { palette: Some(palette), logo };
    for page in [story.form(), story.after_try()] {
        assert!(page.contains("<link rel=\"stylesheet\" href=\"/p/assets/theme.0b6e4f.f3f5f9.css\">"), "{page}");
        assert!(page.contains("src=\"/p/logos/0123456789abcdef0123456789abcdef.png\" alt=\"\""), "{page}");
        assert!(!page.contains("class=\"monogram\"") && !page.contains("style=\""), "{page}");
    }
    let plain = Story::new().form();
    assert!(plain.contains("class=\"monogram\"") && !plain.contains("theme."), "{plain}");
}

#[test]
fn the_card_fields_are_those_browsers_know() {
    let page = Story::new().form();
    let inputs: Vec<&str> = tags(&page).into_iter().filter(|tag| tag.starts_with("input ")).collect();
    let shown: Vec<String> =
        inputs.iter().map(|tag| tag.split(" data-").next().unwrap_or_default().replace(" required", "")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
        input type="hidden" name="attempt" value="token-1"
        input type="hidden" name="window_width" value=""
        input id="card_number" name="card_number" type="text" inputmode="numeric" autocomplete="cc-number" dir="ltr" spellcheck="false" maxlength="23" enterkeyhint="next" aria-describedby="card_number-error card_number-brand"
        input id="brand-cartes_bancaires" name="card_brand" type="radio" value="cartes_bancaires" disabled
        input id="brand-visa" name="card_brand" type="radio" value="visa" disabled
        input id="brand-mastercard" name="card_brand" type="radio" value="mastercard" disabled
        input id="expires" name="expires" type="text" inputmode="numeric" autocomplete="cc-exp" dir="ltr" spellcheck="false" maxlength="9" enterkeyhint="next" aria-describedby="expires-error" value=""
        input id="cvc" name="cvc" type="text" inputmode="numeric" autocomplete="cc-csc" dir="ltr" spellcheck="false" maxlength="4" enterkeyhint="next" aria-describedby="cvc-error cvc-hint"
        input id="cardholder_name" name="cardholder_name" type="text" autocomplete="cc-name" spellcheck="false" enterkeyhint="done" aria-describedby="cardholder_name-error" value=""
        "#);
    assert!(page.contains("<form method=\"post\" action=\"/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/\""));
}

#[test]
fn an_open_payment_shows_who_how_much_and_what_for() {
    let page = Story::new().form();
    for words in [
        "Kedai Kopi Seri",
        "Show order - RM 52.00",
        "House blend, 1 kg",
        "2 × RM 20.00",
        "Discount \u{2212}RM 2.00",
        "Tax 6%",
        "RM 40.28",
        "0.5 × RM 23.44",
        "Total RM 52.00",
        "Reference: ORDER-1042",
        "Collect at the counter.",
        "Pay RM 52.00",
    ] {
        says(&page, words);
    }
    let body = page.find("<body>").expect("a body");
    let amount = page.find("<h1 class=\"amount\">").expect("the amount");
    assert!(page[body..amount].contains("<bdi>Kedai Kopi Seri</bdi>"), "seller first");
    assert!(amount < page.find("<details").expect("the order") && page.find("</details>") < page.find("<form"));
    assert!(!page.contains("<details class=\"order\" open"), "closed on a small screen");
    does_not_say(&page, "Test mode");
    does_not_say(&page, "Return to seller");
    does_not_say(&page, "Save this card");
    does_not_say(&page, "Subtotal");
    assert!(page.contains("<title>Pay RM 52.00 - Kedai Kopi Seri</title>"));
}

#[test]
fn sums_add_up_whatever_the_merchant_fixed() {
    let story = Story::new().shop(|checkout| checkout.debt = -500).shop(|checkout| checkout.lines[1].total = 1_000);
    says(&story.form(), "Subtotal RM 50.28 Credit \u{2212}RM 5.00 Adjustment by the seller RM 6.72 Total RM 52.00");
    says(&Story::new().shop(|c| c.debt = 100).form(), "Earlier balance RM 1.00");
}

#[test]
fn test_payments_cannot_be_mistaken() {
    for page in [
        Story::new().shop(test_mode).form(),
        Story::new().shop(test_mode).approved().at_link(),
        Story::new().shop(test_mode).approved().read(|s| receipt(s, &issuer()).expect("paid")),
    ] {
        says(&page, "Test mode - no money moves");
    }
    says(&Story::new().shop(test_mode).form(), "4444 3333 2222 1111");
    does_not_say(&Story::new().shop(test_mode).approved().at_link(), "4444 3333 2222 1111");
    says(&Story::new().shop(test_mode).approved().read(|s| receipt(s, &issuer()).expect("paid")), "Paid TEST");
}

#[test]
fn the_button_says_what_it_does() {
    says(
        &Story::new().terms(hold).form(),
        "The amount is reserved on your card now. The seller takes it later. Hold RM 52.00",
    );
    let verify = Story::new().terms(verify).terms(|terms| terms.save_card = true).form();
    says(&verify, "No money is taken now. Save card");
    let kept = Story::new().terms(|terms| terms.save_card = true);
    says(&kept.form(), "Your card will be saved with Kedai Kopi Seri for later payments.");
    let offered = |story: &Story| story.read(|subject| PayPage::new(subject, "t").offer_to_remember().render());
    says(
        &offered(&Story::new()),
        "Save this card with Kedai Kopi Seri for next time. Your security code is never stored.",
    );
    assert!(offered(&Story::new()).contains("name=\"remember_card\""));
    assert!(!offered(&Story::new()).contains(" checked"), "unticked");
    assert!(!offered(&kept).contains("name=\"remember_card\""), "nothing to choose");
}

#[test]
fn due_times_are_those_of_the_shop() {
    says(&Story::new().terms(due(1, true)).form(), "Payable until 14:30, 4 March 2027 (Kuala Lumpur time)");
    says(&Story::new().terms(due(-1, false)).form(), "This payment was due 2 March 2027. You can still pay it.");
}

#[test]
fn a_wrong_form_comes_back_with_its_errors_and_without_the_card() {
    let page = Story::new().read(|subject| {
        PayPage::new(subject, "token-2").after(wrong_form()).details(&details()).offer_to_remember().render()
    });
    assert!(page.contains("<title>Error: Pay RM 52.00"));
    assert!(page.contains("<div class=\"alert\" role=\"alert\" tabindex=\"-1\""));
    for field in ["card_number", "expires", "cvc", "cardholder_name", "email"] {
        assert!(page.contains(&format!("<li><a href=\"#{field}\">")), "{field}");
        let input = tags(&page).into_iter().find(|tag| attribute(tag, "id") == Some(field)).expect(field);
        assert!(input.contains("aria-invalid=\"true\""), "{field}");
        assert!(!page.contains(&format!("id=\"{field}-error\"></p>")), "{field} says what is wrong");
    }
    for secret in ["card_number", "cvc"] {
        let input = tags(&page).into_iter().find(|tag| attribute(tag, "id") == Some(secret)).expect(secret);
        assert_eq!(None, attribute(input, "value"), "{secret}");
    }
    assert!(page.contains("value=\"13/28\"") && page.contains("value=\"token-2\"") && page.contains(" checked"));
    assert!(!page.contains("444433332222"));
    let unread = Story::new().read(|subject| PayPage::new(subject, "t").after(FormErrors::unreadable()).render());
    says(&unread, "could not be read. You have not been charged.");
    assert!(!unread.contains("aria-invalid"));
}

#[test]
fn errors_of_the_form_replace_the_text_of_an_earlier_failure() {
    let story = Story::new().declined(DeclineReason::DoNotHonour);
    says(&story.form(), "Your bank did not approve this payment. You have not been charged.");
    assert!(story.form().contains("<title>Error: "));
    let one = FieldError { field: crate::form::Field::Cvc, message: texts::CVC_THREE };
    let errors = FormErrors { errors: vec![one], ..FormErrors::default() };
    let page = story.read(|subject| PayPage::new(subject, "t").after(errors).render());
    does_not_say(&page, "Your bank did not approve");
}

#[test]
fn what_must_not_be_revealed_is_the_same_page_byte_for_byte() {
    let page = |reason| Story::new().declined(reason);
    let plain = page(DeclineReason::DoNotHonour);
    for reason in [
        DeclineReason::LostCard,
        DeclineReason::StolenCard,
        DeclineReason::SuspectedFraud,
        DeclineReason::SecurityViolation,
        DeclineReason::InsufficientFunds,
    ] {
        assert_eq!(plain.form(), page(reason).form(), "{reason:?}");
        assert_eq!(plain.after_try(), page(reason).after_try(), "{reason:?}");
    }
}

#[test]
fn each_stage_has_its_page() {
    let only_try = || Story::new().terms(|terms| terms.single_attempt = true);
    let rows = [
        ("open", Story::new()),
        ("declined", Story::new().declined(DeclineReason::DoNotHonour)),
        ("overdue", Story::new().terms(due(-1, false)).does(&Command::PassDue)),
        ("too late, timer not yet", Story::new().terms(due(0, true))),
        ("too late", Story::new().terms(due(-1, true)).does(&Command::PassDue)),
        ("sent", Story::new().submit()),
        ("sent, too late", Story::new().terms(due(0, true)).submit()),
        ("in doubt", Story::new().submit().settle(Outcome::Unknown)),
        ("paid", Story::new().approved()),
        ("paid, then too late", Story::new().terms(due(1, true)).approved().later(200_000)),
        ("hold", Story::new().terms(hold).approved()),
        ("verified", Story::new().terms(verify).approved()),
        ("cancelled", Story::new().does(&Command::Cancel)),
        ("bank asked", Story::new().authenticate()),
        ("bank asks", Story::new().challenged()),
        ("bank asks, too late", Story::new().terms(due(0, true)).challenged()),
        ("bank has answered", Story::new().challenged().proven(true)),
        ("bank has answered no", Story::new().challenged().settle(not_authenticated())),
        ("paid after the bank asked", Story::new().challenged().proven(true).settle(approval())),
        ("given back", refunded(Story::new(), 700).operation(2, OperationKind::Refund, None)),
        ("taken in part", Story::new().terms(hold).approved().operation(1, OperationKind::Capture, Some(3_000))),
        ("let go", Story::new().terms(hold).approved().operation(1, OperationKind::Void, None)),
        ("paid elsewhere", Story::new().does(&Command::MarkPaid(NOW)).later(86_400)),
        ("charged back", Story::new().approved().does(&Command::Report(Report::ChargedBack))),
        ("only try, not yet", only_try()),
        ("only try, failed", only_try().declined(DeclineReason::DoNotHonour)),
        ("only try, cancelled", only_try().does(&Command::Cancel)),
    ];
    let table: Vec<String> = rows
        .iter()
        .map(|(name, story)| {
            let shown = story.read(at_link).map_or("the form".to_owned(), |page| text(&page));
            format!("{name}: {:?}: {}", story.stage(), shown.split(" English Bahasa Melayu").next().unwrap_or_default())
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @r"
        open: Payable: the form
        declined: Payable: the form
        overdue: Payable: the form
        too late, timer not yet: Expired: K Kedai Kopi Seri This payment link has expired. You have not been charged. Contact the seller for a new link. Amount RM 52.00 Reference ORDER-1042
        too late: Expired: K Kedai Kopi Seri This payment link has expired. You have not been charged. Contact the seller for a new link. Amount RM 52.00 Reference ORDER-1042
        sent: Processing: K Kedai Kopi Seri Processing your payment This can take a moment. Please do not pay again. This page updates by itself. Amount RM 52.00 Reference ORDER-1042
        sent, too late: Processing: K Kedai Kopi Seri Processing your payment This can take a moment. Please do not pay again. This page updates by itself. Amount RM 52.00 Reference ORDER-1042
        in doubt: Processing: K Kedai Kopi Seri We are checking this payment with your bank Please do not pay again. We will email you. Amount RM 52.00 Reference ORDER-1042
        paid: Paid: K Kedai Kopi Seri Payment successful Paid on 3 March 2027 Amount RM 52.00 Reference ORDER-1042 Card Visa ending 1111 Date 14:30, 3 March 2027 (Kuala Lumpur time) View receipt
        paid, then too late: Paid: K Kedai Kopi Seri Payment successful Paid on 3 March 2027 Amount RM 52.00 Reference ORDER-1042 Card Visa ending 1111 Date 14:30, 3 March 2027 (Kuala Lumpur time) View receipt
        hold: Reserved: K Kedai Kopi Seri Amount reserved, not yet taken The seller takes it later, or lets it go. Amount RM 52.00 Reference ORDER-1042 Card Visa ending 1111 Date 14:30, 3 March 2027 (Kuala Lumpur time)
        verified: CardSaved: K Kedai Kopi Seri Card saved No money was taken. Amount RM 0.00 Reference ORDER-1042 Card Visa ending 1111 Date 14:30, 3 March 2027 (Kuala Lumpur time)
        cancelled: Cancelled: K Kedai Kopi Seri The seller cancelled this payment. You have not been charged. Amount RM 52.00 Reference ORDER-1042
        bank asked: Processing: K Kedai Kopi Seri Processing your payment This can take a moment. Please do not pay again. This page updates by itself. Amount RM 52.00 Reference ORDER-1042
        bank asks: Challenged: K Kedai Kopi Seri Your bank asks you to confirm this payment You have not been charged. The payment goes on once you have confirmed it. Amount RM 52.00 Reference ORDER-1042 Continue
        bank asks, too late: Challenged: K Kedai Kopi Seri Your bank asks you to confirm this payment You have not been charged. The payment goes on once you have confirmed it. Amount RM 52.00 Reference ORDER-1042 Continue
        bank has answered: Processing: K Kedai Kopi Seri Processing your payment This can take a moment. Please do not pay again. This page updates by itself. Amount RM 52.00 Reference ORDER-1042
        bank has answered no: Payable: the form
        paid after the bank asked: Paid: K Kedai Kopi Seri Payment successful Paid on 3 March 2027 Amount RM 52.00 Reference ORDER-1042 Card Visa ending 1111 Date 14:30, 3 March 2027 (Kuala Lumpur time) View receipt
        given back: Paid: K Kedai Kopi Seri Payment successful Paid on 3 March 2027 Amount RM 52.00 Reference ORDER-1042 Card Visa ending 1111 Date 14:30, 3 March 2027 (Kuala Lumpur time) Refunded RM 7.00 on 4 March 2027 Refunded RM 45.00 on 4 March 2027 View receipt
        taken in part: Paid: K Kedai Kopi Seri Payment successful Paid on 3 March 2027 Amount RM 52.00 Reference ORDER-1042 Charged RM 30.00 Card Visa ending 1111 Date 14:30, 3 March 2027 (Kuala Lumpur time) View receipt
        let go: Closed: K Kedai Kopi Seri This payment can no longer be made here. You have not been charged. Amount RM 52.00 Reference ORDER-1042
        paid elsewhere: PaidElsewhere: K Kedai Kopi Seri Payment received Paid on 3 March 2027 The seller received it outside this page. Amount RM 52.00 Reference ORDER-1042 Date 14:30, 3 March 2027 (Kuala Lumpur time) View receipt
        charged back: Closed: K Kedai Kopi Seri This payment can no longer be made here. Amount RM 52.00 Reference ORDER-1042
        only try, not yet: Payable: the form
        only try, failed: Failed: K Kedai Kopi Seri Payment not completed Your bank did not approve this payment. You have not been charged. Use another card or contact your bank. This payment can no longer be made here. Amount RM 52.00 Reference ORDER-1042
        only try, cancelled: Cancelled: K Kedai Kopi Seri The seller cancelled this payment. You have not been charged. Amount RM 52.00 Reference ORDER-1042
        ");
}

#[test]
fn after_success_the_payer_goes_where_the_merchant_said_exactly() {
    let page = Story::new().shop(redirects).approved().after_try();
    let escaped = "https://shop.example/thanks?order=1&#38;a=&#39;b&#39;";
    assert!(page.contains(&format!("<meta http-equiv=\"refresh\" content=\"1;url={escaped}\">")), "{page}");
    assert!(page.contains(&format!("href=\"{escaped}\"")));
    says(&page, "Payment successful");
    says(&page, "Continue to shop.example");

    let stays = Story::new().approved().after_try();
    assert!(!stays.contains("http-equiv=\"refresh\""));
    says(&stays, "Payment successful Paid on 3 March 2027");
    assert!(stays.contains("href=\"/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/receipt/\""));

    // Opening the link again later tells, and goes nowhere.
    let again = Story::new().shop(redirects).approved().at_link();
    assert!(!again.contains("http-equiv=\"refresh\""));
    says(&Story::new().shop(redirects).terms(hold).approved().after_try(), "Amount reserved, not yet taken");
    says(&Story::new().shop(redirects).terms(verify).approved().after_try(), "Card saved");
}

#[test]
fn after_failure_there_is_a_way_on() {
    let page = Story::new().shop(redirects).declined(DeclineReason::ExpiredCard).after_try();
    assert!(page.contains("content=\"1;url=http://shop.example:8081/failed?id=1\""));
    says(&page, "Continue to shop.example:8081");
    says(&page, "This card has expired. You have not been charged.");
    assert!(page.contains("role=\"alert\"") && page.contains("<title>Error: "));

    let untried = Story::new().shop(redirects).after_try();
    assert!(!untried.contains("http-equiv=\"refresh\""), "nothing failed");
    says(&untried, "This payment has not been made yet.");

    let stays = Story::new().declined(DeclineReason::ExpiredCard).after_try();
    says(&stays, "Try again");
    assert!(stays.contains("href=\"/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/\""));

    let only = Story::new().terms(|terms| terms.single_attempt = true).declined(DeclineReason::ExpiredCard).after_try();
    does_not_say(&only, "Try again");
    says(&only, "This payment can no longer be made here.");
}

#[test]
fn a_merchant_address_that_no_browser_should_open_is_no_link() {
    for bad in [
        "javascript:alert(1)",
        "//evil.example",
        "https://ok.example@evil.example/",
        "https://ok.example\\@evil.example/",
        "data:text/html,x",
        "https://ok.example/\n",
        "not a url",
    ] {
        let mut story = Story::new().shop(|checkout| {
            let bad = Some(bad.to_owned());
            checkout.redirects = Redirects { success: bad.clone(), failure: bad.clone(), cancel: bad };
        });
        assert!(!story.form().contains("Return to seller"), "{bad}");
        story = story.approved();
        assert!(!story.after_try().contains("http-equiv=\"refresh\""), "{bad}");
    }
    says(&Story::new().shop(redirects).form(), "Return to seller (shop.example)");
}

#[test]
fn nobody_in_doubt_is_told_to_pay_again() {
    let unknown = Story::new().submit().settle(Outcome::Unknown).later(40);
    let page = unknown.at_link();
    says(&page, "We are checking this payment with your bank Please do not pay again. We will email you.");
    assert!(page.contains("http-equiv=\"refresh\" content=\"10\""));
    let long = unknown.later(300);
    assert!(!long.at_link().contains("http-equiv=\"refresh\""), "no endless refreshing");
    says(&long.shop(|checkout| checkout.customer.email.clear()).at_link(), "Open this page again later");

    let fresh = Story::new().submit().at_link();
    assert!(fresh.contains("http-equiv=\"refresh\" content=\"3\""));
    says(&fresh, "Processing your payment");
    says(&Story::new().submit().later(301).at_link(), "Please do not pay again. We will email you.");
    for page in [page, fresh, Story::new().submit().read(processing_elsewhere), broken(ENGLISH, Broken::Unsure)] {
        says(&page, "Please do not pay again.");
        does_not_say(&page, "Try again");
        does_not_say(&page, "not been charged");
        assert!(!page.contains("<form") && !page.contains("<button"));
    }
}

#[test]
fn another_window_looks_at_the_link_and_posts_nothing_again() {
    let page = Story::new().submit().read(processing_elsewhere);
    let link = "/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/";
    assert!(page.contains(&format!("http-equiv=\"refresh\" content=\"5;url={link}\"")), "{page}");
    assert!(page.contains(&format!("data-after=\"5\" data-to=\"{link}\"")), "{page}");
}

#[test]
fn an_undone_try_reads_as_not_charged() {
    let story = Story::new()
        .submit()
        .settle(Outcome::Unknown)
        .does(&Command::Reverse { attempt_id: attempt_id() })
        .settle(Outcome::ReversalAcknowledged);
    says(&story.form(), "The bank did not answer in time, so we cancelled this try. You have not been charged.");
}

#[test]
fn ends_say_that_nothing_was_charged() {
    let expired = Story::new().shop(redirects).terms(due(-1, true)).at_link();
    says(&expired, "This payment link has expired. You have not been charged.");
    says(&expired, "Return to seller (shop.example)");
    says(
        &Story::new().does(&Command::Cancel).at_link(),
        "The seller cancelled this payment. You have not been charged.",
    );
    let voided = Story::new().terms(hold).approved().operation(1, OperationKind::Void, None);
    says(&voided.at_link(), "This payment can no longer be made here. You have not been charged.");
    let charged_back = Story::new().approved().does(&Command::Report(Report::ChargedBack)).at_link();
    says(&charged_back, "This payment can no longer be made here.");
    does_not_say(&charged_back, "not been charged");
    says(&broken(ENGLISH, Broken::Busy), "You have not been charged.");
    says(&broken(ENGLISH, Broken::NotCharged), "You have not been charged.");
    assert_eq!(unknown_link(ENGLISH), unknown_link(ENGLISH));
}

#[test]
fn the_invoice_can_be_read_at_every_stage_and_paid_at_one() {
    let read = |story: &Story| story.read(|subject| invoice(subject, &issuer()));
    let open = read(&Story::new().terms(due(2, false)));
    for words in [
        "Invoice To be paid",
        "From Kedai Kopi Seri Seri Trading Sdn. Bhd. 1 Jalan Besar",
        "Registration no. 202001000001",
        "To Ann Lee",
        "Issued 3 March 2027",
        "Due 14:30, 5 March 2027 (Kuala Lumpur time)",
        "Payment id 6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01",
        "House blend, 1 kg 2 RM 20.00 \u{2212}RM 2.00 6% RM 40.28",
        "Pay RM 52.00",
    ] {
        says(&open, words);
    }
    does_not_say(&open, "ann@example.com");
    says(&read(&Story::new().terms(due(-2, false))), "Overdue");
    for (story, stamp) in [
        (Story::new().approved(), "Paid"),
        (Story::new().submit(), "do not pay again"),
        (Story::new().terms(hold).approved(), "Reserved, not yet taken"),
        (Story::new().does(&Command::Cancel), "Cancelled - not charged"),
        (Story::new().terms(due(-1, true)), "Expired - not charged"),
    ] {
        says(&read(&story), stamp);
        does_not_say(&read(&story), "Pay RM 52.00");
    }
}

#[test]
fn the_receipt_exists_once_money_was_taken() {
    let read = |story: &Story| story.read(|subject| receipt(subject, &issuer()));
    for story in [
        Story::new(),
        Story::new().submit(),
        Story::new().terms(hold).approved(),
        Story::new().declined(DeclineReason::DoNotHonour),
    ] {
        assert_eq!(None, read(&story));
    }
    let page = read(&Story::new().approved()).expect("paid");
    for words in [
        "Receipt Paid",
        "Paid 14:30, 3 March 2027 (Kuala Lumpur time)",
        "Card Visa ending 1111",
        "Reference ORDER-1042",
        "Total RM 52.00",
        "Seri Trading Sdn. Bhd.",
    ] {
        says(&page, words);
    }
    assert!(!page.contains("444433"), "a payer sees the last four only");
    does_not_say(&page, "TEST");
}

#[test]
fn after_the_bank_asked_its_holder_may_know_of_a_limit() {
    let declined = || Outcome::Declined { reason: DeclineReason::InsufficientFunds, facts: CardFacts::default() };
    let limit = "because of available balance or a limit. You have not been charged.";
    let asked = Story::new().challenged().proven(true).settle(declined());
    says(&asked.form(), limit);
    says(&asked.after_try(), limit);
    let unasked = Story::new().authenticate().proven(false).settle(declined());
    assert_eq!(Story::new().declined(DeclineReason::DoNotHonour).form(), unasked.form(), "nobody was asked");
    // What the bank never reveals it does not reveal to anybody.
    let stolen = Outcome::Declined { reason: DeclineReason::StolenCard, facts: CardFacts::default() };
    does_not_say(&Story::new().challenged().proven(true).settle(stolen).form(), "limit");
}

#[test]
fn a_payer_asked_by_the_bank_finds_the_way_back_to_it() {
    let story = Story::new().challenged();
    for page in [story.at_link(), story.after_try()] {
        assert!(page.contains("href=\"/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/challenge/\""), "{page}");
        assert!(!page.contains("http-equiv"), "no way into a loop with the Back button");
    }
    let asked = story.read(|subject| subject.challenge().map(|challenge| challenge.acs_url.clone()));
    assert_eq!(Some("https://bank.example/challenge".to_owned()), asked);
    for over in [Story::new().authenticate(), Story::new().challenged().proven(true), Story::new().submit()] {
        assert_eq!(None, over.read(|subject| subject.challenge().cloned()));
    }
    // The time the payer took at the bank is not the acquirer's.
    let slow = Story::new().challenged().later(400).proven(true).later(4);
    says(&slow.at_link(), "Processing your payment");
}

#[test]
fn the_challenge_page_leads_to_the_bank_by_a_plain_form() {
    let page = challenge_page(&Story::new().challenged());
    for words in ["Kedai Kopi Seri", "RM 52.00", "Do not close this page.", "Continue to your bank", "Cancel"] {
        says(&page, words);
    }
    assert!(page.contains("<form method=\"post\" action=\"https://bank.example/challenge\" id=\"challenge-form\">"));
    for field in ["name=\"creq\" value=\"Y3JlcQ\"", "name=\"threeDSSessionData\" value=\"c2Vzc2lvbg\""] {
        assert!(page.contains(field), "{field}");
    }
    let here = "action=\"/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/challenge/\"";
    let cancel = page.split_once(here).expect("a form to this page").1;
    assert!(cancel.contains("name=\"attempt\" value=\"token-2\"") && cancel.contains("name=\"cancel\" value=\"on\""));
    assert!(!page.contains("card_number"), "no card fields");
    // Who cannot be moved on by the script is moved on when it is over.
    assert!(page.contains("<noscript><meta http-equiv=\"refresh\" content=\"580;url=/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/result/\"></noscript>"), "{page}");
    // What the script draws and when it asks.
    assert!(
        page.contains("data-title=\"Your bank&#39;s verification\" data-width=\"500\" data-height=\"600\""),
        "{page}"
    );
    assert!(page.contains("data-warn=\"460\""), "{page}");
    for (window, sized) in [(ChallengeWindow::Small, true), (ChallengeWindow::Full, false)] {
        let page = challenge_page_of(&Story::new().challenged(), window);
        assert_eq!(sized, page.contains("data-width=\"390\" data-height=\"400\""), "{page}");
        assert!(sized || !page.contains("data-width"), "all there is: {page}");
    }
}

#[test]
fn the_page_the_bank_sends_the_payer_back_to_goes_on_with_and_without_script() {
    let page = Story::new().challenged().read(returned);
    let onward = "/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/result/";
    assert!(page.contains(&format!("id=\"onward\" href=\"{onward}\" target=\"_top\"")), "{page}");
    assert!(page.contains(&format!("<noscript><meta http-equiv=\"refresh\" content=\"0;url={onward}\"></noscript>")));
    assert!(
        page.contains("<script src=\"/p/assets/returned.") && page.contains(&format!("data-to=\"{onward}\"")),
        "{page}"
    );
}

fn not_honoured() -> Outcome {
    Outcome::Declined { reason: DeclineReason::DoNotHonour, facts: CardFacts::default() }
}

#[test]
fn whoever_comes_from_the_bank_finds_the_result_in_focus() {
    let asked = Story::new().challenged().proven(true).settle(not_honoured());
    assert!(asked.read(after_try).contains("<h1 tabindex=\"-1\" autofocus>"));
    let unasked = Story::new().declined(DeclineReason::DoNotHonour);
    assert!(!unasked.read(after_try).contains("autofocus"));
}

#[test]
fn the_test_bank_asks_for_a_code() {
    let page = acs(None).render();
    for words in
        ["Test bank - simulation", "Kedai Kopi Seri", "RM 52.00", "3 March 2027", "Visa ending 1111", "Need help?"]
    {
        says(&page, words);
    }
    let otp = tags(&page).into_iter().find(|tag| attribute(tag, "id") == Some("otp")).expect("the box");
    assert!(otp.contains("inputmode=\"numeric\" autocomplete=\"one-time-code\"") && !otp.contains("aria-invalid"));
    let actions: Vec<&str> = tags(&page)
        .into_iter()
        .filter(|tag| tag.starts_with("button "))
        .map(|tag| attribute(tag, "value").expect("a value"))
        .collect();
    assert_eq!(["verify", "resend", "cancel", "Y", "N", "U", "R", "timeout", "cancel"], actions.as_slice());
    says(&page, "Resend code (3 left)");
    for field in ["name=\"creq\" value=\"Y3JlcQ\"", "name=\"threeDSSessionData\" value=\"c2Vzc2lvbg\""] {
        assert!(page.contains(field), "{field}");
    }
    assert!(!page.contains("<script") && page.contains("action=\"/acs/challenge\""));

    let wrong = acs(Some(AcsNotice::Wrong)).render();
    says(&wrong, "This code is wrong. 2 tries left");
    assert!(wrong.contains("aria-invalid=\"true\"") && wrong.contains("<title>Error: "));
    says(&AcsPage { tries_left: 1, ..acs(Some(AcsNotice::Wrong)) }.render(), "This code is wrong. 1 try left");
    says(&acs(Some(AcsNotice::Empty)).render(), "Enter the code");
    let resent = AcsPage { resends_left: 0, ..acs(Some(AcsNotice::Resent)) }.render();
    says(&resent, "We sent a new code.");
    does_not_say(&resent, "Resend code");
    let hostile = AcsPage { merchant: MARKUP, creq: MARKUP, session_data: MARKUP, ..acs(None) }.render();
    assert!(!hostile.contains("<script") && !hostile.contains("<img"), "{hostile}");
}

#[test]
fn the_answer_of_the_bank_is_carried_back_with_and_without_script() {
    let page = acs_return(ENGLISH);
    assert!(page.contains("<form method=\"post\" action=\"http://127.0.0.1:8080/p/3ds/\" id=\"onward\">"), "{page}");
    for field in ["name=\"cres\" value=\"Y3Jlcw\"", "name=\"threeDSSessionData\" value=\"c2Vzc2lvbg\""] {
        assert!(page.contains(field), "{field}");
    }
    says(&page, "Continue");
    assert!(page.contains(&format!(
        "<script src=\"{}\" integrity=\"{}\" defer>",
        assets::ONWARD.path,
        assets::ONWARD.integrity
    )));
}

#[test]
fn the_acquirers_page_asks_and_leads_back() {
    let choices = |page: &str| {
        let buttons = tags(page).into_iter().filter(|tag| tag.starts_with("button "));
        buttons.map(|tag| attribute(tag, "value").expect("a value").to_owned()).collect::<Vec<_>>().join(" ")
    };
    for (method, house, expected) in [
        (RedirectMethod::Wallet, "Test wallet", "approve refuse cancel"),
        (RedirectMethod::PayLater, "Test lender", "approve refuse cancel"),
        (RedirectMethod::Bank, "Test bank", "approve refuse cancel later"),
    ] {
        let page = acquirer(ENGLISH, &redirect(method));
        for words in [house, "Confirm your payment", "Kedai Kopi Seri", "RM 52.00"] {
            says(&page, words);
        }
        assert_eq!(expected, choices(&page));
        assert!(page.contains("<form method=\"post\" action=\"/acs/pay/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01\">"));
        assert!(!page.contains("<script") && !page.contains("http-equiv"), "it stays until the payer chose: {page}");
    }
    let done = RedirectView { decided: true, ..redirect(RedirectMethod::Bank) };
    let page = acquirer(ENGLISH, &done);
    assert_eq!("", choices(&page));
    let onward = "https://pay.example.com/p/back?leg=1&#38;x=2";
    assert!(page.contains(&format!("<noscript><meta http-equiv=\"refresh\" content=\"1;url={onward}\"></noscript>")));
    assert!(page.contains(&format!("href=\"{onward}\"")) && page.contains(&format!("data-to=\"{onward}\"")));
    let script = "javascript:alert(1)".to_owned();
    let nowhere = acquirer(ENGLISH, &RedirectView { return_url: script, ..done });
    assert!(!nowhere.contains("javascript:") && !nowhere.contains("http-equiv"), "{nowhere}");
    let hostile = acquirer(ENGLISH, &hostile_redirect());
    assert!(!hostile.contains("<script") && !hostile.contains("<img") && !hostile.contains(PAN), "{hostile}");
}

#[test]
fn kept_cards_come_first_and_the_first_good_one_is_chosen() {
    let page = with_saved(&Story::new());
    let radios: Vec<String> = tags(&page)
        .into_iter()
        .filter(|tag| tag.contains("name=\"saved_card\""))
        .map(|tag| tag.replace("00000000-0000-0000-0000-", ""))
        .collect();
    insta::assert_snapshot!(radios.join("\n"), @r#"
        input id="saved-1" name="saved_card" type="radio" value="000000000002" checked
        input id="saved-2" name="saved_card" type="radio" value="000000000003"
        input id="saved-3" name="saved_card" type="radio" value="000000000001" disabled
        input id="saved-none" name="saved_card" type="radio" value=""
        "#);
    says(&page, "Pay with Visa ending 1111 Expires 08/28 American Express ending 0001 Expires 08/28");
    says(&page, "Mastercard ending 4444 Expired Use another card");
    says(&page, "Pay RM 52.00 with Visa 1111");
    assert!(page.find("saved_card") < page.find("card_number"), "before the fields of a new one");
    let new = page.split_once("<div class=\"new-card\">").expect("the fields of a new card").1;
    assert!(new.contains("remember_card"), "the box goes with the new card");

    let all_expired = vec![saved(1, Brand::Visa, "1111", true)];
    let page = Story::new().read(|subject| PayPage::new(subject, "t").saved_cards(all_expired).render());
    assert!(page.contains("id=\"saved-none\" name=\"saved_card\" type=\"radio\" value=\"\" checked"), "{page}");
    assert!(!Story::new().form().contains("saved_card"), "none without a call for it");
    let many = (1..20).map(|n| saved(n, Brand::Visa, "1111", false)).collect();
    let page = Story::new().read(|subject| PayPage::new(subject, "t").saved_cards(many).render());
    assert_eq!(SAVED_SHOWN + 1, page.matches("name=\"saved_card\"").count());
}

/// As many as the stylesheet has rules for.
const SAVED_SHOWN: usize = 6;

#[test]
fn the_choice_of_a_card_stays_when_the_form_comes_back() {
    let chosen = |body: &str| {
        let (names, customer, saved) = (details(), Customer::default(), saved_cards());
        let asked = Asked {
            accepted: None,
            details: &names,
            customer: &customer,
            saved: &saved,
            takes_cards: true,
            methods: None,
        };
        let errors = crate::form::read(body.as_bytes(), NOW, &asked).expect_err("no email");
        let page = Story::new().read(|subject| {
            PayPage::new(subject, "t").details(&names).saved_cards(saved_cards()).after(errors).render()
        });
        let radio = tags(&page).into_iter().find(|tag| tag.ends_with(" checked")).expect("one is chosen");
        attribute(radio, "id").expect("an id").to_owned()
    };
    assert_eq!("saved-2", chosen("attempt=t&saved_card=00000000-0000-0000-0000-000000000003"));
    assert_eq!("saved-none", chosen("attempt=t&saved_card="));
    let unread = Story::new()
        .read(|subject| PayPage::new(subject, "t").saved_cards(saved_cards()).after(FormErrors::unreadable()).render());
    assert!(unread.contains("000000000002\" checked"), "{unread}");
}

#[test]
fn the_payer_is_asked_for_what_the_merchant_wants_to_know() {
    let asked = names(&["billing_address", "email"]);
    let page = Story::new().read(|subject| PayPage::new(subject, "t").details(&asked).render());
    says(&page, "Your details Email Billing address Country Choose a country Afghanistan");
    says(&page, "State or region (optional)");
    let email = tags(&page).into_iter().find(|tag| attribute(tag, "id") == Some("email")).expect("a field");
    assert!(email.contains("value=\"ann@example.com\"") && email.contains("type=\"email\""), "{email}");

    // What the payer said before stands there, on the invoice, and decides what we promise.
    let said = Customer { full_name: "Bob Ong".to_owned(), ..Customer::default() };
    let story = Story::new().does(&Command::GiveDetails(Box::new(said)));
    let page = story.read(|subject| PayPage::new(subject, "t").details(&details()).render());
    assert!(page.contains("value=\"Bob Ong\"") && !page.contains("ann@example.com"), "{page}");
    says(&story.read(|subject| invoice(subject, &issuer())), "To Bob Ong");
    says(&story.submit().settle(Outcome::Unknown).later(40).at_link(), "Open this page again later");

    let number = Customer { tax_number: PAN.to_owned(), ..Customer::default() };
    let page = Story::new()
        .shop(|checkout| checkout.customer = number)
        .read(|subject| PayPage::new(subject, "t").details(&names(&["tax_number"])).render());
    assert!(page.contains("name=\"tax_number\"") && !page.contains("1111"), "neither a number nor its mask: {page}");
}

#[test]
fn what_was_given_back_stands_beside_what_was_paid() {
    let part = refunded(Story::new(), 700);
    says(&part.at_link(), "Payment successful Paid on 3 March 2027");
    says(&part.at_link(), "Refunded RM 7.00 on 4 March 2027");
    let read = |story: &Story| story.read(|subject| receipt(subject, &issuer()).expect("paid"));
    let sums = "Total RM 52.00 Refunded 4 March 2027 \u{2212}RM 7.00 Paid after refunds RM 45.00";
    says(&read(&part), sums);
    says(&read(&part), "Receipt Partly refunded");
    says(&part.read(|subject| invoice(subject, &issuer())), sums);
    let all = part.operation(2, OperationKind::Refund, None);
    says(&read(&all), "Receipt Refunded");
    says(&read(&all), "Paid after refunds RM 0.00");
    does_not_say(&read(&Story::new().approved()), "after refunds");

    let less = Story::new().terms(hold).approved().operation(1, OperationKind::Capture, Some(3_000));
    says(&read(&less), "Total RM 52.00 Charged RM 30.00");
    says(&less.at_link(), "Charged RM 30.00");
}

#[test]
fn paid_elsewhere_is_paid_and_has_no_card() {
    let story = Story::new().shop(redirects).does(&Command::MarkPaid(NOW)).later(86_400);
    let page = story.read(|subject| receipt(subject, &issuer()).expect("paid"));
    says(&page, "Paid 14:30, 3 March 2027 (Kuala Lumpur time)");
    does_not_say(&page, "Card");
    says(&story.read(|subject| invoice(subject, &issuer())), "Invoice Paid");
}

mod documents;
mod languages;
mod letters;
mod methods;
mod sessions;
