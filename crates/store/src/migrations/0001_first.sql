-- Rows lie in order of creation (position); ids are 16 bytes; times are microseconds since 1970 in UTC; amounts are
-- minor units. A column exists for what is searched, joined, constrained or summed; a document holds the rest.

create table merchants (
    position integer primary key,
    id blob not null unique,
    document text not null,
    created_at integer not null,
    revoked_at integer
) strict;

create table brands (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    -- The brand above it in the merchant's tree, made before it; null at the top.
    parent blob,
    -- Public: it stands in pages.
    api_key text not null unique,
    document text not null,
    created_at integer not null,
    revoked_at integer
) strict;

create table logos (
    name text primary key,
    picture blob not null
) strict;

create index brands_of_merchant on brands (merchant_id);

create table api_keys (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    prefix text not null,
    hash blob not null,
    created_at integer not null,
    revoked_at integer
) strict;

create index api_keys_by_prefix on api_keys (prefix);
create index api_keys_of_merchant on api_keys (merchant_id);

-- Clients of the dialects that speak OAuth.
create table oauth_clients (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    dialect text not null,
    -- The brand it acts for, with all below it; null is every brand.
    entity blob,
    hash blob not null,
    created_at integer not null,
    revoked_at integer
) strict;

create index oauth_clients_of_merchant on oauth_clients (merchant_id);

-- In order of issue, and so of expiry.
create table access_tokens (
    position integer primary key,
    hash blob not null unique,
    client_id blob not null,
    scope text not null,
    expires_at integer not null
) strict;

-- What signs what merchants are told: one pair for each merchant in each mode, and one for each webhook.
create table signing_keys (
    -- The merchant or the webhook.
    owner blob not null,
    mode text not null,
    merchant_id blob not null,
    -- How often it was made anew, and when last.
    generation integer not null,
    made_at integer not null,
    public_pem text not null,
    key_id text not null,
    wrapped_key blob not null,
    ciphertext blob not null,
    primary key (owner, mode)
) strict;

-- What the gateway itself signs with; one has not retired, unless there is none.
create table jws_keys (
    position integer primary key,
    kid text not null unique,
    modulus blob not null,
    exponent blob not null,
    key_id text not null,
    wrapped_key blob not null,
    ciphertext blob not null,
    created_at integer not null,
    retired_at integer
) strict;

create table secrets (
    name text primary key,
    key_id text not null,
    wrapped_key blob not null,
    ciphertext blob not null
) strict;

create table settings (
    name text primary key,
    value integer not null
) strict;

create table counters (
    merchant_id blob not null,
    mode text not null,
    name text not null,
    value integer not null,
    primary key (merchant_id, mode, name)
) strict, without rowid;

create table customers (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    version integer not null,
    -- In lower case, as is what is searched; null when there is none.
    email text,
    -- The same where a purchase made the customer: of several at once, one does.
    inline_email text,
    personal_code text not null,
    search text not null,
    document text not null,
    -- The dialect's own; may be empty.
    extra text not null,
    created_at integer not null,
    updated_at integer not null
) strict;

create unique index customers_made_inline on customers (merchant_id, mode, inline_email) where inline_email is not null;
create index customers_by_email on customers (merchant_id, mode, email) where email is not null;
create index customers_of_merchant on customers (merchant_id, mode, created_at, id);

create table checkouts (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    dialect text not null,
    -- What the dialect's clients call it, where that is not its id.
    public_id text,
    payment_id blob not null,
    created_at integer not null,
    checkout text not null,
    -- The dialect's own.
    document text not null
) strict;

create unique index checkouts_by_public_id on checkouts (public_id) where public_id is not null;

create table payments (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    checkout_id blob not null,
    version integer not null,
    state text not null,
    currency text not null,
    amount integer not null,
    authorized integer not null,
    captured integer not null,
    voided integer not null,
    refunded integer not null,
    due_at integer,
    created_at integer not null,
    updated_at integer not null
) strict;

create table journal (
    position integer primary key,
    payment_id blob not null,
    version integer not null,
    merchant_id blob not null,
    mode text not null,
    at integer not null,
    event text not null,
    -- SHA-256 of the merchant's previous row's hash and this row.
    hash blob not null,
    unique (payment_id, version)
) strict;

create table journal_heads (
    merchant_id blob not null,
    -- Which writer's chain; the embedded engine has one.
    node integer not null,
    position integer not null,
    hash blob not null,
    primary key (merchant_id, node)
) strict, without rowid;

create table postings (
    -- The journal row it belongs to, which says whose it is, and its line in it, from 0.
    position integer not null,
    line integer not null,
    currency text not null,
    account text not null,
    layer text not null,
    -- Debits are positive, credits negative.
    amount integer not null,
    primary key (position, line)
) strict, without rowid;

create table balances (
    merchant_id blob not null,
    mode text not null,
    currency text not null,
    account text not null,
    layer text not null,
    amount integer not null,
    primary key (merchant_id, mode, currency, account, layer)
) strict, without rowid;

-- What moved merchants' money, so that it can be found by more than its journal row; the postings say how much.
create table transactions (
    -- The journal row.
    position integer primary key,
    merchant_id blob not null,
    mode text not null,
    at integer not null,
    kind text not null,
    payment_id blob not null,
    checkout_id blob not null,
    brand_id blob not null,
    -- What the acquirer knows it by.
    reference blob not null,
    currency text not null,
    -- What it was paid with; empty when that is not known.
    method text not null,
    flow text,
    country text not null,
    by_token integer not null,
    vouched integer not null,
    -- Hundredths of a per cent that are kept back, and until when; null when nothing is.
    reserve integer,
    free_at integer
) strict;

create index transactions_of_merchant on transactions (merchant_id, mode, at);
create index transactions_of_payment on transactions (payment_id);
create index transactions_reserved on transactions (merchant_id, mode, free_at) where free_at is not null;

-- Lists of transactions that merchants asked for, made into files one after the other.
create table statements (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    version integer not null,
    format text not null,
    time_zone text not null,
    -- What it lists, as it was asked for and as it is read.
    query text not null,
    filter text not null,
    status text not null,
    created_at integer not null,
    updated_at integer not null,
    began_at integer,
    finished_at integer,
    -- Stands in the link to the file, and until when; null when there is none.
    token blob,
    file_until integer
) strict;

create index statements_of_merchant on statements (merchant_id, mode, created_at, id);
create index statements_open on statements (merchant_id) where status in ('pending', 'processing');
create unique index statements_files on statements (token) where token is not null;

-- What an acquirer's settlement files must name: each capture and refund.
create table movements (
    -- What the acquirer knows it by.
    reference blob primary key,
    kind text not null,
    merchant_id blob not null,
    mode text not null,
    payment_id blob not null,
    checkout_id blob not null,
    currency text not null,
    amount integer not null,
    at integer not null,
    -- open: no file has it; differs: a difference is about it; matched; adjusted: the difference was settled.
    state text not null
) strict, without rowid;

create index movements_open on movements (mode, at) where state = 'open';

create table settlement_files (
    position integer primary key,
    id text not null,
    acquirer text not null,
    mode text not null,
    -- Midnight of the first and the last day it covers.
    first_day integer not null,
    last_day integer not null,
    -- SHA-256 of the file.
    hash blob not null,
    lines integer not null,
    begun_at integer not null,
    -- Null until every line was taken.
    ended_at integer,
    unique (mode, acquirer, id)
) strict;

create table settlement_totals (
    file integer not null,
    currency text not null,
    lines integer not null,
    net integer not null,
    primary key (file, currency)
) strict, without rowid;

create table settlement_lines (
    file integer not null,
    line integer not null,
    kind text not null,
    reference text not null,
    currency text not null,
    amount integer not null,
    -- What reached the bank.
    net integer not null,
    -- Null when the line says what we say.
    difference blob,
    primary key (file, line)
) strict, without rowid;

-- In what files and books differ; their journals are the house's.
create table differences (
    position integer primary key,
    id blob not null unique,
    mode text not null,
    kind text not null,
    -- open; owned: somebody looks after it; settled.
    state text not null,
    owner text,
    reference text not null,
    currency text not null,
    -- The day it belongs to.
    day integer not null,
    version integer not null,
    found_at integer not null
) strict;

create index differences_unsettled on differences (mode, reference) where state <> 'settled';

create table cards (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    key_id text not null,
    wrapped_key blob not null,
    ciphertext blob not null,
    fingerprint blob not null,
    -- What the card is counted by.
    card_key blob not null,
    summary text not null,
    created_at integer not null
) strict;

create table timers (
    at integer not null,
    payment_id blob not null,
    kind text not null,
    merchant_id blob not null,
    mode text not null,
    primary key (at, payment_id, kind)
) strict, without rowid;

-- The manual queue: what no acquirer has answered for a day.
create table doubts (
    -- What the acquirer knows it by: the id of the try or of the operation.
    reference blob primary key,
    kind text not null,
    payment_id blob not null,
    merchant_id blob not null,
    mode text not null,
    currency text not null,
    amount integer not null,
    -- When it was sent.
    since integer not null,
    -- How often the acquirer was asked about it.
    asked integer not null
) strict, without rowid;

create table deliveries (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    checkout_id blob not null,
    payment_id blob not null,
    version integer not null,
    notice text not null,
    endpoint text not null,
    -- Who is called, merchant by merchant: 8 bytes of whose it is, then 8 of the origin.
    destination blob not null,
    body text,
    -- waiting: the oldest open one of its lane; queued: behind it; delivered; given_up.
    state text not null,
    -- Within a lane those of one event go together, and the next event waits for all of them; null waits for nobody.
    lane blob,
    -- Since it was sent again, if it was.
    attempts integer not null,
    -- SHA-256 of a body that is not kept.
    body_hash blob,
    -- The HTTP status of the last answer, 0 when there was none; null before the first try.
    status integer,
    tried_at integer,
    -- The next try; while a worker has it, the end of its lease.
    due_at integer not null,
    worker blob,
    created_at integer not null
) strict;

create index deliveries_due on deliveries (due_at) where state = 'waiting';
-- The next destination that waits for something, and what is due there, without reading the rest of its backlog.
create index deliveries_turns on deliveries (destination, due_at, position) where state = 'waiting';
-- What goes in a lane, and what comes next there: a completion looks at one row of each.
create index deliveries_going on deliveries (lane, position) where state = 'waiting';
create index deliveries_queued on deliveries (lane, position) where state = 'queued';
-- A payment's id is in order of time, a checkout's is random: this index grows at its end.
create index deliveries_of_payment on deliveries (payment_id);
create index deliveries_of_destination on deliveries (destination, position);
create index deliveries_given_up on deliveries (destination, position) where state = 'given_up';
create index deliveries_given_up_by_time on deliveries (destination, created_at) where state = 'given_up';
create index deliveries_at_work on deliveries (position) where worker is not null;

-- What became of each try.
create table delivery_tries (
    delivery integer not null,
    number integer not null,
    ended_at integer not null,
    millis integer not null,
    status integer not null,
    -- Why there was no answer; empty when there was one.
    error text not null,
    -- The first KiB of the answer.
    answer text not null,
    primary key (delivery, number)
) strict, without rowid;

-- How it goes with everybody who was called.
create table destinations (
    id blob primary key,
    merchant_id blob not null,
    mode text not null,
    -- The webhook; null for an address that a payment or a subscription names.
    webhook_id blob,
    -- Scheme, host and port; empty for a webhook.
    origin text not null,
    delivered_at integer,
    failed_at integer,
    -- Of the tries since one arrived: when the first failed, and how many.
    failing_since integer,
    failures integer not null,
    -- When it was noticed that it has been failing for a day.
    warned_at integer
) strict, without rowid;

create index destinations_of_merchant on destinations (merchant_id, mode);
create index destinations_unwarned on destinations (failing_since)
    where failing_since is not null and warned_at is null;
create index destinations_warned on destinations (id) where warned_at is not null;

-- Addresses that are told of whatever a merchant picked, each signed with a key of its own (purchases-api 2.6).
create table webhooks (
    position integer primary key,
    id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    version integer not null,
    title text not null,
    url text not null,
    -- A JSON list of the topics; null is every topic.
    topics text,
    created_at integer not null,
    updated_at integer not null
) strict;

create index webhooks_of_merchant on webhooks (merchant_id, mode);

create table idempotency (
    position integer primary key,
    merchant_id blob not null,
    mode text not null,
    scope text not null,
    key text not null,
    fingerprint blob not null,
    status integer not null,
    body text not null,
    expires_at integer not null,
    unique (merchant_id, mode, scope, key)
) strict;

create index idempotency_by_expiry on idempotency (expires_at);

-- Where merchants want to be told of what; topics are a dialect's.
create table subscriptions (
    position integer primary key,
    merchant_id blob not null,
    mode text not null,
    topic text not null,
    url text not null,
    created_at integer not null,
    unique (merchant_id, mode, topic, url)
) strict;

-- What merchants sell, as they said it; the document is a dialect's.
create table orders (
    position integer primary key,
    number integer not null unique,
    merchant_id blob not null,
    mode text not null,
    version integer not null,
    document text not null,
    created_at integer not null
) strict;

-- Cards that customers left with merchants; the token is the checkout.
create table kept_cards (
    position integer primary key,
    checkout_id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    customer_id blob not null,
    created_at integer not null
) strict;

create index kept_cards_of_customers on kept_cards (merchant_id, mode, customer_id);

-- Payments that were begun for an order, where they are added up (orchestration-api 3.6).
create table order_payments (
    position integer primary key,
    merchant_id blob not null,
    mode text not null,
    order_key text not null,
    payment_id blob not null unique
) strict;

create index order_payments_of_orders on order_payments (merchant_id, mode, order_key);

-- Legs of tenders that may be charged again by their own names (orchestration-api 5.6).
create table reusable_legs (
    position integer primary key,
    attempt_id blob not null unique,
    merchant_id blob not null,
    mode text not null,
    checkout_id blob not null,
    -- The acquirer's own number for it.
    reference text not null,
    card_id blob not null,
    created_at integer not null
) strict;

create index reusable_legs_by_reference on reusable_legs (merchant_id, mode, reference);

create index reusable_legs_by_card on reusable_legs (merchant_id, mode, card_id);

-- Declines of the last 30 days: what the limits of security R1 and R2 count. The key has the mode in it.
create table declines (
    position integer primary key,
    card_key blob not null,
    at integer not null,
    merchant_id blob not null,
    reason text not null,
    weight integer not null
) strict;

create index declines_of_cards on declines (card_key, at);

-- What may never be sent again: kept for good.
create table declines_for_good (
    card_key blob not null,
    merchant_id blob not null,
    currency text not null,
    amount integer not null,
    primary key (card_key, merchant_id, currency, amount)
) strict, without rowid;

create table risk_policies (
    merchant_id blob not null,
    mode text not null,
    policy text not null,
    primary key (merchant_id, mode)
) strict;

-- What an operator never wants to see.
create table risk_lists (
    position integer primary key,
    merchant_id blob not null,
    mode text not null,
    kind text not null,
    value text not null,
    created_at integer not null,
    unique (merchant_id, mode, kind, value)
) strict;
