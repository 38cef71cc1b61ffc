import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '@dure/core';
import { wait } from '@dure/core';
import { postgresErrors } from '../errors.ts';

const pollMs = 50;

/** The process id of the server that runs on the data folder, or ran there when it was killed. */
export async function postmasterPid(dataFolder: string): Promise<number | undefined> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/**
 * Makes sure that no server runs on the data folder. One that is being stopped, because its run was killed a moment
 * ago, is waited for; the trace of a crash is removed, also when another program has the process id by now.
 * POSTGRES_ALREADY_RUNNING when a server goes on running.
 */
export async function clearPostmaster(dataFolder: string, clock: Clock, patienceMs: number): Promise<void> {
  const until = clock.monotonicMs() + patienceMs;
  for (;;) {
    const pid = await postmasterPid(dataFolder);
    if (pid === undefined) return;
    if (!isAlive(pid) || !(await isServerOn(pid, dataFolder))) {
      await rm(join(dataFolder, 'postmaster.pid'), { force: true });
      return;
    }
    if (clock.monotonicMs() >= until) {
      throw postgresErrors.ALREADY_RUNNING(
        `a PostgreSQL server with process id ${pid} already runs on ${dataFolder}; stop that run with \`dure down\`, or the server alone with \`kill -INT ${pid}\``,
        { details: { pid, dataFolder } },
      );
    }
    await wait(clock, pollMs);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether the process is a server that was started on the folder: its command line names it. */
async function isServerOn(pid: number, dataFolder: string): Promise<boolean> {
  const commandLine =
    process.platform === 'linux'
      ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      : await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]).then(
          ({ stdout }) => stdout,
          () => '',
        );
  return commandLine.includes(dataFolder);
}
