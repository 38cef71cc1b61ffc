import { check, messageOf } from '@dure/core';
import type { RecordIn } from './change.ts';
import { decided, unheard } from './decided.ts';
import type { StepRecord } from './instance.ts';
import { isUnderWay } from './instance.ts';
import { progressOf } from './progress.ts';
import type { EachNode, SagaFailure, SagaStep, SubStep, UndoContext, WaitStep, WhenNode } from './saga.ts';
import type { Send } from './send.ts';
import type { Turn } from './turn.ts';
import { inWords, longestWaitMs, orderOf, resultIn } from './turn.ts';

/** More items than this in a fan-out are a mistake. */
const mostItems = 1_000;
/** How soon a wait looks again for an event that came in the very moment in which it began. */
const firstLookMs = 1_000;

/** Begins whatever can begin now, in the direction in which the instance goes. */
export function move(turn: Turn): undefined {
  if (turn.saga.decider !== undefined) for (const path of unheard(turn)) begin(turn, path, 1);
  if (turn.instance.status === 'paused') return;
  if (turn.instance.phase === 'forward') forward(turn);
  else backward(turn);
}

/** From here on only backward. */
export function turnBack(turn: Turn, why: SagaFailure): undefined {
  turn.set({ phase: 'backward', why });
  const step = why.reason === 'called-off' ? undefined : why.step;
  const detail = why.reason === 'refused' ? why.code : why.reason;
  turn.note({ what: 'turned-back', ...(step === undefined ? {} : { step }), detail });
  move(turn);
}

function forward(turn: Turn): undefined {
  for (;;) {
    const { decider, nodes } = turn.saga;
    const progress = decider === undefined ? progressOf(nodes, turn.find) : decided(turn, decider);
    switch (progress.kind) {
      case 'passed':
        return end(turn);
      case 'waits':
        return;
      case 'begins':
        for (const path of progress.paths) begin(turn, path, 1);
        if (decider === undefined) return;
        break;
      case 'decides':
        if (!decide(turn, progress.node)) return;
        break;
      case 'takes-back':
        for (const path of progress.paths) takeBack(turn, turn.find(path) as Settled);
        break;
      case 'fails':
        return turnBack(turn, failureOf(turn.find(progress.path)));
      case 'gives-up':
        return turnBack(turn, progress.why);
      default:
        progress satisfies never;
    }
  }
}

function failureOf(record: StepRecord | undefined): SagaFailure {
  const refusal = record?.state === 'refused' ? record : record?.state === 'unknown' ? record.refusal : undefined;
  if (record === undefined || refusal === undefined) return { reason: 'timed-out', step: record?.step };
  const { code, data } = refusal;
  return { reason: 'refused', step: record.step, code, data };
}

function decide(turn: Turn, node: WhenNode | EachNode): boolean {
  const context = turn.context(node.name);
  try {
    if (node.node === 'when') {
      const result = node.condition(context);
      turn.put({ step: node.name, state: 'chosen', result });
      turn.note({ what: 'chosen', step: node.name, detail: String(result) });
      return true;
    }
    const items = node.items(context);
    if (items.length > mostItems) {
      turn.stick(`${node.name} has ${items.length} items, at most ${mostItems} make sense; split it`, node.name);
      return false;
    }
    turn.put({ step: node.name, state: 'chosen', items });
    turn.note({ what: 'chosen', step: node.name, detail: `${items.length} items` });
    return true;
  } catch (error) {
    turn.stick(`${node.name} could not decide: ${messageOf(error)}`, node.name);
    return false;
  }
}

type Settled = RecordIn<'done' | 'unknown'>;

/** What was settled last is taken back first; what was done side by side is taken back side by side. */
function backward(turn: Turn): undefined {
  for (;;) {
    if (turn.instance.steps.some(isUnderWay)) return;
    const settled = turn.instance.steps
      .map((record, at) => ({ record, order: orderOf(record, at) }))
      .filter((one): one is { record: Settled; order: number } => isSettled(one.record))
      .sort((a, b) => b.order - a.order)
      .map(({ record }) => record);
    const [last] = settled;
    if (last === undefined) return end(turn);
    const { group } = turn.place(last.step);
    const together = settled.filter(({ step }) => step === last.step || turn.place(step).group === group);
    for (const record of group === undefined ? [last] : together) takeBack(turn, record);
  }
}

function isSettled({ state }: StepRecord): boolean {
  return state === 'done' || state === 'unknown';
}

function takeBack(turn: Turn, record: Settled): undefined {
  const { step } = record;
  const { leaf } = turn.place(step);
  const order = record.order === undefined ? {} : { order: record.order };
  if (leaf.undo === undefined) {
    turn.put({ step, state: 'kept', ...resultIn(record), ...order });
    turn.note({ what: 'kept', step, detail: leaf.nothingToUndo ?? '' });
    return;
  }
  turn.put({ step, state: 'undoing', attempts: 0, ...resultIn(record), ...order });
  beginUndo(turn, step, 1);
}

/** Sends a step's command, or does whatever else it does. */
export function begin(turn: Turn, path: string, attempt: number): undefined {
  const { leaf } = turn.place(path);
  switch (leaf.node) {
    case 'command':
      sendDo(turn, path, leaf, attempt);
      break;
    case 'local':
      turn.put({ step: path, state: 'sent', attempts: attempt, dueAt: turn.now });
      turn.work.push({ kind: 'local', step: path, direction: 'do' });
      break;
    case 'wait':
      beginWait(turn, path, leaf);
      break;
    case 'sub':
      beginSub(turn, path, leaf);
      break;
    default:
      leaf satisfies never;
  }
  if (leaf.kind !== 'compensatable') turn.clear('deadlineAt');
}

function sendDo(turn: Turn, path: string, step: SagaStep, attempt: number): undefined {
  const { data, busy } = { ...turn.find(path) } as Partial<RecordIn<'sent'>>;
  const given = data === undefined ? {} : { data };
  const kept = { ...given, ...(busy === undefined ? {} : { busy }) };
  const problem = turn.send(path, { direction: 'do', attempt, ...given }, step.do, turn.context(path));
  const attempts = problem === undefined ? attempt : attempt - 1;
  turn.put({ step: path, state: 'sent', attempts, dueAt: waitUntil(turn, step, attempt), ...kept });
  if (problem !== undefined) turn.stick(problem, path);
}

function beginWait(turn: Turn, path: string, { event, key, timeoutMs }: WaitStep): undefined {
  const untilMs = timeoutMs === undefined ? undefined : turn.now + timeoutMs;
  if (event === undefined) {
    turn.put({ step: path, state: 'sent', attempts: 1, dueAt: untilMs ?? turn.now });
    turn.note({ what: 'waiting', step: path, detail: `${timeoutMs} ms` });
    return;
  }
  try {
    const waits = { event: event.name, key: key(turn.context(path)), ...(untilMs === undefined ? {} : { untilMs }) };
    if ((turn.place(path).index ?? 0) > 0) {
      turn.put({ step: path, state: 'sent', attempts: 1, waits }); // a look would find what was heard before
      return;
    }
    turn.put({ step: path, state: 'sent', attempts: 1, dueAt: turn.now + firstLookMs, waits });
    turn.note({ what: 'waiting', step: path, detail: `${waits.event} ${waits.key}` });
    turn.work.push({ kind: 'look', step: path, event: waits.event, key: waits.key });
  } catch (error) {
    turn.put({ step: path, state: 'sent', attempts: 0, dueAt: turn.now });
    turn.stick(`${path} could not say for which key it waits: ${messageOf(error)}`, path);
  }
}

function beginSub(turn: Turn, path: string, { saga, data }: SubStep): undefined {
  turn.put({ step: path, state: 'sent', attempts: 1 });
  try {
    const checked = check(saga.input, data(turn.context(path)), 'input');
    if (!checked.ok) {
      turn.stick(`${path} cannot start the saga ${saga.name}: ${inWords(checked.errors)}`, path);
      return;
    }
    turn.work.push({ kind: 'sub', step: path, saga, input: checked.value });
    turn.note({ what: 'sent', step: path, direction: 'do', attempt: 1, detail: `saga ${saga.name}` });
  } catch (error) {
    turn.stick(`${path} could not say what the saga ${saga.name} starts with: ${messageOf(error)}`, path);
  }
}

/** Sends a step's compensation, or runs it when it is local. The record is `undoing` already. */
export function beginUndo(turn: Turn, path: string, attempt: number): undefined {
  const record = turn.find(path) as RecordIn<'undoing'>;
  const { leaf } = turn.place(path);
  if (leaf.undo === undefined) return;
  if (leaf.node === 'local') {
    turn.put({ ...record, attempts: attempt, dueAt: turn.now });
    turn.work.push({ kind: 'local', step: path, direction: 'undo' });
    return;
  }
  const context: UndoContext = { ...turn.context(path), result: record.result };
  const data = 'data' in record ? { data: record.data } : {};
  const undo: Send<UndoContext> = leaf.undo;
  const problem = turn.send(path, { direction: 'undo', attempt, ...data }, undo, context);
  if (problem === undefined) turn.put({ ...record, attempts: attempt, dueAt: waitUntil(turn, leaf, attempt) });
  else turn.stick(problem, path);
}

/** Asks whether a step was done that nobody answered. */
export function ask(turn: Turn, path: string, step: SagaStep, attempt: number): undefined {
  if (step.status === undefined) return;
  const problem = turn.send(path, { direction: 'ask', attempt }, step.status, turn.context(path));
  turn.put({ step: path, state: 'asking', attempts: attempt, dueAt: waitUntil(turn, step, attempt) });
  if (problem !== undefined) turn.stick(problem, path);
}

function waitUntil({ now }: Turn, { timeoutMs }: { readonly timeoutMs: number }, attempt: number): number {
  return now + backoffMs(timeoutMs, attempt);
}

/** Twice as long each time, at most a minute, or the first wait if that is longer. */
export function backoffMs(firstMs: number, attempt: number): number {
  return Math.min(firstMs * 2 ** Math.min(attempt - 1, 30), Math.max(longestWaitMs, firstMs));
}

function end(turn: Turn): undefined {
  turn.set({ status: 'ending', ending: { attempts: 0, dueAt: turn.now } });
  turn.work.push({ kind: 'end' });
}
