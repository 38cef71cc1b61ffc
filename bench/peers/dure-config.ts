import { configService } from '@dure/config/server';
import { ids, systemClock, systemRandom } from '@dure/core';
import { tokenVerifier } from '@dure/identity';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import { openTelemetry, stdoutSink } from '@dure/telemetry';

const [folder = '', publicKey = ''] = process.argv.slice(2);
const made = ids(systemClock, systemRandom);
const telemetry = openTelemetry({
  service: 'config',
  instance: 'config:1',
  clock: systemClock,
  ids: made,
  random: systemRandom,
  stdout: stdoutSink(),
  level: 'info',
  sampleRatio: 1,
});
const verifier = tokenVerifier({
  audience: 'config',
  peers: { order: JSON.parse(publicKey) },
  edges: [],
  clock: systemClock,
});
const running = await startService(
  configService({ folder, applications: ['order', 'payment'] }),
  serviceParts({ mode: 'production', ids: made, telemetry, platform: { verifier } }),
);
process.once('SIGTERM', () => void running.close().then(() => process.exit(0)));
process.send?.({ port: running.port });
