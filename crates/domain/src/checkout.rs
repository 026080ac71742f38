//! What a payer is asked to pay and how it may be paid: the facts a page needs, whichever dialect made them.

use crate::card::{Brand, Pan};
use crate::ids::{BrandId, CheckoutId, CustomerId, MerchantId, PaymentId, PublicId};
use crate::local::LocalMethod;
use crate::tender::TenderTerms;
use crate::time::{Mode, Timestamp};

/// Which API made the checkout; its nouns stay there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `/api/v1`, purchases.
    Purchases,
    /// `/api/v2`, card payments by link.
    CardPayments,
    /// `/payment/v2`, client sessions and payments in parts.
    Orchestration,
}

impl Dialect {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purchases => "purchases",
            Self::CardPayments => "card_payments",
            Self::Orchestration => "orchestration",
        }
    }

    /// Reads [`Dialect::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Purchases, Self::CardPayments, Self::Orchestration].into_iter().find(|dialect| dialect.as_str() == text)
    }
}

/// What a payer is asked to pay. It does not change once made; what happens to it is in the payment's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Stands in the payer's link.
    pub id: CheckoutId,
    /// Who takes the money.
    pub merchant_id: MerchantId,
    /// Test or live.
    pub mode: Mode,
    /// Which of its shops.
    pub brand_id: BrandId,
    /// The money side.
    pub payment_id: PaymentId,
    /// The API that made it.
    pub dialect: Dialect,
    /// What the dialect's clients call it, where that is not its id.
    pub public_id: Option<PublicId>,
    /// What the checkouts of one order share, when its payments are added up.
    pub order_key: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The shop's name as the payer knows it, kept from the day of the order.
    pub seller: String,
    /// ISO 639-1, for pages and mail.
    pub language: String,
    /// Whether the merchant chose it for this checkout; else it is the brand's, and what the payer reads comes first.
    pub language_chosen: bool,
    /// IANA name, for dates on pages and mail.
    pub time_zone: String,
    /// What the merchant calls the order, or the number made for it.
    pub reference: String,
    /// The merchant's words to the payer; may be empty.
    pub notes: String,
    /// What is paid for, in the payment's currency.
    pub lines: Vec<Line>,
    /// Added to the sum of the lines, in minor units; may be negative.
    pub debt: i64,
    /// What its invoice says beside that.
    pub stated: Stated,
    /// Who pays, as far as the merchant said.
    pub customer: Customer,
    /// The merchant's record of the payer, if there is one.
    pub customer_id: Option<CustomerId>,
    /// Whether the merchant itself named that record, and so vouches for who the payer is: only then may cards the
    /// payer kept be offered (security B9).
    pub customer_named: bool,
    /// What the payer is asked to say of themselves, by the dialect's names.
    pub asks_details: Vec<String>,
    /// Where the payer goes afterwards.
    pub redirects: Redirects,
    /// Who is told when it is paid.
    pub callback: Option<Callback>,
    /// Card brands that may pay it; `None` is every brand the acquirer takes, and an empty list no card at all.
    pub brands: Option<Vec<Brand>>,
    /// What else than a card may pay it, in the order in which it is offered.
    pub methods: Vec<LocalMethod>,
    /// The checkout whose kept card pays this one, and no other, once its payer was asked by the bank.
    pub token: Option<CheckoutId>,
    /// Of one that is paid by tender: what it may be paid with. Any other is paid by one card.
    pub tender: Option<TenderTerms>,
}

impl Checkout {
    /// Below which the pages of its payer lie, with a slash at its end.
    #[must_use]
    pub fn page(&self) -> String {
        let Self { id, brand_id, .. } = self;
        match self.dialect {
            Dialect::Purchases => format!("/p/{id}/"),
            Dialect::CardPayments => format!("/card/{id}/"),
            Dialect::Orchestration => format!("/entities/{brand_id}/sessions/{id}/"),
        }
    }

    /// Whether cards of this brand may pay it.
    #[must_use]
    pub fn takes(&self, brand: Brand) -> bool {
        self.brands.as_ref().is_none_or(|listed| listed.contains(&brand))
    }

    /// Whether any card may pay it.
    #[must_use]
    pub fn takes_cards(&self) -> bool {
        self.brands.as_ref().is_none_or(|listed| !listed.is_empty())
    }

    /// The brand under which a card pays it: of those on the card that are taken the one that is wished for, or else
    /// the one in its prefix. When none is taken, the prefix says what is refused.
    #[must_use]
    pub fn brand_of(&self, pan: &Pan, wish: Option<Brand>) -> Brand {
        let on_card = [Some(pan.brand()), pan.partner()];
        let taken = || on_card.into_iter().flatten().filter(|brand| self.takes(*brand));
        let wished = taken().find(|brand| Some(*brand) == wish);
        wished.or_else(|| taken().next()).unwrap_or_else(|| pan.brand())
    }
}

/// One line of an order, amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// Ten-thousandths of a piece.
    pub quantity: i64,
    /// Per piece, before tax.
    pub unit_price: i64,
    /// For the whole line.
    pub discount: i64,
    /// Hundredths of a per cent.
    pub tax_percent: i64,
    /// The merchant's own grouping; may be empty.
    pub category: String,
    /// The line's price, tax included, when the merchant fixed it.
    pub total_override: Option<i64>,
    /// What the line adds to the sum.
    pub total: i64,
}

/// What a merchant wants its invoice to say, whatever is charged. Amounts are in minor units and may be negative.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stated {
    /// The day of issue, `YYYY-MM-DD`; empty is the day on which the checkout was made.
    pub issued: String,
    /// In place of what the lines add up to.
    pub subtotal: Option<i64>,
    /// In place of the taxes of the lines.
    pub tax: Option<i64>,
    /// The discount on the whole.
    pub discount: Option<i64>,
}

/// Who pays. Absent is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Customer {
    pub email: String,
    pub phone: String,
    pub full_name: String,
    pub personal_code: String,
    pub billing: Address,
    pub shipping: Address,
    pub legal_name: String,
    pub brand_name: String,
    pub registration_number: String,
    pub tax_number: String,
    pub bank_account: String,
    pub bank_code: String,
    /// Who else gets the mail.
    pub cc: Vec<String>,
    pub bcc: Vec<String>,
}

/// A postal address. Absent is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Address {
    pub street_address: String,
    pub city: String,
    pub state: String,
    pub zip_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// Where the payer goes; each exactly as the merchant gave it, nothing appended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redirects {
    /// After the money was taken, held, or the card saved.
    pub success: Option<String>,
    /// After a failed try.
    pub failure: Option<String>,
    /// By "return to seller"; cancels nothing.
    pub cancel: Option<String>,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The merchant's address.
    pub url: String,
}
