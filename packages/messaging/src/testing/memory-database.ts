import { Readable } from 'node:stream';
import type { Call, Clock, Ids } from '@dure/core';
import { DureError } from '@dure/core';
import type { AskStore } from '../ask-store.port.ts';
import { trackOf } from '../broker-lane.ts';
import { chunksOf, putAside } from '../claim-check.ts';
import type { ParkingDeliveryStore } from '../delivery-store.port.ts';
import { messagingErrors } from '../errors.ts';
import type { FollowerStore } from '../followers/follower-store.port.ts';
import type { Message, MessageMeta } from '../message.ts';
import type { BufferedMessage, MessageBuffer, MessageCause } from '../message-buffer.ts';
import { causeOf, messageBuffer } from '../message-buffer.ts';
import { matcher } from '../message-filter.ts';
import type { MessageLog } from '../message-log.port.ts';
import type { Parking } from '../parking.port.ts';
import type { PayloadStore } from '../payload-store.port.ts';
import type { ReplayStore } from '../replay-store.port.ts';
import type { TimerStore } from '../timers/timer-store.port.ts';
import type { UnitOfWork } from '../unit-of-work.port.ts';
import { memoryAsks } from './memory-asks.ts';
import { MemoryDeliveries } from './memory-deliveries.ts';
import { memoryFollowers } from './memory-followers.ts';
import { memoryReplays } from './memory-replays.ts';
import type { MemoryTimers } from './memory-timers.ts';
import { memoryTimers } from './memory-timers.ts';
import type { MemoryTx, MemoryUnits, StagedTx } from './memory-tx.ts';

/** A service's database that lives in memory: the same promises as the real one, for tests and simulations. */
export interface MemoryDatabase extends UnitOfWork<MemoryTx> {
  readonly log: MessageLog;
  readonly deliveries: ParkingDeliveryStore<MemoryTx>;
  readonly followers: FollowerStore<MemoryTx>;
  readonly parking: Parking<MemoryTx>;
  readonly payloads: PayloadStore;
  readonly asks: AskStore<MemoryTx>;
  readonly replays: ReplayStore<MemoryTx>;
  readonly timers: TimerStore;
  readonly idempotency: { recall(call: Call): Promise<{ readonly answer: unknown } | undefined> };
  /** Loses what the log holds after a position, as a restored backup has. */
  restore(position: number): void;
  /** Values that were committed. */
  readonly values: ReadonlyMap<string, unknown>;
}

export interface MemoryDatabaseOptions {
  readonly service: string;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Opens an empty one. */
export function memoryDatabase(options: MemoryDatabaseOptions): MemoryDatabase {
  const memory = new Memory(options);
  const deliveries = new MemoryDeliveries(memory);
  return {
    log: memory.log,
    values: memory.values,
    deliveries,
    parking: deliveries.parking,
    payloads: memory.payloads,
    asks: memoryAsks(
      memory,
      () => options.clock.now(),
      (call) => memory.isOpen(call),
    ),
    replays: memoryReplays({
      units: memory,
      values: memory.values,
      ids: options.ids,
      start: async (source) => ({
        whole: await deliveries.position(source),
        tracks: deliveries.tracksOf(source),
        lanes: [],
      }),
      isParked: (id) => deliveries.isParked(id),
    }),
    followers: memoryFollowers(options.clock, (call, work, mayCommit) => memory.fenced(call, work, mayCommit)),
    timers: memory.timers,
    idempotency: { recall: async (call) => memory.recall(call) },
    uow: (call, work) => memory.uow(call, work),
    restore: (position) => memory.restore(position),
  };
}

interface StoredAnswer {
  readonly inputHash: string;
  readonly json: string | undefined;
}

class Memory implements MemoryUnits {
  readonly values = new Map<string, unknown>();
  readonly #options: MemoryDatabaseOptions;
  readonly #messages: Message[] = [];
  #begun = 0;
  readonly #eras: { readonly era: string; readonly from: number }[] = [];
  readonly #rings = new Set<() => void>();
  readonly #answers = new Map<string, StoredAnswer>();
  /** What runs under a lock: a key, or a source; whoever wants the same waits for it. */
  readonly #locks = new Map<string, Promise<unknown>>();
  /** Large data by their hash. */
  readonly #aside = new Map<string, string>();
  readonly #open = new WeakMap<Call['positions'], number>();

  readonly timers: MemoryTimers;

  constructor(options: MemoryDatabaseOptions) {
    this.#options = options;
    this.restore(0);
    this.timers = memoryTimers(options.clock, (messages) => this.#append(messages));
  }

  readonly log: MessageLog = {
    advance: async () => this.#messages.length,
    read: async (after, filter, limit, upTo = this.#messages.length, lanes) => {
      const wants = matcher(filter, lanes);
      const messages: Message[] = [];
      for (const message of this.#messages.slice(after, upTo)) {
        if (messages.length === limit) break;
        if (wants(message)) messages.push(message);
      }
      const mark = messages.length === limit ? (messages.at(-1)?.position ?? after) : Math.max(after, upTo);
      return { messages, mark };
    },
    asked: async () => 0,
    before: async (at) => {
      const first = this.#messages.findIndex((message) => message.at >= at);
      return first === -1 ? this.#messages.length : first;
    },
    ends: async (after, upTo, filter) => {
      const wanted = this.#messages.slice(after, upTo).filter(matcher(filter));
      return Object.fromEntries(wanted.map((message) => [trackOf(message), message.position]));
    },
    era: () => this.#eras.at(-1)?.era,
    endOf: async (era) => {
      const index = this.#eras.findIndex((one) => one.era === era);
      return index === -1 ? undefined : (this.#eras[index + 1]?.from ?? Number.MAX_SAFE_INTEGER);
    },
    onAppend: (ring) => {
      this.#rings.add(ring);
      return () => void this.#rings.delete(ring);
    },
  };

  restore(position: number): void {
    this.#messages.length = Math.min(position, this.#messages.length);
    const kept = this.#eras.filter(({ from }) => from <= position);
    this.#eras.splice(0, this.#eras.length, ...kept, { era: `era-${++this.#begun}`, from: position });
  }

  async uow<T>(call: Call, work: (tx: MemoryTx) => Promise<T>): Promise<T> {
    const key = keyOf(call);
    if (key === undefined) return this.run(call, causeOf(call), work);
    return this.locked(key, async () => {
      const stored = this.recall(call);
      if (stored !== undefined) return stored.answer as T;
      const value = await this.run(call, causeOf(call), work);
      this.#answers.set(key, { inputHash: call.inputHash ?? '', json: JSON.stringify(value) });
      return value;
    });
  }

  recall(call: Call): { readonly answer: unknown } | undefined {
    const key = keyOf(call);
    const stored = key === undefined ? undefined : this.#answers.get(key);
    if (stored === undefined) return undefined;
    if (stored.inputHash !== (call.inputHash ?? '')) {
      throw new DureError(
        'SERVICE_IDEMPOTENCY_KEY_REUSED',
        'unprocessable',
        `the Idempotency-Key "${call.idempotencyKey}" was used with another input; send a fresh key for a new request`,
      );
    }
    return { answer: stored.json === undefined ? undefined : JSON.parse(stored.json) };
  }

  /** Commits only if `mayCommit` says so at that moment, and says whether it has. */
  async fenced(call: Call, work: (tx: MemoryTx) => Promise<void>, mayCommit: () => boolean): Promise<boolean> {
    let committed = false;
    await this.run(call, causeOf(call), work, () => {
      committed = mayCommit();
      return committed;
    });
    return committed;
  }

  async run<T>(
    call: Call,
    cause: MessageCause,
    work: (tx: StagedTx, buffer: MessageBuffer) => Promise<T>,
    mayCommit: () => boolean = () => true,
    within?: StagedTx,
  ): Promise<T> {
    call.signal.throwIfAborted();
    this.#open.set(call.positions, (this.#open.get(call.positions) ?? 0) + 1);
    const { service, clock, ids } = this.#options;
    const buffer = messageBuffer({ service, clock, ids, cause });
    const tx = stagedTx(within ?? this.values, buffer);
    try {
      const value = await work(tx, buffer);
      call.signal.throwIfAborted();
      if (!mayCommit()) return value;
      for (const [key, staged] of tx.staged) (within?.staged ?? this.values).set(key, staged);
      const commit = () => {
        for (const close of tx.closing) close();
        this.timers.commit(buffer.timers);
        this.#append(buffer.messages);
      };
      if (within === undefined) commit();
      else within.closing.push(commit);
      return value;
    } finally {
      buffer.close();
      this.#open.set(call.positions, (this.#open.get(call.positions) ?? 1) - 1);
    }
  }

  #light(message: BufferedMessage): BufferedMessage {
    const aside = putAside(message);
    if (aside !== undefined) this.#aside.set(aside.claim.sha256, aside.json);
    return aside?.message ?? message;
  }

  readonly payloads: PayloadStore = {
    read: ({ sha256 }) => {
      const json = this.#aside.get(sha256);
      if (json === undefined) throw messagingErrors.CLAIM_GONE(`the data ${sha256} are not there any more`);
      return Readable.from(chunksOf(json));
    },
  };

  isOpen({ positions }: Call): boolean {
    return (this.#open.get(positions) ?? 0) > 0;
  }

  #append(messages: readonly BufferedMessage[]): void {
    for (const { json, stream: _, personal: __, ...message } of messages.map((one) => this.#light(one))) {
      const meta = JSON.parse(JSON.stringify(message.meta)) as MessageMeta;
      this.#messages.push({ ...message, position: this.#messages.length + 1, data: JSON.parse(json), meta });
    }
    if (messages.length > 0) for (const ring of this.#rings) ring();
  }

  async locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#locks.set(name, settled);
    try {
      return await mine;
    } finally {
      if (this.#locks.get(name) === settled) this.#locks.delete(name);
    }
  }
}

function stagedTx(values: { get(key: string): unknown }, buffer: MessageBuffer): StagedTx {
  const staged = new Map<string, unknown>();
  return {
    staged,
    closing: [],
    get: (key) => (staged.has(key) ? staged.get(key) : values.get(key)),
    set: (key, value) => void staged.set(key, structuredClone(value)),
    emit: (event, data) => buffer.emit(event, data),
    send: (command, data) => buffer.send(command, data),
    schedule: (name, when, message, data) => buffer.schedule(name, when, message, data),
    unschedule: (name) => buffer.unschedule(name),
  };
}

function keyOf(call: Call): string | undefined {
  const { operation, idempotencyKey, identity } = call;
  if (operation.idempotent !== 'key' || idempotencyKey === undefined) return undefined;
  return JSON.stringify([operation.service, operation.name, identity.kind, identity.subject, idempotencyKey]);
}
