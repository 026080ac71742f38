// A gateway of the test's own, a shop to come back to, and a browser.
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, readFileSync, existsSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

const BINARY = new URL("../target/debug/tollgate", import.meta.url).pathname;

export class Gateway {
  static async start(data = mkdtempSync(join(tmpdir(), "tollgate-browser-"))) {
    const gateway = new Gateway();
    gateway.data = data;
    const file = join(data, "sandbox.json");
    rmSync(file, { force: true });
    gateway.process = spawn(BINARY, ["serve", "--sandbox", "--listen", "127.0.0.1:0", "--data", data], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, TOLLGATE_LOG_LEVEL: "error" },
    });
    for (let tries = 0; !existsSync(file); tries++) {
      if (tries > 200 || gateway.process.exitCode !== null) throw new Error("the gateway does not start");
      await pause(50);
    }
    gateway.sandbox = JSON.parse(readFileSync(file, "utf8"));
    return gateway;
  }

  async call(method, path, body) {
    const { base_url, secret_key } = this.sandbox.purchases;
    const response = await fetch(base_url + path, {
      method,
      headers: { authorization: `Bearer ${secret_key}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }

  async control(method, path, body) {
    const { base_url, token } = this.sandbox.control;
    const response = await fetch(base_url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      body: body && JSON.stringify(body),
    });
    return response.json();
  }

  async purchase(extra = {}, products = [{ name: "Tea, 100 g", price: 1299, quantity: 2 }, { name: "Postage", price: 2602 }]) {
    const { status, body } = await this.call("POST", "/purchases/", {
      brand_id: this.sandbox.purchases.brand_id,
      client: { email: "ada@example.com" },
      purchase: { products, currency: "MYR" },
      reference: "ORD-7",
      ...extra,
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body;
  }

  // A client session of the orchestration API.
  async session(extra = {}) {
    const { base_url, token_url, entity_id, client_id, client_secret } = this.sandbox.orchestration;
    const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    const { access_token } = await (await fetch(token_url, { method: "POST", headers: { authorization }, body: form })).json();
    const response = await fetch(`${base_url}/client-sessions`, {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: JSON.stringify({ entity_id, integration_mode: "HOSTED_PAGE", ...extra }),
    });
    const body = await response.json();
    if (response.status !== 200) throw new Error(JSON.stringify(body));
    return body;
  }

  read(id) {
    return this.call("GET", `/purchases/${id}/`).then(({ body }) => body);
  }

  // Moves the clock; what falls due on the way has happened when this returns.
  advance(seconds) {
    return this.control("POST", "/clock", { advance_seconds: seconds });
  }

  // Seconds since 1970, by its own clock.
  async now() {
    return Math.floor(Date.parse((await this.control("GET", "/clock")).now) / 1000);
  }

  // The acquirer's own book, oldest first.
  book() {
    return this.control("GET", "/acquirer/transactions");
  }

  audit() {
    return execFileSync(BINARY, ["audit", "--data", this.data], { encoding: "utf8" });
  }

  kill(signal = "SIGTERM") {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill(signal);
    return ended;
  }

  async stop() {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }
}

const shopPage = (url) => `<!doctype html><title>Shop</title><h1>Back at the shop: ${url.pathname}${url.search}</h1>`;

// The shop's own card form for direct post, filled in.
function shopForm(fields) {
  const inputs = [...fields].filter(([name]) => name !== "action").map(([name, value]) => `<input name="${name}" value="${value}">`);
  const name = '<input name="cardholder_name" value="Ada Example">';
  return `<!doctype html><title>Shop</title><form method="post" action="${fields.get("action")}">${name}${inputs.join("")}<button>Pay</button></form>`;
}

// A shop: remembers every request, answers a page that says which.
export class Shop {
  static async start() {
    const shop = new Shop();
    shop.requests = [];
    shop.server = createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        shop.requests.push({
          method: request.method,
          url: request.url,
          headers: request.rawHeaders,
          body: Buffer.concat(chunks),
        });
        response.setHeader("content-type", "text/html");
        const url = new URL(request.url, "http://shop");
        response.end(url.pathname === "/form" ? shopForm(url.searchParams) : shopPage(url));
      });
    });
    await new Promise((resolve) => shop.server.listen(0, "127.0.0.1", resolve));
    shop.url = `http://127.0.0.1:${shop.server.address().port}`;
    return shop;
  }

  async callback() {
    for (let tries = 0; tries < 100; tries++) {
      const found = this.requests.find((request) => request.method === "POST");
      if (found) return found;
      await pause(50);
    }
    throw new Error("no callback arrived");
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export function browser(...more) {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  });
}
