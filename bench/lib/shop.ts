import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');

/** A component of the running shop. */
export interface ShopComponent {
  readonly name: string;
  readonly pid?: number;
  readonly services: readonly { readonly name: string; readonly port: number }[];
}

/** A whole system, started by its command. */
export interface Shop {
  readonly edge: string;
  /** Seconds, as the shop itself says (`ready in <n> s`) and as the caller waited. */
  readonly readyMs: number;
  readonly waitedMs: number;
  components(): Promise<readonly ShopComponent[]>;
  verify(): Promise<number | null>;
  /** Stops it by SIGINT, as Ctrl-C does; resolves with how long that took, in milliseconds. */
  stop(): Promise<number>;
}

/** A folder for the shop's state, which the database's own user can reach. */
export function stateFolder(): string {
  return mkdtempSync(join(tmpdir(), 'dure-bench-'));
}

/** Forgets a state folder. */
export function forget(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** `dure up shop --json`, from the checkout this file is in. */
export function startShop(state: string, ...flags: readonly string[]): Promise<Shop> {
  return startSystem('shop', state, '--port-base', '21080', ...flags);
}

/** `dure up … --json` for a folder of the checkout. */
export async function startSystem(system: string, state: string, ...flags: readonly string[]): Promise<Shop> {
  const startedAt = performance.now();
  const child = dure('up', system, '--json', '--state', state, ...flags);
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  let ready: { readonly tookMs: number; readonly urls: { readonly gateway: string } } | undefined;
  for await (const line of lines) {
    const event = JSON.parse(line) as { readonly event: string };
    if (event.event !== 'ready') continue;
    ready = event as unknown as typeof ready;
    break;
  }
  if (ready === undefined) throw new TypeError(`${system} did not start; see ${join(state, 'logs')}`);
  child.stdout?.resume();
  return {
    edge: ready.urls.gateway,
    readyMs: ready.tookMs,
    waitedMs: performance.now() - startedAt,
    components: async () =>
      (JSON.parse(await output(dure('status', system, '--json', '--state', state))) as { components: ShopComponent[] })
        .components,
    verify: async () => (await once(dure('verify', system, '--state', state), 'exit'))[0] as number | null,
    async stop() {
      const from = performance.now();
      child.kill('SIGINT');
      await once(child, 'exit');
      return performance.now() - from;
    },
  };
}

/** Private memory of a process (USS), in MB; Linux only. */
export function privateMemoryMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kb = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return (kb('Private_Clean') + kb('Private_Dirty')) / 1_024;
}

/** User and system time a process has used, in milliseconds; Linux only. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function dure(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(root, 'packages/dure/bin/dure.js'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) text += String(chunk);
  return text;
}
