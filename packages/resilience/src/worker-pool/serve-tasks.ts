import { parentPort } from 'node:worker_threads';
import { resilienceErrors } from '../errors.ts';
import type { TaskOutcome } from './messages.ts';
import { packError } from './messages.ts';

/**
 * The worker's side: answers the tasks of the pool that started this file, one at a time.
 * RESILIENCE_OPTION_INVALID when no pool did.
 *
 * @example
 * // thumbnails.worker.ts
 * serveTasks(async (image: Uint8Array) => shrink(image));
 */
export function serveTasks<In, Out>(task: (input: In) => Out | Promise<Out>): void {
  if (parentPort === null)
    throw resilienceErrors.OPTION_INVALID('serveTasks: this file runs in the main thread; hand it to openWorkerPool', {
      details: { layer: 'serveTasks' },
    });
  const port = parentPort;
  port.on('message', async (input: In) => {
    const outcome = await outcomeOf(task, input);
    try {
      port.postMessage(outcome);
    } catch (error) {
      port.postMessage({ ok: false, error: packError(error) } satisfies TaskOutcome);
    }
  });
}

async function outcomeOf<In, Out>(task: (input: In) => Out | Promise<Out>, input: In): Promise<TaskOutcome> {
  try {
    return { ok: true, output: await task(input) };
  } catch (error) {
    return { ok: false, error: packError(error) };
  }
}
