import type { FieldList } from './field-list.ts';
import type { Variant } from './variant.ts';

/** How long an answer may be used; times on the clock's monotonic scale, in milliseconds. */
export interface Freshness {
  /** When it was of age 0. */
  readonly bornMs: number;
  /** How old it may become. */
  readonly lifetimeMs: number;
  /** How long after that it may be served while it is refreshed (RFC 5861 §3). */
  readonly staleWhileRevalidateMs: number;
  /** How long after that it may be served when no other can be had (RFC 5861 §4). */
  readonly staleIfErrorMs: number;
  /** `no-cache`: to be validated before each use. */
  readonly isAlwaysValidated: boolean;
  /** Not to be used stale whatever a client would put up with: `must-revalidate`, `proxy-revalidate`, `s-maxage`. */
  readonly forbidsStale: boolean;
}

/** One answer as it is kept; immutable. */
export interface StoredAnswer {
  /** Host, path and query. */
  readonly key: string;
  /** Of which route: another one of the same address may lead elsewhere. */
  readonly route: string;
  readonly variant: Variant;
  readonly status: number;
  /** Without `Age`, and without what belongs to one client. */
  readonly fields: FieldList;
  readonly body: Buffer;
  readonly freshness: Freshness;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** What an answer costs to keep, in bytes: its body, its texts, and the objects that hold them. */
export function storedBytes({ key, fields, body, variant }: StoredAnswer): number {
  let characters = key.length;
  for (const text of fields) characters += text.length;
  for (const text of variant.values) characters += text.length;
  return body.length + characters + 16 * fields.length + 512;
}

/** How old an answer is, in milliseconds (RFC 9111 §4.2.3). */
export function ageMs({ freshness }: Pick<StoredAnswer, 'freshness'>, nowMs: number): number {
  return Math.max(0, nowMs - freshness.bornMs);
}

/** Whether the service can be asked if it is still good. */
export function isValidatable({ etag, lastModified }: StoredAnswer): boolean {
  return (etag ?? lastModified) !== undefined;
}
