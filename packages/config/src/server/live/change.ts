import type { Release, Track } from './track.ts';

/** A set of targets that changed together, and so are given out together or not at all. */
export interface Change {
  readonly tracks: readonly Track[];
  readonly releases: ReadonlyMap<Track, Release>;
  /** Instances that run it before the others, by target. */
  readonly canaries: Map<string, string>;
  state: 'checking' | 'trying' | 'held';
  /** Why it is held, as everybody may know it. */
  summary: string | undefined;
  /** The same with what the services said: their keys and values. */
  reason: string | undefined;
  /** Ends when it is not being checked any more. */
  checked: Promise<unknown>;
  readonly stop: AbortController;
}

/** Why a change is not given out. */
export interface HoldReason {
  readonly summary: string;
  readonly details?: string;
}

/** What becomes of an edit. */
export interface ChangeStatus {
  readonly state: Change['state'];
  readonly targets: readonly { readonly target: string; readonly from: string; readonly to: string }[];
  /** The instances that try it out. */
  readonly canaries: readonly string[];
  /** Why it is held: who refused it, or what its trial came to. */
  readonly reason: string | undefined;
}

/** A change of these targets to what they read now. */
export function changeOf(tracks: readonly Track[]): Change {
  return {
    tracks,
    releases: new Map(tracks.map((track) => [track, track.newest])),
    canaries: new Map(),
    state: 'checking',
    summary: undefined,
    reason: undefined,
    checked: Promise.resolve(),
    stop: new AbortController(),
  };
}

/** A change as it is shown. */
export function changeStatus({ tracks, releases, canaries, state, reason }: Change): ChangeStatus {
  return {
    state,
    targets: tracks.map((track) => {
      return { target: track.key, from: track.accepted.version, to: releases.get(track)?.version ?? '' };
    }),
    canaries: [...canaries.values()],
    reason,
  };
}

/** A change as the log names it. */
export function changeText({ releases }: Change): string {
  return [...releases].map(([{ key }, { version }]) => `${key} (${version})`).join(', ');
}
