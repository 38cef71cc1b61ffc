import type { CacheStore } from './cache-store.port.ts';
import type { StoredAnswer } from './stored-answer.ts';
import { storedBytes } from './stored-answer.ts';
import { isSameVariant } from './variant.ts';

export interface MemoryCacheStoreOptions {
  /** What is kept altogether, in bytes. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Variants of one address; the oldest are forgotten. Default 32: each request looks through them. */
  readonly maxVariants?: number;
}

const nothing: readonly StoredAnswer[] = [];

/** One answer in the order of use. */
interface Node {
  readonly answer: StoredAnswer;
  readonly bytes: number;
  older: Node | undefined;
  newer: Node | undefined;
}

/**
 * Keeps answers in memory and forgets those first that were not used for the longest time. Every step takes the same time
 * however much is kept. The order of use is a list of its own and not that of a `Map`, which would be rebuilt all the time.
 */
export function memoryCacheStore(options: MemoryCacheStoreOptions = {}): CacheStore {
  return new MemoryCacheStore(options);
}

class MemoryCacheStore implements CacheStore {
  readonly #maxBytes: number;
  readonly #maxVariants: number;
  readonly #byKey = new Map<string, readonly StoredAnswer[]>();
  readonly #nodes = new Map<StoredAnswer, Node>();
  #oldest: Node | undefined;
  #newest: Node | undefined;
  #bytes = 0;

  constructor({ maxBytes = 64 * 2 ** 20, maxVariants = 32 }: MemoryCacheStoreOptions) {
    this.#maxBytes = maxBytes;
    this.#maxVariants = maxVariants;
  }

  get size(): { readonly answers: number; readonly bytes: number } {
    return { answers: this.#nodes.size, bytes: this.#bytes };
  }

  find(key: string): readonly StoredAnswer[] {
    return this.#byKey.get(key) ?? nothing;
  }

  put(answer: StoredAnswer): boolean {
    const { key, route, variant } = answer;
    const bytes = storedBytes(answer);
    for (const other of this.find(key)) {
      if (other.route === route && isSameVariant(other.variant, variant)) this.remove(other);
    }
    if (bytes > this.#maxBytes) return false;
    while (this.#oldest !== undefined && this.#bytes + bytes > this.#maxBytes) this.remove(this.#oldest.answer);
    for (const other of this.find(key).slice(this.#maxVariants - 1)) this.remove(other);
    this.#byKey.set(key, [answer, ...this.find(key)]);
    const node: Node = { answer, bytes, older: undefined, newer: undefined };
    this.#nodes.set(answer, node);
    this.#link(node);
    this.#bytes += bytes;
    return true;
  }

  touch(answer: StoredAnswer): void {
    const node = this.#nodes.get(answer);
    if (node === undefined || node === this.#newest) return;
    this.#unlink(node);
    this.#link(node);
  }

  remove(answer: StoredAnswer): void {
    const node = this.#nodes.get(answer);
    if (node === undefined) return;
    this.#nodes.delete(answer);
    this.#unlink(node);
    this.#bytes -= node.bytes;
    const left = this.find(answer.key).filter((one) => one !== answer);
    if (left.length === 0) this.#byKey.delete(answer.key);
    else this.#byKey.set(answer.key, left);
  }

  removeAll(key: string): void {
    for (const answer of this.find(key)) this.remove(answer);
  }

  #link(node: Node): void {
    node.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
  }

  #unlink(node: Node): void {
    const { older, newer } = node;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    node.older = undefined;
    node.newer = undefined;
  }
}
