import type { Attributes, Telemetry } from '@dure/telemetry';
import type { Destination } from './destination.ts';

/** What a proxy counts. Labels are the contract's names, never a path, so that their number is bounded. */
export interface ProxyMeters {
  /** One request has been answered, or given up by the client (status 499). */
  answered(destination: Destination, status: number, seconds: number): void;
  /** One request was refused before it had a destination. */
  refused(status: number): void;
}

/** Opens the meters of a proxy: `dure_<name>_duration_seconds` and `dure_<name>_refusals`. */
export function proxyMeters(name: string, { metrics }: Telemetry): ProxyMeters {
  const duration = metrics.histogram(`dure_${name}_duration_seconds`, 'Time from receiving a request to its last byte');
  const refusals = metrics.counter(`dure_${name}_refusals`, 'Requests that had no route, by status');
  const labels = new WeakMap<Destination, Map<number, Attributes>>();
  const labelsOf = (destination: Destination, status: number): Attributes => {
    let known = labels.get(destination);
    if (known === undefined) {
      known = new Map();
      labels.set(destination, known);
    }
    let label = known.get(status);
    if (label === undefined) {
      label = { service: destination.service, operation: destination.operation, status };
      known.set(status, label);
    }
    return label;
  };
  return {
    answered: (destination, status, seconds) => duration.record(seconds, labelsOf(destination, status)),
    refused: (status) => refusals.add(1, { status }),
  };
}
