import type { Call } from '@dure/core';
import type { Effect } from './delivery.ts';
import type { Message } from './message.ts';
import type { Intervention } from './parked-keys.port.ts';

/** What is delivered once more, to which reaction. */
export interface ReplayWish {
  /** The reaction, by its name. */
  readonly reaction: string;
  /** The service in whose log the events stand. */
  readonly source: string;
  /** Their type. */
  readonly event: string;
  /** Only those of this key. */
  readonly key: string | undefined;
  /** Where to begin: behind this position … */
  readonly after: number;
  /** … with what was written at this time or later, in epoch milliseconds. */
  readonly since: number | undefined;
  readonly who: Intervention;
}

/** How far the reaction had come when its replay began: what stands there or before it is the past. */
export interface ReplayStart {
  /** Of the log as a whole. */
  readonly whole: number;
  /** Of streams that come each at its own pace, as through a broker. */
  readonly tracks: Readonly<Record<string, number>>;
  /** Of the lanes of the service's own log. */
  readonly lanes: readonly { readonly from: number; readonly to: number; readonly position: number }[];
}

/** Something that was done about a replay. */
export interface ReplayAction extends Intervention {
  readonly what: 'begin' | 'pause' | 'resume' | 'skip' | 'cancel';
}

/** Why a replay has stopped, and at which message. */
export interface ReplayFailure {
  readonly code: string | undefined;
  readonly message: string;
  /** Of the message that cannot be applied. */
  readonly id: string;
  readonly position: number;
}

/** One replay and how far it is. */
export interface Replay extends Omit<ReplayWish, 'who' | 'after'> {
  readonly id: string;
  readonly after: number;
  readonly start: ReplayStart;
  /** Everything of the past up to here has been delivered. */
  readonly position: number;
  /** Where the past ends. */
  readonly upTo: number;
  /** `stopped`: a message cannot be applied, and somebody has to look at it. */
  readonly state: 'running' | 'paused' | 'stopped' | 'done';
  /** Messages that were delivered once more. */
  readonly applied: number;
  /** Messages that came meanwhile and wait for the past to be through. */
  readonly held: number;
  /** Why it has stopped, and at which message. */
  readonly error: ReplayFailure | undefined;
  /** What was done, in order; the first is its beginning. */
  readonly actions: readonly ReplayAction[];
  /** Epoch milliseconds. */
  readonly finishedAt: number | undefined;
}

/** A message that came while its reaction was being replayed. */
export interface HeldMessage {
  readonly number: number;
  readonly message: Message;
}

/**
 * Keeps replays. While one is on, what comes for its reaction and its keys is held back behind the past, so that the reaction sees
 * each key in order; every other reaction, and every other key, goes on as if there were none.
 */
export interface ReplayStore<Tx> {
  /**
   * Begins one, when no delivery to its reaction is under way. MESSAGING_REPLAY_UNDERWAY when that reaction has one that is not
   * done; MESSAGING_REPLAY_BUSY when deliveries leave no room for too long.
   */
  begin(wish: ReplayWish): Promise<Replay>;
  /** The furthest position that the service has reached of a source: where the past would end if a replay began now. */
  reached(source: string): Promise<number>;
  /** Those that are not done, the oldest first. */
  open(): Promise<readonly Replay[]>;
  /** The latest, the newest first. */
  list(limit: number): Promise<readonly Replay[]>;
  find(id: string): Promise<Replay | undefined>;
  /**
   * Delivers a message of the past and moves the replay to it, in one transaction. `elsewhere`: the replay is not where it was
   * when it was read, or is not running; nothing happened. `waiting`: the message is parked, and will come by itself.
   */
  apply(replay: Replay, message: Message, call: Call, effect: Effect<Tx>): Promise<'applied' | 'waiting' | 'elsewhere'>;
  /** Moves a replay over what is none of its business. False: it is not where it was. */
  pass(replay: Replay, position: number): Promise<boolean>;
  /** The messages that are held back, in the order in which they came. */
  held(id: string, limit: number): Promise<readonly HeldMessage[]>;
  /** Delivers the first of them and takes it away, in one transaction. */
  release(replay: Replay, held: HeldMessage, call: Call, effect: Effect<Tx>): Promise<'applied' | 'elsewhere'>;
  /** Ends a replay, if nothing is held back and no delivery is under way. */
  finish(id: string): Promise<boolean>;
  /** Stops it at a message. */
  stop(replay: Replay, error: ReplayFailure): Promise<void>;
  /**
   * `skip` passes over the message at which it has stopped; `cancel` leaves out what is left of the past, and delivers what is held
   * back. False: there is no such replay, it is done, or has nothing to skip.
   */
  steer(id: string, what: Exclude<ReplayAction['what'], 'begin'>, who: Intervention): Promise<boolean>;
  /** In the transaction of a delivery: holds the message back, if its reaction is being replayed. Whether it did. */
  holdBack(reaction: string, message: Message, tx: Tx): Promise<boolean>;
}
