import { messageOf } from '@dure/core';
import { serviceErrors } from '../errors.ts';

const longestEvent = 2 ** 20;

/** Reads server-sent events whose data are JSON values. Ends with the stream; leaving the loop closes it. */
export async function* readEventStream(
  body: AsyncIterable<Uint8Array>,
  operation: string,
  instance: string,
): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let pending = '';
  try {
    for await (const chunk of body) {
      pending += decoder.decode(chunk, { stream: true });
      const events = pending.split(/\r?\n\r?\n/);
      pending = events.pop() ?? '';
      if (pending.length > longestEvent)
        throw serviceErrors.RESPONSE_INVALID(
          `${operation}: an event of ${instance} is longer than ${longestEvent} characters`,
          { details: { instance } },
        );
      for (const event of events) {
        const data = dataOf(event);
        if (data !== undefined) yield JSON.parse(data) as unknown;
      }
    }
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'AbortError') throw cause;
    throw serviceErrors.RESPONSE_INVALID(`${operation}: the stream from ${instance} broke: ${messageOf(cause)}`, {
      cause,
      details: { instance },
    });
  }
}

function dataOf(event: string): string | undefined {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith('data:'));
  return lines.length === 0 ? undefined : lines.map((line) => line.slice(line.startsWith('data: ') ? 6 : 5)).join('\n');
}
