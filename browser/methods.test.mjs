// Paying by a bank or a wallet in a real browser, with and without script (purchases-api 6.2, 6.4; checkout-ux 2).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { content, fill, press, visit, words } from "./payer.mjs";
import { Scene } from "./states.mjs";

let gateway, shop, chromium;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

const redirects = () => ({ success_redirect: `${shop.url}/thanks?id=7`, failure_redirect: `${shop.url}/sorry` });

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";

  const scene = async () => {
    const page = await visit(chromium, { gateway, shop, javaScriptEnabled });
    return new Scene({ gateway, shop, page });
  };

  const done = async ({ page }) => {
    content(page);
    await page.context().close();
  };

  test(`a bank is chosen, approves, and the payer ends at the shop, ${how}`, async () => {
    const payer = await scene();
    const made = await payer.purchase(redirects());
    await payer.link(made);
    assert.equal(await payer.page.locator("[name=fpx_bank_code]").isVisible(), false, "banks show with their method");
    await payer.chooseMethod("fpx", "MB2U0227");
    assert.equal(await payer.page.locator("[name=card_number]").isVisible(), false, "no card is asked for then");
    await press(payer.page);
    await payer.page.waitForURL(/\/acs\/pay\//);
    assert.match(await words(payer.page), /Maybank2u/);
    await payer.page.locator("[value=approve]").click();
    await payer.page.waitForURL(`${shop.url}/thanks?id=7`);
    const { status, transaction_data } = await gateway.read(made.id);
    assert.deepEqual([status, transaction_data.payment_method], ["paid", "fpx"]);
    await done(payer);
  });

  test(`a payer who comes back by the link pays in another way, ${how}`, async () => {
    const payer = await scene();
    const made = await payer.purchase(redirects());
    await payer.link(made);
    await payer.method("razer_tng");
    await payer.link(made);
    assert.match(await words(payer.page), /Continue to Touch 'n Go/);
    await payer.page.getByRole("button", { name: "Choose another way to pay" }).click();
    await payer.page.locator("#card-form").waitFor();
    assert.match(await words(payer.page), /You did not confirm the payment\. You have not been charged\./);
    await fill(payer.page, "4444 3333 2222 1111");
    await press(payer.page);
    await payer.page.waitForURL(`${shop.url}/thanks?id=7`);
    const kept = (await gateway.book()).filter(({ reference, kind }) => kind === "capture");
    assert.equal((await gateway.read(made.id)).status, "paid");
    assert.equal(new Set(kept.map(({ reference }) => reference)).size, kept.length, "paid once");
    await done(payer);
  });

  test(`a refusal leads to the shop's other page, ${how}`, async () => {
    const payer = await scene();
    await payer.link(await payer.purchase(redirects()));
    await payer.method("razer_grabpay");
    await payer.page.locator("[value=refuse]").click();
    await payer.page.waitForURL(`${shop.url}/sorry`);
    await done(payer);
  });

  test(`a bank that confirms later is waited for, ${how}`, async () => {
    const payer = await scene();
    const made = await payer.purchase(redirects());
    await payer.link(made);
    await payer.method("fpx", "PBB0233");
    await payer.choose("later");
    await payer.page.getByRole("heading", { name: "This payment is not confirmed yet" }).waitFor();
    await gateway.advance(31);
    // The page looks again by itself.
    await payer.page.waitForURL(`${shop.url}/thanks?id=7`, { timeout: 20_000 });
    assert.equal((await gateway.read(made.id)).status, "paid");
    await done(payer);
  });

  test(`a link with preferred leads straight to the wallet, ${how}`, async () => {
    const payer = await scene();
    const made = await payer.purchase(redirects());
    await payer.open(`${new URL(made.checkout_url).pathname}?preferred=razer&razer_bank_code=GrabPay`);
    await payer.page.waitForURL(/\/acs\/pay\//);
    await payer.page.locator("[value=approve]").click();
    await payer.page.waitForURL(`${shop.url}/thanks?id=7`);
    await done(payer);
  });

  test(`a bank must be chosen, ${how}`, async () => {
    const payer = await scene();
    const made = await payer.purchase({ payment_method_whitelist: ["fpx"] });
    await payer.link(made);
    await press(payer.page);
    await payer.page.locator("#error-summary a").click();
    assert.equal(await payer.page.evaluate(() => document.activeElement.id), "fpx_bank_code");
    await payer.page.locator("#fpx_bank_code").selectOption("HLB0224");
    await press(payer.page);
    await payer.page.waitForURL(/\/acs\/pay\//);
    await payer.page.context().close();
  });
}

test("a wallet is paid with by keyboard only", async () => {
  const page = await visit(chromium, { gateway, shop });
  const payer = new Scene({ gateway, shop, page });
  const made = await payer.purchase(redirects());
  await payer.link(made);
  const at = () => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);
  const until = async (id) => {
    for (let tries = 0; (await at()) !== id; tries++) {
      assert.ok(tries < 40, `the focus never comes to ${id}`);
      await page.keyboard.press("Tab");
    }
  };
  await until("method-card");
  await page.keyboard.press("ArrowDown");
  assert.equal(await at(), "method-fpx");
  await page.keyboard.press("Tab");
  assert.equal(await at(), "fpx_bank_code");
  await page.keyboard.type("Hong");
  await until("BUTTON");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/acs\/pay\//);
  assert.match(await words(page), /Hong Leong Bank/);
  content(page);
  await page.context().close();
});

test("a double click begins one payment", async () => {
  const page = await visit(chromium, { gateway, shop, javaScriptEnabled: false });
  const payer = new Scene({ gateway, shop, page });
  const made = await payer.purchase();
  await payer.link(made);
  await payer.chooseMethod("crypto_coin");
  await page.locator("#card-form button[type=submit]").dblclick({ noWaitAfter: true });
  await page.waitForURL(/\/acs\/pay\//);
  const { status_history } = await gateway.read(made.id);
  assert.equal(status_history.filter(({ status }) => status === "pending_execute").length, 1);
  await page.context().close();
});
