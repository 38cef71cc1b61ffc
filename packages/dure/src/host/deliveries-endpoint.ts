import type { Clock, Health, HealthCheck, ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import type { DeliveryOperations, Intervention, ParkingDeliveryStore } from '@dure/messaging';
import { messagingErrors } from '@dure/messaging';
import type { FeedSource } from '@dure/messaging/feed';
import { setBack } from '@dure/messaging/feed';

const mostListed = 200;
/** How long the log of a source may take to say what it holds. */
const logWithinMs = 3_000;

/** Something whose messages are applied here, whatever carries them. */
export interface DeliverySource {
  readonly state: { readonly source: string };
  readonly health: HealthCheck;
  /** Somebody has changed what is parked or paused. */
  ring(): void;
  /** Pauses what else follows it, in all processes; undefined lets it go on. */
  pause?(why: string | undefined): Promise<void>;
}

export interface DeliveriesEndpointOptions {
  /** The service. */
  readonly as: string;
  readonly deliveries: Pick<ParkingDeliveryStore<never>, 'reached' | 'operations'>;
  readonly sources: () => readonly DeliverySource[];
  /** The log of another service, as it is at the moment; undefined for one that this service does not read. */
  readonly logOf: (source: string) => Pick<FeedSource, 'eras'> | undefined;
  readonly clock: Clock;
}

/**
 * `/actuator/deliveries`: `GET` shows how this process follows each source; `GET /parked?source=…&key=…&state=stopped` the keys that
 * are parked, over all processes, and with source and key also their messages; `GET /actions` what operators did.
 * `POST /parked` with `{ "do": "retry" | "edit" | "skip", "source", "key" or "id", "data", "by", "why" }` and `POST /sources` with
 * `{ "do": "pause" | "resume", "source", "by", "why" }` do something about it; `resume` with `"after"` first sets back what was read of a log
 * that was restored since.
 */
export function deliveriesEndpoint(options: DeliveriesEndpointOptions): ManagementEndpoint {
  const { sources, clock } = options;
  const { operations } = options.deliveries;
  const ring = () => {
    for (const source of sources()) source.ring();
  };
  return {
    id: 'deliveries',
    async handle(request): Promise<ManagementResponse> {
      const [what, ...more] = request.path;
      if (more.length > 0 || (what !== undefined && !Object.hasOwn(allowed, what))) return { status: 404 };
      const allow = what === undefined ? 'GET' : (allowed[what] ?? 'GET');
      if (!allow.split(', ').includes(request.method)) return { status: 405, allow };
      if (request.method === 'GET') return show(operations, sources(), what, request);
      const answer = what === 'parked' ? await changeParked(operations, request, clock) : await steer(options, request);
      ring();
      return answer;
    },
  };
}

const allowed: Readonly<Record<string, string>> = { parked: 'GET, POST', sources: 'GET, POST', actions: 'GET' };

/** Down when one of them is: nothing moves, a key was given up, or a saga waits for a reply that cannot be applied. */
export function deliveriesHealth(sources: () => readonly DeliverySource[]): HealthCheck {
  return {
    name: 'deliveries',
    groups: [],
    async check(): Promise<Health> {
      const checks = await Promise.all(
        sources().map(async ({ health, state }) => [state.source, await health.check()] as const),
      );
      const status = checks.some(([, { status: one }]) => one === 'DOWN') ? 'DOWN' : 'UP';
      return { status, details: Object.fromEntries(checks.map(([source, { details }]) => [source, details])) };
    },
  };
}

async function show(
  operations: DeliveryOperations,
  sources: readonly DeliverySource[],
  what: string | undefined,
  { query }: ManagementRequest,
): Promise<ManagementResponse> {
  if (what === 'actions') return { status: 200, body: { actions: await operations.actions(mostListed) } };
  if (what !== 'parked') return { status: 200, body: { sources: sources.map(({ state }) => state) } };
  const { source, key, state } = query;
  if (state !== undefined && state !== 'waiting' && state !== 'stopped')
    return { status: 400, detail: `"${state.slice(0, 40)}" is no state; there are waiting and stopped` };
  const parked = await operations.list({ source, key, state, limit: mostListed });
  const messages =
    source === undefined || key === undefined ? undefined : await operations.messages(source, key, mostListed);
  return { status: 200, body: { parked, messages } };
}

async function changeParked(
  operations: DeliveryOperations,
  { body }: ManagementRequest,
  clock: Clock,
): Promise<ManagementResponse> {
  const asked = (body ?? {}) as Readonly<Record<string, unknown>>;
  const who = whoIn(asked, clock);
  if (who === undefined) return sayWho;
  const { do: what, source, id, key, data } = asked;
  if (!isText(source)) return { status: 400, detail: 'name the source: { "source": "…" }' };
  if (what === 'retry') {
    const keys = await operations.retry(source, typeof key === 'string' ? key : undefined, who);
    if (keys === 0) throw messagingErrors.PARKED_UNKNOWN(`no such key of ${source.slice(0, 100)} is parked`);
    return { status: 200, body: { keys } };
  }
  if (!isText(id)) return { status: 400, detail: 'name the message: { "id": "…" }' };
  if (what === 'edit' && !('data' in asked)) return { status: 400, detail: 'give the data to apply: { "data": … }' };
  if (what !== 'edit' && what !== 'skip') return { status: 400, detail: '"do" is "retry", "edit" or "skip"' };
  const done = what === 'edit' ? await operations.edit(source, id, data, who) : await operations.skip(source, id, who);
  if (done) return { status: 204 };
  throw messagingErrors.PARKED_UNKNOWN(`no message ${id.slice(0, 100)} of ${source.slice(0, 100)} waits`);
}

async function steer(options: DeliveriesEndpointOptions, { body }: ManagementRequest): Promise<ManagementResponse> {
  const { clock, deliveries } = options;
  const asked = (body ?? {}) as Readonly<Record<string, unknown>>;
  const who = whoIn(asked, clock);
  if (who === undefined) return sayWho;
  const { do: what, source, after } = asked;
  if (!isText(source)) return { status: 400, detail: 'name the source: { "source": "…" }' };
  if (what !== 'pause' && what !== 'resume') return { status: 400, detail: '"do" is "pause" or "resume"' };
  if (after !== undefined && (what === 'pause' || !isPosition(after)))
    return { status: 400, detail: '"after" is a position, a whole number, and goes with "resume"' };
  if (after !== undefined) return resumeAfter(source, after, who, options);
  const sources = options.sources();
  const followed = sources.find(({ state }) => state.source === source);
  // What was paused under a name that is gone can be resumed.
  if (followed === undefined && what === 'pause') {
    const known = sources.map(({ state }) => state.source).join(', ');
    throw messagingErrors.SOURCE_UNKNOWN(`"${source.slice(0, 100)}" is no source here; there are ${known}`);
  }
  await deliveries.operations[what](source, who);
  await followed?.pause?.(what === 'pause' ? `${who.why} (${who.by})` : undefined);
  return { status: 204 };
}

/** MESSAGING_SET_BACK_REFUSED, MESSAGING_FEED_FAILED, MESSAGING_SOURCE_UNKNOWN. */
async function resumeAfter(
  source: string,
  after: number,
  who: Intervention,
  { as, deliveries, logOf, clock }: DeliveriesEndpointOptions,
): Promise<ManagementResponse> {
  const feed = logOf(source);
  if (feed === undefined)
    throw messagingErrors.SOURCE_UNKNOWN(`"${source.slice(0, 100)}" is no other service whose log ${as} reads`);
  const over = new AbortController();
  const timer = clock.after(logWithinMs, () => over.abort());
  try {
    const body = await setBack({ source, after, who }, { as, deliveries, feed, signal: over.signal });
    return { status: 200, body };
  } finally {
    timer.cancel();
  }
}

const sayWho: ManagementResponse = { status: 400, detail: 'say who asks and why: { "by": "…", "why": "…" }' };

function whoIn({ by, why }: Readonly<Record<string, unknown>>, clock: Clock): Intervention | undefined {
  return isText(by) && isText(why) ? { by, why, at: clock.now() } : undefined;
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
