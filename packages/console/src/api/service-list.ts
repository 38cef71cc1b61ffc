import type { InstanceList } from '@dure/balancer';
import type { HealthStatus, InstanceView, ServiceView } from '../contract.ts';
import type { HealthWatch, InstanceHealth } from './health-watch.ts';
import type { ProcessFacts } from './process-facts.ts';
import type { TrafficWindow } from './traffic-window.ts';

/** What the list of services is made from. */
export interface ServiceListOptions {
  /** The names in the system's manifest. */
  readonly expected: readonly string[];
  /** Names and when they were last heard of. */
  readonly heard: () => ReadonlyMap<string, number>;
  readonly instances: InstanceList;
  readonly health: HealthWatch;
  readonly facts: ProcessFacts;
  readonly traffic: TrafficWindow;
}

const trafficMs = 300_000;
const forgottenMs = 900_000;
/** From best to worst. */
const severity: readonly HealthStatus[] = ['UP', 'UNKNOWN', 'OUT_OF_SERVICE', 'DOWN', 'OFFLINE'];

/** Every service that is expected or was heard of in the last quarter of an hour, with its instances and their health. */
export async function listServices(options: ServiceListOptions, nowMs: number): Promise<ServiceView[]> {
  const heard = options.heard();
  const names = namesOf(options, nowMs);
  const registered = names.map((name) => options.instances.instances(name));
  const health = await options.health.ask(registered.flat());
  return names.map((service, index) => {
    const instances = (registered[index] ?? []).map((instance): InstanceView => {
      const { status, parts, checkedAt }: InstanceHealth = health.get(instance.id) ?? unasked;
      const process = options.facts.of(service, instance.id);
      return {
        id: instance.id,
        host: instance.host,
        port: instance.port,
        ...(instance.managementPort === undefined ? {} : { managementPort: instance.managementPort }),
        ...(instance.zone === undefined ? {} : { zone: instance.zone }),
        status,
        parts: [...parts],
        ...(checkedAt === 0 ? {} : { checkedAt }),
        ...(process === undefined ? {} : { process }),
        metadata: { ...instance.metadata },
      };
    });
    const lastSeenAt = heard.get(service);
    return {
      service,
      status: best(instances),
      expected: options.expected.includes(service),
      instances,
      traffic: options.traffic.traffic(service, nowMs, trafficMs),
      ...(lastSeenAt === undefined ? {} : { lastSeenAt }),
    };
  });
}

/** The names of every service that is expected or was heard of in the last quarter of an hour. */
export function namesOf({ heard, expected }: Pick<ServiceListOptions, 'heard' | 'expected'>, nowMs: number): string[] {
  const recent = [...heard()].filter(([, at]) => nowMs - at < forgottenMs).map(([name]) => name);
  return [...new Set([...expected, ...recent])].sort();
}

const unasked: InstanceHealth = { status: 'UNKNOWN', parts: [], checkedAt: 0 };

function best(instances: readonly InstanceView[]): HealthStatus {
  return severity.find((level) => instances.some(({ status }) => status === level)) ?? 'OFFLINE';
}
