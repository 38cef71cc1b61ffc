import type { Call, Clock, FallbackNote, Handler } from '@dure/core';
import { FallbackNotes, isRefusal, timeLeftMs } from '@dure/core';
import { timeout } from '@dure/resilience';
import type { Span, Telemetry } from '@dure/telemetry';
import type { PartPlan } from './part.ts';
import { pageError, partProblem } from './part-failure.ts';
import type { PartMark } from './part-mark.ts';

/** What running parts needs. */
export interface PartKit {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The client's function for a part's operation. */
  readonly ask: (part: PartPlan) => Handler<unknown, unknown>;
}

/** What has become of a part. */
export interface PartOutcome {
  readonly value: unknown;
  readonly mark: PartMark;
  /** How many calls were made for it. */
  readonly calls: number;
}

/** Runs one part of a page: `given` are the parts it waited for, `call` is the page's. */
export type RunPart = (asked: unknown, given: unknown, call: Call) => Promise<PartOutcome>;

/** Which part of its time whoever asks leaves to itself: for what stands in, and for answering. */
export const ownShare = 0.95;

interface Answered {
  readonly value: unknown;
  readonly notes: readonly FallbackNote[];
}
type Result = Answered | { readonly error: unknown };

/**
 * A part never takes longer than its share, whatever its client does: what is absent then is stood in for, left out, or the
 * page's failure.
 */
export function partRunner(part: PartPlan, { clock, telemetry, ask }: PartKit): RunPart {
  const answerTo = answering(part, clock, ask(part));
  const seconds = telemetry.metrics.histogram(
    'dure_composition_part_seconds',
    'Time from asking for a part of a page to having it, or doing without',
  );
  const run = async (asked: unknown, given: unknown, call: Call): Promise<PartOutcome> => {
    const inputs = part.inputs(asked, given, call);
    if (inputs === undefined) return { value: undefined, mark: { status: 'skipped' }, calls: 0 };
    const results = await bounded(inputs, part.atOnce, call, (input) => answerTo(input, call));
    return outcomeOf(part, results, call);
  };
  return async (asked, given, call) => {
    const page = `${call.operation.service}.${call.operation.name}`;
    const limitMs = Math.min(timeLeftMs(call, clock) * part.share, part.timeoutMs);
    const span = telemetry.startSpan(`${page} ${part.name}`, { parent: call.trace });
    const startedMs = clock.monotonicMs();
    let status: PartMark['status'] | 'failed' = 'failed';
    try {
      const outcome = await run(asked, given, call.with({ trace: span.context, deadline: clock.now() + limitMs }));
      status = outcome.mark.status;
      span.set('dure.part.calls', outcome.calls);
      return outcome;
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      describe(span, limitMs, status);
      seconds.record((clock.monotonicMs() - startedMs) / 1_000, { page, part: part.name, status });
    }
  };

  function outcomeOf({ many }: PartPlan, { inOrder, calls }: Results, call: Call): PartOutcome {
    const values = inOrder.map((result) => ('error' in result ? undefined : result.value));
    const errors = inOrder.flatMap((result) => ('error' in result ? [result.error] : []));
    const notes = inOrder.flatMap((result) => ('error' in result ? [] : result.notes));
    for (const note of notes) call.fallbacks.add(note);
    if (errors.length > 0) tellAbsent(part, errors, call, telemetry);
    return { value: many ? values : values[0], mark: markOf(part, values.length, errors, notes, call), calls };
  }
}

function describe(span: Span, limitMs: number, status: string): void {
  span.set('dure.part.status', status);
  if (Number.isFinite(limitMs)) span.set('dure.part.limit_ms', Math.round(limitMs));
  span.end();
}

/** Asks with one input. What it throws ends the page. */
function answering(part: PartPlan, clock: Clock, ask: Handler<unknown, unknown>) {
  const { operation, optional, fallback } = part;
  const unbounded = { ...operation, timeoutMs: Number.POSITIVE_INFINITY };
  const limited = timeout<unknown, unknown>({ clock })((input, call) =>
    // Earlier, so that what the contract has in place of an answer comes before the part's time is over.
    ask(input, call.with({ deadline: clock.now() + timeLeftMs(call, clock) * ownShare })),
  );
  const answered = async (input: unknown, call: Call): Promise<Answered> => {
    const fallbacks = new FallbackNotes();
    try {
      const value = await limited(input, call.with({ operation: unbounded, fallbacks }));
      return { value, notes: fallbacks.all() };
    } catch (error) {
      if (fallback === undefined || isRefusal(error) || call.signal.aborted) throw error;
      const note: FallbackNote = { operation: nameOf(part), kind: 'function' };
      return { value: fallback(input, error), notes: [note] };
    }
  };
  return async (input: unknown, call: Call): Promise<Result> => {
    try {
      return await answered(input, call);
    } catch (error) {
      if (optional) return { error };
      throw pageError(part, error, call);
    }
  };
}

interface Results {
  /** One for each input. */
  readonly inOrder: readonly Result[];
  readonly calls: number;
}

/** Asks with each input, with equal ones once, and at most `atOnce` at a time. */
async function bounded(
  inputs: readonly unknown[],
  atOnce: number,
  { signal }: Call,
  answerTo: (input: unknown) => Promise<Result>,
): Promise<Results> {
  const keys = inputs.map((input) => JSON.stringify(input));
  const results = new Map<string, Result>();
  const distinct = new Map(keys.map((key, at) => [key, inputs[at]]));
  const pending = distinct.entries();
  const work = async () => {
    for (const [key, input] of pending) {
      results.set(key, await answerTo(input));
      signal.throwIfAborted();
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, distinct.size) }, work));
  return { inOrder: keys.map((key) => results.get(key) as Result), calls: distinct.size };
}

function markOf(
  part: PartPlan,
  of: number,
  errors: readonly unknown[],
  notes: readonly FallbackNote[],
  call: Call,
): PartMark {
  if (errors.length > 0) {
    const problem = partProblem(part, errors[0], call);
    return errors.length === of
      ? { status: 'absent', problem }
      : { status: 'partial', absent: errors.length, of, problem };
  }
  const [first] = notes;
  if (first === undefined) return { status: 'whole' };
  const ages = notes.flatMap(({ ageS }) => (ageS === undefined ? [] : [ageS]));
  return { status: 'fallback', kind: first.kind, ...(ages.length === 0 ? {} : { ageS: Math.max(...ages) }) };
}

/** A refusal is an answer, and no reason to wake anybody. */
function tellAbsent(part: PartPlan, errors: readonly unknown[], call: Call, { log }: Telemetry): void {
  call.fallbacks.add({ operation: nameOf(part), kind: 'absent' });
  const failure = errors.find((error) => !isRefusal(error));
  if (failure === undefined) return;
  const { service, name } = call.operation;
  log.warn(`${service}.${name} does without its part "${part.name}"`, { error: failure, trace: call.trace });
}

function nameOf({ operation: { service, name } }: PartPlan): string {
  return `${service}.${name}`;
}
