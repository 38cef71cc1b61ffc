import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, ids, seededRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { foreignMessage } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { beginSaga } from './begin-saga.ts';
import { stateOf, waitsOf } from './instance.ts';
import { leavesOf } from './nodes.ts';
import { processManager } from './process-manager.ts';
import type { AnySaga } from './saga.ts';
import { sagaRunner } from './saga-runner.ts';
import { crashEverywhere } from './testing/crash-everywhere.ts';
import type { MemorySagaTx } from './testing/memory-sagas.ts';
import { memorySagas } from './testing/memory-sagas.ts';
import { agreed, sampleProcess } from './testing/sample-process.ts';
import { sampleCommands, sampleInput } from './testing/sample-saga.ts';
import { spec } from './testing/spec.ts';

const input = { orderId: 'o-1', count: 2 };
const agreement = { orderId: 'o-1', count: 1 };
const reservation = { reservationId: 'r-1' };
const nothing = { available: 0 };
const started = () => spec(sampleProcess).start(input);
const options = { input: sampleInput, key: ({ orderId }: typeof input) => orderId };
const { reserve, notify } = sampleCommands;

test('it completes when it has what it needs, in whatever order that comes', () => {
  started()
    .expectSent('reserve.0', 'do', input)
    .replies('reserve.0', reservation)
    .happens('agreed.0', agreement)
    .expectState('running')
    .happens('agreed.1', agreement)
    .expectState('completed');
  started()
    .happens('agreed.0', agreement)
    .happens('agreed.1', agreement)
    .replies('reserve.0', reservation)
    .expectState('completed')
    .expectSteps('state decided', 'reserve chosen', 'reserve.0 done');
});

test('what it knows is kept with the instance, as JSON would have it', () => {
  const { instance } = started().replies('reserve.0', reservation);
  const state = instance.steps.find(({ step }) => step === 'state');
  assert.deepEqual(
    { ...state, order: 0 },
    {
      step: 'state',
      state: 'decided',
      order: 0,
      result: { reservation: 'r-1', refusals: 0, agreements: 0 },
    },
  );
});

test('a command is sent as often as it decides to, each with a name of its own, and work is done here', () => {
  started()
    .refuses('reserve.0', 'OutOfStock', nothing)
    .expectSent('notify.0')
    .replies('notify.0')
    .passes(59_999)
    .expectSent('notify.0')
    .passes(1)
    .expectSent('reserve.1', 'do', input)
    .replies('reserve.1', reservation)
    .happens('agreed.0', { ...agreement, count: 2 })
    .expectState('completed');
});

test('when it turns back, what was done is taken back, the latest first, and what is refused stays away', () => {
  const twice = processManager('twice', options)
    .command('reserve', reserve, { undo: { command: sampleCommands.release, data: ({ item }) => item } })
    .command('notify', notify)
    .decide({
      initial: () => 0,
      evolve: (count, { what }) => (what === 'done' ? count + 1 : count),
      decide(count, happened, c) {
        if (happened.what === 'started') return [c.send('reserve', { ...input, count: 7 })];
        if (count === 1) return [c.send('notify', input)];
        return count === 2 ? [c.send('reserve', input)] : [c.turnBack('Enough')];
      },
    })
    .end();
  spec(twice)
    .start(input)
    .replies('reserve.0', reservation)
    .replies('notify.0')
    .replies('reserve.1', reservation)
    .expectWhy({ reason: 'refused', step: 'reserve.1', code: 'Enough', data: {} })
    .expectSent('reserve.1', 'undo', input)
    .replies('reserve.1')
    .expectSent('reserve.0', 'undo', { ...input, count: 7 })
    .replies('reserve.0')
    .expectState('compensated');
  const refusals = started();
  for (const turn of [0, 1, 2]) {
    refusals.refuses(`reserve.${turn}`, 'OutOfStock', nothing);
    if (turn < 2) refusals.replies(`notify.${turn}`).passes(60_000);
  }
  refusals
    .expectWhy({ reason: 'refused', step: 'reserve.2', code: 'NothingLeft', data: nothing })
    .expectState('compensated');
});

test('what nobody answers is heard of once, and taken back as possibly done', () => {
  const given = started().passes(1_000).passes(2_000);
  assert.deepEqual(given.instance.why, { reason: 'refused', step: 'reserve.0', code: 'Unanswered', data: {} });
  given.receives('reserve.0', 'do', { ok: true, value: reservation }).expectUndone('reserve.0');
});

test('it ends when all that it has sent is answered, and takes back what nobody answered', () => {
  const hasty = processManager('hasty', options)
    .command('reserve', reserve, {
      undo: { command: sampleCommands.release, data: ({ item }) => item },
      timeoutMs: 1_000,
      attempts: 1,
    })
    .timer('soon')
    .decide({
      initial: () => null,
      evolve: (state) => state,
      decide: (_, { what }, c) =>
        what === 'started' ? [c.send('reserve', input), c.wake('soon', 1), c.complete()] : [],
    })
    .end();
  spec(hasty).start(input).expectState('running').replies('reserve.0', reservation).expectState('completed');
  spec(hasty)
    .start(input)
    .passes(1_000)
    .expectSent('reserve.0', 'undo')
    .replies('reserve.0')
    .expectState('completed')
    .expectSteps('state decided', 'reserve chosen', 'reserve.0 undone');
});

test('a timer is moved by being set again, and is not heard when it was cancelled', () => {
  const ticking = processManager('ticking', options)
    .event('agreed', agreed, ({ input: { orderId } }) => orderId)
    .timer('tick')
    .timer('end')
    .decide({
      initial: () => ({ ticks: 0 }),
      evolve: ({ ticks }, happened) => ({ ticks: happened.what === 'woke' ? ticks + 1 : ticks }),
      decide(_, happened, c) {
        if (happened.what === 'started') return [c.wake('tick', 1_000), c.wake('end', 10_000)];
        if (happened.what === 'heard')
          return happened.data.count === 0 ? [c.cancel('tick')] : [c.wake('tick', happened.data.count)];
        return happened.timer === 'end' ? [c.complete()] : [];
      },
    })
    .end();
  const ticksOf = (given: ReturnType<typeof running>) =>
    given.instance.steps.map((record) => ('result' in record ? record.result : undefined)).find((one) => one);
  const running = () => spec(ticking).start(input).passes(500);
  assert.deepEqual(
    ticksOf(
      running()
        .happens('agreed.0', { ...input, count: 2_000 })
        .passes(1_999),
    ),
    { ticks: 0 },
  );
  assert.deepEqual(
    ticksOf(
      running()
        .happens('agreed.0', { ...input, count: 2_000 })
        .passes(2_000),
    ),
    { ticks: 1 },
  );
  assert.deepEqual(
    ticksOf(
      running()
        .happens('agreed.0', { ...input, count: 0 })
        .passes(9_000),
    ),
    { ticks: 0 },
  );
  running().passes(9_500).expectState('completed');
});

test('while it is held it hears everything, and decides when it is taken up again', () => {
  started()
    .operates({ do: 'pause' })
    .replies('reserve.0', reservation)
    .happens('agreed.0', agreement)
    .happens('agreed.1', agreement)
    .expectState('paused')
    .operates({ do: 'resume' })
    .expectState('completed');
});

test('an operator skips, sends other data, calls it off; a deadline does so, too', () => {
  started()
    .operates({ do: 'skip', step: 'reserve.0', result: reservation })
    .happens('agreed.0', { ...agreement, count: 2 })
    .expectState('completed');
  started()
    .operates({ do: 'replace', step: 'reserve.0', data: { ...input, count: 1 } })
    .expectSent('reserve.0', 'do', { ...input, count: 1 });
  const off = started().replies('reserve.0', reservation).operates({ do: 'undo' }, 'kim', 'a mistake');
  off.expectWhy({ reason: 'called-off', by: 'kim', text: 'a mistake' }).expectUndone('reserve.0');
  const short = processManager('short', { ...options, deadlineMs: 5_000 })
    .event('agreed', agreed, ({ input: { orderId } }) => orderId)
    .decide({ initial: () => null, evolve: (state) => state, decide: () => [] })
    .end();
  spec(short)
    .start(input)
    .happens('agreed.0', agreement)
    .passes(5_000)
    .expectState('compensated')
    .expectWhy({ reason: 'timed-out', step: 'agreed.1' });
});

test('what cannot be decided waits for an operator, and is decided once the code can', () => {
  let broken = true;
  const careful = processManager('careful', options)
    .command('notify', notify)
    .event('agreed', agreed, ({ input: { orderId } }) => orderId)
    .decide({
      initial: () => 0,
      evolve: (heard, { what }) => (what === 'heard' ? heard + 1 : heard),
      decide(heard, { what }, c) {
        if (what === 'heard' && broken) throw new TypeError('what is that?');
        if (what === 'done') return [c.complete()];
        return heard === 2 ? [c.send('notify', input)] : [];
      },
    })
    .end();
  const stuck = spec(careful).start(input).happens('agreed.0', agreement).expectState('needs-operator');
  assert.equal(stuck.instance.problem, 'it could not decide what follows "heard agreed": what is that?');
  stuck.happens('agreed.1', agreement).expectState('needs-operator');
  broken = false;
  stuck.operates({ do: 'retry' }).expectSent('notify.0').replies('notify.0').expectState('completed');
});

test('one that waits for nothing, a timer out of range and a state that is no data are problems, and not silence', () => {
  const of = (
    decide: (c: { wake(timer: 'tick', afterMs: number): never }) => readonly never[],
    initial: () => unknown = () => null,
  ) =>
    processManager('odd', options)
      .timer('tick')
      .decide({ initial, evolve: (state) => state, decide: (_, __, c) => decide(c as never) })
      .end();
  const problem = (definition: ReturnType<typeof of>) => {
    try {
      spec(definition).start(input);
      return undefined;
    } catch (error) {
      assert.equal(codeOf(error), 'SAGA_COMMAND_INVALID');
      return (error as Error).message;
    }
  };
  assert.match(problem(of(() => [])) ?? '', /it decided neither to wait for anything nor to end/);
  assert.match(
    problem(of((c) => [c.wake('tick', Number.NaN)])) ?? '',
    /SAGA_DECISION_INVALID: the timer "tick" is to wake after NaN ms, which is not from 0 to ten years/,
  );
  assert.match(
    problem(
      of(
        (c) => [c.wake('tick', 1)],
        () => 1n,
      ),
    ) ?? '',
    /"started".*BigInt/,
  );
  assert.equal(problem(of((c) => [c.wake('tick', 1)])), undefined);
});

test('the sample survives every refusal, timeout, repetition and overtaking', () => {
  const answers = { reserve: reservation, agreed: { ...agreement, count: 2 } };
  const report = crashEverywhere(sampleProcess, { input, answers, timeouts: 1 });
  assert.ok(report.states > 2_000, String(report.states));
  assert.ok(report.completed > 0 && report.compensated > 0, JSON.stringify(report));
});

test('one that would wait for ever is found by the same', () => {
  const patient = processManager('patient', options)
    .event('agreed', agreed, ({ input: { orderId } }) => orderId)
    .decide({
      initial: () => null,
      evolve: (state) => state,
      decide: (_, { what }, c) => (what === 'heard' ? [c.complete()] : []),
    })
    .end();
  assert.throws(
    () => crashEverywhere(patient, { input, answers: { agreed: agreement } }),
    /patient: it waits for ever/,
  );
});

test('it is pinned to the names that it may send, hear and wait for', () => {
  const { shape, sends, waits, nodes } = sampleProcess;
  assert.match(
    shape,
    /^reserve\+\(reserve:compensatable:stock.reserve\/stock.release\) notify\+.* patience:compensatable:wait$/,
  );
  assert.deepEqual(
    sends.map(({ name }) => name),
    ['reserve', 'release', 'notify'],
  );
  assert.deepEqual(
    waits.map(({ name }) => name),
    ['desk.agreed'],
  );
  assert.deepEqual(
    leavesOf(nodes).map(({ path }) => path),
    ['reserve.*', 'notify.*', 'note.*', 'agreed.*', 'patience'],
  );
  assert.throws(
    () =>
      processManager('p', options)
        .timer('a')
        .timer('a' as never),
    /two steps called "a"/,
  );
});

test('in a runner it hears each event once, also one that came in the moment of its start', async () => {
  const listening = processManager('listening', options)
    .event('agreed', agreed, ({ input: { orderId } }) => orderId)
    .decide({
      initial: (): readonly number[] => [],
      evolve: (heard, happened) => (happened.what === 'heard' ? [...heard, happened.data.count] : heard),
      decide: (heard, _, c) => (heard.length === 4 ? [c.complete()] : []),
    })
    .end({ completed: (tx: MemorySagaTx, { state }) => tx.set('heard', state) });
  const clock = fakeClock();
  const own = ids(clock, seededRandom(1));
  const order = memorySagas({ service: 'order', clock, ids: own });
  const kit = { store: order.store, unitOfWork: order, clock, ids: own, telemetry: silentTelemetry() };
  const saga = listening as unknown as AnySaga;
  await using runner = sagaRunner({ ...kit, service: 'order', definitions: [saga] });
  const told = (count: number) => {
    const message = foreignMessage({ type: 'desk.agreed', key: 'o-1', version: 1, data: { orderId: 'o-1', count } });
    return order.uow(testCall(), (tx) => runner.handleEvent(message, testCall(), tx));
  };
  const change = beginSaga(saga, input, testCall(), { clock, ids: own });
  await told(1);
  await order.uow(testCall(), async (tx) => order.store.insert(tx, change));
  const { id } = change.instance;
  const found = async () => (await order.store.find(id)) ?? assert.fail('it is gone');
  runner.run();
  await clock.advance(1_000);
  await told(2);
  await clock.advance(120_000);
  assert.deepEqual(waitsOf(await found()), [{ event: 'desk.agreed', key: 'o-1' }]);
  await runner.operate(id, { do: 'retry' }, { by: 'kim', why: 'test' }, testCall());
  await told(3);
  await told(4);
  assert.deepEqual(order.values.get('heard'), [1, 2, 3, 4]);
  assert.equal(stateOf(await found()), 'completed');
});
