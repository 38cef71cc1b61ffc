import type { ConfigHints } from './hints.ts';

/** Hints from several, such as the config server and what lies beside it; they arrive while those of all do. */
export function joinedHints(all: readonly ConfigHints[]): ConfigHints {
  return {
    follow(follower) {
      const lines = all.map((hints) => hints.follow(follower));
      return {
        get isOpen() {
          return lines.every(({ isOpen }) => isOpen);
        },
        tell() {
          for (const line of lines) line.tell();
        },
        async close() {
          await Promise.all(lines.map((line) => line.close()));
        },
      };
    },
  };
}
