import { dureErrors } from '../errors.ts';
import type { InstanceCounts } from '../plan/instances.ts';

/** Reads `order=3` and its like. DURE_USAGE when one is something else, or names a service twice. */
export function readCounts(written: readonly string[]): InstanceCounts {
  const counts: Record<string, number> = {};
  for (const text of written) {
    const [, service, count] = /^([a-z][a-z0-9-]*)=(\d{1,4})$/.exec(text) ?? [];
    if (service === undefined)
      throw dureErrors.USAGE(
        `"${text}" does not say how many processes a service is to have; write \`<service>=<n>\`, such as \`order=3\``,
      );
    if (service in counts) throw dureErrors.USAGE(`"${service}" was given twice; name each service once`);
    counts[service] = Number(count);
  }
  return counts;
}
