import type { Call, Layer } from '@dure/core';
import { spanAttributes } from './span.ts';
import type { Attributes, SpanKind, Telemetry } from './telemetry.ts';

/**
 * A layer that puts a span round every call, named `service.operation`; what counts as its failure says `Span.fail`, and
 * `describe` what an answer adds to it.
 *
 * @example
 * stack(traced(telemetry, 'client'), deadline(clock), retry(budget));
 */
export function traced<In, Out>(
  telemetry: Pick<Telemetry, 'startSpan'>,
  kind: SpanKind,
  describe?: (output: Out, call: Call) => Attributes | undefined,
): Layer<In, Out> {
  return (next) => async (input, call) => {
    const { operation, attempt } = call;
    const span = telemetry.startSpan(`${operation.service}.${operation.name}`, { kind, parent: call.trace });
    if (kind === 'client') span.set(spanAttributes.peer, operation.service);
    if (attempt.number > 1) span.set(spanAttributes.attempt, attempt.number);
    try {
      const output = await next(input, call.with({ trace: span.context }));
      const added = describe?.(output, call);
      if (added !== undefined)
        for (const [key, value] of Object.entries(added)) if (value !== undefined) span.set(key, value);
      return output;
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  };
}
