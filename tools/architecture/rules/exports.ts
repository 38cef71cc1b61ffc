import type { Rule, Violation } from '../source-tree.ts';
import { resolveRelative } from '../source-tree.ts';

/** Rule 7: no `export *`, no default export (but configuration), no import of one's own index. knip finds what is unused. */
export const exportsRule: Rule = {
  name: '7-exports',
  *check(tree) {
    for (const file of tree.files) {
      const complain = (line: number, message: string): Violation => ({
        rule: this.name,
        path: file.path,
        line,
        message,
      });
      for (const { start, entries } of file.parsed.module.staticExports) {
        for (const entry of entries) {
          if (entry.moduleRequest !== null && entry.importName.kind !== 'Name')
            yield complain(file.lineAt(start), 'no `export *`: list what is public');
          if (entry.exportName.kind === 'Default' && !/\.config\.ts$/.test(file.path))
            yield complain(file.lineAt(start), 'no default export: give it a name');
        }
      }
      for (const { specifier, line, reExport } of file.imports) {
        if (!specifier.startsWith('.') || !specifier.endsWith('/index.ts') || reExport) continue;
        if (isOwnIndex(file.path, resolveRelative(file, specifier)))
          yield complain(line, 'a package does not import its own index; import the file');
      }
      const reExports = file.imports.find(({ reExport }) => reExport);
      if (reExports !== undefined && !file.path.endsWith('/index.ts'))
        yield complain(reExports.line, 'only an index.ts re-exports');
    }
  },
};

/** A folder with a door of its own, such as `contract`, may be entered by its index from its neighbours. */
function isOwnIndex(path: string, index: string): boolean {
  const folder = index.slice(0, -'index.ts'.length);
  return path.startsWith(folder);
}
