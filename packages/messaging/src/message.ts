/** Which step of which saga a command belongs to; its reply carries the same. */
export interface SagaMark {
  readonly id: string;
  readonly step: string;
  /** `ask`: whether it was done. `end`: the saga has ended, and with it whatever it claimed; nobody answers that. */
  readonly direction: 'do' | 'undo' | 'ask' | 'end';
}

/** What is said of data that were put aside, because they are too large to travel in their message. */
export interface PayloadClaim {
  /** Of the data as JSON in UTF-8, in hexadecimal digits. */
  readonly sha256: string;
  readonly bytes: number;
}

/** What every message carries besides its data; user code cannot forge any of it. */
export interface MessageMeta {
  /** The flow this message belongs to: inherited from message to message. */
  readonly correlation: string;
  /** The id of the message, or the trace of the call, that caused this one. */
  readonly causation?: string;
  readonly traceparent?: string;
  /** For a reply: the id of the command it answers. */
  readonly inReplyTo?: string;
  /** For a command whose answer somebody waits for: until when, in epoch milliseconds. It is not carried out after that. */
  readonly deadline?: number;
  /** What the data are, when they are too large to travel in the message; `data` refers to them then. */
  readonly claim?: PayloadClaim;
  /** For a command of a saga: which saga and step wait for the reply. */
  readonly saga?: SagaMark;
}

/** A message in a service's log. Its wire form is a CloudEvent (see `cloud-event.ts`). */
export interface Message {
  /** Position in the log of `source`. Positions grow; they need not be consecutive. */
  readonly position: number;
  /** UUIDv7; the same however often the message is delivered. */
  readonly id: string;
  readonly kind: 'event' | 'command' | 'reply';
  /** The service in whose log the message stands. */
  readonly source: string;
  /** `order.placed`, or `inventory.reserve`. A reply has its command's type. */
  readonly type: string;
  readonly version: number;
  readonly key: string;
  /** The service a command or reply is for; undefined for an event. */
  readonly destination: string | undefined;
  /** Epoch milliseconds at which it was written. */
  readonly at: number;
  readonly data: unknown;
  readonly meta: MessageMeta;
}

/** The data of a reply. */
export type ReplyData =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly refusal: { readonly code: string; readonly data: unknown } };
