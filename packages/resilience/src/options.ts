import type { DureError } from '@dure/core';
import { resilienceErrors } from './errors.ts';

/** Fails with RESILIENCE_OPTION_INVALID unless the value is a number within the bounds, both included. */
export function checkOption(layer: string, option: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw refuseOption(layer, option, value, rangeText(least, most));
}

function rangeText(least: number, most: number): string {
  if (least === Number.MIN_VALUE) return `above 0, at most ${most}`;
  return most === Number.POSITIVE_INFINITY ? `at least ${least}` : `from ${least} to ${most}`;
}

/** The error of an option that must be something else. */
export function refuseOption(layer: string, option: string, value: unknown, expected: string): DureError {
  return resilienceErrors.OPTION_INVALID(`${layer}: \`${option}\` is ${String(value)}, but must be ${expected}`, {
    details: { layer, option, value },
  });
}
