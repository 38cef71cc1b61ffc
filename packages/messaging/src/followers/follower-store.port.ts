import type { Call } from '@dure/core';
import type { LaneRange } from '../lane.ts';

/** Lanes of a follower that one process holds, until another has taken them over. */
export interface LaneLease extends LaneRange {
  readonly follower: string;
  /** Everything of these lanes up to here is handled. */
  readonly position: number;
  /** The process that holds them. */
  readonly owner: string;
  /** Grows with every change of holder or range: whoever has an older one has lost the lanes. */
  readonly epoch: number;
}

/** Lanes as the store knows them. */
export interface HeldLanes extends LaneRange {
  readonly position: number;
  readonly epoch: number;
  /** Undefined while nobody holds them, or whoever did has let the lease run out. */
  readonly owner: string | undefined;
}

/** A follower as all its processes see it. */
export interface FollowerView {
  readonly name: string;
  /** Why nobody is to handle anything; undefined while it runs. */
  readonly paused: string | undefined;
  /** The processes that have been heard of lately. */
  readonly members: readonly string[];
  readonly lanes: readonly HeldLanes[];
}

/** Where followers stand, and which process handles which lanes; in the database that their effects are in. */
export interface FollowerStore<Tx> {
  /** Makes a follower known; one that is known already stays as it is. `position` is where it begins. */
  open(name: string, position: number): Promise<void>;
  /**
   * A sign of life: notes the member for `leaseMs`, renews its leases and stores their positions. What is not among the
   * lanes of the answer under its epoch any more has been lost.
   */
  beat(name: string, member: string, held: readonly LaneLease[], leaseMs: number): Promise<FollowerView>;
  /** Takes free lanes, if there are any that nobody else is just taking. */
  claim(name: string, member: string, leaseMs: number): Promise<LaneLease | undefined>;
  /** Stores the position and leaves the lanes to others. Nothing happens when they are lost. */
  release(lease: LaneLease): Promise<void>;
  /** Keeps the lower half and leaves the upper to others. Undefined when the lanes are lost. */
  split(lease: LaneLease): Promise<LaneLease | undefined>;
  /** Makes one of two neighbours that stand at the same position. Undefined when one of them is lost, or none is possible. */
  merge(lower: LaneLease, upper: LaneLease): Promise<LaneLease | undefined>;
  /** The member has no part in it any more. */
  leave(name: string, member: string): Promise<void>;
  /**
   * Runs `effect` and moves the position in one transaction, which also renews the lease. When the lanes have been lost by
   * the time it commits, everything is rolled back: a process that was frozen cannot apply what its successor has.
   */
  apply(
    lease: LaneLease,
    to: number,
    leaseMs: number,
    call: Call,
    effect: (tx: Tx) => Promise<void>,
  ): Promise<'applied' | 'lost'>;
  /** Pauses a follower, in all processes; undefined lets it run again. */
  pause(name: string, why: string | undefined): Promise<void>;
  /** Puts all lanes back, or forward, to a position. Whoever holds them loses them. */
  reset(name: string, position: number): Promise<void>;
  /** One follower, or all of them. */
  view(name?: string): Promise<readonly FollowerView[]>;
}
