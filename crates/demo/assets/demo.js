// Makes the shop nicer; everything works without it.

// A button that copies what is shown.
function copying(element) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  const what = element.textContent.trim();
  if (element.tagName === "CODE") button.setAttribute("aria-label", `Copy ${what}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(what);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  element.after(button);
}
if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(copying);

// What happens to an order is shown as it happens, but nobody is interrupted who reads.
const order = document.querySelector("[data-news]");
if (order) {
  const { news, steps, standing } = order.dataset;
  const look = async () => {
    if (!document.hidden) {
      const now = await fetch(news).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
      if (now && (now.steps !== Number(steps) || now.standing !== standing)) {
        if (!order.querySelector(".step > details[open]")) return location.reload();
        const link = document.createElement("a");
        link.href = "";
        link.textContent = `More has happened: ${now.standing.toLowerCase()}. Show it`;
        document.getElementById("more").replaceChildren(link);
      }
    }
    setTimeout(look, 1500);
  };
  setTimeout(look, 1000);
}

// The widget tells the page around it how it went.
const frame = document.querySelector("iframe.gateway");
if (frame) {
  addEventListener("message", ({ origin, source, data }) => {
    if (source !== frame.contentWindow || origin !== new URL(frame.src).origin) return;
    if (data?.source !== "payer-card-widget") return;
    document.getElementById("heard").textContent = `The frame says: ${data.type}`;
  });
}

// Back inside the shop's frame: the payer goes on outside of it.
const returned = document.querySelector("[data-out]");
if (returned && window.top !== window) window.top.location.href = returned.dataset.out;
