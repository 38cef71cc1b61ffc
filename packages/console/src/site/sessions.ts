import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, Random } from '@dure/core';

/** Who may look at the console: holders of a session, which a one-time token opens. */
export interface Sessions {
  /** A fresh token; good once, for an hour. */
  mint(): string;
  /** Opens a session for a token: the cookie's value; undefined when the token is unknown, spent or too old. */
  open(token: string): string | undefined;
  /** Whether a cookie's value is that of a session. */
  valid(cookie: string | undefined): boolean;
}

/** How sessions are set up. */
export interface SessionOptions {
  /** A token that is good from the start, until it is used. */
  readonly token?: string | undefined;
  /** Where the key and the spent tokens outlive a restart; readable for its owner only. */
  readonly file: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** How long a session lasts. */
export const sessionMs = 12 * 3_600_000;
const tokenMs = 3_600_000;
const maxOutstanding = 64;
const maxSpent = 200;

interface Kept {
  /** By which session cookies are signed. */
  readonly key: string;
  /** Digests of tokens that have been used. */
  readonly spent: readonly string[];
}

/** Sessions are signed, not stored; the key and the spent tokens are, so that both outlive a restart. */
export function sessions({ token, file, clock, random }: SessionOptions): Sessions {
  let kept = load(file) ?? { key: secret(random), spent: [] };
  const outstanding = new Map<string, number>();
  if (token !== undefined && token !== '') outstanding.set(digest(token), Number.POSITIVE_INFINITY);
  save(file, kept);
  const signature = (until: string) => createHmac('sha256', kept.key).update(`session ${until}`).digest('base64url');
  return {
    mint() {
      const fresh = secret(random);
      outstanding.set(digest(fresh), clock.now() + tokenMs);
      const [oldest] = outstanding.keys();
      if (outstanding.size > maxOutstanding && oldest !== undefined) outstanding.delete(oldest);
      return fresh;
    },
    open(given) {
      const known = digest(given);
      const until = outstanding.get(known);
      outstanding.delete(known);
      if (until === undefined || until < clock.now() || kept.spent.includes(known)) return undefined;
      kept = { ...kept, spent: [...kept.spent, known].slice(-maxSpent) };
      save(file, kept);
      const sessionUntil = String(clock.now() + sessionMs);
      return `${sessionUntil}.${signature(sessionUntil)}`;
    },
    valid(cookie) {
      const [until = '', given = ''] = cookie?.split('.') ?? [];
      if (!/^\d{1,15}$/.test(until) || Number(until) < clock.now()) return false;
      const [expected, actual] = [Buffer.from(signature(until)), Buffer.from(given)];
      return expected.length === actual.length && timingSafeEqual(expected, actual);
    },
  };
}

function secret(random: Random): string {
  return Buffer.from(random.bytes(new Uint8Array(32))).toString('base64url');
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function load(file: string): Kept | undefined {
  try {
    const { key, spent } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Kept>;
    if (typeof key !== 'string' || key.length < 40 || !Array.isArray(spent)) return undefined;
    return { key, spent: spent.map(String) };
  } catch {
    return undefined; // none yet, or unreadable: everybody signs in anew
  }
}

function save(file: string, kept: Kept): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
