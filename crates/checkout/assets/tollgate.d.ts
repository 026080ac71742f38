// What `tollgate.js` offers to a shop's page.

export {};

/** A field of the card. */
export type Field = 'number' | 'expiry' | 'cvc' | 'holder';

/** How a field stands. What is typed into it is never told. */
export interface FieldState {
  empty: boolean;
  /** There is something in it, and nothing is wrong with it. */
  complete: boolean;
  /** The payer is shown nothing wrong about it. */
  valid: boolean;
  /** What is shown to be wrong, such as `luhn` or `past`; empty when nothing is. */
  errorCode: string;
}

/** How the fields look: https://your.gateway/docs lists the properties and values that are taken. */
export type Style = Partial<Record<'page' | 'label' | 'field' | 'error', Record<string, string>>>;

/** What became of a payment. */
export interface Result {
  /** `token` only of a client session, whose merchant's server pays. */
  status: 'paid' | 'hold' | 'saved' | 'pending' | 'declined' | 'closed' | 'open' | 'challenge' | 'token' | 'error';
  /** For the payer, in their language; says whether money was taken. */
  message?: string;
  /** Whether the payer may try again. */
  retry?: boolean;
  /** Where the shop said its payers go now. */
  redirect?: string;
  /** Of an error. */
  code?: ErrorCode;
  /** Of a client session: the `vault_form_token`, for twelve minutes. */
  token?: string;
}

export type ErrorCode =
  | 'invalid' | 'not_payable' | 'in_progress' | 'token_expired' | 'page_expired' | 'busy' | 'network' | 'unreadable'
  | 'origin_refused' | 'style_refused' | 'not_loaded' | 'unknown' | 'broken';

export interface Events {
  ready: { height: number; locale: string };
  change: { fields: Record<Field, FieldState> };
  brand: { candidates: string[]; chosen: string };
  focus: { field: Field };
  blur: { field: Field };
  resize: { height: number };
  token: { token: string; brand: string; last4: string; bin: string; expiry: string };
  challenge: { url: string };
  result: Result;
  error: { code: ErrorCode };
}

export interface Options {
  /** The id of a purchase, payment link or client session, or the address of its page. */
  purchase: string;
  /** Where the fields are drawn: an element, or its selector. */
  mount: string | Element;
  /** The language of the fields, where the shop's server has not chosen one; the browser's otherwise. */
  locale?: string;
  /** The title of the frame, for those who hear the page. */
  title?: string;
  style?: Style;
  /** Keeps the card for next time. Ask the payer first. */
  saveCard?: boolean;
  /** Shows the payer below the fields what became of the payment; true by default. */
  messages?: boolean;
  /** Where the bank's question is shown: in place of the fields by default. */
  challenge?: 'frame' | 'page' | 'none';
  /** Goes where the shop said its payers go; true by default. */
  redirect?: boolean;
}

export interface Fields {
  /** Calls the handler whenever that happens; what it answers ends that. */
  on<Name extends keyof Events>(event: Name, handler: (body: Events[Name]) => void): () => void;
  /** Pays. While a payment is under way, a second call waits for the same. */
  submit(options?: { saveCard?: boolean; brand?: string }): Promise<Result>;
  setStyle(style: Style): void;
  focus(): void;
  destroy(): void;
}

declare global {
  const Tollgate: { fields(options: Options): Fields };
}
