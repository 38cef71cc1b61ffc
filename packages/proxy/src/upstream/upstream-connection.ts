import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ChunkedBody } from './chunked-body.ts';
import { forbiddenAddresses } from './forbidden-addresses.ts';
import type { ResponseHead } from './response-head.ts';
import { chunked, readResponseHead, untilClose } from './response-head.ts';
import { isTlsFailure } from './tls-failure.ts';
import type { TlsClientSettings } from './upstream-tls.ts';

/** How an exchange with an instance failed. */
export type FailureKind =
  /** No connection came about: nothing was sent. */
  | 'connect'
  /** TLS did not come about: whatever was sent, nobody has read it. */
  | 'handshake'
  /** A connection that was used before closed before the first byte of the answer. */
  | 'stale'
  /** A fresh connection closed before the first byte of the answer. */
  | 'closed'
  /** What came is not an answer. */
  | 'invalid'
  /** The answer broke off. */
  | 'truncated';

export interface UpstreamFailure {
  readonly kind: FailureKind;
  readonly cause?: unknown;
}

/** Hears of one exchange. After the last piece of the body, or after a failure, nothing more is told. */
export interface ExchangeListener {
  /** The request's head is on its way; its body may follow. */
  onOpen(connection: UpstreamConnection): void;
  /** The instance takes more of the request's body. */
  onDrain(): void;
  /** An answer before the answer, with a status below 200. */
  onInterim?(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /**
   * A piece of the body, good until this returns: whoever keeps it copies it. The last may be empty, and come with trailer
   * fields, names and values in turn.
   */
  onBody(piece: Buffer, last: boolean, trailers?: readonly string[]): void;
  onFailure(failure: UpstreamFailure): void;
}

/** Where a connection leads. */
export interface UpstreamAddress {
  readonly host: string;
  readonly port: number;
  /** Undefined where no TLS is spoken. */
  readonly tls: TlsClientSettings | undefined;
}

/** One request over a connection. */
export interface ConnectionRequest {
  readonly method: string;
  /** The whole head, with the empty line; latin-1. */
  readonly head: string;
  /** Without a body the request is complete. */
  readonly hasBody: boolean;
  /** `101 Switching Protocols` is an answer: what follows belongs to the other protocol. */
  readonly upgrades?: boolean;
}

/** Told when a connection has nothing to do, and when it is gone. */
export interface ConnectionOwner {
  onIdle(connection: UpstreamConnection): void;
  onGone(connection: UpstreamConnection): void;
}

const nothing = Buffer.alloc(0);
/**
 * What every connection reads into: the bytes are looked at before anything else is read, and whatever outlives that is
 * copied. Node.js would make a buffer of 64 KiB for every read and cut it down.
 */
const shared = Buffer.allocUnsafeSlow(65_536);
const longestHead = 32_768;
const mostInterimAnswers = 8;

/**
 * One connection to one instance, one exchange at a time (HTTP/1.1, RFC 9112; no pipelining). Whatever is in doubt —
 * bytes nobody asked for, an answer before the request was sent, a head that is not well-formed — ends the connection,
 * so that no answer can reach another request.
 */
export class UpstreamConnection {
  /** Monotonic milliseconds after which an idle connection is not used any more. */
  idleUntil = 0;
  readonly owner: ConnectionOwner;
  readonly #socket: Socket;
  /** The other side has answered, though TLS has not come about yet. */
  #reached = false;
  #connected = false;
  #used = false;
  #gone = false;
  #listener: ExchangeListener | undefined;
  #requestHead = '';
  #method = '';
  #upgrades = false;
  #requestEnded = false;
  #received = false;
  #pending: Buffer | undefined;
  #head: ResponseHead | undefined;
  #left = 0;
  #chunks: ChunkedBody | undefined;
  #interim = 0;
  #idleMs: number | undefined;

  constructor(address: UpstreamAddress, owner: ConnectionOwner) {
    const socket = address.tls === undefined ? this.#open(address) : this.#openTls(address, address.tls);
    this.#socket = socket;
    this.owner = owner;
    socket.on('drain', () => this.#listener?.onDrain());
    socket.on('end', () => this.#onEnd(undefined));
    socket.on('error', (error) => this.#onEnd(error));
    socket.on('close', () => this.#onEnd(undefined));
  }

  #open({ host, port }: UpstreamAddress): Socket {
    const callback = (length: number) => {
      this.#onData(shared.subarray(0, length));
      return true;
    };
    const onread = { buffer: shared, callback };
    const socket = connect({ host, port, blockList: forbiddenAddresses, noDelay: true, onread });
    socket.on('connect', () => this.#onConnect());
    return socket;
  }

  #openTls({ host, port }: UpstreamAddress, tls: TlsClientSettings): Socket {
    const below = connect({ host, port, blockList: forbiddenAddresses, noDelay: true });
    below.on('connect', () => {
      this.#reached = true;
    });
    below.on('error', (error) => this.#onEnd(error));
    const socket = connectTls({ socket: below, host, ...tls, ALPNProtocols: ['http/1.1'] });
    socket.on('secureConnect', () => this.#onConnect());
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    return socket;
  }

  /** Starts an exchange. */
  start(listener: ExchangeListener, { method, head, hasBody, upgrades = false }: ConnectionRequest): void {
    this.#listener = listener;
    this.#method = method;
    this.#upgrades = upgrades;
    this.#requestEnded = !hasBody;
    this.#received = false;
    this.#head = undefined;
    this.#interim = 0;
    if (!this.#connected) {
      this.#requestHead = head;
      return;
    }
    this.#socket.write(head, 'latin1');
    listener.onOpen(this);
  }

  /** Sends a piece of the request's body; false when the listener should wait for `onDrain`. */
  write(piece: Buffer | string): boolean {
    return this.#socket.write(piece, 'latin1');
  }

  /** Sends several pieces at once. */
  writeChunk(piece: Buffer): boolean {
    this.#socket.cork();
    this.#socket.write(`${piece.length.toString(16)}\r\n`, 'latin1');
    this.#socket.write(piece);
    const more = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return more;
  }

  /** The request's body is complete. */
  endRequest(): void {
    this.#requestEnded = true;
  }

  /** Another listener hears what is left of the exchange. */
  handOver(listener: ExchangeListener): void {
    this.#listener = listener;
  }

  /** Nothing more is sent, whatever still comes. */
  endSending(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection at once; the listener hears nothing more. */
  destroy(): void {
    this.#listener = undefined;
    this.#leave();
    this.#socket.destroy();
  }

  /** How long the server says it keeps an idle connection. */
  get idleMs(): number | undefined {
    return this.#idleMs;
  }

  #onConnect(): void {
    this.#connected = true;
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#socket.write(this.#requestHead, 'latin1');
    this.#requestHead = '';
    listener.onOpen(this);
  }

  #onData(bytes: Buffer): void {
    const listener = this.#listener;
    if (listener === undefined) {
      this.destroy();
      return;
    }
    this.#received = true;
    if (this.#head !== undefined) this.#readBody(bytes, this.#head, listener);
    else this.#readHead(this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]), listener);
  }

  #readHead(buffer: Buffer, listener: ExchangeListener): void {
    this.#pending = undefined;
    const end = buffer.indexOf('\r\n\r\n');
    if ((end < 0 ? buffer.length : end) > longestHead) {
      this.#fail({ kind: 'invalid', cause: 'the head is too long' });
      return;
    }
    if (end < 0) {
      this.#pending = Buffer.from(buffer);
      return;
    }
    const head = readResponseHead(buffer.toString('latin1', 0, end + 4), this.#method);
    if ('bad' in head) {
      this.#fail({ kind: 'invalid', cause: head.bad });
      return;
    }
    const rest = buffer.subarray(end + 4);
    if (head.status === 101 && this.#upgrades) {
      this.#switch(head, rest, listener);
      return;
    }
    if (head.status < 200) {
      this.#interim += 1;
      if (head.status === 101 || this.#interim > mostInterimAnswers) {
        this.#fail({ kind: 'invalid', cause: `an interim answer ${head.status} that nobody asked for` });
        return;
      }
      listener.onInterim?.(head);
      if (rest.length > 0 && this.#listener === listener) this.#readHead(rest, listener);
      return;
    }
    this.#head = head;
    this.#left = head.bodyBytes;
    this.#chunks = head.bodyBytes === chunked ? new ChunkedBody() : undefined;
    listener.onHead(head);
    if (this.#listener !== listener) return;
    if (head.bodyBytes === 0) this.#finish(nothing, rest.length === 0, listener);
    else if (rest.length > 0) this.#readBody(rest, head, listener);
  }

  /** From here on the bytes are a body without an end. */
  #switch(head: ResponseHead, rest: Buffer, listener: ExchangeListener): void {
    this.#head = { ...head, bodyBytes: untilClose, keepAlive: false };
    listener.onHead(this.#head);
    if (rest.length > 0) this.#listener?.onBody(rest, false);
  }

  #readBody(bytes: Buffer, head: ResponseHead, listener: ExchangeListener): void {
    if (this.#chunks !== undefined) {
      this.#readChunks(bytes, this.#chunks, listener);
      return;
    }
    if (head.bodyBytes === untilClose || bytes.length < this.#left) {
      if (head.bodyBytes !== untilClose) this.#left -= bytes.length;
      listener.onBody(bytes, false);
      return;
    }
    const exact = bytes.length === this.#left;
    this.#finish(exact ? bytes : bytes.subarray(0, this.#left), exact, listener);
  }

  /** The last piece waits until it is known whether more follows, so that a whole answer is one piece. */
  #readChunks(bytes: Buffer, chunks: ChunkedBody, listener: ExchangeListener): void {
    let held: Buffer | undefined;
    const progress = chunks.read(bytes, (piece) => {
      if (held !== undefined && this.#listener === listener) listener.onBody(held, false);
      held = piece;
    });
    if (this.#listener !== listener) return;
    if (progress === 'bad') this.#fail({ kind: 'truncated', cause: 'the chunks are not well-formed' });
    else if (progress === 'end') this.#finish(held ?? nothing, chunks.rest === bytes.length, listener, chunks.trailers);
    else if (held !== undefined) listener.onBody(held, false);
  }

  #finish(piece: Buffer, clean: boolean, listener: ExchangeListener, trailers?: readonly string[]): void {
    const head = this.#head;
    this.#listener = undefined;
    this.#used = true;
    if (head?.idleMs !== undefined) this.#idleMs = head.idleMs;
    const reusable = clean && this.#requestEnded && head?.keepAlive === true && !this.#socket.destroyed;
    if (reusable) {
      this.#socket.resume();
      this.owner.onIdle(this);
    } else this.destroy();
    listener.onBody(piece, true, trailers);
  }

  #fail(failure: UpstreamFailure): void {
    const listener = this.#listener;
    this.destroy();
    listener?.onFailure(failure);
  }

  #onEnd(cause: unknown): void {
    const listener = this.#listener;
    if (listener === undefined) {
      this.destroy();
      return;
    }
    if (this.#head?.bodyBytes === untilClose && cause === undefined) {
      this.#finish(nothing, false, listener);
      return;
    }
    this.#fail({ kind: this.#endKind(cause), cause });
  }

  #endKind(cause: unknown): FailureKind {
    if (!this.#connected) return this.#reached ? 'handshake' : 'connect';
    if (this.#reached && !this.#received && isTlsFailure(cause)) return 'handshake'; // TLS 1.3 refuses clients afterwards
    if (this.#head !== undefined) return 'truncated';
    if (this.#received) return 'invalid';
    return this.#used ? 'stale' : 'closed';
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.owner.onGone(this);
  }
}
