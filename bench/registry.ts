// What do 10 000 instances cost the registry, and how long until a change is seen by 500 subscribers?
import { get } from 'node:http';
import { join } from 'node:path';
import { ids, systemClock, systemRandom } from '@dure/core';
import { generateSigningKey, publicKeyOf, serviceTokens } from '@dure/identity';
import { Agent, request } from 'undici';
import { startChild } from './lib/child.ts';
import { cpuMs } from './lib/shop.ts';
import { printTable, round } from './lib/table.ts';

const instances = Number(process.env.INSTANCES ?? 10_000);
const renewEveryMs = 10_000;
const seconds = Number(process.env.SECONDS ?? 20);
const subscribers = 500;
const changes = 50;

const key = await generateSigningKey();
const clock = systemClock;
const signers = Array.from({ length: 500 }, () =>
  serviceTokens({ service: 'stock', key, scopes: {}, clock, ids: ids(clock, systemRandom) }),
);
const registry = await startChild(join(import.meta.dirname, 'peers/registry.ts'), JSON.stringify(publicKeyOf(key)));
const url = `http://127.0.0.1:${registry.hello.port}`;
const dispatcher = new Agent({ connections: 64 });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const failed = { count: 0 };
async function send(method: 'PUT' | 'POST', path: string, signer: number, body?: string): Promise<void> {
  const authorization = (await signers[signer % signers.length]?.authorize('registry', undefined)) ?? '';
  const headers = { authorization, 'content-type': 'application/json' };
  const answer = await request(url + path, { method, dispatcher, headers, ...(body === undefined ? {} : { body }) });
  await answer.body.dump();
  if (answer.statusCode >= 300) failed.count += 1;
}

function registration(instanceId: string): string {
  return JSON.stringify({
    instance: {
      instanceId,
      hostName: '127.0.0.1',
      app: 'STOCK',
      ipAddr: '127.0.0.1',
      status: 'UP',
      port: { $: 8080, '@enabled': 'true' },
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      vipAddress: 'stock',
      metadata: { 'management.port': '8081', zone: 'zone-a', version: '1.2.3' },
    },
  });
}

const registering = performance.now();
for (let from = 0; from < instances; from += 100) {
  const some = Array.from({ length: Math.min(100, instances - from) }, (_, index) => from + index);
  await Promise.all(some.map((index) => send('POST', '/eureka/apps/STOCK', index, registration(`stock:${index}`))));
}
const registered = performance.now() - registering;

const latencies: number[] = [];
const before = cpuMs(registry.pid);
const start = performance.now();
for (let tick = 0; performance.now() - start < seconds * 1_000; tick += 1) {
  const due = start + tick * 10;
  if (due > performance.now()) await sleep(due - performance.now());
  const perTick = Math.round((instances / renewEveryMs) * 10);
  for (let index = 0; index < perTick; index += 1) {
    const instance = (tick * perTick + index) % instances;
    const sentAt = performance.now();
    void send('PUT', `/eureka/apps/STOCK/stock:${instance}?status=UP`, instance).then(() =>
      latencies.push(performance.now() - sentAt),
    );
  }
}
const elapsed = performance.now() - start;
const cpu = cpuMs(registry.pid) - before;
await sleep(500);

/** Opens a push stream; calls back with every event's text. */
async function subscribe(index: number, heard: (text: string) => void): Promise<() => void> {
  const authorization = (await signers[index]?.authorize('registry', undefined)) ?? '';
  return new Promise((resolve, reject) => {
    const opened = get(
      `${url}/dure/instances?process=p${index}`,
      { headers: { authorization }, agent: false },
      (answer) => {
        answer
          .setEncoding('utf8')
          .on('data', heard)
          .on('error', () => {});
        resolve(() => opened.destroy());
      },
    );
    opened.once('error', reject);
  });
}

let seen = 0;
let marker = '';
let changedAt = 0;
const visible: number[] = [];
const ready: Promise<void>[] = [];
const closers: (() => void)[] = [];
const opening = performance.now();
for (let index = 0; index < subscribers; index += 1) {
  const whole = Promise.withResolvers<void>();
  ready.push(whole.promise);
  closers.push(
    await subscribe(index, (text) => {
      if (text.includes('event: ping')) whole.resolve();
      if (marker === '' || !text.includes(marker)) return;
      seen += 1;
      visible.push(performance.now() - changedAt);
    }),
  );
}
await Promise.all(ready);
const opened = performance.now() - opening;
for (let change = 0; change < changes; change += 1) {
  seen = 0;
  marker = `changed:${change}:`;
  changedAt = performance.now();
  await send('POST', '/eureka/apps/STOCK', change, registration(marker));
  while (seen < subscribers && performance.now() - changedAt < 5_000) await sleep(1);
}
for (const close of closers) close();
await dispatcher.close();
await registry.stop();

const quantile = (values: number[], share: number) =>
  round(values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN);
printTable(`The registry with ${instances} instances`, [
  ['what', 'value', 'bar'],
  [`registering all (s)`, round(registered / 1_000), ''],
  [`renewals answered per second`, round(latencies.length / (elapsed / 1_000), 0), `${instances / 10}`],
  ['CPU of one core (%)', round((cpu / elapsed) * 100, 1), '≤ 50'],
  ['renewal p99 (ms)', quantile(latencies, 0.99), ''],
  ['failed requests', failed.count, '0'],
  [`opening ${subscribers} streams with a snapshot each (s)`, round(opened / 1_000), ''],
  [`change seen by ${subscribers} subscribers: p50 (ms)`, quantile(visible, 0.5), ''],
  [`change seen by ${subscribers} subscribers: p99 (ms)`, quantile(visible, 0.99), '≤ 500'],
  ['changes seen', visible.length, `${subscribers * changes}`],
]);
