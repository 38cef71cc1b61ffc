import type { Clock, Random, Timer } from '@dure/core';
import { messageOf } from '@dure/core';
import type { EmbeddedPostgres } from '@dure/postgres/embedded';
import type { LogFile } from '@dure/telemetry';
import { backoff } from './backoff.ts';
import type { Component, ComponentState } from './component.ts';

export interface DatabaseServerOptions {
  /** Where its state is kept. */
  readonly folder: string;
  readonly log: LogFile;
  readonly clock: Clock;
  readonly random: Random;
  readonly changed: (component: Component) => void;
  /** False for tests: nothing waits for the disk. */
  readonly durable: boolean;
}

/** The system's PostgreSQL server: a component that is started again, on the same port, when it ends unasked. */
export class DatabaseServer implements Component {
  readonly name = 'postgres';
  readonly #options: DatabaseServerOptions;
  #state: ComponentState = { kind: 'waiting' };
  #server: EmbeddedPostgres | undefined;
  #retry: Timer | undefined;
  #restarts = 0;
  #lastCrash: string | undefined;
  #starting: Promise<unknown> = Promise.resolve();
  #stopping = false;

  constructor(options: DatabaseServerOptions) {
    this.#options = options;
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
    return this.#server?.pid;
  }

  /** The superuser's connection string while it runs. A secret. */
  get adminUrl(): string | undefined {
    return this.#server?.adminUrl;
  }

  /** Starts it; resolves with the superuser's connection string. Rejects as `startEmbeddedPostgres` does. */
  start(port?: number): Promise<string> {
    const starting = this.#launch(port);
    this.#starting = starting.catch(() => undefined);
    return starting;
  }

  async #launch(port: number | undefined): Promise<string> {
    const { folder, log, clock, random, durable } = this.#options;
    this.#to({ kind: 'starting' });
    try {
      const { startEmbeddedPostgres } = await import('@dure/postgres/embedded');
      const server = await startEmbeddedPostgres({
        folder,
        clock,
        random,
        durable,
        log: (line) => void log.write(`${line}\n`),
        ...(port === undefined ? {} : { port }),
      });
      this.#server = server;
      this.#watch(server);
      this.#to({ kind: 'ready', pid: server.pid, since: clock.now(), services: [] });
      return server.adminUrl;
    } catch (error) {
      this.#to({ kind: 'failed', reason: messageOf(error) });
      throw error;
    }
  }

  /** Stops it in an orderly way; idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#retry?.cancel();
    await this.#starting;
    const server = this.#server;
    if (server !== undefined) this.#to({ kind: 'stopping', pid: server.pid });
    await server?.stop();
    this.#to({ kind: 'stopped' });
  }

  #watch(server: EmbeddedPostgres): void {
    const { clock, random } = this.#options;
    const delays = backoff(random);
    const startedAt = clock.monotonicMs();
    const again = (reason: string): void => {
      if (this.#stopping) return;
      this.#lastCrash = reason;
      const delayMs = delays.next(clock.monotonicMs() - startedAt);
      this.#to({ kind: 'crashed', reason, restartAt: clock.now() + delayMs });
      this.#retry = clock.after(
        delayMs,
        () => {
          this.#restarts += 1;
          this.start(server.port).catch((error: unknown) => again(messageOf(error)));
        },
        { keepAlive: true },
      );
    };
    void server.exited.then(({ status, lastLines }) => {
      if (this.#server === server) this.#server = undefined;
      again(`exit status ${status}: ${lastLines.at(-1) ?? 'it said nothing'}`);
    });
  }

  #to(state: ComponentState): void {
    this.#state = state;
    this.#options.changed(this);
  }
}
