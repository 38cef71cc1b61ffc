import { codeOf, messageOf } from '@dure/core';
import type { Property, PropertyDocument, Scalar } from '../properties/property.ts';
import { readPropertiesFile } from '../properties/read-properties.ts';
import { readYamlText } from '../properties/read-yaml-text.ts';
import { isEncrypted } from './encrypted-value.ts';
import type { Keyring } from './keyring.ts';

/** A value at its place: `order.yml:3:9`. */
export interface KeyedPlace {
  readonly place: string;
  readonly key: string;
}

/** A value that stays as it is, and why. */
export interface StuckValue extends KeyedPlace {
  readonly why: string;
}

/** A file's text with its values encrypted anew. */
export interface RewrittenText {
  readonly text: string;
  readonly changed: readonly KeyedPlace[];
  readonly stuck: readonly StuckValue[];
}

/**
 * Encrypts by the current key every value of a YAML or properties file that is encrypted by another. All else stays byte for
 * byte: what the file says is read before and after, and nothing is changed where that would differ. CONFIG_FILE_INVALID.
 */
export async function rewriteEncrypted(text: string, file: string, ring: Keyring): Promise<RewrittenText> {
  const before = await read(text, file);
  const renewed = new Map<Scalar, string>();
  const old: (KeyedPlace & { readonly value: string })[] = [];
  const stuck: StuckValue[] = [];
  for (const [key, { value, place = file }] of before.flatMap(({ properties }) => [...properties])) {
    if (!isEncrypted(value)) continue;
    try {
      const plain = ring.decrypt(value);
      if (ring.isCurrent(value)) continue;
      if (!renewed.has(value)) renewed.set(value, ring.encryptValue(plain));
      old.push({ key, place, value });
    } catch (error) {
      if (codeOf(error)?.startsWith('CONFIG_') !== true) throw error;
      stuck.push({ key, place, why: messageOf(error) });
    }
  }
  const changed = old.map(({ key, place }) => ({ key, place }));
  if (old.length === 0) return { text, changed, stuck };
  const written = replaceAt(text, old, renewed);
  if (isAsMeant(before, await read(written, file), renewed)) return { text: written, changed, stuck };
  const why = 'it is written in a way that cannot be rewritten in place; write it on one line';
  return { text, changed: [], stuck: [...stuck, ...changed.map((value) => ({ ...value, why }))] };
}

async function read(text: string, file: string): Promise<readonly PropertyDocument[]> {
  return file.endsWith('.properties') ? readPropertiesFile(text, file) : readYamlText(text, file);
}

/** Replaces each value where it stands at or after its place; what only refers to another (`*alias`) changes with that. */
function replaceAt(
  text: string,
  values: readonly { readonly place: string; readonly value: string }[],
  renewed: ReadonlyMap<Scalar, string>,
): string {
  const starts = lineStarts(text);
  const found = new Map<number, { readonly end: number; readonly value: string }>();
  for (const { place, value } of values) {
    const spelt = spellings(value);
    spelt.lastIndex = offsetOf(place, starts);
    const match = spelt.exec(text);
    if (match !== null) found.set(match.index, { end: match.index + match[0].length, value: renewed.get(value) ?? '' });
  }
  let written = '';
  let at = 0;
  for (const [start, { end, value }] of [...found].sort(([one], [other]) => one - other)) {
    written += text.slice(at, start) + value;
    at = end;
  }
  return written + text.slice(at);
}

/** As it is, or with the backslashes and continued lines of properties files and of YAML's double quotes. */
function spellings(value: string): RegExp {
  const letters = [...value].map((letter) => `\\\\?${letter.replace(/[^A-Za-z0-9]/g, '\\$&')}`);
  return new RegExp(letters.join('(?:\\\\\\r?\\n[ \\t]*)?'), 'g');
}

function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map(({ index, 0: end }) => index + end.length)];
}

function offsetOf(place: string, starts: readonly number[]): number {
  const [, line = '1', column = '1'] = /:(\d+):(\d+)$/.exec(place) ?? [];
  return (starts[Number(line) - 1] ?? 0) + Number(column) - 1;
}

function isAsMeant(
  before: readonly PropertyDocument[],
  after: readonly PropertyDocument[],
  renewed: ReadonlyMap<Scalar, string>,
): boolean {
  const flat = (documents: readonly PropertyDocument[], scalarOf: (property: Property) => Scalar) =>
    JSON.stringify(documents.map(({ properties }) => [...properties].map(([key, one]) => [key, scalarOf(one)])));
  return flat(before, ({ value }) => renewed.get(value) ?? value) === flat(after, ({ value }) => value);
}
