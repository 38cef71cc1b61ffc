import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ids, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { configErrors } from '../../errors.ts';
import type { ConfigBackend } from '../backends/config-backend.ts';
import { emptyBackend } from '../backends/empty-backend.ts';
import { RollOut } from './roll-out.ts';
import type { RollOutMemory } from './roll-out-memory.ts';
import { folderMemory } from './roll-out-memory.ts';
import type { RollOutPolicy } from './roll-out-policy.ts';
import { Subscribers } from './subscribers.ts';

const place = 'order.yml:1:1';

/** A config server's roll-outs over values that outlive it. */
function server(values: Record<string, number | string>, memory: RollOutMemory, policy: RollOutPolicy, run = 'one') {
  const clock = fakeClock();
  const subscribers = new Subscribers(clock);
  const backend: ConfigBackend = {
    ...emptyBackend,
    name: 'folder ./config',
    async find({ names: [name = ''] }) {
      const value = values[name] ?? 0;
      if (value === 'broken') throw configErrors.FILE_INVALID(`${place}: it is broken`);
      const properties = new Map([['a', { value, place }]]);
      return { stale: [], sources: [{ file: `${name}.yml`, document: undefined, properties }] };
    },
  };
  const tools = { clock, ids: ids(clock, seededRandom(1)), log: silentTelemetry().log };
  const rollOut = new RollOut({ ...tools, backend, policy, subscribers, memory, run });
  const request = (name: string) => ({ names: [name], profiles: ['dev'] });
  const gets = async (name: string, number = 1) => {
    const { release, held } = await rollOut.read(request(name), `${name}:${number}`);
    const [property] = release.found.sources.map(({ properties }) => properties.get('a'));
    assert.equal(property?.place, place);
    return held === undefined ? property?.value : `${property?.value}, held: ${held}`;
  };
  return {
    ...{ clock, subscribers, rollOut, gets },
    async join(name: string, number: number) {
      const instance = `${name}:${number}`;
      const target = `${name}/dev`;
      subscribers.join({ instance, application: name, profiles: ['dev'], target, schema: '', version: undefined });
      return rollOut.wanted(request(name), instance);
    },
    async notice() {
      await rollOut.notice();
      await clock.advance(0);
    },
    /** Everything that was begun is written; then it is killed. */
    async kill() {
      await settled();
      rollOut.close();
    },
  };
}

/** A memory whose writes are done at once. */
function memory(): RollOutMemory & { text: () => string } {
  let kept: Awaited<ReturnType<RollOutMemory['read']>>;
  return {
    read: async () => kept,
    async write(remembered) {
      kept = structuredClone(remembered);
    },
    text: () => JSON.stringify(kept),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a server that is killed in the middle of a trial begins it anew, and all others keep what they had', async () => {
  const [values, kept, policy] = [{ order: 1 }, memory(), { canary: true, check: false, watchMs: 5_000 }];
  const first = server(values, kept, policy);
  await first.gets('order');
  await first.join('order', 1);
  await first.join('order', 2);
  values.order = 2;
  await first.notice();
  await first.clock.advance(3_000);
  assert.deepEqual([await first.gets('order', 1), await first.gets('order', 2)], [2, 1]);
  await first.kill();

  const second = server(values, kept, policy);
  assert.deepEqual([await second.gets('order', 1), await second.gets('order', 2)], [1, 1], 'nobody is back yet');
  await second.notice();
  assert.deepEqual(second.rollOut.changes(), []);
  await second.join('order', 2);
  await second.notice();
  await second.clock.advance(3_000);
  assert.deepEqual([await second.gets('order', 1), await second.gets('order', 2)], [1, 2]);
  await second.clock.advance(6_000);
  assert.deepEqual([await second.gets('order', 1), await second.gets('order', 2)], [2, 2]);
  assert.equal(second.rollOut.versions()[0]?.versions.length, 2);
});

test('nobody is waited for longer than a connection needs to come back, or after another run of the system', async () => {
  const [values, kept, policy] = [{ order: 1 }, memory(), { canary: true, check: false }];
  const first = server(values, kept, policy);
  await first.gets('order');
  await first.kill();
  values.order = 2;
  const second = server(values, kept, policy);
  assert.equal(await second.gets('order'), 1);
  await second.clock.advance(12_000);
  assert.equal(await second.gets('order'), 2);
  await second.kill();
  values.order = 3;
  assert.equal(await server(values, kept, policy, 'another').gets('order'), 3);
});

test('what was held is held after a restart, also in another run, until its files change', async () => {
  const [values, kept, policy] = [{ order: 1 }, memory(), { canary: true, check: false, watchMs: 5_000 }];
  const first = server(values, kept, policy);
  await first.gets('order');
  await first.join('order', 1);
  values.order = 2;
  await first.notice();
  await first.clock.advance(2_500);
  first.subscribers.report({ instance: 'order:1', application: 'order', profiles: [], refused: 'too few' });
  await first.clock.advance(1_000);
  const held = '1, held: order:1 tried it out and refused it';
  assert.equal(await first.gets('order'), held);
  await first.kill();

  const second = server(values, kept, policy, 'another');
  assert.equal(await second.gets('order'), held);
  assert.deepEqual(second.rollOut.changes(), first.rollOut.changes());
  await second.kill();
  const third = server({ order: 3 }, kept, policy, 'another');
  await third.clock.advance(12_000);
  assert.equal(await third.gets('order'), 3);
  await third.kill();
  assert.match(kept.text(), /"held":\[\]/);
});

test('files that are broken already when a server starts have what was accepted last in their place, and are mended', async () => {
  const [values, kept]: [Record<string, number | string>, RollOutMemory] = [{ order: 1 }, memory()];
  const first = server(values, kept, {});
  await first.gets('order');
  await first.kill();
  values.order = 'broken';
  const second = server(values, kept, {}, 'another');
  assert.equal(await second.gets('order'), 1);
  const { release } = await second.rollOut.read({ names: ['order'], profiles: ['dev'] });
  assert.deepEqual(release.found.stale, ['folder ./config']);
  await assert.rejects(server({ new: 'broken' }, kept, {}).gets('new'), { code: 'CONFIG_FILE_INVALID' });
  values.order = 2;
  await second.notice();
  assert.equal(await second.gets('order'), 2);
});

test('it is one file for its owner only; one that cannot be read is told and passed over', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-rollout-'));
  context.after(() => rm(folder, { recursive: true }));
  const written = folderMemory(join(folder, 'state'));
  assert.equal(await written.read(), undefined);
  const found = {
    stale: [],
    sources: [
      { file: 'order.yml', document: undefined, properties: new Map([['__proto__.a', { value: 'x', place }]]) },
    ],
  };
  const accepted = { version: 'v1', at: 1, found };
  const request = { names: ['order'], profiles: ['dev'], label: undefined };
  await written.write({ run: 'one', targets: [{ request, accepted, history: [{ version: 'v1', at: 1 }] }], held: [] });
  const [target] = (await written.read())?.targets ?? [];
  assert.deepEqual(target?.accepted.found.sources[0]?.properties, found.sources[0]?.properties);
  assert.equal((await stat(join(folder, 'state', 'rollout.config.json'))).mode & 0o777, 0o600);
  const broken = { read: () => Promise.reject(new TypeError('not JSON')), write: async () => undefined };
  assert.equal(await server({ order: 7 }, broken, {}).gets('order'), 7);
});
