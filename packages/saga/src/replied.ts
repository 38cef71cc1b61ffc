import { check, isRefusal } from '@dure/core';
import type { ReplyData } from '@dure/messaging';
import type { Outcome, RecordIn, StepDirection } from './change.ts';
import { busyCode } from './claims.ts';
import type { StepRecord } from './instance.ts';
import { backoffMs, begin, beginUndo, move } from './move.ts';
import type { SagaStep } from './saga.ts';
import type { Turn } from './turn.ts';
import { attemptsUntilStuck, inWords, resultIn } from './turn.ts';

/** How soon a command is sent again that found its resource claimed; doubles, up to ten seconds. */
const busyWaitMs = 200;
const longestBusyWaitMs = 10_000;
/** How soon local work that failed is done again; doubles, up to a minute. */
const localRetryMs = 1_000;

/** Takes an answer. One that says nothing new changes nothing. */
export function replied(turn: Turn, path: string, direction: StepDirection, reply: ReplyData): undefined {
  const record = turn.find(path);
  if (record === undefined || turn.instance.status === 'finished') {
    return ignore(turn, path, direction, 'nobody waits for it');
  }
  if (direction === 'do' && (record.state === 'sent' || record.state === 'asking')) {
    return answered(turn, record, reply);
  }
  if (direction === 'undo' && record.state === 'undoing') return undone(turn, record, reply);
  if (direction === 'ask' && record.state === 'asking') return told(turn, record, reply);
  if (direction === 'do') learn(turn, record, reply);
  ignore(turn, path, direction, `late: the step is ${record.state}`);
}

/** Takes the outcome of local work. A refusal is an answer, anything else that is thrown is not. */
export function ran(turn: Turn, path: string, direction: 'do' | 'undo', outcome: Outcome): undefined {
  const record = turn.find(path);
  if (record?.state !== 'sent' && record?.state !== 'undoing') return;
  if (outcome.ok || 'refusal' in outcome) return replied(turn, path, direction, outcome);
  const { attempts } = record;
  turn.note({ what: 'failed', step: path, direction, attempt: attempts, detail: outcome.message });
  turn.put({ ...record, attempts: attempts + 1, dueAt: turn.now + backoffMs(localRetryMs, attempts) });
  if (attempts >= attemptsUntilStuck) {
    turn.stick(`${path} failed ${attempts} times, the last time with: ${outcome.message}`, path);
  }
}

/** Takes an event that a step waits for. */
export function arrived(turn: Turn, path: string, data: unknown): undefined {
  const record = turn.find(path);
  if (record?.state === 'sent' && record.waits !== undefined) done(turn, record, data);
}

/** What somebody threw, as the outcome of local work. */
export function outcomeOf(error: unknown, message: string): Outcome {
  return isRefusal(error) ? { ok: false, refusal: { code: error.code, data: error.data } } : { ok: false, message };
}

/** An answer that came after the saga had turned back changes nothing, but tells what there is to undo. */
function learn(turn: Turn, record: StepRecord, reply: ReplyData): undefined {
  if (!reply.ok) return;
  if (record.state === 'undoing') turn.put({ ...record, result: reply.value });
  if (record.state === 'unknown') turn.put({ ...record, state: 'done', result: reply.value });
}

function answered(turn: Turn, record: RecordIn<'sent' | 'asking'>, reply: ReplyData): undefined {
  if (reply.ok) return done(turn, record, reply.value);
  const { step, attempts: attempt } = record;
  const { leaf } = turn.place(step);
  const { code, data } = reply.refusal;
  const busy = 1 + (record.state === 'sent' ? (record.busy ?? 0) : 0);
  if (code === busyCode && leaf.node === 'command' && mayWait(leaf, busy, data)) {
    const dueAt = turn.now + Math.min(backoffMs(busyWaitMs, busy), longestBusyWaitMs);
    turn.note({ what: 'busy', step, direction: 'do', attempt });
    turn.put({ ...record, state: 'sent', attempts: 0, dueAt, busy });
    return;
  }
  turn.note({ what: 'refused', step, direction: 'do', attempt, detail: code });
  if (leaf.kind === 'retriable') {
    turn.stick(`${step} was refused (${code}), although it stands after the pivot`, step);
    return;
  }
  const order = turn.nextOrder();
  // A participant does not remember that it was busy: the same command may still come, and succeed, if it is not taken back.
  if (code === busyCode) turn.put({ step, state: 'unknown', refusal: { code, data }, order });
  else turn.put({ step, state: 'refused', code, data, order });
  move(turn);
}

/** An older saga waits for what a younger one holds; a younger one asks a few times, then gives up and with it what it holds. */
function mayWait({ kind, attempts }: SagaStep, busy: number, data: unknown): boolean {
  const { policy } = (data ?? {}) as { readonly policy?: unknown };
  return kind === 'retriable' || policy === 'wait' || (policy === 'die' && busy < attempts);
}

function done(turn: Turn, { step, attempts: attempt }: RecordIn<'sent' | 'asking'>, value: unknown): undefined {
  const { leaf } = turn.place(step);
  const schema =
    leaf.node === 'command' ? leaf.do.command.output : leaf.node === 'wait' ? leaf.event?.schema : undefined;
  const plain = leaf.node === 'command' ? null : (value ?? null);
  const checked = schema === undefined ? { ok: true as const, value: plain } : check(schema, value, 'result');
  if (!checked.ok) {
    turn.stick(`the result of ${step} does not fit its contract: ${inWords(checked.errors)}`, step);
    return;
  }
  turn.note({ what: 'done', step, direction: 'do', attempt });
  turn.put({ step, state: 'done', result: checked.value, order: turn.nextOrder() });
  move(turn);
}

function undone(turn: Turn, record: RecordIn<'undoing'>, reply: ReplyData): undefined {
  const { step, attempts: attempt, order } = record;
  if (!reply.ok) {
    turn.stick(`the compensation of ${step} was refused (${reply.refusal.code})`, step);
    return;
  }
  turn.note({ what: 'undone', step, direction: 'undo', attempt });
  turn.put({ step, state: 'undone', ...resultIn(record), ...(order === undefined ? {} : { order }) });
  move(turn);
}

/** Whoever says that it was not done cannot say that it never will be, so it is taken back as possibly done. */
function told(turn: Turn, record: RecordIn<'asking'>, reply: ReplyData): undefined {
  const { done: wasDone, result } = (reply.ok ? (reply.value ?? {}) : {}) as { done?: unknown; result?: unknown };
  if (wasDone === true) return done(turn, record, result);
  turn.put({ step: record.step, state: 'unknown', order: turn.nextOrder() });
  move(turn);
}

/** Sends what is under way again, whatever it is. */
export function again(
  turn: Turn,
  { step, state }: RecordIn<'sent' | 'asking' | 'undoing'>,
  attempt: number,
): undefined {
  if (state === 'undoing') beginUndo(turn, step, attempt);
  else begin(turn, step, attempt);
}

function ignore(turn: Turn, step: string, direction: StepDirection, detail: string): undefined {
  turn.note({ what: 'ignored', step, direction, detail });
}
