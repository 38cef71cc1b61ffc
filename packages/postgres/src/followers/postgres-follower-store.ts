import type { Call } from '@dure/core';
import { ownCall } from '@dure/core';
import type { FollowerStore, FollowerView, LaneLease } from '@dure/messaging/followers';
import type { Answer } from '../connection.ts';
import { sqlStateOf } from '../sql-state.ts';
import type { Statement } from '../statement.ts';
import type { Tx } from '../transaction.ts';
import type { UnitKit } from '../unit-kit.ts';
import { runUnit } from '../unit-of-work.ts';

/** The state of an effect's transaction whose lanes were lost; see `dure.move_follower`. */
const lanesLost = 'DU005';

/** Followers of the service's own log; positions and leases are in the database that the effects are in. */
export function postgresFollowerStore(kit: UnitKit): FollowerStore<Tx> {
  return new PostgresFollowerStore(kit);
}

class PostgresFollowerStore implements FollowerStore<Tx> {
  readonly #kit: UnitKit;

  constructor(kit: UnitKit) {
    this.#kit = kit;
  }

  async open(name: string, position: number): Promise<void> {
    await this.#run('open', 'select dure.open_follower($1, $2)', [name, position]);
  }

  async beat(name: string, member: string, held: readonly LaneLease[], leaseMs: number): Promise<FollowerView> {
    const lanes = JSON.stringify(held.map(({ from, epoch, position }) => ({ from, epoch, position })));
    const values = [name, member, lanes, milliseconds(leaseMs)];
    const { rows } = await this.#run('beat', 'select dure.beat_follower($1, $2, $3, $4) as view', values);
    return viewOf(rows[0]?.view as StoredView);
  }

  async claim(name: string, member: string, leaseMs: number): Promise<LaneLease | undefined> {
    return leaseIn(
      await this.#run('claim', 'select * from dure.claim_lanes($1, $2, $3)', [name, member, milliseconds(leaseMs)]),
    );
  }

  async release(lease: LaneLease): Promise<void> {
    const { follower, from, owner, epoch, position } = lease;
    await this.#run(
      'release',
      `update dure.follower_lane set pos = greatest(pos, $5), owner = null, until = '-infinity'
      where follower = $1 and lane_from = $2 and owner = $3 and epoch = $4 and run = dure.log_run()`,
      [follower, from, owner, epoch, position],
    );
  }

  async split({ follower, from, owner, epoch, position }: LaneLease): Promise<LaneLease | undefined> {
    const values = [follower, from, owner, epoch, position];
    return leaseIn(await this.#run('split', 'select * from dure.split_lanes($1, $2, $3, $4, $5)', values));
  }

  async merge(lower: LaneLease, upper: LaneLease): Promise<LaneLease | undefined> {
    if (lower.position !== upper.position) return undefined;
    const { follower, owner, position } = lower;
    const values = [follower, owner, lower.from, lower.epoch, upper.from, upper.epoch, position];
    return leaseIn(await this.#run('merge', 'select * from dure.merge_lanes($1, $2, $3, $4, $5, $6, $7)', values));
  }

  async leave(name: string, member: string): Promise<void> {
    await this.#run('leave', 'delete from dure.follower_member where follower = $1 and member = $2', [name, member]);
  }

  async apply(
    lease: LaneLease,
    to: number,
    leaseMs: number,
    call: Call,
    effect: (tx: Tx) => Promise<void>,
  ): Promise<'applied' | 'lost'> {
    try {
      return await runUnit<'applied'>(this.#kit, call, {
        name: `follow ${lease.follower}`,
        decide: () => undefined,
        work: async (tx) => {
          await effect(tx);
          return 'applied';
        },
        closing: () => [moved(lease, to, leaseMs)],
      });
    } catch (error) {
      if (sqlStateOf(error) === lanesLost) return 'lost';
      throw error;
    }
  }

  async pause(name: string, why: string | undefined): Promise<void> {
    await this.#run('pause', 'update dure.follower set paused = $2 where name = $1', [name, why ?? null]);
  }

  async reset(name: string, position: number): Promise<void> {
    await this.#run(
      'reset',
      `update dure.follower_lane set pos = $2, owner = null, until = '-infinity', epoch = epoch + 1 where follower = $1`,
      [name, position],
    );
  }

  async view(name?: string): Promise<readonly FollowerView[]> {
    const { rows } = await this.#run(
      'view',
      'select dure.follower_view(name) as view from dure.follower where $1::text is null or name = $1 order by name',
      [name ?? null],
    );
    return rows.map(({ view }) => viewOf(view as StoredView));
  }

  /** One statement, in a transaction that goes by the service's clock. */
  #run(what: string, text: string, values: readonly unknown[]): Promise<Answer> {
    const { service, ids } = this.#kit;
    return runUnit<Answer>(this.#kit, ownCall(service, `followers: ${what}`, ids), {
      name: 'followers',
      decide: () => undefined,
      work: (_tx, { local }) => local.query(text, values, `dure.follower-${what}`),
    });
  }
}

function moved({ follower, from, owner, epoch }: LaneLease, to: number, leaseMs: number): Statement {
  return {
    text: 'select dure.move_follower($1, $2, $3, $4, $5, $6)',
    values: [follower, from, owner, epoch, to, milliseconds(leaseMs)],
    name: 'dure.follower-move',
  };
}

const milliseconds = (ms: number) => `${ms} milliseconds`;

interface StoredView extends Omit<FollowerView, 'paused' | 'lanes'> {
  readonly paused: string | null;
  readonly lanes: readonly (Omit<FollowerView['lanes'][number], 'owner'> & { readonly owner: string | null })[];
}

function viewOf({ name, paused, members, lanes }: StoredView): FollowerView {
  return {
    name,
    paused: paused ?? undefined,
    members,
    lanes: lanes.map((one) => ({ ...one, owner: one.owner ?? undefined })),
  };
}

function leaseIn({ rows: [row] }: Answer): LaneLease | undefined {
  if (row === undefined) return undefined;
  const { follower, lane_from, lane_to, pos, epoch, owner } = row as unknown as LaneRow;
  return { follower, from: lane_from, to: lane_to, position: pos, epoch, owner };
}

interface LaneRow {
  readonly follower: string;
  readonly lane_from: number;
  readonly lane_to: number;
  readonly pos: number;
  readonly epoch: number;
  readonly owner: string;
}
