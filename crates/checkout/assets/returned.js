// The bank has sent the payer back: into the frame on our own page, which then goes on, or to this page alone.
'use strict';

const { to } = document.currentScript.dataset;
let inside = false;
try {
  inside = parent !== window && parent.location.origin === location.origin;
} catch {
  // A page of somebody else's: what is ours goes on inside it.
}
if (inside) parent.postMessage('back-from-bank', location.origin);
else location.replace(to);
