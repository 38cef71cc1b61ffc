import { StringDecoder } from 'node:string_decoder';

/** A line longer than this is cut into pieces, so that a process that never ends a line cannot fill the memory. */
const maxLineLength = 64 * 1024;

/** Turns chunks into blocks of whole lines, so that the outputs of one process never mix within a line. */
export async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.write(chunk);
    const end = rest.lastIndexOf('\n') + 1;
    if (end > 0) yield rest.slice(0, end);
    rest = rest.slice(end);
    if (rest.length > maxLineLength) {
      yield `${rest}\n`;
      rest = '';
    }
  }
  rest += decoder.end();
  if (rest !== '') yield `${rest}\n`;
}
