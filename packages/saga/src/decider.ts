/** What has happened to a process: what its decider hears of, in the order in which it was settled. */
export type Happened =
  | { readonly what: 'started' }
  | {
      readonly what: 'done';
      readonly step: string;
      /** Counts from 0, for each step by itself. */
      readonly index: number;
      /** What it was sent, or run, with. */
      readonly data: unknown;
      readonly result: unknown;
    }
  | {
      readonly what: 'refused';
      readonly step: string;
      readonly index: number;
      readonly data: unknown;
      readonly code: string;
      readonly refusal: unknown;
    }
  /** Nobody answered in all attempts: it may have been done, or be done yet. */
  | { readonly what: 'unanswered'; readonly step: string; readonly index: number; readonly data: unknown }
  | { readonly what: 'heard'; readonly event: string; readonly data: unknown }
  | { readonly what: 'woke'; readonly timer: string };

/** One thing that follows. Made by the functions that `decide` is given. */
export type Decision =
  | { readonly do: 'begin'; readonly step: string; readonly data: unknown }
  | { readonly do: 'wake'; readonly timer: string; readonly afterMs: number }
  | { readonly do: 'cancel'; readonly timer: string }
  | { readonly do: 'complete' }
  | { readonly do: 'turn-back'; readonly code: string; readonly data: unknown };

/** What `decide` is given to decide with, where its types do not matter. */
export interface Decisions {
  /** The process's id. */
  readonly id: string;
  readonly input: unknown;
  /** When what has happened is decided upon, epoch milliseconds. */
  readonly now: number;
  send(step: string, data: unknown): Decision;
  run(step: string, data: unknown): Decision;
  wake(timer: string, afterMs: number): Decision;
  cancel(timer: string): Decision;
  complete(): Decision;
  turnBack(code: string, data?: unknown): Decision;
}

/**
 * Three pure functions that say what follows from what has happened. J. Chassaing's decider, turned round as for a process: first what
 * has happened changes the state, then the state says what to do.
 */
export interface Decider {
  readonly initial: (input: unknown) => unknown;
  readonly evolve: (state: unknown, happened: Happened) => unknown;
  readonly decide: (state: unknown, happened: Happened, c: Decisions) => readonly Decision[];
}
