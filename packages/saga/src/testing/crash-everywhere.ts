import { AssertionError } from 'node:assert/strict';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import type { ReplyData } from '@dure/messaging';
import type { SagaChange, SagaEvent } from '../advance.ts';
import { advance } from '../advance.ts';
import { beginSaga } from '../begin-saga.ts';
import { fencedAnswer } from '../fenced.ts';
import { dueAt } from '../instance.ts';
import type { AnySaga, Saga } from '../saga.ts';
import type { CrashWorld, Underway } from './crash-world.ts';
import { brokenPromise } from './saga-promises.ts';

export interface CrashOptions<Input> {
  readonly input: Input;
  /** What each step's command answers when it succeeds, by the step's name. Default: null. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** Messages that may come twice because somebody crashed after the commit, and ends that may fail. Default 1. */
  readonly faults?: number;
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
 * messages overtake one another, come twice or come after the timeout, ends fail. In every state it checks that each
 * effect happened at most once and that only what was done is undone; and that every way ends, completed or compensated,
 * with nothing half-done. Throws with the shortest kind of explanation: the way that leads there.
 *
 * A crash before a commit changes nothing, so it needs no case of its own; one after a commit makes a message come twice.
 *
 * @example
 * crashEverywhere(placeOrder, { input, answers: { reserve: { reservationId: 'r' } } });
 */
export function crashEverywhere<Input, Tx>(definition: Saga<Input, Tx>, options: CrashOptions<Input>): CrashReport {
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

function firstWorld<Input>(saga: AnySaga, { input, faults = 1, timeouts = 2 }: CrashOptions<Input>): CrashWorld {
  const clock = fakeClock();
  const { instance } = beginSaga(saga, input, testCall(), { clock, ids: testIds() });
  const [first] = saga.steps;
  return {
    instance,
    underway: first === undefined ? [] : [{ to: 'participant', step: first.name, direction: 'do' }],
    fences: {},
    effects: {},
    ends: 0,
    faults,
    timeouts,
    now: clock.now(),
    path: [],
  };
}

type Told = Pick<CrashOptions<unknown>, 'answers' | 'fenced'>;

function successors(saga: AnySaga, world: CrashWorld, options: Told): readonly CrashWorld[] {
  const worlds: CrashWorld[] = [];
  for (const message of unlike(world.underway)) {
    const { to, step, direction, reply } = message;
    const said = `${direction} ${step}${to === 'engine' ? ' is answered' : ''}`;
    const moves =
      to === 'engine' && reply !== undefined
        ? engineMoves(saga, world, { kind: 'replied', step, direction, reply }, said)
        : participantMoves(saga, world, message, options);
    for (const moved of moves) {
      worlds.push({ ...moved, underway: without(moved.underway, message) });
      if (moved.faults > 0)
        worlds.push({ ...moved, faults: moved.faults - 1, path: [...moved.path, 'and comes again later'] });
    }
  }
  const due = dueAt(world.instance);
  const early = world.underway.length > 0;
  if (due !== undefined && (!early || world.timeouts > 0)) {
    const later = { ...world, now: Math.max(due, world.now), timeouts: early ? world.timeouts - 1 : world.timeouts };
    worlds.push(...engineMoves(saga, later, { kind: 'woken' }, 'time passes'));
  }
  return worlds;
}

function engineMoves(saga: AnySaga, world: CrashWorld, event: SagaEvent, said: string): readonly CrashWorld[] {
  const change = advance(saga, world.instance, event, world.now);
  const moved = taken(world, change, said);
  if (!change.ends) return [moved];
  const ended = taken(moved, advance(saga, change.instance, { kind: 'end-succeeded' }, world.now), 'the end succeeds');
  const worlds = [{ ...ended, ends: moved.ends + 1 }];
  if (world.faults === 0) return worlds;
  const failed = advance(saga, change.instance, { kind: 'end-failed', message: 'a fault' }, world.now);
  return [...worlds, { ...taken(moved, failed, 'the end fails'), faults: world.faults - 1 }];
}

function taken(world: CrashWorld, { instance, commands }: SagaChange, said: string): CrashWorld {
  const sent = commands.map(({ step, direction }): Underway => ({ to: 'participant', step, direction }));
  return { ...world, instance, underway: [...world.underway, ...sent], path: [...world.path, said] };
}

function participantMoves(
  saga: AnySaga,
  world: CrashWorld,
  { step, direction }: Underway,
  { answers = {}, fenced = true }: Told,
): readonly CrashWorld[] {
  const row = world.fences[step] ?? { do: undefined, undo: undefined };
  const known = fenced ? fencedAnswer(row, direction) : undefined;
  const outcomes = known === undefined ? outcomesOf(saga, step, direction, answers) : [known];
  return outcomes.map((reply) => {
    const name = `${direction} ${step}`;
    const carriedOut = known === undefined && reply.ok ? 1 : 0;
    const keeps = row[direction] === undefined && (direction === 'undo' ? reply.ok : known === undefined);
    return {
      ...world,
      fences: keeps ? { ...world.fences, [step]: { ...row, [direction]: reply } } : world.fences,
      effects: { ...world.effects, [name]: (world.effects[name] ?? 0) + carriedOut },
      underway: [...world.underway, { to: 'engine', step, direction, reply }],
      path: [...world.path, `${name} ${reply.ok ? 'succeeds' : `is refused: ${reply.refusal.code}`}`],
    };
  });
}

function outcomesOf(saga: AnySaga, name: string, direction: 'do' | 'undo', answers: Readonly<Record<string, unknown>>) {
  if (direction === 'undo') return [{ ok: true, value: null }] satisfies readonly ReplyData[];
  const codes = Object.keys(saga.steps.find((step) => step.name === name)?.do.command.refuses ?? {});
  const success: ReplyData = { ok: true, value: answers[name] ?? null };
  return [success, ...codes.map((code): ReplyData => ({ ok: false, refusal: { code, data: {} } }))];
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

/** Two worlds with the same key have the same future: the time itself does not matter, only what is due next. */
function keyOf({ instance, underway, effects, ends, faults, timeouts, fences }: CrashWorld): string {
  const { phase, status, steps, ending, deadlineAt } = instance;
  const timeless = steps.map((record) => ('dueAt' in record ? { ...record, dueAt: 0 } : record));
  const messages = underway.map((message) => JSON.stringify(message)).sort();
  const due = [ending?.attempts, deadlineAt !== undefined && dueAt(instance) === deadlineAt, deadlineAt === undefined];
  return JSON.stringify([phase, status, timeless, due, messages, effects, fences, ends, faults, timeouts]);
}

function violation(saga: AnySaga, { path, instance }: CrashWorld, broken: string): Error {
  const steps = instance.steps.map(({ step, state }) => `${step} ${state}`).join(', ');
  const message = `${saga.name}: ${broken}\n  after: ${path.join('; ')}\n  state: ${instance.status} (${steps})`;
  return new AssertionError({ message });
}
