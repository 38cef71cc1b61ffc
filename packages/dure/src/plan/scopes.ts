import type { AnyContract } from '@dure/service/contract';
import { dureErrors } from '../errors.ts';
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
      const scopes = new Map<string, Set<string>>();
      for (const contract of Object.values(uses)) {
        if (contract.baseUrl !== undefined || foreign.includes(contract.name)) continue;
        if (!(contract.name in definitions)) throw unknown(caller, contract.name, names);
        const held = scopes.get(contract.name) ?? new Set();
        for (const scope of scopesIn(contract)) held.add(scope);
        scopes.set(contract.name, held);
      }
      return [caller, Object.fromEntries([...scopes].map(([callee, held]) => [callee, [...held].sort()]))];
    }),
  );
}

function scopesIn(contract: AnyContract): readonly string[] {
  return Object.values(contract.operations).flatMap(({ spec: { access } }) =>
    typeof access === 'object' && 'scope' in access ? [access.scope] : [],
  );
}

function unknown(caller: string, callee: string, names: readonly string[]) {
  return dureErrors.SYSTEM_INVALID(
    `the service "${caller}" uses "${callee}", but the system has no such service; it has ${names.join(', ')}`,
    { details: { service: caller, uses: callee } },
  );
}
