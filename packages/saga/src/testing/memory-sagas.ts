import type { Call, Clock, Ids } from '@dure/core';
import { isRefusal } from '@dure/core';
import type { BufferedMessage, Message, MessageBuffer, Outbox, ReplyData, UnitOfWork } from '@dure/messaging';
import { causeOf, messageBuffer } from '@dure/messaging';
import type { SagaChange, SagaHistoryEntry } from '../change.ts';
import type { ClaimStore } from '../claim-store.port.ts';
import { sagaErrors } from '../errors.ts';
import type { SagaInstance } from '../instance.ts';
import { dueAt, isPinnedTo, stateOf, waitsOf } from '../instance.ts';
import type { FenceRow, SagaFence } from '../saga-fence.port.ts';
import type { OpenSagas, SagaArrival, SagaStore } from '../saga-store.port.ts';

/** A transaction in memory: an outbox, and values by key that are kept with the commit. */
export interface MemorySagaTx extends Outbox {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/** A service's saga tables, its log and some values, in memory, with transactions that run one after the other. */
export interface MemorySagas extends UnitOfWork<MemorySagaTx> {
  readonly store: SagaStore<MemorySagaTx>;
  readonly fence: SagaFence<MemorySagaTx>;
  readonly claims: ClaimStore<MemorySagaTx>;
  /** Answers a command, with the commit. */
  reply(tx: MemorySagaTx, command: Message, data: ReplyData): void;
  /** Messages that were committed; `position` counts from 1. */
  readonly messages: readonly Message[];
  readonly values: ReadonlyMap<string, unknown>;
}

interface Claim {
  readonly saga: string;
  readonly step: string;
  readonly at: number;
}

interface Staged {
  readonly instances: Map<string, SagaInstance>;
  readonly fences: Map<string, FenceRow>;
  readonly values: Map<string, unknown>;
  readonly arrivals: Map<string, SagaArrival>;
  readonly claims: Map<string, Claim | undefined>;
  history: readonly { readonly id: string; readonly entry: SagaHistoryEntry }[];
}

interface OpenTx extends MemorySagaTx {
  staged: Staged;
  readonly buffer: MessageBuffer;
  /** What stood in the outbox when a part that failed began, message by message: the buffer itself only grows. */
  dropped: ReadonlySet<BufferedMessage>;
}

export interface MemorySagasOptions {
  readonly service: string;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Opens empty ones. */
export function memorySagas(options: MemorySagasOptions): MemorySagas {
  const world = new World(options);
  return {
    uow: (call, work) => world.uow(call, work),
    store: world.store,
    fence: world.fence,
    claims: world.claims,
    reply: (tx, command, data) => void opened(tx).buffer.reply(command, data),
    messages: world.messages,
    values: world.committed.values,
  };
}

class World {
  readonly messages: Message[] = [];
  readonly committed = nothing();
  readonly #history: { readonly id: string; readonly entry: SagaHistoryEntry }[] = [];
  readonly #options: MemorySagasOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MemorySagasOptions) {
    this.#options = options;
  }

  uow<T>(call: Call, work: (tx: MemorySagaTx) => Promise<T>): Promise<T> {
    const mine = this.#last.then(() => this.#run(call, work));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  readonly store: SagaStore<MemorySagaTx> = {
    insert: (tx, change) => write(opened(tx), change),
    lock: async (tx, id) => opened(tx).staged.instances.get(id) ?? this.committed.instances.get(id),
    save: (tx, change) => write(opened(tx), change),
    attempt: (tx, work) => attempt(opened(tx), work),
    remember: async (tx, arrival) => void opened(tx).staged.arrivals.set(`${arrival.event} ${arrival.key}`, arrival),
    arrival: async (_tx, event, key, since) => {
      const arrival = this.committed.arrivals.get(`${event} ${key}`);
      return arrival !== undefined && arrival.at >= since ? arrival : undefined;
    },
    waiting: async (_tx, event, key) =>
      [...this.committed.instances.values()]
        .filter((one) => waitsOf(one).some((waits) => waits.event === event && waits.key === key))
        .map(({ id }) => id),
    forget: async (_tx, before) => {
      const { arrivals } = this.committed;
      for (const [name, { at }] of arrivals) if (at < before) arrivals.delete(name);
    },
    due: async (sagas, limit) =>
      [...this.committed.instances.values()]
        .filter((instance) => sagas.some((saga) => isPinnedTo(instance, saga)))
        .flatMap((instance) => {
          const due = dueAt(instance);
          const { id, traceparent, correlation } = instance;
          return due === undefined ? [] : [{ id, dueAt: due, traceparent, correlation }];
        })
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit),
    open: async () => counted([...this.committed.instances.values()]),
    find: async (id) => this.committed.instances.get(id),
    list: async ({ state, saga, key, limit }) =>
      [...this.committed.instances.values()]
        .reverse()
        .filter(
          (one) =>
            (state === undefined || stateOf(one) === state) &&
            (saga ?? one.saga) === one.saga &&
            (key ?? one.key) === one.key,
        )
        .slice(0, limit),
    history: async (id) => this.#history.flatMap((line) => (line.id === id ? [line.entry] : [])),
  };

  readonly fence: SagaFence<MemorySagaTx> = {
    claim: async (tx, { id, step }) => {
      const row = opened(tx).staged.fences.get(`${id} ${step}`) ?? this.committed.fences.get(`${id} ${step}`);
      return row ?? { do: undefined, undo: undefined };
    },
    record: (tx, { id, step, direction }, reply) => {
      const { fences } = opened(tx).staged;
      const row = fences.get(`${id} ${step}`) ?? this.committed.fences.get(`${id} ${step}`);
      fences.set(`${id} ${step}`, { do: row?.do, undo: row?.undo, [direction]: reply });
    },
    guarded: async (tx, work) => {
      const holder: { reply?: ReplyData } = {};
      const outcome = await attempt(opened(tx), async () => {
        holder.reply = await work();
      });
      if (outcome.ok && holder.reply !== undefined) return holder.reply;
      if (outcome.ok || !isRefusal(outcome.error)) throw outcome.ok ? undefined : outcome.error;
      return { ok: false, refusal: { code: outcome.error.code, data: outcome.error.data } };
    },
  };

  readonly claims: ClaimStore<MemorySagaTx> = {
    claim: async (tx, { id, step }, resources) => {
      const { claims } = opened(tx).staged;
      for (const resource of [...resources].sort()) {
        const held = claims.has(resource) ? claims.get(resource) : this.committed.claims.get(resource);
        if (held !== undefined && held.saga !== id) return held.saga;
        if (held === undefined) claims.set(resource, { saga: id, step, at: this.#options.clock.now() });
      }
      return undefined;
    },
    release: async (tx, saga, step) => {
      for (const [resource, held] of this.committed.claims) {
        if (held?.saga === saga && (step ?? held.step) === held.step) opened(tx).staged.claims.set(resource, undefined);
      }
    },
    sweep: async (tx, before) => {
      const old = [...this.committed.claims].filter(([, held]) => held !== undefined && held.at < before);
      for (const [resource] of old) opened(tx).staged.claims.set(resource, undefined);
      return old.length;
    },
  };

  async #run<T>(call: Call, work: (tx: MemorySagaTx) => Promise<T>): Promise<T> {
    const { service, clock, ids } = this.#options;
    const buffer = messageBuffer({ service, clock, ids, cause: causeOf(call) });
    const tx = this.#open(buffer);
    try {
      const value = await work(tx);
      this.#commit(tx);
      return value;
    } finally {
      buffer.close();
    }
  }

  #open(buffer: MessageBuffer): OpenTx {
    const { values } = this.committed;
    const tx: OpenTx = {
      staged: nothing(),
      buffer,
      dropped: new Set(),
      get: (key) => (tx.staged.values.has(key) ? tx.staged.values.get(key) : values.get(key)),
      set: (key, value) => void tx.staged.values.set(key, value),
      emit: (event, data) => buffer.emit(event, data),
      send: (command, data) => buffer.send(command, data),
    };
    return tx;
  }

  #commit({ staged, buffer, dropped }: OpenTx): void {
    for (const [id, { saga, key, status }] of staged.instances) {
      const rival = [...this.committed.instances.values(), ...staged.instances.values()].find(
        (one) => one.id !== id && one.saga === saga && one.key === key && one.status !== 'finished',
      );
      if (rival !== undefined && status !== 'finished') {
        throw sagaErrors.ALREADY_RUNNING(
          `the saga "${saga}" already runs for "${key}"; it must end before another starts`,
        );
      }
    }
    for (const part of ['instances', 'fences', 'values', 'arrivals', 'claims'] as const) {
      const into: Map<string, unknown> = this.committed[part];
      for (const [key, value] of staged[part]) into.set(key, structuredClone(value));
    }
    this.#history.push(...staged.history);
    for (const buffered of buffer.messages) {
      if (dropped.has(buffered)) continue;
      const { json, ...message } = buffered;
      this.messages.push({ ...message, position: this.messages.length + 1, data: JSON.parse(json) });
    }
  }
}

function nothing(): Staged {
  const kept = { instances: new Map(), fences: new Map(), values: new Map() };
  return { ...kept, arrivals: new Map(), claims: new Map(), history: [] };
}

function opened(tx: MemorySagaTx): OpenTx {
  return tx as OpenTx;
}

function write(tx: OpenTx, { instance, commands, history }: SagaChange): void {
  tx.staged.instances.set(instance.id, instance);
  tx.staged.history = [...tx.staged.history, ...history.map((entry) => ({ id: instance.id, entry }))];
  for (const { step, direction, service, name, key, data } of commands) {
    const saga = { id: instance.id, step, direction };
    tx.buffer.put({ kind: 'command', type: `${service}.${name}`, version: 1, key, destination: service, data, saga });
  }
}

async function attempt(tx: OpenTx, work: () => Promise<void>): ReturnType<SagaStore<MemorySagaTx>['attempt']> {
  const { instances, fences, values, arrivals, claims, history } = tx.staged;
  const copies = { instances: new Map(instances), fences: new Map(fences), values: new Map(values) };
  const before: Staged = { ...copies, arrivals: new Map(arrivals), claims: new Map(claims), history };
  const sent = tx.buffer.messages.length;
  try {
    await work();
    return { ok: true };
  } catch (error) {
    tx.staged = before;
    tx.dropped = new Set([...tx.dropped, ...tx.buffer.messages.slice(sent)]);
    return { ok: false, error };
  }
}

function counted(instances: readonly SagaInstance[]): readonly OpenSagas[] {
  const open = new Map<string, OpenSagas>();
  for (const { saga, version, shape, status } of instances) {
    if (status === 'finished') continue;
    const name = `${saga} ${version} ${shape}`;
    open.set(name, { saga, version, shape, count: (open.get(name)?.count ?? 0) + 1 });
  }
  return [...open.values()];
}
