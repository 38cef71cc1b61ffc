import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManagementRequest } from '@dure/core';
import { codeOf } from '@dure/core';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import type { FeedConsumer } from '@dure/messaging/feed';
import { foreignMessage, memoryDatabase } from '@dure/messaging/testing';
import { deliveriesEndpoint, deliveriesHealth } from './deliveries-endpoint.ts';

const clock = fakeClock(5_000);
const failure = { code: 'X', message: 'no', attempts: 1, at: 1_000, nextAt: undefined };

async function world() {
  const { deliveries } = memoryDatabase({ service: 'stock', clock, ids: testIds() });
  await deliveries.park(foreignMessage({ id: 'm1', data: { a: 1 } }), failure);
  await deliveries.deliver(foreignMessage({ id: 'm2', position: 2 }), testCall(), async () => undefined);
  let rings = 0;
  const consumer = {
    state: { source: 'other', status: 'following' },
    health: { name: 'feed-other', groups: [], check: () => ({ status: 'DOWN', details: { stopped: 1 } }) },
    ring: () => {
      rings += 1;
    },
  } as unknown as FeedConsumer;
  const { handle } = deliveriesEndpoint({
    as: 'stock',
    deliveries,
    sources: () => [consumer],
    pulls: ['other'],
    logOf: () => ({ eras: async () => ({ era: 'now', end: 9, common: { before: 1 } }) }),
    masks: new Set(['name']),
    clock,
  });
  const get = async (path: string, query: ManagementRequest['query'] = {}) =>
    handle({ method: 'GET', path: path === '' ? [] : path.split('/'), query, body: undefined });
  const post = async (path: string, body: unknown) => handle({ method: 'POST', path: [path], query: {}, body });
  return { deliveries, consumer, get, post, rings: () => rings };
}

const who = { by: 'kim', why: 'ticket 7' };

test('it shows the sources, the parked keys, and with source and key their messages', async () => {
  const { get } = await world();
  assert.deepEqual((await get('')).body, { sources: [{ source: 'other', status: 'following' }] });
  const { parked, messages } = (await get('parked', { source: 'other', key: 'k' })).body as {
    parked: { key: string; state: string }[];
    messages: { message: { id: string } }[];
  };
  assert.deepEqual([parked[0]?.key, parked[0]?.state], ['k', 'stopped']);
  assert.deepEqual(
    messages.map(({ message }) => message.id),
    ['m1', 'm2'],
  );
  assert.equal((await get('parked', { state: 'lost' })).status, 400);
  assert.equal((await get('nothing')).status, 404);
  assert.equal((await get('parked/x')).status, 404);
});

test('what is done rings the consumers, and is kept with who and why', async () => {
  const { deliveries, get, post, rings } = await world();
  assert.deepEqual(await post('parked', { do: 'retry', source: 'other', key: 'k', ...who }), {
    status: 200,
    body: { keys: 1 },
  });
  assert.equal((await post('parked', { do: 'edit', source: 'other', id: 'm1', data: { a: 2 }, ...who })).status, 204);
  assert.deepEqual((await deliveries.parked.first('other', 'k'))?.message.data, { a: 2 });
  assert.equal((await post('parked', { do: 'skip', source: 'other', id: 'm1', ...who })).status, 204);
  assert.equal((await post('sources', { do: 'pause', source: 'other', ...who })).status, 204);
  assert.equal((await deliveries.parked.standing('other')).paused?.by, 'kim');
  assert.equal((await post('sources', { do: 'resume', source: 'other', ...who })).status, 204);
  assert.equal(rings(), 5);
  const { actions } = (await get('actions')).body as { actions: { what: string; why: string; at: number }[] };
  assert.deepEqual(
    actions.map(({ what, why, at }) => [what, why, at]),
    ['resume', 'pause', 'skip', 'edit', 'retry'].map((what) => [what, 'ticket 7', 5_000]),
  );
});

test('what a message says is shown when it is asked for, masked, and a correction that leaves a mask leaves the value', async () => {
  const { deliveries, get, post } = await world();
  await deliveries.park(foreignMessage({ id: 'm3', key: 'p', position: 3, data: { name: 'Kim', a: '1' } }), failure);
  const shown = async (query: ManagementRequest['query']) =>
    ((await get('parked', { source: 'other', key: 'p', ...query })).body as { messages: { message: object }[] })
      .messages;
  const dataOf = async (query: ManagementRequest['query'] = {}) =>
    (await shown(query)).map(({ message }) => (message as { data?: unknown }).data);
  assert.deepEqual(await dataOf(), [{ name: '***', a: '1' }]);
  assert.deepEqual(await dataOf({ data: 'false' }), [undefined]);
  assert.deepEqual(await dataOf({ id: 'm3' }), [{ name: '***', a: '1' }]);
  for (const id of ['m1', 'm9']) assert.deepEqual(await shown({ id }), [], 'of another key, or of none');
  const edit = (data: unknown) => post('parked', { do: 'edit', source: 'other', id: 'm3', data, ...who });
  assert.equal((await edit({ name: '***', a: 1 })).status, 204);
  assert.deepEqual((await deliveries.parked.first('other', 'p'))?.message.data, { name: 'Kim', a: 1 });
  assert.equal((await edit({ name: 'Lee', a: 1 })).status, 204);
  assert.equal((await edit({ name: '***', a: 2 })).status, 204, 'the latest correction counts');
  assert.deepEqual((await deliveries.parked.first('other', 'p'))?.message.data, { name: 'Lee', a: 2 });
  assert.match((await edit({ who: { name: '***' } })).detail ?? '', /"data\.who\.name" is masked/);
  await post('parked', { do: 'skip', source: 'other', id: 'm3', ...who });
  const { actions } = (await get('actions')).body as { actions: { detail: { data?: object; after?: object } }[] };
  assert.deepEqual(actions[0]?.detail.data, { name: '***', a: '1' });
  assert.deepEqual(actions[1]?.detail.after, { name: '***', a: 2 });
});

test('a source that was restored is resumed after the position that both have in common', async () => {
  const { deliveries, get, post, rings } = await world();
  await deliveries.enterEra('other', 'before');
  const back = (after: unknown, source = 'other') => post('sources', { do: 'resume', source, after, ...who });
  await assert.rejects(back(2), (error) => codeOf(error) === 'MESSAGING_SET_BACK_REFUSED');
  await assert.rejects(back(1, 'stock/reactions'), (error) => codeOf(error) === 'MESSAGING_SOURCE_UNKNOWN');
  for (const after of [-1, 1.5, '1', null]) assert.equal((await back(after)).status, 400);
  assert.equal((await post('sources', { do: 'pause', source: 'other', after: 1, ...who })).status, 400);
  const ahead = { stream: 'other', position: 2, era: 'before', common: 1 };
  const before = rings();
  assert.deepEqual(await back(1), { status: 200, body: { setBack: [ahead], left: [] } });
  assert.equal(rings(), before + 1);
  assert.deepEqual(await deliveries.reached(['other']), [{ position: 1, era: undefined }]);
  const { actions } = (await get('actions')).body as { actions: { what: string; why: string }[] };
  assert.deepEqual(
    actions.map(({ what, why }) => [what, why]),
    [['set-back', 'ticket 7']],
  );
});

test('what is not understood, is not there, or comes from nobody is refused', async () => {
  const { post, get } = await world();
  const refused: readonly (readonly [string, object, number])[] = [
    ['parked', { do: 'retry', source: 'other', by: 'kim' }, 400],
    ['parked', { do: 'retry', ...who }, 400],
    ['parked', { do: 'skip', source: 'other', ...who }, 400],
    ['parked', { do: 'edit', source: 'other', id: 'm1', ...who }, 400],
    ['parked', { do: 'burn', source: 'other', id: 'm1', ...who }, 400],
    ['sources', { do: 'burn', source: 'other', ...who }, 400],
    ['sources', { do: 'pause', ...who }, 400],
    ['sources', { do: 'pause', source: 'other' }, 400],
    ['actions', {}, 405],
  ];
  for (const [path, body, status] of refused)
    assert.equal((await post(path, body)).status, status, JSON.stringify(body));
  for (const [path, body, code] of [
    ['parked', { do: 'retry', source: 'other', key: 'free', ...who }, 'MESSAGING_PARKED_UNKNOWN'],
    ['parked', { do: 'skip', source: 'other', id: 'm9', ...who }, 'MESSAGING_PARKED_UNKNOWN'],
    ['sources', { do: 'pause', source: 'othre', ...who }, 'MESSAGING_SOURCE_UNKNOWN'],
  ] as const)
    await assert.rejects(post(path, body), (error) => codeOf(error) === code);
  assert.deepEqual((await get('actions')).body, { actions: [] });
});

test('the deliveries are down when one source is', async () => {
  const { consumer } = await world();
  assert.deepEqual(await deliveriesHealth(() => [consumer]).check(), {
    status: 'DOWN',
    details: { other: { stopped: 1 } },
  });
  assert.equal((await deliveriesHealth(() => []).check()).status, 'UP');
});
