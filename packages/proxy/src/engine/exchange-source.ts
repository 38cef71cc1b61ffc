import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Span } from '@dure/telemetry';
import type { RequestHead } from '../http/request-head.ts';
import type { Target } from '../http/target.ts';
import type { Answer } from './answer.ts';

/** Where a request comes from and its answer goes to. */
export interface ExchangeSource {
  readonly method: string;
  readonly head: RequestHead;
  readonly target: Target;
  /** The client's address. */
  readonly address: string;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  readonly body: Readable;
  readonly client: ClientSide;
}

/** The side from which a request comes. */
export interface ClientSide extends Answer {
  /** Nothing can be changed any more. */
  readonly isBegun: boolean;
  /** Says whose answer it is. */
  attach(owner: AnswerOwner): void;
  /** The rest of the request is not wanted; if more than this may come, in bytes, the connection ends with the answer. */
  leaveRest(mostBytes: number): void;
  /** Tells the client to send the body that it holds back. */
  sendContinue(): void;
  /** Whether this is what is answered with. */
  isFor(response: ServerResponse): boolean;
}

/** Whose answer it is. */
export interface AnswerOwner {
  readonly span: Span;
  /** When the exchange is given up, on the clock's monotonic scale. */
  dueAt: number;
  /** From now on something has to move within the stall timeout. */
  expectProgress(): void;
  /** The answer has ended with a status; 499 when the client has gone before. */
  close(status: number): void;
}
