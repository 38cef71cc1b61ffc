import type { Clock } from '@dure/core';
import { configErrors } from '../../errors.ts';
import { activeDocuments } from '../../properties/active-documents.ts';
import { below, candidateFiles, configExtensions, labelsOf } from '../../properties/candidate-files.ts';
import type { ConfigRequest, FileProblem, ResourceFound, ResourceRequest } from '../../properties/config-folder.ts';
import type { PropertySource } from '../../properties/property.ts';
import type { BackendFound } from '../backends/config-backend.ts';
import { JoinedFinds } from '../backends/joined-finds.ts';
import { CommitFiles } from './commit-files.ts';
import type { GitMirrorParts } from './git-mirror.ts';
import { GitMirror } from './git-mirror.ts';
import type { GitRepository } from './git-options.ts';
import type { GitTree } from './git-tree.ts';
import { Recent } from './recent.ts';
import { searchLocations } from './search-locations.ts';

/** How long a repository without anything in it is left alone. */
const emptyPauseMs = 1_000;

/** What git says of a repository that its host does not have. */
const unknownThere = /not found|does not exist|not appear to be a git repository/i;

/** What a commit says; it never changes. */
interface Commit {
  readonly id: string;
  readonly tree: GitTree;
  readonly answers: Recent<BackendFound>;
  problems: Promise<readonly FileProblem[]> | undefined;
}

/** A label as it was asked for; the empty one is the default. */
type Label = string;

/** The configurations in one git repository, followed as it changes. */
export class RepositoryConfig {
  readonly #repository: GitRepository;
  readonly #clock: Clock;
  readonly #isMadeUp: boolean;
  readonly #mirror: GitMirror;
  readonly #files: CommitFiles;
  readonly #commits = new Recent<Promise<Commit>>(32);
  /** What was asked for, and what it led to: of those only a change is of interest. */
  readonly #asked = new Recent<{ readonly label: Label; readonly commit: string }>(100);
  readonly #joined = new JoinedFinds();
  #fetching: Promise<readonly string[]> | undefined;
  #next: Promise<readonly string[]> | undefined;
  #againAt = 0;

  /** `isMadeUp`: the address is made of what somebody asks for, and need not be that of a repository. */
  constructor(repository: GitRepository, parts: GitMirrorParts, isMadeUp: boolean) {
    this.#isMadeUp = isMadeUp;
    this.#repository = repository;
    this.#clock = parts.clock;
    this.#mirror = new GitMirror(repository, parts);
    this.#files = new CommitFiles(this.#mirror);
  }

  get address(): string {
    return this.#mirror.address;
  }

  /** Why the last fetch failed; undefined when it did not. */
  get failure(): string | undefined {
    return this.#mirror.failure;
  }

  /** Whether its address was made of what was asked for, and the host knows no such repository. */
  get isNowhere(): boolean {
    return this.#isMadeUp && this.#mirror.isEmpty && unknownThere.test(this.failure ?? '');
  }

  /** CONFIG_NOT_FOUND for a label that there is not, CONFIG_GIT_UNREACHABLE when nothing was ever fetched. */
  async find(request: ConfigRequest): Promise<BackendFound> {
    await this.#someCopy();
    if (request.label === undefined) return this.#find(request, undefined);
    const found: BackendFound[] = [];
    for (const label of labelsOf(request.label).toReversed()) found.push(await this.#find(request, label));
    return this.#joined.of(found, (versions) => versions.toReversed().join(','));
  }

  /** The commit's own folder comes before the search paths, as Spring has it. */
  async resource(request: ResourceRequest): Promise<ResourceFound | undefined> {
    await this.#someCopy();
    const labels = request.label === undefined ? [undefined] : labelsOf(request.label).toReversed();
    for (const each of labels) {
      const { label, id } = await this.#resolve(each);
      const { tree } = await this.#commit(id);
      for (const location of searchLocations(this.#repository.searchPaths ?? [], request, label, tree)) {
        for (const name of request.paths) {
          const path = below(location, name);
          const bytes = request.mayRead(path) ? await this.#files.resource(tree, path) : undefined;
          if (bytes !== undefined) return { path, bytes, modifiedMs: undefined };
        }
      }
    }
    return undefined;
  }

  /**
   * Asks the remote; the paths that differ under labels that somebody has asked for. Whoever asks while that is under way
   * gets what comes after it: what they know of may be later than what is being fetched.
   */
  refresh(): Promise<readonly string[]> {
    if (this.#fetching === undefined) {
      this.#fetching = this.#refresh().finally(() => {
        this.#fetching = undefined;
      });
      return this.#fetching;
    }
    this.#next ??= this.#fetching
      .catch(() => [])
      .then(() => {
        this.#next = undefined;
        return this.refresh();
      });
    return this.#next;
  }

  /** What is broken under the labels in use, and a remote that is away. */
  async problems(): Promise<readonly FileProblem[]> {
    const copy = this.#someCopy();
    if (this.#mirror.isEmpty) {
      void copy.catch(() => {});
      return [{ place: this.address, message: this.failure ?? 'nothing has been fetched yet' }];
    }
    const problems: FileProblem[] = [];
    if (this.failure !== undefined) problems.push({ place: this.address, message: this.failure });
    for (const label of new Set(['', ...this.#asked.keys()])) {
      const resolved = await this.#resolve(label === '' ? undefined : label).catch(() => undefined);
      if (resolved === undefined && label === '')
        problems.push({ place: this.address, message: `the repository has no ${this.#defaults().join(' and no ')}` });
      if (resolved === undefined) continue;
      const commit = await this.#commit(resolved.id);
      commit.problems ??= this.#broken(commit, resolved.label);
      problems.push(...(await commit.problems));
    }
    return problems;
  }

  async close(): Promise<void> {
    this.#mirror.close();
    await Promise.allSettled([this.#fetching, this.#next]);
  }

  /** Fetches when there is nothing to serve, but not with every request. */
  async #someCopy(): Promise<void> {
    if (!this.#mirror.isEmpty) return;
    if (this.#fetching === undefined && this.#clock.monotonicMs() < this.#againAt) return;
    await (this.#fetching ?? this.refresh());
  }

  async #refresh(): Promise<readonly string[]> {
    await this.#mirror.update();
    this.#againAt = this.#clock.monotonicMs() + emptyPauseMs;
    const paths = new Set<string>();
    for (const label of this.#asked.keys()) {
      const before = this.#asked.get(label);
      const now = await this.#resolve(label === '' ? undefined : label, 'quiet').catch(() => undefined);
      if (before === undefined || now === undefined || now.id === before.commit) continue;
      this.#asked.set(label, { label, commit: now.id });
      for (const path of await this.#mirror.changes(before.commit, now.id)) paths.add(path);
    }
    return [...paths];
  }

  #defaults(): readonly string[] {
    const { defaultLabel } = this.#repository;
    return defaultLabel === undefined ? ['main', 'master'] : [defaultLabel];
  }

  async #resolve(asked: string | undefined, how?: 'quiet'): Promise<{ readonly label: string; readonly id: string }> {
    for (const label of asked === undefined ? this.#defaults() : [asked]) {
      const id = await this.#mirror.commit(label);
      if (id === undefined) continue;
      if (how !== 'quiet' && this.#asked.get(asked ?? '') === undefined)
        this.#asked.set(asked ?? '', { label, commit: id });
      return { label, id };
    }
    const { failure, isEmpty } = this.#mirror;
    if (this.isNowhere) throw configErrors.NOT_FOUND('there is no repository for this application');
    if (isEmpty && failure !== undefined)
      throw configErrors.GIT_UNREACHABLE(`nothing could be fetched from ${this.address} yet: ${failure}`);
    throw configErrors.NOT_FOUND('the repository has no such branch, tag or commit');
  }

  #commit(id: string): Promise<Commit> {
    const before = this.#commits.get(id);
    if (before !== undefined) return before;
    const read = this.#mirror
      .tree(id)
      .then((tree) => ({ id, tree, answers: new Recent<BackendFound>(1_000), problems: undefined }));
    this.#commits.set(id, read);
    read.catch(() => this.#commits.delete(id));
    return read;
  }

  async #find(request: ConfigRequest, asked: string | undefined): Promise<BackendFound> {
    const { label, id } = await this.#resolve(asked);
    const commit = await this.#commit(id);
    const key = JSON.stringify([request.names, request.profiles, label]);
    const found = await once(commit.answers, key, () => this.#read(commit, label, request));
    if (this.failure === undefined) return found;
    const stale = async () => ({ ...found, stale: [...found.stale, this.address] });
    return once(commit.answers, `stale ${key}`, stale);
  }

  async #read({ id, tree }: Commit, label: string, request: ConfigRequest): Promise<BackendFound> {
    const profiles = new Set(request.profiles);
    const locations = searchLocations(this.#repository.searchPaths ?? [], request, label, tree).toReversed();
    const sources: PropertySource[] = [];
    const stale: string[] = [];
    for (const path of candidateFiles(request, locations)) {
      if (!tree.files.has(path) || request.mayRead?.(path) === false) continue;
      const file = await this.#files.read(label, id, tree, path);
      if (file === undefined) continue;
      if (file.problem !== undefined) stale.push(file.problem.place);
      if (file.documents === undefined)
        throw configErrors.FILE_INVALID(file.problem?.message ?? path, { details: { file: path, commit: id } });
      for (const source of activeDocuments(path, file.documents, profiles))
        sources.push({ ...source, name: this.#sourceName(source) });
    }
    return { sources, stale, version: id };
  }

  /** As Spring names them: its clients read off the name whether a source belongs to a profile. */
  #sourceName({ file, document }: PropertySource): string {
    if (document === undefined) return `${this.address}/${file}`;
    return `${this.address}/Config resource 'file [${file}' via location '' (document #${document})`;
  }

  async #broken({ id, tree }: Commit, label: string): Promise<readonly FileProblem[]> {
    const anything = (path: string) => path.replaceAll(/\{\w+\}/g, '*');
    const folders = new Set((this.#repository.searchPaths ?? []).flatMap((path) => tree.folders(anything(path))));
    const problems: FileProblem[] = [];
    for (const path of tree.files.keys()) {
      const folder = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
      if (folder !== '' && !folders.has(folder)) continue;
      if (!configExtensions.some((extension) => path.endsWith(extension))) continue;
      const problem = (await this.#files.read(label, id, tree, path))?.problem;
      if (problem === undefined) continue;
      problems.push({ place: problem.place, message: `${problem.message} (${label}, commit ${id})` });
    }
    return problems;
  }
}

/** The same object for the same key. */
async function once(kept: Recent<BackendFound>, key: string, make: () => Promise<BackendFound>): Promise<BackendFound> {
  const before = kept.get(key);
  if (before !== undefined) return before;
  const made = await make();
  const meanwhile = kept.get(key) ?? made;
  kept.set(key, meanwhile);
  return meanwhile;
}
