### The words of the payer's pages in Polish. Imperatives without Pan or Pani, as payment pages write; the payer's gender
### is never guessed.

## Fields and their errors

card-number = Numer karty
expires = Data ważności
expires-hint = MM/RR
cvc = Kod zabezpieczający
cvc-hint = 3 cyfry z tyłu karty. American Express: 4 cyfry z przodu karty
holder = Imię i nazwisko na karcie
number-empty = Wpisz numer karty
number-not-digits = Wpisz numer karty, używając samych cyfr
number-too-short = Numer karty jest za krótki. Sprawdź cyfry
number-too-long = Numer karty jest za długi. Sprawdź cyfry
number-luhn = Sprawdź numer karty. Jedna cyfra może być błędna
brand-not-accepted = { $brand } nie jest tu akceptowana
expiry-unreadable = Wpisz datę ważności jako MM/RR, na przykład 08/28
expiry-month = Wpisz miesiąc od 01 do 12
expiry-past = Ta karta straciła ważność. Użyj innej karty
expiry-far = Sprawdź rok ważności
cvc-empty = Wpisz 3-cyfrowy kod zabezpieczający (American Express: 4-cyfrowy)
cvc-three = Wpisz 3-cyfrowy kod zabezpieczający
cvc-four = Wpisz 4-cyfrowy kod zabezpieczający
holder-wrong = Wpisz imię i nazwisko z karty, używając samych liter
holder-not-latin = Wpisz imię i nazwisko literami łacińskimi, tak jak na karcie
holder-too-long = Wpisz najwyżej 30 liter imienia i nazwiska
holder-card-data = Wpisz imię i nazwisko tak jak na karcie
form-unreadable = Ta strona była nieaktualna lub nie udało się jej odczytać. Nie pobrano żadnych pieniędzy. Wpisz dane karty jeszcze raz.
summary-title = Sprawdź podane dane. Nie pobrano żadnych pieniędzy.
two-brands = Twoja karta ma dwie marki. Zapłać za pomocą
one-brand = Moja karta ma jedną markę
billing-address = Adres rozliczeniowy
shipping-address = Adres dostawy

## What a merchant asks of the payer beside the card

optional = (opcjonalnie)
country-choose = Wybierz kraj
email-wrong = Wpisz adres e-mail, na przykład imie@example.com
detail-card-data = Nie wpisuj tutaj danych karty
at-most = Pole „{ $label }” jest za długie. Maksymalna liczba znaków: { $limit }
email = E-mail
enter-email = Wpisz adres e-mail
phone = Telefon
enter-phone = Wpisz numer telefonu
full-name = Imię i nazwisko
enter-full-name = Wpisz imię i nazwisko
personal-code = Numer PESEL lub inny identyfikator
enter-personal-code = Wpisz numer PESEL lub inny identyfikator
legal-name = Zarejestrowana nazwa firmy
enter-legal-name = Wpisz zarejestrowaną nazwę firmy
company = Nazwa firmy
enter-company = Wpisz nazwę firmy
registration-number = Numer rejestrowy firmy
enter-registration-number = Wpisz numer rejestrowy firmy
tax-number = Numer identyfikacji podatkowej
enter-tax-number = Wpisz numer identyfikacji podatkowej
bank-account = Numer konta bankowego
enter-bank-account = Wpisz numer konta bankowego
bank-code = Kod banku
enter-bank-code = Wpisz kod banku
country = Kraj
enter-country = Wpisz kraj
street = Ulica i numer
enter-street = Wpisz ulicę i numer
postal-code = Kod pocztowy
enter-postal-code = Wpisz kod pocztowy
city = Miejscowość
enter-city = Wpisz miejscowość
state = Województwo lub region
enter-state = Wpisz województwo lub region

## Failed tries

declined-number = Sprawdź numer karty. Nie pobrano żadnych pieniędzy. Spróbuj ponownie lub użyj innej karty.
declined-cvc = Sprawdź kod zabezpieczający. Nie pobrano żadnych pieniędzy. Spróbuj ponownie lub użyj innej karty.
declined-expiry = Sprawdź datę ważności. Nie pobrano żadnych pieniędzy. Spróbuj ponownie lub użyj innej karty.
declined-expired = Ta karta straciła ważność. Nie pobrano żadnych pieniędzy. Użyj innej karty.
declined-by-bank = Twój bank nie zatwierdził tej płatności. Nie pobrano żadnych pieniędzy. Użyj innej karty lub skontaktuj się z bankiem.
declined-by-limit = Twój bank odrzucił tę płatność z powodu dostępnych środków lub limitu. Nie pobrano żadnych pieniędzy. Użyj innej karty lub skontaktuj się z bankiem.
declined-holder = Sprawdź imię i nazwisko na karcie. Nie pobrano żadnych pieniędzy. Spróbuj ponownie lub użyj innej karty.
declined-saved = Tej zapisanej karty nie można już użyć. Nie pobrano żadnych pieniędzy. Użyj innej karty.
declined-unconfirmed = Nie udało się potwierdzić tej płatności w Twoim banku. Nie pobrano żadnych pieniędzy. Spróbuj ponownie lub użyj innej karty.
declined-no-answer = Bank nie odpowiada. Nie pobrano żadnych pieniędzy. Spróbuj ponownie za kilka minut.
declined-undone = Bank nie odpowiedział na czas, dlatego anulowaliśmy tę próbę. Nie pobrano żadnych pieniędzy. Spróbuj ponownie za kilka minut.
declined-by-shop = Ten sklep nie może teraz przyjąć tej karty. Nie pobrano żadnych pieniędzy. Wybierz inny sposób płatności lub inną kartę.

## The form

error-title = Błąd: { $title }
test-band = Tryb testowy – żadne pieniądze nie są przekazywane
test-hint = Użyj karty { $card } z dowolną późniejszą datą i kodem 123.
reference = Numer referencyjny
reference-is = Numer referencyjny: { $reference }
notes = Uwagi sprzedawcy
discount = Rabat
tax = Podatek
subtotal = Suma częściowa
debt = Wcześniejsze saldo
credit = Nadpłata
adjustment = Korekta sprzedawcy
total = Razem
details = Twoje dane
card = Dane karty
accepted = Akceptujemy:
hold-note = Kwota jest teraz rezerwowana na karcie. Sprzedawca pobierze ją później.
verify-note = Karta zostanie sprawdzona i zapisana. Teraz nie pobieramy żadnych pieniędzy.
remember = Zapisz tę kartę w sklepie { $seller } na następny raz. Kod zabezpieczający nigdy nie jest zapisywany.
remember-unnamed = Zapisz tę kartę u sprzedawcy na następny raz. Kod zabezpieczający nigdy nie jest zapisywany.
kept = Karta zostanie zapisana w sklepie { $seller } na potrzeby późniejszych płatności. Kod zabezpieczający nigdy nie jest zapisywany.
kept-unnamed = Karta zostanie zapisana u sprzedawcy na potrzeby późniejszych płatności. Kod zabezpieczający nigdy nie jest zapisywany.
busy = Przetwarzanie…
busy-live = Przetwarzanie płatności
return-to = Wróć do sprzedawcy ({ $host })
back-to = Wróć do { $host }
footer = Strona płatności Tollgate
language = Język
show-order = Pokaż zamówienie – { $total }
saved-cards = Zapłać za pomocą
another-card = Użyj innej karty
expired-badge = Nieważna
expires-on = Ważna do { $date }
with-card = kartą { $brand } { $last4 }
pay = Zapłać { $amount }
hold = Zarezerwuj { $amount }
save-card = Zapisz kartę
payable-until = Płatność możliwa do: { $moment }
was-due = Termin tej płatności minął { $day }. Nadal możesz zapłacić.

## Several ways to pay

methods = Jak chcesz zapłacić?
method-card = Karta
method-wallet = Portfel elektroniczny
method-pay-later = Płatność ratalna
method-bank = Przelew bankowy
partner-confirms = Nastąpi przejście do { $partner }, gdzie potwierdzisz płatność.
choose-bank = Twój bank
bank-missing = Wybierz swój bank
bank-down = { $bank } (teraz niedostępny)
bank-unavailable = Ten bank nie przyjmuje teraz płatności. Wybierz inny
more-methods = Inne sposoby płatności
leave-partner = Wybierz inny sposób płatności
declined-elsewhere = Płatność nie została zatwierdzona. Nie pobrano żadnych pieniędzy. Spróbuj ponownie lub wybierz inny sposób płatności.
left-partner = Płatność nie została potwierdzona. Nie pobrano żadnych pieniędzy. Spróbuj ponownie lub wybierz inny sposób płatności.
partner-time-up = Płatności nie potwierdzono na czas, więc anulowaliśmy tę próbę. Nie pobrano żadnych pieniędzy. Spróbuj ponownie lub wybierz inny sposób płatności.
nothing-offered = Ten sklep nie może teraz przyjąć tej płatności. Nie pobrano żadnych pieniędzy.
gift-cards = Karty podarunkowe
add-gift-card = Dodaj kartę podarunkową
gift-kind = Rodzaj karty podarunkowej
gift-number = Numer karty podarunkowej
gift-code = Kod karty podarunkowej
use-gift-card = Użyj tej karty
remove = Usuń
left-to-pay = Pozostało do zapłaty
gift-covers = Karty podarunkowe pokrywają całą kwotę.
gift-number-wrong = Podaj numer karty podarunkowej: od 16 do 19 cyfr
gift-code-wrong = Podaj kod karty podarunkowej
gift-refused = Sprawdź numer i kod. Nie znaleziono tej karty podarunkowej
gift-empty = Na tej karcie podarunkowej nie ma już środków
gift-twice = Ta karta podarunkowa została już dodana
gift-kind-full = Do tej płatności nie można użyć więcej kart podarunkowych tego rodzaju
gift-full = Do tej płatności nie można użyć więcej kart podarunkowych
gift-overfull = Usuń jedną kartę podarunkową: przy tylu kartach reszty nie można zapłacić w inny sposób.
gift-no-answer = Nie udało się odczytać salda. Spróbuj ponownie za minutę
gift-changed = Saldo karty podarunkowej się zmieniło. Nie pobrano żadnych pieniędzy. Sprawdź kwoty i zapłać ponownie.
order-paid = To zamówienie zostało już opłacone. Nie pobrano żadnych pieniędzy.
at-partner = Potwierdź tę płatność na następnej stronie
at-partner-body = Za chwilę nastąpi przejście na nią. Nie pobrano jeszcze żadnych pieniędzy.
at-partner-waits = Płatność czeka tam na potwierdzenie. Nie pobrano jeszcze żadnych pieniędzy.
you-cancelled = Płatność została przez Ciebie anulowana.
pending = Ta płatność nie jest jeszcze potwierdzona
pending-body = To może chwilę potrwać. Nie płać ponownie: sprzedawca otrzyma informację o wyniku.
declined-by-partner = Płatność nie została zatwierdzona. Nie pobrano żadnych pieniędzy.
declined-gift-card = Karta podarunkowa nie została przyjęta. Nie pobrano żadnych pieniędzy.
given-back = Środki zarezerwowane na kartach podarunkowych są zwracane.

## Results

successful = Płatność zakończona powodzeniem
reserved = Kwota zarezerwowana, jeszcze niepobrana
reserved-body = Sprzedawca pobierze ją później lub zwolni.
card-saved = Karta zapisana
card-saved-body = Nie pobrano pieniędzy.
not-paid = Płatność niezakończona
not-tried = Ta płatność nie została jeszcze wykonana. Nie pobrano żadnych pieniędzy.
paid-elsewhere = Płatność otrzymana
paid-elsewhere-body = Sprzedawca otrzymał ją poza tą stroną.
taken = Pobrano
refunded = Zwrócono
asked-by-bank = Twój bank prosi o potwierdzenie tej płatności
asked-by-bank-body = Nie pobrano żadnych pieniędzy. Płatność będzie kontynuowana po jej potwierdzeniu.
processing = Przetwarzamy Twoją płatność
processing-body = To może chwilę potrwać. Nie płać ponownie. Ta strona odświeża się sama.
elsewhere = Ta płatność jest przetwarzana w innym oknie
checking = Sprawdzamy tę płatność w Twoim banku
do-not-pay-again = Nie płać ponownie.
will-email = Wyślemy wiadomość e-mail.
come-back = Otwórz tę stronę później, aby zobaczyć wynik.
expired = Ten link do płatności wygasł.
cancelled = Sprzedawca anulował tę płatność.
closed = Tej płatności nie można już tutaj wykonać.
not-charged = Nie pobrano żadnych pieniędzy.
contact-seller = Poproś sprzedawcę o nowy link.
receipt = Zobacz potwierdzenie
try-again = Spróbuj ponownie
amount = Kwota
paid-with = Karta
date = Data
redirecting = Za chwilę nastąpi powrót do sprzedawcy.
paid-on = Zapłacono { $day }
amount-on = { $amount } dnia { $day }
continue-to = Przejdź do { $host }
card-ending = { $brand }, końcówka { $last4 }

## Asked by the bank: our page before it, the test bank's own, and the way back

do-not-close = Nie zamykaj tej strony.
challenge-body = Twój bank chce się upewnić, że to Ty. Masz 10 minut. Na razie nie pobrano żadnych pieniędzy.
continue-to-bank = Przejdź do swojego banku
continue-soon = Twój bank czeka pół minuty.
bank-frame = Weryfikacja Twojego banku
open-in-full = Problemy? Otwórz stronę banku w całości
still-there = Czy nadal tu jesteś?
still-there-body = Twój bank poczeka jeszcze dwie minuty. Na razie nie pobrano żadnych pieniędzy.
still-here = Nadal tu jestem
stop-payment = Przerwać tę płatność?
keep-going = Kontynuuj płatność
confirm-with-bank = Potwierdź tę płatność w swoim banku
verify-again = Ta strona była nieaktualna. Nie pobrano żadnych pieniędzy. Spróbuj ponownie.
cancel-challenge = Anuluj tę płatność
acs-band = Bank testowy – symulacja
acs-issuer = Bank testowy
acs-title = Potwierdź płatność
acs-merchant = Sprzedawca
acs-code = Kod jednorazowy
acs-code-hint = Nic nie jest wysyłane: w tej symulacji kod to 1234.
acs-code-empty = Wpisz kod
acs-resent = Wysłaliśmy nowy kod. W tej symulacji to znowu 1234.
acs-verify = Potwierdź
acs-cancel = Anuluj
acs-help = Potrzebujesz pomocy?
acs-help-body = Prawdziwy bank wysyła kod na telefon. Ta strona tylko to symuluje: żaden kod nie jest wysyłany i żadne pieniądze nie są przekazywane. „Anuluj” prowadzi z powrotem do płatności.
acs-tester = Wybierz wynik
acs-tester-body = Do testów: zakończ to uwierzytelnianie od razu.
acs-result-y = Zatwierdź (Y)
acs-result-n = Niepowodzenie (N)
acs-result-u = Nie udało się wykonać (U)
acs-result-r = Odrzuć (R)
acs-result-timeout = Przekroczony czas
acs-result-cancel = Płacący anuluje
acs-done = Powrót do płatności
acs-done-body = Bank zakończył. Nie zamykaj tej strony.
acquirer-wallet = Portfel testowy
acquirer-lender = Pożyczkodawca testowy
acquirer-body = Ta strona tylko symuluje: wybierz, jak się zakończy. Żadne pieniądze nie są przekazywane.
acquirer-approve = Zatwierdź
acquirer-refuse = Odrzuć
acquirer-later = Później (zatwierdzone po pół minuty)
acquirer-done = Nie ma tu już nic do zdecydowania. Nie zamykaj tej strony.
continue = Dalej
wrong-code =
    { $left ->
        [one] Ten kod jest nieprawidłowy. Pozostała { $left } próba
        [few] Ten kod jest nieprawidłowy. Pozostały { $left } próby
        [many] Ten kod jest nieprawidłowy. Pozostało { $left } prób
       *[other] Ten kod jest nieprawidłowy. Pozostało { $left } próby
    }
resend = Wyślij kod ponownie (pozostało: { $left })

## Nothing to show

unknown = Nie znaleziono strony
unknown-body = Ten link do płatności nie istnieje. Sprawdź, czy został skopiowany w całości, lub poproś sprzedawcę o nowy.
busy-page = Mamy teraz bardzo dużo zapytań
busy-page-body = Nie pobrano żadnych pieniędzy. Spróbuj ponownie za minutę.
broken = Coś poszło nie tak po naszej stronie
broken-body = Nie pobrano żadnych pieniędzy. Spróbuj ponownie za kilka minut.
broken-unsure = Nie wiemy jeszcze, czy pieniądze zostały pobrane. Nie płać ponownie. Otwórz link do płatności później: pokaże wynik.

## Invoice and receipt

refunded-on = Zwrócono { $day }
invoice = Faktura
receipt-title = Potwierdzenie płatności
test-mark = TEST
from = Od
to = Dla
number = Identyfikator płatności
issued = Wystawiono
due = Termin płatności
paid-at = Zapłacono
item = Pozycja
quantity = Ilość
unit-price = Cena jednostkowa
registration = Nr rejestrowy { $number }
tax-registration = Nr podatkowy { $number }
stamp-paid = Zapłacono
stamp-refunded = Zwrócono
stamp-partly-refunded = Zwrócono częściowo
stamp-closed = Zamknięto
after-refunds = Zapłacono po zwrotach
stamp-reserved = Zarezerwowano, jeszcze nie pobrano
stamp-saved = Karta zapisana
stamp-processing = W trakcie przetwarzania – nie płać ponownie
stamp-cancelled = Anulowano – nie pobrano pieniędzy
stamp-expired = Wygasło – nie pobrano pieniędzy
stamp-overdue = Po terminie
stamp-open = Do zapłaty
pdf = Pobierz PDF
invoice-number = Nr faktury
stated = { $label } (według sprzedawcy)
tax-at = Podatek { $rate }
refund-title = Potwierdzenie zwrotu
refund-receipt = Potwierdzenie zwrotu, { $day }
refunded-at = Data zwrotu
refund-number = Identyfikator zwrotu
acquirer-reference = Numer referencyjny banku
method = Metoda płatności

## Mail

mail-invoice = Faktura od { $seller }: { $amount }
mail-receipt = Potwierdzenie płatności od { $seller }: { $amount }
mail-refund = Zwrot od { $seller }: { $amount }
mail-asks = { $seller } prosi o zapłatę { $amount }
mail-paid = Zapłacono { $amount }. Sprzedawca: { $seller }
mail-refunded = { $seller } zwraca { $amount }
mail-refund-days = Może minąć kilka dni, zanim bank to pokaże.
mail-sent-for = Wysłane przez Tollgate w imieniu: { $seller }.

## Days and times

day =
    { $day } { $month ->
        [1] stycznia
        [2] lutego
        [3] marca
        [4] kwietnia
        [5] maja
        [6] czerwca
        [7] lipca
        [8] sierpnia
        [9] września
        [10] października
        [11] listopada
       *[12] grudnia
    } { $year }
moment = { $day }, { $time } ({ $zone })
zone-of = czas: { $city }
