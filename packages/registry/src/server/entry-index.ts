import type { Entry } from './instance-info.ts';

/** Finds instances by something that they say of themselves, without looking at the others. */
export class EntryIndex {
  readonly #keysOf: (entry: Entry) => readonly string[];
  readonly #byKey = new Map<string, Map<string, Entry>>();

  constructor(keysOf: (entry: Entry) => readonly string[]) {
    this.#keysOf = keysOf;
  }

  /** Puts an instance in place of what it was before. */
  put(entry: Entry, before: Entry | undefined): void {
    const keys = this.#keysOf(entry);
    if (before !== undefined) this.#remove(before, keys);
    for (const key of keys) {
      const entries = this.#byKey.get(key) ?? new Map<string, Entry>();
      entries.set(nameOf(entry), entry);
      this.#byKey.set(key, entries);
    }
  }

  delete(entry: Entry): void {
    this.#remove(entry, []);
  }

  get(key: string): readonly Entry[] {
    return [...(this.#byKey.get(key)?.values() ?? [])];
  }

  #remove(entry: Entry, kept: readonly string[]): void {
    for (const key of this.#keysOf(entry)) {
      const entries = this.#byKey.get(key);
      if (entries === undefined || kept.includes(key)) continue;
      entries.delete(nameOf(entry));
      if (entries.size === 0) this.#byKey.delete(key);
    }
  }
}

function nameOf({ info }: Entry): string {
  return `${info.app}/${info.instanceId}`;
}
