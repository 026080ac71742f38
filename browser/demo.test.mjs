// The demo shop as a newcomer meets it: every way to pay, with and without script; nothing of anybody else's; pages that
// everybody can use; and code that works when it is copied.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Gateway, browser } from "./gateway.mjs";
import { APPROVED, DECLINED, SIZES, arrive, content, fill, press, visit } from "./payer.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = new URL("./screenshots/", import.meta.url).pathname;
const CHALLENGED = "5555 5555 5555 4444";
const WAYS = ["purchase-redirect", "purchase-direct-post", "purchase-fields", "link-redirect", "link-frame", "session-redirect", "session-frame"];

let gateway, chromium, shelf;

before(async () => {
  mkdirSync(PICTURES, { recursive: true });
  [gateway, chromium] = await Promise.all([Gateway.start(), browser()]);
  shelf = `${gateway.sandbox.base_url}/demo/`;
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
});

const ORDER = /\/demo\/orders\/[0-9a-f]{32}\/$/;
const isFramed = (way) => way.endsWith("-frame");
const isPosted = (way) => way === "purchase-direct-post" || way === "purchase-fields";
// Without script the fields are those of the gateway's own page.
const fields = (page, way) => {
  if (isFramed(way)) return page.frameLocator("iframe.gateway");
  return way === "purchase-fields" && page.url().includes("/demo/") ? page.frameLocator("#card iframe").first() : page;
};

// From the shelf to where the card is typed.
async function buy(page, way, extras = []) {
  await page.goto(shelf);
  await page.getByLabel("Enamel mug").check();
  await page.locator(`[name=pay][value=${way}]`).check();
  for (const extra of extras) await page.locator(`[name=${extra}]`).check();
  await page.getByRole("button", { name: "Buy" }).click();
  await page.waitForURL(/\/(pay|p\/[0-9a-f-]+|card\/[\w-]+|sessions\/[0-9a-f-]+)\/?$/);
  const plain = page.getByRole("link", { name: "The gateway’s own page" });
  if (await plain.isVisible()) await plain.click();
  await fields(page, way).locator("[name=card_number]").waitFor();
}

async function pay(page, way, number) {
  await fill(fields(page, way), number);
  if (isPosted(way) && page.url().includes("/demo/")) await page.getByRole("button", { name: /^Pay/ }).click({ noWaitAfter: true });
  else await press(fields(page, way));
}

// Back at the shop: inside a frame without script, the payer goes on outside of it.
async function back(page, way, javaScriptEnabled) {
  if (isFramed(way) && !javaScriptEnabled) await fields(page, way).getByRole("link", { name: "Go on to the order" }).click();
  await page.waitForURL(ORDER);
}

const badge = (page, words) => page.locator(".badge.large", { hasText: new RegExp(`^${words}$`) }).waitFor();
const step = (page, title) => page.locator(".step", { has: page.locator(".step-title", { hasText: title }) });

// A step as it is once it is there: the page may be loaded again while it is looked at.
async function opened(page, title) {
  const found = step(page, title).first();
  await found.waitFor();
  await found.locator("> details").evaluate((details) => (details.open = true));
  return found;
}

async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
}

// Nobody scrolls sideways, at no width.
async function picture(page, name) {
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= seen, `${name}: ${wide} px are wider than ${seen}`);
  await page.screenshot({ path: `${PICTURES}demo-${name}.png`, fullPage: true });
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";
  for (const way of WAYS) {
    test(`${way}, ${how}`, async () => {
      const page = await visit(chromium, { gateway, javaScriptEnabled });
      await buy(page, way);
      await pay(page, way, APPROVED);
      await back(page, way, javaScriptEnabled);
      await badge(page, "Paid");
      await (way.startsWith("link") ? step(page, "Acknowledge the event") : page.locator(".step.in .badge.good")).first().waitFor();
      assert.equal(await page.locator(".step .badge.bad").count(), 0);
      content(page);
      await page.context().close();
    });
  }

  test(`what was declined is paid with another card, ${how}`, async () => {
    const page = await visit(chromium, { gateway, javaScriptEnabled });
    await buy(page, "purchase-direct-post");
    await pay(page, "purchase-direct-post", DECLINED);
    await page.waitForURL(ORDER);
    await badge(page, "Declined");
    await page.getByRole("link", { name: /^Pay/ }).click();
    await pay(page, "purchase-direct-post", APPROVED);
    await page.waitForURL(ORDER);
    await badge(page, "Paid");
    content(page);
    await page.context().close();
  });

  test(`held, captured, partly refunded and bought again, ${how}`, async () => {
    const page = await visit(chromium, { gateway, javaScriptEnabled });
    await buy(page, "purchase-redirect", ["hold", "keep"]);
    await pay(page, "purchase-redirect", APPROVED);
    await back(page, "purchase-redirect", javaScriptEnabled);
    await badge(page, "Reserved");
    await page.getByRole("button", { name: "Capture" }).click();
    await badge(page, "Paid");
    await page.getByRole("button", { name: "Refund RM 19.50" }).click();
    await badge(page, "Partly refunded");
    await page.getByRole("button", { name: "Buy again" }).click();
    await badge(page, "Paid");
    await step(page, "Charge the kept card").waitFor();
    content(page);
    await page.context().close();
  });
}

test("a kept card of a session is charged again, once its bank has asked", async () => {
  const page = await visit(chromium, { gateway });
  await buy(page, "session-redirect", ["keep"]);
  await pay(page, "session-redirect", CHALLENGED);
  const bank = page.frameLocator("#bank iframe");
  await bank.locator("[name=otp]").fill("1234");
  await bank.locator("[name=action][value=verify]").click();
  await page.waitForURL(ORDER);
  await badge(page, "Paid");
  await page.getByRole("button", { name: "Buy again" }).click();
  await step(page, "Charge again").waitFor();
  await badge(page, "Paid");
  content(page);
  await page.context().close();
});

for (const [size] of Object.entries(SIZES)) {
  test(`everybody can use the pages, ${size}`, async () => {
    const page = await visit(chromium, { gateway, size });
    const look = async (name) => {
      await picture(page, `${name}-${size}`);
      assert.deepEqual(await findings(page), [], name);
    };
    await page.goto(shelf);
    await look("shelf");
    await buy(page, "link-frame");
    await look("frame");
    await buy(page, "purchase-fields");
    await look("fields");
    await buy(page, "purchase-direct-post", ["keep"]);
    await look("form");
    await pay(page, "purchase-direct-post", APPROVED);
    await page.waitForURL(ORDER);
    await step(page, "A callback arrives").waitFor();
    for (const title of ["Make a purchase", "A callback arrives"]) await opened(page, title);
    await look("order");
    const { origin, pathname } = new URL(page.url());
    await fetch(`${origin}/demo/callbacks/purchases/${pathname.split("/")[3]}`, { method: "POST", body: "{}" });
    await page.goto(page.url());
    await page.locator(".step .badge.bad").waitFor();
    await page.goto(`${shelf}orders/none/`);
    await look("problem");
    await page.context().close();
  });
}

test("the shelf is used by keyboard only, with the focus to be seen", async () => {
  const page = await visit(chromium, { gateway, size: "desk" });
  await page.goto(shelf);
  const order = [];
  for (let presses = 0; presses < 40 && order.at(-1) !== "BUTTON Buy"; presses++) {
    await page.keyboard.press("Tab");
    const { name, shows } = await page.evaluate(() => {
      const active = document.activeElement;
      const drawn = active.closest("label") ?? active;
      return { name: active.name || `${active.tagName} ${active.textContent.trim()}`, shows: getComputedStyle(drawn).outlineStyle };
    });
    assert.notEqual(shows, "none", `the focus shows on ${name}`);
    order.push(name);
  }
  assert.deepEqual(order, ["A Tollgate Tea", "A API docs", "thing", "pay", "hold", "keep", "BUTTON Buy"]);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/p\/[0-9a-f-]+\/$/);
  await page.context().close();
});

test("whoever reads a step is told that more has happened, and not interrupted", async () => {
  const page = await visit(chromium, { gateway });
  await buy(page, "purchase-redirect", ["hold"]);
  await pay(page, "purchase-redirect", APPROVED);
  await back(page, "purchase-redirect", true);
  await badge(page, "Reserved");
  await step(page, "A webhook is called").waitFor();
  const other = await page.context().newPage();
  const reading = await opened(page, "Make a purchase");
  await arrive(other, page.url());
  await other.getByRole("button", { name: "Release it" }).click();
  await badge(other, "Released");
  await page.getByRole("link", { name: "More has happened: released" }).waitFor();
  assert.ok(await reading.locator("> details").evaluate((details) => details.open));
  await page.getByRole("link", { name: "More has happened" }).click();
  await badge(page, "Released");
  await page.context().close();
});

// Runs a piece of code as somebody who copied it would, and answers what it printed.
function run(folder, name, text, variables) {
  const file = join(folder, { Node: "call.mjs", "Node (verify.mjs)": "verify.mjs", Python: "call.py" }[name] ?? "call.sh");
  writeFileSync(file, text);
  const program = name.startsWith("Node") ? process.execPath : name === "Python" ? "python3" : "bash";
  return execFileSync(program, [file], { cwd: folder, encoding: "utf8", env: { ...process.env, ...variables }, stdio: ["ignore", "pipe", "pipe"] });
}

async function codes(found) {
  return Object.fromEntries(
    await found.locator(".tabs").evaluate((tabs) => {
      const names = [...tabs.querySelectorAll("label")].map((label) => label.textContent.trim());
      return names.map((name, at) => [name, tabs.querySelectorAll(".tab code")[at].textContent]);
    }),
  );
}

test("the code of each step does what it says", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-code-"));
  const { secret_key } = gateway.sandbox.purchases;
  const { client_id, client_secret } = gateway.sandbox.orchestration;
  const page = await visit(chromium, { gateway });

  await buy(page, "purchase-redirect");
  await pay(page, "purchase-redirect", APPROVED);
  await back(page, "purchase-redirect", true);
  const purchase = { TOLLGATE_SECRET_KEY: secret_key };
  await badge(page, "Paid");
  const made = await codes(await opened(page, "Make a purchase"));
  assert.deepEqual(Object.keys(made), ["curl", "Node", "PHP", "Python"]);
  for (const name of ["curl", "Node", "Python"]) {
    assert.match(run(folder, name, made[name], purchase), /"checkout_url"/, name);
  }
  assert.match(made.PHP, /^<\?php\n\$call = curl_init\('http:[^']+\/api\/v1\/purchases\/'\);\n/);
  const called = await opened(page, "Make a purchase");
  await called.getByLabel("Python").check();
  assert.deepEqual(await called.locator(".tab:visible").evaluateAll((all) => all.length), 1);
  assert.match(await called.locator(".tab:visible").innerText(), /urllib\.request/);
  const verified = await codes(await opened(page, "A callback arrives"));
  assert.match(run(folder, "curl and openssl", verified["curl and openssl"], purchase), /Verified OK/);

  await buy(page, "session-redirect");
  await pay(page, "session-redirect", APPROVED);
  await back(page, "session-redirect", true);
  await badge(page, "Paid");
  const token = await codes(await opened(page, "Get a token"));
  const client = { TOLLGATE_CLIENT_ID: client_id, TOLLGATE_CLIENT_SECRET: client_secret };
  for (const name of ["curl", "Node", "Python"]) assert.match(run(folder, name, token[name], client), /access_token/, name);
  const answer = run(folder, "curl", token.curl, client);
  const session = await codes(await opened(page, "Read the payment"));
  for (const name of ["curl", "Node", "Python"]) {
    const printed = run(folder, name, session[name], { TOLLGATE_TOKEN: JSON.parse(answer).access_token });
    assert.match(printed, /"AUTHORIZED"/, name);
  }
  for (const title of ["A webhook is called", "The payer comes back"]) {
    const check = await codes(await opened(page, title));
    assert.equal(run(folder, "Node (verify.mjs)", check["Node (verify.mjs)"], {}), "Verified OK\n", title);
    const forged = check["Node (verify.mjs)"].replace(/"([\w-]+\.[\w-]*\.)[\w-]{4}/, '"$1AAAA');
    assert.equal(run(folder, "Node (verify.mjs)", forged, {}), "Not the gateway's\n", title);
  }
  content(page);
  await page.context().close();
  rmSync(folder, { recursive: true });
});

test("the form of the shop's page works in another page", async () => {
  const page = await visit(chromium, { gateway });
  await buy(page, "purchase-direct-post");
  const form = await page.locator(".page-code code").textContent();
  const own = await page.context().newPage();
  await own.setContent(`<!doctype html><title>Another shop</title>${form}`);
  await fill(own, APPROVED);
  await own.getByRole("button", { name: "Pay" }).click({ noWaitAfter: true });
  await own.waitForURL(ORDER);
  await badge(own, "Paid");
  await page.context().close();
});

test("a copy button copies", async () => {
  const page = await visit(chromium, { gateway, permissions: ["clipboard-read", "clipboard-write"] });
  await page.goto(shelf);
  await page.getByRole("button", { name: "Copy 4444 3333 2222 1111" }).click();
  await page.getByText("Copied").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), APPROVED);
  await page.context().close();
});
