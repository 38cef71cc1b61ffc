import type { Clock, Health, HealthCheck, ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import type { Intervention, ParkingDeliveryStore } from '@dure/messaging';
import { messagingErrors } from '@dure/messaging';
import type { FeedSource } from '@dure/messaging/feed';
import { setBack } from '@dure/messaging/feed';
import { changeParked, showActions, showParked } from './parked-messages.ts';

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
  /** The services whose logs this one reads, in whatever way their messages come. */
  readonly pulls: readonly string[];
  /** The log of one, as it is at the moment. */
  readonly logOf: (source: string) => Pick<FeedSource, 'eras'>;
  /** Names of fields whose values operators need not see. */
  readonly masks: ReadonlySet<string>;
  readonly clock: Clock;
}

/**
 * `/actuator/deliveries`: `GET` shows how this process follows each source; `GET /parked?source=…&key=…&state=stopped` the keys that
 * are parked, over all processes, and with source and key also their messages (`data=false`: without what they say; `id=…`: that one);
 * `GET /actions` what operators did. The values of sensitive fields are masked, and a correction that leaves a mask leaves the value.
 * `POST /parked` with `{ "do": "retry" | "edit" | "skip", "source", "key" or "id", "data", "by", "why" }` and `POST /sources` with
 * `{ "do": "pause" | "resume", "source", "by", "why" }` do something about it; `resume` with `"after"` first sets back what was read of a log
 * that was restored since.
 */
export function deliveriesEndpoint(options: DeliveriesEndpointOptions): ManagementEndpoint {
  const { deliveries, masks, sources } = options;
  const parked = { operations: deliveries.operations, masks };
  return {
    id: 'deliveries',
    async handle(request): Promise<ManagementResponse> {
      const [what, ...more] = request.path;
      if (more.length > 0 || (what !== undefined && !Object.hasOwn(allowed, what))) return { status: 404 };
      const allow = what === undefined ? 'GET' : (allowed[what] ?? 'GET');
      if (!allow.split(', ').includes(request.method)) return { status: 405, allow };
      if (request.method === 'POST') {
        const answer = await change(options, what, request);
        for (const source of sources()) source.ring();
        return answer;
      }
      if (what === 'parked') return showParked(parked, request);
      if (what === 'actions') return showActions(parked);
      return { status: 200, body: { sources: sources().map(({ state }) => state) } };
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

async function change(
  options: DeliveriesEndpointOptions,
  what: string | undefined,
  { body }: ManagementRequest,
): Promise<ManagementResponse> {
  const { clock, deliveries, masks } = options;
  const asked = (body ?? {}) as Readonly<Record<string, unknown>>;
  const who = whoIn(asked, clock);
  if (who === undefined) return sayWho;
  const { source } = asked;
  if (!isText(source)) return { status: 400, detail: 'name the source: { "source": "…" }' };
  if (what === 'parked') return changeParked({ operations: deliveries.operations, masks }, asked, source, who);
  return steer(options, asked, source, who);
}

async function steer(
  options: DeliveriesEndpointOptions,
  { do: what, after }: Readonly<Record<string, unknown>>,
  source: string,
  who: Intervention,
): Promise<ManagementResponse> {
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
  await options.deliveries.operations[what](source, who);
  await followed?.pause?.(what === 'pause' ? `${who.why} (${who.by})` : undefined);
  return { status: 204 };
}

/** MESSAGING_SET_BACK_REFUSED, MESSAGING_FEED_FAILED, MESSAGING_SOURCE_UNKNOWN. */
async function resumeAfter(
  source: string,
  after: number,
  who: Intervention,
  { as, deliveries, pulls, logOf, clock }: DeliveriesEndpointOptions,
): Promise<ManagementResponse> {
  if (!pulls.includes(source)) {
    const known = pulls.join(', ') || 'none';
    throw messagingErrors.SOURCE_UNKNOWN(
      `"${source.slice(0, 100)}" is no service whose log ${as} reads; there are ${known}`,
    );
  }
  const over = new AbortController();
  const timer = clock.after(logWithinMs, () => over.abort());
  try {
    const reader = { as, deliveries, feed: logOf(source), signal: over.signal };
    const body = await setBack({ source, after, who }, reader);
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
