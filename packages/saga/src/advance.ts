import type { FieldError } from '@dure/core';
import { check, messageOf } from '@dure/core';
import type { ReplyData } from '@dure/messaging';
import type { SagaInstance, StepRecord } from './instance.ts';
import { resultsOf } from './instance.ts';
import type { AnySaga, SagaFailure, SagaStep, StepContext, UndoContext } from './saga.ts';
import type { Send } from './send.ts';

/** What can happen to an instance. */
export type SagaEvent =
  | { readonly kind: 'started' }
  | {
      readonly kind: 'replied';
      readonly step: string;
      readonly direction: 'do' | 'undo';
      readonly reply: ReplyData;
    }
  /** Time has passed; whatever is due is done, and nothing else. */
  | { readonly kind: 'woken' }
  | { readonly kind: 'end-succeeded' }
  | { readonly kind: 'end-failed'; readonly message: string }
  /** An operator takes a stuck instance up again. */
  | { readonly kind: 'resumed'; readonly by: string; readonly why: string };

/** A command that is to be sent with the change. */
export interface SagaCommand {
  readonly step: string;
  readonly direction: 'do' | 'undo';
  readonly attempt: number;
  readonly service: string;
  readonly name: string;
  readonly key: string;
  readonly data: unknown;
}

/** One line of an instance's history. */
export interface SagaHistoryEntry {
  readonly at: number;
  readonly what:
    | 'started'
    | 'sent'
    | 'done'
    | 'refused'
    | 'timed-out'
    | 'turned-back'
    | 'undone'
    | 'kept'
    | 'ignored'
    | 'stuck'
    | 'resumed'
    | 'end-failed'
    | 'completed'
    | 'compensated';
  readonly step?: string;
  readonly direction?: 'do' | 'undo';
  readonly attempt?: number;
  /** In words, or a refusal's code. */
  readonly detail?: string;
}

/** What an event leads to: all of it is written in one transaction. */
export interface SagaChange {
  readonly instance: SagaInstance;
  readonly commands: readonly SagaCommand[];
  readonly history: readonly SagaHistoryEntry[];
  /** The instance wants its end hook run now, in the same transaction; `end-succeeded` or `end-failed` follows. */
  readonly ends: boolean;
}

/** The longest wait between two attempts, in milliseconds. */
const longestWaitMs = 60_000;
/** Attempts of a compensation, or of an end hook, after which an operator is asked. */
const attemptsUntilStuck = 10;
const endRetryMs = 1_000;

/**
 * The saga engine, as a pure function: what an event at a point in time makes of an instance. It knows neither clock nor
 * store nor network; the same arguments give the same change. An event that says nothing new changes nothing.
 *
 * Design: steps as in "Sagas" (Garcia-Molina and Salem, 1987) with the pivot of Chris Richardson's *Microservices
 * Patterns*; unknown outcomes and the fences that they need after Apache Seata's TCC mode.
 */
export function advance(saga: AnySaga, instance: SagaInstance, event: SagaEvent, now: number): SagaChange {
  const turn = new Turn(saga, instance, now);
  turn.take(event);
  return turn.change();
}

class Turn {
  readonly #saga: AnySaga;
  readonly #now: number;
  readonly #commands: SagaCommand[] = [];
  readonly #history: SagaHistoryEntry[] = [];
  #instance: SagaInstance;
  #ends = false;

  constructor(saga: AnySaga, instance: SagaInstance, now: number) {
    this.#saga = saga;
    this.#instance = instance;
    this.#now = now;
  }

  change(): SagaChange {
    return { instance: this.#instance, commands: this.#commands, history: this.#history, ends: this.#ends };
  }

  take(event: SagaEvent): void {
    switch (event.kind) {
      case 'started':
        this.#note({ what: 'started' });
        this.#forward();
        break;
      case 'replied':
        this.#replied(event.step, event.direction, event.reply);
        break;
      case 'woken':
        this.#woken();
        break;
      case 'end-succeeded':
        this.#ended();
        break;
      case 'end-failed':
        this.#endFailed(event.message);
        break;
      case 'resumed':
        this.#resumed(`${event.by}: ${event.why}`);
        break;
      default:
        event satisfies never;
    }
  }

  #forward(): void {
    const next = this.#saga.steps[this.#instance.steps.length];
    if (next === undefined) this.#end();
    else this.#sendDo(next, 1);
  }

  #backward(): void {
    for (;;) {
      const record = this.#instance.steps.findLast(({ state }) => state === 'done' || state === 'unknown');
      if (record === undefined) {
        this.#end();
        return;
      }
      const { name, undo, nothingToUndo = '' } = this.#step(record.step);
      if (undo !== undefined) {
        this.#sendUndo(this.#step(name), undo, 1, record.state === 'done' ? record.result : undefined);
        return;
      }
      this.#put({ step: name, state: 'kept', ...resultIn(record) });
      this.#note({ what: 'kept', step: name, detail: nothingToUndo });
    }
  }

  #turnBack(why: SagaFailure): void {
    this.#set({ phase: 'backward', why });
    const detail = why.reason === 'refused' ? why.code : why.reason;
    this.#note({ what: 'turned-back', ...(why.step === undefined ? {} : { step: why.step }), detail });
    this.#backward();
  }

  #sendDo(step: SagaStep, attempt: number): void {
    if (!this.#send(step, 'do', attempt, step.do, this.#context())) return;
    this.#put({ step: step.name, state: 'sent', attempts: attempt, dueAt: this.#waitUntil(step, attempt) });
    if (step.kind !== 'compensatable') this.#instance = without(this.#instance, 'deadlineAt');
  }

  #sendUndo(step: SagaStep, undo: Send<UndoContext>, attempt: number, result: unknown): void {
    if (!this.#send(step, 'undo', attempt, undo, { ...this.#context(), result })) return;
    const dueAt = this.#waitUntil(step, attempt);
    this.#put({ step: step.name, state: 'undoing', attempts: attempt, dueAt, ...resultIn({ result }) });
  }

  #send<C>(step: SagaStep, direction: 'do' | 'undo', attempt: number, { command, data }: Send<C>, context: C): boolean {
    const type = `${command.service}.${command.name}`;
    try {
      const checked = check(command.input, data(context), 'data');
      if (!checked.ok) {
        this.#stick(`${type} of ${step.name} does not fit its contract: ${inWords(checked.errors)}`, step.name);
        return false;
      }
      const { service, name } = command;
      const key = command.key(checked.value as never);
      this.#commands.push({ step: step.name, direction, attempt, service, name, key, data: checked.value });
      this.#note({ what: 'sent', step: step.name, direction, attempt, detail: type });
      return true;
    } catch (error) {
      this.#stick(`${step.name} could not build ${type}: ${messageOf(error)}`, step.name);
      return false;
    }
  }

  #replied(name: string, direction: 'do' | 'undo', reply: ReplyData): void {
    const record = this.#instance.steps.find((one) => one.step === name);
    const { status } = this.#instance;
    if (record === undefined || status === 'finished') this.#ignore(name, direction, 'nobody waits for it');
    else if (direction === 'do' && record.state === 'sent') this.#answered(this.#step(name), record.attempts, reply);
    else if (direction === 'undo' && record.state === 'undoing') this.#undone(record, reply);
    else {
      if (direction === 'do') this.#learn(record, reply);
      this.#ignore(name, direction, `late: the step is ${record.state}`);
    }
  }

  /** An answer that came after the saga had turned back changes nothing, but tells what there is to undo. */
  #learn(record: StepRecord, reply: ReplyData): void {
    if (record.state === 'undoing' && reply.ok) this.#put({ ...record, result: reply.value });
    if (record.state === 'unknown' && reply.ok) this.#put({ step: record.step, state: 'done', result: reply.value });
  }

  #answered(step: SagaStep, attempt: number, reply: ReplyData): void {
    if (reply.ok) {
      this.#done(step, attempt, reply.value);
      return;
    }
    const { code, data } = reply.refusal;
    this.#note({ what: 'refused', step: step.name, direction: 'do', attempt, detail: code });
    if (step.kind === 'retriable') {
      this.#stick(`${step.name} was refused (${code}), although it stands after the pivot`, step.name);
      return;
    }
    this.#put({ step: step.name, state: 'refused', code, data });
    this.#free();
    this.#turnBack({ reason: 'refused', step: step.name, code, data });
  }

  #done(step: SagaStep, attempt: number, value: unknown): void {
    const { output } = step.do.command;
    const checked = output === undefined ? { ok: true as const, value: null } : check(output, value, 'result');
    if (!checked.ok) {
      this.#stick(`the result of ${step.name} does not fit its contract: ${inWords(checked.errors)}`, step.name);
      return;
    }
    this.#note({ what: 'done', step: step.name, direction: 'do', attempt });
    this.#put({ step: step.name, state: 'done', result: checked.value });
    this.#free();
    this.#forward();
  }

  #undone(record: Undoing, reply: ReplyData): void {
    const { step, attempts: attempt } = record;
    if (!reply.ok) {
      this.#stick(`the compensation of ${step} was refused (${reply.refusal.code})`, step);
      return;
    }
    this.#note({ what: 'undone', step, direction: 'undo', attempt });
    this.#put({ step, state: 'undone', ...resultIn(record) });
    this.#free();
    this.#backward();
  }

  #woken(): void {
    const { status, phase, ending, deadlineAt } = this.#instance;
    if (status === 'ending' && ending !== undefined && ending.dueAt <= this.#now) this.#ends = true;
    if (status !== 'open') return;
    const record = this.#underWay();
    if (phase === 'forward' && deadlineAt !== undefined && deadlineAt <= this.#now) this.#giveUp(record);
    else if (record !== undefined && record.dueAt <= this.#now) this.#timedOut(record);
  }

  #timedOut(record: UnderWay): void {
    const step = this.#step(record.step);
    const { attempts: attempt } = record;
    const direction = record.state === 'sent' ? 'do' : 'undo';
    this.#note({ what: 'timed-out', step: step.name, direction, attempt });
    if (record.state === 'undoing') {
      if (attempt >= attemptsUntilStuck) {
        this.#stick(`the compensation of ${step.name} was not answered in ${attempt} attempts`, step.name);
      } else if (step.undo !== undefined) this.#sendUndo(step, step.undo, attempt + 1, record.result);
    } else if (step.kind === 'compensatable' && attempt >= step.attempts) this.#giveUp(record);
    else this.#sendDo(step, attempt + 1);
  }

  /** Turns back before the pivot; what is under way may have been done. */
  #giveUp(record: UnderWay | undefined): void {
    if (record !== undefined) this.#put({ step: record.step, state: 'unknown' });
    this.#turnBack({ reason: 'timed-out', step: record?.step });
  }

  #end(): void {
    this.#set({ status: 'ending', ending: { attempts: 0, dueAt: this.#now } });
    this.#ends = true;
  }

  #ended(): void {
    if (this.#instance.status !== 'ending') return;
    this.#note({ what: this.#instance.phase === 'forward' ? 'completed' : 'compensated' });
    this.#instance = without({ ...this.#instance, status: 'finished', finishedAt: this.#now }, 'ending');
  }

  #endFailed(message: string): void {
    if (this.#instance.status !== 'ending') return;
    const attempts = (this.#instance.ending?.attempts ?? 0) + 1;
    this.#note({ what: 'end-failed', attempt: attempts, detail: message });
    const dueAt = this.#now + Math.min(endRetryMs * 2 ** (attempts - 1), longestWaitMs);
    this.#set({ ending: { attempts, dueAt } });
    if (attempts >= attemptsUntilStuck) this.#stick(`its end failed ${attempts} times, the last time with: ${message}`);
  }

  #resumed(detail: string): void {
    if (this.#instance.status !== 'stuck') return;
    this.#note({ what: 'resumed', detail });
    this.#free();
    const record = this.#underWay();
    if (this.#instance.ending !== undefined) this.#end();
    else if (record === undefined && this.#instance.phase === 'forward') this.#forward();
    else if (record === undefined) this.#backward();
    else {
      const step = this.#step(record.step);
      if (record.state === 'sent') this.#sendDo(step, 1);
      else if (step.undo !== undefined) this.#sendUndo(step, step.undo, 1, record.result);
    }
  }

  #stick(problem: string, step?: string): void {
    this.#set({ status: 'stuck', problem });
    this.#note({ what: 'stuck', detail: problem, ...(step === undefined ? {} : { step }) });
  }

  /** A stuck instance moves again: an answer came after all, or an operator helped. */
  #free(): void {
    if (this.#instance.status === 'stuck') this.#instance = without({ ...this.#instance, status: 'open' }, 'problem');
  }

  #ignore(step: string, direction: 'do' | 'undo', detail: string): void {
    this.#note({ what: 'ignored', step, direction, detail });
  }

  #underWay(): UnderWay | undefined {
    return this.#instance.steps.find((record): record is UnderWay => 'dueAt' in record);
  }

  #waitUntil({ timeoutMs }: SagaStep, attempt: number): number {
    return this.#now + Math.min(timeoutMs * 2 ** (attempt - 1), Math.max(longestWaitMs, timeoutMs));
  }

  #context(): StepContext {
    return { id: this.#instance.id, input: this.#instance.input, done: resultsOf(this.#instance) };
  }

  #step(name: string): SagaStep {
    return this.#saga.steps.find((step) => step.name === name) as SagaStep;
  }

  #put(record: StepRecord): void {
    const { steps } = this.#instance;
    const at = steps.findIndex(({ step }) => step === record.step);
    this.#set({ steps: at === -1 ? [...steps, record] : steps.with(at, record) });
  }

  #set(change: Partial<SagaInstance>): void {
    this.#instance = { ...this.#instance, ...change };
  }

  #note(entry: Omit<SagaHistoryEntry, 'at'>): void {
    this.#history.push({ at: this.#now, ...entry });
  }
}

type Undoing = StepRecord & { readonly state: 'undoing' };
type UnderWay = Undoing | (StepRecord & { readonly state: 'sent' });

function resultIn(record: object): { readonly result?: unknown } {
  return 'result' in record && record.result !== undefined ? { result: record.result } : {};
}

function inWords(errors: readonly FieldError[]): string {
  return errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
}

function without(instance: SagaInstance, key: 'deadlineAt' | 'problem' | 'ending'): SagaInstance {
  const { [key]: _, ...rest } = instance;
  return rest;
}
