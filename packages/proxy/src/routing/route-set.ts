import type { DureError } from '@dure/core';
import { isDureError } from '@dure/core';
import { gatewayErrors } from '../errors.ts';
import type { RouteRule } from './route-rule.ts';
import type { RouteTableOptions } from './route-table.ts';
import { idConflict, RouteTable, throwAll } from './route-table.ts';
import { isSameRule } from './same-rule.ts';

/** What a change did to the routes, by their ids. */
export interface RoutesChanged {
  readonly kind: 'routes.changed';
  /** The part that changed: `contracts`, `gateway.ts`, `spring`. */
  readonly part: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

interface Placed {
  readonly rule: RouteRule;
  readonly place: number;
}

interface Part {
  readonly name: string;
  /** By id, in the order of definition; places rise. */
  placed: Map<string, Placed>;
  /** Where the part begins in the order of definition. */
  readonly base: number;
  /** No place of the part is higher. */
  last: number;
}

/** Room for the places of one part; they stay exact numbers, with room between two of them. */
const partSize = 2 ** 32;

/**
 * The routes at hand, from several parts, each of which replaces its own. A change takes effect at once and whole, or not
 * at all. A rule that comes back the same stays the rule it was, with what its layers remember.
 */
export class RouteSet {
  readonly #parts: ReadonlyMap<string, Part>;
  readonly #listeners = new Set<(event: RoutesChanged) => void>();
  #table: RouteTable;

  /** `parts` in their order of definition. */
  constructor(parts: readonly string[], options?: RouteTableOptions) {
    this.#parts = new Map(
      parts.map((name, at) => [name, { name, placed: new Map(), base: at * partSize, last: at * partSize }]),
    );
    this.#table = RouteTable.empty(options);
  }

  /** The table of this moment. */
  get table(): RouteTable {
    return this.#table;
  }

  /** Tells every later change that changed something; the answer ends it. */
  subscribe(listener: (event: RoutesChanged) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Puts rules in place of all that the part had. GATEWAY_ROUTE_INVALID and GATEWAY_ROUTE_CONFLICT name every bad one. */
  replace(name: string, rules: readonly RouteRule[]): void {
    const part = this.#part(name);
    const { table, wanted, gone, come } = this.#replaced(part, rules);
    this.#table = table;
    const before = part.placed;
    part.placed = wanted;
    part.last = [...wanted.values()].at(-1)?.place ?? part.base;
    this.#tell({
      kind: 'routes.changed',
      part: name,
      added: idsOf(come.filter(({ rule }) => !before.has(rule.id))),
      removed: idsOf(gone.filter(({ rule }) => !wanted.has(rule.id))),
      changed: idsOf(come.filter(({ rule }) => before.has(rule.id) && before.get(rule.id)?.rule !== rule)),
    });
  }

  /** Throws what `replace` would throw; nothing changes. */
  check(name: string, rules: readonly RouteRule[]): void {
    this.#replaced(this.#part(name), rules);
  }

  /** Adds one rule behind the others of its part, or puts it where the one of its id is; the cost is that of one rule. */
  put(name: string, rule: RouteRule): void {
    const part = this.#part(name);
    const before = part.placed.get(rule.id);
    if (before !== undefined && isSameRule(before.rule, rule)) return;
    const place = before?.place ?? part.last + 1;
    this.#table = (before === undefined ? this.#table : this.#table.without(rule.id)).with(rule, place);
    part.placed.set(rule.id, { rule, place });
    part.last = Math.max(part.last, place);
    const [added, changed] = before === undefined ? [[rule.id], []] : [[], [rule.id]];
    this.#tell({ kind: 'routes.changed', part: name, added, removed: [], changed });
  }

  /** Takes one rule of a part away; false when it has none of that id. */
  remove(name: string, id: string): boolean {
    const part = this.#part(name);
    if (!part.placed.delete(id)) return false;
    this.#table = this.#table.without(id);
    this.#tell({ kind: 'routes.changed', part: name, added: [], removed: [id], changed: [] });
    return true;
  }

  #replaced(part: Part, rules: readonly RouteRule[]) {
    const wanted = placesOf(part, rules);
    const gone = [...part.placed.values()].filter((placed) => wanted.get(placed.rule.id) !== placed);
    const come = [...wanted.values()].filter((placed) => part.placed.get(placed.rule.id) !== placed);
    const left = gone.reduce((table, { rule }) => table.without(rule.id), this.#table);
    return { table: withAll(left, come, twice(rules)), wanted, gone, come };
  }

  #part(name: string): Part {
    const part = this.#parts.get(name);
    if (part !== undefined) return part;
    const known = [...this.#parts.keys()].join(', ');
    throw gatewayErrors.ROUTE_INVALID(`there is no part "${name}" of the routes; there are ${known}`, {
      details: { name },
    });
  }

  #tell(event: RoutesChanged): void {
    if (event.added.length + event.removed.length + event.changed.length === 0) return;
    for (const listener of this.#listeners) listener(event);
  }
}

/** Between two places that stay there must be this much room for each new rule; numbers of this size are finer yet. */
const minStep = 2 ** -16;

/**
 * A place for each rule. What is the same as before and still in order keeps its place, so that a change costs what it
 * changes; new rules share the room up to the next that stays. Without room the part is placed anew.
 */
function placesOf(part: Part, rules: readonly RouteRule[]): Map<string, Placed> {
  const wanted = new Map<string, Placed>();
  let waiting: RouteRule[] = [];
  let last = part.base;
  const settle = (next: number): boolean => {
    const step = (next - last) / (waiting.length + 1);
    for (const [at, rule] of waiting.entries()) wanted.set(rule.id, { rule, place: last + step * (at + 1) });
    waiting = [];
    return step >= minStep;
  };
  for (const rule of rules) {
    const before = part.placed.get(rule.id);
    const isSame = before !== undefined && isSameRule(before.rule, rule);
    if (!isSame || before.place <= last) {
      waiting.push(isSame ? before.rule : rule);
      continue;
    }
    if (!settle(before.place)) return placedAnew(part, rules);
    wanted.set(rule.id, before);
    last = before.place;
  }
  settle(last + waiting.length + 1);
  return wanted;
}

function placedAnew(part: Part, rules: readonly RouteRule[]): Map<string, Placed> {
  const placed = rules.map((rule, at) => {
    const before = part.placed.get(rule.id)?.rule;
    return { rule: before !== undefined && isSameRule(before, rule) ? before : rule, place: part.base + at + 1 };
  });
  return new Map(placed.map((one) => [one.rule.id, one]));
}

function withAll(table: RouteTable, placed: readonly Placed[], problems: DureError[]): RouteTable {
  let next = table;
  for (const { rule, place } of placed) {
    try {
      next = next.with(rule, place);
    } catch (error) {
      if (!isDureError(error)) throw error;
      problems.push(error);
    }
  }
  throwAll(problems);
  return next;
}

/** A map by id cannot show them. */
function twice(rules: readonly RouteRule[]): DureError[] {
  const seen = new Map<string, RouteRule>();
  const problems: DureError[] = [];
  for (const rule of rules) {
    const other = seen.get(rule.id);
    if (other !== undefined) problems.push(idConflict(rule, other));
    seen.set(rule.id, rule);
  }
  return problems;
}

function idsOf(placed: readonly Placed[]): readonly string[] {
  return placed.map(({ rule }) => rule.id);
}
