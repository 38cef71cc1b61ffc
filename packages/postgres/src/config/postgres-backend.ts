import type { ConfigFound, ConfigRequest, FileProblem, ResourceFound, ResourceRequest } from '@dure/config/properties';
import { labelsOf } from '@dure/config/properties';
import type { Clock, Timer } from '@dure/core';
import { messageOf, systemClock } from '@dure/core';
import { sql } from 'kysely';
import type { ConfigDatabase, ConfigScalar } from './config-table.ts';

/** Options of `postgresBackend`. */
export interface PostgresBackendOptions {
  readonly db: ConfigDatabase;
  readonly clock?: Clock;
  /** How often the table is looked at by those who watch, in milliseconds. Default 1 000. */
  readonly refreshMs?: number;
}

interface Row {
  readonly application: string;
  readonly profile: string;
  readonly label: string;
  readonly key: string;
  readonly value: ConfigScalar;
}

interface Kept {
  readonly version: string;
  readonly found: ConfigFound & { readonly version: string };
}

/** Requests whose answers are kept; the one that was asked for least lately goes. */
const mostKept = 1_000;

/**
 * The table of configurations as a backend of the config server, which it fits by its shape: the server's package stands
 * beside this one. A label is a column, not a state: values without one count under every label. The version is the number
 * of the latest change. While the database is away, what was answered before is served.
 *
 * @example
 * configService({ backend: postgresBackend({ db }) })
 */
export function postgresBackend(options: PostgresBackendOptions): PostgresBackend {
  return new PostgresBackend(options);
}

/** See `postgresBackend`. */
export class PostgresBackend {
  readonly name = 'postgres dure.config_value';
  readonly #db: ConfigDatabase;
  readonly #clock: Clock;
  readonly #refreshMs: number;
  readonly #kept = new Map<string, Kept>();
  readonly #stale = new WeakMap<Kept, ConfigFound>();
  readonly #watchers = new Set<() => void>();
  #seen: string | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor({ db, clock = systemClock, refreshMs = 1_000 }: PostgresBackendOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#refreshMs = refreshMs;
  }

  /** What is configured, the highest precedence first: by profile, then label, then name, as in files. */
  async find(request: ConfigRequest): Promise<ConfigFound & { readonly version?: string }> {
    const key = JSON.stringify([request.names, request.profiles, request.label]);
    const before = this.#kept.get(key);
    try {
      const version = await this.#version();
      const kept =
        before?.version === version ? before : { version, found: { ...(await this.#read(request)), version } };
      this.#keep(key, kept);
      return kept.found;
    } catch (error) {
      if (before === undefined) throw error;
      const stale = this.#stale.get(before) ?? { ...before.found, stale: [this.name] };
      this.#stale.set(before, stale);
      return stale;
    }
  }

  /** A table holds values only. */
  async resource(_request: ResourceRequest): Promise<ResourceFound | undefined> {
    return undefined;
  }

  async problems(): Promise<readonly FileProblem[]> {
    try {
      await this.#version();
      return [];
    } catch (error) {
      return [{ place: this.name, message: messageOf(error) }];
    }
  }

  /** The sources that changed since the last time, named like files: `order-dev.properties`. */
  async refresh(): Promise<readonly string[]> {
    const [seen, now] = [this.#seen, await this.#version()];
    this.#seen = now;
    if (seen === undefined || seen === now) return [];
    const { rows } = await sql<Pick<Row, 'application' | 'profile'>>`
      select distinct application, profile from dure.config_change where n > ${seen} order by 1, 2`.execute(
      this.#db.read,
    );
    for (const tell of this.#watchers) tell();
    return rows.map((row) => `${sourceName(row)}.properties`);
  }

  /** Tells whenever something was changed; the result ends that. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    this.#follow();
    return () => void this.#watchers.delete(changed);
  }

  /** The database is its owner's to close. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#watchers.clear();
  }

  #follow(): void {
    if (this.#isClosed || this.#timer !== undefined || this.#watchers.size === 0) return;
    this.#timer = this.#clock.after(this.#refreshMs, () => {
      const again = () => {
        this.#timer = undefined;
        this.#follow();
      };
      void this.refresh().then(again, again);
    });
  }

  async #version(): Promise<string> {
    const { rows } = await sql<{ n: string }>`
      select coalesce(max(n), 0)::text as n from dure.config_change`.execute(this.#db.read);
    const version = rows[0]?.n ?? '0';
    this.#seen ??= version;
    return version;
  }

  async #read({ names, profiles, label }: ConfigRequest): Promise<ConfigFound> {
    const [wantedNames, wantedProfiles] = [[...new Set(['application', ...names])], ['', ...new Set(profiles)]];
    const wantedLabels = [...labelsOf(label), ''];
    const { rows } = await sql<Row>`
      select application, profile, label, key, value from dure.config_value
      where application = any(${wantedNames}) and profile = any(${wantedProfiles}) and label = any(${wantedLabels})
      order by key`.execute(this.#db.read);
    const sources = wantedProfiles.toReversed().flatMap((profile) =>
      wantedLabels.flatMap((each) =>
        wantedNames.toReversed().flatMap((application) => {
          const own = rows.filter(
            (row) => row.application === application && row.profile === profile && row.label === each,
          );
          return own.length === 0 ? [] : [sourceOf(own, { application, profile })];
        }),
      ),
    );
    return { sources, stale: [] };
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
  }
}

function sourceOf(rows: readonly Row[], scope: Pick<Row, 'application' | 'profile'>): ConfigFound['sources'][number] {
  const name = sourceName(scope);
  const properties = new Map(rows.map(({ key, value }) => [key, { value, place: `${name}[${key}]` }]));
  return { file: name, name, document: undefined, properties };
}

/** As Spring's JDBC backend names them. */
function sourceName({ application, profile }: Pick<Row, 'application' | 'profile'>): string {
  return profile === '' ? application : `${application}-${profile}`;
}
