import { registryErrors } from '../errors.ts';
import type { Change, Position, Snapshot } from '../wire/push-stream.ts';
import { parsePosition } from '../wire/push-stream.ts';

/** What arrives on the push stream, and how far it brings its reader. */
export type PushEvent = { readonly position: Position | undefined } & (
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'ping' }
);

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
  const lines = new Map(
    block.split('\n').map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1).trim()]),
  );
  const data = lines.get('data');
  if (data === undefined) return undefined;
  const position = parsePosition(lines.get('id') ?? '');
  switch (lines.get('event')) {
    case 'snapshot':
      return { kind: 'snapshot', position, snapshot: JSON.parse(data) as Snapshot };
    case 'change':
      return { kind: 'change', position, change: JSON.parse(data) as Change };
    case 'ping':
      return { kind: 'ping', position };
    default:
      return undefined;
  }
}
