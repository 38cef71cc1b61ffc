import type { ReplyData } from '@dure/messaging';
import { busyCode } from '../claims.ts';
import { fencedAnswer } from '../fenced.ts';
import { placeOf } from '../nodes.ts';
import type { AnySaga, SagaLeaf } from '../saga.ts';
import type { CrashWorld, Underway } from './crash-world.ts';

interface Told {
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly fenced?: boolean;
}

/** What a participant may make of a message: carry it out, refuse it, or answer from what it remembers. */
export function participantMoves(
  saga: AnySaga,
  world: CrashWorld,
  message: Underway,
  { answers = {}, fenced = true }: Told,
): readonly CrashWorld[] {
  const { step, direction } = message;
  if (direction === 'ask') return [tells(world, step, answers)];
  const row = world.fences[step] ?? { do: undefined, undo: undefined };
  const known = fenced ? fencedAnswer(row, direction) : undefined;
  const leaf = placeOf(saga.nodes, step)?.leaf;
  const outcomes = known === undefined ? outcomesOf(leaf, step, direction, answers) : [known];
  return outcomes.map((reply) => {
    const name = `${direction} ${step}`;
    const carriedOut = known === undefined && reply.ok ? 1 : 0;
    const busy = !reply.ok && reply.refusal.code === busyCode;
    const keeps = row[direction] === undefined && (direction === 'undo' ? reply.ok : known === undefined && !busy);
    return {
      ...world,
      fences: keeps ? { ...world.fences, [step]: { ...row, [direction]: reply } } : world.fences,
      effects: { ...world.effects, [name]: (world.effects[name] ?? 0) + carriedOut },
      underway: [...world.underway, { to: 'engine', step, direction, reply }],
      path: [...world.path, `${name} ${reply.ok ? 'succeeds' : `is refused: ${reply.refusal.code}`}`],
    };
  });
}

/** Whoever is asked says what is true at the moment. */
function tells(world: CrashWorld, step: string, answers: Readonly<Record<string, unknown>>): CrashWorld {
  const done = (world.effects[`do ${step}`] ?? 0) > 0;
  const value = done ? { done, result: answerOf(step, answers) } : { done };
  const reply: ReplyData = { ok: true, value };
  return {
    ...world,
    underway: [...world.underway, { to: 'engine', step, direction: 'ask', reply }],
    path: [...world.path, `somebody says that ${step} was ${done ? '' : 'not '}done`],
  };
}

function outcomesOf(
  leaf: SagaLeaf | undefined,
  step: string,
  direction: 'do' | 'undo',
  answers: Readonly<Record<string, unknown>>,
): readonly ReplyData[] {
  if (direction === 'undo') return [{ ok: true, value: null }];
  const refused = (code: string, data = {}): ReplyData => ({ ok: false, refusal: { code, data } });
  const success: ReplyData = { ok: true, value: answerOf(step, answers) };
  if (leaf?.node === 'sub') return [success, refused('RefusedInside')];
  if (leaf?.node !== 'command') return [success];
  const { refuses, claims } = leaf.do.command;
  const busy = claims === undefined ? [] : [refused(busyCode, { policy: 'die' })];
  return [success, ...Object.keys(refuses).map((code) => refused(code)), ...busy];
}

function answerOf(step: string, answers: Readonly<Record<string, unknown>>): unknown {
  const [group = step] = step.split('.', 1);
  return answers[step] ?? answers[group] ?? null;
}
