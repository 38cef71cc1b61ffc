import type { Layer } from '@dure/core';
import { spanAttributes } from './span.ts';
import type { SpanKind, Telemetry } from './telemetry.ts';

/**
 * A layer that puts a span round every call, named `service.operation`; what counts as its failure says `Span.fail`.
 *
 * @example
 * stack(traced(telemetry, 'client'), deadline(clock), retry(budget));
 */
export function traced<In, Out>(telemetry: Pick<Telemetry, 'startSpan'>, kind: SpanKind): Layer<In, Out> {
  return (next) => async (input, call) => {
    const { operation, attempt } = call;
    const span = telemetry.startSpan(`${operation.service}.${operation.name}`, { kind, parent: call.trace });
    if (kind === 'client') span.set(spanAttributes.peer, operation.service);
    if (attempt.number > 1) span.set(spanAttributes.attempt, attempt.number);
    try {
      return await next(input, call.with({ trace: span.context }));
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  };
}
