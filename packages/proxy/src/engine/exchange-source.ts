import type { ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '@dure/core';
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
  /** What the client speaks, when it is not for the proxy to say. */
  readonly protocol?: 'http' | 'https' | undefined;
  /** Trusted proxies between the client and this one, in order. */
  readonly through?: readonly string[] | undefined;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  readonly body: RequestStream;
  readonly client: ClientSide;
  /** The client asks to go on with WebSocket. */
  readonly upgrade?: Upgradable | undefined;
}

/** A client that asks for another protocol. */
export interface Upgradable {
  /** What it has sent behind its request. */
  readonly early: Buffer;
  /** Tells it, with these names and values in turn, that the connection goes on with the other protocol; answers with it. */
  switchProtocols(fields: string[]): Duplex;
}

/** A request's body; trailer fields, names and values in turn, are there when it has ended. */
export type RequestStream = Readable & { readonly rawTrailers?: readonly string[] };

/** The side from which a request comes. */
export interface ClientSide extends Answer {
  /** Nothing can be changed any more. */
  readonly isBegun: boolean;
  /** Says whose answer it is. */
  attach(owner: AnswerOwner): void;
  /** The rest of the request is not wanted; if more than this may come, in bytes, the connection ends with the answer. */
  leaveRest(mostBytes: number, clock: Clock): void;
  /** Tells the client to send the body that it holds back. */
  sendContinue(): void;
  /** Sends `103 Early Hints` with these values of `Link`. */
  sendHints?(links: readonly string[]): void;
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
