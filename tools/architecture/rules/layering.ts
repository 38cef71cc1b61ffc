import { fileBehind, innerPlaceOf, placeOf, placeOfSpecifier } from '../layers.ts';
import type { ImportOf, Rule, SourceFile, SourceTree, Violation } from '../source-tree.ts';
import { resolveRelative } from '../source-tree.ts';

/** Rule 1: a package imports only what stands below it, and so does a folder inside one; `core` imports nothing. */
export const layering: Rule = {
  name: '1-layering',
  *check(tree) {
    for (const file of tree.files) {
      const from = placeOf(file);
      if (from === undefined) continue;
      for (const found of file.imports) {
        const message = found.specifier.startsWith('.')
          ? innerComplaint(file, found)
          : complaint(tree, file, found, from.owner, from.layer);
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
  if (owner === 'packages/core') return file.isTest ? undefined : `core imports nothing, but here "${specifier}"`;
  const target = placeOfSpecifier(specifier);
  if (target === undefined || file.isTest) return undefined;
  if (Number.isNaN(target.layer))
    return `"${specifier}" has no place in the layer table; add it to tools/architecture/layers.ts`;
  if (target.owner === owner || target.layer < layer || specifier.endsWith('/testing')) return undefined;
  if (target.layer === layer && owner.startsWith('shop')) return undefined;
  if (target.layer === layer && found.typeOnly && onlyPorts(tree, found)) return undefined;
  return `L${layer} imports "${specifier}" of L${target.layer}; import downward, or take a port's type from beside you`;
}

function innerComplaint(file: SourceFile, { specifier }: ImportOf): string | undefined {
  if (file.isTest) return undefined;
  const target = resolveRelative(file, specifier);
  const from = innerPlaceOf(file.path);
  const to = innerPlaceOf(target);
  if (from === undefined || to === undefined || from.name === to.name || !target.startsWith(`${file.unit}/`))
    return undefined;
  const unknown = [from, to].find(({ step }) => Number.isNaN(step));
  if (unknown !== undefined)
    return `${unknown.name} has no place in its package; add it to tools/architecture/layers.ts`;
  if (to.step < from.step) return undefined;
  return `${from.name} imports ${target} of ${to.name}, which does not stand below it; move what both need further down`;
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
