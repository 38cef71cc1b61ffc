import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Random, Timer } from '@dure/core';
import { systemClock, systemRandom } from '@dure/core';
import { configErrors } from '../../errors.ts';
import type { ConfigRequest, ResourceFound, ResourceRequest } from '../../properties/config-folder.ts';
import { gitAddress, hasPlaceholder } from '../git/git-address.ts';
import type { GitOptions, GitRepository } from '../git/git-options.ts';
import { refreshPauseMs } from '../git/refresh-pause.ts';
import { RepositoryConfig } from '../git/repository-config.ts';
import { expand, matchesPattern } from '../git/search-locations.ts';
import type { BackendFound, ConfigBackend } from './config-backend.ts';
import { JoinedFinds } from './joined-finds.ts';

/** What a git backend is given beside its options. */
export interface GitParts {
  /** Where the copies of the repositories are kept, so that a start needs no remote. Default: a folder that goes with it. */
  readonly folder?: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

const mostRepositories = 200;

/**
 * Git repositories, by the `git` program. A label is a branch, a tag or a commit; what is served is always a whole commit,
 * read from a bare copy: nothing is checked out. While the remote is away or a file is broken, what was good before is
 * served. CONFIG_GIT_OPTIONS for options that make no sense.
 *
 * @example
 * const backend = gitBackend({ url: 'https://git.example/config.git', username: 'dure', passwordFile: '/run/secrets/git' });
 */
export function gitBackend(options: GitOptions, parts: GitParts = {}): ConfigBackend {
  return new GitBackend(options, parts);
}

class GitBackend implements ConfigBackend {
  readonly name: string;
  readonly #options: GitOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #folder: string | undefined;
  readonly #repositories = new Map<string, RepositoryConfig>();
  readonly #watchers = new Set<() => void>();
  readonly #joined = new JoinedFinds();
  #ownFolder: Promise<string> | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(options: GitOptions, parts: GitParts) {
    for (const { url } of [options, ...(options.repos ?? [])]) gitAddress(url);
    this.name = `git ${gitAddress(options.url)}`;
    this.#options = options;
    this.#clock = parts.clock ?? systemClock;
    this.#random = parts.random ?? systemRandom;
    this.#folder = parts.folder;
  }

  async find(request: ConfigRequest): Promise<BackendFound> {
    this.#follow();
    const found: BackendFound[] = [];
    for (const repository of await this.#repositoriesOf(request))
      found.push(await repository.find(request).finally(() => this.#forgetNowhere(repository)));
    if (found.length === 0) throw configErrors.NOT_FOUND('there is no repository for this application');
    return this.#joined.of(found, (versions) => versions.join(','));
  }

  async resource(request: ResourceRequest): Promise<ResourceFound | undefined> {
    this.#follow();
    for (const repository of await this.#repositoriesOf(request)) {
      const found = await repository.resource(request).finally(() => this.#forgetNowhere(repository));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async problems() {
    this.#follow();
    await this.#openFixed();
    const all = await Promise.all([...this.#repositories.values()].map((repository) => repository.problems()));
    return all.flat();
  }

  async refresh(): Promise<readonly string[]> {
    this.#follow();
    await this.#openFixed();
    const all = [...this.#repositories.values()];
    const changed = await Promise.all(all.map((repository) => repository.refresh()));
    this.#failures = all.some(({ failure }) => failure !== undefined) ? this.#failures + 1 : 0;
    const paths = [...new Set(changed.flat())];
    if (paths.length > 0) for (const tell of this.#watchers) tell();
    return paths;
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    this.#follow();
    return () => void this.#watchers.delete(changed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#watchers.clear();
    for (const repository of this.#repositories.values()) await repository.close();
    if (this.#ownFolder !== undefined) await rm(await this.#ownFolder, { recursive: true, force: true });
  }

  /** Asks the remotes again and again, from the first use on; less often while one is away. */
  #follow(): void {
    const { refreshMs = 5_000 } = this.#options;
    if (refreshMs === 0 || this.#isClosed || this.#timer !== undefined) return;
    this.#timer = this.#clock.after(refreshPauseMs(refreshMs, this.#failures, this.#random), () => {
      const again = () => {
        this.#timer = undefined;
        this.#follow();
      };
      void this.refresh().then(again, again);
    });
  }

  async #repositoriesOf(request: ConfigRequest): Promise<readonly RepositoryConfig[]> {
    const { repos = [], url, ...rest } = this.#options;
    const special = repos.find(({ patterns }) => patterns.some((pattern) => matchesPattern(pattern, request)));
    const repository: GitRepository = special ?? { url, ...rest };
    const urls = expand(repository.url, request).toReversed();
    const isMadeUp = hasPlaceholder(repository.url);
    return Promise.all(urls.map((each) => this.#open({ ...repository, url: each }, isMadeUp)));
  }

  /** Whoever asks for what there is not must not take the place of what there is. */
  #forgetNowhere(repository: RepositoryConfig): void {
    if (!repository.isNowhere) return;
    for (const [key, each] of this.#repositories) if (each === repository) this.#repositories.delete(key);
    void repository.close();
  }

  /** Opens what does not depend on who asks. */
  async #openFixed(): Promise<void> {
    for (const repository of [this.#options, ...(this.#options.repos ?? [])])
      if (!hasPlaceholder(repository.url)) await this.#open(repository, false);
  }

  async #open(repository: GitRepository, isMadeUp: boolean): Promise<RepositoryConfig> {
    const { url, searchPaths, defaultLabel, username, passwordFile, sshKeyFile, knownHostsFile, caFile, proxy } =
      repository;
    const plain = { url, searchPaths, defaultLabel, username, passwordFile, sshKeyFile, knownHostsFile, caFile, proxy };
    const key = JSON.stringify(plain);
    const before = this.#repositories.get(key);
    if (before !== undefined) return before;
    const folder = this.#folder ?? (await this.#temporary());
    if (this.#repositories.size >= mostRepositories)
      throw configErrors.GIT_TOO_MANY(`${mostRepositories} git repositories are followed already; expected no more`);
    const { timeoutMs, depth, keepDeletedLabels } = this.#options;
    const parts = {
      folder,
      clock: this.#clock,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(depth === undefined ? {} : { depth }),
      ...(keepDeletedLabels === undefined ? {} : { keepDeletedLabels }),
    };
    const opened = new RepositoryConfig(JSON.parse(key) as GitRepository, parts, isMadeUp);
    const meanwhile = this.#repositories.get(key);
    if (meanwhile !== undefined) return meanwhile;
    this.#repositories.set(key, opened);
    return opened;
  }

  #temporary(): Promise<string> {
    this.#ownFolder ??= mkdtemp(join(tmpdir(), 'dure-config-git-'));
    return this.#ownFolder;
  }
}
