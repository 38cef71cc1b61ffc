import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/** Three hosts on one switch; what one sends to another can be lost without a word. */
const hosts = ['10.213.7.1', '10.213.7.2', '10.213.7.3'] as const;
const prefix = `dure${process.pid % 10_000}`;
const nowhere = '02:00:00:00:00:99';

const tool = 'ip';
const ip = (...args: readonly string[]) => spawnSync(tool, args, { encoding: 'utf8' });
const inside = (index: number, ...args: readonly string[]) => ip('netns', 'exec', `${prefix}-${index}`, 'ip', ...args);

/** False, and the test is skipped, where network namespaces cannot be had. */
export function openNetwork(context: TestContext): boolean {
  context.after(() => {
    for (const index of hosts.keys()) ip('netns', 'del', `${prefix}-${index}`);
    ip('link', 'del', `${prefix}b`);
  });
  const isOpen = process.platform === 'linux' && process.getuid?.() === 0 && lay();
  if (!isOpen) context.skip('network namespaces need root on Linux');
  return isOpen;
}

function lay(): boolean {
  const steps = [ip('link', 'add', `${prefix}b`, 'type', 'bridge'), ip('link', 'set', `${prefix}b`, 'up')];
  for (const [index, host] of hosts.entries()) {
    const outer = `${prefix}o${index}`;
    steps.push(ip('netns', 'add', `${prefix}-${index}`));
    steps.push(ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${prefix}-${index}`));
    steps.push(ip('link', 'set', outer, 'master', `${prefix}b`), ip('link', 'set', outer, 'up'));
    steps.push(inside(index, 'address', 'add', `${host}/24`, 'dev', 'eth0'));
    steps.push(inside(index, 'link', 'set', 'eth0', 'up'), inside(index, 'link', 'set', 'lo', 'up'));
  }
  return steps.every(({ status }) => status === 0);
}

/** What the first host sends to the second goes to an address that nobody has. */
export type Cut = readonly [from: number, to: number];
/** The first host and the two others do not hear each other. */
export const bothWays: readonly Cut[] = [
  [0, 1],
  [1, 0],
  [0, 2],
  [2, 0],
];
/** The second host is heard by the third only. */
export const oneWay: readonly Cut[] = [[1, 0]];

/** Loses what goes these ways. */
export function cut(cuts: readonly Cut[]): void {
  for (const [from, to] of cuts)
    inside(from, 'neigh', 'replace', hosts[to] ?? '', 'lladdr', nowhere, 'dev', 'eth0', 'nud', 'permanent');
}

/** Nothing is lost any more. */
export function heal(): void {
  for (const from of hosts.keys())
    for (const host of hosts) if (host !== hosts[from]) inside(from, 'neigh', 'del', host, 'dev', 'eth0');
}

/** How the registries of a cluster run. */
export interface ClusterOptions {
  readonly port: number;
  readonly selfPreservation: boolean;
  readonly leaseMs: number;
  readonly evictionIntervalMs: number;
}

/** A registry in a process and network of its own, with four instances that register there. */
export interface Running {
  readonly child: ChildProcess;
  /** Who takes traffic, as one of its clients knows it. */
  up: readonly string[];
  /** Since `watch`: the fewest of all, and of its own, that were up at a time; and the most of all. */
  fewest: number;
  fewestOwn: number;
  most: number;
}

/** One registry on each host; every one has the others as peers. */
export function startCluster(context: TestContext, options: ClusterOptions): readonly Running[] {
  return hosts.map((host, index) => {
    const peers = hosts.filter((_, other) => other !== index).map((other) => `http://${other}:${options.port}`);
    const main = `${import.meta.dirname}/registry.main.ts`;
    const told = JSON.stringify({ ...options, host, count: 4, peers });
    const args = ['netns', 'exec', `${prefix}-${index}`, process.execPath, main, told];
    const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    context.after(() => void child.kill('SIGKILL'));
    const running: Running = { child, up: [], fewest: 0, fewestOwn: 0, most: 0 };
    assert.ok(child.stdout);
    createInterface({ input: child.stdout }).on('line', (line) => {
      running.up = JSON.parse(line);
      const own = running.up.filter((id) => id.startsWith(`stock:${host}:`));
      running.fewest = Math.min(running.fewest, running.up.length);
      running.fewestOwn = Math.min(running.fewestOwn, own.length);
      running.most = Math.max(running.most, running.up.length);
    });
    return running;
  });
}

/** From now on. */
export function watch(cluster: readonly Running[]): void {
  for (const one of cluster)
    Object.assign(one, { fewest: Number.POSITIVE_INFINITY, fewestOwn: Number.POSITIVE_INFINITY, most: 0 });
}

/** Whether all know the same instances, and so many. */
export function agree(cluster: readonly Running[], count: number): boolean {
  return cluster.every(({ up }) => up.length === count && up.join() === cluster[0]?.up.join());
}
