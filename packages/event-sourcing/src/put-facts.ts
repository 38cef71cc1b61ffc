import type { BufferedMessage, MessageBuffer } from '@dure/messaging';
import { personalData } from '@dure/messaging';
import { eventSourcingErrors } from './errors.ts';
import type { Append, ExpectedVersion, StreamEvent } from './event-store.port.ts';

/**
 * Puts the facts of an append into a unit of work's buffer, each as an event of its stream: what every store's `append` does.
 * EVENT_SOURCING_CONFLICT when it expects a version that what is in the buffer already rules out.
 */
export function putFacts(buffer: MessageBuffer, { stream, facts, expected, mayRepeat, snapshot }: Append): void {
  checkPending(buffer.messages, stream, expected, mayRepeat);
  const mark = { name: stream, expected, mayRepeat };
  for (const [index, { event, data }] of facts.entries()) {
    const isLast = index === facts.length - 1;
    buffer.put({
      kind: 'event',
      type: event.name,
      version: event.version,
      key: event.key(data as never),
      data,
      personal: personalData(event.schema, data),
      stream: isLast && snapshot !== undefined ? { ...mark, snapshot } : mark,
    });
  }
}

/** The events of a stream that wait in a buffer, numbered on from the committed version. */
export function pendingEvents(
  messages: readonly BufferedMessage[],
  stream: string,
  committed: number,
): readonly StreamEvent[] {
  return messages
    .filter((message) => message.stream?.name === stream)
    .map(({ type, version: schemaVersion, json }, index) => ({
      stream,
      version: committed + index + 1,
      type,
      schemaVersion,
      data: JSON.parse(json) as unknown,
    }));
}

/** A stream that was not at the expected version. */
export function streamConflict(stream: string, expected: ExpectedVersion, version: number): Error {
  return eventSourcingErrors.CONFLICT(
    `the stream "${stream}" was expected ${inWords(expected)}, but is at version ${version}`,
    { details: { stream, expected, version } },
  );
}

function inWords(expected: ExpectedVersion): string {
  if (expected === 'none') return 'to be new';
  return expected === 'exists' ? 'to exist' : `at version ${expected}`;
}

function checkPending(
  messages: readonly BufferedMessage[],
  stream: string,
  expected: ExpectedVersion,
  mayRepeat: boolean,
): void {
  if (mayRepeat) return; // It was computed from the committed version, as that of the first append was.
  const pending = messages.filter((message) => message.stream?.name === stream);
  const first = pending[0]?.stream?.expected;
  if (first === undefined) return;
  const known = first === 'none' ? 0 : first;
  const isRuledOut =
    expected === 'none' ||
    (typeof expected === 'number' && typeof known === 'number' && expected !== known + pending.length);
  if (isRuledOut)
    throw streamConflict(stream, expected, typeof known === 'number' ? known + pending.length : pending.length);
}
