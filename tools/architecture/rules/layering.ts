import { fileBehind, placeOf, placeOfSpecifier } from '../layers.ts';
import type { ImportOf, Rule, SourceFile, SourceTree, Violation } from '../source-tree.ts';
import { resolveRelative } from '../source-tree.ts';

/** Rule 1: a package imports only what stands below it; `core` imports nothing. */
export const layering: Rule = {
  name: '1-layering',
  *check(tree) {
    for (const file of tree.files) {
      const from = placeOf(file);
      if (from === undefined) continue;
      for (const found of file.imports) {
        const message = complaint(tree, file, found, from.owner, from.layer);
        if (message !== undefined)
          yield { rule: this.name, path: file.path, line: found.line, message } satisfies Violation;
      }
    }
  },
};

function complaint(
  tree: SourceTree,
  file: SourceFile,
  found: ImportOf,
  owner: string,
  layer: number,
): string | undefined {
  const { specifier } = found;
  if (owner === 'packages/core')
    return specifier.startsWith('.') || file.isTest ? undefined : `core imports nothing, but here "${specifier}"`;
  const target = placeOfSpecifier(specifier);
  if (target === undefined || file.isTest) return undefined;
  if (Number.isNaN(target.layer))
    return `"${specifier}" has no place in the layer table; add it to tools/architecture/layers.ts`;
  if (target.owner === owner || target.layer < layer || specifier.endsWith('/testing')) return undefined;
  if (target.layer === layer && owner.startsWith('shop')) return undefined;
  if (target.layer === layer && found.typeOnly && onlyPorts(tree, found)) return undefined;
  return `L${layer} imports "${specifier}" of L${target.layer}; import downward, or take a port's type from beside you`;
}

/** Whether every name that is imported comes from a port file of the other package. */
function onlyPorts(tree: SourceTree, { specifier, names }: ImportOf): boolean {
  const index = fileBehind(tree, specifier);
  if (index === undefined) return false;
  return names.every((name) => {
    const source = index.imports.find((entry) => entry.reExport && entry.names.includes(name));
    return source !== undefined && resolveRelative(index, source.specifier).endsWith('.port.ts');
  });
}
