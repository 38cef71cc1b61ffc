import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import type { PushedInstance } from '../wire/push-stream.ts';
import { instanceStatuses } from '../wire/push-stream.ts';

/** What a saved list needs. */
export interface SavedListOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is to be saved. */
  readonly instances: () => readonly PushedInstance[];
}

const writeAfterMs = 1_000;
/** An older list tells nothing any more. */
const staleMs = 24 * 60 * 60_000;

/**
 * The last known list on disk, for a process that starts while the registry is away. Written a second after a
 * change, whole or not at all, readable by its owner only. It is a help and never a condition: what fails is logged.
 */
export class SavedList {
  readonly #options: SavedListOptions;
  readonly #file: string;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: SavedListOptions) {
    this.#options = options;
    this.#file = join(options.folder, 'instances.json');
  }

  /** Something changed. */
  changed(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#timer = this.#options.clock.after(writeAfterMs, () => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    });
  }

  /** Empty when there is none that can be used. */
  async read(): Promise<readonly PushedInstance[]> {
    const { clock, log } = this.#options;
    try {
      const saved: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      if (!isSaved(saved)) throw new SyntaxError('it is not a list of instances');
      return clock.now() - saved.savedAt > staleMs ? [] : saved.instances;
    } catch (error) {
      if (!isMissing(error)) log.warn(`the saved list ${this.#file} is not used: ${messageOf(error)}`, { error });
      return [];
    }
  }

  /** Waits for what is being written; what has not begun to be is left out. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { folder, clock, log } = this.#options;
    const instances = this.#options.instances();
    if (instances.length === 0) return;
    const whole = `${this.#file}.${randomUUID()}`;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(whole, JSON.stringify({ savedAt: clock.now(), instances }), { mode: 0o600, flag: 'wx' });
      await rename(whole, this.#file);
    } catch (error) {
      log.warn(`the list of instances could not be saved: ${messageOf(error)}`, { error });
      await rm(whole, { force: true }).catch(() => {});
    }
  }
}

function isSaved(value: unknown): value is { readonly savedAt: number; readonly instances: readonly PushedInstance[] } {
  if (typeof value !== 'object' || value === null || !('savedAt' in value) || !('instances' in value)) return false;
  return typeof value.savedAt === 'number' && Array.isArray(value.instances) && value.instances.every(isInstance);
}

function isInstance(value: unknown): value is PushedInstance {
  if (typeof value !== 'object' || value === null) return false;
  const { id, service, host, port, status, metadata } = value as Readonly<Record<string, unknown>>;
  const isNamed = typeof id === 'string' && typeof service === 'string' && typeof host === 'string';
  const isKnown = instanceStatuses.some((known) => known === status);
  return isNamed && isKnown && Number.isInteger(port) && typeof metadata === 'object' && metadata !== null;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
