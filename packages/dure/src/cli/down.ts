import type { Clock } from '@dure/core';
import { wait } from '@dure/core';
import { askSupervisor } from '../supervisor/control-client.ts';
import { readControlFile } from '../supervisor/lock.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import { seconds } from './text-width.ts';

const endMs = 2_000;

/** `dure down`: stops the running system; returns when nothing of it is left. */
export const down: Command = {
  spec: {
    name: 'down',
    positional: '[system]',
    options: { ...stateOption, ...commonOptions },
    en: 'stop the running system',
    ko: '실행 중인 시스템 종료',
  },
  async run({ positional, values, switches }, { folder, clock, terminal, language }) {
    const stateFolder = await stateFolderOf(folder, positional, values.get('state'));
    const { tookMs } = await askSupervisor(stateFolder, { ask: 'stop' });
    await untilGone(stateFolder, clock);
    terminal.out(
      switches.has('json')
        ? `${JSON.stringify({ stopped: true, tookMs: Math.round(tookMs) })}\n`
        : `${messages[language].stoppedIn(seconds(tookMs))}\n`,
    );
    return exitCodes.ok;
  },
};

/** After its answer the supervisor still releases the lock and ends. */
async function untilGone(stateFolder: string, clock: Clock): Promise<void> {
  const deadline = clock.monotonicMs() + endMs;
  while (clock.monotonicMs() < deadline && (await readControlFile(stateFolder)) !== undefined) await wait(clock, 10);
}
