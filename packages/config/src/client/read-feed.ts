import { configErrors } from '../errors.ts';
import type { FeedMessage } from '../wire/change-feed.ts';

const longestEvent = 2 ** 20;

/** Splits the change feed into messages; undefined stands for a sign of life. Kinds that this version does not know are passed over. */
export async function* readFeed(chunks: AsyncIterable<string>): AsyncIterable<FeedMessage | undefined> {
  let buffer = '';
  for await (const chunk of chunks) {
    buffer += chunk;
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      yield parse(buffer.slice(0, end));
      buffer = buffer.slice(end + 2);
    }
    if (buffer.length > longestEvent)
      throw configErrors.SERVER_REFUSED(`the config server sent an event of more than ${longestEvent} characters`);
  }
}

function parse(block: string): FeedMessage | undefined {
  if (!block.startsWith('data:')) return undefined;
  try {
    return known(JSON.parse(block.slice('data:'.length)));
  } catch {
    return undefined;
  }
}

function known(value: unknown): FeedMessage | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const { kind, version, candidate, on, event } = value as Readonly<Record<string, unknown>>;
  switch (kind) {
    case 'version':
      return typeof version === 'string' ? { kind, version } : undefined;
    case 'check':
      return typeof candidate === 'string' ? { kind, candidate } : undefined;
    case 'watch':
      return { kind, on: on === true };
    case 'bus':
      return { kind, event };
    default:
      return undefined;
  }
}
