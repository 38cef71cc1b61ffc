/** How the client reaches the registry; a test may put its own in place. */
export interface RegistryTransport {
  /** Rejects when no answer came within `timeoutMs`. */
  send(request: RegistryRequest): Promise<{ readonly status: number; readonly text: string }>;
  /** Opens a stream that lasts until `signal` aborts or the registry ends it. */
  stream(request: StreamRequest): Promise<StreamAnswer>;
}

export interface StreamAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly chunks: AsyncIterable<string>;
}

export interface RegistryRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query below the registry's URL. */
  readonly path: string;
  readonly authorization: string;
  /** JSON. */
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface StreamRequest {
  readonly path: string;
  readonly authorization: string;
  /** Where the stream before it ended. */
  readonly lastEventId?: string;
  readonly signal: AbortSignal;
}

/** Reaches the registry over HTTP. */
export function fetchTransport(url: string): RegistryTransport {
  const base = url.replace(/\/+$/, '');
  return {
    async send({ method, path, authorization, body, timeoutMs }) {
      const response = await fetch(base + path, {
        method,
        headers: { authorization, accept: 'application/json', 'content-type': 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, text: await response.text() };
    },
    async stream({ path, authorization, lastEventId, signal }) {
      const last = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const response = await fetch(base + path, {
        headers: { authorization, accept: 'text/event-stream', ...last },
        signal,
      });
      return { status: response.status, headers: response.headers, chunks: decoded(response.body) };
    },
  };
}

async function* decoded(body: ReadableStream<Uint8Array> | null): AsyncIterable<string> {
  if (body === null) return;
  const decoder = new TextDecoder();
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) yield decoder.decode(bytes, { stream: true });
}
