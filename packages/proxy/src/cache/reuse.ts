import type { Asked } from './asked.ts';
import { secondsOf } from './cache-control.ts';
import type { Freshness, StoredAnswer } from './stored-answer.ts';
import { ageMs } from './stored-answer.ts';

/** What may be done with a stored answer: used, used while a new one is fetched, or used only if the service confirms it. */
export type Reuse = 'use' | 'refresh' | 'validate';

/** Whether it may be used as far as it says itself. */
export function isFresh({ bornMs, lifetimeMs, isAlwaysValidated }: Freshness, nowMs: number): boolean {
  return !isAlwaysValidated && nowMs - bornMs < lifetimeMs;
}

/** RFC 9111 §4.2 and §5.2.1, RFC 5861 §3. */
export function reuseOf(stored: Pick<StoredAnswer, 'freshness'>, { directives }: Asked, nowMs: number): Reuse {
  const { lifetimeMs, staleWhileRevalidateMs, isAlwaysValidated, forbidsStale } = stored.freshness;
  if (isAlwaysValidated || directives.has('no-cache')) return 'validate';
  const age = ageMs(stored, nowMs);
  const staleFor = age - lifetimeMs;
  if (directives.size > 0) {
    const maxAge = secondsOf(directives, 'max-age');
    if (maxAge !== undefined && age >= maxAge * 1_000 && !isPutUpWith(age - maxAge * 1_000, directives))
      return 'validate';
    const minFresh = secondsOf(directives, 'min-fresh');
    if (minFresh !== undefined && -staleFor < minFresh * 1_000) return 'validate';
  }
  if (staleFor < 0) return 'use';
  if (!forbidsStale && isPutUpWith(staleFor, directives)) return 'use';
  return staleFor < staleWhileRevalidateMs ? 'refresh' : 'validate';
}

/** Whether it may be used when the service cannot answer (RFC 5861 §4). */
export function isUsableOnError(stored: StoredAnswer, { directives }: Asked, nowMs: number): boolean {
  const { lifetimeMs, staleIfErrorMs, isAlwaysValidated } = stored.freshness;
  if (isAlwaysValidated || directives.has('no-cache')) return false;
  return ageMs(stored, nowMs) - lifetimeMs < staleIfErrorMs;
}

function isPutUpWith(staleForMs: number, directives: Asked['directives']): boolean {
  const value = directives.get('max-stale');
  return value !== undefined && (value === '' || staleForMs <= (secondsOf(directives, 'max-stale') ?? 0) * 1_000);
}
