import type { FileHandle } from 'node:fs/promises';
import { open, rename, rm, stat } from 'node:fs/promises';

export interface LogFileOptions {
  /** A file grows to this size. Default 8 MiB. */
  readonly maxBytes?: number;
  /** How many full files are kept beside the current one: `order.log.1` is the youngest. Default 3. */
  readonly keep?: number;
}

/** A log that is bounded on disk. */
export interface LogFile {
  /** Appends whole lines; resolves when they are written. Calls are carried out in order. */
  write(lines: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a log for appending; a full file is moved aside between two lines. Several processes may write to one: whole lines
 * are appended at once, and who finds that another has moved the file aside goes on in the new one. Disk faults lose lines, never the process.
 */
export async function openLogFile(
  path: string,
  { maxBytes = 8 * 2 ** 20, keep = 3 }: LogFileOptions = {},
): Promise<LogFile> {
  let file: FileHandle | undefined = await open(path, 'a', 0o600);
  let tail: Promise<void> = Promise.resolve();
  const append = async (lines: string): Promise<void> => {
    if (file === undefined) return;
    const bytes = Buffer.from(lines);
    const { size, ino } = await file.stat();
    const isMoved = (await inodeAt(path)) !== ino;
    const isFull = size > 0 && size + bytes.length > maxBytes;
    if (isMoved || isFull) {
      await file.close();
      if (!isMoved) await rotate(path, keep);
      file = await open(path, 'a', 0o600);
    }
    await file.write(bytes);
  };
  return {
    write(lines) {
      tail = tail.then(() => append(lines)).catch(() => undefined);
      return tail;
    },
    async close() {
      await tail;
      const open = file;
      file = undefined;
      await open?.close();
    },
  };
}

function inodeAt(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ ino }) => ino,
    () => undefined,
  );
}

async function rotate(path: string, keep: number): Promise<void> {
  await rm(`${path}.${keep}`, { force: true });
  for (let age = keep - 1; age >= 1; age -= 1)
    await rename(`${path}.${age}`, `${path}.${age + 1}`).catch(() => undefined);
  await (keep > 0 ? rename(path, `${path}.1`) : rm(path, { force: true }));
}
