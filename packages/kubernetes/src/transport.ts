import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { messageOf } from '@dure/core';
import { kubernetesErrors } from './errors.ts';

/** Where the API server is, and how to be let in. */
export interface KubernetesAccess {
  /** `https://10.0.0.1:6443`; plain HTTP for `kubectl proxy`. */
  readonly url: string;
  /** Asked before every request, because tokens are renewed. */
  readonly token?: () => Promise<string>;
  /** The certificate authority of the server, PEM; a function is asked before every request. Default: Node.js's own list. */
  readonly ca?: string | (() => Promise<string>);
}

/** Asks the API server. */
export interface KubernetesApi {
  /**
   * The pieces of the body of a GET. KUBERNETES_REFUSED when the status is not 200, with `status` and, if the server says
   * so, `retryAfterMs` in its details; KUBERNETES_UNREACHABLE when no answer came. Ends when `signal` aborts.
   */
  get(path: string, signal: AbortSignal): Promise<AsyncIterable<string>>;
}

/** A connection that is dead without a word is noticed after this, and ten probes a second apart. */
const keepAliveMs = 15_000;
const longestReason = 4_096;

/** The API server over HTTP, on a connection of its own for each request. */
export function kubernetesApi(access: KubernetesAccess): KubernetesApi {
  const { url, token } = access;
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return {
    async get(path, signal) {
      const ca = typeof access.ca === 'function' ? await access.ca() : access.ca;
      const authorization = token === undefined ? {} : { authorization: `Bearer ${await token()}` };
      const headers = { accept: 'application/json', 'user-agent': 'dure', ...authorization };
      const options = { agent: false, headers, signal, ...(ca === undefined ? {} : { ca }) };
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = send(new URL(path, url), options, resolve);
        sent.once('socket', (socket) => socket.setKeepAlive(true, keepAliveMs));
        sent.on('error', (cause) => reject(unreachable(path, url, cause)));
        sent.end();
      });
      response.setEncoding('utf8');
      if (response.statusCode === 200) return bodyOf(response, path, url);
      throw await refused(response, path, url);
    },
  };
}

async function* bodyOf(response: IncomingMessage, path: string, url: string): AsyncIterable<string> {
  try {
    for await (const piece of response) yield piece as string;
  } catch (cause) {
    throw unreachable(path, url, cause);
  }
}

/** The server says why in a `Status` object. */
async function refused(response: IncomingMessage, path: string, url: string) {
  const status = response.statusCode ?? 0;
  let text = '';
  try {
    for await (const piece of response) {
      text += piece as string;
      if (text.length > longestReason) break;
    }
  } catch {
    // The status alone must do.
  }
  response.destroy();
  const seconds = Number(response.headers['retry-after'] ?? Number.NaN);
  const reason = /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  const why = reason === undefined ? '' : `: ${String(JSON.parse(reason))}`;
  return kubernetesErrors.REFUSED(`GET ${path} was answered ${status} by ${url}${why}`, {
    details: { path, status, ...(seconds >= 0 ? { retryAfterMs: seconds * 1_000 } : {}) },
  });
}

function unreachable(path: string, url: string, cause: unknown) {
  return kubernetesErrors.UNREACHABLE(`GET ${path} of ${url} came to nothing: ${messageOf(cause)}`, { cause });
}
