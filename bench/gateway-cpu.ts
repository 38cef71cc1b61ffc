// How much CPU does the gateway spend on one proxied request, against @fastify/http-proxy and HAProxy before the same upstream?
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Child } from './lib/child.ts';
import { startChild } from './lib/child.ts';
import { startHaproxy } from './lib/haproxy.ts';
import { cpuMs } from './lib/shop.ts';
import { median, printTable, round } from './lib/table.ts';

const peers = join(import.meta.dirname, 'peers');
const pairs = Number(process.env.PAIRS ?? 5);
const seconds = 3;
const upstream = await startChild(join(peers, 'upstream.ts'));
const port = String(upstream.hello.port);
const candidates: readonly (readonly [string, Child | undefined])[] = [
  ['dure gateway (every request traced)', await startChild(join(peers, 'dure-gateway.ts'), port, '1')],
  ['dure gateway (nothing sampled)', await startChild(join(peers, 'dure-gateway.ts'), port, '0')],
  ['@fastify/http-proxy', await startChild(join(peers, 'fastify-http-proxy.ts'), port)],
  ['HAProxy', await startHaproxy(upstream.hello.port ?? 0)],
];

const measured = new Map<string, { micros: number[]; rates: number[] }>();
for (const [, child] of candidates) if (child !== undefined) load(child.hello.port ?? 0, 2);
for (let pair = 0; pair < pairs; pair += 1) {
  for (const [name, child] of candidates) {
    if (child === undefined) continue;
    const before = cpuMs(child.pid);
    const { requests, rate } = load(child.hello.port ?? 0, seconds);
    const entry = measured.get(name) ?? { micros: [], rates: [] };
    entry.micros.push(((cpuMs(child.pid) - before) * 1_000) / requests);
    entry.rates.push(rate);
    measured.set(name, entry);
  }
}
const own = median(measured.get('dure gateway (every request traced)')?.micros ?? []);
const rows: (string | number)[][] = [['proxy', 'CPU µs/request', 'requests/s', 'dure ÷ this']];
for (const [name, { micros, rates }] of measured)
  rows.push([name, round(median(micros), 1), Math.round(median(rates)), round(own / median(micros))]);
printTable(`Proxied GET, 32 keep-alive connections, one JSON answer of 170 bytes, median of ${pairs} rounds`, rows);
if (candidates.some(([, child]) => child === undefined))
  process.stdout.write('HAProxy is not installed here: no figure\n');
await Promise.all([upstream, ...candidates.map(([, child]) => child)].map((child) => child?.stop()));

function load(to: number, forSeconds: number): { readonly requests: number; readonly rate: number } {
  const text = execFileSync('wrk', ['-t1', '-c32', `-d${forSeconds}`, `http://127.0.0.1:${to}/stock/A-1`], {
    encoding: 'utf8',
  });
  if (/Non-2xx/.test(text)) throw new TypeError(`not every answer was a success:\n${text}`);
  return {
    requests: Number(/(\d+) requests in/.exec(text)?.[1]),
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
  };
}
