import type { Call, Clock, HealthCheck, Ids } from '@dure/core';
import { check, messageOf, ownCall, parseTraceparent, wait } from '@dure/core';
import type { Message, ReplyData, UnitOfWork } from '@dure/messaging';
import { baggageOf, upcasted } from '@dure/messaging';
import type { Telemetry } from '@dure/telemetry';
import { advance } from './advance.ts';
import { beginSaga } from './begin-saga.ts';
import type { SagaAction, SagaChange, SagaEvent, SagaMove, SagaWork } from './change.ts';
import { sagaErrors } from './errors.ts';
import type { SagaInstance, WaitsFor } from './instance.ts';
import { dueAt, isPinnedTo, resultsOf, stateOf } from './instance.ts';
import { migrate } from './migrate.ts';
import { contextAt, placeOf } from './nodes.ts';
import type { Operator } from './operate.ts';
import { outcomeOf } from './replied.ts';
import { hasEnded, reporter } from './report.ts';
import type { AnySaga } from './saga.ts';
import type { DueSaga, OpenSagas, SagaStore } from './saga-store.port.ts';
import { inWords } from './turn.ts';

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
  /** Takes an event that sagas may wait for, in the transaction that also moves the position in its log. */
  handleEvent(message: Message, call: Call, tx: Tx): Promise<void>;
  /** Begins to look after timeouts; call once. */
  run(): void;
  /** Does what an operator says: SAGA_NOT_FOUND, SAGA_ACTION_REFUSED. Who and why stand in the instance's history. */
  operate(id: string, action: SagaAction | SagaMove, operator: Operator, call: Call): Promise<void>;
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

/** How long an event is kept for a saga that will wait for it, and how often what is older is dropped. */
const arrivalRetentionMs = 7 * 86_400_000;
const tidyEveryMs = 3_600_000;
const batch = 50;
/** How many that are due are moved on at the same time, each in a transaction of its own. */
const firedAtOnce = 4;
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
    if (mark === undefined || mark.direction === 'end') return;
    const { store, telemetry } = this.#options;
    const instance = await store.lock(tx, mark.id);
    if (instance === undefined) {
      const { id: message_id, type } = message;
      telemetry.log.warn('a reply names a saga that is unknown, or has ended and was forgotten', {
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

  async handleEvent(message: Message, call: Call, tx: Tx): Promise<void> {
    const { definitions, store, clock } = this.#options;
    const event = definitions.flatMap(({ waits }) => waits).find(({ name }) => name === message.type);
    if (event === undefined) return;
    const data = check(event.schema, upcasted(event, message), message.type);
    if (!data.ok) throw unreadable(message, data.errors);
    const { type, key } = message;
    await store.remember(tx, { event: type, key, data: data.value, at: clock.now() });
    for (const id of await store.waiting(tx, type, key)) {
      const instance = await store.lock(tx, id);
      const step = instance && waitsFor(instance, type, key);
      if (instance !== undefined && step !== undefined)
        await this.#apply(instance, { kind: 'arrived', step, data: data.value }, call, tx);
    }
  }

  async operate(id: string, action: SagaAction | SagaMove, operator: Operator, call: Call): Promise<void> {
    const { store, unitOfWork } = this.#options;
    await unitOfWork.uow(call, async (tx) => {
      const instance = await store.lock(tx, id);
      if (instance === undefined)
        throw sagaErrors.NOT_FOUND(`the saga "${id}" is unknown, or has ended and was forgotten`, { details: { id } });
      if (action.do === 'migrate') await this.#migrate(instance, operator, call, tx);
      else await this.#apply(instance, { kind: 'operated', action, ...operator }, call, tx);
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
    await this.#carryOut(saga, advance(saga, instance, event, this.#options.clock.now()), call, tx);
  }

  /** To the newest version that takes it. */
  async #migrate(instance: SagaInstance, operator: Operator, call: Call, tx: Tx): Promise<void> {
    const { definitions, clock } = this.#options;
    const later = definitions.filter(({ name, version }) => name === instance.saga && version > instance.version);
    const [to] = later
      .filter(({ migrates }) => migrates[instance.version] !== undefined)
      .toSorted((a, b) => b.version - a.version);
    if (to === undefined)
      throw actionRefused(
        instance,
        `no later version of it that is listed has \`migrates: { ${instance.version}: … }\``,
      );
    const change = migrate({ from: this.#definitionOf(instance), to }, instance, clock.now(), operator);
    await this.#carryOut(to, change, call, tx);
  }

  async #carryOut(saga: AnySaga, first: SagaChange, call: Call, tx: Tx): Promise<void> {
    const { store } = this.#options;
    const change = await this.#work(saga, first, call, tx);
    if (change.refused !== undefined) throw actionRefused(change.instance, change.refused);
    store.save(tx, change);
    this.#report(change, call);
    const { parent } = change.instance;
    if (parent !== undefined && hasEnded(change)) await this.#tell(parent, change.instance, call, tx);
  }

  /** Does what a change asks for, and what that leads to, until nothing more is asked for: all in one transaction. */
  async #work(saga: AnySaga, first: SagaChange, call: Call, tx: Tx): Promise<SagaChange> {
    let whole = first;
    for (let [task, ...rest] = first.work; task !== undefined; [task, ...rest] = rest) {
      const event = await this.#perform(saga, whole.instance, task, call, tx);
      if (event === undefined) continue;
      const next = advance(saga, whole.instance, event, this.#options.clock.now());
      const { commands, history } = whole;
      const { migrated = false } = whole;
      whole = { ...next, migrated, commands: [...commands, ...next.commands], history: [...history, ...next.history] };
      rest.push(...next.work);
    }
    return whole;
  }

  /** A hook or local step that throws takes back only what it did itself. */
  async #perform(saga: AnySaga, instance: SagaInstance, task: SagaWork, call: Call, tx: Tx) {
    const { store, clock, ids } = this.#options;
    switch (task.kind) {
      case 'end': {
        const outcome = await store.attempt(tx, async () => void (await runHook(saga, instance, tx)));
        const event: SagaEvent = outcome.ok
          ? { kind: 'end-succeeded' }
          : { kind: 'end-failed', message: messageOf(outcome.error) };
        return event;
      }
      case 'local': {
        const { step, direction } = task;
        const answer: { value?: unknown } = {};
        const ran = await store.attempt(tx, async () => {
          answer.value = await runLocal(saga, instance, task, tx);
        });
        const outcome = ran.ok
          ? { ok: true as const, value: answer.value ?? null }
          : outcomeOf(ran.error, messageOf(ran.error));
        const event: SagaEvent = { kind: 'ran', step, direction, outcome };
        return event;
      }
      case 'look': {
        const { step, event, key } = task;
        const arrival = await store.arrival(tx, event, key, instance.startedAt);
        return arrival && ({ kind: 'arrived', step, data: arrival.data } satisfies SagaEvent);
      }
      case 'sub':
        store.insert(tx, beginSaga(task.saga, task.input, call, { clock, ids }, { ...instance, step: task.step }));
        return undefined;
    }
  }

  /** Tells a saga how the one that is a step of it has ended. Only ever from the part to the whole, so that no two wait for each other. */
  async #tell(parent: { readonly id: string; readonly step: string }, child: SagaInstance, call: Call, tx: Tx) {
    const instance = await this.#options.store.lock(tx, parent.id);
    if (instance === undefined) return;
    const { step } = parent;
    await this.#apply(instance, { kind: 'replied', step, direction: 'do', reply: replyOf(child) }, call, tx);
  }

  async #lookAfterTimers(): Promise<void> {
    const { clock, telemetry, pollMs = 1_000 } = this.#options;
    const { signal } = this.#stop;
    let pauseMs = 0;
    let tidiedAt = clock.now();
    for (let failures = 0; !signal.aborted; await wait(clock, pauseMs, signal)) {
      try {
        const next = await this.#fireDue(signal);
        pauseMs = Math.min(Math.max((next ?? Number.POSITIVE_INFINITY) - clock.now(), shortestSleepMs), pollMs);
        failures = 0;
        if (clock.now() - tidiedAt < tidyEveryMs) continue;
        await this.#forget(signal);
        tidiedAt = clock.now();
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        pauseMs = Math.min(pollMs * 2 ** (failures - 1), longestPauseMs);
        telemetry.log.warn('the timeouts of sagas cannot be looked after at the moment', { error, failures });
      }
    }
  }

  /** Forgets events that nobody waits for any more. */
  async #forget(signal: AbortSignal): Promise<void> {
    const { service, store, unitOfWork, ids, clock, definitions } = this.#options;
    if (definitions.every(({ waits }) => waits.length === 0)) return;
    const call = ownCall(service, 'saga-timer', ids, signal);
    await unitOfWork.uow(call, (tx) => store.forget(tx, clock.now() - arrivalRetentionMs));
  }

  /** Fires whatever is due. Returns when the next one is due, if known. */
  async #fireDue(signal: AbortSignal): Promise<number | undefined> {
    const { store, clock, definitions, telemetry } = this.#options;
    for (;;) {
      const all = await store.due(definitions, batch);
      const now = clock.now();
      const due = all.filter((one) => one.dueAt <= now);
      let failed = 0;
      const rest = due.values();
      const fireNext = async () => {
        for (const one of rest) {
          if (signal.aborted) return;
          try {
            await this.#fire(one, signal);
          } catch (error) {
            if (signal.aborted) return;
            failed += 1;
            telemetry.log.error('a saga that is due could not be moved on', { error, saga: one.id });
          }
        }
      };
      await Promise.all(Array.from({ length: firedAtOnce }, fireNext));
      if (signal.aborted) return undefined;
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
  const context = contextOf(instance);
  if (instance.phase === 'forward') await saga.end.completed?.(tx as never, context);
  else if (instance.why !== undefined) await saga.end.compensated?.(tx as never, context, instance.why);
}

async function runLocal<Tx>(
  saga: AnySaga,
  instance: SagaInstance,
  { step, direction }: Extract<SagaWork, { kind: 'local' }>,
  tx: Tx,
): Promise<unknown> {
  const leaf = placeOf(saga.nodes, step)?.leaf;
  const context = contextAt(saga.nodes, instance, step);
  if (leaf?.node !== 'local') return undefined;
  if (direction === 'do') return leaf.run(tx as never, context);
  const record = instance.steps.find((one) => one.step === step);
  return leaf.undo?.(tx as never, {
    ...context,
    result: record !== undefined && 'result' in record ? record.result : undefined,
  });
}

function contextOf(instance: SagaInstance) {
  return { id: instance.id, input: instance.input, done: resultsOf(instance) };
}

/** The step that waits for the event; waits stand one after the other, so there is one at most. */
function waitsFor({ steps }: SagaInstance, event: string, key: string): string | undefined {
  const isMeant = (waits: WaitsFor | undefined) => waits?.event === event && waits.key === key;
  return steps.find((record) => record.state === 'sent' && isMeant(record.waits))?.step;
}

function replyOf(child: SagaInstance): ReplyData {
  const { why } = child;
  if (why === undefined) return { ok: true, value: resultsOf(child) };
  if (why.reason === 'refused') return { ok: false, refusal: { code: why.code, data: why.data } };
  return { ok: false, refusal: { code: why.reason === 'timed-out' ? 'TimedOut' : 'CalledOff', data: {} } };
}

function actionRefused(instance: SagaInstance, reason: string) {
  return sagaErrors.ACTION_REFUSED(`that cannot be done to the saga ${instance.saga} "${instance.key}": ${reason}`, {
    details: { id: instance.id, state: stateOf(instance), reason },
  });
}

function unreadable({ type, source, position }: Message, errors: Parameters<typeof inWords>[0]) {
  return sagaErrors.EVENT_UNREADABLE(
    `the event "${type}" of ${source} (position ${position}), which sagas wait for, cannot be read: ${inWords(errors)}`,
    { details: { type, source, position } },
  );
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
