import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { askSupervisor } from '../supervisor/control-client.ts';
import { getJson } from '../supervisor/transport.ts';
import { startSystem } from '../testing/start-system.ts';

interface Instances {
  readonly instances: readonly { readonly application: string; readonly version?: string; readonly follows: boolean }[];
}

interface Changes {
  readonly changes: readonly { readonly state: string; readonly reason?: string }[];
}

/** The fixture `calling`, with two processes of `asker`, whose changes are tried out by one of them first. */
async function calling() {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dure-restart-'));
  stack.defer(() => rm(folder, { recursive: true }));
  await cp(join(import.meta.dirname, '..', '..', 'fixtures', 'calling'), folder, { recursive: true });
  await symlink(join(import.meta.dirname, '..', '..', '..', '..', 'node_modules'), join(folder, 'node_modules'));
  const module = join(folder, 'system.ts');
  const rollOut = "config: { from: './config', rollOut: { canary: true, watchMs: 120_000 } }";
  await writeFile(module, (await readFile(module, 'utf8')).replace("config: './config'", rollOut));
  const system = stack.use(await startSystem(module, { placement: 'each', scale: { asker: 2 } }));
  const manage = async <Body>(path: string) => {
    const question = { ask: 'manage', service: 'config', method: 'GET', path } as const;
    return askSupervisor(system.stateFolder, question).catch(() => undefined) as Promise<Body | undefined>;
  };
  const opened = stack.move();
  return {
    system,
    edit: (limits: string) => writeFile(join(folder, 'config', 'asker.yml'), `dure:\n  resilience: ${limits}\n`),
    ask: () => getJson(`${system.edge}/ask`, 5_000),
    /** What the processes of `asker` run that follow the config server. */
    async versions() {
      const answer = await manage<Instances>('rollout/instances');
      const askers = answer?.instances.filter(({ application, follows }) => application === 'asker' && follows) ?? [];
      return askers.map(({ version }) => version);
    },
    async change() {
      const answer = await manage<Changes>('rollout');
      const [{ state, reason = '' } = { state: 'none' }] = answer?.changes ?? [];
      return answer === undefined ? 'no answer' : `${state} ${reason}`;
    },
    async until(what: string, holds: () => Promise<boolean>) {
      const giveUpAt = systemClock.monotonicMs() + 30_000;
      while (!(await holds())) {
        assert.ok(systemClock.monotonicMs() < giveUpAt, `${what} did not come`);
        await wait(systemClock, 100);
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

test('a config server that is killed in the middle of a canary gives nothing out: it tries it out again, and what it holds then is held after another kill', async () => {
  await using world = await calling();
  const { system, until, versions } = world;
  const allRun = async (count: number, version?: string) => {
    const now = await versions();
    return now.length === 2 && new Set(now).size === count && (version === undefined || now.includes(version));
  };
  await until('both followers', () => allRun(1));
  const [good] = await versions();
  await world.edit('{ retry: { attempts: 1 }, circuit-breaker: { window: 4, failure-ratio: 0.2 } }');
  await until('the trial', () => allRun(2, good));
  system.kill('config');
  await system.untilReady();
  await until('the second trial', async () => (await world.change()).startsWith('trying') && (await allRun(2, good)));
  await until('the return', async () => {
    await world.ask();
    return /^held asker:[\w-]+ tried it out and opened a circuit breaker/.test(await world.change());
  });
  system.kill('config');
  await system.untilReady();
  await until('both back', () => allRun(1, good));
  assert.match(await world.change(), /^held asker:[\w-]+ tried it out and opened a circuit breaker/);
  await wait(systemClock, 6_000);
  assert.ok(await allRun(1, good), 'a later look at the files changes nothing');
});
