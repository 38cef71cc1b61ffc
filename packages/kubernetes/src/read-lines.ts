import { kubernetesErrors } from './errors.ts';

/** The lines of a text that comes in pieces. A last line without its end is dropped: whoever sent it was cut off. */
export async function* readLines(pieces: AsyncIterable<string>, longest: number): AsyncIterable<string> {
  let rest = '';
  for await (const piece of pieces) {
    const lines = piece.split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
    if (rest.length > longest)
      throw kubernetesErrors.ANSWER_INVALID(`a line of the watch is longer than ${longest} characters`);
  }
}
