// The gateway's card fields in the shop's page. The loader leads on to the shop's address when it is known what became of
// the payment.
const form = document.getElementById("fields");
form.hidden = false;
const { purchase } = form.dataset;
const fields = Tollgate.fields({ purchase, mount: "#card", title: "Card details" });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  fields.submit();
});
