import { messageOf } from '@dure/core';
import type { AdaptiveLimitEvent } from './adaptive-limit.ts';
import type { BreakerEvent, BreakerState } from './breaker-events.ts';
import type { BulkheadEvent } from './bulkhead.ts';
import { targetOf } from './deadline.ts';
import type { FallbackEvent } from './fallback.ts';
import type { HedgeEvent } from './hedge.ts';
import type { RateLimiterEvent } from './rate-limiter.ts';
import type { CacheEvent } from './response-cache.ts';
import type { RetryEvent } from './retry.ts';
import type { FlightEvent } from './single-flight.ts';
import type { TimeoutEvent } from './timeout.ts';
import type { WorkerPoolEvent } from './worker-pool/worker-pool-event.ts';

/** Everything that the layers of this package have to say. */
export type ResilienceEvent =
  | BreakerEvent
  | RetryEvent
  | TimeoutEvent
  | BulkheadEvent
  | RateLimiterEvent
  | AdaptiveLimitEvent
  | HedgeEvent
  | FallbackEvent
  | CacheEvent
  | FlightEvent
  | WorkerPoolEvent;

/** The lists that Resilience4j's actuator endpoints keep. */
export type EventList = 'circuitBreaker' | 'bulkhead' | 'retry' | 'rateLimiter' | 'timeLimiter';

/** An event as Resilience4j shows it. */
export interface ShownEvent {
  readonly list: EventList;
  readonly name: string;
  readonly type: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** An event and when it was, in epoch milliseconds. */
export interface PastEvent extends ShownEvent {
  readonly at: number;
}

/** An event in Resilience4j's words; nothing for events that it has no word for. */
export function shownEvents(event: ResilienceEvent): readonly ShownEvent[] {
  switch (event.kind) {
    case 'opened':
    case 'half-opened':
    case 'closed':
    case 'switched':
    case 'exceeded':
    case 'failed':
    case 'ignored':
    case 'rejected':
      return ofBreaker(event).map(([type, more]) => ({ list: 'circuitBreaker', name: event.name, type, ...more }));
    case 'retrying':
    case 'recovered':
    case 'gave-up':
    case 'not-retried':
      return [ofRetry(event)];
    case 'timed-out':
      return [{ list: 'timeLimiter', name: targetOf(event.operation), type: 'TIMEOUT' }];
    case 'bulkhead-full':
    case 'overloaded':
      return [{ list: 'bulkhead', name: event.name, type: 'CALL_REJECTED' }];
    case 'rate-limited':
      return [{ list: 'rateLimiter', name: event.name, type: 'FAILED_ACQUIRE' }];
    default:
      return [];
  }
}

type Word = readonly [type: string, more?: { readonly more: Readonly<Record<string, unknown>> }];

function ofBreaker(event: BreakerEvent): readonly Word[] {
  switch (event.kind) {
    case 'opened':
      return [
        ...(event.from === 'closed' ? [exceededBy(event.slowRatio > event.failureRatio)] : []),
        transition(event.from, 'open'),
      ];
    case 'half-opened':
      return [transition('open', 'half-open')];
    case 'closed':
      return [event.from === 'closed' ? ['RESET'] : transition(event.from, 'closed')];
    case 'switched':
      return [
        transition(event.from, event.to),
        ...(event.to === 'forced-open' ? [['FORCED_OPEN'] as Word] : []),
        ...(event.to === 'disabled' ? [['DISABLED'] as Word] : []),
      ];
    case 'exceeded':
      return [exceededBy(event.what === 'slow calls')];
    case 'failed':
      return [
        ['ERROR', { more: { errorMessage: messageOf(event.error), durationInMs: Math.round(event.durationMs) } }],
      ];
    case 'ignored':
      return [['IGNORED_ERROR', { more: { errorMessage: messageOf(event.error) } }]];
    case 'rejected':
      return [['NOT_PERMITTED']];
  }
}

function exceededBy(isSlow: boolean): Word {
  return [isSlow ? 'SLOW_CALL_RATE_EXCEEDED' : 'FAILURE_RATE_EXCEEDED'];
}

function transition(from: BreakerState, to: BreakerState): Word {
  return ['STATE_TRANSITION', { more: { stateTransition: `${stateWord(from)}_TO_${stateWord(to)}` } }];
}

/** `half-open` as Resilience4j writes it: `HALF_OPEN`. */
export function stateWord(state: BreakerState): string {
  return state.toUpperCase().replace('-', '_');
}

function ofRetry(event: RetryEvent): ShownEvent {
  const name = targetOf(event.operation);
  if (event.kind === 'recovered') {
    return { list: 'retry', name, type: 'SUCCESS', more: { numberOfAttempts: event.attempts } };
  }
  const numberOfAttempts = event.kind === 'retrying' ? event.attempt - 1 : event.attempts;
  return {
    list: 'retry',
    name,
    type: retryTypes[event.kind],
    more: { errorMessage: messageOf(event.error), numberOfAttempts },
  };
}

const retryTypes = { retrying: 'RETRY', 'gave-up': 'ERROR', 'not-retried': 'IGNORED_ERROR' } as const;
