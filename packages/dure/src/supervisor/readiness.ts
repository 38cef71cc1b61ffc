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
  /** The others, which serve. */
  readonly serving: readonly StartedService[];
  /** An `Authorization` header for the gateway's management port. */
  readonly authorization: string;
}

const askTimeoutMs = 1_000;
const pollMs = 20;

/**
 * What keeps services from being ready, one line each; nothing when every check is up, every gateway sees these services,
 * and a gateway that is one of them sees the others, too.
 */
export async function notReady(question: ReadinessQuestion): Promise<readonly string[]> {
  const { host, services, serving } = question;
  const isGateway = ({ name }: StartedService) => name === 'gateway';
  const looks = [
    ...serving.filter(isGateway).map((gateway) => unseenBy(gateway, services, question)),
    ...services.filter(isGateway).map((gateway) => unseenBy(gateway, [...serving, ...services], question)),
  ];
  if (looks.length === 0) return ['the gateway has not started'];
  const [down, unseen] = await Promise.all([
    Promise.all(services.map((service) => healthOf(host, service))),
    Promise.all(looks),
  ]);
  return [...down.filter((line) => line !== undefined), ...new Set(unseen.flat())];
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
async function unseenBy(
  gateway: StartedService,
  services: readonly StartedService[],
  { host, authorization }: ReadinessQuestion,
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
