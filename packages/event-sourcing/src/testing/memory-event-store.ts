import type { Call, Clock, Ids } from '@dure/core';
import { codeOf } from '@dure/core';
import type { BufferedMessage, MessageBuffer, Outbox, UnitOfWork } from '@dure/messaging';
import { causeOf, messageBuffer } from '@dure/messaging';
import { eventSourcingErrors } from '../errors.ts';
import type { EventStore, ExpectedVersion, Snapshot, StreamEvent } from '../event-store.port.ts';
import { pendingEvents, putFacts, streamConflict } from '../put-facts.ts';

/** A unit of work in memory. */
export interface MemoryEventTx extends Outbox {
  readonly buffer: MessageBuffer;
}

/** Streams in memory, with units of work that keep the promises of the real ones. */
export interface MemoryEventStore extends UnitOfWork<MemoryEventTx>, EventStore<MemoryEventTx> {
  /** Everything that was committed, in order. */
  readonly messages: readonly BufferedMessage[];
}

/** There are no locks here, so that a unit of work may lose more often than on a real database. */
const maxAttempts = 100;

/** Opens an empty store. */
export function memoryEventStore(options: {
  readonly service: string;
  readonly clock: Clock;
  readonly ids: Ids;
}): MemoryEventStore {
  const memory = new Memory();
  const once = async <T>(call: Call, work: (tx: MemoryEventTx) => Promise<T>): Promise<T> => {
    const buffer = messageBuffer({ ...options, cause: causeOf(call) });
    const tx: MemoryEventTx = {
      buffer,
      emit: (event, data) => buffer.emit(event, data),
      send: (command, data) => buffer.send(command, data),
    };
    try {
      const value = await work(tx);
      memory.commit(buffer.messages);
      return value;
    } finally {
      buffer.close();
    }
  };
  return {
    messages: memory.messages,
    async uow(call, work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(call, work);
        } catch (error) {
          if (!memory.mayRepeat(error) || attempt === maxAttempts) throw error;
        }
      }
    },
    load: async ({ buffer }, streams, codeVersion) =>
      streams.map((stream) => memory.load(buffer.messages, stream, codeVersion)),
    append: ({ buffer }, append) => putFacts(buffer, append),
    read: async (_tx, stream, after, limit) => memory.eventsOf(stream).slice(after, after + limit),
  };
}

class Memory {
  readonly messages: BufferedMessage[] = [];
  readonly #streams = new Map<string, StreamEvent[]>();
  readonly #snapshots = new Map<string, Snapshot & { readonly codeVersion: number }>();
  readonly #repeatable = new WeakSet<object>();

  eventsOf(stream: string): readonly StreamEvent[] {
    return this.#streams.get(stream) ?? [];
  }

  load(pending: readonly BufferedMessage[], stream: string, codeVersion: number) {
    const committed = this.eventsOf(stream);
    const kept = this.#snapshots.get(stream);
    const snapshot = kept?.codeVersion === codeVersion ? { version: kept.version, state: kept.state } : undefined;
    const version = committed.length;
    const events = [...committed.slice(snapshot?.version ?? 0), ...pendingEvents(pending, stream, version)];
    return { stream, snapshot, events, version, subjects: [] };
  }

  commit(messages: readonly BufferedMessage[]): void {
    const heads = new Map<string, NonNullable<BufferedMessage['stream']>>();
    for (const { stream } of messages)
      if (stream !== undefined && !heads.has(stream.name)) heads.set(stream.name, stream);
    for (const { name, expected, mayRepeat } of heads.values()) this.#check(name, expected, mayRepeat);
    for (const message of messages) {
      this.messages.push(message);
      if (message.stream !== undefined) this.#take(message, message.stream);
    }
  }

  mayRepeat(error: unknown): boolean {
    return codeOf(error) === eventSourcingErrors.CONFLICT.code && this.#repeatable.has(error as object);
  }

  #check(stream: string, expected: ExpectedVersion, mayRepeat: boolean): void {
    const version = this.eventsOf(stream).length;
    const holds =
      expected === 'any' ||
      (expected === 'none' ? version === 0 : expected === 'exists' ? version > 0 : version === expected);
    if (holds) return;
    const error = streamConflict(stream, expected, version);
    if (mayRepeat) this.#repeatable.add(error);
    throw error;
  }

  #take(
    { type, version: schemaVersion, json }: BufferedMessage,
    { name, snapshot }: NonNullable<BufferedMessage['stream']>,
  ) {
    const events = this.#streams.get(name) ?? [];
    events.push({ stream: name, version: events.length + 1, type, schemaVersion, data: JSON.parse(json) as unknown });
    this.#streams.set(name, events);
    if (snapshot !== undefined) this.#snapshots.set(name, structuredClone(snapshot));
  }
}
