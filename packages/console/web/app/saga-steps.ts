import type { SagaDetail, SagaStepRecord } from '../../src/saga-contract.ts';

/** How a step stands, in one word. */
export type StepPhase =
  | 'next'
  | 'unreached'
  | 'running'
  | 'waiting'
  | 'asking'
  | 'undoing'
  | 'stuck'
  | 'done'
  | 'chosen'
  | 'refused'
  | 'unknown'
  | 'undone'
  | 'kept';

/** A step as the timeline shows it. Times are epoch milliseconds. */
export interface StepRow {
  readonly step: string;
  readonly phase: StepPhase;
  /** The command, the event or the saga. */
  readonly does: string | undefined;
  readonly isPivot: boolean;
  readonly beganAt: number | undefined;
  /** When it was settled; undefined while it is under way. */
  readonly endedAt: number | undefined;
  /** A wait is looked after now and then, which is no attempt. */
  readonly attempts: number;
  readonly record: SagaStepRecord | undefined;
  /** The last thing that went wrong with it, unless it has come to a good end since. */
  readonly failure: SagaDetail['history'][number] | undefined;
}

const settling = new Set(['done', 'refused', 'undone', 'kept', 'chosen', 'skipped', 'marked-undone']);
const failing = new Set(['failed', 'timed-out', 'refused', 'busy', 'stuck']);
const underWay: ReadonlySet<StepPhase> = new Set(['running', 'waiting', 'asking', 'undoing', 'stuck']);
const good: ReadonlySet<StepPhase> = new Set(['done', 'undone', 'kept', 'chosen']);

/** The steps that were begun, in that order, then those that are still to come. */
export function stepRows({ steps, plan, history, state }: SagaDetail): readonly StepRow[] {
  const begun = steps.map((record): StepRow => {
    const { step, attempts = 0 } = record;
    const planned = plan.find((one) => one.step === step || one.step === step.replace(/\.\d+$/, '.*'));
    const isWait = planned?.node === 'wait';
    const phase = phaseOf(record, isWait);
    const own = history.filter((entry) => entry.step === step);
    return {
      step,
      phase,
      does: planned?.does,
      isPivot: planned?.kind === 'pivot',
      beganAt: own[0]?.at,
      endedAt: underWay.has(phase) ? undefined : own.findLast(({ what }) => settling.has(what))?.at,
      attempts: isWait ? 0 : Math.max(attempts, ...own.map(({ attempt = 0 }) => attempt)),
      record,
      failure: good.has(phase) ? undefined : own.findLast(({ what }) => failing.has(what)),
    };
  });
  const isBegun = (planned: string) =>
    steps.some(({ step }) => step === planned || (planned.endsWith('.*') && step.startsWith(planned.slice(0, -1))));
  const phase = isForward({ state, history }) ? 'next' : 'unreached';
  const toCome = plan
    .filter(({ step }) => !isBegun(step))
    .map(({ step, does, kind }): StepRow => {
      const none = { beganAt: undefined, endedAt: undefined, attempts: 0, record: undefined, failure: undefined };
      return { step, phase, does, isPivot: kind === 'pivot', ...none };
    });
  return [...begun, ...toCome];
}

/** Whether the steps that it has not begun may still come. */
export function isForward({ state, history }: Pick<SagaDetail, 'state' | 'history'>): boolean {
  if (state === 'completed' || state === 'compensated' || state === 'compensating') return false;
  return !history.some(({ what }) => what === 'turned-back');
}

/** Where the bar of a step lies between the start of the saga and its end, or now: both 0 to 1. */
export function barOf(
  { beganAt, endedAt }: Pick<StepRow, 'beganAt' | 'endedAt'>,
  { startedAt, finishedAt, now }: Pick<SagaDetail, 'startedAt' | 'finishedAt' | 'now'>,
): { readonly from: number; readonly width: number } | undefined {
  if (beganAt === undefined) return undefined;
  const until = Math.max(finishedAt ?? now, startedAt + 1);
  const share = (at: number) => Math.min(Math.max((at - startedAt) / (until - startedAt), 0), 1);
  return { from: share(beganAt), width: share(endedAt ?? until) - share(beganAt) };
}

function phaseOf({ state, problem }: SagaStepRecord, isWait: boolean): StepPhase {
  if (state !== 'sent' && state !== 'asking' && state !== 'undoing') return state;
  if (problem !== undefined) return 'stuck';
  if (state !== 'sent') return state;
  return isWait ? 'waiting' : 'running';
}
