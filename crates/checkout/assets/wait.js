// Looks again, or goes on to the shop, after a while. Without script the page's own refresh element does.
'use strict';

const { after, to } = document.currentScript.dataset;
setTimeout(() => {
  // In place of this page: the Back button is not to lead here, from where it went on by itself.
  if (to) location.replace(to);
  else location.reload();
}, Number(after) * 1000);
