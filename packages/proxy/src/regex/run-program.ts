import { gatewayErrors } from '../errors.ts';
import type { Instruction, RegexProgram } from './regex-program.ts';

/** Where the match and the captures begin and end, in turn; -1 for a capture that took no part. */
export type Captures = readonly number[];

/** What one use of an expression may cost, or several together. */
export class StepBudget {
  #left: number;
  readonly #whole: StepBudget | undefined;

  /** `whole` pays for every step as well. */
  constructor(steps: number, whole?: StepBudget) {
    this.#left = steps;
    this.#whole = whole;
  }

  /** GATEWAY_PATTERN_EXHAUSTED when there is nothing left. */
  spend(steps = 1): void {
    this.#left -= steps;
    this.#whole?.spend(steps);
    if (this.#left < 0)
      throw gatewayErrors.PATTERN_EXHAUSTED('a text of the request is too long for a regular expression of its route');
  }
}

export interface RunOptions {
  /** Where in the text to begin. */
  readonly from: number;
  /** `whole`: from there to the end of the text; `prefix`: from there; `anywhere`: from there or later. */
  readonly extent: 'whole' | 'prefix' | 'anywhere';
  /** Whether captures are wanted, which cost most of the time. */
  readonly capturing: boolean;
  readonly budget: StepBudget;
}

interface Thread {
  readonly at: number;
  readonly captures: Captures;
}

/**
 * Runs a program: all alternatives at once, each character read once, so that the time is at most the length of the text
 * times the size of the program. The preferred alternative wins, as with backtracking. Undefined: no match.
 * Rob Pike's algorithm, after Russ Cox, "Regular Expression Matching: the Virtual Machine Approach" (2009).
 */
export function runProgram(program: RegexProgram, text: string, options: RunOptions): Captures | undefined {
  return new Run(program, text, options).run();
}

class Run {
  readonly #instructions: readonly Instruction[];
  readonly #slots: number;
  readonly #text: string;
  readonly #options: RunOptions;
  /** The position at which each instruction was reached last: it is not reached there again. */
  readonly #reached: Int32Array;
  #threads: Thread[] = [];
  #next: Thread[] = [];

  constructor({ instructions, slots }: RegexProgram, text: string, options: RunOptions) {
    this.#instructions = instructions;
    this.#slots = slots;
    this.#text = text;
    this.#options = options;
    this.#reached = new Int32Array(instructions.length).fill(-1);
    options.budget.spend(instructions.length >> 3);
  }

  run(): Captures | undefined {
    const { from, extent } = this.#options;
    const text = this.#text;
    let found: Captures | undefined;
    for (let position = from; position <= text.length; ) {
      if (found === undefined && (position === from || extent === 'anywhere')) {
        this.#reach(this.#threads, 0, position, [position]);
      }
      if (this.#threads.length === 0 && (found !== undefined || extent !== 'anywhere')) return found;
      const codePoint = text.codePointAt(position) ?? -1;
      const width = codePoint > 0xffff ? 2 : 1;
      found = this.#step(position, codePoint, position + width) ?? found;
      position += width;
    }
    return found;
  }

  /** Moves every thread over one character; the answer is the match of the most preferred one that has come to its end. */
  #step(position: number, codePoint: number, after: number): Captures | undefined {
    const next = this.#next;
    next.length = 0;
    let found: Captures | undefined;
    for (const { at, captures } of this.#threads) {
      this.#options.budget.spend();
      const instruction = this.#instructions[at];
      if (instruction?.kind === 'match') {
        if (this.#options.extent === 'whole' && position < this.#text.length) continue;
        found = [captures[0] ?? -1, position, ...captures.slice(2)];
        break;
      }
      if (codePoint >= 0 && instruction?.kind === 'character' && instruction.accepts(codePoint))
        this.#reach(next, at + 1, after, captures);
    }
    this.#next = this.#threads;
    this.#threads = next;
    return found;
  }

  /** Follows what reads no character, the preferred alternative first. */
  #reach(threads: Thread[], start: number, position: number, captures: Captures): void {
    const open: Thread[] = [{ at: start, captures }];
    for (let thread = open.pop(); thread !== undefined; thread = open.pop()) {
      const { at } = thread;
      if (this.#reached[at] === position) continue;
      this.#reached[at] = position;
      this.#options.budget.spend();
      const instruction = this.#instructions[at];
      switch (instruction?.kind) {
        case 'jump':
          open.push({ at: instruction.to, captures: thread.captures });
          break;
        case 'split':
          open.push({ at: instruction.other, captures: thread.captures });
          open.push({ at: instruction.preferred, captures: thread.captures });
          break;
        case 'save': {
          open.push({ at: at + 1, captures: this.#saved(thread.captures, instruction.slot, position) });
          break;
        }
        case 'assertion':
          if (this.#holds(instruction.source, position)) open.push({ at: at + 1, captures: thread.captures });
          break;
        case 'ahead':
          if (this.#isAhead(instruction, position)) open.push({ at: at + 1, captures: thread.captures });
          break;
        default:
          threads.push(thread);
      }
    }
  }

  #saved(captures: Captures, slot: number, position: number): Captures {
    if (!this.#options.capturing) return captures;
    this.#options.budget.spend(4 + (this.#slots >> 2));
    const saved = captures.slice();
    while (saved.length < slot) saved.push(-1);
    saved[slot] = position;
    return saved;
  }

  #holds(source: '^' | '$' | '\\b' | '\\B', position: number): boolean {
    if (source === '^') return position === 0;
    if (source === '$') return position === this.#text.length;
    const isBoundary = isWord(this.#text.charCodeAt(position - 1)) !== isWord(this.#text.charCodeAt(position));
    return isBoundary === (source === '\\b');
  }

  #isAhead({ program, isNegative }: { program: RegexProgram; isNegative: boolean }, from: number): boolean {
    const { budget } = this.#options;
    return (
      (runProgram(program, this.#text, { from, extent: 'prefix', capturing: false, budget }) === undefined) ===
      isNegative
    );
  }
}

/** Letters, digits and the underscore of ASCII; NaN, beside the text, is none. */
function isWord(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f
  );
}
