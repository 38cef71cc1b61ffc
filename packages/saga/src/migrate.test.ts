import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, ids, seededRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { beginSaga } from './begin-saga.ts';
import type { SagaInstance } from './instance.ts';
import { stateOf } from './instance.ts';
import type { AnySaga } from './saga.ts';
import { saga } from './saga-builder.ts';
import { sagaRunner } from './saga-runner.ts';
import { send } from './send.ts';
import { memorySagas } from './testing/memory-sagas.ts';
import { sampleAnswers, sampleCommands, sampleInput, sampleSaga } from './testing/sample-saga.ts';

const { reserve, release, authorise, capture, notify, cancel } = sampleCommands;
const mina = { by: 'mina', why: 'the carrier has changed' };
const noUndo = { nothingToUndo: 'nothing was done' };

// region migrates
/** Tells the customer first, and sends no mail later. */
const second = saga('buy', {
  version: 2,
  input: sampleInput,
  key: ({ orderId }) => orderId,
  migrates: { 1: (input: { readonly orderId: string; readonly count: number }) => input },
})
  // endregion
  .step(
    'tell',
    send(notify, ({ input: { orderId } }) => ({ orderId })),
    noUndo,
  )
  .step(
    'reserve',
    send(reserve, ({ input }) => input),
    { undo: send(release, ({ input: { orderId } }) => ({ orderId })) },
  )
  .step(
    'authorise',
    send(authorise, ({ input: { orderId } }) => ({ orderId })),
    { undo: send(cancel, ({ input: { orderId } }) => ({ orderId })) },
  )
  .pivot(
    'capture',
    send(capture, ({ input: { orderId }, done }) => ({ orderId, authorisationId: done.authorise.authorisationId })),
  )
  .end();

/** A saga of the first version that waits for the answer of `reserve`, and a release that lists these definitions. */
async function running(...definitions: readonly AnySaga[]) {
  const clock = fakeClock();
  const own = ids(clock, seededRandom(1));
  const order = memorySagas({ service: 'order', clock, ids: own });
  const kit = {
    service: 'order',
    store: order.store,
    unitOfWork: order,
    clock,
    ids: own,
    telemetry: silentTelemetry(),
  };
  const runner = sagaRunner({ ...kit, definitions });
  const change = beginSaga(sampleSaga, { orderId: 'o-1', count: 1 }, testCall(), { clock, ids: own });
  await order.uow(testCall(), async (tx) => order.store.insert(tx, change));
  const { id } = change.instance;
  const found = async (): Promise<SagaInstance> => (await order.store.find(id)) ?? assert.fail('it is gone');
  return {
    order,
    found,
    migrate: () => runner.operate(id, { do: 'migrate' }, mina, testCall()),
    undo: () => runner.operate(id, { do: 'undo' }, mina, testCall()),
    pause: () => runner.operate(id, { do: 'pause' }, mina, testCall()),
    answers: async (step: string, value: unknown) => {
      const sent =
        order.messages.findLast(({ meta }) => meta.saga?.step === step) ?? assert.fail(`${step} was not sent`);
      const reply = { ...sent, kind: 'reply' as const, data: { ok: true, value } };
      const meta = { ...sent.meta, saga: { id, step, direction: sent.meta.saga?.direction ?? ('do' as const) } };
      await order.uow(testCall(), (tx) => runner.handleReply({ ...reply, meta }, testCall(), tx));
    },
    history: async () => (await order.store.history(id)).map(({ what, detail = '' }) => `${what} ${detail}`),
    states: async () => (await found()).steps.map(({ step, state }) => `${step} ${state}`),
  };
}

const renamed = (step: string, name: string) =>
  second.nodes.flatMap((node) => (node.name === step ? [{ ...node, name }] : node.name === name ? [] : [node]));

const refused = (said: RegExp) => (error: unknown) => {
  assert.equal(codeOf(error), 'SAGA_ACTION_REFUSED');
  assert.match(String(error), said);
  return true;
};

test('what a saga has begun must be known to the later version by its name', async () => {
  const shop = await running(sampleSaga, second);
  await shop.answers('reserve', sampleAnswers.reserve);
  await shop.answers('authorise', sampleAnswers.authorise);
  await assert.rejects(shop.migrate(), refused(/version 2 has no step "notify", which it has begun/));
  await shop.answers('notify', null);
  await assert.rejects(shop.migrate(), refused(/no step "notify"/), 'nor is what is done forgotten');
  assert.equal((await shop.found()).version, 1);
});

test('a running saga goes on by the later version: what it has done stays, what has no record yet is begun', async () => {
  const shop = await running(sampleSaga, second);
  await shop.answers('reserve', sampleAnswers.reserve);
  await shop.migrate();
  assert.deepEqual([(await shop.found()).version, (await shop.found()).shape], [2, second.shape]);
  assert.deepEqual(await shop.states(), ['reserve done', 'authorise sent', 'tell sent']);
  assert.ok((await shop.history()).includes('migrated mina: the carrier has changed (version 1 to 2)'));
  await shop.answers('authorise', sampleAnswers.authorise);
  await shop.answers('tell', null);
  await shop.answers('capture', null);
  assert.equal(stateOf(await shop.found()), 'completed');
});

test('what it had done before is taken back by the later version', async () => {
  const shop = await running(sampleSaga, second);
  await shop.answers('reserve', sampleAnswers.reserve);
  await shop.migrate();
  await shop.undo();
  await shop.answers('authorise', null);
  await shop.answers('reserve', null);
  assert.equal(stateOf(await shop.found()), 'compensated');
});

test('a saga that is held stays so', async () => {
  const shop = await running(sampleSaga, second);
  await shop.pause();
  const sent = shop.order.messages.length;
  await shop.migrate();
  assert.deepEqual([stateOf(await shop.found()), shop.order.messages.length], ['paused', sent]);
});

test('no version takes a saga that does not say so, cannot read it or means something else by a step', async () => {
  const other = (change: Partial<AnySaga>) => ({ ...(second as AnySaga), ...change }) as AnySaga;
  for (const [definitions, said] of [
    [[sampleSaga], /no later version .*`migrates: \{ 1: … \}`/],
    [[sampleSaga, other({ migrates: {} })], /no later version/],
    [[second], /reserve is under way, and the version it runs by is not listed/],
    [[{ ...sampleSaga, nodes: [] }, second], /reserve is under way, and the version/],
    [[sampleSaga, other({ nodes: renamed('authorise', 'reserve') })], /reserve is under way, and is something else/],
    [[sampleSaga, other({ key: () => 'o-2' })], /its key would be "o-2"/],
    [[sampleSaga, other({ migrates: { 1: () => ({ orderId: 7 }) } })], /its input does not fit version 2/],
  ] as const) {
    const shop = await running(...definitions);
    await assert.rejects(shop.migrate(), refused(said));
    assert.equal((await shop.found()).version, 1);
  }
});
