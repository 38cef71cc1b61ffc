import { fromCloudEvent, toCloudEvent } from '../cloud-event.ts';
import { messagingErrors } from '../errors.ts';
import type { Message } from '../message.ts';
import type { LogPage } from '../message-log.port.ts';

/** The media type of a feed: one JSON value in each line. */
export const feedMediaType = 'application/x-ndjson';

/** Lines that were written already: messages are shared by the followers of a tail, so each is written once. */
const written = new WeakMap<Message, string>();

/** The line of a message: its CloudEvent. */
export function messageLine(message: Message): string {
  const known = written.get(message);
  if (known !== undefined) return known;
  const line = `${JSON.stringify(toCloudEvent(message))}\n`;
  written.set(message, line);
  return line;
}

/** The line that says: you have seen everything for you up to here; and, where it is told, in which era of the log. */
export function markLine(mark: number, era?: string): string {
  return `${JSON.stringify({ durekind: 'mark', durepos: String(mark), dureera: era })}\n`;
}

/** Reads lines back, as many as arrived together. A line cut off in the middle waits for its rest. */
export async function* readLines(chunks: AsyncIterable<string>): AsyncIterable<LogPage> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    const page = pageOf(lines);
    if (page !== undefined) yield page;
  }
}

function pageOf(lines: readonly string[]): LogPage | undefined {
  const messages: Message[] = [];
  let mark: number | undefined;
  let era: string | undefined;
  for (const line of lines) {
    if (line === '') continue;
    const value = parse(line);
    if (isMark(value)) {
      mark = Number(value.durepos);
      era ??= value.dureera;
    } else {
      const message = fromCloudEvent(value);
      messages.push(message);
      mark = message.position;
    }
  }
  return mark === undefined ? undefined : { messages, mark, ...(era === undefined ? {} : { era }) };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw messagingErrors.ENVELOPE_INVALID(`a line of the feed is no JSON: ${line.slice(0, 200)}`, { cause });
  }
}

function isMark(value: unknown): value is { readonly durepos: string; readonly dureera?: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'durekind' in value &&
    value.durekind === 'mark' &&
    'durepos' in value &&
    typeof value.durepos === 'string' &&
    /^\d{1,16}$/.test(value.durepos) &&
    (!('dureera' in value) || typeof value.dureera === 'string')
  );
}
