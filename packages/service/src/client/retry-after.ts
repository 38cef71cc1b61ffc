import type { Clock } from '@dure/core';

/** The three forms of RFC 9110 §5.6.7 begin with the name of a day; that of `asctime` does not say that it is in UTC. */
const httpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d/;

/** How long a `Retry-After` asks to wait, in milliseconds (RFC 9110 §10.2.3); undefined when it is neither seconds nor a date. */
export function retryAfterMs(field: string | undefined, clock: Clock): number | undefined {
  if (field === undefined) return undefined;
  if (/^\d+$/.test(field)) return Number(field) * 1_000;
  if (!httpDate.test(field)) return undefined;
  const at = Date.parse(field.endsWith('GMT') ? field : `${field} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(at - clock.now(), 0);
}
