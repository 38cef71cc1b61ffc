import type { Random } from '@dure/core';
import { ids, seededRandom } from '@dure/core';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock, testCall } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Follower, FollowerOptions } from '../followers/follower.ts';
import { startFollower } from '../followers/follower.ts';
import type { FollowerStore } from '../followers/follower-store.port.ts';
import type { LogTail } from '../log-tail.ts';
import { logTail } from '../log-tail.ts';
import type { MemoryDatabase } from './memory-database.ts';
import { memoryDatabase } from './memory-database.ts';
import type { MemoryTx } from './memory-tx.ts';
import { noted } from './sample-contracts.ts';

/** A process with a follower that can be frozen, also in the middle of a transaction, and killed. */
export interface FollowerProcess {
  readonly follower: Follower;
  readonly tail: LogTail;
  freeze(): void;
  thaw(): void;
  kill(): void;
}

/** Processes that follow one log, under one clock. */
export interface FollowerWorld {
  readonly clock: FakeClock;
  readonly db: MemoryDatabase;
  readonly random: Random;
  /** Starts a process; its follower notes what it handles, by key and in order. */
  start(change?: Partial<FollowerOptions<MemoryTx>>): FollowerProcess;
  /** Writes the next events of keys. */
  write(...keys: readonly string[]): Promise<void>;
  /** The numbers that were handled of a key. */
  handled(key: string): readonly number[];
  /** How many were written of a key. */
  written(key: string): number;
}

export const worldLeaseMs = 1_000;

/** Makes one. */
export function followerWorld(seed = 1): FollowerWorld {
  const clock = fakeClock();
  const random = seededRandom(seed);
  const own = ids(clock, random);
  const db = memoryDatabase({ service: 'test', clock, ids: own });
  const written = new Map<string, number>();
  const handled = (key: string) => (db.values.get(key) ?? []) as readonly number[];
  return {
    clock,
    db,
    random,
    handled,
    written: (key) => written.get(key) ?? 0,
    async write(...keys) {
      await db.uow(testCall(), async (tx) => {
        for (const key of keys) {
          const count = (written.get(key) ?? 0) + 1;
          written.set(key, count);
          tx.emit(noted, { key, count });
        }
      });
    },
    start(change) {
      const gate = openGate();
      const tail = logTail({ log: db.log, clock });
      const follower = startFollower<MemoryTx>({
        name: 'notes',
        service: 'test',
        store: gated(db.followers, gate.pass),
        tail,
        filter: { events: ['test.noted'], destination: undefined },
        async handle(messages, call, tx) {
          for (const { key, data } of messages) {
            tx.set(key, [...((tx.get(key) ?? []) as number[]), (data as { count: number }).count]);
            await gate.pass();
          }
          await change?.handle?.(messages, call, tx);
        },
        clock,
        ids: own,
        random,
        telemetry: silentTelemetry(),
        leaseMs: worldLeaseMs,
        beatMs: 200,
        ...without(change),
      });
      return {
        follower,
        tail,
        freeze: gate.freeze,
        thaw: gate.thaw,
        kill() {
          gate.freeze();
          tail.close();
        },
      };
    },
  };
}

function without(change: Partial<FollowerOptions<MemoryTx>> = {}): Omit<Partial<FollowerOptions<MemoryTx>>, 'handle'> {
  const { handle: _, ...rest } = change;
  return rest;
}

function openGate() {
  let closed: { readonly opens: Promise<void>; readonly open: () => void } | undefined;
  return {
    pass: async () => closed?.opens,
    freeze() {
      if (closed !== undefined) return;
      const { promise: opens, resolve: open } = Promise.withResolvers<void>();
      closed = { opens, open };
    },
    thaw() {
      closed?.open();
      closed = undefined;
    },
  };
}

/** A store whose every call, before and after, passes a gate. */
function gated(store: FollowerStore<MemoryTx>, pass: () => Promise<void>): FollowerStore<MemoryTx> {
  return new Proxy(store, {
    get(target, name: keyof FollowerStore<MemoryTx>) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        await pass();
        const answer = await method.apply(target, args);
        await pass();
        return answer;
      };
    },
  });
}
