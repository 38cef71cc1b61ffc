// How much CPU does the gateway spend on one proxied request, against @fastify/http-proxy, node:http + undici and HAProxy before the same upstream?
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Child } from './lib/child.ts';
import { startChild } from './lib/child.ts';
import { startHaproxy } from './lib/haproxy.ts';
import { cpuMs } from './lib/shop.ts';
import { median, printTable, round } from './lib/table.ts';
import { wrk } from './lib/wrk.ts';

const peers = join(import.meta.dirname, 'peers');
const pairs = Number(process.env.PAIRS ?? 5);
const seconds = Number(process.env.SECONDS ?? 3);

interface Figures {
  readonly micros: number;
  readonly rate: number;
}

const upstream = await startChild(join(peers, 'upstream.ts'));
const port = String(upstream.hello.port);
const traced = 'dure gateway, every request traced';
/** As the bar says: spans sampled at 1 %, the access log to a file. */
const usual = 'dure gateway, 1 % traced, access log';
const accessLog = join(mkdtempSync(join(tmpdir(), 'dure-bench-')), 'access.log');
const haproxy = await startHaproxy(upstream.hello.port ?? 0);
const proxies: readonly (readonly [string, Child])[] = [
  [usual, await startChild(join(peers, 'dure-gateway.ts'), port, '0.01', accessLog)],
  [traced, await startChild(join(peers, 'dure-gateway.ts'), port, '1')],
  ['@fastify/http-proxy', await startChild(join(peers, 'fastify-http-proxy.ts'), port)],
  ['node:http + undici', await startChild(join(peers, 'undici-proxy.ts'), port)],
  ...(haproxy === undefined ? [] : [['HAProxy', haproxy] as const]),
];

/** One run: the CPU that a proxy's process used, by the requests that it answered. */
async function figures({ hello, pid }: Child, connections: number, forSeconds: number): Promise<Figures> {
  const before = cpuMs(pid);
  const { successes, rate, failures } = await wrk(`http://127.0.0.1:${hello.port}/stock/A-1`, {
    connections,
    seconds: forSeconds,
  });
  if (failures > 0 || successes === 0) throw new TypeError(`${failures} requests of ${successes + failures} failed`);
  return { micros: ((cpuMs(pid) - before) * 1_000) / successes, rate };
}

for (const connections of [1, 32]) {
  const rounds: Readonly<Record<string, Figures>>[] = [];
  for (const [, child] of proxies) await figures(child, connections, 1);
  for (let pair = 0; pair < pairs; pair += 1) {
    const measured: Record<string, Figures> = {};
    for (const [name, child] of proxies) measured[name] = await figures(child, connections, seconds);
    rounds.push(measured);
  }
  const middle = (read: (of: (name: string) => Figures) => number) =>
    median(rounds.map((measured) => read((name) => measured[name] ?? { micros: Number.NaN, rate: Number.NaN })));
  const rows = proxies.map(([name]) => [
    name,
    round(middle((of) => of(name).micros)),
    Math.round(middle((of) => of(name).rate)),
    round(middle((of) => of(usual).micros / of(name).micros)),
    round(middle((of) => of(traced).micros / of(name).micros)),
  ]);
  printTable(
    `Proxied GET of 170 bytes of JSON, ${connections} connections, median of ${pairs} rounds of ${seconds} s`,
    [['proxy', 'CPU µs/request', 'requests/s', '1 % ÷ this', 'traced ÷ this'], ...rows],
  );
}
if (haproxy === undefined) process.stdout.write('HAProxy is not installed here (apt-get install haproxy): no figure\n');
await Promise.all([upstream, ...proxies.map(([, child]) => child)].map((child) => child.stop()));
