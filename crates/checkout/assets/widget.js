// The card widget: tells the page around it, if there is one, what became of the payment, and goes on.
'use strict';

const { after, to } = document.currentScript.dataset;
if (to) setTimeout(() => location.replace(to), after * 1000);

const { origin, payment, news } = document.body.dataset;
const tell = (type) => {
  if (origin && parent !== window) {
    parent.postMessage({ source: 'payer-card-widget', type, paymentId: Number(payment) || null }, origin);
  }
};
if (news) tell(news);

// Whoever comes from the bank's page; in a frame of another site's no page may ask for that by itself.
const heading = document.querySelector('h1[tabindex]');
if (heading) heading.focus();

const back = document.getElementById('back');
if (back) back.addEventListener('click', () => tell('BACK'));

addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});

const form = document.getElementById('verify-form');
if (form) {
  let sent = false;
  form.addEventListener('submit', (event) => {
    if (sent) event.preventDefault();
    sent = true;
    form.elements.namedItem('window_width').value = document.documentElement.clientWidth;
  });
}
