/** One request to a collector. */
export interface Delivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** What the collector said; `retryAfterMs` when it asked for patience. */
export interface DeliveryAnswer {
  readonly status: number;
  readonly retryAfterMs?: number;
}

/** Sends one request; rejects when nobody answers. */
export type Transport = (delivery: Delivery) => Promise<DeliveryAnswer>;

/** Over the platform's own `fetch`. */
export const fetchTransport: Transport = async ({ url, headers, body, signal }) => {
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
  await response.arrayBuffer();
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0
    ? { status: response.status, retryAfterMs: seconds * 1_000 }
    : { status: response.status };
};
