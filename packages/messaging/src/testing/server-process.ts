import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, wait } from '@dure/core';

/** One program with its arguments. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Besides PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a server consists of, once it has a folder and ports of its own. */
export interface ServerPlan {
  /** Run before the first start, one after the other. */
  readonly prepare?: readonly Command[];
  /** The processes, in the order of starting; the last one is the server. */
  readonly processes: readonly Command[];
  readonly url: string;
  /** Takes connections when the server is ready. */
  readonly port: number;
  /** What its output says when it is ready; by default a connection is enough. */
  readonly says?: string;
}

/** A kind of server that tests and `npm run brokers` can start. */
export interface ServerKind {
  readonly name: string;
  /** Why it cannot be started here, or false. */
  readonly absent: string | false;
  readonly ports: number;
  /** Writes what it needs into the folder, and says what to run. */
  plan(folder: string, ports: readonly number[]): ServerPlan;
}

/** A server of its own on ports of this machine. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  /** Ends it at once, as a crash does. Its data stays. */
  kill(): Promise<void>;
  /** Starts it again with its data, at the same ports. */
  restart(): Promise<void>;
  /** Starts it again at the same ports with nothing, as when its disk was lost. */
  restartEmpty(): Promise<void>;
  /** Freezes it in the middle of whatever it does: connections stay, and nobody answers. */
  freeze(): void;
  thaw(): void;
}

const readyTimeoutMs = 60_000;

/** Starts a server in a temporary folder; it ends with the test. */
export async function startTestServer(kind: ServerKind): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), `dure-${kind.name}-`));
  const ports = await freePorts(kind.ports);
  const plan = kind.plan(folder, ports);
  let children = await startProcesses(plan, folder, false);
  const kill = async () => {
    for (const child of children.toReversed()) await killed(child);
    children = [];
  };
  return {
    url: plan.url,
    folder,
    kill,
    async restart() {
      children = await startProcesses({ ...plan, prepare: [] }, folder, false);
    },
    async restartEmpty() {
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
      children = await startProcesses(kind.plan(folder, ports), folder, false);
    },
    freeze: () => void children.at(-1)?.kill('SIGSTOP'),
    thaw: () => void children.at(-1)?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts what a plan names and waits until it is ready; a detached one lives on without us. */
export async function startProcesses(plan: ServerPlan, folder: string, detached: boolean): Promise<ChildProcess[]> {
  const log = join(folder, 'output.log');
  for (const { file, args, env } of plan.prepare ?? []) {
    const { status, stderr, stdout } = spawnSync(file, args, { cwd: folder, env: surroundings(env), encoding: 'utf8' });
    if (status !== 0) throw new TypeError(`${file} ended with ${status}: ${stdout}${stderr}`);
  }
  const output = openSync(log, 'w');
  const children = plan.processes.map(({ file, args, env }) =>
    spawn(file, args, { cwd: folder, env: surroundings(env), detached, stdio: ['ignore', output, output] }),
  );
  closeSync(output);
  const giveUpAt = systemClock.monotonicMs() + readyTimeoutMs;
  while (!(await isReady(plan, log))) {
    const ended = children.find(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (ended !== undefined || systemClock.monotonicMs() > giveUpAt) {
      for (const child of children) await killed(child);
      throw new TypeError(
        `${ended?.spawnfile ?? 'the server'} is not ready:\n${readFileSync(log, 'utf8').slice(-2_000)}`,
      );
    }
    await wait(systemClock, 50);
  }
  if (detached) for (const child of children) child.unref();
  return children;
}

/** Ports that nobody listens on, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      server.close();
      await once(server, 'close');
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
}

/** Whether a command is there. */
export function hasCommand(file: string): boolean {
  return spawnSync(file, ['--version']).error === undefined;
}

function surroundings(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function isReady({ port, says }: ServerPlan, log: string): Promise<boolean> {
  if (says !== undefined && !readFileSync(log, 'utf8').includes(says)) return false;
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
