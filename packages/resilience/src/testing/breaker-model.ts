import assert from 'node:assert/strict';
import { fakeClock } from '@dure/core/testing';
import fc from 'fast-check';
import type { BreakerState, BreakerSwitch } from '../breaker-events.ts';
import type { BreakerLimits } from '../breaker-limits.ts';
import { circuitBreaker } from '../circuit-breaker.ts';
import type { Verdict } from '../verdict.ts';

/** Limits with nothing left out. */
type PlainLimits = Omit<BreakerLimits, 'window' | 'windowMs' | 'openMsFor'>;
interface ModelLimits extends Record<keyof PlainLimits, number> {
  readonly size: number;
  readonly isTimed: boolean;
}

interface Outcome {
  readonly failed: boolean;
  readonly slow: boolean;
  readonly at: number;
}

/** What a breaker is, said as plainly as possible: it keeps everything and counts anew each time. */
class Model {
  state: BreakerState = 'closed';
  rejected = 0;
  #epoch = 0;
  #outcomes: Outcome[] = [];
  #probes: Outcome[] = [];
  #out = 0;
  #until = 0;
  #openings = 0;
  readonly #limits: ModelLimits;

  constructor(limits: ModelLimits) {
    this.#limits = limits;
  }

  counted(now: number): readonly Outcome[] {
    if (this.state === 'half-open') return this.#probes;
    if (this.state !== 'open') this.#outcomes = this.#recent(now);
    return this.#outcomes;
  }

  /** Whether asking for a permit would get one, or would set in motion what comes next. */
  permits(now: number): boolean {
    if (this.state === 'open') return now >= this.#until;
    if (this.state !== 'half-open') return this.state !== 'forced-open';
    return this.#out + this.#probes.length < this.#limits.halfOpenCalls || now >= this.#until;
  }

  acquire(now: number): number | undefined {
    if (this.state === 'open' && now >= this.#until) this.#enter('half-open');
    if (this.state === 'half-open' && this.#out + this.#probes.length < this.#limits.halfOpenCalls) {
      this.#out += 1;
      this.#until = now + this.#limits.halfOpenMs;
      return this.#epoch;
    }
    if (this.state === 'half-open' && now >= this.#until) this.open(now);
    if (this.state === 'closed' || this.state === 'disabled' || this.state === 'metrics-only') return this.#epoch;
    this.rejected += 1;
    return undefined;
  }

  report(permit: number, verdict: Verdict, slow: boolean, now: number): void {
    if (permit !== this.#epoch || this.state === 'disabled') return;
    const outcome = { failed: verdict === 'failure', slow, at: now };
    if (this.state === 'half-open') {
      this.#out -= 1;
      if (verdict !== 'nothing') this.#probes.push(outcome);
      if (verdict !== 'nothing') this.#judgeProbes(now);
    } else if (verdict === 'success' || verdict === 'failure') {
      this.#outcomes = [...this.#recent(now), outcome].slice(this.#limits.isTimed ? 0 : -this.#limits.size);
      if (this.state === 'closed' && this.#outcomes.length >= this.#limits.minimumCalls && this.#isBad())
        this.open(now);
    }
  }

  switchTo(state: BreakerSwitch, now: number): void {
    this.#openings = 0;
    if (state === 'open') this.open(now);
    else this.#enter(state);
  }

  open(now: number): void {
    this.#openings += 1;
    const kept = this.#outcomes;
    this.#enter('open');
    this.#outcomes = kept;
    this.#until = now + Math.min(this.#limits.openMs * 2 ** (this.#openings - 1), this.#limits.longestOpenMs);
  }

  #isBad(): boolean {
    const share = (of: (outcome: Outcome) => boolean) => this.#outcomes.filter(of).length / this.#outcomes.length;
    return (
      share(({ failed }) => failed) >= this.#limits.failureRatio || share(({ slow }) => slow) >= this.#limits.slowRatio
    );
  }

  #judgeProbes(now: number): void {
    const { halfOpenCalls, failureRatio, slowRatio } = this.#limits;
    const failed = this.#probes.filter((probe) => probe.failed).length;
    const slow = this.#probes.filter((probe) => probe.slow).length;
    if (failed / halfOpenCalls >= failureRatio || slow / halfOpenCalls >= slowRatio) this.open(now);
    else if (this.#probes.length === halfOpenCalls) this.switchTo('closed', now);
  }

  #recent(now: number): Outcome[] {
    if (!this.#limits.isTimed) return this.#outcomes;
    const sliceMs = this.#limits.size / 20;
    return this.#outcomes.filter(({ at }) => Math.floor(now / sliceMs) - Math.floor(at / sliceMs) < 20);
  }

  #enter(state: BreakerState): void {
    this.state = state;
    this.#epoch += 1;
    this.#outcomes = [];
    this.#probes = [];
    this.#out = 0;
    this.rejected = 0;
  }
}

const limitsArbitrary: fc.Arbitrary<ModelLimits> = fc
  .record({
    isTimed: fc.boolean(),
    count: fc.integer({ min: 1, max: 8 }),
    timeMs: fc.constantFrom(200, 1_000, 5_000),
    minimum: fc.integer({ min: 1, max: 8 }),
    failureRatio: fc.constantFrom(0.01, 0.3, 0.5, 1),
    slowRatio: fc.constantFrom(0.2, 0.5, 1),
    openMs: fc.constantFrom(1, 100, 2_000),
    halfOpenCalls: fc.integer({ min: 1, max: 4 }),
    halfOpenMs: fc.constantFrom(50, 5_000),
  })
  .map(({ isTimed, count, timeMs, minimum, ...rest }) => ({
    ...rest,
    isTimed,
    size: isTimed ? timeMs : count,
    minimumCalls: isTimed ? minimum : Math.min(minimum, count),
    longestOpenMs: 8_000,
    slowCallMs: 100,
  }));

const verdictArbitrary = fc.constantFrom<Verdict>('success', 'failure', 'failure', 'answered', 'nothing');
const stepArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('call' as const), verdict: verdictArbitrary, slow: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'acquire' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      pick: fc.nat(),
      verdict: verdictArbitrary,
      slow: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(60_000, 1e9) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('switch' as const),
      to: fc.constantFrom<BreakerSwitch>('closed', 'open', 'disabled', 'metrics-only', 'forced-open'),
    }),
  },
);

/** Plays random sequences on a breaker and on its model; they must never differ. */
export function compareWithModel(sequences: number): void {
  const property = fc.property(
    limitsArbitrary,
    fc.array(stepArbitrary, { maxLength: 80, size: 'max' }),
    (limits, steps) => {
      let now = 0;
      const { size, isTimed, ...shared } = limits;
      const breaker = circuitBreaker({
        clock: { ...fakeClock(), monotonicMs: () => now },
        name: 'm',
        ...shared,
        ...(isTimed ? { windowMs: size } : { window: size }),
      });
      const model = new Model(limits);
      const out: (readonly [breaker: number, model: number])[] = [];
      const acquire = () => {
        const [given, expected] = [breaker.acquire(), model.acquire(now)];
        assert.equal(given !== undefined, expected !== undefined, 'both permit it, or none');
        if (given !== undefined && expected !== undefined) out.push([given, expected]);
      };
      const report = (permit: readonly [number, number] | undefined, verdict: Verdict, slow: boolean) => {
        if (permit === undefined) return;
        breaker.report(permit[0], verdict, slow ? 101 : 100);
        model.report(permit[1], verdict, slow, now);
      };
      for (const step of steps) {
        if (step.do === 'pass') now += step.ms;
        else if (step.do === 'acquire') acquire();
        else if (step.do === 'report')
          report(out.splice(step.pick % Math.max(out.length, 1), 1)[0], step.verdict, step.slow);
        else if (step.do === 'switch') {
          breaker.switchTo(step.to);
          model.switchTo(step.to, now);
        } else {
          const before = out.length;
          acquire();
          if (out.length > before) report(out.pop(), step.verdict, step.slow);
        }
        const seen = breaker.snapshot();
        const counted = model.counted(now);
        assert.deepEqual(
          [seen.state, breaker.permits, seen.rejected, seen.calls, seen.failed, seen.slow, seen.slowFailed],
          [
            model.state,
            model.permits(now),
            model.rejected,
            counted.length,
            counted.filter(({ failed }) => failed).length,
            counted.filter(({ slow }) => slow).length,
            counted.filter(({ failed, slow }) => failed && slow).length,
          ],
        );
      }
    },
  );
  fc.assert(property, { numRuns: sequences });
}
