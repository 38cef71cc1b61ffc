/** Where an instance follows its configuration: server-sent events. Query: `instance`, `version`, `schema`, `label`. */
export const changesPath = '/dure/config/changes/:application/:profiles';
/** Where an instance says which version it runs, and what it thinks of a candidate. */
export const reportsPath = '/dure/config/reports';
/** Where an instance sends an event of the bus to all others. */
export const busPath = '/dure/config/bus';

/** Which instance reads: it is answered with the version that it is to run. */
export const instanceHeader = 'dure-config-instance';
/** The version of an answer: the same text for the same values, whatever else changed. */
export const versionHeader = 'dure-config-version';
/** The version that the reader was told of: if that is what it is to run, nobody looks at the files again. */
export const wantedHeader = 'dure-config-wanted';
/** Asks for a candidate in place of what is in force. */
export const candidateHeader = 'dure-config-candidate';
/** The answer is tried out by this instance alone: not to be kept for others. */
export const trialHeader = 'dure-config-trial';
/** Why the answer is not what lies in the backend now. */
export const heldHeader = 'dure-config-held';

/** What the server tells an instance. Each is a hint: whoever misses one heals by comparing versions. */
export type FeedMessage =
  /** The version that the instance is to run. */
  | { readonly kind: 'version'; readonly version: string }
  /** Would this candidate fit? The answer is a report. */
  | { readonly kind: 'check'; readonly candidate: string }
  /** Whether to report its vitals every second. */
  | { readonly kind: 'watch'; readonly on: boolean }
  /** An event of the bus. */
  | { readonly kind: 'bus'; readonly event: unknown };

/** How an instance is; all counts since its start. */
export interface Vitals {
  readonly isUp: boolean;
  readonly requests: number;
  /** Requests that it failed to answer: 5xx. */
  readonly failures: number;
  readonly breakersOpened: number;
}

/** What an instance says of itself. */
export interface InstanceReport {
  readonly instance: string;
  readonly application: string;
  readonly profiles: readonly string[];
  /** The version that it runs. */
  readonly version?: string | undefined;
  /** Why the version that it was given last is not the one that it runs. */
  readonly refused?: string | undefined;
  /** What it thinks of a candidate. */
  readonly verdict?: { readonly candidate: string; readonly refused?: string | undefined };
  readonly vitals?: Vitals;
  /** It stops: it is to leave the table. */
  readonly leaves?: boolean;
}

/** The longest reason that is sent or kept. */
export const longestReason = 2_000;
/** Silence after which a connection is taken for dead; the server says something more than twice as often. */
export const silenceMs = 40_000;
export const heartbeatMs = 15_000;
/** How often an instance that is watched says how it is. */
export const vitalsMs = 1_000;

/** One server-sent event. */
export function feedEvent(message: FeedMessage): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}

/** Reads a report; undefined when it is none. */
export function readReport(body: unknown): InstanceReport | undefined {
  if (!isRecord(body)) return undefined;
  const { instance, application, profiles, version, refused, verdict, vitals, leaves } = body;
  if (!isName(instance) || !isName(application) || !Array.isArray(profiles) || !profiles.every(isName))
    return undefined;
  return {
    instance,
    application,
    profiles,
    ...(isName(version) ? { version } : {}),
    ...(typeof refused === 'string' ? { refused: refused.slice(0, longestReason) } : {}),
    ...(isRecord(verdict) && isName(verdict.candidate)
      ? { verdict: { candidate: verdict.candidate, ...reasonIn(verdict.refused) } }
      : {}),
    ...(isVitals(vitals) ? { vitals } : {}),
    ...(leaves === true ? { leaves } : {}),
  };
}

function reasonIn(refused: unknown): { readonly refused?: string } {
  return typeof refused === 'string' ? { refused: refused.slice(0, longestReason) } : {};
}

function isVitals(value: unknown): value is Vitals {
  return (
    isRecord(value) &&
    typeof value.isUp === 'boolean' &&
    [value.requests, value.failures, value.breakersOpened].every((count) => Number.isFinite(count))
  );
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 200;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
