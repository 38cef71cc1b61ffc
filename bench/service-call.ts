// What does a Dure call cost against bare undici → Fastify and against Moleculer's TCP transporter?
import { join } from 'node:path';
import { balancer, staticInstance, staticInstances } from '@dure/balancer';
import { ids, newTrace, seededRandom, startCall, systemClock, systemRandom } from '@dure/core';
import { httpClient, httpTransport, outboundLayers } from '@dure/service/client';
import { openTelemetry, stdoutSink } from '@dure/telemetry';
import { ServiceBroker } from 'moleculer';
import { Pool } from 'undici';
import { startChild } from './lib/child.ts';
import { freePorts } from './lib/free-ports.ts';
import { callsPerSecond } from './lib/load.ts';
import { moleculerOptions } from './lib/moleculer-options.ts';
import { median, printTable, round } from './lib/table.ts';
import { stock } from './peers/stock-contract.ts';

const peers = join(import.meta.dirname, 'peers');
const sampleRatio = Number(process.env.SAMPLE_RATIO ?? 1);
const pairs = Number(process.env.PAIRS ?? 5);
const runMs = 2_000;
const made = ids(systemClock, systemRandom);
const dureServer = await startChild(join(peers, 'dure-service.ts'), String(sampleRatio));
const bareServer = await startChild(join(peers, 'bare-fastify.ts'));
const [callerPort = 0, stockPort = 0] = await freePorts(2);
const moleculerServer = await startChild(join(peers, 'moleculer-service.ts'), String(stockPort), String(callerPort));
const broker = new ServiceBroker(moleculerOptions('caller', callerPort, 'stock', stockPort));
await broker.start();
await broker.waitForServices('stock', 20_000);

const telemetry = openTelemetry({
  service: 'bench',
  instance: 'bench:1',
  clock: systemClock,
  ids: made,
  random: systemRandom,
  stdout: stdoutSink(),
  level: 'info',
  sampleRatio,
});
const instances = staticInstances({ stock: [staticInstance('stock', `http://127.0.0.1:${dureServer.hello.port}`)] });
const layers = outboundLayers({
  clock: systemClock,
  random: systemRandom,
  telemetry,
  balancer: balancer({ instances, clock: systemClock, random: seededRandom(1) }),
});
const transport = httpTransport({ clock: systemClock, signer: { authorize: async () => '' } });
const client = httpClient(stock, layers, transport);
const pool = new Pool(`http://127.0.0.1:${bareServer.hello.port}`, { connections: 64 });

const dure = () =>
  client.getStock(
    { params: { sku: 'A-1' } },
    startCall({ trace: newTrace(made), deadline: systemClock.now() + 5_000 }),
  );
const bare = async () => (await pool.request({ path: '/stock/A-1', method: 'GET' })).body.json();

const moleculer = () => broker.call('stock.getStock', { sku: 'A-1' });

const rows: (string | number)[][] = [
  ['concurrency', 'dure calls/s', 'bare undici→Fastify', 'ratio', 'Moleculer TCP', 'ratio'],
];
const callers = { dure, bare, moleculer };
for (const concurrency of [1, 32]) {
  const results: Record<keyof typeof callers, number>[] = [];
  for (const call of Object.values(callers)) await callsPerSecond(call, concurrency, 1_500);
  for (let pair = 0; pair < pairs; pair += 1)
    results.push({
      dure: await callsPerSecond(dure, concurrency, runMs),
      bare: await callsPerSecond(bare, concurrency, runMs),
      moleculer: await callsPerSecond(moleculer, concurrency, runMs),
    });
  const of = (name: keyof typeof callers) => Math.round(median(results.map((result) => result[name])));
  const ratioTo = (peer: 'bare' | 'moleculer') => round(median(results.map((result) => result.dure / result[peer])));
  rows.push([concurrency, of('dure'), of('bare'), ratioTo('bare'), of('moleculer'), ratioTo('moleculer')]);
}
printTable(`Service call, sampling ${sampleRatio}, median of ${pairs} runs each`, rows);
await transport.close();
await pool.destroy();
await telemetry.close();
await broker.stop();
await Promise.all([dureServer.stop(), bareServer.stop(), moleculerServer.stop()]);
