import type { Vitals } from '../../wire/change-feed.ts';

/**
 * How much larger the share of failures may be than before, from how many requests on. One that fails has few: whoever
 * calls it turns to the others.
 */
const tolerated = [
  { requests: 10, share: 0.05 },
  { requests: 2, share: 0.5 },
] as const;

/** What is known of an instance that tries a version out. */
export interface Trial {
  /** As it was before it got the version; undefined when it has not said. */
  readonly before: Vitals | undefined;
  readonly now: Vitals | undefined;
  /** Readings in a row that were not up. */
  readonly downs: number;
  readonly isGone: boolean;
  readonly isRefused: boolean;
}

/** Why the version is to be taken back, said of the instance; undefined while nothing speaks against it. */
export function judgeCanary({ before, now, downs, isGone, isRefused }: Trial): string | undefined {
  if (isRefused) return 'refused it';
  if (isGone) return 'is gone';
  if (downs >= 2 && before?.isUp !== false) return 'is not healthy';
  if (before === undefined || now === undefined) return undefined;
  const opened = now.breakersOpened - before.breakersOpened;
  if (opened > 0) return `opened ${opened === 1 ? 'a circuit breaker' : `${opened} circuit breakers`}`;
  const requests = now.requests - before.requests;
  const failures = now.failures - before.failures;
  const usual = before.requests === 0 ? 0 : before.failures / before.requests;
  const tolerance = tolerated.find((row) => requests >= row.requests);
  if (tolerance === undefined || failures / requests <= usual + tolerance.share) return undefined;
  return `failed ${failures} of ${requests} requests, ${percent(failures / requests)} against ${percent(usual)} before`;
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
