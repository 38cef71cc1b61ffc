import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Clock } from '@dure/core';
import { configErrors } from '../../errors.ts';

/** Where git runs: a folder with its settings, and the repository in `repo.git`. */
export interface GitPlace {
  readonly folder: string;
  readonly clock: Clock;
  /** Aborts when nobody needs an answer any more. */
  readonly signal: AbortSignal;
}

interface GitRun {
  /** Default 10 000. */
  readonly timeoutMs?: number;
  readonly input?: string;
}

const mostOutputBytes = 64 * 2 ** 20;
const killMs = 2_000;

/**
 * Runs the git program and resolves with what it wrote. No shell; of the environment it sees nothing but what stands here,
 * of the machine's and the user's settings nothing. CONFIG_GIT_FAILED holds its own words.
 */
export async function runGit(place: GitPlace, args: readonly string[], run: GitRun = {}): Promise<Buffer> {
  const { timeoutMs = 10_000, input = '' } = run;
  const [command = ''] = args;
  if (place.signal.aborted) throw configErrors.GIT_FAILED(`git ${command}: the repository was closed`);
  const child = spawnGit(place, args);
  const chunks: Buffer[] = [];
  let bytes = 0;
  let words = '';
  let why: string | undefined;
  const stop = (reason: string) => {
    why ??= reason;
    killGroup(child, 'SIGTERM');
    place.clock.after(killMs, () => killGroup(child, 'SIGKILL'));
  };
  const timer = place.clock.after(timeoutMs, () => stop(`it took longer than ${timeoutMs} ms`));
  const aborted = () => stop('it is not needed any more');
  place.signal.addEventListener('abort', aborted, { once: true });
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostOutputBytes) stop(`it wrote more than ${mostOutputBytes} bytes`);
    else chunks.push(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4_000);
  });
  child.stdin?.on('error', () => {}).end(input);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    if (code === 0 && why === undefined) return Buffer.concat(chunks);
  } catch (cause) {
    throw configErrors.GIT_FAILED('git cannot be started: is it installed, in /usr/bin or /usr/local/bin?', { cause });
  } finally {
    timer.cancel();
    place.signal.removeEventListener('abort', aborted);
  }
  throw configErrors.GIT_FAILED(`git ${command}: ${why ?? (wordsOf(words) || 'it failed without a word')}`);
}

/** Starts git in a process group of its own, so that its transports end with it. */
export function spawnGit({ folder }: GitPlace, args: readonly string[]): ChildProcess {
  const always = ['--git-dir=repo.git', '--no-pager', '--literal-pathspecs', '--no-replace-objects'];
  return spawn('git', [...always, ...args], {
    cwd: folder,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
      HOME: folder,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
      GIT_ATTR_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
}

/** Ends a git process and what it has started. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

const chatter = /^(hint:|Please make sure you have the correct access rights|and the repository exists\.)/;

/** What git said, as one line for people: no user of an address, no control characters, not too long. */
function wordsOf(text: string): string {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '' && !chatter.test(line));
  return (
    lines
      .slice(-3)
      .join('; ')
      .replaceAll(/\/\/[^@/\s]*@/g, '//***@')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
      .replaceAll(/[\x00-\x1f\x7f]/g, '')
      .slice(0, 400)
  );
}
