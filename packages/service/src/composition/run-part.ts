import type { Call, Clock, Handler } from '@dure/core';
import { isRefusal, timeLeftMs } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import { partAsker } from './ask-part.ts';
import type { PartPlan } from './part.ts';
import type { PartMark } from './part-mark.ts';
import type { PartOutcome } from './part-outcome.ts';
import { absentPart, partOutcome } from './part-outcome.ts';

/** What running parts needs. */
export interface PartKit {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The client's function for a part's operation. */
  readonly ask: (part: PartPlan) => Handler<unknown, unknown>;
}

/** Runs one part of a page: `given` are the parts it waited for, `call` is the page's. */
export type RunPart = (asked: unknown, given: unknown, call: Call) => Promise<PartOutcome>;

/**
 * Runs a part within its share of the time that is left, under a span of its own. What is absent then is stood in for, left
 * out, or the page's failure.
 */
export function partRunner(part: PartPlan, kit: PartKit): RunPart {
  const { clock, telemetry } = kit;
  const settle = settler(part, kit);
  const seconds = telemetry.metrics.histogram(
    'dure_composition_part_seconds',
    'Time from asking for a part of a page to having it, or doing without',
  );
  return async (asked, given, call) => {
    const page = `${call.operation.service}.${call.operation.name}`;
    const limitMs = Math.min(timeLeftMs(call, clock) * part.share, part.timeoutMs);
    const span = telemetry.startSpan(`${page} ${part.name}`, { parent: call.trace });
    const startedMs = clock.monotonicMs();
    let status: PartMark['status'] | 'failed' = 'failed';
    try {
      const inTime = call.with({ trace: span.context, deadline: clock.now() + limitMs });
      const outcome = await settle(asked, given, inTime);
      status = outcome.mark.status;
      span.set('dure.part.calls', outcome.calls);
      return outcome;
    } catch (error) {
      span.fail(error);
      if (!isRefusal(error) && !call.signal.aborted)
        telemetry.log.warn(`${page} cannot do without its part "${part.name}"`, { error, trace: call.trace });
      throw error;
    } finally {
      span.set('dure.part.status', status);
      span.set('dure.part.limit_ms', Math.round(limitMs));
      span.end();
      seconds.record((clock.monotonicMs() - startedMs) / 1_000, { page, part: part.name, status });
    }
  };
}

function settler(part: PartPlan, { clock, telemetry: { log }, ask }: PartKit): RunPart {
  const askAll = partAsker(part, clock, ask(part));
  return async (asked, given, call) => {
    let inputs: readonly unknown[] | undefined;
    try {
      inputs = part.inputs(asked, given, call);
    } catch (error) {
      if (part.optional) return absentPart(part, error, call, log);
      throw error;
    }
    if (inputs === undefined) return { value: undefined, mark: { status: 'skipped' }, calls: 0 };
    return partOutcome(part, await askAll(inputs, call), call, log);
  };
}
