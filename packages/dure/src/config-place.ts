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

/** A table of configurations in a PostgreSQL database, as a system names it. */
export interface PostgresConfig {
  readonly kind: 'postgres';
  /**
   * The file of mode 0600 with the database's address, `postgres://user:password@host:5432/database`, relative to the system's
   * folder. The database has Dure's schema.
   */
  readonly urlFile: string;
  /** How often the table is looked at, in milliseconds. Default 1 000. */
  readonly refreshMs?: number;
}

/** Where a system's configurations lie: a folder, a git repository, or a table. */
export type ConfigPlace = string | GitConfig | PostgresConfig;

/**
 * A git repository in which a system's configurations lie.
 *
 * @example
 * system('shop', { config: git({ url: 'https://git.example/shop-config.git', username: 'dure', passwordFile: './git-token' }), … })
 */
export function git(options: Omit<GitConfig, 'kind'>): GitConfig {
  return { kind: 'git', ...options };
}

/**
 * A table of a PostgreSQL database in which a system's configurations lie; `configTable` of `@dure/postgres` writes it.
 *
 * @example
 * system('shop', { config: [postgres({ urlFile: './config-table.url' }), './config'], … })
 */
export function postgres(options: Omit<PostgresConfig, 'kind'>): PostgresConfig {
  return { kind: 'postgres', ...options };
}

/** What is wrong with a place, as the end of a sentence; undefined when it is one. */
export function placeProblem(place: unknown): string | undefined {
  if (typeof place === 'string') return place === '' ? 'is "", which names no folder; write "./config"' : undefined;
  const given: Readonly<Record<string, unknown>> = typeof place === 'object' && place !== null ? { ...place } : {};
  if (given.kind === 'git' && typeof given.url === 'string') return undefined;
  if (given.kind === 'postgres')
    return typeof given.urlFile === 'string' && given.urlFile !== ''
      ? undefined
      : 'is a table whose database nobody knows; write its address to a file of mode 0600 and name that as `urlFile`';
  const expected = 'expected a folder, git({ url }) or postgres({ urlFile })';
  if (typeof given.open === 'function')
    return `is "${String(given.kind)}", which each service reads for itself; name it in \`config: { sources: […] }\``;
  if (typeof place === 'object' && place !== null && 'find' in place)
    return `is a backend that is open already; ${expected}, or run \`configService({ backend })\` yourself`;
  return `is ${JSON.stringify(place) ?? String(place)}; ${expected}`;
}

/** The same places with every path absolute. */
export function resolveConfig(folder: string, places: readonly ConfigPlace[]): readonly ConfigPlace[] {
  return places.map((place) => {
    if (typeof place === 'string') return resolve(folder, place);
    if (place.kind === 'postgres') return { ...place, urlFile: resolve(folder, place.urlFile) };
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
