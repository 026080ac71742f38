// Invoices and receipts on paper: PDFs opened by a reader and read back in every language, and pages as a browser prints
// them. Pictures of both are in ./screenshots.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { visit } from "./payer.mjs";
import { Scene } from "./states.mjs";

const LANGUAGES = ["en", "ms", "fr", "de", "sv", "es", "pl", "ar", "zh-Hans"];
const screenshots = new URL("./screenshots/", import.meta.url).pathname;

let gateway, shop, chromium, folder;

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), "tollgate-papers-"));
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
  rmSync(folder, { recursive: true, force: true });
});

// What a reader finds, page by page, and what it says of the file. `name` is that of the pictures of its pages.
function read(bytes, name) {
  const file = join(folder, "paper.pdf");
  writeFileSync(file, bytes);
  const tool = (program, ...options) => execFileSync(program, options, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  if (name) tool("pdftoppm", "-r", "80", "-png", file, join(screenshots, name));
  return {
    pages: tool("pdftotext", "-layout", file, "-").split("\f").slice(0, -1),
    about: tool("pdfinfo", file),
    fonts: tool("pdffonts", file).trim().split("\n").slice(2),
    structure: tool("pdfinfo", "-struct-text", file),
  };
}

// Without the marks of direction and of Arabic vowels, and letters of the ligature of lam and alef in one order: readers turn
// these around.
const plain = (text) =>
  text
    .replace(/[\u064b-\u0652\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .replace(/[لاأإآ]+/g, (letters) => [...letters].sort().join(""))
    .replace(/[\s\u00a0\u202f]+/g, "");

const fetched = async (path) => {
  const response = await fetch(gateway.sandbox.base_url + path);
  assert.equal(response.status, 200, path);
  return Buffer.from(await response.arrayBuffer());
};

// Names in the scripts that the fonts have, one that they have not, and a word longer than its column.
const NAMES = ["قميص قطن", "绿茶一百克，特级", "ชาเขียว", "Чай зелёный", "Πράσινο τσάι", "Trà xanh Việt Nam", "ლამაზი ჩაი", "Gunpowdergreentealooseleavesfromzhejiangprovince"];

for (const language of LANGUAGES) {
  test(`a receipt and a refund are read back, ${language}`, async () => {
    const page = await visit(chromium, { gateway, shop });
    const scene = new Scene({ gateway, shop, page, language: language.slice(0, 2) });
    const products = NAMES.map((name, at) => ({ name, price: 1299 + at, quantity: 2, discount: at % 2 ? 0 : 100, tax_percent: 6 }));
    const made = await scene.paid({ purchase: { products, notes: "Merci - شكرا - 谢谢" } });
    await scene.action(made, "refund", { amount: 1200 });
    await scene.link(made, "receipt/");
    const refund = await page.locator('a[href*="/refunds/"]').getAttribute("href");
    for (const [kind, path] of [["receipt", `/p/${made.id}/receipt/`], ["refund", refund.split("?")[0]]]) {
      await scene.open(path);
      const said = await page.locator("h1, h2, .stamp, .parties p, dt, dd, thead th, .items tbody th bdi, .items td bdi, .notes p").allTextContents();
      assert.ok(said.length > 15, `${said}`);
      const href = await page.locator('a[href$=".pdf"]').getAttribute("href");
      const paper = read(await fetched(href), `paper-${kind}-${language}`);
      const text = plain(paper.pages.join("\n"));
      // What was wrapped is whole in the structure, which is read aloud. Marks beside a number change sides with the text.
      const heard = plain(paper.structure.replace(/"\n\s*"/g, ""));
      for (const words of said.flatMap((text) => text.split(/[\s،()]+/))) {
        assert.ok(text.includes(plain(words)) || heard.includes(plain(words)), `${words} is not in ${paper.pages}`);
      }
      assert.match(paper.about, /Tagged:\s+yes/);
      assert.ok(paper.fonts.length >= 2 && paper.fonts.every((font) => / yes yes yes /.test(font)), paper.fonts.join("\n"));
      assert.match(paper.structure, /^Document/m);
      assert.match(paper.structure, /\bTH\b/);
      assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(paper.structure), "marks of direction are no text");
      assert.ok(!/TEST\s*TEST/.test(paper.pages.join("")), "what stands across the page is no text");
    }
    await page.context().close();
  });
}

test("a long invoice goes on below the head of its table, on paper and from the printer", async () => {
  const page = await visit(chromium, { gateway, shop, size: "desk" });
  const scene = new Scene({ gateway, shop, page });
  const products = Array.from({ length: 70 }, (_, at) => ({ name: `Tea no. ${at + 1}`, price: 100 + at, quantity: "1.2345", tax_percent: 6 }));
  const made = await scene.purchase({ purchase: { products } });
  await scene.link(made, "invoice/");
  await page.emulateMedia({ media: "print" });
  const printed = { pdf: await fetched(`/p/${made.id}/invoice.pdf`) };
  for (const format of ["A4", "Letter"]) printed[format] = await page.pdf({ format, preferCSSPageSize: true });
  for (const [how, bytes] of Object.entries(printed)) {
    const { pages } = read(bytes, how === "Letter" ? undefined : `paper-long-${how}`);
    assert.ok(pages.length >= 2 && pages.length <= 5, `${how}: ${pages.length}`);
    // What a browser writes across the page is text, and may part a line.
    const line = how === "pdf" ? /Tea no\. (\d+)\s+1\.2345\s+RM/g : /Tea no\. (\d+)/g;
    const rows = pages.map((text) => [...text.matchAll(line)].map(([, at]) => Number(at)));
    assert.deepEqual(rows.flat(), products.map((_, at) => at + 1), how);
    for (const [at, text] of pages.entries()) {
      assert.equal(/Quantity/.test(text), rows[at].length > 0, `${how}, page ${at + 1}: ${text}`);
    }
  }
  const { pages, structure } = read(printed.pdf);
  assert.equal([...structure.matchAll(/Quantity/g)].length, 1, "the head is read once");
  assert.ok(pages.map((text) => text.replace(/ /g, "")).every((text, at) => text.trimEnd().endsWith(`${at + 1}/${pages.length}`)));
  await page.context().close();
});

test("what is printed has no controls and is black on white", async () => {
  const page = await visit(chromium, { gateway, shop, size: "desk" });
  const scene = new Scene({ gateway, shop, page });
  const made = await scene.paid();
  await scene.action(made, "refund", { amount: 1200 });
  for (const path of ["invoice/", "receipt/"]) {
    await scene.link(made, path);
    assert.ok(await page.locator(".links").isVisible());
    await page.emulateMedia({ media: "print" });
    for (const control of [".links", ".footer", "a"]) {
      for (const element of await page.locator(control).all()) assert.ok(!(await element.isVisible()), control);
    }
    const found = await page.evaluate(() => {
      const styles = [...document.querySelectorAll("main, main *")].map((element) => [element, getComputedStyle(element)]);
      const dark = styles.filter(([element, style]) => element.textContent.trim() && !["rgb(0, 0, 0)", "rgba(0, 0, 0, 0)"].includes(style.color));
      const filled = styles.filter(([, style]) => !["rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"].includes(style.backgroundColor));
      const of = (selector) => getComputedStyle(document.querySelector(selector));
      return {
        coloured: [...dark, ...filled].map(([element]) => element.outerHTML.slice(0, 80)),
        head: of(".items thead").display,
        row: of(".items tbody tr").breakInside,
        mark: getComputedStyle(document.querySelector("[data-mark]"), "::before").position,
      };
    });
    assert.deepEqual(found, { coloured: [], head: "table-header-group", row: "avoid", mark: "fixed" }, path);
    await page.emulateMedia({ media: "screen" });
  }
  await page.context().close();
});
