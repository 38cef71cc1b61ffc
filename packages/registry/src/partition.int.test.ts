import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from './testing/until.ts';

/** Three hosts on one switch; what one sends to another can be lost without a word. */
const hosts = ['10.213.7.1', '10.213.7.2', '10.213.7.3'] as const;
const prefix = `dure${process.pid % 10_000}`;
const nowhere = '02:00:00:00:00:99';

const tool = 'ip';
const ip = (...args: readonly string[]) => spawnSync(tool, args, { encoding: 'utf8' });
const inside = (index: number, ...args: readonly string[]) => ip('netns', 'exec', `${prefix}-${index}`, 'ip', ...args);

function openNetwork(context: TestContext): boolean {
  context.after(() => {
    for (const index of hosts.keys()) ip('netns', 'del', `${prefix}-${index}`);
    ip('link', 'del', `${prefix}b`);
  });
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

/** What `from` sends to `to` goes to an address that nobody has. */
function cut(from: number, to: number): void {
  inside(from, 'neigh', 'replace', hosts[to] ?? '', 'lladdr', nowhere, 'dev', 'eth0', 'nud', 'permanent');
}

function heal(): void {
  for (const from of hosts.keys())
    for (const host of hosts) if (host !== hosts[from]) inside(from, 'neigh', 'del', host, 'dev', 'eth0');
}

interface Running {
  readonly child: ChildProcess;
  up: readonly string[];
  fewest: number;
}

function startIn(context: TestContext, index: number): Running {
  const peers = hosts.filter((_, other) => other !== index).map((host) => `http://${host}:8761`);
  const main = `${import.meta.dirname}/testing/registry.main.ts`;
  const args = [
    'netns',
    'exec',
    `${prefix}-${index}`,
    process.execPath,
    main,
    hosts[index] ?? '',
    '8761',
    '4',
    ...peers,
  ];
  const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => void child.kill('SIGKILL'));
  const running: Running = { child, up: [], fewest: Number.POSITIVE_INFINITY };
  assert.ok(child.stdout);
  createInterface({ input: child.stdout }).on('line', (line) => {
    running.up = JSON.parse(line);
    running.fewest = Math.min(running.fewest, running.up.length);
  });
  return running;
}

test('three registries in networks of their own survive a partition both ways and one way, and agree when it heals', async (context) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !openNetwork(context)) {
    context.skip('network namespaces need root on Linux');
    return;
  }
  const running = hosts.map((_, index) => startIn(context, index));
  const [first] = running;
  const agree = (count: number) => () => running.every(({ up }) => up.length === count);
  await until(agree(12), 15_000);
  for (const [name, cuts] of [
    [
      'both ways',
      [
        [0, 1],
        [1, 0],
        [0, 2],
        [2, 0],
      ],
    ],
    ['one way', [[1, 0]]],
  ] as const) {
    for (const one of running) one.fewest = Number.POSITIVE_INFINITY;
    for (const [from, to] of cuts) cut(from, to);
    await pause(3_000);
    assert.deepEqual(
      running.map(({ fewest }) => fewest),
      [12, 12, 12],
      `${name}: a live instance was evicted`,
    );
    heal();
  }
  for (const [from, to] of [
    [0, 1],
    [1, 0],
    [0, 2],
    [2, 0],
  ] as const)
    cut(from, to);
  first?.child.stdin?.write('close one\n');
  await until(() => first?.up.length === 11);
  assert.deepEqual(
    running.map(({ up }) => up.length),
    [11, 12, 12],
  );
  heal();
  const taken = await until(agree(11), 15_000);
  context.diagnostic(`agreed ${taken.toFixed(0)} ms after healing`);
  await pause(1_000);
  assert.ok(agree(11)(), 'no ghost came back');
});
