import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import type { Replay } from '@dure/messaging';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { TestSystem } from './start-system.ts';
import { startSystem } from './start-system.ts';

const who = { by: 'sora', why: 'the tally was wiped' };
let bakery: TestSystem;

before(async () => {
  const module = join(import.meta.dirname, '..', '..', 'fixtures', 'bakery', 'system.ts');
  bakery = await startSystem(module, { placement: 'each', scale: { counter: 2 } });
});
after(() => bakery[Symbol.asyncDispose]());

async function order(body: object, key: string = randomUUID()) {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  const answer = await fetch(`${bakery.edge}/orders`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
}
const get = async (path: string) => (await fetch(`${bakery.edge}${path}`)).json() as Promise<unknown>;
const tally = (bread: string) => async () =>
  ((await get('/tally')) as { bread: string; loaves: number }[]).find((one) => one.bread === bread)?.loaves;
const manage = (method: 'GET' | 'POST', path: string, body?: unknown) =>
  askSupervisor(bakery.stateFolder, { ask: 'manage', service: 'counter', method, path, body });

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const give = systemClock.monotonicMs() + 20_000;
  while (!(await holds())) {
    assert.ok(systemClock.monotonicMs() < give, `it did not come true in 20 s that ${what}`);
    await wait(systemClock, 20);
  }
}

test('a command is asked through the logs of two services, and whichever process asks gets its answer', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => order({ bread: 'brioche', count: 1 })));
  assert.deepEqual(
    answers.map(({ status }) => status),
    answers.map(() => 200),
  );
  const sums = answers.map(({ body }) => body.inAll as number).toSorted((a, b) => a - b);
  assert.deepEqual(
    sums,
    Array.from({ length: 12 }, (_, at) => at + 1),
  );
  const refused = await order({ bread: 'rye', count: 1 });
  assert.equal(refused.status, 409);
  assert.match(JSON.stringify(refused.body), /SoldOut/);
});

test('who gives up is told so; asking again under the same key is the same command', async () => {
  const [key, slow] = [randomUUID(), { bread: 'panettone', count: 1, slowMs: 600 }];
  const late = await order({ ...slow, withinMs: 200 }, key);
  assert.deepEqual([late.status, late.body.code], [504, 'MESSAGING_ASK_DEADLINE']);
  const again = await order({ ...slow, withinMs: 200 }, key);
  assert.ok([200, 504].includes(again.status));
  await until('the answer is there', async () => (await order({ ...slow, withinMs: 200 }, key)).status === 200);
  assert.deepEqual(
    ((await get('/baked')) as { bread: string }[]).filter(({ bread }) => bread === 'panettone').length,
    1,
  );
});

test('nothing is asked inside a unit of work', async () => {
  const inside = await order({ bread: 'stollen', count: 1, inside: true });
  assert.equal(inside.status, 500);
  assert.equal((await order({ bread: 'stollen', count: 1 })).body.inAll, 1);
});

test('an asker that is killed leaves a command that is carried out once, and an answer that its repetition gets', async () => {
  const [key, slow] = [randomUUID(), { bread: 'baguette', count: 2, slowMs: 500 }];
  const dying = order(slow, key).catch(() => undefined);
  await wait(systemClock, 150);
  for (const process of ['counter', 'counter-2']) bakery.kill(process);
  await dying;
  await bakery.untilReady();
  await until('the repetition is answered', async () => {
    const { status, body } = await order(slow, key);
    return status === 200 && body.inAll === 2;
  });
  assert.deepEqual(
    ((await get('/baked')) as { bread: string }[]).filter(({ bread }) => bread === 'baguette').length,
    1,
  );
});

test('what is too large to travel in its message is fetched by whoever handles it', async () => {
  const length = 3_000_000;
  await fetch(`${bakery.edge}/recipes/melonpan/${length}`, { method: 'POST' });
  await until('it is there', async () => (await tally('melonpan의 조리법')()) === length);
});

test('the past is replayed from the log of another process, beside what comes', async () => {
  for (let count = 0; count < 5; count += 1) await order({ bread: 'bagel', count: 1 });
  await until('it is counted', async () => (await tally('bagel')()) === 5);
  const dry = await manage('POST', 'replays', { reaction: 'tally', key: 'bagel', dryRun: true });
  assert.equal((dry as { messages: number }).messages, 5);
  const { id } = (await manage('POST', 'replays', { key: 'bagel', ...who })) as Replay;
  await order({ bread: 'bagel', count: 1 });
  await until('it is done', async () => ((await manage('GET', `replays/${id}`)) as Replay).state === 'done');
  await until('it is counted twice, and what came meanwhile once', async () => (await tally('bagel')()) === 11);
  await assert.rejects(manage('POST', 'replays', { reaction: 'nothing', key: 'bagel', ...who }), {
    code: 'DURE_REPLAY_UNKNOWN',
  });
});
