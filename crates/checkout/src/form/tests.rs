use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::language::Language;
use crate::words::Words;

/// 2027-03-03.
const NOW: Timestamp = Timestamp::from_seconds(1_804_055_400);

const GOOD: [(&str, &str); 5] = [
    ("card_number", "4444 3333 2222 1111"),
    ("expires", "08/28"),
    ("cvc", "123"),
    ("cardholder_name", "Ann Lee"),
    ("attempt", "token-1"),
];

fn encode(fields: &[(&str, &str)]) -> String {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    body.finish()
}

/// The good form with some fields changed.
fn with(changes: &[(&str, &str)]) -> String {
    let kept = GOOD.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    encode(&kept.chain(changes).copied().collect::<Vec<_>>())
}

fn nobody() -> &'static Customer {
    static NOBODY: LazyLock<Customer> = LazyLock::new(Customer::default);
    &NOBODY
}

fn asked() -> Asked<'static> {
    Asked { accepted: None, details: &[], customer: nobody(), saved: &[], takes_cards: true, methods: Some(&[]) }
}

fn accepting(brands: &[Brand]) -> Asked<'_> {
    Asked { accepted: Some(brands), ..asked() }
}

fn post(changes: &[(&str, &str)]) -> Posted {
    read(with(changes).as_bytes(), NOW, &asked()).unwrap_or_else(|errors| panic!("{changes:?}: {errors:?}"))
}

fn ok(changes: &[(&str, &str)]) -> CardForm {
    match post(changes).entry {
        Entry::Card(card) => card,
        Entry::Saved(token) => panic!("{token:?}"),
        Entry::Local(means) => panic!("{means}"),
    }
}

fn errors(changes: &[(&str, &str)]) -> FormErrors {
    read(with(changes).as_bytes(), NOW, &asked()).expect_err("refused")
}

fn english(message: &Message) -> String {
    Words::new(Language::English).say(message)
}

/// One field, one message.
fn says(name: &str, value: &str, message: &str) {
    let found = errors(&[(name, value)]);
    let [error] = found.errors.as_slice() else { panic!("{name}={value}: {found:?}") };
    assert_eq!((name, message), (error.field.name(), english(&error.message).as_str()), "{name}={value}");
}

#[test]
fn the_banks_page_is_as_large_as_the_browser_has_room_for() {
    for (width, window) in [
        ("1280", ChallengeWindow::Large),
        ("430", ChallengeWindow::Small),
        ("390", ChallengeWindow::Full),
        ("0", ChallengeWindow::Full),
        ("", ChallengeWindow::Full),
        ("-1", ChallengeWindow::Full),
        ("wide", ChallengeWindow::Full),
        ("99999999999", ChallengeWindow::Full),
    ] {
        let asked = Asked { customer: &Customer::default(), ..asked() };
        let posted = read(with(&[("window_width", width)]).as_bytes(), NOW, &asked).expect("a form");
        assert_eq!(window, posted.window, "{width}");
    }
}

#[test]
fn a_good_card_is_read() {
    let form = ok(&[("remember_card", "on")]);
    assert_eq!("4444333322221111", form.pan.expose());
    assert_eq!("123", form.cvc.expose());
    assert_eq!(Expiry { year: 2028, month: 8 }, form.expiry);
    assert_eq!(("Ann Lee", true), (form.holder.as_str(), form.remember));
    assert_eq!("token-1", post(&[]).attempt);
    assert_eq!(None, post(&[("email", "ann@example.com")]).customer, "nobody asked");
    assert!(!ok(&[]).remember);
    assert!(!ok(&[("remember_card", "yes")]).remember, "only `on` means on");
}

#[test]
fn each_field_says_what_is_wrong() {
    for (value, message) in [
        ("", "Enter your card number"),
        ("4444 3333", "Card number is too short. Check the digits"),
        ("4444 3333 2222 1111 2222 3", "Card number is too long. Check the digits"),
        ("4444 3333 2222 1112", "Check the card number. One digit may be wrong"),
        ("4000 0099 0051 0003", "Check the card number. One digit may be wrong"),
        ("Ann Lee", "Enter the card number using digits only"),
    ] {
        says("card_number", value, message);
    }
    for (value, message) in [
        ("", "Enter the expiry date as MM/YY, for example 08/28"),
        ("soon", "Enter the expiry date as MM/YY, for example 08/28"),
        ("13/28", "Enter a month from 01 to 12"),
        ("00/28", "Enter a month from 01 to 12"),
        ("02/27", "This card has expired. Use another card"),
        ("03/99", "This card has expired. Use another card"),
        ("04/48", "Check the expiry year"),
    ] {
        says("expires", value, message);
    }
    for value in ["", "12", "1234", "12a", "12345"] {
        says("cvc", value, "Enter the 3-digit security code");
    }
    for value in ["", "   ", "R2D2", "Ann <b>", ".-'", "Ann\u{0}Lee", "Ann 7"] {
        says("cardholder_name", value, "Enter the name on the card, using letters only");
    }
    assert_eq!(Expiry { year: 2027, month: 3 }, ok(&[("expires", "3/27")]).expiry, "this month is good");
}

#[test]
fn all_errors_come_at_once_in_the_order_of_the_fields() {
    let all = errors(&[("card_number", ""), ("expires", ""), ("cvc", ""), ("cardholder_name", "")]);
    let names: Vec<&str> = all.errors.iter().map(|error| error.field.name()).collect();
    assert_eq!(["card_number", "expires", "cvc", "cardholder_name"], names.as_slice());
}

#[test]
fn the_code_is_as_long_as_the_brand_has_it() {
    let amex = ("card_number", "340099000000001");
    assert_eq!("1234", ok(&[amex, ("cvc", "1234")]).cvc.expose());
    let short = errors(&[amex, ("cvc", "123")]);
    assert_eq!(texts::CVC_FOUR, short.errors[0].message);
}

#[test]
fn a_brand_that_is_not_taken_is_named() {
    let body = with(&[("card_number", "340099000000001"), ("cvc", "1234")]);
    let refused = read(body.as_bytes(), NOW, &accepting(&[Brand::Visa, Brand::Mastercard])).expect_err("not taken");
    assert_eq!("American Express is not accepted here", english(&refused.errors[0].message));
    assert!(read(body.as_bytes(), NOW, &accepting(&[Brand::Amex])).is_ok());
    assert!(read(with(&[]).as_bytes(), NOW, &accepting(&[Brand::Visa])).is_ok());
}

#[test]
fn of_a_card_with_two_brands_the_payer_chooses_one() {
    let wish = |brand| ok(&[("card_number", "4000009800000005"), ("card_brand", brand)]).wish;
    assert_eq!(Some(Brand::CartesBancaires), wish("cartes_bancaires"));
    assert_eq!(Some(Brand::Visa), wish("visa"));
    assert_eq!((None, None), (wish(""), wish("nonsense")));
    let body = with(&[("card_number", "4000009800000005")]);
    for taken in [Brand::Visa, Brand::CartesBancaires] {
        assert!(read(body.as_bytes(), NOW, &accepting(&[taken])).is_ok(), "one of the two is enough");
    }
    assert!(read(body.as_bytes(), NOW, &accepting(&[Brand::Mastercard])).is_err());
}

#[test]
fn card_data_in_the_name_is_refused_and_not_shown_again() {
    for value in
        ["4444333322221111", "4444 3333 2222 1111", "Ann 4444-3333-2222-1111", "123", "1234", "٤٤٤٤٣٣٣٣٢٢٢٢١١١١"]
    {
        says("cardholder_name", value, "Enter the name as it appears on the card");
        assert_eq!("", errors(&[("cardholder_name", value)]).typed.holder);
    }
}

#[test]
fn names_are_written_as_on_the_plastic() {
    for (typed, read) in [
        ("José Müller-Łukasz", "Jose Muller-Lukasz"),
        ("Jose\u{301} Nun\u{303}ez", "Jose Nunez"),
        ("Nguyễn Thị Ánh", "Nguyen Thi Anh"),
        ("ŞEYMA ÖZGÜR", "SEYMA OZGUR"),
        ("Sinéad O’Connor", "Sinead O'Connor"),
        ("Groß  Æther ", "Gross AEther"),
        ("J. R. D'Arcy-Smith", "J. R. D'Arcy-Smith"),
    ] {
        assert_eq!(read, ok(&[("cardholder_name", typed)]).holder);
    }
    for typed in ["王小明", "Иван", "محمد"] {
        says("cardholder_name", typed, "Enter the name in Latin letters, as it appears on the card");
        assert_eq!(typed, errors(&[("cardholder_name", typed)]).typed.holder, "what was typed stays");
    }
    says("cardholder_name", &"a".repeat(31), "Enter at most 30 letters of the name");
    assert_eq!(30, ok(&[("cardholder_name", &"a".repeat(30))]).holder.len());
}

#[test]
fn name_and_date_stay_and_number_and_code_do_not() {
    let found = errors(&[("cvc", "1"), ("remember_card", "on")]);
    let typed =
        Typed { holder: "Ann Lee".into(), expires: "08/28".into(), remember: true, another: true, ..Typed::default() };
    assert_eq!(typed, found.typed);
    assert_eq!("13/28", errors(&[("expires", "13/28")]).typed.expires);
    // What may be a code or a number in the wrong box is not shown again.
    for expires in ["123", "4444333322221111", "4444/333322221111", "4444/3333"] {
        assert_eq!("", errors(&[("expires", expires)]).typed.expires, "{expires}");
    }
    let debug = format!("{:?} {:?}", errors(&[("card_number", "4444333322221112")]), ok(&[]));
    assert!(!debug.contains("44443333") && !debug.contains("123"), "{debug}");
}

#[test]
fn fields_that_are_not_ours_change_nothing() {
    let extra = [("amount", "1"), ("currency", "USD"), ("status", "paid"), ("is_test", "true"), ("success", "x")];
    assert_eq!("4444333322221111", ok(&extra).pan.expose());
    assert!(read(format!("{}&%ff=1&%zz&=&&", with(&[])).as_bytes(), NOW, &asked()).is_ok());
}

#[test]
fn who_pays_comes_with_the_card() {
    let names = ["email".to_owned(), "full_name".to_owned()];
    let known = Customer { full_name: "Ann Lee".into(), phone: "+60 1".into(), ..Customer::default() };
    let asked = Asked { details: &names, customer: &known, ..asked() };
    let read = |changes: &[(&str, &str)]| read(with(changes).as_bytes(), NOW, &asked);

    let given = read(&[("email", "ann@example.com"), ("full_name", "Ann Lee"), ("phone", "no")]).expect("good");
    assert_eq!(Some(Customer { email: "ann@example.com".into(), ..known.clone() }), given.customer);

    let found = read(&[("full_name", "Ann Lee"), ("email", "ann"), ("cvc", "")]).expect_err("refused");
    let names: Vec<&str> = found.errors.iter().map(|error| error.field.name()).collect();
    assert_eq!(["email", "cvc"], names.as_slice(), "in the order of the page");
    assert!(found.typed.details.contains(&("email", "ann".into())), "{found:?}");
    let number = read(&[("full_name", "4444 3333 2222 1111"), ("email", "ann@example.com")]).expect_err("refused");
    assert!(!format!("{number:?}").contains("4444"), "{number:?}");

    let twice = format!("{}&email=a@example.com", with(&[("email", "b@example.com"), ("full_name", "Ann")]));
    let twice = super::read(twice.as_bytes(), NOW, &asked).expect_err("unreadable");
    assert_eq!(FormErrors::unreadable(), twice);
}

#[test]
fn what_is_known_already_is_no_news() {
    let names = ["full_name".to_owned()];
    let known = Customer { full_name: "Ann Lee".into(), ..Customer::default() };
    let asked = Asked { details: &names, customer: &known, ..asked() };
    let posted = read(with(&[("full_name", " Ann  Lee")]).as_bytes(), NOW, &asked).expect("good");
    assert_eq!(None, posted.customer);
}

#[test]
fn what_is_no_card_pays_where_it_was_offered() {
    let offered = |method: LocalMethod, up: bool| OfferedMethod {
        method,
        banks: method.banks().iter().map(|bank| BankState { bank: *bank, is_up: up }).collect(),
    };
    let methods =
        [offered(LocalMethod::Fpx, true), offered(LocalMethod::FpxB2b1, false), offered(LocalMethod::RazerTng, true)];
    let outcome = |takes_cards, body: &str| {
        let asked = Asked { takes_cards, methods: Some(&methods), ..asked() };
        match read(body.as_bytes(), NOW, &asked) {
            Ok(Posted { entry: Entry::Local(means), .. }) => means.to_string(),
            Ok(Posted { entry: Entry::Card(_) | Entry::Saved(_), .. }) => "a card".to_owned(),
            Err(found) => found.errors.iter().map(|error| error.field.name()).collect::<Vec<_>>().join(" "),
        }
    };
    let card = with(&[("method", "card")]);
    for (takes_cards, body, expected) in [
        (true, "attempt=1&method=razer_tng&fpx_bank_code=", "razer_tng"),
        (true, "attempt=1&method=fpx&fpx_bank_code=MB2U0227&fpx_b2b1_bank_code=", "fpx MB2U0227"),
        (true, "attempt=1&method=fpx&fpx_bank_code=", "fpx_bank_code"),
        (true, "attempt=1&method=fpx&fpx_bank_code=MB2U0228", "fpx_bank_code"),
        (true, "attempt=1&method=fpx_b2b1&fpx_b2b1_bank_code=PBB0234", "fpx_b2b1_bank_code"),
        (true, "attempt=1&method=razer_grabpay", "card_number"),
        (true, "attempt=1&method=fpx&method=fpx", "card_number"),
        (true, card.as_str(), "a card"),
        (false, card.as_str(), "card_number"),
        (false, "attempt=1&method=razer_tng", "razer_tng"),
        (false, "attempt=1", "card_number"),
    ] {
        assert_eq!(expected, outcome(takes_cards, body), "{takes_cards} {body}");
    }
}

#[test]
fn a_kept_card_pays_only_where_it_was_offered() {
    let token = |n: u128| CheckoutId::new(uuid::Uuid::from_u128(n));
    let card = |n, expired| SavedCard {
        token: token(n),
        brand: Brand::Visa,
        last4: "1111".into(),
        expiry: Expiry { year: 2028, month: 8 },
        expired,
    };
    let cards = [card(1, false), card(2, true)];
    let asked = Asked { saved: &cards, ..asked() };
    let choose = |n: u128| {
        let text = token(n).to_string();
        read(encode(&[("attempt", "t"), ("saved_card", &text), ("card_number", "12")]).as_bytes(), NOW, &asked)
    };
    let chosen = choose(1).expect("the card's own fields do not matter");
    assert!(matches!(chosen.entry, Entry::Saved(found) if found == token(1)), "{chosen:?}");
    for n in [2, 3] {
        assert_eq!(FormErrors::unreadable(), choose(n).expect_err("not offered, or expired"), "{n}");
    }
    let nonsense = encode(&[("attempt", "t"), ("saved_card", "x")]);
    assert_eq!(FormErrors::unreadable(), read(nonsense.as_bytes(), NOW, &asked).expect_err("nonsense"));
    let another = read(with(&[("saved_card", "")]).as_bytes(), NOW, &asked).expect("another card");
    assert!(matches!(another.entry, Entry::Card(_)));
    let wrong = read(with(&[("saved_card", ""), ("cvc", "")]).as_bytes(), NOW, &asked).expect_err("no code");
    assert!(wrong.typed.another && wrong.typed.saved.is_none());
}

#[test]
fn what_no_page_of_ours_sends_is_unreadable() {
    let twice = format!("{}&cvc=123", with(&[]));
    let twice_in_disguise = format!("{}&c%76c=123", with(&[]));
    let without_token = encode(&GOOD[..4]);
    let long_token = with(&[("attempt", &"x".repeat(129))]);
    let kept = encode(&[GOOD[0], GOOD[1], GOOD[2], GOOD[4]]);
    for body in [
        twice.as_str(),
        &twice_in_disguise,
        &without_token,
        &long_token,
        &format!("{kept}&cardholder_name=%ff"),
        &format!("{kept}&cardholder_name=%4"),
        &format!("{kept}&cardholder_name=%zz"),
        "",
    ] {
        assert_eq!(FormErrors::unreadable(), read(body.as_bytes(), NOW, &asked()).expect_err("unreadable"), "{body}");
    }
    assert!(english(&FormErrors::unreadable().errors[0].message).contains("You have not been charged."));
}

proptest! {
    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200), value in "\\PC{0,60}") {
        let _ = read(&body, NOW, &asked()).is_ok();
        for (name, _) in GOOD {
            let _ = read(with(&[(name, &value)]).as_bytes(), NOW, &accepting(&[])).is_ok();
        }
    }

    #[test]
    fn no_digits_of_a_number_come_back(digits in "[0-9]{12,19}", name in 0..5_usize) {
        if let Err(errors) = read(with(&[(GOOD[name].0, &digits)]).as_bytes(), NOW, &asked()) {
            let shown = format!("{errors:?}");
            prop_assert!(!shown.contains(&digits));
        }
    }
}
