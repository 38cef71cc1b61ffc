import type { Rule, SourceFile, SourceTree, Violation } from '../source-tree.ts';
import { resolveRelative } from '../source-tree.ts';

/** Rule 2: no cycle between files, type-only imports included. Tarjan's strongly connected components (1972). */
export const cycles: Rule = {
  name: '2-cycles',
  *check(tree) {
    for (const knot of knots(tree)) {
      const [first] = knot;
      if (first === undefined) continue;
      yield {
        rule: this.name,
        path: first.path,
        line: 1,
        message: `files import each other in a circle: ${knot.map(({ path }) => path).join(' → ')}; move what they share into a file of its own`,
      } satisfies Violation;
    }
  },
};

function targets(tree: SourceTree, file: SourceFile): SourceFile[] {
  return file.imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => tree.file(resolveRelative(file, specifier)))
    .filter((target) => target !== undefined);
}

function knots(tree: SourceTree): SourceFile[][] {
  const order = new Map<SourceFile, number>();
  const low = new Map<SourceFile, number>();
  const path: SourceFile[] = [];
  const found: SourceFile[][] = [];
  const visit = (file: SourceFile): void => {
    order.set(file, order.size);
    low.set(file, order.get(file) ?? 0);
    path.push(file);
    for (const target of targets(tree, file)) {
      if (!order.has(target)) visit(target);
      if (path.includes(target)) low.set(file, Math.min(low.get(file) ?? 0, low.get(target) ?? 0));
    }
    if (low.get(file) !== order.get(file)) return;
    const knot = path.splice(path.indexOf(file));
    if (knot.length > 1) found.push(knot);
  };
  for (const file of tree.files) if (!order.has(file)) visit(file);
  return found;
}
