import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rule, SourceTree, Violation } from '../source-tree.ts';

interface Code {
  readonly code: string;
  readonly path: string;
  readonly line: number;
}

/** Rule 8: no plain `Error` is thrown; every code is unique, prefixed, documented and provoked by a test. */
export const errorCodes: Rule = {
  name: '8-error-codes',
  *check(tree) {
    for (const file of tree.files) {
      if (file.isTest || file.unit === 'tools' || file.path.includes('/web/')) continue;
      for (const match of file.text.matchAll(/throw new (Error|TypeError|RangeError)\(/g)) {
        yield {
          rule: this.name,
          path: file.path,
          line: file.lineAt(match.index),
          message: `a plain ${match[1]} is thrown; declare a code in the package's errors.ts`,
        } satisfies Violation;
      }
    }
    yield* judge(tree, codesOf(tree), this.name);
  },
};

/** Every code that an `errorCatalogue('PREFIX', { … })` declares. */
export function codesOf(tree: SourceTree): readonly Code[] {
  const codes: Code[] = [];
  for (const file of tree.files) {
    if (file.isTest || file.unit === 'tools') continue;
    const catalogue = /errorCatalogue\(\s*'([A-Z]+)'/.exec(file.text);
    if (catalogue === null) continue;
    const body = file.text.slice(catalogue.index);
    for (const match of body.matchAll(/^ {2}([A-Z][A-Z0-9_]*): \{$/gm)) {
      codes.push({
        code: `${catalogue[1]}_${match[1]}`,
        path: file.path,
        line: file.lineAt(catalogue.index + match.index),
      });
    }
  }
  return codes;
}

function* judge(tree: SourceTree, codes: readonly Code[], rule: string): Iterable<Violation> {
  const page = join(tree.root, 'docs/errors.md');
  const documented = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const tests = tree.files.filter(({ isTest }) => isTest).map(({ text }) => text);
  const seen = new Map<string, string>();
  for (const { code, path, line } of codes) {
    const complain = (message: string): Violation => ({ rule, path, line, message });
    const before = seen.get(code);
    if (before !== undefined) yield complain(`${code} is declared in ${before} as well`);
    seen.set(code, path);
    if (!documented.includes(`## ${code}`))
      yield complain(`${code} has no page in docs/errors.md; run node tools/write-error-pages.ts`);
    const short = code.slice(code.indexOf('_') + 1);
    if (!tests.some((text) => text.includes(code) || new RegExp(`[eE]rrors\\.${short}\\b`).test(text)))
      yield complain(`no test provokes ${code}`);
  }
}
