import type { JSX } from 'preact';
import type { Language } from './preferences.ts';

/**
 * The mark: two ㄷ, the first letter of 두레, each reaching into the other's field. Two households, one square of land;
 * it is the meander of a Korean window lattice as well.
 */
export function Mark({ size = 28 }: { readonly size?: number }): JSX.Element {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke-width="3" aria-hidden="true">
      <path class="brand-first" d="M21.5 3.5h-18v11.2h11" />
      <path class="brand-second" d="M2.5 20.5h18V9.3h-11" />
    </svg>
  );
}

/** The name, drawn with the mark's stroke: `dure`, or 두레 for Korean readers. */
export function Wordmark({
  language,
  height = 20,
}: {
  readonly language: Language;
  readonly height?: number;
}): JSX.Element {
  return language === 'ko' ? <Hangul height={height} /> : <Latin height={height} />;
}

function Latin({ height }: { readonly height: number }): JSX.Element {
  return (
    <svg
      height={height}
      viewBox="0 0 56 20"
      role="img"
      aria-label="Dure"
      fill="none"
      stroke="currentColor"
      stroke-width="2.6"
    >
      <path d="M11.7 1v17.2M11.7 7.3H5.2a3 3 0 0 0-3 3v4.9a3 3 0 0 0 3 3h6.5" />
      <path d="M17.3 6v9.2a3 3 0 0 0 3 3h6.5V6" />
      <path d="M32.4 19.5v-9.2a3 3 0 0 1 3-3h3.4" />
      <path d="M43.7 12.7h9.1v-2.4a3 3 0 0 0-3-3h-3.6a3 3 0 0 0-3 3v4.9a3 3 0 0 0 3 3h6.4" />
    </svg>
  );
}

function Hangul({ height }: { readonly height: number }): JSX.Element {
  return (
    <svg
      height={height}
      viewBox="0 0 46 20"
      role="img"
      aria-label="두레"
      fill="none"
      stroke="currentColor"
      stroke-width="2.4"
    >
      <path d="M18 2.2H4v6.2h14M1 12.9h20M11 12.9V20" />
      <path d="M25.5 2.4h8.2v6.9h-7v7h8.2M35.4 9.3h3.4M38.8 1v18M43.6 0.5V20" />
    </svg>
  );
}
