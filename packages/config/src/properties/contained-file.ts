import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, open, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** A file's bytes, and which state of the file they are. */
export interface ContainedFile {
  readonly kind: 'file';
  readonly bytes: Uint8Array;
  readonly stamp: FileStamp;
}

/** Tells one state of a file from another. */
export interface FileStamp {
  readonly text: string;
  readonly modifiedMs: number;
  /** When anything of it changed last; nobody can set it to another time. */
  readonly changedMs: number;
}

export type ContainedRead =
  | ContainedFile
  | { readonly kind: 'outside' }
  | { readonly kind: 'too-large'; readonly bytes: number };

interface Stat {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** The stamp of what `stat` says of a file. */
export function fileStamp({ ino, size, mtimeMs, ctimeMs }: Stat): FileStamp {
  return { text: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, modifiedMs: mtimeMs, changedMs: ctimeMs };
}

/**
 * Reads a file only if what was opened lies inside the folder, whatever the links on the way said before or say later.
 * Undefined when there is no regular file. Opening never waits, not even for the other end of a pipe.
 */
export async function readContained(
  folder: string,
  path: string,
  largestBytes: number,
): Promise<ContainedRead | undefined> {
  const named = join(folder, path);
  try {
    await using handle = await open(named, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) return undefined;
    const [root, opened] = await Promise.all([realpath(folder), openedPath(handle, named)]);
    if (opened?.startsWith(root + sep) !== true) return { kind: 'outside' };
    if (stat.size > largestBytes) return { kind: 'too-large', bytes: stat.size };
    return { kind: 'file', bytes: await readBytes(handle, stat.size), stamp: fileStamp(stat) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether nothing can be read at a path: no file, no folder on the way, links in a circle, a socket. */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'].includes(code);
}

/**
 * Where the opened file itself lies; undefined when that cannot be told. Asking the path again could be answered about
 * another file: a link may have been put in its place since.
 */
async function openedPath(handle: FileHandle, named: string): Promise<string | undefined> {
  try {
    return await readlink(`/proc/self/fd/${handle.fd}`);
  } catch {
    const real = await realpath(named);
    const [opened, there] = await Promise.all([handle.stat(), lstat(real)]);
    return opened.ino === there.ino && opened.dev === there.dev ? real : undefined;
  }
}

/** No more than were there when it was looked at: what is being written meanwhile may have no end. */
async function readBytes(handle: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await handle.read(bytes, at, size - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}
