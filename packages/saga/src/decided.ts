import { codeOf, messageOf } from '@dure/core';
import type { RecordIn } from './change.ts';
import type { Decider, Decision, Decisions, Happened } from './decider.ts';
import { sagaErrors } from './errors.ts';
import type { StepRecord } from './instance.ts';
import type { Progress } from './progress.ts';
import type { Turn } from './turn.ts';

/** Where a decider's state is kept among the records: no step of it has this name. */
export const stateName = 'state';
/** More commands than this are a mistake: each leaves a record. */
const mostRecords = 1_000;
const longestWakeMs = 10 * 365 * 86_400_000;

type Memory = RecordIn<'decided'>;

/** The events that are to be waited for anew: each is heard as often as it comes, until the process ends or turns back. */
export function unheard(turn: Turn): readonly string[] {
  if (turn.instance.phase === 'backward' || memoryOf(turn)?.ends === true) return [];
  return turn.saga.nodes.flatMap((node) => {
    if (node.node !== 'repeated' || node.step.node !== 'wait') return [];
    const heard = turn.instance.steps.filter(({ step }) => nameOf(step) === node.name);
    if (heard.some(({ state }) => state === 'sent')) return [];
    return [`${node.name}.${1 + Math.max(-1, ...heard.map(({ step }) => indexOf(step)))}`];
  });
}

/** Tells the decider of all that it has not heard of yet, and does what it says. */
export function decided(turn: Turn, decider: Decider): Progress {
  const paths: string[] = [];
  for (let next = nextOf(turn); next !== undefined; next = nextOf(turn)) {
    const { happened, order } = next;
    try {
      if (turn.instance.steps.length > mostRecords)
        throw sagaErrors.DECISION_INVALID(`it has begun more than ${mostRecords} things`);
      const before = memoryOf(turn)?.result ?? plain(decider.initial(turn.instance.input));
      const state = plain(decider.evolve(before, happened));
      const decisions = decider.decide(state, happened, { ...made, ...contextOf(turn) }).map(sound);
      turn.put({ step: stateName, state: 'decided', order, result: state });
      if (next.spent !== undefined) turn.drop(next.spent);
      for (const decision of decisions) {
        if (decision.do === 'turn-back') return givesUp(turn, happened, decision);
        paths.push(...carriedOut(turn, decision));
      }
    } catch (error) {
      if (paths.length > 0) break; // what was decided before is begun first; then this is tried again
      turn.stick(`it could not decide what follows "${inShort(happened)}": ${said(error)}`);
      return { kind: 'waits' };
    }
  }
  return paths.length > 0 ? { kind: 'begins', paths } : settled(turn);
}

function settled(turn: Turn): Progress {
  const { underWay } = turn;
  const isEnding = memoryOf(turn)?.ends === true;
  if (underWay.length === 0 && !isEnding) turn.stick('it decided neither to wait for anything nor to end');
  if (underWay.length > 0 || !isEnding) return { kind: 'waits' };
  // What nobody answered may have been done, and the process ends without it.
  const unknown = turn.instance.steps.filter(({ state, step }) => state === 'unknown' && turn.place(step).leaf.undo);
  return unknown.length > 0 ? { kind: 'takes-back', paths: unknown.map(({ step }) => step) } : { kind: 'passed' };
}

interface Next {
  readonly happened: Happened;
  readonly order: number;
  /** Its record, when that is of no use any more. */
  readonly spent?: string;
}

/** What the decider has not heard of yet, the first of it. */
function nextOf(turn: Turn): Next | undefined {
  const memory = memoryOf(turn);
  if (memory === undefined) return { happened: { what: 'started' }, order: -1 };
  if (memory.ends === true) return undefined;
  const [first] = turn.instance.steps
    .filter(isSettled)
    .filter(({ order }) => (order ?? -1) > memory.order)
    .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0));
  if (first === undefined) return undefined;
  const { step, order = 0 } = first;
  return turn.place(step).leaf.node === 'wait'
    ? { happened: happenedTo(turn, first), order, spent: step }
    : { happened: happenedTo(turn, first), order };
}

type Settled = RecordIn<'done' | 'refused' | 'unknown'>;

function isSettled(record: StepRecord): record is Settled {
  const { state } = record;
  return state === 'done' || state === 'refused' || state === 'unknown';
}

function happenedTo(turn: Turn, record: Settled): Happened {
  const { leaf, index = 0 } = turn.place(record.step);
  const step = nameOf(record.step);
  if (leaf.node === 'wait') {
    if (leaf.event === undefined) return { what: 'woke', timer: step };
    return { what: 'heard', event: step, data: 'result' in record ? record.result : null };
  }
  const begun = { step, index, data: itemsOf(turn, step)[index] };
  switch (record.state) {
    case 'done':
      return { what: 'done', ...begun, result: record.result };
    case 'refused':
      return { what: 'refused', ...begun, code: record.code, refusal: record.data };
    case 'unknown':
      return { what: 'unanswered', ...begun };
    default:
      return record satisfies never;
  }
}

/** What makes no sense is found before anything is done. */
function sound(decision: Decision): Decision {
  if (decision.do === 'begin') return { ...decision, data: plain(decision.data) };
  if (decision.do !== 'wake' || (decision.afterMs >= 0 && decision.afterMs <= longestWakeMs)) return decision;
  const { timer, afterMs } = decision;
  throw sagaErrors.DECISION_INVALID(
    `the timer "${timer}" is to wake after ${afterMs} ms, which is not from 0 to ten years`,
  );
}

/** Does it, but for what is to be begun: the paths of that. */
function carriedOut(turn: Turn, decision: Exclude<Decision, { readonly do: 'turn-back' }>): readonly string[] {
  switch (decision.do) {
    case 'begin': {
      const { step, data } = decision;
      const items = itemsOf(turn, step);
      turn.put({ step, state: 'chosen', items: [...items, data] });
      return [`${step}.${items.length}`];
    }
    case 'wake': {
      const { timer: step, afterMs } = decision;
      turn.put({ step, state: 'sent', attempts: 1, dueAt: turn.now + afterMs });
      turn.note({ what: 'waiting', step, detail: `${afterMs} ms` });
      return [];
    }
    case 'cancel':
      turn.drop(decision.timer);
      return [];
    case 'complete':
      turn.put({ ...(memoryOf(turn) as Memory), ends: true });
      dropWaits(turn);
      return [];
    default:
      return decision satisfies never;
  }
}

function givesUp(turn: Turn, happened: Happened, decision: Extract<Decision, { readonly do: 'turn-back' }>): Progress {
  const { code, data } = decision;
  dropWaits(turn);
  return { kind: 'gives-up', why: { reason: 'refused', step: subjectOf(happened), code, data } };
}

function dropWaits(turn: Turn): void {
  for (const { step } of turn.instance.steps) {
    if (turn.saga.nodes.some(({ name }) => name === nameOf(step)) && turn.place(step)?.leaf.node === 'wait')
      turn.drop(step);
  }
}

function memoryOf(turn: Turn): Memory | undefined {
  return turn.find(stateName) as Memory | undefined;
}

function itemsOf(turn: Turn, name: string): readonly unknown[] {
  const chosen = turn.find(name);
  return chosen !== undefined && 'items' in chosen ? chosen.items : [];
}

function nameOf(path: string): string {
  return path.split('.', 1)[0] ?? path;
}

function indexOf(path: string): number {
  return Number(path.split('.', 2)[1]);
}

/** As it will be when it is read again: an instance is written as JSON. */
function plain(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

function contextOf({ instance: { id, input }, now }: Turn) {
  return { id, input, now };
}

/** Which step, event or timer it is about. */
function subjectOf(happened: Happened): string {
  switch (happened.what) {
    case 'started':
      return happened.what;
    case 'heard':
      return happened.event;
    case 'woke':
      return happened.timer;
    default:
      return `${happened.step}.${happened.index}`;
  }
}

function inShort(happened: Happened): string {
  return happened.what === 'started' ? 'started' : `${happened.what} ${subjectOf(happened)}`;
}

/** With its code, if it has one: by that it is looked up. */
function said(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? messageOf(error) : `${code}: ${messageOf(error)}`;
}

const made: Omit<Decisions, 'id' | 'input' | 'now'> = {
  send: (step, data) => ({ do: 'begin', step, data }),
  run: (step, data) => ({ do: 'begin', step, data }),
  wake: (timer, afterMs) => ({ do: 'wake', timer, afterMs }),
  cancel: (timer) => ({ do: 'cancel', timer }),
  complete: () => ({ do: 'complete' }),
  turnBack: (code, data = {}) => ({ do: 'turn-back', code, data }),
};
