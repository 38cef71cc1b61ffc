import { dueAt } from '../instance.ts';
import type { AnySaga, SagaStep } from '../saga.ts';
import type { CrashWorld } from './crash-world.ts';

/** What a saga promises in every state that it can get into; the first promise that is broken, in words. */
export function brokenPromise(saga: AnySaga, world: CrashWorld): string | undefined {
  const { instance, effects, ends, underway } = world;
  for (const [name, times] of Object.entries(effects)) if (times > 1) return `"${name}" was carried out ${times} times`;
  if (ends > 1) return `it ended ${ends} times`;
  if (instance.status === 'stuck') return `it is stuck: ${instance.problem}`;
  for (const { name, kind } of saga.steps) {
    if (done(world, 'undo', name) > done(world, 'do', name)) return `${name} was undone and never done`;
    if (kind !== 'compensatable' && done(world, 'undo', name) > 0)
      return `${name} was undone, although nothing after the pivot is`;
  }
  if (underway.length > 0 || dueAt(instance) !== undefined) return undefined;
  if (instance.status !== 'finished')
    return `it waits for ever: it is ${instance.status}, and nothing is under way or due`;
  if (ends !== 1) return 'it finished without its end';
  for (const step of saga.steps) {
    const wrong = instance.phase === 'forward' ? wrongWhenCompleted(step, world) : wrongWhenCompensated(step, world);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongWhenCompleted({ name }: SagaStep, world: CrashWorld): string | undefined {
  if (done(world, 'do', name) !== 1) return `it completed, but ${name} was not done`;
  return done(world, 'undo', name) === 0 ? undefined : `it completed, but ${name} was undone`;
}

function wrongWhenCompensated({ name, kind, undo }: SagaStep, world: CrashWorld): string | undefined {
  const left = done(world, 'do', name) - done(world, 'undo', name);
  if (kind !== 'compensatable' && left > 0) return `it was compensated, but ${name} was done`;
  return undo !== undefined && left > 0 ? `it was compensated, but ${name} stays done` : undefined;
}

function done({ effects }: CrashWorld, direction: 'do' | 'undo', step: string): number {
  return effects[`${direction} ${step}`] ?? 0;
}
