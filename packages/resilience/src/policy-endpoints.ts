import type { Health, ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import type { BreakerState, BreakerSwitch } from './breaker-events.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Policy } from './policy.ts';
import type { EventList, PastEvent } from './policy-events.ts';
import { stateWord } from './policy-events.ts';

const jsonType = 'application/vnd.spring-boot.actuator.v3+json';
const onlyRead: ManagementResponse = { status: 405, allow: 'GET' };

/** Resilience4j's endpoints over some policies and their events. */
export function policyEndpoints(
  policies: () => readonly Policy[],
  past: (list: EventList) => readonly PastEvent[],
): readonly ManagementEndpoint[] {
  const names = (...kinds: readonly Policy['kind'][]) => [
    ...new Set(
      policies()
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ name }) => name),
    ),
  ];
  return [
    { id: 'circuitbreakers', handle: (request) => circuitBreakers(breakersOf(policies()), request) },
    { id: 'bulkheads', handle: reading(() => ({ bulkheads: names('bulkhead', 'adaptive-limit') })) },
    { id: 'retries', handle: reading(() => ({ retries: names('retry') })) },
    { id: 'ratelimiters', handle: reading(() => ({ rateLimiters: names('rate-limiter') })) },
    { id: 'timelimiters', handle: reading(() => ({ timeLimiters: namesIn(past('timeLimiter')) })) },
    events('circuitbreakerevents', 'circuitBreaker', past),
    events('bulkheadevents', 'bulkhead', past),
    events('retryevents', 'retry', past),
    events('ratelimiterevents', 'rateLimiter', past),
    events('timelimiterevents', 'timeLimiter', past),
  ];
}

/** A timeout is no policy with a name: those are shown whose attempts it has ended lately. */
function namesIn(past: readonly PastEvent[]): readonly string[] {
  return [...new Set(past.map(({ name }) => name))];
}

const switches: ReadonlyMap<unknown, BreakerSwitch> = new Map([
  ['CLOSE', 'closed'],
  ['FORCE_OPEN', 'forced-open'],
  ['DISABLE', 'disabled'],
]);

function circuitBreakers(breakers: readonly CircuitBreaker[], request: ManagementRequest): ManagementResponse {
  const { method, path, body } = request;
  if (path.length === 0) {
    if (method !== 'GET') return onlyRead;
    return json({ circuitBreakers: Object.fromEntries(breakers.map((breaker) => [breaker.name, shown(breaker)])) });
  }
  const breaker = path.length === 1 ? breakers.find(({ name }) => name === path[0]) : undefined;
  if (breaker === undefined) return { status: 404 };
  if (method !== 'POST') return { status: 405, allow: 'POST' };
  const wanted = typeof body === 'object' && body !== null && 'updateState' in body ? body.updateState : undefined;
  const state = switches.get(wanted);
  if (state === undefined)
    return { status: 400, detail: `say which state: { "updateState": … }, one of ${[...switches.keys()].join(', ')}` };
  breaker.switchTo(state);
  return json({
    circuitBreakerName: breaker.name,
    currentState: stateWord(breaker.state),
    message: `${breaker.name} state has been changed successfully`,
  });
}

function shown(breaker: CircuitBreaker) {
  const seen = breaker.snapshot();
  return {
    failureRate: percent(seen.failureRatio),
    slowCallRate: percent(seen.slowRatio),
    failureRateThreshold: percent(seen.failureLimit),
    slowCallRateThreshold: percent(seen.slowLimit),
    bufferedCalls: seen.calls,
    failedCalls: seen.failed,
    slowCalls: seen.slow,
    slowFailedCalls: seen.slowFailed,
    notPermittedCalls: seen.rejected,
    state: stateWord(seen.state),
  };
}

/** After Resilience4j's health indicator: an open breaker makes the component unknown at worst, never down. */
export function breakersHealth(policies: readonly Policy[]): Health {
  const breakers = breakersOf(policies);
  const status = (state: BreakerState) =>
    state === 'closed' ? 'UP' : state === 'open' || state === 'half-open' ? `CIRCUIT_${stateWord(state)}` : 'UNKNOWN';
  const isUp = breakers.length === 0 || breakers.some(({ state }) => state === 'closed');
  const details = breakers.map((breaker) => [breaker.name, { status: status(breaker.state), details: shown(breaker) }]);
  return { status: isUp ? 'UP' : 'UNKNOWN', details: Object.fromEntries(details) };
}

/** `50.0%`, as Java writes a float; `-1.0%` while it is unknown. */
function percent(ratio: number | undefined): string {
  const value = ratio === undefined ? -1 : Math.round(ratio * 1e6) / 1e4;
  return `${Number.isInteger(value) ? value.toFixed(1) : value}%`;
}

/** `circuitbreakerevents[/{name}[/{type}]]` and its like. */
function events(id: string, list: EventList, past: (list: EventList) => readonly PastEvent[]): ManagementEndpoint {
  return {
    id,
    handle({ method, path: [wantedName, wantedType, ...rest] }) {
      if (method !== 'GET') return onlyRead;
      if (rest.length > 0) return { status: 404 };
      const wanted = past(list).filter(
        ({ name, type }) =>
          (wantedName === undefined || name === wantedName) && (wantedType === undefined || type === wantedType),
      );
      return json({
        [`${list}Events`]: wanted.map(({ name, type, at, more }) => ({
          [`${list}Name`]: name,
          type,
          creationTime: `${new Date(at).toISOString()}[UTC]`,
          ...more,
        })),
      });
    },
  };
}

function reading(read: () => unknown): ManagementEndpoint['handle'] {
  return ({ method, path }) => {
    if (method !== 'GET') return onlyRead;
    return path.length === 0 ? json(read()) : { status: 404 };
  };
}

function breakersOf(policies: readonly Policy[]): readonly CircuitBreaker[] {
  return policies.filter((policy) => policy.kind === 'circuit-breaker');
}

function json(body: unknown): ManagementResponse {
  return { status: 200, contentType: jsonType, body };
}
