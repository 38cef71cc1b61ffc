import type { Clock, Ids, Random } from '@dure/core';
import type { MessageBuffer } from '@dure/messaging';
import type { Histogram, Telemetry } from '@dure/telemetry';
import type { Around } from './around.ts';
import type { BeforeCommit } from './event-sourcing/inline-projections.ts';
import type { SubjectKeyRing } from './event-sourcing/subject-key-ring.ts';
import type { GroupCommit } from './group-commit.ts';
import type { BindKysely } from './kysely-binding.ts';
import type { LocalTransaction } from './local-transaction.ts';
import type { OpenCalls } from './open-calls.ts';
import type { Pool } from './pool.ts';
import type { RefusedWrites } from './refused-writes.ts';
import type { StartSaga } from './transaction.ts';

/** What every unit of work of a database shares. */
export interface UnitKit {
  readonly service: string;
  readonly pool: Pool;
  readonly bind: BindKysely;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  /** Seconds, by name and outcome. */
  readonly seconds: Histogram;
  /** Commits what consists of messages alone. */
  readonly group: GroupCommit;
  /** How each transaction begins; also sets its clock in tests. */
  readonly begin: () => string;
  readonly startSaga: StartSaga | undefined;
  /** Runs when a unit of work that writes messages is over, before its COMMIT. */
  readonly beforeCommit: BeforeCommit | undefined;
  /** The keys of personal data. */
  readonly keys: SubjectKeyRing;
  /** What stands between a unit of work and the database. */
  readonly around: Around;
  /** Told what units of work fail with. */
  readonly refused: RefusedWrites;
  /** The calls whose units of work are open. */
  readonly open: OpenCalls;
  /** Told after each commit that appended to the log. */
  readonly appended: () => void;
  /** Makes the log's partitions to come. */
  readonly extendLog: () => Promise<void>;
  /** Told after each commit that set a timer. */
  readonly scheduled: () => void;
}

/** What a plan's work may reach of the running transaction. */
export interface OpenUnit {
  readonly local: LocalTransaction;
  readonly buffer: MessageBuffer;
  /** Forgets everything that waits for the COMMIT. */
  discard(): void;
}
