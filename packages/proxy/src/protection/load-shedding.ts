import type { Random } from '@dure/core';
import { randomInteger } from '@dure/core';
import type { LoopDelay } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { demandNumber } from './protection-setting.ts';

export interface LoadSheddingOptions {
  /** How late the gateway's event loop is: one `watchLoop({ clock })` for all routes. */
  readonly loopDelay: LoopDelay;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** From here on requests are turned away, all of them at twice as much, in milliseconds. Default 100. */
  readonly maxLoopDelayMs?: number;
  /** Whose requests are turned away only from twice as much on, when all others are already. Default: who is signed in. */
  readonly isPreferred?: (exchange: Exchange) => boolean;
}

const longestRetryAfterSeconds = 5;

/**
 * Turns requests away while the event loop is late: the more the later it is, so that the load settles instead of going up
 * and down. GATEWAY_REDUCED_CAPACITY, 503 with a `Retry-After` that differs, so that not all come back at once. It costs
 * one comparison while the loop is in time. Routes that must always answer, such as health, stand without it; behind
 * `authenticated` it knows who is signed in.
 */
export function loadShedding(options: LoadSheddingOptions): EdgeLayer {
  const { loopDelay, random, telemetry, maxLoopDelayMs = 100 } = options;
  const { isPreferred = ({ identity }) => identity.kind !== 'anonymous' } = options;
  demandNumber('loadShedding', 'maxLoopDelayMs', maxLoopDelayMs, 1, 60_000);
  const shed = telemetry.metrics.counter('dure_gateway_shed', 'Requests turned away because the event loop was late');
  return (next) => (exchange) => {
    const delayMs = loopDelay.delayMs();
    if (delayMs <= maxLoopDelayMs) return next(exchange);
    const fromMs = isPreferred(exchange) ? 2 * maxLoopDelayMs : maxLoopDelayMs;
    if (random.next() >= (delayMs - fromMs) / maxLoopDelayMs) return next(exchange);
    shed.add();
    exchange.note('shed', `the event loop was ${Math.round(delayMs)} ms late`);
    const retryAfterMs = randomInteger(random, 1, longestRetryAfterSeconds) * 1_000;
    throw gatewayErrors.REDUCED_CAPACITY('the gateway has too much to do at the moment', { details: { retryAfterMs } });
  };
}
