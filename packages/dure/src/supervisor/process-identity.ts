import { readFile } from 'node:fs/promises';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the process's start; undefined where the machine does not tell. */
  readonly startTicks: string | undefined;
}

/** The identity of a process that runs now. */
export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, startTicks: await startTicksOf(pid) };
}

/** Whether that very process still runs. */
export async function isAlive({ pid, startTicks }: ProcessIdentity): Promise<boolean> {
  if (!exists(pid)) return false;
  const now = await startTicksOf(pid);
  return startTicks === undefined || now === undefined || now === startTicks;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Field 22 of `/proc/<pid>/stat`, proc(5); the name in field 2 may hold blanks and brackets. A zombie has ended. */
async function startTicksOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? 'ended' : fields[18];
}
