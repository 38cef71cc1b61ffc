import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { gatewayErrors } from '../errors.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { Target } from '../http/target.ts';
import type { Origin } from '../http/trusted-proxies.ts';

/** One request on its way through a proxy, before it is forwarded. */
export interface ArrivedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
  readonly target: Target;
  readonly expectsContinue: boolean;
  /** What trusted proxies say of where it comes from. */
  readonly origin?: Origin | undefined;
  /** Its stream, when it came by HTTP/2. */
  readonly stream?: ServerHttp2Stream | undefined;
  /** It asks to go on with WebSocket. */
  readonly upgrade?: UpgradeRequest | undefined;
}

/** A connection whose client asks for another protocol, and what the client has sent behind its request. */
export interface UpgradeRequest {
  readonly socket: Duplex;
  readonly early: Buffer;
}

/** Whether more of a refused body may come than is worth reading. */
export function mustClose({ headers, complete }: IncomingMessage, maxBodyBytes: number): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > maxBodyBytes;
}

/** Refuses a stated body that is too large (GATEWAY_BODY_TOO_LARGE), or that a read has none of (GATEWAY_BODY_UNEXPECTED). */
export function demandBody(
  { contentLength = 0, chunked }: RequestHead,
  isRead: boolean,
  maxBodyBytes: number,
  what: string,
): void {
  if (contentLength > maxBodyBytes) {
    throw gatewayErrors.BODY_TOO_LARGE(`the body has ${contentLength} bytes; at most ${maxBodyBytes} are taken`);
  }
  if (isRead && (chunked || contentLength > 0)) throw gatewayErrors.BODY_UNEXPECTED(`${what} takes no body`);
}
