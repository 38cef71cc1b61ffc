// What does a Dure call cost against bare undici → Fastify and against Moleculer's TCP transporter?
import { join } from 'node:path';
import { balancer, staticInstance, staticInstances } from '@dure/balancer';
import { ids, newTrace, seededRandom, startCall, systemClock, systemRandom } from '@dure/core';
import { httpClient, httpTransport, outboundLayers } from '@dure/service/client';
import { openTelemetry, stdoutSink } from '@dure/telemetry';
import { Pool } from 'undici';
import { startChild } from './lib/child.ts';
import { callsPerSecond } from './lib/load.ts';
import { median, printTable, round } from './lib/table.ts';
import { stock } from './peers/stock-contract.ts';

const peers = join(import.meta.dirname, 'peers');
const sampleRatio = Number(process.env.SAMPLE_RATIO ?? 1);
const pairs = Number(process.env.PAIRS ?? 5);
const runMs = 2_000;
const made = ids(systemClock, systemRandom);
const dureServer = await startChild(join(peers, 'dure-service.ts'), String(sampleRatio));
const bareServer = await startChild(join(peers, 'bare-fastify.ts'));

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

const rows: (string | number)[][] = [['concurrency', 'dure calls/s', 'bare undici→Fastify', 'ratio']];
for (const concurrency of [1, 32]) {
  const results: { dure: number; bare: number }[] = [];
  await callsPerSecond(dure, concurrency, 1_000);
  await callsPerSecond(bare, concurrency, 1_000);
  for (let pair = 0; pair < pairs; pair += 1)
    results.push({
      dure: await callsPerSecond(dure, concurrency, runMs),
      bare: await callsPerSecond(bare, concurrency, runMs),
    });
  const ratio = median(results.map((result) => result.dure / result.bare));
  rows.push([
    concurrency,
    Math.round(median(results.map((result) => result.dure))),
    Math.round(median(results.map((result) => result.bare))),
    round(ratio),
  ]);
}
printTable(`Service call, sampling ${sampleRatio}, median of ${pairs} pairs`, rows);
await transport.close();
await pool.destroy();
await telemetry.close();
await Promise.all([dureServer.stop(), bareServer.stop()]);
