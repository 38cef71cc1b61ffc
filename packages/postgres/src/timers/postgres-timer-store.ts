import { ownCall } from '@dure/core';
import type { TimerStore } from '@dure/messaging/timers';
import type { Answer } from '../connection.ts';
import type { UnitKit } from '../unit-kit.ts';
import { runUnit } from '../unit-of-work.ts';

/** The timers in a service's database. `rings` are told by the unit of work whenever one was set. */
export function postgresTimerStore(kit: UnitKit, rings: Set<() => void>): TimerStore {
  const run = (text: string, values: readonly unknown[], name: string) =>
    runUnit<Answer>(kit, ownCall(kit.service, 'timers', kit.ids), {
      name: 'timers',
      decide: () => undefined,
      work: (_tx, { local }) => local.query(text, values, name),
    });
  return {
    async fire(limit) {
      const { rows } = await run('select fired, next_at from dure.fire_timers($1)', [limit], 'dure.fire-timers');
      const { fired = 0, next_at: nextAt } = (rows[0] ?? {}) as { fired?: number; next_at?: number | null };
      if (fired > 0) kit.appended();
      return { fired, nextAt: nextAt ?? undefined };
    },
    onSchedule(ring) {
      rings.add(ring);
      return () => void rings.delete(ring);
    },
    async waiting(limit) {
      const text = `select name, due_at, message ->> 'type' as type from dure.timer order by due_at, name limit $1`;
      const { rows } = await run(text, [limit], 'dure.waiting-timers');
      return (rows as unknown as readonly { name: string; due_at: number; type: string }[]).map(
        ({ name, due_at, type }) => ({ name, dueAt: due_at, type }),
      );
    },
  };
}
