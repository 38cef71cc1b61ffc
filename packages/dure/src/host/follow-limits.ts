import type { ChangedKey } from '@dure/config/client';
import type { ResilienceLimits } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import type { ServiceWatch } from './service-sections.ts';
import { limitName } from './service-sections.ts';

/** Hands over the limits of a configuration, now and whenever they change, and says what changed. */
export function followLimits(
  watch: ServiceWatch,
  apply: (limits: ResilienceLimits) => void,
  log: Telemetry['log'],
): void {
  const { limits } = watch.current.values;
  if (limits !== undefined) apply(limits);
  watch.onChange(({ values, keys }) => {
    const changed = keys.flatMap(described);
    if (values.limits !== undefined && changed.length > 0) {
      apply(values.limits);
      log.info(`limits changed: ${changed.join(', ')}`);
    }
    const others = keys.filter(({ key }) => limitName(key) === undefined).map(({ key }) => key);
    if (others.length > 0) log.info(`the configuration changed; the next start takes it up: ${others.join(', ')}`);
  });
}

function described({ key, before = 'none', after = 'none' }: ChangedKey): readonly string[] {
  const name = limitName(key);
  return name === undefined ? [] : [`${name} ${String(before)} → ${String(after)}`];
}
