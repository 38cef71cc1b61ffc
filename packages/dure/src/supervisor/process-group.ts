import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Random } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { PlannedProcess, Stage } from '../plan/plan.ts';
import type { RunFile } from '../run-file.ts';
import type { StartedService } from './child-message.ts';
import type { Component } from './component.ts';
import { openLogFile } from './log-file.ts';
import type { StateFolder } from './state-folder.ts';
import { SupervisedProcess } from './supervised-process.ts';

/** How host processes are run. */
export interface HostProgram {
  /** The module that reads the run file and starts what it names. */
  readonly module: string;
  /** `PATH` of the processes. */
  readonly path: string;
  /** Variables that set configuration (`DURE_ORDER__MAX_LINES`): all that they inherit besides. */
  readonly configuration?: Readonly<Record<string, string>>;
  /** Where compiled code is kept. Default: in the state folder. */
  readonly cacheFolder?: string;
}

export interface ProcessGroupOptions {
  readonly state: StateFolder;
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

/** The processes of a run. */
export class ProcessGroup {
  readonly #options: ProcessGroupOptions;
  readonly #processes = new Map<string, { readonly planned: PlannedProcess; readonly process: SupervisedProcess }>();
  readonly #closeLogs: (() => Promise<void>)[] = [];
  #closed = false;

  constructor(options: ProcessGroupOptions) {
    this.#options = options;
  }

  /** Writes the run file (mode 0600) and starts the process; resolves when it is ready. */
  async start(planned: PlannedProcess, runFile: RunFile): Promise<readonly StartedService[]> {
    const { state, host, clock, random, changed } = this.#options;
    const path = join(state.run, `${planned.name}.json`);
    const log = await openLogFile(join(state.logs, `${planned.name}.log`));
    if (this.#closed) {
      await log.close();
      throw dureErrors.START_CANCELLED('the start was stopped');
    }
    this.#closeLogs.push(() => log.close());
    writeFileSync(path, JSON.stringify(runFile), { mode: 0o600 });
    const program = {
      file: process.execPath,
      parameters: [...leanFlags, host.module],
      environment: {
        ...host.configuration,
        DURE_RUN_FILE: path,
        PATH: host.path,
        NODE_COMPILE_CACHE: host.cacheFolder ?? state.cache,
      },
      folder: runFile.folder,
    };
    const supervised = new SupervisedProcess({ name: planned.name, program, log, clock, random, changed });
    this.#processes.set(planned.name, { planned, process: supervised });
    return supervised.start();
  }

  /** In the order of stages and names. */
  get components(): readonly Component[] {
    const order: readonly Stage[] = ['platform', 'services', 'edge'];
    return [...this.#processes.values()]
      .sort(
        (a, b) =>
          order.indexOf(a.planned.stage) - order.indexOf(b.planned.stage) || (a.planned.name < b.planned.name ? -1 : 1),
      )
      .map(({ process }) => process);
  }

  /** The services that run now. */
  get services(): readonly StartedService[] {
    return this.components.flatMap(({ state }) => (state.kind === 'ready' ? state.services : []));
  }

  /** The process that runs a service, or has this name. */
  processOf(name: string): SupervisedProcess | undefined {
    const entries = [...this.#processes.values()];
    const found = entries.find(({ planned }) => planned.name === name || planned.services.includes(name));
    return found?.process;
  }

  /** Ends the processes of these stages; resolves when none is left. Nothing more is started. */
  async stop(stages: readonly Stage[], graceMs: number): Promise<void> {
    this.#closed = true;
    const chosen = [...this.#processes.values()].filter(({ planned }) => stages.includes(planned.stage));
    await Promise.all(chosen.map(({ process }) => process.stop(graceMs)));
  }

  /** Ends everything at once, without asking. */
  killAll(): void {
    this.#closed = true;
    for (const { process } of this.#processes.values()) process.kill('SIGKILL');
  }

  async closeLogs(): Promise<void> {
    await Promise.all(this.#closeLogs.map((close) => close()));
  }
}
