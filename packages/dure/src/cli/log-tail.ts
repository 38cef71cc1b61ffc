import type { FileHandle } from 'node:fs/promises';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LogEntry } from './log-entry.ts';
import { readLogEntry } from './log-entry.ts';

/** The current logs of a folder: one for each process. */
export async function logFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => join(folder, name));
}

/** The process whose log it is. */
export function processOf(path: string): string {
  return basename(path).replace(/\.log(\.\d+)?$/, '');
}

/** The last `limit` entries of a log that `fits`, older files first. Never holds more than those in memory. */
export async function lastEntries(
  path: string,
  limit: number,
  fits: (entry: LogEntry) => boolean,
): Promise<readonly LogEntry[]> {
  const kept: LogEntry[] = [];
  for (const file of await withRotated(path)) {
    for await (const entry of entriesIn(file, processOf(path))) {
      if (!fits(entry)) continue;
      kept.push(entry);
      if (kept.length > limit * 2) kept.splice(0, kept.length - limit);
    }
  }
  return inheritTimes(kept.slice(-limit));
}

/** Follows a log as it grows, over rotations. */
export class LogTail {
  readonly #path: string;
  #file: FileHandle | undefined;
  #inode = 0;
  #position = 0;
  #rest = '';

  private constructor(path: string) {
    this.#path = path;
  }

  /** Begins at the end of the log as it is now. */
  static async atEnd(path: string): Promise<LogTail> {
    const tail = new LogTail(path);
    await tail.#open();
    tail.#position = (await tail.#file?.stat())?.size ?? 0;
    return tail;
  }

  /** What was added since the last time. */
  async next(): Promise<readonly LogEntry[]> {
    const added = await this.#read();
    const now = await stat(this.#path).catch(() => undefined);
    if (now !== undefined && now.ino !== this.#inode) {
      await this.#open();
      added.push(...(await this.#read()));
    }
    return added;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #open(): Promise<void> {
    await this.#file?.close();
    this.#file = await open(this.#path, 'r').catch(() => undefined);
    this.#inode = (await this.#file?.stat())?.ino ?? 0;
    this.#position = 0;
  }

  async #read(): Promise<LogEntry[]> {
    if (this.#file === undefined) return [];
    const { size } = await this.#file.stat();
    const bytes = Buffer.alloc(Math.max(0, size - this.#position));
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, this.#position);
    this.#position += bytesRead;
    const lines = (this.#rest + bytes.toString('utf8', 0, bytesRead)).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => readLogEntry(processOf(this.#path), line));
  }
}

async function withRotated(path: string): Promise<readonly string[]> {
  const found = [path];
  for (let age = 1; await exists(`${path}.${age}`); age += 1) found.unshift(`${path}.${age}`);
  return found;
}

async function* entriesIn(path: string, process: string): AsyncGenerator<LogEntry> {
  await using file = await open(path, 'r');
  const lines = createInterface({
    input: file.createReadStream({ autoClose: false }),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) if (line !== '') yield readLogEntry(process, line);
}

/** A line without a time, as of a stack, stays behind the one before it. */
function inheritTimes(entries: readonly LogEntry[]): readonly LogEntry[] {
  let last: number | undefined;
  return entries.map((entry) => {
    last = entry.at ?? last;
    return entry.at === last ? entry : { ...entry, at: last };
  });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
