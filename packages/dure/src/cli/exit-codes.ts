import type { DureError } from '@dure/core';

/** What the command's exit status means; the same for every command. */
export const exitCodes = {
  ok: 0,
  /** A defect: something happened that nobody foresaw. */
  unexpected: 1,
  usage: 2,
  /** The system was not found, does not load or contradicts itself. */
  system: 3,
  /** A process did not start, or the system did not become ready in time. */
  start: 4,
  port: 5,
  alreadyRunning: 6,
  notRunning: 7,
  database: 8,
  invariant: 9,
  /** `dure status`: it runs, but is not ready. */
  notReady: 10,
  state: 11,
  /** `dure run`: the job ran and failed, or was stopped. */
  job: 13,
  /** A program that is needed is not there for this platform. */
  platform: 12,
  /** Interrupted twice: everything was killed at once. `dure prove`: interrupted, so that nothing is proved. */
  killed: 130,
} as const;

const byCode: Readonly<Record<string, number>> = {
  DURE_USAGE: exitCodes.usage,
  DURE_SERVICE_UNKNOWN: exitCodes.usage,
  DURE_REQUEST_UNKNOWN: exitCodes.usage,
  JOBS_UNKNOWN: exitCodes.usage,
  JOBS_ARGUMENTS_INVALID: exitCodes.usage,
  JOBS_RUN_UNKNOWN: exitCodes.usage,
  JOBS_RUN_STATE: exitCodes.usage,
  MESSAGING_PARKED_UNKNOWN: exitCodes.usage,
  MESSAGING_SOURCE_UNKNOWN: exitCodes.usage,
  MESSAGING_SET_BACK_REFUSED: exitCodes.usage,
  EVENT_SOURCING_PROJECTION_UNKNOWN: exitCodes.usage,
  DURE_REPLAY_UNKNOWN: exitCodes.usage,
  DURE_READ_MODEL_STEERED: exitCodes.usage,
  SERVICE_DOCUMENT_INEXPRESSIBLE: exitCodes.usage,
  SERVICE_CONTRACT_INVALID: exitCodes.system,
  DURE_SINGLE_PROCESS: exitCodes.usage,
  DURE_SYSTEM_NOT_FOUND: exitCodes.system,
  DURE_SYSTEM_BROKEN: exitCodes.system,
  DURE_SYSTEM_INVALID: exitCodes.system,
  DURE_PROCESS_FAILED: exitCodes.start,
  DURE_START_TIMEOUT: exitCodes.start,
  DURE_START_CANCELLED: exitCodes.ok,
  DURE_PORT_BUSY: exitCodes.port,
  DURE_PORT_FORBIDDEN: exitCodes.port,
  SERVICE_LISTEN_FAILED: exitCodes.port,
  DURE_ALREADY_RUNNING: exitCodes.alreadyRunning,
  DURE_NOT_RUNNING: exitCodes.notRunning,
  DURE_CONTROL_FAILED: exitCodes.notRunning,
  DURE_INVARIANT_BROKEN: exitCodes.invariant,
  DURE_STATE_UNUSABLE: exitCodes.state,
  CONFIG_KEYRING_INVALID: exitCodes.state,
  CONFIG_KEY_MISSING: exitCodes.usage,
  CONFIG_CIPHER_UNREADABLE: exitCodes.usage,
  CONFIG_FOLDER_MISSING: exitCodes.system,
  POSTGRES_BINARY_MISSING: exitCodes.platform,
};

/** The exit status for an error. */
export function exitCodeOf({ code, details }: DureError): number {
  const { causeCode } = details;
  const cause = typeof causeCode === 'string' ? byCode[causeCode] : undefined;
  const database = code.startsWith('POSTGRES_') ? exitCodes.database : undefined;
  return cause ?? byCode[code] ?? database ?? exitCodes.unexpected;
}
