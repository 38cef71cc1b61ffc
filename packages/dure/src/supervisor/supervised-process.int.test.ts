import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { DureError } from '@dure/core';
import { seededRandom, systemClock, wait } from '@dure/core';
import { openLogFile } from '@dure/telemetry';
import type { ComponentState } from './component.ts';
import { SupervisedProcess } from './supervised-process.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-process-'));
after(() => rm(folder, { recursive: true, force: true }));

const ready = `process.send({ type: 'ready', services: [{ name: 'a', port: 1, managementPort: 2, instanceId: 'a:1' }] });`;
const stays = `process.on('disconnect', () => process.exit(0)); setInterval(() => {}, 1000);`;

async function start(name: string, script: string, startTimeoutMs = 10_000) {
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, script);
  const states: ComponentState[] = [];
  const log = await openLogFile(join(folder, `${name}.log`));
  const supervised = new SupervisedProcess({
    name,
    program: { file: process.execPath, parameters: [file], environment: { MARK: name }, folder },
    log,
    clock: systemClock,
    random: seededRandom(1),
    changed: ({ state }) => states.push(state),
    backoff: { baseMs: 10, capMs: 40 },
    startTimeoutMs,
  });
  const reaches = async (kind: ComponentState['kind'], times = 1): Promise<void> => {
    for (let turn = 0; turn < 500; turn += 1) {
      if (states.filter((state) => state.kind === kind).length >= times) return;
      await wait(systemClock, 20);
    }
    assert.fail(`${name} was not ${kind} ${times} times: ${JSON.stringify(states)}`);
  };
  return { supervised, states, reaches, output: () => readFile(join(folder, `${name}.log`), 'utf8') };
}

test('a process is ready when it says so, and inherits nothing but what it is given', async () => {
  const { supervised, output } = await start('given', `console.log(JSON.stringify(process.env)); ${ready} ${stays}`);
  const services = await supervised.start();
  assert.deepEqual(
    services.map(({ instanceId }) => instanceId),
    ['a:1'],
  );
  assert.equal(supervised.state.kind, 'ready');
  await supervised.stop(1_000);
  assert.equal(supervised.state.kind, 'stopped');
  assert.deepEqual(JSON.parse(await output()), { MARK: 'given' });
});

test('a crash is told with its reason and followed by a new start', async () => {
  const { supervised, states, reaches } = await start(
    'crashing',
    `${ready} setTimeout(() => { throw new RangeError('the pool is empty') }, 30);`,
  );
  await supervised.start();
  await reaches('ready', 3);
  await supervised.stop(1_000);
  const [crash] = states.filter((state) => state.kind === 'crashed');
  assert.equal(crash?.reason, 'exit code 1: RangeError: the pool is empty');
  assert.ok(supervised.restarts >= 2);
  assert.equal(supervised.lastCrash, 'exit code 1: RangeError: the pool is empty');
});

test('a process that is killed comes back', async () => {
  const { supervised, states, reaches } = await start('killed', `${ready} ${stays}`);
  await supervised.start();
  const first = supervised.pid;
  supervised.kill('SIGKILL');
  await reaches('ready', 2);
  assert.notEqual(supervised.pid, first);
  assert.ok(states.some((state) => state.kind === 'crashed' && state.reason === 'killed by SIGKILL'));
  await supervised.stop(1_000);
});

test('a first start that fails is final, and says what the process reported', async () => {
  const report = `process.send({ type: 'failed', code: 'SERVICE_LISTEN_FAILED', message: 'port 1 is taken', fix: 'take another' }, () => process.exit(1));`;
  const { supervised } = await start('reporting', report);
  await assert.rejects(supervised.start(), (error: DureError) => {
    assert.equal(error.code, 'DURE_PROCESS_FAILED');
    assert.equal(error.message, '"reporting" did not start: SERVICE_LISTEN_FAILED: port 1 is taken');
    assert.equal(error.details.causeFix, 'take another');
    return true;
  });
  assert.equal(supervised.state.kind, 'failed');
  await supervised.stop(1_000);
});

test('a first start that throws is final, and says what was thrown', async () => {
  const { supervised } = await start('throwing', `import './nowhere.mjs';`);
  await assert.rejects(
    supervised.start(),
    /"throwing" did not start: exit code 1: Error \[ERR_MODULE_NOT_FOUND\]: Cannot find module/,
  );
});

test('a start that hangs is ended', async () => {
  const { supervised } = await start('hanging', stays, 300);
  await assert.rejects(supervised.start(), /"hanging" did not start: killed by SIGKILL/);
});

test('a program that is not there is no crash of ours', async () => {
  const log = await openLogFile(join(folder, 'absent.log'));
  const absent = new SupervisedProcess({
    name: 'absent',
    program: { file: join(folder, 'no-such-program'), parameters: [], environment: {}, folder },
    log,
    clock: systemClock,
    random: seededRandom(1),
    changed: () => undefined,
  });
  await assert.rejects(absent.start(), /"absent" did not start: .*ENOENT/);
});

test('a process that ignores the request to stop is killed', async () => {
  const { supervised } = await start('stubborn', `process.on('SIGTERM', () => {}); ${ready} ${stays}`);
  await supervised.start();
  const from = performance.now();
  await supervised.stop(200);
  const took = performance.now() - from;
  assert.ok(took >= 190 && took < 1_500, `it took ${took} ms`);
  assert.equal(supervised.pid, undefined);
});

test('a process that waits to start again is not started any more once it is stopped', async () => {
  const { supervised, reaches } = await start('stopped', `${ready} setTimeout(() => process.exit(3), 20);`);
  await supervised.start();
  await reaches('crashed');
  await supervised.stop(1_000);
  const { restarts } = supervised;
  await wait(systemClock, 100);
  assert.equal(supervised.restarts, restarts);
  assert.equal(supervised.state.kind, 'stopped');
});
