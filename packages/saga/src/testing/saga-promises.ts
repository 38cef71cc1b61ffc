import type { StepRecord } from '../instance.ts';
import { dueAt } from '../instance.ts';
import { placeOf } from '../nodes.ts';
import type { AnySaga } from '../saga.ts';
import type { CrashWorld } from './crash-world.ts';

/** What a saga promises in every state that it can get into; the first promise that is broken, in words. */
export function brokenPromise(saga: AnySaga, world: CrashWorld): string | undefined {
  const { instance, effects, ends, underway } = world;
  for (const [name, times] of Object.entries(effects)) if (times > 1) return `"${name}" was carried out ${times} times`;
  if (ends > 1) return `it ended ${ends} times`;
  if (instance.status === 'stuck') return `it is stuck: ${instance.problem}`;
  for (const path of pathsOf(world)) {
    if (done(world, 'undo', path) > done(world, 'do', path)) return `${path} was undone and never done`;
    if (placeOf(saga.nodes, path)?.leaf.kind !== 'compensatable' && done(world, 'undo', path) > 0)
      return `${path} was undone, although nothing after the pivot is`;
  }
  if (underway.length > 0 || dueAt(instance) !== undefined) return undefined;
  if (instance.status !== 'finished')
    return `it waits for ever: it is ${instance.status}, and nothing is under way or due`;
  if (ends !== 1) return 'it finished without its end';
  const wrong = instance.phase === 'forward' ? wrongWhenCompleted : wrongWhenCompensated;
  return [...pathsOf(world), ...instance.steps.map(({ step }) => step)]
    .map((path) => wrong(saga, world, path))
    .find((problem) => problem !== undefined);
}

function wrongWhenCompleted(saga: AnySaga, world: CrashWorld, path: string): string | undefined {
  const leaf = placeOf(saga.nodes, path)?.leaf;
  if (leaf === undefined || leaf.node === 'wait') return undefined;
  const state = stateOf(world, path);
  const left = done(world, 'do', path) - done(world, 'undo', path);
  if (state === 'done')
    return left === 1 ? undefined : `it completed, but ${path} was ${left < 1 ? 'not done' : 'undone'}`;
  return left > 0 && leaf.undo !== undefined ? `it completed without ${path}, which stays done` : undefined;
}

function wrongWhenCompensated(saga: AnySaga, world: CrashWorld, path: string): string | undefined {
  const leaf = placeOf(saga.nodes, path)?.leaf;
  const left = done(world, 'do', path) - done(world, 'undo', path);
  if (leaf === undefined || left <= 0) return undefined;
  if (leaf.kind !== 'compensatable') return `it was compensated, but ${path} was done`;
  return leaf.undo === undefined ? undefined : `it was compensated, but ${path} stays done`;
}

function stateOf({ instance }: CrashWorld, path: string): StepRecord['state'] | undefined {
  return instance.steps.find(({ step }) => step === path)?.state;
}

/** Every step of which somebody has done something. */
function pathsOf({ effects }: CrashWorld): readonly string[] {
  return [...new Set(Object.keys(effects).map((name) => name.slice(name.indexOf(' ') + 1)))];
}

function done({ effects }: CrashWorld, direction: 'do' | 'undo', step: string): number {
  return effects[`${direction} ${step}`] ?? 0;
}
