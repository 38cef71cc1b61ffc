import type { RateLimitStore } from '@dure/resilience';
import type { TokenVerifier } from '@dure/service/server';
import type { ClientPlaces } from '../engine/client-places.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { ProxyEngine } from '../engine/proxy-engine.ts';
import type { ValidationOf } from './validated-operations.ts';

/** What every request at the edge shares. `secure` also marks cookies `Secure`. */
export interface Edge extends ProxyEngine {
  readonly verifier: TokenVerifier;
  /** How many requests each client has under way. */
  readonly clients: ClientPlaces;
  /** Tells services who calls. */
  readonly identity: EdgeLayer;
  /** Who keeps account of the rate limits that contracts declare. */
  readonly rateLimits: RateLimitStore;
  /** Finds out who asks by an API key; undefined when there are none. */
  readonly apiKey: EdgeLayer | undefined;
  /** Which pages of other origins may use the operations; undefined when none may. */
  readonly compression: EdgeLayer | undefined;
  readonly cors: EdgeLayer | undefined;
  /** How much of the services' answers is held against their contracts, 0 to 1. */
  readonly contractDrift: number;
  /** Whether requests for an operation are held against its contract. */
  readonly validationOf: ValidationOf;
}
