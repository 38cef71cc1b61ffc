import type { Property, PropertyDocument } from './property.ts';

/** Reads a Java properties file; `#---` or `!---` begins another document. Values are text. */
export function readPropertiesFile(text: string, file: string): readonly PropertyDocument[] {
  const documents: Map<string, Property>[] = [new Map()];
  const lines = text.split(/\r\n|\r|\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const number = index + 1;
    let line = (lines[index] ?? '').trimStart();
    if (/^[#!]---\s*$/.test(line)) {
      documents.push(new Map());
      continue;
    }
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue;
    while (endsOpen(line) && index + 1 < lines.length) {
      index += 1;
      line = line.slice(0, -1) + (lines[index] ?? '').trimStart();
    }
    const [key, value] = split(line);
    documents.at(-1)?.set(key, { value, place: `${file}:${number}:1` });
  }
  return documents.map((properties) => ({ properties }));
}

/** An odd number of backslashes at the end: the line goes on. */
function endsOpen(line: string): boolean {
  return (/\\+$/.exec(line)?.[0].length ?? 0) % 2 === 1;
}

/** The key ends at the first `=`, `:` or white space that no backslash protects. */
function split(line: string): readonly [string, string] {
  const match = /^([^\\=:\s]*(?:\\.[^\\=:\s]*)*)\s*[=:]?\s*(.*)$/s.exec(line);
  return [unescapeText(match?.[1] ?? line), unescapeText(match?.[2] ?? '')];
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code: string | undefined, letter: string | undefined) =>
    code === undefined ? (escapes[letter ?? ''] ?? letter ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
