import type { Call, Clock, HealthCheck, Ids, Timer } from '@dure/core';
import { messageOf, ownCall, wait } from '@dure/core';
import type { AnyProjection } from '@dure/event-sourcing';
import { demandForgetting, eventSourcingErrors } from '@dure/event-sourcing';
import type { Intervention, LogTail, MessageLog, UnitOfWork } from '@dure/messaging';
import type { Telemetry } from '@dure/telemetry';
import type { Kysely } from 'kysely';
import type { ReadPolicy } from '../read-freshness.ts';
import { untilFresh } from '../read-freshness.ts';
import { sqlStateOf } from '../sql-state.ts';
import type { Tx } from '../transaction.ts';
import type { ProjectionTable } from './projection-table.ts';
import { dropTable, followOnce, makeTable, noteAsked, pauseBuilding, switchTo, tablesOf } from './projection-table.ts';

/** What of a database a projector works on. */
interface ProjectedDatabase extends UnitOfWork<Tx> {
  readonly read: Kysely<unknown>;
  readonly log: MessageLog;
  readonly tail: LogTail;
}

export interface ProjectorOptions {
  readonly db: ProjectedDatabase;
  readonly service: string;
  readonly projections: readonly AnyProjection[];
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  /** How long a table that is no longer shown goes on following, for a return to it, in milliseconds. Default an hour. */
  readonly rollbackWindowMs?: number;
}

/** Makes the tables of a service's projections, builds and switches their versions, and keeps them up to date. */
export interface Projector extends AsyncDisposable {
  /**
   * Resolves when every projection can be read, and the inline ones are shown in the version that this process knows: to
   * be awaited before the service appends. EVENT_SOURCING_PROJECTION_SUPERSEDED when a newer release has gone further.
   */
  ready(): Promise<void>;
  /** Begins to follow the log. */
  run(): void;
  /**
   * Builds the table of a projection anew beside the one that is shown, then switches. Nobody who reads or appends waits for
   * longer than the switch takes. Any process of this version may do it; if it dies, another goes on.
   */
  rebuild(name: string): Promise<void>;
  /**
   * The same, in the background: resolves when it has begun. What is paused goes on. A process that ends leaves it to another.
   */
  begin(name: string, who: Intervention): Promise<void>;
  /** Pauses what is being built of a projection, in every process, or with undefined lets it go on. Whether there is anything. */
  pause(name: string, who: Intervention | undefined): Promise<boolean>;
  /** Shows the newest retired table again, brought up to date. EVENT_SOURCING_PROJECTION_GONE when there is none of this version. */
  rollBack(name: string): Promise<void>;
  /**
   * Waits until what is shown holds what the call has seen of the service (`Dure-Position`); to be awaited before it is
   * read. Whether it does. An inline projection always does. EVENT_SOURCING_READ_STALE by policy.
   */
  fresh(name: string, call: Call, policy?: ReadPolicy): Promise<boolean>;
  /** All tables, of all releases, of every projection or of one. EVENT_SOURCING_PROJECTION_UNKNOWN. */
  tables(name?: string): Promise<readonly ProjectionTable[]>;
  /** The present end of the log. */
  end(): Promise<number>;
  readonly health: HealthCheck;
  /** Ends following. Idempotent. */
  close(): Promise<void>;
}

const idleMs = 1_000;
const lookAgainMs = 10;

/**
 * Opens the projections of a service.
 *
 * @example
 * await db.projections.ready();
 * db.projections.run();
 */
export function openProjector(options: ProjectorOptions): Projector {
  return new TableProjector(options);
}

class TableProjector implements Projector {
  readonly #options: ProjectorOptions;
  readonly #projections: readonly AnyProjection[];
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[] = [];
  /** How far what is shown is known to be, by name. */
  readonly #reached = new Map<string, number>();
  readonly #failures = new Map<string, string>();
  readonly #bells = new Set<() => void>();

  constructor(options: ProjectorOptions) {
    this.#options = options;
    demandForgetting(options.projections);
    this.#projections = options.projections.filter(({ mode }) => mode !== 'live');
  }

  async ready(): Promise<void> {
    for (const projection of this.#projections) {
      const tables = await this.#tables(projection.name);
      const active = tables.find(({ state }) => state === 'active');
      if (active?.version === projection.version) continue;
      await this.#refuseOlder(projection, active);
      const run = await this.#made(projection, tables);
      // The first table is shown at once and fills while it is; a later one is built before it is.
      if (projection.mode === 'inline') await this.#built(projection, run);
      else if (active === undefined) await this.#switch(projection, run, 0);
    }
  }

  run(): void {
    if (this.#projections.length === 0) return;
    this.#loops.push(this.#listen(), ...this.#projections.map((projection) => this.#follow(projection)));
  }

  async rebuild(name: string): Promise<void> {
    const projection = this.#known(name);
    await this.#built(projection, await this.#begun(projection));
  }

  async begin(name: string, who: Intervention): Promise<void> {
    const projection = this.#known(name);
    const run = await this.#begun(projection);
    await this.#uow('note', (tx) => noteAsked(tx, projection, run, who));
    const building = this.#built(projection, run).catch((error: unknown) => {
      if (!this.#stop.signal.aborted)
        this.#options.telemetry.log.warn('a projection is built on later', { name, error });
    });
    this.#loops.push(building);
  }

  async pause(name: string, who: Intervention | undefined): Promise<boolean> {
    const projection = this.#known(name);
    const changed = await this.#uow('pause', (tx) => pauseBuilding(tx, projection, who));
    this.#ring();
    return changed;
  }

  end(): Promise<number> {
    return this.#options.db.log.advance();
  }

  /** The run that is being built; a new one, unless there is one. */
  async #begun(projection: AnyProjection): Promise<number> {
    const { name } = projection;
    const tables = await this.#tables(name);
    const runs = tables.filter(({ version }) => version === projection.version);
    const building = runs.findLast(({ state }) => state === 'building');
    const run = building?.run ?? (runs.at(-1)?.run ?? 0) + 1;
    if (building === undefined) await this.#uow('make', (tx) => makeTable(tx, projection, run));
    return run;
  }

  async rollBack(name: string): Promise<void> {
    const projection = this.#known(name);
    const tables = await this.#tables(name);
    const last = tables
      .filter(({ version, state }) => version === projection.version && state === 'retired')
      .toSorted((a, b) => a.changedAt - b.changedAt || a.run - b.run)
      .at(-1);
    if (last === undefined) {
      throw eventSourcingErrors.PROJECTION_GONE(
        `no retired table of version ${projection.version} of the projection "${name}" is left to go back to`,
        { details: { projection: name, version: projection.version } },
      );
    }
    await this.#built(projection, last.run);
  }

  async fresh(name: string, call: Call, policy?: ReadPolicy): Promise<boolean> {
    const { service, clock } = this.#options;
    if (this.#known(name).mode === 'inline') return true;
    const holds = (position: number) => this.#holds(name, position);
    return untilFresh({ source: service, name: `${service}.${name}`, holds }, call, clock, policy);
  }

  async tables(name?: string): Promise<readonly ProjectionTable[]> {
    if (name !== undefined) return this.#tables(this.#known(name).name);
    return (await Promise.all(this.#projections.map(({ name }) => this.#tables(name)))).flat();
  }

  get health(): HealthCheck {
    return {
      name: 'projections',
      groups: [],
      check: () => {
        const details = { positions: Object.fromEntries(this.#reached), failures: Object.fromEntries(this.#failures) };
        return { status: this.#failures.size === 0 ? 'UP' : 'DOWN', details };
      },
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#ring();
    await Promise.all(this.#loops);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** One bell for all: it rings when there is something new that any of them folds. */
  async #listen(): Promise<void> {
    const { db } = this.#options;
    const events = [...new Set(this.#projections.flatMap(({ steps }) => [...steps.keys()]))];
    for await (const _ of db.tail.follow('now', { events, destination: undefined }, this.#stop.signal)) this.#ring();
  }

  async #follow(projection: AnyProjection): Promise<void> {
    const { name } = projection;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // Whatever rings from here on is heard: the bell is hung before one looks.
      const news = this.#news();
      try {
        await this.#lookAfter(projection);
        if (this.#failures.delete(name)) this.#options.telemetry.log.info('a projection follows again', { name });
      } catch (error) {
        if (signal.aborted) break;
        if (!this.#failures.has(name))
          this.#options.telemetry.log.warn('a projection cannot be brought up to date', { name, error });
        this.#failures.set(name, messageOf(error));
        await wait(this.#options.clock, idleMs, signal);
      }
      await news.heard;
    }
  }

  async #lookAfter(projection: AnyProjection): Promise<void> {
    const { clock, rollbackWindowMs = 3_600_000 } = this.#options;
    const tables = await this.#tables(projection.name);
    for (const table of tables) {
      const isOver = table.state === 'retired' && clock.now() - table.changedAt >= rollbackWindowMs;
      if (isOver) {
        await this.#uow('drop', (tx) => dropTable(tx, table));
      } else if (table.version === projection.version && !(table.mode === 'inline' && table.state === 'active')) {
        const reached = await this.#catchUp(projection, table.run);
        if (table.state === 'building' && reached) await this.#switchIfNewer(projection, table, tables);
      }
    }
  }

  async #switchIfNewer(projection: AnyProjection, { run }: ProjectionTable, tables: readonly ProjectionTable[]) {
    const active = tables.find(({ state }) => state === 'active');
    if ((active?.version ?? 0) > projection.version) return;
    await this.#switch(projection, run, await this.#options.db.log.advance());
  }

  /** Follows until the log's present end; false when another process is at it. */
  async #catchUp(projection: AnyProjection, run: number): Promise<boolean> {
    const { db } = this.#options;
    const safe = await db.log.advance();
    while (!this.#stop.signal.aborted) {
      const followed = await this.#uow('follow', (tx) => followOnce(tx, projection, run, safe));
      if (followed === undefined) return false;
      if (followed.shown) this.#note(projection.name, followed.position);
      if (followed.position >= safe) return true;
    }
    return false;
  }

  /** Catches up and switches, however often others are at it meanwhile. */
  async #built(projection: AnyProjection, run: number): Promise<void> {
    const { clock, db } = this.#options;
    while (!this.#stop.signal.aborted) {
      const table = (await this.#tables(projection.name)).find(
        (one) => one.version === projection.version && one.run === run,
      );
      if (table?.state === 'active') return;
      if (table?.paused !== undefined) {
        await wait(clock, idleMs, this.#stop.signal);
        continue;
      }
      const reached = await this.#catchUp(projection, run);
      if (!reached || !(await this.#switch(projection, run, await db.log.advance()))) {
        await wait(clock, lookAgainMs, this.#stop.signal);
      }
    }
  }

  /** False when somebody held the gate or the view for too long; nothing has changed then. */
  async #switch(projection: AnyProjection, run: number, safe: number): Promise<boolean> {
    try {
      await this.#uow('switch', (tx) => switchTo(tx, projection, run, safe));
      return true;
    } catch (error) {
      if (sqlStateOf(error) === lockNotAvailable) return false;
      throw error;
    }
  }

  async #made(projection: AnyProjection, tables: readonly ProjectionTable[]): Promise<number> {
    const run = tables.findLast(({ version }) => version === projection.version)?.run;
    if (run !== undefined) return run;
    await this.#uow('make', (tx) => makeTable(tx, projection, 1));
    return 1;
  }

  async #refuseOlder({ name, version, mode }: AnyProjection, active: ProjectionTable | undefined): Promise<void> {
    if (mode !== 'inline' || active === undefined || active.version < version) return;
    throw eventSourcingErrors.PROJECTION_SUPERSEDED(
      `the projection "${name}" is shown in version ${active.version}; this process knows version ${version} and cannot keep it up to date`,
      { details: { projection: name, version, active: active.version } },
    );
  }

  #known(name: string): AnyProjection {
    const found = this.#projections.find((projection) => projection.name === name);
    if (found !== undefined) return found;
    throw eventSourcingErrors.PROJECTION_UNKNOWN(
      `${this.#options.service} has no projection "${name}"; it has ${this.#projections.map((one) => one.name).join(', ') || 'none'}`,
      { details: { projection: name } },
    );
  }

  async #holds(name: string, position: number): Promise<boolean> {
    if ((this.#reached.get(name) ?? 0) >= position) return true;
    this.#ring();
    const active = (await this.#tables(name)).find(({ state }) => state === 'active');
    this.#note(name, active?.position ?? 0);
    return (active?.position ?? 0) >= position;
  }

  #tables(name: string): Promise<readonly ProjectionTable[]> {
    return tablesOf(this.#options.db.read, name);
  }

  #uow<T>(what: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const { db, service, ids } = this.#options;
    return db.uow(ownCall(service, `projection-${what}`, ids), work);
  }

  #note(name: string, position: number): void {
    this.#reached.set(name, Math.max(position, this.#reached.get(name) ?? 0));
  }

  /** Resolves at the next ring, or after a second: another process may have died in the middle. */
  #news(): { readonly heard: Promise<void> } {
    const heard = new Promise<void>((resolve) => {
      let timer: Timer | undefined;
      const ring = () => {
        timer?.cancel();
        this.#bells.delete(ring);
        resolve();
      };
      timer = this.#options.clock.after(idleMs, ring);
      this.#bells.add(ring);
    });
    return { heard };
  }

  #ring(): void {
    for (const ring of [...this.#bells]) ring();
  }
}

const lockNotAvailable = '55P03';
