import { dureErrors } from '../errors.ts';
import { heldScopes } from '../held-scopes.ts';
import type { Definitions } from '../load-system.ts';

/**
 * The scopes that each service holds at each service it uses: exactly those of the operations in `uses`, so that
 * `contract.only(…)` also narrows what a service may do. A contract at a fixed address or of a foreign program is of no
 * service of the system.
 * DURE_SYSTEM_INVALID when it uses a service that is not there.
 */
export function scopesOf(
  definitions: Definitions,
  foreign: readonly string[] = [],
): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> {
  const names = Object.keys(definitions);
  return Object.fromEntries(
    Object.entries(definitions).map(([caller, { uses }]) => {
      const own = Object.values(uses).filter((contract) => !foreign.includes(contract.name));
      const missing = own.find(({ name, baseUrl }) => baseUrl === undefined && !(name in definitions));
      if (missing !== undefined) throw unknown(caller, missing.name, names);
      return [caller, heldScopes(own)];
    }),
  );
}

function unknown(caller: string, callee: string, names: readonly string[]) {
  return dureErrors.SYSTEM_INVALID(
    `the service "${caller}" uses "${callee}", but the system has no such service; it has ${names.join(', ')}`,
    { details: { service: caller, uses: callee } },
  );
}
