import type { ConfigTarget } from './config-source.ts';

/** Tells a watch that there may be something new, so that it need not ask every few seconds. */
export interface ConfigHints {
  follow(follower: ConfigFollower): HintLine;
}

/** Who is told. */
export interface ConfigFollower {
  readonly target: ConfigTarget;
  /** What its schemas are; whoever has the same would judge the same. */
  readonly schema: string;
  /** The version that it runs; undefined for one that no server has named. */
  readonly version: () => string | undefined;
  /** Why the latest reading was refused; undefined when it was not. */
  readonly refused: () => string | undefined;
  /** There may be something new: `version`, where it is known. */
  readonly hinted: (version?: string) => void;
  /** Hints do not arrive any more: it is to look by itself, and not only when it would have done so anyway. */
  readonly unhinted: () => void;
  /** Why this candidate would not fit; undefined when it would. */
  readonly judge: (candidate: string) => Promise<string | undefined>;
}

/** A follower's line to who tells it. */
export interface HintLine {
  /** Whether hints arrive at the moment. */
  readonly isOpen: boolean;
  /** What the follower runs, or refuses, has changed. */
  tell(): void;
  /** Says good-bye. Idempotent. */
  close(): Promise<void>;
}
