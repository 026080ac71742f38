// Draws the bank's page inside ours, at the size the bank was told. Without it a button leads there.
'use strict';

const page = document.querySelector('.challenge');
const form = document.getElementById('challenge-form');
const heading = page.querySelector('h1');
const still = document.getElementById('still-there');
const ask = document.getElementById('ask-cancel');
const { after, to } = document.currentScript.dataset;
const { title, width, height, warn } = page.dataset;

const frame = document.createElement('iframe');
frame.name = 'bank';
frame.title = title;
if (width) {
  frame.width = width;
  frame.height = height;
}
document.getElementById('bank').append(frame);

// The form goes into the frame by itself; its button still leads to the bank's page in full.
const button = form.querySelector('button');
button.formTarget = '_self';
form.target = frame.name;
form.submit();
heading.focus();

const leave = () => location.replace(to);

// The page the bank sends the payer back to is ours again, and says so.
addEventListener('message', (event) => {
  const ours = event.origin === location.origin && event.source === frame.contentWindow;
  if (ours && event.data === 'back-from-bank') leave();
});

// Escape does not cancel by itself: it asks.
addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || ask.open) return;
  event.preventDefault();
  ask.showModal();
});
ask.querySelector('[type=button]').addEventListener('click', () => ask.close());

setTimeout(() => {
  still.hidden = false;
}, warn * 1000);
still.querySelector('button').addEventListener('click', () => {
  still.hidden = true;
  heading.focus();
});
setTimeout(leave, after * 1000);

addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
