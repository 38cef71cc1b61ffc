import type { ConfigRequest } from '../../properties/config-folder.ts';
import { keptCopy } from '../../properties/kept-copy.ts';
import type { Property } from '../../properties/property.ts';
import type { Before } from './track.ts';

/** Where it is kept what was accepted and what is held. */
export interface RollOutKeeping {
  /** The folder; what lies there is for its owner only, for it may hold secrets. */
  readonly folder: string;
  /**
   * What names the run of a whole system: after another run nobody comes back who would have to be asked about what has
   * changed meanwhile. Default: those who followed before are waited for.
   */
  readonly run?: string | undefined;
}

/** A target as it was when it was looked at last. */
export interface RememberedTarget extends Before {
  readonly request: Pick<ConfigRequest, 'names' | 'profiles' | 'label'>;
}

/** A change that was held. */
export interface RememberedHold {
  /** Its version for each target. */
  readonly versions: Readonly<Record<string, string>>;
  /** The instances that tried it out, by target. */
  readonly canaries: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly reason: string;
}

/** What outlives a restart. */
export interface Remembered {
  readonly run?: string | undefined;
  readonly targets: readonly RememberedTarget[];
  readonly held: readonly RememberedHold[];
}

/** Reads and writes it as a whole. */
export interface RollOutMemory {
  /** Undefined when nothing was ever written, or not by this version. */
  read(): Promise<Remembered | undefined>;
  write(remembered: Remembered): Promise<void>;
}

const format = 1;
const name = 'rollout';

/** One file in a folder, replaced as a whole and readable by its owner only. */
export function folderMemory(folder: string): RollOutMemory {
  const copy = keptCopy(folder);
  return {
    async read() {
      const text = await copy.read(name);
      const kept = text === undefined ? undefined : (JSON.parse(text, revived) as { readonly format?: unknown });
      return kept?.format === format ? (kept as unknown as Remembered) : undefined;
    },
    write: (remembered) => copy.write(name, JSON.stringify({ format, ...remembered }, plain)),
  };
}

function plain(key: string, value: unknown): unknown {
  return key === 'properties' && value instanceof Map ? [...value] : value;
}

/** Properties are pairs in a file, for their order matters and no key shall be taken for an object's own. */
function revived(key: string, value: unknown): unknown {
  return key === 'properties' && Array.isArray(value) ? new Map(value as [string, Property][]) : value;
}
