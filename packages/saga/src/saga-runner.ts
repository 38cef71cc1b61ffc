import type { Call, Clock, HealthCheck, Ids } from '@dure/core';
import { messageOf, ownCall, parseTraceparent, wait } from '@dure/core';
import type { Message, ReplyData, UnitOfWork } from '@dure/messaging';
import { baggageOf } from '@dure/messaging';
import type { Telemetry } from '@dure/telemetry';
import type { SagaChange, SagaEvent } from './advance.ts';
import { advance } from './advance.ts';
import { sagaErrors } from './errors.ts';
import type { SagaInstance } from './instance.ts';
import { dueAt, isPinnedTo, resultsOf, stateOf } from './instance.ts';
import { reporter } from './report.ts';
import type { AnySaga } from './saga.ts';
import type { DueSaga, OpenSagas, SagaStore } from './saga-store.port.ts';

export interface SagaRunnerOptions<Tx> {
  /** The service that owns the sagas. */
  readonly service: string;
  /** All definitions, old versions included for as long as they have unfinished instances. */
  readonly definitions: readonly AnySaga[];
  readonly store: SagaStore<Tx>;
  readonly unitOfWork: UnitOfWork<Tx>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  /** The longest sleep between two looks at what is due, in milliseconds. Default 1 000. */
  readonly pollMs?: number;
}

/** Moves a service's sagas on. */
export interface SagaRunner<Tx> extends AsyncDisposable {
  /** Takes a reply to a command of a saga, in the transaction that also moves the position in the participant's log. */
  handleReply(message: Message, call: Call, tx: Tx): Promise<void>;
  /** Begins to look after timeouts; call once. */
  run(): void;
  /** Takes a stuck instance up again: SAGA_NOT_FOUND, SAGA_NOT_STUCK. Who and why stand in its history. */
  resume(id: string, by: string, why: string, call: Call): Promise<void>;
  /** DOWN, with the list, while unfinished instances have no definition here; UP with counts otherwise. */
  readonly health: HealthCheck;
  /** Lets the change at hand end. Idempotent. */
  close(): Promise<void>;
}

/**
 * Runs the engine over a store. Every change is one transaction: lock the instance, `advance`, write instance, history
 * and commands. If the process dies in between, nothing of it has happened and the reply or the timeout comes again.
 *
 * @example
 * await using runner = sagaRunner({ service: 'order', definitions: [placeOrder], store, unitOfWork: db, clock, ids, telemetry });
 * runner.run();
 */
export function sagaRunner<Tx>(options: SagaRunnerOptions<Tx>): SagaRunner<Tx> {
  return new Runner(options);
}

const batch = 50;
const shortestSleepMs = 10;
const longestPauseMs = 10_000;

class Runner<Tx> implements SagaRunner<Tx> {
  readonly #options: SagaRunnerOptions<Tx>;
  readonly #report: (change: SagaChange, call: Call) => void;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: SagaRunnerOptions<Tx>) {
    this.#options = options;
    this.#report = reporter(options.telemetry);
  }

  async handleReply(message: Message, call: Call, tx: Tx): Promise<void> {
    const mark = message.meta.saga;
    if (mark === undefined) return;
    const { store, telemetry } = this.#options;
    const instance = await store.lock(tx, mark.id);
    if (instance === undefined) {
      const { id: message_id, type } = message;
      telemetry.log.warn('a reply names a saga that does not exist', {
        saga: mark.id,
        message: message_id,
        type,
        trace: call.trace,
      });
      return;
    }
    const { step, direction } = mark;
    await this.#apply(instance, { kind: 'replied', step, direction, reply: message.data as ReplyData }, call, tx);
  }

  run(): void {
    this.#loop ??= this.#lookAfterTimers();
  }

  async resume(id: string, by: string, why: string, call: Call): Promise<void> {
    const { store, unitOfWork } = this.#options;
    await unitOfWork.uow(call, async (tx) => {
      const instance = await store.lock(tx, id);
      if (instance === undefined)
        throw sagaErrors.NOT_FOUND(`there is no saga with the id "${id}"`, { details: { id } });
      if (instance.status !== 'stuck') {
        throw sagaErrors.NOT_STUCK(`the saga ${instance.saga} "${instance.key}" is ${stateOf(instance)}, not stuck`, {
          details: { id, state: stateOf(instance) },
        });
      }
      await this.#apply(instance, { kind: 'resumed', by, why }, call, tx);
    });
  }

  readonly health: HealthCheck = {
    name: 'sagas',
    groups: ['readiness'],
    check: async () => {
      const open = await this.#options.store.open();
      const missing = open.filter((one) => this.#definitionOf(one) === undefined);
      const details = Object.fromEntries(open.map((one) => [`${one.saga} v${one.version}`, one.count]));
      if (missing.length === 0) return { status: 'UP', details };
      return {
        status: 'DOWN',
        details: { ...details, missing: missing.map(nameOf), fix: sagaErrors.DEFINITION_MISSING.entry.en.fix },
      };
    },
  };

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #apply(instance: SagaInstance, event: SagaEvent, call: Call, tx: Tx): Promise<void> {
    const saga = this.#definitionOf(instance);
    if (saga === undefined) throw missing(instance);
    const { store, clock } = this.#options;
    const change = advance(saga, instance, event, clock.now());
    const whole = change.ends ? await this.#end(saga, change, tx) : change;
    store.save(tx, whole);
    this.#report(whole, call);
  }

  /** Runs the hook in the same transaction. If it throws, only what it did is taken back, and it is tried again later. */
  async #end(saga: AnySaga, change: SagaChange, tx: Tx): Promise<SagaChange> {
    const { store, clock } = this.#options;
    const outcome = await store.attempt(tx, async () => void (await runHook(saga, change.instance, tx)));
    const event: SagaEvent = outcome.ok
      ? { kind: 'end-succeeded' }
      : { kind: 'end-failed', message: messageOf(outcome.error) };
    const end = advance(saga, change.instance, event, clock.now());
    return { ...end, commands: change.commands, history: [...change.history, ...end.history] };
  }

  async #lookAfterTimers(): Promise<void> {
    const { clock, telemetry, pollMs = 1_000 } = this.#options;
    const { signal } = this.#stop;
    let pauseMs = 0;
    for (let failures = 0; !signal.aborted; await wait(clock, pauseMs, signal)) {
      try {
        const next = await this.#fireDue(signal);
        pauseMs = Math.min(Math.max((next ?? Number.POSITIVE_INFINITY) - clock.now(), shortestSleepMs), pollMs);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        pauseMs = Math.min(pollMs * 2 ** (failures - 1), longestPauseMs);
        telemetry.log.warn('the timeouts of sagas cannot be looked after at the moment', { error, failures });
      }
    }
  }

  /** Fires whatever is due. Returns when the next one is due, if known. */
  async #fireDue(signal: AbortSignal): Promise<number | undefined> {
    const { store, clock, definitions, telemetry } = this.#options;
    for (;;) {
      const all = await store.due(definitions, batch);
      const now = clock.now();
      const due = all.filter((one) => one.dueAt <= now);
      let failed = 0;
      for (const one of due) {
        if (signal.aborted) return undefined;
        try {
          await this.#fire(one, signal);
        } catch (error) {
          if (signal.aborted) return undefined;
          failed += 1;
          telemetry.log.error('a saga that is due could not be moved on', { error, saga: one.id });
        }
      }
      if (due.length < batch || failed > 0) return failed > 0 ? now + longestPauseMs / 10 : all.at(due.length)?.dueAt;
    }
  }

  async #fire({ id, traceparent, correlation }: DueSaga, signal: AbortSignal): Promise<void> {
    const { service, store, unitOfWork, ids, clock } = this.#options;
    const trace = parseTraceparent(traceparent);
    const call = ownCall(service, 'saga-timer', ids, signal).with({
      ...(trace === undefined ? {} : { trace }),
      baggage: baggageOf({ id, meta: { correlation } } as Message),
    });
    await unitOfWork.uow(call, async (tx) => {
      const instance = await store.lock(tx, id, 'skip-locked');
      if (instance === undefined || (dueAt(instance) ?? Number.POSITIVE_INFINITY) > clock.now()) return;
      await this.#apply(instance, { kind: 'woken' }, call, tx);
    });
  }

  #definitionOf(one: Pick<SagaInstance, 'saga' | 'version' | 'shape'>): AnySaga | undefined {
    return this.#options.definitions.find((definition) => isPinnedTo(one, definition));
  }
}

async function runHook<Tx>(saga: AnySaga, instance: SagaInstance, tx: Tx): Promise<void> {
  const context = { id: instance.id, input: instance.input, done: resultsOf(instance) };
  if (instance.phase === 'forward') await saga.end.completed?.(tx as never, context);
  else if (instance.why !== undefined) await saga.end.compensated?.(tx as never, context, instance.why);
}

function missing(instance: SagaInstance) {
  return sagaErrors.DEFINITION_MISSING(
    `the saga ${instance.saga} "${instance.key}" runs by version ${instance.version} with the steps "${instance.shape}", which this release does not list`,
    { retryable: true, details: { id: instance.id, saga: instance.saga, version: instance.version } },
  );
}

function nameOf({ saga, version, shape, count }: OpenSagas): string {
  return `${saga} v${version} (${shape}): ${count} unfinished`;
}
