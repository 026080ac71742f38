//! Pages in languages that run the other way or have long words, and the way from one language to another.

use domain::LocalMethod;

use super::*;

/// The words of a page that stand outside `<bdi>` and the choice of languages, without the marks that isolate.
fn own_words(page: &str) -> String {
    let mut page = page.to_owned();
    for (open, close) in [("<bdi>", "</bdi>"), ("<nav", "</nav>"), ("<select class=\"country\"", "</select>")] {
        while let Some((before, rest)) = page.split_once(open) {
            let after = rest.split_once(close).expect("closed").1;
            page = format!("{before} {after}");
        }
    }
    text(&page).replace(['\u{200f}', '\u{2068}', '\u{2069}'], "")
}

fn page_text(page: &str) -> String {
    text(page).replace(['\u{200f}', '\u{2068}', '\u{2069}'], "")
}

#[track_caller]
fn reads(page: &str, words: &str) {
    assert!(page_text(page).contains(words), "{words:?} is missing in: {}", page_text(page));
}

#[test]
fn no_page_has_a_word_of_its_own() {
    // Names of products and standards, and what the test shop is called where no markup is possible.
    let names = "Tollgate Visa Mastercard American Express Diners Club Discover JCB UnionPay Maestro Cartes Bancaires PDF illicado Easy Play MYR RM Kuala Lumpur UTC shop example com name alert script \
                 img src onerror title AE K T Y N U R";
    let methods = LocalMethod::ALL.into_iter();
    let banks = methods.clone().flat_map(LocalMethod::banks).map(|bank| bank.name);
    let names: String =
        [names].into_iter().chain(methods.map(LocalMethod::label)).chain(banks).collect::<Vec<_>>().join(" ");
    let is_known = |word: &str| names.split(|c: char| !c.is_ascii_alphabetic()).any(|known| known == word);
    for (name, page) in gallery(Language::Arabic) {
        let words = own_words(&page);
        let foreign: Vec<&str> = words
            .split(|c: char| !c.is_ascii_alphabetic())
            .filter(|word| !word.is_empty() && !is_known(word))
            .collect();
        assert!(foreign.is_empty(), "{name}: {foreign:?} in {words}");
        assert!(!words.contains(|c: char| ('\u{660}'..='\u{669}').contains(&c)), "{name}: digits are Latin");
    }
}

#[test]
fn a_form_in_arabic_runs_from_the_right_and_its_numbers_do_not() {
    let story = Story::new().reading(Language::Arabic).shop(test_mode).shop(redirects);
    let page = story.read(|subject| PayPage::new(subject, "t").offer_to_remember().render());
    assert!(page.contains("<html lang=\"ar\" dir=\"rtl\">"));
    for name in ["card_number", "expires", "cvc"] {
        let input = tags(&page).into_iter().find(|tag| attribute(tag, "id") == Some(name)).expect(name);
        assert_eq!(Some("ltr"), attribute(input, "dir"), "{name}");
    }
    assert!(page.contains("<h1 class=\"amount\"><bdi>MYR 52.00</bdi></h1>"), "{page}");
    assert!(page.contains("ادفع \u{2068}MYR 52.00\u{2069}"), "isolated where there is no markup");
    assert!(page.contains("\u{2068}4444 3333 2222 1111\u{2069}"), "or its groups would change places");
    assert!(page.contains("<bdi>2 × MYR 20.00</bdi>"));
    reads(&page, "احفظ هذه البطاقة لدى Kedai Kopi Seri للمرة القادمة. لا يُحفظ رمز الأمان أبدًا.");
    reads(&page, "العودة إلى البائع (shop.example)");

    let asked = names(&["email", "phone"]);
    let page = story.read(|subject| PayPage::new(subject, "t").details(&asked).render());
    for name in ["email", "phone"] {
        let input = tags(&page).into_iter().find(|tag| attribute(tag, "id") == Some(name)).expect(name);
        assert_eq!(Some("ltr"), attribute(input, "dir"), "{name}");
    }
}

#[test]
fn a_failure_and_a_receipt_in_arabic() {
    let failed = Story::new().reading(Language::Arabic).declined(DeclineReason::StolenCard);
    reads(&failed.form(), "لم يوافق مصرفك على هذه الدفعة. لم يُخصم منك أي مبلغ. استخدم بطاقة أخرى أو تواصل مع مصرفك.");
    assert!(failed.form().contains("<title>خطأ: "));
    reads(&failed.after_try(), "لم تكتمل الدفعة");
    let paid = refunded(Story::new().reading(Language::Arabic), 700);
    let receipt = paid.read(|subject| receipt(subject, &issuer()).expect("paid"));
    reads(&receipt, "تاريخ الدفع 3 مارس 2027، الساعة 14:30 (بتوقيت Kuala Lumpur)");
    reads(&receipt, "بطاقة Visa المنتهية بالرقم 1111");
    reads(&receipt, "الإجمالي MYR 52.00 أُعيد في 4 مارس 2027 \u{2212}MYR 7.00 المدفوع بعد الإعادة MYR 45.00");
}

#[test]
fn a_form_a_failure_and_a_receipt_in_german() {
    let german = || Story::new().reading(Language::German);
    let form = german().shop(test_mode).terms(due(1, true)).form();
    for words in [
        "Testmodus – es fließt kein Geld",
        "Zahlbar bis 4. März 2027, 14:30 Uhr (Ortszeit Kuala Lumpur)",
        "Bestellung anzeigen – 52,00 MYR",
        "0,5 × 23,44 MYR",
        "Steuer 6 %",
        "Rabatt \u{2212}2,00 MYR",
        "Kartennummer",
        "52,00 MYR bezahlen",
    ] {
        reads(&form, words);
    }
    assert!(form.contains("<title>52,00\u{a0}MYR bezahlen - Kedai Kopi Seri</title>"));
    let failed = german().declined(DeclineReason::ExpiredCard).after_try();
    reads(&failed, "Diese Karte ist abgelaufen. Es wurde nichts abgebucht. Verwenden Sie eine andere Karte.");
    reads(&failed, "Noch einmal versuchen");
    let receipt = german().approved().read(|subject| receipt(subject, &issuer()).expect("paid"));
    reads(&receipt, "Zahlungsbeleg Bezahlt Von Kedai Kopi Seri");
    reads(&receipt, "Bezahlt 3. März 2027, 14:30 Uhr (Ortszeit Kuala Lumpur)");
    reads(&receipt, "Karte Visa, endet auf 1111");
}

#[test]
fn what_the_form_says_is_wrong_is_said_in_its_language() {
    let asked = details();
    let page = Story::new()
        .reading(Language::German)
        .read(|subject| PayPage::new(subject, "t").after(wrong_form()).details(&asked).render());
    reads(&page, "Bitte prüfen Sie Ihre Angaben. Es wurde nichts abgebucht.");
    reads(&page, "Prüfen Sie die Kartennummer. Eine Ziffer ist vermutlich falsch");
    reads(&page, "Geben Sie eine E-Mail-Adresse wie name@example.com ein");
    let script = ["Geben Sie Ihre Kartennummer ein", "Wird verarbeitet …", "Ihre Zahlung wird verarbeitet"];
    for words in script {
        assert!(page.contains(&format!("=\"{words}\"")), "{words}: for the script too");
    }
}

/// The links of the choice: language, address, whether it is the current one.
fn choice(page: &str) -> Vec<String> {
    let Some((_, nav)) = page.split_once("<nav class=\"languages\"") else { return vec![] };
    let nav = nav.split("</nav>").next().unwrap_or_default();
    nav.split("<a ")
        .skip(1)
        .map(|link| {
            let (tag, rest) = link.split_once('>').expect("a tag");
            let tag = format!("a {tag}");
            let of = |name| attribute(&tag, name).unwrap_or("-");
            let name = rest.split('<').next().unwrap_or_default();
            format!("{name}: {} {} {}", of("href"), of("lang"), of("aria-current"))
        })
        .collect()
}

#[test]
fn the_payer_chooses_a_language_by_its_own_name() {
    let page = Story::new().reading(Language::Polish).form();
    insta::assert_snapshot!(choice(&page).join("\n"), @r"
    English: ?lang=en en -
    Bahasa Melayu: ?lang=ms ms -
    Français: ?lang=fr fr -
    Deutsch: ?lang=de de -
    Svenska: ?lang=sv sv -
    Español: ?lang=es es -
    Polski: ?lang=pl pl true
    العربية: ?lang=ar ar -
    简体中文: ?lang=zh-Hans zh-Hans -
    ");
    assert!(page.find("</main>") < page.find("<nav"), "at the end of the page");
    for page in [
        Story::new().approved().at_link(),
        Story::new().approved().read(|subject| receipt(subject, &issuer()).expect("paid")),
        challenge_page(&Story::new().challenged()),
        unknown_link(ENGLISH),
        broken(ENGLISH, Broken::Busy),
    ] {
        assert_eq!(Language::ALL.len(), choice(&page).len(), "{page}");
    }
    let chosen = |language: &str| {
        Story::new().shop(|checkout| {
            checkout.language_chosen = true;
            checkout.language = language.to_owned();
        })
    };
    assert!(choice(&chosen("de").form()).is_empty(), "the merchant chose");
    assert!(!choice(&chosen("fi").form()).is_empty(), "what the pages do not have");
    let of_the_brand = Story::new().shop(|checkout| checkout.language = "de".to_owned());
    assert!(!choice(&of_the_brand.form()).is_empty(), "the brand's is no choice for this checkout");
}

#[test]
fn links_and_forms_keep_the_language_that_was_asked_for() {
    let story = || Story { lang: Some(Language::Arabic), ..Story::new().reading(Language::Arabic) };
    let id = "/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/";
    let declined = story().declined(DeclineReason::DoNotHonour);
    for (page, link) in [
        (story().form(), "action=\"{id}?lang=ar\""),
        (declined.after_try(), "href=\"{id}?lang=ar\""),
        (story().approved().at_link(), "href=\"{id}receipt/?lang=ar\""),
        (story().challenged().at_link(), "href=\"{id}challenge/?lang=ar\""),
        (challenge_page(&story().challenged()), "action=\"{id}challenge/?lang=ar\""),
    ] {
        let link = link.replace("{id}", id);
        assert!(page.contains(&link), "{link}: {page}");
    }
    let out = story().shop(redirects).approved().after_try();
    assert!(out.contains("url=https://shop.example/thanks?order=1&#38;a=&#39;b&#39;\""), "the merchant's as it is");
}

#[test]
fn a_shop_without_a_name_is_called_the_seller() {
    let page = |language| {
        let story = Story::new().reading(language).shop(|checkout| checkout.seller.clear());
        story.read(|subject| PayPage::new(subject, "t").offer_to_remember().render())
    };
    reads(&page(Language::English), "Save this card with the seller for next time.");
    reads(&page(Language::Polish), "Zapisz tę kartę u sprzedawcy na następny raz.");
}
