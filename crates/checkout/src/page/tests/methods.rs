//! Ways to pay a purchase that are no card.

use domain::{LocalMeans, LocalMethod};
use engine::BankState;

use super::*;
use crate::form::{Field, OfferedMethod};
use crate::page::MethodsOffered;

fn means(text: &str) -> LocalMeans {
    LocalMeans::parse(text).expect("a method")
}

/// All of them, as a page offers them; one bank is down.
fn offered(methods: &[LocalMethod]) -> MethodsOffered {
    let offered = |method: &LocalMethod| OfferedMethod {
        method: *method,
        banks: method.banks().iter().map(|bank| BankState { bank: *bank, is_up: bank.code != "BSN0601" }).collect(),
    };
    MethodsOffered { offered: methods.iter().map(offered).collect(), chosen: None, bank: None }
}

fn every() -> Vec<LocalMethod> {
    let twice = [LocalMethod::ShopeePay, LocalMethod::Dnqr];
    LocalMethod::ALL.into_iter().filter(|method| !twice.contains(method)).collect()
}

fn fpx_only(checkout: &mut Checkout) {
    checkout.brands = Some(vec![]);
    checkout.methods = vec![LocalMethod::Fpx];
}

impl Story {
    /// Its payer is sent to the acquirer's page.
    fn sent_to(self, by: &str) -> Self {
        let submission = Submission { means: Means::Local(means(by)), save_card: false, ..self.submission() };
        let url = "https://pay.example.com/acs/pay/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01".to_owned();
        self.does(&Command::Submit(submission)).settle(Outcome::Redirected { url })
    }

    fn left(self, reason: DeclineReason) -> Self {
        let attempt_id = attempt_id();
        self.does(&Command::Leave { attempt_id, reason }).settle(Outcome::ReversalAcknowledged)
    }

    fn offering(&self, methods: MethodsOffered) -> String {
        self.read(|subject| PayPage::new(subject, "token-1").methods(methods).offer_to_remember().render())
    }
}

fn wrong_bank() -> FormErrors {
    let error = FieldError { field: Field::Bank(LocalMethod::Fpx), message: texts::BANK_UNAVAILABLE };
    let typed = crate::form::Typed { method: Some(LocalMethod::Fpx), ..crate::form::Typed::default() };
    FormErrors { errors: vec![error], typed }
}

pub(super) fn gallery(language: Language) -> Vec<(&'static str, String)> {
    let new = || Story::new().reading(language).shop(redirects).shop(test_mode);
    let everything = |story: Story| {
        story.read(|subject| {
            let asked = names(&["email", "phone", "billing_address", "shipping_address", "tax_number"]);
            let page = PayPage::new(subject, "token-1").details(&asked).saved_cards(saved_cards());
            page.methods(offered(&every())).render()
        })
    };
    let fpx = || offered(&[LocalMethod::Fpx]);
    let wrong = |story: Story| {
        story.read(|subject| PayPage::new(subject, "token-1").methods(offered(&every())).after(wrong_bank()).render())
    };
    let local = |text, method| {
        let view = RedirectView { local: Some(means(text)), ..redirect(method) };
        acquirer(Words::new(language), &view)
    };
    vec![
        ("pay_methods", new().offering(offered(&every()))),
        ("pay_methods_details", everything(new())),
        (
            "pay_methods_more",
            new().offering(MethodsOffered { chosen: Some(LocalMethod::RazerTng), ..offered(&every()) }),
        ),
        ("pay_methods_error", wrong(new())),
        ("pay_fpx_only", new().shop(fpx_only).offering(fpx())),
        ("pay_wallet_only", new().shop(fpx_only).offering(offered(&[LocalMethod::RazerGrabpay]))),
        ("away", new().sent_to("fpx MB2U0227").read(|subject| away(subject, "token-2"))),
        ("deciding", new().sent_to("fpx MB2U0227").later(4).read(deciding)),
        ("refused_elsewhere", new().sent_to("razer_tng").settle(declined(DeclineReason::DoNotHonour)).after_try()),
        ("left", new().sent_to("fpx MB2U0227").left(DeclineReason::Cancelled).offering(offered(&every()))),
        ("paid_by_bank", paid(new())),
        ("acquirer_fpx", local("fpx MB2U0227", RedirectMethod::Bank)),
        ("acquirer_grabpay", local("razer_grabpay", RedirectMethod::Wallet)),
    ]
}

fn declined(reason: DeclineReason) -> Outcome {
    Outcome::Declined { reason, facts: CardFacts::default() }
}

fn paid(story: Story) -> String {
    let approved =
        Outcome::Approved { amount: ringgit(5_200), acquirer_reference: "1".to_owned(), facts: CardFacts::default() };
    story.sent_to("fpx MB2U0227").settle(approved).at_link()
}

#[test]
fn cards_come_first_and_what_is_many_waits_behind_a_line() {
    let page = Story::new().offering(offered(&every()));
    let values: Vec<_> = page.split("name=\"method\" type=\"radio\" value=\"").skip(1).collect();
    let values: Vec<_> = values.iter().filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(["card", "fpx", "fpx_b2b1", "mpgs_google_pay"], values[..4]);
    let (before, after) = page.split_once("<details class=\"order more\">").expect("a line");
    assert!(before.contains("mpgs_google_pay") && after.contains("razer_tng") && !before.contains("razer_tng"));
    assert!(page.contains("value=\"card\" data-card checked"));
    let few = Story::new().offering(offered(&every()[..3]));
    assert!(few.contains("mpgs_google_pay") && !few.contains("class=\"order more\""));
    let wallet = MethodsOffered { chosen: Some(LocalMethod::RazerTng), ..offered(&every()) };
    let chosen = Story::new().offering(wallet);
    assert!(chosen.contains("<details class=\"order more\" open>") && chosen.contains("value=\"razer_tng\" checked"));
    assert!(!chosen.contains("data-card checked"));
}

#[test]
fn banks_are_chosen_by_name_and_those_that_are_down_cannot_be() {
    let page = Story::new().offering(MethodsOffered {
        chosen: Some(LocalMethod::Fpx),
        bank: Some("MB2U0227"),
        ..offered(&[LocalMethod::Fpx, LocalMethod::FpxB2b1])
    });
    assert!(page.contains("<option value=MB2U0227 selected>Maybank2u"), "{page}");
    assert!(page.contains("<option value=BSN0601 disabled>BSN (not available now)"));
    assert!(page.contains("<option value=PBB0234>Public Bank PB enterprise"));
    let wrong = Story::new().read(|subject| {
        PayPage::new(subject, "token-1").methods(offered(&[LocalMethod::Fpx])).after(wrong_bank()).render()
    });
    assert!(wrong.contains("href=\"#fpx_bank_code\"") && wrong.contains("value=\"fpx\" checked"), "{wrong}");
}

#[test]
fn a_page_without_cards_asks_for_none() {
    let page = Story::new().shop(fpx_only).offering(offered(&[LocalMethod::Fpx]));
    for nothing in ["card_number", "remember_card", "type=\"radio\"", "4444 3333"] {
        assert!(!page.contains(nothing), "{nothing}");
    }
    assert!(page.contains("<input type=\"hidden\" name=\"method\" value=\"fpx\">"));
    let unreadable = Story::new().shop(fpx_only).read(|subject| {
        let page = PayPage::new(subject, "token-1").methods(offered(&[LocalMethod::Fpx]));
        page.after(FormErrors::unreadable()).render()
    });
    assert!(unreadable.contains("href=\"#card-form\""), "the summary leads to something that is there");
    let wallet = Story::new().shop(fpx_only).offering(offered(&[LocalMethod::RazerGrabpay]));
    says(&wallet, "You will be led to GrabPay to confirm the payment there.");
}

#[test]
fn who_is_away_is_not_led_there_and_may_choose_again() {
    let page = Story::new().sent_to("fpx MB2U0227").read(|subject| away(subject, "token-2"));
    says(&page, "Continue to Maybank2u");
    says(&page, "You have not been charged yet.");
    says(&page, "Choose another way to pay");
    assert!(page.contains("/leave/\" id=\"cancel-form\"") && !page.contains("http-equiv=\"refresh\""));
    let waits = Story::new().sent_to("fpx MB2U0227").later(4).read(deciding);
    assert!(waits.contains("http-equiv=\"refresh\" content=\"3\""), "{waits}");
    says(&waits, "Please do not pay again");
}

#[test]
fn what_failed_elsewhere_is_told_without_a_card() {
    for (story, words) in [
        (
            Story::new().sent_to("razer_tng").settle(declined(DeclineReason::DoNotHonour)),
            "The payment was not approved.",
        ),
        (
            Story::new().sent_to("razer_tng").settle(declined(DeclineReason::Cancelled)),
            "You did not confirm the payment.",
        ),
        (Story::new().sent_to("razer_tng").left(DeclineReason::Cancelled), "You did not confirm the payment."),
        (Story::new().sent_to("razer_tng").left(DeclineReason::Abandoned), "The payment was not confirmed in time"),
    ] {
        let page = story.after_try();
        says(&page, words);
        says(&page, "You have not been charged.");
        does_not_say(&page, "card");
    }
}

#[test]
fn a_receipt_names_the_bank() {
    says(&paid(Story::new()), "FPX, Maybank2u");
}
