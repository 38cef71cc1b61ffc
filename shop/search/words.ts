/**
 * Text as the index keeps it. Korean is written with few spaces, and particles cling to nouns (보성에서, 찻잎을): whoever looks for a part of
 * a word must find it. So a run of Hangul, Han or Kana becomes its overlapping pairs of letters; everything else its words.
 */
export function indexed(text: string): string {
  return runsOf(text)
    .flatMap((run) => (run.isPaired ? pairsOf(run.text) : [run.text]))
    .join(' ');
}

/**
 * What the index is asked for: all words, the last of which may be unfinished. Undefined when the text holds none. Each part is quoted, so that
 * nothing of it is an operator of FTS5.
 */
export function asked(text: string): string | undefined {
  const runs = runsOf(text);
  if (runs.length === 0) return undefined;
  return runs
    .map(({ text: run, isPaired }, index) => {
      if (isPaired) return run.length === 1 ? `"${run}"*` : `"${pairsOf(run).join(' ')}"`;
      return index === runs.length - 1 ? `"${run}"*` : `"${run}"`;
    })
    .join(' ');
}

interface Run {
  readonly text: string;
  readonly isPaired: boolean;
}

const paired = String.raw`[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`;
const pattern = new RegExp(String.raw`(?<paired>${paired}+)|(?:(?!${paired})[\p{L}\p{N}\p{M}])+`, 'gu');

function runsOf(text: string): readonly Run[] {
  const found = text.normalize('NFC').toLowerCase().matchAll(pattern);
  return Array.from(found, ({ 0: run, groups }) => ({ text: run, isPaired: groups?.paired !== undefined }));
}

function pairsOf(run: string): readonly string[] {
  const letters = Array.from(run);
  if (letters.length === 1) return letters;
  return letters.slice(1).map((letter, index) => `${letters[index]}${letter}`);
}
