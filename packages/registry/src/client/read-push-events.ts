import { registryErrors } from '../errors.ts';
import type { Change, Snapshot } from '../wire/push-stream.ts';

/** What arrives on the push stream. */
export type PushEvent =
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'heartbeat' };

/** An event larger than this is not ours. */
const longestEvent = 64 * 2 ** 20;

/** Splits a stream of server-sent events, as our registry writes them, into what they mean. */
export async function* readPushEvents(chunks: AsyncIterable<string>): AsyncIterable<PushEvent> {
  let buffer = '';
  for await (const chunk of chunks) {
    buffer += chunk;
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const event = parse(buffer.slice(0, end));
      buffer = buffer.slice(end + 2);
      if (event !== undefined) yield event;
    }
    if (buffer.length > longestEvent)
      throw registryErrors.UNREACHABLE(`the registry sent an event of more than ${longestEvent} characters`);
  }
}

/** Events of a kind that this version does not know are passed over. */
function parse(block: string): PushEvent | undefined {
  if (block.startsWith(':')) return { kind: 'heartbeat' };
  const lines = new Map(
    block.split('\n').map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1).trim()]),
  );
  const data = lines.get('data');
  if (data === undefined) return undefined;
  switch (lines.get('event')) {
    case 'snapshot':
      return { kind: 'snapshot', snapshot: JSON.parse(data) as Snapshot };
    case 'change':
      return { kind: 'change', change: JSON.parse(data) as Change };
    default:
      return undefined;
  }
}
