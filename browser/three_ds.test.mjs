// 3-D Secure in a real browser: what only a browser shows. Everything else is in crates/server/tests/it/three_ds.rs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { content, fill, press, visit } from "./payer.mjs";

const CHALLENGED = "5555 5555 5555 4444";
const WINDOWS = [
  { viewport: { width: 1280, height: 900 }, code: "03", size: { width: 500, height: 600 } },
  { viewport: { width: 414, height: 800 }, code: "02", size: { width: 390, height: 400 } },
  { viewport: { width: 390, height: 700 }, code: "05", size: { width: 390, height: 700 } },
  { viewport: { width: 320, height: 640 }, code: "05", size: { width: 320, height: 640 } },
];

let gateway, shop, chromium;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

// Types the card in; the bank wants to ask.
async function challenged(number = CHALLENGED, { viewport = WINDOWS[0].viewport, javaScriptEnabled = true, ...order } = {}) {
  const purchase = await gateway.purchase({
    success_redirect: `${shop.url}/thanks`,
    failure_redirect: `${shop.url}/sorry`,
    ...order,
  });
  const page = await visit(chromium, { gateway, shop, viewport, javaScriptEnabled });
  await page.goto(purchase.checkout_url);
  await fill(page, number);
  await press(page);
  await page.waitForURL(/\/challenge\//);
  return { purchase, page };
}

const status = async ({ id }) => (await gateway.read(id)).status;

// The bank's page inside ours.
async function bank(page) {
  const frame = page.frameLocator("iframe[name=bank]");
  await frame.locator("[name=otp]").waitFor();
  return frame;
}

const creq = (page) =>
  page.locator("#challenge-form [name=creq]").inputValue().then((text) => JSON.parse(Buffer.from(text, "base64url").toString()));

for (const { viewport, code, size } of WINDOWS) {
  test(`the bank's page is drawn in window ${code} on a page ${viewport.width} wide`, async () => {
    const { purchase, page } = await challenged(CHALLENGED, { viewport });
    const frame = await bank(page);
    assert.equal((await creq(page)).challengeWindowSize, code);
    const { width, height } = await page.locator("iframe[name=bank]").boundingBox();
    assert.deepEqual({ width, height }, size);
    const drawn = await page.evaluate(() => ({
      title: document.querySelector("iframe").title,
      sandbox: document.querySelector("iframe").hasAttribute("sandbox"),
      focus: document.activeElement.tagName,
      wide: document.documentElement.scrollWidth,
    }));
    assert.deepEqual(drawn, { title: "Your bank's verification", sandbox: false, focus: "H1", wide: viewport.width });
    for (const words of [/RM 52\.00/, /Do not close this page/, /Cancel/, /Problems\? Open the bank page in full/]) {
      assert.match(await page.textContent("main"), words);
    }
    await frame.locator("[name=otp]").fill("1234");
    await frame.getByRole("button", { name: "Verify" }).click();
    await page.waitForURL(/\/result\//);
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1", "the result has the focus");
    await page.waitForURL(`${shop.url}/thanks`);
    assert.equal(await status(purchase), "paid");
    content(page);
    await page.context().close();
  });
}

test("the bank's page fits the smallest window", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page } = await challenged(CHALLENGED, { viewport: { width: 250, height: 400 }, javaScriptEnabled });
    await page.locator("#challenge-form button").click();
    await page.waitForURL(/\/acs\//);
    // Without script it cannot be asked; the layout is the same.
    if (javaScriptEnabled) assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 250);
    for (const value of ["verify", "resend", "cancel", "Y", "N", "U", "R", "timeout"]) {
      const box = await page.locator(`[name=action][value=${value}]`).first().boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 250 && box.height >= 24, `${value}: ${JSON.stringify(box)}`);
    }
    assert.equal(await page.locator("[lang=ar][dir=rtl]").count(), 1);
    await page.context().close();
  }
});

test("in full, the same question leaves the frame and comes back", async () => {
  const { purchase, page } = await challenged();
  await bank(page);
  const asked = await creq(page);
  await page.getByRole("button", { name: "Problems? Open the bank page in full" }).click();
  await page.waitForURL(/\/acs\//);
  const again = await page.locator("[name=creq]").inputValue();
  assert.deepEqual(JSON.parse(Buffer.from(again, "base64url").toString()), asked);
  await page.locator("[name=otp]").fill("1234");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.waitForURL(`${shop.url}/thanks`);
  assert.equal(await status(purchase), "paid");
  content(page);
  await page.context().close();
});

test("without script one button leads there, and the way back needs none", async () => {
  const { purchase, page } = await challenged(CHALLENGED, { javaScriptEnabled: false });
  assert.equal((await creq(page)).challengeWindowSize, "05");
  assert.equal(await page.locator("iframe").count(), 0);
  await page.getByRole("button", { name: "Continue to your bank" }).click();
  await page.locator("[name=otp]").fill("1234");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(`${shop.url}/thanks`);
  assert.equal(await status(purchase), "paid");
  content(page);
  await page.context().close();
});

test("Escape asks and does not cancel", async () => {
  const { purchase, page } = await challenged();
  await bank(page);
  await page.keyboard.press("Escape");
  const dialog = page.getByRole("dialog", { name: "Stop this payment?" });
  await dialog.getByRole("button", { name: "Keep going" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await status(purchase), "pending_execute");
  await page.keyboard.press("Escape");
  await dialog.getByRole("button", { name: "Cancel this payment" }).click();
  await page.waitForURL(`${shop.url}/sorry`);
  assert.equal(await status(purchase), "error");
  content(page);
  await page.context().close();
});

test("after eight minutes the page asks whether somebody is there, after ten it goes on", async () => {
  const { purchase, page } = await challenged();
  await bank(page);
  await gateway.control("POST", "/clock", { advance_seconds: 477 });
  await page.reload();
  await bank(page);
  const still = page.getByRole("alert").filter({ hasText: "Still there?" });
  await still.waitFor();
  await still.getByRole("button", { name: "I am still here" }).click();
  await still.waitFor({ state: "hidden" });
  assert.equal(await status(purchase), "pending_execute");
  await gateway.control("POST", "/clock", { advance_seconds: 115 });
  await page.reload();
  await page.waitForURL(/\/result\/|\/sorry/);
  await gateway.control("POST", "/clock", { advance_seconds: 10 });
  await page.waitForURL(`${shop.url}/sorry`, { timeout: 30_000 });
  assert.equal(await status(purchase), "error");
  await page.context().close();
});

test("a bank that is broken or silent leaves the payer a way out", async () => {
  for (const [number, words] of [
    ["4000 0099 2800 0002", /Something went wrong/],
    ["4000 0099 2300 0007", /One-time code/],
  ]) {
    const { purchase, page } = await challenged(number);
    await page.frameLocator("iframe[name=bank]").getByText(words).first().waitFor();
    await page.locator("#cancel-form button").click();
    await page.waitForURL(`${shop.url}/sorry`);
    assert.equal(await status(purchase), "error");
    await page.context().close();
  }
});

test("a bank that answers by itself needs nobody", async () => {
  for (const [number, end, after] of [
    ["4000 0099 2100 0009", "paid", "thanks"],
    ["4000 0099 2200 0008", "error", "sorry"],
    ["4000 0099 2400 0006", "error", "sorry"],
    ["4000 0099 2600 0004", "paid", "thanks"],
  ]) {
    const { purchase, page } = await challenged(number);
    if (number.includes("2600")) {
      const frame = await bank(page);
      await frame.locator("[name=otp]").fill("1234");
      await frame.getByRole("button", { name: "Verify" }).click();
    }
    await page.waitForURL(`${shop.url}/${after}`);
    assert.equal(await status(purchase), end, number);
    await page.context().close();
  }
});

test("only the bank's frame can send the payer on", async () => {
  const { page } = await challenged();
  await bank(page);
  await page.evaluate(() => {
    const heard = new Promise((resolve) => addEventListener("message", resolve, { once: true }));
    window.postMessage("back-from-bank", "*");
    return heard;
  });
  assert.match(page.url(), /\/challenge\//, "our own window is not the bank's frame");
  await page.context().close();
});
