import { checked, checkedMs } from './options.ts';
import type { Candidate } from './rule.ts';

/** When an instance that loses every comparison is called all the same, to see whether it is well again. */
export interface ProbeOptions {
  /** How long an instance is passed over before one call probes it; doubles with each probe that fails. Default 1 000. */
  readonly probeAfterMs?: number;
  /** The longest such rest. Default 2 000. */
  readonly probeAtMostMs?: number;
  /**
   * A suspect instance is probed by at most one call in so many to the service, but at the latest after ten rests.
   * Default 200: probes alone cause at most 0.5 % errors.
   */
  readonly probeOneIn?: number;
}

/** Probe options with nothing left to default. */
export type Probing = Required<ProbeOptions>;

/** The options of a rule, checked. BALANCER_OPTION_INVALID names what is out of range. */
export function probing(rule: string, options: ProbeOptions): Probing {
  const { probeAfterMs = 1_000, probeOneIn = 200 } = options;
  const { probeAtMostMs = Math.max(2_000, probeAfterMs) } = options;
  checkedMs(rule, 'probeAfterMs', probeAfterMs);
  checkedMs(rule, 'probeAtMostMs', probeAtMostMs);
  checked(rule, 'probeAtMostMs', probeAtMostMs, {
    from: probeAfterMs,
    to: Number.MAX_VALUE,
    unit: 'ms (probeAfterMs)',
  });
  checked(rule, 'probeOneIn', probeOneIn, { from: 1, to: 1_000_000, unit: 'calls', whole: true });
  return { probeAfterMs, probeAtMostMs, probeOneIn };
}

/**
 * Whether a candidate that lost the comparison gets this call nevertheless. The forced pick is go-zero's (`p2c.go`);
 * ours rests longer while probes fail, and shortly as soon as one shows improvement, so that a recovered instance is
 * back within a fraction of a second after its first good answer.
 */
export function isDueForProbe(
  candidate: Candidate,
  { probeAfterMs, probeAtMostMs, probeOneIn }: Probing,
  nowMs: number,
): boolean {
  if (candidate.inFlight > 0) return false;
  const idleMs = nowMs - candidate.pickedAtMs;
  const { probeLevel } = candidate;
  if (probeLevel < 0) return idleMs >= probeAfterMs * improvingPart;
  const restMs = Math.min(probeAfterMs * 2 ** probeLevel, probeAtMostMs);
  if (idleMs < restMs) return false;
  if (!candidate.isSuspect) return true;
  return candidate.fleet.picks - candidate.pickedAtCount >= probeOneIn || idleMs >= restMs * 10;
}

/** The part of the rest after which an instance that improves is probed again. */
const improvingPart = 1 / 20;
