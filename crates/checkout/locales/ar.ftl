### The words of the payer's pages in Arabic, from right to left. Digits are Latin. What stands in a gap is isolated
### from the text around it; a number of several groups must be a gap, or its groups change places. The first letter of
### a message says which way it runs: where a gap comes first, the mark {"\u200F"} stands before it.

## Fields and their errors

card-number = رقم البطاقة
expires = تاريخ الانتهاء
expires-hint = مثل 08/28
cvc = رمز الأمان
cvc-hint = 3 أرقام على ظهر البطاقة. أمريكان إكسبريس: 4 أرقام على وجه البطاقة
holder = الاسم على البطاقة
number-empty = أدخل رقم بطاقتك
number-not-digits = أدخل رقم البطاقة بالأرقام فقط
number-too-short = رقم البطاقة قصير جدًا. تحقّق من الأرقام
number-too-long = رقم البطاقة طويل جدًا. تحقّق من الأرقام
number-luhn = تحقّق من رقم البطاقة. قد يكون أحد الأرقام خاطئًا
brand-not-accepted = بطاقة { $brand } غير مقبولة هنا
expiry-unreadable = أدخل تاريخ الانتهاء بالشهر ثم السنة، مثل 08/28
expiry-month = أدخل شهرًا من 01 إلى 12
expiry-past = انتهت صلاحية هذه البطاقة. استخدم بطاقة أخرى
expiry-far = تحقّق من سنة الانتهاء
cvc-empty = أدخل رمز الأمان المكوّن من 3 أرقام (أمريكان إكسبريس: 4 أرقام)
cvc-three = أدخل رمز الأمان المكوّن من 3 أرقام
cvc-four = أدخل رمز الأمان المكوّن من 4 أرقام
holder-wrong = أدخل الاسم المكتوب على البطاقة بالحروف فقط
holder-not-latin = أدخل الاسم بالحروف اللاتينية كما هو مكتوب على البطاقة
holder-too-long = أدخل 30 حرفًا من الاسم كحد أقصى
holder-card-data = أدخل الاسم كما هو مكتوب على البطاقة
form-unreadable = هذه الصفحة قديمة أو تعذّرت قراءتها. لم يُخصم منك أي مبلغ. أدخل بيانات بطاقتك مرة أخرى.
summary-title = يُرجى التحقّق من بياناتك. لم يُخصم منك أي مبلغ.
two-brands = تحمل بطاقتك علامتين. ادفع بواسطة
one-brand = تحمل بطاقتي علامة واحدة
billing-address = عنوان الفوترة
shipping-address = عنوان التوصيل

## What a merchant asks of the payer beside the card

optional = (اختياري)
country-choose = اختر بلدًا
email-wrong = أدخل عنوان بريد إلكتروني مثل name@example.com
detail-card-data = لا تُدخل بيانات البطاقة هنا
at-most = {"\u200F"}«{ $label }» طويل جدًا. الحد الأقصى لعدد الأحرف: { $limit }
email = البريد الإلكتروني
enter-email = أدخل بريدك الإلكتروني
phone = الهاتف
enter-phone = أدخل رقم هاتفك
full-name = الاسم الكامل
enter-full-name = أدخل اسمك الكامل
personal-code = رقم الهوية
enter-personal-code = أدخل رقم هويتك
legal-name = الاسم المسجّل للشركة
enter-legal-name = أدخل الاسم المسجّل لشركتك
company = اسم الشركة
enter-company = أدخل اسم شركتك
registration-number = رقم تسجيل الشركة
enter-registration-number = أدخل رقم تسجيل شركتك
tax-number = الرقم الضريبي
enter-tax-number = أدخل رقمك الضريبي
bank-account = رقم الحساب المصرفي
enter-bank-account = أدخل رقم حسابك المصرفي
bank-code = رمز المصرف
enter-bank-code = أدخل رمز مصرفك
country = البلد
enter-country = أدخل بلدك
street = الشارع والرقم
enter-street = أدخل الشارع والرقم
postal-code = الرمز البريدي
enter-postal-code = أدخل رمزك البريدي
city = المدينة
enter-city = أدخل مدينتك
state = الولاية أو المنطقة
enter-state = أدخل ولايتك أو منطقتك

## Failed tries

declined-number = تحقّق من رقم البطاقة. لم يُخصم منك أي مبلغ. حاول مرة أخرى أو استخدم بطاقة أخرى.
declined-cvc = تحقّق من رمز الأمان. لم يُخصم منك أي مبلغ. حاول مرة أخرى أو استخدم بطاقة أخرى.
declined-expiry = تحقّق من تاريخ الانتهاء. لم يُخصم منك أي مبلغ. حاول مرة أخرى أو استخدم بطاقة أخرى.
declined-expired = انتهت صلاحية هذه البطاقة. لم يُخصم منك أي مبلغ. استخدم بطاقة أخرى.
declined-by-bank = لم يوافق مصرفك على هذه الدفعة. لم يُخصم منك أي مبلغ. استخدم بطاقة أخرى أو تواصل مع مصرفك.
declined-by-limit = رفض مصرفك هذه الدفعة بسبب الرصيد المتاح أو أحد الحدود المقرّرة. لم يُخصم منك أي مبلغ. استخدم بطاقة أخرى أو تواصل مع مصرفك.
declined-holder = تحقّق من الاسم على البطاقة. لم يُخصم منك أي مبلغ. حاول مرة أخرى أو استخدم بطاقة أخرى.
declined-saved = لم يعد بالإمكان استخدام هذه البطاقة المحفوظة. لم يُخصم منك أي مبلغ. استخدم بطاقة أخرى.
declined-unconfirmed = تعذّر علينا تأكيد هذه الدفعة مع مصرفك. لم يُخصم منك أي مبلغ. حاول مرة أخرى أو استخدم بطاقة أخرى.
declined-no-answer = المصرف لا يجيب. لم يُخصم منك أي مبلغ. حاول مرة أخرى بعد بضع دقائق.
declined-undone = لم يُجب المصرف في الوقت المحدد، فألغينا هذه المحاولة. لم يُخصم منك أي مبلغ. حاول مرة أخرى بعد بضع دقائق.
declined-by-shop = لا يستطيع هذا المتجر قبول هذه البطاقة الآن. لم يُخصم منك أي مبلغ. اختر طريقة دفع أخرى أو بطاقة أخرى.

## The form

error-title = خطأ: { $title }
test-band = وضع الاختبار – لا تُنقل أي أموال
test-hint = جرّب البطاقة { $card } مع أي تاريخ لاحق والرمز 123.
reference = المرجع
reference-is = المرجع: { $reference }
notes = ملاحظات من البائع
discount = خصم
tax = ضريبة
subtotal = المجموع الفرعي
debt = رصيد سابق
credit = رصيد دائن
adjustment = تعديل من البائع
total = الإجمالي
details = بياناتك
card = بيانات البطاقة
accepted = البطاقات المقبولة:
hold-note = يُحجز المبلغ على بطاقتك الآن، ويأخذه البائع لاحقًا.
verify-note = يجري التحقّق من بطاقتك وحفظها. لا يُخصم أي مبلغ الآن.
remember = احفظ هذه البطاقة لدى { $seller } للمرة القادمة. لا يُحفظ رمز الأمان أبدًا.
remember-unnamed = احفظ هذه البطاقة لدى البائع للمرة القادمة. لا يُحفظ رمز الأمان أبدًا.
kept = ستُحفظ بطاقتك لدى { $seller } للدفعات اللاحقة. لا يُحفظ رمز الأمان أبدًا.
kept-unnamed = ستُحفظ بطاقتك لدى البائع للدفعات اللاحقة. لا يُحفظ رمز الأمان أبدًا.
busy = جارٍ التنفيذ…
busy-live = جارٍ تنفيذ دفعتك
return-to = العودة إلى البائع ({ $host })
back-to = العودة إلى { $host }
footer = صفحة الدفع من Tollgate
language = اللغة
show-order = عرض الطلب – { $total }
saved-cards = الدفع بواسطة
another-card = استخدم بطاقة أخرى
expired-badge = منتهية الصلاحية
expires-on = تنتهي في { $date }
with-card = ببطاقة { $brand } { $last4 }
pay = ادفع { $amount }
hold = احجز { $amount }
save-card = احفظ البطاقة
payable-until = يمكن الدفع حتى { $moment }
was-due = كان موعد هذه الدفعة { $day }. لا يزال بإمكانك دفعها.

## Several ways to pay

methods = كيف تريد أن تدفع؟
method-card = بطاقة
method-wallet = محفظة إلكترونية
method-pay-later = الدفع بالتقسيط
method-bank = تحويل مصرفي
partner-confirms = ستنتقل إلى { $partner } لتأكيد الدفع هناك.
choose-bank = مصرفك
bank-missing = اختر مصرفك
bank-down = غير متاح الآن: { $bank }
bank-unavailable = لا يقبل هذا المصرف المدفوعات حاليًا. اختر مصرفًا آخر
more-methods = طرق دفع أخرى
leave-partner = اختيار طريقة دفع أخرى
declined-elsewhere = لم تتم الموافقة على الدفع. لم يُخصم منك أي مبلغ. حاول مرة أخرى أو اختر طريقة دفع أخرى.
left-partner = لم تؤكد الدفع. لم يُخصم منك أي مبلغ. حاول مرة أخرى أو اختر طريقة دفع أخرى.
partner-time-up = لم يتم تأكيد الدفع في الوقت المحدد، لذلك ألغينا هذه المحاولة. لم يُخصم منك أي مبلغ. حاول مرة أخرى أو اختر طريقة دفع أخرى.
nothing-offered = لا يستطيع هذا المتجر قبول هذه الدفعة الآن. لم يُخصم منك أي مبلغ.
gift-cards = بطاقات الهدايا
add-gift-card = إضافة بطاقة هدية
gift-kind = نوع بطاقة الهدية
gift-number = رقم بطاقة الهدية
gift-code = رمز بطاقة الهدية
use-gift-card = استخدام هذه البطاقة
remove = إزالة
left-to-pay = المتبقي للدفع
gift-covers = تغطي بطاقات الهدايا المبلغ كله.
gift-number-wrong = أدخل رقم بطاقة الهدية: من 16 إلى 19 رقمًا
gift-code-wrong = أدخل رمز بطاقة الهدية
gift-refused = تحقق من الرقم والرمز. لم يُعثر على بطاقة الهدية هذه
gift-empty = لم يبق رصيد في بطاقة الهدية هذه
gift-twice = سبق أن أضفت بطاقة الهدية هذه
gift-kind-full = لا يمكن استخدام المزيد من بطاقات الهدايا من هذا النوع في هذه الدفعة
gift-full = لا يمكن استخدام المزيد من بطاقات الهدايا في هذه الدفعة
gift-overfull = أزل بطاقة هدية: مع هذا العدد لا يمكن دفع الباقي بطريقة أخرى.
gift-no-answer = تعذرت قراءة الرصيد. حاول مرة أخرى بعد دقيقة
gift-changed = تغير رصيد إحدى بطاقات الهدايا. لم يُخصم منك أي مبلغ. راجع المبالغ وادفع مرة أخرى.
order-paid = سبق أن دُفع هذا الطلب. لم يُخصم منك أي مبلغ.
at-partner = أكد هذه الدفعة في الصفحة التالية
at-partner-body = ستنتقل إليها خلال لحظات. لم يُخصم منك أي مبلغ حتى الآن.
at-partner-waits = الدفعة في انتظارك هناك. لم يُخصم منك أي مبلغ حتى الآن.
you-cancelled = لقد ألغيت هذه الدفعة.
pending = لم تتأكد هذه الدفعة بعد
pending-body = قد يستغرق ذلك بعض الوقت. من فضلك لا تدفع مرة أخرى: سيُبلَّغ البائع بالنتيجة.
declined-by-partner = لم تتم الموافقة على الدفعة. لم يُخصم منك أي مبلغ.
declined-gift-card = لم تُقبل إحدى بطاقات الهدايا. لم يُخصم منك أي مبلغ.
given-back = سيُعاد ما حُجز على بطاقات الهدايا.

## Results

successful = تم الدفع بنجاح
reserved = حُجز المبلغ ولم يُخصم بعد
reserved-body = يخصمه البائع لاحقًا أو يلغي حجزه.
card-saved = حُفظت البطاقة
card-saved-body = لم يُخصم أي مبلغ.
not-paid = لم تكتمل الدفعة
not-tried = لم تُنفَّذ هذه الدفعة بعد. لم يُخصم منك أي مبلغ.
paid-elsewhere = استُلمت الدفعة
paid-elsewhere-body = استلمها البائع خارج هذه الصفحة.
taken = المبلغ المخصوم
refunded = المبلغ المُعاد
asked-by-bank = يطلب مصرفك تأكيد هذه الدفعة
asked-by-bank-body = لم يُخصم منك أي مبلغ. تستمر الدفعة بعد تأكيدها.
processing = جارٍ تنفيذ دفعتك
processing-body = قد يستغرق ذلك لحظات. لا تدفع مرة أخرى. تتحدّث هذه الصفحة تلقائيًا.
elsewhere = تُنفَّذ هذه الدفعة في نافذة أخرى
checking = نتحقّق من هذه الدفعة مع مصرفك
do-not-pay-again = لا تدفع مرة أخرى.
will-email = سنرسل إليك رسالة بالبريد الإلكتروني.
come-back = افتح هذه الصفحة لاحقًا لمعرفة النتيجة.
expired = انتهت صلاحية رابط الدفع هذا.
cancelled = ألغى البائع هذه الدفعة.
closed = لم يعد بالإمكان إجراء هذه الدفعة هنا.
not-charged = لم يُخصم منك أي مبلغ.
contact-seller = تواصل مع البائع للحصول على رابط جديد.
receipt = عرض الإيصال
try-again = حاول مرة أخرى
amount = المبلغ
paid-with = البطاقة
date = التاريخ
redirecting = ستعود إلى موقع البائع خلال لحظات.
paid-on = دُفع في { $day }
amount-on = {"\u200F"}{ $amount } في { $day }
continue-to = المتابعة إلى { $host }
card-ending = بطاقة { $brand } المنتهية بالرقم { $last4 }

## Asked by the bank: our page before it, the test bank's own, and the way back

do-not-close = لا تُغلق هذه الصفحة.
challenge-body = يريد مصرفك التأكّد من هويتك. أمامك 10 دقائق. لم يُخصم منك أي مبلغ حتى الآن.
continue-to-bank = المتابعة إلى مصرفك
continue-soon = ينتظرك مصرفك نصف دقيقة.
bank-frame = تحقّق مصرفك
open-in-full = هل من مشكلة؟ افتح صفحة المصرف كاملة
still-there = هل ما زلت هنا؟
still-there-body = ينتظر مصرفك دقيقتين أخريين. لم يُخصم منك أي مبلغ حتى الآن.
still-here = ما زلت هنا
stop-payment = هل تريد إيقاف هذه الدفعة؟
keep-going = متابعة الدفع
confirm-with-bank = أكّد هذه الدفعة لدى مصرفك
verify-again = هذه الصفحة قديمة. لم يُخصم منك أي مبلغ. حاول مرة أخرى.
cancel-challenge = إلغاء هذه الدفعة
acs-band = مصرف تجريبي – محاكاة
acs-issuer = مصرف تجريبي
acs-title = أكّد دفعتك
acs-merchant = التاجر
acs-code = رمز لمرة واحدة
acs-code-hint = لا يُرسل أي شيء: الرمز في هذه المحاكاة هو 1234.
acs-code-empty = أدخل الرمز
acs-resent = أرسلنا رمزًا جديدًا. وهو في هذه المحاكاة 1234 أيضًا.
acs-verify = تأكيد
acs-cancel = إلغاء
acs-help = هل تحتاج إلى مساعدة؟
acs-help-body = يرسل المصرف الحقيقي الرمز إلى هاتفك. هذه الصفحة محاكاة فقط: لا يُرسل أي رمز ولا تُنقل أي أموال. يعيدك زر «إلغاء» إلى الدفعة.
acs-tester = اختر نتيجة
acs-tester-body = للاختبار: أنهِ هذه المصادقة فورًا.
acs-result-y = موافقة (Y)
acs-result-n = فشل (N)
acs-result-u = تعذّر إجراؤها (U)
acs-result-r = رفض (R)
acs-result-timeout = انتهاء المهلة
acs-result-cancel = الدافع يلغي
acs-done = العودة إلى دفعتك
acs-done-body = أنهى مصرفك عمله. لا تُغلق هذه الصفحة.
acquirer-wallet = محفظة تجريبية
acquirer-lender = جهة إقراض تجريبية
acquirer-body = هذه الصفحة محاكاة فقط: اختر كيف تنتهي. لا تُنقل أي أموال.
acquirer-approve = موافقة
acquirer-refuse = رفض
acquirer-later = لاحقًا (تتم الموافقة بعد نصف دقيقة)
acquirer-done = لم يبقَ ما يُقرَّر هنا. لا تُغلق هذه الصفحة.
continue = متابعة
wrong-code =
    { $left ->
        [zero] هذا الرمز خاطئ. لم تتبقَّ أي محاولة ({ $left })
        [one] هذا الرمز خاطئ. تبقّت محاولة واحدة ({ $left })
        [two] هذا الرمز خاطئ. تبقّت محاولتان ({ $left })
        [few] هذا الرمز خاطئ. تبقّت { $left } محاولات
        [many] هذا الرمز خاطئ. تبقّت { $left } محاولة
       *[other] هذا الرمز خاطئ. تبقّت { $left } محاولة
    }
resend = إعادة إرسال الرمز (المتبقي: { $left })

## Nothing to show

unknown = الصفحة غير موجودة
unknown-body = رابط الدفع هذا غير موجود. تأكّد من نسخه كاملًا أو اطلب من البائع رابطًا جديدًا.
busy-page = الضغط كبير الآن
busy-page-body = لم يُخصم منك أي مبلغ. يُرجى المحاولة بعد دقيقة.
broken = حدث خطأ لدينا
broken-body = لم يُخصم منك أي مبلغ. يُرجى المحاولة بعد بضع دقائق.
broken-unsure = لا نعرف بعد هل خُصم منك أي مبلغ. لا تدفع مرة أخرى. افتح رابط الدفع لاحقًا: سيعرض النتيجة.

## Invoice and receipt

refunded-on = أُعيد في { $day }
invoice = فاتورة
receipt-title = إيصال
test-mark = اختبار
from = من
to = إلى
number = معرّف الدفعة
issued = تاريخ الإصدار
due = تاريخ الاستحقاق
paid-at = تاريخ الدفع
item = البند
quantity = الكمية
unit-price = سعر الوحدة
registration = رقم التسجيل { $number }
tax-registration = الرقم الضريبي { $number }
stamp-paid = مدفوعة
stamp-refunded = أُعيد المبلغ
stamp-partly-refunded = أُعيد جزء من المبلغ
stamp-closed = مغلقة
after-refunds = المدفوع بعد الإعادة
stamp-reserved = المبلغ محجوز ولم يُخصم بعد
stamp-saved = حُفظت البطاقة
stamp-processing = قيد التنفيذ – لا تدفع مرة أخرى
stamp-cancelled = ملغاة – لم يُخصم أي مبلغ
stamp-expired = انتهت صلاحيتها – لم يُخصم أي مبلغ
stamp-overdue = متأخرة
stamp-open = مستحقة الدفع
pdf = تنزيل ملف PDF
invoice-number = رقم الفاتورة
stated = {"\u200F"}{ $label } (حسب البائع)
tax-at = ضريبة { $rate }
refund-title = إيصال إعادة المبلغ
refund-receipt = إيصال إعادة المبلغ، { $day }
refunded-at = تاريخ الإعادة
refund-number = معرّف الإعادة
acquirer-reference = مرجع المصرف
method = طريقة الدفع

## Mail

mail-invoice = فاتورة من { $seller }: { $amount }
mail-receipt = إيصال من { $seller }: { $amount }
mail-refund = استرداد من { $seller }: { $amount }
mail-asks = يطلب منك { $seller } دفع { $amount }
mail-paid = لقد دفعت { $amount } إلى { $seller }
mail-refunded = أعاد إليك { $seller } مبلغ { $amount }
mail-refund-days = قد تمر بضعة أيام قبل أن يظهر ذلك لدى مصرفك.
mail-sent-for = أرسلته Tollgate نيابة عن { $seller }.

## Days and times

day =
    {"\u200F"}{ $day } { $month ->
        [1] يناير
        [2] فبراير
        [3] مارس
        [4] أبريل
        [5] مايو
        [6] يونيو
        [7] يوليو
        [8] أغسطس
        [9] سبتمبر
        [10] أكتوبر
        [11] نوفمبر
       *[12] ديسمبر
    } { $year }
moment = {"\u200F"}{ $day }، الساعة { $time } ({ $zone })
zone-of = بتوقيت { $city }
