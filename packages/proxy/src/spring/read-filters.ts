import type { NamedLayer } from '../routing/route-rule.ts';
import { Arguments } from './arguments.ts';
import type { Definition } from './definition.ts';
import { readDefinition } from './definition.ts';
import type { FilterDraft, ReadFilter } from './filter-kind.ts';
import { filterKinds, refusedFilters } from './filter-kinds.ts';
import type { Problems } from './problems.ts';
import type { PropertyNode } from './property-node.ts';
import { relaxed } from './property-node.ts';

/** A filter at its place among those of a route. */
export interface PlacedFilter {
  readonly layer: NamedLayer | undefined;
  readonly text: string;
  readonly order: number;
}

interface Listed {
  readonly definition: Definition;
  readonly order: number;
}

/**
 * Reads a route's filters between the default ones. Each has its place in its own list as its order, and the default one
 * stands first where both have the same: default 1, route 1, default 2, route 2.
 */
export function readFilters(
  defaults: readonly PropertyNode[],
  own: readonly PropertyNode[],
  draft: FilterDraft,
  disabled: ReadonlySet<string>,
  problems: Problems,
): readonly PlacedFilter[] {
  const listed = [defaults, own].flatMap((list) =>
    list.flatMap((node, at): readonly Listed[] => {
      const definition = problems.collect(node, () => readDefinition(node, true));
      return definition === undefined ? [] : [{ definition, order: at + 1 }];
    }),
  );
  const placed = byOrder(listed).flatMap(({ definition, order }): readonly PlacedFilter[] => {
    const filter = problems.collect(definition, () => readFilter(definition, draft, disabled, problems));
    if (filter === undefined) return [];
    return [{ layer: filter.layer, text: filter.text, order: filter.order ?? order }];
  });
  return byOrder(placed);
}

function readFilter(
  definition: Definition,
  draft: FilterDraft,
  disabled: ReadonlySet<string>,
  problems: Problems,
): ReadFilter | undefined {
  const { name } = definition;
  const kind = Object.hasOwn(filterKinds, name) ? filterKinds[name] : undefined;
  if (kind === undefined) {
    const why = Object.hasOwn(refusedFilters, name) ? refusedFilters[name] : undefined;
    if (why === undefined) problems.addUnknown(definition, 'filter', name, Object.keys(filterKinds));
    else problems.add(definition, `the filter "${name}" cannot be lifted over: ${why}`);
    return undefined;
  }
  if (disabled.has(relaxed(name))) {
    problems.add(definition, `the filter "${name}" is disabled in this configuration`);
    return undefined;
  }
  const read = kind.read(new Arguments(definition, kind), draft);
  return 'name' in read ? { layer: read, text: read.text } : read;
}

function byOrder<T extends { readonly order: number }>(list: readonly T[]): readonly T[] {
  return list.toSorted((one, other) => one.order - other.order);
}
