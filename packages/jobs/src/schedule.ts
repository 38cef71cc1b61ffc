import { messageOf } from '@dure/core';
import { Cron } from 'croner';
import { jobsErrors } from './errors.ts';

/** When a job runs by itself. */
export interface Schedule {
  /** Five fields, or six with seconds: `15 3 * * *`. */
  readonly cron: string;
  /** The IANA time zone in which the expression is meant, daylight saving included. Default `UTC`. */
  readonly zone?: string;
}

/** The moments of a schedule, in epoch milliseconds. */
export interface Periods {
  /** The latest moment that is after the one and not after the other; undefined when there is none. */
  latest(after: number, upTo: number): number | undefined;
  /** The first moment after this one; undefined when there is none any more. */
  next(after: number): number | undefined;
}

/** Steps back from the present, by which the latest moment is found without going through all of them. */
const stepsMs = [60_000, 3_600_000, 86_400_000, 32 * 86_400_000, 366 * 86_400_000];

/** Reads a schedule. JOBS_SCHEDULE_INVALID. */
export function periodsOf(job: string, { cron, zone = 'UTC' }: Schedule): Periods {
  let expression: Cron;
  try {
    expression = new Cron(cron, { timezone: zone, paused: true });
    expression.nextRun(new Date(0));
  } catch (cause) {
    throw jobsErrors.SCHEDULE_INVALID(`the schedule of the job "${job}" is wrong: ${messageOf(cause)}`, {
      cause,
      details: { job, cron, zone },
    });
  }
  const next = (after: number) => expression.nextRun(new Date(after))?.getTime();
  return {
    next,
    latest(after, upTo) {
      const from = stepsMs.map((step) => upTo - step).find((at) => at > after && (next(at) ?? Infinity) <= upTo);
      let found: number | undefined;
      for (let at = next(from ?? after); at !== undefined && at <= upTo; at = next(at)) found = at;
      return found;
    },
  };
}
