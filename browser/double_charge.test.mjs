// However impatient a payer is, a card is charged once: said by the acquirer's own book.
//
//   RUNS=50 node --test double_charge.test.mjs     fewer than the 1,000 of checkout-ux 21
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { each } from "./lanes.mjs";
import { APPROVED, NEXT_YEAR, fill, press, visit, words } from "./payer.mjs";

const RUNS = Number(process.env.RUNS ?? 1000);
const LANES = 4;

let gateway, shop, chromium;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

// What the acquirer keeps of each amount: every purchase has an amount of its own, by which the book knows it.
async function kept() {
  const counts = new Map();
  for (const { amount, kind, outcome } of await gateway.book()) {
    if (kind === "authorize" && outcome === "approved") counts.set(amount, (counts.get(amount) ?? 0) + 1);
    if (kind === "reversal") counts.set(amount, (counts.get(amount) ?? 0) - 1);
  }
  return counts;
}

let amount = 10_000;
const purchase = () => {
  amount += 1;
  return gateway.purchase({}, [{ name: "Tea", price: amount }]);
};

async function chargedOnce(purchases) {
  const counts = await kept();
  const wrong = [];
  for (const { id, purchase } of purchases) {
    const { status } = await gateway.read(id);
    const times = counts.get(purchase.total) ?? 0;
    if (status !== "paid" || times !== 1) wrong.push(`${id}: ${status}, charged ${times} times`);
  }
  assert.deepEqual(wrong, []);
}

// Typed at once, and clicked where the button is: these runs are about what is sent. Answers where that is, if there is
// a form.
const typed = { card_number: APPROVED, expires: NEXT_YEAR, cvc: "123", cardholder_name: "Ada Example" };
const type = (page) =>
  page
    .evaluate((typed) => {
      const form = document.getElementById("card-form");
      if (!form) return null;
      for (const [name, value] of Object.entries(typed)) form.elements.namedItem(name).value = value;
      const button = form.querySelector("button");
      button.scrollIntoView({ block: "center", behavior: "instant" });
      const { x, y, width, height } = button.getBoundingClientRect();
      return [x + width / 2, y + height / 2];
    }, typed)
    // The page went away meanwhile.
    .catch(() => null);

async function click(page, clickCount) {
  const at = await type(page);
  if (at) await page.mouse.click(...at, { clickCount });
  return at !== null;
}

const settled = (page) => page.waitForURL(/result/, { waitUntil: "commit", timeout: 3000 }).catch(() => {});
const back = (page) => page.goBack({ waitUntil: "commit", timeout: 3000 }).catch(() => {});

// What an earlier run left under way may come in between.
async function open(page, url) {
  for (let tries = 0; tries < 10; tries++) {
    await page.goto(url, { waitUntil: "domcontentloaded" }).catch(() => {});
    if (page.url() === url) return;
  }
  throw new Error(`${url} does not open; the page is ${page.url()}`);
}

const KINDS = [
  async function doubleClick(page) {
    await click(page, 2);
    await settled(page);
  },
  // To the old form, kept or fetched anew, or to the paid page without one.
  async function backAndAgain(page) {
    await click(page, 1);
    await settled(page);
    await back(page);
    if (await click(page, 2)) await settled(page);
  },
  async function backAtOnce(page) {
    await click(page, 2);
    await back(page);
    if (await click(page, 1)) await settled(page);
  },
];

test("impatient payers are charged once", async (context) => {
  const made = [];
  const lanes = await Promise.all(
    Array.from({ length: LANES }, (_, lane) => visit(chromium, { gateway, size: "desk", javaScriptEnabled: lane > 0 })),
  );
  await each(Array.from({ length: RUNS }).keys(), LANES, async (run, lane) => {
    const one = await purchase();
    made.push(one);
    for (let tries = 0; tries < 5; tries++) {
      await open(lanes[lane], one.checkout_url);
      await KINDS[(run + tries) % KINDS.length](lanes[lane]);
      if ((await gateway.read(one.id)).status === "paid") break;
    }
  });
  for (const page of lanes) await page.context().close();
  await chargedOnce(made);
  assert.match(gateway.audit(), /0 broken/);
  context.diagnostic(`${RUNS} payers`);
});

test("two windows, and the second is told of the first", async () => {
  for (const javaScriptEnabled of [true, false]) {
    // Slow enough for both.
    const made = await purchase();
    const first = await visit(chromium, { gateway, javaScriptEnabled });
    const second = await first.context().newPage();
    await first.goto(made.checkout_url);
    await second.goto(made.checkout_url);
    await fill(first, "4000 0099 0000 0905");
    await fill(second, APPROVED);
    await press(first);
    await underWay(made.id);
    await press(second);
    await second.getByText("This payment is being processed in another window").waitFor();
    assert.equal(await second.locator("#card-form").count(), 0, "no way to pay again");
    await gateway.advance(9);
    await first.waitForURL(/result/);
    await second.goto(made.checkout_url);
    assert.match(await words(second), /Paid/);
    await chargedOnce([made]);
    await first.context().close();
  }
});

const underWay = async (id) => {
  while ((await gateway.read(id)).status !== "pending_execute") await pause(20);
};

test("a refresh after the post and a reload of the result post nothing", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const made = await purchase();
    const page = await visit(chromium, { gateway, javaScriptEnabled });
    const posts = [];
    page.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
    await page.goto(made.checkout_url);
    await fill(page, APPROVED);
    await press(page);
    await page.waitForURL(/result/);
    for (let times = 0; times < 3; times++) await page.reload();
    assert.match(await words(page), /Payment successful/);
    assert.equal(posts.length, 1);
    await chargedOnce([made]);
    await page.context().close();
  }
});

test("Back after paying shows no card number, with script and without", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const made = await purchase();
    const page = await visit(chromium, { gateway, javaScriptEnabled });
    await page.goto(made.checkout_url);
    await fill(page, APPROVED);
    await press(page);
    await page.waitForURL(/result/);
    await page.goBack();
    await page.waitForLoadState();
    if (javaScriptEnabled) {
      await page.getByText("Payment successful").waitFor();
      assert.equal(await page.locator("[name=card_number]").count(), 0, "the page was fetched anew");
    }
    // Without script a browser may show the form again as it was left: what then guards money is the server.
    if (await page.locator("#card-form").count()) {
      await fill(page, APPROVED);
      await press(page);
      await page.getByText("Payment successful").waitFor();
    }
    await chargedOnce([made]);
    await page.context().close();
  }
});

test("a form kept by the browser is empty when the payer comes back", async () => {
  const made = await purchase();
  const page = await visit(chromium, { gateway });
  await page.goto(made.checkout_url);
  await fill(page, APPROVED);
  // What the browser will keep is what is there after `pagehide`.
  const left = await page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
    return ["card_number", "expires", "cvc"].map((name) => document.querySelector(`[name=${name}]`).value);
  });
  assert.deepEqual(left, ["", "", ""]);
  await page.context().close();
});
