import type { Clock, DureError, Random, Timer } from '@dure/core';
import { wait } from '@dure/core';
import type { LogFile } from '@dure/telemetry';
import { dureErrors } from '../errors.ts';
import type { Backoff, BackoffOptions } from './backoff.ts';
import { backoff } from './backoff.ts';
import type { ChildMessage, StartedService } from './child-message.ts';
import type { Program, RunningChild } from './child-process.ts';
import { runChild } from './child-process.ts';
import type { Component, ComponentState } from './component.ts';
import type { Exit } from './crash-reason.ts';
import { describeExit } from './crash-reason.ts';

export interface SupervisedProcessOptions {
  readonly name: string;
  readonly program: Program;
  readonly log: LogFile;
  readonly clock: Clock;
  readonly random: Random;
  /** Rings after each change of state. */
  readonly changed: (component: Component) => void;
  readonly backoff?: BackoffOptions;
  /** A start that is not ready by then is killed and counts as a crash, in milliseconds. Default 60 000. */
  readonly startTimeoutMs?: number;
}

/** How long a process may take to leave. */
export interface Patience {
  /** For its callers to go, in milliseconds. */
  readonly drainMs: number;
  /** For requests in flight to end, in milliseconds. */
  readonly graceMs: number;
}

/** What a process that leaves does besides: it ends its consumers before, and closes its connections after. */
const closingMs = 4_000;

/**
 * A process that is kept running. Its first start either succeeds or fails for good: a system that cannot start says
 * so. After that a crash is followed by a new start, for as long as it takes.
 */
export class SupervisedProcess implements Component {
  readonly name: string;
  readonly #options: SupervisedProcessOptions;
  readonly #backoff: Backoff;
  readonly #first = Promise.withResolvers<readonly StartedService[]>();
  #state: ComponentState = { kind: 'waiting' };
  #child: RunningChild | undefined;
  #failure: (ChildMessage & { type: 'failed' }) | undefined;
  #retry: Timer | undefined;
  #startedAt = 0;
  #wasReady = false;
  #restarts = 0;
  #lastCrash: string | undefined;

  constructor(options: SupervisedProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.#backoff = backoff(options.random, options.backoff);
    this.#first.promise.catch(() => undefined);
  }

  get state(): ComponentState {
    return this.#state;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get lastCrash(): string | undefined {
    return this.#lastCrash;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it; resolves when it is ready for the first time. Rejects with DURE_PROCESS_FAILED or what the process reported. */
  start(): Promise<readonly StartedService[]> {
    if (this.#state.kind === 'waiting') this.#spawn();
    return this.#first.promise;
  }

  /** Sends a signal to the process that runs now, if any. */
  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Says something to the process that runs now, if any. */
  tell(message: object): void {
    this.#child?.send(message);
  }

  /** Ends it: asks first, kills after `graceMs`. Resolves when nothing of it is left. */
  stop(graceMs: number): Promise<void> {
    return this.#end(graceMs, (child) => child.kill('SIGTERM'));
  }

  /** Ends it when another has taken its place: gives it the time to see its callers go and its requests end. */
  leave({ drainMs, graceMs }: Patience): Promise<void> {
    return this.#end(drainMs + graceMs + closingMs, (child) => child.send({ type: 'leave', drainMs, graceMs }));
  }

  async #end(graceMs: number, ask: (child: RunningChild) => void): Promise<void> {
    this.#retry?.cancel();
    const child = this.#child;
    if (child === undefined) {
      this.#to({ kind: 'stopped' });
      return;
    }
    if (this.#state.kind !== 'stopping') {
      this.#to({ kind: 'stopping', ...(child.pid === undefined ? {} : { pid: child.pid }) });
      ask(child);
    }
    const done = new AbortController();
    const patience = wait(this.#options.clock, graceMs, done.signal).then((late) => late && child.kill('SIGKILL'));
    await child.ended;
    done.abort();
    await patience;
  }

  #spawn(): void {
    const { program, log, clock, startTimeoutMs = 60_000 } = this.#options;
    this.#failure = undefined;
    this.#startedAt = clock.monotonicMs();
    const child = runChild(program, log, clock, (message) => this.#hear(message, child, hung));
    this.#child = child;
    const hung = clock.after(startTimeoutMs, () => child.kill('SIGKILL'));
    this.#to({ kind: 'starting', ...(child.pid === undefined ? {} : { pid: child.pid }) });
    void child.ended.then((exit) => {
      hung.cancel();
      this.#child = undefined;
      this.#ended(exit);
    });
  }

  #hear(message: ChildMessage, child: RunningChild, hung: Timer): void {
    if (message.type === 'failed') {
      this.#failure = message;
      return;
    }
    hung.cancel();
    if (this.#state.kind !== 'starting' || child.pid === undefined) return;
    this.#wasReady = true;
    this.#to({ kind: 'ready', pid: child.pid, since: this.#options.clock.now(), services: message.services });
    this.#first.resolve(message.services);
  }

  #ended(exit: Exit): void {
    if (this.#state.kind === 'stopping') {
      this.#to({ kind: 'stopped' });
      this.#first.reject(dureErrors.START_CANCELLED(`"${this.name}" was stopped before it was ready`));
      return;
    }
    const reason = this.#failure === undefined ? describeExit(exit) : `${this.#failure.code}: ${this.#failure.message}`;
    if (!this.#wasReady) {
      this.#to({ kind: 'failed', reason });
      this.#first.reject(this.#startFailure(reason));
      return;
    }
    this.#lastCrash = reason;
    const { clock } = this.#options;
    const delayMs = this.#backoff.next(clock.monotonicMs() - this.#startedAt);
    this.#to({ kind: 'crashed', reason, restartAt: clock.now() + delayMs });
    this.#retry = clock.after(
      delayMs,
      () => {
        this.#restarts += 1;
        this.#spawn();
      },
      { keepAlive: true },
    );
  }

  #startFailure(reason: string): DureError {
    const failure = this.#failure;
    return dureErrors.PROCESS_FAILED(`"${this.name}" did not start: ${reason}`, {
      details: {
        process: this.name,
        reason,
        ...(failure === undefined
          ? {}
          : { causeCode: failure.code, causeMessage: failure.message, causeFix: failure.fix }),
      },
    });
  }

  #to(state: ComponentState): void {
    this.#state = state;
    this.#options.changed(this);
  }
}
