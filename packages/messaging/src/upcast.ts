import { messageOf } from '@dure/core';
import { messagingErrors } from './errors.ts';
import type { Message } from './message.ts';

/** Brings data of one version to the next, by the version it comes from. Given for all versions before the present one. */
export type Upcasts = Readonly<Record<number, (old: never) => unknown>>;

/** The versions before `Version`: `1 | 2` for 3. */
type Before<Version extends number, Count extends readonly unknown[] = readonly [unknown]> = number extends Version
  ? number
  : Count['length'] extends Version
    ? never
    : Count['length'] | Before<Version, readonly [...Count, unknown]>;

/** For each version the one that follows it, as `{ 1: 2; 2: 3 }`. */
type After<
  Version extends number,
  Count extends readonly unknown[] = readonly [unknown],
> = Count['length'] extends Version
  ? Record<never, never>
  : Record<Count['length'], Next<Count>['length']> & After<Version, Next<Count>>;
type Next<Count extends readonly unknown[]> = readonly [...Count, unknown];

type Follows<N, Version extends number> = N extends keyof After<Version> ? After<Version>[N] : never;
type TakenBy<U, N> = N extends keyof U ? (U[N] extends (old: infer Old) => unknown ? Old : never) : never;

/** What `upcast` must be: one function for each version before `Version`, each giving what the next one takes, the last `Latest`. */
export type UpcastChain<U, Version extends number, Latest> = {
  readonly [N in Before<Version>]: (
    old: never,
  ) => Follows<N, Version> extends Version ? Latest : TakenBy<U, Follows<N, Version>>;
};

/** `upcast` where it is demanded, and nowhere else. */
export type WithUpcast<U, Version extends number, Latest> = [Before<Version>] extends [never]
  ? { readonly upcast?: undefined }
  : { readonly upcast: U & UpcastChain<U, Version, Latest> };

/** What of an event or a command says how its data is read. */
export interface Versioned {
  readonly version?: number | undefined;
  readonly upcasts?: Upcasts | undefined;
}

/**
 * The data of a message in the version that this service knows, not yet checked. MESSAGING_VERSION_UNKNOWN when it is newer, or
 * older than what can be brought up; MESSAGING_UPCAST_FAILED.
 */
export function upcasted({ version: known = 1, upcasts = {} }: Versioned, message: Message): unknown {
  const { type, id, source, kind } = message;
  const details = { type, id, version: message.version, known };
  if (message.version > known) {
    throw messagingErrors.VERSION_UNKNOWN(
      `the ${kind} "${type}" of ${source} has version ${message.version}, this service knows it up to ${known}; it waits until a newer one is started`,
      { details },
    );
  }
  let { data } = message;
  for (let version = message.version; version < known; version += 1) {
    const upcast = upcasts[version] as ((old: unknown) => unknown) | undefined;
    if (upcast === undefined) {
      throw messagingErrors.VERSION_UNKNOWN(
        `the ${kind} "${type}" of ${source} has version ${message.version}, and nothing brings version ${version} to ${version + 1}; add it to \`upcast\``,
        { details },
      );
    }
    data = raised(
      upcast,
      data,
      `the ${kind} "${type}" (${id}) could not be brought from version ${version} to ${version + 1}`,
    );
  }
  return data;
}

function raised(upcast: (old: unknown) => unknown, data: unknown, what: string): unknown {
  try {
    return upcast(data);
  } catch (cause) {
    throw messagingErrors.UPCAST_FAILED(`${what}: ${messageOf(cause)}`, { cause });
  }
}
