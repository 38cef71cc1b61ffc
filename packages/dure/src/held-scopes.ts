import type { AnyContract } from '@dure/service/contract';

/** The scopes of the operations that are used, by service. */
export function heldScopes(uses: readonly AnyContract[]): Readonly<Record<string, readonly string[]>> {
  const scopes = new Map<string, Set<string>>();
  for (const contract of uses.filter(({ baseUrl }) => baseUrl === undefined)) {
    const held = scopes.get(contract.name) ?? new Set();
    for (const scope of scopesIn(contract)) held.add(scope);
    scopes.set(contract.name, held);
  }
  return Object.fromEntries([...scopes].map(([callee, held]) => [callee, [...held].sort()]));
}

function scopesIn(contract: AnyContract): readonly string[] {
  return Object.values(contract.operations).flatMap(({ spec: { access } }) =>
    typeof access === 'object' && 'scope' in access ? [access.scope] : [],
  );
}
