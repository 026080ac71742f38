// Sends the bank's answer on. Who comes back to this page by the Back button is not sent on again.
'use strict';

const visit = performance.getEntriesByType('navigation')[0];
if (!visit || visit.type !== 'back_forward') document.getElementById('onward').submit();
