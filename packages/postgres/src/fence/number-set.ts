/** A set of the numbers from 1 on, a bit each: what a stress of an hour draws is more than a `Set` can hold. */
export interface NumberSet {
  readonly size: number;
  add(number: number): void;
  has(number: number): boolean;
}

/** An empty one. */
export function numberSet(): NumberSet {
  let bits = new Uint8Array(1_024);
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(number) {
      const at = number >> 3;
      if (at >= bits.length) {
        const more = new Uint8Array(2 ** Math.ceil(Math.log2(at + 1)));
        more.set(bits);
        bits = more;
      }
      const bit = 1 << (number & 7);
      const byte = bits[at] ?? 0;
      if ((byte & bit) !== 0) return;
      bits[at] = byte | bit;
      size += 1;
    },
    has: (number) => ((bits[number >> 3] ?? 0) & (1 << (number & 7))) !== 0,
  };
}
