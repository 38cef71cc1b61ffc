import type { Balancer } from '@dure/balancer';
import type { Clock, Ids } from '@dure/core';
import type { TokenVerifier } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import type { Deadlines, Waiting } from '../http/deadlines.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { EdgeMeters } from './edge-meters.ts';
import type { GatewayLimits } from './limits.ts';
import type { RouteTable } from './route-table.ts';

/** An exchange under way. */
export interface Underway extends Waiting {
  /** Ends it if it is a stream of events, which would not end by itself. */
  endStream(): void;
  /** Whether this is what it answers with. */
  answers(response: unknown): boolean;
  /** What is left of the request is not well-formed: it is answered with the error, if no answer has begun. */
  refuse(error: unknown): void;
}

/** What every request at the edge shares. */
export interface Edge {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly meters: EdgeMeters;
  readonly verifier: TokenVerifier;
  readonly balancer: Balancer;
  readonly pool: UpstreamPool;
  readonly table: RouteTable;
  readonly limits: GatewayLimits;
  /** Every exchange under way. */
  readonly underway: Deadlines<Underway>;
  /** Marks cookies `Secure` and says `https` to the services: TLS ends before the gateway. */
  readonly secure: boolean;
}
