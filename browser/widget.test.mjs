// The card widget in a frame of a shop on another origin, and in a window of its own (card-payments-api 4).
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Gateway, browser } from "./gateway.mjs";
import { APPROVED, DECLINED, content, fill, press, visit } from "./payer.mjs";

const DECLINES = "4000 0000 0002 0000";
const CHALLENGED = "5555 5555 5555 4444";

let gateway, shop, chromium;

// A shop with the widget in a frame: its page remembers what the frame tells it.
class FramingShop {
  static async start() {
    const shop = new FramingShop();
    shop.server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url, "http://shop");
      response.setHeader("content-type", "text/html");
      const script = "window.heard = []; addEventListener('message', (event) => heard.push([event.origin, event.data]));";
      const frame = `<script>${script}</script><iframe name="widget" title="Card" width="600" height="900" src="${searchParams.get("url")}"></iframe>`;
      response.end(`<!doctype html><title>Shop</title><h1>${pathname}</h1>${pathname === "/frame" ? frame : ""}`);
    });
    await new Promise((resolve) => shop.server.listen(0, "127.0.0.1", resolve));
    // Another site than the gateway's: a frame of it is a third party.
    shop.url = `http://localhost:${shop.server.address().port}`;
    return shop;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), FramingShop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

async function call(method, path, body) {
  const { base_url, token_url, client_id, client_secret } = gateway.sandbox.card_payments;
  const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  const { access_token } = await (await fetch(token_url, { method: "POST", headers: { authorization }, body: form })).json();
  const headers = { authorization: `Bearer ${access_token}`, "content-type": "application/json" };
  const response = await fetch(base_url + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text && JSON.parse(text);
}

const places = () => ({
  redirectOnSuccessURL: `${shop.url}/thanks?order=7`,
  redirectOnFailURL: `${shop.url}/sorry`,
  backToShopURL: `${shop.url}/cart`,
});
const link = (more = {}) => call("POST", "/payments/cards/direct", { amount: 10_000, currencyCode: "SEK", languageCode: "en", ...places(), ...more });
const status = async (id) => (await call("GET", `/payments/${id}`)).payment.status;

// The shop's page with the widget in it, in a browser that keeps third parties' cookies away.
async function inFrame(url, options = {}) {
  const page = await visit(chromium, { gateway, shop, size: "desk", ...options });
  await page.goto(`${shop.url}/frame?url=${encodeURIComponent(url)}`);
  return { page, widget: page.frameLocator("iframe[name=widget]") };
}

const framed = (page) => page.frames().find((frame) => frame.name() === "widget");
const heard = (page) => page.evaluate(() => window.heard);
const told = (type, paymentId) => [new URL(gateway.sandbox.base_url).origin, { source: "payer-card-widget", type, paymentId }];

async function pay(widget, number) {
  await fill(widget, number);
  await press(widget);
}

for (const javaScriptEnabled of [true, false]) {
  const script = javaScriptEnabled ? "with script" : "without script";

  test(`a card is paid inside a frame of another origin, ${script}`, async () => {
    const { url, paymentId } = await link();
    const { page, widget } = await inFrame(url, { javaScriptEnabled });
    await pay(widget, APPROVED);
    await framed(page).waitForURL(`${shop.url}/thanks?order=7`);
    assert.equal(new URL(page.url()).pathname, "/frame", "the shop's page stays");
    assert.equal(await status(paymentId), "AUTHORIZED");
    if (javaScriptEnabled) assert.deepEqual(await heard(page), [told("SUCCESS", paymentId)]);
    assert.deepEqual(await page.context().cookies(), []);
    content(page);
    await page.context().close();
  });

  test(`the bank asks inside the frame, ${script}`, async () => {
    const { url, paymentId } = await link();
    const { page, widget } = await inFrame(url, { javaScriptEnabled });
    await pay(widget, CHALLENGED);
    if (!javaScriptEnabled) await widget.getByRole("button", { name: "Continue to your bank" }).click();
    const bank = javaScriptEnabled ? widget.frameLocator("iframe[name=bank]") : widget;
    await bank.locator("[name=otp]").fill("1234");
    await bank.getByRole("button", { name: "Verify" }).click();
    if (!javaScriptEnabled) await widget.locator("#onward button").click();
    await framed(page).waitForURL(`${shop.url}/thanks?order=7`);
    assert.equal(new URL(page.url()).pathname, "/frame", "the shop's page stays");
    assert.equal(await status(paymentId), "AUTHORIZED");
    content(page);
    await page.context().close();
  });

  test(`a link that failed is paid again, and Back changes nothing, ${script}`, async () => {
    const { url, paymentId } = await link();
    const { page, widget } = await inFrame(url, { javaScriptEnabled });
    await widget.getByRole("link", { name: /^Back/ }).click();
    await framed(page).waitForURL(`${shop.url}/cart`);
    const messages = javaScriptEnabled ? await heard(page) : [];
    if (javaScriptEnabled) assert.deepEqual(messages, [told("BACK", paymentId)]);
    await page.reload();
    await pay(widget, DECLINES);
    await framed(page).waitForURL(`${shop.url}/sorry`);
    if (javaScriptEnabled) assert.deepEqual(await heard(page), [told("FAIL", paymentId)]);
    assert.equal(await status(paymentId), "INITIATED");
    await page.reload();
    await widget.getByText(/You have not been charged/).first().waitFor();
    await pay(widget, APPROVED);
    await framed(page).waitForURL(`${shop.url}/thanks?order=7`);
    assert.equal(await status(paymentId), "AUTHORIZED");
    await page.context().close();
  });
}

test("the bank's page in full stays in the shop's frame", async () => {
  const { url, paymentId } = await link();
  const { page, widget } = await inFrame(url);
  await pay(widget, CHALLENGED);
  await widget.frameLocator("iframe[name=bank]").locator("[name=otp]").waitFor();
  await widget.getByRole("button", { name: "Problems? Open the bank page in full" }).click();
  await framed(page).waitForURL(/\/acs\//);
  await widget.locator("[name=otp]").fill("1234");
  await widget.getByRole("button", { name: "Verify" }).click();
  await framed(page).waitForURL(`${shop.url}/thanks?order=7`);
  assert.equal(new URL(page.url()).pathname, "/frame");
  assert.equal(await status(paymentId), "AUTHORIZED");
  content(page);
  await page.context().close();
});

test("in a window of its own it leads to the shop, and again when it is opened again", async () => {
  const { url } = await link();
  const page = await visit(chromium, { gateway, shop });
  await page.goto(url);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
  await pay(page, APPROVED);
  await page.waitForURL(`${shop.url}/thanks?order=7`);
  await page.goto(url);
  await page.waitForURL(`${shop.url}/thanks?order=7`);
  content(page);
  await page.context().close();
});

test("a card is kept, charged, and confirmed with the bank", async () => {
  const store = await call("POST", "/payments/cards/stored", { currencyCode: "SEK", languageCode: "en", ...places() });
  const kept = await inFrame(store.url);
  await pay(kept.widget, "4000 0000 0007 0005");
  await framed(kept.page).waitForURL(`${shop.url}/thanks?order=7`);
  assert.deepEqual(await heard(kept.page), [told("SUCCESS", null)]);
  await kept.page.context().close();
  const order = { token: store.token, amount: 4_900, currencyCode: "SEK", ...places() };
  const { verificationUrl, paymentId } = await call("POST", "/payments/cards/stored/authorize", order);
  const { page, widget } = await inFrame(verificationUrl);
  await widget.getByRole("button", { name: "Continue to your bank" }).click();
  const bank = widget.frameLocator("iframe[name=bank]");
  await bank.locator("[name=otp]").fill("1234");
  await bank.getByRole("button", { name: "Verify" }).click();
  await framed(page).waitForURL(`${shop.url}/thanks?order=7`);
  assert.equal(await status(paymentId), "AUTHORIZED");
  assert.deepEqual(await heard(page), [told("SUCCESS", paymentId)]);
  content(page);
  await page.context().close();
});

test("a shop that gave nowhere to go is still told", async () => {
  const { url, paymentId } = await link({ redirectOnFailURL: null, backToShopURL: null });
  const { page, widget } = await inFrame(url);
  assert.equal(await widget.getByRole("link", { name: /^Back/ }).count(), 0);
  await pay(widget, DECLINED);
  await widget.getByRole("link", { name: "Try again" }).waitFor();
  await page.waitForFunction(() => window.heard.length > 0);
  assert.deepEqual(await heard(page), [told("FAIL", paymentId)]);
  await page.context().close();
});

test("a cancelled link has nothing to pay with", async () => {
  const { url, paymentId } = await link();
  await call("PUT", `/payments/${paymentId}/cards/cancel`);
  const page = await visit(chromium, { gateway, shop });
  const response = await page.goto(url);
  assert.equal(response.status(), 410);
  assert.equal(await page.locator("form").count(), 0);
  await page.getByRole("link", { name: /^Back/ }).click();
  await page.waitForURL(`${shop.url}/cart`);
  await page.context().close();
});
