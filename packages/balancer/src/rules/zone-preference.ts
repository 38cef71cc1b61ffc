import { checked } from '../options.ts';
import { isDueForProbe, probing } from '../probe.ts';
import type { Candidate, Rule } from '../rule.ts';
import { peakEwma } from './peak-ewma.ts';
import { reliability } from './two-choices.ts';

/** Options of `zonePreference`. */
export interface ZonePreferenceOptions {
  /** The caller's own zone. */
  readonly zone: string;
  /** How instances are chosen within the zone and outside it. Default `peakEwma()`. */
  readonly rule?: Rule;
  /** A call leaves the zone when the choice at home is loaded so many times as the one outside. From 1, default 4. */
  readonly spillAt?: number;
}

/**
 * Stays in the caller's zone while that is well. When its choice there is much more loaded, slower or failing than its
 * choice outside, the call goes out; so a zone is left call by call, and returned to in the same way.
 *
 * Ribbon's `ZoneAvoidanceRule` drops whole zones, Spring Cloud LoadBalancer's `ZonePreferenceServiceInstanceListSupplier`
 * never leaves one that has an instance. A value out of range is BALANCER_OPTION_INVALID.
 */
export function zonePreference(options: ZonePreferenceOptions): Rule {
  const { zone, rule = peakEwma() } = options;
  const spillAt = checked('zonePreference', 'spillAt', options.spillAt ?? 4, { from: 1, to: 1_000_000 });
  return {
    name: `zonePreference(${rule.name})`,
    open: (tools) => {
      const atHome = rule.open(tools);
      const outside = rule.open(tools);
      let seen: readonly Candidate[] = [];
      let near: readonly Candidate[] = [];
      let far: readonly Candidate[] = [];
      return (candidates, tried, nowMs, key) => {
        if (candidates !== seen) {
          near = candidates.filter(({ instance }) => instance.zone === zone);
          far = candidates.filter(({ instance }) => instance.zone !== zone);
          seen = candidates;
        }
        if (near.length === 0) return outside(far, tried, nowMs, key);
        const home = atHome(near, tried, nowMs, key);
        if (far.length === 0) return home;
        const isTried = tried.length > 0 && tried.includes(home.instance.id);
        if (!isTried && (isUnloaded(home) || isDueForProbe(home, probes, nowMs))) return home;
        const away = outside(far, tried, nowMs, key);
        if (tried.length > 0 && tried.includes(away.instance.id)) return home;
        return isTried || load(home, nowMs) > spillAt * load(away, nowMs) ? away : home;
      };
    },
  };
}

const probes = probing('zonePreference', {});

function isUnloaded(candidate: Candidate): boolean {
  return candidate.inFlight === 0 && candidate.success === 1 && !candidate.isSuspect;
}

function load(candidate: Candidate, nowMs: number): number {
  const latencyMs = Math.max(candidate.latencyMs, candidate.fleet.latencyMs / 4, leastMs);
  return (latencyMs * (candidate.inFlight + 1)) / (reliability(candidate) * candidate.shareAt(nowMs));
}

const leastMs = 0.01;
