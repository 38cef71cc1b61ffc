import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isDureError } from '@dure/core';
import { configErrors } from '../errors.ts';
import { activeDocuments } from './active-documents.ts';
import type { PropertyDocument, PropertySource } from './property.ts';
import { readPropertiesFile } from './read-properties.ts';
import { readYamlText } from './read-yaml-text.ts';

/** Which configuration is wanted. */
export interface ConfigRequest {
  readonly names: readonly string[];
  readonly profiles: readonly string[];
  /** A folder below the configuration folder whose files come before its own. */
  readonly label?: string | undefined;
}

/** What was found, highest precedence first. */
export interface ConfigFound {
  readonly sources: readonly PropertySource[];
  /** Places of files that are broken and whose last good version is used: `order.yml:3:6`. */
  readonly stale: readonly string[];
}

/** A file that cannot be read as it is now. */
export interface FileProblem {
  readonly place: string;
  readonly message: string;
}

interface CachedFile {
  readonly stamp: string;
  readonly documents: readonly PropertyDocument[] | undefined;
  readonly problem: FileProblem | undefined;
}

const extensions = ['.properties', '.yml', '.yaml'] as const;
const largestFileBytes = 2 ** 20;

/**
 * A folder of `application.yml`, `{app}.yml`, `{app}-{profile}.yml` and their like, read with Spring's precedence. An
 * edit is seen by the next read; a broken file leaves its last good version in place until it is mended.
 */
export class ConfigFolder {
  readonly #folder: string;
  readonly #mayCombine: (name: string, profile: string) => boolean;
  readonly #files = new Map<string, CachedFile>();

  /** `mayCombine` keeps `order` with the profile `admin` from reading the file of the application `order-admin`. */
  constructor(folder: string, mayCombine: (name: string, profile: string) => boolean = () => true) {
    this.#folder = folder;
    this.#mayCombine = mayCombine;
  }

  /** CONFIG_FILE_INVALID when a file is broken that has never been good; CONFIG_FOLDER_MISSING without the folder. */
  async find(request: ConfigRequest): Promise<ConfigFound> {
    const profiles = new Set(request.profiles);
    const present = await this.#list('');
    const labelled = request.label === undefined ? undefined : await this.#list(request.label);
    const sources: PropertySource[] = [];
    const stale: string[] = [];
    for (const file of this.#candidates(request)) {
      const names = file.location === '' ? present : labelled;
      if (names?.has(file.name) !== true) continue;
      const path = file.location === '' ? file.name : `${file.location}/${file.name}`;
      const read = await this.#read(path);
      if (read === undefined) continue;
      if (read.problem !== undefined) stale.push(read.problem.place);
      if (read.documents === undefined)
        throw configErrors.FILE_INVALID(read.problem?.message ?? path, { details: { file: path } });
      sources.push(...activeDocuments(path, read.documents, profiles));
    }
    return { sources, stale };
  }

  /** Everything in the folder that is broken right now, also files nobody has asked for. */
  async problems(): Promise<readonly FileProblem[]> {
    let names: ReadonlySet<string> | undefined;
    try {
      names = await this.#list('');
    } catch (error) {
      if (!isDureError(error)) throw error;
      return [{ place: this.#folder, message: error.message }];
    }
    const problems: FileProblem[] = [];
    for (const name of names ?? []) {
      if (!extensions.some((extension) => name.endsWith(extension))) continue;
      const read = await this.#read(name);
      if (read?.problem !== undefined) problems.push(read.problem);
    }
    return problems;
  }

  /** Highest first: the last profile before the first, the label's folder before the folder, the name before `application`. */
  *#candidates({
    names,
    profiles,
    label,
  }: ConfigRequest): Iterable<{ readonly location: string; readonly name: string }> {
    const bases = [...new Set(['application', ...names])].reverse();
    const tiers = [undefined, ...new Set(profiles)].reverse();
    const locations = label === undefined ? [''] : [label, ''];
    for (const profile of tiers) {
      for (const location of locations) {
        for (const base of bases) {
          if (profile !== undefined && !this.#mayCombine(base, profile)) continue;
          const stem = profile === undefined ? base : `${base}-${profile}`;
          for (const extension of extensions) yield { location, name: stem + extension };
        }
      }
    }
  }

  async #list(location: string): Promise<ReadonlySet<string> | undefined> {
    try {
      return new Set(await readdir(join(this.#folder, location)));
    } catch (cause) {
      if (location !== '') return undefined;
      throw configErrors.FOLDER_MISSING(`the configuration folder ${this.#folder} cannot be read`, { cause });
    }
  }

  /** Undefined when the file is gone. */
  async #read(path: string): Promise<CachedFile | undefined> {
    const before = this.#files.get(path);
    try {
      const { mtimeMs, ctimeMs, size, ino, isFile } = await statOf(join(this.#folder, path));
      if (!isFile) return undefined;
      const stamp = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      if (before?.stamp === stamp) return before;
      const after = await this.#parse(path, stamp, size, before?.documents);
      this.#files.set(path, after);
      return after;
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#files.delete(path);
      return undefined;
    }
  }

  async #parse(
    path: string,
    stamp: string,
    size: number,
    lastGood: readonly PropertyDocument[] | undefined,
  ): Promise<CachedFile> {
    try {
      if (size > largestFileBytes)
        throw configErrors.FILE_INVALID(
          `${path}:1:1: the file has ${size} bytes; expected at most ${largestFileBytes}`,
        );
      const text = await readInside(this.#folder, path);
      const documents = path.endsWith('.properties') ? readPropertiesFile(text, path) : await readYamlText(text, path);
      return { stamp, documents, problem: undefined };
    } catch (error) {
      if (!isDureError(error)) throw error;
      const place = typeof error.details.place === 'string' ? error.details.place : `${path}:1:1`;
      return { stamp, documents: lastGood, problem: { place, message: error.message } };
    }
  }
}

async function statOf(path: string) {
  const { mtimeMs, ctimeMs, size, ino, ...rest } = await stat(path);
  return { mtimeMs, ctimeMs, size, ino, isFile: (rest.mode & 0o170000) === 0o100000 };
}

/** Reads a file only if what was opened lies inside the folder, whatever the links on the way say. */
async function readInside(folder: string, path: string): Promise<string> {
  const outside = () => configErrors.FILE_INVALID(`${path}:1:1: the file is a link out of the configuration folder`);
  await using handle = await open(join(folder, path), 'r');
  const [root, real] = await Promise.all([realpath(folder), realpath(join(folder, path))]);
  if (!real.startsWith(root + sep)) throw outside();
  const [opened, named] = await Promise.all([handle.stat(), stat(real)]);
  if (opened.ino !== named.ino || opened.dev !== named.dev) throw outside();
  return handle.readFile('utf8');
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
