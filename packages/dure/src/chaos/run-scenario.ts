import { wait } from '@dure/core';
import type { Traffic, TrafficReport } from '../traffic.ts';
import type { Verdict } from '../verify-invariants.ts';
import type { ChaosTarget, Scenario } from './scenario.ts';

export interface ChaosOptions {
  readonly target: ChaosTarget;
  /** The gateway's URL. */
  readonly edge: string;
  readonly traffic: Traffic | undefined;
  readonly verify: () => Promise<readonly Verdict[]>;
  /** How long traffic flows before and after, in milliseconds. Default 2 000. */
  readonly calmMs?: number;
  /** How long the system may take to be ready again, in milliseconds. Default 60 000. */
  readonly patienceMs?: number;
}

/** What one scenario did, and what became of the system. */
export interface ChaosReport {
  readonly scenario: string;
  readonly done: readonly string[];
  /** Milliseconds from the last thing that was done until the system was ready; undefined when it was not in time. */
  readonly readyAfterMs: number | undefined;
  readonly traffic: TrafficReport | undefined;
  readonly invariants: readonly Verdict[];
  /** Whether it was ready again and all invariants hold. */
  readonly survived: boolean;
}

const lookMs = 50;

/** Breaks a system while its customers go on, waits until it is well again, and proves that nothing is lost or doubled. */
export async function runScenario(scenario: Scenario, options: ChaosOptions): Promise<ChaosReport> {
  const { target, edge, traffic, verify, calmMs = 2_000, patienceMs = 60_000 } = options;
  const { clock, interrupted } = target;
  const over = new AbortController();
  const flowing = traffic?.(edge, over.signal);
  flowing?.catch(() => undefined);
  try {
    await wait(clock, calmMs, interrupted);
    const done = await scenario.run(target);
    const readyAfterMs = await untilReady(target, patienceMs);
    await wait(clock, calmMs, interrupted);
    over.abort();
    const report = await flowing;
    const invariants = await verify();
    const survived = readyAfterMs !== undefined && invariants.every(({ holds }) => holds);
    return { scenario: scenario.name, done, readyAfterMs, traffic: report, invariants, survived };
  } finally {
    over.abort();
  }
}

/** The supervisor needs a moment to notice: what is broken counts as well only when it was seen so twice. */
async function untilReady(target: ChaosTarget, patienceMs: number): Promise<number | undefined> {
  const { clock, interrupted } = target;
  const began = clock.monotonicMs();
  for (let seen = 0; clock.monotonicMs() - began < patienceMs && !interrupted.aborted; ) {
    await wait(clock, lookMs, interrupted);
    const isReady = await target.status().then(
      ({ ready }) => ready,
      () => false,
    );
    seen = isReady ? seen + 1 : 0;
    if (seen === 2) return clock.monotonicMs() - began;
  }
  return undefined;
}
