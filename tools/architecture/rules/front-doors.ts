import { placeOfSpecifier } from '../layers.ts';
import type { Rule, Violation } from '../source-tree.ts';
import { resolveRelative } from '../source-tree.ts';

/** Rule 3: across packages only through `exports`; no relative path leaves its package. */
export const frontDoors: Rule = {
  name: '3-front-doors',
  *check(tree) {
    for (const file of tree.files) {
      if (file.unit === 'tools') continue;
      for (const { specifier, line } of file.imports) {
        const message = specifier.startsWith('.')
          ? leaves(file.unit, resolveRelative(file, specifier))
          : closed(tree.manifests, specifier);
        if (message !== undefined) yield { rule: this.name, path: file.path, line, message } satisfies Violation;
      }
    }
  },
};

function leaves(unit: string, target: string): string | undefined {
  if (target.startsWith(`${unit}/`)) return undefined;
  // `shop/system.ts` refers to its services by path, so that a process loads only what it runs.
  if (unit === 'shop' && /^shop\/[^/]+\/(service|contract)\.ts$/.test(target)) return undefined;
  return `the path leads out of ${unit} to ${target}; import the package by its name`;
}

function closed(
  manifests: ReadonlyMap<string, { readonly exports?: Readonly<Record<string, string>> }>,
  specifier: string,
): string | undefined {
  const place = placeOfSpecifier(specifier);
  if (place === undefined) return undefined;
  const doors = manifests.get(place.owner)?.exports ?? {};
  const sub = specifier.split('/').slice(2).join('/');
  return (sub === '' ? '.' : `./${sub}`) in doors
    ? undefined
    : `"${specifier}" is not among the exports of ${place.owner} (${Object.keys(doors).join(', ')})`;
}
