import type { BackendFound } from './config-backend.ts';

/** Several finds as one, the first the highest; the same object for as long as all of them are the same. */
export class JoinedFinds {
  readonly #before = new WeakMap<
    BackendFound,
    { readonly parts: readonly BackendFound[]; readonly joined: BackendFound }
  >();

  /** `version` makes the whole's of those of its parts. A single part is the whole. */
  of(parts: readonly BackendFound[], version: (versions: readonly string[]) => string | undefined): BackendFound {
    const [first] = parts;
    if (first === undefined) return { sources: [], stale: [] };
    if (parts.length === 1) return first;
    const before = this.#before.get(first);
    if (before?.parts.length === parts.length && before.parts.every((part, at) => part === parts[at]))
      return before.joined;
    const joined = {
      sources: parts.flatMap(({ sources }) => sources),
      stale: parts.flatMap(({ stale }) => stale),
      version: version(parts.flatMap((part) => part.version ?? [])),
    };
    this.#before.set(first, { parts, joined });
    return joined;
  }
}
