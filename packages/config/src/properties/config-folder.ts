import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@dure/core';
import { isDureError, systemClock, wait } from '@dure/core';
import { configErrors } from '../errors.ts';
import { activeDocuments } from './active-documents.ts';
import { below, candidateFiles, configExtensions, labelsOf } from './candidate-files.ts';
import type { ContainedRead, FileStamp } from './contained-file.ts';
import { fileStamp, isMissing, readContained } from './contained-file.ts';
import type { PropertyDocument, PropertySource } from './property.ts';
import { fileProblem, readDocuments } from './read-documents.ts';
import { sharedRun } from './shared-run.ts';

/** Which configuration is wanted. */
export interface ConfigRequest {
  readonly names: readonly string[];
  readonly profiles: readonly string[];
  /**
   * `main`, or several with commas between. In a folder of files each is a folder below it whose files come before its
   * own, those of the first label first.
   */
  readonly label?: string | undefined;
  /**
   * Whether a file, by its path below the backend's root, belongs to who is asked for; the others are as if they were not
   * there. It depends on `names` alone. Default: all do.
   */
  readonly mayRead?: ((path: string) => boolean) | undefined;
}

/** What was found, highest precedence first. */
export interface ConfigFound {
  readonly sources: readonly PropertySource[];
  /** Places of files that are broken and whose last good version is used: `order.yml:3:6`. */
  readonly stale: readonly string[];
}

/** Which file is wanted that is no configuration but belongs to one: `nginx.conf`. */
export interface ResourceRequest extends Pick<ConfigRequest, 'names' | 'profiles' | 'label'> {
  /** What it may be called, most wanted first: `conf/nginx-dev.conf`, `conf/nginx.conf`. No part begins with a dot. */
  readonly paths: readonly string[];
  /** Whether the asker may have the file at a path below the backend's root; the others are as if they were not there. */
  readonly mayRead: (path: string) => boolean;
}

/** A file that is no configuration. */
export interface ResourceFound {
  /** Below the backend's root. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Undefined where that is not known. */
  readonly modifiedMs: number | undefined;
}

/** A file that cannot be read as it is now. */
export interface FileProblem {
  readonly place: string;
  readonly message: string;
}

interface CachedFile {
  readonly stamp: FileStamp;
  /** Of the bytes: a file that was written again with what it had is the same. */
  readonly digest: string;
  /** Whether the stamp is older than the steps in which file systems count time: else a later edit may have the same. */
  readonly isSettled: boolean;
  readonly documents: readonly PropertyDocument[] | undefined;
  readonly problem: FileProblem | undefined;
}

/** What was answered, and from which files. */
interface Kept {
  readonly stamps: readonly (string | undefined)[];
  readonly files: readonly (CachedFile | undefined)[];
  readonly found: ConfigFound;
}

/** A configuration file that is larger is refused. */
export const largestFileBytes = 2 ** 20;
/** Another file that is larger is refused. */
export const largestResourceBytes = 2 ** 24;
const settledMs = 50;
/** A file that is written in place is empty first: it counts as empty when it has been so for this long. */
const writingMs = 250;
/** Requests whose answers are kept; the one that was asked for least lately goes. */
const mostKept = 1_000;

/**
 * A folder of `application.yml`, `{app}.yml`, `{app}-{profile}.yml` and their like, read with Spring's precedence. An
 * edit is seen by the next read; a broken file leaves its last good version in place until it is mended. While nothing
 * changes, the same request gets the same object.
 */
export class ConfigFolder {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #files = new Map<string, CachedFile>();
  readonly #finds = new Map<string, () => Promise<ConfigFound>>();

  constructor(folder: string, clock: Clock = systemClock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** CONFIG_FILE_INVALID when a file is broken that has never been good; CONFIG_FOLDER_MISSING without the folder. */
  find(request: ConfigRequest): Promise<ConfigFound> {
    const key = JSON.stringify([request.names, request.profiles, request.label]);
    const find = this.#finds.get(key) ?? this.#sharedFind(request);
    this.#finds.delete(key);
    this.#finds.set(key, find);
    for (const oldest of this.#finds.keys()) {
      if (this.#finds.size <= mostKept) break;
      this.#finds.delete(oldest);
    }
    return find();
  }

  /** Undefined when there is none, or none that the asker may have. The folder's own comes before its labels', as Spring has it. */
  async resource({ paths, label, mayRead }: ResourceRequest): Promise<ResourceFound | undefined> {
    for (const location of ['', ...labelsOf(label).toReversed()]) {
      for (const name of paths) {
        const path = below(location, name);
        if (!mayRead(path)) continue;
        const read = await readContained(this.#folder, path, largestResourceBytes);
        if (read?.kind === 'too-large') throw tooLarge(path, read.bytes, largestResourceBytes);
        if (read?.kind === 'file') return { path, bytes: read.bytes, modifiedMs: read.stamp.modifiedMs };
      }
    }
    return undefined;
  }

  /** Everything in the folder that is broken right now, also files nobody has asked for. */
  async problems(): Promise<readonly FileProblem[]> {
    try {
      const problems: FileProblem[] = [];
      for (const name of await this.#list()) {
        if (!configExtensions.some((extension) => name.endsWith(extension))) continue;
        const read = await this.#read(name, await this.#stampOf(name));
        if (read?.problem !== undefined) problems.push(read.problem);
      }
      return problems;
    } catch (error) {
      if (!isDureError(error)) throw error;
      return [{ place: this.#folder, message: error.message }];
    }
  }

  #sharedFind(request: ConfigRequest): () => Promise<ConfigFound> {
    const paths = [...candidateFiles(request, [...labelsOf(request.label), ''])].filter(
      (path) => request.mayRead?.(path) !== false,
    );
    let kept: Kept | undefined;
    return sharedRun(async () => {
      kept = await this.#find(paths, new Set(request.profiles), kept);
      return kept.found;
    });
  }

  async #find(paths: readonly string[], profiles: ReadonlySet<string>, kept: Kept | undefined): Promise<Kept> {
    const stamps = await Promise.all(paths.map((path) => this.#stampOf(path)));
    const isKnown = (stamp: string | undefined, at: number) =>
      stamp === kept?.stamps[at] && kept?.files[at]?.isSettled !== false;
    if (kept !== undefined && stamps.every(isKnown)) return kept;
    if (stamps.every((stamp) => stamp === undefined)) await this.#list();
    const files: (CachedFile | undefined)[] = [];
    for (const [at, path] of paths.entries()) files.push(await this.#read(path, stamps[at]));
    const isSame = (file: CachedFile | undefined, at: number) =>
      file?.documents === kept?.files[at]?.documents && file?.problem?.message === kept?.files[at]?.problem?.message;
    if (kept !== undefined && files.every(isSame)) return { stamps, files, found: kept.found };
    return { stamps, files, found: foundIn(paths, files, profiles) };
  }

  async #list(): Promise<readonly string[]> {
    try {
      return await readdir(this.#folder);
    } catch (cause) {
      throw configErrors.FOLDER_MISSING(`the configuration folder ${this.#folder} cannot be read`, { cause });
    }
  }

  /** Undefined when there is no such file. */
  async #stampOf(path: string): Promise<string | undefined> {
    try {
      const found = await stat(join(this.#folder, path));
      return found.isFile() ? fileStamp(found).text : undefined;
    } catch (error) {
      if (!isMissing(error)) throw error;
      return undefined;
    }
  }

  /** The file in the state that a stamp tells, or a later one; undefined when it is gone. */
  async #read(path: string, stamp: string | undefined): Promise<CachedFile | undefined> {
    const before = this.#files.get(path);
    if (stamp !== undefined && before?.stamp.text === stamp && before.isSettled) return before;
    const after = stamp === undefined ? undefined : await this.#readAgain(path, before);
    if (after === undefined) this.#files.delete(path);
    else this.#files.set(path, after);
    return after;
  }

  async #readAgain(path: string, before: CachedFile | undefined): Promise<CachedFile | undefined> {
    const read = await this.#readWhole(path);
    if (read === undefined) return undefined;
    if (read.kind !== 'file') {
      const error = read.kind === 'outside' ? outside(path) : tooLarge(path, read.bytes, largestFileBytes);
      const stamp = { text: '', modifiedMs: 0, changedMs: 0 }; // looked at again each time
      return { stamp, digest: '', isSettled: false, ...broken(path, error, before) };
    }
    const { bytes, stamp } = read;
    const ageMs = this.#clock.now() - stamp.changedMs;
    const isSettled = ageMs > settledMs;
    const digest = createHash('sha256').update(bytes).digest('base64');
    if (before?.digest === digest) return { ...before, stamp, isSettled };
    return { stamp, digest, isSettled, ...(await parsed(path, bytes, before)) };
  }

  /** Whoever writes a file anew empties it first: one that has just been emptied is looked at once more. */
  async #readWhole(path: string): Promise<ContainedRead | undefined> {
    const read = await readContained(this.#folder, path, largestFileBytes);
    if (read?.kind !== 'file' || read.bytes.length > 0) return read;
    const ageMs = this.#clock.now() - read.stamp.changedMs;
    if (ageMs < 0 || ageMs >= writingMs) return read;
    await wait(this.#clock, writingMs - ageMs);
    return readContained(this.#folder, path, largestFileBytes);
  }
}

type Parsed = Pick<CachedFile, 'documents' | 'problem'>;

async function parsed(path: string, bytes: Uint8Array, before: Parsed | undefined): Promise<Parsed> {
  const { documents = before?.documents, problem } = await readDocuments(path, bytes);
  return { documents, problem };
}

/** Its last good version stays. */
function broken(path: string, error: Error, before: Parsed | undefined): Parsed {
  return { documents: before?.documents, problem: fileProblem(path, error) };
}

function foundIn(
  paths: readonly string[],
  files: readonly (CachedFile | undefined)[],
  profiles: ReadonlySet<string>,
): ConfigFound {
  const sources: PropertySource[] = [];
  const stale: string[] = [];
  for (const [at, path] of paths.entries()) {
    const file = files[at];
    if (file === undefined) continue;
    if (file.problem !== undefined) stale.push(file.problem.place);
    if (file.documents === undefined)
      throw configErrors.FILE_INVALID(file.problem?.message ?? path, { details: { file: path } });
    sources.push(...activeDocuments(path, file.documents, profiles));
  }
  return { sources, stale };
}

function outside(path: string): Error {
  return configErrors.FILE_INVALID(`${path}:1:1: the file is a link out of the configuration folder`);
}

function tooLarge(path: string, bytes: number, largest: number): Error {
  return configErrors.FILE_INVALID(`${path}:1:1: the file has ${bytes} bytes; expected at most ${largest}`);
}
