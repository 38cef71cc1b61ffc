import type { Random } from '@dure/core';
import { randomInteger, systemClock, wait } from '@dure/core';
import type { HistoryRecorder } from '@dure/messaging/testing';
import { memoryBroker } from '@dure/messaging/testing';
import type { Database } from '../../database.ts';
import { startMirror, startPublishing } from './history-members.ts';
import type { ServiceName } from './history-services.ts';
import { openService } from './history-services.ts';
import type { MemberProcess } from './member-process.ts';

/** What stands between `orders` and `mirror`, and how it is broken. */
export interface HistoryBroker extends AsyncDisposable {
  /** Starts two relays of `orders` and two consumers of `mirror`. */
  join(scene: BrokerScene): BrokerMembers;
  /** By name: breaks it, and resolves when it is whole again. */
  readonly ways: Readonly<Record<string, (random: Random) => Promise<void>>>;
}

/** Between whom it stands. */
export interface BrokerScene {
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly orders: Database;
  readonly recorder: HistoryRecorder;
}

/** Who uses it. */
export interface BrokerMembers extends AsyncDisposable {
  /** Those that are processes of their own, and are frozen and killed. */
  readonly processes: readonly MemberProcess[];
  /** Ends one of them in good order, and begins another in its place. */
  replace(): Promise<void>;
}

/** One in this process, whose members are in it as well. */
export function memoryHistoryBroker(): HistoryBroker {
  const broker = memoryBroker();
  return {
    join({ urls, orders, recorder }) {
      const all = [
        ...[1, 2].map(() => replaceable(() => startPublishing(orders, broker.connect()))),
        ...[1, 2].map(() =>
          replaceable(() => {
            const stack = new AsyncDisposableStack();
            const mirror = stack.use(openService('mirror', urls.mirror, 4));
            stack.use(startMirror(mirror, orders, broker.connect(), ({ id }) => recorder.applied('mirror', id)));
            return stack;
          }),
        ),
      ];
      let turn = 0;
      return {
        processes: [],
        async replace() {
          turn += 1;
          await all[turn % all.length]?.replace();
        },
        async [Symbol.asyncDispose]() {
          await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
        },
      };
    },
    ways: {
      async broker(random) {
        broker.stop();
        await wait(systemClock, randomInteger(random, 100, 1_000));
        broker.start();
      },
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function replaceable(start: () => AsyncDisposable): AsyncDisposable & { replace(): Promise<void> } {
  let running = start();
  return {
    async replace() {
      await running[Symbol.asyncDispose]();
      running = start();
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
