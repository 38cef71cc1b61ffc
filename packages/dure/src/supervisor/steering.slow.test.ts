import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf, systemClock, wait } from '@dure/core';
import type { StartSystemOptions, TestSystem } from '../testing/start-system.ts';
import { startSystem } from '../testing/start-system.ts';
import { askSupervisor } from './control-client.ts';
import { identify, isAlive } from './process-identity.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');

const start = (options: StartSystemOptions = {}) =>
  startSystem(join(fixtures, 'plain', 'system.ts'), {
    hostModule: join(fixtures, 'fake-host.ts'),
    placement: 'each',
    ...options,
  });

async function namesIn(system: TestSystem): Promise<readonly string[]> {
  const { ready, components } = await system.status();
  assert.equal(ready, true);
  return components.filter(({ name }) => /left|right/.test(name)).map(({ name, state }) => `${name} ${state}`);
}

const lives = async (pid: number | undefined) => isAlive(await identify(pid ?? 0));

async function refused(work: Promise<unknown>, code: string, pattern: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.equal(codeOf(error), code);
    assert.match(messageOf(error), pattern);
    return true;
  });
}

test('services get more processes and fewer, each ready and seen; those that go are asked to leave', async () => {
  await using system = await start({ scale: { right: 2 } });
  assert.deepEqual(await namesIn(system), ['left ready', 'right ready', 'right-2 ready']);
  const kept = system.pids.right;
  const more = await system.scale({ left: 3, right: 1 });
  assert.deepEqual(more.services, [
    { service: 'left', from: 1, to: 3, started: ['left-2', 'left-3'], stopped: [] },
    { service: 'right', from: 2, to: 1, started: [], stopped: ['right-2'] },
  ]);
  assert.deepEqual(await namesIn(system), ['left ready', 'left-2 ready', 'left-3 ready', 'right ready']);
  assert.equal(system.pids.right, kept);
  assert.match(await system.output('right-2'), /"msg":"leaving".*"drainMs":5000,"graceMs":10000/);
  const fewer = await system.scale({ left: 1 });
  assert.deepEqual(fewer.services[0]?.stopped, ['left-2', 'left-3']);
  assert.deepEqual(await namesIn(system), ['left ready', 'right ready']);
});

test('one process of several that is killed comes back, the others stay', async () => {
  await using system = await start({ scale: { left: 2 } });
  const { left, 'left-2': second } = system.pids;
  system.kill('left-2');
  await system.untilReady();
  assert.equal(system.pids.left, left);
  assert.notEqual(system.pids['left-2'], second);
});

test('a restart replaces every process in turn: the next starts before its predecessor is asked to leave', async () => {
  const story: string[] = [];
  await using system = await start({
    scale: { left: 2 },
    observe(event) {
      if (event.type === 'component') story.push(`${event.component.name} ${event.component.state.kind}`);
    },
  });
  const before = system.pids;
  story.length = 0;
  const { processes } = await system.restart('left');
  assert.deepEqual(
    story,
    ['left', 'left-2'].flatMap((name) => ['starting', 'ready', 'stopping', 'stopped'].map((kind) => `${name} ${kind}`)),
  );
  assert.deepEqual(
    processes.map(({ name, formerPid, pid }) => [name, formerPid, pid]),
    ['left', 'left-2'].map((name) => [name, before[name], system.pids[name]]),
  );
  assert.notEqual(before.left, system.pids.left);
  assert.equal(await lives(before.left), false);
  assert.deepEqual(await namesIn(system), ['left ready', 'left-2 ready', 'right ready']);
});

for (const [fault, code, pattern] of [
  ['exit', 'DURE_PROCESS_FAILED', /"left" did not start: exit code 1: TypeError: left was told to fail/],
  ['down', 'DURE_START_TIMEOUT', /"left" was not ready after 1\.5 s: left is DOWN \(db\)/],
  ['unseen', 'DURE_START_TIMEOUT', /the gateway does not see left:\d+ yet/],
] as const) {
  test(`a successor that is of no use (${fault}) goes, and its predecessor serves on`, async () => {
    await using system = await start({ readyTimeoutMs: 1_500 });
    const { left } = system.pids;
    await writeFile(join(system.stateFolder, 'fail-left'), fault);
    await refused(system.restart('left'), code, pattern);
    assert.deepEqual(await namesIn(system), ['left ready', 'right ready']);
    assert.equal(system.pids.left, left);
  });
}

test('when one of several new processes is of no use, none of them stays', async () => {
  await using system = await start();
  await writeFile(join(system.stateFolder, 'fail-left-3'), 'exit');
  await refused(system.scale({ left: 3 }), 'DURE_PROCESS_FAILED', /"left-3" did not start/);
  assert.deepEqual(await namesIn(system), ['left ready', 'right ready']);
  await rm(join(system.stateFolder, 'fail-left-3'));
  await system.scale({ left: 3 });
  assert.deepEqual(await namesIn(system), ['left ready', 'left-2 ready', 'left-3 ready', 'right ready']);
});

test('changes wait for one another, and are refused over the socket with their own codes', async () => {
  await using system = await start();
  const { stateFolder } = system;
  const [, up, , down] = await Promise.all([
    system.restart('left'),
    system.scale({ left: 2 }),
    system.restart('left'),
    system.scale({ left: 1 }),
  ]);
  assert.deepEqual([up.services[0]?.from, up.services[0]?.to, down.services[0]?.from], [1, 2, 2]);
  assert.deepEqual(await namesIn(system), ['left ready', 'right ready']);
  await refused(
    askSupervisor(stateFolder, { ask: 'restart', service: 'console' }),
    'DURE_SINGLE_PROCESS',
    /"console" has one process at any time/,
  );
  await refused(
    askSupervisor(stateFolder, { ask: 'scale', counts: { middle: 2 } }),
    'DURE_SERVICE_UNKNOWN',
    /it has left, right/,
  );
});

test('gateways share a socket and are told how many they are; a restart replaces each', async () => {
  await using system = await start();
  await system.scale({ gateway: 3 });
  const { gateway, 'gateway-3': third } = system.pids;
  /** They are told while the answer is on its way. */
  const told = async (process: string, count: number) => {
    const last = async () => [...(await system.output(process)).matchAll(/"workers":(\d)/g)].at(-1)?.[1];
    for (let turn = 0; turn < 500 && (await last()) !== `${count}`; turn += 1) await wait(systemClock, 10);
    assert.equal(await last(), `${count}`, process);
  };
  await told('gateway', 3);
  await told('gateway-3', 3);
  await system.scale({ gateway: 2 });
  await told('gateway-2', 2);
  assert.equal(await lives(third), false);
  const { processes } = await system.restart('gateway');
  assert.deepEqual(
    processes.map(({ name, pid }) => [name, pid]),
    ['gateway', 'gateway-2'].map((name) => [name, system.pids[name]]),
  );
  assert.notEqual(system.pids.gateway, gateway);
  assert.match(await system.output('gateway'), /"msg":"leaving".*"drainMs":5000,"graceMs":60000/);
  await told('gateway-2', 2);
  const port = Number(new URL(system.edge).port);
  const { components } = await system.status();
  assert.deepEqual(
    components.filter(({ name }) => name.startsWith('gateway')).map(({ services }) => services.map((one) => one.port)),
    [[port], [port]],
  );
});

test('a stop does not wait for a restart that hangs', async () => {
  await using system = await start();
  await writeFile(join(system.stateFolder, 'fail-left'), 'hang');
  const restarting = system.restart('left');
  restarting.catch(() => undefined);
  const isStarting = async () => (await system.status()).components.some(({ state }) => state === 'starting');
  for (let turn = 0; turn < 200 && !(await isStarting()); turn += 1) await wait(systemClock, 10);
  const { left } = system.pids;
  const from = performance.now();
  await system.stop();
  assert.ok(performance.now() - from < 2_000);
  await refused(restarting, 'DURE_START_CANCELLED', /stopped/);
  assert.equal(await lives(left), false);
});

test('a version is tried out beside the others, comes back when it is killed, is replaced and ends', async () => {
  await using system = await start({ scale: { left: 2 } });
  const begun = await system.canary({ service: 'left', run: { version: '2' } });
  assert.deepEqual([begun.stable, begun.canary], ['1', { process: 'left@canary', version: '2' }]);
  const all = ['left ready', 'left-2 ready', 'left@canary ready', 'right ready'];
  assert.deepEqual(await namesIn(system), all);
  const { 'left@canary': killed, ...others } = system.pids;
  system.kill('left@canary');
  await system.untilReady();
  const { 'left@canary': back, ...same } = system.pids;
  assert.deepEqual([killed === back, same], [false, others]);
  assert.deepEqual((await system.scale({ left: 1 })).services[0]?.stopped, ['left-2']);
  const { processes } = await system.restart('left');
  assert.deepEqual(
    processes.map(({ name }) => name),
    ['left'],
  );
  assert.equal(system.pids['left@canary'], back, 'a canary is neither scaled nor restarted with the others');
  assert.equal((await system.canary({ service: 'left', run: { version: '3' } })).canary?.version, '3');
  assert.equal(await lives(back), false);
  const ended = await system.canary({ service: 'left', run: 'end' });
  assert.deepEqual([ended.stable, ended.canary], ['1', undefined]);
  assert.deepEqual(await namesIn(system), ['left ready', 'right ready']);
});

test('a canary that does not start leaves nothing behind, and not everything can have one', async () => {
  await using system = await start();
  await writeFile(join(system.stateFolder, 'fail-left@canary'), 'exit');
  await refused(
    system.canary({ service: 'left', run: { version: '2' } }),
    'DURE_PROCESS_FAILED',
    /"left@canary" did not start/,
  );
  assert.deepEqual(await namesIn(system), ['left ready', 'right ready']);
  await refused(system.canary({ service: 'gateway', run: {} }), 'DURE_USAGE', /the gateway is what chooses it/);
  await refused(system.canary({ service: 'middle', run: {} }), 'DURE_SERVICE_UNKNOWN', /it has left, right/);
});
