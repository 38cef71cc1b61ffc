import type { ManagementEndpoint } from '@dure/core';
import type { Follower } from '@dure/messaging/followers';
import { startFollower } from '@dure/messaging/followers';
import type { Database, Tx } from '@dure/postgres';
import { reactionsFollower, wholeWithin } from '@dure/postgres';
import type { FlowMap } from '@dure/saga';
import { eventsOfFlow } from '@dure/saga';
import type { ServiceDefinition } from '@dure/service/server';
import { awaitedEvents } from '../awaited-events.ts';
import type { Dispatch } from './deliveries.ts';
import type { DeliverySource } from './deliveries-endpoint.ts';
import { followersEndpoint } from './followers-endpoint.ts';
import type { Machine } from './machine.ts';
import type { ServiceKit } from './service-kit.ts';

/** What of a service follows its own log. */
export interface OwnFollowers {
  readonly endpoints: readonly ManagementEndpoint[];
  /** What of its own messages waits because it cannot be handled. */
  sources(): readonly DeliverySource[];
  /** Begins; `dispatch` brings an event to its reactions. */
  run(dispatch: Dispatch<Tx>): void;
  /** Lets what is at hand end and leaves the rest to the service's other processes. */
  close(): Promise<void>;
}

/** Makes what follows the log of a service that has a database. */
export function ownFollowers(
  definition: ServiceDefinition,
  db: Database,
  { name, telemetry }: Pick<ServiceKit, 'name' | 'telemetry'>,
  { clock, random, ids }: Machine,
  flows: readonly FlowMap[] = [],
): OwnFollowers {
  const own = new Set(definition.contract.emits.map((event) => event.name));
  const heard = [...awaitedEvents(definition).map((event) => event.name), ...flows.flatMap(eventsOfFlow)];
  const events = [...new Set(heard)].filter((event) => own.has(event));
  const running: Follower[] = [];
  return {
    endpoints: [followersEndpoint(db.followers, db.log, () => running.map(({ state }) => state))],
    sources: () => running.map(sourceOf),
    run(dispatch) {
      if (events.length === 0) return;
      // region follower
      const follower = startFollower<Tx>({
        name: reactionsFollower,
        service: name,
        store: db.followers,
        tail: db.tail,
        filter: { events, destination: undefined },
        handle: async (messages, call, tx) => {
          for (const message of messages) await dispatch(await wholeWithin(message, tx), call, tx);
        },
        parking: db.parking,
        clock,
        random,
        ids,
        telemetry,
      });
      // endregion
      running.push(follower);
    },
    async close() {
      await Promise.all(running.map((follower) => follower.close()));
    },
  };
}

function sourceOf(follower: Follower): DeliverySource {
  const { name, parked, ...others } = follower.state;
  const state = { ...others, source: parked?.source ?? name, standing: parked?.standing };
  return {
    state,
    health: follower.health,
    ring: () => follower.ring(),
    pause: (why) => (why === undefined ? follower.resume() : follower.pause(why)),
  };
}
