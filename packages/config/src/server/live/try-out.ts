import type { Clock } from '@dure/core';
import { wait } from '@dure/core';
import { vitalsMs } from '../../wire/change-feed.ts';
import type { Trial } from './canary-judge.ts';
import { judgeCanary } from './canary-judge.ts';
import type { Change } from './change.ts';
import type { RollOutPolicy } from './roll-out-policy.ts';
import type { Subscribers } from './subscribers.ts';

const defaultWatchMs = 30_000;
/** An instance without a connection for this many looks is gone. */
const mostMissing = 5;

interface TryOutOptions {
  readonly subscribers: Subscribers;
  readonly clock: Clock;
  readonly policy: RollOutPolicy;
}

interface Watched {
  readonly instance: string;
  before: Trial['before'];
  downs: number;
  missing: number;
}

/** Gives a change to its canaries and watches them. Why it is to be taken back; undefined when they stayed well. */
export async function tryOut(change: Change, options: TryOutOptions): Promise<string | undefined> {
  const { subscribers, clock, policy } = options;
  const { signal } = change.stop;
  const watched = [...change.canaries.values()].map((instance): Watched => {
    subscribers.tell(instance, { kind: 'watch', on: true });
    return { instance, before: undefined, downs: 0, missing: 0 };
  });
  // A reading from before the change is what the later ones are compared with; one who gives none is watched all the same.
  for (let turn = 0; turn < 2 && !signal.aborted; turn += 1) {
    await wait(clock, vitalsMs, signal);
    for (const one of watched) one.before ??= subscribers.find(one.instance)?.vitals;
    if (watched.every(({ before }) => before !== undefined)) break;
  }
  if (signal.aborted) return undefined;
  for (const track of change.tracks) {
    const instance = change.canaries.get(track.key);
    const release = change.releases.get(track);
    if (instance !== undefined && release !== undefined)
      subscribers.tell(instance, { kind: 'version', version: release.version });
  }
  const until = clock.monotonicMs() + (policy.watchMs ?? defaultWatchMs);
  while (clock.monotonicMs() < until) {
    if (!(await wait(clock, Math.min(vitalsMs, until - clock.monotonicMs()), signal))) return undefined;
    for (const one of watched) {
      const ill = look(one, options);
      if (ill !== undefined) return `${one.instance} tried it out and ${ill}`;
    }
  }
  for (const { instance } of watched) subscribers.tell(instance, { kind: 'watch', on: false });
  return undefined;
}

function look(one: Watched, { subscribers }: TryOutOptions): string | undefined {
  const found = subscribers.find(one.instance);
  one.downs = found?.vitals?.isUp === false ? one.downs + 1 : 0;
  one.missing = found?.follows === true ? 0 : one.missing + 1;
  return judgeCanary({
    before: one.before,
    now: found?.vitals,
    downs: one.downs,
    isGone: one.missing >= mostMissing,
    isRefused: found?.refused !== undefined,
  });
}
