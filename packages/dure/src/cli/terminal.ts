/** Where a command writes. */
export interface Terminal {
  /** What was asked for. */
  out(text: string): void;
  /** What must be said besides. */
  err(text: string): void;
  /** Whether a person looks at `out` as it is written. */
  readonly isInteractive: boolean;
  readonly hasColour: boolean;
  readonly columns: number;
}

export type Language = 'en' | 'ko';

/** The parts of the palette that commands use. */
export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

const codes: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Colours a text where the terminal shows colours. */
export function paint({ hasColour }: Terminal, colour: Colour, text: string): string {
  const [on, off] = codes[colour];
  return hasColour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
}

/** The language of a locale such as `ko_KR.UTF-8`. */
export function languageOf(locale: string | undefined): Language {
  return /^ko(?![a-z])/i.test(locale ?? '') ? 'ko' : 'en';
}
