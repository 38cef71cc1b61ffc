// What does finding a route cost, and what a change, at 100, 10 000 and 100 000 routes? find-my-way is Fastify's router.

import findMyWay from 'find-my-way';
import { parseHostPattern } from '../packages/proxy/src/routing/host-pattern.ts';
import { parsePathPattern } from '../packages/proxy/src/routing/path-pattern.ts';
import type { RouteRule } from '../packages/proxy/src/routing/route-rule.ts';
import { routeTable } from '../packages/proxy/src/routing/route-table.ts';
import { median, printTable, round } from './lib/table.ts';

const sizes = [100, 10_000, 100_000];
const hostCounts = [0, 32];
const runs = 15;
const lookups = 100_000;
const changes = 300;
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly host: string;
}

const rows: (string | number)[][] = [
  [
    'routes',
    'hosts',
    'load ms',
    'find ns',
    'and variables ns',
    'change µs',
    'slowest ms',
    'find-my-way: load ms',
    'find ns',
    'change µs',
  ],
];
for (const size of sizes) {
  for (const hosts of hostCounts) {
    const rules = Array.from({ length: size }, (_, at) => ruleAt(at, hosts));
    const asked = Array.from({ length: 1_024 }, (_, at) => requestAt((at * 7_919) % size, hosts, at));
    rows.push([size, hosts, ...measureOurs(rules, asked), ...measurePeer(size, hosts, asked)]);
  }
}
printTable(`routes with two variables each; ${runs} × ${lookups} lookups of 1 024 requests, medians`, rows);

function pathAt(at: number, hosts: number, variables: readonly [string, string]): string {
  const leaf = `${at % 3 === 0 ? 'items' : 'parts'}${hosts === 0 ? at % 32 : ''}`;
  return `/api/v${at % 7}/things${at >> 5}/${variables[0]}/${leaf}/${variables[1]}`;
}

function hostAt(at: number, hosts: number): string {
  return `h${at % Math.max(hosts, 1)}.example`;
}

function ruleAt(at: number, hosts: number): RouteRule {
  const paths = [parsePathPattern(pathAt(at, hosts, [':thing', ':part']))];
  return {
    id: `r${at}`,
    order: 0,
    match: { paths, methods: ['GET'], ...(hosts > 0 && { hosts: [parseHostPattern(hostAt(at, hosts))] }) },
    to: { kind: 'service', service: 'stock' },
    access: 'public',
    layers: [],
    metadata: {},
    source: 'bench',
  };
}

/** As texts come from a socket: flat, and known to nobody. */
function requestAt(at: number, hosts: number, request: number): Asked {
  const path = Buffer.from(pathAt(at, hosts, [`a${request}`, `b${request}`])).toString('latin1');
  return { method: 'GET', path, host: hostAt(at, hosts) };
}

function measureOurs(rules: readonly RouteRule[], asked: readonly Asked[]): number[] {
  const startedMs = performance.now();
  let table = routeTable(rules);
  const loadMs = performance.now() - startedMs;
  const find = lookupNs(asked, (one) => table.find(one));
  const variables = lookupNs(asked, (one) => table.find(one)?.variables);
  const times = Array.from({ length: changes }, (_, at) => {
    const rule = rules[(at * 977) % rules.length];
    const fromMs = performance.now();
    if (rule !== undefined) table = table.without(rule.id).with(rule);
    return performance.now() - fromMs;
  });
  return [Math.round(loadMs), find, variables, round(median(times) * 500, 1), round(Math.max(...times))];
}

function measurePeer(size: number, hosts: number, asked: readonly Asked[]): number[] {
  const handler = () => undefined;
  const options = (at: number) => (hosts === 0 ? {} : { constraints: { host: hostAt(at, hosts) } });
  const path = (at: number) => pathAt(at, hosts, [':thing', ':part']);
  const add = (router: ReturnType<typeof findMyWay>, at: number) => router.on('GET', path(at), options(at), handler);
  const router = findMyWay();
  const startedMs = performance.now();
  for (let at = 0; at < size; at += 1) add(router, at);
  const loadMs = performance.now() - startedMs;
  const find = lookupNs(asked, ({ path: one, host }) => router.find('GET', one, hosts === 0 ? undefined : { host }));
  const fromMs = performance.now();
  router.off('GET', path(size - 1), hosts === 0 ? undefined : { host: hostAt(size - 1, hosts) });
  add(router, size - 1);
  return [Math.round(loadMs), find, Math.round((performance.now() - fromMs) * 500)];
}

function lookupNs(asked: readonly Asked[], look: (one: Asked) => unknown): number {
  const times = Array.from({ length: runs }, () => {
    let found = 0;
    const startedMs = performance.now();
    for (let time = 0; time < lookups; time += 1) {
      const one = asked[time & 1_023];
      if (one !== undefined && look(one)) found += 1;
    }
    if (found !== lookups) throw new TypeError(`${lookups - found} requests found no route`);
    return ((performance.now() - startedMs) * 1e6) / lookups;
  });
  return Math.round(median(times));
}
