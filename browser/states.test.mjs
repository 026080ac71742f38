// Every page state at 320 and 1280 px: a picture of each in ./screenshots, no sideways scroll, nothing lost at 200 % or
// with wider text.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { SIZES, visit } from "./payer.mjs";
import { STATES, Scene } from "./states.mjs";

const screenshots = new URL("./screenshots/", import.meta.url).pathname;
const LANGUAGES = (process.env.LANGUAGES ?? "en").split(",");
const only = process.env.STATES?.split(",");

let gateway, shop, chromium;

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

// What stands out of its box, or is cut off by it.
const lost = () => {
  const width = document.documentElement.clientWidth;
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    // Drawn nowhere, or for screen readers only.
    if (!box.width || !box.height || style.clipPath !== "none" || element.closest("svg, select")) continue;
    const name = `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 30)}"`;
    if (box.right > width + 1 || box.left < -1) found.push(`${name} stands out of the page`);
    const cut = (over) => over !== "visible" && over !== "auto" && over !== "scroll";
    if (cut(style.overflowY) && element.scrollHeight > element.clientHeight + 1) found.push(`${name} is cut off`);
  }
  if (document.documentElement.scrollWidth > width) found.push(`${document.documentElement.scrollWidth}px wide`);
  return found;
};

// WCAG 1.4.12.
const SPACING = `* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
  p { margin-block-end: 2em !important }`;

// Past the policy of the page, which allows no style of anybody else's.
const restyle = (text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = text ? [sheet] : [];
};

for (const language of LANGUAGES) {
  for (const [name, open] of Object.entries(STATES)) {
    if (only && !only.includes(name)) continue;
    test(`${name}, ${language}`, async (context) => {
      const page = await visit(chromium, { gateway, shop });
      await open(new Scene({ gateway, shop, page, language }));
      await page.waitForLoadState();
      // Anything but an error page of the browser's own.
      assert.equal(await page.locator("main").count(), 1, page.url());
      // What stands in a page of the shop's leaves the heading to that page.
      assert.equal(await page.locator("h1").count(), name.startsWith("embed") ? 0 : 1, page.url());
      for (const [size, viewport] of Object.entries(SIZES)) {
        await page.setViewportSize(viewport);
        const file = join(screenshots, `${name}-${language}-${viewport.width}.png`);
        await page.screenshot({ path: file, fullPage: true, animations: "disabled" });
        context.diagnostic(file);
        assert.deepEqual(await page.evaluate(lost), [], size);
        await page.evaluate(restyle, SPACING);
        assert.deepEqual(await page.evaluate(lost), [], `${size}, text spacing`);
        await page.evaluate(restyle, "");
      }
      // A desk of 1280 px at 200 % is 640 px wide; so is large type on a phone of 320 px.
      await page.setViewportSize({ width: 640, height: 450 });
      assert.deepEqual(await page.evaluate(lost), [], "200 %");
      await page.setViewportSize(SIZES.phone);
      await page.evaluate(restyle, "html { font-size: 200% }");
      assert.deepEqual(await page.evaluate(lost), [], "large type");
      assert.deepEqual(page.strangers, []);
      await page.context().close();
    });
  }
}
