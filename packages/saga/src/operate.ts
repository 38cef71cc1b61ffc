import { check } from '@dure/core';
import type { SagaAction, SagaHistoryEntry } from './change.ts';
import type { StepRecord, UnderWay } from './instance.ts';
import { isUnderWay, stateOf } from './instance.ts';
import { move, turnBack } from './move.ts';
import { placeOf } from './nodes.ts';
import { again } from './replied.ts';
import type { Turn } from './turn.ts';
import { inWords, resultIn } from './turn.ts';

/** Who does something, and why: what stands in the history of it. */
export interface Operator {
  readonly by: string;
  readonly why: string;
}

/** Does what an operator says; why it makes no sense now is the turn's `refused`. */
export function operate(turn: Turn, action: SagaAction, operator: Operator): undefined {
  turn.refused = whyNot(turn, action) ?? act(turn, action, operator);
}

function whyNot({ instance }: Turn, action: SagaAction): string | undefined {
  if (instance.status === 'finished') return `it is ${stateOf(instance)}`;
  if (instance.status !== 'paused' || action.do === 'resume' || action.do === 'extend') return undefined;
  return 'it is paused; resume it first';
}

function act(turn: Turn, action: SagaAction, operator: Operator): string | undefined {
  const detail = `${operator.by}: ${operator.why}`;
  switch (action.do) {
    case 'retry':
      return retry(turn, 'retried', detail);
    case 'resume':
      return turn.instance.status === 'paused' ? resume(turn, detail) : retry(turn, 'resumed', detail);
    case 'skip':
      return skip(turn, action.step, action.result, detail);
    case 'undo':
      return callOff(turn, operator, detail);
    case 'undone':
      return markUndone(turn, action.step, `${detail} (${action.evidence})`);
    case 'pause':
      return pause(turn, detail);
    case 'extend':
      return extend(turn, action.byMs, detail);
    case 'replace':
      return replace(turn, action.step, action.data, detail);
    default:
      action satisfies never;
  }
}

function retry(turn: Turn, what: SagaHistoryEntry['what'], detail: string): undefined {
  turn.note({ what, detail });
  turn.free();
  const { underWay } = turn;
  if (turn.instance.ending !== undefined) {
    turn.set({ status: 'ending', ending: { attempts: 0, dueAt: turn.now } });
    turn.work.push({ kind: 'end' });
  } else if (underWay.length === 0) move(turn);
  else for (const record of underWay) if (!isWithOthers(turn, record)) again(turn, record, 1);
  if (turn.saga.decider !== undefined) move(turn);
}

/** What somebody else will tell of cannot be hastened: an event, or a saga of its own. */
function isWithOthers(turn: Turn, { step, state, attempts }: UnderWay): boolean {
  const { node } = turn.place(step).leaf;
  return state === 'sent' && attempts > 0 && (node === 'wait' || (node === 'sub' && turn.find(step)?.state === 'sent'));
}

function skip(turn: Turn, path: string, result: unknown, detail: string): string | undefined {
  const record = turn.find(path);
  if (record?.state !== 'sent' && record?.state !== 'asking') return notUnderWay(path, record);
  const { leaf } = turn.place(path);
  const schema =
    leaf.node === 'command' ? leaf.do.command.output : leaf.node === 'wait' ? leaf.event?.schema : undefined;
  const checked = schema === undefined ? { ok: true as const, value: result ?? null } : check(schema, result, 'result');
  if (!checked.ok) return `the result does not fit the contract of ${path}: ${inWords(checked.errors)}`;
  turn.note({ what: 'skipped', step: path, detail });
  turn.put({ step: path, state: 'done', result: checked.value, order: turn.nextOrder() });
  move(turn);
  return undefined;
}

function callOff(turn: Turn, { by, why }: Operator, detail: string): string | undefined {
  const { phase, ending } = turn.instance;
  if (phase === 'backward') return 'it has turned back already';
  const decided = turn.instance.steps.some(({ step }) => {
    const kind = placeOf(turn.saga.nodes, step)?.leaf.kind;
    return kind === 'pivot' || kind === 'retriable';
  });
  if (decided || ending !== undefined) return 'its pivot has been sent; from there it goes only forward';
  const child = turn.underWay.find(({ step }) => turn.place(step).leaf.node === 'sub');
  if (child !== undefined) return `${child.step} is a saga of its own; call that off`;
  turn.note({ what: 'called-off', detail });
  turn.free();
  for (const { step, state } of turn.underWay) {
    const { node } = turn.place(step).leaf;
    if (node === 'local' || node === 'wait') turn.drop(step);
    else if (state !== 'undoing') turn.put({ step, state: 'unknown', order: turn.nextOrder() });
  }
  turnBack(turn, { reason: 'called-off', by, text: why });
  return undefined;
}

function markUndone(turn: Turn, path: string, detail: string): string | undefined {
  const record = turn.find(path);
  const isStuckBefore = (record?.state === 'done' || record?.state === 'unknown') && turn.instance.status === 'stuck';
  if (record?.state !== 'undoing' && !(isStuckBefore && turn.instance.phase === 'backward')) {
    return `${path} is ${record?.state ?? 'not begun'}, not being undone`;
  }
  turn.note({ what: 'marked-undone', step: path, detail });
  turn.put({ step: path, state: 'undone', ...resultIn(record) });
  move(turn);
  return undefined;
}

function pause(turn: Turn, detail: string): undefined {
  turn.note({ what: 'paused', detail });
  turn.set({ status: 'paused', pausedAt: turn.now });
}

/** Takes it up again: the time during which it was held has not passed for it. */
function resume(turn: Turn, detail: string): undefined {
  const { pausedAt = turn.now, deadlineAt, ending } = turn.instance;
  const held = turn.now - pausedAt;
  turn.note({ what: 'resumed', detail });
  turn.clear('pausedAt');
  turn.set({ status: ending === undefined ? 'open' : 'ending' });
  if (deadlineAt !== undefined) turn.set({ deadlineAt: deadlineAt + held });
  if (ending !== undefined) turn.set({ ending: { ...ending, dueAt: ending.dueAt + held } });
  for (const record of turn.underWay) turn.put(shifted(record, held));
  if (turn.instance.problem !== undefined && turn.instance.status === 'open') turn.set({ status: 'stuck' });
  else move(turn);
}

function shifted(record: UnderWay, byMs: number): StepRecord {
  const { dueAt } = record;
  const moved = dueAt === undefined ? record : { ...record, dueAt: dueAt + byMs };
  if (moved.state !== 'sent' || moved.waits?.untilMs === undefined) return moved;
  return { ...moved, waits: { ...moved.waits, untilMs: moved.waits.untilMs + byMs } };
}

function extend(turn: Turn, byMs: number, detail: string): string | undefined {
  const { deadlineAt } = turn.instance;
  if (deadlineAt === undefined) return 'it has no deadline, or has passed the point up to which that counts';
  if (!Number.isSafeInteger(byMs) || byMs === 0)
    return `the deadline can be moved by whole milliseconds, not by ${byMs}`;
  turn.set({ deadlineAt: deadlineAt + byMs });
  turn.note({ what: 'extended', detail: `${detail} (by ${byMs} ms)` });
  return undefined;
}

function replace(turn: Turn, path: string, data: unknown, detail: string): string | undefined {
  const record = turn.find(path);
  if (record === undefined || !isUnderWay(record)) return notUnderWay(path, record);
  const { leaf } = turn.place(path);
  const sent = record.state === 'undoing' ? leaf.undo : leaf.node === 'command' ? leaf.do : undefined;
  if (sent === undefined || typeof sent === 'function') return `${path} sends no command whose data could be replaced`;
  const checked = check(sent.command.input, data, 'data');
  if (!checked.ok) return `the data does not fit the contract of ${path}: ${inWords(checked.errors)}`;
  turn.note({ what: 'replaced', step: path, detail });
  const { problem: _, ...rest } = record;
  turn.put({ ...rest, data } as UnderWay);
  again(turn, turn.find(path) as UnderWay, 1);
  return undefined;
}

function notUnderWay(path: string, record: StepRecord | undefined): string {
  return `${path} is ${record === undefined ? 'not begun' : record.state}, not under way`;
}
