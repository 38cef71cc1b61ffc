import type { IncomingMessage, ServerResponse } from 'node:http';
import { plainAddress } from '../http/forwarding-fields.ts';
import type { ArrivedRequest } from './arrived-request.ts';
import { mustClose } from './arrived-request.ts';
import type { AnswerOwner, ClientSide, ExchangeSource } from './exchange-source.ts';

/** Up to this length a last piece is sent as text, which Node.js joins with the head: one system call, not a gathering one. */
const longestAsText = 16_384;

/** The answer to a client, as its connection takes it; a client that takes nothing for too long is left. */
class ClientAnswer implements ClientSide {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #owner: AnswerOwner | undefined;
  #isStream = false;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  attach(owner: AnswerOwner): void {
    const response = this.#response;
    this.#owner = owner;
    response.on('close', () => owner.close(response.writableFinished ? response.statusCode : 499));
  }

  get isBegun(): boolean {
    return this.#response.headersSent;
  }

  leaveRest(mostBytes: number): void {
    if (mustClose(this.#request, mostBytes)) this.#response.shouldKeepAlive = false;
  }

  sendContinue(): void {
    this.#response.writeContinue();
  }

  isFor(response: ServerResponse): boolean {
    return this.#response === response;
  }

  begin(status: number, fields: string[]): void {
    const response = this.#response;
    if (response.headersSent || response.destroyed) return;
    fields.push('dure-request-id', this.#owner?.span.context.traceId ?? '');
    response.writeHead(status, fields);
  }

  flush(): void {
    this.#isStream = true;
    this.#response.flushHeaders();
  }

  write(piece: Buffer): boolean {
    const taken = this.#response.write(Buffer.from(piece));
    if (!taken) this.#owner?.expectProgress();
    return taken;
  }

  whenDrained(go: () => void): void {
    this.#response.once('drain', () => {
      if (this.#isStream && this.#owner !== undefined) this.#owner.dueAt = Number.POSITIVE_INFINITY;
      go();
    });
  }

  end(piece?: Buffer): void {
    const response = this.#response;
    this.#owner?.expectProgress();
    if (piece === undefined || piece.length === 0) response.end();
    else if (piece.length > longestAsText) response.end(Buffer.from(piece));
    else response.end(piece.toString('latin1'), 'latin1');
  }

  abort(): void {
    this.#response.destroy();
  }
}

/** A request that came over a connection. */
export function clientSource({ request, response, head, target, expectsContinue }: ArrivedRequest): ExchangeSource {
  return {
    method: request.method ?? '',
    head,
    target,
    address: plainAddress(request.socket.remoteAddress),
    expectsContinue,
    body: request,
    client: new ClientAnswer(request, response),
  };
}
