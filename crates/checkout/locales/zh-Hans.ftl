### The words of the payer's pages in Simplified Chinese. Polite address: 您.

## Fields and their errors

card-number = 卡号
expires = 有效期
expires-hint = 月/年
cvc = 安全码
cvc-hint = 卡背面的 3 位数字。美国运通卡：正面的 4 位数字
holder = 卡上姓名
number-empty = 请输入卡号
number-not-digits = 卡号只能包含数字
number-too-short = 卡号过短，请检查数字
number-too-long = 卡号过长，请检查数字
number-luhn = 请检查卡号，可能有一位数字有误
brand-not-accepted = 此处不接受 { $brand }
expiry-unreadable = 请按“月/年”输入有效期，例如 08/28
expiry-month = 请输入 01 到 12 之间的月份
expiry-past = 此卡已过期，请使用其他卡
expiry-far = 请检查有效期年份
cvc-empty = 请输入 3 位安全码（美国运通卡为 4 位）
cvc-three = 请输入 3 位安全码
cvc-four = 请输入 4 位安全码
holder-wrong = 请输入卡上姓名，只能使用字母
holder-not-latin = 请按卡上所示，用拉丁字母输入姓名
holder-too-long = 姓名最多输入 30 个字母
holder-card-data = 请按卡上所示输入姓名
form-unreadable = 此页面已过期或无法读取。您未被扣款。请重新输入您的卡片信息。
summary-title = 请检查您填写的信息。您未被扣款。
two-brands = 您的卡有两个品牌，请选择用哪个付款
one-brand = 我的卡只有一个品牌
billing-address = 账单地址
shipping-address = 收货地址

## What a merchant asks of the payer beside the card

optional = （选填）
country-choose = 请选择国家或地区
email-wrong = 请输入电子邮箱，例如 name@example.com
detail-card-data = 请勿在此处输入卡片信息
at-most = “{ $label }”过长，最多 { $limit } 个字符
email = 电子邮箱
enter-email = 请输入您的电子邮箱
phone = 电话
enter-phone = 请输入您的电话号码
full-name = 姓名
enter-full-name = 请输入您的姓名
personal-code = 身份证件号码
enter-personal-code = 请输入您的身份证件号码
legal-name = 公司注册名称
enter-legal-name = 请输入您公司的注册名称
company = 公司名称
enter-company = 请输入您的公司名称
registration-number = 公司注册号
enter-registration-number = 请输入您公司的注册号
tax-number = 税号
enter-tax-number = 请输入您的税号
bank-account = 银行账号
enter-bank-account = 请输入您的银行账号
bank-code = 银行代码
enter-bank-code = 请输入您的银行代码
country = 国家或地区
enter-country = 请输入您所在的国家或地区
street = 街道和门牌号
enter-street = 请输入街道和门牌号
postal-code = 邮政编码
enter-postal-code = 请输入您的邮政编码
city = 城市
enter-city = 请输入您所在的城市
state = 省、州或地区
enter-state = 请输入您所在的省、州或地区

## Failed tries

declined-number = 请检查卡号。您未被扣款。请重试，或使用其他卡。
declined-cvc = 请检查安全码。您未被扣款。请重试，或使用其他卡。
declined-expiry = 请检查有效期。您未被扣款。请重试，或使用其他卡。
declined-expired = 此卡已过期。您未被扣款。请使用其他卡。
declined-by-bank = 您的银行未批准此笔付款。您未被扣款。请使用其他卡，或联系您的银行。
declined-by-limit = 因可用余额或限额问题，您的银行拒绝了此笔付款。您未被扣款。请使用其他卡，或联系您的银行。
declined-holder = 请检查卡上姓名。您未被扣款。请重试，或使用其他卡。
declined-saved = 此张已保存的卡无法再使用。您未被扣款。请使用其他卡。
declined-unconfirmed = 我们未能与您的银行确认此笔付款。您未被扣款。请重试，或使用其他卡。
declined-no-answer = 银行没有响应。您未被扣款。请几分钟后重试。
declined-undone = 银行未及时响应，我们已取消本次尝试。您未被扣款。请几分钟后重试。
declined-by-shop = 此商店目前无法接受此卡。您未被扣款。请选择其他付款方式，或使用其他卡。

## The form

error-title = 错误：{ $title }
test-band = 测试模式 – 不会产生真实扣款
test-hint = 请使用测试卡 { $card }，任意未来有效期，安全码 123。
reference = 参考号
reference-is = 参考号：{ $reference }
notes = 卖家备注
discount = 折扣
tax = 税
subtotal = 小计
debt = 前期欠款
credit = 抵扣
adjustment = 卖家调整
total = 合计
details = 您的信息
card = 卡片信息
accepted = 接受：
hold-note = 现在将在您的卡上预留此金额，卖家稍后扣款。
verify-note = 我们将验证并保存您的卡，现在不会扣款。
remember = 在 { $seller } 保存此卡，方便下次使用。我们绝不保存您的安全码。
remember-unnamed = 在卖家处保存此卡，方便下次使用。我们绝不保存您的安全码。
kept = 您的卡将保存在 { $seller }，用于以后的付款。我们绝不保存您的安全码。
kept-unnamed = 您的卡将保存在卖家处，用于以后的付款。我们绝不保存您的安全码。
busy = 正在处理…
busy-live = 正在处理您的付款
return-to = 返回卖家网站（{ $host }）
back-to = 返回 { $host }
footer = 付款页面由 Tollgate 提供
language = 语言
show-order = 查看订单 – { $total }
saved-cards = 付款卡片
another-card = 使用其他卡
expired-badge = 已过期
expires-on = 有效期至 { $date }
with-card = （{ $brand } { $last4 }）
pay = 支付 { $amount }
hold = 预授权 { $amount }
save-card = 保存卡片
payable-until = 请于 { $moment } 前付款
was-due = 此笔付款应于{ $day }前支付。您仍可付款。

## Several ways to pay

methods = 您想如何付款？
method-card = 银行卡
method-wallet = 电子钱包
method-pay-later = 分期付款
method-bank = 银行转账
partner-confirms = 您将前往 { $partner } 确认付款。
choose-bank = 您的银行
bank-missing = 选择您的银行
bank-down = { $bank }（暂不可用）
bank-unavailable = 该银行目前不接受付款。请选择其他银行
more-methods = 更多付款方式
leave-partner = 选择其他付款方式
declined-elsewhere = 付款未获批准。您未被扣款。请重试，或选择其他付款方式。
left-partner = 您没有确认付款。您未被扣款。请重试，或选择其他付款方式。
partner-time-up = 付款未及时确认，因此我们取消了这次尝试。您未被扣款。请重试，或选择其他付款方式。
nothing-offered = 此商店目前无法接受此笔付款。您未被扣款。
gift-cards = 礼品卡
add-gift-card = 添加礼品卡
gift-kind = 礼品卡类型
gift-number = 礼品卡号
gift-code = 礼品卡密码
use-gift-card = 使用此卡
remove = 移除
left-to-pay = 还需支付
gift-covers = 您的礼品卡足以支付全部金额。
gift-number-wrong = 请输入礼品卡号：16 到 19 位数字
gift-code-wrong = 请输入礼品卡密码
gift-refused = 请检查卡号和密码。未找到此礼品卡
gift-empty = 此礼品卡已无余额
gift-twice = 您已添加过此礼品卡
gift-kind-full = 此笔付款不能再使用此类礼品卡
gift-full = 此笔付款不能再使用礼品卡
gift-overfull = 请移除一张礼品卡：礼品卡过多，余额无法用其他方式支付。
gift-no-answer = 无法读取余额。请一分钟后重试
gift-changed = 礼品卡余额已变化。您未被扣款。请核对金额后重新付款。
order-paid = 此订单已付款。您未被扣款。
at-partner = 请在下一页确认此笔付款
at-partner-body = 即将前往该页面。您尚未被扣款。
at-partner-waits = 付款正在那里等待您确认。您尚未被扣款。
you-cancelled = 您已取消此笔付款。
pending = 此笔付款尚未确认
pending-body = 可能需要一些时间。请勿重复付款：卖家将收到结果通知。
declined-by-partner = 付款未获批准。您未被扣款。
declined-gift-card = 一张礼品卡未被接受。您未被扣款。
given-back = 礼品卡上预留的金额将会退还。

## Results

successful = 付款成功
reserved = 金额已预留，尚未扣款
reserved-body = 卖家稍后会扣款，或解除预留。
card-saved = 卡片已保存
card-saved-body = 没有扣款。
not-paid = 付款未完成
not-tried = 此笔付款尚未进行。您未被扣款。
paid-elsewhere = 已收到付款
paid-elsewhere-body = 卖家已通过其他途径收到此笔付款。
taken = 实际扣款
refunded = 已退款
asked-by-bank = 您的银行需要您确认此笔付款
asked-by-bank-body = 您未被扣款。您确认后，付款将继续进行。
processing = 正在处理您的付款
processing-body = 这可能需要一点时间。请勿重复付款。此页面会自动更新。
elsewhere = 此笔付款正在另一个窗口中处理
checking = 我们正在与您的银行核实此笔付款
do-not-pay-again = 请勿重复付款。
will-email = 我们会给您发送电子邮件。
come-back = 请稍后重新打开此页面查看结果。
expired = 此付款链接已过期。
cancelled = 卖家已取消此笔付款。
closed = 此笔付款已无法在此进行。
not-charged = 您未被扣款。
contact-seller = 请联系卖家获取新的链接。
receipt = 查看收据
try-again = 重试
amount = 金额
paid-with = 卡
date = 日期
redirecting = 即将返回卖家网站。
paid-on = 已于{ $day }付款
amount-on = { $day }，{ $amount }
continue-to = 前往 { $host }
card-ending = { $brand }，尾号 { $last4 }

## Asked by the bank: our page before it, the test bank's own, and the way back

do-not-close = 请勿关闭此页面。
challenge-body = 您的银行需要确认是您本人操作。您有 10 分钟时间。您尚未被扣款。
continue-to-bank = 前往您的银行
continue-soon = 您的银行会等待您半分钟。
bank-frame = 您的银行的验证
open-in-full = 遇到问题？完整打开银行页面
still-there = 您还在吗？
still-there-body = 您的银行还会等待两分钟。您尚未被扣款。
still-here = 我还在
stop-payment = 要停止此笔付款吗？
keep-going = 继续付款
confirm-with-bank = 请与您的银行确认此笔付款
verify-again = 此页面已过期。您未被扣款。请重试。
cancel-challenge = 取消此笔付款
acs-band = 测试银行 – 模拟
acs-issuer = 测试银行
acs-title = 确认您的付款
acs-merchant = 商户
acs-code = 一次性验证码
acs-code-hint = 不会发送任何内容：此模拟中的验证码是 1234。
acs-code-empty = 请输入验证码
acs-resent = 我们已发送新的验证码。此模拟中仍为 1234。
acs-verify = 验证
acs-cancel = 取消
acs-help = 需要帮助？
acs-help-body = 真实的银行会把验证码发送到您的手机。此页面仅为模拟：不会发送验证码，也不会产生扣款。点击“取消”可返回付款。
acs-tester = 选择结果
acs-tester-body = 供测试使用：立即结束此次身份验证。
acs-result-y = 通过 (Y)
acs-result-n = 失败 (N)
acs-result-u = 无法验证 (U)
acs-result-r = 拒绝 (R)
acs-result-timeout = 超时
acs-result-cancel = 付款人取消
acs-done = 返回您的付款
acs-done-body = 您的银行已完成验证。请勿关闭此页面。
acquirer-wallet = 测试钱包
acquirer-lender = 测试贷款方
acquirer-body = 此页面仅为模拟：请选择结果。不会产生扣款。
acquirer-approve = 批准
acquirer-refuse = 拒绝
acquirer-later = 稍后（半分钟后批准）
acquirer-done = 此处已无需再作决定。请勿关闭此页面。
continue = 继续
wrong-code = 验证码错误，还可尝试 { $left } 次
resend = 重新发送验证码（还可发送 { $left } 次）

## Nothing to show

unknown = 页面不存在
unknown-body = 此付款链接不存在。请检查是否完整复制，或向卖家索取新的链接。
busy-page = 当前访问量很大
busy-page-body = 您未被扣款。请一分钟后重试。
broken = 我们这边出现了问题
broken-body = 您未被扣款。请几分钟后重试。
broken-unsure = 我们尚不清楚是否已向您扣款。请勿重复付款。请稍后打开付款链接，届时会显示结果。

## Invoice and receipt

refunded-on = { $day }退款
invoice = 账单
receipt-title = 收据
test-mark = 测试
from = 卖方
to = 买方
number = 付款编号
issued = 开具日期
due = 到期时间
paid-at = 付款时间
item = 项目
quantity = 数量
unit-price = 单价
registration = 注册号 { $number }
tax-registration = 税号 { $number }
stamp-paid = 已付款
stamp-refunded = 已退款
stamp-partly-refunded = 部分退款
stamp-closed = 已关闭
after-refunds = 退款后实付
stamp-reserved = 已预留，尚未扣款
stamp-saved = 卡片已保存
stamp-processing = 处理中 – 请勿重复付款
stamp-cancelled = 已取消 – 未扣款
stamp-expired = 已过期 – 未扣款
stamp-overdue = 已逾期
stamp-open = 待付款
pdf = 下载 PDF
invoice-number = 账单编号
stated = { $label }（卖家提供）
tax-at = 税 { $rate }
refund-title = 退款收据
refund-receipt = 退款收据，{ $day }
refunded-at = 退款时间
refund-number = 退款编号
acquirer-reference = 银行参考号
method = 付款方式

## Mail

mail-invoice = { $seller } 的账单：{ $amount }
mail-receipt = { $seller } 的收据：{ $amount }
mail-refund = { $seller } 的退款：{ $amount }
mail-asks = { $seller } 请您支付 { $amount }
mail-paid = 您已向 { $seller } 支付 { $amount }
mail-refunded = { $seller } 已向您退款 { $amount }
mail-refund-days = 银行可能需要几天才能显示这笔退款。
mail-sent-for = 由 Tollgate 代表 { $seller } 发送。

## Days and times

day = { $year }年{ $month }月{ $day }日
moment = { $day } { $time }（{ $zone }）
zone-of = { $city } 时间
