import type { ManagementEndpoint, Settings } from '@dure/core';
import type { Flag, Flags } from '@dure/flags';
import { flagsEndpoint, flagsSection, openFlags } from '@dure/flags';
import type { Telemetry } from '@dure/telemetry';

/** A service's feature flags, counted by flag, variant and reason, and what its management port shows of them. */
export function serviceFlags(
  flags: readonly Flag<unknown>[],
  settings: Settings,
  { metrics }: Telemetry,
): { readonly flags: Flags; readonly endpoints: readonly ManagementEndpoint[] } {
  const rules = settings(flagsSection(flags));
  const evaluations = metrics.counter('dure_flag_evaluations', 'Answers of feature flags');
  const open = openFlags({
    flags,
    rules,
    observe: (flag, { variant, reason }) => evaluations.add(1, { flag, variant, reason }),
  });
  return { flags: open, endpoints: flags.length === 0 ? [] : [flagsEndpoint(flags, rules, open)] };
}
