import type { Call, Clock, DureError } from '@dure/core';
import type { WaitingLine } from './waiting-line.ts';
import { waitingLine } from './waiting-line.ts';

/** A bounded number of places, and a bounded line of calls that wait for one. */
export class Places {
  most: number;
  queue: number;
  waitMs: number;
  running = 0;
  readonly #line: WaitingLine;
  #closedBy: DureError | undefined = undefined;

  constructor(clock: Clock, most: number, queue: number, waitMs: number) {
    this.#line = waitingLine(clock);
    this.most = most;
    this.queue = queue;
    this.waitMs = waitMs;
  }

  get closedBy(): DureError | undefined {
    return this.#closedBy;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Takes `cost` places if they are free; `leave` gives them back. What costs more than there are places goes alone. */
  enter(cost = 1): boolean {
    if ((this.running > 0 && this.running + cost > this.most) || this.#closedBy !== undefined) return false;
    this.running += cost;
    return true;
  }

  /** Waits for a place and takes it; says why when there is none to be had. */
  async wait(call: Call, queued: () => void): Promise<'entered' | 'queue' | 'wait'> {
    if (this.#closedBy !== undefined) throw this.#closedBy;
    if (this.#line.length >= this.queue) return 'queue';
    const turn = this.#line.join(call, this.waitMs);
    queued();
    return (await turn) ? 'entered' : 'wait';
  }

  leave(cost = 1): void {
    this.running -= cost;
    this.admit();
  }

  /** The place is taken here, not when the one who waited comes to run: nobody can slip in between. */
  admit(): void {
    while (this.running < this.most && this.#line.next()) this.running += 1;
  }

  close(reason: DureError): void {
    this.#closedBy ??= reason;
    this.#line.empty(reason);
  }
}
