import type { Clock } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { DeliveryStanding } from '../parked-keys.port.ts';

export interface SettlerGaugesOptions {
  readonly source: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** What is shown of a settler's state. */
interface Shown {
  readonly behindMs: number;
  readonly standing: DeliveryStanding | undefined;
}

/** Shows how far behind a settler is, and what is parked. */
export function showSettlerGauges({ source, clock, telemetry }: SettlerGaugesOptions, state: () => Shown): void {
  const gauge = (name: string, description: string, read: () => number) =>
    telemetry.metrics.gauge(name, description, read, { source });
  const show = (name: string, description: string, read: (standing: DeliveryStanding | undefined) => number) =>
    gauge(name, description, () => read(state().standing));
  gauge(
    'messaging_behind_seconds',
    'Time since the oldest message at hand was written',
    () => state().behindMs / 1_000,
  );
  show('messaging_parked_keys', 'Keys whose messages wait because one cannot be applied', (now) => now?.keys ?? 0);
  show('messaging_stopped_keys', 'Parked keys that wait for an operator', (now) => now?.stopped ?? 0);
  show('messaging_parked_replies', 'Parked keys at whose head a reply to a saga waits', (now) => now?.replies ?? 0);
  show('messaging_parked_seconds', 'Time since the first parked key was parked', (now) =>
    now?.since === undefined ? 0 : (clock.now() - now.since) / 1_000,
  );
}
