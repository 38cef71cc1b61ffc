import type { Telemetry } from '@dure/telemetry';

/** The values of a meter by those of its labels, in the order of their names: `lists.add kept`. */
export function readMeter({ metrics }: Telemetry, name: string): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const line of metrics.prometheus().split('\n')) {
    const [, labels = '', value] = new RegExp(`^${name}(?:_total)?(?:\\{(.*)\\})? (\\S+)$`).exec(line) ?? [];
    if (value === undefined) continue;
    found[[...labels.matchAll(/="([^"]*)"/g)].map(([, text]) => text).join(' ')] = Number(value);
  }
  return found;
}
