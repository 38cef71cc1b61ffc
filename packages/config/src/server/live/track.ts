import type { ConfigRequest } from '../../properties/config-folder.ts';
import type { BackendFound } from '../backends/config-backend.ts';
import { environmentVersion } from './environment-version.ts';

/** One state of what a target reads. */
export interface Release {
  readonly version: string;
  readonly found: BackendFound;
  /** Epoch milliseconds. */
  readonly at: number;
}

const mostKept = 10;

/** What is known of one target: an application with its profiles and label. */
export class Track {
  readonly request: ConfigRequest;
  /** What lies in the backend now. */
  newest: Release;
  /** The version that was decided upon last, whatever became of it. */
  considered: string;
  readonly #accepted: Release[];

  constructor(request: ConfigRequest, first: Release) {
    this.request = request;
    this.newest = first;
    this.considered = first.version;
    this.#accepted = [first];
  }

  get key(): string {
    return targetKey(this.request);
  }

  get accepted(): Release {
    return this.#accepted.at(-1) ?? this.newest;
  }

  /** The newest last; at most ten. */
  get history(): readonly Release[] {
    return this.#accepted;
  }

  /** Whether that was given to all before, as far back as is known. */
  hasAccepted(version: string | undefined): boolean {
    return this.#accepted.some((release) => release.version === version);
  }

  /** Takes a reading; places and comments may change without a new version. */
  saw(found: BackendFound, at: number): void {
    if (found === this.newest.found) return;
    const version = environmentVersion(found);
    this.newest = { version, found, at: version === this.newest.version ? this.newest.at : at };
    if (version === this.accepted.version) this.#accepted.splice(-1, 1, { ...this.accepted, found });
  }

  accept(release: Release): void {
    if (release.version === this.accepted.version) return;
    this.#accepted.push(release);
    if (this.#accepted.length > mostKept) this.#accepted.shift();
  }
}

/** Names a target. */
export function targetKey({ names, profiles, label }: ConfigRequest): string {
  return `${names.join(',')}/${profiles.join(',')}${label === undefined ? '' : `/${label}`}`;
}
