import type { TokenVerifier } from '@dure/service/server';
import type { ProxyEngine } from '../engine/proxy-engine.ts';
import type { RouteTable } from './route-table.ts';

/** What every request at the edge shares. `secure` also marks cookies `Secure`. */
export interface Edge extends ProxyEngine {
  readonly verifier: TokenVerifier;
  readonly table: RouteTable;
}
