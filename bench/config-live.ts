// How long from an edit of a file until 500 instances have applied it, each having checked it, and one of each service asked before?
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKey, publicKeyOf } from '@dure/identity';
import { startChild } from './lib/child.ts';
import { cpuMs } from './lib/shop.ts';
import { printTable, round } from './lib/table.ts';

const followers = Number(process.env.FOLLOWERS ?? 500);
const processes = Number(process.env.PROCESSES ?? 4);
const edits = Number(process.env.EDITS ?? 20);
const applications = Array.from({ length: 10 }, (_, index) => `service-${index}`).join(',');
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const folder = await mkdtemp(join(tmpdir(), 'dure-bench-config-'));
// What the machine itself held up: without these a stall of disk or scheduler looks like a hint that got lost.
let slowestWrite = 0;
let longestPause = 0;
const write = async (edit: number) => {
  const since = performance.now();
  await writeFile(join(folder, 'application.yml'), `edit: ${edit}\nat: ${performance.timeOrigin + since}\n`);
  slowestWrite = Math.max(slowestWrite, performance.now() - since);
};
const pause = async (ms: number) => {
  const since = performance.now();
  await sleep(ms);
  longestPause = Math.max(longestPause, performance.now() - since - ms);
};
await write(0);
const key = await generateSigningKey();
const peers = join(import.meta.dirname, 'peers');
const publicKey = JSON.stringify(publicKeyOf(key));
const config = await startChild(join(peers, 'config.ts'), folder, publicKey, applications);
const url = `http://127.0.0.1:${config.hello.port}`;
const each = Math.ceil(followers / processes);
const took: number[][] = Array.from({ length: edits + 1 }, () => []);
const heard = (message: Readonly<Record<string, number>>) => {
  if (message.tookMs !== undefined) took[message.edit ?? 0]?.push(message.tookMs);
};
const children = await Promise.all(
  Array.from({ length: processes }, (_, index) =>
    startChild(
      { path: join(peers, 'config-followers.ts'), heard },
      url,
      JSON.stringify(key),
      applications,
      String(each),
      String(index * each),
    ),
  ),
);
await sleep(3_000);
const followersCpu = () => children.reduce((sum, { pid }) => sum + cpuMs(pid), 0);
const before = cpuMs(config.pid);
const beforeFollowers = followersCpu();
const began = performance.now();
let missed = 0;
for (let edit = 1; edit <= edits; edit += 1) {
  const since = performance.now();
  await write(edit);
  while ((took[edit]?.length ?? 0) < each * processes && performance.now() - since < 10_000) await pause(5);
  missed += each * processes - (took[edit]?.length ?? 0);
  await pause(1_500);
}
const cpu = cpuMs(config.pid) - before;
const ofFollowers = followersCpu() - beforeFollowers;
const elapsed = performance.now() - began;
await Promise.all(children.map((child) => child.stop()));
await config.stop();
await rm(folder, { recursive: true });

const all = took.flat().sort((a, b) => a - b);
const quantile = (share: number) => round(all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Number.NaN);
printTable(`${each * processes} instances of 10 services in ${processes} processes, ${edits} edits of what all read`, [
  ['what', 'value', 'bar'],
  ['edit to applied: p50 (ms)', quantile(0.5), ''],
  ['edit to applied: p99 (ms)', quantile(0.99), '≤ 1000'],
  ['edit to applied: the slowest (ms)', quantile(1), ''],
  ['not applied within 10 s', missed, '0'],
  ['the slowest write of the file (ms)', round(slowestWrite), ''],
  ['how late the measuring process was, at most (ms)', round(longestPause), ''],
  ['CPU of the config server for an edit (ms)', round(cpu / edits), ''],
  ['CPU of one instance for an edit (ms)', round(ofFollowers / edits / each / processes), ''],
  ['CPU of the config server (% of one core)', round((cpu / elapsed) * 100, 1), ''],
]);
