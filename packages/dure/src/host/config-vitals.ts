import type { Vitals } from '@dure/config/client';
import { statusOfKind } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';

/** What its own meters say of a service that tries out a change of its configuration. */
export function configVitals({ metrics }: Telemetry, isUp: () => Promise<boolean>): () => Promise<Vitals> {
  return async () => {
    const series = (wanted: string) => metrics.snapshot().find(({ name }) => name === wanted)?.series ?? [];
    const counted = (some: ReturnType<typeof series>) =>
      some.reduce((sum, { measurements }) => sum + (measurements.COUNT ?? 0), 0);
    const calls = series('dure.server.duration');
    return {
      isUp: await isUp(),
      requests: counted(calls),
      failures: counted(calls.filter(({ labels }) => isFailure(String(labels.outcome)))),
      breakersOpened: counted(
        series('dure.resilience.events').filter(({ labels }) => labels.kind === 'breaker-opened'),
      ),
    };
  };
}

/** The outcomes that callers see as 5xx. */
function isFailure(outcome: string): boolean {
  return outcome in statusOfKind && statusOfKind[outcome as keyof typeof statusOfKind] >= 500;
}
