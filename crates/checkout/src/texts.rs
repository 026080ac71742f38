//! Every word a payer reads, in one place and in English; another language is another set of the same texts.
//! The wordings are those of checkout-ux 2, 3, 5, 6 and 7.

use domain::{Brand, Expiry};

/// A language a page can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// `en`, and what every other wish gets until there are more.
    English,
}

impl Language {
    /// By ISO 639-1 code.
    #[must_use]
    pub(crate) const fn of(_code: &str) -> Self {
        Self::English
    }

    /// For the `lang` attribute and `Content-Language`.
    #[must_use]
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
        }
    }

    /// For the `dir` attribute.
    #[must_use]
    pub(crate) const fn direction(self) -> &'static str {
        match self {
            Self::English => "ltr",
        }
    }
}

// Fields and their errors.

pub(crate) const CARD_NUMBER: &str = "Card number";
pub(crate) const EXPIRES: &str = "Expiry date";
pub(crate) const EXPIRES_HINT: &str = "MM/YY";
pub(crate) const CVC: &str = "Security code";
pub(crate) const CVC_HINT: &str = "3 digits on the back. American Express: 4 digits on the front";
pub(crate) const HOLDER: &str = "Name on card";

pub(crate) const NUMBER_EMPTY: &str = "Enter your card number";
pub(crate) const NUMBER_NOT_DIGITS: &str = "Enter the card number using digits only";
pub(crate) const NUMBER_TOO_SHORT: &str = "Card number is too short. Check the digits";
pub(crate) const NUMBER_TOO_LONG: &str = "Card number is too long. Check the digits";
pub(crate) const NUMBER_LUHN: &str = "Check the card number. One digit may be wrong";
pub(crate) const EXPIRY_UNREADABLE: &str = "Enter the expiry date as MM/YY, for example 08/28";
pub(crate) const EXPIRY_MONTH: &str = "Enter a month from 01 to 12";
pub(crate) const EXPIRY_PAST: &str = "This card has expired. Use another card";
pub(crate) const EXPIRY_FAR: &str = "Check the expiry year";
pub(crate) const CVC_EMPTY: &str = "Enter the 3-digit security code (American Express: 4-digit)";
pub(crate) const HOLDER_WRONG: &str = "Enter the name on the card, using letters only";
pub(crate) const HOLDER_NOT_LATIN: &str = "Enter the name in Latin letters, as it appears on the card";
pub(crate) const HOLDER_TOO_LONG: &str = "Enter at most 30 letters of the name";
pub(crate) const HOLDER_CARD_DATA: &str = "Enter the name as it appears on the card";
pub(crate) const FORM_UNREADABLE: &str =
    "This page was out of date or could not be read. You have not been charged. Enter your card again.";
pub(crate) const SUMMARY_TITLE: &str = "Please check your details. You have not been charged.";

pub(crate) const BILLING_ADDRESS: &str = "Billing address";
pub(crate) const SHIPPING_ADDRESS: &str = "Delivery address";
pub(crate) const OPTIONAL: &str = "(optional)";
pub(crate) const COUNTRY_HINT: &str = "Two letters, for example MY";
pub(crate) const COUNTRY_WRONG: &str = "Enter the two letters of the country, for example MY";
pub(crate) const EMAIL_WRONG: &str = "Enter an email address like name@example.com";
pub(crate) const DETAIL_CARD_DATA: &str = "Do not enter card details here";

/// "Enter your full name".
pub(crate) fn enter(label: &str) -> String {
    format!("Enter your {}", label.to_lowercase())
}

/// "City is too long. Use at most 128 characters".
pub(crate) fn at_most(label: &str, limit: usize) -> String {
    format!("{label} is too long. Use at most {limit} characters")
}

/// "American Express is not accepted here".
pub(crate) fn brand_not_accepted(brand: Brand) -> String {
    format!("{} is not accepted here", brand.label())
}

/// How long the code of this brand is.
pub(crate) const fn cvc_wrong(brand: Brand) -> &'static str {
    match brand {
        Brand::Unknown => CVC_EMPTY,
        Brand::Amex => "Enter the 4-digit security code",
        Brand::Visa
        | Brand::Mastercard
        | Brand::Diners
        | Brand::Discover
        | Brand::Jcb
        | Brand::UnionPay
        | Brand::Maestro => "Enter the 3-digit security code",
    }
}

// Failed tries.

pub(crate) const DECLINED_NUMBER: &str =
    "Check the card number. You have not been charged. Try again, or use another card.";
pub(crate) const DECLINED_CVC: &str =
    "Check the security code. You have not been charged. Try again, or use another card.";
pub(crate) const DECLINED_EXPIRY: &str =
    "Check the expiry date. You have not been charged. Try again, or use another card.";
pub(crate) const DECLINED_EXPIRED: &str = "This card has expired. You have not been charged. Use another card.";
pub(crate) const DECLINED_BY_BANK: &str =
    "Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.";
pub(crate) const DECLINED_BY_LIMIT: &str = "Your bank declined this payment because of available balance or a limit. \
                                            You have not been charged. Use another card or contact your bank.";
pub(crate) const DECLINED_HOLDER: &str =
    "Check the name on the card. You have not been charged. Try again, or use another card.";
pub(crate) const DECLINED_SAVED: &str =
    "This saved card can no longer be used. You have not been charged. Use another card.";
pub(crate) const DECLINED_UNCONFIRMED: &str =
    "We could not confirm this payment with your bank. You have not been charged. Try again, or use another card.";
pub(crate) const DECLINED_NO_ANSWER: &str =
    "The bank is not answering. You have not been charged. Try again in a few minutes.";
pub(crate) const DECLINED_UNDONE: &str = "The bank did not answer in time, so we cancelled this try. You have not been \
                                          charged. Try again in a few minutes.";
pub(crate) const DECLINED_BY_SHOP: &str =
    "This shop cannot take this card right now. You have not been charged. Choose another way to pay, or another card.";

// The form.

pub(crate) const ERROR_PREFIX: &str = "Error: ";
pub(crate) const TEST_BAND: &str = "Test mode - no money moves";
pub(crate) const TEST_HINT: &str = "Try card 4444 3333 2222 1111 with any later date and code 123.";
pub(crate) const REFERENCE: &str = "Reference";
pub(crate) const NOTES: &str = "Notes from the seller";
pub(crate) const DISCOUNT: &str = "Discount";
pub(crate) const TAX: &str = "Tax";
pub(crate) const SUBTOTAL: &str = "Subtotal";
pub(crate) const DEBT: &str = "Earlier balance";
pub(crate) const CREDIT: &str = "Credit";
pub(crate) const ADJUSTMENT: &str = "Adjustment by the seller";
pub(crate) const TOTAL: &str = "Total";
pub(crate) const DETAILS: &str = "Your details";
pub(crate) const CARD: &str = "Card details";
pub(crate) const ACCEPTED: &str = "Accepted:";
pub(crate) const HOLD_NOTE: &str = "The amount is reserved on your card now. The seller takes it later.";
pub(crate) const VERIFY_NOTE: &str = "Your card is checked and saved. No money is taken now.";
pub(crate) const REMEMBER_START: &str = "Save this card with";
pub(crate) const REMEMBER_END: &str = "for next time. Your security code is never stored.";
pub(crate) const KEPT_START: &str = "Your card will be saved with";
pub(crate) const KEPT_END: &str = "for later payments. Your security code is never stored.";
pub(crate) const BUSY: &str = "Processing...";
pub(crate) const BUSY_LIVE: &str = "Processing your payment";
pub(crate) const RETURN: &str = "Return to seller";
pub(crate) const FOOTER: &str = "Payment page by Tollgate";
pub(crate) const THE_SELLER: &str = "the seller";

/// The line that opens the order on a small screen.
pub(crate) fn show_order(total: &str) -> String {
    format!("Show order - {total}")
}

pub(crate) const SAVED_CARDS: &str = "Pay with";
pub(crate) const ANOTHER_CARD: &str = "Use another card";
pub(crate) const EXPIRED_BADGE: &str = "Expired";

/// "Expires 08/28".
pub(crate) fn expires(expiry: Expiry) -> String {
    format!("Expires {:02}/{:02}", expiry.month, expiry.year % 100)
}

/// On the pay button, after what it does.
pub(crate) fn with_card(brand: Brand, last4: &str) -> String {
    format!("with {} {last4}", brand.label())
}

/// On the pay button, and in the title.
pub(crate) fn pay(amount: &str) -> String {
    format!("Pay {amount}")
}

/// On the pay button when the money is only reserved.
pub(crate) fn hold(amount: &str) -> String {
    format!("Hold {amount}")
}

/// On the pay button when there is nothing to pay.
pub(crate) const SAVE_CARD: &str = "Save card";

/// Until when it can be paid.
pub(crate) fn payable_until(moment: &str) -> String {
    format!("Payable until {moment}")
}

/// It is late, and can still be paid.
pub(crate) fn was_due(day: &str) -> String {
    format!("This payment was due {day}. You can still pay it.")
}

// Results.

pub(crate) const SUCCESSFUL: &str = "Payment successful";
pub(crate) const RESERVED: &str = "Amount reserved, not yet taken";
pub(crate) const RESERVED_BODY: &str = "The seller takes it later, or lets it go.";
pub(crate) const CARD_SAVED: &str = "Card saved";
pub(crate) const CARD_SAVED_BODY: &str = "No money was taken.";
pub(crate) const NOT_PAID: &str = "Payment not completed";
pub(crate) const NOT_TRIED: &str = "This payment has not been made yet. You have not been charged.";
pub(crate) const PAID_ELSEWHERE: &str = "Payment received";
pub(crate) const PAID_ELSEWHERE_BODY: &str = "The seller received it outside this page.";
pub(crate) const TAKEN: &str = "Charged";
pub(crate) const REFUNDED: &str = "Refunded";
pub(crate) const ASKED_BY_BANK: &str = "Your bank asks you to confirm this payment";
pub(crate) const ASKED_BY_BANK_BODY: &str =
    "You have not been charged. The payment goes on once you have confirmed it.";
pub(crate) const PROCESSING: &str = "Processing your payment";
pub(crate) const PROCESSING_BODY: &str =
    "This can take a moment. Please do not pay again. This page updates by itself.";
pub(crate) const ELSEWHERE: &str = "This payment is being processed in another window";
pub(crate) const CHECKING: &str = "We are checking this payment with your bank";
pub(crate) const DO_NOT_PAY_AGAIN: &str = "Please do not pay again.";
pub(crate) const WILL_EMAIL: &str = "We will email you.";
pub(crate) const COME_BACK: &str = "Open this page again later to see the result.";
pub(crate) const EXPIRED: &str = "This payment link has expired.";
pub(crate) const CANCELLED: &str = "The seller cancelled this payment.";
pub(crate) const CLOSED: &str = "This payment can no longer be made here.";
pub(crate) const NOT_CHARGED: &str = "You have not been charged.";
pub(crate) const CONTACT_SELLER: &str = "Contact the seller for a new link.";
pub(crate) const RECEIPT: &str = "View receipt";
pub(crate) const TRY_AGAIN: &str = "Try again";
pub(crate) const AMOUNT: &str = "Amount";
pub(crate) const PAID_WITH: &str = "Card";
pub(crate) const DATE: &str = "Date";
pub(crate) const REDIRECTING: &str = "You will be taken back to the seller in a moment.";

/// "Paid on 3 March 2027".
pub(crate) fn paid_on(day: &str) -> String {
    format!("Paid on {day}")
}

/// "RM 5.00 on 3 March 2027".
pub(crate) fn amount_on(amount: &str, day: &str) -> String {
    format!("{amount} on {day}")
}

/// The link back to the merchant.
pub(crate) fn continue_to(host: &str) -> String {
    format!("Continue to {host}")
}

/// "Visa ending 1111".
pub(crate) fn card_ending(brand: Brand, last4: &str) -> String {
    format!("{} ending {last4}", brand.label())
}

// Asked by the bank: our page before it, the test bank's own, and the way back.

pub(crate) const DO_NOT_CLOSE: &str = "Do not close this page.";
pub(crate) const CHALLENGE_BODY: &str =
    "Your bank wants to make sure that it is you. You have 10 minutes. You have not been charged yet.";
pub(crate) const CONTINUE_TO_BANK: &str = "Continue to your bank";
pub(crate) const CANCEL_CHALLENGE: &str = "Cancel this payment";
pub(crate) const ACS_BAND: &str = "Test bank - simulation";
pub(crate) const ACS_ISSUER: &str = "Test bank";
pub(crate) const ACS_TITLE: &str = "Confirm your payment";
pub(crate) const ACS_MERCHANT: &str = "Merchant";
pub(crate) const ACS_CODE: &str = "One-time code";
pub(crate) const ACS_CODE_HINT: &str = "Nothing is sent: in this simulation the code is 1234.";
pub(crate) const ACS_CODE_EMPTY: &str = "Enter the code";
pub(crate) const ACS_RESENT: &str = "We sent a new code. In this simulation it is 1234 again.";
pub(crate) const ACS_VERIFY: &str = "Verify";
pub(crate) const ACS_CANCEL: &str = "Cancel";
pub(crate) const ACS_HELP: &str = "Need help?";
pub(crate) const ACS_HELP_BODY: &str = "A real bank sends the code to your phone. This page only simulates one: no code is \
                                        sent and no money moves. Cancel takes you back to the payment.";
pub(crate) const ACS_TESTER: &str = "Choose a result";
pub(crate) const ACS_TESTER_BODY: &str = "For tests: end this authentication at once.";
/// What a tester may choose: the value sent and what it means.
pub(crate) const ACS_RESULTS: [(&str, &str); 6] = [
    ("Y", "Y: authenticated"),
    ("N", "N: not authenticated"),
    ("U", "U: could not be done"),
    ("R", "R: rejected by the bank"),
    ("timeout", "The bank does not answer"),
    ("cancel", "The payer cancels"),
];
pub(crate) const ACS_DONE: &str = "Back to your payment";
pub(crate) const ACS_DONE_BODY: &str = "Your bank has finished. Do not close this page.";
pub(crate) const CONTINUE: &str = "Continue";

/// How many wrong codes are left.
pub(crate) fn wrong_code(tries_left: u32) -> String {
    match tries_left {
        1 => "This code is wrong. 1 try left".to_owned(),
        left => format!("This code is wrong. {left} tries left"),
    }
}

/// On the button that asks for another code.
pub(crate) fn resend(left: u32) -> String {
    format!("Resend code ({left} left)")
}

// Nothing to show.

pub(crate) const UNKNOWN: &str = "Page not found";
pub(crate) const UNKNOWN_BODY: &str =
    "This payment link does not exist. Check that you copied all of it, or ask the seller for a new one.";
pub(crate) const BUSY_PAGE: &str = "We are very busy";
pub(crate) const BUSY_PAGE_BODY: &str = "You have not been charged. Please try again in a minute.";
pub(crate) const BROKEN: &str = "Something went wrong on our side";
pub(crate) const BROKEN_BODY: &str = "You have not been charged. Please try again in a few minutes.";
pub(crate) const BROKEN_UNSURE: &str = "We do not know yet whether you were charged. Please do not pay again. Open the \
                                        payment link later: it will show the result.";

// Invoice and receipt.

/// "Refunded 3 March 2027".
pub(crate) fn refunded_on(day: &str) -> String {
    format!("Refunded {day}")
}

pub(crate) const INVOICE: &str = "Invoice";
pub(crate) const RECEIPT_TITLE: &str = "Receipt";
pub(crate) const TEST_MARK: &str = "TEST";
pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const NUMBER: &str = "Payment id";
pub(crate) const ISSUED: &str = "Issued";
pub(crate) const DUE: &str = "Due";
pub(crate) const PAID_AT: &str = "Paid";
pub(crate) const ITEM: &str = "Item";
pub(crate) const QUANTITY: &str = "Quantity";
pub(crate) const UNIT_PRICE: &str = "Unit price";
pub(crate) const REGISTRATION: &str = "Registration no.";
pub(crate) const TAX_NUMBER: &str = "Tax no.";
pub(crate) const STAMP_PAID: &str = "Paid";
pub(crate) const STAMP_REFUNDED: &str = "Refunded";
pub(crate) const STAMP_PARTLY_REFUNDED: &str = "Partly refunded";
pub(crate) const STAMP_CLOSED: &str = "Closed";
pub(crate) const AFTER_REFUNDS: &str = "Paid after refunds";
pub(crate) const STAMP_RESERVED: &str = "Reserved, not yet taken";
pub(crate) const STAMP_SAVED: &str = "Card saved";
pub(crate) const STAMP_PROCESSING: &str = "Being processed - do not pay again";
pub(crate) const STAMP_CANCELLED: &str = "Cancelled - not charged";
pub(crate) const STAMP_EXPIRED: &str = "Expired - not charged";
pub(crate) const STAMP_OVERDUE: &str = "Overdue";
pub(crate) const STAMP_OPEN: &str = "To be paid";
