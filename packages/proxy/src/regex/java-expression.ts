import { badRegex } from './bad-regex.ts';
import { parseJavaRegex } from './parse-java-regex.ts';
import type { Backtracking, ParsedRegex } from './regex-node.ts';
import { backtracking, printRegex } from './regex-node.ts';
import type { RegexProgram } from './regex-program.ts';
import { mostInstructions, regexProgram } from './regex-program.ts';
import type { Replacement } from './replacement.ts';
import { readReplacement } from './replacement.ts';
import { runProgram, StepBudget } from './run-program.ts';

/** Steps of the machine that one use may take: a few milliseconds. */
const mostSteps = 300_000;
/** Steps for all patterns that one request is held against: on the routes of one path there may be many. */
const mostStepsOfRequest = 2 * mostSteps;
/** What JavaScript's matcher has to try at worst costs so much less than a step of the machine. */
const nativeShare = 1 / 100;
/** Up to so many steps JavaScript's own matcher is given, which is faster and backtracks. */
const mostBacktracking = 200_000;

/** A regular expression of somebody who writes routes. Whatever the expression and the text, it is used in bounded time. */
export interface JavaExpression {
  /** As it was written. */
  readonly source: string;
  /** The names of the captures, from 1; undefined for those without one. */
  readonly captures: readonly (string | undefined)[];
  /** Whether it matches the whole text, as Java's `matches`; `budget` pays as well. GATEWAY_PATTERN_EXHAUSTED. */
  test(text: string, budget?: StepBudget): boolean;
  /** The captures of a match of the whole text, the first at 1; null when it does not match. GATEWAY_PATTERN_EXHAUSTED. */
  exec(text: string): readonly (string | undefined)[] | null;
  /** Every match replaced, as Java's `replaceAll`. GATEWAY_PATTERN_EXHAUSTED. */
  replaceAll(text: string, replacement: Replacement): string;
}

/**
 * Compiles a regular expression in the syntax of Java. JavaScript's matcher is used as long as what it could have to try is
 * little for the length of the text; beyond, a machine without backtracking, and at most so many steps of it. Both find what
 * Java finds, but for loops around what may match nothing, whose empty rounds Java ends elsewhere; and `\b` knows ASCII only.
 * GATEWAY_ROUTE_INVALID for what cannot be matched so; see `parseJavaRegex`.
 */
export function javaExpression(source: string): JavaExpression {
  const parsed = parseJavaRegex(source);
  const program = regexProgram(parsed);
  if (program === undefined)
    throw badRegex(source, `comes to more than ${mostInstructions} steps; count to less, or nest fewer counts`);
  return new CompiledExpression(source, parsed, program);
}

/** What all patterns that one request is held against may cost together. */
export function patternBudget(): StepBudget {
  return new StepBudget(mostStepsOfRequest);
}

class CompiledExpression implements JavaExpression {
  readonly source: string;
  readonly captures: readonly (string | undefined)[];
  readonly #program: RegexProgram;
  readonly #cost: Backtracking;
  readonly #whole: RegExp;
  readonly #all: RegExp;

  constructor(source: string, { node, flags, captures }: ParsedRegex, program: RegexProgram) {
    this.source = source;
    this.captures = captures;
    this.#program = program;
    const { ways, loops } = backtracking(node);
    this.#cost = { ways: ways * program.instructions.length, loops };
    const printed = printRegex(node);
    this.#whole = new RegExp(`^(?:${printed})$`, flags);
    this.#all = new RegExp(printed, `g${flags}`);
  }

  test(text: string, budget?: StepBudget): boolean {
    const tries = this.#triesOf(text, 0);
    if (tries > mostBacktracking) return this.#run(text, false, budget) !== undefined;
    budget?.spend(tries * nativeShare);
    return this.#whole.test(text);
  }

  exec(text: string): readonly (string | undefined)[] | null {
    if (this.#triesOf(text, 0) <= mostBacktracking) return this.#whole.exec(text);
    const found = this.#run(text, true);
    if (found === undefined) return null;
    return Array.from({ length: this.captures.length + 1 }, (_, index) => capture(text, found, index));
  }

  replaceAll(text: string, replacement: Replacement): string {
    if (this.#triesOf(text, 1) <= mostBacktracking)
      return text.replace(this.#all, (...groups) => replacement.fill((at) => groups[at]));
    const budget = new StepBudget(mostSteps);
    let replaced = '';
    let copied = 0;
    for (let from = 0; from <= text.length; ) {
      const found = runProgram(this.#program, text, { from, extent: 'anywhere', capturing: true, budget });
      if (found === undefined) break;
      const [start = 0, end = 0] = found;
      replaced += text.slice(copied, start) + replacement.fill((at) => capture(text, found, at));
      copied = end;
      from = end > start ? end : end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1);
    }
    return replaced + text.slice(copied);
  }

  /** What backtracking would have to try at worst. A search begins anew at every character, which is one more loop. */
  #triesOf(text: string, searching: 0 | 1): number {
    const { ways, loops } = this.#cost;
    return ways * (text.length + 1) ** (loops + searching);
  }

  #run(text: string, capturing: boolean, whole?: StepBudget) {
    const budget = new StepBudget(mostSteps, whole);
    return runProgram(this.#program, text, { from: 0, extent: 'whole', capturing, budget });
  }
}

function capture(text: string, found: readonly number[], index: number): string | undefined {
  const [start = -1, end = -1] = found.slice(2 * index, 2 * index + 2);
  return start < 0 || end < 0 ? undefined : text.slice(start, end);
}

/** Reads a replacement for an expression. GATEWAY_ROUTE_INVALID when it names a group that is not there. */
export function replacementFor(expression: JavaExpression, text: string): Replacement {
  return readReplacement(text, expression.captures);
}
