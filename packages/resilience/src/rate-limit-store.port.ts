/** How much of something there may be for each key: on average `quota` units in a window, `burst` of them at once. */
export interface RateLimit {
  /** Keys are counted apart from those of other names. Few, and none that a caller chooses. */
  readonly name: string;
  readonly quota: number;
  readonly windowMs: number;
  /** Units that a pause can save up; a cost above it is never paid. */
  readonly burst: number;
}

/** A wish for `cost` units of one key. */
export interface RateAsk {
  readonly limit: RateLimit;
  /** Short, and no part of a longer text: it may be kept. */
  readonly key: string;
  /** More than 0. */
  readonly cost: number;
}

/** How a key stands after it was asked for. */
export interface RateAnswer {
  /** 0 when there was enough; else the milliseconds until there could be. */
  readonly waitMs: number;
  /** Whole units that could be taken now. */
  readonly left: number;
  /** Milliseconds until all of `burst` is there again, or, when nothing is left, until the next unit is. */
  readonly resetMs: number;
}

/** Keeps account of rates by key, alone or for several processes together. */
export interface RateLimitStore {
  /**
   * Takes what all of them ask for, or nothing when one has to wait: whoever is refused by one limit uses up no other.
   * The answers come in the order of the asks, each of another limit. Rejects when it cannot tell.
   */
  take(asks: readonly RateAsk[]): readonly RateAnswer[] | Promise<readonly RateAnswer[]>;
  /** What holds in place of a limit at the moment, under its name; who asks for it asks by that. Without it limits are as written. */
  limitOf?(limit: RateLimit): RateLimit;
  /** Begins the accounts of a limit anew, as when it has changed: what was used up under another limit would be owed for too long. */
  restart?(name: string): void;
}
