import type { Call, Handler } from '@dure/core';
import { contractOf } from '../contract/contract.ts';
import type { AnyContract, HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { AnyHandler, ServiceDefinition } from '../server/index.ts';
import { service } from '../server/index.ts';
import { gatherParts } from './gather-parts.ts';
import type { PartPlan } from './part.ts';
import type { PartKit } from './run-part.ts';

/** A contract of pages, as far as a service of it needs to know. */
interface PagesContract extends AnyContract {
  readonly bindings: Readonly<Record<string, unknown>>;
}

type Paged = { readonly page: { readonly parts: readonly PartPlan[] } };

/** The views that a contract of pages demands, one for each page. */
export type Views<C extends PagesContract> = {
  readonly [Name in keyof C['bindings']]: C['bindings'][Name] extends { readonly page: { readonly types?: infer View } }
    ? NonNullable<View>
    : never;
};

type AnyView = (parts: unknown, asked: unknown, call: Call) => object | Promise<object>;

/**
 * The service of a contract of pages: it asks for the parts and lets the views make the answers. It calls the operations of
 * the parts and no others; `uses` names them: `order.getOrder`. SERVICE_COMPOSITION_INVALID for an operation that is no page.
 *
 * @example
 * export const pagesService = composedService(pages, {
 *   getOrderPage: ({ order, customer, products }) => ({ order, customer: customer ?? null, products }),
 * });
 */
export function composedService<C extends PagesContract>(contract: C, views: Views<C>): ServiceDefinition {
  const pages = Object.entries(contract.bindings).map(
    ([name, binding]) => [name, partsOf(contract, name, binding)] as const,
  );
  const keys = new Map<HttpOperation, string>();
  for (const { operation } of pages.flatMap(([, parts]) => parts)) keys.set(operation, keyOf(operation, keys));
  const uses = Object.fromEntries([...keys].map(([operation, key]) => [key, narrowed(operation)]));
  return service<AnyContract, never, Readonly<Record<string, AnyContract>>>({
    contract,
    uses,
    start: ({ uses: clients, clock, telemetry }) => {
      const ask: PartKit['ask'] = ({ operation }) =>
        (clients as Readonly<Record<string, Readonly<Record<string, AnyHandler>>>>)[keys.get(operation) ?? '']?.[
          operation.name
        ] as Handler<unknown, unknown>;
      return Object.fromEntries(
        pages.map(([name, parts]) => {
          const gather = gatherParts(parts, { clock, telemetry, ask });
          const view = (views as unknown as Readonly<Record<string, AnyView>>)[name] as AnyView;
          const handler: AnyHandler = async (asked, call) => {
            const { values, marks } = await gather(asked, call);
            return { ...(await view(values, asked, call)), parts: marks };
          };
          return [name, handler];
        }),
      ) as never;
    },
  });
}

function partsOf({ name: service }: AnyContract, name: string, binding: unknown): readonly PartPlan[] {
  if (typeof binding === 'object' && binding !== null && 'page' in binding) return (binding as Paged).page.parts;
  throw serviceErrors.COMPOSITION_INVALID(`${service}.${name} is no page; a composed service has pages only`);
}

/** `order.getOrder`; the same operation taken from a contract with other policies is another one. */
function keyOf(operation: HttpOperation, keys: ReadonlyMap<HttpOperation, string>): string {
  const known = keys.get(operation);
  if (known !== undefined) return known;
  const name = `${operation.service}.${operation.name}`;
  const namesakes = [...keys.keys()].filter((other) => `${other.service}.${other.name}` === name);
  return namesakes.length === 0 ? name : `${name} ${namesakes.length + 1}`;
}

/** The contract of an operation with that operation alone, so that no right is asked for beyond it. */
function narrowed(operation: HttpOperation): AnyContract {
  const contract = contractOf(operation) as AnyContract;
  return { ...contract, operations: { [operation.name]: operation }, commands: {}, emits: [] };
}
