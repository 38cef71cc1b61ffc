import type { Call, Schema, SchemaInput, SchemaOutput } from '@dure/core';
import { jsonSchemaOf } from '@dure/core';
import type { RefusalSpecs } from '@dure/messaging';
import type { Access, AnySchema, HttpBinding, HttpSpec } from '../contract/index.ts';
import { get } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { Composition } from './composition.ts';
import { pageOutput } from './page-output.ts';
import type { Asked, AskedSchemas, PartPlan, PartTypes, PartValues } from './part.ts';
import type { Marked } from './part-mark.ts';

/** What follows from a page's parts, or is the same of all pages. */
type Fixed = 'params' | 'query' | 'body' | 'refuses' | 'idempotent' | 'status' | 'stream' | 'pages' | 'fallback';

/**
 * What a page says of itself, beside its parts: what any operation can. By default it takes 5 000 ms at most, when its caller
 * waits longer, and costs what its parts' operations cost together, each counted once.
 */
export interface PageOptions<O extends AnySchema> extends Omit<HttpSpec, Fixed> {
  /** What the page answers, without the field `parts`, which every page has beside it. An object. */
  readonly output: O;
}

type RefusalsOf<R> = R extends unknown ? keyof R & string : never;
type SpecOf<R, Code extends string> = R extends { readonly [C in Code]: infer Spec } ? Spec : never;

/** The refusals of a page: those of the parts that it cannot do without. */
export type PageRefusals<P extends PartTypes> = {
  readonly [Code in RefusalsOf<P[keyof P]['refuses']>]: SpecOf<P[keyof P]['refuses'], Code>;
};

/** What a page is in a contract. */
export type PageSpec<A extends AskedSchemas, P extends PartTypes, O extends AnySchema> = A & {
  readonly access: Access;
  readonly output: Schema<SchemaInput<O> & Marked<keyof P>, SchemaOutput<O> & Marked<keyof P>>;
  readonly refuses: PageRefusals<P>;
};

/** Makes a page's answer of its parts. */
export type PageView<A extends AskedSchemas, P extends PartTypes, O extends AnySchema> = (
  parts: PartValues<P>,
  asked: Asked<A>,
  call: Call,
) => SchemaInput<O> | Promise<SchemaInput<O>>;

/** A page, before a contract has given it a name. */
export interface PageBinding<A extends AskedSchemas, P extends PartTypes, O extends AnySchema>
  extends HttpBinding<PageSpec<A, P, O>> {
  readonly page: { readonly parts: readonly PartPlan[]; readonly types?: PageView<A, P, O> };
}

/**
 * Declares a page as an operation of a contract: a GET whose answer is made of a composition's parts. It refuses what its
 * indispensable parts refuse, and answers one field more than `output`: `parts`, which says what became of each. SERVICE_COMPOSITION_INVALID
 * when two parts refuse the same code in different ways, or the output is no object or has a field `parts`.
 *
 * @example
 * const pages = contract('pages', {
 *   getOrderPage: page('/order-pages/:orderId', orderParts, { output: OrderPage, access: 'user' }),
 *   getMobileOrderPage: page('/m/order-pages/:orderId', orderParts.without('customer'), { output: MobileOrderPage, access: 'user' }),
 * });
 */
export function page<A extends AskedSchemas, P extends PartTypes, O extends AnySchema>(
  path: string,
  made: Composition<A, P>,
  options: PageOptions<O>,
): PageBinding<A, P, O> {
  const { parts, asked } = made;
  const { output, ...rest } = options;
  const names = parts.map(({ name }) => name);
  const spec: HttpSpec = {
    cost: Math.max(
      1,
      parts.reduce((sum, { operation }) => sum + operation.cost, 0),
    ),
    ...rest,
    ...asked,
    output: pageOutput(path, output, names),
    refuses: refusals(path, parts),
  };
  return { ...get(path, spec), page: { parts } } as unknown as PageBinding<A, P, O>;
}

function refusals(path: string, parts: readonly PartPlan[]): RefusalSpecs {
  const all: Record<string, RefusalSpecs[string]> = {};
  for (const { name, operation, optional } of parts) {
    if (optional) continue;
    for (const [code, refusal] of Object.entries(operation.spec.refuses ?? {})) {
      const other = all[code];
      if (other !== undefined && textOf(other) !== textOf(refusal))
        throw serviceErrors.COMPOSITION_INVALID(
          `the page ${path}: its part "${name}" refuses with "${code}", but not with the status and data of another part's; make one of them optional`,
        );
      all[code] = refusal;
    }
  }
  return all;
}

function textOf({ status, data }: RefusalSpecs[string]): string {
  return JSON.stringify([status, jsonSchemaOf(data, 'output', 'refusal')]);
}
