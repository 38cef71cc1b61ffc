import { join } from 'node:path';
import { ids } from '@dure/core';
import { serviceTokens } from '@dure/identity';
import type { TokenSigner } from '@dure/service/client';
import { openLogFile } from '@dure/telemetry';
import { dureErrors } from '../errors.ts';
import { makeLibraries } from '../libraries/library-maker.ts';
import type { LoadedSystem } from '../load-system.ts';
import { loadDefinitions, loadSystem } from '../load-system.ts';
import type { InstanceCounts } from '../plan/instances.ts';
import { checkCounts } from '../plan/instances.ts';
import type { EdgePorts } from '../plan/placement.ts';
import type { RunSettings } from '../plan/plan.ts';
import { wire } from '../plan/plan.ts';
import { infrastructureOf } from '../system.ts';
import { askServices } from './ask-services.ts';
import { passwordsOf } from './broker-users.ts';
import type { StartedService } from './child-message.ts';
import type { Component } from './component.ts';
import { consoleLink } from './console-link.ts';
import type { ControlRequest } from './control-server.ts';
import { controlSocket, openControl } from './control-server.ts';
import { DatabaseServer } from './database-server.ts';
import { databasesOf, prepareDatabases } from './databases.ts';
import type { CanaryReport, RestartReport, ScaleReport, SystemStatus, SystemUrls } from './events.ts';
import { componentStatus, systemUrls } from './events.ts';
import type { HeldSocket } from './held-socket.ts';
import { openKeys } from './key-store.ts';
import { launchAll } from './launch.ts';
import { takeLock } from './lock.ts';
import { holdPort, openAskedPorts, openPorts } from './ports.ts';
import { ProcessGroup } from './process-group.ts';
import { notReady, untilReady } from './readiness.ts';
import type { StateFolder } from './state-folder.ts';
import { emptyRunFolder, forgetState, openStateFolder } from './state-folder.ts';
import type { CanaryWish } from './steering.ts';
import { Steering } from './steering.ts';
import type { SupervisorOptions } from './supervisor-options.ts';
import type { Timeline } from './timeline.ts';
import { timeline } from './timeline.ts';

/** A system that runs. */
export interface Supervisor extends AsyncDisposable {
  readonly loaded: LoadedSystem;
  readonly urls: SystemUrls;
  /** Connection strings of the services' own roles. Secrets. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  readonly components: readonly Component[];
  /** Looks at every readiness check now. */
  status(): Promise<SystemStatus>;
  /** Gives services more or fewer processes, without losing a request. Rejects as `Steering.scale` does. */
  scale(counts: InstanceCounts): Promise<ScaleReport>;
  /** Replaces the processes of a service one by one, without losing a request. Rejects as `Steering.restart` does. */
  restart(service: string): Promise<RestartReport>;
  /** Tries out another version of a service beside the others, or ends that. Rejects as `Steering.canary` does. */
  canary(wish: CanaryWish): Promise<CanaryReport>;
  /** Sends a signal to the process that runs a service, or has this name; false when there is none. */
  kill(service: string, signal: NodeJS.Signals): boolean;
  /** Stops everything, within two seconds. Idempotent. */
  stop(): Promise<void>;
  /** Kills everything at once. */
  killAll(): void;
  /** Resolves when the system has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
}

type Services = readonly StartedService[];

const loopback = '127.0.0.1';
/** Together less than the two seconds that a stop may take. */
const graceMs = { services: 1_300, platform: 400 } as const;
/** How long a process that joins later may take to be ready. */
const joinTimeoutMs = 60_000;
/** How long the children of a supervisor that was killed may hold their ports: they leave in order, on a busy machine slowly. */
const orphanPatienceMs = 15_000;

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
  #portPatienceMs = 0;
  /** Outlives every process that accepts on it. */
  #sockets: Readonly<Record<string, HeldSocket>> = {};
  #database: DatabaseServer | undefined;
  #processes: ProcessGroup | undefined;
  #steering: Steering | undefined;
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
    return systemUrls(loopback, this.#ports, this.#loaded?.system.dns?.zone);
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
    this.#claiming = Promise.allSettled([claiming]).then(() => undefined);
    await this.#launch(await claiming);
    await this.#timeline.measure('readiness', () =>
      untilReady(() => this.#notReady(), clock, readyTimeoutMs, this.#stopping.signal),
    );
    this.#ready = true;
    const urls = { ...this.urls, console: `${this.urls.console}/?token=${this.#consoleToken}` };
    observe({ type: 'ready', tookMs: this.#timeline.elapsedMs(), urls });
    this.#resources.defer(makeLibraries(this.loaded.module, this.#options.host.path, clock));
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

  async scale(counts: InstanceCounts): Promise<ScaleReport> {
    return this.#steer().scale(counts);
  }

  async restart(service: string): Promise<RestartReport> {
    return this.#steer().restart(service);
  }

  async canary(wish: CanaryWish): Promise<CanaryReport> {
    return this.#steer().canary(wish);
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
    const socket = this.#resources.use(await controlSocket(state.run));
    const lock = await takeLock(state.root, { module, startedAt: this.#startedAt, socket: socket.path });
    this.#resources.defer(() => lock.release());
    this.#resources.defer(() => emptyRunFolder(state));
    await (fresh ? this.#forget(state) : emptyRunFolder(state));
    this.#resources.use(await openControl(socket, (request) => this.#answer(request)));
    const patienceMs = lock.tookOver ? orphanPatienceMs : 0;
    this.#portPatienceMs = patienceMs;
    this.#ports = await openPorts({ host: loopback, base: portBase, random, clock, patienceMs });
    this.#sockets = { gateway: await holdPort(loopback, 'gateway', this.#ports.gateway) };
    return state;
  }

  async #forget(state: StateFolder): Promise<void> {
    await (await import('@dure/postgres/embedded')).removeEmbeddedPostgres(state.postgres);
    await forgetState(state);
  }

  /** Starts everything as early as what it needs allows; resolves when every process is ready. */
  async #launch(state: StateFolder): Promise<void> {
    this.#checkStopping();
    const { clock, random, placement, module, host, mode, durable, stateFolder, observe, counts = {} } = this.#options;
    const changed = (component: Component) => observe({ type: 'component', component });
    const measure = this.#timeline.measure.bind(this.#timeline);
    const processes = new ProcessGroup({ state, sockets: this.#sockets, host, clock, random, changed });
    this.#processes = processes;
    this.#resources.defer(() => processes.closeLogs());
    const adminUrl = measure('database server', () => this.#startDatabase(state, durable, changed));
    const system = measure('system', () => loadSystem(module)).then((loaded) => {
      checkCounts(loaded.system, placement, counts);
      return loaded;
    });
    const settings = system.then((loaded) => this.#settle(loaded, { state, mode, placement, stateFolder }));
    const definitions = system.then((loaded) => measure('definitions', () => loadDefinitions(loaded.system)));
    const wiring = Promise.all([definitions, system]).then(([all, loaded]) => wire(all, loaded.system));
    wiring.catch(() => undefined);
    const databases = Promise.all([adminUrl, definitions]).then(([url, loaded]) =>
      measure('databases', () =>
        prepareDatabases({ adminUrl: url, databases: databasesOf(loaded), keysFolder: state.keys, clock, random }),
      ),
    );
    const launched = launchAll({ system, settings, wiring, databases, counts, processes, timeline: this.#timeline });
    const urls = databases.then(async (map) => {
      const entries = [...map].map(async ([service, url]) => [service, await url] as const);
      this.#databaseUrls = Object.fromEntries(await Promise.all(entries));
    });
    const [runFile, loaded] = await Promise.all([launched, system, urls]);
    this.#steering = new Steering({
      system: loaded.system,
      placement,
      processes,
      runFile,
      notReady: (services) => this.#notReadyOf(services, processes.services),
      clock,
      signal: this.#stopping.signal,
      readyTimeoutMs: this.#options.readyTimeoutMs ?? joinTimeoutMs,
      observe,
    });
  }

  #steer(): Steering {
    if (this.#steering !== undefined && this.#ready) return this.#steering;
    throw dureErrors.NOT_RUNNING('the system is still starting; wait until it is ready', { retryable: true });
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
    const { clock, random, portBase } = this.#options;
    const { services, edge } = loaded.system;
    const choice = { host: loopback, base: portBase, clock, patienceMs: this.#portPatienceMs };
    this.#ports = await openAskedPorts(loaded.system, choice, this.#ports);
    const platform = infrastructureOf(loaded.system);
    const owners = ['supervisor', ...platform, ...Object.keys(services), ...Object.keys(edge.composed)];
    const keys = await this.#timeline.measure('keys', () => openKeys(run.state.keys, owners));
    this.#signer = serviceTokens({
      service: 'supervisor',
      key: keys.supervisor ?? {},
      scopes: {},
      clock,
      ids: ids(clock, random),
    });
    const { mode, placement, stateFolder } = run;
    const own = { run: String(this.#startedAt), consoleToken: this.#consoleToken, ...(await passwordsOf(loaded)) };
    return { placement, host: loopback, ports: this.#ports, mode, stateFolder, keys, databaseUrls: {}, ...own };
  }

  #checkStopping(): void {
    if (this.#stopping.signal.aborted) throw dureErrors.START_CANCELLED('the start was stopped');
  }

  async #notReady(): Promise<readonly string[]> {
    const expected = [...(this.#database === undefined ? [] : [this.#database]), ...(this.#processes?.expected ?? [])];
    const waiting = expected.filter(({ state }) => state.kind !== 'ready');
    if (expected.length === 0) return ['nothing has started yet'];
    if (waiting.length > 0) return waiting.map(({ name, state }) => `${name} is ${state.kind}`);
    return this.#notReadyOf(this.#processes?.services ?? [], []);
  }

  async #notReadyOf(services: Services, serving: Services): Promise<readonly string[]> {
    const authorization = (await this.#signer?.authorize('gateway', undefined)) ?? '';
    return notReady({ host: loopback, services, serving, authorization });
  }

  async #answer(request: ControlRequest): Promise<unknown> {
    switch (request.ask) {
      case 'status': {
        const status = await this.status();
        const found = this.#processes?.services.find(({ name }) => name === 'console');
        const console = await consoleLink(this.urls.console, loopback, found, this.#signer);
        return { ...status, urls: { ...status.urls, console } };
      }
      case 'databases':
        return this.#databaseUrls;
      case 'database-server':
        return { adminUrl: this.#database?.adminUrl };
      case 'scale':
        return this.scale(request.counts);
      case 'restart':
        return this.restart(request.service);
      case 'canary':
        return this.canary(request.wish);
      case 'explain':
      case 'manage':
      case 'manage-each':
        return askServices(request, loopback, this.#processes?.services ?? [], this.#signer);
      case 'stop':
        await this.#halt();
        void this.stop();
        return { tookMs: this.#stoppingMs() };
      default:
        return request satisfies never;
    }
  }

  /** Ends every process: the edge and the services first, so that they can still take leave of the registry. */
  #halt(): Promise<void> {
    this.#halting ??= (async () => {
      this.#stoppingSince = this.#options.clock.monotonicMs();
      this.#options.observe({ type: 'stopping' });
      this.#stopping.abort();
      for (const socket of Object.values(this.#sockets)) socket.close(); // what comes from now on is refused, not left waiting
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
