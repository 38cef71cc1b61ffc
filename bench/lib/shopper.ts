const bodyOf = (sku: string, quantity: number, method: string) =>
  JSON.stringify({ lines: [{ sku, quantity }], payment: { method }, address });
const address = { recipient: 'Bench', street: 'Loopback 1', city: 'Seoul', postcode: '04524' };

/** Somebody who orders through the gateway; never retries. */
export interface Shopper {
  readonly authorization: string;
  /** The body of an order of one article whose payment is declined, so that its goods come back. */
  readonly body: string;
  order(sku: string, quantity: number, method: string): Promise<number>;
}

/** Registers and signs in. */
export async function shopper(edge: string, name: string): Promise<Shopper> {
  const json = { 'content-type': 'application/json' };
  const credentials = { email: `${name}-${process.pid}@example.com`, password: 'correct horse battery' };
  await fetch(`${edge}/users`, { method: 'POST', headers: json, body: JSON.stringify({ ...credentials, name }) });
  const signedIn = (await (
    await fetch(`${edge}/sessions`, { method: 'POST', headers: json, body: JSON.stringify(credentials) })
  ).json()) as { readonly token: string };
  const authorization = `Bearer ${signedIn.token}`;
  return {
    authorization,
    body: bodyOf('paper-hanji', 1, 'declined-card'),
    async order(sku, quantity, method) {
      const response = await fetch(`${edge}/orders`, {
        method: 'POST',
        headers: { ...json, authorization, 'idempotency-key': crypto.randomUUID() },
        body: bodyOf(sku, quantity, method),
      });
      await response.arrayBuffer();
      return response.status;
    },
  };
}
