import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '@dure/core';
import type { LogFile } from '@dure/telemetry';
import { openLogFile } from '@dure/telemetry';
import { dureErrors } from '../errors.ts';
import { preloadOf } from '../libraries/library-maker.ts';
import { sourcesBy } from '../libraries/sources-now.ts';
import type { PlannedProcess, Stage } from '../plan/plan.ts';
import type { RunFile } from '../run-file.ts';
import type { StartedService } from './child-message.ts';
import type { Greeting } from './child-process.ts';
import type { Component } from './component.ts';
import type { HeldSocket } from './held-socket.ts';
import type { StateFolder } from './state-folder.ts';
import type { Patience } from './supervised-process.ts';
import { SupervisedProcess } from './supervised-process.ts';

/** How host processes are run. */
export interface HostProgram {
  /** The module that reads the run file and starts what it names. */
  readonly module: string;
  /** `PATH` of the processes. */
  readonly path: string;
  /** A file of certificates whose authorities the processes trust besides the usual ones (`NODE_EXTRA_CA_CERTS`). */
  readonly authorities?: string;
  /**
   * Variables that set configuration (`DURE_ORDER__MAX_LINES`): all that they inherit besides. A process gets those of
   * the services it runs and no other's, which may be secrets.
   */
  readonly configuration?: Readonly<Record<string, string>>;
  /** Where compiled code is kept. Default: in the state folder. */
  readonly cacheFolder?: string;
}

export interface ProcessGroupOptions {
  readonly state: StateFolder;
  /** The sockets that processes of these services accept on, together. */
  readonly sockets: Readonly<Record<string, HeldSocket>>;
  readonly host: HostProgram;
  readonly clock: Clock;
  readonly random: Random;
  readonly changed: (component: Component) => void;
}

/**
 * Flags that keep a process small: new objects live in two megabytes, one helper thread in place of four (measured on a
 * service of the shop: 51 MB of its own memory, 61 with four threads, and no more time to start), and nothing is printed
 * about features that we use on purpose.
 */
const leanFlags = ['--max-semi-space-size=2', '--v8-pool-size=1', '--disable-warning=ExperimentalWarning'] as const;

/**
 * Flags that take ways in away: `__proto__` in data reaches no prototype, and a signal opens no inspector. Code from strings cannot be forbidden as
 * well, because Fastify's router compiles such code from the names of path parameters.
 */
const safeFlags = ['--disable-proto=throw', '--disable-sigusr1'] as const;

/** `serving`: the system counts on it; `joining`: it will; `leaving`: another has taken its place. */
type Role = 'leaving' | 'serving' | 'joining';

interface Member {
  readonly planned: PlannedProcess;
  readonly process: SupervisedProcess;
  role: Role;
}

/** A process that started beside those that serve. */
export interface Joining {
  readonly process: SupervisedProcess;
  /** From now on the system counts on it. */
  serve(): void;
  /** Ends it after all. */
  abandon(): Promise<void>;
}

/** A process that serves. */
export interface Serving {
  readonly name: string;
  readonly planned: PlannedProcess;
  readonly pid: number | undefined;
  /** Ends it with patience; resolves when nothing of it is left. From now on the system does not count on it. */
  leave(patience: Patience): Promise<void>;
}

const stages: readonly Stage[] = ['platform', 'services', 'edge'];
const roles: readonly Role[] = ['leaving', 'serving', 'joining'];
const abandonMs = 1_000;

/**
 * One arena for all threads: each of its own would keep what password hashing took, 16 MB at a time (glibc). And what is
 * freed goes back: by itself glibc raises both thresholds with the first large block that is freed, and keeps what the
 * compiler took (measured on the shop's order service after 200 orders: 60 MB of its own memory in place of 88).
 */
const leanMalloc = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/** The processes of a run. */
export class ProcessGroup {
  readonly #options: ProcessGroupOptions;
  readonly #members = new Set<Member>();
  readonly #logs = new Map<string, Promise<LogFile>>();
  readonly #sources: () => string;
  #closed = false;

  constructor(options: ProcessGroupOptions) {
    this.#options = options;
    this.#sources = sourcesBy(options.clock);
  }

  /** Writes the run file (mode 0600) and starts the process; resolves when it is ready. The system counts on it. */
  async start(planned: PlannedProcess, runFile: RunFile): Promise<readonly StartedService[]> {
    const { process } = await this.#launch(planned, runFile, 'serving');
    return process.start();
  }

  /** Starts a process beside those that serve, even beside one of the same name; nothing is left of one that fails. */
  async join(planned: PlannedProcess, runFile: RunFile): Promise<Joining> {
    const member = await this.#launch(planned, runFile, 'joining');
    const abandon = () => this.#end(member, () => member.process.stop(abandonMs));
    try {
      await member.process.start();
    } catch (error) {
      await abandon();
      throw error;
    }
    return {
      process: member.process,
      serve() {
        member.role = 'serving';
      },
      abandon,
    };
  }

  /** Everything that runs or should, in the order of stages and names. */
  get components(): readonly Component[] {
    return this.#sorted().map(({ process }) => process);
  }

  /** What the system counts on. */
  get expected(): readonly Component[] {
    return this.#sorted()
      .filter(({ role }) => role === 'serving')
      .map(({ process }) => process);
  }

  /** The services that the system counts on and that run now. */
  get services(): readonly StartedService[] {
    return this.expected.flatMap(({ state }) => (state.kind === 'ready' ? state.services : []));
  }

  /** The processes of a service that the system counts on, the first first, but for what is tried out. */
  serving(service: string): readonly Serving[] {
    return this.#serving(({ services, canary }) => canary === undefined && services.includes(service));
  }

  /** The process of the version of a service that is tried out. */
  canary(service: string): Serving | undefined {
    return this.#serving(({ services, canary }) => canary !== undefined && services.includes(service))[0];
  }

  #serving(fits: (planned: PlannedProcess) => boolean): readonly Serving[] {
    return this.#sorted()
      .filter(({ role, planned }) => role === 'serving' && fits(planned))
      .map((member) => ({
        name: member.planned.name,
        planned: member.planned,
        pid: member.process.pid,
        leave: (patience) => {
          member.role = 'leaving';
          this.#tellWorkers(member.planned);
          return this.#end(member, () => member.process.leave(patience));
        },
      }));
  }

  /** The process that has this name, or runs this service. */
  processOf(name: string): SupervisedProcess | undefined {
    const serving = this.#sorted().filter(({ role }) => role === 'serving');
    const found =
      serving.find(({ planned }) => planned.name === name) ??
      serving.find(({ planned }) => planned.services.includes(name));
    return found?.process;
  }

  /** Ends the processes of these stages; resolves when none is left. Nothing more is started. */
  async stop(chosen: readonly Stage[], graceMs: number): Promise<void> {
    this.#closed = true;
    const members = [...this.#members].filter(({ planned }) => chosen.includes(planned.stage));
    await Promise.all(members.map(({ process }) => process.stop(graceMs)));
  }

  /** Ends everything at once, without asking. */
  killAll(): void {
    this.#closed = true;
    for (const { process } of this.#members) process.kill('SIGKILL');
  }

  async closeLogs(): Promise<void> {
    const opened = await Promise.allSettled(this.#logs.values());
    await Promise.all(opened.map((log) => (log.status === 'fulfilled' ? log.value.close() : undefined)));
  }

  async #launch(planned: PlannedProcess, runFile: RunFile, role: Role): Promise<Member> {
    const { state, host, clock, random, changed } = this.#options;
    const { name } = planned;
    const path = join(state.run, `${name}.json`);
    const log = await this.#logOf(name);
    const configuration = await configurationOf(planned.services, host.configuration);
    if (this.#closed) {
      await log.close();
      throw dureErrors.START_CANCELLED('the start was stopped');
    }
    writeFileSync(path, JSON.stringify(runFile), { mode: 0o600 });
    const program = {
      file: process.execPath,
      parameters: [...safeFlags, ...leanFlags, '--import', preloadOf(this.#sources()), host.module],
      environment: {
        ...configuration,
        ...leanMalloc,
        DURE_RUN_FILE: path,
        PATH: host.path,
        ...(host.authorities === undefined ? {} : { NODE_EXTRA_CA_CERTS: host.authorities }),
        NODE_COMPILE_CACHE: host.cacheFolder ?? state.cache,
      },
      folder: runFile.folder,
      greetings: () => this.#greetings(planned),
    };
    const supervised = new SupervisedProcess({ name, program, log, clock, random, changed });
    const member: Member = { planned, process: supervised, role };
    this.#members.add(member);
    this.#tellWorkers(planned);
    return member;
  }

  /** A process that accepts on a held socket is handed it, with the number of those that do. */
  #greetings({ services }: PlannedProcess): readonly Greeting[] {
    return Object.entries(this.#options.sockets)
      .filter(([service]) => services.includes(service))
      .map(([service, { handle }]) => ({
        message: { type: 'listen', workers: this.#workers(service).length },
        socket: handle,
      }));
  }

  /** Tells those that accept on one socket how many they are; one that leaves accepts no more. */
  #tellWorkers({ services }: PlannedProcess): void {
    for (const service of Object.keys(this.#options.sockets).filter((name) => services.includes(name))) {
      const workers = this.#workers(service);
      for (const { process } of workers) process.tell({ type: 'workers', workers: workers.length });
    }
  }

  #workers(service: string): readonly Member[] {
    return [...this.#members].filter(({ planned, role }) => role !== 'leaving' && planned.services.includes(service));
  }

  /** One log for all processes of a name, also for two at once. */
  #logOf(name: string): Promise<LogFile> {
    const known = this.#logs.get(name) ?? openLogFile(join(this.#options.state.logs, `${name}.log`));
    this.#logs.set(name, known);
    return known;
  }

  async #end(member: Member, end: () => Promise<void>): Promise<void> {
    await end();
    this.#members.delete(member);
    this.#tellWorkers(member.planned);
    const { name } = member.planned;
    if ([...this.#members].every(({ planned }) => planned.name !== name))
      await rm(join(this.#options.state.run, `${name}.json`), { force: true });
  }

  #sorted(): readonly Member[] {
    const byRank = (a: Member, b: Member) =>
      stages.indexOf(a.planned.stage) - stages.indexOf(b.planned.stage) ||
      a.planned.name.localeCompare(b.planned.name, 'en', { numeric: true }) ||
      roles.indexOf(a.role) - roles.indexOf(b.role);
    return [...this.#members].sort(byRank);
  }
}

/** The variables that configure these services. */
async function configurationOf(
  services: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  const all = Object.entries(variables);
  if (all.length === 0) return {};
  // Loaded only when it is needed: it brings the parsers of configuration files, and most starts set no variable.
  const { environmentPrefix } = await import('@dure/config/client');
  const prefixes = services.map(environmentPrefix);
  return Object.fromEntries(all.filter(([variable]) => prefixes.some((prefix) => variable.startsWith(prefix))));
}
