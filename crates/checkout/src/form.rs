//! What a payer posted: a card or the choice of a kept one, who they are, or what is wrong with it.
//!
//! Amount, currency, merchant and where the payer goes next are ours and never come from here (security B5). The
//! number and the code go from the body straight into their types; whatever was decoded on the way is wiped.

use domain::{Brand, ChallengeWindow, CheckoutId, Customer, Cvc, Expiry, ExpiryError, Pan, PanError, Timestamp};
use zeroize::Zeroizing;

use crate::details::{self, Wanted};
use crate::texts;
use crate::words::Message;

/// What the page offered and asked for; a post is held against it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Brands the shop takes; `None` is all of them.
    pub accepted: Option<&'a [Brand]>,
    /// What the merchant wants to know of the payer, by the names of purchases-api 3.2.
    pub details: &'a [String],
    /// What is known of the payer.
    pub customer: &'a Customer,
    /// Kept cards that were offered.
    pub saved: &'a [SavedCard],
}

/// A kept card offered on the page (security B9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedCard {
    /// The checkout that kept it.
    pub token: CheckoutId,
    /// Who issued it.
    pub brand: Brand,
    /// The end of its number.
    pub last4: String,
    /// The last month it is good.
    pub expiry: Expiry,
    /// Shown, and not to be chosen.
    pub expired: bool,
}

/// A post that can go on.
#[derive(Debug)]
pub(crate) struct Posted {
    /// What pays.
    pub entry: Entry,
    /// Who pays, when the post says something new about it.
    pub customer: Option<Customer>,
    /// The token of the page it was typed into; good for one try.
    pub attempt: String,
    /// How large the bank's page may be.
    pub window: ChallengeWindow,
}

/// What pays.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A card that was typed.
    Card(CardForm),
    /// The card kept by this checkout; one of those offered.
    Saved(CheckoutId),
}

/// A card as it goes on.
#[derive(Debug)]
pub(crate) struct CardForm {
    /// The number.
    pub pan: Pan,
    /// The brand the payer chose, for a card with two.
    pub wish: Option<Brand>,
    /// The code on the card.
    pub cvc: Cvc,
    /// The last month it is good.
    pub expiry: Expiry,
    /// The name on it, in plain Latin letters, at most 30 characters.
    pub holder: String,
    /// Whether the payer wants it kept.
    pub remember: bool,
}

/// What is wrong, and what the page may show again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FormErrors {
    /// In the order of the fields; never empty.
    pub errors: Vec<FieldError>,
    /// What stays in the fields.
    pub typed: Typed,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// Which.
    pub field: Field,
    /// What the payer reads.
    pub message: Message,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// None of them: the post as a whole.
    Whole,
    /// The card number.
    CardNumber,
    /// The expiry date.
    Expires,
    /// The security code.
    Cvc,
    /// The name on the card.
    CardholderName,
    /// Something about the payer, by its name.
    Detail(&'static str),
    /// The number of a gift card.
    GiftNumber,
    /// The code on a gift card.
    GiftCode,
}

impl Field {
    /// Its `name` and `id`. Browsers key what they fill in on these: they never change.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            // Links of the error summary lead to the first field.
            Self::Whole | Self::CardNumber => "card_number",
            Self::Expires => "expires",
            Self::Cvc => "cvc",
            Self::CardholderName => "cardholder_name",
            Self::Detail(name) => name,
            Self::GiftNumber => "gift_number",
            Self::GiftCode => "gift_code",
        }
    }
}

/// What was typed and may stand in the form again. Number and code never do, nor what could be either.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Typed {
    /// The name.
    pub holder: String,
    /// The expiry date.
    pub expires: String,
    /// Whether the box was ticked.
    pub remember: bool,
    /// About the payer, by field name. What may hold a card number is left out.
    pub details: Vec<(&'static str, String)>,
    /// The brand that was chosen, of a card with two.
    pub wish: Option<Brand>,
    /// The kept card that was chosen.
    pub saved: Option<CheckoutId>,
    /// Another card was chosen, where kept ones were offered.
    pub another: bool,
}

impl FormErrors {
    /// A post that is no form of ours, or one whose page is too old: nothing was sent anywhere.
    #[must_use]
    pub(crate) fn unreadable() -> Self {
        let error = FieldError { field: Field::Whole, message: texts::FORM_UNREADABLE };
        Self { errors: vec![error], typed: Typed::default() }
    }
}

/// Reads a posted `application/x-www-form-urlencoded` body. Fields that are not ours are ignored, and so are the card's
/// when a kept one is chosen.
///
/// # Errors
/// Every message of checkout-ux 3 and 5 that applies, or [`FormErrors::unreadable`] for a repeated field, a broken
/// encoding, a kept card nobody offered, or a post without its page's token.
pub(crate) fn read(body: &[u8], now: Timestamp, asked: &Asked<'_>) -> Result<Posted, FormErrors> {
    let wanted = details::wanted(asked.details);
    let fields = Fields::read(body, &wanted).ok_or_else(FormErrors::unreadable)?;
    let attempt = fields.attempt.trim();
    if attempt.is_empty() || attempt.len() > ATTEMPT_LEN_MAX {
        return Err(FormErrors::unreadable());
    }
    let saved = read_choice(&fields.saved_card, asked.saved).ok_or_else(FormErrors::unreadable)?;

    let (customer, mut errors) = details::read(&wanted, &fields.details, asked.customer);
    let entry = match saved {
        Some(token) => Some(Entry::Saved(token)),
        None => match read_card(&fields, now, asked.accepted) {
            Ok(card) => Some(Entry::Card(card)),
            Err(wrong) => {
                errors.extend(wrong);
                None
            }
        },
    };
    match entry {
        Some(entry) if errors.is_empty() => Ok(Posted {
            entry,
            customer: (customer != *asked.customer).then_some(customer),
            attempt: attempt.to_owned(),
            window: window(&fields.window_width),
        }),
        Some(_) | None => Err(FormErrors {
            errors,
            typed: Typed {
                holder: holder_again(&fields.cardholder_name),
                expires: expires_again(&fields.expires),
                remember: fields.remember(),
                details: details::again(&fields.details),
                wish: Brand::parse(&fields.card_brand),
                saved,
                another: saved.is_none(),
            },
        }),
    }
}

/// `Some(None)` is a card that is typed; `None` a kept card that was not offered, or may not be chosen.
fn read_choice(text: &str, offered: &[SavedCard]) -> Option<Option<CheckoutId>> {
    if text.is_empty() {
        return Some(None);
    }
    let token = CheckoutId::parse(text).ok()?;
    offered.iter().any(|card| card.token == token && !card.expired).then_some(Some(token))
}

fn read_card(fields: &Fields, now: Timestamp, accepted: Option<&[Brand]>) -> Result<CardForm, Vec<FieldError>> {
    let pan = read_pan(&fields.card_number, accepted);
    let expiry = read_expiry(&fields.expires, now);
    // Of a number that cannot be read, the brand and so the length of the code is not known.
    let cvc = read_cvc(&fields.cvc, pan.as_ref().map_or(Brand::Unknown, Pan::brand));
    let holder = read_holder(&fields.cardholder_name);

    match (pan, expiry, cvc, holder) {
        (Ok(pan), Ok(expiry), Ok(cvc), Ok(holder)) => {
            let wish = Brand::parse(&fields.card_brand);
            Ok(CardForm { pan, wish, cvc, expiry, holder, remember: fields.remember() })
        }
        (pan, expiry, cvc, holder) => {
            let errors = [
                (Field::CardNumber, pan.err()),
                (Field::Expires, expiry.err()),
                (Field::Cvc, cvc.err()),
                (Field::CardholderName, holder.err()),
            ];
            Err(errors
                .into_iter()
                .filter_map(|(field, message)| Some(FieldError { field, message: message? }))
                .collect())
        }
    }
}

/// Longer than any token we make.
const ATTEMPT_LEN_MAX: usize = 128;
const HOLDER_LEN_MAX: usize = 30;

fn read_pan(text: &str, accepted: Option<&[Brand]>) -> Result<Pan, Message> {
    let pan = Pan::parse(text).map_err(|error| match error {
        PanError::Empty => texts::NUMBER_EMPTY,
        PanError::NotDigits => texts::NUMBER_NOT_DIGITS,
        PanError::TooShort => texts::NUMBER_TOO_SHORT,
        PanError::TooLong => texts::NUMBER_TOO_LONG,
        PanError::Luhn => texts::NUMBER_LUHN,
    })?;
    let brand = pan.brand();
    let taken = |brand: Brand| accepted.is_none_or(|accepted| accepted.contains(&brand));
    if brand == Brand::Unknown || taken(brand) || pan.partner().is_some_and(taken) {
        return Ok(pan);
    }
    Err(texts::brand_not_accepted(brand.label()))
}

fn read_expiry(text: &str, now: Timestamp) -> Result<Expiry, Message> {
    let expiry = Expiry::parse(text).map_err(|error| match error {
        ExpiryError::Empty | ExpiryError::Unreadable => texts::EXPIRY_UNREADABLE,
        ExpiryError::Month => texts::EXPIRY_MONTH,
    })?;
    if expiry.is_past(now) {
        return Err(texts::EXPIRY_PAST);
    }
    if expiry.is_far(now) {
        return Err(texts::EXPIRY_FAR);
    }
    Ok(expiry)
}

fn read_cvc(text: &str, brand: Brand) -> Result<Cvc, Message> {
    let cvc = Cvc::parse(text).filter(|cvc| brand == Brand::Unknown || cvc.expose().len() == brand.cvc_len());
    cvc.ok_or_else(|| cvc_wrong(brand))
}

/// How long the code of this brand is.
const fn cvc_wrong(brand: Brand) -> Message {
    match brand {
        Brand::Unknown => texts::CVC_EMPTY,
        Brand::Amex => texts::CVC_FOUR,
        Brand::Visa
        | Brand::Mastercard
        | Brand::Diners
        | Brand::Discover
        | Brand::Jcb
        | Brand::UnionPay
        | Brand::Maestro
        | Brand::CartesBancaires => texts::CVC_THREE,
    }
}

/// Letters with marks become plain ones, as they are on the plastic; other scripts are asked for what is on it.
fn read_holder(text: &str) -> Result<String, Message> {
    if may_be_card_data(text) {
        return Err(texts::HOLDER_CARD_DATA);
    }
    let mut holder = String::new();
    for word in text.split_whitespace() {
        if !holder.is_empty() {
            holder.push(' ');
        }
        for character in word.chars() {
            match character {
                'A'..='Z' | 'a'..='z' | '\'' | '.' | '-' => holder.push(character),
                // A mark of its own, after the letter it belongs to.
                '\u{300}'..='\u{36f}' => {}
                _ => match plain(character) {
                    Some(letters) => holder.push_str(letters),
                    None if character.is_alphabetic() => return Err(texts::HOLDER_NOT_LATIN),
                    None => return Err(texts::HOLDER_WRONG),
                },
            }
        }
    }
    if !holder.contains(|c: char| c.is_ascii_alphabetic()) {
        return Err(texts::HOLDER_WRONG);
    }
    if holder.len() > HOLDER_LEN_MAX {
        return Err(texts::HOLDER_TOO_LONG);
    }
    Ok(holder)
}

/// Digits where a name belongs: a number of twelve or more, or nothing but a code (checkout-ux 3). Digits are no
/// letters, so any of them is refused; this only finds the right words.
fn may_be_card_data(text: &str) -> bool {
    let text = text.trim();
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    digits >= 12 || (matches!(digits, 3 | 4) && text.chars().count() == digits)
}

/// A name with three digits or more may hold a code or part of a number, and does not come back.
fn holder_again(text: &str) -> String {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    if digits >= 3 || text.chars().count() > 200 { String::new() } else { text.to_owned() }
}

/// What reads like a date, right or wrong; bare digits that do not may be a code or a number.
fn expires_again(text: &str) -> String {
    let text = text.trim();
    let like_a_date = match Expiry::parse(text) {
        Ok(_) | Err(ExpiryError::Month) => true,
        Err(ExpiryError::Empty | ExpiryError::Unreadable) => text.contains('/'),
    };
    // A month and a year have six digits at most.
    let short = text.chars().filter(|c| c.is_numeric()).count() <= 6 && text.chars().count() <= 9;
    if like_a_date && short { text.to_owned() } else { String::new() }
}

/// The plain letters for a Latin letter with a mark or of its own kind.
fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        '’' | '‘' | 'ʼ' | '`' | '´' => "'",
        '‐' | '‑' | '–' => "-",
        'À'..='Å' | 'Ā' | 'Ă' | 'Ą' | 'Ǎ' => "A",
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'Æ' => "AE",
        'æ' => "ae",
        'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'Ð' | 'Ď' | 'Đ' => "D",
        'ð' | 'ď' | 'đ' => "d",
        'È'..='Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => "E",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'Ĥ' | 'Ħ' => "H",
        'ĥ' | 'ħ' => "h",
        'Ì'..='Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' => "I",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'Ĵ' => "J",
        'ĵ' => "j",
        'Ķ' => "K",
        'ķ' => "k",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ŀ' | 'Ł' => "L",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'Ñ' | 'Ń' | 'Ņ' | 'Ň' => "N",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ŏ' | 'Ő' | 'Ơ' | 'Ǒ' => "O",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ǒ' => "o",
        'Œ' => "OE",
        'œ' => "oe",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "S",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'Ţ' | 'Ť' | 'Ŧ' | 'Ț' => "T",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'Þ' => "TH",
        'þ' => "th",
        'Ù'..='Ü' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' | 'Ư' | 'Ǔ' => "U",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ǔ' => "u",
        'Ŵ' => "W",
        'ŵ' => "w",
        'Ý' | 'Ŷ' | 'Ÿ' => "Y",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'ź' | 'ż' | 'ž' => "z",
        // Vietnamese: capital and small letters take turns.
        '\u{1ea0}'..='\u{1ef9}' => {
            let [capital, small] = match character {
                ..='\u{1eb7}' => ["A", "a"],
                ..='\u{1ec7}' => ["E", "e"],
                ..='\u{1ecb}' => ["I", "i"],
                ..='\u{1ee3}' => ["O", "o"],
                ..='\u{1ef1}' => ["U", "u"],
                _ => ["Y", "y"],
            };
            if u32::from(character).is_multiple_of(2) { capital } else { small }
        }
        _ => return None,
    })
}

/// The fields of ours in a body, decoded. Absent is empty.
#[derive(Default)]
struct Fields {
    card_number: Zeroizing<String>,
    card_brand: Zeroizing<String>,
    expires: Zeroizing<String>,
    cvc: Zeroizing<String>,
    cardholder_name: Zeroizing<String>,
    remember_card: Zeroizing<String>,
    saved_card: Zeroizing<String>,
    attempt: Zeroizing<String>,
    window_width: Zeroizing<String>,
    details: Vec<details::Given>,
}

impl Fields {
    /// `None` when a field of ours comes twice or cannot be decoded: no page of ours sends that.
    fn read(body: &[u8], wanted: &[Wanted]) -> Option<Self> {
        let mut fields = Self::default();
        let mut seen: Vec<Zeroizing<String>> = Vec::new();
        for (name, value) in pairs(body) {
            let field = match name.as_str() {
                "card_number" => &mut fields.card_number,
                "card_brand" => &mut fields.card_brand,
                "expires" => &mut fields.expires,
                "cvc" => &mut fields.cvc,
                "cardholder_name" => &mut fields.cardholder_name,
                "remember_card" => &mut fields.remember_card,
                "saved_card" => &mut fields.saved_card,
                "attempt" => &mut fields.attempt,
                "window_width" => &mut fields.window_width,
                other => {
                    let Some(detail) = wanted.iter().find(|wanted| wanted.name() == other) else { continue };
                    fields.details.push((detail.name(), Zeroizing::default()));
                    let Some((_, field)) = fields.details.last_mut() else { continue };
                    field
                }
            };
            if seen.contains(&name) {
                return None;
            }
            *field = decode(value)?;
            seen.push(name);
        }
        Some(fields)
    }

    fn remember(&self) -> bool {
        self.remember_card.as_str() == "on"
    }
}

/// How large the bank's page may be, on a page of this width. Without script, or with nonsense, it gets all there is.
pub(crate) fn window(width: &str) -> ChallengeWindow {
    width.parse().map_or(ChallengeWindow::Full, ChallengeWindow::on_page)
}

/// The named fields of a small form of ours, decoded; absent, repeated and unreadable ones are empty.
pub(crate) fn fields<const N: usize>(body: &[u8], names: [&str; N]) -> [Zeroizing<String>; N] {
    names.map(|name| {
        let mut found = pairs(body).filter(|(field, _)| field.as_str() == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => decode(value).unwrap_or_default(),
            _ => Zeroizing::default(),
        }
    })
}

/// The fields of a form: names decoded, values as they came. A name that cannot be decoded is nobody's.
pub(crate) fn pairs(body: &[u8]) -> impl Iterator<Item = (Zeroizing<String>, &[u8])> {
    body.split(|byte| *byte == b'&').filter_map(|pair| {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &pair[..0]),
        };
        Some((decode(name)?, value))
    })
}

/// Percent-decodes; `None` for a broken escape or what is not UTF-8.
pub(crate) fn decode(raw: &[u8]) -> Option<Zeroizing<String>> {
    // As large as it can get from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(raw.len()));
    let mut rest = raw.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(*rest.next()?)? << 4 | hex(*rest.next()?)?,
            _ => byte,
        });
    }
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Some(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            None
        }
    }
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
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
        Asked { accepted: None, details: &[], customer: nobody(), saved: &[] }
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
            let asked = Asked { accepted: None, details: &[], customer: &Customer::default(), saved: &[] };
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
        let typed = Typed {
            holder: "Ann Lee".into(),
            expires: "08/28".into(),
            remember: true,
            another: true,
            ..Typed::default()
        };
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
            assert_eq!(
                FormErrors::unreadable(),
                read(body.as_bytes(), NOW, &asked()).expect_err("unreadable"),
                "{body}"
            );
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
}
