import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Call, Random } from '@dure/core';
import { ids, randomInteger, randomItem, seededRandom } from '@dure/core';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock, testCall } from '@dure/core/testing';
import type { Message, ReplyData } from '@dure/messaging';
import type { Telemetry } from '@dure/telemetry';
import { silentTelemetry } from '@dure/telemetry';
import { memoryTelemetry } from '@dure/telemetry/testing';
import fc from 'fast-check';
import { beginSaga } from './begin-saga.ts';
import { fenced } from './fenced.ts';
import { stateOf } from './instance.ts';
import { leavesOf } from './nodes.ts';
import type { AnySaga } from './saga.ts';
import type { SagaRunner } from './saga-runner.ts';
import { sagaRunner } from './saga-runner.ts';
import type { MemorySagas, MemorySagaTx } from './testing/memory-sagas.ts';
import { memorySagas } from './testing/memory-sagas.ts';
import { sampleAnswers, sampleSaga } from './testing/sample-saga.ts';

interface World {
  readonly clock: FakeClock;
  readonly order: MemorySagas;
  /** All other services at once. */
  readonly others: MemorySagas;
  readonly runner: SagaRunner<MemorySagaTx>;
  start(orderId: string, call?: Call): Promise<string>;
  carryOut(command: Message, answer?: ReplyData): Promise<void>;
  takeReply(reply: Message): Promise<void>;
}

function world(
  seed = 1,
  definitions: readonly AnySaga[] = [sampleSaga],
  telemetry: Telemetry = silentTelemetry(),
): World {
  const clock = fakeClock();
  const own = ids(clock, seededRandom(seed));
  const order = memorySagas({ service: 'order', clock, ids: own });
  const others = memorySagas({ service: 'others', clock, ids: own });
  const runner = sagaRunner({
    service: 'order',
    definitions,
    store: order.store,
    unitOfWork: order,
    clock,
    ids: own,
    telemetry,
  });
  return {
    clock,
    order,
    others,
    runner,
    async start(orderId, call = testCall()) {
      const change = beginSaga(sampleSaga, { orderId, count: 1 }, call, { clock, ids: own });
      await order.uow(call, async (tx) => order.store.insert(tx, change));
      return change.instance.id;
    },
    async carryOut(command, answer = success(command)) {
      const guard = fenced(others.fence);
      await others.uow(testCall(), async (tx) => {
        const reply = await guard(command, tx, async () => {
          if (answer.ok) tx.set(effectOf(command), Number(tx.get(effectOf(command)) ?? 0) + 1);
          return answer;
        });
        others.reply(tx, command, reply);
      });
    },
    takeReply: (reply) => order.uow(testCall(), (tx) => runner.handleReply(reply, testCall(), tx)),
  };
}

function success({ type }: Message): ReplyData {
  const answers: Readonly<Record<string, unknown>> = sampleAnswers;
  return { ok: true, value: answers[type.slice(type.indexOf('.') + 1)] ?? null };
}

const effectOf = ({ meta, key }: Message) => `${key} ${meta.saga?.direction} ${meta.saga?.step}`;

/** Carries every message to and fro, once and in order. */
async function settle(over: World, answer: (command: Message) => ReplyData = success): Promise<void> {
  let [commands, replies] = [0, 0];
  while (commands < over.order.messages.length || replies < over.others.messages.length) {
    for (const command of over.order.messages.slice(commands)) {
      commands += 1;
      if (command.kind === 'command') await over.carryOut(command, answer(command));
    }
    for (const reply of over.others.messages.slice(replies)) {
      replies += 1;
      await over.takeReply(reply);
    }
  }
}

async function stateIn(over: World, id: string) {
  const instance = await over.order.store.find(id);
  return instance && stateOf(instance);
}

test('replies move a saga to its end, and the end is written with the last of them', async () => {
  const shop = world();
  const id = await shop.start('o-1');
  await settle(shop);
  assert.equal(await stateIn(shop, id), 'completed');
  assert.equal(shop.order.values.get('o-1'), 'shipped s-1');
});

test('an answer that comes again after the end ends nothing again', async () => {
  const telemetry = memoryTelemetry();
  const shop = world(1, [sampleSaga], telemetry);
  const id = await shop.start('o-1');
  await settle(shop);
  for (const reply of shop.others.messages) await shop.takeReply(reply);
  assert.equal(await stateIn(shop, id), 'completed');
  assert.equal(telemetry.logs.filter(({ message }) => message.endsWith('is completed')).length, 1);
});

test('a refusal ends it the other way, with the reason', async () => {
  const shop = world();
  const id = await shop.start('o-1');
  await settle(shop, (command) =>
    command.type === 'money.capture' ? { ok: false, refusal: { code: 'Expired', data: {} } } : success(command),
  );
  assert.equal(await stateIn(shop, id), 'compensated');
  assert.equal(shop.order.values.get('o-1'), 'rejected Expired');
  assert.equal(shop.others.values.get('o-1 undo reserve'), 1);
});

test('timeouts strike by themselves, and what they send belongs to the trace that started the saga', async () => {
  const shop = world();
  const call = testCall();
  const id = await shop.start('o-1', call);
  await using runner = shop.runner;
  runner.run();
  await shop.clock.advance(1_500);
  assert.equal(shop.order.messages.length, 2, 'sent again after a second');
  await shop.clock.advance(6_000);
  assert.equal(await stateIn(shop, id), 'compensating');
  const commands = shop.order.messages.map(({ type, meta }) => [
    type,
    meta.traceparent?.slice(3, 35),
    meta.correlation,
  ]);
  const trace = [call.trace.traceId, call.trace.traceId];
  assert.deepEqual(commands, [...[1, 2, 3].map(() => ['stock.reserve', ...trace]), ['stock.release', ...trace]]);
  assert.equal(shop.order.messages.at(-1)?.meta.causation, id);
  await settle(shop);
  assert.equal(await stateIn(shop, id), 'compensated');
  assert.equal(shop.order.values.get('o-1'), 'gave up at reserve');
  assert.equal(shop.others.values.get('o-1 do reserve'), 1, 'three commands, one effect');
  assert.equal(shop.others.values.get('o-1 undo reserve'), 1);
});

test('many that are due at once are all moved on', async () => {
  const shop = world();
  for (let order = 0; order < 120; order += 1) await shop.start(`o-${order}`);
  await using runner = shop.runner;
  runner.run();
  await shop.clock.advance(1_500);
  for (let turn = 0; turn < 1_000 && shop.order.messages.length < 240; turn += 1) await setImmediate();
  assert.equal(shop.order.messages.length, 240);
});

test('closing stops it, also in the middle of a sleep', async () => {
  const shop = world();
  shop.runner.run();
  await shop.clock.advance(10);
  await shop.runner.close();
  await shop.runner.close();
  assert.equal(shop.clock.pending, 0);
  await shop.start('o-1');
  await shop.clock.advance(60_000);
  assert.equal(shop.order.messages.length, 1);
});

test('an unfinished saga without its definition makes the service unready and keeps its reply', async () => {
  const shop = world();
  await shop.start('o-1');
  assert.deepEqual(await shop.runner.health.check(), { status: 'UP', details: { 'buy v1': 1 } });
  const newer = sagaRunner({
    service: 'order',
    definitions: [{ ...sampleSaga, version: 2 } as AnySaga],
    store: shop.order.store,
    unitOfWork: shop.order,
    clock: shop.clock,
    ids: ids(shop.clock, seededRandom(2)),
    telemetry: silentTelemetry(),
  });
  const health = await newer.health.check();
  assert.equal(health.status, 'DOWN');
  assert.deepEqual(health.details?.missing, [`buy v1 (${sampleSaga.shape}): 1 unfinished`]);
  const [command] = shop.order.messages;
  assert.ok(command !== undefined);
  await shop.carryOut(command);
  const [reply] = shop.others.messages;
  assert.ok(reply !== undefined);
  await assert.rejects(
    shop.order.uow(testCall(), (tx) => newer.handleReply(reply, testCall(), tx)),
    { code: 'SAGA_DEFINITION_MISSING', retryable: true },
  );
  await shop.takeReply(reply);
  assert.equal(shop.order.messages.at(-1)?.type, 'money.authorise');
});

test('replies that belong to no saga, or to one that does not exist, are passed over', async () => {
  const shop = world();
  await shop.start('o-1');
  const [command] = shop.order.messages;
  assert.ok(command !== undefined);
  const { saga: _, ...plain } = command.meta;
  await shop.takeReply({ ...command, kind: 'reply', data: success(command), meta: plain });
  const mark = { id: '01930000-0000-7000-8000-000000000000', step: 'reserve', direction: 'do' as const };
  await shop.takeReply({ ...command, kind: 'reply', data: success(command), meta: { ...plain, saga: mark } });
  assert.equal(shop.order.messages.length, 1);
});

test('an operator takes up a stuck saga, and none that has ended', async () => {
  const shop = world();
  const id = await shop.start('o-1');
  const operator = { by: 'mina', why: 'the warehouse is back' };
  const resume = (which: string) => shop.runner.operate(which, { do: 'resume' }, operator, testCall());
  await assert.rejects(resume('01930000-0000-7000-8000-000000000000'), { code: 'SAGA_NOT_FOUND' });
  let answer: unknown = { reservationId: 7 };
  await settle(shop, (command) => (command.type === 'stock.reserve' ? { ok: true, value: answer } : success(command)));
  assert.equal(await stateIn(shop, id), 'needs-operator');
  answer = sampleAnswers.reserve;
  await resume(id);
  const history = await shop.order.store.history(id);
  assert.equal(history.find(({ what }) => what === 'resumed')?.detail, 'mina: the warehouse is back');
  assert.equal(shop.order.messages.at(-1)?.type, 'stock.reserve');
  const other = await shop.start('o-2');
  await settle(shop);
  await assert.rejects(resume(other), {
    code: 'SAGA_ACTION_REFUSED',
    message: 'that cannot be done to the saga buy "o-2": it is completed',
  });
});

test('over any traffic, every saga ends, each effect happens once, and nothing stays half-done', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const shop = world(seed);
      const random = seededRandom(seed);
      await using runner = shop.runner;
      runner.run();
      const orders = Array.from({ length: 4 }, (_, at) => `o-${at}`);
      const found: string[] = [];
      for (const order of orders) found.push(await shop.start(order));
      for (let step = 0; step < 150; step += 1) await anything(shop, random);
      for (let round = 0; round < 40 && (await unfinished(shop, found)); round += 1) {
        await settle(shop);
        await shop.clock.advance(60_000);
      }
      for (const id of found) await checkEnd(shop, id);
    }),
    { numRuns: 60 },
  );
});

/** Some command arrives, some reply arrives, or time passes; any of them late, twice or out of order. */
async function anything(shop: World, random: Random): Promise<void> {
  const what = randomInteger(random, 0, 9);
  const command = randomItem(random, shop.order.messages);
  const reply = randomItem(random, shop.others.messages);
  if (what < 4 && command !== undefined) await shop.carryOut(command, answerAtRandom(command, random));
  else if (what < 8 && reply !== undefined) await shop.takeReply(reply);
  else await shop.clock.advance(randomInteger(random, 1, 2_000));
}

function answerAtRandom(command: Message, random: Random): ReplyData {
  const refusals: Readonly<Record<string, string>> = {
    'stock.reserve': 'OutOfStock',
    'money.authorise': 'Declined',
    'money.capture': 'Expired',
  };
  const code = refusals[command.type];
  if (code === undefined || random.next() < 0.7) return success(command);
  return { ok: false, refusal: { code, data: { available: 0 } } };
}

async function unfinished(shop: World, sagas: readonly string[]): Promise<boolean> {
  const instances = await Promise.all(sagas.map((id) => shop.order.store.find(id)));
  return instances.some((instance) => instance?.status !== 'finished');
}

async function checkEnd(shop: World, id: string): Promise<void> {
  const instance = await shop.order.store.find(id);
  assert.ok(instance !== undefined);
  const story = (await shop.order.store.history(id)).map(({ what, step }) => `${what} ${step ?? ''}`).join('; ');
  assert.equal(instance.status, 'finished', story);
  const did = (direction: string, step: string) =>
    Number(shop.others.values.get(`${instance.key} ${direction} ${step}`) ?? 0);
  const completed = instance.phase === 'forward';
  for (const { leaf } of leavesOf(sampleSaga.nodes)) {
    const { name, kind, undo } = leaf;
    assert.ok(did('do', name) <= 1 && did('undo', name) <= did('do', name), `${name}: ${story}`);
    if (completed) assert.deepEqual([did('do', name), did('undo', name)], [1, 0], `${name}: ${story}`);
    else if (kind !== 'compensatable') assert.equal(did('do', name), 0, `${name}: ${story}`);
    else if (undo !== undefined) assert.equal(did('do', name), did('undo', name), `${name}: ${story}`);
  }
  assert.match(String(shop.order.values.get(instance.key)), completed ? /^shipped/ : /^(rejected|gave up)/);
}
