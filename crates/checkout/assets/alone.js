// A page that was drawn for a frame of the shop's: there the shop's page takes over; alone it goes on by itself.
'use strict';

if (parent === window) location.replace(document.currentScript.dataset.to);
