import type { RecordIn } from './change.ts';
import type { UnderWay } from './instance.ts';
import { heedsDeadline } from './instance.ts';
import { ask, backoffMs, begin, beginUndo, move, turnBack } from './move.ts';
import type { SagaStep, WaitStep } from './saga.ts';
import type { Turn } from './turn.ts';
import { attemptsUntilStuck, longestWaitMs } from './turn.ts';

const endRetryMs = 1_000;
/** Of a wait without end: after a minute whatever came in the moment in which it began is committed. */
const mostLooks = 6;

/** Time has passed: does whatever is due. */
export function woken(turn: Turn): undefined {
  const { status, phase, ending, deadlineAt } = turn.instance;
  if (status === 'ending' && ending !== undefined && ending.dueAt <= turn.now) turn.work.push({ kind: 'end' });
  if (status !== 'open' && status !== 'stuck') return;
  const late = phase === 'forward' && deadlineAt !== undefined && deadlineAt <= turn.now;
  if (late && heedsDeadline(turn.instance)) return giveUp(turn);
  for (const record of turn.underWay) {
    if (isDue(record, turn.now) && turn.find(record.step) === record) timedOut(turn, record);
  }
}

function isDue({ dueAt, problem }: UnderWay, now: number): boolean {
  return problem === undefined && dueAt !== undefined && dueAt <= now;
}

/** Turns back before the pivot; what is under way may have been done, but for what this engine does itself. */
function giveUp(turn: Turn): undefined {
  const { underWay } = turn;
  for (const { step, state } of underWay) {
    const { node } = turn.place(step).leaf;
    if (node === 'local' || node === 'wait') turn.drop(step);
    else if (state !== 'undoing') turn.put({ step, state: 'unknown', order: turn.nextOrder() });
  }
  turnBack(turn, { reason: 'timed-out', step: underWay[0]?.step });
}

function timedOut(turn: Turn, record: UnderWay): undefined {
  const { leaf } = turn.place(record.step);
  switch (leaf.node) {
    case 'local':
      turn.work.push({ kind: 'local', step: record.step, direction: record.state === 'undoing' ? 'undo' : 'do' });
      return;
    case 'wait':
      return waitIsOver(turn, record, leaf);
    case 'command':
      if (record.state === 'undoing') return undoTimedOut(turn, record);
      return commandTimedOut(turn, record, leaf);
    case 'sub':
      if (record.state === 'undoing') undoTimedOut(turn, record);
      return;
    default:
      leaf satisfies never;
  }
}

function commandTimedOut(turn: Turn, record: RecordIn<'sent' | 'asking'>, leaf: SagaStep): undefined {
  const { step, attempts: attempt, state } = record;
  // Attempt 0 is one that was not sent: it waited because somebody else held what it wants.
  if (attempt > 0) turn.note({ what: 'timed-out', step, direction: state === 'asking' ? 'ask' : 'do', attempt });
  if (leaf.kind !== 'compensatable' || attempt < leaf.attempts) {
    if (state === 'asking') ask(turn, step, leaf, attempt + 1);
    else begin(turn, step, attempt + 1);
  } else if (state === 'sent' && leaf.status !== undefined) ask(turn, step, leaf, 1);
  else {
    turn.put({ step, state: 'unknown', order: turn.nextOrder() });
    move(turn);
  }
}

function undoTimedOut(turn: Turn, { step, attempts: attempt }: RecordIn<'undoing'>): undefined {
  turn.note({ what: 'timed-out', step, direction: 'undo', attempt });
  if (attempt < attemptsUntilStuck) beginUndo(turn, step, attempt + 1);
  else turn.stick(`the compensation of ${step} was not answered in ${attempt} attempts`, step);
}

function waitIsOver(turn: Turn, record: UnderWay, { event, otherwise }: WaitStep): undefined {
  const { step, attempts } = record;
  const waits = record.state === 'sent' ? record.waits : undefined;
  const order = turn.nextOrder();
  if (waits !== undefined && (waits.untilMs === undefined || waits.untilMs > turn.now)) {
    const dueAt = Math.min(turn.now + backoffMs(1_000, attempts + 1), waits.untilMs ?? Number.POSITIVE_INFINITY);
    const { dueAt: _, ...rest } = { ...record, attempts: attempts + 1 };
    turn.put(waits.untilMs === undefined && attempts >= mostLooks ? rest : { ...rest, dueAt });
    turn.work.push({ kind: 'look', step, event: waits.event, key: waits.key });
    return;
  }
  if (event !== undefined) turn.note({ what: 'timed-out', step, direction: 'do', attempt: 1 });
  else turn.note({ what: 'done', step, direction: 'do', attempt: 1 });
  if (otherwise === 'go-on') turn.put({ step, state: 'done', result: null, order });
  else turn.put({ step, state: 'unknown', order });
  move(turn);
}

/** The end hook has run. */
export function ended(turn: Turn): undefined {
  if (turn.instance.status !== 'ending') return;
  turn.note({ what: turn.instance.phase === 'forward' ? 'completed' : 'compensated' });
  turn.clear('ending');
  turn.set({ status: 'finished', finishedAt: turn.now });
  turn.tellOfEnd();
}

/** It has failed and left nothing. */
export function endFailed(turn: Turn, message: string): undefined {
  if (turn.instance.status !== 'ending') return;
  const attempts = (turn.instance.ending?.attempts ?? 0) + 1;
  turn.note({ what: 'end-failed', attempt: attempts, detail: message });
  const dueAt = turn.now + Math.min(endRetryMs * 2 ** (attempts - 1), longestWaitMs);
  turn.set({ ending: { attempts, dueAt } });
  if (attempts >= attemptsUntilStuck) {
    turn.stick(`its end failed ${attempts} times, the last time with: ${message}`);
  }
}
