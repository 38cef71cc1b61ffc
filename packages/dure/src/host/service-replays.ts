import type { Call, HealthCheck, ManagementEndpoint } from '@dure/core';
import type { Message } from '@dure/messaging';
import type { FeedSource } from '@dure/messaging/feed';
import { endsIn, erasIn } from '@dure/messaging/feed';
import type { Replayer } from '@dure/messaging/replay';
import { startReplayer } from '@dure/messaging/replay';
import type { Database, Tx } from '@dure/postgres';
import type { Reaction, ServiceDefinition } from '@dure/service/server';
import { dureErrors } from '../errors.ts';
import { feedOf, wholeOf } from './consume.ts';
import { react } from './deliveries.ts';
import { replaysEndpoint } from './replays-endpoint.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';

/** What of a service can be delivered once more. */
export interface ServiceReplays {
  readonly endpoint: ManagementEndpoint;
  readonly health: HealthCheck;
  run(): void;
  close(): Promise<void>;
}

const pageSize = 500;

/** DURE_SYSTEM_INVALID when two have the same name. */
export function serviceReplays(
  { reactions }: ServiceDefinition,
  db: Database,
  kit: ServiceKit,
  process: ProcessKit,
): ServiceReplays {
  const { name, service, telemetry } = kit;
  const { clock, random } = process.machine;
  const known = namedReactions(name, reactions);
  let replayer: Replayer | undefined;
  const feed = (source: string) =>
    source === name ? ownLog(name, db, [...known.values()]) : feedOf(source, kit, process, 0);
  const reactionOf = ({ event }: Reaction) => ({ event: event.name, source: service.replays?.[event.name] ?? name });
  return {
    endpoint: replaysEndpoint({
      service: name,
      reactions: new Map([...known].map(([reaction, of]) => [reaction, reactionOf(of)])),
      others: reactions.flatMap(({ event, part, replayable }) =>
        replayable === undefined ? [part?.name ?? event.name] : [],
      ),
      store: db.replays,
      feed,
      clock,
      ring: () => replayer?.ring(),
    }),
    health: { name: 'replays', groups: [], check: () => replayer?.health.check() ?? { status: 'UP', details: {} } },
    run() {
      if (known.size === 0) return; // Nothing looks for replays where there can be none.
      const runOne = (reaction: string, message: Message, call: Call, tx: Tx) =>
        react(name, demand(known, reaction), message, call, tx);
      replayer = startReplayer<Tx>({
        as: name,
        store: db.replays,
        react: runOne,
        whole: wholeOf(kit, process),
        feed,
        clock,
        random,
        telemetry,
      });
    },
    close: async () => replayer?.close(),
  };
}

function namedReactions(service: string, reactions: readonly Reaction[]): ReadonlyMap<string, Reaction> {
  const known = new Map<string, Reaction>();
  for (const reaction of reactions) {
    const { replayable } = reaction;
    if (replayable === undefined) continue;
    if (known.has(replayable))
      throw dureErrors.SYSTEM_INVALID(
        `two replayable reactions of "${service}" are named "${replayable}"; give one of them another \`name\``,
        { details: { service, reaction: replayable } },
      );
    known.set(replayable, reaction);
  }
  return known;
}

/** A replay that another release has begun waits for that release. */
function demand(known: ReadonlyMap<string, Reaction>, name: string): Reaction {
  const reaction = known.get(name);
  if (reaction !== undefined) return reaction;
  throw dureErrors.REPLAY_UNKNOWN(`this release has no replayable reaction "${name}"`, { details: { reaction: name } });
}

/** A service's own log as it is at the moment. */
function ownLog(source: string, { log, payloads }: Database, reactions: readonly Reaction[]): FeedSource {
  const filter = { events: reactions.map(({ event }) => event.name), destination: undefined };
  return {
    source,
    positionAt: (at) => log.before(at),
    ends: (after, upTo) => endsIn(log, after, upTo, filter),
    eras: (of) => erasIn(log, of),
    payload: ({ meta }) => payloads.read(meta.claim ?? { sha256: '', bytes: 0 }),
    async *open(after, signal) {
      const end = await log.advance();
      for (let at = after; at < end && !signal.aborted; ) {
        const page = await log.read(at, filter, pageSize, end);
        yield page;
        at = page.mark;
      }
    },
  };
}
