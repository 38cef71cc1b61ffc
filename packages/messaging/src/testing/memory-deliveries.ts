import type { Call } from '@dure/core';
import { fromCloudEvent, toCloudEvent } from '../cloud-event.ts';
import type { BatchEffect, Delivery, DeliveryFailure, DeliveryWay, Effect } from '../delivery.ts';
import type { DeliveryAction, DeliveryOperations, ParkedFilter, ParkedKeyView } from '../delivery-operations.port.ts';
import type { DeliveryOutcome, ParkingDeliveryStore } from '../delivery-store.port.ts';
import { messagingErrors } from '../errors.ts';
import type { Message, ReplyData } from '../message.ts';
import type { MessageBuffer } from '../message-buffer.ts';
import type { DeliveryStanding, Intervention, ParkedKeys } from '../parked-keys.port.ts';
import type { Parking } from '../parking.port.ts';
import type { Names, Taken } from './memory-delivery.ts';
import { answered, causedBy, lockOf, nameOf, namesOf } from './memory-delivery.ts';
import type { MemoryTx, MemoryUnits, StagedTx } from './memory-tx.ts';
import type { WaitingKey, WaitingMessage } from './memory-waiting.ts';
import { parkedOf, viewOf } from './memory-waiting.ts';

/** Deliveries in memory: the promises of the real ones. */
export class MemoryDeliveries implements ParkingDeliveryStore<MemoryTx> {
  readonly #units: MemoryUnits;
  readonly #positions = new Map<string, number>();
  readonly #eras = new Map<string, string>();
  readonly #keys = new Map<string, WaitingKey>();
  readonly #ids = new Map<string, ReplyData | undefined>();
  readonly #actions: DeliveryAction[] = [];
  readonly #paused = new Map<string, Intervention>();
  readonly idsKeptMs = 14 * 86_400_000;
  #number = 0;

  constructor(units: MemoryUnits) {
    this.#units = units;
  }

  position = async (source: string) => this.#positions.get(source) ?? 0;

  /** How far each track of a source is. */
  tracksOf(source: string): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#positions].filter(([stream]) => stream.startsWith(`${source}/`)));
  }

  reached = async (streams: readonly string[]) =>
    streams.map((stream) => ({ position: this.#positions.get(stream) ?? 0, era: this.#eras.get(stream) }));
  skipTo = async (source: string, position: number, era = this.#eras.get(source)) => {
    if (era === this.#eras.get(source)) this.#moveTo(source, position);
  };
  era = async (source: string) => this.#eras.get(source);
  enterEra = async (source: string, era: string) => void this.#eras.set(source, era);

  deliver(message: Message, call: Call, effect: Effect<MemoryTx>, way: DeliveryWay = {}): Promise<DeliveryOutcome> {
    const names = namesOf(message, way);
    return this.#units.locked(lockOf(message, way), async () => {
      const taken = this.#taken(message, names, way);
      call.signal.throwIfAborted();
      if (taken === 'duplicate') await this.#answerAgain(message, call, names.parkedAs);
      if (taken === 'parked') this.#putBehind(message, names, way);
      if (taken !== 'new') return taken;
      await this.#apply(message, call, effect, (reply) => this.#remember(message, names, way, reply));
      return 'applied';
    });
  }

  deliverBatch(
    messages: readonly Message[],
    call: Call,
    effect: BatchEffect<MemoryTx>,
    way: DeliveryWay = {},
  ): Promise<readonly DeliveryOutcome[]> {
    const [head] = messages;
    if (head === undefined) return Promise.resolve([]);
    const names = namesOf(head, way);
    return this.#lockedWithKeys(messages, { ...way, by: 'position' }, async () => {
      const taken = messages.map((message) => this.#taken(message, names, way));
      const those = (outcome: string) => messages.filter((_, index) => taken[index] === outcome);
      await this.#units.run(
        call,
        causedBy(head, call),
        async (tx) => {
          if (those('new').length > 0) await effect(tx, those('new'));
        },
        () => {
          for (const message of those('parked')) this.#putBehind(message, names, way);
          for (const message of those('new')) this.#remember(message, names, way);
          return true;
        },
      );
      return taken.map((outcome) => (outcome === 'new' ? 'applied' : outcome));
    });
  }

  deliverTogether(
    deliveries: readonly Delivery<MemoryTx>[],
    way: DeliveryWay = {},
  ): Promise<readonly DeliveryOutcome[] | undefined> {
    const [head] = deliveries;
    if (head === undefined) return Promise.resolve([]);
    const names = namesOf(head.message, way);
    const one = async ({ message, call, effect }: Delivery<MemoryTx>, group: StagedTx): Promise<DeliveryOutcome> => {
      const taken = this.#taken(message, names, way);
      if (taken === 'parked') group.closing.push(() => this.#putBehind(message, names, way));
      if (taken !== 'new') return taken;
      await this.#apply(message, call, effect, (reply) => this.#remember(message, names, way, reply), group);
      return 'applied';
    };
    const all = async (group: StagedTx) => {
      const outcomes: DeliveryOutcome[] = [];
      for (const delivery of deliveries) outcomes.push(await one(delivery, group));
      return outcomes;
    };
    const messages = deliveries.map(({ message }) => message);
    return this.#lockedWithKeys(messages, way, () =>
      this.#units.run(head.call, causedBy(head.message, head.call), all, () => true),
    ).catch(() => undefined);
  }

  /** Nobody takes away the last message of a parked key that one of these is about to be put behind. */
  #lockedWithKeys<T>(messages: readonly Message[], way: DeliveryWay, work: () => Promise<T>): Promise<T> {
    const [head] = messages as [Message];
    const { parkedAs } = namesOf(head, way);
    return this.#units.locked(lockOf(head, way), () => {
      const parked = messages.map(({ key }) => nameOf(parkedAs, key)).filter((name) => this.#keys.has(name));
      const locks = [...new Set(parked)].sort().map((name) => `parked ${name}`);
      return locks.reduceRight((inner, lock) => () => this.#units.locked(lock, inner), work)();
    });
  }

  park(
    message: Message,
    failure: DeliveryFailure,
    way: DeliveryWay = {},
  ): Promise<Exclude<DeliveryOutcome, 'applied'>> {
    const names = namesOf(message, way);
    return this.#units.locked(lockOf(message, way), async () => {
      const taken = this.#taken(message, names, way);
      if (taken === 'duplicate' || taken === 'paused') return taken;
      if (taken === 'new') this.#parkKey(names.parkedAs, message.key, failure);
      this.#putBehind(message, names, way);
      return 'parked';
    });
  }

  /** Whether a message waits. */
  isParked(id: string): boolean {
    const waiting = [...this.#keys.values()].flatMap(({ messages }) => messages);
    return waiting.some(({ envelope }) => fromCloudEvent(JSON.parse(envelope)).id === id);
  }

  readonly parked: ParkedKeys<MemoryTx> = {
    standing: async (source) => this.#standing(source),
    due: async (source, now, limit) =>
      this.#keysOf(source)
        .filter(({ failure }) => failure.nextAt !== undefined && failure.nextAt <= now)
        .sort((a, b) => (a.failure.nextAt ?? 0) - (b.failure.nextAt ?? 0))
        .slice(0, limit)
        .map(({ key }) => key),
    first: async (source, key) => {
      const waiting = this.#keys.get(nameOf(source, key));
      const message = waiting?.messages[0];
      return waiting === undefined || message === undefined ? undefined : parkedOf(source, key, waiting, message);
    },
    apply: (parked, call, effect) => {
      const { source, key, number, revision, message } = parked;
      return this.#units.locked(`parked ${nameOf(source, key)}`, async () => {
        const head = this.#keys.get(nameOf(source, key))?.messages[0];
        if (head?.number !== number || head.revision !== revision || this.#paused.has(source)) return 'elsewhere';
        await this.#apply(message, call, effect, (reply) => {
          this.#takeAway(source, key, head);
          if (reply !== undefined && this.#ids.has(nameOf(source, message.id)))
            this.#ids.set(nameOf(source, message.id), reply);
        });
        return 'applied';
      });
    },
    failed: async ({ source, key, attempts }, failure) => {
      const waiting = this.#keys.get(nameOf(source, key));
      if (waiting?.failure.attempts === attempts) waiting.failure = failure;
    },
  };

  /** With the commit of the transaction that it is given. */
  readonly parking: Parking<MemoryTx> = {
    parked: this.parked,
    setAside: async (source, messages, tx) =>
      messages.filter((message) => {
        const passes = !this.#keys.has(nameOf(source, message.key));
        if (!passes) (tx as StagedTx).closing.push(() => this.#push(message, source));
        return passes;
      }),
    park: async (source, message, failure, tx) =>
      void (tx as StagedTx).closing.push(() => {
        this.#parkKey(source, message.key, failure);
        this.#push(message, source);
      }),
  };

  readonly operations: DeliveryOperations = {
    list: async (filter) => this.#list(filter),
    messages: async (source, key, limit) =>
      (this.#keys.get(nameOf(source, key))?.messages ?? []).slice(0, limit).map(viewOf),
    message: async (source, id) => {
      const found = this.#find(source, id);
      return found && viewOf(found.message);
    },
    retry: async (source, key, who) => {
      const keys = this.#keysOf(source).filter((waiting) => key === undefined || waiting.key === key);
      for (const waiting of keys) this.#tryAt(source, waiting.key, who.at);
      if (keys.length > 0) this.#note('retry', source, who, key);
      return keys.length;
    },
    edit: async (source, id, data, who) => {
      const found = this.#find(source, id);
      if (found === undefined) return false;
      const { key, message } = found;
      const before = message.replacement?.data ?? fromCloudEvent(JSON.parse(message.envelope)).data;
      message.replacement = { data, edited: who };
      message.revision += 1;
      this.#tryAt(source, key, who.at, 0);
      this.#note('edit', source, who, key, id, { before, after: data });
      return true;
    },
    skip: async (source, id, who) => {
      const found = this.#find(source, id);
      if (found === undefined) return false;
      this.#note('skip', source, who, found.key, id, JSON.parse(found.message.envelope));
      this.#takeAway(source, found.key, found.message);
      return true;
    },
    pause: async (source, who) => {
      this.#paused.set(source, who);
      this.#note('pause', source, who);
    },
    resume: async (source, who) => {
      this.#paused.delete(source);
      this.#note('resume', source, who);
    },
    setBack: async (source, streams, position, who) => {
      const still = streams.filter(({ stream, era }) => this.#positions.has(stream) && this.#eras.get(stream) === era);
      if (still.length === 0) return 0;
      const before = still.map((one) => ({ ...one, position: this.#positions.get(one.stream) ?? 0 }));
      for (const { stream, position: reached } of before) {
        this.#positions.set(stream, Math.min(reached, position));
        this.#eras.delete(stream);
      }
      this.#note('set-back', source, who, undefined, undefined, { after: position, streams: before });
      if (this.#paused.has(source)) await this.operations.resume(source, who);
      return still.length;
    },
    actions: async (limit) => this.#actions.toReversed().slice(0, limit),
  };

  #list({ source, key, state, limit }: ParkedFilter): readonly ParkedKeyView[] {
    const views = [...this.#keys].map(([name, { since, messages, failure }]): ParkedKeyView => {
      const [of = '', at = ''] = JSON.parse(name) as readonly string[];
      const { id, type } = fromCloudEvent(JSON.parse(messages[0]?.envelope ?? ''));
      const { attempts, nextAt, code, message } = failure;
      const error = { code, message };
      const shown = {
        source: of,
        key: at,
        attempts,
        since,
        nextAt,
        error,
        messages: messages.length,
        first: { id, type },
      };
      return { ...shown, state: nextAt === undefined ? 'stopped' : 'waiting' };
    });
    const wanted = (view: ParkedKeyView) =>
      (source === undefined || view.source === source) &&
      (key === undefined || view.key === key) &&
      (state === undefined || view.state === state);
    return views.filter(wanted).slice(0, limit);
  }

  #find(source: string, id: string) {
    for (const { key, messages } of this.#keysOf(source)) {
      const message = messages.find(({ envelope }) => fromCloudEvent(JSON.parse(envelope)).id === id);
      if (message !== undefined) return { key, message };
    }
    return undefined;
  }

  #tryAt(source: string, key: string, at: number, attempts?: number): void {
    const waiting = this.#keys.get(nameOf(source, key));
    if (waiting === undefined) return;
    waiting.failure = { ...waiting.failure, nextAt: at, attempts: attempts ?? waiting.failure.attempts };
  }

  #note(
    what: DeliveryAction['what'],
    source: string,
    who: Intervention,
    key?: string,
    id?: string,
    detail?: unknown,
  ): void {
    this.#actions.push({ what, source, key, id, detail, ...who });
  }

  #taken({ position, key, id }: Message, { stream, parkedAs }: Names, { by, after = 0 }: DeliveryWay): Taken {
    if (after > (this.#positions.get(stream) ?? 0))
      throw messagingErrors.POSITION_LOST(`"${stream}" is behind ${after}`);
    if (by === 'id' ? this.#ids.has(nameOf(parkedAs, id)) : position <= (this.#positions.get(stream) ?? 0))
      return 'duplicate';
    if (this.#paused.has(parkedAs)) return 'paused';
    return this.#keys.has(nameOf(parkedAs, key)) ? 'parked' : 'new';
  }

  #remember({ position, id }: Message, { stream, parkedAs }: Names, { by }: DeliveryWay, reply?: ReplyData): void {
    if (by === 'id') this.#ids.set(nameOf(parkedAs, id), reply);
    else this.#moveTo(stream, position);
  }

  #moveTo(stream: string, position: number): void {
    this.#positions.set(stream, Math.max(position, this.#positions.get(stream) ?? 0));
  }

  async #answerAgain(message: Message, call: Call, parkedAs: string): Promise<void> {
    const reply = this.#ids.get(nameOf(parkedAs, message.id));
    if (reply === undefined) return;
    await this.#units.run(
      call,
      causedBy(message, call),
      async (_, buffer) => void buffer.reply(message, reply),
      () => true,
    );
  }

  #parkKey(source: string, key: string, failure: DeliveryFailure): void {
    this.#keys.set(nameOf(source, key), { since: failure.at, messages: [], failure });
  }

  #push(message: Message, source: string): void {
    this.#number += 1;
    const envelope = JSON.stringify(toCloudEvent(message));
    const waiting = { number: this.#number, envelope, replacement: undefined, revision: 0 };
    this.#keys.get(nameOf(source, message.key))?.messages.push(waiting);
  }

  #putBehind(message: Message, names: Names, way: DeliveryWay): void {
    this.#push(message, names.parkedAs);
    this.#remember(message, names, way);
  }

  #takeAway(source: string, key: string, message: WaitingMessage | undefined): void {
    const waiting = this.#keys.get(nameOf(source, key));
    const at = message === undefined ? -1 : (waiting?.messages.indexOf(message) ?? -1);
    if (at >= 0) waiting?.messages.splice(at, 1);
    if (waiting === undefined || waiting.messages.length === 0) this.#keys.delete(nameOf(source, key));
    else waiting.failure = { ...waiting.failure, attempts: 0, nextAt: waiting.failure.at };
  }

  #keysOf(source: string) {
    return [...this.#keys].flatMap(([name, waiting]) => {
      const [of = '', key = ''] = JSON.parse(name) as readonly string[];
      return of === source ? [{ key, ...waiting }] : [];
    });
  }

  #standing(source: string): DeliveryStanding {
    const keys = this.#keysOf(source);
    const nextAt = keys.flatMap(({ failure }) => failure.nextAt ?? []);
    const heads = keys.flatMap(({ messages }) => messages[0]?.envelope ?? []);
    return {
      paused: this.#paused.get(source),
      keys: keys.length,
      stopped: keys.length - nextAt.length,
      replies: heads.filter((envelope) => fromCloudEvent(JSON.parse(envelope)).kind === 'reply').length,
      since: keys.length === 0 ? undefined : Math.min(...keys.map(({ since }) => since)),
      nextAt: nextAt.length === 0 ? undefined : Math.min(...nextAt),
    };
  }

  async #apply(
    message: Message,
    call: Call,
    effect: Effect<MemoryTx>,
    closing: (reply: ReplyData | undefined) => void,
    group?: StagedTx,
  ): Promise<void> {
    const work = async (tx: StagedTx, buffer: MessageBuffer) => {
      const reply = await answered(message, tx, buffer, effect);
      tx.closing.push(() => closing(reply));
    };
    await this.#units.run(call, causedBy(message, call), work, () => true, group);
  }
}
