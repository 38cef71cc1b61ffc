import type { Call, FallbackNote } from '@dure/core';
import { isRefusal } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import type { Results } from './ask-part.ts';
import type { PartPlan } from './part.ts';
import { partProblem } from './part-failure.ts';
import type { PartMark } from './part-mark.ts';

/** What has become of a part. */
export interface PartOutcome {
  readonly value: unknown;
  readonly mark: PartMark;
  /** How many calls were made for it. */
  readonly calls: number;
}

/** Makes a part of what its calls came to. What is not whole is noted in the page's call, what is absent is logged. */
export function partOutcome(part: PartPlan, { inOrder, calls }: Results, call: Call, log: Logger): PartOutcome {
  const values = inOrder.map((result) => ('error' in result ? undefined : result.value));
  const errors = inOrder.flatMap((result) => ('error' in result ? [result.error] : []));
  const notes = inOrder.flatMap((result) => ('error' in result ? [] : result.notes));
  for (const note of notes) call.fallbacks.add(note);
  const mark = errors.length === 0 ? standInMark(notes) : absentMark(part, errors, values.length, call, log);
  return { value: part.many ? values : values[0], mark, calls };
}

/** A part that could not even be asked for. */
export function absentPart(part: PartPlan, error: unknown, call: Call, log: Logger): PartOutcome {
  return { value: part.many ? [] : undefined, mark: absentMark(part, [error], 1, call, log), calls: 0 };
}

function standInMark(notes: readonly FallbackNote[]): PartMark {
  const [first] = notes;
  if (first === undefined) return { status: 'whole' };
  const ages = notes.flatMap(({ ageS }) => (ageS === undefined ? [] : [ageS]));
  return { status: 'fallback', kind: first.kind, ...(ages.length === 0 ? {} : { ageS: Math.max(...ages) }) };
}

function absentMark(part: PartPlan, errors: readonly unknown[], of: number, call: Call, log: Logger): PartMark {
  const { service, name } = part.operation;
  call.fallbacks.add({ operation: `${service}.${name}`, kind: 'absent' });
  const failure = errors.find((error) => !isRefusal(error)); // a refusal is an answer, and no reason to wake anybody
  if (failure !== undefined) {
    const page = `${call.operation.service}.${call.operation.name}`;
    log.warn(`${page} does without its part "${part.name}"`, { error: failure, trace: call.trace });
  }
  const problem = partProblem(part, errors[0], call);
  return errors.length === of
    ? { status: 'absent', problem }
    : { status: 'partial', absent: errors.length, of, problem };
}
