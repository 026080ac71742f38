// Mail of the sandbox, read in a browser: accessible, within its width, and what stands in a mail does nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Gateway, browser } from "./gateway.mjs";
import { SIZES, content, visit, words } from "./payer.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const HOSTILE = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

let gateway, chromium;

before(async () => {
  [gateway, chromium] = await Promise.all([Gateway.start(), browser()]);
  for (const [language, name] of [["en", "Tea, 100 g"], ["ar", HOSTILE]]) {
    const { id } = await gateway.purchase({
      client: { email: "ada@example.com", cc: ["boss@example.com"] },
      purchase: { products: [{ name, price: 5200 }], currency: "MYR", language, email_message: `${name}\nThank you.` },
    });
    const { status } = await gateway.call("POST", `/purchases/${id}/resend_invoice/`);
    assert.equal(status, 200);
    await gateway.control("POST", "/clock", { advance_seconds: 60 });
  }
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
});

async function check(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
  const [wide, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= shown, `${wide} px do not fit into ${shown}`);
}

for (const size of Object.keys(SIZES)) {
  test(`the newest mail is on top and opens, ${size}`, async () => {
    const page = await visit(chromium, { gateway, size });
    await page.goto(`${gateway.sandbox.base_url}/sandbox/mail`);
    assert.equal(await page.locator(".mails li").count(), 4);
    await check(page);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/list-${size}.png`, fullPage: true });
    for (const [index, direction, heading] of [[0, "rtl", /Sandbox Shop/], [3, "ltr", /Sandbox Shop asks you to pay RM 52.00/]]) {
      await page.goto(`${gateway.sandbox.base_url}/sandbox/mail`);
      await page.locator(".mails a").nth(index).click();
      const frame = page.frameLocator("iframe.mail");
      assert.match(await frame.locator("h1").innerText(), heading);
      assert.equal(await frame.locator("html").getAttribute("dir"), direction);
      assert.equal(await frame.locator("script, img[src=x]").count(), 0);
      const [wide, shown] = await frame.locator("html").evaluate((html) => [html.scrollWidth, html.clientWidth]);
      assert.ok(wide <= shown, `the mail has ${wide} px in a frame of ${shown}`);
      assert.match(await words(page), /Went to (ada|boss)@example.com/);
      assert.notEqual(await page.title(), "owned");
      await check(page);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/mail-${direction}-${size}.png`, fullPage: true });
    }
    content(page);
    await page.context().close();
  });
}

test("the button of a mail leads to its page, in a window of its own", async () => {
  const page = await visit(chromium, { gateway });
  await page.goto(`${gateway.sandbox.base_url}/sandbox/mail`);
  await page.locator(".mails a").nth(3).click();
  const address = await page.frameLocator("iframe.mail").locator("a").first().getAttribute("href");
  await page.goto(address);
  assert.match(await words(page), /RM 52.00/);
  await page.context().close();
});
