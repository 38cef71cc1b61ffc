import type { BufferedTimer } from '@dure/messaging';
import { rowOf } from '../flush.ts';
import type { Statement } from '../statement.ts';

/** Sets and withdraws timers, with the COMMIT. */
export function setTimers(timers: readonly BufferedTimer[]): readonly Statement[] {
  if (timers.length === 0) return [];
  const rows = timers.map(({ name, dueAt, message }) => {
    const head = JSON.stringify({ name, due_at: dueAt });
    return message === undefined ? head : `${head.slice(0, -1)},"message":${rowOf(message)}}`;
  });
  return [{ text: 'select dure.set_timers($1::jsonb)', values: [`[${rows.join(',')}]`], name: 'dure.set-timers' }];
}
