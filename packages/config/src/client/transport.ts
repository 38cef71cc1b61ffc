import { heldHeader, trialHeader, versionHeader } from '../wire/change-feed.ts';

/** How the client reaches the config server; a test may put its own in place. */
export type ConfigTransport = (request: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}) => Promise<ConfigAnswer>;

export interface ConfigAnswer {
  readonly status: number;
  readonly text: string;
  /** The places of broken files, as the server's header names them. */
  readonly stale: string | undefined;
  /** What to ask by the next time. */
  readonly etag?: string | undefined;
  /** The version that our server names. */
  readonly version?: string | undefined;
  /** This instance alone is to try it out. */
  readonly isTrial?: boolean;
  /** Why the server does not give out what lies in its files now. */
  readonly held?: string | undefined;
}

/** Reaches the config server over HTTP. */
export const fetchTransport: ConfigTransport = async ({ url, headers, timeoutMs, signal }) => {
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, {
    headers,
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  });
  const header = (name: string) => response.headers.get(name) ?? undefined;
  return {
    status: response.status,
    text: await response.text(),
    stale: header('dure-config-stale'),
    etag: header('etag'),
    version: header(versionHeader),
    isTrial: header(trialHeader) !== undefined,
    held: header(heldHeader),
  };
};

/** How the client reaches the change feed; a test may put its own in place. */
export interface FeedTransport {
  /** Opens an answer that lasts until `signal` aborts or the server ends it. */
  open(request: FeedRequest): Promise<FeedAnswer>;
  /** Sends JSON; resolves with the status. */
  post(request: FeedRequest & { readonly body: string }): Promise<number>;
}

export interface FeedRequest {
  readonly url: string;
  readonly authorization: string;
  readonly signal?: AbortSignal | undefined;
}

export interface FeedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly chunks: AsyncIterable<string>;
}

const postTimeoutMs = 5_000;

/** Reaches the change feed over HTTP. */
export const fetchFeed: FeedTransport = {
  async open({ url, authorization, signal }) {
    const headers = { authorization, accept: 'text/event-stream' };
    const response = await fetch(url, { headers, ...(signal === undefined ? {} : { signal }) });
    const contentType = response.headers.get('content-type') ?? '';
    return { status: response.status, contentType, chunks: decoded(response.body) };
  },
  async post({ url, authorization, body, signal }) {
    const timeout = AbortSignal.timeout(postTimeoutMs);
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    await response.body?.cancel();
    return response.status;
  },
};

async function* decoded(body: ReadableStream<Uint8Array> | null): AsyncIterable<string> {
  if (body === null) return;
  const decoder = new TextDecoder();
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) yield decoder.decode(bytes, { stream: true });
}
