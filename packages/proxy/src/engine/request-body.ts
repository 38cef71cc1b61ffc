import { trailerLines } from '../http/trailer-fields.ts';
import type { UpstreamConnection } from '../upstream/upstream-connection.ts';
import type { RequestStream } from './exchange-source.ts';

export interface RequestBodyOptions {
  readonly maxBytes: number;
  /** The body has no stated length and goes on in chunks. */
  readonly chunked: boolean;
  /** Keep what was sent, as far as it is small, for another attempt. */
  readonly isRepeatable: boolean;
}

/** Hears how the body fares. */
export interface RequestBodyListener {
  /** The instance takes no more for now. */
  onBodyHeld(): void;
  onBodySent(): void;
  /** A piece has come, good until this returns. */
  onBodyPiece(piece: Buffer): void;
  onBodyTooLarge(): void;
}

/** What is kept for another attempt at most (Linkerd's replay buffer). */
const mostKeptBytes = 65_536;

/** The body of one request on its way from the client to one instance after the other. Read only while one takes it. */
export class RequestBody {
  readonly #request: RequestStream;
  readonly #options: RequestBodyOptions;
  readonly #listener: RequestBodyListener;
  #connection: UpstreamConnection | undefined;
  #kept: Buffer[] | undefined;
  #bytes = 0;
  #begun = false;
  #ended = false;
  #discarded = false;

  constructor(request: RequestStream, options: RequestBodyOptions, listener: RequestBodyListener) {
    this.#request = request;
    this.#options = options;
    this.#listener = listener;
    this.#kept = options.isRepeatable ? [] : undefined;
  }

  /** Bytes were read that are not kept: no other attempt can have them. */
  get isLost(): boolean {
    return this.#bytes > 0 && this.#kept === undefined;
  }

  /** Sends the body from its beginning. */
  sendTo(connection: UpstreamConnection): void {
    this.#connection = connection;
    for (const piece of this.#kept ?? []) this.#write(connection, piece);
    if (this.#ended) {
      this.#end(connection);
    } else if (this.#begun) {
      this.#request.resume();
    } else {
      this.#begun = true;
      this.#request.on('data', (piece: Buffer) => this.#onData(piece));
      this.#request.on('end', () => this.#onEnd());
      this.#request.resume(); // whoever looked into it before may have left it paused
    }
  }

  /** The instance takes more again. */
  resume(): void {
    if (this.#connection !== undefined && !this.#ended) this.#request.resume();
  }

  /** The instance has gone; another one may come. */
  hold(): void {
    this.#connection = undefined;
    if (!this.#ended && this.#begun && !this.#discarded) this.#request.pause();
  }

  /** Nobody wants the rest: it is read and forgotten, so that the connection stays usable. */
  discard(): void {
    this.#discarded = true;
    this.#connection = undefined;
    this.#kept = undefined;
    if (!this.#ended) this.#request.resume();
  }

  #onData(piece: Buffer): void {
    if (this.#discarded) return;
    this.#bytes += piece.length;
    if (this.#bytes > this.#options.maxBytes) {
      this.#listener.onBodyTooLarge();
      return;
    }
    this.#listener.onBodyPiece(piece);
    if (this.#kept !== undefined) {
      if (this.#bytes <= mostKeptBytes) this.#kept.push(piece);
      else this.#kept = undefined;
    }
    const connection = this.#connection;
    if (connection === undefined || this.#write(connection, piece)) return;
    this.#request.pause();
    this.#listener.onBodyHeld();
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.#connection !== undefined) this.#end(this.#connection);
  }

  #write(connection: UpstreamConnection, piece: Buffer): boolean {
    return this.#options.chunked ? connection.writeChunk(piece) : connection.write(piece);
  }

  #end(connection: UpstreamConnection): void {
    if (this.#options.chunked) connection.write(`0\r\n${trailerLines(this.#request.rawTrailers)}\r\n`);
    connection.endRequest();
    this.#listener.onBodySent();
  }
}
