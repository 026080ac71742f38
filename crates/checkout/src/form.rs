//! What a payer posted: a card or the choice of a kept one, who they are, or what is wrong with it.
//!
//! Amount, currency, merchant and where the payer goes next are ours and never come from here (security B5). The
//! number and the code go from the body straight into their types; whatever was decoded on the way is wiped.

use domain::{
    Brand, ChallengeWindow, CheckoutId, Customer, Cvc, Expiry, ExpiryError, LocalMeans, LocalMethod, Pan, PanError,
    Timestamp,
};
use engine::BankState;
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
    /// Whether cards are taken.
    pub takes_cards: bool,
    /// What else was offered; `None` where cards are asked for and the choice is read by somebody else.
    pub methods: Option<&'a [OfferedMethod]>,
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
    /// No card; one of the methods offered.
    Local(LocalMeans),
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

/// What else than a card the page offered, with its banks as they were when it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferedMethod {
    /// Which.
    pub method: LocalMethod,
    /// To choose from; none where there is nothing to choose.
    pub banks: Vec<BankState>,
}

/// What the form calls paying by card.
pub(crate) const CARD: &str = "card";
const CONSUMER_BANK: &str = "fpx_bank_code";
const BUSINESS_BANK: &str = "fpx_b2b1_bank_code";

/// In which field the bank of a method is chosen.
#[must_use]
pub(crate) const fn bank_field(method: LocalMethod) -> &'static str {
    if matches!(method, LocalMethod::FpxB2b1) { BUSINESS_BANK } else { CONSUMER_BANK }
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
    /// The bank of a method with banks.
    Bank(LocalMethod),
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
            Self::Bank(method) => bank_field(method),
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
    /// What was chosen that is no card.
    pub method: Option<LocalMethod>,
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
    let method = read_method(&fields, asked).ok_or_else(FormErrors::unreadable)?;

    let (customer, mut errors) = details::read(&wanted, &fields.details, asked.customer);
    let entry = match (method, saved) {
        (Some(offered), _) => match read_bank(&fields, offered) {
            Ok(means) => Some(Entry::Local(means)),
            Err(wrong) => {
                errors.push(wrong);
                None
            }
        },
        (None, Some(token)) => Some(Entry::Saved(token)),
        (None, None) => match read_card(&fields, now, asked.accepted) {
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
                method: method.map(|offered| offered.method),
            },
        }),
    }
}

/// `Some(None)` is a card; `None` what was not offered.
fn read_method<'a>(fields: &Fields, asked: &Asked<'a>) -> Option<Option<&'a OfferedMethod>> {
    let Some(methods) = asked.methods else { return Some(None) };
    match fields.method.as_str() {
        "" | CARD if asked.takes_cards => Some(None),
        name => methods.iter().find(|offered| offered.method.as_str() == name).map(Some),
    }
}

/// The method with the bank that was chosen for it, which may have gone down since.
fn read_bank(fields: &Fields, offered: &OfferedMethod) -> Result<LocalMeans, FieldError> {
    let method = offered.method;
    let given = if method == LocalMethod::FpxB2b1 { &fields.business_bank } else { &fields.bank };
    let wrong = |message| FieldError { field: Field::Bank(method), message };
    let code = (!method.banks().is_empty()).then_some(given.as_str());
    let means = LocalMeans::new(method, code).ok_or_else(|| wrong(texts::BANK_MISSING))?;
    let is_down = |state: &&BankState| !state.is_up && Some(state.bank) == means.bank();
    if offered.banks.iter().any(|state| is_down(&state)) {
        return Err(wrong(texts::BANK_UNAVAILABLE));
    }
    Ok(means)
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
    method: Zeroizing<String>,
    bank: Zeroizing<String>,
    business_bank: Zeroizing<String>,
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
                "method" => &mut fields.method,
                CONSUMER_BANK => &mut fields.bank,
                BUSINESS_BANK => &mut fields.business_bank,
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
mod tests;
