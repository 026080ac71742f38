// Helps with the card form. Everything works without it, and nothing typed leaves the page before it is posted.
'use strict';

const form = document.getElementById('card-form');
const field = (name) => form.elements.namedItem(name);
const number = field('card_number');
const expires = field('expires');
const cvc = field('cvc');
const holder = field('cardholder_name');
// A page without a card to type has none of them.
const inputs = [number, expires, cvc, holder].filter(Boolean);
const button = form.querySelector('button');

// Arabic, Persian and full-width digits end in the same four bits as their values.
const latin = (text) => text.replace(/[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]/g, (c) => c.charCodeAt(0) & 15);
const bare = (text) => latin(text).replace(/[\s-]/g, '');

// Prefixes, the shortest and the longest number. What a prefix says most exactly wins.
const FOUR = [4, 8, 12];
const SHORT = [4, 10];
const BRANDS = {
  visa: { name: 'Visa', prefixes: ['4'], lengths: [16, 19], gaps: FOUR },
  mastercard: { name: 'Mastercard', prefixes: ['51-55', '2221-2720'], lengths: [16, 16], gaps: FOUR },
  amex: { name: 'American Express', prefixes: ['34', '37'], lengths: [15, 15], gaps: SHORT, code: 4 },
  diners: { name: 'Diners Club', prefixes: ['300-305', '36', '38', '39'], lengths: [14, 19], gaps: SHORT },
  discover: { name: 'Discover', prefixes: ['6011', '644-649', '65'], lengths: [16, 19], gaps: FOUR },
  jcb: { name: 'JCB', prefixes: ['3528-3589', '2131', '1800'], lengths: [16, 19], gaps: FOUR },
  unionpay: { name: 'UnionPay', prefixes: ['620-629', '810-817'], lengths: [14, 19], gaps: FOUR },
  maestro: { name: 'Maestro', prefixes: ['5018', '56-59', '63', '67'], lengths: [12, 19], gaps: FOUR },
};
const UNKNOWN = { lengths: [12, 19], gaps: FOUR };
// Cards with a second brand.
const PARTNERS = { '40000098': 'cartes_bancaires', '52000098': 'cartes_bancaires' };

// How many digits of a prefix are there already; 0 when it cannot become one.
function fit(digits, prefix) {
  const [low, high = low] = prefix.split('-');
  const typed = Math.min(digits.length, low.length);
  const head = digits.slice(0, typed);
  return head >= low.slice(0, typed) && head <= high.slice(0, typed) ? typed : 0;
}

// Every brand it can still become, the likeliest first.
function candidates(digits) {
  return Object.keys(BRANDS)
    .map((brand) => [brand, Math.max(...BRANDS[brand].prefixes.map((prefix) => fit(digits, prefix)))])
    .filter(([, typed]) => typed)
    .sort((one, other) => other[1] - one[1])
    .map(([brand]) => brand);
}

// The brand, once there is no doubt.
function brandOf(digits) {
  const found = candidates(digits);
  const whole = (brand) =>
    BRANDS[brand].prefixes.some((prefix) => fit(digits, prefix) === prefix.split('-')[0].length);
  return found.length === 1 || (found.length && digits.length > 3 && whole(found[0])) ? found[0] : '';
}

const partnerOf = (digits) => PARTNERS[digits.slice(0, 8)];
const takes = (brand) => !form.dataset.brands || form.dataset.brands.split(' ').includes(brand);
const nameOf = (brand) => BRANDS[brand]?.name || '';

// The marks, the name beside the field and, on a card with two brands, the choice.
const marks = form.querySelector('.brands');
const said = form.querySelector('.brand');
const choice = document.getElementById('brand-choice');

function showBrand(digits) {
  const brand = brandOf(digits);
  const possible = digits ? candidates(digits) : [];
  marks.classList.toggle('some', possible.length > 0);
  for (const mark of marks.children) mark.classList.toggle('fits', possible.includes(mark.dataset.brand));
  if (said.textContent !== nameOf(brand)) said.textContent = nameOf(brand);
  // Of a shop that takes one of the two there is nothing to choose.
  if (!choice) return;
  const pair = [brand, partnerOf(digits)].filter((name) => name && takes(name));
  choice.hidden = pair.length < 2;
  for (const radio of choice.querySelectorAll('input')) {
    const offered = !choice.hidden && pair.includes(radio.value);
    radio.closest('label').hidden = !offered;
    radio.disabled = !offered;
  }
  const chosen = choice.querySelector('input:checked:enabled');
  const usual = choice.querySelector(`input[value="${brand}"]:enabled`);
  if (usual && !chosen) usual.checked = true;
}

// Gaps where the plastic has them. The caret stays behind the digit it was behind.
number?.addEventListener('input', () => {
  const digits = bare(number.value);
  if (!/^\d*$/.test(digits)) return;
  showBrand(digits);
  const before = bare(number.value.slice(0, number.selectionStart)).length;
  const { gaps } = BRANDS[brandOf(digits)] || UNKNOWN;
  let text = '';
  let caret = 0;
  for (let at = 0; at < digits.length; at += 1) {
    if (gaps.includes(at)) text += ' ';
    text += digits[at];
    if (at + 1 === before) caret = text.length;
  }
  if (text === number.value) return;
  number.value = text;
  number.setSelectionRange(caret, caret);
});

function passesLuhn(digits) {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    sum += at % 2 ? digit * 2 - (digit > 4 ? 9 : 0) : digit;
  }
  return sum % 10 === 0;
}

// What is wrong with each field, by the name of its message. The server checks all of it again, and more.
const CHECKS = new Map([
  [number, (text) => {
    const digits = bare(text);
    if (!/^\d+$/.test(digits)) return 'digits';
    const brand = brandOf(digits);
    const [shortest, longest] = (BRANDS[brand] || UNKNOWN).lengths;
    if (digits.length < shortest) return 'short';
    if (digits.length > longest) return 'long';
    if (!passesLuhn(digits)) return 'luhn';
    return !brand || takes(brand) || takes(partnerOf(digits)) ? '' : 'refused';
  }],
  [expires, (text) => {
    const [, month, year] = /^(\d{1,2})[/-]?(\d{4}|\d{2})$/.exec(latin(text).replace(/\s/g, '')) || [];
    if (!month) return 'empty';
    if (month < 1 || month > 12) return 'month';
    const [thisYear, thisMonth] = form.dataset.month.split('-').map(Number);
    const ahead = (year.length < 4 ? 2000 : 0) + Number(year) - thisYear;
    if (ahead < 0 || (ahead === 0 && month < thisMonth)) return 'past';
    return ahead > 20 ? 'far' : '';
  }],
  [cvc, (text) => {
    const brand = brandOf(bare(number.value));
    const wanted = BRANDS[brand]?.code || 3;
    const digits = bare(text);
    const right = brand ? digits.length === wanted : digits.length === 3 || digits.length === 4;
    if (right && /^\d+$/.test(digits)) return '';
    if (!brand) return 'empty';
    return wanted === 4 ? 'four' : 'three';
  }],
  // The server knows better which letters can be written as on the plastic.
  [holder, (text) => (/\d/.test(latin(text)) ? 'empty' : '')],
]);

const fault = (input) => (input.value.trim() ? CHECKS.get(input)(input.value) : 'empty');
const problem = (input) => {
  const name = fault(input);
  const message = name && input.dataset[name];
  return message && message.replace('{brand}', nameOf(brandOf(bare(number.value))));
};

function show(input, message) {
  document.getElementById(`${input.name}-error`).textContent = message;
  if (message) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
}

for (const input of inputs) {
  input.addEventListener('blur', () => {
    if (input.value) show(input, problem(input));
  });
  input.addEventListener('input', () => {
    if (input.hasAttribute('aria-invalid') && !problem(input)) show(input, '');
  });
}

// A kept card is paid with as it is, and others on a page of their own: the fields of a new one do not matter then.
const kept = () => form.querySelector('[name=saved_card]:checked')?.value
  || form.querySelector('[name=method]:checked:not([data-card])');

// Whether something keeps the form from going; the payer is led to it.
function refuses() {
  const wrong = (kept() ? [] : inputs).filter((input) => {
    show(input, problem(input));
    return input.hasAttribute('aria-invalid');
  });
  if (wrong.length) wrong[0].focus();
  return wrong.length > 0;
}

// A disabled button or field would not be sent: they are only marked.
let sent = false;
form.addEventListener('submit', (event) => {
  if (sent || refuses()) {
    event.preventDefault();
    return;
  }
  sent = true;
  // How large the bank's page may be, should it want to ask.
  field('window_width').value = document.documentElement.clientWidth;
  button.setAttribute('aria-disabled', 'true');
  button.textContent = button.dataset.busy;
  for (const input of form.querySelectorAll('input')) input.readOnly = true;
  const live = form.querySelector('.live');
  live.textContent = live.dataset.busy;
});

// Countries by their names in the page's own language, where the browser knows them.
for (const select of form.querySelectorAll('select.country')) {
  const names = new Intl.DisplayNames(document.documentElement.lang, { type: 'region' });
  const options = [...select.options].slice(1);
  for (const option of options) option.textContent = names.of(option.value);
  options.sort((one, other) => one.text.localeCompare(other.text, document.documentElement.lang));
  const { value } = select;
  select.append(...options);
  select.value = value;
}

// What was posted is already on its way; the Back button must not bring the card back, nor an old state.
addEventListener('pagehide', () => {
  for (const input of inputs) if (input !== holder) input.value = '';
});
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});

if (number) showBrand(bare(number.value));

// A page around ours, where there is one, is told that the payer goes back.
const { origin, payment } = document.body.dataset;
const back = document.getElementById('back');
if (origin && back && parent !== window) {
  back.addEventListener('click', () => {
    parent.postMessage({ source: 'payer-card-widget', type: 'BACK', paymentId: Number(payment) || null }, origin);
  });
}

const notice = document.querySelector('.alert');
if (notice) notice.focus();
