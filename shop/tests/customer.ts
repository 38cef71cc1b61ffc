import assert from 'node:assert/strict';

/** An order as the shop answers it. */
export interface OrderAnswer {
  readonly orderId: string;
  readonly state: 'pending' | 'confirmed' | 'rejected';
  readonly reason?: string;
  readonly total?: { readonly amount: number };
}

/** An answer of the edge, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Somebody who registered and signed in through the gateway, as with curl. */
export interface Customer {
  readonly email: string;
  readonly token: string;
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  order(sku: string, quantity: number, method: string, key?: string): Promise<Answer>;
  /** Follows an order by server-sent events until it is decided; returns every state seen. */
  follow(orderId: string): Promise<OrderAnswer[]>;
}

/** Sends one request and reads the JSON of the answer. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

const address = { recipient: '김두레', street: '세종대로 110', city: '서울', postcode: '04524' };

/** The body of an order of one article. */
export function orderOf(sku: string, quantity: number, method: string): object {
  return { lines: [{ sku, quantity }], payment: { method }, address };
}

/** Registers a customer and signs in. */
export async function customer(edge: string, name: string): Promise<Customer> {
  const credentials = { email: `${name}@example.com`, password: 'correct horse battery' };
  const json = { 'content-type': 'application/json' };
  const registered = await ask(`${edge}/users`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ ...credentials, name }),
  });
  assert.equal(registered.status, 201, JSON.stringify(registered.body));
  const signedIn = await ask(`${edge}/sessions`, { method: 'POST', headers: json, body: JSON.stringify(credentials) });
  assert.equal(signedIn.status, 200, JSON.stringify(signedIn.body));
  const token = String(signedIn.body.token);
  const authorization = `Bearer ${token}`;
  const request = (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
    ask(`${edge}${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : json), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    email: credentials.email,
    token,
    ask: request,
    order: (sku, quantity, method, key = crypto.randomUUID()) =>
      request('POST', '/orders', orderOf(sku, quantity, method), { 'idempotency-key': key }),
    async follow(orderId) {
      const response = await fetch(`${edge}/orders/${orderId}/events`, {
        headers: { authorization },
        signal: AbortSignal.timeout(20_000),
      });
      assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
      const text = await response.text();
      return text
        .split('\n\n')
        .filter((event) => event.startsWith('data: '))
        .map((event) => JSON.parse(event.slice(6)) as OrderAnswer);
    },
  };
}
