import { availableParallelism } from 'node:os';
import type { InstanceRegistry } from './instance-registry.ts';

/** What the status tells of another registry. */
export interface PeerStatus {
  /** Without credentials. */
  readonly url: string;
  readonly isReachable: boolean;
}

/**
 * The content of `GET status`: Eureka's `StatusInfo`, all of it text, and what our own health tells. There is no
 * `instanceInfo`, for a registry of ours does not register.
 */
export function serverStatus(registry: InstanceRegistry, peers: readonly PeerStatus[], uptimeMs: number) {
  const urls = (of: readonly PeerStatus[]) => of.map(({ url }) => url).join(',');
  const { heapTotal, heapUsed } = process.memoryUsage();
  return {
    generalStats: {
      'server-uptime': uptime(uptimeMs),
      environment: 'dure',
      'num-of-cpus': String(availableParallelism()),
      'total-avail-memory': megabytes(heapTotal),
      'current-memory-usage': `${megabytes(heapUsed)} (${Math.round((100 * heapUsed) / heapTotal)}%)`,
    },
    applicationStats: {
      'registered-replicas': urls(peers),
      'available-replicas': urls(peers.filter(({ isReachable }) => isReachable)),
      'unavailable-replicas': urls(peers.filter(({ isReachable }) => !isReachable)),
    },
    registry: {
      instances: registry.size,
      renewsLastMin: registry.meter.lastMinute,
      renewsThreshold: registry.meter.threshold,
      leasesExpire: registry.meter.expires,
    },
  };
}

/** `1 day 02:03` */
function uptime(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const days = Math.floor(minutes / 1_440);
  return `${days} day${days === 1 ? '' : 's'} ${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)}mb`;
}
