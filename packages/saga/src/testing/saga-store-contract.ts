import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatTraceparent, ids, seededRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { Message, UnitOfWork } from '@dure/messaging';
import { advance } from '../advance.ts';
import { beginSaga } from '../begin-saga.ts';
import type { SagaChange } from '../change.ts';
import type { AnySaga } from '../saga.ts';
import type { SagaArrival, SagaStore } from '../saga-store.port.ts';
import { sampleAnswers, sampleSaga } from './sample-saga.ts';

/** What an adapter shows of itself to the store's contract suite. Its service is named `test`. */
export interface StoreUnderTest<Tx> extends UnitOfWork<Tx>, AsyncDisposable {
  readonly store: SagaStore<Tx>;
  /** Messages that were committed. */
  messages(): Promise<readonly Message[]>;
}

const saga: AnySaga = sampleSaga;
const clock = fakeClock();
const kit = { clock, ids: ids(clock, seededRandom(1)) };
const begin = (orderId: string) => beginSaga(saga, { orderId, count: 1 }, testCall(), kit);

/** The contract of `SagaStore`, for every adapter. */
export function sagaStoreContract<Tx>(name: string, open: () => Promise<StoreUnderTest<Tx>>): void {
  const insert = (under: StoreUnderTest<Tx>, change: SagaChange) =>
    under.uow(testCall(), async (tx) => under.store.insert(tx, change));

  describe(`${name}: the saga store`, () => {
    test('a new instance is found as it was written, with its history, and its command is in the log', async () => {
      await using under = await open();
      const change = begin('o-1');
      await insert(under, change);
      const { id } = change.instance;
      assert.deepEqual(await under.store.find(id), change.instance);
      assert.deepEqual(await under.store.history(id), change.history);
      const [message] = await under.messages();
      assert.equal(message?.kind, 'command');
      assert.equal(message?.type, 'stock.reserve');
      assert.equal(message?.destination, 'stock');
      assert.equal(message?.key, 'o-1');
      assert.deepEqual(message?.data, { orderId: 'o-1', count: 1 });
      assert.deepEqual(message?.meta.saga, { id, step: 'reserve', direction: 'do' });
      assert.equal(message?.meta.traceparent?.slice(0, 35), formatTraceparent(testCall().trace).slice(0, 35));
    });

    test('a transaction that fails leaves no instance and no command', async () => {
      await using under = await open();
      const change = begin('o-1');
      const failing = under.uow(testCall(), async (tx) => {
        under.store.insert(tx, change);
        throw new TypeError('defect');
      });
      await assert.rejects(failing, /defect/);
      assert.equal(await under.store.find(change.instance.id), undefined);
      assert.deepEqual(await under.messages(), []);
    });

    test('of unfinished sagas no two have the same key; a finished one does not count', async () => {
      await using under = await open();
      const first = begin('o-1');
      await insert(under, first);
      await assert.rejects(insert(under, begin('o-1')), /the saga "buy" already runs for "o-1"/);
      await insert(under, begin('o-2'));
      await under.uow(testCall(), async (tx) => {
        const instance = await under.store.lock(tx, first.instance.id);
        assert.ok(instance !== undefined);
        const finished = { ...instance, status: 'finished' as const, finishedAt: clock.now() };
        under.store.save(tx, { instance: finished, commands: [], history: [], work: [] });
      });
      await insert(under, begin('o-1'));
      assert.equal((await under.store.list({ limit: 10 })).length, 3);
    });

    test('a change is found as it was saved, and its commands are in the log', async () => {
      await using under = await open();
      const { instance } = begin('o-1');
      await insert(under, { instance, commands: [], history: [], work: [] });
      const reply = { ok: true as const, value: sampleAnswers.reserve };
      const change = advance(
        saga,
        instance,
        { kind: 'replied', step: 'reserve', direction: 'do', reply },
        clock.now() + 5,
      );
      await under.uow(testCall(), async (tx) => {
        assert.deepEqual(await under.store.lock(tx, instance.id), instance);
        under.store.save(tx, change);
      });
      assert.deepEqual(await under.store.find(instance.id), change.instance);
      assert.deepEqual(await under.store.history(instance.id), change.history);
      assert.deepEqual(
        (await under.messages()).map(({ type }) => type),
        ['money.authorise'],
      );
    });

    test('one that was moved to another version is found with that, its shape and its input', async () => {
      await using under = await open();
      const { instance } = begin('o-1');
      await insert(under, { instance, commands: [], history: [], work: [] });
      const moved = {
        ...instance,
        version: 2,
        shape: 'reserve:pivot:stock.reserve',
        input: { orderId: 'o-1', count: 2 },
      };
      await under.uow(testCall(), async (tx) => {
        under.store.save(tx, { instance: moved, commands: [], history: [], work: [], migrated: true });
      });
      assert.deepEqual(await under.store.find(instance.id), moved);
      assert.deepEqual(
        (await under.store.open()).map(({ version, shape }) => [version, shape]),
        [[2, moved.shape]],
      );
    });

    test('every field of an instance comes back', async () => {
      await using under = await open();
      const { instance } = begin('o-1');
      const rich = {
        ...instance,
        phase: 'backward' as const,
        status: 'stuck' as const,
        why: { reason: 'refused' as const, step: 'authorise', code: 'Declined', data: { left: 0.5, text: '한글' } },
        problem: 'nobody answers',
        ending: { attempts: 3, dueAt: 1_767_225_600_123 },
        pausedAt: 1_767_225_600_456,
        parent: { id: instance.id, step: 'inner' },
      };
      await insert(under, { instance: rich, commands: [], history: [], work: [] });
      assert.deepEqual(await under.store.find(instance.id), rich);
    });

    test('part of a transaction that fails is taken back alone', async () => {
      await using under = await open();
      const [kept, lost] = [begin('o-1'), begin('o-2')];
      await under.uow(testCall(), async (tx) => {
        const failed = await under.store.attempt(tx, async () => {
          under.store.insert(tx, lost);
          throw new TypeError('defect');
        });
        assert.equal(failed.ok ? '' : String(failed.error), 'TypeError: defect');
        assert.deepEqual(await under.store.attempt(tx, async () => under.store.insert(tx, kept)), { ok: true });
      });
      assert.equal(await under.store.find(lost.instance.id), undefined);
      assert.notEqual(await under.store.find(kept.instance.id), undefined);
      assert.equal((await under.messages()).length, 1);
    });

    test('what is due first comes first, and only what these definitions made', async () => {
      await using under = await open();
      const instances = [begin('o-1'), begin('o-2'), begin('o-3')].map(({ instance }, at) => ({
        ...instance,
        steps: [{ step: 'reserve', state: 'sent' as const, attempts: 1, dueAt: clock.now() + 30 - at * 10 }],
      }));
      for (const instance of instances) await insert(under, { instance, commands: [], history: [], work: [] });
      const due = await under.store.due([saga], 2);
      assert.deepEqual(
        due.map(({ id, dueAt }) => [id, dueAt - clock.now()]),
        [
          [instances[2]?.id, 10],
          [instances[1]?.id, 20],
        ],
      );
      assert.equal(due[0]?.traceparent, instances[2]?.traceparent);
      assert.equal(due[0]?.correlation, instances[2]?.correlation);
      assert.deepEqual(await under.store.due([{ ...saga, version: 2 }], 2), []);
      assert.deepEqual(await under.store.due([{ ...saga, shape: 'other' }], 2), []);
      assert.deepEqual(await under.store.due([], 2), []);
    });

    test('unfinished instances are counted by definition', async () => {
      await using under = await open();
      assert.deepEqual(await under.store.open(), []);
      await insert(under, begin('o-1'));
      await insert(under, begin('o-2'));
      assert.deepEqual(await under.store.open(), [{ saga: 'buy', version: 1, shape: saga.shape, count: 2 }]);
    });

    test('a list shows the latest first, by state, saga and key', async () => {
      await using under = await open();
      await insert(under, begin('o-1'));
      await insert(under, begin('o-2'));
      const keys = async (filter: Parameters<typeof under.store.list>[0]) =>
        (await under.store.list(filter)).map(({ key }) => key);
      assert.deepEqual(await keys({ limit: 10 }), ['o-2', 'o-1']);
      assert.deepEqual(await keys({ limit: 1 }), ['o-2']);
      assert.deepEqual(await keys({ key: 'o-1', limit: 10 }), ['o-1']);
      assert.deepEqual(await keys({ state: 'running', saga: 'buy', limit: 10 }), ['o-2', 'o-1']);
      assert.deepEqual(await keys({ state: 'completed', limit: 10 }), []);
      assert.deepEqual(await keys({ saga: 'sell', limit: 10 }), []);
    });

    test('an instance is found by the event that it waits for, for as long as it does', async () => {
      await using under = await open();
      const { instance } = begin('o-1');
      const waits = { event: 'desk.approved', key: 'o-1' };
      const steps = [{ step: 'approval', state: 'sent' as const, attempts: 1, dueAt: clock.now(), waits }];
      const waiting = (key: string) => under.uow(testCall(), (tx) => under.store.waiting(tx, waits.event, key));
      await insert(under, { instance: { ...instance, steps }, commands: [], history: [], work: [] });
      assert.deepEqual([await waiting('o-1'), await waiting('o-2')], [[instance.id], []]);
      await under.uow(testCall(), async (tx) => {
        await under.store.lock(tx, instance.id);
        under.store.save(tx, { instance, commands: [], history: [], work: [] });
      });
      assert.deepEqual(await waiting('o-1'), []);
    });

    test('of events that came, the latest of each key is remembered until it is forgotten', async () => {
      await using under = await open();
      const came = { event: 'desk.approved', key: 'o-1', data: { by: 'mina' }, at: clock.now() };
      const remember = (arrival: SagaArrival) => under.uow(testCall(), (tx) => under.store.remember(tx, arrival));
      const found = (since: number, key = 'o-1') =>
        under.uow(testCall(), (tx) => under.store.arrival(tx, 'desk.approved', key, since));
      await remember(came);
      await remember({ ...came, data: { by: 'jun' }, at: clock.now() + 5 });
      assert.deepEqual(await found(clock.now()), { ...came, data: { by: 'jun' }, at: clock.now() + 5 });
      assert.equal(await found(clock.now() + 6), undefined);
      assert.equal(await found(clock.now(), 'o-2'), undefined);
      await under.uow(testCall(), (tx) => under.store.forget(tx, clock.now() + 6));
      assert.equal(await found(clock.now()), undefined);
    });

    test('an instance that does not exist is undefined', async () => {
      await using under = await open();
      const { id } = begin('o-1').instance;
      assert.equal(await under.store.find(id), undefined);
      assert.equal(await under.uow(testCall(), (tx) => under.store.lock(tx, id)), undefined);
      assert.deepEqual(await under.store.history(id), []);
    });
  });
}
