// How late is the slowest answer in a hundred at half of what the gateway can do, against HAProxy at the same rate before the same upstream?
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import type { Child } from './lib/child.ts';
import { startChild } from './lib/child.ts';
import { startHaproxy } from './lib/haproxy.ts';
import { median, printTable, round } from './lib/table.ts';
import { wrk } from './lib/wrk.ts';

const peers = join(import.meta.dirname, 'peers');
const pairs = Number(process.env.PAIRS ?? 5);
const seconds = Number(process.env.SECONDS ?? 5);
const path = '/stock/A-1';

const upstream = await startChild(join(peers, 'upstream.ts'));
const accessLog = join(mkdtempSync(join(tmpdir(), 'dure-bench-')), 'access.log');
const gateway = await startChild(join(peers, 'dure-gateway.ts'), String(upstream.hello.port), '0.01', accessLog);
const haproxy = await startHaproxy(upstream.hello.port ?? 0);
const most = await wrk(`http://127.0.0.1:${gateway.hello.port}${path}`, { connections: 32, seconds: 3 });
const rate = Math.round(most.rate / 2);

/** Latencies in milliseconds, in order, of requests that are due at a fixed rate; each counts from when it was due. */
async function latencies({ hello }: Child, forSeconds: number): Promise<Float64Array> {
  const pool = new Pool(`http://127.0.0.1:${hello.port}`, { connections: 128 });
  const count = Math.round(rate * forSeconds);
  const took = new Float64Array(count);
  const startedAt = performance.now();
  let sent = 0;
  let failed = 0;
  const pending: Promise<void>[] = [];
  const send = async (at: number, dueAt: number) => {
    const answer = await pool.request({ path, method: 'GET' });
    await answer.body.dump();
    if (answer.statusCode !== 200) failed += 1;
    took[at] = performance.now() - dueAt;
  };
  while (sent < count) {
    const due = Math.min(Math.floor(((performance.now() - startedAt) * rate) / 1_000), count);
    for (; sent < due; sent += 1) pending.push(send(sent, startedAt + (sent * 1_000) / rate));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await Promise.all(pending);
  await pool.destroy();
  if (failed > 0) throw new TypeError(`${failed} of ${count} requests failed`);
  return took.sort();
}

const at = (sorted: Float64Array, share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
const proxies: readonly (readonly [string, Child])[] = [
  ['dure gateway, 1 % traced, access log', gateway],
  ...(haproxy === undefined ? [] : [['HAProxy', haproxy] as const]),
  ['no proxy', upstream],
];
for (const [, child] of proxies) await latencies(child, 1);
const rounds: Readonly<Record<string, Float64Array>>[] = [];
for (let pair = 0; pair < pairs; pair += 1) {
  const measured: Record<string, Float64Array> = {};
  for (const [name, child] of proxies) measured[name] = await latencies(child, seconds);
  rounds.push(measured);
}
const [[own] = ['']] = proxies;
const middle = (name: string, share: number) =>
  median(rounds.map((measured) => at(measured[name] ?? new Float64Array(), share)));
const ratio = (name: string) =>
  median(
    rounds.map(
      (measured) => at(measured[own] ?? new Float64Array(), 0.99) / at(measured[name] ?? new Float64Array(), 0.99),
    ),
  );
printTable(
  `${rate} requests a second (half of what the gateway can do here), median of ${pairs} rounds of ${seconds} s`,
  [
    ['proxy', 'p50 ms', 'p99 ms', 'p99.9 ms', 'gateway p99 ÷ this'],
    ...proxies.map(([name]) => [
      name,
      round(middle(name, 0.5)),
      round(middle(name, 0.99)),
      round(middle(name, 0.999)),
      round(ratio(name)),
    ]),
  ],
);
if (haproxy === undefined) process.stdout.write('HAProxy is not installed here (apt-get install haproxy): no figure\n');
await Promise.all([upstream, ...proxies.map(([, child]) => child)].map((child) => child.stop()));
