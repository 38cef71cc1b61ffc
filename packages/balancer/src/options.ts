import { balancerErrors } from './errors.ts';

/** What values an option may have; both ends included. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** What is counted, for the message: `ms`, `calls`. */
  readonly unit?: string;
  readonly whole?: boolean;
}

/** An hour: no time in this package makes sense beyond it. */
export const longestMs = 3_600_000;

/** The value, when it is in its range; else BALANCER_OPTION_INVALID names the owner, the option, the value and the range. */
export function checked(owner: string, name: string, value: number, range: Range): number {
  const { from, to, unit = '', whole = false } = range;
  if (value >= from && value <= to && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? 'a whole number' : 'a number';
  const wanted = `${kind} from ${from} to ${to}${unit === '' ? '' : ` ${unit}`}`;
  throw balancerErrors.OPTION_INVALID(`${owner}: ${name} is ${value}; expected ${wanted}`, {
    details: { owner, name, value, from, to },
  });
}

/** A time in milliseconds, above 0 and at most an hour. */
export function checkedMs(owner: string, name: string, value: number): number {
  return checked(owner, name, value, { from: 1, to: longestMs, unit: 'ms' });
}
