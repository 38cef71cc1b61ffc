import assert from 'node:assert/strict';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import type { ReplyData } from '@dure/messaging';
import { advance } from '../advance.ts';
import { beginSaga } from '../begin-saga.ts';
import type {
  Outcome,
  SagaAction,
  SagaChange,
  SagaCommand,
  SagaEvent,
  SagaHistoryEntry,
  StepDirection,
} from '../change.ts';
import type { SagaInstance, SagaState } from '../instance.ts';
import { dueAt, isUnderWay, stateOf } from '../instance.ts';
import type { AnySaga, Saga, SagaFailure } from '../saga.ts';

/** Drives one instance of a saga by hand: pure, without a clock, a store or a participant. */
export interface SagaSpec {
  readonly instance: SagaInstance;
  readonly history: readonly SagaHistoryEntry[];
  /** Commands sent so far, in order. */
  readonly sent: readonly SagaCommand[];
  /** The step's command, or its compensation when the saga has turned back, is answered with success. */
  replies(step: string, value?: unknown): SagaSpec;
  /** The step's command, or its compensation, is refused. */
  refuses(step: string, code: string, data?: unknown): SagaSpec;
  /** Any reply, in any order, as often as you like. */
  receives(step: string, direction: StepDirection, reply: ReplyData): SagaSpec;
  /** An event that a step waits for is there. */
  happens(step: string, data: unknown): SagaSpec;
  /** What a local step comes to from now on, in place of success with null. */
  runs(step: string, outcome: Outcome): SagaSpec;
  /** Time passes; what falls due happens when it does. */
  passes(ms: number): SagaSpec;
  /** Time passes until something falls due, and that happens. */
  timesOut(): SagaSpec;
  /** The next run of the end hook fails. */
  failsToEnd(message: string): SagaSpec;
  /** An operator does something that makes sense. */
  operates(action: SagaAction, by?: string, why?: string): SagaSpec;
  /** An operator does something that makes none, for this reason. */
  refusesOperator(action: SagaAction, reason: RegExp): SagaSpec;
  expectState(state: SagaState): SagaSpec;
  /** The steps, in the order of their first sending, with their states: `['reserve done', 'capture sent']`. */
  expectSteps(...steps: readonly string[]): SagaSpec;
  /** Expects that the last command sent was this one. */
  expectSent(step: string, direction?: StepDirection, data?: unknown): SagaSpec;
  expectWhy(why: SagaFailure): SagaSpec;
  /** Answers every compensation and expects that these steps were undone, in this order, and that the saga has ended. */
  expectUndone(...steps: readonly string[]): SagaSpec;
}

/**
 * A specification of a saga.
 *
 * @example
 * spec(placeOrder).start(input).replies('reserve', reservation).refuses('authorise', 'Declined', { why: 'over-limit' }).expectUndone('reserve');
 */
export function spec<Input, Tx, Done>(definition: Saga<Input, Tx, Done>): { start(input: Input): SagaSpec } {
  const saga = definition as unknown as AnySaga;
  return { start: (input) => new Specification(saga, input) };
}

class Specification implements SagaSpec {
  instance: SagaInstance;
  readonly history: SagaHistoryEntry[] = [];
  readonly sent: SagaCommand[] = [];
  readonly #saga: AnySaga;
  #now: number;
  #endProblem: string | undefined;
  readonly #outcomes = new Map<string, Outcome>();

  constructor(saga: AnySaga, input: unknown) {
    this.#saga = saga;
    const clock = fakeClock();
    this.#now = clock.now();
    const change = beginSaga(saga, input, testCall(), { clock, ids: testIds() });
    this.instance = change.instance;
    this.#take(change);
  }

  replies(step: string, value: unknown = null): SagaSpec {
    return this.receives(step, this.#directionOf(step), { ok: true, value });
  }

  refuses(step: string, code: string, data: unknown = {}): SagaSpec {
    return this.receives(step, this.#directionOf(step), { ok: false, refusal: { code, data } });
  }

  receives(step: string, direction: StepDirection, reply: ReplyData): SagaSpec {
    return this.#happens({ kind: 'replied', step, direction, reply });
  }

  happens(step: string, data: unknown): SagaSpec {
    return this.#happens({ kind: 'arrived', step, data });
  }

  runs(step: string, outcome: Outcome): SagaSpec {
    this.#outcomes.set(step, outcome);
    return this;
  }

  passes(ms: number): SagaSpec {
    const until = this.#now + ms;
    for (let due = dueAt(this.instance); due !== undefined && due <= until; due = dueAt(this.instance)) {
      this.#now = Math.max(due, this.#now);
      this.#happens({ kind: 'woken' });
    }
    this.#now = until;
    return this;
  }

  timesOut(): SagaSpec {
    const due = dueAt(this.instance);
    assert.ok(due !== undefined, `nothing is due: ${this.#inWords()}`);
    return this.passes(Math.max(due - this.#now, 0));
  }

  failsToEnd(message: string): SagaSpec {
    this.#endProblem = message;
    return this;
  }

  operates(action: SagaAction, by = 'operator', why = 'test'): SagaSpec {
    const { refused } = this.#operated(action, by, why);
    assert.equal(refused, undefined, this.#inWords());
    return this;
  }

  refusesOperator(action: SagaAction, reason: RegExp): SagaSpec {
    const before = this.instance;
    assert.match(this.#operated(action, 'operator', 'test').refused ?? 'it was done', reason, this.#inWords());
    assert.deepEqual(this.instance, before);
    return this;
  }

  expectState(state: SagaState): SagaSpec {
    assert.equal(stateOf(this.instance), state, this.#inWords());
    return this;
  }

  expectSteps(...steps: readonly string[]): SagaSpec {
    assert.deepEqual(
      this.instance.steps.map((record) => `${record.step} ${record.state}`),
      steps,
      this.#inWords(),
    );
    return this;
  }

  expectSent(step: string, direction: StepDirection = 'do', data?: unknown): SagaSpec {
    const last = this.sent.at(-1);
    assert.equal(`${last?.direction} ${last?.step}`, `${direction} ${step}`, this.#inWords());
    if (data !== undefined) assert.deepEqual(last?.data, data);
    return this;
  }

  expectWhy(why: SagaFailure): SagaSpec {
    assert.deepEqual(this.instance.why, why, this.#inWords());
    return this;
  }

  expectUndone(...steps: readonly string[]): SagaSpec {
    for (let next = this.#undoing(); next !== undefined; next = this.#undoing()) this.replies(next);
    const undone = this.history.flatMap(({ what, step }) => (what === 'undone' ? [step] : []));
    assert.deepEqual(undone, steps, this.#inWords());
    return this.expectState('compensated');
  }

  /** Of the steps that are being undone the one whose compensation was sent first. */
  #undoing(): string | undefined {
    const undoing = this.instance.steps.flatMap(({ step, state }) => (state === 'undoing' ? [step] : []));
    return this.sent.find(({ step, direction }) => direction === 'undo' && undoing.includes(step))?.step;
  }

  #directionOf(step: string): StepDirection {
    const record = this.instance.steps.find((one) => one.step === step);
    assert.ok(record !== undefined && isUnderWay(record), `${step} waits for no answer: ${this.#inWords()}`);
    return ({ sent: 'do', asking: 'ask', undoing: 'undo' } as const)[record.state];
  }

  #operated(action: SagaAction, by: string, why: string): SagaChange {
    const change = advance(this.#saga, this.instance, { kind: 'operated', action, by, why }, this.#now);
    this.#take(change);
    return change;
  }

  #happens(event: SagaEvent): SagaSpec {
    this.#take(advance(this.#saga, this.instance, event, this.#now));
    return this;
  }

  #take(change: SagaChange): void {
    this.instance = change.instance;
    this.sent.push(...change.commands);
    this.history.push(...change.history);
    for (const task of change.work) {
      if (task.kind === 'local') {
        const outcome = this.#outcomes.get(task.step) ?? { ok: true, value: null };
        this.#happens({ ...task, kind: 'ran', outcome });
      }
      if (task.kind !== 'end') continue;
      const message = this.#endProblem;
      this.#endProblem = undefined;
      this.#happens(message === undefined ? { kind: 'end-succeeded' } : { kind: 'end-failed', message });
    }
  }

  #inWords(): string {
    return this.history
      .map(({ what, step, direction, detail }) => [what, direction, step, detail].filter(Boolean).join(' '))
      .join('; ');
  }
}
