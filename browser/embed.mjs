// A shop of another origin with the card fields in its own page.
import { createServer } from "node:http";

const page = (gateway, query) => {
  const { options = "{}", sandbox, policy = "" } = Object.fromEntries(query);
  const loader = `<script src="${gateway}/embed/v1/tollgate.js" crossorigin="anonymous"></script>`;
  const start = `
    window.heard = [];
    window.fields = Tollgate.fields({ mount: "#card", ...${options} });
    for (const event of ["ready", "change", "brand", "focus", "blur", "resize", "token", "challenge", "result", "error"]) {
      fields.on(event, (body) => heard.push([event, body]));
    }
    document.querySelector("#pay").addEventListener("click", () => { window.paid = fields.submit(); });`;
  const shop = `<form onsubmit="return false"><div id="card"></div><button id="pay" type="button">Pay</button></form>`;
  const inner = `${loader}${shop}<script>${start}</script>`;
  const body = sandbox === undefined ? inner : `<iframe name="inner" sandbox="${sandbox}" width="600" height="700" srcdoc="${inner.replaceAll('"', "&quot;")}"></iframe>`;
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>${policy}`;
  return `<!doctype html><html lang="en"><head>${head}</head><body><main><h1>Shop</h1>${body}</main></body></html>`;
};

export class EmbeddingShop {
  // `host` is by default another site than the gateway's, so that the frame is a third party.
  static async start(gateway, host = "localhost") {
    const shop = new EmbeddingShop();
    shop.server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url, "http://shop");
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(pathname === "/card" ? page(gateway, searchParams) : `<!doctype html><html lang="en"><title>Shop</title><h1>${pathname}</h1>`);
    });
    await new Promise((resolve) => shop.server.listen(0, "0.0.0.0", resolve));
    shop.url = `http://${host}:${shop.server.address().port}`;
    return shop;
  }

  // The address of its page with the fields of this purchase.
  card(purchase, options = {}, more = {}) {
    return `${this.url}/card?${new URLSearchParams({ options: JSON.stringify({ purchase, ...options }), ...more })}`;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

// The frame with the fields, once they are there.
export async function fieldsOf(page) {
  const fields = page.frameLocator("#card iframe").first();
  await fields.locator("[name=card_number]").waitFor();
  return fields;
}

// What the shop's page was told, of one kind.
export const told = (page, event) => page.evaluate((event) => window.heard.filter(([name]) => name === event).map(([, body]) => body), event);

export const press = (page) => page.locator("#pay").click();

// What became of the payment, as the shop's page is answered.
export const outcome = (page) => page.evaluate(() => window.paid);
