//! The hosted page of a client session, and what becomes of it.

use domain::{GiftCardNumber, Leg, Means, Offer, OfferKind, Party, RedirectMethod, TenderTerms};
use engine::ReadGiftCard;

use super::*;
use crate::form::Field;
use crate::tender::{GiftCard, GiftCards};

const BACK: &str = "https://shop.example/back?token=a.b.c";
const PARTNER: &str = "https://partner.example/pay/1";

fn offer(partner: &str, method: &str, kind: OfferKind) -> Offer {
    Offer { partner: partner.to_owned(), method: method.to_owned(), kind, uses_max: None, amount_min: 0 }
}

fn terms() -> TenderTerms {
    let redirect = OfferKind::Redirect;
    TenderTerms {
        offers: vec![
            offer("dalenys", "creditcard", OfferKind::Card),
            offer("illicado", "giftcard", OfferKind::GiftCard),
            offer("easy2play", "giftcard", OfferKind::GiftCard),
            offer("paypal", "wallet", redirect(RedirectMethod::Wallet)),
            offer("oney", "cb3x", redirect(RedirectMethod::PayLater)),
            offer("adyen", "ideal", redirect(RedirectMethod::Bank)),
        ],
        ..TenderTerms::default()
    }
}

fn gift(balance: i64) -> GiftCard {
    let number = GiftCardNumber::parse(&format!("6000000000{balance:06}")).expect("a number");
    let (partner, method) = ("illicado".to_owned(), "giftcard".to_owned());
    let read = ReadGiftCard { partner, method, number, balance: ringgit(balance) };
    GiftCard { read, token: format!("sealed-{balance}") }
}

fn session() -> Story {
    Story::new()
        .shop(|checkout| {
            checkout.dialect = Dialect::Orchestration;
            checkout.tender = Some(terms());
        })
        .terms(|terms| {
            terms.capture = CaptureMode::Manual;
            terms.single_attempt = true;
        })
}

fn leg(n: u128, means: Means, minor: i64) -> Leg {
    let submission = Submission {
        attempt_id: AttemptId::new(Uuid::from_u128(n)),
        means,
        part: Some(ringgit(minor)),
        ..session().submission()
    };
    Leg { submission, partner: String::new(), method: String::new(), asks_bank: false, asks_payer: false }
}

impl Story {
    fn tender_page(&self, gifts: &[i64], change: impl FnOnce(TenderPage<'_>) -> TenderPage<'_>) -> String {
        let gifts = GiftCards(gifts.iter().map(|balance| gift(*balance)).collect());
        let terms = self.checkout.tender.clone().expect("a session");
        self.read(|subject| change(TenderPage::new(subject, &terms, &gifts, "token-1")).render())
    }

    /// A gift card of 20.00, then the wallet.
    fn tendered(self) -> Self {
        let gift = leg(1, Means::GiftCard { masked: "600000******2000".to_owned() }, 2_000);
        let wallet = leg(2, Means::Redirect(RedirectMethod::Wallet), 3_200);
        self.does(&Command::Tender(vec![gift, wallet]))
    }

    fn leg_settles(self, n: u128, outcome: Outcome) -> Self {
        let attempt_id = AttemptId::new(Uuid::from_u128(n));
        let deadline = self.now.plus(Duration::from_secs(30));
        self.does(&Command::Settle { attempt_id, outcome }).does(&Command::NextLeg { deadline, begins: true })
    }

    fn gift_approved(self) -> Self {
        let (amount, facts) = (ringgit(2_000), CardFacts::default());
        self.tendered().leg_settles(1, Outcome::Approved { amount, acquirer_reference: String::new(), facts })
    }

    fn at_wallet(self) -> Self {
        self.gift_approved().leg_settles(2, Outcome::Redirected { url: PARTNER.to_owned() })
    }

    fn wallet_says(self, no: DeclineReason) -> Self {
        self.at_wallet().leg_settles(2, Outcome::Declined { reason: no, facts: CardFacts::default() })
    }

    fn after_session(&self) -> String {
        let back = BACK.to_owned();
        self.read(|subject| after_session(subject, Some(&back)))
    }
}

/// Every page of a session, with the name of its state.
pub(super) fn gallery(language: Language) -> Vec<(&'static str, String)> {
    let new = || session().reading(language);
    let wrong = |field, message| FormErrors { errors: vec![FieldError { field, message }], ..FormErrors::default() };
    let approved = || {
        let facts = CardFacts::default();
        new()
            .at_wallet()
            .leg_settles(2, Outcome::Approved { amount: ringgit(3_200), acquirer_reference: String::new(), facts })
    };
    let refused_gift = Outcome::Declined { reason: DeclineReason::DoNotHonour, facts: CardFacts::default() };
    let back = BACK.to_owned();
    vec![
        ("session", new().tender_page(&[], |page| page)),
        ("session_gift", new().tender_page(&[2_000, 1_000], |page| page.chosen("paypal/wallet"))),
        ("session_covered", new().tender_page(&[2_000, 5_000], |page| page)),
        (
            "session_gift_wrong",
            new().tender_page(&[], |page| page.after(wrong(Field::GiftNumber, texts::GIFT_REFUSED))),
        ),
        ("session_card_wrong", new().tender_page(&[2_000], |page| page.after(wrong(Field::Cvc, texts::CVC_THREE)))),
        ("session_notice", new().tender_page(&[], |page| page.notice(texts::GIFT_CHANGED))),
        ("session_overfull", new().tender_page(&[100; 10], |page| page)),
        ("session_nothing", new().shop(|c| c.tender = Some(TenderTerms::default())).tender_page(&[], |page| page)),
        (
            "session_verify",
            new()
                .terms(|t| t.amount = ringgit(0))
                .shop(|c| c.tender.as_mut().expect("a session").offers.truncate(1))
                .tender_page(&[], |page| page),
        ),
        ("session_hostile", {
            let hostile = hostile().reading(language).shop(|checkout| {
                let mut terms = terms();
                terms.offers[3].partner = MARKUP.to_owned();
                terms.reusable = true;
                checkout.dialect = Dialect::Orchestration;
                checkout.tender = Some(terms);
            });
            hostile.tender_page(&[2_000], |page| page)
        }),
        ("session_at_partner", new().at_wallet().read(|subject| at_partner(subject, "token-1"))),
        ("session_led_to_partner", new().at_wallet().after_session()),
        ("session_pending", new().at_wallet().read(|subject| pending(subject, Some(&back)))),
        ("session_processing", new().gift_approved().later(40).after_session()),
        ("session_paid", approved().after_session()),
        ("session_refused", new().wallet_says(DeclineReason::DoNotHonour).after_session()),
        ("session_gift_refused", new().tendered().leg_settles(1, refused_gift).after_session()),
        ("session_left", new().at_wallet().does(&Command::EndTender(Party::Payer)).after_session()),
        ("session_ended", new().does(&Command::EndTender(Party::Merchant)).after_session()),
        ("session_expired", new().terms(due(-1, true)).does(&Command::PassDue).after_session()),
    ]
}

fn page(name: &str) -> String {
    gallery(Language::English).into_iter().find(|(found, _)| *found == name).expect("a page").1
}

#[test]
fn a_session_offers_what_it_may_be_paid_with_in_its_order() {
    let page = page("session");
    let radios: Vec<&str> = tags(&page).into_iter().filter(|tag| attribute(tag, "name") == Some("method")).collect();
    let values: Vec<&str> = radios.iter().filter_map(|tag| attribute(tag, "value")).collect();
    assert_eq!(["dalenys/creditcard", "paypal/wallet", "oney/cb3x", "adyen/ideal"], values.as_slice());
    assert!(radios[0].contains(" checked") && radios[0].contains(" data-card"));
    let words = text(&page);
    for said in ["Card", "PayPal", "Wallet", "Oney", "Pay in instalments", "iDEAL", "Bank transfer", "Pay RM 52.00"] {
        assert!(words.contains(said), "{said} is missing in {words}");
    }
    let kinds = attributes(&page, "value").into_iter().filter(|value| value.ends_with("/giftcard")).count();
    assert_eq!(2, kinds, "a number does not say whose it is");
}

#[test]
fn one_way_to_pay_is_no_choice() {
    let only = |kept: usize| {
        session().shop(|c| c.tender.as_mut().expect("a session").offers = vec![terms().offers.swap_remove(kept)])
    };
    let card = only(0).tender_page(&[], |page| page);
    assert!(card.contains("name=\"card_number\"") && card.contains("type=\"hidden\" name=\"method\""));
    assert!(!card.contains("gift"), "no gift card is taken");
    let wallet = only(3).tender_page(&[], |page| page);
    assert!(!wallet.contains("card_number") && text(&wallet).contains("You will be led to PayPal"), "{wallet}");
}

#[test]
fn gift_cards_are_listed_and_what_they_leave_is_said() {
    let page = page("session_gift");
    let words = text(&page);
    for said in ["600000******2000", "RM 20.00", "RM 10.00", "Left to pay", "RM 22.00", "Pay RM 22.00"] {
        assert!(words.contains(said), "{said} is missing in {words}");
    }
    assert!(words.contains("RM 52.00"), "the amount stays in sight");
    assert!(!page.contains("6000000000002000"));
    assert_eq!(3, page.matches("value=\"sealed-2000\"").count(), "in each form");
    let chosen = tags(&page).into_iter().find(|tag| tag.contains(" checked")).expect("one");
    assert_eq!(Some("paypal/wallet"), attribute(chosen, "value"));
}

#[test]
fn what_gift_cards_pay_alone_asks_for_nothing_else() {
    let page = page("session_covered");
    assert!(text(&page).contains("Your gift cards cover the whole amount.") && text(&page).contains("Pay RM 52.00"));
    for gone in ["card_number", "name=\"method\"", "gift_number"] {
        assert!(!page.contains(gone), "{gone}");
    }
}

#[test]
fn whatever_becomes_of_a_session_leads_to_the_merchant_and_says_whether_money_was_taken() {
    for (name, says) in [
        ("session_paid", "Amount reserved, not yet taken"),
        ("session_refused", "The payment was not approved. You have not been charged."),
        ("session_gift_refused", "A gift card was not accepted. You have not been charged."),
        ("session_left", "You cancelled this payment."),
        ("session_ended", "The seller cancelled this payment."),
        ("session_expired", "You have not been charged."),
        ("session_pending", "Please do not pay again"),
    ] {
        let page = page(name);
        assert!(text(&page).contains(says), "{name}: {}", text(&page));
        assert!(page.contains(&format!("data-to=\"{BACK}\"")), "{name}");
        let links: Vec<&str> =
            attributes(&page, "href").into_iter().filter(|link| link.contains("shop.example")).collect();
        assert_eq!([BACK], links.as_slice(), "{name}: by no way that says nothing of it");
    }
    for name in ["session_refused", "session_left"] {
        assert!(text(&page(name)).contains("What was reserved on your gift cards is given back."), "{name}");
    }
    for name in ["session_gift_refused", "session_ended", "session_paid"] {
        assert!(!text(&page(name)).contains("given back"), "{name}");
    }
    assert!(!page("session_processing").contains(BACK), "it waits");
}

#[test]
fn a_payer_is_led_to_the_partner_once() {
    assert!(page("session_led_to_partner").contains(&format!("data-to=\"{PARTNER}\"")));
    let page = page("session_at_partner");
    assert!(!page.contains("data-to") && page.contains(&format!("href=\"{PARTNER}\"")));
    assert!(page.contains("cancel/\" id=\"cancel-form\"") && text(&page).contains("You have not been charged yet."));
}

#[test]
fn a_card_of_a_session_that_is_charged_again_is_said_to_be_kept() {
    let kept = session().shop(|c| c.tender.as_mut().expect("a session").reusable = true);
    let words = text(&kept.tender_page(&[], |page| page));
    assert!(words.contains("Your card will be saved with Kedai Kopi Seri for later payments."), "{words}");
}
