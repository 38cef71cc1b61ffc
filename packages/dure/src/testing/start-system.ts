import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock, Random } from '@dure/core';
import { systemClock, systemRandom } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { InstanceCounts } from '../plan/instances.ts';
import type { Placement } from '../plan/placement.ts';
import type {
  CanaryReport,
  RestartReport,
  ScaleReport,
  SupervisorEvent,
  SystemStatus,
  SystemUrls,
} from '../supervisor/events.ts';
import { hostModule } from '../supervisor/host-module.ts';
import { untilReady } from '../supervisor/readiness.ts';
import type { CanaryWish } from '../supervisor/steering.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { startSupervisor } from '../supervisor/supervisor.ts';
import type { Verdict } from '../verify-invariants.ts';
import { verifyInvariants } from '../verify-invariants.ts';
import { temporaryStateFolder } from './temporary-state-folder.ts';

export interface StartSystemOptions {
  /** Default `one`: everything in one process beside this one. */
  readonly placement?: Placement;
  /** Default 0: any free ports. */
  readonly portBase?: number;
  /** A state folder that is kept; by default a temporary one that is removed with the system. */
  readonly stateFolder?: string;
  /** How many processes each service has; default one. */
  readonly scale?: InstanceCounts;
  readonly observe?: (event: SupervisorEvent) => void;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Variables that set configuration: `DURE_ORDER__MAX_LINES`. */
  readonly configuration?: Readonly<Record<string, string>>;
  /** A file of certificates whose authorities all processes trust. */
  readonly authorities?: string;
  /** Another program in place of the host, for tests of the supervisor itself. */
  readonly hostModule?: string;
  readonly readyTimeoutMs?: number;
}

/** A whole system under test: real processes, a real PostgreSQL. */
export interface TestSystem extends AsyncDisposable {
  /** The gateway's URL. */
  readonly edge: string;
  readonly urls: SystemUrls;
  /** The console's URL with its one-time token. */
  readonly consoleUrl: string;
  readonly stateFolder: string;
  /** The process of each component that runs now, and of each service. */
  readonly pids: Readonly<Record<string, number>>;
  /** Connection strings of the services' own roles. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  status(): Promise<SystemStatus>;
  /** Resolves when every process is ready again. DURE_START_TIMEOUT. */
  untilReady(timeoutMs?: number): Promise<void>;
  /** As `dure scale`. */
  scale(counts: InstanceCounts): Promise<ScaleReport>;
  /** As `dure restart`. */
  restart(service: string): Promise<RestartReport>;
  /** As `dure canary`. */
  canary(wish: CanaryWish): Promise<CanaryReport>;
  /** Sends a signal to the process that runs a service or has this name, by default SIGKILL. Returns the process id. DURE_SERVICE_UNKNOWN. */
  kill(service: string, signal?: NodeJS.Signals): number;
  /** The verdicts on the system's invariants. DURE_INVARIANT_BROKEN, with the figures, when one does not hold. */
  verify(options?: { readonly settleMs?: number }): Promise<readonly Verdict[]>;
  /** What a process has printed in this run. */
  output(process: string): Promise<string>;
  stop(): Promise<void>;
}

const searchPath = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':');

/**
 * Starts a system from its module and resolves when it is ready. Rejects as `dure up` fails.
 *
 * @example
 * await using shop = await startSystem(new URL('./system.ts', import.meta.url), { placement: 'each' });
 * const answer = await fetch(`${shop.edge}/products`);
 */
export async function startSystem(module: string | URL, options: StartSystemOptions = {}): Promise<TestSystem> {
  const { clock = systemClock, random = systemRandom, observe = () => undefined } = options;
  const stateFolder = options.stateFolder ?? (await temporaryStateFolder());
  const remove = async (): Promise<void> => {
    if (options.stateFolder === undefined) await removeState(stateFolder);
  };
  let consoleUrl = '';
  try {
    const supervisor = await startSupervisor({
      module: typeof module === 'string' ? module : fileURLToPath(module),
      stateFolder,
      placement: options.placement ?? 'one',
      portBase: options.portBase ?? 0,
      counts: options.scale ?? {},
      mode: 'test',
      fresh: false,
      durable: false,
      host: {
        module: options.hostModule ?? hostModule,
        path: searchPath,
        cacheFolder: cacheFolder(),
        configuration: options.configuration ?? {},
        ...(options.authorities === undefined ? {} : { authorities: options.authorities }),
      },
      clock,
      random,
      startedMs: clock.monotonicMs(),
      observe(event) {
        if (event.type === 'ready') consoleUrl = event.urls.console;
        observe(event);
      },
      signal: new AbortController().signal,
      readyTimeoutMs: options.readyTimeoutMs ?? 60_000,
    });
    return testSystem({ supervisor, stateFolder, consoleUrl, clock, random, remove });
  } catch (error) {
    await remove();
    throw error;
  }
}

interface Started {
  readonly supervisor: Supervisor;
  readonly stateFolder: string;
  readonly consoleUrl: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly remove: () => Promise<void>;
}

function testSystem({ supervisor, stateFolder, consoleUrl, clock, random, remove }: Started): TestSystem {
  const { urls, databaseUrls } = supervisor;
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await remove();
  };
  const pids = () => pidsOf(supervisor);
  return {
    edge: urls.gateway,
    urls,
    consoleUrl,
    stateFolder,
    databaseUrls,
    get pids() {
      return pids();
    },
    status: () => supervisor.status(),
    untilReady: (timeoutMs = 30_000) =>
      untilReady(async () => (await supervisor.status()).waitingFor, clock, timeoutMs, new AbortController().signal),
    scale: (counts) => supervisor.scale(counts),
    restart: (service) => supervisor.restart(service),
    canary: (wish) => supervisor.canary(wish),
    kill(service, signal = 'SIGKILL') {
      const pid = pids()[service];
      if (pid === undefined || !supervisor.kill(service, signal)) {
        throw dureErrors.SERVICE_UNKNOWN(`no process runs "${service}"; there are ${Object.keys(pids()).join(', ')}`);
      }
      return pid;
    },
    async verify({ settleMs } = {}) {
      const { invariants } = supervisor.loaded.system;
      const settle = settleMs === undefined ? {} : { settleMs };
      return demandAll(await verifyInvariants({ invariants, databaseUrls, clock, random, ...settle }));
    },
    output: (process) => readFile(join(stateFolder, 'logs', `${process}.log`), 'utf8'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function pidsOf({ components }: Supervisor): Readonly<Record<string, number>> {
  const pids: Record<string, number> = {};
  for (const { name, state } of components) {
    if (!('pid' in state) || state.pid === undefined) continue;
    pids[name] = state.pid;
    if (state.kind === 'ready') for (const service of state.services) pids[service.name] ??= state.pid;
  }
  return pids;
}

function demandAll(verdicts: readonly Verdict[]): readonly Verdict[] {
  const broken = verdicts.filter(({ holds }) => !holds);
  if (broken.length === 0) return verdicts;
  const texts = broken.map(
    ({ name, figures, violations }) => `"${name}" ${JSON.stringify(figures)} ${violations.join('; ')}`,
  );
  throw dureErrors.INVARIANT_BROKEN(
    `${broken.length} of ${verdicts.length} invariants do not hold: ${texts.join(' | ')}`,
    {
      details: { broken },
    },
  );
}

/** Compiled code outlives the temporary folder: beside the packages, where a clean installation removes it. */
function cacheFolder(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(modules)) return join(modules, '.cache', 'dure');
  }
  return join(tmpdir(), `dure-cache-${process.pid}`);
}

async function removeState(folder: string): Promise<void> {
  const { removeEmbeddedPostgres } = await import('@dure/postgres/embedded');
  await removeEmbeddedPostgres(join(folder, 'postgres')).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}
