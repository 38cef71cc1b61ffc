import { Visitor } from 'oxc-parser';
import type { Rule, SourceFile, Violation } from '../source-tree.ts';

const most = { fileLines: 400, functionLines: 60, typeParameters: 4 } as const;

/** Suppressions without a reason; written so that this line is none. */
const suppressions = new RegExp(
  ['@ts-' + 'ignore', '@ts-' + 'nocheck', 'biome-' + 'ignore [^:\\n]*$', '@ts-' + 'expect-error *$'].join('|'),
  'gm',
);

/** Rule 10: files and functions stay small, no `any`, no unexplained suppression, and what is public is documented. */
export const budgets: Rule = {
  name: '10-budgets',
  *check(tree) {
    for (const file of tree.files) {
      const complain = (line: number, message: string): Violation => ({
        rule: this.name,
        path: file.path,
        line,
        message,
      });
      const lines = file.text.split('\n').length - 1;
      if (lines > most.fileLines)
        yield complain(1, `${lines} lines; a file holds one concept in at most ${most.fileLines}`);
      for (const match of file.text.matchAll(suppressions))
        yield complain(file.lineAt(match.index), 'a suppression says why');
      yield* sizes(file, complain);
      if (!file.isTest && file.path.startsWith('packages/') && !file.path.includes('/web/'))
        yield* undocumented(file, complain);
    }
  },
};

type Complain = (line: number, message: string) => Violation;

function sizes(file: SourceFile, complain: Complain): Violation[] {
  const found: Violation[] = [];
  const measure = (node: { readonly start: number; readonly end: number }): void => {
    const lines = file.lineAt(node.end) - file.lineAt(node.start) + 1;
    if (lines > most.functionLines && !file.isTest)
      found.push(complain(file.lineAt(node.start), `a function of ${lines} lines; at most ${most.functionLines}`));
  };
  new Visitor({
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
    TSAnyKeyword: (node) => void found.push(complain(file.lineAt(node.start), '`any`; use `unknown` and narrow')),
    TSTypeParameterDeclaration: (node) => {
      if (node.params.length > most.typeParameters)
        found.push(
          complain(file.lineAt(node.start), `${node.params.length} type parameters; at most ${most.typeParameters}`),
        );
    },
  }).visit(file.parsed.program);
  return found;
}

/** An exported function must say what it promises; types and values say it by their names or by a docstring. */
function* undocumented(file: SourceFile, complain: Complain): Iterable<Violation> {
  for (const statement of file.parsed.program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration?.type !== 'FunctionDeclaration') continue;
    const before = file.text.slice(0, statement.start).trimEnd();
    if (!before.endsWith('*/'))
      yield complain(
        file.lineAt(statement.start),
        `the exported function \`${statement.declaration.id?.name ?? ''}\` has no docstring`,
      );
  }
}
