import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemClock, wait } from '@dure/core';
import type { Broker } from '../broker.port.ts';
import { oneByOne } from './one-by-one.ts';

/** A consumer of a group that is a process of its own, so that it can be killed. */
export interface BrokerMember extends Disposable {
  kill(): void;
}

/** Starts one, with a module that calls `runBrokerMember`; `note` hears of each record that it is given. */
export function startBrokerMember(
  { module, url }: { readonly module: string; readonly url: string },
  { topic, group }: { readonly topic: string; readonly group: string },
  note: (number: number) => void,
): BrokerMember {
  const child = spawn(process.execPath, [module, url, topic, group], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface(child.stdout).on('line', (line) => note(Number(line)));
  const kill = () => void child.kill('SIGKILL');
  return { kill, [Symbol.dispose]: kill };
}

/** What such a process does: it consumes, and says the number of each record before it takes it. */
export function runBrokerMember(connect: (url: string) => Broker): void {
  const [url = '', topic = '', group = ''] = process.argv.slice(2);
  connect(url).subscribe({
    topic,
    group,
    handle: oneByOne(async ({ attributes }) => {
      process.stdout.write(`${attributes.n}\n`);
      await wait(systemClock, 1);
    }),
  });
}
