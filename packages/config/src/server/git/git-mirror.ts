import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@dure/core';
import { isDureError, messageOf } from '@dure/core';
import { configErrors } from '../../errors.ts';
import { gitAddress } from './git-address.ts';
import { writeCredentials, writeGitHome } from './git-home.ts';
import type { GitOptions, GitRepository } from './git-options.ts';
import { GitTree } from './git-tree.ts';
import { ObjectReader } from './object-reader.ts';
import { Recent } from './recent.ts';
import type { GitPlace } from './run-git.ts';
import { runGit } from './run-git.ts';

const commitId = /^[0-9a-f]{40}$/;
const shortId = /^[0-9a-f]{7,40}$/;
/** The first fetch brings the whole repository. */
const firstTakesTimes = 12;
const mostFiles = 100_000;
/** How far back in a file's history its last good version is looked for. */
const mostVersions = 50;

/** What a mirror is made with. */
export interface GitMirrorParts extends Pick<GitOptions, 'timeoutMs' | 'depth' | 'keepDeletedLabels'> {
  /** A folder that is nobody else's; it outlives the process, so that a start needs no remote. */
  readonly folder: string;
  readonly clock: Clock;
}

/**
 * A bare copy of a remote repository. Nothing is ever checked out: commits are read from the object store, where they can
 * neither change nor lead outside. Labels are looked up in a table, so that none ever reaches a command line.
 */
export class GitMirror {
  readonly address: string;
  readonly #repository: GitRepository;
  readonly #parts: GitMirrorParts;
  readonly #place: GitPlace;
  readonly #closing = new AbortController();
  readonly #objects: ObjectReader;
  readonly #ids = new Recent<string>(1_000);
  #labels: ReadonlyMap<string, string> = new Map();
  #opened: Promise<void> | undefined;
  #failure: string | undefined;

  /** CONFIG_GIT_OPTIONS for an address that is refused. */
  constructor(repository: GitRepository, parts: GitMirrorParts) {
    this.address = gitAddress(repository.url);
    this.#repository = repository;
    this.#parts = parts;
    const name = createHash('sha256').update(JSON.stringify(repository)).digest('hex').slice(0, 16);
    this.#place = { folder: join(parts.folder, name), clock: parts.clock, signal: this.#closing.signal };
    this.#objects = new ObjectReader(this.#place);
  }

  /** Why the last fetch failed; undefined when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Whether there is anything to serve. */
  get isEmpty(): boolean {
    return this.#labels.size === 0;
  }

  /** Asks the remote for what is new. Never throws for a remote that is away: see `failure`. */
  async update(): Promise<void> {
    try {
      this.#opened ??= this.#open();
      await this.#opened;
      await writeCredentials(this.#place.folder, this.address, this.#repository);
      await this.#fetchAll();
      this.#failure = undefined;
    } catch (error) {
      if (!isDureError(error)) throw error;
      this.#failure = messageOf(error);
    }
    // Before the repository could be made there are no labels to read, and the failure says why.
    if (this.#opened !== undefined) await this.#opened.then(() => this.#readLabels()).catch(() => this.#reopen());
  }

  /** The commit that a branch, a tag or a commit's id names; undefined when there is none. */
  async commit(label: string): Promise<string | undefined> {
    const known = this.#labels.get(`refs/heads/${label}`) ?? this.#labels.get(`refs/tags/${label}`);
    if (known !== undefined || !shortId.test(label)) return known;
    const before = this.#ids.get(label);
    if (before !== undefined) return before;
    const named = await this.#git(['rev-parse', '--quiet', '--verify', '--end-of-options', `${label}^{commit}`]).catch(
      () => undefined,
    );
    const id = named?.toString().trim() ?? '';
    if (!commitId.test(id)) return undefined;
    this.#ids.set(label, id);
    return id;
  }

  /** CONFIG_GIT_FAILED for a tree with too many files. */
  async tree(commit: string): Promise<GitTree> {
    const tree = new GitTree((await this.#git(['ls-tree', '-r', '-z', '--long', '--full-tree', commit])).toString());
    if (tree.files.size <= mostFiles) return tree;
    throw configErrors.GIT_FAILED(
      `the commit ${commit} has ${tree.files.size} files; expected at most ${mostFiles}: keep configurations in a repository of their own`,
    );
  }

  /** The bytes of a file whose size was looked at before. */
  async blob(id: string): Promise<Buffer> {
    const bytes = await this.#objects.read(id);
    if (bytes !== undefined) return bytes;
    throw configErrors.GIT_FAILED(`git cat-file: the object ${id} is not in the repository`);
  }

  /** Earlier versions of a file along a commit's first parents, the newest first, those that are small enough. */
  async versions(commit: string, path: string, mostBytes: number): Promise<readonly string[]> {
    const log = ['log', '--first-parent', '-m', '--format=', '--raw', '-z', '--no-abbrev', '--no-renames'];
    const text = (await this.#git([...log, `--max-count=${mostVersions}`, commit, '--', path])).toString();
    const ids = [...text.matchAll(/:\d{6} 100\d{3} [0-9a-f]{40} ([0-9a-f]{40}) /g)].map(([, id = '']) => id);
    if (ids.length === 0) return [];
    const sizes = await this.#git(['cat-file', '--batch-check=%(objectname) %(objectsize)'], `${ids.join('\n')}\n`);
    const lines = sizes.toString().trim().split('\n');
    return lines.flatMap((line) => {
      const [id = '', size] = line.split(' ');
      return Number(size) <= mostBytes ? [id] : [];
    });
  }

  /** The paths that differ between two commits. */
  async changes(from: string, to: string): Promise<readonly string[]> {
    const text = await this.#git(['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--no-commit-id', from, to]);
    return text
      .toString()
      .split('\0')
      .filter((path) => path !== '');
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort();
    this.#objects.close();
  }

  async #open(): Promise<void> {
    await writeGitHome(this.#place.folder, this.address, this.#repository);
    await this.#git(['init', '--bare', '--quiet', '--template=']);
    await removeLocks(join(this.#place.folder, 'repo.git'));
    await this.#readLabels();
  }

  /** A copy that git cannot read is of no use: the next fetch makes a new one. */
  async #reopen(): Promise<void> {
    this.#opened = undefined;
    if (this.isEmpty) await rm(join(this.#place.folder, 'repo.git'), { recursive: true, force: true });
  }

  async #fetchAll(): Promise<void> {
    const { depth, keepDeletedLabels = false, timeoutMs = 10_000 } = this.#parts;
    const how = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
    if (depth !== undefined) how.push(`--depth=${depth}`);
    if (!keepDeletedLabels) how.push('--prune');
    const what = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    const limit = this.isEmpty ? timeoutMs * firstTakesTimes : timeoutMs;
    await runGit(this.#place, ['fetch', ...how, '--end-of-options', 'origin', ...what], { timeoutMs: limit });
  }

  /** Annotated tags stand for the commits they name, however many tags are between. */
  async #readLabels(): Promise<void> {
    const format = '--format=%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)';
    const text = (await this.#git(['for-each-ref', format, 'refs/heads', 'refs/tags'])).toString();
    const labels = new Map<string, string>();
    for (const line of text.split('\n')) {
      const [name = '', type, id = '', peeledType, peeled = ''] = line.split('\0');
      if (type === 'commit') labels.set(name, id);
      else if (peeledType === 'commit') labels.set(name, peeled);
    }
    this.#labels = labels;
  }

  #git(args: readonly string[], input = ''): Promise<Buffer> {
    return runGit(this.#place, args, { input });
  }
}

/** Locks that a process left behind which was ended in the middle: nobody but us works here. */
async function removeLocks(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true });
  const locks = files.filter((file) => file.endsWith('.lock'));
  await Promise.all(locks.map((file) => rm(join(folder, file), { force: true })));
}
