// Helps with the card form. Everything works without it.
'use strict';

const form = document.getElementById('card-form');
const field = (name) => form.elements.namedItem(name);
const number = field('card_number');
const names = ['card_number', 'expires', 'cvc', 'cardholder_name'];
const secrets = ['card_number', 'expires', 'cvc'];
const button = form.querySelector('button');

// Arabic, Persian and full-width digits end in the same four bits as their values.
const latin = (text) => text.replace(/[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]/g, (c) => c.charCodeAt(0) & 15);
const bare = (text) => latin(text).replace(/[\s-]/g, '');

function passesLuhn(digits) {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    sum += at % 2 ? digit * 2 - (digit > 4 ? 9 : 0) : digit;
  }
  return sum % 10 === 0;
}

// Gaps where the plastic has them. The caret stays behind the digit it was behind.
number.addEventListener('input', () => {
  const digits = bare(number.value);
  if (!/^\d*$/.test(digits)) return;
  const before = bare(number.value.slice(0, number.selectionStart)).length;
  const short = /^3[0-9]/.test(digits) && !/^35/.test(digits);
  const gaps = short ? [4, 10] : [4, 8, 12];
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

// A kept card is paid with as it is: the fields of a new one do not matter then.
const kept = () => form.querySelector('[name=saved_card]:checked')?.value;

// The server checks all of it again and more.
function problem(input) {
  const text = bare(input.value);
  if (!text) return input.dataset.empty;
  if (input === number && !(/^\d{12,19}$/.test(text) && passesLuhn(text))) return input.dataset.wrong;
  return '';
}

function show(input, message) {
  document.getElementById(`${input.name}-error`).textContent = message;
  if (message) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
}

for (const name of names) {
  const input = field(name);
  input.addEventListener('blur', () => {
    if (input.value) show(input, problem(input));
  });
  input.addEventListener('input', () => {
    if (input.hasAttribute('aria-invalid') && !problem(input)) show(input, '');
  });
}

// A disabled button or field would not be sent: they are only marked.
let sent = false;
form.addEventListener('submit', (event) => {
  if (sent) {
    event.preventDefault();
    return;
  }
  const wrong = (kept() ? [] : names.map(field)).filter((input) => {
    show(input, problem(input));
    return input.hasAttribute('aria-invalid');
  });
  if (wrong.length) {
    event.preventDefault();
    wrong[0].focus();
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

// What was posted is already on its way; the Back button must not bring the card back, nor an old state.
addEventListener('pagehide', () => {
  for (const name of secrets) field(name).value = '';
});
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});

const notice = document.querySelector('.alert');
if (notice) notice.focus();
