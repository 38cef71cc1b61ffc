import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTelemetry } from '@dure/telemetry';
import { configVitals } from './config-vitals.ts';
import { machine } from './machine.ts';

test('vitals are what the meters of calls and breakers say', async () => {
  const telemetry = openTelemetry({
    ...machine(),
    service: 'order',
    instance: 'order:1',
    stdout: { write: () => {}, flush: async () => {} },
    level: 'info',
    sampleRatio: 0,
  });
  const vitals = configVitals(telemetry, async () => true);
  assert.deepEqual(await vitals(), { isUp: true, requests: 0, failures: 0, breakersOpened: 0 });
  const calls = telemetry.metrics.histogram('dure_server_duration_seconds', 'Calls');
  for (const outcome of ['ok', 'ok', 'refused', 'invalid', 'internal', 'unavailable'])
    calls.record(0.1, { operation: 'place', outcome });
  const events = telemetry.metrics.counter('dure_resilience_events', 'Events');
  events.add(2, { kind: 'breaker-opened' });
  events.add(1, { kind: 'breaker-closed' });
  assert.deepEqual(await vitals(), { isUp: true, requests: 6, failures: 2, breakersOpened: 2 });
  await telemetry.close();
});
