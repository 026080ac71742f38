
// The card fields inside a page of a shop's. What is typed stays here: that page hears what checkout-ux 15 lists, over a
// port that only a page of the registered origin gets.
{
  const fields = { number, holder, expiry: expires, cvc };
  const nameOfField = (input) => Object.keys(fields).find((name) => fields[name] === input);
  const { origin: shop } = document.body.dataset;
  const { to, challenge } = form.dataset;
  const height = () => Math.min(900, Math.max(100, Math.ceil(document.body.getBoundingClientRect().height)));
  const lang = document.documentElement.lang;

  let port;
  const told = {};
  const send = (type, body) => port?.postMessage({ v: 1, type, ...body });
  // What has not changed is not said again: how often a key is pressed is nobody's business.
  const tell = (type, body) => {
    const text = JSON.stringify(body);
    if (port && told[type] !== text) send(type, body);
    if (port) told[type] = text;
  };
  const fail = (code) => send('error', { code });

  function report() {
    const state = (input) => {
      const wrong = fault(input);
      const shown = input.hasAttribute('aria-invalid');
      return { empty: !input.value.trim(), complete: !wrong, valid: !shown, errorCode: shown ? wrong : '' };
    };
    tell('change', { fields: Object.fromEntries(Object.entries(fields).map(([name, input]) => [name, state(input)])) });
    const digits = bare(number.value);
    const chosen = choice?.querySelector('input:checked:enabled')?.value || brandOf(digits);
    const likely = digits ? candidates(digits) : [];
    tell('brand', { candidates: [partnerOf(digits), ...likely].filter(Boolean), chosen });
  }

  // How the fields may look: these properties of these parts, and values that can be nothing else.
  const COLOUR = /^(#([0-9a-f]{3}|[0-9a-f]{6})|[a-z]{3,20}|rgb\(\d{1,3}(, ?| )\d{1,3}(, ?| )\d{1,3}\))$/i;
  const LENGTH = /^(0|\d{1,3}(\.\d{1,3})?(px|rem|em))$/;
  const PARTS = { page: 'body', label: '.field label, legend', field: '.field input', error: '.field p.error' };
  const STYLES = {
    color: COLOUR,
    'background-color': COLOUR,
    'border-color': COLOUR,
    'border-width': LENGTH,
    'border-radius': LENGTH,
    padding: LENGTH,
    'font-size': LENGTH,
    'letter-spacing': LENGTH,
    'font-weight': /^([1-9]00|normal|bold)$/,
    'font-family': /^[a-z][\w -]{0,40}(, ?[a-z][\w -]{0,40}){0,5}$/i,
  };
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [sheet];
  const rules = Object.fromEntries(
    Object.entries(PARTS).map(([part, selector]) => [part, sheet.cssRules[sheet.insertRule(`${selector} {}`)].style]),
  );

  const own = (object, key) => Object.hasOwn(object, key);
  const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

  function setStyle({ style }) {
    if (!isRecord(style)) return fail('style_refused');
    const wanted = [];
    for (const [part, properties] of Object.entries(style)) {
      if (!own(PARTS, part) || !isRecord(properties)) return fail('style_refused');
      for (const [key, value] of Object.entries(properties)) {
        if (!own(STYLES, key) || typeof value !== 'string' || !STYLES[key].test(value)) return fail('style_refused');
        wanted.push([part, key, value]);
      }
    }
    for (const [part, key, value] of wanted) rules[part].setProperty(key, value);
    return undefined;
  }

  async function submit({ saveCard, brand }) {
    if (!to) return fail('not_payable');
    if (sent) return fail('busy');
    const radio = [...(choice?.querySelectorAll('input:enabled') || [])].find(({ value }) => value === brand);
    if (radio) radio.checked = true;
    const refused = refuses();
    report();
    if (refused) return fail('invalid');
    const body = new URLSearchParams(new FormData(form));
    if (saveCard === true) body.set('remember_card', 'on');
    sent = true;
    for (const input of inputs) input.readOnly = true;
    try {
      const response = await fetch(to, { method: 'POST', body, credentials: 'omit' });
      const { error, fields: wrong = {}, token, ...card } = await response.json();
      for (const input of inputs) if (own(wrong, input.name)) show(input, wrong[input.name]);
      if (token) {
        cvc.value = '';
        send('token', { token, brand: card.brand, last4: card.last4, bin: card.bin, expiry: card.expiry });
      } else fail(error.code);
    } catch {
      fail('network');
    }
    sent = false;
    for (const input of inputs) input.readOnly = false;
    return report();
  }

  // Whatever else comes is dropped.
  const HEARD = { submit, setStyle };

  addEventListener('message', (event) => {
    const { data, ports } = event;
    if (port || event.source !== parent || event.origin !== shop || ports.length !== 1) return;
    if (data?.v !== 1 || data.type !== 'hello') return;
    [port] = ports;
    port.onmessage = ({ data: said }) => {
      if (isRecord(said) && said.v === 1 && own(HEARD, said.type)) HEARD[said.type](said);
    };
    send('ready', { height: height(), locale: lang });
    if (challenge) send('challenge', { url: challenge });
    if (!to) return;
    report();
    new ResizeObserver(() => tell('resize', { height: height() })).observe(document.body);
  });

  for (const input of inputs) {
    input.addEventListener('focus', () => send('focus', { field: nameOfField(input) }));
    input.addEventListener('blur', () => {
      send('blur', { field: nameOfField(input) });
      report();
    });
  }
  form.addEventListener('input', report);

  // In a sandbox of the shop's this page would be nobody's: then it says nothing.
  if (shop && parent !== window && self.origin !== 'null') parent.postMessage({ v: 1, type: 'hello' }, shop);
}
