import type { JSX } from 'preact';
import { bojagi } from './bojagi.ts';
import { Motif } from './motif.tsx';

/** Dyes of ramie: five tones to a cloth, so that a picture has a mood. */
const palettes: readonly (readonly string[])[] = [
  ['#cfe0d2', '#a9c9b4', '#7fae97', '#e9efe2', '#d9b97c'],
  ['#f0d9a8', '#e5b96b', '#d98e4a', '#f7eeda', '#9db7a0'],
  ['#c9d5e6', '#94acd0', '#6683b4', '#e8edf4', '#d8a48f'],
  ['#ecd2cf', '#dca39b', '#bf7468', '#f6eae6', '#8ea6b8'],
  ['#ddd3e6', '#b7a3cc', '#8f78ad', '#efeaf3', '#cfc07c'],
  ['#d5e3e4', '#9cc2c6', '#6a9ea6', '#ecf2f1', '#e0a878'],
];

/** A product's picture: what it is, drawn over a cloth of its own. Products we have not drawn show their emoji. */
export function Picture({ sku, emoji }: { readonly sku: string; readonly emoji: string }): JSX.Element {
  const patches = bojagi(sku, 5);
  const palette = palettes[paletteOf(sku)] ?? [];
  return (
    <svg class="picture" viewBox="0 0 100 100" aria-hidden="true" preserveAspectRatio="xMidYMid slice">
      {patches.map(({ x, y, width, height, tone }) => (
        <rect
          key={`${x} ${y}`}
          x={x}
          y={y}
          width={width}
          height={height}
          fill={palette[tone]}
          stroke="#fff"
          stroke-opacity="0.55"
          stroke-width="0.7"
        />
      ))}
      <Motif sku={sku} emoji={emoji} />
    </svg>
  );
}

function paletteOf(sku: string): number {
  let sum = 0;
  for (const character of sku) sum = (sum * 7 + (character.codePointAt(0) ?? 0)) % 1009;
  return sum % palettes.length;
}
