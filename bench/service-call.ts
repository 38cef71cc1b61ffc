// What does a Dure call cost against bare undici, both to the same Fastify, and the whole way against Moleculer's TCP transporter?
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
const transport = httpTransport({ clock: systemClock, signer: { authorize: async () => '' } });
const clientOf = ({ hello: { port } }: typeof dureServer) => {
  const instances = staticInstances({ stock: [staticInstance('stock', `http://127.0.0.1:${port}`)] });
  const balance = balancer({ instances, clock: systemClock, random: seededRandom(1) });
  const layers = outboundLayers({ clock: systemClock, random: systemRandom, telemetry, balancer: balance });
  return httpClient(stock, layers, transport);
};
const whole = clientOf(dureServer);
const clientOnly = clientOf(bareServer);
const pool = new Pool(`http://127.0.0.1:${bareServer.hello.port}`, { connections: 64 });

const call = () => startCall({ trace: newTrace(made), deadline: systemClock.now() + 5_000 });
const dure = () => whole.getStock({ params: { sku: 'A-1' } }, call());
const client = () => clientOnly.getStock({ params: { sku: 'A-1' } }, call());
const bare = async () => (await pool.request({ path: '/stock/A-1', method: 'GET' })).body.json();

const moleculer = () => broker.call('stock.getStock', { sku: 'A-1' });

const rows: (string | number)[][] = [
  ['concurrency', 'bare undici→Fastify', 'dure→Fastify', 'ratio', 'dure→dure', 'ratio', 'Moleculer TCP', 'ratio'],
];
const callers = { dure, client, bare, moleculer };
for (const concurrency of [1, 32]) {
  const results: Record<keyof typeof callers, number>[] = [];
  for (const call of Object.values(callers)) await callsPerSecond(call, concurrency, 1_500);
  for (let pair = 0; pair < pairs; pair += 1)
    results.push({
      dure: await callsPerSecond(dure, concurrency, runMs),
      client: await callsPerSecond(client, concurrency, runMs),
      bare: await callsPerSecond(bare, concurrency, runMs),
      moleculer: await callsPerSecond(moleculer, concurrency, runMs),
    });
  const of = (name: keyof typeof callers) => Math.round(median(results.map((result) => result[name])));
  const ratio = (name: keyof typeof callers, to: keyof typeof callers) =>
    round(median(results.map((result) => result[name] / result[to])));
  rows.push([
    ...[concurrency, of('bare'), of('client'), ratio('client', 'bare'), of('dure'), ratio('dure', 'bare')],
    ...[of('moleculer'), ratio('dure', 'moleculer')],
  ]);
}
printTable(`Service call, sampling ${sampleRatio}, median of ${pairs} runs each`, rows);
await transport.close();
await pool.destroy();
await telemetry.close();
await broker.stop();
await Promise.all([dureServer.stop(), bareServer.stop(), moleculerServer.stop()]);
