import type { Clock, Health, HealthCheck, ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';

/** What the actuator of a service shows. */
export interface ActuatorOptions {
  readonly service: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly health: readonly HealthCheck[];
  readonly endpoints: readonly ManagementEndpoint[];
}

/** Answers `/actuator/<id>/…`; `trusted` callers see details, the others only whether it is up. */
export interface Actuator {
  /** Undefined when there is no such endpoint. */
  answer(id: string, request: ManagementRequest, trusted: boolean): Promise<ManagementResponse | undefined>;
  readonly ids: readonly string[];
}

const jsonType = 'application/vnd.spring-boot.actuator.v3+json';
/** From worst to best, after Spring Boot's status aggregator. */
const severity: readonly Health['status'][] = ['DOWN', 'OUT_OF_SERVICE', 'UP', 'UNKNOWN'];
const checkTimeoutMs = 2_000;

/** The endpoints that every service has (Spring Boot Actuator's shapes), and those that its parts add. */
export function actuator(options: ActuatorOptions): Actuator {
  const startedAt = options.clock.now();
  const endpoints = new Map<string, ManagementEndpoint>(options.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  endpoints.set('info', {
    id: 'info',
    handle: () =>
      json({
        app: { name: options.service, instance: options.instance },
        process: { startedAt: new Date(startedAt).toISOString(), node: process.versions.node },
      }),
  });
  endpoints.set('metrics', { id: 'metrics', handle: (request) => metrics(options.telemetry, request) });
  endpoints.set('prometheus', {
    id: 'prometheus',
    handle: () => ({
      status: 200,
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      body: options.telemetry.metrics.prometheus(),
    }),
  });
  return {
    ids: ['health', ...endpoints.keys()],
    async answer(id, request, trusted) {
      if (id === 'health') return health(options, request.path, trusted);
      return endpoints.get(id)?.handle(request);
    },
  };
}

async function health(
  { health: checks, clock }: ActuatorOptions,
  path: readonly string[],
  trusted: boolean,
): Promise<ManagementResponse | undefined> {
  const [name] = path;
  const isGroup = name === 'liveness' || name === 'readiness';
  const wanted = checks.filter(
    (check) => name === undefined || (isGroup ? check.groups.includes(name) : check.name === name),
  );
  if (name !== undefined && !isGroup && (wanted.length === 0 || !trusted)) return undefined;
  const results = await Promise.all(wanted.map(async (check) => [check.name, await bounded(check, clock)] as const));
  const status = severity.find((level) => results.some(([, result]) => result.status === level)) ?? 'UP';
  const components = Object.fromEntries(results.sort(([a], [b]) => (a < b ? -1 : 1)));
  const body = {
    status,
    ...(trusted ? { components } : {}),
    ...(name === undefined ? { groups: ['liveness', 'readiness'] } : {}),
  };
  return { status: status === 'DOWN' || status === 'OUT_OF_SERVICE' ? 503 : 200, contentType: jsonType, body };
}

async function bounded(check: HealthCheck, clock: Clock): Promise<Health> {
  let timer = { cancel: () => undefined as void };
  const late = new Promise<Health>((resolve) => {
    timer = clock.after(checkTimeoutMs, () =>
      resolve({ status: 'DOWN', details: { error: `no answer within ${checkTimeoutMs} ms` } }),
    );
  });
  try {
    return await Promise.race([check.check(), late]);
  } catch (error) {
    return { status: 'DOWN', details: { error: messageOf(error) } };
  } finally {
    timer.cancel();
  }
}

function metrics({ metrics: meters }: Telemetry, { path: [name] }: ManagementRequest): ManagementResponse {
  const snapshot = meters.snapshot();
  if (name === undefined) return json({ names: snapshot.map((meter) => meter.name).sort() });
  const meter = snapshot.find((candidate) => candidate.name === name);
  if (meter === undefined)
    return { status: 404, detail: `there is no actuator endpoint for a meter "${name.slice(0, 100)}"` };
  const sums: Record<string, number> = {};
  const tags = new Map<string, Set<string>>();
  for (const { labels, measurements } of meter.series) {
    for (const [statistic, value] of Object.entries(measurements)) {
      sums[statistic] =
        statistic === 'MAX' ? Math.max(sums[statistic] ?? value, value) : (sums[statistic] ?? 0) + value;
    }
    for (const [tag, value] of Object.entries(labels)) tags.set(tag, (tags.get(tag) ?? new Set()).add(String(value)));
  }
  return json({
    name,
    description: meter.description,
    ...(meter.unit === undefined ? {} : { baseUnit: meter.unit }),
    measurements: Object.entries(sums).map(([statistic, value]) => ({ statistic, value })),
    availableTags: [...tags].map(([tag, values]) => ({ tag, values: [...values].sort() })),
  });
}

function json(body: unknown): ManagementResponse {
  return { status: 200, contentType: jsonType, body };
}
