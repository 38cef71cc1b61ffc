import type { ParsedRegex, RegexNode } from './regex-node.ts';

/** Whether a character, by its code point, is one of a set. */
export type CharacterTest = (codePoint: number) => boolean;

/** One step of a program; `next` and the like are places in it. */
export type Instruction =
  | { readonly kind: 'character'; readonly accepts: CharacterTest }
  | { readonly kind: 'assertion'; readonly source: '^' | '$' | '\\b' | '\\B' }
  /** Goes on at both places; the first is preferred. */
  | { kind: 'split'; preferred: number; other: number }
  | { kind: 'jump'; to: number }
  /** Notes where a capture begins or ends. */
  | { readonly kind: 'save'; readonly slot: number }
  | { readonly kind: 'ahead'; readonly program: RegexProgram; readonly isNegative: boolean }
  | { readonly kind: 'match' };

/** An expression as a machine that reads a text once from left to right. */
export interface RegexProgram {
  readonly instructions: readonly Instruction[];
  /** Two for the whole match, and two for each capture. */
  readonly slots: number;
}

/** A machine costs at most so many steps a character. */
export const mostInstructions = 4_000;

/** Compiles an expression; undefined when it is too large. Ken Thompson, "Regular Expression Search Algorithm" (1968). */
export function regexProgram({ node, flags, captures }: ParsedRegex): RegexProgram | undefined {
  const compiler = new Compiler(flags, new Map());
  compiler.add(node);
  return compiler.finish(2 + 2 * captures.length);
}

class Compiler {
  readonly #flags: string;
  readonly #tests: Map<string, CharacterTest>;
  readonly #instructions: Instruction[] = [];
  #isTooLarge = false;

  constructor(flags: string, tests: Map<string, CharacterTest>) {
    this.#flags = flags;
    this.#tests = tests;
  }

  finish(slots: number): RegexProgram | undefined {
    this.#push({ kind: 'match' });
    return this.#isTooLarge ? undefined : { instructions: this.#instructions, slots };
  }

  add(node: RegexNode): void {
    if (this.#isTooLarge) return;
    switch (node.kind) {
      case 'character':
        this.#push({ kind: 'character', accepts: this.#testOf(node.source) });
        return;
      case 'assertion':
        this.#push(node);
        return;
      case 'sequence':
        for (const part of node.parts) this.add(part);
        return;
      case 'choice':
        this.#addChoice(node.options);
        return;
      case 'repeat':
        for (let count = 0; count < node.least; count += 1) this.add(node.part);
        if (node.most === Number.POSITIVE_INFINITY) this.#addLoop(node.part, node.isLazy);
        else this.#addOptional(node.part, node.most - node.least, node.isLazy);
        return;
      case 'group':
        if (node.index !== undefined) this.#push({ kind: 'save', slot: 2 * node.index });
        this.add(node.part);
        if (node.index !== undefined) this.#push({ kind: 'save', slot: 2 * node.index + 1 });
        return;
      case 'ahead': {
        const inner = new Compiler(this.#flags, this.#tests);
        inner.add(node.part);
        const program = inner.finish(2);
        if (program === undefined) this.#isTooLarge = true;
        else this.#push({ kind: 'ahead', program, isNegative: node.isNegative });
        return;
      }
      default:
        node satisfies never;
    }
  }

  #addChoice(options: readonly RegexNode[]): void {
    const ends: { kind: 'jump'; to: number }[] = [];
    for (const [at, option] of options.entries()) {
      if (at === options.length - 1) {
        this.add(option);
        break;
      }
      const split = this.#push({ kind: 'split', preferred: this.#here + 1, other: 0 });
      this.add(option);
      ends.push(this.#push({ kind: 'jump', to: 0 }));
      split.other = this.#here;
    }
    for (const end of ends) end.to = this.#here;
  }

  #addLoop(part: RegexNode, isLazy: boolean): void {
    const start = this.#here;
    const split = this.#push({ kind: 'split', preferred: start + 1, other: start + 1 });
    this.add(part);
    this.#push({ kind: 'jump', to: start });
    if (isLazy) split.preferred = this.#here;
    else split.other = this.#here;
  }

  #addOptional(part: RegexNode, times: number, isLazy: boolean): void {
    const splits: { kind: 'split'; preferred: number; other: number }[] = [];
    for (let count = 0; count < times && !this.#isTooLarge; count += 1) {
      const inside = this.#here + 1;
      splits.push(this.#push({ kind: 'split', preferred: inside, other: inside }));
      this.add(part);
    }
    for (const split of splits) {
      if (isLazy) split.preferred = this.#here;
      else split.other = this.#here;
    }
  }

  #testOf(source: string): CharacterTest {
    const test = this.#tests.get(source) ?? characterTest(source, this.#flags);
    this.#tests.set(source, test);
    return test;
  }

  get #here(): number {
    return this.#instructions.length;
  }

  #push<One extends Instruction>(instruction: One): One {
    if (this.#instructions.length >= mostInstructions) this.#isTooLarge = true;
    else this.#instructions.push(instruction);
    return instruction;
  }
}

/** Most expressions never run as a program: what makes a test quick is made when it is first used. */
function characterTest(source: string, flags: string): CharacterTest {
  let expression: RegExp | undefined;
  let latin: Uint8Array | undefined;
  return (codePoint) => {
    expression ??= new RegExp(`^${source}$`, flags);
    latin ??= latinOf(expression);
    return codePoint < 256 ? latin[codePoint] === 1 : expression.test(String.fromCodePoint(codePoint));
  };
}

function latinOf(expression: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => Number(expression.test(String.fromCharCode(code))));
}
