import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { SystemStatus } from '../supervisor/events.ts';
import type { Traffic } from '../traffic.ts';
import { runScenario } from './run-scenario.ts';
import type { ChaosTarget } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const names = ['postgres', 'registry', 'order', 'order-2', 'payment', 'gateway', 'gateway-2'];
const service = (name: string) => ({ name, instanceId: name, port: 1, managementPort: 2, version: '1' });

/** A system of which every process that is killed is ready again after a while. */
function system() {
  const clock = fakeClock();
  const sent: string[] = [];
  let readyAt = 0;
  const pids = new Map(names.map((name, index) => [name, 100 + index]));
  const interrupted = new AbortController();
  const target: ChaosTarget = {
    clock,
    random: seededRandom(1),
    interrupted: interrupted.signal,
    async status() {
      const components = names.map((name) => ({
        name,
        state: 'ready' as const,
        pid: pids.get(name) ?? 0,
        restarts: 0,
        services: name === 'postgres' ? [] : [service(name)],
      }));
      return { ready: clock.monotonicMs() >= readyAt, components } as unknown as SystemStatus;
    },
    broker: 'kafka',
    async fault({ name }, order) {
      sent.push(`${order.do} ${name}`);
    },
    signal(pid, signal) {
      const name = [...pids].find(([, known]) => known === pid)?.[0] ?? 'nobody';
      sent.push(`${signal} ${name}`);
      readyAt = clock.monotonicMs() + 1_000;
    },
  };
  return { clock, target, sent, interrupt: () => interrupted.abort() };
}

const holding = { name: 'it adds up', holds: true, figures: {}, violations: [] };

async function run(name: string, change: { readonly holds?: boolean; readonly traffic?: Traffic } = {}) {
  const { clock, target, sent } = system();
  const scenario = scenarios.find((one) => one.name === name);
  assert.ok(scenario);
  const running = runScenario(scenario, {
    target,
    edge: 'http://edge',
    traffic: change.traffic,
    verify: async () => [{ ...holding, holds: change.holds ?? true }],
    patienceMs: 5_000,
  });
  for (let step = 0; step < 400; step += 1) await clock.advance(50);
  return { report: await running, sent };
}

test('each scenario breaks what it says, and nothing else', async () => {
  const broken = async (name: string) => (await run(name)).sent;
  assert.deepEqual(await broken('kill'), ['SIGKILL order', 'SIGKILL order-2', 'SIGKILL payment']);
  assert.deepEqual(await broken('database'), ['SIGINT postgres']);
  assert.deepEqual(await broken('registry'), ['SIGKILL registry']);
  assert.deepEqual(await broken('gateway'), ['SIGKILL gateway', 'SIGKILL gateway-2']);
  assert.deepEqual(await broken('broker'), ['broker order', 'broker order-2', 'broker payment']);
  assert.deepEqual(await broken('messages'), ['messages order', 'messages order-2', 'messages payment']);
  assert.match((await broken('clock')).join(), /^clock (order|order-2|payment)$/);
  assert.deepEqual(
    await broken('power'),
    names.map((name) => `SIGKILL ${name}`),
  );
  const [frozen, thawed] = await broken('freeze');
  assert.match(frozen ?? '', /^SIGSTOP (order|order-2|payment)$/);
  assert.equal(thawed, frozen?.replace('SIGSTOP', 'SIGCONT'));
});

test('customers go on from before it breaks until after it is well again, and their report is part of it', async () => {
  let edge = '';
  const traffic: Traffic = async (url, signal) => {
    edge = url;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    return { requests: 7, failed: 1, failures: { 'GET /orders: 503': 1 } };
  };
  const { report } = await run('registry', { traffic });
  assert.equal(edge, 'http://edge');
  assert.deepEqual([report.traffic?.requests, report.survived, report.done], [7, true, ['killed registry (pid 101)']]);
  assert.ok((report.readyAfterMs ?? 0) >= 1_000 && (report.readyAfterMs ?? 0) <= 1_200);
});

test('a system of which an invariant does not hold has not survived', async () => {
  assert.equal((await run('database', { holds: false })).report.survived, false);
});

test('what was frozen is thawed at once when somebody interrupts', async () => {
  const { clock, target, sent, interrupt } = system();
  const running = scenarios.find(({ name }) => name === 'freeze')?.run(target);
  await clock.advance(10);
  assert.equal(sent.length, 1);
  interrupt();
  await running;
  assert.equal(sent.length, 2);
});

test('every scenario teaches something in both languages', () => {
  for (const { name, en, ko } of scenarios) {
    assert.ok(en.lesson.length > 100 && ko.lesson.length > 60, name);
    assert.match(ko.lesson, /[가-힣]/);
  }
});
