import type { ConfigRequest } from '../../properties/config-folder.ts';
import type { BackendFound } from '../backends/config-backend.ts';
import { environmentVersion } from './environment-version.ts';

/** A version, and since when there is it. */
export interface Accepted {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** One state of what a target reads. */
export interface Release extends Accepted {
  readonly found: BackendFound;
}

/** What was accepted of a target before a restart. */
export interface Before {
  readonly accepted: Release;
  readonly history: readonly Accepted[];
}

const mostKept = 10;

/** What is known of one target: an application with its profiles and label. */
export class Track {
  readonly request: ConfigRequest;
  /** What lies in the backend now. */
  newest: Release;
  /** The version that was decided upon last, whatever became of it. */
  considered: string;
  /** Whether it was known before this server started: those who run on what was accepted then may come back. */
  readonly isRestored: boolean;
  #accepted: Release;
  readonly #history: Accepted[];

  constructor(request: ConfigRequest, first: Release, before?: Before) {
    this.request = request;
    this.newest = first;
    this.isRestored = before !== undefined;
    this.#accepted = before === undefined || before.accepted.version === first.version ? first : before.accepted;
    this.#history = [...(before?.history ?? [first])];
    this.considered = this.#accepted.version;
  }

  get key(): string {
    return targetKey(this.request);
  }

  get accepted(): Release {
    return this.#accepted;
  }

  /** The newest last; at most ten. */
  get history(): readonly Accepted[] {
    return this.#history;
  }

  /** Whether that was given to all before, as far back as is known. */
  hasAccepted(version: string | undefined): boolean {
    return this.#history.some((accepted) => accepted.version === version);
  }

  /** Takes a reading; places and comments may change without a new version. */
  saw(found: BackendFound, at: number): void {
    if (found === this.newest.found) return;
    const version = environmentVersion(found);
    this.newest = { version, found, at: version === this.newest.version ? this.newest.at : at };
    if (version === this.accepted.version) this.#accepted = { ...this.accepted, found };
  }

  accept(release: Release): void {
    if (release.version === this.accepted.version) return;
    this.#accepted = release;
    this.#history.push({ version: release.version, at: release.at });
    if (this.#history.length > mostKept) this.#history.shift();
  }
}

/** Names a target. */
export function targetKey({ names, profiles, label }: ConfigRequest): string {
  return `${names.join(',')}/${profiles.join(',')}${label === undefined ? '' : `/${label}`}`;
}
