import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

const binary = ['valkey-server', 'redis-server'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Why tests with a real server are skipped here, or false. */
export const withoutServer: string | false =
  binary === undefined ? 'there is neither valkey-server nor redis-server; apt-get install redis-server' : false;

/** A server of its own on a port of this machine, empty and keeping nothing. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Sends one command and answers with what comes back, as it comes. */
  ask(...command: readonly string[]): Promise<string>;
  /** Stops it in the middle of whatever it does, as a machine that hangs; `resume` lets it go on. */
  freeze(): void;
  resume(): void;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Starts it again, empty, at the same port. */
  restart(): Promise<void>;
}

/** Starts a server. */
export async function startRedisServer(...settings: readonly string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dure-redis-'));
  const port = await freePort();
  let child = await start(port, folder, settings);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    ask: (...command) => ask(port, command),
    freeze: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    async restart() {
      child = await start(port, folder, settings);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function start(port: number, folder: string, settings: readonly string[]): Promise<ChildProcess> {
  const plain = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  const child = spawn(binary ?? '', [...plain, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  await until(() => said.includes('Ready to accept connections'), 'the server is ready');
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function ask(port: number, command: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  socket.end(`*${command.length}\r\n${parts.join('')}`);
  let answer = '';
  for await (const piece of socket) answer += String(piece);
  return answer;
}
