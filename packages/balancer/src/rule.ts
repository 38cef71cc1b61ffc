import type { Clock, Random } from '@dure/core';
import { coreErrors } from '@dure/core';
import type { Instance } from './instance-list.port.ts';

/** What this caller has seen of all instances of a service together. */
export interface Fleet {
  /** How many instances there are, ejected ones included. */
  readonly size: number;
  /** Calls of this caller that have not ended. */
  readonly inFlight: number;
  /** Calls so far. */
  readonly picks: number;
  /** The usual time of a successful call, in milliseconds; an average over about a hundred calls, 0 before the first. */
  readonly latencyMs: number;
}

/** An instance together with what this caller has seen of it. */
export interface Candidate {
  readonly instance: Instance;
  readonly fleet: Fleet;
  /** Calls of this caller that have not ended. */
  readonly inFlight: number;
  /** Share of recent calls that did not fail, from 0 to 1; an average over about two seconds, 1 without history. */
  readonly success: number;
  /** Failures in a row, up to now. */
  readonly failures: number;
  /** When it last failed, on the clock's monotonic scale, in milliseconds; `-Infinity` before the first failure. */
  readonly failedAtMs: number;
  /** Peak-sensitive average time of a call in milliseconds; 0 without history. */
  readonly latencyMs: number;
  /** On the clock's monotonic scale, in milliseconds; `-Infinity` before the first pick. */
  readonly pickedAtMs: number;
  /** `fleet.picks` at its last pick. */
  readonly pickedAtCount: number;
  /** Whether it fails or is far slower than the fleet. */
  readonly isSuspect: boolean;
  /** How many probes in a row showed no improvement; -1 as soon as one shows improvement. */
  readonly probeLevel: number;
  /** Its share of the traffic when all is well; 1 unless its metadata says otherwise. */
  readonly weight: number;
  /** Its weight, lessened while it starts slowly or comes back. */
  shareAt(nowMs: number): number;
}

/** What a rule may use. */
export interface RuleTools {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Picks one of the candidates, of which there is at least one. Ids in `tried` are avoided as long as there is another
 * candidate. The same array of candidates comes until one joins, leaves, is ejected or comes back. `key` is what a
 * sticky caller is known by.
 */
export type Choose = (
  candidates: readonly Candidate[],
  tried: readonly string[],
  nowMs: number,
  key?: string,
) => Candidate;

/** How the next instance is chosen. */
export interface Rule {
  readonly name: string;
  /** Called once for each service; what the returned function remembers belongs to that service. */
  open(tools: RuleTools): Choose;
}

/**
 * The first candidate at or after `start`, going round, that is neither tried nor `other`; undefined when there is
 * none. Costs as many steps as ids are excluded, not as many as there are candidates.
 */
export function nextUntried(
  candidates: readonly Candidate[],
  start: number,
  tried: readonly string[],
  other?: Candidate,
): Candidate | undefined {
  const steps = Math.min(candidates.length, tried.length + (other === undefined ? 1 : 2));
  for (let step = 0; step < steps; step += 1) {
    const candidate = candidates[(start + step) % candidates.length];
    if (candidate !== undefined && candidate !== other && !tried.includes(candidate.instance.id)) return candidate;
  }
  return undefined;
}

/** The candidate at an index, going round: for when all have been tried. CORE_INVARIANT when there is none at all. */
export function candidateAt(candidates: readonly Candidate[], index: number): Candidate {
  const candidate = candidates[index % candidates.length];
  if (candidate === undefined) throw coreErrors.INVARIANT('a balancing rule was asked to choose from no instance');
  return candidate;
}
