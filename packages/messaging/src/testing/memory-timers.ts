import type { Clock } from '@dure/core';
import type { BufferedMessage, BufferedTimer } from '../message-buffer.ts';
import type { TimerStore } from '../timers/timer-store.port.ts';

/** Timers in memory; `commit` takes what a unit of work has set. */
export interface MemoryTimers extends TimerStore {
  commit(timers: readonly BufferedTimer[]): void;
}

/** Opens empty ones; `send` writes messages into the log. */
export function memoryTimers(clock: Clock, send: (messages: readonly BufferedMessage[]) => void): MemoryTimers {
  const waiting = new Map<string, { readonly dueAt: number; readonly message: BufferedMessage }>();
  const rings = new Set<() => void>();
  const inOrder = () => [...waiting].sort(([, a], [, b]) => a.dueAt - b.dueAt);
  return {
    commit(timers) {
      for (const { name, dueAt, message } of timers) {
        if (message === undefined) waiting.delete(name);
        else waiting.set(name, { dueAt, message });
      }
      if (timers.some(({ message }) => message !== undefined)) for (const ring of rings) ring();
    },
    async fire(limit) {
      const now = clock.now();
      const due = inOrder()
        .filter(([, { dueAt }]) => dueAt <= now)
        .slice(0, limit);
      for (const [name] of due) waiting.delete(name);
      send(due.map(([, { message }]) => ({ ...message, at: now })));
      return { fired: due.length, nextAt: inOrder()[0]?.[1].dueAt };
    },
    onSchedule(ring) {
      rings.add(ring);
      return () => void rings.delete(ring);
    },
    waiting: async (limit) =>
      inOrder()
        .slice(0, limit)
        .map(([name, { dueAt, message }]) => ({ name, dueAt, type: message.type })),
  };
}
