//! What a merchant asks of the payer beside the card (purchases-api 3.2): which fields, and what was typed into them.
//!
//! A card number in the wrong box is refused, so that it is kept nowhere (security T4).

use domain::{Brand, Customer, Pan};
use zeroize::Zeroizing;

use crate::countries::COUNTRIES;
use crate::form::{Field, FieldError};
use crate::texts;
use crate::words::Message;

/// A field by its name, with what was posted.
pub(crate) type Given = (&'static str, Zeroizing<String>);

/// A field the page has.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    spec: &'static Spec,
    required: bool,
}

impl Wanted {
    /// Its `name` and `id`.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        self.spec.name
    }
}

/// A field for something the merchant asks of the payer beside the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DetailField {
    /// `name` and `id`; never one of the card's.
    pub name: &'static str,
    /// Above the group it belongs to.
    pub legend: Message,
    /// What it is called on the page.
    pub label: Message,
    /// What a browser fills in.
    pub autocomplete: &'static str,
    /// `text`, `email`, `tel` or `country`.
    pub kind: &'static str,
    /// `ltr` for what is written in Latin letters and digits wherever it stands; else `auto`.
    pub direction: &'static str,
    /// Characters that fit.
    pub limit: u32,
    /// Whether it may not stay empty.
    pub required: bool,
    /// What is known or was typed.
    pub value: String,
    /// What is wrong with it.
    pub error: Option<Message>,
}

/// The fields for the requested names, in the order of the page, single or in the groups `billing_address` and
/// `shipping_address`. A name nobody knows asks for nothing.
#[must_use]
pub(crate) fn wanted(names: &[String]) -> Vec<Wanted> {
    let asks = |name: &str| names.iter().any(|asked| asked == name);
    SPECS
        .iter()
        .filter_map(|spec| {
            let itself = asks(spec.name);
            // Not every country has them.
            let optional = matches!(spec.name, "state" | "zip_code" | "shipping_state" | "shipping_zip_code");
            let grouped = spec.group.name().is_some_and(asks);
            (itself || grouped).then_some(Wanted { spec, required: itself || !optional })
        })
        .collect()
}

/// The fields as a page shows them, filled with what is known.
#[must_use]
pub(crate) fn fields(names: &[String], known: &Customer) -> Vec<DetailField> {
    let field = |Wanted { spec, required }: Wanted| DetailField {
        name: spec.name,
        legend: spec.group.legend(),
        label: spec.label.clone(),
        autocomplete: spec.autocomplete,
        kind: match spec.kind {
            Kind::Email => "email",
            Kind::Phone => "tel",
            Kind::Country => "country",
            Kind::Name | Kind::Prose | Kind::Identifier => "text",
        },
        direction: match spec.kind {
            Kind::Email | Kind::Phone | Kind::Identifier | Kind::Country => "ltr",
            Kind::Name | Kind::Prose => "auto",
        },
        limit: spec.limit,
        required,
        value: (spec.get)(known).clone(),
        error: None,
    };
    wanted(names).into_iter().map(field).collect()
}

/// The customer with what was given, and what is wrong with it in the order of the page.
#[must_use]
pub(crate) fn read(wanted: &[Wanted], given: &[Given], known: &Customer) -> (Customer, Vec<FieldError>) {
    let mut customer = known.clone();
    let mut errors = Vec::new();
    for Wanted { spec, required } in wanted {
        let text = given.iter().find(|(name, _)| *name == spec.name).map_or("", |(_, text)| text.as_str());
        match spec.read(text, *required) {
            Ok(value) => *(spec.set)(&mut customer) = value,
            Err(message) => errors.push(FieldError { field: Field::Detail(spec.name), message }),
        }
    }
    (customer, errors)
}

/// What was given and may stand in the form again.
#[must_use]
pub(crate) fn again(given: &[Given]) -> Vec<(&'static str, String)> {
    given.iter().map(|(name, text)| (*name, without_numbers(text))).collect()
}

/// The text as a field may show it: nothing of it when it could hold a card number. Masked it would come back as typed.
#[must_use]
pub(crate) fn without_numbers(text: &str) -> String {
    let secret = holds_number(text) || bare_code(text) || text.chars().count() > 256;
    if secret { String::new() } else { text.to_owned() }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Email,
    Phone,
    Name,
    Prose,
    /// Numbers of persons, companies and accounts: long digits are what belongs there.
    Identifier,
    Country,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Person,
    Billing,
    Shipping,
}

impl Group {
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Person => None,
            Self::Billing => Some("billing_address"),
            Self::Shipping => Some("shipping_address"),
        }
    }

    const fn legend(self) -> Message {
        match self {
            Self::Person => texts::DETAILS,
            Self::Billing => texts::BILLING_ADDRESS,
            Self::Shipping => texts::SHIPPING_ADDRESS,
        }
    }
}

struct Spec {
    name: &'static str,
    label: Message,
    enter: Message,
    autocomplete: &'static str,
    kind: Kind,
    group: Group,
    limit: u32,
    get: fn(&Customer) -> &String,
    set: fn(&mut Customer) -> &mut String,
}

macro_rules! spec {
    ($group:ident $kind:ident $name:literal $label:ident $enter:ident $autocomplete:literal $limit:literal $($at:ident).+) => {
        Spec {
            name: $name,
            label: texts::$label,
            enter: texts::$enter,
            autocomplete: $autocomplete,
            kind: Kind::$kind,
            group: Group::$group,
            limit: $limit,
            get: |customer| &customer.$($at).+,
            set: |customer| &mut customer.$($at).+,
        }
    };
}

/// In the order of the page; in an address the country first.
static SPECS: [Spec; 20] = [
    spec!(Person Email "email" EMAIL ENTER_EMAIL "email" 254 email),
    spec!(Person Phone "phone" PHONE ENTER_PHONE "tel" 32 phone),
    spec!(Person Name "full_name" FULL_NAME ENTER_FULL_NAME "name" 128 full_name),
    spec!(Person Identifier "personal_code" PERSONAL_CODE ENTER_PERSONAL_CODE "off" 32 personal_code),
    spec!(Person Prose "legal_name" LEGAL_NAME ENTER_LEGAL_NAME "organization" 128 legal_name),
    spec!(Person Prose "brand_name" COMPANY ENTER_COMPANY "organization" 128 brand_name),
    spec!(Person Identifier "registration_number" REGISTRATION_NUMBER ENTER_REGISTRATION_NUMBER "off" 32 registration_number),
    spec!(Person Identifier "tax_number" TAX_NUMBER ENTER_TAX_NUMBER "off" 32 tax_number),
    spec!(Person Identifier "bank_account" BANK_ACCOUNT ENTER_BANK_ACCOUNT "off" 34 bank_account),
    spec!(Person Identifier "bank_code" BANK_CODE ENTER_BANK_CODE "off" 11 bank_code),
    spec!(Billing Country "country" COUNTRY ENTER_COUNTRY "billing country" 2 billing.country),
    spec!(Billing Prose "street_address" STREET ENTER_STREET "billing street-address" 128 billing.street_address),
    spec!(Billing Identifier "zip_code" POSTAL_CODE ENTER_POSTAL_CODE "billing postal-code" 32 billing.zip_code),
    spec!(Billing Prose "city" CITY ENTER_CITY "billing address-level2" 128 billing.city),
    spec!(Billing Prose "state" STATE ENTER_STATE "billing address-level1" 128 billing.state),
    spec!(Shipping Country "shipping_country" COUNTRY ENTER_COUNTRY "shipping country" 2 shipping.country),
    spec!(Shipping Prose "shipping_street_address" STREET ENTER_STREET "shipping street-address" 128
        shipping.street_address),
    spec!(Shipping Identifier "shipping_zip_code" POSTAL_CODE ENTER_POSTAL_CODE "shipping postal-code" 32 shipping.zip_code),
    spec!(Shipping Prose "shipping_city" CITY ENTER_CITY "shipping address-level2" 128 shipping.city),
    spec!(Shipping Prose "shipping_state" STATE ENTER_STATE "shipping address-level1" 128 shipping.state),
];

impl Spec {
    fn read(&self, text: &str, required: bool) -> Result<String, Message> {
        let value = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if value.is_empty() {
            return if required { Err(self.enter.clone()) } else { Ok(value) };
        }
        if value.chars().any(char::is_control) {
            return Err(self.enter.clone());
        }
        if self.holds_card(&value) {
            return Err(texts::DETAIL_CARD_DATA);
        }
        match self.kind {
            Kind::Country => country(&value).ok_or(texts::COUNTRY_CHOOSE),
            _ if value.chars().nth(self.limit as usize).is_some() => {
                Err(texts::at_most(self.label.clone(), self.limit))
            }
            Kind::Email if !is_email(&value) => Err(texts::EMAIL_WRONG),
            Kind::Phone if !value.chars().any(char::is_numeric) => Err(self.enter.clone()),
            Kind::Name if !value.chars().any(char::is_alphabetic) => Err(self.enter.clone()),
            Kind::Email | Kind::Phone | Kind::Name | Kind::Prose | Kind::Identifier => Ok(value),
        }
    }

    /// Where digits belong, one in ten numbers passes Luhn by chance: there only what is a card of a known brand as a
    /// whole is taken for one.
    fn holds_card(&self, value: &str) -> bool {
        match self.kind {
            Kind::Email | Kind::Prose | Kind::Country => holds_number(value),
            Kind::Name => holds_number(value) || bare_code(value),
            Kind::Identifier => is_card(value),
            // Fifteen digits are the most a telephone number has; with its prefix it is surely one.
            Kind::Phone => {
                let digits = value.chars().filter(|c| c.is_numeric()).count();
                let prefixed = value.starts_with(['+', '0', '(']);
                digits > 15 || (is_card(value) && !prefixed)
            }
        }
    }
}

fn is_card(value: &str) -> bool {
    Pan::parse(value).is_ok_and(|pan| pan.brand() != Brand::Unknown)
}

fn holds_number(text: &str) -> bool {
    let latin: Zeroizing<String> = Zeroizing::new(text.chars().map(latin).collect());
    domain::mask_numbers(&latin) != latin.as_str() || is_card(text)
}

/// Nothing but three or four digits: a security code in the wrong box.
fn bare_code(text: &str) -> bool {
    let text = text.trim();
    matches!(text.chars().count(), 3 | 4) && text.chars().all(char::is_numeric)
}

/// Arabic, Persian and full-width digits as plain ones.
pub(crate) fn latin(character: char) -> char {
    let zero = match character {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        _ => return character,
    };
    char::from_digit(u32::from(character) - zero, 10).unwrap_or(character)
}

fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    let odd = |c: char| c.is_whitespace() || matches!(c, '@' | ',' | ';' | '<' | '>' | '"' | '(' | ')' | '\\');
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    !local.is_empty()
        && local.len() <= 64
        && !local.contains(odd)
        && !dots
        && domain.contains('.')
        && domain.split('.').all(label)
}

fn country(value: &str) -> Option<String> {
    let code = value.to_ascii_uppercase();
    COUNTRIES.iter().any(|(country, _)| *country == code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::words::Words;

    const PAN: &str = "4444 3333 2222 1111";

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn asked(requested: &[&str]) -> Vec<String> {
        let mark = |wanted: &Wanted| format!("{}{}", wanted.name(), if wanted.required { "" } else { "?" });
        wanted(&names(requested)).iter().map(mark).collect()
    }

    /// What is read of one field: the value, or the message.
    fn one(name: &str, text: &str) -> String {
        let wanted = wanted(&names(&[name]));
        let given = [(wanted[0].name(), Zeroizing::new(text.to_owned()))];
        let (customer, errors) = read(&wanted, &given, &Customer::default());
        match errors.as_slice() {
            [] => (wanted[0].spec.get)(&customer).clone(),
            [error] => {
                assert_eq!(name, error.field.name());
                Words::new(Language::English).say(&error.message)
            }
            more => panic!("{more:?}"),
        }
    }

    #[test]
    fn requested_names_become_fields_in_the_order_of_the_page() {
        assert_eq!(["email", "phone", "full_name"], asked(&["full_name", "email", "phone"]).as_slice());
        assert_eq!(
            ["country", "street_address", "zip_code?", "city", "state?"],
            asked(&["billing_address"]).as_slice(),
            "the country first"
        );
        assert_eq!(
            ["shipping_country", "shipping_street_address", "shipping_zip_code?", "shipping_city", "shipping_state?"],
            asked(&["shipping_address"]).as_slice()
        );
        assert_eq!(["zip_code"], asked(&["zip_code"]).as_slice(), "asked for by its own name");
        assert_eq!(
            ["email", "country", "street_address", "zip_code", "city", "state?"],
            asked(&["billing_address", "email", "zip_code", "email", "shoe_size"]).as_slice()
        );
        assert!(asked(&[]).is_empty());
    }

    #[test]
    fn every_name_of_the_api_is_a_field_of_its_own_value() {
        let all = [
            "email",
            "phone",
            "full_name",
            "personal_code",
            "brand_name",
            "legal_name",
            "registration_number",
            "tax_number",
            "bank_account",
            "bank_code",
            "billing_address",
            "shipping_address",
        ];
        let wanted = wanted(&names(&all));
        assert_eq!(SPECS.len(), wanted.len());
        let value = |wanted: &Wanted| match wanted.spec.kind {
            Kind::Email => "ann@example.com".to_owned(),
            Kind::Phone => "+60 12-345 6789".to_owned(),
            Kind::Country => if wanted.name() == "country" { "MY" } else { "SG" }.to_owned(),
            Kind::Name | Kind::Prose | Kind::Identifier => format!("{:.11}", wanted.name()),
        };
        let given: Vec<Given> = wanted.iter().map(|field| (field.name(), Zeroizing::new(value(field)))).collect();
        let (customer, errors) = read(&wanted, &given, &Customer::default());
        assert_eq!(Vec::<FieldError>::new(), errors);
        for field in &wanted {
            assert_eq!(value(field), *(field.spec.get)(&customer), "{}", field.name());
        }
        assert_eq!(("MY", "SG"), (customer.billing.country.as_str(), customer.shipping.country.as_str()));
    }

    #[test]
    fn what_is_given_is_tidied_and_limited() {
        assert_eq!("Ann Lee", one("full_name", "  Ann \t Lee "));
        assert_eq!("MY", one("country", "my"));
        assert_eq!("Ann Bin Łęcki", one("full_name", "Ann Bin Łęcki"));
        let longest = "é".repeat(128);
        assert_eq!(longest, one("city", &longest));
        assert_eq!("City is too long. Use at most 128 characters", one("city", &format!("{longest}é")));
        for (name, text, message) in [
            ("email", "", "Enter your email"),
            ("phone", "   ", "Enter your phone"),
            ("phone", "none", "Enter your phone"),
            ("full_name", "...", "Enter your full name"),
            ("full_name", "Ann\u{0}Lee", "Enter your full name"),
            ("country", "Malaysia", "Choose a country"),
            ("country", "XX", "Choose a country"),
            ("country", "A ", "Choose a country"),
            ("bank_code", "ABCDEFGHIJKL", "Bank code is too long. Use at most 11 characters"),
        ] {
            assert_eq!(message, one(name, text), "{name}={text}");
        }
    }

    #[test]
    fn an_email_has_the_form_of_one() {
        for good in ["ann@example.com", "a.b+c@sub.example.co.uk", "o'brien@example.com", "ann@münchen.example"] {
            assert_eq!(good, one("email", good));
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "ann",
            "ann@",
            "@example.com",
            "ann@example",
            "ann@@example.com",
            "a b@example.com",
            "ann@.com",
            &long,
            "ann@example.com, bob@example.com",
            "ann@exa_mple.com",
            ".ann@example.com",
            "Ann <ann@example.com>",
        ] {
            assert_eq!("Enter an email address like name@example.com", one("email", bad), "{bad}");
        }
    }

    #[test]
    fn a_card_number_in_the_wrong_box_is_refused() {
        let refused = "Do not enter card details here";
        for spec in &SPECS {
            for number in [PAN, "4444333322221111", "4444-3333-2222-1111", "340099000000001"] {
                assert_eq!(refused, one(spec.name, number), "{}: {number}", spec.name);
            }
        }
        for (name, text) in [
            ("street_address", "Card 4444 3333 2222 1111, thanks"),
            ("street_address", "٤٤٤٤٣٣٣٣٢٢٢٢١١١١"),
            ("email", "4444333322221111@example.com"),
            ("full_name", "123"),
            ("full_name", "Ann 4444333322221111"),
            ("phone", "+4444333322221111"),
        ] {
            assert_eq!(refused, one(name, text), "{name}={text}");
        }
    }

    #[test]
    fn numbers_that_are_no_cards_pass_where_they_belong() {
        for (name, text) in [
            ("phone", "+44 45643564564"),
            // Passes Luhn, and starts like a Diners card.
            ("phone", "+36 00 9900 0000 00"),
            ("bank_account", "DE89370400440532013000"),
            ("registration_number", "202001000001"),
            ("zip_code", "123"),
            ("personal_code", "900101145678"),
        ] {
            assert_eq!(text, one(name, text), "{name}");
        }
    }

    #[test]
    fn only_what_is_no_card_stands_in_the_form_again() {
        let given =
            [("full_name", "Ann Lee"), ("city", PAN), ("state", "123"), ("street_address", "x 4444333322221111")]
                .map(|(name, text)| (name, Zeroizing::new(text.to_owned())));
        let texts: Vec<String> = again(&given).into_iter().map(|(_, text)| text).collect();
        assert_eq!(["Ann Lee", "", "", ""], texts.as_slice());
    }

    #[test]
    fn fields_come_filled_with_what_is_known() {
        let known = Customer { full_name: "Ann Lee".to_owned(), ..Customer::default() };
        let shown = fields(&names(&["email", "full_name", "billing_address"]), &known);
        assert_eq!(("", "Ann Lee"), (shown[0].value.as_str(), shown[1].value.as_str()));
        assert_eq!((&texts::DETAILS, &texts::BILLING_ADDRESS), (&shown[0].legend, &shown[2].legend));
        assert_eq!(("email", "email", 254), (shown[0].kind, shown[0].autocomplete, shown[0].limit));
        assert_eq!(("billing country", 2), (shown[2].autocomplete, shown[2].limit));
    }

    #[test]
    fn countries_are_all_there_once() {
        let codes: std::collections::BTreeSet<&str> = COUNTRIES.iter().map(|(code, _)| *code).collect();
        assert_eq!((249, 249), (codes.len(), COUNTRIES.len()));
        assert!(codes.iter().all(|code| code.len() == 2));
        assert!(COUNTRIES.contains(&("MY", "Malaysia")));
    }
}
