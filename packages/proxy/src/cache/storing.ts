import { STATUS_CODES } from 'node:http';
import { headers } from '@dure/core';
import { isStreamAnswer } from '../engine/answer-fields.ts';
import type { Directives } from './cache-control.ts';
import { listedFields, readDirectives, secondsOf } from './cache-control.ts';
import type { FieldList } from './field-list.ts';
import { fieldsWhere, joinedValue, valuesOf } from './field-list.ts';
import { formatHttpDate, readHttpDate } from './http-date.ts';
import type { Freshness, StoredAnswer } from './stored-answer.ts';
import { targetedDirectives } from './targeted-control.ts';
import { variantOf } from './variant.ts';

/** What is kept, and for how long when the answer does not say. */
export interface StoringRules {
  /** How long an answer that states no lifetime is fresh, in milliseconds, by its status: `{ 200: 30_000, 404: 2_000 }`. */
  readonly lifetimesMs: Readonly<Record<number, number>>;
  /** Which part of the time since `Last-Modified` an answer that states none is fresh, 0 to 1 (RFC 9111 §4.2.2). */
  readonly heuristicFraction: number;
  /** At most so long by that, in milliseconds. */
  readonly maxHeuristicMs: number;
  /** How long an answer that does not forbid it may be used stale when the service cannot answer, in milliseconds. */
  readonly graceMs: number;
  /** Fields that stand instead of `Cache-Control`, in lower case, the first one first (RFC 9213). */
  readonly targets: readonly string[];
}

/** What matters of a request for keeping its answer. */
export interface AskedWith {
  readonly key: string;
  readonly route: string;
  /** Lines, see `field-lines.ts`. */
  readonly fields: string;
  /** Somebody is known to have asked, or came with credentials (RFC 9111 §3.5). */
  readonly isAuthenticated: boolean;
  readonly hasCookie: boolean;
  /** The request says `no-store`. */
  readonly isPrivate: boolean;
  /** It wanted a part of the body only. */
  readonly isForPart: boolean;
}

/** When a request was sent and its answer came: monotonic milliseconds, and epoch milliseconds. */
export interface Arrival {
  readonly sentMs: number;
  readonly cameMs: number;
  readonly cameAt: number;
}

/** An answer to a GET that may be kept, but for its body; or why it may not. */
export type Storing = { readonly stored: Omit<StoredAnswer, 'body'> } | { readonly refused: string };

/** RFC 9110 §15.1. */
const heuristically: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Directives with which a shared cache may keep what was answered to somebody in particular (RFC 9111 §3.5). */
const forEverybody = ['public', 's-maxage', 'must-revalidate'];
/** Never kept: they are made anew, or were for one client or one connection. */
const neverKept: ReadonlySet<string> = new Set(['age', 'set-cookie', 'set-cookie2']);

/**
 * Whether an answer may be kept (RFC 9111 §3) and how long it may be used (§4.2). Stricter than the RFC where somebody's own
 * might be shown to others: no answer with `Set-Cookie`, `private` even if only for some fields, or a fallback is kept, and
 * without a word from the service none that was asked with a cookie.
 */
export function storing(
  asked: AskedWith,
  status: number,
  fields: FieldList,
  arrival: Arrival,
  rules: StoringRules,
): Storing {
  const targeted = targetedDirectives(fields, rules.targets);
  const directives = targeted ?? readDirectives(joinedValue(fields, 'cache-control'));
  const refused = refusal(asked, status, fields, directives);
  if (refused !== undefined) return { refused };
  const variant = variantOf(fields, asked.fields);
  if (variant === undefined) return { refused: 'vary' };
  const stated = statedLifetimeMs(directives, targeted === undefined ? fields : [], arrival);
  const lifetimeMs = stated ?? assumedLifetimeMs(asked, status, fields, directives, arrival, rules) ?? 0;
  const freshness = freshnessOf(directives, fields, lifetimeMs, arrival, rules);
  const etag = joinedValue(fields, 'etag');
  const lastModified = joinedValue(fields, 'last-modified');
  const isValidatable = status === 200 && (etag ?? lastModified) !== undefined;
  if (!isValidatable && !isEverUsed(freshness, arrival)) return { refused: 'stale' };
  const dropped = listedFields(directives, 'no-cache');
  const kept = fieldsWhere(fields, (name) => !neverKept.has(name) && !dropped.includes(name));
  if (joinedValue(kept, 'date') === undefined) kept.push('date', formatHttpDate(arrival.cameAt));
  const { key, route } = asked;
  return { stored: { key, route, variant, status, fields: kept, freshness, etag, lastModified } };
}

function refusal(asked: AskedWith, status: number, fields: FieldList, directives: Directives): string | undefined {
  if (asked.isPrivate) return 'request';
  if (status < 200 || status === 206 || status === 304) return 'status';
  // What a service refuses a range with would answer whoever asks for the whole.
  if (asked.isForPart && status !== 200) return 'range';
  const isUnderstood = STATUS_CODES[status] !== undefined;
  const mustUnderstand = directives.has('must-understand');
  if (mustUnderstand && !isUnderstood) return 'status';
  if (directives.has('no-store') && !mustUnderstand) return 'no-store';
  if (directives.has('private')) return 'private';
  if (asked.isAuthenticated && !forEverybody.some((name) => directives.has(name))) return 'authorization';
  const setsCookie = valuesOf(fields, 'set-cookie').length + valuesOf(fields, 'set-cookie2').length > 0;
  if (setsCookie && !listedFields(directives, 'no-cache').includes('set-cookie')) return 'set-cookie';
  if (joinedValue(fields, headers.fallback) !== undefined) return 'fallback';
  return isStreamAnswer(fields) ? 'stream' : undefined;
}

/** RFC 9111 §4.2.1, for a shared cache. */
function statedLifetimeMs(directives: Directives, fields: FieldList, arrival: Arrival): number | undefined {
  const seconds = secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age');
  if (seconds !== undefined) return seconds * 1_000;
  const expires = valuesOf(fields, 'expires');
  if (expires.length === 0) return undefined;
  const at = expires.length > 1 ? undefined : readHttpDate(expires[0] ?? '', arrival.cameAt);
  return at === undefined ? 0 : at - dateOf(fields, arrival);
}

function assumedLifetimeMs(
  asked: AskedWith,
  status: number,
  fields: FieldList,
  directives: Directives,
  arrival: Arrival,
  rules: StoringRules,
): number | undefined {
  if (asked.hasCookie || asked.isAuthenticated) return undefined;
  const configured = rules.lifetimesMs[status];
  if (configured !== undefined) return configured;
  if (!heuristically.has(status) && !directives.has('public')) return undefined;
  const modified = readHttpDate(joinedValue(fields, 'last-modified') ?? '', arrival.cameAt);
  if (modified === undefined) return undefined;
  const since = Math.max(0, dateOf(fields, arrival) - modified);
  return Math.min(since * rules.heuristicFraction, rules.maxHeuristicMs);
}

function freshnessOf(
  directives: Directives,
  fields: FieldList,
  lifetimeMs: number,
  arrival: Arrival,
  { graceMs }: StoringRules,
): Freshness {
  const ifError = secondsOf(directives, 'stale-if-error');
  const isAlwaysValidated = directives.get('no-cache') === '';
  const never = isAlwaysValidated || directives.has('must-revalidate') || directives.has('proxy-revalidate');
  // What the service says by `stale-…` beside `s-maxage` is its own word and counts; what others assume does not.
  const forbidsStale = never || directives.has('s-maxage');
  return {
    bornMs: arrival.cameMs - initialAgeMs(fields, arrival),
    lifetimeMs,
    staleWhileRevalidateMs: never ? 0 : (secondsOf(directives, 'stale-while-revalidate') ?? 0) * 1_000,
    staleIfErrorMs: never ? 0 : ifError === undefined ? (forbidsStale ? 0 : graceMs) : ifError * 1_000,
    isAlwaysValidated,
    forbidsStale,
  };
}

/** RFC 9111 §4.2.3: `corrected_initial_age`. */
function initialAgeMs(fields: FieldList, arrival: Arrival): number {
  const apparent = Math.max(0, arrival.cameAt - dateOf(fields, arrival));
  const first = (valuesOf(fields, 'age')[0] ?? '').split(',')[0]?.trim() ?? '';
  const stated = /^\d+$/.test(first) ? Math.min(Number(first), 2 ** 31) * 1_000 : 0;
  return Math.max(apparent, stated + arrival.cameMs - arrival.sentMs);
}

function dateOf(fields: FieldList, { cameAt }: Arrival): number {
  return readHttpDate(joinedValue(fields, 'date') ?? '', cameAt) ?? cameAt;
}

function isEverUsed(freshness: Freshness, { cameMs }: Arrival): boolean {
  const { bornMs, lifetimeMs, staleWhileRevalidateMs, isAlwaysValidated } = freshness;
  return !isAlwaysValidated && cameMs - bornMs < lifetimeMs + staleWhileRevalidateMs;
}
