// Accessibility: no serious or critical finding of axe on any page state, in three languages; and paying by keyboard only
// (checkout-ux 12).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { NEXT_YEAR, content, visit } from "./payer.mjs";
import { STATES, Scene } from "./states.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LANGUAGES = ["en", "de", "ar"];

let gateway, shop, chromium;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

// By evaluation, because the policy of the pages allows no script of anybody else's.
async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
}

for (const language of LANGUAGES) {
  for (const [name, open] of Object.entries(STATES)) {
    test(`${name}, ${language}`, async () => {
      const page = await visit(chromium, { gateway, shop });
      await open(new Scene({ gateway, shop, page, language }));
      await page.waitForLoadState();
      assert.deepEqual(await findings(page), []);
      await page.context().close();
    });
  }
}

test("the check can fail", async () => {
  const page = await visit(chromium, { gateway, shop });
  await STATES.pay(new Scene({ gateway, shop, page }));
  await page.evaluate(() => document.querySelector("label[for=card_number]").remove());
  assert.match((await findings(page)).join("\n"), /critical label/);
  await page.context().close();
});

test("paying by keyboard only, in the order of the page, with the focus to be seen", async () => {
  const { id, checkout_url } = await gateway.purchase({ cancel_redirect: `${shop.url}/cart` });
  const page = await visit(chromium, { gateway, shop });
  await page.goto(checkout_url);
  const typed = { card_number: "4444333322221111", expires: NEXT_YEAR, cvc: "123", cardholder_name: "Ada Example" };
  const order = [];
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press("Tab");
    const { name, outline } = await page.evaluate(() => {
      const { tagName, name, type } = document.activeElement;
      return { name: name || type || tagName, outline: getComputedStyle(document.activeElement).outlineStyle };
    });
    assert.notEqual(outline, "none", `the focus shows on ${name}`);
    order.push(name);
    if (typed[name]) await page.keyboard.type(typed[name]);
    if (name === "remember_card") await page.keyboard.press("Space");
    if (name === "submit") break;
  }
  assert.deepEqual(order, ["SUMMARY", "method", "SUMMARY", "card_number", "expires", "cvc", "cardholder_name", "remember_card", "submit"]);
  assert.equal(await page.locator("[name=card_number]").inputValue(), "4444 3333 2222 1111");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/result\//);
  assert.equal((await gateway.read(id)).status, "paid");
  content(page);
  await page.context().close();
});

test("through the bank by keyboard only", async () => {
  const page = await visit(chromium, { gateway, shop });
  const scene = new Scene({ gateway, shop, page });
  const { id } = await scene.challenged();
  const to = async (seen) => {
    for (let presses = 0; presses < 20; presses++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((seen) => document.activeElement.matches(seen), seen)) return;
    }
    throw new Error(`${seen} is not reached by Tab`);
  };
  await to("#challenge-form button");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/acs\//);
  await to("[name=otp]");
  await page.keyboard.type("1234");
  await to("[value=verify]");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/result\//);
  assert.equal((await gateway.read(id)).status, "paid");
  await page.context().close();
});
