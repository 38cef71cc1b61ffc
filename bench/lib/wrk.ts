import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What wrk saw. It never sends anything twice. */
export interface WrkResult {
  /** Answers that were a success, and those a second. */
  readonly successes: number;
  readonly rate: number;
  /** Answers that were no success, and requests without one. */
  readonly failures: number;
}

export interface WrkOptions {
  readonly connections: number;
  readonly seconds: number;
  /** A Lua script and its arguments. */
  readonly script?: readonly [file: string, ...args: readonly string[]];
}

/** Loads a URL with wrk, from one thread over keep-alive connections. */
export async function wrk(url: string, { connections, seconds, script }: WrkOptions): Promise<WrkResult> {
  const [file, ...args] = script ?? [];
  const scripted = file === undefined ? [] : ['-s', file];
  const { stdout } = await promisify(execFile)('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    ...scripted,
    url,
    ...(args.length === 0 ? [] : ['--', ...args]),
  ]);
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? 0);
  const unanswered =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? [];
  const failed = number(/Non-2xx or 3xx responses: (\d+)/);
  const successes = number(/(\d+) requests in/) - failed;
  const rate = (number(/Requests\/sec:\s+([\d.]+)/) * successes) / (successes + failed);
  return { successes, rate, failures: failed + unanswered.reduce((sum, count) => sum + Number(count), 0) };
}
