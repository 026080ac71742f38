// Tollgate's card fields inside a shop's own page. A frame of the gateway's holds them: this script never sees what is
// typed into them, only what checkout-ux 15 lists, and pays with the token that it gets.
(() => {
  'use strict';

  const gateway = new URL(document.currentScript.src).origin;
  const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
  // What the frame may say, with what; anything else is dropped.
  const HEARD = {
    ready: { height: 'number', locale: 'string' },
    change: { fields: 'object' },
    brand: { candidates: 'object', chosen: 'string' },
    focus: { field: 'string' },
    blur: { field: 'string' },
    resize: { height: 'number' },
    token: { token: 'string', brand: 'string', last4: 'string', bin: 'string', expiry: 'string' },
    error: { code: 'string' },
    challenge: { url: 'string' },
  };
  const OURS = ['result'];
  // How long the frame may take to say hello, in milliseconds.
  const HELLO_WAIT = 15_000;
  // How long a payment that takes longer is followed; the shop's server is told of its end in any case.
  const PENDING_WAIT = 60_000;
  const pause = (time) => new Promise((go) => { setTimeout(go, time); });

  function read(data) {
    const body = Object.hasOwn(HEARD, data?.type) && data.v === 1 && HEARD[data.type];
    if (!body) return null;
    const known = Object.entries(body).filter(([key, type]) => typeof data[key] === type && data[key] !== null);
    if (known.length < Object.keys(body).length) return null;
    return Object.fromEntries(known.map(([key]) => [key, data[key]]));
  }

  function fields({ purchase, mount, locale, title = 'Card details', style, saveCard = false, messages = true,
    challenge: where = 'frame', redirect = true } = {}) {
    const id = String(purchase).match(ID)?.at(-1);
    if (!id) throw new TypeError('Tollgate.fields: `purchase` must be an id, or the address of a payment page');
    const place = typeof mount === 'string' ? document.querySelector(mount) : mount;
    if (!(place instanceof Element)) throw new TypeError('Tollgate.fields: `mount` is not on this page');

    const base = `${gateway}/embed/v1/${id}`;
    const lang = locale ? `lang=${encodeURIComponent(locale)}` : '';
    const frameOf = (url, name) => {
      const made = document.createElement('iframe');
      Object.assign(made, { title: name, allow: 'payment', referrerPolicy: 'origin', src: url });
      made.style.cssText = 'border: 0; display: block; inline-size: 100%;';
      return made;
    };
    const frame = frameOf(`${base}?parent=${encodeURIComponent(location.origin)}&${lang}`, title);
    frame.style.blockSize = '26rem';
    const said = document.createElement('p');
    said.setAttribute('role', 'alert');
    said.className = 'tollgate-message';
    said.dir = 'auto';

    const handlers = new Map();
    const emit = (type, body) => {
      for (const handler of handlers.get(type) || []) handler(body);
    };
    let port;
    let bank;
    let ended = false;
    // The payment that is under way: one at a time.
    let paying;
    let wait;
    const say = (text) => { if (messages) said.textContent = text; };

    async function ask(page, body) {
      const query = lang ? `?${lang}` : '';
      const response = await fetch(`${base}/${page}${query}`, { method: body ? 'POST' : 'GET', body, credentials: 'omit' });
      return response.json();
    }

    function show(challenge) {
      if (where === 'page') return location.assign(challenge.url);
      if (where === 'none' || bank?.src === challenge.url) return undefined;
      bank?.remove();
      bank = frameOf(challenge.url, challenge.title);
      bank.style.blockSize = 'min(62rem, 100vh)';
      frame.style.display = 'none';
      frame.before(bank);
      return bank.focus();
    }

    function hide() {
      if (!bank) return;
      bank.remove();
      bank = undefined;
      frame.style.display = 'block';
    }

    // From the first answer to the last.
    async function follow(first) {
      let result = first;
      const began = Date.now();
      let asked = false;
      while (!ended && (result.status === 'challenge' || (result.status === 'pending' && Date.now() - began < PENDING_WAIT))) {
        if (result.status === 'challenge') {
          if (!asked) emit('challenge', { url: result.challenge.url });
          asked = true;
          show(result.challenge);
        } else {
          hide();
          say(result.message);
        }
        await pause(1000);
        // Nobody knows what became of it while the line is down: asks again.
        result = await ask('status').catch(() => result);
        if (result.error) return result;
      }
      return result;
    }

    async function settle(first) {
      const result = await follow(first);
      hide();
      if (result.error) {
        say(result.error.message);
        emit('error', { code: result.error.code });
        return { status: 'error', code: result.error.code, message: result.error.message, retry: true };
      }
      const { status, message, retry } = result;
      say(message);
      const told = { status, message, retry, ...(result.redirect && { redirect: result.redirect }) };
      emit('result', told);
      if (redirect && told.redirect && !ended) location.assign(told.redirect);
      return told;
    }

    async function pay({ token, ...card }) {
      const body = new URLSearchParams({ token, window_width: String(place.clientWidth) });
      let first;
      for (let tries = 0; !first; tries += 1) {
        try {
          // The same token again is the same payment.
          first = await ask('pay', body);
        } catch {
          if (tries === 4) first = { error: { code: 'network', message: '' } };
          else await pause(1000 * (tries + 1));
        }
      }
      // A session's token is for its merchant's server.
      if (first.error?.code === 'server_pays') return { status: 'token', token, ...card };
      return settle(first);
    }

    const failed = (code) => ({ status: 'error', code, message: '', retry: true });
    const look = () => ask('status').catch(() => ({ error: { code: 'network', message: '' } })).then(settle);

    const take = {
      ready: ({ height }) => { frame.style.blockSize = `${height}px`; if (style) setStyle(style); },
      resize: ({ height }) => { frame.style.blockSize = `${height}px`; },
      token: (body) => wait?.(pay(body)),
      // Paid, or ended, in another window meanwhile: then it is known how it stands.
      error: ({ code }) => code !== 'style_refused' && wait?.(code === 'not_payable' ? look() : failed(code)),
      // The payer came back to this page while the bank asks.
      challenge: () => { 
        paying ||= look().finally(() => { paying = undefined; });
      },
    };

    const onHello = (event) => {
      if (event.origin !== gateway || event.source !== frame.contentWindow) return;
      if (event.data?.v !== 1 || event.data.type !== 'hello') return;
      port?.close();
      const channel = new MessageChannel();
      port = channel.port1;
      port.onmessage = ({ data }) => {
        const body = read(data);
        if (!body) return;
        if (data.type !== 'challenge') emit(data.type, body);
        take[data.type]?.(body);
      };
      frame.contentWindow.postMessage({ v: 1, type: 'hello' }, gateway, [channel.port2]);
    };
    addEventListener('message', onHello);
    setTimeout(() => { if (!port && !ended) emit('error', { code: 'not_loaded' }); }, HELLO_WAIT);
    place.append(frame, said);

    function setStyle(wanted) {
      port?.postMessage({ v: 1, type: 'setStyle', style: wanted });
    }

    function submit(more = {}) {
      if (paying) return paying;
      if (!port) return Promise.resolve(failed('not_loaded'));
      say('');
      const { brand } = more;
      const save = more.saveCard ?? saveCard;
      paying = new Promise((done) => {
        wait = done;
        port.postMessage({ v: 1, type: 'submit', saveCard: save === true, ...(brand && { brand: String(brand) }) });
      }).finally(() => {
        paying = undefined;
        wait = undefined;
      });
      return paying;
    }

    return {
      on(event, handler) {
        if (!Object.hasOwn(HEARD, event) && !OURS.includes(event)) throw new TypeError(`Tollgate: there is no event ${event}`);
        const known = handlers.get(event) || new Set();
        handlers.set(event, known.add(handler));
        return () => known.delete(handler);
      },
      submit,
      setStyle,
      focus() { (bank || frame).focus(); },
      destroy() {
        ended = true;
        removeEventListener('message', onHello);
        port?.close();
        hide();
        frame.remove();
        said.remove();
      },
    };
  }

  window.Tollgate = Object.freeze({ fields });
})();
