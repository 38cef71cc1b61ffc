import { configErrors } from '../../errors.ts';

/** A hook as it arrived. */
export interface Webhook {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

/** What of a JSON body a host's reader looks at. */
type Json = Readonly<Record<string, unknown>>;
type Reader = (header: (name: string) => string | undefined, body: Json) => readonly string[] | undefined;

/** Beyond that it is the file of all applications. */
const mostPaths = 10_000;
const longestPath = 1_000;
/** What hosts stand for that do not say which files were changed. */
const anything = ['application.yml'];

/**
 * The hosts in the order in which they are tried. Those that send paths in their commits are told apart by a header; those
 * that do not stand for the file of all applications.
 *
 * After the `PropertyPathNotificationExtractor`s of spring-cloud/spring-cloud-config; Azure DevOps is ours.
 */
const readers: readonly Reader[] = [
  (header, body) => (header('x-github-event') === 'push' ? pathsOfCommits(body) : undefined),
  (_, { path }) => (path === undefined ? undefined : texts(path)),
  (header, body) => (header('x-gitlab-event') === 'Push Hook' ? pathsOfCommits(body) : undefined),
  (header, body) => (header('x-git-oschina-event') === 'Push Hook' ? pathsOfCommits(body) : undefined),
  (header, body) => (header('x-gogs-event') === 'push' ? pathsOfCommits(body) : undefined),
  (header, body) => (header('x-gitea-event') === 'push' && listOf(body.commits).length > 0 ? anything : undefined),
  (header, body) => {
    const event = header('x-event-key');
    const isCloud = header('x-hook-uuid') !== undefined && (event === 'repo:push' || event === 'pullrequest:fulfilled');
    const changes = isRecord(body.push) ? body.push.changes : undefined;
    return isCloud && (Array.isArray(changes) || isRecord(body.pullrequest)) ? anything : undefined;
  },
  (header, body) => {
    const event = header('x-event-key');
    if (header('x-request-id') === undefined) return undefined;
    if (event === 'repo:refs_changed') return Array.isArray(body.changes) ? anything : undefined;
    return event === 'pr:merged' ? anything : undefined;
  },
  (_, { eventType }) => (eventType === 'git.push' ? anything : undefined),
];

/**
 * The files that a hook says were changed; undefined for an event that is no push. CONFIG_MONITOR_UNREADABLE for a body
 * that is neither JSON nor a form.
 */
export function webhookPaths({ headers, body }: Webhook): readonly string[] | undefined {
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : value?.[0];
  };
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  if (/^application\/x-www-form-urlencoded\b/i.test(header('content-type') ?? '')) {
    const paths = new URLSearchParams(text).getAll('path');
    return paths.length === 0 ? undefined : bounded(paths);
  }
  const json = parsed(text);
  for (const read of readers) {
    const paths = read(header, json);
    if (paths !== undefined) return bounded(paths);
  }
  return undefined;
}

/**
 * The applications that files belong to, as Spring guesses them: the name up to each of its hyphens, `*` for all in place
 * of `application`. `foo-bar-dev.yml` is of `foo-bar-dev`, `foo-bar` or `foo`.
 */
export function applicationsOf(paths: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const path of paths) {
    const file = path.slice(path.lastIndexOf('/') + 1);
    const dot = file.lastIndexOf('.');
    for (let stem = dot < 0 ? file : file.slice(0, dot); stem !== ''; ) {
      names.add(stem === 'application' ? '*' : stem);
      stem = stem.slice(0, Math.max(stem.lastIndexOf('-'), 0));
    }
  }
  return [...names];
}

function parsed(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable('it is no JSON');
  }
  if (!isRecord(value)) throw unreadable('it is no JSON object');
  return value;
}

function unreadable(why: string): Error {
  return configErrors.MONITOR_UNREADABLE(
    `the body of the hook cannot be read: ${why}; expected a host's push event as JSON, or a form with path=…`,
  );
}

function pathsOfCommits({ commits }: Json): readonly string[] {
  return listOf(commits)
    .filter(isRecord)
    .flatMap(({ added, modified, removed }) => [...texts(added), ...texts(modified), ...texts(removed)]);
}

function bounded(paths: readonly string[]): readonly string[] {
  const different = new Set(paths.filter((path) => path !== ''));
  const isTooMuch = different.size > mostPaths || paths.some((path) => path.length > longestPath);
  return isTooMuch ? anything : [...different];
}

function texts(value: unknown): readonly string[] {
  return (typeof value === 'string' ? [value] : listOf(value)).filter((item) => typeof item === 'string');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
