// What a payer does in a browser, and what every page is held to while they do it.
import assert from "node:assert/strict";

export const SIZES = { phone: { width: 320, height: 640 }, desk: { width: 1280, height: 900 } };
export const NEXT_YEAR = `12/${String((new Date().getFullYear() + 1) % 100).padStart(2, "0")}`;
export const APPROVED = "4444 3333 2222 1111";
export const DECLINED = "4000 0099 0005 0009";

// A browser window of its own: keeps count of requests to strangers and of complaints in the console.
export async function visit(chromium, { gateway, shop, size = "phone", ...options }) {
  const context = await chromium.newContext({ viewport: SIZES[size], locale: "en", ...options });
  const page = await context.newPage();
  const ours = [gateway.sandbox.base_url, shop?.url].filter(Boolean).map((url) => new URL(url).origin);
  page.strangers = [];
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && !ours.includes(origin)) page.strangers.push(request.url());
  });
  page.complaints = [];
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

export function content(page) {
  assert.deepEqual(page.strangers, [], "no request to anybody else");
  assert.deepEqual(page.complaints, [], "no complaint in the console");
}

// Opens a page, whatever the window is on its way to: pages that wait look again by themselves.
export async function arrive(page, url) {
  for (let tries = 0; ; tries++) {
    try {
      return await page.goto(url);
    } catch (error) {
      if (tries === 40 || !/interrupted by another navigation|ERR_ABORTED/.test(error.message)) throw error;
      await page.waitForTimeout(250);
    }
  }
}

// By name, so that it works in every language.
export async function fill(page, number, { cvc = "123", expires = NEXT_YEAR, holder = "Ada Example" } = {}) {
  await page.locator("[name=card_number]").fill(number);
  await page.locator("[name=expires]").fill(expires);
  await page.locator("[name=cvc]").fill(cvc);
  await page.locator("[name=cardholder_name]").fill(holder);
}

export const press = (page) => page.locator("#card-form button[type=submit]").click({ noWaitAfter: true });

// The words of a page, spaces as one.
export async function words(page) {
  return (await page.locator("body").innerText()).replace(/\s+/g, " ");
}

// Through the bank's page with this code, up to the page after it.
export async function confirm(page, code = "1234") {
  await page.waitForURL(/\/challenge\//);
  await page.locator("#challenge-form button").click({ noWaitAfter: true });
  await page.waitForURL(/\/acs\//);
  await page.locator("[name=otp]").fill(code);
  await page.locator("[name=action][value=verify]").click({ noWaitAfter: true });
}
