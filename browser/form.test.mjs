// What script adds to the card form: brands, gaps, messages beside the fields, the choice between two brands, countries
// (checkout-ux 3 to 5). The same choice without script.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { APPROVED, content, fill, press, visit } from "./payer.mjs";

let gateway, shop, chromium, page;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
  page = await visit(chromium, { gateway, shop });
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

const open = async (extra) => {
  const made = await gateway.purchase(extra);
  await page.goto(made.checkout_url);
  return made;
};

const number = () => page.locator("[name=card_number]");
const error = async (name) => (await page.locator(`#${name}-error`).textContent()).trim();

test("brands are told from the first digits, and said as text", async () => {
  await open();
  const fitting = () => page.locator(".brands .fits").evaluateAll((marks) => marks.map((mark) => mark.dataset.brand).sort());
  for (const [typed, shown, brands, name] of [
    ["4", "4", ["visa"], "Visa"],
    ["5", "5", ["maestro", "mastercard"], ""],
    ["52", "52", ["mastercard"], "Mastercard"],
    ["50", "50", ["maestro"], "Maestro"],
    ["2223", "2223", ["mastercard"], "Mastercard"],
    ["6", "6", ["discover", "maestro", "unionpay"], ""],
    ["6011", "6011", ["discover"], "Discover"],
    ["62", "62", ["unionpay"], "UnionPay"],
    ["3", "3", ["amex", "diners", "jcb"], ""],
    ["340099", "3400 99", ["amex"], "American Express"],
    ["360099000000", "3600 990000 00", ["diners"], "Diners Club"],
    ["3530", "3530", ["jcb"], "JCB"],
    ["9999", "9999", [], ""],
  ]) {
    await number().fill(typed);
    assert.deepEqual([await number().inputValue(), await fitting()], [shown, brands], typed);
    assert.equal(await page.locator("#card_number-brand").textContent(), name, typed);
  }
  content(page);
});

test("gaps come by themselves, on typing and on pasting, and the caret keeps its place", async () => {
  await open();
  await number().pressSequentially("4444333322221111");
  assert.equal(await number().inputValue(), "4444 3333 2222 1111");
  await number().fill("4444-3333 22221111");
  assert.equal(await number().inputValue(), "4444 3333 2222 1111");
  await number().fill("٤٤٤٤٣٣٣٣٢٢٢٢١١١١");
  assert.equal(await number().inputValue(), "4444 3333 2222 1111");
  await number().fill("4444 3333");
  await number().evaluate((input) => input.setSelectionRange(2, 2));
  await page.keyboard.type("99");
  const { text, caret } = await number().evaluate((input) => ({ text: input.value, caret: input.selectionStart }));
  assert.deepEqual([text, caret], ["4499 4433 33", 4]);
  await page.keyboard.press("Backspace");
  assert.equal(await number().evaluate((input) => input.selectionStart), 3);
});

test("what is wrong is said on leaving a field, and taken back as soon as it is right", async () => {
  await open();
  const leave = async (name, text) => {
    await page.locator(`[name=${name}]`).fill(text);
    await page.locator(`[name=${name}]`).blur();
    return error(name);
  };
  await number().focus();
  await number().blur();
  assert.equal(await error("card_number"), "", "nothing was typed yet");
  for (const [name, text, message] of [
    ["card_number", "4444 3333", "Card number is too short. Check the digits"],
    ["card_number", "5200 0099 0000 0009 9", "Card number is too long. Check the digits"],
    ["card_number", "4444 3333 2222 1112", "Check the card number. One digit may be wrong"],
    ["card_number", "4444 abc", "Enter the card number using digits only"],
    ["card_number", APPROVED, ""],
    ["expires", "soon", "Enter the expiry date as MM/YY, for example 08/28"],
    ["expires", "13/28", "Enter a month from 01 to 12"],
    ["expires", "01/20", "This card has expired. Use another card"],
    ["expires", "12/79", "Check the expiry year"],
    ...["8/30", "08/30", "0830", "082030", "08/2030", "08 - 30"].map((text) => ["expires", text, ""]),
    ["cvc", "12", "Enter the 3-digit security code"],
    ["cvc", "1234", "Enter the 3-digit security code"],
    ["cvc", "123", ""],
    ["cardholder_name", "R2D2", "Enter the name on the card, using letters only"],
    ["cardholder_name", "José", ""],
  ]) {
    assert.equal(await leave(name, text), message, `${name} ${text}`);
  }
  await number().fill("4444 3333 2222 111");
  assert.equal(await error("card_number"), "", "not while it is being typed");
  await number().blur();
  assert.match(await error("card_number"), /too short/);
  await number().press("End");
  await number().pressSequentially("1");
  assert.equal(await error("card_number"), "", "as soon as it is right");
  await leave("card_number", "3400 990000 00001");
  assert.equal(await leave("cvc", "123"), "Enter the 4-digit security code");
  content(page);
});

test("a brand that is not taken is refused by name", async () => {
  await open({ payment_method_whitelist: ["mastercard"] });
  assert.equal(await page.locator(".brands li").count(), 1);
  await number().fill(APPROVED);
  await number().blur();
  assert.equal(await error("card_number"), "Visa is not accepted here");
});

test("nothing is sent before the form is, and nothing wrong", async () => {
  await open();
  const sent = [];
  page.on("request", (request) => sent.push(request.url()));
  await fill(page, "4444 3333 2222 1112");
  await press(page);
  assert.equal(await page.evaluate(() => document.activeElement.name), "card_number", "the first wrong field");
  assert.deepEqual(sent, []);
  page.removeAllListeners("request");
});

test("of a card with two brands the payer chooses one, with script", async () => {
  for (const [choose, brand] of [[null, "visa"], ["cartes_bancaires", "cartes_bancaires"]]) {
    const { id } = await open();
    const choice = page.locator("#brand-choice");
    await number().fill(APPROVED);
    assert.equal(await choice.isVisible(), false);
    await fill(page, "4000 0098 0000 0005");
    assert.deepEqual(await choice.locator("label:visible").allInnerTexts(), ["Cartes Bancaires", "Visa"]);
    if (choose) await choice.locator(`[value=${choose}]`).check();
    await press(page);
    await page.waitForURL(/\/result\//);
    assert.equal((await gateway.read(id)).transaction_data.extra.card_brand, brand);
  }
});

test("of a card with two brands the payer chooses one, without script", async () => {
  const made = await gateway.purchase();
  const plain = await visit(chromium, { gateway, shop, javaScriptEnabled: false });
  await plain.goto(made.checkout_url);
  await fill(plain, "5200 0098 0000 0000");
  await plain.locator("select[name=card_brand]").selectOption("cartes_bancaires");
  await press(plain);
  await plain.waitForURL(/\/result\//);
  assert.equal((await gateway.read(made.id)).transaction_data.extra.card_brand, "cartes_bancaires");
  await plain.context().close();
});

test("countries are chosen by name", async () => {
  const { id } = await open({ purchase: { products: [{ name: "Tea", price: 5200 }], request_client_details: ["country"] } });
  const names = await page.locator("select[name=country] option").allInnerTexts();
  assert.ok(names.length === 250 && names.includes("Malaysia"), names.join());
  await page.locator("select[name=country]").selectOption({ label: "Malaysia" });
  await fill(page, APPROVED);
  await press(page);
  await page.waitForURL(/\/result\//);
  assert.equal((await gateway.read(id)).client.country, "MY");
});
