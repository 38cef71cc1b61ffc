import type { Call, Clock, Ids } from '@dure/core';
import { ownCall, wait } from '@dure/core';
import type { Message, UnitOfWork } from '@dure/messaging';
import type { Telemetry } from '@dure/telemetry';
import type { FlowMap } from './flow-map.ts';
import type { FlowStore, WatchedFlow } from './flow-store.port.ts';

export interface FlowWatcherOptions<Tx> {
  /** The service that answers for the flows. */
  readonly service: string;
  readonly flows: readonly FlowMap[];
  readonly store: FlowStore<Tx>;
  readonly unitOfWork: UnitOfWork<Tx>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  /** How often it looks for flows that have stalled, in milliseconds. Default 5 000. */
  readonly pollMs?: number;
}

/** Watches over flows that nobody leads. */
export interface FlowWatcher<Tx> extends AsyncDisposable {
  /** Takes an event of a flow, in the transaction that also moves the position in its log. */
  handleEvent(message: Message, call: Call, tx: Tx): Promise<void>;
  /** Begins to look for what has stalled; call once. */
  run(): void;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Ended or told of, an instance is remembered so long. */
const retentionMs = 7 * 86_400_000;
const batch = 100;

/**
 * Watches flows by their correlation: an instance that does not end within its time is told of once, with the last event that
 * was seen of it and whoever should have reacted to that.
 *
 * @example
 * await using watcher = flowWatcher({ service: 'inventory', flows, store: postgresFlowStore(), unitOfWork: db, clock, ids, telemetry });
 * watcher.run();
 */
export function flowWatcher<Tx>(options: FlowWatcherOptions<Tx>): FlowWatcher<Tx> {
  const { flows, store, telemetry } = options;
  const stop = new AbortController();
  const stalls = telemetry.metrics.counter('flows_stalled', 'Flows that have not ended within their time');
  let loop: Promise<void> | undefined;
  const tell = ({ flow, correlation, lastEvent, lastAt }: WatchedFlow) => {
    stalls.add(1, { flow });
    const map = flows.find(({ name }) => name === flow);
    // Whoever emits nothing cannot be what the flow waits for.
    const awaited = (map?.reactions ?? []).filter(({ when, emits }) => when === lastEvent && emits.length > 0);
    const reacts = awaited.map(({ service, name }) => `${name} of ${service}`).join(', ') || 'nobody reacts to that';
    const fields = { flow, correlation, lastEvent, lastAt: new Date(lastAt).toISOString(), reacts };
    telemetry.log.error(`the flow ${flow} has stalled after ${lastEvent}`, fields);
  };
  return {
    async handleEvent({ type, meta, at }, _call, tx) {
      for (const { name: flow, starts, ends, withinMs, reactions } of flows) {
        const known = type === starts || ends.includes(type) || reactions.some((one) => concerns(one, type));
        if (!known) continue;
        const seen = { flow, correlation: meta.correlation, lastEvent: type, lastAt: at, ends: ends.includes(type) };
        await store.see(tx, type === starts ? { ...seen, dueAt: at + withinMs } : seen);
      }
    },
    run() {
      loop ??= watch(options, stop.signal, tell);
    },
    async close() {
      stop.abort();
      await loop;
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  };

  function concerns({ when, emits }: FlowMap['reactions'][number], type: string): boolean {
    return when === type || emits.includes(type);
  }
}

async function watch<Tx>(
  { service, store, unitOfWork, clock, ids, telemetry, pollMs = 5_000 }: FlowWatcherOptions<Tx>,
  signal: AbortSignal,
  tell: (stalled: WatchedFlow) => void,
): Promise<void> {
  for (; !signal.aborted; await wait(clock, pollMs, signal)) {
    try {
      const now = clock.now();
      const stalled = await unitOfWork.uow(ownCall(service, 'flow-watcher', ids, signal), async (tx) => {
        await store.forget(tx, now - retentionMs);
        return store.stalled(tx, now, batch);
      });
      for (const one of stalled) tell(one);
    } catch (error) {
      if (signal.aborted) return;
      telemetry.log.warn('flows cannot be watched at the moment', { error });
    }
  }
}
