// What a page costs the payer (checkout-ux 14). Sizes and counts bind; times are only told.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { visit } from "./payer.mjs";
import { STATES, Scene } from "./states.mjs";

const BUDGET = { requests: 5, transfer: 60 * 1024, script: 18 * 1024, fonts: 0, shift: 0.02 };
const PAGES = ["pay", "pay-details", "pay-saved", "challenge", "bank", "paid", "invoice", "receipt", "session", "session-gift"];

let gateway, shop, chromium;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

// Bytes as they come over the wire, headers included, of everything the last document asked for.
async function meter(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const seen = new Map();
  let main;
  session.on("Network.requestWillBeSent", ({ requestId, type, request, redirectResponse }) => {
    if (type === "Document" && !redirectResponse) {
      seen.clear();
      main = requestId;
    }
    if (!request.url.startsWith("data:")) seen.set(requestId, { url: request.url, type, bytes: 0 });
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (seen.has(requestId)) seen.get(requestId).bytes = encodedDataLength;
  });
  return () => ({ main, all: [...seen.values()] });
}

// Observed from the first paint on.
const observe = () => {
  window.shift = 0;
  window.paint = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.paint = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
};

const sum = (entries) => entries.reduce((total, { bytes }) => total + bytes, 0);

for (const size of ["phone", "desk"]) {
  for (const name of PAGES) {
    test(`${name}, ${size}`, async (context) => {
      const page = await visit(chromium, { gateway, shop, size });
      await page.addInitScript(observe);
      const read = await meter(page);
      await STATES[name](new Scene({ gateway, shop, page }));
      await page.waitForLoadState("networkidle");
      const { all } = read();
      const cost = {
        requests: all.length,
        transfer: sum(all),
        script: sum(all.filter(({ type }) => type === "Script")),
        fonts: all.filter(({ type }) => type === "Font").length,
        shift: await page.evaluate(() => window.shift),
      };
      const { paint, ready } = await page.evaluate(() => ({
        paint: window.paint,
        ready: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
      }));
      context.diagnostic(`${JSON.stringify(cost)}; ready ${Math.round(ready)} ms, largest paint ${Math.round(paint)} ms`);
      assert.ok(all.length > 0, "something was measured");
      for (const [what, limit] of Object.entries(BUDGET)) {
        assert.ok(cost[what] <= limit, `${what}: ${cost[what]} of ${limit}\n${JSON.stringify(all, null, 1)}`);
      }
      assert.deepEqual(page.strangers, [], "no request to anybody else");
      await page.context().close();
    });
  }
}

test("the form does not move when it is filled, checked and corrected", async () => {
  const page = await visit(chromium, { gateway, shop });
  await page.addInitScript(observe);
  await STATES.pay(new Scene({ gateway, shop, page }));
  await page.locator("[name=card_number]").pressSequentially("4444333322221111");
  await page.locator("[name=expires]").fill("1230");
  await page.locator("[name=cvc]").fill("123");
  assert.ok((await page.evaluate(() => window.shift)) <= BUDGET.shift);
  await page.context().close();
});
