import { grpcErrors } from '../grpc-errors.ts';

/** The longest message that is taken, in bytes; gRPC's own default. */
export const longestMessage = 4 * 2 ** 20;

const prefixBytes = 5;

/** A message as it goes on the wire: not compressed, with its length (gRPC over HTTP/2, Length-Prefixed-Message). */
export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, prefixBytes);
  return bytes;
}

export interface FrameReaderOptions {
  /** How messages may be compressed, as the answer's head says. */
  readonly encoding: string | undefined;
  /** Hears each message, good until it returns. */
  readonly onMessage: (message: Buffer) => void;
}

/** Finds the messages in a body, however it is cut into pieces. Keeps no more than one message that is not whole. */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #prefix = Buffer.alloc(prefixBytes);
  #prefixRead = 0;
  /** What has come of the message, when it did not come in one piece. */
  #parts: Buffer[] = [];
  #missing = 0;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /** A piece of the body, good until this returns. GRPC_ANSWER_INVALID for a message that cannot be read. */
  push(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) {
      if (this.#prefixRead < prefixBytes) {
        this.#prefix[this.#prefixRead] = piece[at] ?? 0;
        this.#prefixRead += 1;
        at += 1;
        if (this.#prefixRead === prefixBytes) this.#begin();
        continue;
      }
      const part = piece.subarray(at, at + this.#missing);
      at += part.length;
      this.#missing -= part.length;
      if (this.#missing > 0) this.#parts.push(Buffer.from(part));
      else this.#give(part);
    }
  }

  /** The body has ended. GRPC_ANSWER_INVALID when it did so inside a message. */
  end(): void {
    if (this.#prefixRead > 0) throw grpcErrors.ANSWER_INVALID('the answer ends in the middle of a message');
  }

  #begin(): void {
    const { encoding = 'identity' } = this.#options;
    const length = this.#prefix.readUInt32BE(1);
    // We accept none but `identity`, so that a compressed message is never asked for.
    if (this.#prefix[0] !== 0)
      throw grpcErrors.ANSWER_INVALID(`a message of the answer is compressed by "${encoding}", which was not offered`);
    if (length > longestMessage)
      throw grpcErrors.ANSWER_INVALID(
        `a message of the answer has ${length} bytes; at most ${longestMessage} are taken`,
      );
    this.#missing = length;
    if (length === 0) this.#give(Buffer.alloc(0));
  }

  #give(last: Buffer): void {
    const message = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#prefixRead = 0;
    this.#options.onMessage(message);
  }
}
