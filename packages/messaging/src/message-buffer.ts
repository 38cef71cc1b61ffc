import type { Call, Clock, Ids, Schema } from '@dure/core';
import { check, formatTraceparent } from '@dure/core';
import type { AnyCommand } from './command.ts';
import { messagingErrors } from './errors.ts';
import type { AnyEvent, EventType } from './event.ts';
import type { Message, MessageMeta, ReplyData, SagaMark } from './message.ts';
import type { PersonalData } from './personal.ts';
import { personalData } from './personal.ts';
import type { MessageInput, Outbox, Scheduling, When } from './unit-of-work.port.ts';

/** The stream that a message is a part of, and what must hold of it when the message is committed. */
export interface StreamMark {
  readonly name: string;
  /** The version before the first message that the unit of work appends to it: its own says, those after are not asked. */
  readonly expected: 'any' | 'none' | 'exists' | number;
  /** Whether the unit of work may run again when the stream has moved on. */
  readonly mayRepeat: boolean;
  /** What the stream amounts to after this message, kept with the commit. */
  readonly snapshot?: {
    readonly version: number;
    readonly codeVersion: number;
    readonly state: unknown;
    /** Of whom the state says something that must be encrypted. */
    readonly subjects?: readonly string[];
  };
}

/** A message as it is handed to a buffer: what its writer decides, and nothing else. */
export interface MessageDraft {
  readonly kind: Message['kind'];
  readonly type: string;
  readonly version: number;
  readonly key: string;
  readonly destination?: string | undefined;
  readonly data: unknown;
  readonly inReplyTo?: string;
  readonly saga?: SagaMark;
  /** Until when somebody waits for the answer, in epoch milliseconds. */
  readonly deadline?: number | undefined;
  readonly stream?: StreamMark;
  readonly personal?: PersonalData | undefined;
  /** Whether its data may be longer than those of others. */
  readonly large?: boolean | undefined;
}

/** A message that waits for its COMMIT: complete but for its position, its data already serialised. */
export interface BufferedMessage extends Omit<Message, 'position' | 'data'> {
  readonly json: string;
  readonly stream?: StreamMark;
  /** What of its data must be encrypted before it is committed. */
  readonly personal?: PersonalData;
}

/** A timer that waits for its COMMIT; without a message it is withdrawn. */
export interface BufferedTimer {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly dueAt: number;
  readonly message: BufferedMessage | undefined;
}

/** Why messages are written: what their `meta` says of the flow, the cause and the trace. */
export type MessageCause = Pick<MessageMeta, 'correlation' | 'causation' | 'traceparent'>;

/** An outbox that collects in memory; whoever commits takes what it holds. */
export interface MessageBuffer extends Outbox, Scheduling {
  /** Adds a message of any kind, unchecked: for engines such as the saga's. Returns its id. */
  put(draft: MessageDraft): string;
  /** Sends a command, of use until a time in epoch milliseconds or for ever, and returns its id. */
  send(command: AnyCommand, data: unknown, deadline?: number): string;
  /** Answers a command: the reply is addressed to its sender and carries its saga. */
  reply(command: Message, data: ReplyData): string;
  /** What was collected, in order of writing. */
  readonly messages: readonly BufferedMessage[];
  /** The timers that were set or withdrawn, each as it was left. */
  readonly timers: readonly BufferedTimer[];
  /** Remembers what was collected so far; what it returns goes back to that. */
  checkpoint(): () => void;
  /** Changes what was collected, message by message, also those of timers: for encryption. */
  rewrite(change: (message: BufferedMessage) => BufferedMessage): void;
  /** Forgets everything that was collected so far. */
  discard(): void;
  /** Ends it: whatever is added later throws MESSAGING_CLOSED instead of being lost. */
  close(): void;
}

/** What a buffer needs to know. */
export interface BufferOptions {
  /** The service that writes. */
  readonly service: string;
  readonly cause: MessageCause;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** The largest serialised data of one message, in characters, unless its contract says that it is large. */
export const maxDataLength = 1_048_576;
/** The largest serialised data of a message that is. */
const maxLargeDataLength = 67_108_864;

/** The baggage members by which a flow crosses from messages to calls and back. */
const correlationMember = 'dure.correlation';
const causationMember = 'dure.causation';

/** The cause of messages that a call writes: the flow it already belongs to, or else its trace starts one. */
export function causeOf(call: Call): MessageCause {
  return {
    correlation: call.baggage[correlationMember] ?? call.trace.traceId,
    causation: call.baggage[causationMember] ?? call.trace.traceId,
    traceparent: formatTraceparent(call.trace),
  };
}

/** What a call has to carry so that whatever it leads to belongs to the message's flow. */
export function baggageOf(message: Message): Readonly<Record<string, string>> {
  return { [correlationMember]: message.meta.correlation, [causationMember]: message.id };
}

/** Collects messages until a unit of work commits. */
export function messageBuffer(options: BufferOptions): MessageBuffer {
  return new Buffer(options);
}

class Buffer implements MessageBuffer {
  readonly messages: BufferedMessage[] = [];
  readonly #options: BufferOptions;
  readonly #timers = new Map<string, BufferedTimer>();
  #open = true;

  constructor(options: BufferOptions) {
    this.#options = options;
  }

  emit<Data, Input>(event: EventType<string, Data, Input>, data: Input): void {
    this.put(draftOf(event, data));
  }

  send(command: AnyCommand, data: unknown, deadline?: number): string {
    return this.put({ ...draftOf(command, data), deadline });
  }

  schedule<M extends AnyEvent | AnyCommand>(name: string, when: When, message: M, data: MessageInput<M>): void {
    const dueAt = 'at' in when ? when.at : this.#options.clock.now() + when.afterMs;
    this.#timers.set(name, { name, dueAt, message: this.#made(draftOf(message, data)) });
  }

  unschedule(name: string): void {
    this.#timers.set(name, { name, dueAt: 0, message: undefined });
  }

  get timers(): readonly BufferedTimer[] {
    return [...this.#timers.values()];
  }

  reply(command: Message, data: ReplyData): string {
    const { type, version, key, source: destination, id: inReplyTo } = command;
    const { saga } = command.meta;
    const draft = { kind: 'reply', type, version, key, destination, data, inReplyTo } as const;
    return this.put(saga === undefined ? draft : { ...draft, saga });
  }

  put(draft: MessageDraft): string {
    const message = this.#made(draft);
    this.messages.push(message);
    return message.id;
  }

  checkpoint(): () => void {
    const { length } = this.messages;
    const timers = [...this.#timers];
    return () => {
      this.messages.length = Math.min(length, this.messages.length);
      this.#timers.clear();
      for (const [name, timer] of timers) this.#timers.set(name, timer);
    };
  }

  rewrite(change: (message: BufferedMessage) => BufferedMessage): void {
    for (const [index, message] of this.messages.entries()) this.messages[index] = change(message);
    for (const [name, timer] of this.#timers) {
      if (timer.message !== undefined) this.#timers.set(name, { ...timer, message: change(timer.message) });
    }
  }

  discard(): void {
    this.messages.length = 0;
    this.#timers.clear();
  }

  close(): void {
    this.#open = false;
  }

  #made(draft: MessageDraft): BufferedMessage {
    const { service, cause, clock, ids } = this.#options;
    const { kind, type, version, key, destination } = draft;
    if (!this.#open) {
      throw messagingErrors.CLOSED(
        `"${type}" was sent by ${service} after its unit of work had ended; it would be lost`,
        { details: { type } },
      );
    }
    const message: { -readonly [Key in keyof BufferedMessage]: BufferedMessage[Key] } = {
      id: ids.uuid(),
      kind,
      source: service,
      type,
      version,
      key,
      destination,
      at: clock.now(),
      json: serialise(draft),
      meta: metaOf(draft, cause),
    };
    if (draft.stream !== undefined) message.stream = draft.stream;
    if (draft.personal !== undefined) message.personal = draft.personal;
    return message;
  }
}

/** The message that a contract's event or command makes of data which fit it. */
function draftOf(contract: AnyEvent | AnyCommand, data: unknown): MessageDraft {
  if (contract.kind === 'event') {
    const { name: type, version } = contract;
    const value = checked(type, contract.schema, data);
    const personal = personalData(contract.schema, value);
    const { large } = contract;
    return { kind: 'event', type, version, key: contract.key(value as never), data: value, personal, large };
  }
  const { service: destination, name } = contract;
  const type = `${destination}.${name}`;
  const value = checked(type, contract.input, data);
  return {
    kind: 'command',
    type,
    version: contract.version ?? 1,
    key: contract.key(value as never),
    destination,
    data: value,
    large: contract.large,
  };
}

function checked(type: string, schema: Schema<never, unknown> | Schema, data: unknown): unknown {
  const result = check(schema, data, 'data');
  if (result.ok) return result.value;
  const fields = result.errors.map((error) => `${error.path}: ${error.message}`).join('; ');
  throw messagingErrors.DATA_INVALID(`"${type}" was not sent, its data does not fit the contract: ${fields}`, {
    details: { type, errors: result.errors },
  });
}

function serialise({ type, data, large = false, stream }: MessageDraft): string {
  const json = JSON.stringify(data) ?? 'null';
  const limit = large && stream === undefined ? maxLargeDataLength : maxDataLength;
  if (json.length > limit) {
    throw messagingErrors.DATA_TOO_LARGE(
      `"${type}" was not sent: its data has ${json.length} characters as JSON, the limit is ${limit}`,
      { details: { type, length: json.length, limit } },
    );
  }
  return json;
}

/** Messages that have no more to say than their cause share it. */
function metaOf({ inReplyTo, saga, deadline }: MessageDraft, cause: MessageCause): MessageMeta {
  if (inReplyTo === undefined && saga === undefined && deadline === undefined) return cause;
  return {
    ...cause,
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(saga === undefined ? {} : { saga }),
    ...(deadline === undefined ? {} : { deadline }),
  };
}
