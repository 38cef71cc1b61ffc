import { AssertionError } from 'node:assert/strict';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { advance } from '../advance.ts';
import { beginSaga } from '../begin-saga.ts';
import type { SagaChange, SagaEvent, SagaWork } from '../change.ts';
import { dueAt } from '../instance.ts';
import type { AnySaga, Saga } from '../saga.ts';
import { participantMoves } from './crash-participant.ts';
import type { CrashWorld, Underway } from './crash-world.ts';
import { keyOf } from './crash-world.ts';
import { brokenPromise } from './saga-promises.ts';

export interface CrashOptions<Input> {
  readonly input: Input;
  /**
   * What each step answers when it succeeds, by its name: `reserve`, `hold.stock`, or `notify` for all items of a fan-out. For a
   * wait it is the event's data. Default: null.
   */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** Messages that may come twice because somebody crashed after the commit, and local work that may fail. Default 1. */
  readonly faults?: number;
  /** How often an event of a process manager may come; each of a saga's waits takes one. Default 1. */
  readonly events?: number;
  /** Timeouts that may strike although an answer is on its way. Default 2. */
  readonly timeouts?: number;
  /** False shows what the participants' fence is for: without it, messages that come twice have two effects. Default true. */
  readonly fenced?: boolean;
  /** States after which to give up. Default 200 000. */
  readonly mostStates?: number;
}

/** What was explored. */
export interface CrashReport {
  /** Different states that were reached. */
  readonly states: number;
  /** Ends that were reached: of states in which nothing is under way any more. */
  readonly completed: number;
  readonly compensated: number;
}

/**
 * Tries everything that can happen to a saga: each command succeeds or is refused in every way that its contract declares,
 * messages overtake one another, come twice or come after the timeout, events come or do not, local work and ends fail. In
 * every state it checks that each effect happened at most once and that only what was done is undone; and that every way
 * ends, completed or compensated, with nothing half-done. Throws with the way that leads there.
 *
 * A crash before a commit changes nothing, so it needs no case of its own; one after a commit makes a message come twice.
 *
 * @example
 * crashEverywhere(placeOrder, { input, answers: { reserve: { reservationId: 'r' } } });
 */
export function crashEverywhere<Input, Tx, Done>(
  definition: Saga<Input, Tx, Done>,
  options: CrashOptions<Input>,
): CrashReport {
  const saga = definition as unknown as AnySaga;
  const { mostStates = 200_000 } = options;
  const open: CrashWorld[] = [firstWorld(saga, options)];
  const seen = new Set(open.map(keyOf));
  const report = { completed: 0, compensated: 0 };
  for (let world = open.pop(); world !== undefined; world = open.pop()) {
    const broken = brokenPromise(saga, world);
    if (broken !== undefined) throw violation(saga, world, broken);
    const next = successors(saga, world, options);
    if (next.length === 0) report[world.instance.phase === 'forward' ? 'completed' : 'compensated'] += 1;
    for (const one of next) {
      const key = keyOf(one);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > mostStates)
        throw violation(saga, one, `more than ${mostStates} states; allow fewer faults or timeouts`);
      open.push(one);
    }
  }
  return { states: seen.size, ...report };
}

/** A local step or a wait that comes first is looked after by the timer, as in the runner. */
function firstWorld<Input>(saga: AnySaga, { input, faults = 1, timeouts = 2 }: CrashOptions<Input>): CrashWorld {
  const clock = fakeClock();
  const change = beginSaga(saga, input, testCall(), { clock, ids: testIds() });
  const { instance } = change;
  const empty = {
    instance,
    underway: [],
    fences: {},
    effects: {},
    ends: 0,
    faults,
    timeouts,
    now: clock.now(),
    path: [],
  };
  return taken(empty, change, 'it starts');
}

type Told = Pick<CrashOptions<unknown>, 'answers' | 'fenced' | 'events'>;

function successors(saga: AnySaga, world: CrashWorld, options: Told): readonly CrashWorld[] {
  const worlds: CrashWorld[] = [];
  for (const message of unlike(world.underway)) {
    const { to, step, direction, reply } = message;
    const said = `${direction} ${step}${to === 'engine' ? ' is answered' : ''}`;
    const moves =
      to === 'engine' && reply !== undefined
        ? engineMoves(saga, world, { kind: 'replied', step, direction, reply }, said, options)
        : participantMoves(saga, world, message, options);
    for (const moved of moves) {
      worlds.push({ ...moved, underway: without(moved.underway, message) });
      if (moved.faults > 0)
        worlds.push({ ...moved, faults: moved.faults - 1, path: [...moved.path, 'and comes again later'] });
    }
  }
  for (const record of world.instance.steps) {
    if (record.state !== 'sent' || record.waits === undefined) continue;
    const { step } = record;
    const [name = step, index = 0] = step.split('.', 2);
    if (Number(index) >= (options.events ?? 1)) continue;
    const event: SagaEvent = { kind: 'arrived', step, data: options.answers?.[name] ?? null };
    worlds.push(...engineMoves(saga, world, event, `the event of ${step} comes`, options));
  }
  const due = dueAt(world.instance);
  const early = world.underway.length > 0;
  if (due !== undefined && (!early || world.timeouts > 0)) {
    const later = { ...world, now: Math.max(due, world.now), timeouts: early ? world.timeouts - 1 : world.timeouts };
    worlds.push(...engineMoves(saga, later, { kind: 'woken' }, 'time passes', options));
  }
  return worlds;
}

function engineMoves(
  saga: AnySaga,
  world: CrashWorld,
  event: SagaEvent,
  said: string,
  { answers }: Told,
): readonly CrashWorld[] {
  const change = advance(saga, world.instance, event, world.now);
  return worked(saga, taken(world, change, said), change.work, answers ?? {});
}

/** What the runner does in the same transaction, in every way in which it can come out. */
function worked(
  saga: AnySaga,
  world: CrashWorld,
  [task, ...rest]: readonly SagaWork[],
  answers: Readonly<Record<string, unknown>>,
): readonly CrashWorld[] {
  if (task === undefined) return [world];
  if (task.kind === 'look' || task.kind === 'sub') return worked(saga, world, rest, answers);
  const after = (before: CrashWorld, event: SagaEvent, said: string) => {
    const change = advance(saga, before.instance, event, before.now);
    return worked(saga, taken(before, change, said), [...rest, ...change.work], answers);
  };
  const fault = { ...world, faults: world.faults - 1 };
  const message = 'a fault';
  if (task.kind === 'end') {
    const ended = after({ ...world, ends: world.ends + 1 }, { kind: 'end-succeeded' }, 'the end succeeds');
    if (world.faults === 0) return ended;
    return [...ended, ...after(fault, { kind: 'end-failed', message }, 'the end fails')];
  }
  const { step, direction } = task;
  const name = `${direction} ${step}`;
  const effects = { ...world.effects, [name]: (world.effects[name] ?? 0) + 1 };
  const value = direction === 'do' ? (answers[step] ?? null) : null;
  const ran: SagaEvent = { kind: 'ran', step, direction, outcome: { ok: true, value } };
  const done = after({ ...world, effects }, ran, `${name} runs here`);
  if (world.faults === 0) return done;
  return [...done, ...after(fault, { ...ran, outcome: { ok: false, message } }, `${name} fails here`)];
}

function taken(world: CrashWorld, { instance, commands, work }: SagaChange, said: string): CrashWorld {
  const sent = commands.flatMap(({ step, direction }): readonly Underway[] =>
    direction === 'end' ? [] : [{ to: 'participant', step, direction }],
  );
  const subs = work.flatMap(({ kind, ...task }): readonly Underway[] =>
    kind === 'sub' && 'step' in task ? [{ to: 'participant', step: task.step, direction: 'do' }] : [],
  );
  return { ...world, instance, underway: [...world.underway, ...sent, ...subs], path: [...world.path, said] };
}

/** Of messages that are alike only one: which of them moves makes no difference. */
function unlike(messages: readonly Underway[]): readonly Underway[] {
  const byKey = new Map(messages.map((message) => [JSON.stringify(message), message]));
  return [...byKey.values()];
}

function without(messages: readonly Underway[], message: Underway): readonly Underway[] {
  const key = JSON.stringify(message);
  const at = messages.findIndex((one) => JSON.stringify(one) === key);
  return at === -1 ? messages : messages.toSpliced(at, 1);
}

function violation(saga: AnySaga, { path, instance }: CrashWorld, broken: string): Error {
  const steps = instance.steps.map(({ step, state }) => `${step} ${state}`).join(', ');
  const message = `${saga.name}: ${broken}\n  after: ${path.join('; ')}\n  state: ${instance.status} (${steps})`;
  return new AssertionError({ message });
}
