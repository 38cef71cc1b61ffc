import type { Message } from './message.ts';
import type { Intervention } from './parked-keys.port.ts';

/** A parked key, as an operator sees it. */
export interface ParkedKeyView {
  readonly source: string;
  readonly key: string;
  /** `stopped`: not tried any more before somebody asks for it. */
  readonly state: 'waiting' | 'stopped';
  /** Tries of its first message that have failed. */
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Epoch milliseconds; undefined when it is stopped. */
  readonly nextAt: number | undefined;
  readonly error: { readonly code: string | undefined; readonly message: string };
  /** How many messages wait. */
  readonly messages: number;
  /** The message that cannot be applied. */
  readonly first: { readonly id: string; readonly type: string };
}

/** A message that waits, as an operator sees it. */
export interface ParkedMessageView {
  /** As it came. */
  readonly message: Message;
  /** What is applied in its place, and who says so. */
  readonly edited: (Intervention & { readonly data: unknown }) | undefined;
}

/** Something that was done about a source. */
export interface DeliveryAction extends Intervention {
  readonly what: 'retry' | 'edit' | 'skip' | 'pause' | 'resume' | 'set-back';
  readonly source: string;
  readonly key: string | undefined;
  /** The message it was done to. */
  readonly id: string | undefined;
  /** A message that was skipped, the data before and after a correction, or where streams were before they were set back. */
  readonly detail: unknown;
}

/** Which keys are wanted; at most `limit`, those parked first come first. */
export interface ParkedFilter {
  readonly source?: string | undefined;
  readonly key?: string | undefined;
  readonly state?: ParkedKeyView['state'] | undefined;
  readonly limit: number;
}

/** A stream of a source and the era in which it was last read; undefined: in none. */
export interface StreamInEra {
  readonly stream: string;
  readonly era: string | undefined;
}

/** What operators can do about deliveries. Whoever does something says who and why, and it is kept. */
export interface DeliveryOperations {
  list(filter: ParkedFilter): Promise<readonly ParkedKeyView[]>;
  /** The messages of one key, in order. */
  messages(source: string, key: string, limit: number): Promise<readonly ParkedMessageView[]>;
  /** One that waits; undefined when it does not. */
  message(source: string, id: string): Promise<ParkedMessageView | undefined>;
  /** Has a key tried at once, or all keys of a source; how many. */
  retry(source: string, key: string | undefined, who: Intervention): Promise<number>;
  /** Has other data applied in place of a message's own, which is kept, and its key tried at once. False: it does not wait. */
  edit(source: string, id: string, data: unknown, who: Intervention): Promise<boolean>;
  /** Takes a message away that was not applied, and has the next of its key tried at once. False: it does not wait. */
  skip(source: string, id: string, who: Intervention): Promise<boolean>;
  /** Lets nothing of a source be applied, in any process, until it is resumed. */
  pause(source: string, who: Intervention): Promise<void>;
  resume(source: string, who: Intervention): Promise<void>;
  /**
   * Sets streams of a source back to a position at most and forgets the eras in which they were read: those that are still in the era that is
   * given with them; how many. A source that is paused goes on. Whoever asks has looked at the log of the source, as `setBack` does.
   */
  setBack(source: string, streams: readonly StreamInEra[], position: number, who: Intervention): Promise<number>;
  /** What was done, the last first. */
  actions(limit: number): Promise<readonly DeliveryAction[]>;
}
