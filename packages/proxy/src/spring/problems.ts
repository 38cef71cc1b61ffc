import { nearest } from '@dure/config/properties';
import { isDureError } from '@dure/core';
import { gatewayErrors } from '../errors.ts';

/** Something in a configuration that cannot be used. */
export interface SpringProblem {
  /** File, line and column, or the source and the key. */
  readonly place: string;
  readonly key: string;
  readonly why: string;
  /** What was probably meant. */
  readonly nearest?: string;
}

/** Where something is written. */
export interface Written {
  readonly place: string;
  readonly key: string;
}

/** Everything that is wrong, so that one look at the file is enough. */
export class Problems {
  readonly #all: SpringProblem[] = [];

  add({ place, key }: Written, why: string, near?: string): void {
    this.#all.push({ place, key, why, ...(near !== undefined && { nearest: near }) });
  }

  /** An unknown name, with the known one that is most like it. */
  addUnknown(at: Written, what: string, name: string, known: readonly string[]): void {
    this.add(at, `there is no ${what} "${name}"`, nearest(name, known));
  }

  /** Does something; what it refuses is a problem at a place, or at a nearer one that it names. Undefined then. */
  collect<T>(at: Written, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!isDureError(error) || error.code !== gatewayErrors.ROUTE_INVALID.code) throw error;
      const { place, key, nearest: near } = error.details;
      const nearer = typeof place === 'string' && typeof key === 'string' ? { place, key } : at;
      this.add(nearer, error.message, typeof near === 'string' ? near : undefined);
      return undefined;
    }
  }

  get count(): number {
    return this.#all.length;
  }

  /** GATEWAY_ROUTE_INVALID with all of them, a line each in the order in which they are written, if there are any. */
  demandNone(): void {
    if (this.#all.length === 0) return;
    // A default filter is read for every route, and wrong for every route.
    const byLine = new Map(this.#all.toSorted(inOrder).map((problem) => [lineOf(problem), problem]));
    throw gatewayErrors.ROUTE_INVALID([...byLine.keys()].join('\n'), { details: { problems: [...byLine.values()] } });
  }
}

function lineOf({ place, key, why, nearest: near }: SpringProblem): string {
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  const line = `${place.includes(key) ? place : `${place}: ${key}`}: ${why}${hint}`;
  // What cannot be seen is shown as a number: it could not be found in the file, and one problem is one line of a log.
  return line.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function inOrder(one: SpringProblem, other: SpringProblem): number {
  const [at = [], otherAt = []] = [one, other].map(({ place }) => place.match(/\d+/g)?.slice(-2).map(Number));
  return (at[0] ?? 0) - (otherAt[0] ?? 0) || (at[1] ?? 0) - (otherAt[1] ?? 0);
}

/** A problem at a place that is nearer than what is being read. */
export function badAt({ place, key }: Written, why: string, near?: string) {
  return gatewayErrors.ROUTE_INVALID(why, { details: { place, key, ...(near !== undefined && { nearest: near }) } });
}
