import { configErrors } from '../../errors.ts';
import { largestFileBytes, largestResourceBytes } from '../../properties/config-folder.ts';
import type { PropertyDocument } from '../../properties/property.ts';
import type { DocumentsRead } from '../../properties/read-documents.ts';
import { readDocuments } from '../../properties/read-documents.ts';
import type { GitMirror } from './git-mirror.ts';
import type { GitFile, GitTree } from './git-tree.ts';
import { linkTarget } from './git-tree.ts';
import { Recent } from './recent.ts';

const mostLinks = 5;
const longestLinkBytes = 4_096;
/** What parsed files may have been in bytes before the oldest go. */
const mostParsedBytes = 128 * 2 ** 20;

/** A file as it counts: its last good version where this one is broken. */
export interface CommitFile {
  /** Undefined when no version was ever good. */
  readonly documents: readonly PropertyDocument[] | undefined;
  readonly problem: { readonly place: string; readonly message: string } | undefined;
}

/** Reads configuration files of commits. The same bytes at the same path are read once, in whatever commits they are. */
export class CommitFiles {
  readonly #mirror: GitMirror;
  readonly #parsed = new Recent<{ readonly read: DocumentsRead; readonly bytes: number }>(
    mostParsedBytes,
    ({ bytes }) => bytes + 256,
  );
  /** By label and path, what was served last: where history does not say it, because it was rewritten. */
  readonly #served = new Recent<readonly PropertyDocument[]>(20_000);

  constructor(mirror: GitMirror) {
    this.#mirror = mirror;
  }

  /** Undefined for a path that is not there. */
  async read(label: string, commit: string, tree: GitTree, path: string): Promise<CommitFile | undefined> {
    const file = tree.files.get(path);
    if (file === undefined) return undefined;
    const target = await this.#target(tree, path);
    const read = typeof target === 'string' ? broken(path, target) : await this.#parse(path, target);
    if (read.problem === undefined) {
      this.#served.set(`${label} ${path}`, read.documents);
      return read;
    }
    const documents = (await this.#lastGood(commit, path)) ?? this.#served.get(`${label} ${path}`);
    return { documents, problem: read.problem };
  }

  /** The bytes of any other file; undefined for a path that is not there. CONFIG_FILE_INVALID for one that may not be read. */
  async resource(tree: GitTree, path: string): Promise<Buffer | undefined> {
    if (!tree.files.has(path)) return undefined;
    const target = await this.#target(tree, path);
    const why =
      typeof target !== 'string' && target.bytes > largestResourceBytes
        ? `the file has ${target.bytes} bytes; expected at most ${largestResourceBytes}`
        : target;
    if (typeof why === 'string') throw configErrors.FILE_INVALID(`${path}:1:1: ${why}`);
    return this.#mirror.blob(why.id);
  }

  /** The file that a path leads to over links, or why it leads to none. */
  async #target(tree: GitTree, path: string): Promise<GitFile | string> {
    let at = path;
    for (let links = 0; links <= mostLinks; links += 1) {
      const file = tree.files.get(at);
      if (file === undefined) return 'the file is a link to what is not in the commit';
      if (!file.isLink) return file;
      if (file.bytes > longestLinkBytes) break;
      const target = linkTarget(at, (await this.#mirror.blob(file.id)).toString());
      if (target === undefined) return 'the file is a link out of the repository';
      at = target;
    }
    return 'the file is a link to a link to a link';
  }

  async #parse(path: string, { id, bytes }: Pick<GitFile, 'id' | 'bytes'>): Promise<DocumentsRead> {
    const key = `${id} ${path}`;
    const before = this.#parsed.get(key);
    if (before !== undefined) return before.read;
    const read =
      bytes <= largestFileBytes
        ? await readDocuments(path, await this.#mirror.blob(id))
        : broken(path, `the file has ${bytes} bytes; expected at most ${largestFileBytes}`);
    this.#parsed.set(key, { read, bytes: Math.min(bytes, largestFileBytes) });
    return read;
  }

  /** A function of the commit alone, so that a server that starts anew serves what the others do. */
  async #lastGood(commit: string, path: string): Promise<readonly PropertyDocument[] | undefined> {
    for (const id of await this.#mirror.versions(commit, path, largestFileBytes)) {
      const { documents } = await this.#parse(path, { id, bytes: 0 });
      if (documents !== undefined) return documents;
    }
    return undefined;
  }
}

function broken(path: string, why: string): DocumentsRead {
  return { documents: undefined, problem: { place: `${path}:1:1`, message: `${path}:1:1: ${why}` } };
}
