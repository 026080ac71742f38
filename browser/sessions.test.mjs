// The hosted page of a client session in a real browser, with and without script: whatever is paid with, the payer ends at
// the shop (orchestration-api 7.5, 9.2).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Gateway, Shop, browser } from "./gateway.mjs";
import { confirm, content, fill, press, visit, words } from "./payer.mjs";
import { Scene } from "./states.mjs";

let gateway, shop, chromium;

before(async () => {
  [gateway, shop, chromium] = await Promise.all([Gateway.start(), Shop.start(), browser()]);
});

after(async () => {
  await chromium?.close();
  await gateway?.stop();
  shop?.stop();
});

// What the shop is told in the address the payer comes back to.
async function told(page) {
  await page.waitForURL(`${shop.url}/back?order=7&purse-redirection-data=*`);
  const token = new URL(page.url()).searchParams.get("purse-redirection-data");
  const { client_session_status, authorization_status } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  return `${client_session_status} ${authorization_status ?? "-"}`;
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";

  const scene = async () => {
    const page = await visit(chromium, { gateway, shop, javaScriptEnabled });
    const scene = new Scene({ gateway, shop, page });
    await scene.session();
    return scene;
  };

  // Nothing is asked of anybody else, and nothing broke on the way.
  const done = async ({ page }) => {
    content(page);
    await page.context().close();
  };

  test(`gift cards and a card whose bank asks, ${how}`, async () => {
    const payer = await scene();
    await payer.giftCard("6000 0000 0000 2000");
    await payer.giftCard("6000 0000 0000 5000");
    await payer.page.locator(".gifts [name=remove][value='0']").click();
    await payer.page.locator(".sums", { hasText: "€70.00" }).waitFor();
    await fill(payer.page, "4916 9940 6425 2017");
    await press(payer.page);
    if (javaScriptEnabled) {
      const bank = payer.page.frameLocator("#bank iframe");
      await bank.locator("[name=otp]").fill("1234");
      await bank.locator("[name=action][value=verify]").click();
    } else {
      await confirm(payer.page);
      await payer.page.getByRole("button", { name: "Continue" }).click();
    }
    assert.equal(await told(payer.page), "SUBMITTED AUTHORIZED");
    await done(payer);
  });

  test(`gift cards alone, ${how}`, async () => {
    const payer = await scene();
    await payer.giftCard("6000 0000 0001 5000");
    assert.match(await words(payer.page), /cover the whole amount/);
    await press(payer.page);
    assert.equal(await told(payer.page), "SUBMITTED AUTHORIZED");
    await done(payer);
  });

  for (const [choice, status] of [["approve", "AUTHORIZED"], ["refuse", "REFUSED"], ["cancel", "ABORTED"]]) {
    test(`a wallet: ${choice}, ${how}`, async () => {
      const payer = await scene();
      await payer.partner("paypal/wallet", false);
      await payer.choose(choice);
      assert.equal(await told(payer.page), `SUBMITTED ${status}`);
      await done(payer);
    });
  }

  test(`cancelled, ${how}`, async () => {
    const payer = await scene();
    await payer.page.locator("#cancel-form button").click();
    assert.equal(await told(payer.page), "ABORTED_BY_CUSTOMER -");
    await done(payer);
  });

  test(`a second click pays nothing twice, ${how}`, async () => {
    const payer = await scene();
    const before = (await gateway.book()).length;
    await fill(payer.page, "4111 1111 1111 1111");
    await payer.page.locator("#card-form button[type=submit]").dblclick({ noWaitAfter: true });
    assert.equal(await told(payer.page), "SUBMITTED AUTHORIZED");
    assert.equal((await gateway.book()).length, before + 1);
    await done(payer);
  });
}
