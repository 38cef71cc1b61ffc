import { dureErrors } from '../errors.ts';
import type { System } from '../system.ts';
import { infrastructure } from '../system.ts';
import type { Placement } from './placement.ts';

/** How many processes each service has; one that is not named has one. */
export type InstanceCounts = Readonly<Record<string, number>>;

const most = 16;

/**
 * The names of a service's processes, or the gateway's: `order`, `order-2`, `order-3` …, without those that are services themselves.
 */
export function instanceNames({ services }: System, service: string, count: number): readonly string[] {
  const names = [service];
  for (let number = 2; names.length < count; number += 1) {
    const name = `${service}-${number}`;
    if (!(name in services)) names.push(name);
  }
  return names;
}

/** Judges how many processes are wanted: DURE_USAGE for the number, and as `demandRepeatable`. */
export function checkCounts(system: System, placement: Placement, counts: InstanceCounts): void {
  for (const [service, count] of Object.entries(counts)) {
    demandRepeatable(system, placement, service);
    if (Number.isInteger(count) && count >= 1 && count <= most) continue;
    throw dureErrors.USAGE(`"${service}" can have 1 to ${most} processes, not ${count}`, {
      details: { service, count, most },
    });
  }
}

/**
 * Demands that a service may have several processes at once, if only while one takes over from another:
 * DURE_SERVICE_UNKNOWN, DURE_SINGLE_PROCESS.
 */
export function demandRepeatable(system: System, placement: Placement, service: string): void {
  const own = Object.keys(system.services);
  const reason = reasonAgainst(system, placement, service);
  if (reason !== undefined) {
    throw dureErrors.SINGLE_PROCESS(`"${service}" has one process at any time: ${reasons[reason]}`, {
      details: { service, reason, services: own },
    });
  }
  if (service === 'gateway' || own.includes(service)) return;
  throw dureErrors.SERVICE_UNKNOWN(
    `the system "${system.name}" has no service "${service}"; it has ${own.join(', ') || 'none'}`,
    { details: { service, services: own } },
  );
}

/** Demands that another version of a service can be tried out: as `demandRepeatable`, and DURE_USAGE for the gateway. */
export function demandTriable(system: System, placement: Placement, service: string): void {
  demandRepeatable(system, placement, service);
  if (service !== 'gateway') return;
  throw dureErrors.USAGE('a canary is a version of a service: the gateway is what chooses it; name a service');
}

const reasons = {
  port: 'it holds a port that everybody knows',
  composed: 'it is part of the gateway; restart or scale "gateway", and it goes with it',
  placement: 'everything runs in one (`--placement one`)',
} as const;

function reasonAgainst({ services, edge }: System, placement: Placement, service: string) {
  const isRepeatable = service === 'gateway' || service in services;
  if (isRepeatable) return placement === 'one' ? 'placement' : undefined;
  if (infrastructure.some((name) => name === service)) return 'port';
  return service in edge.composed ? 'composed' : undefined;
}
