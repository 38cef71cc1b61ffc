import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@dure/core';
import { lingerAfter } from '@dure/service/server';
import { mustClose } from './arrived-request.ts';
import type { AnswerOwner, ClientSide } from './exchange-source.ts';

/** Up to this length a last piece is sent as text, which Node.js joins with the head: one system call, not a gathering one. */
const longestAsText = 16_384;

/** The answer to a client, as its connection takes it; a client that takes nothing for too long is left. */
export class ClientAnswer implements ClientSide {
  protected readonly response: ServerResponse;
  protected owner: AnswerOwner | undefined;
  readonly #request: IncomingMessage;
  #isStream = false;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.response = response;
  }

  attach(owner: AnswerOwner): void {
    const { response } = this;
    this.owner = owner;
    response.on('close', () => owner.close(response.writableFinished ? response.statusCode : 499));
  }

  get isBegun(): boolean {
    return this.response.headersSent;
  }

  leaveRest(mostBytes: number, clock: Clock): void {
    if (!mustClose(this.#request, mostBytes)) return;
    this.response.shouldKeepAlive = false;
    lingerAfter(this.#request, this.response, clock);
  }

  sendContinue(): void {
    this.response.writeContinue();
  }

  sendHints(links: readonly string[]): void {
    if (this.#request.httpVersion === '1.1') this.response.writeEarlyHints({ link: [...links] });
  }

  isFor(response: ServerResponse): boolean {
    return this.response === response;
  }

  begin(status: number, fields: string[]): void {
    const { response } = this;
    if (response.headersSent || response.destroyed) return;
    this.addOwn(fields);
    response.writeHead(status, fields);
  }

  flush(): void {
    this.#isStream = true;
    this.response.flushHeaders();
  }

  write(piece: Buffer): boolean {
    const taken = this.response.write(Buffer.from(piece));
    if (!taken) this.owner?.expectProgress();
    return taken;
  }

  whenDrained(go: () => void): void {
    this.response.once('drain', () => {
      if (this.#isStream && this.owner !== undefined) this.owner.dueAt = Number.POSITIVE_INFINITY;
      go();
    });
  }

  end(piece?: Buffer, trailers?: readonly string[]): void {
    const { response } = this;
    this.owner?.expectProgress();
    if (trailers !== undefined) response.addTrailers(pairs(trailers));
    if (piece === undefined || piece.length === 0) response.end();
    else if (piece.length > longestAsText) response.end(Buffer.from(piece));
    else response.end(piece.toString('latin1'), 'latin1');
  }

  abort(): void {
    this.response.destroy();
  }

  /** What every answer carries. */
  protected addOwn(fields: string[]): void {
    fields.push('dure-request-id', this.owner?.span.context.traceId ?? '');
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : []));
}
