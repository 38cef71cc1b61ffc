import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
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

/** Reaches the config server over HTTP; a redirection is not followed, since the credential is for this server only. */
export const fetchTransport: ConfigTransport = async ({ url, headers, timeoutMs, signal }) => {
  const answer = await exchange({ method: 'GET', url, headers, timeoutMs, signal });
  const header = (name: string) => {
    const value = answer.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    status: answer.status,
    text: answer.text,
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
    const headers = { authorization, 'content-type': 'application/json' };
    const { status } = await exchange({ method: 'POST', url, headers, body, timeoutMs: postTimeoutMs, signal });
    return status;
  },
};

async function* decoded(body: ReadableStream<Uint8Array> | null): AsyncIterable<string> {
  if (body === null) return;
  const decoder = new TextDecoder();
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) yield decoder.decode(bytes, { stream: true });
}

interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Silence after which it is given up. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const longestAnswer = 64 * 2 ** 20;
const plain = { send: request, agent: new Agent({ keepAlive: true }) };
const secure = { send: secureRequest, agent: new SecureAgent({ keepAlive: true }) };

/** A short exchange. Not `fetch`: that takes several times as long, which counts when all instances read at once. */
function exchange({ method, url, headers, body, timeoutMs, signal }: Exchange) {
  return new Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }>(
    (resolve, reject) => {
      const { send, agent } = url.startsWith('https:') ? secure : plain;
      const options = { method, agent, headers, timeout: timeoutMs, ...(signal === undefined ? {} : { signal }) };
      const sent = send(url, options, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > longestAnswer) sent.destroy(new RangeError(`an answer of more than ${longestAnswer} bytes`));
        });
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      sent.on('timeout', () => sent.destroy(new RangeError(`no answer within ${timeoutMs} ms`)));
      sent.on('error', reject);
      sent.end(body);
    },
  );
}
