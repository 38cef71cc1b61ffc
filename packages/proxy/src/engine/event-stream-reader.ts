/** Hears what is in a stream of events. */
export interface EventListener {
  /** The data of an event. */
  onEvent(data: Buffer): void;
  /** A comment, which services send to keep the stream open. */
  onComment(): void;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;
const space = 0x20;
const data = Buffer.from('data');

/**
 * Takes a stream of server-sent events apart (WHATWG HTML, §9.2.6), as far as our services write it: lines end with a line
 * feed, with or without a carriage return before it; names, ids and times of events are passed over.
 */
export class EventStreamReader {
  readonly #listener: EventListener;
  readonly #longest: number;
  #line: Buffer[] = [];
  #parts: Buffer[] = [];
  #lineBytes = 0;
  #partBytes = 0;

  /** An event may have so many bytes. */
  constructor(listener: EventListener, longest: number) {
    this.#listener = listener;
    this.#longest = longest;
  }

  /** Reads on; false when an event is too long, and then never again. */
  push(piece: Buffer): boolean {
    let from = 0;
    for (let to = piece.indexOf(newline); to >= 0; to = piece.indexOf(newline, from)) {
      this.#line.push(piece.subarray(from, to));
      this.#onLine(this.#line.length === 1 ? (this.#line[0] as Buffer) : Buffer.concat(this.#line));
      this.#line = [];
      this.#lineBytes = 0;
      from = to + 1;
    }
    // A copy: a piece is good during the call only.
    if (from < piece.length) this.#line.push(Buffer.from(piece.subarray(from)));
    this.#lineBytes += piece.length - from;
    return this.#lineBytes + this.#partBytes <= this.#longest;
  }

  #onLine(read: Buffer): void {
    const line = read.at(-1) === carriageReturn ? read.subarray(0, -1) : read;
    if (line.length === 0) {
      const parts = this.#parts;
      this.#parts = [];
      this.#partBytes = 0;
      if (parts.length > 0) this.#listener.onEvent(joined(parts));
      return;
    }
    if (line[0] === colon) this.#listener.onComment();
    if (!line.subarray(0, data.length).equals(data) || (line.length > data.length && line[data.length] !== colon))
      return;
    const value = line.subarray(data.length + 1);
    this.#parts.push(Buffer.from(value[0] === space ? value.subarray(1) : value));
    this.#partBytes += value.length + 1; // also lines without data take a place
  }
}

function joined(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.from(parts.map(String).join('\n'));
}
