import { hash } from 'node:crypto';
import type { Identity, Random } from '@dure/core';
import { refuseSetting } from './protection-setting.ts';

/** A key as it is kept: never itself, only its digest. */
export interface ApiKeyEntry {
  /** For people, limits and logs; not secret. */
  readonly id: string;
  /** The SHA-256 digest of the key, 64 hexadecimal digits: `hashApiKey`. */
  readonly sha256: string;
  /** Whom the key stands for. Default: the id. */
  readonly subject?: string;
  /** Default `user`. */
  readonly kind?: 'user' | 'service';
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  /** From when it is no good any more, in epoch milliseconds. Default: never. */
  readonly endsAt?: number;
}

/** The holder of a key that was found. */
export interface ApiKeyHolder {
  readonly id: string;
  readonly identity: Identity;
  readonly endsAt: number;
}

/** The keys of a gateway. */
export interface ApiKeyBook {
  /** Whose key it is; undefined when it is nobody's. */
  find(key: string): ApiKeyHolder | undefined;
  /** Takes other keys from now on, all or none. GATEWAY_PROTECTION_INVALID. */
  update(entries: readonly ApiKeyEntry[]): void;
}

/**
 * Looks keys up by their digests: what can be measured from outside depends on the digest, which nobody can choose, and not
 * on how much of a key is right. Keys must be long and random, as `newApiKey` makes them; passwords are none.
 * GATEWAY_PROTECTION_INVALID when an entry makes no sense; the message never holds a digest.
 */
export function apiKeyBook(entries: readonly ApiKeyEntry[]): ApiKeyBook {
  let holders = compile(entries);
  return {
    find: (key) => holders.get(hashApiKey(key)),
    update(changed) {
      holders = compile(changed);
    },
  };
}

/** The digest of a key, as it is kept. */
export function hashApiKey(key: string): string {
  return hash('sha256', key, 'hex');
}

/** A new key, to be given away once, and its digest, to be kept: 256 random bits. */
export function newApiKey(random: Random): { readonly key: string; readonly sha256: string } {
  const key = `dure_${Buffer.from(random.bytes(new Uint8Array(32))).toString('base64url')}`;
  return { key, sha256: hashApiKey(key) };
}

function compile(entries: readonly ApiKeyEntry[]): ReadonlyMap<string, ApiKeyHolder> {
  const holders = new Map<string, ApiKeyHolder>();
  const ids = new Set<string>();
  for (const { id, sha256, subject = id, kind = 'user', roles = [], scopes = [], endsAt = Infinity } of entries) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id))
      throw refuseSetting(
        'apiKey',
        'id',
        `"${id}"`,
        'a letter or digit, then letters, digits, ".", "_" or "-", at most 64',
      );
    if (ids.has(id)) throw refuseSetting('apiKey', 'id', `"${id}" twice`, 'different for each key');
    if (!/^[0-9a-f]{64}$/.test(sha256))
      throw refuseSetting(
        'apiKey',
        `${id}.sha256`,
        'something else',
        'a SHA-256 digest in 64 lower-case hexadecimal digits',
      );
    if (holders.has(sha256)) throw refuseSetting('apiKey', `${id}.sha256`, "another key's", 'a digest of its own');
    if (Number.isNaN(endsAt)) throw refuseSetting('apiKey', `${id}.endsAt`, endsAt, 'a time in epoch milliseconds');
    ids.add(id);
    holders.set(sha256, { id, identity: { kind, subject, roles, scopes }, endsAt });
  }
  return holders;
}
