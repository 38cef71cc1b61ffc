import { streamConflict } from '@dure/event-sourcing';
import type { BufferedMessage, StreamMark } from '@dure/messaging';
import { sqlStateOf } from '../sql-state.ts';

const repeatable = new WeakSet<object>();

/** What `dure.flush` says of a stream that has moved on, in our words; undefined when an error says something else. */
export function conflictOf(error: unknown, messages: readonly BufferedMessage[]): Error | undefined {
  if (sqlStateOf(error) !== 'DU001' || !(error instanceof Error)) return undefined;
  const name = /^the stream "(.*)" is not at the expected version/.exec(error.message)?.[1];
  const mark = messages.find(({ stream }) => stream?.name === name)?.stream;
  if (mark === undefined) return undefined;
  const version = 'detail' in error ? Number(error.detail) : 0;
  return conflictAt(mark, version);
}

/** A stream is at `version` and not where it is expected. */
export function conflictAt(mark: StreamMark, version: number): Error {
  const conflict = streamConflict(mark.name, mark.expected, version);
  if (mark.mayRepeat) repeatable.add(conflict);
  return conflict;
}

/** Whether it was decided on what was read, and can be decided again. */
export function isRepeatableConflict(error: unknown): boolean {
  return error instanceof Error && repeatable.has(error);
}
