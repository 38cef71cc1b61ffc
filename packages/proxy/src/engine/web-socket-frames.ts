/** Where the frames of a WebSocket begin and end (RFC 6455 §5.2), as far as whoever passes them on must know it. */
export class FrameCursor {
  #header: number[] = [];
  #left = 0;

  /** Whether the bytes so far end with a whole frame. */
  get isBetweenFrames(): boolean {
    return this.#left === 0 && this.#header.length === 0;
  }

  /** Moves over bytes: over all of them, or only to where the frame under way ends. Returns how many. */
  move(bytes: Buffer, toEndOfFrame = false): number {
    let at = 0;
    while (at < bytes.length && !(toEndOfFrame && this.isBetweenFrames)) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      this.#header.push(bytes[at] ?? 0);
      at += 1;
      this.#readHeader();
    }
    return at;
  }

  #readHeader(): void {
    const [, second] = this.#header;
    if (second === undefined) return;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const whole = 2 + lengthBytes + ((second & 0x80) === 0 ? 0 : 4);
    if (this.#header.length < whole) return;
    const long = this.#header.slice(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
    this.#left = lengthBytes === 0 ? short : long;
    this.#header = [];
  }
}

/** A Close frame as a server sends it, unmasked (RFC 6455 §5.5.1). */
export function closeFrame(code: number): Buffer {
  const frame = Buffer.from([0x88, 2, 0, 0]);
  frame.writeUInt16BE(code, 2);
  return frame;
}

/** The endpoint goes away (RFC 6455 §7.4.1). */
export const goingAway = 1001;
