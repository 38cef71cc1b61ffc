import type { ContractShapes, UsersOf } from '@dure/service/compatibility';
import { contractShape } from '@dure/service/compatibility';
import { isExposable } from '@dure/service/contract';
import type { Definitions } from '../load-system.ts';
import type { Edge } from '../system.ts';

/** The contracts of a system as data, each part with those whose code uses it. */
export function contractShapes(definitions: Definitions, edge: Edge): ContractShapes {
  const shapes = Object.entries(definitions).map(([service, { contract }]) => {
    return [service, contractShape(contract, usersIn(service, definitions, edge))] as const;
  });
  return Object.fromEntries(
    shapes.filter(([, shape]) => Object.keys(shape).length > 0).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Who uses a service's contract: `search`, `order (saga place-order)`, `outside`. */
function usersIn(service: string, definitions: Definitions, edge: Edge): UsersOf {
  const users: Readonly<Record<Parameters<UsersOf>[0], (name: string) => readonly string[]>> = {
    events: (name) => readersOf(name, definitions),
    commands: (name) => sendersOf(service, name, definitions),
    operations: (name) => callersOf(service, name, definitions, edge),
  };
  return (part, name) => users[part](name);
}

function readersOf(event: string, definitions: Definitions): readonly string[] {
  return Object.entries(definitions).flatMap(([service, { reactions, sagas, flows }]) => [
    ...reactions
      .filter((one) => one.event.name === event)
      .map(({ part }) => (part === undefined ? service : `${service} (reaction ${part.name})`)),
    ...sagas
      .filter(({ waits }) => waits.some(({ name }) => name === event))
      .map(({ name }) => `${service} (saga ${name})`),
    ...flows
      .filter(({ starts, ends }) => [starts, ...ends].some(({ name }) => name === event))
      .map(({ name }) => `${service} (flow ${name})`),
  ]);
}

function sendersOf(service: string, command: string, definitions: Definitions): readonly string[] {
  return Object.entries(definitions).flatMap(([sender, { sagas }]) =>
    sagas
      .filter(({ sends }) => sends.some((sent) => sent.service === service && sent.name === command))
      .map(({ name }) => `${sender} (saga ${name})`),
  );
}

function callersOf(service: string, operation: string, definitions: Definitions, edge: Edge): readonly string[] {
  const has = ({ name, operations }: { readonly name: string; readonly operations: object }) =>
    name === service && operation in operations;
  const inside = Object.entries(definitions)
    .filter(([, { uses }]) => Object.values(uses).some(has))
    .map(([caller]) => caller);
  const access = definitions[service]?.contract.operations[operation]?.spec.access;
  const isOutside = access !== undefined && isExposable(access) && edge.expose.some(has);
  return isOutside ? [...inside, 'outside'] : inside;
}
