### The words of the payer's pages in English.
###
### How to change them or add a language: see CONTRIBUTING.md.

## Fields and their errors

card-number = Card number
expires = Expiry date
expires-hint = MM/YY
cvc = Security code
cvc-hint = 3 digits on the back. American Express: 4 digits on the front
holder = Name on card
number-empty = Enter your card number
number-not-digits = Enter the card number using digits only
number-too-short = Card number is too short. Check the digits
number-too-long = Card number is too long. Check the digits
number-luhn = Check the card number. One digit may be wrong
brand-not-accepted = { $brand } is not accepted here
expiry-unreadable = Enter the expiry date as MM/YY, for example 08/28
expiry-month = Enter a month from 01 to 12
expiry-past = This card has expired. Use another card
expiry-far = Check the expiry year
cvc-empty = Enter the 3-digit security code (American Express: 4-digit)
cvc-three = Enter the 3-digit security code
cvc-four = Enter the 4-digit security code
holder-wrong = Enter the name on the card, using letters only
holder-not-latin = Enter the name in Latin letters, as it appears on the card
holder-too-long = Enter at most 30 letters of the name
holder-card-data = Enter the name as it appears on the card
form-unreadable = This page was out of date or could not be read. You have not been charged. Enter your card again.
summary-title = Please check your details. You have not been charged.
two-brands = Your card has two brands. Pay with
one-brand = My card has one brand
billing-address = Billing address
shipping-address = Delivery address

## What a merchant asks of the payer beside the card

optional = (optional)
country-choose = Choose a country
email-wrong = Enter an email address like name@example.com
detail-card-data = Do not enter card details here
at-most = { $label } is too long. Use at most { $limit } characters
email = Email
enter-email = Enter your email
phone = Phone
enter-phone = Enter your phone
full-name = Full name
enter-full-name = Enter your full name
personal-code = Personal code
enter-personal-code = Enter your personal code
legal-name = Registered company name
enter-legal-name = Enter your registered company name
company = Company name
enter-company = Enter your company name
registration-number = Company registration number
enter-registration-number = Enter your company registration number
tax-number = Tax number
enter-tax-number = Enter your tax number
bank-account = Bank account number
enter-bank-account = Enter your bank account number
bank-code = Bank code
enter-bank-code = Enter your bank code
country = Country
enter-country = Enter your country
street = Street and number
enter-street = Enter your street and number
postal-code = Postal code
enter-postal-code = Enter your postal code
city = City
enter-city = Enter your city
state = State or region
enter-state = Enter your state or region

## Failed tries

declined-number = Check the card number. You have not been charged. Try again, or use another card.
declined-cvc = Check the security code. You have not been charged. Try again, or use another card.
declined-expiry = Check the expiry date. You have not been charged. Try again, or use another card.
declined-expired = This card has expired. You have not been charged. Use another card.
declined-by-bank = Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
declined-by-limit = Your bank declined this payment because of available balance or a limit. You have not been charged. Use another card or contact your bank.
declined-holder = Check the name on the card. You have not been charged. Try again, or use another card.
declined-saved = This saved card can no longer be used. You have not been charged. Use another card.
declined-unconfirmed = We could not confirm this payment with your bank. You have not been charged. Try again, or use another card.
declined-no-answer = The bank is not answering. You have not been charged. Try again in a few minutes.
declined-undone = The bank did not answer in time, so we cancelled this try. You have not been charged. Try again in a few minutes.
declined-by-shop = This shop cannot take this card right now. You have not been charged. Choose another way to pay, or another card.

## The form

error-title = Error: { $title }
test-band = Test mode - no money moves
test-hint = Try card { $card } with any later date and code 123.
reference = Reference
reference-is = Reference: { $reference }
notes = Notes from the seller
discount = Discount
tax = Tax
subtotal = Subtotal
debt = Earlier balance
credit = Credit
adjustment = Adjustment by the seller
total = Total
details = Your details
card = Card details
accepted = Accepted:
hold-note = The amount is reserved on your card now. The seller takes it later.
verify-note = Your card is checked and saved. No money is taken now.
remember = Save this card with { $seller } for next time. Your security code is never stored.
remember-unnamed = Save this card with the seller for next time. Your security code is never stored.
kept = Your card will be saved with { $seller } for later payments. Your security code is never stored.
kept-unnamed = Your card will be saved with the seller for later payments. Your security code is never stored.
busy = Processing...
busy-live = Processing your payment
return-to = Return to seller ({ $host })
back-to = Back to { $host }
footer = Payment page by Tollgate
language = Language
show-order = Show order - { $total }
saved-cards = Pay with
another-card = Use another card
expired-badge = Expired
expires-on = Expires { $date }
with-card = with { $brand } { $last4 }
pay = Pay { $amount }
hold = Hold { $amount }
save-card = Save card
payable-until = Payable until { $moment }
was-due = This payment was due { $day }. You can still pay it.

## Several ways to pay

methods = How do you want to pay?
method-card = Card
method-wallet = Wallet
method-pay-later = Pay in instalments
method-bank = Bank transfer
partner-confirms = You will be led to { $partner } to confirm the payment there.
choose-bank = Your bank
bank-missing = Choose your bank
bank-down = { $bank } (not available now)
bank-unavailable = This bank takes no payments right now. Choose another one
more-methods = More ways to pay
leave-partner = Choose another way to pay
declined-elsewhere = The payment was not approved. You have not been charged. Try again, or choose another way to pay.
left-partner = You did not confirm the payment. You have not been charged. Try again, or choose another way to pay.
partner-time-up = The payment was not confirmed in time, so we cancelled this try. You have not been charged. Try again, or choose another way to pay.
nothing-offered = This shop cannot take this payment right now. You have not been charged.
gift-cards = Gift cards
add-gift-card = Add a gift card
gift-kind = Kind of gift card
gift-number = Gift card number
gift-code = Gift card code
use-gift-card = Use this card
remove = Remove
left-to-pay = Left to pay
gift-covers = Your gift cards cover the whole amount.
gift-number-wrong = Enter the gift card number: 16 to 19 digits
gift-code-wrong = Enter the code of the gift card
gift-refused = Check number and code. This gift card was not found
gift-empty = There is nothing left on this gift card
gift-twice = You have already added this gift card
gift-kind-full = No more gift cards of this kind can be used for this payment
gift-full = No more gift cards can be used for this payment
gift-overfull = Remove a gift card: with so many of them, nothing else can pay the rest.
gift-no-answer = The balance could not be read. Try again in a minute
gift-changed = The balance of a gift card has changed. You have not been charged. Check the amounts and pay again.
order-paid = This order has already been paid. You have not been charged.
at-partner = Confirm this payment on the next page
at-partner-body = You will be taken there in a moment. You have not been charged yet.
at-partner-waits = The payment waits for you there. You have not been charged yet.
you-cancelled = You cancelled this payment.
pending = This payment is not confirmed yet
pending-body = That can take a while. Please do not pay again: the seller will be told the result.
declined-by-partner = The payment was not approved. You have not been charged.
declined-gift-card = A gift card was not accepted. You have not been charged.
given-back = What was reserved on your gift cards is given back.

## Results

successful = Payment successful
reserved = Amount reserved, not yet taken
reserved-body = The seller takes it later, or lets it go.
card-saved = Card saved
card-saved-body = No money was taken.
not-paid = Payment not completed
not-tried = This payment has not been made yet. You have not been charged.
paid-elsewhere = Payment received
paid-elsewhere-body = The seller received it outside this page.
taken = Charged
refunded = Refunded
asked-by-bank = Your bank asks you to confirm this payment
asked-by-bank-body = You have not been charged. The payment goes on once you have confirmed it.
processing = Processing your payment
processing-body = This can take a moment. Please do not pay again. This page updates by itself.
elsewhere = This payment is being processed in another window
checking = We are checking this payment with your bank
do-not-pay-again = Please do not pay again.
will-email = We will email you.
come-back = Open this page again later to see the result.
expired = This payment link has expired.
cancelled = The seller cancelled this payment.
closed = This payment can no longer be made here.
not-charged = You have not been charged.
contact-seller = Contact the seller for a new link.
receipt = View receipt
try-again = Try again
amount = Amount
paid-with = Card
date = Date
redirecting = You will be taken back to the seller in a moment.
paid-on = Paid on { $day }
amount-on = { $amount } on { $day }
continue-to = Continue to { $host }
card-ending = { $brand } ending { $last4 }

## Asked by the bank: our page before it, the test bank's own, and the way back

do-not-close = Do not close this page.
challenge-body = Your bank wants to make sure that it is you. You have 10 minutes. You have not been charged yet.
continue-to-bank = Continue to your bank
continue-soon = Your bank waits half a minute for you to come.
bank-frame = Your bank's verification
open-in-full = Problems? Open the bank page in full
still-there = Still there?
still-there-body = Your bank waits two more minutes. You have not been charged yet.
still-here = I am still here
stop-payment = Stop this payment?
keep-going = Keep going
confirm-with-bank = Confirm this payment with your bank
verify-again = This page was out of date. You have not been charged. Try again.
cancel-challenge = Cancel this payment
acs-band = Test bank - simulation
acs-issuer = Test bank
acs-title = Confirm your payment
acs-merchant = Merchant
acs-code = One-time code
acs-code-hint = Nothing is sent: in this simulation the code is 1234.
acs-code-empty = Enter the code
acs-resent = We sent a new code. In this simulation it is 1234 again.
acs-verify = Verify
acs-cancel = Cancel
acs-help = Need help?
acs-help-body = A real bank sends the code to your phone. This page only simulates one: no code is sent and no money moves. Cancel takes you back to the payment.
acs-tester = Choose a result
acs-tester-body = For tests: end this authentication at once.
acs-result-y = Approve (Y)
acs-result-n = Fail (N)
acs-result-u = Could not be done (U)
acs-result-r = Reject (R)
acs-result-timeout = Time out
acs-result-cancel = The payer cancels
acs-done = Back to your payment
acs-done-body = Your bank has finished. Do not close this page.
acquirer-wallet = Test wallet
acquirer-lender = Test lender
acquirer-body = This page only simulates one: choose how it ends. No money moves.
acquirer-approve = Approve
acquirer-refuse = Refuse
acquirer-later = Later (approved after half a minute)
acquirer-done = There is nothing left to decide here. Do not close this page.
continue = Continue
wrong-code =
    { $left ->
        [one] This code is wrong. { $left } try left
       *[other] This code is wrong. { $left } tries left
    }
resend = Resend code ({ $left } left)

## Nothing to show

unknown = Page not found
unknown-body = This payment link does not exist. Check that you copied all of it, or ask the seller for a new one.
busy-page = We are very busy
busy-page-body = You have not been charged. Please try again in a minute.
broken = Something went wrong on our side
broken-body = You have not been charged. Please try again in a few minutes.
broken-unsure = We do not know yet whether you were charged. Please do not pay again. Open the payment link later: it will show the result.

## Invoice and receipt

refunded-on = Refunded { $day }
invoice = Invoice
receipt-title = Receipt
test-mark = TEST
from = From
to = To
number = Payment id
issued = Issued
due = Due
paid-at = Paid
item = Item
quantity = Quantity
unit-price = Unit price
registration = Registration no. { $number }
tax-registration = Tax no. { $number }
stamp-paid = Paid
stamp-refunded = Refunded
stamp-partly-refunded = Partly refunded
stamp-closed = Closed
after-refunds = Paid after refunds
stamp-reserved = Reserved, not yet taken
stamp-saved = Card saved
stamp-processing = Being processed - do not pay again
stamp-cancelled = Cancelled - not charged
stamp-expired = Expired - not charged
stamp-overdue = Overdue
stamp-open = To be paid
pdf = Download PDF
invoice-number = Invoice no.
stated = { $label } (as stated by the seller)
tax-at = Tax { $rate }
refund-title = Refund receipt
refund-receipt = Refund receipt, { $day }
refunded-at = Refunded on
refund-number = Refund id
acquirer-reference = Bank reference
method = Payment method

## Mail

mail-invoice = Invoice from { $seller }: { $amount }
mail-receipt = Receipt from { $seller }: { $amount }
mail-refund = Refund from { $seller }: { $amount }
mail-asks = { $seller } asks you to pay { $amount }
mail-paid = You paid { $amount } to { $seller }
mail-refunded = { $seller } gave { $amount } back to you
mail-refund-days = It can take a few days until your bank shows it.
mail-sent-for = Sent by Tollgate for { $seller }.

## Days and times

day =
    { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }
moment = { $time }, { $day } ({ $zone })
zone-of = { $city } time
