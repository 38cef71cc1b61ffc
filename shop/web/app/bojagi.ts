import { seededRandom } from '@dure/core';

/** A patch of the cloth, in per cent of its side; `tone` counts in the palette. */
export interface Patch {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly tone: number;
}

interface Field {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const smallest = 17;

/**
 * A patchwork cloth (조각보, bojagi) of its own for every name: the same name always gives the same cloth. Fields are cut
 * across their longer side, off the middle, until they are small; neighbours from one cut never share a tone.
 */
export function bojagi(name: string, tones: number): readonly Patch[] {
  const random = seededRandom(seedOf(name));
  const patches: Patch[] = [];
  const cut = (field: Field, tone: number, depth: number): void => {
    const across = field.width >= field.height;
    const side = across ? field.width : field.height;
    if (side < 2 * smallest || depth > 4 || (depth > 2 && random.next() < 0.35)) {
      patches.push({ ...field, tone });
      return;
    }
    const first = Math.max(smallest, Math.round(side * (0.34 + random.next() * 0.32)));
    const other = (tone + 1 + Math.floor(random.next() * (tones - 1))) % tones;
    const [one, two] = split(field, across, first);
    cut(one, tone, depth + 1);
    cut(two, other, depth + 1);
  };
  cut({ x: 0, y: 0, width: 100, height: 100 }, Math.floor(random.next() * tones), 0);
  return patches;
}

function split(field: Field, across: boolean, first: number): readonly [Field, Field] {
  const { x, y, width, height } = field;
  return across
    ? [
        { x, y, width: first, height },
        { x: x + first, y, width: width - first, height },
      ]
    : [
        { x, y, width, height: first },
        { x, y: y + first, width, height: height - first },
      ];
}

function seedOf(name: string): number {
  let seed = 0;
  for (const character of name) seed = (Math.imul(seed, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return seed;
}
