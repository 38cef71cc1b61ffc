import type { SchemaIssue, SchemaSection } from '@dure/core';

/** Between what the number of calls moves that a service works on at once. An operation counts as many as its `cost`. */
export interface AdmissionLimits {
  /** The lowest limit. Default 20. */
  readonly least?: number;
  /** The limit to begin with, and to come back to. Default 200. */
  readonly initial?: number;
  /** The highest limit. Default 1 000. */
  readonly most?: number;
  /** How late the event loop may be, in milliseconds, before a limit that is made use of falls. Default 100. */
  readonly longestLoopDelayMs?: number;
}

/** Between what a service's limit moves, complete. */
export type AdmissionSettings = Required<Omit<AdmissionLimits, 'initial'>>;

/** What a service's definition leaves open has defaults. */
export function admissionLimits(defined: AdmissionLimits): Required<AdmissionLimits> {
  const {
    least = 20,
    initial = Math.max(200, least),
    most = Math.max(1_000, initial),
    longestLoopDelayMs = 100,
  } = defined;
  return { least, initial, most, longestLoopDelayMs };
}

const whole = { type: 'integer' };
const json = {
  type: 'object',
  properties: { least: whole, most: whole, longestLoopDelayMs: { type: 'number' } },
  additionalProperties: false,
};

/** `dure.admission`: what the configuration puts in place of the limits of a service's definition. */
export function admissionSection(defined: AdmissionLimits): SchemaSection<AdmissionSettings> {
  const { least, most, longestLoopDelayMs } = admissionLimits(defined);
  return {
    at: 'dure.admission',
    schema: {
      '~standard': {
        version: 1,
        vendor: 'dure',
        validate(value) {
          const settings = { least, most, longestLoopDelayMs, ...(value as Partial<AdmissionSettings>) };
          const issues = [...wrong(settings)];
          return issues.length > 0 ? { issues } : { value: settings };
        },
        jsonSchema: { input: () => json, output: () => json },
      },
    },
  };
}

function* wrong({ least, most, longestLoopDelayMs }: AdmissionSettings): Iterable<SchemaIssue> {
  const between = (value: unknown, from: number, to: number) =>
    typeof value === 'number' && value >= from && value <= to;
  const isWhole = (value: unknown) => Number.isSafeInteger(value) && between(value, 1, 1_000_000);
  if (!isWhole(least)) yield issue('least', 'must be a whole number from 1 to 1000000');
  if (!isWhole(most)) yield issue('most', 'must be a whole number from 1 to 1000000');
  else if (most < least) yield issue('most', `must not be below \`least\`, which is ${least}`);
  if (!between(longestLoopDelayMs, 1, 60_000)) yield issue('longestLoopDelayMs', 'must be a number from 1 to 60000');
}

function issue(name: string, message: string): SchemaIssue {
  return { path: [name], message, code: 'invalid_value' };
}
