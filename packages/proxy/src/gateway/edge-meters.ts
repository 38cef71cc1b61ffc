import type { Attributes, Telemetry } from '@dure/telemetry';
import type { Route } from './route-table.ts';

/** What the edge counts. Labels are the contract's names, never a path, so that their number is bounded. */
export interface EdgeMeters {
  /** One request of a route has been answered, or given up by the client (status 499). */
  answered(route: Route, status: number, seconds: number): void;
  /** One request was refused before it had a route. */
  refused(status: number): void;
}

/** Opens the edge's meters. */
export function edgeMeters({ metrics }: Telemetry): EdgeMeters {
  const duration = metrics.histogram('dure_gateway_duration_seconds', 'Time from receiving a request to its last byte');
  const refusals = metrics.counter('dure_gateway_refusals', 'Requests that had no route, by status');
  const labels = new Map<Route, Map<number, Attributes>>();
  const labelsOf = (route: Route, status: number): Attributes => {
    let known = labels.get(route);
    if (known === undefined) {
      known = new Map();
      labels.set(route, known);
    }
    let label = known.get(status);
    if (label === undefined) {
      label = { service: route.service, operation: route.operation.name, status };
      known.set(status, label);
    }
    return label;
  };
  return {
    answered: (route, status, seconds) => duration.record(seconds, labelsOf(route, status)),
    refused: (status) => refusals.add(1, { status }),
  };
}
