/** Hears what a client may say where everything is said to it. */
export interface ControlListener {
  onPing(payload: Buffer): void;
  /** `payload` is empty, or begins with the client's code. */
  onClose(payload: Buffer): void;
  /** It sent what it may not: the code to close with. */
  onRefused(code: number): void;
}

/** A close's codes (RFC 6455 §7.4.1). */
export const closeCodes = { normal: 1000, protocolError: 1002, unsupported: 1003, failed: 1011 } as const;

const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const;
const longestControl = 125;

/**
 * Reads a client's frames (RFC 6455 §5.2) where only control frames are expected: at most 131 bytes are kept. Messages are
 * refused with 1003; what is unmasked, fragmented or unknown with 1002. After a close or a refusal nothing is read.
 */
export class ControlFrames {
  readonly #listener: ControlListener;
  #kept: Buffer = Buffer.alloc(0);
  #isOver = false;

  constructor(listener: ControlListener) {
    this.#listener = listener;
  }

  push(piece: Buffer): void {
    let bytes = this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
    while (bytes.length >= 2 && !this.#isOver) {
      const [first = 0, second = 0] = bytes;
      const code = refusal(first, second);
      if (code !== undefined) {
        this.#isOver = true;
        this.#listener.onRefused(code);
        return;
      }
      const end = 6 + (second & 0x7f);
      if (bytes.length < end) break;
      this.#onFrame(first & 0x0f, unmasked(bytes.subarray(2, 6), bytes.subarray(6, end)));
      bytes = bytes.subarray(end);
    }
    this.#kept = this.#isOver ? Buffer.alloc(0) : Buffer.from(bytes);
  }

  #onFrame(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#listener.onPing(payload);
    if (opcode !== opcodes.close) return;
    this.#isOver = true;
    if (payload.length === 1) this.#listener.onRefused(closeCodes.protocolError);
    else this.#listener.onClose(payload);
  }
}

/** A frame as a server sends it: whole and unmasked. */
export function serverFrame(kind: 'text' | 'close' | 'ping' | 'pong', payload: Buffer): Buffer {
  const opcode = kind === 'text' ? 1 : opcodes[kind];
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

function refusal(first: number, second: number): number | undefined {
  const isFinal = (first & 0x80) !== 0;
  const isPlain = (first & 0x70) === 0;
  const isMasked = (second & 0x80) !== 0;
  const opcode = first & 0x0f;
  if (!isPlain || !isMasked) return closeCodes.protocolError;
  if (opcode <= opcodes.binary) return closeCodes.unsupported;
  const isKnown = opcode >= opcodes.close && opcode <= opcodes.pong;
  return isFinal && isKnown && (second & 0x7f) <= longestControl ? undefined : closeCodes.protocolError;
}

function unmasked(mask: Buffer, payload: Buffer): Buffer {
  return Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
}
