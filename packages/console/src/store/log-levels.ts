import type { LogLevel } from '../contract.ts';

/** pino's numbers for the levels. */
export const levelNumbers: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

/** The level that a number stands for: the highest that it reaches. */
export function levelOf(number: number): LogLevel {
  const levels = Object.entries(levelNumbers) as [LogLevel, number][];
  return levels.findLast(([, least]) => number >= least)?.[0] ?? 'trace';
}
