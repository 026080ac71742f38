### The words of the payer's pages in German. Formal address: Sie.

## Fields and their errors

card-number = Kartennummer
expires = Gültig bis
expires-hint = MM/JJ
cvc = Prüfnummer
cvc-hint = 3 Ziffern auf der Rückseite. American Express: 4 Ziffern auf der Vorderseite
holder = Name auf der Karte
number-empty = Geben Sie Ihre Kartennummer ein
number-not-digits = Geben Sie die Kartennummer nur mit Ziffern ein
number-too-short = Die Kartennummer ist zu kurz. Prüfen Sie die Ziffern
number-too-long = Die Kartennummer ist zu lang. Prüfen Sie die Ziffern
number-luhn = Prüfen Sie die Kartennummer. Eine Ziffer ist vermutlich falsch
brand-not-accepted = { $brand } wird hier nicht akzeptiert
expiry-unreadable = Geben Sie das Ablaufdatum als MM/JJ ein, zum Beispiel 08/28
expiry-month = Geben Sie einen Monat von 01 bis 12 ein
expiry-past = Diese Karte ist abgelaufen. Verwenden Sie eine andere Karte
expiry-far = Prüfen Sie das Ablaufjahr
cvc-empty = Geben Sie die dreistellige Prüfnummer ein (American Express: vierstellig)
cvc-three = Geben Sie die dreistellige Prüfnummer ein
cvc-four = Geben Sie die vierstellige Prüfnummer ein
holder-wrong = Geben Sie den Namen auf der Karte ein, nur mit Buchstaben
holder-not-latin = Geben Sie den Namen in lateinischen Buchstaben ein, wie er auf der Karte steht
holder-too-long = Geben Sie höchstens 30 Buchstaben des Namens ein
holder-card-data = Geben Sie den Namen so ein, wie er auf der Karte steht
form-unreadable = Diese Seite war veraltet oder konnte nicht gelesen werden. Es wurde nichts abgebucht. Geben Sie Ihre Karte bitte noch einmal ein.
summary-title = Bitte prüfen Sie Ihre Angaben. Es wurde nichts abgebucht.
two-brands = Ihre Karte hat zwei Marken. Bezahlen mit
one-brand = Meine Karte hat eine Marke
billing-address = Rechnungsadresse
shipping-address = Lieferadresse

## What a merchant asks of the payer beside the card

optional = (optional)
country-choose = Wählen Sie ein Land
email-wrong = Geben Sie eine E-Mail-Adresse wie name@example.com ein
detail-card-data = Geben Sie hier keine Kartendaten ein
at-most = „{ $label }“ ist zu lang. Höchstens { $limit } Zeichen
email = E-Mail
enter-email = Geben Sie Ihre E-Mail-Adresse ein
phone = Telefon
enter-phone = Geben Sie Ihre Telefonnummer ein
full-name = Vor- und Nachname
enter-full-name = Geben Sie Ihren Vor- und Nachnamen ein
personal-code = Persönliche Kennnummer
enter-personal-code = Geben Sie Ihre persönliche Kennnummer ein
legal-name = Eingetragener Firmenname
enter-legal-name = Geben Sie den eingetragenen Namen Ihrer Firma ein
company = Firmenname
enter-company = Geben Sie den Namen Ihrer Firma ein
registration-number = Handelsregisternummer
enter-registration-number = Geben Sie die Handelsregisternummer Ihrer Firma ein
tax-number = Steuernummer
enter-tax-number = Geben Sie Ihre Steuernummer ein
bank-account = Kontonummer
enter-bank-account = Geben Sie Ihre Kontonummer ein
bank-code = Bankleitzahl
enter-bank-code = Geben Sie die Bankleitzahl ein
country = Land
enter-country = Geben Sie Ihr Land ein
street = Straße und Hausnummer
enter-street = Geben Sie Straße und Hausnummer ein
postal-code = Postleitzahl
enter-postal-code = Geben Sie Ihre Postleitzahl ein
city = Ort
enter-city = Geben Sie Ihren Ort ein
state = Bundesland oder Region
enter-state = Geben Sie Ihr Bundesland oder Ihre Region ein

## Failed tries

declined-number = Prüfen Sie die Kartennummer. Es wurde nichts abgebucht. Versuchen Sie es noch einmal oder verwenden Sie eine andere Karte.
declined-cvc = Prüfen Sie die Prüfnummer. Es wurde nichts abgebucht. Versuchen Sie es noch einmal oder verwenden Sie eine andere Karte.
declined-expiry = Prüfen Sie das Ablaufdatum. Es wurde nichts abgebucht. Versuchen Sie es noch einmal oder verwenden Sie eine andere Karte.
declined-expired = Diese Karte ist abgelaufen. Es wurde nichts abgebucht. Verwenden Sie eine andere Karte.
declined-by-bank = Ihre Bank hat diese Zahlung nicht genehmigt. Es wurde nichts abgebucht. Verwenden Sie eine andere Karte oder wenden Sie sich an Ihre Bank.
declined-by-limit = Ihre Bank hat diese Zahlung wegen des verfügbaren Guthabens oder eines Limits abgelehnt. Es wurde nichts abgebucht. Verwenden Sie eine andere Karte oder wenden Sie sich an Ihre Bank.
declined-holder = Prüfen Sie den Namen auf der Karte. Es wurde nichts abgebucht. Versuchen Sie es noch einmal oder verwenden Sie eine andere Karte.
declined-saved = Diese gespeicherte Karte kann nicht mehr verwendet werden. Es wurde nichts abgebucht. Verwenden Sie eine andere Karte.
declined-unconfirmed = Wir konnten diese Zahlung nicht mit Ihrer Bank bestätigen. Es wurde nichts abgebucht. Versuchen Sie es noch einmal oder verwenden Sie eine andere Karte.
declined-no-answer = Die Bank antwortet nicht. Es wurde nichts abgebucht. Versuchen Sie es in einigen Minuten noch einmal.
declined-undone = Die Bank hat nicht rechtzeitig geantwortet, deshalb haben wir diesen Versuch abgebrochen. Es wurde nichts abgebucht. Versuchen Sie es in einigen Minuten noch einmal.
declined-by-shop = Dieser Shop kann diese Karte gerade nicht annehmen. Es wurde nichts abgebucht. Wählen Sie eine andere Zahlungsart oder eine andere Karte.

## The form

error-title = Fehler: { $title }
test-band = Testmodus – es fließt kein Geld
test-hint = Nehmen Sie die Karte { $card } mit einem späteren Datum und der Prüfnummer 123.
reference = Referenz
reference-is = Referenz: { $reference }
notes = Hinweise des Verkäufers
discount = Rabatt
tax = Steuer
subtotal = Zwischensumme
debt = Früherer Saldo
credit = Guthaben
adjustment = Anpassung durch den Verkäufer
total = Gesamtbetrag
details = Ihre Angaben
card = Kartendaten
accepted = Akzeptiert:
hold-note = Der Betrag wird jetzt auf Ihrer Karte reserviert. Der Verkäufer bucht ihn später ab.
verify-note = Ihre Karte wird geprüft und gespeichert. Jetzt wird nichts abgebucht.
remember = Diese Karte bei { $seller } für das nächste Mal speichern. Ihre Prüfnummer wird nie gespeichert.
remember-unnamed = Diese Karte beim Verkäufer für das nächste Mal speichern. Ihre Prüfnummer wird nie gespeichert.
kept = Ihre Karte wird bei { $seller } für spätere Zahlungen gespeichert. Ihre Prüfnummer wird nie gespeichert.
kept-unnamed = Ihre Karte wird beim Verkäufer für spätere Zahlungen gespeichert. Ihre Prüfnummer wird nie gespeichert.
busy = Wird verarbeitet …
busy-live = Ihre Zahlung wird verarbeitet
return-to = Zurück zum Verkäufer ({ $host })
back-to = Zurück zu { $host }
footer = Zahlungsseite von Tollgate
language = Sprache
show-order = Bestellung anzeigen – { $total }
saved-cards = Bezahlen mit
another-card = Andere Karte verwenden
expired-badge = Abgelaufen
expires-on = Gültig bis { $date }
with-card = mit { $brand } { $last4 }
pay = { $amount } bezahlen
hold = { $amount } reservieren
save-card = Karte speichern
payable-until = Zahlbar bis { $moment }
was-due = Diese Zahlung war am { $day } fällig. Sie können noch bezahlen.

## Several ways to pay

methods = Wie möchten Sie bezahlen?
method-card = Karte
method-wallet = Digitale Geldbörse
method-pay-later = Ratenzahlung
method-bank = Banküberweisung
partner-confirms = Sie werden zu { $partner } weitergeleitet und bestätigen dort die Zahlung.
choose-bank = Ihre Bank
bank-missing = Wählen Sie Ihre Bank
bank-down = { $bank } (zurzeit nicht verfügbar)
bank-unavailable = Diese Bank nimmt zurzeit keine Zahlungen an. Wählen Sie eine andere
more-methods = Weitere Zahlungsarten
leave-partner = Andere Zahlungsart wählen
declined-elsewhere = Die Zahlung wurde nicht genehmigt. Es wurde nichts abgebucht. Versuchen Sie es noch einmal oder wählen Sie eine andere Zahlungsart.
left-partner = Sie haben die Zahlung nicht bestätigt. Es wurde nichts abgebucht. Versuchen Sie es noch einmal oder wählen Sie eine andere Zahlungsart.
partner-time-up = Die Zahlung wurde nicht rechtzeitig bestätigt, deshalb haben wir diesen Versuch abgebrochen. Es wurde nichts abgebucht. Versuchen Sie es noch einmal oder wählen Sie eine andere Zahlungsart.
nothing-offered = Dieser Shop kann diese Zahlung gerade nicht annehmen. Es wurde nichts abgebucht.
gift-cards = Geschenkkarten
add-gift-card = Geschenkkarte hinzufügen
gift-kind = Art der Geschenkkarte
gift-number = Nummer der Geschenkkarte
gift-code = Code der Geschenkkarte
use-gift-card = Diese Karte verwenden
remove = Entfernen
left-to-pay = Noch zu zahlen
gift-covers = Ihre Geschenkkarten decken den ganzen Betrag.
gift-number-wrong = Geben Sie die Nummer der Geschenkkarte ein: 16 bis 19 Ziffern
gift-code-wrong = Geben Sie den Code der Geschenkkarte ein
gift-refused = Prüfen Sie Nummer und Code. Diese Geschenkkarte wurde nicht gefunden
gift-empty = Auf dieser Geschenkkarte ist kein Guthaben mehr
gift-twice = Diese Geschenkkarte haben Sie schon hinzugefügt
gift-kind-full = Für diese Zahlung sind keine weiteren Geschenkkarten dieser Art möglich
gift-full = Für diese Zahlung sind keine weiteren Geschenkkarten möglich
gift-overfull = Entfernen Sie eine Geschenkkarte: Bei so vielen lässt sich der Rest nicht anders bezahlen.
gift-no-answer = Das Guthaben konnte nicht gelesen werden. Versuchen Sie es in einer Minute noch einmal
gift-changed = Das Guthaben einer Geschenkkarte hat sich geändert. Es wurde nichts abgebucht. Prüfen Sie die Beträge und zahlen Sie noch einmal.
order-paid = Diese Bestellung ist schon bezahlt. Es wurde nichts abgebucht.
at-partner = Bestätigen Sie diese Zahlung auf der nächsten Seite
at-partner-body = Sie werden gleich dorthin geleitet. Es wurde noch nichts abgebucht.
at-partner-waits = Die Zahlung wartet dort auf Sie. Es wurde noch nichts abgebucht.
you-cancelled = Sie haben diese Zahlung abgebrochen.
pending = Diese Zahlung ist noch nicht bestätigt
pending-body = Das kann eine Weile dauern. Bitte zahlen Sie nicht noch einmal: Der Verkäufer erfährt das Ergebnis.
declined-by-partner = Die Zahlung wurde nicht genehmigt. Es wurde nichts abgebucht.
declined-gift-card = Eine Geschenkkarte wurde nicht angenommen. Es wurde nichts abgebucht.
given-back = Was auf Ihren Geschenkkarten reserviert war, wird wieder freigegeben.

## Results

successful = Zahlung erfolgreich
reserved = Betrag reserviert, noch nicht abgebucht
reserved-body = Der Verkäufer bucht ihn später ab oder gibt ihn frei.
card-saved = Karte gespeichert
card-saved-body = Es wurde kein Geld abgebucht.
not-paid = Zahlung nicht abgeschlossen
not-tried = Diese Zahlung wurde noch nicht vorgenommen. Es wurde nichts abgebucht.
paid-elsewhere = Zahlung eingegangen
paid-elsewhere-body = Der Verkäufer hat sie außerhalb dieser Seite erhalten.
taken = Abgebucht
refunded = Erstattet
asked-by-bank = Ihre Bank bittet Sie, diese Zahlung zu bestätigen
asked-by-bank-body = Es wurde nichts abgebucht. Die Zahlung geht weiter, sobald Sie sie bestätigt haben.
processing = Ihre Zahlung wird verarbeitet
processing-body = Das kann einen Moment dauern. Bitte zahlen Sie nicht noch einmal. Diese Seite aktualisiert sich von selbst.
elsewhere = Diese Zahlung wird in einem anderen Fenster verarbeitet
checking = Wir prüfen diese Zahlung mit Ihrer Bank
do-not-pay-again = Bitte zahlen Sie nicht noch einmal.
will-email = Wir schreiben Ihnen eine E-Mail.
come-back = Öffnen Sie diese Seite später wieder, um das Ergebnis zu sehen.
expired = Dieser Zahlungslink ist abgelaufen.
cancelled = Der Verkäufer hat diese Zahlung storniert.
closed = Diese Zahlung ist hier nicht mehr möglich.
not-charged = Es wurde nichts abgebucht.
contact-seller = Bitten Sie den Verkäufer um einen neuen Link.
receipt = Beleg ansehen
try-again = Noch einmal versuchen
amount = Betrag
paid-with = Karte
date = Datum
redirecting = Sie werden gleich zum Verkäufer zurückgeleitet.
paid-on = Bezahlt am { $day }
amount-on = { $amount } am { $day }
continue-to = Weiter zu { $host }
card-ending = { $brand }, endet auf { $last4 }

## Asked by the bank: our page before it, the test bank's own, and the way back

do-not-close = Schließen Sie diese Seite nicht.
challenge-body = Ihre Bank möchte sichergehen, dass Sie es sind. Sie haben 10 Minuten. Bisher wurde nichts abgebucht.
continue-to-bank = Weiter zu Ihrer Bank
continue-soon = Ihre Bank wartet eine halbe Minute auf Sie.
bank-frame = Bestätigung durch Ihre Bank
open-in-full = Probleme? Seite der Bank ganz öffnen
still-there = Sind Sie noch da?
still-there-body = Ihre Bank wartet noch zwei Minuten. Bisher wurde nichts abgebucht.
still-here = Ich bin noch da
stop-payment = Diese Zahlung abbrechen?
keep-going = Weitermachen
confirm-with-bank = Bestätigen Sie diese Zahlung bei Ihrer Bank
verify-again = Diese Seite war veraltet. Es wurde nichts abgebucht. Versuchen Sie es noch einmal.
cancel-challenge = Diese Zahlung abbrechen
acs-band = Testbank – Simulation
acs-issuer = Testbank
acs-title = Bestätigen Sie Ihre Zahlung
acs-merchant = Händler
acs-code = Einmalcode
acs-code-hint = Es wird nichts gesendet: In dieser Simulation ist der Code 1234.
acs-code-empty = Geben Sie den Code ein
acs-resent = Wir haben einen neuen Code gesendet. In dieser Simulation ist es wieder 1234.
acs-verify = Bestätigen
acs-cancel = Abbrechen
acs-help = Brauchen Sie Hilfe?
acs-help-body = Eine echte Bank sendet den Code an Ihr Telefon. Diese Seite stellt das nur nach: Es wird kein Code gesendet und es fließt kein Geld. „Abbrechen“ bringt Sie zur Zahlung zurück.
acs-tester = Ergebnis wählen
acs-tester-body = Für Tests: Diese Authentifizierung sofort beenden.
acs-result-y = Genehmigen (Y)
acs-result-n = Ablehnen (N)
acs-result-u = Nicht durchführbar (U)
acs-result-r = Zurückweisen (R)
acs-result-timeout = Zeit ablaufen lassen
acs-result-cancel = Der Zahler bricht ab
acs-done = Zurück zu Ihrer Zahlung
acs-done-body = Ihre Bank ist fertig. Schließen Sie diese Seite nicht.
acquirer-wallet = Test-Wallet
acquirer-lender = Testkreditgeber
acquirer-body = Diese Seite stellt das nur nach: Wählen Sie, wie es ausgeht. Es fließt kein Geld.
acquirer-approve = Genehmigen
acquirer-refuse = Ablehnen
acquirer-later = Später (nach einer halben Minute genehmigt)
acquirer-done = Hier ist nichts mehr zu entscheiden. Schließen Sie diese Seite nicht.
continue = Weiter
wrong-code =
    { $left ->
        [one] Dieser Code ist falsch. Noch { $left } Versuch
       *[other] Dieser Code ist falsch. Noch { $left } Versuche
    }
resend = Code erneut senden (noch { $left })

## Nothing to show

unknown = Seite nicht gefunden
unknown-body = Diesen Zahlungslink gibt es nicht. Prüfen Sie, ob Sie ihn vollständig kopiert haben, oder bitten Sie den Verkäufer um einen neuen.
busy-page = Zurzeit sehr viele Anfragen
busy-page-body = Es wurde nichts abgebucht. Bitte versuchen Sie es in einer Minute noch einmal.
broken = Bei uns ist ein Fehler aufgetreten
broken-body = Es wurde nichts abgebucht. Bitte versuchen Sie es in einigen Minuten noch einmal.
broken-unsure = Wir wissen noch nicht, ob etwas abgebucht wurde. Bitte zahlen Sie nicht noch einmal. Öffnen Sie den Zahlungslink später: Er zeigt das Ergebnis.

## Invoice and receipt

refunded-on = Erstattet am { $day }
invoice = Rechnung
receipt-title = Zahlungsbeleg
test-mark = TEST
from = Von
to = An
number = Zahlungs-ID
issued = Ausgestellt
due = Fällig
paid-at = Bezahlt
item = Artikel
quantity = Menge
unit-price = Einzelpreis
registration = Registernr. { $number }
tax-registration = Steuernr. { $number }
stamp-paid = Bezahlt
stamp-refunded = Erstattet
stamp-partly-refunded = Teilweise erstattet
stamp-closed = Geschlossen
after-refunds = Bezahlt nach Erstattungen
stamp-reserved = Reserviert, noch nicht abgebucht
stamp-saved = Karte gespeichert
stamp-processing = In Bearbeitung – nicht noch einmal zahlen
stamp-cancelled = Storniert – nichts abgebucht
stamp-expired = Abgelaufen – nichts abgebucht
stamp-overdue = Überfällig
stamp-open = Zu zahlen
pdf = PDF herunterladen
invoice-number = Rechnungsnr.
stated = { $label } (laut Verkäufer)
tax-at = Steuer { $rate }
refund-title = Erstattungsbeleg
refund-receipt = Erstattungsbeleg, { $day }
refunded-at = Erstattet am
refund-number = Erstattungs-ID
acquirer-reference = Bankreferenz
method = Zahlungsart

## Mail

mail-invoice = Rechnung von { $seller }: { $amount }
mail-receipt = Zahlungsbeleg von { $seller }: { $amount }
mail-refund = Erstattung von { $seller }: { $amount }
mail-asks = { $seller } bittet Sie um die Zahlung von { $amount }
mail-paid = Sie haben { $amount } an { $seller } gezahlt
mail-refunded = { $seller } hat Ihnen { $amount } erstattet
mail-refund-days = Es kann einige Tage dauern, bis Ihre Bank das anzeigt.
mail-sent-for = Gesendet von Tollgate für { $seller }.

## Days and times

day =
    { $day }. { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    } { $year }
moment = { $day }, { $time } Uhr ({ $zone })
zone-of = Ortszeit { $city }
