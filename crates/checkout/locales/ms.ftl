### The words of the payer's pages in Malay. Address: anda.

## Fields and their errors

card-number = Nombor kad
expires = Tarikh luput
expires-hint = BB/TT
cvc = Kod keselamatan
cvc-hint = 3 digit di belakang kad. American Express: 4 digit di hadapan kad
holder = Nama pada kad
number-empty = Masukkan nombor kad anda
number-not-digits = Masukkan nombor kad dengan digit sahaja
number-too-short = Nombor kad terlalu pendek. Semak digitnya
number-too-long = Nombor kad terlalu panjang. Semak digitnya
number-luhn = Semak nombor kad. Satu digit mungkin salah
brand-not-accepted = { $brand } tidak diterima di sini
expiry-unreadable = Masukkan tarikh luput sebagai BB/TT (bulan/tahun), contohnya 08/28
expiry-month = Masukkan bulan dari 01 hingga 12
expiry-past = Kad ini telah luput. Gunakan kad lain
expiry-far = Semak tahun luput
cvc-empty = Masukkan kod keselamatan 3 digit (American Express: 4 digit)
cvc-three = Masukkan kod keselamatan 3 digit
cvc-four = Masukkan kod keselamatan 4 digit
holder-wrong = Masukkan nama pada kad dengan huruf sahaja
holder-not-latin = Masukkan nama dalam huruf Latin, seperti yang tertera pada kad
holder-too-long = Masukkan paling banyak 30 huruf nama itu
holder-card-data = Masukkan nama seperti yang tertera pada kad
form-unreadable = Halaman ini sudah lama atau tidak dapat dibaca. Anda tidak dicaj. Masukkan kad anda sekali lagi.
summary-title = Sila semak butiran anda. Anda tidak dicaj.
two-brands = Kad anda mempunyai dua jenama. Bayar dengan
one-brand = Kad saya mempunyai satu jenama
billing-address = Alamat pengebilan
shipping-address = Alamat penghantaran

## What a merchant asks of the payer beside the card

optional = (pilihan)
country-choose = Pilih negara
email-wrong = Masukkan alamat e-mel seperti nama@example.com
detail-card-data = Jangan masukkan butiran kad di sini
at-most = “{ $label }” terlalu panjang. Gunakan paling banyak { $limit } aksara
email = E-mel
enter-email = Masukkan e-mel anda
phone = Telefon
enter-phone = Masukkan nombor telefon anda
full-name = Nama penuh
enter-full-name = Masukkan nama penuh anda
personal-code = Nombor kad pengenalan
enter-personal-code = Masukkan nombor kad pengenalan anda
legal-name = Nama berdaftar syarikat
enter-legal-name = Masukkan nama berdaftar syarikat anda
company = Nama syarikat
enter-company = Masukkan nama syarikat anda
registration-number = Nombor pendaftaran syarikat
enter-registration-number = Masukkan nombor pendaftaran syarikat anda
tax-number = Nombor cukai
enter-tax-number = Masukkan nombor cukai anda
bank-account = Nombor akaun bank
enter-bank-account = Masukkan nombor akaun bank anda
bank-code = Kod bank
enter-bank-code = Masukkan kod bank anda
country = Negara
enter-country = Masukkan negara anda
street = Jalan dan nombor
enter-street = Masukkan jalan dan nombor
postal-code = Poskod
enter-postal-code = Masukkan poskod anda
city = Bandar
enter-city = Masukkan bandar anda
state = Negeri atau wilayah
enter-state = Masukkan negeri atau wilayah anda

## Failed tries

declined-number = Semak nombor kad. Anda tidak dicaj. Cuba lagi atau gunakan kad lain.
declined-cvc = Semak kod keselamatan. Anda tidak dicaj. Cuba lagi atau gunakan kad lain.
declined-expiry = Semak tarikh luput. Anda tidak dicaj. Cuba lagi atau gunakan kad lain.
declined-expired = Kad ini telah luput. Anda tidak dicaj. Gunakan kad lain.
declined-by-bank = Bank anda tidak meluluskan pembayaran ini. Anda tidak dicaj. Gunakan kad lain atau hubungi bank anda.
declined-by-limit = Bank anda menolak pembayaran ini kerana baki yang ada atau had tertentu. Anda tidak dicaj. Gunakan kad lain atau hubungi bank anda.
declined-holder = Semak nama pada kad. Anda tidak dicaj. Cuba lagi atau gunakan kad lain.
declined-saved = Kad yang disimpan ini tidak boleh digunakan lagi. Anda tidak dicaj. Gunakan kad lain.
declined-unconfirmed = Kami tidak dapat mengesahkan pembayaran ini dengan bank anda. Anda tidak dicaj. Cuba lagi atau gunakan kad lain.
declined-no-answer = Bank tidak menjawab. Anda tidak dicaj. Cuba lagi dalam beberapa minit.
declined-undone = Bank tidak menjawab dalam masa yang ditetapkan, jadi kami membatalkan percubaan ini. Anda tidak dicaj. Cuba lagi dalam beberapa minit.
declined-by-shop = Kedai ini tidak dapat menerima kad ini sekarang. Anda tidak dicaj. Pilih cara pembayaran lain atau kad lain.

## The form

error-title = Ralat: { $title }
test-band = Mod ujian – tiada wang berpindah
test-hint = Cuba kad { $card } dengan mana-mana tarikh akan datang dan kod 123.
reference = Rujukan
reference-is = Rujukan: { $reference }
notes = Nota daripada penjual
discount = Diskaun
tax = Cukai
subtotal = Jumlah kecil
debt = Baki terdahulu
credit = Kredit
adjustment = Pelarasan oleh penjual
total = Jumlah
details = Butiran anda
card = Butiran kad
accepted = Diterima:
hold-note = Amaun ini ditahan pada kad anda sekarang. Penjual akan mengambilnya kemudian.
verify-note = Kad anda disemak dan disimpan. Tiada wang diambil sekarang.
remember = Simpan kad ini dengan { $seller } untuk kali seterusnya. Kod keselamatan anda tidak pernah disimpan.
remember-unnamed = Simpan kad ini dengan penjual untuk kali seterusnya. Kod keselamatan anda tidak pernah disimpan.
kept = Kad anda akan disimpan dengan { $seller } untuk pembayaran kemudian. Kod keselamatan anda tidak pernah disimpan.
kept-unnamed = Kad anda akan disimpan dengan penjual untuk pembayaran kemudian. Kod keselamatan anda tidak pernah disimpan.
busy = Sedang diproses…
busy-live = Pembayaran anda sedang diproses
return-to = Kembali kepada penjual ({ $host })
back-to = Kembali ke { $host }
footer = Halaman pembayaran oleh Tollgate
language = Bahasa
show-order = Tunjukkan pesanan – { $total }
saved-cards = Bayar dengan
another-card = Gunakan kad lain
expired-badge = Luput
expires-on = Luput { $date }
with-card = dengan { $brand } { $last4 }
pay = Bayar { $amount }
hold = Tahan { $amount }
save-card = Simpan kad
payable-until = Boleh dibayar hingga { $moment }
was-due = Pembayaran ini perlu dibuat pada { $day }. Anda masih boleh membayarnya.

## Several ways to pay

methods = Bagaimana anda mahu membayar?
method-card = Kad
method-wallet = E-dompet
method-pay-later = Bayaran ansuran
method-bank = Pindahan bank
partner-confirms = Anda akan dibawa ke { $partner } untuk mengesahkan pembayaran di sana.
choose-bank = Bank anda
bank-missing = Pilih bank anda
bank-down = { $bank } (tidak tersedia sekarang)
bank-unavailable = Bank ini tidak menerima pembayaran sekarang. Pilih bank lain
more-methods = Cara bayaran lain
leave-partner = Pilih cara bayaran lain
declined-elsewhere = Pembayaran tidak diluluskan. Anda tidak dicaj. Cuba lagi, atau pilih cara bayaran lain.
left-partner = Anda tidak mengesahkan pembayaran. Anda tidak dicaj. Cuba lagi, atau pilih cara bayaran lain.
partner-time-up = Pembayaran tidak disahkan dalam masa yang ditetapkan, jadi kami membatalkan cubaan ini. Anda tidak dicaj. Cuba lagi, atau pilih cara bayaran lain.
nothing-offered = Kedai ini tidak dapat menerima pembayaran ini sekarang. Anda tidak dicaj.
gift-cards = Kad hadiah
add-gift-card = Tambah kad hadiah
gift-kind = Jenis kad hadiah
gift-number = Nombor kad hadiah
gift-code = Kod kad hadiah
use-gift-card = Guna kad ini
remove = Buang
left-to-pay = Baki perlu dibayar
gift-covers = Kad hadiah anda menampung jumlah penuh.
gift-number-wrong = Masukkan nombor kad hadiah: 16 hingga 19 digit
gift-code-wrong = Masukkan kod kad hadiah
gift-refused = Semak nombor dan kod. Kad hadiah ini tidak ditemui
gift-empty = Kad hadiah ini sudah tiada baki
gift-twice = Kad hadiah ini sudah ditambah
gift-kind-full = Kad hadiah jenis ini tidak boleh ditambah lagi untuk pembayaran ini
gift-full = Kad hadiah tidak boleh ditambah lagi untuk pembayaran ini
gift-overfull = Buang satu kad hadiah: dengan kad sebanyak ini, bakinya tidak dapat dibayar dengan cara lain.
gift-no-answer = Baki tidak dapat dibaca. Cuba lagi sebentar lagi
gift-changed = Baki kad hadiah telah berubah. Anda tidak dicaj. Semak jumlahnya dan bayar sekali lagi.
order-paid = Pesanan ini sudah dibayar. Anda tidak dicaj.
at-partner = Sahkan pembayaran ini di halaman seterusnya
at-partner-body = Anda akan dibawa ke sana sebentar lagi. Anda belum dicaj.
at-partner-waits = Pembayaran ini menunggu anda di sana. Anda belum dicaj.
you-cancelled = Anda telah membatalkan pembayaran ini.
pending = Pembayaran ini belum disahkan
pending-body = Ini mungkin mengambil sedikit masa. Jangan bayar sekali lagi: penjual akan diberitahu keputusannya.
declined-by-partner = Pembayaran tidak diluluskan. Anda tidak dicaj.
declined-gift-card = Satu kad hadiah tidak diterima. Anda tidak dicaj.
given-back = Jumlah yang ditahan pada kad hadiah anda dikembalikan.

## Results

successful = Pembayaran berjaya
reserved = Amaun ditahan, belum diambil
reserved-body = Penjual akan mengambilnya kemudian atau melepaskannya.
card-saved = Kad disimpan
card-saved-body = Tiada wang diambil.
not-paid = Pembayaran tidak selesai
not-tried = Pembayaran ini belum dibuat. Anda tidak dicaj.
paid-elsewhere = Pembayaran diterima
paid-elsewhere-body = Penjual menerimanya di luar halaman ini.
taken = Dicaj
refunded = Dipulangkan
asked-by-bank = Bank anda meminta anda mengesahkan pembayaran ini
asked-by-bank-body = Anda tidak dicaj. Pembayaran diteruskan sebaik sahaja anda mengesahkannya.
processing = Pembayaran anda sedang diproses
processing-body = Ini mungkin mengambil sedikit masa. Jangan bayar sekali lagi. Halaman ini dikemas kini sendiri.
elsewhere = Pembayaran ini sedang diproses dalam tetingkap lain
checking = Kami sedang menyemak pembayaran ini dengan bank anda
do-not-pay-again = Jangan bayar sekali lagi.
will-email = Kami akan menghantar e-mel kepada anda.
come-back = Buka halaman ini semula kemudian untuk melihat keputusannya.
expired = Pautan pembayaran ini telah luput.
cancelled = Penjual telah membatalkan pembayaran ini.
closed = Pembayaran ini tidak boleh dibuat di sini lagi.
not-charged = Anda tidak dicaj.
contact-seller = Hubungi penjual untuk pautan baharu.
receipt = Lihat resit
try-again = Cuba lagi
amount = Amaun
paid-with = Kad
date = Tarikh
redirecting = Anda akan dibawa kembali kepada penjual sebentar lagi.
paid-on = Dibayar pada { $day }
amount-on = { $amount } pada { $day }
continue-to = Teruskan ke { $host }
card-ending = { $brand } berakhir { $last4 }

## Asked by the bank: our page before it, the test bank's own, and the way back

do-not-close = Jangan tutup halaman ini.
challenge-body = Bank anda ingin memastikan bahawa ini memang anda. Anda ada 10 minit. Anda belum dicaj setakat ini.
continue-to-bank = Teruskan ke bank anda
continue-soon = Bank anda menunggu anda selama setengah minit.
bank-frame = Pengesahan bank anda
open-in-full = Ada masalah? Buka halaman bank sepenuhnya
still-there = Anda masih di sini?
still-there-body = Bank anda menunggu dua minit lagi. Anda belum dicaj setakat ini.
still-here = Saya masih di sini
stop-payment = Hentikan pembayaran ini?
keep-going = Teruskan pembayaran
confirm-with-bank = Sahkan pembayaran ini dengan bank anda
verify-again = Halaman ini sudah lama. Anda tidak dicaj. Cuba lagi.
cancel-challenge = Batalkan pembayaran ini
acs-band = Bank ujian – simulasi
acs-issuer = Bank ujian
acs-title = Sahkan pembayaran anda
acs-merchant = Peniaga
acs-code = Kod sekali guna
acs-code-hint = Tiada apa-apa dihantar: dalam simulasi ini kodnya 1234.
acs-code-empty = Masukkan kod
acs-resent = Kami telah menghantar kod baharu. Dalam simulasi ini kodnya 1234 juga.
acs-verify = Sahkan
acs-cancel = Batal
acs-help = Perlukan bantuan?
acs-help-body = Bank sebenar menghantar kod ke telefon anda. Halaman ini hanya simulasi: tiada kod dihantar dan tiada wang berpindah. “Batal” membawa anda kembali ke pembayaran.
acs-tester = Pilih keputusan
acs-tester-body = Untuk ujian: tamatkan pengesahan ini serta-merta.
acs-result-y = Luluskan (Y)
acs-result-n = Gagalkan (N)
acs-result-u = Tidak dapat dilakukan (U)
acs-result-r = Tolak (R)
acs-result-timeout = Biarkan tamat masa
acs-result-cancel = Pembayar membatalkan
acs-done = Kembali ke pembayaran anda
acs-done-body = Bank anda telah selesai. Jangan tutup halaman ini.
acquirer-wallet = Dompet ujian
acquirer-lender = Pemberi pinjaman ujian
acquirer-body = Halaman ini hanya simulasi: pilih bagaimana ia berakhir. Tiada wang berpindah.
acquirer-approve = Luluskan
acquirer-refuse = Tolak
acquirer-later = Kemudian (diluluskan selepas setengah minit)
acquirer-done = Tiada apa-apa lagi untuk diputuskan di sini. Jangan tutup halaman ini.
continue = Teruskan
wrong-code = Kod ini salah. Tinggal { $left } percubaan
resend = Hantar semula kod (tinggal { $left })

## Nothing to show

unknown = Halaman tidak dijumpai
unknown-body = Pautan pembayaran ini tidak wujud. Pastikan anda menyalin semuanya atau minta pautan baharu daripada penjual.
busy-page = Kami sangat sibuk sekarang
busy-page-body = Anda tidak dicaj. Sila cuba lagi dalam satu minit.
broken = Ada masalah di pihak kami
broken-body = Anda tidak dicaj. Sila cuba lagi dalam beberapa minit.
broken-unsure = Kami belum tahu sama ada anda telah dicaj. Jangan bayar sekali lagi. Buka pautan pembayaran kemudian: keputusannya akan dipaparkan.

## Invoice and receipt

refunded-on = Dipulangkan pada { $day }
invoice = Invois
receipt-title = Resit
test-mark = UJIAN
from = Daripada
to = Kepada
number = ID pembayaran
issued = Dikeluarkan
due = Perlu dibayar
paid-at = Dibayar
item = Barang
quantity = Kuantiti
unit-price = Harga seunit
registration = No. pendaftaran { $number }
tax-registration = No. cukai { $number }
stamp-paid = Dibayar
stamp-refunded = Dipulangkan
stamp-partly-refunded = Dipulangkan sebahagian
stamp-closed = Ditutup
after-refunds = Dibayar selepas pemulangan
stamp-reserved = Ditahan, belum diambil
stamp-saved = Kad disimpan
stamp-processing = Sedang diproses – jangan bayar sekali lagi
stamp-cancelled = Dibatalkan – tidak dicaj
stamp-expired = Luput – tidak dicaj
stamp-overdue = Lewat bayar
stamp-open = Belum dibayar
pdf = Muat turun PDF
invoice-number = No. invois
stated = { $label } (seperti dinyatakan oleh penjual)
tax-at = Cukai { $rate }
refund-title = Resit pemulangan
refund-receipt = Resit pemulangan, { $day }
refunded-at = Dipulangkan pada
refund-number = ID pemulangan
acquirer-reference = Rujukan bank
method = Kaedah pembayaran

## Mail

mail-invoice = Invois daripada { $seller }: { $amount }
mail-receipt = Resit daripada { $seller }: { $amount }
mail-refund = Pemulangan daripada { $seller }: { $amount }
mail-asks = { $seller } meminta anda membayar { $amount }
mail-paid = Anda telah membayar { $amount } kepada { $seller }
mail-refunded = { $seller } telah memulangkan { $amount } kepada anda
mail-refund-days = Mungkin mengambil masa beberapa hari sebelum dipaparkan oleh bank anda.
mail-sent-for = Dihantar oleh Tollgate bagi pihak { $seller }.

## Days and times

day =
    { $day } { $month ->
        [1] Januari
        [2] Februari
        [3] Mac
        [4] April
        [5] Mei
        [6] Jun
        [7] Julai
        [8] Ogos
        [9] September
        [10] Oktober
        [11] November
       *[12] Disember
    } { $year }
moment = { $day }, { $time } ({ $zone })
zone-of = waktu { $city }
