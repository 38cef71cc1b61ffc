import { resolve } from 'node:path';
import type { GitOptions, GitRepository } from '@dure/config/server';

/** A git repository of configurations, as a system names it: plain data, with paths relative to the system's folder. */
export interface GitConfig extends GitOptions {
  readonly kind: 'git';
  /**
   * The file of mode 0600 with the secret of `POST /monitor`, where the repository's host tells of a push. Default: only
   * services may tell.
   */
  readonly hookSecretFile?: string;
}

/** Where a system's configurations lie: a folder, or a git repository. */
export type ConfigPlace = string | GitConfig;

/**
 * A git repository in which a system's configurations lie.
 *
 * @example
 * system('shop', { config: git({ url: 'https://git.example/shop-config.git', username: 'dure', passwordFile: './git-token' }), … })
 */
export function git(options: Omit<GitConfig, 'kind'>): GitConfig {
  return { kind: 'git', ...options };
}

/** The same places with every path absolute. */
export function resolveConfig(folder: string, places: readonly ConfigPlace[]): readonly ConfigPlace[] {
  return places.map((place) => {
    if (typeof place === 'string') return resolve(folder, place);
    const { repos, hookSecretFile, ...rest } = place;
    return {
      ...rest,
      ...resolveRepository(folder, rest),
      ...(repos === undefined
        ? {}
        : { repos: repos.map((repository) => ({ ...repository, ...resolveRepository(folder, repository) })) }),
      ...(hookSecretFile === undefined ? {} : { hookSecretFile: resolve(folder, hookSecretFile) }),
    };
  });
}

function resolveRepository(
  folder: string,
  repository: GitRepository,
): Partial<GitRepository> & { readonly url: string } {
  const files = ['passwordFile', 'sshKeyFile', 'knownHostsFile', 'caFile'] as const;
  const paths = files.flatMap((key) => {
    const path = repository[key];
    return path === undefined ? [] : [[key, resolve(folder, path)] as const];
  });
  const url = /^\.{1,2}\//.test(repository.url) ? resolve(folder, repository.url) : repository.url;
  return { url, ...Object.fromEntries(paths) };
}
