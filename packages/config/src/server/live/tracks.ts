import type { Clock } from '@dure/core';
import { codeOf, messageOf } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import type { ConfigRequest } from '../../properties/config-folder.ts';
import { sharedRun } from '../../properties/shared-run.ts';
import type { BackendFound, ConfigBackend } from '../backends/config-backend.ts';
import { environmentVersion } from './environment-version.ts';
import type { Before } from './track.ts';
import { Track, targetKey } from './track.ts';

/** What targets are read by. */
export interface TracksOptions {
  readonly backend: ConfigBackend;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether somebody follows a target: it is not forgotten then. */
  readonly isFollowed: (key: string) => boolean;
  /** What was accepted of a target before this server started. */
  readonly before: (key: string) => Before | undefined;
  /** A target is known that was not before. */
  readonly opened: () => void;
}

const mostTracks = 1_000;
/** Reads at a time while all targets are looked at. */
const atOnce = 16;

/** Every target that somebody has read, and what it would get now. Bounded: the one read longest ago is forgotten. */
export class Tracks {
  readonly #options: TracksOptions;
  readonly #known = new Map<string, { readonly track: Track; readonly look: () => Promise<void> }>();
  readonly #opening = new Map<string, Promise<Track>>();

  constructor(options: TracksOptions) {
    this.#options = options;
  }

  get all(): readonly Track[] {
    return [...this.#known.values()].map(({ track }) => track);
  }

  find(key: string): Track | undefined {
    return this.#known.get(key)?.track;
  }

  /** A target as it is after the call; rejects as the backend does for one that has never been good. */
  async look(request: ConfigRequest): Promise<Track> {
    const key = targetKey(request);
    const known = this.#known.get(key);
    if (known === undefined) return this.#open(key, request);
    this.#known.delete(key);
    this.#known.set(key, known);
    await known.look();
    return known.track;
  }

  async lookAtAll(): Promise<void> {
    const left = [...this.#known.values()];
    const work = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) await next.look();
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  #open(key: string, request: ConfigRequest): Promise<Track> {
    const opening = this.#opening.get(key) ?? this.#first(key, request).finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    return opening;
  }

  async #first(key: string, request: ConfigRequest): Promise<Track> {
    const { clock, before } = this.#options;
    const found = await this.#firstFound(key, request);
    const track = new Track(request, { version: environmentVersion(found), found, at: clock.now() }, before(key));
    this.#forget();
    this.#known.set(key, { track, look: sharedRun(() => this.#again(track)) });
    this.#options.opened();
    return track;
  }

  /** A backend that is broken or away already when this server starts has had something good before: what was accepted. */
  async #firstFound(key: string, request: ConfigRequest): Promise<BackendFound> {
    const { backend, before, log } = this.#options;
    try {
      return await backend.find(request);
    } catch (error) {
      const last = codeOf(error) === 'CONFIG_NOT_FOUND' ? undefined : before(key)?.accepted.found;
      if (last === undefined) throw error;
      log.warn(`what ${key} is configured with cannot be read, what was accepted last is served: ${messageOf(error)}`);
      return { ...last, stale: [backend.name] };
    }
  }

  /** What was good before serves while the backend is broken or away. */
  async #again(track: Track): Promise<void> {
    const { backend, clock, log } = this.#options;
    try {
      track.saw(await backend.find(track.request), clock.now());
    } catch (error) {
      log.warn(`what ${track.key} is configured with cannot be read, nothing changes: ${messageOf(error)}`);
    }
  }

  #forget(): void {
    if (this.#known.size < mostTracks) return;
    const oldest = [...this.#known.keys()].find((key) => !this.#options.isFollowed(key));
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
