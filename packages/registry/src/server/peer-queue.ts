import type { InstanceStatus } from '../wire/push-stream.ts';
import type { ReplicatedAction } from '../wire/replication.ts';

/** Something that was done here and is to be done at a peer. */
export interface ReplicatedOperation {
  readonly action: ReplicatedAction;
  /** Upper case. */
  readonly app: string;
  readonly id: string;
  readonly status?: InstanceStatus;
  readonly lastDirtyTimestamp?: number;
}

/** What replaces what: a later operation of the same kind on the same instance. */
const kinds: Readonly<Record<ReplicatedAction, 'life' | 'status' | 'beat'>> = {
  Register: 'life',
  Cancel: 'life',
  StatusUpdate: 'status',
  DeleteStatusOverride: 'status',
  Heartbeat: 'beat',
};

/**
 * What one peer has still to be told, at most three operations per instance: its registration or cancellation,
 * which makes what was queued before pointless, then its status, then a renewal.
 */
export class PeerQueue {
  readonly #operations = new Map<string, ReplicatedOperation>();

  get size(): number {
    return this.#operations.size;
  }

  add(operation: ReplicatedOperation): void {
    const kind = kinds[operation.action];
    const key = `${operation.app}/${operation.id}`;
    if (kind === 'life') {
      this.#operations.delete(`${key} status`);
      this.#operations.delete(`${key} beat`);
    }
    this.#operations.delete(`${key} ${kind}`);
    this.#operations.set(`${key} ${kind}`, operation);
  }

  /** The oldest, at most `count`; they stay until they are done. */
  first(count: number): readonly ReplicatedOperation[] {
    const taken: ReplicatedOperation[] = [];
    for (const operation of this.#operations.values()) {
      if (taken.length === count) break;
      taken.push(operation);
    }
    return taken;
  }

  /** Forgets what was sent, unless it was replaced meanwhile. */
  done(operations: readonly ReplicatedOperation[]): void {
    for (const operation of operations) {
      const key = `${operation.app}/${operation.id} ${kinds[operation.action]}`;
      if (this.#operations.get(key) === operation) this.#operations.delete(key);
    }
  }
}
