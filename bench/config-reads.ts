// How many Environments does the config server answer a second, on one core, while no file changes; and how soon is an edit seen?
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ids, systemClock, systemRandom } from '@dure/core';
import { generateSigningKey, publicKeyOf, serviceTokens } from '@dure/identity';
import { startChild } from './lib/child.ts';
import { cpuMs } from './lib/shop.ts';
import { median, printTable, round } from './lib/table.ts';
import { wrk } from './lib/wrk.ts';

const rounds = Number(process.env.ROUNDS ?? 5);
const seconds = Number(process.env.SECONDS ?? 3);
const keys = Number(process.env.KEYS ?? 40);

const folder = await mkdtemp(join(tmpdir(), 'dure-bench-config-'));
const section = (name: string) =>
  `${name}:\n${Array.from({ length: keys }, (_, key) => `  key-${key}: value of ${key}\n`).join('')}`;
for (const name of ['application', 'application-dev', 'order', 'order-dev'])
  await writeFile(join(folder, `${name}.yml`), section(name));

const key = await generateSigningKey();
const child = await startChild(
  join(import.meta.dirname, 'peers', 'dure-config.ts'),
  folder,
  JSON.stringify(publicKeyOf(key)),
);
execFileSync('taskset', ['-a', '-p', '-c', '0', String(child.pid)]);
execFileSync('taskset', ['-a', '-p', '-c', '1', String(process.pid)]); // what wrk inherits

const tokens = serviceTokens({
  service: 'order',
  key,
  scopes: {},
  clock: systemClock,
  ids: ids(systemClock, systemRandom),
});
const url = `http://127.0.0.1:${child.hello.port}`;
const script = join(import.meta.dirname, 'lib', 'with-headers.lua');
const v2 = 'application/vnd.spring-cloud.config-server.v2+json';

async function ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url + path, { headers: { authorization: await tokens.authorize('config', undefined), ...headers } });
}
const etag = (await ask('/order/dev')).headers.get('etag') ?? '';

async function figures(path: string, headers: readonly string[], connections: number) {
  const authorization = `authorization: ${await tokens.authorize('config', undefined)}`;
  const before = cpuMs(child.pid);
  const { rate, failures, successes } = await wrk(url + path, {
    connections,
    seconds,
    script: [script, authorization, ...headers],
  });
  if (failures > 0 || successes === 0) throw new TypeError(`${failures} requests of ${successes + failures} failed`);
  return { rate, micros: ((cpuMs(child.pid) - before) * 1_000) / successes };
}

const rows: (string | number)[][] = [['read', 'connections', 'a second', 'CPU µs each']];
const reads: readonly (readonly [string, string, readonly string[]])[] = [
  ['Environment', '/order/dev', []],
  ['Environment with origins', '/order/dev', [`accept: ${v2}`]],
  ['not modified', '/order/dev', [`if-none-match: ${etag}`]],
  ['YAML', '/order-dev.yml', []],
];
for (const [name, path, headers] of reads) {
  for (const connections of name === 'Environment' ? [1, 8, 64] : [64]) {
    await figures(path, headers, connections);
    const measured: Awaited<ReturnType<typeof figures>>[] = [];
    for (let run = 0; run < rounds; run += 1) measured.push(await figures(path, headers, connections));
    rows.push([
      name,
      connections,
      round(median(measured.map(({ rate }) => rate)), 0),
      round(median(measured.map(({ micros }) => micros))),
    ]);
  }
}
const bytes = (await (await ask('/order/dev')).arrayBuffer()).byteLength;
printTable(
  `an Environment of four files and ${bytes} bytes, server on one core, medians of ${rounds} rounds of ${seconds} s`,
  rows,
);

const delays: number[] = [];
for (let edit = 0; edit < 100; edit += 1) {
  await writeFile(join(folder, 'order-dev.yml'), `edit: ${edit}\n`);
  const startedMs = performance.now();
  while (!(await (await ask('/order-dev.properties')).text()).split('\n').includes(`edit: ${edit}`));
  delays.push(performance.now() - startedMs);
}
printTable('an edit until it is answered, 100 edits', [
  ['p50 ms', 'slowest ms'],
  [round(median(delays)), round(Math.max(...delays))],
]);
await child.stop();
await rm(folder, { recursive: true });
