import type { Call } from '@dure/core';
import type { Access, Method } from '../contract/index.ts';

/** A request to a raw route: for wire protocols that are not ours to describe by a contract. */
export interface HttpRequest {
  readonly method: Method;
  /** Path and query as received. */
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The whole body; empty when there is none. */
  readonly body: Uint8Array;
}

/** An answer of a raw route. A body that is an iterable is streamed, with back-pressure, and closed on abort. */
export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

/** A route beside the contract's operations, on the same port and behind the same inbound layers. */
export interface HttpRoute {
  readonly method: Method;
  /** As in a contract; a last segment `*` takes the rest as the parameter `*`. */
  readonly path: string;
  readonly access: Access;
  /** Whether a GET route answers HEAD too, by what it answers GET without the body; not for streams. Default: no. */
  readonly answersHead?: boolean;
  /** The largest body it takes; default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** `call.identity` is verified; `call.signal` aborts when the caller leaves. */
  readonly handle: (request: HttpRequest, call: Call) => Promise<HttpResponse> | HttpResponse;
}
