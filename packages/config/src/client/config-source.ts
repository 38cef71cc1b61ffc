import type { Property } from '../properties/property.ts';

/** One place that values come from: a file, an answer of the server, the environment. */
export interface ConfigLayer {
  /** `file`, `server`, `environment`: the name that messages use. */
  readonly layer: string;
  /** Which of that kind: `order-dev.yml`. */
  readonly source: string;
  readonly values: ReadonlyMap<string, Property>;
  /** Written for several applications: keys that this one does not know are not its mistake. */
  readonly isShared: boolean;
  /** Keys are written as in an environment variable, where nothing parts words from levels: `PAYMENT_TIMEOUT_MS`. */
  readonly isJoined: boolean;
}

/** What is being configured. */
export interface ConfigTarget {
  readonly service: string;
  readonly profiles: readonly string[];
  /** What a server proposes, in place of what is in force; sources that know of no candidates ignore it. */
  readonly candidate?: string | undefined;
  /** The version that a hint named: a server that has it need not look for a newer one. */
  readonly wanted?: string | undefined;
  /** Only to be looked at: what is read is not what the service runs on, and leaves no copy. */
  readonly isLook?: boolean | undefined;
}

/** Where a layer comes from. */
export interface ConfigSource {
  /** Lowest precedence first. When `signal` aborts, nobody waits for the answer any more. */
  load(target: ConfigTarget, signal?: AbortSignal): Promise<LoadedLayers>;
}

export interface LoadedLayers {
  readonly layers: readonly ConfigLayer[];
  /** What the reader should know, such as that an old copy is used. */
  readonly warnings: readonly string[];
  /** The version that the server names; undefined where there is none. */
  readonly version?: string | undefined;
  /** Called once what was loaded fits: a copy to start from is of what was good. */
  readonly keep?: (() => Promise<void>) | undefined;
}

/** `application.yml` and its like are for all, and so are a server's overrides. */
export function isSharedFile(file: string): boolean {
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf(':'), file.lastIndexOf('[')) + 1);
  return /^(?:application(?:[-.,\]]|$)|overrides$)/.test(name);
}
