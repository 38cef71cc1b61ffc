import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

type Tokens = ReadonlyMap<string, readonly [light: string, dark: string]>;

const tokens = readTokens(readFileSync(new URL('./tokens.css', import.meta.url), 'utf8'));
const grounds = ['canvas', 'surface', 'raised', 'sunken'];
const textOnGround = ['text', 'text-soft', 'text-faint', 'accent', 'accent-strong', 'good', 'warn', 'bad', 'info'];

/** WCAG 2.2, 1.4.3: text needs 4.5 : 1. */
const textPairs: readonly (readonly [string, string])[] = [
  ...textOnGround.flatMap((text) => grounds.map((ground) => [text, ground] as const)),
  ...['good', 'warn', 'bad', 'info'].map((state) => [state, `${state}-soft`] as const),
  ...['good-soft', 'warn-soft', 'bad-soft', 'info-soft', 'accent-soft'].flatMap((soft) =>
    ['text', 'text-soft', 'accent'].map((text) => [text, soft] as const),
  ),
  ['on-accent', 'accent'],
  ['on-accent', 'accent-strong'],
];

/** WCAG 2.2, 1.4.11: borders of controls, focus rings and the bars of a chart need 3 : 1. */
const graphicPairs: readonly (readonly [string, string])[] = [
  ...['line-strong', 'focus', 'persimmon'].flatMap((mark) =>
    ['canvas', 'surface', 'raised'].map((ground) => [mark, ground] as const),
  ),
  ...Array.from({ length: 12 }, (_, index) => `series-${index + 1}`).flatMap((series) =>
    ['canvas', 'surface', 'sunken'].map((ground) => [series, ground] as const),
  ),
];

for (const [index, theme] of ['light', 'dark'].entries()) {
  test(`every text stands out 4.5 : 1 from its ground in the ${theme} theme`, () => {
    assert.deepEqual(tooFaint(textPairs, index, 4.5), []);
  });

  test(`every control and chart colour stands out 3 : 1 from its ground in the ${theme} theme`, () => {
    assert.deepEqual(tooFaint(graphicPairs, index, 3), []);
  });
}

function tooFaint(pairs: readonly (readonly [string, string])[], theme: number, least: number): readonly string[] {
  return pairs.flatMap(([front, back]) => {
    const ratio = contrast(colour(front, theme), colour(back, theme));
    return ratio >= least ? [] : [`--${front} on --${back}: ${ratio.toFixed(2)}`];
  });
}

function colour(name: string, theme: number): string {
  const value = tokens.get(name)?.[theme];
  assert.ok(value !== undefined, `tokens.css has no colour --${name}`);
  return value;
}

function readTokens(css: string): Tokens {
  const pairs = css.matchAll(/--([a-z0-9-]+):\s*light-dark\(\s*(#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\s*\)/g);
  return new Map([...pairs].map(([, name, light, dark]) => [name ?? '', [light ?? '', dark ?? '']]));
}

function contrast(first: string, second: string): number {
  const [lighter = 0, darker = 0] = [luminance(first), luminance(second)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
