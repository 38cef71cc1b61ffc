import { chmod, mkdtemp, rm } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isDureError, messageOf } from '@dure/core';
import type { Explanation } from '@dure/proxy/gateway';
import type { InstanceCounts } from '../plan/instances.ts';
import type { CanaryReport, RestartReport, ScaleReport, SystemStatus } from './events.ts';
import type { CanaryWish } from './steering.ts';

/** What can be asked of a running supervisor: one JSON line in, one out. */
export type ControlRequest =
  | { readonly ask: 'status' }
  | { readonly ask: 'stop' }
  | { readonly ask: 'databases' }
  | { readonly ask: 'database-server' }
  | { readonly ask: 'scale'; readonly counts: InstanceCounts }
  | { readonly ask: 'restart'; readonly service: string }
  | { readonly ask: 'canary'; readonly wish: CanaryWish }
  | { readonly ask: 'explain'; readonly id: string }
  | ManagementQuestion
  | ManagementSurvey;

/** What is asked of a service's management port, of whichever of its processes answers. */
export interface ManagementQuestion {
  readonly ask: 'manage';
  readonly service: string;
  readonly method: 'GET' | 'POST';
  /** One of its processes. Default: any. */
  readonly instanceId?: string;
  /** What follows `/actuator/`: `jobs/rebuild`. */
  readonly path: string;
  readonly body?: unknown;
}

/** The same of every service that has the endpoint; of a service with several processes any one is asked. */
export interface ManagementSurvey extends Omit<ManagementQuestion, 'ask' | 'service' | 'instanceId'> {
  readonly ask: 'manage-each';
}

/** What one service answered. */
export interface ManagementAnswer {
  readonly service: string;
  readonly status: number;
  readonly body: unknown;
}

export interface ControlAnswers {
  readonly status: SystemStatus;
  readonly stop: { readonly tookMs: number };
  /** Connection strings by service; secrets, so the socket is its owner's only. */
  readonly databases: Readonly<Record<string, string>>;
  /** The superuser's connection string, where the system has a server and it runs; a secret as well. */
  readonly 'database-server': { readonly adminUrl?: string };
  readonly scale: ScaleReport;
  readonly restart: RestartReport;
  readonly canary: CanaryReport;
  readonly explain: Explanation;
  /** What the endpoint answered. */
  readonly manage: unknown;
  /** Without those that have no such endpoint. */
  readonly 'manage-each': readonly ManagementAnswer[];
}

/** Answers requests; the value becomes the line that is sent back. */
export type ControlHandler = (request: ControlRequest) => Promise<unknown>;

/** The longest path that fits a socket's address (`sun_path` is 108 bytes, 104 on some systems). */
const longestPath = 100;
const maxRequestLength = 2 * 2 ** 20;

/** Where a supervisor listens. Disposing of it removes the folder that was made for it, if any. */
export interface ControlSocket extends AsyncDisposable {
  readonly path: string;
}

/** Where a supervisor of this run folder listens: in the folder, or in a private temporary one when its path is too long. */
export async function controlSocket(runFolder: string): Promise<ControlSocket> {
  const path = join(runFolder, 'control.sock');
  if (Buffer.byteLength(path) <= longestPath) return { path, [Symbol.asyncDispose]: async () => undefined };
  const madeFolder = await mkdtemp(join(tmpdir(), 'dure-'));
  return {
    path: join(madeFolder, 'control.sock'),
    [Symbol.asyncDispose]: () => rm(madeFolder, { recursive: true, force: true }),
  };
}

/** Listens on a socket that only its owner can open. */
export async function openControl({ path }: ControlSocket, handle: ControlHandler): Promise<AsyncDisposable> {
  await rm(path, { force: true });
  const sockets = new Set<Socket>();
  const underway = new Set<Promise<unknown>>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    void answer(socket, async (line) => {
      const answering = outcome(line, handle);
      underway.add(answering);
      return answering.finally(() => underway.delete(answering));
    });
  });
  await listen(server, path);
  await chmod(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all(underway);
      for (const socket of sockets) socket.destroySoon();
      await closed;
      await rm(path, { force: true });
    },
  };
}

async function answer(socket: Socket, respond: (line: string) => Promise<unknown>): Promise<void> {
  for await (const line of createInterface({ input: socket })) {
    if (line.length > maxRequestLength) break;
    socket.write(`${JSON.stringify(await respond(line))}\n`);
  }
  socket.end();
}

async function outcome(line: string, handle: ControlHandler): Promise<unknown> {
  try {
    return { ok: true, value: await handle(JSON.parse(line) as ControlRequest) };
  } catch (error) {
    if (!isDureError(error)) return { ok: false, message: messageOf(error) };
    const { code, kind, message, retryable, details } = error;
    return { ok: false, code, kind, message, retryable, details };
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
}
