import { staticInstance, staticInstances } from '@dure/balancer';
import { ids, systemClock, systemRandom } from '@dure/core';
import { gatewayService } from '@dure/proxy/gateway';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import { openTelemetry, stdoutSink } from '@dure/telemetry';
import { stock } from './stock-contract.ts';

const [upstream = '', sampleRatio = '1', accessLog] = process.argv.slice(2);
const made = ids(systemClock, systemRandom);
const telemetry = openTelemetry({
  service: 'gateway',
  instance: 'gateway:1',
  clock: systemClock,
  ids: made,
  random: systemRandom,
  stdout: stdoutSink(),
  level: 'info',
  sampleRatio: Number(sampleRatio),
});
const instances = staticInstances({ stock: [staticInstance('stock', `http://127.0.0.1:${upstream}`)] });
const running = await startService(
  gatewayService({ exposes: [stock], ...(accessLog === undefined ? {} : { accessLog: { file: accessLog } }) }),
  serviceParts({ mode: 'production', ids: made, telemetry, platform: { instances } }),
);
await running.register();
process.once('SIGTERM', () => process.exit(0));
process.send?.({ port: running.port });
