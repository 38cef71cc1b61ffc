import type { Clock, Random } from '@dure/core';
import type { InstanceCounts } from '../plan/instances.ts';
import type { Placement } from '../plan/placement.ts';
import type { RunFile } from '../run-file.ts';
import type { SupervisorEvent } from './events.ts';
import type { HostProgram } from './process-group.ts';

/** How a system is run. */
export interface SupervisorOptions {
  /** Absolute path of the module that exports the system. */
  readonly module: string;
  /** Where the run keeps its state. */
  readonly stateFolder: string;
  readonly placement: Placement;
  /** The first of four ports in a row; 0 takes any; undefined the standard ones. */
  readonly portBase: number | undefined;
  /** How many processes each service has; default one. */
  readonly counts?: InstanceCounts;
  readonly mode: RunFile['mode'];
  /** Forget the state of earlier runs. */
  readonly fresh: boolean;
  /** False for tests: the databases need not survive a crash of the machine. */
  readonly durable: boolean;
  readonly host: HostProgram;
  readonly clock: Clock;
  readonly random: Random;
  /** The clock's monotonic time from which the start is measured. */
  readonly startedMs: number;
  readonly observe: (event: SupervisorEvent) => void;
  /** Aborts the start. */
  readonly signal: AbortSignal;
  /** Milliseconds until a start that is not ready has failed. Default 120 000. */
  readonly readyTimeoutMs?: number;
}
