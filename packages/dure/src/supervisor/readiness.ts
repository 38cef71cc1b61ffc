import type { Clock } from '@dure/core';
import { wait } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { StartedService } from './child-message.ts';
import { getJson } from './transport.ts';

/** What is asked about a system's readiness. */
export interface ReadinessQuestion {
  readonly host: string;
  /** The services that are to be ready. */
  readonly services: readonly StartedService[];
  /** Who has to see whom: the tables of these gateways have to show these instances. */
  readonly seen: readonly Sight[];
  /** An `Authorization` header for the gateway's management port. */
  readonly authorization: string;
}

/** A gateway, and the instances that it has to see. */
export interface Sight {
  readonly gateway: StartedService;
  readonly services: readonly StartedService[];
}

const askTimeoutMs = 1_000;
const pollMs = 20;

/** What keeps services from being ready, one line each; nothing when every check is up and every gateway sees what it has to. */
export async function notReady(question: ReadinessQuestion): Promise<readonly string[]> {
  const [down, unseen] = await Promise.all([
    Promise.all(question.services.map((service) => healthOf(question.host, service))),
    Promise.all(question.seen.map((sight) => unseenByGateway(question, sight))),
  ]);
  return [...down.filter((line) => line !== undefined), ...new Set(unseen.flat())];
}

/**
 * Who has to see whom when processes join others that serve: every gateway sees the newcomers, and a new gateway everybody.
 * Undefined without any gateway.
 */
export function sights(
  newcomers: readonly StartedService[],
  serving: readonly StartedService[],
): readonly Sight[] | undefined {
  const gateways = (services: readonly StartedService[]) => services.filter(({ name }) => name === 'gateway');
  const present = gateways(serving).map((gateway) => ({ gateway, services: newcomers }));
  const joining = gateways(newcomers).map((gateway) => ({ gateway, services: [...serving, ...newcomers] }));
  const all = [...present, ...joining];
  return all.length === 0 ? undefined : all;
}

/** Waits until nothing keeps `what`, by default the system, from being ready. DURE_START_TIMEOUT says what still did. */
export async function untilReady(
  ask: () => Promise<readonly string[]>,
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  what?: string,
): Promise<void> {
  const deadline = clock.monotonicMs() + timeoutMs;
  for (;;) {
    const missing = await ask();
    if (missing.length === 0) return;
    if (clock.monotonicMs() > deadline) {
      throw dureErrors.START_TIMEOUT(
        `${what ?? 'the system'} was not ready after ${timeoutMs / 1_000} s: ${missing.join('; ')}`,
        {
          details: { what, missing, timeoutMs },
        },
      );
    }
    if (!(await wait(clock, pollMs, signal))) throw dureErrors.START_CANCELLED('the start was stopped');
  }
}

async function healthOf(host: string, { name, managementPort }: StartedService): Promise<string | undefined> {
  const answer = await getJson(`http://${host}:${managementPort}/actuator/health/readiness`, askTimeoutMs);
  if (!answer.ok) return `${name} does not answer (${answer.reason})`;
  return answer.status === 200 ? undefined : `${name} is ${statusIn(answer.body)}`;
}

function statusIn(body: unknown): string {
  const isObject = typeof body === 'object' && body !== null;
  if (!isObject || !('status' in body)) return 'not ready';
  const parts =
    'components' in body && typeof body.components === 'object' ? Object.entries(body.components ?? {}) : [];
  const faulty = parts.filter(([, part]) => (part as { status?: unknown }).status !== 'UP').map(([name]) => name);
  return faulty.length === 0 ? String(body.status) : `${String(body.status)} (${faulty.join(', ')})`;
}

/** The gateway lists the instances of each service that it routes to: `{ order: ['order:0193…'] }`. */
async function unseenByGateway(
  { host, authorization }: ReadinessQuestion,
  { gateway, services }: Sight,
): Promise<readonly string[]> {
  const url = `http://${host}:${gateway.managementPort}/actuator/gateway/instances`;
  const answer = await getJson(url, askTimeoutMs, authorization);
  if (!answer.ok || answer.status !== 200) {
    return [`the gateway's table cannot be read (${answer.ok ? `status ${answer.status}` : answer.reason})`];
  }
  const table = answer.body as Readonly<Record<string, readonly string[]>>;
  return services
    .filter(({ name, instanceId }) => table[name] !== undefined && !table[name].includes(instanceId))
    .map(({ instanceId }) => `the gateway does not see ${instanceId} yet`);
}
