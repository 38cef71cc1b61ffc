import type { Clock, Ids } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import type { ConfigRequest } from '../../properties/config-folder.ts';
import { sharedRun } from '../../properties/shared-run.ts';
import type { BackendFound, ConfigBackend } from '../backends/config-backend.ts';
import type { DryRunRow } from './candidates.ts';
import { Candidates } from './candidates.ts';
import type { Change, ChangeStatus, HoldReason } from './change.ts';
import { changeOf, changeStatus, changeText } from './change.ts';
import type { RollOutMemory } from './roll-out-memory.ts';
import type { RollOutPolicy } from './roll-out-policy.ts';
import { RollOutRecord } from './roll-out-record.ts';
import type { Subscribers } from './subscribers.ts';
import type { Accepted, Release, Track } from './track.ts';
import { targetKey } from './track.ts';
import { Tracks } from './tracks.ts';
import { tryOut } from './try-out.ts';

/** What is served to one reader. */
export interface Served {
  readonly release: Release;
  readonly isTrial: boolean;
  /** Why it is not what lies in the backend now. */
  readonly held: string | undefined;
}

/** Options of `RollOut`. */
export interface RollOutOptions {
  readonly backend: ConfigBackend;
  readonly policy: RollOutPolicy;
  readonly subscribers: Subscribers;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** What outlives a restart. Default: nothing. */
  readonly memory?: RollOutMemory | undefined;
  /** See `RollOutKeeping`. */
  readonly run?: string | undefined;
  /** Which files a target may have; needed for what was held before a restart. Default: all. */
  readonly mayFind?: ((target: { readonly names: readonly string[] }) => (path: string) => boolean) | undefined;
}

/**
 * Gives out what changes in a backend: checked by those who read it, tried out by one of them, then to all; or held, with
 * what was accepted before still being served, until the files change again.
 */
export class RollOut {
  readonly #options: RollOutOptions;
  readonly #tracks: Tracks;
  readonly #candidates: Candidates;
  readonly #record: RollOutRecord;
  readonly #ready: Promise<void>;
  readonly #keep: () => void;
  #change: Change | undefined;
  #held: Change[] = [];
  readonly #look = sharedRun(async () => {
    await this.#ready;
    await this.#tracks.lookAtAll();
    this.#consider();
  });

  constructor(options: RollOutOptions) {
    const { subscribers, memory, run, clock, log } = options;
    this.#options = options;
    this.#record = new RollOutRecord({ memory, run, clock, log });
    this.#tracks = new Tracks({
      ...options,
      isFollowed: (key) => subscribers.following(key).length > 0,
      before: (key) => this.#record.before(key),
      opened: () => this.#keep(),
    });
    this.#candidates = new Candidates(options);
    this.#keep = this.#record.keeper(() => ({ tracks: this.#tracks.all, held: this.#held }));
    this.#ready = this.#record.open().then(() => this.#holdAgain());
  }

  /** Something may have changed: what is written before the call is seen. */
  notice(): Promise<void> {
    return this.#look();
  }

  /** What a reader gets; an edit that nobody has seen yet is decided upon first, as far as that takes no time. */
  async read(request: ConfigRequest, instance?: string): Promise<Served> {
    await this.#ready;
    const track = await this.#tracks.look(request);
    if (track.newest.version !== track.considered) await this.#look();
    await this.#change?.checked;
    return this.serve(track, instance);
  }

  /** What a reader gets, if that is the version that it was told of. */
  known(request: ConfigRequest, instance: string | undefined, version: unknown): Served | undefined {
    const track = version === undefined ? undefined : this.#tracks.find(targetKey(request));
    const served = track && this.serve(track, instance);
    return served?.release.version === version ? served : undefined;
  }

  serve(track: Track, instance: string | undefined): Served {
    const change = this.#change;
    const isTrial = instance !== undefined && change?.canaries.get(track.key) === instance;
    const release = isTrial ? change?.releases.get(track) : undefined;
    const held = this.#held.find((one) => one.tracks.includes(track))?.summary;
    return { release: release ?? track.accepted, isTrial: release !== undefined, held };
  }

  /** The version that an instance is to run, and whether it is watched. */
  async wanted(request: ConfigRequest, instance: string): Promise<string> {
    await this.#ready;
    const track = this.#tracks.find(targetKey(request)) ?? (await this.#tracks.look(request));
    return this.serve(track, instance).release.version;
  }

  /** A candidate's Environment for a target; undefined for a candidate that there is not. */
  candidate(id: string, request: ConfigRequest): Release | undefined {
    return this.#candidates.find(id, request);
  }

  /** What an instance thinks of a candidate. */
  judged(instance: string, id: string, refused: string | undefined): void {
    this.#candidates.judged(instance, id, refused);
  }

  /** Would those who run now take what another backend has? Nothing changes. */
  async dryRun(find: (request: ConfigRequest) => Promise<BackendFound>): Promise<readonly DryRunRow[]> {
    const { subscribers } = this.#options;
    const tracks = this.#tracks.all.filter(({ key }) => subscribers.following(key).length > 0);
    return this.#candidates.dryRun(tracks, find);
  }

  /** What is under way or held. */
  changes(): readonly ChangeStatus[] {
    const all = [...(this.#change === undefined ? [] : [this.#change]), ...this.#held];
    return all.map(changeStatus);
  }

  /** What is not given out, and why, as everybody may know it. */
  held(): readonly { readonly targets: readonly string[]; readonly reason: string }[] {
    return this.#held.map(({ tracks, summary }) => ({ targets: tracks.map(({ key }) => key), reason: summary ?? '' }));
  }

  /** Every target's accepted versions, the newest last. */
  versions(): readonly { readonly target: string; readonly versions: readonly Accepted[] }[] {
    return this.#tracks.all.map(({ key, history }) => {
      return { target: key, versions: history };
    });
  }

  close(): void {
    this.#change?.stop.abort();
    this.#candidates.close();
  }

  /** Finds what is new, together with all that was held or under way for the same targets. */
  #consider(): void {
    const moved = this.#moved();
    if (moved.length === 0) return;
    const members = new Set(moved);
    const underWay = this.#change;
    for (const track of underWay?.tracks ?? []) members.add(track);
    for (let grew = true; grew; ) {
      const joined = this.#held.filter(({ tracks }) => tracks.some((track) => members.has(track)));
      this.#held = this.#held.filter((change) => !joined.includes(change));
      for (const { tracks } of joined) for (const track of tracks) members.add(track);
      grew = joined.length > 0;
    }
    for (const track of members) track.considered = track.newest.version;
    underWay?.stop.abort();
    this.#change = undefined;
    if (underWay !== undefined) this.#takeBack(underWay);
    const tracks = [...members].filter(({ newest, accepted }) => newest.version !== accepted.version);
    if (tracks.length > 0) this.#begin(tracks);
    this.#keep();
  }

  /**
   * What is to be decided upon. What has changed while this server was away waits for those who ran meanwhile, or nobody
   * would check it and nobody try it out.
   */
  #moved(): readonly Track[] {
    const moved = this.#tracks.all.filter((track) => track.newest.version !== track.considered);
    const isAlone = ({ key, isRestored }: Track) => isRestored && this.#options.subscribers.following(key).length === 0;
    return this.#record.isAwaiting && moved.some(isAlone) ? moved.filter(({ isRestored }) => !isRestored) : moved;
  }

  /** What was held before a restart is so still, unless it has changed since. */
  async #holdAgain(): Promise<void> {
    const { mayFind, log } = this.#options;
    for (const hold of this.#record.held) {
      const targets = Object.keys(hold.versions).flatMap((key) => this.#record.before(key)?.request ?? []);
      const opening = targets.map((target) => this.#tracks.look({ ...target, mayRead: mayFind?.(target) }));
      const tracks = await Promise.all(opening).catch((error: unknown) => {
        log.warn(`what was held before the restart cannot be read: ${messageOf(error)}`);
        return [];
      });
      const isSame = ({ key, newest }: Track) => newest.version === hold.versions[key];
      if (tracks.length === 0 || !tracks.every(isSame)) continue;
      for (const track of tracks) track.considered = track.newest.version;
      const { summary, reason, canaries } = hold;
      this.#held.push({
        ...changeOf(tracks),
        state: 'held',
        canaries: new Map(Object.entries(canaries)),
        summary,
        reason,
      });
    }
  }

  #begin(tracks: readonly Track[]): void {
    const change = changeOf(tracks);
    this.#change = change;
    change.checked = this.#decide(change);
  }

  /** Resolves when it is clear whether it is tried out, accepted or held. */
  async #decide(change: Change): Promise<void> {
    const { policy, subscribers, log } = this.#options;
    const refused = policy.check === false ? undefined : await this.#candidates.refusal(change);
    if (change.stop.signal.aborted) return;
    if (refused !== undefined) {
      this.#hold(change, refused);
      return;
    }
    if (policy.canary === true) {
      for (const track of change.tracks) {
        // Going back is no trial: it may be the cure of what everybody runs on.
        if (track.hasAccepted(change.releases.get(track)?.version)) continue;
        const { key } = track;
        const all = subscribers.following(key);
        const first = all.find(({ instance }) => subscribers.find(instance)?.refused === undefined) ?? all[0];
        if (first !== undefined) change.canaries.set(key, first.instance);
      }
    }
    if (change.canaries.size === 0) {
      this.#accept(change);
      return;
    }
    change.state = 'trying';
    log.info(`configuration of ${changeText(change)}: tried out by ${[...change.canaries.values()].join(', ')}`);
    void tryOut(change, this.#options).then((reason) => {
      if (change.stop.signal.aborted) return;
      if (reason === undefined) this.#accept(change);
      else this.#hold(change, { summary: reason });
    });
  }

  #accept(change: Change): void {
    const { subscribers, log } = this.#options;
    this.#change = undefined;
    for (const [track, release] of change.releases) {
      track.accept(release);
      const message = { kind: 'version', version: release.version } as const;
      for (const { instance } of subscribers.following(track.key)) subscribers.tell(instance, message);
    }
    log.info(`configuration of ${changeText(change)}: given to all`);
    this.#keep();
  }

  #hold(change: Change, { summary, details }: HoldReason): void {
    change.state = 'held';
    change.summary = summary;
    change.reason = details === undefined ? summary : `${summary}: ${details}`;
    this.#change = undefined;
    this.#held.push(change);
    this.#takeBack(change);
    this.#keep();
    this.#options.log.warn(
      `configuration of ${changeText(change)} is held, what was there before is served until the files change: ${change.reason}`,
    );
  }

  #takeBack(change: Change): void {
    const { subscribers } = this.#options;
    for (const track of change.tracks) {
      const instance = change.canaries.get(track.key);
      if (instance === undefined) continue;
      subscribers.tell(instance, { kind: 'watch', on: false });
      subscribers.tell(instance, { kind: 'version', version: track.accepted.version });
    }
  }
}
