import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { UpgradeRequest } from './arrived-request.ts';
import { ClientAnswer } from './client-answer.ts';
import type { Upgradable } from './exchange-source.ts';
import { headText } from './head-text.ts';

/** The answer to a client that asks for another protocol: an ordinary one, or the connection itself. */
export class UpgradableAnswer extends ClientAnswer implements Upgradable {
  readonly early: Buffer;
  readonly #socket: Duplex;
  #isSwitched = false;

  constructor(request: IncomingMessage, response: ServerResponse, { socket, early }: UpgradeRequest) {
    super(request, response);
    this.early = early;
    this.#socket = socket;
  }

  override get isBegun(): boolean {
    return this.#isSwitched || super.isBegun;
  }

  switchProtocols(fields: string[]): Duplex {
    const socket = this.#socket;
    this.#isSwitched = true;
    this.response.detachSocket(socket as Socket);
    this.addOwn(fields);
    socket.once('close', () => this.owner?.close(101));
    socket.write(headText(101, fields), 'latin1');
    return socket;
  }

  override abort(): void {
    if (this.#isSwitched) this.#socket.destroy();
    else super.abort();
  }
}

const websocket = /(?:^|,)\s*websocket\s*(?:,|$)/i;

/** Whether a request asks for the WebSocket protocol (RFC 6455 §4.2.1); any other upgrade is passed over, as RFC 9110 allows. */
export function asksForWebSocket({ method, headers, httpVersion }: IncomingMessage): boolean {
  return method === 'GET' && httpVersion === '1.1' && websocket.test(headers.upgrade ?? '');
}

/** A response for a connection that Node.js has let go of; the connection ends with it. */
export function responseOver(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  socket.on('error', () => socket.destroy());
  socket.on('drain', () => response.emit('drain'));
  response.on('finish', () => request.socket.destroySoon());
  return response;
}
