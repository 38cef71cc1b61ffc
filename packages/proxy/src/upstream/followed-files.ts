import { readFile } from 'node:fs/promises';
import type { Clock, Timer } from '@dure/core';
import { messageOf } from '@dure/core';
import { gatewayErrors } from '../errors.ts';

/** What is made of some files, as they are at the moment. */
export interface FollowedFiles<T> {
  readonly current: T;
  /** Stops looking at them. */
  close(): void;
}

export interface FollowOptions<Name extends string, T> {
  /** What they are for, in messages. */
  readonly what: string;
  readonly files: Readonly<Record<Name, string>>;
  /** Throws when the contents cannot be used. */
  readonly make: (contents: Readonly<Record<Name, string>>) => T;
  readonly clock: Clock;
  /** Hears of new contents, and of why they are refused; then what was made before stays. */
  readonly changed: (outcome: { readonly made: T } | { readonly error: unknown }) => void;
}

/** How often the files are looked at. By content: Kubernetes exchanges a link, which no watcher of a file sees. */
const everyMs = 5_000;

/**
 * Reads files, makes something of them and does so anew when a content changes. GATEWAY_PROTOCOL_INVALID when they cannot be
 * read or used at first.
 */
export async function followFiles<Name extends string, T>(options: FollowOptions<Name, T>): Promise<FollowedFiles<T>> {
  const { make, clock, changed } = options;
  let seen = await readAll(options);
  let current = make(seen);
  let timer: Timer | undefined;
  let isClosed = false;
  const look = async () => {
    try {
      const contents = await readAll(options);
      if (JSON.stringify(contents) === JSON.stringify(seen)) return;
      seen = contents;
      current = make(contents);
      changed({ made: current });
    } catch (error) {
      changed({ error });
    }
  };
  const arm = () => {
    if (!isClosed) timer = clock.after(everyMs, () => void look().then(arm));
  };
  if (Object.keys(options.files).length > 0) arm();
  return {
    get current() {
      return current;
    },
    close() {
      isClosed = true;
      timer?.cancel();
    },
  };
}

async function readAll<Name extends string, T>({
  what,
  files,
}: FollowOptions<Name, T>): Promise<Readonly<Record<Name, string>>> {
  try {
    const read = Object.entries<string>(files).map(async ([name, path]) => [name, await readFile(path, 'utf8')]);
    return Object.fromEntries(await Promise.all(read)) as Readonly<Record<Name, string>>;
  } catch (cause) {
    throw gatewayErrors.PROTOCOL_INVALID(`${what}: a file cannot be read: ${messageOf(cause)}`, { cause });
  }
}
