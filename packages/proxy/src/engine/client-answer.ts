import type { ServerResponse } from 'node:http';
import type { Span } from '@dure/telemetry';
import type { Answer } from './answer.ts';

/** Up to this length a last piece is sent as text, which Node.js joins with the head: one system call, not a gathering one. */
const longestAsText = 16_384;

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

/** The answer to a client, as its connection takes it; a client that takes nothing for too long is left. */
export class ClientAnswer implements Answer {
  readonly response: ServerResponse;
  readonly #owner: AnswerOwner;
  #isStream = false;

  constructor(owner: AnswerOwner, response: ServerResponse) {
    this.#owner = owner;
    this.response = response;
    response.on('close', () => owner.close(response.writableFinished ? response.statusCode : 499));
  }

  /** Nothing can be changed any more. */
  get isBegun(): boolean {
    return this.response.headersSent;
  }

  begin(status: number, fields: string[]): void {
    const { response } = this;
    if (response.headersSent || response.destroyed) return;
    fields.push('dure-request-id', this.#owner.span.context.traceId);
    response.writeHead(status, fields);
  }

  flush(): void {
    this.#isStream = true;
    this.response.flushHeaders();
  }

  write(piece: Buffer): boolean {
    const taken = this.response.write(Buffer.from(piece));
    if (!taken) this.#owner.expectProgress();
    return taken;
  }

  whenDrained(go: () => void): void {
    this.response.once('drain', () => {
      if (this.#isStream) this.#owner.dueAt = Number.POSITIVE_INFINITY;
      go();
    });
  }

  end(piece?: Buffer): void {
    const { response } = this;
    this.#owner.expectProgress();
    if (piece === undefined || piece.length === 0) response.end();
    else if (piece.length > longestAsText) response.end(Buffer.from(piece));
    else response.end(piece.toString('latin1'), 'latin1');
  }

  abort(): void {
    this.response.destroy();
  }
}
