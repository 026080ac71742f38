// A payer in a real browser, on a phone and on a desk, with and without script.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { APPROVED, DECLINED, SIZES, content, fill, visit } from "./payer.mjs";

let gateway, shop, chromium;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

for (const size of Object.keys(SIZES)) {
  for (const javaScriptEnabled of [true, false]) {
    test(`pays, ${size}, script ${javaScriptEnabled ? "on" : "off"}`, async () => {
      const purchase = await gateway.purchase({
        success_redirect: `${shop.url}/thanks?id=7`,
        failure_redirect: `${shop.url}/sorry`,
        cancel_redirect: `${shop.url}/cart`,
      });
      const page = await visit(chromium, { gateway, shop, size, javaScriptEnabled });
      await page.goto(purchase.checkout_url);
      assert.match(await page.textContent("body"), /RM 52\.00/);
      await fill(page, APPROVED);
      await page.getByRole("button", { name: "Pay RM 52.00" }).click();
      await page.waitForURL(`${shop.url}/thanks?id=7`);
      const paid = await gateway.read(purchase.id);
      assert.equal(paid.status, "paid");
      assert.deepEqual(
        paid.status_history.map(({ status }) => status),
        ["created", "viewed", "pending_execute", "paid"],
      );
      content(page);
      await page.goto(purchase.checkout_url);
      assert.match(await page.textContent("body"), /Paid/);
      assert.equal(await page.getByLabel("Card number").count(), 0, "no form on a paid page");
      await page.context().close();
    });
  }
}

test("a declined card says so and may be tried again", async () => {
  for (const size of Object.keys(SIZES)) {
    const purchase = await gateway.purchase();
    const page = await visit(chromium, { gateway, shop, size });
    await page.goto(purchase.checkout_url);
    await fill(page, DECLINED);
    await page.getByRole("button", { name: /Pay/ }).click();
    await page.waitForURL(/result/);
    assert.match(await page.textContent("body"), /not been charged/);
    await page.getByRole("link", { name: /again|another/i }).first().click();
    await fill(page, APPROVED);
    await page.getByRole("button", { name: /Pay/ }).click();
    await page.getByText(/Payment successful|Paid/).first().waitFor();
    const paid = await gateway.read(purchase.id);
    assert.deepEqual(
      paid.status_history.map(({ status }) => status),
      ["created", "viewed", "pending_execute", "error", "pending_execute", "paid"],
    );
    assert.equal(paid.transaction_data.attempts.length, 2);
    await page.context().close();
  }
});

test("what is typed wrong is said beside the field, found by the server too", async () => {
  for (const size of Object.keys(SIZES)) {
    const purchase = await gateway.purchase();
    const page = await visit(chromium, { gateway, shop, size, javaScriptEnabled: false });
    await page.goto(purchase.checkout_url);
    await fill(page, "4444 3333 2222 1112", { cvc: "12" });
    await page.getByRole("button", { name: /Pay/ }).click();
    assert.match(await page.title(), /^Error: /);
    const body = await page.textContent("body");
    assert.match(body, /One digit may be wrong/);
    assert.equal(await page.getByLabel("Card number").inputValue(), "", "no number comes back");
    assert.equal(await page.getByLabel("Name on card").inputValue(), "Ada Example");
    assert.equal((await gateway.read(purchase.id)).transaction_data.attempts.length, 0);
    await page.context().close();
  }
});

test("cancelled, expired and unknown links have their pages", async () => {
  const cancelled = await gateway.purchase();
  await gateway.call("POST", `/purchases/${cancelled.id}/cancel/`);
  const soon = Math.floor(Date.now() / 1000) + 600;
  const products = [{ name: "Tea", price: 5200 }];
  const expired = await gateway.purchase({ due: soon, purchase: { products, due_strict: true } });
  await gateway.control("POST", "/clock", { advance_seconds: 700 });
  const unknown = gateway.sandbox.base_url + "/p/00000000-0000-4000-8000-000000000000/";
  const pages = {
    cancelled: [`${gateway.sandbox.base_url}/p/${cancelled.id}/`, /cancelled/i],
    expired: [`${gateway.sandbox.base_url}/p/${expired.id}/`, /expired/i],
    unknown: [unknown, /link/i],
  };
  for (const [name, [url, words]] of Object.entries(pages)) {
    for (const size of Object.keys(SIZES)) {
      const page = await visit(chromium, { gateway, shop, size });
      const response = await page.goto(url);
      assert.equal(response.status(), name === "unknown" ? 404 : 200);
      assert.match(await page.textContent("body"), words);
      assert.equal(await page.getByLabel("Card number").count(), 0);
      await page.context().close();
    }
  }
});

test("the callback verifies with openssl, and everything survives kill -9", async () => {
  const purchase = await gateway.purchase({ success_callback: `${shop.url}/callback` });
  const page = await visit(chromium, { gateway, shop, size: "phone" });
  await page.goto(purchase.checkout_url);
  await fill(page, APPROVED);
  await page.getByRole("button", { name: /Pay/ }).click();
  await page.getByText(/Payment successful|Paid/).first().waitFor();
  await page.context().close();
  const callback = await shop.callback();
  const at = callback.headers.indexOf("X-Signature");
  assert.ok(at >= 0, `X-Signature is spelt so on the wire: ${callback.headers}`);
  assert.equal(JSON.parse(callback.body).event_type, "purchase.paid");

  const folder = mkdtempSync(join(tmpdir(), "tollgate-signature-"));
  const { body: key } = await gateway.call("GET", "/public_key/");
  writeFileSync(join(folder, "key.pem"), key);
  writeFileSync(join(folder, "body"), callback.body);
  writeFileSync(join(folder, "signature"), Buffer.from(callback.headers[at + 1], "base64"));
  const verified = execFileSync(
    "openssl",
    ["dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "body"],
    { cwd: folder, encoding: "utf8" },
  );
  assert.match(verified, /Verified OK/);
  rmSync(folder, { recursive: true });

  const before = await gateway.read(purchase.id);
  await gateway.kill("SIGKILL");
  assert.match(gateway.audit(), /0 broken/);
  const secret = gateway.sandbox.purchases.secret_key;
  gateway = await Gateway.start(gateway.data);
  assert.equal(gateway.sandbox.purchases.secret_key, secret, "the same keys on the next start");
  const again = await gateway.read(purchase.id);
  const local = ({ checkout_url, direct_post_url, ...rest }) => rest;
  assert.deepEqual(local(again), local(before));
});

test("a challenged card is paid through the bank's page, on a phone and on a desk, with and without script", async () => {
  for (const size of Object.keys(SIZES)) {
    for (const javaScriptEnabled of [true, false]) {
      const purchase = await gateway.purchase({ success_redirect: `${shop.url}/thanks`, failure_redirect: `${shop.url}/sorry` });
      const page = await visit(chromium, { gateway, shop, size, javaScriptEnabled });
      await page.goto(purchase.checkout_url);
      await fill(page, "5555 5555 5555 4444");
      await page.getByRole("button", { name: /Pay/ }).click();
      await page.waitForURL(/challenge/);
      if (!javaScriptEnabled) await page.getByRole("button", { name: "Continue to your bank" }).click();
      const bank = javaScriptEnabled ? page.frameLocator("iframe") : page;
      await bank.getByLabel(/code/i).first().fill("1111");
      await bank.getByRole("button", { name: "Verify" }).click();
      await bank.getByRole("alert").first().waitFor();
      await bank.getByLabel(/code/i).first().fill("1234");
      await bank.getByRole("button", { name: "Verify" }).click();
      if (!javaScriptEnabled) {
        await page.getByRole("button", { name: /continue|back|return/i }).first().click();
      }
      await page.waitForURL(`${shop.url}/thanks`);
      const paid = await gateway.read(purchase.id);
      assert.equal(paid.status, "paid");
      assert.equal(paid.transaction_data.attempts[0].extra.three_d_secure, true);
      content(page);
      await page.context().close();
    }
  }
});

test("a form of the shop's own pays by direct post", async () => {
  const purchase = await gateway.purchase({ success_redirect: `${shop.url}/thanks`, failure_redirect: `${shop.url}/sorry` });
  const page = await visit(chromium, { gateway, shop, size: "phone" });
  await page.goto(`${shop.url}/cart`);
  await page.evaluate((action) => {
    const fields = { cardholder_name: "Ada Example", card_number: "4444 3333 2222 1111", expires: "12/30", cvc: "123" };
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    for (const [name, value] of Object.entries(fields)) {
      const input = document.createElement("input");
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.submit();
  }, purchase.direct_post_url);
  await page.waitForURL(`${shop.url}/thanks`);
  assert.equal((await gateway.read(purchase.id)).transaction_data.flow, "direct_post");
  await page.context().close();
});

test("what the merchant asks of the payer is asked and kept", async () => {
  const products = [{ name: "Tea", price: 5200 }];
  for (const size of Object.keys(SIZES)) {
    const purchase = await gateway.purchase({ purchase: { products, request_client_details: ["full_name", "phone", "billing_address"] } });
    const page = await visit(chromium, { gateway, shop, size });
    await page.goto(purchase.checkout_url);
    await page.locator("[name=full_name]").fill("Ada Example");
    await page.locator("[name=phone]").fill("+60 12 345 6789");
    for (const [name, value] of Object.entries({ street_address: "1 Jalan Ampang", city: "Kuala Lumpur", zip_code: "50450", state: "KL", country: "MY" })) {
      const field = page.locator(`[name=${name}]`);
      await (name === "country" ? field.selectOption(value) : field.fill(value));
    }
    await fill(page, APPROVED);
    await page.getByRole("button", { name: /Pay/ }).click();
    await page.getByText(/Payment successful|Paid/).first().waitFor();
    const { client } = await gateway.read(purchase.id);
    assert.deepEqual([client.full_name, client.phone, client.city, client.country], ["Ada Example", "+60 12 345 6789", "Kuala Lumpur", "MY"]);
    await page.context().close();
  }
});
