import type { ErrorKind, Layer } from '@dure/core';
import { codeOf, isDureError } from '@dure/core';
import { spanAttributes } from './span.ts';
import type { SpanKind, Telemetry } from './telemetry.ts';

const callersFault: ReadonlySet<ErrorKind> = new Set([
  'invalid',
  'unauthenticated',
  'forbidden',
  'missing',
  'method',
  'conflict',
  'unprocessable',
  'too-large',
  'media-type',
  'limited',
  'cancelled',
]);

/**
 * A layer that puts a span round every call, named `service.operation`. A refusal is noted but not a failure; nor is,
 * for whoever answers (`server`, `consumer`), an error that is the caller's fault.
 *
 * @example
 * stack(traced(telemetry, 'client'), deadline(clock), retry(budget));
 */
export function traced<In, Out>(telemetry: Pick<Telemetry, 'startSpan'>, kind: SpanKind): Layer<In, Out> {
  return (next) => async (input, call) => {
    const { operation, attempt } = call;
    const span = telemetry.startSpan(`${operation.service}.${operation.name}`, { kind, parent: call.trace });
    if (attempt.number > 1) span.set(spanAttributes.attempt, attempt.number);
    try {
      return await next(input, call.with({ trace: span.context }));
    } catch (error) {
      if (isFailure(error, kind)) span.fail(error);
      else span.set(spanAttributes.code, codeOf(error) ?? '');
      throw error;
    } finally {
      span.end();
    }
  };
}

/** Whether an error marks the span of this kind failed. */
export function isFailure(error: unknown, kind: SpanKind): boolean {
  if (!isDureError(error)) return true;
  if (error.kind === 'cancelled') return false;
  return kind === 'server' || kind === 'consumer' ? !callersFault.has(error.kind) : true;
}
