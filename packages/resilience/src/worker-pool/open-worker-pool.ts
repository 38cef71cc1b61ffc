import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Call, Clock, DureError, Handler } from '@dure/core';
import { messageOf } from '@dure/core';
import { closedError } from '../bulkhead.ts';
import { cancelled, nameOf } from '../deadline.ts';
import { resilienceErrors } from '../errors.ts';
import { checkOption } from '../options.ts';
import { Places } from '../places.ts';
import type { TaskOutcome } from './messages.ts';
import { unpackError } from './messages.ts';
import type { WorkerPoolEvent } from './worker-pool-event.ts';

/** How much a pool takes on. All of it may change while running. */
export interface WorkerPoolLimits {
  /** Threads at most. Default: one fewer than the machine has cores, at least one. */
  readonly workers?: number;
  /** Tasks that may wait for a thread. Default 100. */
  readonly queue?: number;
  /** How long one may wait, in milliseconds; never longer than its deadline. Default 10 000. */
  readonly waitMs?: number;
}

export interface WorkerPoolOptions extends WorkerPoolLimits {
  readonly clock: Clock;
  /** What it does, for messages. */
  readonly name: string;
  /** The file that each thread runs; it calls `serveTasks`. */
  readonly file: URL;
  readonly observe?: (event: WorkerPoolEvent) => void;
}

export interface WorkerPoolSnapshot {
  readonly name: string;
  /** Threads that exist, busy or idle. */
  readonly threads: number;
  readonly running: number;
  readonly waiting: number;
}

export interface WorkerPool<In, Out> extends AsyncDisposable {
  readonly name: string;
  /**
   * Runs a task in a thread. RESILIENCE_POOL_FULL when there is no room, RESILIENCE_TASK_FAILED when the task threw (a
   * Dure error comes through as itself), RESILIENCE_WORKER_DIED when the thread ended, RESILIENCE_SHUT_DOWN after `close`.
   */
  readonly run: Handler<In, Out>;
  update(limits: WorkerPoolLimits): void;
  snapshot(): WorkerPoolSnapshot;
  /** Ends everything, at once; resolves when all threads have ended. Idempotent. */
  close(): Promise<void>;
}

/**
 * Threads for work that would block the event loop: the bulkhead's third form. Threads start when first needed and do not
 * keep the process alive. A task whose caller leaves, or which runs into a timeout, cannot be interrupted within its
 * thread: the thread is ended, and its place is taken until it has ended.
 *
 * @example
 * await using pool = openWorkerPool<Uint8Array, Uint8Array>({
 *   clock, name: 'thumbnails', file: new URL('./thumbnails.worker.ts', import.meta.url),
 * });
 * const shrink = stack<Uint8Array, Uint8Array>(timeout({ clock }))(pool.run);
 */
export function openWorkerPool<In, Out>(options: WorkerPoolOptions): WorkerPool<In, Out> {
  return new ThreadPool(options);
}

class ThreadPool<In, Out> implements WorkerPool<In, Out> {
  readonly name: string;
  readonly #file: URL;
  readonly #observe: WorkerPoolOptions['observe'];
  readonly #places: Places;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, (reason: DureError) => void>();
  #closing: Promise<void> | undefined = undefined;

  constructor(options: WorkerPoolOptions) {
    const { workers, queue, waitMs } = poolLimits(options);
    this.name = options.name;
    this.#file = options.file;
    this.#observe = options.observe;
    this.#places = new Places(options.clock, workers, queue, waitMs);
  }

  readonly run = async (input: In, call: Call): Promise<Out> => {
    if (call.signal.aborted) throw cancelled(call);
    if (!this.#places.enter()) {
      const outcome = await this.#places.wait(call, () => undefined);
      if (outcome !== 'entered') throw this.#full(call);
    }
    return this.#work(this.#idle.pop() ?? this.#start(), input, call);
  };

  update(limits: WorkerPoolLimits): void {
    const { most: workers, queue, waitMs } = this.#places;
    const changed = poolLimits({ workers, queue, waitMs, ...limits });
    Object.assign(this.#places, { most: changed.workers, queue: changed.queue, waitMs: changed.waitMs });
    while (this.#idle.length > 0 && this.#idle.length + this.#busy.size > changed.workers)
      void this.#idle.pop()?.terminate();
    this.#places.admit();
  }

  snapshot(): WorkerPoolSnapshot {
    const { running, waiting } = this.#places;
    return { name: this.name, threads: this.#idle.length + this.#busy.size, running, waiting };
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(): Worker {
    this.#observe?.({ kind: 'worker-started', name: this.name });
    return new Worker(this.#file);
  }

  #work(worker: Worker, input: In, call: Call): Promise<Out> {
    return new Promise((resolve, reject) => {
      const stop = (reason: DureError) => {
        over();
        reject(reason);
        this.#observe?.({ kind: 'worker-ended', name: this.name, reason: reason.code });
        void worker.terminate().finally(() => this.#gone(worker));
      };
      const left = () => stop(cancelled(call));
      const died = (cause: unknown) => stop(diedError(this.name, cause));
      const exited = (status: number) => died(`the thread ended with status ${status}`);
      const answered = (outcome: TaskOutcome) => {
        over();
        if (outcome.ok) resolve(outcome.output as Out);
        else reject(unpackError(this.name, outcome.error));
        this.#free(worker);
      };
      const over = () => {
        worker.off('message', answered).off('messageerror', died).off('error', died).off('exit', exited);
        worker.on('error', ignore);
        call.signal.removeEventListener('abort', left);
      };
      worker.off('error', ignore);
      worker.on('message', answered).on('messageerror', died).on('error', died).on('exit', exited);
      call.signal.addEventListener('abort', left, { once: true });
      this.#busy.set(worker, stop);
      worker.ref();
      try {
        worker.postMessage(input);
      } catch (error) {
        answered({
          ok: false,
          error: { message: `its input cannot be sent to a thread: ${messageOf(error)}`, stack: undefined },
        });
      }
    });
  }

  #free(worker: Worker): void {
    this.#busy.delete(worker);
    if (this.#idle.length + this.#busy.size < this.#places.most && this.#closing === undefined) {
      worker.unref();
      this.#idle.push(worker);
    } else void worker.terminate();
    this.#places.leave();
  }

  #gone(worker: Worker): void {
    this.#busy.delete(worker);
    this.#places.leave();
  }

  async #end(): Promise<void> {
    const reason = closedError(this.name);
    this.#places.close(reason);
    const all = [...this.#idle, ...this.#busy.keys()];
    for (const stop of [...this.#busy.values()]) stop(reason);
    this.#idle.length = 0;
    await Promise.all(all.map((worker) => worker.terminate()));
  }

  #full(call: Call): DureError {
    const { most: workers, queue } = this.#places;
    this.#observe?.({ kind: 'pool-full', name: this.name });
    return resilienceErrors.POOL_FULL(
      `${nameOf(call)}: the ${workers} threads of "${this.name}" are busy, and no place was to be had among the ${queue} that may wait`,
      { details: { name: this.name, workers, queue, sent: false } },
    );
  }
}

/** A thread that has no task may end with an error: the next task finds out by starting another. */
const ignore = (): void => undefined;

function diedError(name: string, cause: unknown): DureError {
  return resilienceErrors.WORKER_DIED(`a thread of "${name}" ended in the middle of a task: ${messageOf(cause)}`, {
    cause,
    details: { name },
  });
}

function poolLimits(limits: WorkerPoolLimits): Required<WorkerPoolLimits> {
  const { workers = Math.max(availableParallelism() - 1, 1), queue = 100, waitMs = 10_000 } = limits;
  checkOption('openWorkerPool', 'workers', workers, 1, 1_024);
  checkOption('openWorkerPool', 'queue', queue, 0, 1_000_000);
  checkOption('openWorkerPool', 'waitMs', waitMs, 0, Number.POSITIVE_INFINITY);
  return { workers, queue, waitMs };
}
