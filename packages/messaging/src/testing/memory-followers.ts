import type { Call, Clock } from '@dure/core';
import type { FollowerStore, FollowerView, HeldLanes, LaneLease } from '../followers/follower-store.port.ts';
import { everyLane } from '../lane.ts';

/** Runs a unit of work that commits only if it still may at that moment; says whether it has. */
type Fenced<Tx> = (call: Call, work: (tx: Tx) => Promise<void>, mayCommit: () => boolean) => Promise<boolean>;

interface StoredLanes {
  from: number;
  to: number;
  position: number;
  epoch: number;
  owner: string | undefined;
  untilMs: number;
}

interface StoredFollower {
  paused: string | undefined;
  readonly members: Map<string, number>;
  lanes: StoredLanes[];
}

/** Followers' positions and leases in memory. */
export function memoryFollowers<Tx>(clock: Clock, fenced: Fenced<Tx>): FollowerStore<Tx> {
  return new MemoryFollowers(clock, fenced);
}

class MemoryFollowers<Tx> implements FollowerStore<Tx> {
  readonly #clock: Clock;
  readonly #fenced: Fenced<Tx>;
  readonly #followers = new Map<string, StoredFollower>();

  constructor(clock: Clock, fenced: Fenced<Tx>) {
    this.#clock = clock;
    this.#fenced = fenced;
  }

  async open(name: string, position: number): Promise<void> {
    if (this.#followers.has(name)) return;
    const lanes = [{ ...everyLane, position, epoch: 0, owner: undefined, untilMs: 0 }];
    this.#followers.set(name, { paused: undefined, members: new Map(), lanes });
  }

  async beat(name: string, member: string, held: readonly LaneLease[], leaseMs: number): Promise<FollowerView> {
    const follower = this.#follower(name);
    follower.members.set(member, this.#clock.now() + leaseMs);
    for (const lease of held) {
      const lanes = this.#held(lease);
      if (lanes !== undefined) this.#renew(lanes, lease.position, leaseMs);
    }
    return this.#viewOf(name, follower);
  }

  async claim(name: string, member: string, leaseMs: number): Promise<LaneLease | undefined> {
    const lanes = this.#follower(name).lanes.find((one) => this.#ownerOf(one) === undefined);
    if (lanes === undefined) return undefined;
    lanes.owner = member;
    lanes.epoch += 1;
    this.#renew(lanes, lanes.position, leaseMs);
    return leaseOf(name, lanes, member);
  }

  async release(lease: LaneLease): Promise<void> {
    const lanes = this.#held(lease);
    if (lanes === undefined) return;
    this.#renew(lanes, lease.position, 0);
    lanes.owner = undefined;
  }

  async split(lease: LaneLease): Promise<LaneLease | undefined> {
    const lanes = this.#held(lease);
    if (lanes === undefined || lanes.from === lanes.to) return undefined;
    lanes.position = Math.max(lanes.position, lease.position);
    const upper = {
      ...lanes,
      from: Math.floor((lanes.from + lanes.to) / 2) + 1,
      epoch: 0,
      owner: undefined,
      untilMs: 0,
    };
    lanes.to = upper.from - 1;
    lanes.epoch += 1;
    this.#follower(lease.follower).lanes.push(upper);
    return leaseOf(lease.follower, lanes, lease.owner);
  }

  async merge(lower: LaneLease, upper: LaneLease): Promise<LaneLease | undefined> {
    const [one, other] = [this.#held(lower), this.#held(upper)];
    if (one === undefined || other === undefined || lower.position !== upper.position || one.to + 1 !== other.from)
      return undefined;
    const follower = this.#follower(lower.follower);
    follower.lanes = follower.lanes.filter((lanes) => lanes !== other);
    one.to = other.to;
    one.epoch += 1;
    one.position = Math.max(one.position, lower.position);
    return leaseOf(lower.follower, one, lower.owner);
  }

  async leave(name: string, member: string): Promise<void> {
    this.#followers.get(name)?.members.delete(member);
  }

  async apply(
    lease: LaneLease,
    to: number,
    leaseMs: number,
    call: Call,
    effect: (tx: Tx) => Promise<void>,
  ): Promise<'applied' | 'lost'> {
    const applied = await this.#fenced(call, effect, () => {
      const lanes = this.#held(lease);
      if (lanes === undefined) return false;
      this.#renew(lanes, to, leaseMs);
      return true;
    });
    return applied ? 'applied' : 'lost';
  }

  async pause(name: string, why: string | undefined): Promise<void> {
    this.#follower(name).paused = why;
  }

  async reset(name: string, position: number): Promise<void> {
    for (const lanes of this.#follower(name).lanes) {
      Object.assign(lanes, { position, owner: undefined, epoch: lanes.epoch + 1 });
    }
  }

  async view(name?: string): Promise<readonly FollowerView[]> {
    return [...this.#followers]
      .filter(([one]) => name === undefined || one === name)
      .map(([one, follower]) => this.#viewOf(one, follower));
  }

  #follower(name: string): StoredFollower {
    return this.#followers.get(name) ?? { paused: undefined, members: new Map(), lanes: [] };
  }

  /** The lanes of a lease that has not been lost. */
  #held({ follower, from, owner, epoch }: LaneLease): StoredLanes | undefined {
    return this.#follower(follower).lanes.find(
      (lanes) => lanes.from === from && lanes.owner === owner && lanes.epoch === epoch,
    );
  }

  #renew(lanes: StoredLanes, position: number, leaseMs: number): void {
    lanes.position = Math.max(lanes.position, position);
    lanes.untilMs = this.#clock.now() + leaseMs;
  }

  #ownerOf({ owner, untilMs }: StoredLanes): string | undefined {
    return untilMs > this.#clock.now() ? owner : undefined;
  }

  #viewOf(name: string, { paused, members, lanes }: StoredFollower): FollowerView {
    const now = this.#clock.now();
    return {
      name,
      paused,
      members: [...members].filter(([, untilMs]) => untilMs > now).map(([member]) => member),
      lanes: lanes
        .map((one): HeldLanes => {
          const { from, to, position, epoch } = one;
          return { from, to, position, epoch, owner: this.#ownerOf(one) };
        })
        .sort((a, b) => a.from - b.from),
    };
  }
}

function leaseOf(follower: string, { from, to, position, epoch }: StoredLanes, owner: string): LaneLease {
  return { follower, from, to, position, epoch, owner };
}
