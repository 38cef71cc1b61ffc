import type { FieldError } from '@dure/core';
import { check, messageOf } from '@dure/core';
import type { SagaChange, SagaCommand, SagaHistoryEntry, SagaWork, StepDirection } from './change.ts';
import type { SagaInstance, StepRecord, UnderWay } from './instance.ts';
import { isUnderWay } from './instance.ts';
import type { Place } from './nodes.ts';
import { contextAt, placeOf } from './nodes.ts';
import type { AnySaga, StepContext } from './saga.ts';
import type { Send } from './send.ts';

/** The longest wait between two attempts, in milliseconds. */
export const longestWaitMs = 60_000;
/** Attempts of a compensation, of local work or of an end hook, after which an operator is asked. */
export const attemptsUntilStuck = 10;

/** A change in the making: what of an instance is known, and the few ways in which it may change. */
export class Turn {
  readonly saga: AnySaga;
  readonly now: number;
  readonly work: SagaWork[] = [];
  refused: string | undefined;
  readonly #commands: SagaCommand[] = [];
  readonly #history: SagaHistoryEntry[] = [];
  #instance: SagaInstance;

  constructor(saga: AnySaga, instance: SagaInstance, now: number) {
    this.saga = saga;
    this.#instance = instance;
    this.now = now;
  }

  get instance(): SagaInstance {
    return this.#instance;
  }

  get underWay(): readonly UnderWay[] {
    return this.#instance.steps.filter(isUnderWay);
  }

  change(): SagaChange {
    const { refused, work } = this;
    const change = { instance: this.#instance, commands: this.#commands, history: this.#history, work };
    return refused === undefined ? change : { ...change, refused };
  }

  readonly find = (path: string): StepRecord | undefined => this.#instance.steps.find(({ step }) => step === path);

  /** Where a record stands in the definition. An instance is pinned to its shape, so each has a place. */
  place(path: string): Place {
    return placeOf(this.saga.nodes, path) as Place;
  }

  put(record: StepRecord): void {
    const { steps } = this.#instance;
    const at = steps.findIndex(({ step }) => step === record.step);
    this.set({ steps: at === -1 ? [...steps, record] : steps.with(at, record) });
    this.#assess();
  }

  drop(path: string): void {
    this.set({ steps: this.#instance.steps.filter(({ step }) => step !== path) });
    this.#assess();
  }

  set(change: Partial<SagaInstance>): void {
    this.#instance = { ...this.#instance, ...change };
  }

  clear(key: 'deadlineAt' | 'problem' | 'ending' | 'pausedAt'): void {
    const { [key]: _, ...rest } = this.#instance;
    this.#instance = rest;
  }

  note(entry: Omit<SagaHistoryEntry, 'at'>): void {
    this.#history.push({ at: this.now, ...entry });
  }

  /** The place of a record that is settled now, in the order in which records were. */
  nextOrder(): number {
    return 1 + Math.max(-1, ...this.#instance.steps.map((record, at) => orderOf(record, at)));
  }

  /** An operator is asked. What is wrong with a record under way is written there; others move on. */
  stick(problem: string, path?: string): void {
    const record = path === undefined ? undefined : this.find(path);
    this.note({ what: 'stuck', detail: problem, ...(path === undefined ? {} : { step: path }) });
    if (record !== undefined && isUnderWay(record)) this.put({ ...record, problem });
    else if (this.#instance.status !== 'paused') this.set({ status: 'stuck', problem });
  }

  /** It moves again: an operator helped. */
  free(): void {
    for (const { problem: _, ...record } of this.underWay) this.put(record as UnderWay);
    if (this.#instance.status !== 'stuck') return;
    this.clear('problem');
    this.set({ status: 'open' });
  }

  context(path: string): StepContext {
    return contextAt(this.saga.nodes, this.#instance, path);
  }

  /** Puts a command into the change; otherwise says why that cannot be. `data` replaces what the definition says. */
  send<C>(path: string, how: Sending, { command, data }: Send<C>, context: C): string | undefined {
    const { direction, attempt } = how;
    const type = `${command.service}.${command.name}`;
    try {
      const checked = check(command.input, 'data' in how ? how.data : data(context), 'data');
      if (!checked.ok) return `${type} of ${path} does not fit its contract: ${inWords(checked.errors)}`;
      const { service, name } = command;
      const key = command.key(checked.value as never);
      this.#commands.push({ step: path, direction, attempt, service, name, key, data: checked.value });
      this.note({ what: 'sent', step: path, direction, attempt, detail: type });
      return undefined;
    } catch (error) {
      return `${path} could not build ${type}: ${messageOf(error)}`;
    }
  }

  /** Tells the services at which it holds claims that it has ended. */
  tellOfEnd(): void {
    for (const service of this.saga.claimsAt) {
      const { id } = this.#instance;
      this.#commands.push({ step: '', direction: 'end', attempt: 1, service, name: 'saga-ended', key: id, data: {} });
    }
  }

  /** Whether it is stuck follows from its records, unless it is stuck for a reason of its own. */
  #assess(): void {
    const { status, steps, ending } = this.#instance;
    if (ending !== undefined) return;
    const stuck = steps.filter(isUnderWay).find(({ problem }) => problem !== undefined);
    if (stuck?.problem !== undefined && status === 'open') this.set({ status: 'stuck', problem: stuck.problem });
    if (stuck === undefined && status === 'stuck') {
      this.clear('problem');
      this.set({ status: 'open' });
    }
  }
}

/** Which message is sent, for the which time, and with which data if not with its own. */
export interface Sending {
  readonly direction: StepDirection;
  readonly attempt: number;
  readonly data?: unknown;
}

/** The order in which a record was settled; without one, the order in which it was first sent is the same. */
export function orderOf(record: StepRecord, at: number): number {
  return 'order' in record && record.order !== undefined ? record.order : at;
}

/** What is wrong with data, in one line. */
export function inWords(errors: readonly FieldError[]): string {
  return errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
}

/** The part of a record that says what was answered. */
export function resultIn(record: object): { readonly result?: unknown } {
  return 'result' in record && record.result !== undefined ? { result: record.result } : {};
}
