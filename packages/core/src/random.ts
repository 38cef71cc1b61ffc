/** Randomness as a port. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** Fills the array with random bytes and returns it. */
  bytes(target: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

/** The machine's randomness: `next` is fast, `bytes` is cryptographically strong. */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (target) => crypto.getRandomValues(target),
};

/**
 * A reproducible sequence, for tests and simulations.
 * Algorithm: sfc32 by Chris Doty-Humphrey (PractRand), its state filled from the seed by splitmix32.
 */
export function seededRandom(seed: number): Random {
  let [a, b, c, counter] = [mix(seed, 1), mix(seed, 2), mix(seed, 3), 1];
  const next32 = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let warm = 0; warm < 12; warm += 1) next32();
  return {
    next: () => next32() / 2 ** 32,
    bytes(target) {
      for (let index = 0; index < target.length; index += 1) target[index] = next32() & 0xff;
      return target;
    },
  };
}

/** A whole number in [from, to], both included. */
export function randomInteger(random: Random, from: number, to: number): number {
  return from + Math.floor(random.next() * (to - from + 1));
}

/** One of the items; undefined when there is none. */
export function randomItem<T>(random: Random, items: readonly T[]): T | undefined {
  return items[Math.floor(random.next() * items.length)];
}

function mix(seed: number, round: number): number {
  let state = (seed + Math.imul(round, 0x9e3779b9)) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return state ^ (state >>> 15);
}
