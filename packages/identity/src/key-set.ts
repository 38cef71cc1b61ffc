import type { Clock, DureError } from '@dure/core';
import { identityErrors } from './errors.ts';
import type { Jwk, JwkSet } from './signing-key.ts';

/** Fetches the issuer's keys; whatever it rejects with counts as "not available". */
export type FetchJwks = () => Promise<JwkSet>;

/** The issuer's public keys, kept fresh. */
export interface KeySet<Key> {
  /** The key of that name; undefined when the issuer has none. IDENTITY_KEYS_UNAVAILABLE when it is not known and cannot be asked for. */
  find(name: string): Promise<Key | undefined>;
}

/** The keys that one JWK gives, with the names that they are found by; none when it is of no use here. */
export type ReadKeys<Key> = (jwk: Jwk) => Promise<readonly (readonly [name: string, key: Key])[]>;

export interface KeySetOptions<Key> {
  readonly issuer: string;
  readonly fetchJwks: FetchJwks;
  readonly read: ReadKeys<Key>;
  readonly clock: Clock;
  /** Rings when keys came or went, so that what was verified by an old key can be forgotten. */
  readonly onChange: () => void;
}

/** A set older than this is fetched anew, in the background: a removed key is refused within this time. */
const refreshAfterMs = 60_000;
/**
 * Unknown key names ask the issuer at most this often, whenever it was asked otherwise: a key that it signs by from one moment
 * to the next is found at once. A failing issuer is asked again after this time, too, once there are keys.
 */
const askAgainAfterMs = 30_000;
/** While there are no keys at all, an issuer that failed is asked again after this time. */
const retryAfterMs = 1_000;
/** No issuer has more keys than this; what follows is not read. */
const maxKeys = 32;

/**
 * Keeps an issuer's keys. An unknown name fetches them again, at most every 30 s and never twice at once; an issuer that
 * cannot be reached costs nobody their session, since the last known keys stay.
 */
export function keySet<Key>({ issuer, fetchJwks, read, clock, onChange }: KeySetOptions<Key>): KeySet<Key> {
  let keys: ReadonlyMap<string, Key> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let soughtAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let fetching: Promise<void> | undefined;
  const ask = (): Promise<void> => {
    fetching ??= load(issuer, fetchJwks, read)
      .then((loaded) => {
        failure = undefined;
        const changed = keys !== undefined && !sameNames(keys, loaded);
        keys = loaded;
        if (changed) onChange();
      })
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        askedAt = clock.monotonicMs();
        fetching = undefined;
      });
    return fetching;
  };
  return {
    async find(name) {
      const isFirst = keys === undefined;
      if (keys === undefined) {
        if (fetching !== undefined || clock.monotonicMs() - askedAt >= retryAfterMs) await ask();
        if (keys === undefined) throw unavailable(issuer, failure);
      }
      const age = clock.monotonicMs() - askedAt;
      const found = keys.get(name);
      if (found !== undefined) {
        if (age >= (failure === undefined ? refreshAfterMs : askAgainAfterMs)) void ask();
        return found;
      }
      const mayAsk = !isFirst && clock.monotonicMs() - soughtAt >= askAgainAfterMs;
      if (mayAsk) soughtAt = clock.monotonicMs();
      if (mayAsk || fetching !== undefined) await ask();
      const late = keys.get(name);
      if (late === undefined && failure !== undefined) throw unavailable(issuer, failure);
      return late;
    },
  };
}

function unavailable(issuer: string, failure: unknown): DureError {
  return identityErrors.KEYS_UNAVAILABLE(
    `the keys of "${issuer}" could not be fetched; user tokens cannot be checked until they are`,
    { cause: failure, details: { issuer } },
  );
}

async function load<Key>(issuer: string, fetchJwks: FetchJwks, read: ReadKeys<Key>): Promise<ReadonlyMap<string, Key>> {
  const { keys } = await fetchJwks();
  const loaded = new Map<string, Key>();
  for (const jwk of keys.slice(0, maxKeys)) {
    for (const [name, key] of await read(jwk)) loaded.set(name, key);
  }
  if (loaded.size === 0)
    throw identityErrors.KEY_INVALID(`"${issuer}" serves no key that can be used`, { details: { issuer } });
  return loaded;
}

function sameNames(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((name) => b.has(name));
}
