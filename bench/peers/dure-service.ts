import { ids, systemClock, systemRandom } from '@dure/core';
import { service, startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import { openTelemetry, stdoutSink } from '@dure/telemetry';
import { stock } from './stock-contract.ts';

const made = ids(systemClock, systemRandom);
const telemetry = openTelemetry({
  service: 'stock',
  instance: 'stock:1',
  clock: systemClock,
  ids: made,
  random: systemRandom,
  stdout: stdoutSink(),
  level: 'info',
  sampleRatio: Number(process.argv[2] ?? 1),
});
const running = await startService(
  service({
    contract: stock,
    start: () => ({ getStock: async ({ params }) => ({ sku: params.sku, left: 5, reserved: 1, sold: 2 }) }),
  }),
  serviceParts({ mode: 'production', ids: made, telemetry }),
);
await running.register();
process.once('SIGTERM', () => void running.close().then(() => process.exit(0)));
process.send?.({ port: running.port });
