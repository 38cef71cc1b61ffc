import type { Clock } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import { sharedRun } from '../../properties/shared-run.ts';
import type { Change } from './change.ts';
import type { Remembered, RememberedHold, RememberedTarget, RollOutMemory } from './roll-out-memory.ts';
import type { Track } from './track.ts';
import { targetKey } from './track.ts';

/** What a record is made of. */
export interface RollOutRecordOptions {
  /** Undefined: nothing outlives a restart. */
  readonly memory: RollOutMemory | undefined;
  readonly run: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Followers whose connection broke are back within this time. */
const returnMs = 12_000;
const mostTargets = 1_000;

/** What was accepted and held before a restart, and will be known after the next. */
export class RollOutRecord {
  readonly #options: RollOutRecordOptions;
  #targets = new Map<string, RememberedTarget>();
  #held: readonly RememberedHold[] = [];
  #awaitedUntil = 0;

  constructor(options: RollOutRecordOptions) {
    this.#options = options;
  }

  /** Reads what was written before. What cannot be read is as if it were not there. */
  async open(): Promise<void> {
    const { memory, run, clock, log } = this.#options;
    try {
      const past = await memory?.read();
      if (past === undefined) return;
      this.#targets = new Map(past.targets.map((target) => [targetKey(target.request), target]));
      this.#held = past.held;
      if (past.run === run) this.#awaitedUntil = clock.monotonicMs() + returnMs;
    } catch (error) {
      log.warn(
        `what was accepted before the restart cannot be read, what lies there now is served: ${messageOf(error)}`,
      );
    }
  }

  /** Changes that were held. */
  get held(): readonly RememberedHold[] {
    return this.#held;
  }

  before(key: string): RememberedTarget | undefined {
    return this.#targets.get(key);
  }

  /** Whether those who followed before the restart may still come back, to be asked about what changed meanwhile. */
  get isAwaiting(): boolean {
    return this.#options.clock.monotonicMs() < this.#awaitedUntil;
  }

  /** Writes what is known by now, once for many calls; a failure is told, and what was written before stays. */
  keeper(known: () => { readonly tracks: readonly Track[]; readonly held: readonly Change[] }): () => void {
    const { memory, log } = this.#options;
    if (memory === undefined) return () => undefined;
    const write = sharedRun(async () => {
      const { tracks, held } = known();
      for (const track of tracks) this.#targets.set(track.key, remembered(track));
      for (const key of this.#targets.keys()) {
        if (this.#targets.size <= mostTargets) break;
        this.#targets.delete(key);
      }
      const { run } = this.#options;
      await memory.write({
        run,
        targets: [...this.#targets.values()],
        held: held.map(rememberedHold),
      } satisfies Remembered);
    });
    return () => {
      write().catch((error: unknown) => log.warn(`what was accepted is not kept for a restart: ${messageOf(error)}`));
    };
  }
}

function remembered({ request: { names, profiles, label }, accepted, history }: Track): RememberedTarget {
  return { request: { names, profiles, label }, accepted, history };
}

function rememberedHold({ releases, canaries, summary = '', reason = '' }: Change): RememberedHold {
  return {
    versions: Object.fromEntries([...releases].map(([{ key }, { version }]) => [key, version])),
    canaries: Object.fromEntries(canaries),
    summary,
    reason,
  };
}
