import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHead } from '../http/request-head.ts';
import type { Target } from '../http/target.ts';

/** One request on its way through the edge, before it is forwarded. */
export interface EdgeRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
  readonly target: Target;
  readonly expectsContinue: boolean;
}

/** Whether more of a refused body may come than is worth reading. */
export function mustClose({ headers, complete }: IncomingMessage, maxBodyBytes: number): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > maxBodyBytes;
}
