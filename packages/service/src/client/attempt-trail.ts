import type { Layer } from '@dure/core';
import { codeOf, DureError, isDureError, isRefusal, messageOf } from '@dure/core';
import { resilienceErrors } from '@dure/resilience';
import { spanEvent } from '@dure/telemetry';
import { serviceErrors } from '../errors.ts';

/** How one attempt of a call failed. */
export interface TrailStep {
  /** 1 for the first. */
  readonly attempt: number;
  /** Where it went; absent when it got nowhere, or stayed in this process. */
  readonly instance?: string;
  /** What refused it: `timeout`, `circuit breaker`, `balancer`, `connection`, … or `service`, when the service itself answered so. */
  readonly layer: string;
  readonly code: string;
  readonly message: string;
}

const layers: Readonly<Record<string, string>> = {
  [resilienceErrors.DEADLINE_EXCEEDED.code]: 'deadline',
  [resilienceErrors.TIMEOUT.code]: 'timeout',
  [resilienceErrors.CANCELLED.code]: 'caller',
  [resilienceErrors.BREAKER_OPEN.code]: 'circuit breaker',
  [serviceErrors.NO_INSTANCE.code]: 'balancer',
  [serviceErrors.CONNECT_FAILED.code]: 'connection',
  [serviceErrors.RESPONSE_INVALID.code]: 'answer',
  [serviceErrors.BODY_BROKEN.code]: 'body',
};

/**
 * Tells in each failure which attempt it was, where it went and which layer refused it, after what: as `details.trail`, a list of
 * `TrailStep`, and at the end of the message. The error keeps its code; what it was is its `cause`. Stands directly inside of
 * retry, which hands the failures before in `call.attempt.failed`. Each step is an event on the caller's span, too.
 */
export function attemptTrail(): Layer<unknown, unknown> {
  return (next) => async (input, call) => {
    try {
      return await next(input, call);
    } catch (error) {
      if (isRefusal(error) || !isDureError(error)) throw error;
      const { number, failed = [] } = call.attempt;
      const step = stepOf(error, number);
      spanEvent(call.trace, 'attempt failed', { ...step });
      const trail = [...failed.map((before, index) => lastStepOf(before, index + 1)), step];
      throw new DureError(error.code, error.kind, `${error.message} ${asText(trail)}`, {
        cause: error,
        retryable: error.retryable,
        details: { ...error.details, trail },
      });
    }
  };
}

function stepOf(error: DureError, attempt: number): TrailStep {
  const { instance, status } = error.details;
  return {
    attempt,
    ...(typeof instance === 'string' ? { instance } : {}),
    layer: status === undefined ? (layers[error.code] ?? ownName(error.code)) : 'service',
    code: error.code,
    message: error.message,
  };
}

/** `RESILIENCE_BULKHEAD_FULL` is refused by `bulkhead full`: layers that are not in the table still say who they are. */
function ownName(code: string): string {
  return code.startsWith('RESILIENCE_') ? code.slice(11).toLowerCase().replaceAll('_', ' ') : 'service';
}

/** The step that a failure before us already ends with. */
function lastStepOf(before: unknown, attempt: number): TrailStep {
  const trail = isDureError(before) ? before.details.trail : undefined;
  const last: unknown = Array.isArray(trail) ? trail.at(-1) : undefined;
  if (last !== undefined) return last as TrailStep;
  return { attempt, layer: 'unknown', code: codeOf(before) ?? '', message: messageOf(before) };
}

function asText(trail: readonly TrailStep[]): string {
  const [last, ...before] = trail.toReversed().map(({ attempt, instance, layer, code }, index) => {
    const where = instance === undefined ? '' : ` at ${instance}`;
    return `attempt ${attempt}${where}: ${layer}${index === 0 ? '' : ` (${code})`}`;
  });
  return before.length === 0 ? `[${last}]` : `[${last}; before that ${before.join(', ')}]`;
}
