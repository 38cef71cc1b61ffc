/** What `ChunkedBody.read` found. */
export type ChunkedProgress =
  /** More must come. */
  | 'more'
  /** The body has ended; whatever follows in the buffer begins at `rest`. */
  | 'end'
  /** This is not a chunked body. */
  | 'bad';

const longestSizeLine = 256;
const longestTrailers = 8_192;
const cr = 0x0d;
const lf = 0x0a;

type State = 'size' | 'data' | 'data-cr' | 'data-lf' | 'trailer';

/**
 * Reads a chunked body (RFC 9112 §7.1), strictly: sizes of at most 8 hexadecimal digits, lines that end with CR LF.
 * Extensions are passed over, trailer fields kept; both are bounded.
 */
export class ChunkedBody {
  /** Where the next message would begin in the last buffer, once the body has ended. */
  rest = 0;
  /** Names and values in turn; undefined when there are none. */
  trailers: string[] | undefined;
  #state: State = 'size';
  #line = '';
  #left = 0;
  #trailerBytes = 0;

  /** Calls `data` with every piece of the body in the buffer; the pieces are views of it. */
  read(buffer: Buffer, data: (piece: Buffer) => void): ChunkedProgress {
    let at = 0;
    while (at < buffer.length) {
      if (this.#state === 'data') {
        const end = Math.min(at + this.#left, buffer.length);
        this.#left -= end - at;
        data(at === 0 && end === buffer.length ? buffer : buffer.subarray(at, end));
        at = end;
        if (this.#left === 0) this.#state = 'data-cr';
        continue;
      }
      if (this.#state === 'data-cr' || this.#state === 'data-lf') {
        if (buffer[at] !== (this.#state === 'data-cr' ? cr : lf)) return 'bad';
        this.#state = this.#state === 'data-cr' ? 'data-lf' : 'size';
        at += 1;
        continue;
      }
      const newline = buffer.indexOf(lf, at);
      const end = newline < 0 ? buffer.length : newline + 1;
      this.#line += buffer.toString('latin1', at, end);
      at = end;
      if (this.#line.length > (this.#state === 'size' ? longestSizeLine : longestTrailers)) return 'bad';
      if (newline < 0) return 'more';
      const progress = this.#state === 'size' ? this.#readSize() : this.#readTrailer();
      if (progress !== 'more') {
        this.rest = at;
        return progress;
      }
    }
    return 'more';
  }

  #readSize(): ChunkedProgress {
    const match = /^([0-9A-Fa-f]{1,8})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n$/.exec(this.#line);
    this.#line = '';
    if (match === null) return 'bad';
    this.#left = Number.parseInt(match[1] ?? '', 16);
    this.#state = this.#left === 0 ? 'trailer' : 'data';
    return 'more';
  }

  #readTrailer(): ChunkedProgress {
    const line = this.#line;
    this.#line = '';
    if (line === '\r\n') return 'end';
    this.#trailerBytes += line.length;
    const wellFormed = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n$/.test(line);
    if (!wellFormed || this.#trailerBytes > longestTrailers) return 'bad';
    const colon = line.indexOf(':');
    this.trailers ??= [];
    this.trailers.push(line.slice(0, colon), line.slice(colon + 1).trim());
    return 'more';
  }
}
