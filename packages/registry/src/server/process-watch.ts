import type { Clock, Timer } from '@dure/core';
import type { Liveness } from '../wire/push-stream.ts';
import type { ProbeResult } from './tcp-probe.ts';

/** Options of `ProcessWatch`. */
export interface ProcessWatchOptions {
  readonly clock: Clock;
  /** How long a process whose connection broke may take to come back. */
  readonly graceMs: number;
  /** How long a ping may stay unanswered before the process is called busy. */
  readonly answerMs: number;
  /** The share of all processes which, lost at once, speaks for a broken network rather than for dead processes. */
  readonly massLossShare: number;
  /** Looks whether the process's instances listen; undefined when it has none. */
  readonly probe: (process: string) => Promise<ProbeResult> | undefined;
  /** Pings every process now. */
  readonly pingAll: () => void;
  readonly died: (process: string, because: string) => void;
  /** What is known of the process's liveness is different now. */
  readonly changed: (process: string) => void;
}

/** Breaks that are no further apart than this belong together. */
const momentMs = 2_000;
const probeEveryMs = 1_000;
const unreachableProbes = 2;

interface Watched {
  /** Who opened its first stream. */
  readonly owner: string;
  streams: number;
  liveness: Liveness | undefined;
  /** When the last stream broke. */
  brokenAt: number | undefined;
  /** When the oldest ping was sent that is not answered. */
  pingedAt: number | undefined;
  unreachable: number;
  timer: Timer | undefined;
}

/**
 * The open connection is the lease. One that breaks and is not opened again within the grace ends its process, at
 * once if it is alone; if several break in the same moment, only where a probe is refused. One that stays open
 * without an answer is a busy process, unless probes cannot reach its host either: then it is lost, unless so many
 * are that it must be our own side of the network.
 */
export class ProcessWatch {
  readonly #options: ProcessWatchOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
  }

  liveness(process: string): Liveness | undefined {
    return this.#watched.get(process)?.liveness;
  }

  /** Whether it holds a stream here. */
  isOpen(process: string): boolean {
    return (this.#watched.get(process)?.streams ?? 0) > 0;
  }

  /** Who opened its streams, as long as it is not given up. */
  ownerOf(process: string): string | undefined {
    return this.#watched.get(process)?.owner;
  }

  /** Returns what to call when the stream has ended; idempotent. */
  opened(process: string, owner = ''): () => void {
    const watched = this.#watched.get(process) ?? {
      owner,
      streams: 0,
      liveness: undefined,
      brokenAt: undefined,
      pingedAt: undefined,
      unreachable: 0,
      timer: undefined,
    };
    this.#watched.set(process, watched);
    watched.streams += 1;
    this.#isWell(process, watched);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#closed(process, watched);
    };
  }

  /** It was heard of without a stream, such as being asked to come back later: no reason to give it up. */
  heard(process: string): void {
    const watched = this.#watched.get(process);
    if (watched?.brokenAt === undefined || watched.liveness !== undefined) return;
    this.#set(process, watched, 'suspect');
    this.#probeLater(process, watched);
  }

  pinged(process: string): void {
    const watched = this.#watched.get(process);
    if (watched === undefined || watched.pingedAt !== undefined) return;
    watched.pingedAt = this.#options.clock.monotonicMs();
    if (watched.timer !== undefined) return;
    watched.timer = this.#options.clock.after(this.#options.answerMs, () => {
      watched.timer = undefined;
      this.#set(process, watched, 'busy');
      void this.#probe(process, watched);
    });
  }

  answered(process: string): void {
    const watched = this.#watched.get(process);
    if (watched !== undefined && watched.streams > 0) this.#isWell(process, watched);
  }

  /** Forgets everything: nobody dies because the registry stops. */
  close(): void {
    for (const { timer } of this.#watched.values()) timer?.cancel();
    this.#watched.clear();
  }

  #isWell(process: string, watched: Watched): void {
    watched.timer?.cancel();
    watched.timer = undefined;
    watched.brokenAt = undefined;
    watched.pingedAt = undefined;
    watched.unreachable = 0;
    this.#set(process, watched, undefined);
  }

  #closed(process: string, watched: Watched): void {
    watched.streams -= 1;
    if (watched.streams > 0 || this.#watched.get(process) !== watched) return;
    watched.brokenAt = this.#options.clock.monotonicMs();
    watched.timer?.cancel();
    watched.timer = this.#options.clock.after(this.#options.graceMs, () => {
      watched.timer = undefined;
      if (this.#brokenTogether(watched) < 2) this.#end(process, 'its connection broke');
      else void this.#probe(process, watched);
    });
  }

  #brokenTogether({ brokenAt = 0 }: Watched): number {
    let broken = 0;
    for (const other of this.#watched.values())
      if (other.brokenAt !== undefined && Math.abs(other.brokenAt - brokenAt) <= momentMs) broken += 1;
    return broken;
  }

  async #probe(process: string, watched: Watched): Promise<void> {
    const probing = this.#options.probe(process);
    if (probing === undefined && watched.streams === 0) return this.#end(process, 'it has no instance');
    const result = await probing;
    if (this.#watched.get(process) !== watched || watched.timer !== undefined || this.#isFine(watched)) return;
    watched.unreachable = result === 'unreachable' ? watched.unreachable + 1 : 0;
    if (watched.brokenAt !== undefined) {
      if (result === 'refused') return this.#end(process, 'its connection broke and nobody listens at its address');
      this.#set(process, watched, 'suspect');
    }
    if (watched.unreachable >= unreachableProbes) this.#judgeLost(process, watched);
    else this.#probeLater(process, watched);
  }

  #isFine({ streams, pingedAt }: Watched): boolean {
    return streams > 0 && pingedAt === undefined;
  }

  #probeLater(process: string, watched: Watched): void {
    watched.timer?.cancel();
    const delayMs = probeEveryMs * Math.min(1 + watched.unreachable, 10);
    watched.timer = this.#options.clock.after(delayMs, () => {
      watched.timer = undefined;
      void this.#probe(process, watched);
    });
  }

  /** Its host does not answer. Before it is given up everybody is asked, for it may be us who are cut off. */
  #judgeLost(process: string, watched: Watched): void {
    this.#options.pingAll();
    watched.timer = this.#options.clock.after(this.#options.answerMs, () => {
      watched.timer = undefined;
      if (this.#isMassLoss()) this.#probeLater(process, watched);
      else this.#end(process, 'its host does not answer');
    });
  }

  #isMassLoss(): boolean {
    const oldest = this.#options.clock.monotonicMs() - this.#options.answerMs;
    let silent = 0;
    for (const { brokenAt, pingedAt } of this.#watched.values())
      if (brokenAt !== undefined || (pingedAt !== undefined && pingedAt <= oldest)) silent += 1;
    return silent >= 2 && silent > this.#options.massLossShare * this.#watched.size;
  }

  #set(process: string, watched: Watched, liveness: Liveness | undefined): void {
    if (watched.liveness === liveness) return;
    watched.liveness = liveness;
    this.#options.changed(process);
  }

  #end(process: string, because: string): void {
    this.#watched.get(process)?.timer?.cancel();
    this.#watched.delete(process);
    this.#options.died(process, because);
  }
}
