// Every card of the table, on our page, by direct post and in a page of the shop's, with and without script, in English
// and Arabic: what the payer reads, and what the merchant sees (checkout-ux 20, 21).
//
//   node --test matrix.test.mjs                 the whole table on our page with script in English, a covering set else
//   MATRIX=full node --test matrix.test.mjs     the full product
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { CARDS, ENDINGS } from "./cards.mjs";
import { EmbeddingShop, fieldsOf, press as pressInShop } from "./embed.mjs";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { each } from "./lanes.mjs";
import { NEXT_YEAR, arrive, fill, press, visit, words } from "./payer.mjs";
import { WORDS } from "./words.mjs";

const FULL = process.env.MATRIX === "full";
const LANES = 3;

let gateway, shop, embedding, chromium;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
  embedding = await EmbeddingShop.start(gateway.sandbox.base_url);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
  embedding?.stop();
});

// One card of each ending and each way there.
const COVERING = CARDS.filter(
  (card, at) => at === CARDS.findIndex((other) => other.ending === card.ending && other.way === card.way),
);

class Payment {
  constructor(card, { flow, language, page }) {
    Object.assign(this, { card, flow, language, page });
    this.ending = ENDINGS[card.ending];
    this.says = WORDS[language];
  }

  async submit() {
    this.purchase = await gateway.purchase({
      purchase: { products: [{ name: "Tea", price: 5200 }], language: this.language },
      due: Math.floor(Date.now() / 1000) + 30 * 86_400,
      ...(this.flow === "direct_post" && { success_redirect: `${shop.url}/thanks`, failure_redirect: `${shop.url}/sorry` }),
    });
    if (this.flow === "direct_post") {
      const fields = { card_number: this.card.number.replaceAll(" ", ""), cvc: this.card.cvc, expires: NEXT_YEAR };
      await this.page.goto(`${shop.url}/form?${new URLSearchParams({ action: this.purchase.direct_post_url, ...fields })}`);
      await this.page.locator("button").click({ noWaitAfter: true });
    } else if (this.flow === "embedded") {
      await this.page.goto(embedding.card(this.purchase.id, { redirect: false }));
      await fill(await fieldsOf(this.page), this.card.number, this.card);
      await pressInShop(this.page);
    } else {
      await this.page.goto(this.purchase.checkout_url, { waitUntil: "commit" });
      await fill(this.page, this.card.number, this.card);
      await press(this.page);
    }
  }

  async until(seen, what) {
    for (let tries = 0; tries < 400; tries++) {
      const found = await seen();
      if (found) return found;
      await pause(25);
    }
    throw new Error(`${this.card.number} ${this.card.title}: ${what} does not come; the page is ${this.page.url()}`);
  }

  at(...places) {
    return this.until(() => places.find((place) => this.page.url().includes(place)), places.join(" or "));
  }

  async reads(...ids) {
    const wanted = ids.map((id) => this.says[id]);
    let text = "";
    const read = async () => {
      text = await words(this.page).catch(() => "");
      return wanted.every((words) => text.includes(words));
    };
    await this.until(read, `"${wanted}"`).catch((error) => {
      throw new Error(`${error.message}\n${text}`);
    });
    return text;
  }

  async status(wanted) {
    const read = async () => (await gateway.read(this.purchase.id)).status === wanted;
    await this.until(read, wanted);
  }

  async tried() {
    const read = async () => !["created", "viewed"].includes((await gateway.read(this.purchase.id)).status);
    await this.until(read, "a try");
  }

  // Through the bank, as far as it lets the payer.
  async pass() {
    const { way } = this.card;
    if (!["code", "itself", "stays", "broken"].includes(way)) return;
    // With script the bank's page is in ours, and one that answers by itself is soon gone.
    if (this.page.script && way === "itself") return;
    if (this.flow === "embedded") return this.passInShop();
    await this.at("/challenge/");
    const bank = this.page.script ? this.page.frameLocator("iframe[name=bank]") : this.page;
    if (!this.page.script) await this.page.locator("#challenge-form button").click({ noWaitAfter: true });
    if (way === "code") {
      await bank.locator("[name=otp]").fill("1234");
      await bank.locator("[name=action][value=verify]").click({ noWaitAfter: true });
    }
    if (way === "stays" || way === "broken") return;
    // Without script the payer carries the answer back.
    if (!this.page.script) await this.page.locator("#onward button").click({ noWaitAfter: true });
  }

  async passInShop() {
    const bank = this.page.frameLocator("#card iframe").first().frameLocator("iframe[name=bank]");
    if (this.card.way !== "code") return bank.locator("body").waitFor();
    await bank.locator("[name=otp]").fill("1234");
    return bank.locator("[name=action][value=verify]").click({ noWaitAfter: true });
  }

  // The end, as the payer sees it and as the merchant does.
  async ends() {
    const { status } = this.ending;
    if (this.flow === "direct_post") await this.at(status === "paid" ? `${shop.url}/thanks` : `${shop.url}/sorry`);
    else {
      if (this.flow === "hosted") await this.at("/result/");
      await this.reads(this.ending.words);
    }
    await this.status(status);
  }

  async refusedInForm() {
    if (this.flow === "direct_post") {
      await this.at(`${shop.url}/sorry`);
      return this.status("error");
    }
    if (this.flow === "embedded") await (await fieldsOf(this.page)).getByText(this.says["number-luhn"]).waitFor();
    else await this.reads("number-luhn");
    const { transaction_data, status } = await gateway.read(this.purchase.id);
    assert.deepEqual([status, transaction_data.attempts.length], ["viewed", 0]);
  }
}

async function pages(count, script) {
  const page = await visit(chromium, { gateway, shop, javaScriptEnabled: script });
  const more = Array.from({ length: count - 1 }, () => page.context().newPage());
  const all = [page, ...(await Promise.all(more))];
  for (const page of all) page.script = script;
  return all;
}

async function walk(cards, { flow, script, language }) {
  const by = (...ways) => cards.filter(({ way }) => ways.includes(way));
  const lanes = await pages(LANES, script);
  await each(by("", "code", "itself", "typo"), LANES, async (card, lane) => {
    const payment = new Payment(card, { flow, language, page: lanes[lane] });
    await payment.submit();
    if (card.way === "typo") return payment.refusedInForm();
    await payment.pass();
    await payment.ends();
  });

  // Those that wait stand in pages of their own, and the clock is moved for all of them at once.
  const late = by("late", "stays", "broken");
  const windows = await pages(late.length || 1, script);
  const payments = late.map((card, at) => new Payment(card, { flow, language, page: windows[at] }));
  await each(payments, LANES, async (payment) => {
    await payment.submit();
    await payment.pass();
    await payment.tried();
  });
  await gateway.advance(11);
  const waiting = payments.filter(({ card }) => card.way === "late" && flow !== "embedded");
  await each(waiting, LANES, (payment) => payment.at("/result/", `${shop.url}/`));
  await gateway.advance(3600);
  await each(payments, LANES, async (payment) => {
    // The shop's page looks again by itself.
    if (flow !== "embedded") await arrive(payment.page, `${gateway.sandbox.base_url}/p/${payment.purchase.id}/result/`);
    await payment.ends();
  });
  await lanes[0].context().close();
  await windows[0].context().close();
}

// The fields in a shop's page need script.
const FLOWS = { hosted: [true, false], direct_post: [true, false], embedded: [true] };

for (const language of Object.keys(WORDS)) {
  for (const [flow, scripts] of Object.entries(FLOWS)) {
    for (const script of scripts) {
      const whole = FULL || (language === "en" && flow === "hosted" && script);
      const cards = whole ? CARDS : COVERING;
      test(`${cards.length} cards, ${flow}, script ${script ? "on" : "off"}, ${language}`, () => walk(cards, { flow, script, language }));
    }
  }
}

test("every payment of the matrix is in the books once", () => {
  assert.match(gateway.audit(), /0 broken/);
});
