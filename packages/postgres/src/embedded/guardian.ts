import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { ServerUser } from './server-user.ts';

/**
 * The guardian: a shell of about a megabyte that is the server's parent and holds one end of a pipe to us. When our
 * end closes, because we stop or because we died in any way (SIGKILL included), it shuts the server down: `$1` is the
 * orderly signal (INT: fast shutdown), after 1.5 s follows QUIT (immediate; what was committed stays), after another half
 * second KILL. Being the parent there is no moment in which the server runs unguarded, and its process id cannot be
 * reused before the guardian has waited for it. `$2` names a folder to delete afterwards, or is empty.
 */
const script = `
signal=$1 folder=$2
shift 2
trap '' INT TERM HUP
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{
  read -r line <&3
  kill -"$signal" $server
  tenths=0
  while [ $tenths -lt 15 ] && kill -0 $server; do sleep 0.1; tenths=$((tenths + 1)); done
  kill -QUIT $server && sleep 0.5 && kill -KILL $server
} >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait $server
status=$?
kill -KILL $watcher 2>/dev/null
[ -n "$folder" ] && rm -rf "$folder"
exit $status
`;

/** A server process under its guardian. */
export interface Guarded {
  /** Its standard error, line by line, until it ends. */
  readonly lines: Readable;
  /** Resolves with the server's exit status when it has ended. */
  readonly exited: Promise<number>;
  /** Starts the shutdown; idempotent. */
  release(): void;
  /** Lets this process end while the server runs: the guardian then stops it. */
  unref(): void;
}

export interface GuardOptions {
  readonly command: readonly string[];
  readonly user: ServerUser | undefined;
  /** `INT` for a fast shutdown; `QUIT` for an immediate one, where the data does not matter. */
  readonly stopSignal: 'INT' | 'QUIT';
  /** Deleted when the server has ended. */
  readonly removeFolder: string | undefined;
}

/** Starts a command under a guardian, in a session of its own, so that Ctrl-C in the terminal reaches neither. */
export function guard(options: GuardOptions): Guarded {
  const child = spawn(
    '/bin/sh',
    ['-c', script, 'dure-postgres-guardian', options.stopSignal, options.removeFolder ?? '', ...options.command],
    {
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
      ...(options.user ?? {}),
    },
  ) as ChildProcess & { stdin: Writable; stderr: Readable };
  child.stdin.on('error', () => undefined);
  const exited = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 137));
  });
  return {
    lines: child.stderr,
    exited,
    release: () => void child.stdin.end(),
    unref() {
      child.unref();
      for (const stream of [child.stdin, child.stderr]) if (isHandle(stream)) stream.unref();
    },
  };
}

function isHandle(stream: unknown): stream is { unref(): void } {
  return typeof stream === 'object' && stream !== null && 'unref' in stream;
}
