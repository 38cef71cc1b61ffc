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

/**
 * Reaches the registry over HTTP. A path in the URL is that of its Eureka API (`http://host:8761/eureka/`, which is
 * also the default); a user and password are sent as HTTP Basic in place of tokens.
 */
export function fetchTransport(url: string): RegistryTransport {
  const { origin, pathname, username, password } = new URL(url);
  const base = pathname.replace(/\/+$/, '') || '/eureka';
  const basic = `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`;
  const address = (path: string) => origin + (path.startsWith('/eureka/') ? base + path.slice('/eureka'.length) : path);
  const proof = (authorization: string) => (username === '' ? authorization : basic);
  return {
    async send({ method, path, authorization, body, timeoutMs }) {
      const response = await fetch(address(path), {
        method,
        headers: {
          authorization: proof(authorization),
          accept: 'application/json',
          'content-type': 'application/json',
        },
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, text: await response.text() };
    },
    async stream({ path, authorization, lastEventId, signal }) {
      const last = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const response = await fetch(address(path), {
        headers: { authorization: proof(authorization), accept: 'text/event-stream', ...last },
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
