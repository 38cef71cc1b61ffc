/** What one character must be. */
export interface CharacterNode {
  readonly kind: 'character';
  /** As JavaScript writes it. */
  readonly source: string;
}

/** A regular expression, taken apart. */
export type RegexNode =
  | CharacterNode
  | { readonly kind: 'assertion'; readonly source: '^' | '$' | '\\b' | '\\B' }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | {
      readonly kind: 'repeat';
      readonly part: RegexNode;
      readonly least: number;
      /** Infinity for no bound. */
      readonly most: number;
      readonly isLazy: boolean;
    }
  /** `index` is undefined for a group that captures nothing. */
  | { readonly kind: 'group'; readonly part: RegexNode; readonly index: number | undefined }
  | { readonly kind: 'ahead'; readonly part: RegexNode; readonly isNegative: boolean };

/** A regular expression and what is said about it as a whole. */
export interface ParsedRegex {
  readonly node: RegexNode;
  /** Of JavaScript: `u`, and what `(?i)` and `(?s)` stand for. */
  readonly flags: string;
  /** The names of the captures, from 1; undefined for those without one. */
  readonly captures: readonly (string | undefined)[];
}

/** Writes an expression for JavaScript; groups keep their numbers and lose their names. */
export function printRegex(node: RegexNode): string {
  switch (node.kind) {
    case 'character':
    case 'assertion':
      return node.source;
    case 'sequence':
      return node.parts.map(printRegex).join('');
    case 'choice':
      return node.options.map(printRegex).join('|');
    case 'repeat': {
      const most = node.most === Number.POSITIVE_INFINITY ? '' : node.most;
      return `${printRegex(node.part)}{${node.least},${most}}${node.isLazy ? '?' : ''}`;
    }
    case 'group':
      return `(${node.index === undefined ? '?:' : ''}${printRegex(node.part)})`;
    case 'ahead':
      return `(?${node.isNegative ? '!' : '='}${printRegex(node.part)})`;
    default:
      return node satisfies never;
  }
}

/** How many ways a backtracking matcher may have to try: `ways` times the length of the text to the power of `loops`. */
export interface Backtracking {
  readonly ways: number;
  readonly loops: number;
}

/** An upper bound of what backtracking costs; a loop around anything but one character has none. */
export function backtracking(node: RegexNode): Backtracking {
  switch (node.kind) {
    case 'character':
    case 'assertion':
      return { ways: 1, loops: 0 };
    case 'sequence':
      return node.parts.map(backtracking).reduce(inTurn, { ways: 1, loops: 0 });
    case 'choice':
      return node.options.map(backtracking).reduce((sum, one) => ({
        ways: sum.ways + one.ways,
        loops: Math.max(sum.loops, one.loops),
      }));
    case 'group':
    case 'ahead':
      return backtracking(node.part);
    case 'repeat': {
      const { ways, loops } = backtracking(node.part);
      if (node.most <= 1) return { ways: ways + 1, loops };
      if (node.part.kind !== 'character') return { ways, loops: Number.POSITIVE_INFINITY };
      if (node.most === Number.POSITIVE_INFINITY) return { ways: 1, loops: 1 };
      return { ways: node.most - node.least + 1, loops: 0 };
    }
    default:
      return node satisfies never;
  }
}

function inTurn(one: Backtracking, other: Backtracking): Backtracking {
  return { ways: one.ways * other.ways, loops: one.loops + other.loops };
}
