import type { Duplex } from 'node:stream';
import type { ExchangeListener, UpstreamConnection } from '../upstream/upstream-connection.ts';
import type { Exchange, Work } from './exchange.ts';
import { closeFrame, FrameCursor, goingAway } from './web-socket-frames.ts';

export interface TunnelOptions {
  readonly exchange: Exchange;
  readonly client: Duplex;
  /** What the client sent behind its request. */
  readonly early: Buffer;
  readonly connection: UpstreamConnection;
  /** The tunnel is no more. */
  readonly onGone: () => void;
}

/**
 * Passes bytes between a client and an instance that have agreed to speak WebSocket, with back-pressure both ways. It
 * ends with either side, when both are silent for too long, and when the proxy goes away; then the client is told so by a
 * Close frame, between two frames of the instance.
 */
export class Tunnel implements ExchangeListener, Work {
  readonly #options: TunnelOptions;
  readonly #frames = new FrameCursor();
  #isLeaving = false;
  #isGone = false;

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  start(): void {
    const { client, connection, early, exchange } = this.#options;
    exchange.work = this;
    connection.handOver(this);
    client.on('data', (piece: Buffer) => this.#onClientBytes(piece));
    client.on('end', () => {
      this.#expectEnd();
      if (!this.#isGone) connection.endSending();
    });
    if (early.length > 0) this.#onClientBytes(early);
    this.#moved();
  }

  onOpen(): void {
    // It has been open for long.
  }

  onHead(): void {
    // An instance that has switched protocols sends no more heads.
  }

  onDrain(): void {
    this.#options.client.resume();
  }

  onBody(piece: Buffer, last: boolean): void {
    if (last) {
      this.#expectEnd();
      this.#options.client.end();
      this.#leave();
      return;
    }
    const length = this.#frames.move(piece, this.#isLeaving);
    this.#toClient(length === piece.length ? piece : piece.subarray(0, length));
    if (this.#isLeaving && this.#frames.isBetweenFrames) this.#sayGoodbye();
  }

  onFailure(): void {
    this.#leave();
    this.#options.client.destroy();
  }

  /** Nothing has moved for too long; or what was to end has not. */
  expire(): void {
    if (this.#isLeaving || this.#isGone) this.#options.client.destroy();
    else this.endStream();
  }

  endStream(): void {
    if (this.#isLeaving || this.#isGone) return;
    this.#isLeaving = true;
    this.#expectEnd();
    if (this.#frames.isBetweenFrames) this.#sayGoodbye();
  }

  cancel(): void {
    this.#leave();
    this.#options.client.destroy();
  }

  #onClientBytes(piece: Buffer): void {
    if (this.#isGone) return;
    const { client, connection } = this.#options;
    this.#moved();
    if (!connection.write(piece)) client.pause();
  }

  #toClient(piece: Buffer): void {
    const { client, connection } = this.#options;
    this.#moved();
    if (client.write(Buffer.from(piece))) return;
    connection.pause();
    client.once('drain', () => {
      if (!this.#isGone) connection.resume();
    });
  }

  #sayGoodbye(): void {
    const { client } = this.#options;
    this.#leave();
    client.end(closeFrame(goingAway));
    client.resume();
  }

  #moved(): void {
    const { exchange } = this.#options;
    if (!this.#isLeaving) exchange.dueAt = exchange.engine.clock.monotonicMs() + exchange.engine.limits.tunnelIdleMs;
  }

  #expectEnd(): void {
    this.#options.exchange.expectProgress();
  }

  /** The instance's side is over; the client's may still have to be told. */
  #leave(): void {
    if (this.#isGone) return;
    const { exchange, onGone } = this.#options;
    this.#isGone = true;
    onGone();
    exchange.expectProgress();
  }
}
