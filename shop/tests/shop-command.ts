import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryStateFolder } from '@dure/dure/testing';
import { pause } from './decided-orders.ts';

/** A shop that `dure up` runs, as a user's does: its supervisor is a process that can be killed like any other. */
export interface ShopCommand extends AsyncDisposable {
  /** The gateway's URL: the same after every start. */
  readonly edge: string;
  /** The names of all processes, with `supervisor`. */
  readonly processes: readonly string[];
  /** The process of this name, unless it is down. */
  pid(name: string): number | undefined;
  /** Kills the process of this name. With the supervisor everything ends. */
  kill(name: string): Promise<void>;
  /** Runs `dure up` again; resolves when the shop is ready, or, after `abortMs`, when it was killed while it started. */
  start(abortMs?: number): Promise<void>;
  /** As `dure verify`: fails, with the figures, when an invariant does not hold. */
  verify(): Promise<void>;
  /** As Ctrl-C; fails when a process is left. */
  stop(): Promise<void>;
}

/** A line of `dure up --json`. */
interface UpEvent {
  readonly event: string;
  readonly name?: string;
  readonly state?: string;
  readonly pid?: number;
  readonly urls?: { readonly gateway: string };
}

const program = join(import.meta.dirname, '..', '..', 'packages', 'dure', 'bin', 'dure.js');
const environment = { PATH: process.env.PATH, LANG: 'C' };
const keptErrors = 2_000;
/** How long what was left behind by a killed supervisor may take to notice. */
const orphanMs = 20_000;

/** Starts the shop, each service in a process of its own, in a state folder that is removed with it. */
export async function shopCommand(module: string): Promise<ShopCommand> {
  const folder = await temporaryStateFolder();
  const run = new CommandRun(module, folder);
  await run.start().catch(async (error: unknown) => {
    await run[Symbol.asyncDispose]();
    throw error;
  });
  return run;
}

class CommandRun implements ShopCommand {
  readonly #module: string;
  readonly #folder: string;
  readonly #pids = new Map<string, number | undefined>();
  #child: ChildProcess | undefined;
  #edge: string | undefined;

  constructor(module: string, folder: string) {
    this.#module = module;
    this.#folder = folder;
  }

  get edge(): string {
    assert.ok(this.#edge !== undefined, 'the shop has not been ready yet');
    return this.#edge;
  }

  get processes(): readonly string[] {
    return [...this.#pids.keys(), 'supervisor'];
  }

  pid(name: string): number | undefined {
    return name === 'supervisor' ? this.#child?.pid : this.#pids.get(name);
  }

  async kill(name: string): Promise<void> {
    const pid = this.pid(name);
    assert.ok(pid !== undefined, `${name} is down`);
    process.kill(pid, 'SIGKILL');
    if (name === 'supervisor') await this.#ended();
    else this.#pids.set(name, undefined);
  }

  async start(abortMs?: number): Promise<void> {
    const base = this.#edge === undefined ? '0' : new URL(this.#edge).port;
    const parameters = ['up', this.#module, '--json', '--port-base', base, ...this.#state];
    const child = spawn(process.execPath, [program, ...parameters], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-keptErrors);
    });
    const ready = new Promise<true>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (this.#child === child && this.#hear(JSON.parse(line) as UpEvent)) resolve(true);
      });
    });
    const ended = once(child, 'exit').then(([code, signal]) => `ended with ${code ?? signal}: ${said}`);
    if (abortMs === undefined) {
      const outcome = await Promise.race([ready, ended]);
      assert.equal(outcome, true, `dure up ${outcome}`);
      return;
    }
    const outcome = await Promise.race([ready, ended, pause(abortMs).then(() => true)]);
    assert.equal(outcome, true, `dure up ${outcome}`);
    await this.kill('supervisor');
  }

  async verify(): Promise<void> {
    const parameters = [program, 'verify', this.#module, '--json', ...this.#state];
    await new Promise<void>((resolve, reject) => {
      execFile(process.execPath, parameters, { env: environment }, (error, out, errors) =>
        error === null ? resolve() : reject(new assert.AssertionError({ message: `dure verify: ${out}${errors}` })),
      );
    });
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGINT');
    await this.#ended();
    const until = performance.now() + orphanMs;
    for (;;) {
      const left = await processesOf(this.#folder);
      if (left.length === 0) return;
      assert.ok(performance.now() < until, `${orphanMs} ms after the end there are ${left.join(', ')}`);
      await pause(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #state(): readonly string[] {
    return ['--state', this.#folder];
  }

  /** Whether it says that the shop is ready. */
  #hear({ event, name, state, pid, urls }: UpEvent): boolean {
    if (event === 'component' && name !== undefined)
      this.#pids.set(name, state === 'ready' || state === 'starting' ? pid : undefined);
    if (event === 'ready' && urls !== undefined) this.#edge = urls.gateway;
    return event === 'ready';
  }

  /** Resolves when the supervisor has ended, and with it everything is taken for down. */
  async #ended(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    for (const name of this.#pids.keys()) this.#pids.set(name, undefined);
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

/** The processes that were started for this state folder, where the machine tells: those that name it. */
async function processesOf(folder: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid) => {
    const read = (part: string) => readFile(`/proc/${pid}/${part}`, 'utf8').catch(() => '');
    const [command, variables] = await Promise.all([read('cmdline'), read('environ')]);
    return command.includes(folder) || variables.includes(folder) ? [`${pid} ${command.replaceAll('\0', ' ')}`] : [];
  });
  return (await Promise.all(found)).flat();
}
