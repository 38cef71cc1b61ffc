import { resilienceErrors } from './errors.ts';

/** Fails with RESILIENCE_OPTION_INVALID unless the value is a number within the bounds, both included. */
export function checkOption(layer: string, option: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw resilienceErrors.OPTION_INVALID(
    `${layer}: \`${option}\` is ${value}, but must be ${most === Number.POSITIVE_INFINITY ? `at least ${least}` : `from ${least} to ${most}`}`,
    { details: { layer, option, value } },
  );
}
