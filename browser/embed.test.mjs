// The card fields inside a shop's own page: another origin than the gateway's, and another site (checkout-ux 15, security
// B7).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { EmbeddingShop, fieldsOf, outcome, press, told } from "./embed.mjs";
import { Gateway, browser } from "./gateway.mjs";
import { APPROVED, DECLINED, NEXT_YEAR, content, fill, visit } from "./payer.mjs";
import { WORDS } from "./words.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const CHALLENGED = "5555 5555 5555 4444";
const BUDGET = { requests: 3, transfer: 30 * 1024, script: 15 * 1024 };

let gateway, shop, stranger, chromium;

before(async () => {
  [gateway, chromium] = await Promise.all([Gateway.start(), browser("--host-resolver-rules=MAP stranger.test 127.0.0.1", "--test-third-party-cookie-phaseout")]);
  const { base_url } = gateway.sandbox;
  // A sandbox lets every page of this machine in; what is called otherwise is a stranger.
  [shop, stranger] = await Promise.all([EmbeddingShop.start(base_url), EmbeddingShop.start(base_url, "stranger.test")]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
  stranger?.stop();
});

const attempts = async (id) => (await gateway.read(id)).transaction_data.attempts.length;
const bankOf = (page) => page.frameLocator("#card iframe").first().frameLocator("iframe[name=bank]");

// The shop's page with the fields of a purchase.
async function open({ options = {}, purchase, size = "desk", ...more } = {}) {
  const made = await gateway.purchase(purchase);
  const page = await visit(chromium, { gateway, shop, size, ...more });
  await page.goto(shop.card(made.id, options));
  return { page, id: made.id, fields: await fieldsOf(page) };
}

for (const language of ["en", "ar"]) {
  test(`declined, then approved, and to where the shop wants it, ${language}`, async () => {
    const purchase = { purchase: { products: [{ name: "Tea", price: 5200 }], language }, success_redirect: `${shop.url}/thanks` };
    const { page, id, fields } = await open({ purchase, size: "phone" });
    assert.equal(await fields.locator("html").getAttribute("dir"), language === "ar" ? "rtl" : "ltr");
    await fill(fields, DECLINED);
    await press(page);
    const words = WORDS[language]["declined-by-bank"];
    assert.deepEqual(await outcome(page), { status: "declined", message: words, retry: true });
    assert.equal(await page.locator(".tollgate-message[role=alert]").textContent(), words);
    assert.equal(await fields.locator("[name=cvc]").inputValue(), "", "the code is typed again");
    assert.equal((await gateway.read(id)).status, "error");
    await fill(fields, APPROVED);
    await press(page);
    await page.waitForURL(`${shop.url}/thanks`);
    assert.equal((await gateway.read(id)).status, "paid");
    assert.equal(await attempts(id), 2);
    content(page);
    await page.context().close();
  });
}

// In a browser that keeps third parties' cookies away.
test("the bank asks in the shop's page, a reload asks again, and no cookie is needed", async () => {
  const { page, id, fields } = await open();
  await fill(fields, CHALLENGED);
  await press(page);
  await bankOf(page).locator("[name=otp]").waitFor();
  assert.deepEqual(await told(page, "challenge"), [{ url: `${gateway.sandbox.base_url}/embed/v1/${id}/challenge/` }]);
  await page.reload();
  await bankOf(page).locator("[name=otp]").fill("1234");
  await bankOf(page).locator("[value=verify]").click();
  await page.waitForFunction(() => window.heard.some(([name]) => name === "result"));
  assert.deepEqual(await told(page, "result"), [{ status: "paid", message: WORDS.en.successful, retry: false }]);
  assert.equal(await page.locator("#card iframe").count(), 1, "the bank's frame is gone");
  assert.deepEqual(await page.context().cookies(), []);
  assert.equal((await gateway.read(id)).status, "paid");
  assert.equal(await attempts(id), 1);
  content(page);
  await page.context().close();
});

test("the bank's page in full, from a window of its own, leads on as always", async () => {
  const purchase = { success_redirect: `${shop.url}/thanks` };
  const { page, id, fields } = await open({ purchase, options: { challenge: "page" } });
  await fill(fields, CHALLENGED);
  await press(page);
  await page.waitForURL(/\/embed\/v1\/.*\/challenge\//);
  const bank = page.frameLocator("iframe[name=bank]");
  await bank.locator("[name=otp]").fill("1234");
  await bank.locator("[value=verify]").click();
  await page.waitForURL(`${shop.url}/thanks`);
  assert.equal((await gateway.read(id)).status, "paid");
  await page.context().close();
});

test("a payer who cancels at the bank types another card", async () => {
  const { page, id, fields } = await open();
  await fill(fields, CHALLENGED);
  await press(page);
  const challenge = page.frameLocator("#card iframe").first();
  await challenge.locator("#cancel-form button").click();
  assert.equal((await outcome(page)).status, "declined");
  await fill(await fieldsOf(page), APPROVED);
  await press(page);
  assert.equal((await outcome(page)).status, "paid");
  assert.equal((await gateway.read(id)).status, "paid");
  await page.context().close();
});

test("two clicks are one try", async () => {
  const { page, id, fields } = await open();
  await fill(fields, APPROVED);
  await page.evaluate(async () => {
    window.both = await Promise.all([window.fields.submit(), window.fields.submit()]);
  });
  const [one, two] = await page.evaluate(() => window.both);
  assert.deepEqual([one.status, two], ["paid", one]);
  assert.equal(await attempts(id), 1);
  assert.match(gateway.audit(), /0 broken/);
  await page.context().close();
});

test("what is wrong is said in the frame, and the page hears no digit", async () => {
  const { page, id, fields } = await open();
  await fill(fields, "4444 3333 2222 1112", { cvc: "987" });
  await press(page);
  assert.deepEqual(await outcome(page), { status: "error", code: "invalid", message: "", retry: true });
  assert.equal(await fields.locator("#card_number-error").textContent(), WORDS.en["number-luhn"]);
  assert.equal((await told(page, "change")).at(-1).fields.number.errorCode, "luhn");
  await fill(fields, APPROVED, { cvc: "987" });
  const everything = await page.evaluate(() => JSON.stringify(window.heard) + document.documentElement.outerHTML);
  for (const secret of ["44443333", "4444 3333", "2222111", "987", NEXT_YEAR, "Ada Example"]) {
    assert.ok(!everything.includes(secret), secret);
  }
  const known = {
    ready: ["height", "locale"], change: ["fields"], brand: ["candidates", "chosen"], focus: ["field"], blur: ["field"],
    resize: ["height"], error: ["code"],
  };
  for (const [name, body] of await page.evaluate(() => window.heard)) assert.deepEqual(Object.keys(body), known[name], name);
  // As many keys as it takes, and not a message for each of them.
  const before = (await told(page, "change")).length;
  await fields.locator("[name=cardholder_name]").pressSequentially(" Maria Louise");
  assert.equal((await told(page, "change")).length, before);
  assert.equal(await attempts(id), 0);
  await page.context().close();
});

test("of a card with two brands the payer, or the shop, chooses one", async () => {
  const { page, id, fields } = await open();
  await fill(fields, "4000 0098 0000 0005");
  assert.deepEqual((await told(page, "brand")).at(-1), { candidates: ["cartes_bancaires", "visa"], chosen: "visa" });
  await page.evaluate(async () => { window.result = await window.fields.submit({ brand: "cartes_bancaires" }); });
  assert.equal(await page.evaluate(() => window.result.status), "paid");
  assert.equal((await told(page, "token"))[0].brand, "cartes_bancaires");
  assert.equal((await gateway.read(id)).transaction_data.extra.card_brand, "cartes_bancaires");
  await page.context().close();
});

test("a stranger's page is not drawn in, hears nothing and cannot pay", async () => {
  const { id } = await gateway.purchase();
  const page = await visit(chromium, { gateway, shop: stranger, size: "desk" });
  await page.goto(stranger.card(id));
  await page.waitForTimeout(1000);
  const frame = page.frames().find((frame) => frame !== page.mainFrame());
  assert.ok(!frame || !frame.url().includes("/embed/"), "the browser refuses to draw it");
  assert.deepEqual(await page.evaluate(() => window.heard), []);
  const { base_url } = gateway.sandbox;
  const answer = await page.evaluate(
    (url) => fetch(url, { method: "POST", body: new URLSearchParams({ token: "x" }) }).then(() => "read", () => "refused"),
    `${base_url}/embed/v1/${id}/pay`,
  );
  assert.equal(answer, "refused");
  await page.context().close();
});

test("a page in a sandbox, which has no origin, is a stranger", async () => {
  const { id } = await gateway.purchase();
  const page = await visit(chromium, { gateway, shop, size: "desk" });
  await page.goto(shop.card(id, {}, { sandbox: "allow-scripts" }));
  await page.waitForTimeout(1000);
  const inner = page.frames().find((frame) => frame.name() === "inner");
  assert.deepEqual(await inner.evaluate(() => [window.origin, window.heard]), ["null", []]);
  assert.ok(!page.frames().some((frame) => frame.url().includes("/embed/")), "it is not drawn");
  await page.context().close();
});

test("a hostile page around the fields reaches no card, and what it makes up is dropped", async () => {
  const { page, id, fields } = await open();
  await fill(fields, APPROVED);
  const reached = await page.evaluate(() => {
    const frame = document.querySelector("#card iframe");
    const tries = [() => frame.contentDocument?.body.innerHTML, () => frame.contentWindow.document.title, () => frame.contentWindow.form];
    return tries.map((attempt) => {
      try {
        return attempt() ?? null;
      } catch {
        return null;
      }
    });
  });
  assert.deepEqual(reached, [null, null, null]);
  // A second hello gets no port of its own, and nothing is taken outside of a port.
  const answers = await page.evaluate(async () => {
    const { contentWindow } = document.querySelector("#card iframe");
    const { port1, port2 } = new MessageChannel();
    const heard = [];
    port1.onmessage = ({ data }) => heard.push(data);
    contentWindow.postMessage({ v: 1, type: "hello" }, "*", [port2]);
    contentWindow.postMessage({ v: 1, type: "submit" }, "*");
    port1.postMessage({ v: 1, type: "submit" });
    await new Promise((done) => { setTimeout(done, 300); });
    return heard;
  });
  assert.deepEqual(answers, []);
  // A sibling frame that plays the gateway's.
  await page.evaluate(async () => {
    const fake = document.createElement("iframe");
    fake.srcdoc = `<script>
      parent.postMessage({ v: 1, type: "hello" }, "*");
      parent.postMessage({ v: 1, type: "token", token: "stolen" }, "*");
    </scr` + `ipt>`;
    document.body.append(fake);
    await new Promise((done) => { setTimeout(done, 300); });
  });
  assert.deepEqual(await told(page, "token"), []);
  assert.equal((await told(page, "ready")).length, 1);
  assert.equal(await attempts(id), 0);
  await press(page);
  assert.equal((await outcome(page)).status, "paid", "and the payer pays all the same");
  await page.context().close();
});

test("a style is taken as far as it is a style", async () => {
  const { page, fields } = await open({ options: { style: { field: { "border-radius": "3px", color: "#112233" } } } });
  const looks = (property) => fields.locator("[name=cvc]").evaluate((input, property) => getComputedStyle(input)[property], property);
  await page.waitForFunction(() => window.heard.some(([name]) => name === "ready"));
  await assert.doesNotReject(async () => {
    for (let tries = 0; (await looks("borderTopLeftRadius")) !== "3px"; tries++) {
      if (tries === 50) throw new Error(await looks("borderTopLeftRadius"));
      await page.waitForTimeout(20);
    }
  });
  assert.equal(await looks("color"), "rgb(17, 34, 51)");
  const refused = [
    { field: { color: "url(http://evil.example/x)" } },
    { field: { color: "red; background: url(//evil.example)" } },
    { field: { "background-image": "url(//evil.example)" } },
    { field: { "font-family": "x; @import url(//evil.example)" } },
    { field: { "font-size": "16px !important" } },
    { field: { "font-size": "1e9px" } },
    { field: { position: "fixed" } },
    { body: { color: "red" } },
    { field: { color: "red", display: "none" } },
    { field: { color: 7 } },
    { __proto__: null, constructor: { color: "red" } },
    { field: "color: red" },
    "field",
  ];
  for (const style of refused) await page.evaluate((style) => window.fields.setStyle(style), style);
  await page.waitForFunction((count) => window.heard.filter(([name]) => name === "error").length === count, refused.length);
  assert.ok((await told(page, "error")).every(({ code }) => code === "style_refused"));
  assert.equal(await looks("color"), "rgb(17, 34, 51)", "nothing of a refused one is taken");
  content(page);
  await page.context().close();
});

test("paying by keyboard only, out of the frame again", async () => {
  const { page, id } = await open({ size: "phone" });
  const typed = ["4444333322221111", NEXT_YEAR, "123", "Ada Example"];
  for (const text of typed) {
    await page.keyboard.press("Tab");
    await page.keyboard.type(text);
  }
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "pay");
  await page.keyboard.press("Enter");
  assert.equal((await outcome(page)).status, "paid");
  assert.deepEqual((await told(page, "focus")).map(({ field }) => field), ["number", "expiry", "cvc", "holder"]);
  assert.equal((await gateway.read(id)).status, "paid");
  await page.evaluate(() => window.fields.destroy());
  assert.equal(await page.locator("#card > *").count(), 0);
  content(page);
  await page.context().close();
});

for (const language of ["en", "ar"]) {
  for (const wrong of [false, true]) {
    test(`accessible, and no wider than the page, ${wrong ? "with errors, " : ""}${language}`, async () => {
      const purchase = { purchase: { products: [{ name: "Tea", price: 5200 }], language } };
      const { page, fields } = await open({ purchase, size: "phone" });
      if (wrong) {
        await press(page);
        await fields.locator("[aria-invalid]").first().waitFor();
      }
      const frame = page.frames().find((frame) => frame.url().includes("/embed/"));
      await frame.evaluate(AXE);
      const { violations } = await frame.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
      assert.ok(await page.locator("#card iframe").getAttribute("title"));
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
      assert.ok((await frame.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
      await page.context().close();
    });
  }
}

// Arabic takes the most bytes.
for (const language of ["en", "ar"]) test(`what the fields cost, ${language}`, async (context) => {
  const { id } = await gateway.purchase();
  const page = await visit(chromium, { gateway, shop });
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const seen = new Map();
  session.on("Network.requestWillBeSent", ({ requestId, type, request }) => {
    if (!request.url.startsWith("data:")) seen.set(requestId, { url: request.url, type, bytes: 0 });
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (seen.has(requestId)) seen.get(requestId).bytes = encodedDataLength;
  });
  // The frame's own document, without a page around it.
  await page.goto(`${gateway.sandbox.base_url}/embed/v1/${id}?lang=${language}`);
  await page.waitForLoadState("networkidle");
  const all = [...seen.values()];
  const sum = (entries) => entries.reduce((total, { bytes }) => total + bytes, 0);
  const cost = { requests: all.length, transfer: sum(all), script: sum(all.filter(({ type }) => type === "Script")) };
  context.diagnostic(JSON.stringify(cost));
  for (const [what, limit] of Object.entries(BUDGET)) assert.ok(cost[what] <= limit, `${what}: ${cost[what]} of ${limit}`);
  assert.ok(all.length === 3 && cost.script > 0, JSON.stringify(all));
  await page.context().close();
});

test("the card of a client session is its merchant's server's to pay with", async () => {
  const session = await gateway.session({
    integration_mode: "EMBEDDED", amount: 4_299, currency: "EUR", shopper_redirection_url: `${shop.url}/back`,
    order: { reference: "E-1", net_amount: 4_299, tax_amount: 716 },
  });
  const page = await visit(chromium, { gateway, shop, size: "desk" });
  await page.goto(shop.card(session.id));
  await fill(await fieldsOf(page), APPROVED);
  await press(page);
  const { status, token } = await outcome(page);
  assert.deepEqual([status, token.length], ["token", 32]);
  await page.context().close();
});
