import type { Clock, Random } from '@dure/core';
import type { FaultOrder } from '../host/faults.ts';
import type { ServiceStatus, SystemStatus } from '../supervisor/events.ts';

/** A running system as far as something can be done to it. */
export interface ChaosTarget {
  status(): Promise<SystemStatus>;
  signal(pid: number, signal: NodeJS.Signals): void;
  /** Breaks something inside a process; it mends by itself. */
  fault(service: ServiceStatus, order: FaultOrder): Promise<void>;
  /** The kind of the system's broker; undefined where messages go by the feeds. */
  readonly broker: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when somebody wants it to end. */
  readonly interrupted: AbortSignal;
}

/** What a scenario is called, and what it teaches. */
export interface ScenarioText {
  readonly title: string;
  readonly lesson: string;
}

/** One way in which systems break. */
export interface Scenario {
  readonly name: string;
  readonly en: ScenarioText;
  readonly ko: ScenarioText;
  /** Whether the system has what it breaks. Default: any has. */
  readonly applies?: (target: ChaosTarget) => boolean;
  /** Breaks it, and mends what would not mend by itself, even when it is interrupted. Returns what it did, in words. */
  readonly run: (target: ChaosTarget) => Promise<readonly string[]>;
}
