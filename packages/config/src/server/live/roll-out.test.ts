import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, ids, seededRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Vitals } from '../../wire/change-feed.ts';
import { access } from '../access.ts';
import type { ConfigBackend } from '../backends/config-backend.ts';
import { emptyBackend } from '../backends/empty-backend.ts';
import { feedRoutes } from './feed-routes.ts';
import type { FeedStream } from './feed-stream.ts';
import { RollOut } from './roll-out.ts';
import type { RollOutPolicy } from './roll-out-policy.ts';
import { Subscribers } from './subscribers.ts';

type Message = { readonly kind: string; readonly version?: string; readonly candidate?: string; readonly on?: boolean };

/** A roll-out over values that a test edits: `application`'s are for all. */
function world(policy: RollOutPolicy, values: Record<string, number>) {
  const clock = fakeClock();
  const subscribers = new Subscribers(clock);
  const backend: ConfigBackend = {
    ...emptyBackend,
    async find({ names }) {
      const files = [...names, 'application'].filter((name) => name in values);
      return {
        stale: [],
        sources: files.map((name) => ({
          file: `${name}.yml`,
          document: undefined,
          properties: new Map([['a', { value: values[name] ?? 0 }]]),
        })),
      };
    },
  };
  const tools = { clock, ids: ids(clock, seededRandom(1)), log: silentTelemetry().log };
  const rollOut = new RollOut({ ...tools, backend, policy, subscribers });
  const request = (name: string) => ({ names: [name], profiles: ['dev'] });
  const join = async (name: string, number: number, schema = 'one') => {
    const instance = `${name}:${number}`;
    const { release } = await rollOut.read(request(name), instance);
    const stream = subscribers.join({
      ...{ instance, application: name, profiles: ['dev'], schema },
      target: `${name}/dev`,
      version: release.version,
    });
    assert.ok(stream);
    return { instance, stream };
  };
  /** What an instance would get, whatever it has been told. */
  const gets = async (name: string, number: number) => {
    const { release } = await rollOut.read(request(name), `${name}:${number}`);
    return release.found.sources.map(({ properties }) => properties.get('a')?.value).join();
  };
  const told = async (stream: FeedStream) => {
    stream.beat();
    const { value = '' } = await stream.next();
    return value
      .split('\n\n')
      .filter((text) => text.startsWith('data: '))
      .map((text) => JSON.parse(text.slice('data: '.length)) as Message);
  };
  const vitals = (instance: string, some: Partial<Vitals>) => {
    const [application = ''] = instance.split(':');
    const whole = { isUp: true, requests: 0, failures: 0, breakersOpened: 0, ...some };
    subscribers.report({ instance, application, profiles: ['dev'], vitals: whole });
  };
  return { clock, subscribers, rollOut, values, join, gets, told, vitals };
}

test('one instance of each schema is asked, and one that does not answer keeps nothing out', async () => {
  const { clock, rollOut, values, join, told } = world({}, { order: 1 });
  const first = await join('order', 1);
  const second = await join('order', 2);
  const third = await join('order', 3);
  const other = await join('order', 4, 'other');
  values.order = 2;
  const noticed = rollOut.notice();
  await clock.advance(0);
  await noticed;
  const asked = await Promise.all([first, second, third, other].map(async ({ stream }) => (await told(stream)).length));
  assert.deepEqual(asked, [1, 1, 0, 1], 'two of the first schema, so that one that hangs decides nothing');
  assert.equal(rollOut.changes()[0]?.state, 'checking');
  await clock.advance(2_000);
  assert.deepEqual(rollOut.changes(), []);
  assert.equal((await told(third.stream)).at(-1)?.kind, 'version');
});

test('what was refused is decided upon again together with what cures it', async () => {
  const { clock, rollOut, values, join, gets, told } = world({}, { application: 1 });
  const order = await join('order', 1);
  const payment = await join('payment', 1);
  const decide = async (refuses: boolean) => {
    const noticed = rollOut.notice();
    await clock.advance(0);
    await noticed;
    for (const { instance, stream } of [order, payment]) {
      for (const { candidate } of await told(stream))
        if (candidate !== undefined)
          rollOut.judged(instance, candidate, refuses && instance === 'payment:1' ? 'too few' : undefined);
    }
    await clock.advance(0);
  };
  values.application = 0;
  await decide(true);
  assert.deepEqual([await gets('order', 1), await gets('payment', 1)], ['1', '1']);
  assert.deepEqual(rollOut.held(), [{ targets: ['order/dev', 'payment/dev'], reason: 'payment:1 refused it' }]);
  assert.equal(rollOut.changes()[0]?.reason, 'payment:1 refused it: too few');
  values.payment = 5;
  await decide(false);
  assert.deepEqual([await gets('order', 1), await gets('payment', 1)], ['0', '5,0'], 'the other one’s part as well');
  assert.deepEqual(rollOut.held(), []);
});

test('a trial ends with a new edit, which is tried out in its place', async () => {
  const { clock, rollOut, values, join, gets } = world({ canary: true, check: false, watchMs: 10_000 }, { order: 1 });
  await join('order', 1);
  await join('order', 2);
  values.order = 2;
  await rollOut.notice();
  await clock.advance(3_000);
  assert.deepEqual([await gets('order', 1), await gets('order', 2)], ['2', '1']);
  values.order = 3;
  await rollOut.notice();
  await clock.advance(9_000);
  assert.deepEqual([await gets('order', 1), await gets('order', 2)], ['3', '1']);
  await clock.advance(5_000);
  assert.deepEqual([await gets('order', 1), await gets('order', 2)], ['3', '3']);
  assert.deepEqual(
    rollOut.versions().map(({ versions }) => versions.length),
    [2],
    'what was only tried out was never accepted',
  );
});

test('a canary that is gone, ill or slower than before gives the change back', async () => {
  const illnesses: [RegExp, (one: ReturnType<typeof world>, stream: FeedStream) => Promise<void>][] = [
    [/is gone/, async (_, stream) => stream.close()],
    [/is not healthy/, async ({ vitals }) => vitals('order:1', { isUp: false })],
    [/opened a circuit breaker/, async ({ vitals }) => vitals('order:1', { breakersOpened: 1 })],
    [
      /failed 6 of 50 requests, 12 % against 0 % before/,
      async ({ vitals }) => vitals('order:1', { requests: 50, failures: 6 }),
    ],
    [/refused it/, async ({ subscribers }) => subscribers.report({ ...report, refused: 'too few' })],
  ];
  const report = { instance: 'order:1', application: 'order', profiles: [] };
  for (const [reason, fall] of illnesses) {
    const one = world({ canary: true, check: false, watchMs: 60_000 }, { order: 1 });
    const { stream } = await one.join('order', 1);
    one.vitals('order:1', {});
    one.values.order = 2;
    await one.rollOut.notice();
    await one.clock.advance(2_500);
    assert.equal(await one.gets('order', 1), '2');
    await fall(one, stream);
    await one.clock.advance(8_000);
    assert.match(one.rollOut.held()[0]?.reason ?? '', reason);
    assert.equal(await one.gets('order', 1), '1');
  }
});

test('what was given to all before is so again at once: going back may be the cure', async () => {
  const one = world({ canary: true, check: false, watchMs: 5_000 }, { order: 1 });
  await one.join('order', 1);
  await one.join('order', 2);
  const both = async () => [await one.gets('order', 1), await one.gets('order', 2)];
  one.values.order = 2;
  await one.rollOut.notice();
  await one.clock.advance(9_000);
  assert.deepEqual(await both(), ['2', '2']);
  one.vitals('order:1', { requests: 100, failures: 100 });
  one.values.order = 1;
  await one.rollOut.notice();
  await one.clock.advance(0);
  assert.deepEqual(one.rollOut.changes(), []);
  assert.deepEqual(await both(), ['1', '1']);
});

test('a service that was ill before, and few failures, say nothing about the change', async () => {
  const one = world({ canary: true, check: false, watchMs: 5_000 }, { order: 1 });
  await one.join('order', 1);
  one.vitals('order:1', { isUp: false, requests: 100, failures: 50 });
  one.values.order = 2;
  await one.rollOut.notice();
  await one.clock.advance(2_000);
  one.vitals('order:1', { isUp: false, requests: 200, failures: 104 });
  await one.clock.advance(6_000);
  assert.deepEqual(one.rollOut.changes(), []);
  assert.equal(await one.gets('order', 1), '2');
});

test('at most ten accepted versions are kept', async () => {
  const { rollOut, values, join } = world({ check: false }, { order: 0 });
  await join('order', 1);
  for (let edit = 1; edit <= 30; edit += 1) {
    values.order = edit;
    await rollOut.notice();
  }
  assert.equal(rollOut.versions()[0]?.versions.length, 10);
});

test('the table is bounded, and those who are gone leave it', async () => {
  const clock = fakeClock();
  const subscribers = new Subscribers(clock, 2);
  const one = (instance: string) =>
    subscribers.join({ instance, application: 'order', profiles: [], target: 'order/dev', schema: '', version: 'v' });
  const first = one('order:1');
  assert.ok(first !== undefined && one('order:2') !== undefined);
  assert.equal(one('order:3'), undefined);
  assert.ok(one('order:1'), 'whoever comes again has its place');
  assert.equal((await first.next()).done, true, 'and its former connection ends');
  subscribers.report({ instance: 'order:2', application: 'order', profiles: [], leaves: true });
  const third = one('order:3');
  third?.close();
  await clock.advance(9_000);
  assert.equal(subscribers.rows().length, 2);
  await clock.advance(2_000);
  assert.deepEqual(
    subscribers.rows().map(({ instance }) => instance),
    ['order:1'],
  );
  const parts = { rollOut: world({}, {}).rollOut, subscribers: new Subscribers(clock, 0), rights: access([], []) };
  const [follow] = feedRoutes(parts);
  const request = {
    method: 'GET',
    url: '/',
    params: { application: 'order', profiles: 'dev' },
    query: new URLSearchParams({ instance: 'order:1' }),
    headers: {},
    body: new Uint8Array(),
  } as const;
  const identity = { kind: 'service', subject: 'order', roles: [], scopes: [] } as const;
  await assert.rejects(
    async () => follow?.handle(request, testCall({ identity })),
    (error) => codeOf(error) === 'CONFIG_FULL',
  );
});
