import { configErrors } from '../errors.ts';
import type { Scalar } from './property.ts';

/** A list index beyond this is a slip of the pen, and so are more gaps in all lists together, or steps in one key. */
const largestIndex = 10_000;
const mostGaps = 100_000;
const mostSteps = 500;

/**
 * Turns a tree into flat keys, as Spring does: `a.b`, `list[0]`; a key that is no text becomes `[1]`; null and an empty
 * list become the empty text, an empty map nothing. Calls `found` for every leaf, with its key and its path in the
 * tree, which is valid only during the call.
 *
 * After `YamlProcessor.buildFlattenedMap` of spring-projects/spring-framework.
 */
export function flatten(tree: unknown, found: (key: string, value: Scalar, path: readonly unknown[]) => void): void {
  const isRoot = tree instanceof Map || (typeof tree === 'object' && tree !== null && !Array.isArray(tree));
  walk(isRoot ? '' : 'document', tree, [], found);
}

function walk(
  key: string,
  value: unknown,
  path: unknown[],
  found: (key: string, value: Scalar, path: readonly unknown[]) => void,
): void {
  const children = childrenOf(value);
  if (children === undefined) {
    if (key !== '') found(key, scalarOf(value), path);
    return;
  }
  if (children.length === 0 && key !== '' && Array.isArray(value)) found(key, '', path);
  for (const [step, child] of children) {
    path.push(step);
    walk(join(key, step), child, path, found);
    path.pop();
  }
}

function childrenOf(value: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  if (Array.isArray(value)) return value.map((item, index) => [index, item] as const);
  if (value instanceof Map) return [...value];
  if (typeof value === 'object' && value !== null) return Object.entries(value);
  return undefined;
}

function join(key: string, step: unknown): string {
  if (typeof step !== 'string') return `${key}[${String(step)}]`;
  if (key === '' || step.startsWith('[')) return `${key}${step}`;
  return `${key}.${step}`;
}

function scalarOf(value: unknown): Scalar {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    default:
      return value === null || value === undefined ? '' : String(value);
  }
}

/** A tree as it is rebuilt from keys. */
export type Tree = Scalar | null | readonly Tree[] | { readonly [key: string]: Tree };

/**
 * Rebuilds the tree. Where `a` and `a.b` both have a value, `a.b` stays a dotted key beside `a`; gaps in a list are
 * null; brackets that hold no number stay part of the key. An index that is not one is CONFIG_KEY_MALFORMED.
 */
export function unflatten(flat: ReadonlyMap<string, Scalar>): Tree {
  const root = new Branch();
  for (const [key, value] of flat) {
    const steps = stepsOf(key);
    if (!root.set(steps, value)) root.set([key], value);
  }
  return root.tree({ left: mostGaps });
}

type Step = string | number;

class Branch {
  readonly #children = new Map<Step, Branch | Scalar>();

  /** False when a scalar is in the way. */
  set(steps: readonly Step[], value: Scalar): boolean {
    const [step, ...rest] = steps;
    if (step === undefined) return false;
    const child = this.#children.get(step);
    if (rest.length === 0) {
      if (child instanceof Branch) return this.#beside(step, child, value);
      this.#children.set(step, value);
      return true;
    }
    if (child !== undefined && !(child instanceof Branch)) {
      if (typeof step === 'number') return false;
      this.#children.set(steps.map(written).reduce(joined), value);
      return true;
    }
    const [next] = rest;
    if (child !== undefined && next !== undefined && !child.#takes(next)) return false;
    const branch = child ?? new Branch();
    this.#children.set(step, branch);
    return branch.set(rest, value);
  }

  tree(gaps: { left: number }): Tree {
    const steps = [...this.#children.keys()];
    if (steps.length > 0 && steps.every((step) => typeof step === 'number')) {
      const length = Math.max(...steps) + 1;
      gaps.left -= length - steps.length;
      if (gaps.left < 0) throw malformed(`the lists have more than ${mostGaps} gaps`);
      return Array.from({ length }, (_, index) => treeOf(this.#children.get(index), gaps));
    }
    return Object.fromEntries([...this.#children].map(([step, child]) => [String(step), treeOf(child, gaps)]));
  }

  /** A branch is a list or a map, not both. */
  #takes(step: Step): boolean {
    const [first] = this.#children.keys();
    return first === undefined || typeof first === typeof step;
  }

  /** `a.b` came before `a`: what is below moves up under its dotted names. */
  #beside(step: Step, branch: Branch, value: Scalar): boolean {
    this.#children.set(step, value);
    for (const [below, child] of branch.#leaves()) this.#children.set(joined(String(step), below), child);
    return true;
  }

  *#leaves(): Iterable<readonly [string, Scalar]> {
    for (const [step, child] of this.#children) {
      const own = written(step);
      if (!(child instanceof Branch)) yield [own, child];
      else for (const [below, leaf] of child.#leaves()) yield [joined(own, below), leaf];
    }
  }
}

function written(step: Step): string {
  return typeof step === 'number' ? `[${step}]` : step;
}

function joined(key: string, below: string): string {
  return below.startsWith('[') ? `${key}${below}` : `${key}.${below}`;
}

function treeOf(child: Branch | Scalar | undefined, gaps: { left: number }): Tree {
  if (child === undefined) return null;
  return child instanceof Branch ? child.tree(gaps) : child;
}

/** `a.b[0].c` becomes `a`, `b`, 0, `c`. */
export function stepsOf(key: string): readonly Step[] {
  const steps: Step[] = [];
  for (const part of key.split('.')) {
    const match = part.startsWith('[') ? null : /^(.*?)((?:\[\d+\])+)$/.exec(part);
    const [, name = part, indexes = ''] = match ?? [];
    steps.push(name);
    for (const [, digits = ''] of indexes.matchAll(/\[(\d+)\]/g)) {
      const index = Number(digits);
      if (index > largestIndex)
        throw malformed(`the key "${key.slice(0, 200)}" has the index ${digits}; expected at most ${largestIndex}`);
      steps.push(index);
    }
    if (steps.length > mostSteps)
      throw malformed(`the key "${key.slice(0, 200)}" has more steps than the ${mostSteps} that are taken`);
  }
  return steps;
}

function malformed(message: string): Error {
  return configErrors.KEY_MALFORMED(message);
}
