import type { Call, Handler } from '@dure/core';
import { isDureError, timeLeftMs } from '@dure/core';
import { resilienceErrors } from '@dure/resilience';
import { ownShare } from './ask-part.ts';
import type { PartPlan } from './part.ts';
import type { PartMark } from './part-mark.ts';
import type { PartOutcome } from './part-outcome.ts';
import type { PartKit } from './run-part.ts';
import { partRunner } from './run-part.ts';

/** All parts of a page, and what became of each. */
export interface Gathered {
  readonly values: Readonly<Record<string, unknown>>;
  readonly marks: Readonly<Record<string, PartMark>>;
}

/**
 * Gathers the parts of a page: each is asked for as soon as those it waits for are settled. When one fails that the page
 * cannot do without, or the caller leaves, the others are cancelled.
 */
export function gatherParts(parts: readonly PartPlan[], kit: PartKit): Handler<unknown, Gathered> {
  const { clock, telemetry } = kit;
  const runs = parts.map((part) => ({ part, run: partRunner(part, kit) }));
  const spent = telemetry.metrics.counter(
    'dure_composition_cost',
    'What the calls for the parts of pages cost together',
  );
  return async (asked, call) => {
    const page = `${call.operation.service}.${call.operation.name}`;
    const span = telemetry.startSpan(`compose ${page}`, { parent: call.trace });
    const ended = new AbortController();
    const within = Math.min(timeLeftMs(call, clock), call.operation.timeoutMs) * ownShare;
    const forParts = call.with({ trace: span.context, deadline: clock.now() + within, signal: ended.signal });
    const outcomes = new Map<string, PartOutcome>();
    const total = { calls: 0, cost: 0 };
    const settled = new Map<string, Promise<void>>();
    const gather = async ({ part, run }: (typeof runs)[number]) => {
      await Promise.all(part.after.map((name) => settled.get(name)));
      const given = Object.fromEntries(part.after.map((name) => [name, outcomes.get(name)?.value]));
      const outcome = await run(asked, given, forParts);
      outcomes.set(part.name, outcome);
      total.calls += outcome.calls;
      total.cost += outcome.calls * part.operation.cost;
    };
    for (const one of runs) settled.set(one.part.name, gather(one));
    const caller = watchCaller(call);
    try {
      await Promise.race([Promise.all(settled.values()), caller.left]);
      const each = <T>(pick: (outcome: PartOutcome) => T) =>
        Object.fromEntries(parts.map(({ name }) => [name, pick(outcomes.get(name) as PartOutcome)]));
      return { values: each(({ value }) => value), marks: each(({ mark }) => mark) };
    } catch (error) {
      ended.abort(resilienceErrors.CANCELLED(`${page} has come to an end without its other parts`));
      span.fail(error);
      throw error;
    } finally {
      caller.release();
      span.set('dure.parts.calls', total.calls);
      span.set('dure.parts.cost', total.cost);
      span.end();
      spent.add(total.cost, { page });
    }
  };
}

/** `left` rejects when the caller leaves. */
function watchCaller({ signal, operation: { service, name } }: Call) {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = () => {
    const { reason } = signal as { readonly reason: unknown };
    reject(isDureError(reason) ? reason : resilienceErrors.CANCELLED(`${service}.${name}: the caller has gone`));
  };
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  return { left, release: () => signal.removeEventListener('abort', leave) };
}
