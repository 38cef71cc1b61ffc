/** What a hash trie holds. */
export interface Keyed {
  readonly key: string;
  readonly slots?: undefined;
}

/**
 * An immutable map of values by their keys: a change copies the nodes on its way and shares the rest, so that it costs the
 * same in a large map as in a small one. A map of one value is that value; what is undefined holds nothing.
 * Algorithm: Phil Bagwell, "Ideal Hash Trees" (2001), the hash array mapped trie; FNV-1a as hash. The values stand in the
 * tree themselves, because at a hundred thousand of them each step to another object is a cache miss.
 */
export type HashTrie<V extends Keyed> = Branch<V> | V | undefined;

class Branch<V extends Keyed> {
  /** Which of the 32 places are taken; only those have a slot. 0: all slots are values whose hashes are the same. */
  readonly bitmap: number;
  readonly slots: readonly (Branch<V> | V)[];

  constructor(bitmap: number, slots: readonly (Branch<V> | V)[]) {
    this.bitmap = bitmap;
    this.slots = slots;
  }
}

const bitsPerLevel = 5;
const hashBits = 32;

/** The value of a key. */
export function valueUnder<V extends Keyed>(trie: HashTrie<V>, key: string): V | undefined {
  return valueAt(trie, key, 0, key.length, hashOf(key));
}

/** The value whose key stands in `text` from `from` up to, and without, `end`, and has that hash. Nothing is cut out for it. */
export function valueAt<V extends Keyed>(
  trie: HashTrie<V>,
  text: string,
  from: number,
  end: number,
  hash: number,
): V | undefined {
  let slot: HashTrie<V> = trie;
  let bits = hash;
  while (slot !== undefined && slot.slots !== undefined) {
    const { bitmap, slots }: Branch<V> = slot;
    if (bitmap === 0) return slots.find((value): value is V => isAt(value as V, text, from, end));
    const bit: number = 1 << (bits & 31);
    if ((bitmap & bit) === 0) return undefined;
    slot = slots[bitCount(bitmap & (bit - 1))];
    bits >>>= bitsPerLevel;
  }
  return slot !== undefined && isAt(slot, text, from, end) ? slot : undefined;
}

/** With a value, in place of another one with its key. */
export function withValue<V extends Keyed>(trie: HashTrie<V>, value: V, shift = 0): Branch<V> | V {
  if (trie === undefined) return value;
  if (trie.slots === undefined) {
    if (trie.key === value.key) return value;
    if (shift >= hashBits) return new Branch(0, [trie, value]);
    return withValue(new Branch<V>(bitOf(trie.key, shift), [trie]), value, shift);
  }
  const { bitmap, slots } = trie;
  if (bitmap === 0) return new Branch(0, [...slots.filter((other) => (other as V).key !== value.key), value]);
  const bit = bitOf(value.key, shift);
  const at = bitCount(bitmap & (bit - 1));
  if ((bitmap & bit) === 0) return new Branch(bitmap | bit, slots.toSpliced(at, 0, value));
  return new Branch(bitmap, slots.with(at, withValue(slots[at], value, shift + bitsPerLevel)));
}

/** Without the value of a key. */
export function withoutValue<V extends Keyed>(trie: HashTrie<V>, key: string, shift = 0): HashTrie<V> {
  if (trie?.slots === undefined) return trie?.key === key ? undefined : trie;
  const { bitmap, slots } = trie;
  const bit = bitmap === 0 ? 0 : bitOf(key, shift);
  const at = bitmap === 0 ? slots.findIndex((value) => (value as V).key === key) : bitCount(bitmap & (bit - 1));
  if (at < 0 || (bitmap & bit) !== bit) return trie;
  const left = withoutValue(slots[at], key, shift + bitsPerLevel);
  if (left === slots[at]) return trie;
  const kept = left === undefined ? slots.toSpliced(at, 1) : slots.with(at, left);
  const [only] = kept;
  // A value alone moves up, so that a map is the same whatever was in it before.
  if (kept.length <= 1 && !(only instanceof Branch)) return only;
  return new Branch(left === undefined ? bitmap & ~bit : bitmap, kept);
}

/** Every value, in no particular order. */
export function* valuesOf<V extends Keyed>(trie: HashTrie<V>): Generator<V> {
  if (trie instanceof Branch) for (const slot of trie.slots) yield* valuesOf<V>(slot);
  else if (trie !== undefined) yield trie;
}

/** By hand, because a call of `startsWith` costs more than the characters of a segment. */
function isAt({ key }: Keyed, text: string, from: number, end: number): boolean {
  if (key.length !== end - from) return false;
  for (let at = 0; at < key.length; at += 1) if (key.charCodeAt(at) !== text.charCodeAt(from + at)) return false;
  return true;
}

function bitOf(key: string, shift: number): number {
  return 1 << ((hashOf(key) >>> shift) & 31);
}

/** The hash of nothing, with which a hash begins. */
export const noHash = 0x811c9dc5;

/** The hash of one more character. */
export function hashed(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

function hashOf(key: string): number {
  let hash = noHash;
  for (let at = 0; at < key.length; at += 1) hash = hashed(hash, key.charCodeAt(at));
  return hash;
}

function bitCount(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
