//! Every message of the pages. The words themselves are in `locales/`, one file per language; the wordings in English
//! are those of checkout-ux 2, 3, 5, 6 and 7.
//!
//! A message without arguments is a constant, one with arguments a function: a page cannot name a message that is not
//! here, and a test holds every language to this list.

use crate::words::{Argument, Message};

macro_rules! messages {
    ($($name:ident $(($($argument:ident),+))? = $id:literal;)+) => {
        $(message!($name $(($($argument),+))? = $id);)+

        /// Identifiers, and the arguments each message takes.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &[&str])] = &[$(($id, &[$($(stringify!($argument)),+)?])),+];
    };
}

macro_rules! message {
    ($name:ident = $id:literal) => {
        pub(crate) const $name: Message = Message::new($id, Vec::new());
    };
    ($name:ident($($argument:ident),+) = $id:literal) => {
        pub(crate) fn $name($($argument: impl Into<Argument>),+) -> Message {
            Message::new($id, vec![$((stringify!($argument), $argument.into())),+])
        }
    };
}

messages! {
    // Fields and their errors.
    CARD_NUMBER = "card-number";
    EXPIRES = "expires";
    EXPIRES_HINT = "expires-hint";
    CVC = "cvc";
    CVC_HINT = "cvc-hint";
    HOLDER = "holder";
    NUMBER_EMPTY = "number-empty";
    NUMBER_NOT_DIGITS = "number-not-digits";
    NUMBER_TOO_SHORT = "number-too-short";
    NUMBER_TOO_LONG = "number-too-long";
    NUMBER_LUHN = "number-luhn";
    brand_not_accepted(brand) = "brand-not-accepted";
    EXPIRY_UNREADABLE = "expiry-unreadable";
    EXPIRY_MONTH = "expiry-month";
    EXPIRY_PAST = "expiry-past";
    EXPIRY_FAR = "expiry-far";
    CVC_EMPTY = "cvc-empty";
    CVC_THREE = "cvc-three";
    CVC_FOUR = "cvc-four";
    HOLDER_WRONG = "holder-wrong";
    HOLDER_NOT_LATIN = "holder-not-latin";
    HOLDER_TOO_LONG = "holder-too-long";
    HOLDER_CARD_DATA = "holder-card-data";
    FORM_UNREADABLE = "form-unreadable";
    SUMMARY_TITLE = "summary-title";
    TWO_BRANDS = "two-brands";
    ONE_BRAND = "one-brand";
    BILLING_ADDRESS = "billing-address";
    SHIPPING_ADDRESS = "shipping-address";

    // What a merchant asks of the payer beside the card.
    OPTIONAL = "optional";
    COUNTRY_CHOOSE = "country-choose";
    EMAIL_WRONG = "email-wrong";
    DETAIL_CARD_DATA = "detail-card-data";
    at_most(label, limit) = "at-most";
    EMAIL = "email";
    ENTER_EMAIL = "enter-email";
    PHONE = "phone";
    ENTER_PHONE = "enter-phone";
    FULL_NAME = "full-name";
    ENTER_FULL_NAME = "enter-full-name";
    PERSONAL_CODE = "personal-code";
    ENTER_PERSONAL_CODE = "enter-personal-code";
    LEGAL_NAME = "legal-name";
    ENTER_LEGAL_NAME = "enter-legal-name";
    COMPANY = "company";
    ENTER_COMPANY = "enter-company";
    REGISTRATION_NUMBER = "registration-number";
    ENTER_REGISTRATION_NUMBER = "enter-registration-number";
    TAX_NUMBER = "tax-number";
    ENTER_TAX_NUMBER = "enter-tax-number";
    BANK_ACCOUNT = "bank-account";
    ENTER_BANK_ACCOUNT = "enter-bank-account";
    BANK_CODE = "bank-code";
    ENTER_BANK_CODE = "enter-bank-code";
    COUNTRY = "country";
    ENTER_COUNTRY = "enter-country";
    STREET = "street";
    ENTER_STREET = "enter-street";
    POSTAL_CODE = "postal-code";
    ENTER_POSTAL_CODE = "enter-postal-code";
    CITY = "city";
    ENTER_CITY = "enter-city";
    STATE = "state";
    ENTER_STATE = "enter-state";

    // Failed tries.
    DECLINED_NUMBER = "declined-number";
    DECLINED_CVC = "declined-cvc";
    DECLINED_EXPIRY = "declined-expiry";
    DECLINED_EXPIRED = "declined-expired";
    DECLINED_BY_BANK = "declined-by-bank";
    DECLINED_BY_LIMIT = "declined-by-limit";
    DECLINED_HOLDER = "declined-holder";
    DECLINED_SAVED = "declined-saved";
    DECLINED_UNCONFIRMED = "declined-unconfirmed";
    DECLINED_NO_ANSWER = "declined-no-answer";
    DECLINED_UNDONE = "declined-undone";
    DECLINED_BY_SHOP = "declined-by-shop";

    // The form.
    error_title(title) = "error-title";
    TEST_BAND = "test-band";
    test_hint(card) = "test-hint";
    REFERENCE = "reference";
    reference_is(reference) = "reference-is";
    NOTES = "notes";
    DISCOUNT = "discount";
    TAX = "tax";
    SUBTOTAL = "subtotal";
    DEBT = "debt";
    CREDIT = "credit";
    ADJUSTMENT = "adjustment";
    TOTAL = "total";
    DETAILS = "details";
    CARD = "card";
    ACCEPTED = "accepted";
    HOLD_NOTE = "hold-note";
    VERIFY_NOTE = "verify-note";
    remember(seller) = "remember";
    REMEMBER_UNNAMED = "remember-unnamed";
    kept(seller) = "kept";
    KEPT_UNNAMED = "kept-unnamed";
    BUSY = "busy";
    BUSY_LIVE = "busy-live";
    return_to(host) = "return-to";
    back_to(host) = "back-to";
    FOOTER = "footer";
    LANGUAGE = "language";
    show_order(total) = "show-order";
    SAVED_CARDS = "saved-cards";
    ANOTHER_CARD = "another-card";
    EXPIRED_BADGE = "expired-badge";
    expires_on(date) = "expires-on";
    with_card(brand, last4) = "with-card";
    pay(amount) = "pay";
    hold(amount) = "hold";
    SAVE_CARD = "save-card";
    payable_until(moment) = "payable-until";
    was_due(day) = "was-due";

    // Several ways to pay.
    METHODS = "methods";
    METHOD_CARD = "method-card";
    METHOD_WALLET = "method-wallet";
    METHOD_PAY_LATER = "method-pay-later";
    METHOD_BANK = "method-bank";
    CHOOSE_BANK = "choose-bank";
    BANK_MISSING = "bank-missing";
    bank_down(bank) = "bank-down";
    BANK_UNAVAILABLE = "bank-unavailable";
    MORE_METHODS = "more-methods";
    LEAVE_PARTNER = "leave-partner";
    DECLINED_ELSEWHERE = "declined-elsewhere";
    LEFT_PARTNER = "left-partner";
    PARTNER_TIME_UP = "partner-time-up";
    partner_confirms(partner) = "partner-confirms";
    NOTHING_OFFERED = "nothing-offered";
    GIFT_CARDS = "gift-cards";
    ADD_GIFT_CARD = "add-gift-card";
    GIFT_KIND = "gift-kind";
    GIFT_NUMBER = "gift-number";
    GIFT_CODE = "gift-code";
    USE_GIFT_CARD = "use-gift-card";
    REMOVE = "remove";
    LEFT_TO_PAY = "left-to-pay";
    GIFT_COVERS = "gift-covers";
    GIFT_NUMBER_WRONG = "gift-number-wrong";
    GIFT_CODE_WRONG = "gift-code-wrong";
    GIFT_REFUSED = "gift-refused";
    GIFT_EMPTY = "gift-empty";
    GIFT_TWICE = "gift-twice";
    GIFT_KIND_FULL = "gift-kind-full";
    GIFT_FULL = "gift-full";
    GIFT_OVERFULL = "gift-overfull";
    GIFT_NO_ANSWER = "gift-no-answer";
    GIFT_CHANGED = "gift-changed";
    ORDER_PAID = "order-paid";
    AT_PARTNER = "at-partner";
    AT_PARTNER_BODY = "at-partner-body";
    AT_PARTNER_WAITS = "at-partner-waits";
    YOU_CANCELLED = "you-cancelled";
    PENDING = "pending";
    PENDING_BODY = "pending-body";
    DECLINED_BY_PARTNER = "declined-by-partner";
    DECLINED_GIFT_CARD = "declined-gift-card";
    GIVEN_BACK = "given-back";

    // Results.
    SUCCESSFUL = "successful";
    RESERVED = "reserved";
    RESERVED_BODY = "reserved-body";
    CARD_SAVED = "card-saved";
    CARD_SAVED_BODY = "card-saved-body";
    NOT_PAID = "not-paid";
    NOT_TRIED = "not-tried";
    PAID_ELSEWHERE = "paid-elsewhere";
    PAID_ELSEWHERE_BODY = "paid-elsewhere-body";
    TAKEN = "taken";
    REFUNDED = "refunded";
    ASKED_BY_BANK = "asked-by-bank";
    ASKED_BY_BANK_BODY = "asked-by-bank-body";
    PROCESSING = "processing";
    PROCESSING_BODY = "processing-body";
    ELSEWHERE = "elsewhere";
    CHECKING = "checking";
    DO_NOT_PAY_AGAIN = "do-not-pay-again";
    WILL_EMAIL = "will-email";
    COME_BACK = "come-back";
    EXPIRED = "expired";
    CANCELLED = "cancelled";
    CLOSED = "closed";
    NOT_CHARGED = "not-charged";
    CONTACT_SELLER = "contact-seller";
    RECEIPT = "receipt";
    TRY_AGAIN = "try-again";
    AMOUNT = "amount";
    PAID_WITH = "paid-with";
    DATE = "date";
    REDIRECTING = "redirecting";
    paid_on(day) = "paid-on";
    amount_on(amount, day) = "amount-on";
    continue_to(host) = "continue-to";
    card_ending(brand, last4) = "card-ending";

    // Asked by the bank: our page before it, the test bank's own, and the way back.
    DO_NOT_CLOSE = "do-not-close";
    CHALLENGE_BODY = "challenge-body";
    CONTINUE_TO_BANK = "continue-to-bank";
    CONTINUE_SOON = "continue-soon";
    BANK_FRAME = "bank-frame";
    OPEN_IN_FULL = "open-in-full";
    STILL_THERE = "still-there";
    STILL_THERE_BODY = "still-there-body";
    STILL_HERE = "still-here";
    STOP_PAYMENT = "stop-payment";
    KEEP_GOING = "keep-going";
    CONFIRM_WITH_BANK = "confirm-with-bank";
    VERIFY_AGAIN = "verify-again";
    CANCEL_CHALLENGE = "cancel-challenge";
    ACS_BAND = "acs-band";
    ACS_ISSUER = "acs-issuer";
    ACS_TITLE = "acs-title";
    ACS_MERCHANT = "acs-merchant";
    ACS_CODE = "acs-code";
    ACS_CODE_HINT = "acs-code-hint";
    ACS_CODE_EMPTY = "acs-code-empty";
    ACS_RESENT = "acs-resent";
    ACS_VERIFY = "acs-verify";
    ACS_CANCEL = "acs-cancel";
    ACS_HELP = "acs-help";
    ACS_HELP_BODY = "acs-help-body";
    ACS_TESTER = "acs-tester";
    ACS_TESTER_BODY = "acs-tester-body";
    ACS_RESULT_Y = "acs-result-y";
    ACS_RESULT_N = "acs-result-n";
    ACS_RESULT_U = "acs-result-u";
    ACS_RESULT_R = "acs-result-r";
    ACS_RESULT_TIMEOUT = "acs-result-timeout";
    ACS_RESULT_CANCEL = "acs-result-cancel";
    ACS_DONE = "acs-done";
    ACS_DONE_BODY = "acs-done-body";
    ACQUIRER_WALLET = "acquirer-wallet";
    ACQUIRER_LENDER = "acquirer-lender";
    ACQUIRER_BODY = "acquirer-body";
    ACQUIRER_APPROVE = "acquirer-approve";
    ACQUIRER_REFUSE = "acquirer-refuse";
    ACQUIRER_LATER = "acquirer-later";
    ACQUIRER_DONE = "acquirer-done";
    CONTINUE = "continue";
    wrong_code(left) = "wrong-code";
    resend(left) = "resend";

    // Nothing to show.
    UNKNOWN = "unknown";
    UNKNOWN_BODY = "unknown-body";
    BUSY_PAGE = "busy-page";
    BUSY_PAGE_BODY = "busy-page-body";
    BROKEN = "broken";
    BROKEN_BODY = "broken-body";
    BROKEN_UNSURE = "broken-unsure";

    // Invoice and receipt.
    refunded_on(day) = "refunded-on";
    INVOICE = "invoice";
    RECEIPT_TITLE = "receipt-title";
    TEST_MARK = "test-mark";
    FROM = "from";
    TO = "to";
    NUMBER = "number";
    ISSUED = "issued";
    DUE = "due";
    PAID_AT = "paid-at";
    ITEM = "item";
    QUANTITY = "quantity";
    UNIT_PRICE = "unit-price";
    registration(number) = "registration";
    tax_registration(number) = "tax-registration";
    STAMP_PAID = "stamp-paid";
    STAMP_REFUNDED = "stamp-refunded";
    STAMP_PARTLY_REFUNDED = "stamp-partly-refunded";
    STAMP_CLOSED = "stamp-closed";
    AFTER_REFUNDS = "after-refunds";
    STAMP_RESERVED = "stamp-reserved";
    STAMP_SAVED = "stamp-saved";
    STAMP_PROCESSING = "stamp-processing";
    STAMP_CANCELLED = "stamp-cancelled";
    STAMP_EXPIRED = "stamp-expired";
    STAMP_OVERDUE = "stamp-overdue";
    STAMP_OPEN = "stamp-open";
    PDF = "pdf";
    INVOICE_NUMBER = "invoice-number";
    stated(label) = "stated";
    tax_at(rate) = "tax-at";
    REFUND_TITLE = "refund-title";
    refund_receipt(day) = "refund-receipt";
    REFUNDED_AT = "refunded-at";
    REFUND_NUMBER = "refund-number";
    ACQUIRER_REFERENCE = "acquirer-reference";
    METHOD = "method";

    // Mail.
    mail_invoice(seller, amount) = "mail-invoice";
    mail_receipt(seller, amount) = "mail-receipt";
    mail_refund(seller, amount) = "mail-refund";
    mail_asks(seller, amount) = "mail-asks";
    mail_paid(amount, seller) = "mail-paid";
    mail_refunded(seller, amount) = "mail-refunded";
    MAIL_REFUND_DAYS = "mail-refund-days";
    mail_sent_for(seller) = "mail-sent-for";

    // Days and times.
    day(day, month, year) = "day";
    moment(time, day, zone) = "moment";
    zone_of(city) = "zone-of";
}
