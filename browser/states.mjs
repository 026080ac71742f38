// Every page a payer can meet, and how to get there (checkout-ux 7). Each opens its page in a browser window and leaves
// it there; what has to pass by the clock has passed.
import { APPROVED, DECLINED, arrive, fill, press } from "./payer.mjs";

const LINES = [
  { name: "Gunpowder green tea, loose, 100 g", price: 1299, quantity: 2, discount: 100 },
  { name: "Postage", price: 2602 },
];

const CART = [
  { name: "Gunpowder green tea, loose, 100 g", unit_gross_price: 1299, quantity: 2, net_amount: 2598, tax_rate: 20 },
  { name: "Teapot of cast iron", unit_gross_price: 9402, quantity: 1, net_amount: 9402, tax_rate: 20 },
];

export class Scene {
  constructor({ gateway, shop, page, language = "en" }) {
    Object.assign(this, { gateway, shop, page, language });
  }

  async purchase({ purchase = {}, due_in = 30 * 86_400, ...extra } = {}) {
    const due = (await this.gateway.now()) + due_in;
    return this.gateway.purchase({ due, ...extra, purchase: { products: LINES, language: this.language, ...purchase } });
  }

  async open(path) {
    await arrive(this.page, path.startsWith("http") ? path : this.gateway.sandbox.base_url + path);
  }

  async link({ id }, page = "") {
    await this.open(`/p/${id}/${page}`);
  }

  async pay(made, number = APPROVED) {
    await this.link(made);
    await fill(this.page, number);
    await press(this.page);
  }

  async paid(extra) {
    const made = await this.purchase(extra);
    await this.pay(made);
    await this.page.waitForURL(/\/result\//);
    return made;
  }

  // Pays with a card whose outcome is not known when its page has waited long enough.
  async waited(made, number, seconds = 11) {
    await this.pay(made, number);
    while ((await this.gateway.read(made.id)).status !== "pending_execute") await this.page.waitForTimeout(20);
    await this.gateway.advance(seconds);
    await this.page.waitForURL(/\/result\//);
  }

  // Kept by the payer's own wish.
  async savedCard() {
    const made = await this.purchase();
    await this.link(made);
    await fill(this.page, APPROVED);
    await this.page.locator("[name=remember_card]").check();
    await press(this.page);
    await this.page.waitForURL(/\/result\//);
    return this.gateway.read(made.id);
  }

  async challenged() {
    const made = await this.purchase();
    await this.pay(made, "5555 5555 5555 4444");
    await this.page.waitForURL(/\/challenge\//);
    return made;
  }

  async bank() {
    const made = await this.challenged();
    await this.page.locator("#challenge-form button").click();
    await this.page.waitForURL(/\/acs\//);
    return made;
  }

  // A session of 120.00 EUR, opened.
  async session(changes = {}) {
    const reference = `SO-${this.language}-${Math.random().toString(36).slice(2, 8).toUpperCase()}`;
    const made = await this.gateway.session({
      amount: 12_000,
      currency: "EUR",
      shopper_redirection_url: `${this.shop.url}/back?order=7`,
      order: { reference, net_amount: 12_000, tax_amount: 2_000, shipments: [{ item_lines: CART }] },
      customer: { reference: "C-1", email: "ada@example.com", locale: this.language },
      ...changes,
    });
    await this.open(made.redirection.href);
  }

  async giftCard(number, code = "123") {
    await this.page.locator(".gift-add summary").click();
    await this.page.locator("[name=gift_number]").fill(number);
    await this.page.locator("[name=gift_code]").fill(code);
    await this.page.locator(".gift-add button").click();
    await this.page.waitForURL(/\/gift-cards\//);
  }

  // Chooses a partner's page and is led to it, which is held for the moment.
  async partner(method, hold = true) {
    if (hold) await this.page.route("**/acs/pay/**", (route) => route.fulfill({ status: 204 }));
    await this.page.locator(`[value="${method}"]`).check();
    await press(this.page);
    await this.page.waitForURL(/\/result\//);
  }

  // Chooses a way to pay that is no card, on its own line or behind the one for more, and goes there.
  async method(method, bank) {
    await this.chooseMethod(method, bank);
    await press(this.page);
    await this.page.waitForURL(/\/acs\/pay\//);
  }

  async chooseMethod(method, bank) {
    const radio = this.page.locator(`[name=method][value=${method}]`);
    if (!(await radio.isVisible())) await this.page.locator(".more summary").click();
    await radio.check();
    if (bank) await this.page.locator(`[name=${method}_bank_code]`).selectOption(bank);
  }

  // The shop does not answer, so that the page before it stays.
  async stay() {
    await this.page.route(`${this.shop.url}/**`, (route) => route.fulfill({ status: 204 }));
  }

  // What the payer chooses on the partner's page.
  async choose(choice) {
    await this.page.waitForURL(/\/acs\/pay\//);
    await this.page.locator(`[value=${choice}]`).click();
    await this.page.waitForURL(/\/(result|return)\//);
  }

  action(made, name, body) {
    return this.gateway.call("POST", `/purchases/${made.id}/${name}/`, body);
  }
}

export const STATES = {
  async pay(scene) {
    await scene.link(await scene.purchase({ cancel_redirect: `${scene.shop.url}/cart` }));
  },
  async "pay-due"(scene) {
    await scene.link(await scene.purchase({ due_in: 1800 }));
  },
  async "pay-overdue"(scene) {
    const made = await scene.purchase({ due_in: 60 });
    await scene.gateway.advance(61);
    await scene.link(made);
  },
  async "pay-details"(scene) {
    const request_client_details = ["email", "phone", "full_name", "billing_address", "shipping_address"];
    await scene.link(await scene.purchase({ purchase: { request_client_details } }));
  },
  async "pay-saved"(scene) {
    const { client_id } = await scene.savedCard();
    await scene.link(await scene.purchase({ client: undefined, client_id }));
  },
  async "pay-notes"(scene) {
    const notes = "Gift wrapping is free this week.\nLeave it with the neighbour if nobody is at home.";
    await scene.link(await scene.purchase({ purchase: { notes, debt: 1000 } }));
  },
  async "pay-typed"(scene) {
    await scene.link(await scene.purchase());
    await fill(scene.page, "3400 990000 00001", { cvc: "123" });
    await scene.page.locator("[name=cardholder_name]").blur();
  },
  async "pay-two-brands"(scene) {
    await scene.link(await scene.purchase());
    await fill(scene.page, "4000 0098 0000 0005");
  },
  async "pay-hold"(scene) {
    await scene.link(await scene.purchase({ skip_capture: true }));
  },
  async "pay-save-card"(scene) {
    const products = [{ name: "Membership, first month free", price: 0 }];
    await scene.link(await scene.purchase({ skip_capture: true, purchase: { products } }));
  },
  async "pay-kept-anyway"(scene) {
    await scene.link(await scene.purchase({ force_recurring: true }));
  },
  // The server's own words: what script checks first does not get there.
  async "pay-wrong"(scene) {
    await scene.link(await scene.purchase());
    await scene.page.evaluate(() => {
      const form = document.getElementById("card-form");
      form.elements.namedItem("cardholder_name").value = "Ada Example";
      form.submit();
    });
    await scene.page.locator("#error-summary").waitFor();
  },
  async "pay-after-decline"(scene) {
    const made = await scene.purchase();
    await scene.pay(made, DECLINED);
    await scene.page.waitForURL(/\/result\//);
    await scene.link(made);
  },
  async "pay-more"(scene) {
    await scene.link(await scene.purchase());
    await scene.chooseMethod("razer_tng");
  },
  async "pay-bank"(scene) {
    await scene.gateway.control("POST", "/acquirer/banks", { method: "fpx", bank: "BSN0601", up: false });
    await scene.link(await scene.purchase());
    await scene.chooseMethod("fpx", "MB2U0227");
  },
  async "pay-bank-missing"(scene) {
    await scene.link(await scene.purchase());
    await scene.chooseMethod("fpx_b2b1");
    await press(scene.page);
    await scene.page.locator("#error-summary").waitFor();
  },
  async "pay-one-bank"(scene) {
    await scene.link(await scene.purchase({ payment_method_whitelist: ["fpx"] }));
  },
  async "acquirer-bank"(scene) {
    await scene.link(await scene.purchase());
    await scene.method("fpx", "MB2U0227");
  },
  async away(scene) {
    const made = await scene.purchase();
    await scene.link(made);
    await scene.method("fpx", "MB2U0227");
    await scene.link(made);
  },
  async deciding(scene) {
    await scene.link(await scene.purchase());
    await scene.method("fpx", "MB2U0227");
    await scene.choose("later");
  },
  async "refused-elsewhere"(scene) {
    await scene.link(await scene.purchase());
    await scene.method("razer_grabpay");
    await scene.choose("refuse");
  },
  async "paid-by-bank"(scene) {
    await scene.link(await scene.purchase());
    await scene.method("fpx", "MB2U0227");
    await scene.choose("approve");
  },
  async declined(scene) {
    await scene.pay(await scene.purchase(), DECLINED);
    await scene.page.waitForURL(/\/result\//);
  },
  async failed(scene) {
    const made = await scene.purchase({ purchase: { single_attempt: true } });
    await scene.pay(made, "4000 0099 0041 0005");
    await scene.page.waitForURL(/\/result\//);
  },
  async processing(scene) {
    await scene.waited(await scene.purchase(), "4000 0099 0000 0707", 0);
  },
  async checking(scene) {
    await scene.waited(await scene.purchase(), "4000 0099 0000 4105", 61);
  },
  async "checking-long"(scene) {
    const made = await scene.purchase();
    await scene.waited(made, "4000 0099 0000 4105", 31);
    await scene.gateway.advance(200);
    await scene.link(made);
  },
  async elsewhere(scene) {
    const made = await scene.purchase();
    const other = await scene.page.context().newPage();
    await scene.link(made);
    await fill(scene.page, APPROVED);
    await new Scene({ ...scene, page: other }).pay(made, "4000 0099 0000 0905");
    while ((await scene.gateway.read(made.id)).status !== "pending_execute") await other.waitForTimeout(20);
    await press(scene.page);
    await scene.page.locator("main.status").waitFor();
    await other.close();
  },
  async challenge(scene) {
    await scene.challenged();
  },
  async "challenge-at-link"(scene) {
    await scene.link(await scene.challenged());
  },
  async bank(scene) {
    await scene.bank();
  },
  async "bank-wrong-code"(scene) {
    await scene.bank();
    await scene.page.locator("[name=otp]").fill("1111");
    await scene.page.locator("[name=action][value=verify]").click();
    await scene.page.getByRole("alert").first().waitFor();
  },
  async paid(scene) {
    await scene.paid();
  },
  // Held for a moment by the shop, which does not answer.
  async "paid-going-on"(scene) {
    const made = await scene.purchase({ success_redirect: `${scene.shop.url}/thanks` });
    await scene.page.route(`${scene.shop.url}/**`, (route) => route.fulfill({ status: 204 }));
    await scene.pay(made);
    await scene.page.waitForURL(/\/result\//);
  },
  // The fields of a shop's page, without that page.
  async embed(scene) {
    const { id } = await scene.purchase();
    await scene.open(`/embed/v1/${id}`);
  },
  async "embed-paid"(scene) {
    const { id } = await scene.paid();
    await scene.open(`/embed/v1/${id}`);
  },
  async "paid-at-link"(scene) {
    await scene.link(await scene.paid());
  },
  async refunded(scene) {
    const made = await scene.paid();
    await scene.action(made, "refund", { amount: 1200 });
    await scene.action(made, "refund", { amount: 300 });
    await scene.link(made);
  },
  async "paid-elsewhere"(scene) {
    const made = await scene.purchase();
    await scene.action(made, "mark_as_paid");
    await scene.link(made);
  },
  async reserved(scene) {
    await scene.paid({ skip_capture: true });
  },
  async "reserved-at-link"(scene) {
    await scene.link(await scene.paid({ skip_capture: true }));
  },
  async "card-saved"(scene) {
    await scene.paid({ skip_capture: true, purchase: { products: [{ name: "Membership", price: 0 }] } });
  },
  async cancelled(scene) {
    const made = await scene.purchase({ cancel_redirect: `${scene.shop.url}/cart` });
    await scene.action(made, "cancel");
    await scene.link(made);
  },
  async expired(scene) {
    const made = await scene.purchase({ due_in: 60, cancel_redirect: `${scene.shop.url}/cart`, purchase: { due_strict: true } });
    await scene.gateway.advance(61);
    await scene.link(made);
  },
  async released(scene) {
    const made = await scene.paid({ skip_capture: true });
    await scene.action(made, "release");
    await scene.link(made);
  },
  async chargeback(scene) {
    const made = await scene.paid();
    await scene.gateway.control("POST", `/purchases/${made.id}/events`, { event: "chargeback" });
    await scene.link(made);
  },
  async unknown(scene) {
    await scene.open("/p/00000000-0000-4000-8000-000000000000/");
  },
  // More than a form holds.
  async broken(scene) {
    const made = await scene.purchase();
    await scene.link(made);
    await scene.page.evaluate(() => {
      document.querySelector("[name=attempt]").value = "x".repeat(9000);
      document.getElementById("card-form").submit();
    });
    await scene.page.locator("main.status").waitFor();
  },
  async invoice(scene) {
    await scene.link(await scene.purchase(), "invoice/");
  },
  async "invoice-paid"(scene) {
    await scene.link(await scene.paid(), "invoice/");
  },
  async receipt(scene) {
    await scene.link(await scene.paid(), "receipt/");
  },
  async "invoice-stated"(scene) {
    const products = LINES.map((line, at) => ({ ...line, tax_percent: at ? 6 : 19 }));
    const purchase = { products, debt: 500, notes: "Thank you.\nCome again.", subtotal_override: 5000, total_discount_override: 150 };
    await scene.link(await scene.purchase({ purchase, issued: "2025-10-09" }), "invoice/");
  },
  async "receipt-refunded"(scene) {
    const made = await scene.paid();
    await scene.action(made, "refund", { amount: 1200 });
    await scene.link(made, "receipt/");
  },
  async "receipt-of-refund"(scene) {
    const made = await scene.paid();
    await scene.action(made, "refund", { amount: 1200 });
    await scene.link(made, "receipt/");
    await scene.open(await scene.page.locator('a[href*="/refunds/"]').getAttribute("href"));
  },
  async session(scene) {
    await scene.session();
  },
  async "session-gift"(scene) {
    await scene.session();
    await scene.giftCard("6000 0000 0000 2000");
    await scene.giftCard("6000 0000 0000 5000");
  },
  async "session-covered"(scene) {
    await scene.session();
    await scene.giftCard("6000 0000 0001 5000");
  },
  async "session-gift-wrong"(scene) {
    await scene.session();
    await scene.giftCard("6000 0000 0000 2000", "999");
  },
  async "session-wallet"(scene) {
    await scene.session();
    await scene.page.locator('[value="paypal/wallet"]').check();
  },
  async "session-kept"(scene) {
    await scene.session({
      allow_future_usage: true,
      three_ds_authentication_options: { challenge_indicator: "CHALLENGE_REQUESTED_BY_MERCHANT" },
    });
  },
  // The server's own words, as of a page that was left open too long.
  async "session-outdated"(scene) {
    await scene.session();
    await scene.page.evaluate(() => {
      const form = document.getElementById("card-form");
      form.elements.namedItem("attempt").value = "x";
      form.querySelector('[value="paypal/wallet"]').checked = true;
      form.submit();
    });
    await scene.page.locator(".alert").waitFor();
  },
  async "session-led-to-partner"(scene) {
    await scene.session();
    await scene.partner("paypal/wallet");
  },
  async "session-at-partner"(scene) {
    await scene.session();
    const link = scene.page.url();
    await scene.partner("oney/cb3x");
    await scene.open(link);
  },
  async "session-pending"(scene) {
    await scene.session();
    await scene.stay();
    await scene.partner("adyen/ideal", false);
    await scene.choose("later");
  },
  async "session-paid"(scene) {
    await scene.session();
    await scene.stay();
    await fill(scene.page, "4111 1111 1111 1111");
    await press(scene.page);
    await scene.page.waitForURL(/\/result\//);
  },
  async "session-refused"(scene) {
    await scene.session();
    await scene.stay();
    await scene.giftCard("6000 0000 0000 2000");
    await scene.partner("paypal/wallet", false);
    await scene.choose("refuse");
  },
  async "session-left"(scene) {
    await scene.session();
    await scene.stay();
    await scene.page.locator("#cancel-form button").click();
    await scene.page.waitForURL(/\/result\//);
  },
};
