import { isDeepStrictEqual } from 'node:util';
import { answerField } from '../engine/answer-fields.ts';
import type { CollectedAnswer } from '../engine/collected-answer.ts';

export interface ComparisonOptions {
  /** Response fields that must be the same besides the status and `content-type`. */
  readonly fields?: readonly string[];
  /** JSON places that may differ, as paths with `*` for any member: `items.*.updatedAt`. */
  readonly ignore?: readonly string[];
}

const mostDifferences = 10;

/**
 * In what two answers differ, told by places and never by values, which may be secrets: the status, the stated fields,
 * the members of JSON bodies in whatever order, any other body byte by byte. Empty when they mean the same.
 */
export function answerDifference(
  one: CollectedAnswer,
  other: CollectedAnswer,
  { fields = [], ignore = [] }: ComparisonOptions,
): readonly string[] {
  const found: string[] = [];
  if (one.status !== other.status) found.push(`status: ${one.status} and ${other.status}`);
  for (const name of ['content-type', ...fields]) {
    if (answerField(one.fields, name.toLowerCase()) !== answerField(other.fields, name.toLowerCase()))
      found.push(`field ${name}`);
  }
  if (one.body === undefined || other.body === undefined) found.push('a body is too long to be compared');
  else {
    const left = asJson(one);
    const right = asJson(other);
    if (left !== undefined && right !== undefined) {
      compare(left.value, right.value, [], { ignore: ignore.map((path) => path.split('.')), found });
    } else if (!one.body.equals(other.body)) found.push('body');
  }
  return found.slice(0, mostDifferences);
}

interface Comparison {
  readonly ignore: readonly (readonly string[])[];
  readonly found: string[];
}

function compare(left: unknown, right: unknown, path: readonly string[], comparison: Comparison): void {
  if (comparison.found.length >= mostDifferences || isIgnored(path, comparison.ignore)) return;
  if (!isTree(left) || !isTree(right) || Array.isArray(left) !== Array.isArray(right)) {
    if (!isDeepStrictEqual(left, right)) comparison.found.push(`body ${path.join('.') || '.'}`);
    return;
  }
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const key of keys) compare(memberOf(left, key), memberOf(right, key), [...path, key], comparison);
}

function isIgnored(path: readonly string[], ignore: readonly (readonly string[])[]): boolean {
  return ignore.some(
    (one) => one.length === path.length && one.every((part, index) => part === '*' || part === path[index]),
  );
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

function memberOf(tree: Tree, key: string): unknown {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

function asJson({ fields, body }: CollectedAnswer): { readonly value: unknown } | undefined {
  if (!/^application\/(?:[^;]+\+)?json\b/i.test(answerField(fields, 'content-type') ?? '')) return undefined;
  try {
    return { value: JSON.parse(body?.toString('utf8') ?? '') };
  } catch {
    return undefined;
  }
}
