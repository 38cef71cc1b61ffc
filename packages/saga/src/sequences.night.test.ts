import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Random } from '@dure/core';
import { ids, randomInteger, randomItem, seededRandom, systemRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { Message, ReplyData } from '@dure/messaging';
import { silentTelemetry } from '@dure/telemetry';
import { beginSaga } from './begin-saga.ts';
import { fenced } from './fenced.ts';
import { leavesOf } from './nodes.ts';
import type { AnySaga } from './saga.ts';
import type { SagaRunner } from './saga-runner.ts';
import { sagaRunner } from './saga-runner.ts';
import type { MemorySagaTx } from './testing/memory-sagas.ts';
import { memorySagas } from './testing/memory-sagas.ts';
import type { Death } from './testing/mortal-sagas.ts';
import { mortal } from './testing/mortal-sagas.ts';
import { sampleAnswers, sampleSaga } from './testing/sample-saga.ts';

const first = Number(process.env.SEED ?? randomInteger(systemRandom, 1, 2 ** 30));
const sequences = Number(process.env.SEQUENCES ?? 10_000);
const steps = 24;
const orders = ['o-1', 'o-2'];
const refusals: Readonly<Record<string, string>> = {
  'stock.reserve': 'OutOfStock',
  'money.authorise': 'Declined',
  'money.capture': 'Expired',
};

test(`${sequences} sequences of messages that come late, twice and in disorder, with a death in each of their transactions`, async (context) => {
  const report = { first, seeds: 0, sequences: 0, deaths: 0, completed: 0, compensated: 0 };
  for (let seed = first; report.sequences < sequences; seed += 1) {
    report.seeds += 1;
    for (const moment of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        const { struck, phases } = await play(seed, { at, moment });
        report.sequences += 1;
        if (struck) report.deaths += 1;
        for (const phase of phases) report[phase] += 1;
        if (!struck) break;
      }
    }
  }
  context.diagnostic(JSON.stringify(report));
  assert.ok(report.completed > 0 && report.compensated > 0 && report.deaths > sequences / 2, JSON.stringify(report));
});

/** One sequence by the runner, in which the process dies once. */
async function play(seed: number, death: Death) {
  const tale = new Tale(seed, death);
  await tale.begin();
  for (let step = 0; step < steps; step += 1) await tale.anything();
  for (let round = 0; round < 60 && (await tale.isUnfinished()); round += 1) await tale.settle();
  await tale.end();
  return { struck: tale.tally.struck, phases: await tale.phases() };
}

class Tale {
  readonly tally = { transactions: 0, struck: false };
  readonly #what: string;
  readonly #clock = fakeClock();
  readonly #random: Random;
  readonly #ids;
  readonly #order;
  readonly #others;
  readonly #sagas: string[] = [];
  /** How many were settled. */
  #commands = 0;
  #replies = 0;
  #runner: SagaRunner<MemorySagaTx> | undefined;
  #hasDied = false;

  constructor(seed: number, death: Death) {
    this.#what = `seed ${seed}, dead ${death.moment} commit ${death.at}`;
    this.#random = seededRandom(seed);
    this.#ids = ids(this.#clock, seededRandom(seed));
    const kit = { clock: this.#clock, ids: this.#ids };
    this.#order = mortal<MemorySagaTx, ReturnType<typeof memorySagas>>(
      memorySagas({ service: 'order', ...kit }),
      this.tally,
      death,
    );
    this.#others = mortal<MemorySagaTx, ReturnType<typeof memorySagas>>(
      memorySagas({ service: 'others', ...kit }),
      this.tally,
      death,
    );
    this.#start();
  }

  async begin(): Promise<void> {
    for (const orderId of orders) {
      const kit = { clock: this.#clock, ids: this.#ids };
      const change = beginSaga(sampleSaga as unknown as AnySaga, { orderId, count: 1 }, testCall(), kit);
      const { id } = change.instance;
      await this.#survives(() => this.#order.uow(testCall(), async (tx) => this.#order.store.insert(tx, change)));
      // Whoever asked for it asks again when it was not begun.
      if ((await this.#order.store.find(id)) === undefined)
        await this.#order.uow(testCall(), async (tx) => this.#order.store.insert(tx, change));
      this.#sagas.push(id);
    }
  }

  /** Some command arrives, some reply arrives, or time passes; any of them late, twice or out of order. */
  async anything(): Promise<void> {
    const what = randomInteger(this.#random, 0, 9);
    const command = randomItem(this.#random, this.#order.messages);
    const reply = randomItem(this.#random, this.#others.messages);
    if (what < 4 && command !== undefined) await this.#survives(() => this.#carryOut(command, true));
    else if (what < 8 && reply !== undefined) await this.#survives(() => this.#takeReply(reply));
    else await this.#pass(randomInteger(this.#random, 1, 700));
  }

  /** Everything comes once more, in order, and what that leads to; then time passes. */
  async settle(): Promise<void> {
    const { messages } = this.#order;
    while (this.#commands < messages.length || this.#replies < this.#others.messages.length) {
      for (const command of messages.slice(this.#commands)) {
        const isDone = command.kind !== 'command' || (await this.#survives(() => this.#carryOut(command, false)));
        if (!isDone) break;
        this.#commands += 1;
      }
      for (const reply of this.#others.messages.slice(this.#replies)) {
        if (!(await this.#survives(() => this.#takeReply(reply)))) break;
        this.#replies += 1;
      }
    }
    await this.#pass(60_000);
  }

  async isUnfinished(): Promise<boolean> {
    const instances = await Promise.all(this.#sagas.map((id) => this.#order.store.find(id)));
    return instances.some((instance) => instance?.status !== 'finished');
  }

  async phases(): Promise<readonly ('completed' | 'compensated')[]> {
    const instances = await Promise.all(this.#sagas.map((id) => this.#order.store.find(id)));
    return instances.map((instance) => (instance?.phase === 'forward' ? 'completed' : 'compensated'));
  }

  /** Every saga has ended; what was done stays, or was taken back once and in reverse. */
  async end(): Promise<void> {
    await this.#runner?.close();
    for (const id of this.#sagas) {
      const instance = (await this.#order.store.find(id)) ?? assert.fail(this.#what);
      const told = (this.#others.values.get(`story ${instance.key}`) ?? []) as readonly string[];
      const story = `${this.#what}, ${instance.key}: ${told.join('; ')}`;
      assert.equal(instance.status, 'finished', story);
      const times = (what: string) => told.filter((one) => one === what).length;
      const completed = instance.phase === 'forward';
      for (const { leaf } of leavesOf(sampleSaga.nodes)) {
        const [done, undone] = [times(`do ${leaf.name}`), times(`undo ${leaf.name}`)];
        if (completed) assert.deepEqual([done, undone], [1, 0], story);
        else if (leaf.kind !== 'compensatable') assert.equal(done, 0, story);
        else if (leaf.undo === undefined) assert.ok(done <= 1 && undone === 0, story);
        else assert.ok(done <= 1 && done === undone, story);
      }
      const undone = told.flatMap((one) => (one.startsWith('undo ') ? [one.slice(5)] : []));
      const done = told.flatMap((one) =>
        undone.includes(one.slice(3)) && one.startsWith('do ') ? [one.slice(3)] : [],
      );
      assert.deepEqual(undone, done.toReversed(), story);
      assert.match(String(this.#order.values.get(instance.key)), completed ? /^shipped/ : /^(rejected|gave up)/, story);
    }
  }

  async #carryOut(command: Message, mayRefuse: boolean): Promise<void> {
    const answer = this.#answerTo(command, mayRefuse);
    const guard = fenced(this.#others.fence);
    await this.#others.uow(testCall(), async (tx) => {
      const reply = await guard(command, tx, async () => {
        const { saga } = command.meta;
        const told = `story ${command.key}`;
        const before = (tx.get(told) ?? []) as readonly string[];
        if (answer.ok) tx.set(told, [...before, `${saga?.direction} ${saga?.step}`]);
        return answer;
      });
      this.#others.reply(tx, command, reply);
    });
  }

  #answerTo({ type }: Message, mayRefuse: boolean): ReplyData {
    const code = refusals[type];
    if (mayRefuse && code !== undefined && this.#random.next() < 0.15)
      return { ok: false, refusal: { code, data: { available: 0 } } };
    const answers: Readonly<Record<string, unknown>> = sampleAnswers;
    return { ok: true, value: answers[type.slice(type.indexOf('.') + 1)] ?? null };
  }

  #takeReply(reply: Message): Promise<unknown> {
    return this.#order.uow(testCall(), async (tx) => this.#runner?.handleReply(reply, testCall(), tx));
  }

  async #pass(ms: number): Promise<void> {
    await this.#clock.advance(ms);
    await this.#mourn();
  }

  /** A death ends what it strikes, and a successor begins; whether it did not strike. */
  async #survives(work: () => Promise<unknown>): Promise<boolean> {
    const before = this.tally.struck;
    let survived = true;
    try {
      await work();
    } catch (error) {
      if (before || !this.tally.struck) throw error;
      survived = false;
    }
    await this.#mourn();
    return survived;
  }

  async #mourn(): Promise<void> {
    if (!this.tally.struck || this.#hasDied) return;
    this.#hasDied = true;
    await this.#runner?.close();
    this.#start();
  }

  #start(): void {
    this.#runner = sagaRunner<MemorySagaTx>({
      service: 'order',
      definitions: [sampleSaga as unknown as AnySaga],
      store: this.#order.store,
      unitOfWork: this.#order,
      clock: this.#clock,
      ids: this.#ids,
      telemetry: silentTelemetry(),
    });
    this.#runner.run();
  }
}
