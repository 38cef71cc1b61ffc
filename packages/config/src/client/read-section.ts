import type { ReadSection, SectionSource } from '@dure/core';
import { isDureError } from '@dure/core';
import type { Property } from '../properties/property.ts';
import type { ConfigLayer } from './config-source.ts';
import type { ExplainedKey, ExplainedValue } from './explain-config.ts';
import { mask } from './secret.ts';
import type { KeyValue, ReadPart } from './section-part.ts';

/** Reads a section that has a form of its own; keys of the environment, whose levels nobody can tell, are none of it. */
export function readOwnForm(
  name: string,
  { at, read }: ReadSection<unknown>,
  lowestFirst: readonly ConfigLayer[],
): ReadPart {
  const layers = lowestFirst.filter(({ isJoined }) => !isJoined).reverse();
  const sources = layers.map(({ source, values }): SectionSource => {
    return { file: source, document: undefined, properties: values };
  });
  const part = { name, explain: () => explainKeys(layers, at), keys: keysOf(layers, at) };
  try {
    return { ...part, value: read(sources), problems: [] };
  } catch (error) {
    if (!isDureError(error)) throw error;
    const message = error.message.replaceAll('\n', '\n  ');
    return { ...part, value: undefined, problems: [{ path: at, code: error.code, message }] };
  }
}

/** What the section depends on: its own keys, and where they have placeholders all others, which stay unseen. */
function keysOf(highestFirst: readonly ConfigLayer[], at: string): ReadonlyMap<string, KeyValue> {
  const all = [...highestFirst].reverse().flatMap(({ values }) => [...values]);
  const isOpen = all.some(([key, { value }]) => isBelow(key, at) && String(value).includes('${'));
  const keys = new Map<string, KeyValue>();
  for (const [key, { value, isSecret }] of all) {
    if (isBelow(key, at)) keys.set(key, { value, shown: isSecret === true ? mask : value });
    else if (isOpen) keys.set(key, { value, shown: mask });
  }
  return keys;
}

function explainKeys(highestFirst: readonly ConfigLayer[], at: string): readonly ExplainedKey[] {
  const found = new Map<string, ExplainedValue[]>();
  for (const { layer, source, values } of highestFirst)
    for (const [key, property] of values)
      if (isBelow(key, at)) found.set(key, [...(found.get(key) ?? []), shown(property, layer, source)]);
  return [...found]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([key, [first, ...overrides]]) => {
      return first === undefined ? [] : [{ key, ...first, overrides }];
    });
}

function shown({ value, place, isSecret }: Property, layer: string, source: string): ExplainedValue {
  return { value: isSecret === true ? mask : value, layer, place: place ?? source };
}

function isBelow(key: string, at: string): boolean {
  return key.startsWith(at) && (key.length === at.length || key[at.length] === '.' || key[at.length] === '[');
}
