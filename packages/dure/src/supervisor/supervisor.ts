import { join } from 'node:path';
import type { Clock, Random } from '@dure/core';
import { ids } from '@dure/core';
import { serviceTokens } from '@dure/identity';
import type { TokenSigner } from '@dure/service/client';
import { dureErrors } from '../errors.ts';
import type { LoadedSystem } from '../load-system.ts';
import { loadDefinitions, loadSystem } from '../load-system.ts';
import type { EdgePorts, Placement } from '../plan/placement.ts';
import type { PlannedProcess, RunSettings, Wiring } from '../plan/plan.ts';
import { planProcesses, runFileOf, wire } from '../plan/plan.ts';
import type { RunFile } from '../run-file.ts';
import { infrastructure } from '../system.ts';
import type { Component } from './component.ts';
import type { ControlRequest } from './control-server.ts';
import { controlSocket, openControl } from './control-server.ts';
import { DatabaseServer } from './database-server.ts';
import { databasesOf, prepareDatabases } from './databases.ts';
import type { SupervisorEvent, SystemStatus, SystemUrls } from './events.ts';
import { componentStatus } from './events.ts';
import { openKeys } from './key-store.ts';
import { takeLock } from './lock.ts';
import { openLogFile } from './log-file.ts';
import { openPorts } from './ports.ts';
import type { HostProgram } from './process-group.ts';
import { ProcessGroup } from './process-group.ts';
import { notReady, untilReady } from './readiness.ts';
import type { StateFolder } from './state-folder.ts';
import { emptyRunFolder, forgetState, openStateFolder } from './state-folder.ts';
import type { Timeline } from './timeline.ts';
import { timeline } from './timeline.ts';
import { postForJson } from './transport.ts';

export interface SupervisorOptions {
  /** Absolute path of the module that exports the system. */
  readonly module: string;
  /** Where the run keeps its state. */
  readonly stateFolder: string;
  readonly placement: Placement;
  /** The first of four ports in a row; 0 takes any; undefined the standard ones. */
  readonly portBase: number | undefined;
  readonly mode: RunFile['mode'];
  /** Forget the state of earlier runs. */
  readonly fresh: boolean;
  /** False for tests: the databases need not survive a crash of the machine. */
  readonly durable: boolean;
  readonly host: HostProgram;
  readonly clock: Clock;
  readonly random: Random;
  /** The clock's monotonic time from which the start is measured. */
  readonly startedMs: number;
  readonly observe: (event: SupervisorEvent) => void;
  /** Aborts the start. */
  readonly signal: AbortSignal;
  /** Milliseconds until a start that is not ready has failed. Default 120 000. */
  readonly readyTimeoutMs?: number;
}

/** A system that runs. */
export interface Supervisor extends AsyncDisposable {
  readonly loaded: LoadedSystem;
  readonly urls: SystemUrls;
  /** Connection strings of the services' own roles. Secrets. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  readonly components: readonly Component[];
  /** Looks at every readiness check now. */
  status(): Promise<SystemStatus>;
  /** Sends a signal to the process that runs a service; false when there is none. */
  kill(service: string, signal: NodeJS.Signals): boolean;
  /** Stops everything, within two seconds. Idempotent. */
  stop(): Promise<void>;
  /** Kills everything at once. */
  killAll(): void;
  /** Resolves when the system has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
}

const loopback = '127.0.0.1';
/** Together less than the two seconds that a stop may take. */
const graceMs = { services: 1_300, platform: 400 } as const;
/** How long the children of a supervisor that was killed may hold their ports. */
const orphanPatienceMs = 3_000;

/**
 * Starts a system and keeps it running. Everything that does not need something else starts at once: database server,
 * system, definitions, the platform's servers; then each service as soon as its own database is ready. Rejects, with
 * nothing left running, with the DURE_ code of what went wrong or what the database or a process reported.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const run = new SystemRun(options);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(dureErrors.START_CANCELLED('the start was stopped'));
  options.signal.addEventListener('abort', abort, { once: true });
  if (options.signal.aborted) abort();
  try {
    await Promise.race([run.start(), run.stopped.then(abort), aborted.promise]);
    return run;
  } catch (error) {
    await run.stop();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', abort);
    aborted.promise.catch(() => undefined);
  }
}

class SystemRun implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #timeline: Timeline;
  readonly #resources = new AsyncDisposableStack();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  readonly #startedAt: number;
  readonly #consoleToken: string;
  #loaded: LoadedSystem | undefined;
  #ports: EdgePorts = { gateway: 0, registry: 0, config: 0, console: 0 };
  #database: DatabaseServer | undefined;
  #processes: ProcessGroup | undefined;
  #signer: TokenSigner | undefined;
  #databaseUrls: Readonly<Record<string, string>> = {};
  #claiming: Promise<void> = Promise.resolve();
  #halting: Promise<void> | undefined;
  #stop: Promise<void> | undefined;
  #ready = false;
  #stoppingSince = 0;

  constructor(options: SupervisorOptions) {
    const { clock, random, startedMs, observe } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.#timeline = timeline(clock, startedMs, (phase) => observe({ type: 'phase', phase }));
    this.#consoleToken = Buffer.from(random.bytes(new Uint8Array(24))).toString('base64url');
  }

  get loaded(): LoadedSystem {
    if (this.#loaded === undefined) throw dureErrors.NOT_RUNNING('the system has not been loaded yet');
    return this.#loaded;
  }

  get urls(): SystemUrls {
    const at = (port: number) => `http://${loopback}:${port}`;
    const { gateway, registry, config, console } = this.#ports;
    return { gateway: at(gateway), registry: at(registry), config: at(config), console: at(console) };
  }

  get databaseUrls(): Readonly<Record<string, string>> {
    return this.#databaseUrls;
  }

  get components(): readonly Component[] {
    return [...(this.#database === undefined ? [] : [this.#database]), ...(this.#processes?.components ?? [])];
  }

  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  async start(): Promise<void> {
    const { clock, readyTimeoutMs = 120_000, observe } = this.#options;
    const claiming = this.#timeline.measure('lock and ports', () => this.#claim());
    this.#claiming = claiming.then(
      () => undefined,
      () => undefined,
    );
    await this.#launch(await claiming);
    await this.#timeline.measure('readiness', () =>
      untilReady(() => this.#notReady(), clock, readyTimeoutMs, this.#stopping.signal),
    );
    this.#ready = true;
    const urls = { ...this.urls, console: `${this.urls.console}/?token=${this.#consoleToken}` };
    observe({ type: 'ready', tookMs: this.#timeline.elapsedMs(), urls });
  }

  async status(): Promise<SystemStatus> {
    const waitingFor = await this.#notReady();
    return {
      system: this.#loaded?.system.name ?? '',
      ready: this.#ready && waitingFor.length === 0,
      waitingFor,
      pid: process.pid,
      startedAt: new Date(this.#startedAt).toISOString(),
      placement: this.#options.placement,
      stateFolder: this.#options.stateFolder,
      urls: this.urls,
      components: this.components.map(componentStatus),
    };
  }

  kill(service: string, signal: NodeJS.Signals): boolean {
    const process = this.#processes?.processOf(service);
    process?.kill(signal);
    return process?.pid !== undefined;
  }

  killAll(): void {
    this.#processes?.killAll();
    void this.#database?.stop();
  }

  stop(): Promise<void> {
    this.#stop ??= this.#shutDown();
    return this.#stop;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Makes the state folder and the ports this run's own. */
  async #claim(): Promise<StateFolder> {
    const { stateFolder, module, fresh, portBase, random, clock } = this.#options;
    const state = await openStateFolder(stateFolder);
    const socket = await controlSocket(state.run);
    const lock = await takeLock(state.root, { module, startedAt: this.#startedAt, socket: socket.path });
    this.#resources.defer(() => lock.release());
    this.#resources.defer(() => emptyRunFolder(state));
    if (fresh) await this.#forget(state);
    else await emptyRunFolder(state);
    this.#resources.use(await openControl(socket, (request) => this.#answer(request)));
    const patienceMs = lock.tookOver ? orphanPatienceMs : 0;
    this.#ports = await openPorts({ host: loopback, base: portBase, random, clock, patienceMs });
    return state;
  }

  async #forget(state: StateFolder): Promise<void> {
    const { removeEmbeddedPostgres } = await import('@dure/postgres/embedded');
    await removeEmbeddedPostgres(state.postgres);
    await forgetState(state);
  }

  /** Starts everything as early as what it needs allows; resolves when every process is ready. */
  async #launch(state: StateFolder): Promise<void> {
    this.#checkStopping();
    const { clock, random, placement, module, host, mode, durable, stateFolder, observe } = this.#options;
    const changed = (component: Component) => observe({ type: 'component', component });
    const measure = this.#timeline.measure.bind(this.#timeline);
    const processes = new ProcessGroup({ state, host, clock, random, changed });
    this.#processes = processes;
    this.#resources.defer(() => processes.closeLogs());
    const adminUrl = measure('database server', () => this.#startDatabase(state, durable, changed));
    const system = measure('system', () => loadSystem(module));
    const settings = system.then((loaded) => this.#settle(loaded, { state, mode, placement, stateFolder }));
    const definitions = system.then((loaded) => measure('definitions', () => loadDefinitions(loaded.system)));
    const wiring = definitions.then(wire);
    wiring.catch(() => undefined);
    const databases = Promise.all([adminUrl, definitions]).then(([url, loaded]) =>
      measure('databases', () =>
        prepareDatabases({ adminUrl: url, databases: databasesOf(loaded), keysFolder: state.keys, clock, random }),
      ),
    );
    const launched = launchAll({ system, settings, wiring, databases, placement, processes, timeline: this.#timeline });
    const urls = databases.then(async (map) => {
      const entries = [...map].map(async ([service, url]) => [service, await url] as const);
      this.#databaseUrls = Object.fromEntries(await Promise.all(entries));
    });
    await Promise.all([launched, urls]);
  }

  async #startDatabase(state: StateFolder, durable: boolean, changed: (component: Component) => void): Promise<string> {
    const { clock, random } = this.#options;
    const log = await openLogFile(join(state.logs, 'postgres.log'));
    if (this.#stopping.signal.aborted) await log.close();
    this.#checkStopping();
    this.#resources.defer(() => log.close());
    const database = new DatabaseServer({ folder: state.postgres, log, clock, random, changed, durable });
    this.#database = database;
    return database.start();
  }

  /** What follows from the system's names alone, so that the platform's servers need not wait for any definition. */
  async #settle(
    loaded: LoadedSystem,
    run: { readonly state: StateFolder } & Pick<RunSettings, 'mode' | 'placement' | 'stateFolder'>,
  ): Promise<RunSettings> {
    this.#loaded = loaded;
    const { clock, random } = this.#options;
    const { services, edge } = loaded.system;
    const owners = ['supervisor', ...infrastructure, ...Object.keys(services), ...Object.keys(edge.composed)];
    const keys = await this.#timeline.measure('keys', () => openKeys(run.state.keys, owners));
    this.#signer = serviceTokens({
      service: 'supervisor',
      key: keys.supervisor ?? {},
      scopes: {},
      clock,
      ids: ids(clock, random),
    });
    const { mode, placement, stateFolder } = run;
    const consoleToken = this.#consoleToken;
    return { placement, host: loopback, ports: this.#ports, mode, stateFolder, keys, databaseUrls: {}, consoleToken };
  }

  #checkStopping(): void {
    if (this.#stopping.signal.aborted) throw dureErrors.START_CANCELLED('the start was stopped');
  }

  async #notReady(): Promise<readonly string[]> {
    const components = this.components;
    const waiting = components.filter(({ state }) => state.kind !== 'ready');
    if (components.length === 0) return ['nothing has started yet'];
    if (waiting.length > 0) return waiting.map(({ name, state }) => `${name} is ${state.kind}`);
    return notReady({
      host: loopback,
      services: this.#processes?.services ?? [],
      authorization: (await this.#signer?.authorize('gateway', undefined)) ?? '',
    });
  }

  async #answer(request: ControlRequest): Promise<unknown> {
    switch (request.ask) {
      case 'status': {
        const status = await this.status();
        return { ...status, urls: { ...status.urls, console: await this.#consoleLink() } };
      }
      case 'databases':
        return this.#databaseUrls;
      case 'stop': {
        await this.#halt();
        void this.stop();
        return { tookMs: this.#stoppingMs() };
      }
      default:
        return request satisfies never;
    }
  }

  /** The console's URL with a fresh one-time token; without one while the console cannot be asked. */
  async #consoleLink(): Promise<string> {
    const { console: base } = this.urls;
    const found = this.#processes?.services.find(({ name }) => name === 'console');
    if (found === undefined) return base;
    const authorization = await this.#signer?.authorize('console', undefined);
    const answer = await postForJson(
      `http://${loopback}:${found.managementPort}/actuator/console/token`,
      1_000,
      authorization,
    );
    const token = answer.ok && answer.status === 200 ? (answer.body as { readonly token?: string }).token : undefined;
    return token === undefined ? base : `${base}/?token=${token}`;
  }

  /** Ends every process: the edge and the services first, so that they can still take leave of the registry. */
  #halt(): Promise<void> {
    this.#halting ??= (async () => {
      this.#stoppingSince = this.#options.clock.monotonicMs();
      this.#options.observe({ type: 'stopping' });
      this.#stopping.abort();
      await this.#processes?.stop(['services', 'edge'], graceMs.services);
      await Promise.all([this.#processes?.stop(['platform'], graceMs.platform), this.#database?.stop()]);
    })();
    return this.#halting;
  }

  async #shutDown(): Promise<void> {
    this.#stopping.abort();
    await this.#claiming;
    await this.#halt();
    await this.#resources.disposeAsync();
    this.#options.observe({ type: 'stopped', tookMs: this.#stoppingMs() });
    this.#stopped.resolve();
  }

  #stoppingMs(): number {
    return this.#options.clock.monotonicMs() - this.#stoppingSince;
  }
}

interface Launch {
  readonly system: Promise<LoadedSystem>;
  readonly settings: Promise<RunSettings>;
  readonly wiring: Promise<Wiring>;
  readonly databases: Promise<ReadonlyMap<string, Promise<string>>>;
  readonly placement: Placement;
  readonly processes: ProcessGroup;
  readonly timeline: Timeline;
}

/** Each process starts when what it is told is known, and, but for the platform's own, when the platform is ready. */
async function launchAll(launch: Launch): Promise<void> {
  const [loaded, settings] = await Promise.all([launch.system, launch.settings]);
  const planned = planProcesses(loaded.system, launch.placement);
  const start = (process: PlannedProcess, run: RunSettings, wiring?: Wiring) =>
    launch.timeline.measure(`process ${process.name}`, () =>
      launch.processes.start(process, runFileOf(process, loaded, run, wiring)),
    );
  const early = planned.filter(({ stage }) => stage === 'platform').map((process) => start(process, settings));
  const platform = Promise.all(early);
  const late = planned
    .filter(({ stage }) => stage !== 'platform')
    .map(async (process) => {
      const [wiring, databases] = await Promise.all([launch.wiring, launch.databases, platform]);
      const urls = await Promise.all(
        process.services.map(async (service) => {
          const url = await databases.get(service);
          return url === undefined ? [] : [[service, url] as const];
        }),
      );
      await start(process, { ...settings, databaseUrls: Object.fromEntries(urls.flat()) }, wiring);
    });
  await Promise.all([platform, ...late]);
}
