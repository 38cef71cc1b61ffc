import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { askSupervisor } from '../supervisor/control-client.ts';
import { getJson } from '../supervisor/transport.ts';
import { startSystem } from '../testing/start-system.ts';

const yaml = (limits: string) => `dure:\n  resilience: ${limits}\n`;

interface Row {
  readonly instance: string;
  readonly version?: string;
  readonly follows: boolean;
}

/** The fixture `calling`, with two processes of `asker`, whose changes are tried out by one of them first. */
async function calling(rollOut: string) {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dure-roll-out-'));
  stack.defer(() => rm(folder, { recursive: true }));
  await cp(join(import.meta.dirname, '..', '..', 'fixtures', 'calling'), folder, { recursive: true });
  await symlink(join(import.meta.dirname, '..', '..', '..', '..', 'node_modules'), join(folder, 'node_modules'));
  const module = join(folder, 'system.ts');
  const text = await readFile(module, 'utf8');
  await writeFile(module, text.replace("config: './config'", `config: { from: './config', rollOut: ${rollOut} }`));
  const system = stack.use(await startSystem(module, { placement: 'each', scale: { asker: 2 } }));
  const manage = async (path: string, body?: object) => {
    const method = body === undefined ? 'GET' : 'POST';
    const question = { ask: 'manage', service: 'config', method, path, body } as const;
    return askSupervisor(system.stateFolder, question);
  };
  const askers = async () => {
    const { instances } = (await manage('rollout/instances')) as { readonly instances: readonly Row[] };
    return instances.filter(({ instance, follows }) => instance.startsWith('asker:') && follows);
  };
  const attempts = async () => {
    const answer = await getJson(`${system.edge}/ask`, 5_000);
    return answer.ok ? (answer.body as { attempts?: number }).attempts : undefined;
  };
  const until = async (what: string, holds: () => Promise<boolean>) => {
    for (let turn = 0; turn < 600; turn += 1) {
      if (await holds()) return;
      await wait(systemClock, 50);
    }
    assert.fail(`${what} did not come: ${JSON.stringify(await manage('rollout'))}`);
  };
  /** What several calls in a row say, so that both processes have answered. */
  const said = async () => [...new Set([await attempts(), await attempts(), await attempts(), await attempts()])];
  await until('both followers', async () => (await askers()).length === 2);
  const opened = stack.move();
  return {
    ...{ system, manage, askers, said, until },
    edit: (name: string, limits: string) => writeFile(join(folder, 'config', name), yaml(limits)),
    rollOut: async () => JSON.stringify(await manage('rollout')),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

test('both processes of a service apply an edit, none applies a broken one, and no process starts again', async () => {
  await using world = await calling('{}');
  const { pids } = world.system;
  const before = JSON.stringify(pids);
  assert.deepEqual(await world.said(), [2]);
  const [first] = await world.askers();
  // What always fails is asked few times before and often after, and no breaker shall answer in its place.
  await world.edit('asker.yml', '{ retry: { attempts: 1 }, circuit-breaker: { window: 1000, minimum-calls: 1000 } }');
  await world.until('the edit', async () => {
    const versions = (await world.askers()).map((row) => row.version);
    return new Set(versions).size === 1 && versions[0] !== first?.version;
  });
  assert.deepEqual(await world.said(), [1]);
  const [{ version } = { version: '' }] = await world.askers();
  await world.edit('application.yml', '{ retry: { attempts: 0 } }');
  await world.edit('asker.yml', '{ retry: { attempts: 0 } }');
  await world.until('the refusal', async () => (await world.rollOut()).includes('refused it'));
  assert.deepEqual(await world.said(), [1]);
  assert.deepEqual(
    (await world.askers()).map((row) => row.version),
    [version, version],
  );
  const checked = await world.manage('rollout/check', { files: { 'asker.yml': yaml('{ retry: { attempts: 4 } }') } });
  assert.equal((checked as { readonly isAccepted: boolean }).isAccepted, true);
  assert.equal(JSON.stringify(world.system.pids), before);
});

test('a poisoned change is tried out by one process, and taken back when its breaker opens', async () => {
  await using world = await calling('{ canary: true, watchMs: 120_000 }');
  const before = (await world.askers()).map(({ version }) => version);
  const poison = '{ retry: { attempts: 1 }, circuit-breaker: { window: 4, failure-ratio: 0.2 } }';
  await world.edit('asker.yml', poison);
  await world.until('the trial', async () => {
    const versions = (await world.askers()).map(({ version }) => version);
    return new Set(versions).size === 2;
  });
  await world.until('the return', async () => {
    await world.said();
    return (await world.rollOut()).includes('opened a circuit breaker');
  });
  await world.until('the former version', async () => {
    return (await world.askers()).every(({ version }) => version === before[0]);
  });
  assert.match(await world.system.output('config'), /is held, .*asker:[\w-]+ tried it out and opened/);
});
