import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** Identifiers as a port. */
export interface Ids {
  /** A UUID version 7 (RFC 9562): sorts by creation time, also within a millisecond and a process. */
  uuid(): string;
  /** 32 lower-case hexadecimal digits, not all zero. */
  traceId(): string;
  /** 16 lower-case hexadecimal digits, not all zero. */
  spanId(): string;
}

/** Identifiers from a clock and a source of randomness: with a fake clock and a seed they are reproducible. */
export function ids(clock: Clock, random: Random): Ids {
  const pool = bytePool(random);
  let lastMs = 0;
  let sequence = 0;
  let writtenMs = -1;
  let time = '';
  return {
    uuid() {
      const now = clock.now();
      if (now > lastMs) {
        lastMs = now;
        sequence = ((pool(1)[0] ?? 0) << 2) & 0x3ff;
      } else {
        sequence += 1;
        if (sequence > 0xfff) {
          lastMs += 1;
          sequence = 0;
        }
      }
      if (lastMs !== writtenMs) {
        writtenMs = lastMs;
        const digitsOfTime = Math.floor(lastMs).toString(16).padStart(12, '0');
        time = `${digitsOfTime.slice(0, 8)}-${digitsOfTime.slice(8)}`;
      }
      const tail = hex(pool(8));
      const variant = ((Number.parseInt(tail.slice(0, 1), 16) & 0x3) | 0x8).toString(16);
      const version = `7${sequence.toString(16).padStart(3, '0')}`;
      return `${time}-${version}-${variant}${tail.slice(1, 4)}-${tail.slice(4)}`;
    },
    traceId: () => notAllZero(() => hex(pool(16))),
    spanId: () => notAllZero(() => hex(pool(8))),
  };
}

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += digits[byte];
  return text;
}

function notAllZero(make: () => string): string {
  let text = make();
  while (/^0+$/.test(text)) text = make();
  return text;
}

/** Draws randomness in blocks: one call to the system for many ids. */
function bytePool(random: Random): (count: number) => Uint8Array {
  const block = new Uint8Array(4096);
  let used = block.length;
  return (count) => {
    if (used + count > block.length) {
      random.bytes(block);
      used = 0;
    }
    used += count;
    return block.subarray(used - count, used);
  };
}
