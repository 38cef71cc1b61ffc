import type { LogPage, MessageLog } from '../message-log.port.ts';

/** Pages until another era of the log begins: nothing of that is given before the reader has been told of it. */
export async function* inEra(
  log: Pick<MessageLog, 'era'>,
  era: string | undefined,
  pages: AsyncIterable<LogPage>,
): AsyncGenerator<LogPage> {
  for await (const page of pages) {
    if (log.era() !== era) return;
    yield page;
  }
}
