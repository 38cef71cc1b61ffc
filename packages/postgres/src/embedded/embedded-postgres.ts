import { chown, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock, Random } from '@dure/core';
import { postgresErrors } from '../errors.ts';
import type { Binaries } from './binaries.ts';
import { installedBinaries, readyBinaries } from './binaries.ts';
import type { ClusterState } from './cluster-state.ts';
import { newState, readState, sharedFolder, writeState } from './cluster-state.ts';
import { freePort } from './free-port.ts';
import type { Guarded } from './guardian.ts';
import { guard } from './guardian.ts';
import { initialiseCluster } from './initialise-cluster.ts';
import { clearPostmaster, postmasterPid } from './postmaster-pid.ts';
import type { ServerUser } from './server-user.ts';
import { dataOwner, serverUser } from './server-user.ts';

const host = '127.0.0.1';
const superuser = 'postgres';
const keptLines = 20;
const portAttempts = 5;

export interface EmbeddedPostgresOptions {
  /** Where state is kept; made when it is missing. The data is there too, or where `cluster.json` in it says. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  /** A port that must be used. Default: the port of the last start if it is free, else any. */
  readonly port?: number;
  /** Default 200. */
  readonly maxConnections?: number;
  /** False for tests: the data need not survive a crash of the machine, so nothing waits for the disk. Default true. */
  readonly durable?: boolean;
  /** Deletes the cluster when the server has stopped, however this process ends. Default false. */
  readonly removeOnStop?: boolean;
  /** Whether a running server keeps this process alive. Default true. */
  readonly keepAlive?: boolean;
  /** More settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Milliseconds to wait for readiness, crash recovery included. Default 60 000. */
  readonly startTimeoutMs?: number;
  /** Milliseconds to wait for the server of a run that was killed a moment ago to end. Default 10 000. */
  readonly patienceMs?: number;
  /** Receives each line that the server logs. */
  readonly log?: (line: string) => void;
  /** The `native` folder of another installation of the binaries. Default: the package of this platform. */
  readonly binaries?: string;
}

/** A running PostgreSQL server that ends with this process, however that ends. */
export interface EmbeddedPostgres {
  readonly host: string;
  readonly port: number;
  /** The server's process id. */
  readonly pid: number;
  readonly dataFolder: string;
  /** Whether this start made the cluster. */
  readonly created: boolean;
  /** The superuser's connection string to the database `postgres`. A secret. */
  readonly adminUrl: string;
  /** Resolves when the server has ended, asked or not, with its exit status and the last lines of its log. */
  readonly exited: Promise<{ readonly status: number; readonly lastLines: readonly string[] }>;
  /** Shuts the server down and resolves when it has ended: at most about two seconds. Idempotent. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a real PostgreSQL 18 from npm packages, on loopback with password authentication, making its cluster first if
 * there is none.
 *
 * Rejects with POSTGRES_BINARY_MISSING, POSTGRES_USER_MISSING, POSTGRES_ALREADY_RUNNING, POSTGRES_PORT_TAKEN,
 * POSTGRES_STATE_INVALID or POSTGRES_START_FAILED (with the last lines of its log).
 *
 * @example
 * await using postgres = await startEmbeddedPostgres({ folder: '.dure/postgres', clock: systemClock, random: systemRandom });
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.folder, { recursive: true });
  const folder = await realpath(options.folder);
  const root = await serverUser();
  const copies = root === undefined ? join(folder, 'postgresql') : join(await sharedFolder(), 'postgresql');
  const native = options.binaries ?? installedBinaries();
  const binaries = await readyBinaries(native, { copies, otherUser: root !== undefined });
  const known = await readState(folder);
  const state = known ?? (await newState(folder, root, options.random));
  const dataFolder = join(state.home, 'data');
  const user = root === undefined ? undefined : await dataOwner(dataFolder, root);
  const created = await initialiseCluster({
    binaries,
    home: state.home,
    user,
    superuser,
    password: state.password,
    durable: options.durable ?? true,
  });
  if (created && options.removeOnStop === true && user !== undefined) await chown(state.home, user.uid, user.gid);
  await clearPostmaster(dataFolder, options.clock, options.patienceMs ?? 10_000);
  const server = await startServer(options, { binaries, user, folder, dataFolder, state });
  if (server.port !== state.port || created) await writeState(folder, { ...state, port: server.port });
  if (options.keepAlive === false) server.guarded.unref();
  return running(server, { dataFolder, created, password: state.password });
}

interface ServerPlan {
  readonly binaries: Binaries;
  readonly user: ServerUser | undefined;
  readonly folder: string;
  readonly dataFolder: string;
  readonly state: ClusterState;
}

interface ReadyServer {
  readonly guarded: Guarded;
  readonly port: number;
  readonly pid: number;
  readonly lastLines: readonly string[];
}

async function startServer(options: EmbeddedPostgresOptions, plan: ServerPlan): Promise<ReadyServer> {
  for (let attempt = 1; ; attempt += 1) {
    const remembered = attempt === 1 ? plan.state.port : undefined;
    const port = options.port ?? remembered ?? (await freePort(host));
    const outcome = await tryServer(options, plan, port);
    if (outcome.ready) return outcome.server;
    const said = outcome.lastLines.join('\n');
    const taken = /could not bind|address already in use/i.test(said);
    if (taken && options.port === undefined && attempt < portAttempts) continue;
    if (taken) {
      throw postgresErrors.PORT_TAKEN(
        `port ${port} of ${host} is held by another process; find it with \`lsof -i :${port}\` or choose another port`,
        { details: { port } },
      );
    }
    throw postgresErrors.START_FAILED(
      `PostgreSQL on ${plan.dataFolder} ended with status ${outcome.status} before it was ready; it said:\n${said}`,
      { details: { status: outcome.status, dataFolder: plan.dataFolder, lastLines: outcome.lastLines } },
    );
  }
}

type Outcome =
  | { readonly ready: true; readonly server: ReadyServer }
  | { readonly ready: false; readonly status: number; readonly lastLines: readonly string[] };

async function tryServer(options: EmbeddedPostgresOptions, plan: ServerPlan, port: number): Promise<Outcome> {
  const durable = options.durable ?? true;
  const guarded = guard({
    command: [plan.binaries.postgres, '-D', plan.dataFolder, ...settingArguments(options, port, durable)],
    user: plan.user,
    stopSignal: options.removeOnStop === true ? 'QUIT' : 'INT',
    removeFolder: options.removeOnStop === true ? plan.state.home : undefined,
  });
  const lastLines: string[] = [];
  const ready = Promise.withResolvers<'ready'>();
  createInterface({ input: guarded.lines }).on('line', (line) => {
    lastLines.push(line);
    if (lastLines.length > keptLines) lastLines.shift();
    options.log?.(line);
    if (line.includes('database system is ready to accept connections')) ready.resolve('ready');
  });
  const startTimeoutMs = options.startTimeoutMs ?? 60_000;
  const timer = options.clock.after(startTimeoutMs, () => {
    lastLines.push(`(not ready after ${startTimeoutMs} ms)`);
    guarded.release();
  });
  const outcome = await Promise.race([ready.promise, guarded.exited]);
  timer.cancel();
  if (outcome !== 'ready') return { ready: false, status: outcome, lastLines };
  const pid = (await postmasterPid(plan.dataFolder)) ?? 0;
  return { ready: true, server: { guarded, port, pid, lastLines } };
}

function settingArguments(options: EmbeddedPostgresOptions, port: number, durable: boolean): readonly string[] {
  const settings: Record<string, string> = {
    listen_addresses: host,
    port: String(port),
    unix_socket_directories: '',
    max_connections: String(options.maxConnections ?? 200),
    idle_in_transaction_session_timeout: '60s',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %q%d ',
    log_checkpoints: 'off',
    // A shutdown ends with a checkpoint: it is short when the last one was not long ago.
    checkpoint_timeout: '60s',
    jit: 'off',
    io_method: 'sync',
    // After a crash every file is synchronised before anything else: one by one it took 3 to 6 seconds for eight
    // databases on a busy disk, at once 0.3.
    ...(durable && process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
    ...(durable
      ? {}
      : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', dynamic_shared_memory_type: 'mmap' }),
    ...options.settings,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function running(
  server: ReadyServer,
  cluster: { readonly dataFolder: string; readonly created: boolean; readonly password: string },
): EmbeddedPostgres {
  const { guarded, port, pid, lastLines } = server;
  const stop = async (): Promise<void> => {
    guarded.release();
    await guarded.exited;
  };
  return {
    host,
    port,
    pid,
    dataFolder: cluster.dataFolder,
    created: cluster.created,
    adminUrl: `postgres://${superuser}:${cluster.password}@${host}:${port}/postgres`,
    exited: guarded.exited.then((status) => ({ status, lastLines })),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
