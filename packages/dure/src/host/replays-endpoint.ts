import type { Clock, ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import type { ReplayAction, ReplayStore, ReplayWish } from '@dure/messaging';
import { messagingErrors } from '@dure/messaging';
import type { FeedSource } from '@dure/messaging/feed';
import { foresee } from '@dure/messaging/replay';
import { dureErrors } from '../errors.ts';

export interface ReplaysEndpointOptions<Tx> {
  readonly service: string;
  /** The reactions that may be replayed, each with its event and the service in whose log that stands. */
  readonly reactions: ReadonlyMap<string, { readonly event: string; readonly source: string }>;
  /** The names of those that may not. */
  readonly others: readonly string[];
  readonly store: ReplayStore<Tx>;
  readonly feed: (source: string) => FeedSource;
  readonly clock: Clock;
  readonly ring: () => void;
}

const mostListed = 50;
const foreseeMs = 3_000;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const steps: ReadonlySet<unknown> = new Set<ReplayAction['what']>(['pause', 'resume', 'skip', 'cancel']);

/**
 * `/actuator/replays`: `GET` shows the reactions that may be replayed and the latest replays, `GET /<id>` one. `POST` with
 * `{ "reaction", "fromTime" | "fromPosition" | "key", "dryRun", "by", "why" }` begins one, or with `dryRun` tells what it would
 * deliver; `POST /<id>` with `{ "do": "pause" | "resume" | "skip" | "cancel", "by", "why" }` steers it.
 */
export function replaysEndpoint<Tx>(options: ReplaysEndpointOptions<Tx>): ManagementEndpoint {
  const { store, reactions, others } = options;
  return {
    id: 'replays',
    async handle(request): Promise<ManagementResponse> {
      const [id, ...more] = request.path;
      if (more.length > 0) return { status: 404 };
      if (request.method === 'POST') return id === undefined ? begin(options, request) : steer(options, id, request);
      if (request.method !== 'GET') return { status: 405, allow: 'GET, POST' };
      if (id === undefined) {
        const replayable = [...reactions].map(([name, of]) => ({ name, ...of }));
        return { status: 200, body: { reactions: replayable, others, replays: await store.list(mostListed) } };
      }
      const found = uuid.test(id) ? await store.find(id) : undefined;
      return found === undefined ? noSuch(id) : { status: 200, body: found };
    },
  };
}

async function begin<Tx>(
  options: ReplaysEndpointOptions<Tx>,
  { body }: ManagementRequest,
): Promise<ManagementResponse> {
  const asked = (body ?? {}) as Readonly<Record<string, unknown>>;
  const { reaction = [...options.reactions.keys()][0], fromTime, fromPosition, key, dryRun = false, by, why } = asked;
  if (typeof reaction !== 'string' || (asked.reaction === undefined && options.reactions.size > 1))
    return refused(
      `name the reaction; those that may be replayed are ${[...options.reactions.keys()].join(', ') || 'none'}`,
    );
  const target = reactionNamed(options, reaction);
  if (fromTime === undefined && fromPosition === undefined && key === undefined)
    return refused(
      'say what is delivered once more: { "fromTime": <epoch ms> }, { "fromPosition": <n> } or { "key": "…" }',
    );
  if (!isCount(fromTime) || !isCount(fromPosition) || (key !== undefined && typeof key !== 'string'))
    return refused('"fromTime" and "fromPosition" are whole numbers, "key" is a text');
  const feed = options.feed(target.source);
  const what = { reaction, ...target, key, since: fromTime };
  const after = await placeOf(feed, what, fromPosition);
  if (dryRun === true) return { status: 200, body: await foreseen(options, feed, { ...what, after }) };
  if (typeof by !== 'string' || typeof why !== 'string' || by === '' || why === '')
    return refused('say who asks and why: { "by": "…", "why": "…" }');
  const replay = await options.store.begin({ ...what, after, who: { by, why, at: options.clock.now() } });
  options.ring();
  return { status: 202, body: replay };
}

/** A replay of what is not idempotent must be decided in the code. DURE_REPLAY_UNKNOWN, DURE_REPLAY_REFUSED. */
function reactionNamed<Tx>({ reactions, others, service }: ReplaysEndpointOptions<Tx>, name: string) {
  const found = reactions.get(name);
  if (found !== undefined) return found;
  const details = { service, reaction: name };
  if (others.includes(name))
    throw dureErrors.REPLAY_REFUSED(
      `the reaction "${name}" of ${service} is not marked \`replayable\`, so that nothing is delivered to it twice`,
      { details },
    );
  throw dureErrors.REPLAY_UNKNOWN(
    `${service} has no reaction "${name}"; those that may be replayed are ${[...reactions.keys()].join(', ') || 'none'}`,
    { details },
  );
}

/** Where a replay begins. It fails where the log of the source cannot be read. MESSAGING_FEED_BELOW_FLOOR. */
async function placeOf(
  feed: FeedSource,
  { reaction, since }: Pick<ReplayWish, 'reaction' | 'since'>,
  fromPosition: number | undefined,
) {
  const { signal } = new AbortController();
  const floor = await feed.positionAt(0, signal);
  if (fromPosition === undefined) return since === undefined ? floor : feed.positionAt(since, signal);
  const after = Math.max(fromPosition - 1, 0);
  if (after >= floor) return after;
  throw messagingErrors.FEED_BELOW_FLOOR(
    `"${reaction}" cannot be replayed from ${fromPosition}: everything of the log of ${feed.source} up to ${floor} has been dropped`,
    { details: { reaction, source: feed.source, after, floor } },
  );
}

async function foreseen<Tx>(
  { clock, store }: ReplaysEndpointOptions<Tx>,
  feed: FeedSource,
  wish: Omit<ReplayWish, 'who'>,
) {
  const end = await store.reached(wish.source);
  return { reaction: wish.reaction, ...(await foresee(feed, wish, { clock, forMs: foreseeMs, end })) };
}

async function steer<Tx>(
  { store, clock, ring }: ReplaysEndpointOptions<Tx>,
  id: string,
  { body }: ManagementRequest,
): Promise<ManagementResponse> {
  const { do: what, by, why } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (!steps.has(what)) return refused('"do" is "pause", "resume", "skip" or "cancel"');
  if (typeof by !== 'string' || typeof why !== 'string' || by === '' || why === '')
    return refused('say who asks and why: { "by": "…", "why": "…" }');
  const step = what as Exclude<ReplayAction['what'], 'begin'>;
  if (!uuid.test(id) || !(await store.steer(id, step, { by, why, at: clock.now() }))) return noSuch(id);
  ring();
  return { status: 200, body: await store.find(id) };
}

function refused(detail: string): ManagementResponse {
  return { status: 400, detail };
}

function noSuch(id: string): ManagementResponse {
  return { status: 404, detail: `there is no replay ${id.slice(0, 100)} to which that could be done` };
}

function isCount(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);
}
