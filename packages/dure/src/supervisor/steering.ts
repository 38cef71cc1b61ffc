import type { Clock } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { InstanceCounts } from '../plan/instances.ts';
import { checkCounts, demandRepeatable, demandTriable } from '../plan/instances.ts';
import type { Placement } from '../plan/placement.ts';
import type { PlannedProcess } from '../plan/plan.ts';
import { planCanary, planInstances } from '../plan/plan.ts';
import type { CanaryRun, RunFile } from '../run-file.ts';
import type { System } from '../system.ts';
import type { StartedService } from './child-message.ts';
import type {
  CanaryReport,
  ReplacedProcess,
  RestartReport,
  ScaledService,
  ScaleReport,
  SupervisorEvent,
} from './events.ts';
import type { Joining, ProcessGroup, Serving } from './process-group.ts';
import { untilReady } from './readiness.ts';
import type { Patience } from './supervised-process.ts';

/** What steering works on. */
export interface SteeringParts {
  readonly system: System;
  readonly placement: Placement;
  readonly processes: ProcessGroup;
  readonly runFile: (process: PlannedProcess) => RunFile;
  /** What keeps these services from taking requests, one line each. */
  readonly notReady: (services: readonly StartedService[]) => Promise<readonly string[]>;
  readonly clock: Clock;
  /** Aborts when the system stops. */
  readonly signal: AbortSignal;
  /** How long a new process may take to be ready and seen, in milliseconds. */
  readonly readyTimeoutMs: number;
  readonly observe: (event: SupervisorEvent) => void;
}

/** Which version of a service is to be tried out: `'end'` for none, otherwise code and name, the system's own by default. */
export interface CanaryWish {
  readonly service: string;
  readonly run: 'end' | Omit<CanaryRun, 'stable'>;
}

/**
 * The gateway's callers are not told, they find out: it stays for as long as a kept connection was promised to them, and an
 * upload and its answer may take. Its successor takes everything new meanwhile.
 */
const edgePatience: Patience = { drainMs: 5_000, graceMs: 60_000 };
/** Callers go within milliseconds and requests end within their deadlines: these are for the worst of machines. */
const patience: Patience = { drainMs: 5_000, graceMs: 10_000 };

/**
 * Changes the processes of services while the system runs, and loses no request: a new process takes requests before
 * one that it replaces stops taking them, and one that leaves waits until its callers have gone and its requests have ended.
 * One change at a time; another waits.
 */
export class Steering {
  readonly #parts: SteeringParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: SteeringParts) {
    this.#parts = parts;
  }

  /**
   * Gives each named service as many processes as wanted, all at once. Rejects, with what ran before still running, as
   * `checkCounts` does, and with DURE_PROCESS_FAILED or DURE_START_TIMEOUT when a new process is of no use.
   */
  async scale(counts: InstanceCounts): Promise<ScaleReport> {
    checkCounts(this.#parts.system, this.#parts.placement, counts);
    return this.#inTurn(async (elapsedMs) => {
      const plans = Object.entries(counts).map(([service, count]) => this.#plan(service, count));
      await this.#joinAll(plans.flatMap(({ missing }) => missing));
      await Promise.all(plans.flatMap(({ surplus }) => surplus.map(leave)));
      const report: ScaleReport = { services: plans.map((plan) => plan.report), tookMs: elapsedMs() };
      this.#parts.observe({ type: 'scaled', report });
      return report;
    });
  }

  /**
   * Replaces the processes of a service, one after the other. Rejects as `scale` does; what was replaced until then
   * stays replaced, the others stay what they were.
   */
  async restart(service: string): Promise<RestartReport> {
    const { system, placement, processes, observe } = this.#parts;
    demandRepeatable(system, placement, service);
    return this.#inTurn(async (elapsedMs) => {
      const replaced: ReplacedProcess[] = [];
      for (const former of processes.serving(service)) replaced.push(await this.#replace(former));
      const report: RestartReport = { service, processes: replaced, tookMs: elapsedMs() };
      observe({ type: 'restarted', report });
      return report;
    });
  }

  /**
   * Tries out another version of a service beside the others, in place of one that is tried out already, or ends that.
   * Rejects as `scale` does, and with DURE_CANARY_SAME_VERSION; then nothing is tried out.
   */
  async canary({ service, run }: CanaryWish): Promise<CanaryReport> {
    const { system, placement, processes, observe } = this.#parts;
    demandTriable(system, placement, service);
    return this.#inTurn(async (elapsedMs) => {
      const former = processes.canary(service);
      if (former !== undefined) await leave(former);
      const stable = processes.services.find(({ name }) => name === service)?.version ?? '';
      const [joined] = run === 'end' ? [] : await this.#joinAll([planCanary(service, { ...run, stable })]);
      const canary = joined === undefined ? {} : { canary: seen(joined) };
      const report: CanaryReport = { service, stable, ...canary, tookMs: elapsedMs() };
      observe({ type: 'canary', report });
      return report;
    });
  }

  /** Names stay: the first processes of a service are kept, the last go. */
  #plan(service: string, count: number) {
    const { system, processes } = this.#parts;
    const wanted = planInstances(system, service, count);
    const present = processes.serving(service);
    const missing = wanted.filter(({ name }) => present.every((serving) => serving.name !== name));
    const surplus = present.filter(({ name }) => wanted.every((planned) => planned.name !== name));
    const report: ScaledService = {
      service,
      from: present.length,
      to: count,
      started: missing.map(({ name }) => name),
      stopped: surplus.map(({ name }) => name),
    };
    return { missing, surplus, report };
  }

  async #replace(former: Serving): Promise<ReplacedProcess> {
    const startedMs = this.#parts.clock.monotonicMs();
    const { pid: formerPid, name, planned } = former;
    const [joined] = await this.#joinAll([planned]);
    await leave(former);
    const pid = joined?.process.pid;
    return {
      name,
      ...(formerPid === undefined ? {} : { formerPid }),
      ...(pid === undefined ? {} : { pid }),
      tookMs: this.#parts.clock.monotonicMs() - startedMs,
    };
  }

  /** Starts processes; all of them serve, or none is left. */
  async #joinAll(planned: readonly PlannedProcess[]): Promise<readonly Joining[]> {
    const outcomes = await Promise.allSettled(planned.map((process) => this.#join(process)));
    const joined = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined) {
      await Promise.all(joined.map((joining) => joining.abandon()));
      throw failure.reason;
    }
    for (const joining of joined) joining.serve();
    return joined;
  }

  async #join(planned: PlannedProcess): Promise<Joining> {
    const { processes, runFile, notReady, clock, readyTimeoutMs, signal } = this.#parts;
    const joining = await processes.join(planned, runFile(planned));
    try {
      const ask = async () => {
        const { state } = joining.process;
        return state.kind === 'ready' ? notReady(state.services) : [`it is ${state.kind}`];
      };
      await untilReady(ask, clock, readyTimeoutMs, signal, `"${planned.name}"`);
      return joining;
    } catch (error) {
      await joining.abandon();
      throw error;
    }
  }

  #inTurn<T extends object>(work: (elapsedMs: () => number) => Promise<T>): Promise<T> {
    const { clock, signal } = this.#parts;
    const turn = this.#last.then(() => {
      if (signal.aborted) throw dureErrors.START_CANCELLED('the system is stopping');
      const startedMs = clock.monotonicMs();
      return work(() => Math.round(clock.monotonicMs() - startedMs));
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function leave(serving: Serving): Promise<void> {
  return serving.leave(serving.planned.stage === 'edge' ? edgePatience : patience);
}

function seen({ process: { name, state } }: Joining): NonNullable<CanaryReport['canary']> {
  const [service] = state.kind === 'ready' ? state.services : [];
  return { process: name, version: service?.version ?? '' };
}
