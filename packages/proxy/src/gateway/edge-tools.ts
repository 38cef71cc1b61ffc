import type { Clock, Random } from '@dure/core';
import type { RateLimitStore } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';

/** What layers may need that only a running gateway has. */
export interface EdgeTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Who keeps account of rate limits. */
  readonly rateLimits: RateLimitStore;
}
