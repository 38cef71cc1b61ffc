import { badAt, type Written } from './problems.ts';
import type { PropertyNode } from './property-node.ts';
import { textOf } from './property-node.ts';

/** One argument of a predicate or filter. */
export interface Argument extends Written {
  /** Below `args`, without list indexes: `backoff.firstBackoff`; undefined in the short form. */
  readonly name: string | undefined;
  readonly text: string;
}

/** A predicate or filter as it is written. */
export interface Definition extends Written {
  readonly name: string;
  readonly given: readonly Argument[];
  readonly isShort: boolean;
}

/** Reads `Name=a,b,c`. Every comma separates, as in Spring; tokens are trimmed, empty ones dropped. */
export function shortDefinition(text: string, at: Written, isFilter: boolean): Definition {
  const equals = text.indexOf('=');
  if (equals < 0 && !isFilter) throw badAt(at, `"${text}" is no predicate; write "Name=argument"`);
  const name = (equals < 0 ? text : text.slice(0, equals)).trim();
  const tokens = equals < 0 ? [] : text.slice(equals + 1).split(',');
  const texts = tokens.map((token) => token.trim()).filter((token) => token !== '');
  return {
    ...placeOf(at),
    name,
    given: texts.map((one) => ({ ...placeOf(at), name: undefined, text: one })),
    isShort: true,
  };
}

/** Reads either form. */
export function readDefinition(node: PropertyNode, isFilter: boolean): Definition {
  if (node.children.size === 0) {
    const text = textOf(node);
    if (text === undefined) throw badAt(node, `a ${isFilter ? 'filter' : 'predicate'} is empty`);
    return shortDefinition(text, node, isFilter);
  }
  const name = textOf(node.children.get('name'));
  if (name === undefined) throw badAt(node, 'the expanded form needs a "name"');
  for (const [key, child] of node.children) {
    if (key !== 'name' && key !== 'args') throw badAt(child, `the expanded form has "name" and "args", not "${key}"`);
  }
  const args = node.children.get('args');
  return { ...placeOf(node), name, given: args === undefined ? [] : leavesOf(args, ''), isShort: false };
}

function leavesOf(node: PropertyNode, name: string): readonly Argument[] {
  const text = textOf(node);
  if (node.children.size === 0) return text === undefined ? [] : [{ ...placeOf(node), name, text }];
  return [...node.children].flatMap(([step, child]) => {
    const isIndex = /^\d+$/.test(step) && name !== '';
    return leavesOf(child, isIndex ? name : name === '' ? step : `${name}.${step}`);
  });
}

function placeOf({ place, key }: Written): Written {
  return { place, key };
}
