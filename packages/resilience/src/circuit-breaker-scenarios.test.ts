import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { BreakerSnapshot } from './breaker-events.ts';
import type { BreakerLimits } from './breaker-limits.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import type { Verdict } from './verdict.ts';

/**
 * A scenario is a script. Capital letters are calls that are permitted and report at once: `S`uccess, `F`ailure,
 * `A`nswered, `N`othing; small `s` and `f` are slow; a number repeats. `p` takes a permit and keeps it; `<F` reports the
 * one that was kept first. `x` is a call that is refused. `+5000` lets time pass. `!open` switches. `=open` is the state
 * that must be; `#5/3/1/0` what must have been counted: calls, failed, slow, slow and failed; `%60/20` the ratios, `%-`
 * unknown ones; `x=2` the calls that were refused; `?yes` whether a call would be let through.
 */
type Scenario = readonly [name: string, script: string, limits?: BreakerLimits];

const base: BreakerLimits = {
  window: 5,
  minimumCalls: 5,
  failureRatio: 0.5,
  slowCallMs: 4_000,
  slowRatio: 0.5,
  openMs: 5_000,
  longestOpenMs: 40_000,
  halfOpenCalls: 4,
  halfOpenMs: 10_000,
};
const timed: BreakerLimits = { ...base, windowMs: 5_000 };
const lasting = { ...base, window: 10, minimumCalls: 10 };

const scenarios: readonly Scenario[] = [
  // Closed: when it opens
  ['it begins closed, with nothing counted and ratios unknown', '=closed #0/0/0/0 %- x=0 ?yes'],
  ['below the minimum of calls nothing opens it', 'F4 =closed #4/4/0/0 %-'],
  ['at the minimum the ratio decides, on a failure', 'S2 F3 =open #5/3/0/0 %60/0'],
  ['at the minimum the ratio decides, on a success as well', 'F3 S2 =open #5/3/0/0 %60/0'],
  ['the threshold itself opens it', 'S5 F5 =open %50/0', lasting],
  ['just below the threshold it stays closed', 'S6 F4 =closed #10/4/0/0 %40/0', lasting],
  ['all successes leave it closed', 'S20 =closed #5/0/0/0 %0/0'],
  ['only the last calls count in a count window', 'F2 S5 F2 =closed #5/2/0/0 S5 #5/0/0/0'],
  ['a failure that moves out of the window is forgotten', 'F2 S3 #5/2/0/0 S #5/1/0/0 S #5/0/0/0 F2 =closed F =open'],
  ['a window of one opens at the first failure', 'S9 =closed F =open', { ...base, window: 1, minimumCalls: 1 }],
  ['a threshold of 100 % needs nothing but failures', 'F4 S F4 =closed F =open', { ...base, failureRatio: 1 }],
  ['what was answered, and what says nothing, is not counted', 'A9 N9 =closed #0/0/0/0 F4 A N =closed F =open'],
  // Closed: slow calls
  ['slow calls open it, however they end', 'f s S2 =closed s =open #5/1/3/1 %20/60'],
  ['slow successes alone open it', 's5 =open #5/0/5/0 %0/100'],
  ['a call of just the slow time is not slow', 's5 =closed #5/0/0/0', { ...base, slowCallMs: 6_000 }],
  ['failures and slow calls are counted apart', 'f2 S6 =closed s2 =closed #10/2/4/2 %20/40', lasting],
  ['without a slow time no call is slow', 's5 =closed #5/0/0/0', { ...base, slowCallMs: Number.POSITIVE_INFINITY }],
  // Closed: time window
  ['in a time window the last seconds count', 'S2 F3 =open #5/3/0/0', timed],
  ['old calls are forgotten by time', 'F4 +5000 #0/0/0/0 F =closed #1/1/0/0 %-', timed],
  ['they are forgotten slice by slice', 'F2 +2500 F2 +2600 #2/2/0/0 +2500 #0/0/0/0', timed],
  ['a jump in time forgets all', 'F4 +3600000 S4 #4/0/0/0 S =closed', timed],
  ['successes that grow old raise the ratio', 'S5 +4000 F3 =closed +1500 #3/3/0/0 S2 =open', timed],
  // Open
  ['open, it refuses and counts what it refused', 'F5 =open x3 x=3 ?no'],
  ['while open the counts that opened it can be seen', 'F3 S2 x #5/3/0/0 %60/0 x=1'],
  ['shortly before its time it is still open', 'F5 +4999 x =open ?no'],
  ['at its time the first caller makes it half-open', 'F5 +5000 ?yes =open p =half-open #0/0/0/0 x=0'],
  ['late outcomes of calls from before change nothing', 'p3 F5 =open <F <S <f =open #5/5/0/0 +5000 p =half-open'],
  [
    'it stays open for ever longer, up to a limit',
    'F5 +5000 F2 x +9999 x +1 F2 +19999 x +1 F2 +39999 x +1 F2 +39999 x +1 p',
  ],
  [
    'an interval function decides instead',
    'F5 +100 F2 =open +199 x +1 F2 +299 x +1 p',
    {
      ...base,
      openMsFor: (opening) => opening * 100,
    },
  ],
  ['after it closed the first interval holds again', 'F5 +5000 F2 +10000 S4 =closed F5 +4999 x +1 p =half-open'],
  // Half-open
  ['only so many probes are let through', 'F5 +5000 p4 x2 x=2 =half-open ?no'],
  ['good probes close it, with a fresh window', 'F5 +5000 S3 =half-open S =closed #0/0/0/0 %- x=0'],
  ['probes below the threshold close it', 'F5 +5000 S F S2 =closed'],
  ['as many bad probes as the threshold open it at once', 'F5 +5000 S F =half-open F =open'],
  ['slow probes open it', 'F5 +5000 s =half-open s =open'],
  ['slow and failed probes are judged apart', 'F5 +5000 S2 F s =closed'],
  ['a probe that was given back lets another through', 'F5 +5000 p4 x <N =half-open p x'],
  ['probes given back for ever do not decide', 'F5 +5000 N50 =half-open #0/0/0/0'],
  ['a probe that was refused for good reason was answered', 'F5 +5000 A4 =closed'],
  [
    'outcomes of calls from before do not count as probes',
    'p4 F5 +5000 p =half-open <F <F <F <F =half-open #0/0/0/0 <S #1/0/0/0',
  ],
  ['outcomes of an earlier half-open state do not count', 'F5 +5000 p2 F2 =open +10000 p <F <F =half-open #0/0/0/0'],
  ['probes that never come back open it again after their time', 'F5 +5000 p4 +9999 x =half-open +1 x =open'],
  ['and it recovers from that', 'F5 +5000 p4 +10000 x +10000 S4 =closed <S <S <S <S #0/0/0/0'],
  ['probes may be far apart', 'F5 +5000 S +3600000 S +3600000 S2 =closed'],
  ['with one probe that one decides', 'F5 +5000 p x <S =closed', { ...base, halfOpenCalls: 1 }],
  // By hand
  ['disabled, it lets all through and counts nothing', '!disabled F20 s20 =disabled #0/0/0/0 ?yes'],
  ['metrics only, it lets all through and counts', '!metrics-only F5 =metrics-only #5/5/0/0 %100/0 ?yes F5 x=0'],
  ['forced open, it refuses for ever', '!forced-open x +3600000 x =forced-open x=2 ?no'],
  ['switched to open, it recovers by itself', '!open x +5000 S4 =closed'],
  ['closing by hand begins afresh', 'F4 !closed #0/0/0/0 F4 =closed F =open !closed =closed ?yes'],
  ['closing by hand forgets how often it had opened', 'F5 +5000 F2 !closed F5 +4999 x +1 p'],
  ['permits from before a switch change nothing after it', 'p2 !disabled <F !closed <F =closed #0/0/0/0'],
  ['a switch while half-open gives up its probes', 'F5 +5000 p2 !closed <F <F #0/0/0/0 S5 =closed'],
];

const verdicts: Readonly<Record<string, Verdict>> = { S: 'success', F: 'failure', A: 'answered', N: 'nothing' };

class Player {
  readonly #clock = fakeClock();
  readonly #breaker: CircuitBreaker;
  readonly #kept: number[] = [];

  constructor(limits: BreakerLimits) {
    const { windowMs, window, ...rest } = limits;
    const shape = windowMs === undefined ? { ...(window === undefined ? {} : { window }) } : { windowMs };
    this.#breaker = circuitBreaker({ clock: this.#clock, name: 'scenario', ...rest, ...shape });
  }

  async play(token: string): Promise<void> {
    const [, sign = '', rest = ''] = /^([a-zA-Z<+!=#%?])(.*)$/.exec(token) ?? [];
    if (sign === '+') return this.#clock.advance(Number(rest));
    if (sign === '!') return this.#breaker.switchTo(rest as 'open');
    if (sign === '<') return this.#report(this.#kept.shift(), rest);
    if (/[=#%?]/.test(sign) || token.startsWith('x=')) return this.#expect(token);
    for (let time = 0; time < Number(rest || 1); time += 1) {
      const permit = this.#breaker.acquire();
      if (sign === 'x') assert.equal(permit, undefined, 'it is refused');
      else if (sign === 'p') this.#kept.push(this.#permitted(permit));
      else this.#report(this.#permitted(permit), sign);
    }
  }

  #permitted(permit: number | undefined): number {
    assert.ok(permit !== undefined, `it is let through, but the breaker is ${this.#breaker.state}`);
    return permit;
  }

  #report(permit: number | undefined, letter: string): void {
    const verdict = verdicts[letter.toUpperCase()];
    assert.ok(permit !== undefined && verdict !== undefined, `${letter} can be reported`);
    this.#breaker.report(permit, verdict, letter === letter.toUpperCase() ? 10 : 5_000);
  }

  #expect(token: string): void {
    const seen = this.#breaker.snapshot();
    const shown: Readonly<Record<string, string>> = {
      '=': `=${seen.state}`,
      '#': `#${seen.calls}/${seen.failed}/${seen.slow}/${seen.slowFailed}`,
      '%': `%${ratios(seen)}`,
      '?': `?${this.#breaker.permits ? 'yes' : 'no'}`,
      x: `x=${seen.rejected}`,
    };
    assert.equal(shown[token.charAt(0)], token);
  }
}

function ratios({ failureRatio, slowRatio }: BreakerSnapshot): string {
  if (failureRatio === undefined || slowRatio === undefined) return '-';
  return `${Math.round(failureRatio * 100)}/${Math.round(slowRatio * 100)}`;
}

for (const [name, script, limits] of scenarios) {
  test(`circuit breaker: ${name}`, async () => {
    const player = new Player(limits ?? base);
    const played: string[] = [];
    for (const token of script.split(' ')) {
      played.push(token);
      try {
        await player.play(token);
      } catch (error) {
        throw new assert.AssertionError({ message: `after "${played.join(' ')}": ${(error as Error).message}` });
      }
    }
  });
}

test('the table is longer than the 36 scenarios of Resilience4j', () => {
  assert.ok(scenarios.length >= 36, `${scenarios.length}`);
});
