// Real brokers on this machine, without Docker: npm run brokers install|up|down|status [kafka|rabbitmq|nats …]
// `up` installs what is missing (Debian's packages and Maven, as root) and starts; `down` ends what `up` has started, and nothing else.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { kafkaFolder, kafkaServer, kafkaVersion } from '../packages/kafka/src/testing/kafka-server.ts';
import type { ServerKind } from '../packages/messaging/src/testing/server-process.ts';
import { freePorts, hasCommand, startProcesses } from '../packages/messaging/src/testing/server-process.ts';
import { natsServer } from '../packages/nats/src/testing/nats-server.ts';
import { rabbitmqServer } from '../packages/rabbitmq/src/testing/rabbitmq-server.ts';

/** A process that is ours: an id alone may have gone to another since. */
interface Owned {
  readonly pid: number;
  readonly startedAt: string;
}

interface Running {
  readonly url: string;
  readonly processes: readonly Owned[];
}

const kinds: readonly ServerKind[] = [kafkaServer, rabbitmqServer, natsServer];
const usage = 'usage: npm run brokers install|up|down|status [kafka|rabbitmq|nats …]\n';
const usualPorts: Readonly<Record<string, number>> = { kafka: 9092, rabbitmq: 5672, nats: 4222 };
const stateFolder = join(tmpdir(), `dure-brokers-${process.getuid?.() ?? 0}`);

const [action = 'status', ...names] = process.argv.slice(2);
const wanted = names.length === 0 ? kinds : kinds.filter(({ name }) => names.includes(name));
const actions: Readonly<Record<string, (kind: ServerKind) => Promise<string>>> = { install, up, down, status };
const act = actions[action];
if (act === undefined || names.some((name) => !kinds.some((kind) => kind.name === name))) {
  process.stderr.write(usage);
  process.exit(64);
}
for (const kind of wanted) {
  try {
    process.stdout.write(`${kind.name}: ${await act(kind)}\n`);
  } catch (error) {
    process.stdout.write(`${kind.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function install({ name }: ServerKind): Promise<string> {
  if (name === 'kafka') {
    installPackages([
      ...(hasCommand('java') ? [] : ['openjdk-17-jre-headless']),
      ...(existsSync(kafkaFolder) || hasCommand('mvn') ? [] : ['maven']),
    ]);
    if (!existsSync(kafkaFolder)) copyJars();
    return `installed in ${kafkaFolder}`;
  }
  const [file, missing] =
    name === 'nats' ? ['nats-server', ['nats-server']] : ['/usr/lib/rabbitmq/bin/rabbitmqctl', ['rabbitmq-server']];
  if (!(file.startsWith('/') ? existsSync(file) : hasCommand(file))) installPackages(missing);
  return 'installed';
}

async function up(kind: ServerKind): Promise<string> {
  const known = runningOf(kind);
  if (known !== undefined) return `up at ${known.url}`;
  await install(kind);
  const folder = folderOf(kind);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const plan = kind.plan(folder, await portsFor(kind));
  const children = await startProcesses(plan, folder, true);
  const processes = children.map(({ pid = 0 }) => ({ pid, startedAt: startOf(pid) ?? '' }));
  writeFileSync(fileOf(kind), JSON.stringify({ url: plan.url, processes } satisfies Running), { mode: 0o600 });
  return `up at ${plan.url}`;
}

/** The usual port, where nobody has it. */
async function portsFor({ name, ports }: ServerKind): Promise<readonly number[]> {
  const [first = 0, ...others] = await freePorts(ports);
  const usual = usualPorts[name] ?? first;
  return [(await isFree(usual)) ? usual : first, ...others];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function down(kind: ServerKind): Promise<string> {
  const known = runningOf(kind);
  if (known === undefined) return 'down';
  for (const { pid } of known.processes.filter(isAlive).toReversed()) process.kill(pid, 'SIGKILL');
  rmSync(folderOf(kind), { recursive: true, force: true });
  return 'down';
}

async function status(kind: ServerKind): Promise<string> {
  const known = runningOf(kind);
  if (known !== undefined) return `up at ${known.url}`;
  return kind.absent === false ? 'down' : `down; ${kind.absent}`;
}

/** What of it runs; a server of which a part has ended is none. */
function runningOf(kind: ServerKind): Running | undefined {
  if (!existsSync(fileOf(kind))) return undefined;
  const known = JSON.parse(readFileSync(fileOf(kind), 'utf8')) as Running;
  return known.processes.some(isAlive) ? known : undefined;
}

function isAlive({ pid, startedAt }: Owned): boolean {
  return startOf(pid) === startedAt;
}

/** When a process began, in the kernel's own words; undefined when there is none. */
function startOf(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function folderOf({ name }: ServerKind): string {
  return join(stateFolder, name);
}

function fileOf(kind: ServerKind): string {
  return join(folderOf(kind), 'running.json');
}

function installPackages(packages: readonly string[]): void {
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0 || !hasCommand('apt-get'))
    throw new TypeError(`${packages.join(' and ')} missing; install by hand, or run this as root on Debian`);
  // A package that starts its service must not: we start our own, with our own data.
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    execFileSync('apt-get', ['update', '-qq'], { env, stdio: [...stdio] });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      env,
      stdio: [...stdio],
    });
  } finally {
    if (ours) rmSync(policy);
  }
}

/** All or nothing: a folder that is there is complete. */
function copyJars(): void {
  const pom = join(import.meta.dirname, 'brokers', 'kafka.pom.xml');
  const partial = `${kafkaFolder}.${process.pid}`;
  mkdirSync(dirname(kafkaFolder), { recursive: true });
  const goal = 'dependency:copy-dependencies';
  execFileSync(
    'mvn',
    [
      '-q',
      '-B',
      '-f',
      pom,
      goal,
      `-Dkafka.version=${kafkaVersion}`,
      '-DincludeScope=runtime',
      `-DoutputDirectory=${partial}`,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (existsSync(kafkaFolder)) rmSync(partial, { recursive: true });
  else renameSync(partial, kafkaFolder);
}
