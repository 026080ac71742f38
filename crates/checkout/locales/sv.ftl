### The words of the payer's pages in Swedish. Address: du.

## Fields and their errors

card-number = Kortnummer
expires = Giltigt till
expires-hint = MM/ÅÅ
cvc = Säkerhetskod
cvc-hint = 3 siffror på baksidan. American Express: 4 siffror på framsidan
holder = Namn på kortet
number-empty = Ange ditt kortnummer
number-not-digits = Ange kortnumret med enbart siffror
number-too-short = Kortnumret är för kort. Kontrollera siffrorna
number-too-long = Kortnumret är för långt. Kontrollera siffrorna
number-luhn = Kontrollera kortnumret. En siffra kan vara fel
brand-not-accepted = { $brand } godtas inte här
expiry-unreadable = Ange giltighetstiden som MM/ÅÅ, till exempel 08/28
expiry-month = Ange en månad från 01 till 12
expiry-past = Kortet har gått ut. Använd ett annat kort
expiry-far = Kontrollera året
cvc-empty = Ange säkerhetskoden med 3 siffror (American Express: 4 siffror)
cvc-three = Ange säkerhetskoden med 3 siffror
cvc-four = Ange säkerhetskoden med 4 siffror
holder-wrong = Ange namnet på kortet med enbart bokstäver
holder-not-latin = Ange namnet med latinska bokstäver, som det står på kortet
holder-too-long = Ange högst 30 bokstäver av namnet
holder-card-data = Ange namnet som det står på kortet
form-unreadable = Sidan var för gammal eller kunde inte läsas. Inga pengar har dragits. Ange ditt kort igen.
summary-title = Kontrollera dina uppgifter. Inga pengar har dragits.
two-brands = Ditt kort har två märken. Betala med
one-brand = Mitt kort har ett märke
billing-address = Faktureringsadress
shipping-address = Leveransadress

## What a merchant asks of the payer beside the card

optional = (valfritt)
country-choose = Välj ett land
email-wrong = Ange en e-postadress som namn@example.com
detail-card-data = Ange inga kortuppgifter här
at-most = ”{ $label }” är för långt. Högst { $limit } tecken
email = E-post
enter-email = Ange din e-postadress
phone = Telefon
enter-phone = Ange ditt telefonnummer
full-name = För- och efternamn
enter-full-name = Ange ditt för- och efternamn
personal-code = Personnummer
enter-personal-code = Ange ditt personnummer
legal-name = Registrerat företagsnamn
enter-legal-name = Ange företagets registrerade namn
company = Företagsnamn
enter-company = Ange företagets namn
registration-number = Organisationsnummer
enter-registration-number = Ange företagets organisationsnummer
tax-number = Skattenummer
enter-tax-number = Ange ditt skattenummer
bank-account = Bankkontonummer
enter-bank-account = Ange ditt bankkontonummer
bank-code = Bankkod
enter-bank-code = Ange bankens kod
country = Land
enter-country = Ange ditt land
street = Gata och nummer
enter-street = Ange gata och nummer
postal-code = Postnummer
enter-postal-code = Ange ditt postnummer
city = Ort
enter-city = Ange din ort
state = Delstat eller region
enter-state = Ange din delstat eller region

## Failed tries

declined-number = Kontrollera kortnumret. Inga pengar har dragits. Försök igen eller använd ett annat kort.
declined-cvc = Kontrollera säkerhetskoden. Inga pengar har dragits. Försök igen eller använd ett annat kort.
declined-expiry = Kontrollera giltighetstiden. Inga pengar har dragits. Försök igen eller använd ett annat kort.
declined-expired = Kortet har gått ut. Inga pengar har dragits. Använd ett annat kort.
declined-by-bank = Din bank godkände inte betalningen. Inga pengar har dragits. Använd ett annat kort eller kontakta din bank.
declined-by-limit = Din bank nekade betalningen på grund av tillgängligt saldo eller en beloppsgräns. Inga pengar har dragits. Använd ett annat kort eller kontakta din bank.
declined-holder = Kontrollera namnet på kortet. Inga pengar har dragits. Försök igen eller använd ett annat kort.
declined-saved = Det sparade kortet kan inte längre användas. Inga pengar har dragits. Använd ett annat kort.
declined-unconfirmed = Vi kunde inte bekräfta betalningen med din bank. Inga pengar har dragits. Försök igen eller använd ett annat kort.
declined-no-answer = Banken svarar inte. Inga pengar har dragits. Försök igen om några minuter.
declined-undone = Banken svarade inte i tid, så vi avbröt försöket. Inga pengar har dragits. Försök igen om några minuter.
declined-by-shop = Butiken kan inte ta emot det här kortet just nu. Inga pengar har dragits. Välj ett annat sätt att betala eller ett annat kort.

## The form

error-title = Fel: { $title }
test-band = Testläge – inga pengar flyttas
test-hint = Prova kort { $card } med ett senare datum och koden 123.
reference = Referens
reference-is = Referens: { $reference }
notes = Meddelande från säljaren
discount = Rabatt
tax = Moms
subtotal = Delsumma
debt = Tidigare saldo
credit = Tillgodo
adjustment = Säljarens justering
total = Summa
details = Dina uppgifter
card = Kortuppgifter
accepted = Vi tar:
hold-note = Beloppet reserveras på ditt kort nu. Säljaren drar det senare.
verify-note = Ditt kort kontrolleras och sparas. Inga pengar dras nu.
remember = Spara kortet hos { $seller } till nästa gång. Säkerhetskoden sparas aldrig.
remember-unnamed = Spara kortet hos säljaren till nästa gång. Säkerhetskoden sparas aldrig.
kept = Ditt kort sparas hos { $seller } för senare betalningar. Säkerhetskoden sparas aldrig.
kept-unnamed = Ditt kort sparas hos säljaren för senare betalningar. Säkerhetskoden sparas aldrig.
busy = Behandlas …
busy-live = Din betalning behandlas
return-to = Tillbaka till säljaren ({ $host })
back-to = Tillbaka till { $host }
footer = Betalsida från Tollgate
language = Språk
show-order = Visa beställningen – { $total }
saved-cards = Betala med
another-card = Använd ett annat kort
expired-badge = Utgånget
expires-on = Giltigt till { $date }
with-card = med { $brand } { $last4 }
pay = Betala { $amount }
hold = Reservera { $amount }
save-card = Spara kortet
payable-until = Kan betalas till { $moment }
was-due = Betalningen förföll den { $day }. Du kan fortfarande betala.

## Several ways to pay

methods = Hur vill du betala?
method-card = Kort
method-wallet = Plånbok
method-pay-later = Delbetalning
method-bank = Banköverföring
partner-confirms = Du skickas till { $partner } för att bekräfta betalningen där.
choose-bank = Din bank
bank-missing = Välj din bank
bank-down = { $bank } (inte tillgänglig just nu)
bank-unavailable = Den här banken tar inte emot betalningar just nu. Välj en annan
more-methods = Fler sätt att betala
leave-partner = Välj ett annat sätt att betala
declined-elsewhere = Betalningen godkändes inte. Inga pengar har dragits. Försök igen eller välj ett annat sätt att betala.
left-partner = Du bekräftade inte betalningen. Inga pengar har dragits. Försök igen eller välj ett annat sätt att betala.
partner-time-up = Betalningen bekräftades inte i tid, så vi avbröt det här försöket. Inga pengar har dragits. Försök igen eller välj ett annat sätt att betala.
nothing-offered = Butiken kan inte ta emot den här betalningen just nu. Inga pengar har dragits.
gift-cards = Presentkort
add-gift-card = Lägg till ett presentkort
gift-kind = Typ av presentkort
gift-number = Presentkortets nummer
gift-code = Presentkortets kod
use-gift-card = Använd det här kortet
remove = Ta bort
left-to-pay = Kvar att betala
gift-covers = Dina presentkort täcker hela beloppet.
gift-number-wrong = Ange presentkortets nummer: 16 till 19 siffror
gift-code-wrong = Ange presentkortets kod
gift-refused = Kontrollera nummer och kod. Presentkortet hittades inte
gift-empty = Det finns inget kvar på presentkortet
gift-twice = Du har redan lagt till det här presentkortet
gift-kind-full = Fler presentkort av den här typen kan inte användas för betalningen
gift-full = Fler presentkort kan inte användas för betalningen
gift-overfull = Ta bort ett presentkort: med så många kan resten inte betalas på annat sätt.
gift-no-answer = Saldot kunde inte läsas. Försök igen om en minut
gift-changed = Saldot på ett presentkort har ändrats. Inga pengar har dragits. Kontrollera beloppen och betala igen.
order-paid = Beställningen är redan betald. Inga pengar har dragits.
at-partner = Bekräfta betalningen på nästa sida
at-partner-body = Du skickas strax dit. Inga pengar har dragits ännu.
at-partner-waits = Betalningen väntar på dig där. Inga pengar har dragits ännu.
you-cancelled = Du har avbrutit betalningen.
pending = Betalningen är inte bekräftad ännu
pending-body = Det kan ta en stund. Betala inte igen: säljaren får veta resultatet.
declined-by-partner = Betalningen godkändes inte. Inga pengar har dragits.
declined-gift-card = Ett presentkort togs inte emot. Inga pengar har dragits.
given-back = Det som var reserverat på dina presentkort frigörs.

## Results

successful = Betalningen är klar
reserved = Beloppet är reserverat, inte draget ännu
reserved-body = Säljaren drar det senare eller släpper det.
card-saved = Kortet är sparat
card-saved-body = Inga pengar drogs.
not-paid = Betalningen genomfördes inte
not-tried = Betalningen har inte gjorts ännu. Inga pengar har dragits.
paid-elsewhere = Betalningen är mottagen
paid-elsewhere-body = Säljaren fick den utanför den här sidan.
taken = Draget belopp
refunded = Återbetalt
asked-by-bank = Din bank ber dig bekräfta betalningen
asked-by-bank-body = Inga pengar har dragits. Betalningen fortsätter när du har bekräftat den.
processing = Din betalning behandlas
processing-body = Det kan ta en stund. Betala inte en gång till. Sidan uppdateras av sig själv.
elsewhere = Betalningen behandlas i ett annat fönster
checking = Vi kontrollerar betalningen med din bank
do-not-pay-again = Betala inte en gång till.
will-email = Vi skickar ett mejl till dig.
come-back = Öppna sidan igen senare för att se resultatet.
expired = Betalningslänken har gått ut.
cancelled = Säljaren har avbrutit betalningen.
closed = Den här betalningen kan inte längre göras här.
not-charged = Inga pengar har dragits.
contact-seller = Be säljaren om en ny länk.
receipt = Visa kvittot
try-again = Försök igen
amount = Belopp
paid-with = Kort
date = Datum
redirecting = Du skickas strax tillbaka till säljaren.
paid-on = Betalt den { $day }
amount-on = { $amount } den { $day }
continue-to = Fortsätt till { $host }
card-ending = { $brand } som slutar på { $last4 }

## Asked by the bank: our page before it, the test bank's own, and the way back

do-not-close = Stäng inte sidan.
challenge-body = Din bank vill försäkra sig om att det är du. Du har 10 minuter på dig. Inga pengar har dragits ännu.
continue-to-bank = Fortsätt till din bank
continue-soon = Din bank väntar en halv minut på dig.
bank-frame = Din banks kontroll
open-in-full = Problem? Öppna bankens sida i sin helhet
still-there = Är du kvar?
still-there-body = Din bank väntar två minuter till. Inga pengar har dragits ännu.
still-here = Jag är kvar
stop-payment = Vill du avbryta betalningen?
keep-going = Fortsätt betala
confirm-with-bank = Bekräfta betalningen hos din bank
verify-again = Sidan var för gammal. Inga pengar har dragits. Försök igen.
cancel-challenge = Avbryt betalningen
acs-band = Testbank – simulering
acs-issuer = Testbank
acs-title = Bekräfta din betalning
acs-merchant = Säljare
acs-code = Engångskod
acs-code-hint = Inget skickas: i simuleringen är koden 1234.
acs-code-empty = Ange koden
acs-resent = Vi har skickat en ny kod. I simuleringen är den 1234 igen.
acs-verify = Bekräfta
acs-cancel = Avbryt
acs-help = Behöver du hjälp?
acs-help-body = En riktig bank skickar koden till din telefon. Den här sidan simulerar bara: ingen kod skickas och inga pengar flyttas. ”Avbryt” tar dig tillbaka till betalningen.
acs-tester = Välj ett resultat
acs-tester-body = För tester: avsluta autentiseringen direkt.
acs-result-y = Godkänn (Y)
acs-result-n = Misslyckas (N)
acs-result-u = Kunde inte genomföras (U)
acs-result-r = Avvisa (R)
acs-result-timeout = Låt tiden gå ut
acs-result-cancel = Betalaren avbryter
acs-done = Tillbaka till din betalning
acs-done-body = Din bank är klar. Stäng inte sidan.
acquirer-wallet = Testplånbok
acquirer-lender = Testlångivare
acquirer-body = Den här sidan simulerar bara: välj hur det slutar. Inga pengar flyttas.
acquirer-approve = Godkänn
acquirer-refuse = Neka
acquirer-later = Senare (godkänns efter en halv minut)
acquirer-done = Det finns inget kvar att besluta här. Stäng inte sidan.
continue = Fortsätt
wrong-code =
    { $left ->
        [one] Koden är fel. { $left } försök kvar
       *[other] Koden är fel. { $left } försök kvar
    }
resend = Skicka koden igen ({ $left } kvar)

## Nothing to show

unknown = Sidan finns inte
unknown-body = Betalningslänken finns inte. Kontrollera att du har kopierat hela länken eller be säljaren om en ny.
busy-page = Väldigt många besöker oss just nu
busy-page-body = Inga pengar har dragits. Försök igen om en minut.
broken = Något gick fel hos oss
broken-body = Inga pengar har dragits. Försök igen om några minuter.
broken-unsure = Vi vet ännu inte om pengar har dragits. Betala inte en gång till. Öppna betalningslänken senare: där syns resultatet.

## Invoice and receipt

refunded-on = Återbetalt { $day }
invoice = Faktura
receipt-title = Kvitto
test-mark = TEST
from = Från
to = Till
number = Betalnings-id
issued = Utfärdad
due = Förfaller
paid-at = Betald
item = Artikel
quantity = Antal
unit-price = À-pris
registration = Org.nr { $number }
tax-registration = Skattenr { $number }
stamp-paid = Betald
stamp-refunded = Återbetald
stamp-partly-refunded = Delvis återbetald
stamp-closed = Avslutad
after-refunds = Betalt efter återbetalningar
stamp-reserved = Reserverat, inte draget ännu
stamp-saved = Kortet är sparat
stamp-processing = Behandlas – betala inte en gång till
stamp-cancelled = Avbruten – inga pengar har dragits
stamp-expired = Utgången – inga pengar har dragits
stamp-overdue = Förfallen
stamp-open = Att betala
pdf = Ladda ner PDF
invoice-number = Fakturanr
stated = { $label } (enligt säljaren)
tax-at = Moms { $rate }
refund-title = Kvitto på återbetalning
refund-receipt = Kvitto på återbetalning, { $day }
refunded-at = Återbetalningsdatum
refund-number = Återbetalnings-id
acquirer-reference = Bankreferens
method = Betalsätt

## Mail

mail-invoice = Faktura från { $seller }: { $amount }
mail-receipt = Kvitto från { $seller }: { $amount }
mail-refund = Återbetalning från { $seller }: { $amount }
mail-asks = { $seller } ber dig betala { $amount }
mail-paid = Du har betalat { $amount } till { $seller }
mail-refunded = { $seller } har betalat tillbaka { $amount } till dig
mail-refund-days = Det kan ta några dagar innan din bank visar det.
mail-sent-for = Skickat av Tollgate för { $seller }.

## Days and times

day =
    { $day } { $month ->
        [1] januari
        [2] februari
        [3] mars
        [4] april
        [5] maj
        [6] juni
        [7] juli
        [8] augusti
        [9] september
        [10] oktober
        [11] november
       *[12] december
    } { $year }
moment = { $day } kl. { $time } ({ $zone })
zone-of = tid i { $city }
