import type { Rule, Violation } from '../source-tree.ts';

interface Ban {
  readonly pattern: RegExp;
  readonly allowed: RegExp;
  readonly instead: string;
}

/** What must not be taken from the air, where it may be, and what to use elsewhere. */
const bans: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    allowed: /core\/src\/clock\.ts$|telemetry\/src\/wall-time\.ts$|\/web\//,
    instead: 'time is a port: take a Clock',
  },
  { pattern: /\bMath\.random\(/, allowed: /core\/src\/random\.ts$/, instead: 'randomness is a port: take a Random' },
  {
    pattern: /(?<![.\w])(setTimeout|setInterval|setImmediate)\(/,
    allowed: /core\/src\/clock\.ts$|\/web\//,
    instead: 'timers belong to the Clock: clock.after or wait',
  },
  {
    pattern: /\bconsole\.\w+\(/,
    allowed: /dure\/src\/cli\/|\/web\//,
    instead: 'use the Logger, or return what is to be shown',
  },
  {
    pattern: /(?<![.\w])fetch\(/,
    allowed: /\/transport\.ts$|\/web\//,
    instead: "the network is a port: use the package's transport.ts",
  },
  {
    // Files that are renamed into place need names that no other process has, whatever seed it runs with; and browsers.
    pattern: /\brandomUUID\b/,
    allowed:
      /config\/src\/properties\/kept-copy\.ts$|registry\/src\/client\/saved-list\.ts$|console\/src\/build\/build-web\.ts$|\/web\//,
    instead: 'identifiers are a port: take an Ids',
  },
  {
    // These let other work go on in the middle of a long one (`scheduler.yield`), which takes no time of any clock; the
    // sink waits for the real reader of a real pipe.
    pattern: /\btimers\/promises\b/,
    allowed:
      /telemetry\/src\/stdout-sink\.ts$|console\/src\/(store\/sqlite-telemetry-store|zipkin\/zipkin-routes)\.ts$/,
    instead: 'timers belong to the Clock: wait(clock, delayMs, signal)',
  },
];

/** Rule 9: time, randomness, timers, console and fetch only in the files that exist for them. */
export const ambient: Rule = {
  name: '9-ambient',
  *check(tree) {
    for (const file of tree.files) {
      if (file.isTest || file.unit === 'tools') continue;
      const code = withoutComments(file.text, file.parsed.comments);
      for (const { pattern, allowed, instead } of bans) {
        const match = pattern.exec(code);
        if (match === null || allowed.test(file.path)) continue;
        yield {
          rule: this.name,
          path: file.path,
          line: file.lineAt(match.index),
          message: `\`${match[0]}\` is ambient; ${instead}`,
        } satisfies Violation;
      }
    }
  },
};

function withoutComments(text: string, comments: readonly { readonly start: number; readonly end: number }[]): string {
  let code = text;
  for (const { start, end } of comments) code = code.slice(0, start) + ' '.repeat(end - start) + code.slice(end);
  return code;
}
