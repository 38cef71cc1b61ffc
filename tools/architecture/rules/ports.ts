import type { Rule, SourceFile, SourceTree, Violation } from '../source-tree.ts';

/** Ports whose adapters are so thin that the type is the contract; each with its reason. */
const withoutSuite: Readonly<Record<string, string>> = {
  'management.port.ts': 'a data shape: every endpoint is its own adapter',
  'resource.port.ts': 'a description only; the host opens it',
};

/** Rule 6: port files hold only types; each port has an in-memory adapter and a contract suite that adapters run. */
export const ports: Rule = {
  name: '6-ports',
  *check(tree) {
    for (const file of tree.files.filter(({ path }) => path.endsWith('.port.ts'))) {
      const complain = (message: string, line = 1): Violation => ({ rule: this.name, path: file.path, line, message });
      const code = valueExport(file);
      if (code !== undefined) yield complain('a port file holds only types', code);
      const base = file.path.split('/').at(-1) ?? '';
      if (base in withoutSuite) continue;
      const main = mainType(file);
      if (main === undefined || !isTested(tree, main))
        yield complain(
          `the port ${main ?? base} has no contract suite: a function \`${camel(base)}Contract\` in the package's testing/ that adapters run in a test`,
        );
    }
  },
};

function valueExport(file: SourceFile): number | undefined {
  const found = file.parsed.module.staticExports.find((statement) => statement.entries.some((entry) => !entry.isType));
  return found === undefined ? undefined : file.lineAt(found.start);
}

function mainType(file: SourceFile): string | undefined {
  const wanted = camel(file.path.split('/').at(-1) ?? '').toLowerCase();
  return file.parsed.module.staticExports
    .flatMap(({ entries }) => entries.map(({ exportName }) => exportName.name ?? ''))
    .find((name) => name.toLowerCase() === wanted);
}

/** The suite may drop the word `Store`, and may stand in the package that has the kit for it. */
function isTested(tree: SourceTree, main: string): boolean {
  const base = `${main.charAt(0).toLowerCase()}${main.slice(1)}`;
  return [`${base}Contract`, `${base.replace(/Store$/, '')}Contract`].some(
    (suite) =>
      tree.files.some(({ path, text }) => path.includes('/testing/') && text.includes(`function ${suite}`)) &&
      tree.files.some(({ path, text }) => path.endsWith('.test.ts') && text.includes(`${suite}(`)),
  );
}

function camel(base: string): string {
  return base.replace('.port.ts', '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
