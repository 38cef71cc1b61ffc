import { readFile } from 'node:fs/promises';
import { isDureError, messageOf, systemClock } from '@dure/core';
import type { RunFile } from '../run-file.ts';
import type { HostMessage, LeaveRequest, SupervisorMessage } from './host-message.ts';
import { settle } from './settle.ts';
import { startHost } from './start-host.ts';

const path = process.env.DURE_RUN_FILE;
/** When the start is over and the process has nothing better to do. */
const settleAfterMs = 1_000;
const exitCodes = { failed: 1, usage: 64 } as const;

if (path === undefined || process.send === undefined) {
  process.stderr.write('A host process is started by `dure up`, which gives it its run file and listens to it.\n');
  process.exit(exitCodes.usage);
}

const stopping = new AbortController();
let started = false;
// The supervisor asks us to stop, or has gone: both end in the same orderly way. But what still starts when it has gone has nothing
// to end, and the next supervisor waits for our ports.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
process.once('disconnect', () => (started ? stopping.abort() : process.exit(0)));
// Another process has taken our place: there is time to leave in.
let patience: LeaveRequest | undefined;
const socket = Promise.withResolvers<object>();
let workers = 1;
process.on('message', (message: SupervisorMessage, handle: unknown) => {
  switch (message.type) {
    case 'listen':
      workers = message.workers;
      if (typeof handle === 'object' && handle !== null) socket.resolve(handle);
      return;
    case 'workers':
      workers = message.workers;
      return;
    case 'leave':
      patience = message;
      return stopping.abort();
    default:
      return message satisfies never;
  }
});

try {
  const runFile = JSON.parse(await readFile(path, 'utf8')) as RunFile;
  const host = await startHost(runFile, process.env, tell, { socket: socket.promise, workers: () => workers });
  started = true;
  systemClock.after(settleAfterMs, settle);
  if (!stopping.signal.aborted) {
    await new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  await host.close(patience);
  process.exit(0);
} catch (error) {
  if (stopping.signal.aborted) process.exit(0);
  const code = isDureError(error) ? error.code : 'DURE_HOST_FAILED';
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  const message: HostMessage = { type: 'failed', code, message: messageOf(error) };
  process.send(message, () => process.exit(exitCodes.failed));
}

function tell(message: HostMessage): void {
  if (process.connected) process.send?.(message);
}
