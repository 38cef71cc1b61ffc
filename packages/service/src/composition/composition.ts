import { contractOf } from '../contract/contract.ts';
import type { CallerInput, HttpOperation, HttpSpec } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type {
  AskedSchemas,
  EachOptions,
  InputFrom,
  ManyPart,
  OneInput,
  OnePart,
  PartDraft,
  PartLimits,
  PartOptions,
  PartPlan,
  PartTypes,
} from './part.ts';
import { partPlan } from './part.ts';

/** A name that no part has yet. */
type NewName<Name extends string, P> = Name extends keyof P ? never : Name;

/**
 * What pages are made of: the answers of several operations, each asked for as soon as the parts it waits for are there. A
 * part can wait only for parts that stand before it, so that there is no circle.
 */
export class Composition<A extends AskedSchemas, P extends PartTypes> {
  readonly asked: A;
  readonly parts: readonly PartPlan[];

  constructor(asked: A, parts: readonly PartPlan[]) {
    this.asked = asked;
    this.parts = parts;
  }

  /** Adds a part: one call. SERVICE_COMPOSITION_INVALID for an operation that has effects, a stream, or limits that make no sense. */
  part<
    const Name extends string,
    S extends HttpSpec,
    const After extends keyof P & string = never,
    const Optional extends boolean = false,
  >(
    name: NewName<Name, P>,
    operation: HttpOperation<S>,
    options: PartOptions<S, InputFrom<A, P, After, OneInput<S, Optional>>, PartLimits<After, Optional>>,
  ): Composition<A, P & { readonly [N in Name]: OnePart<S, Optional> }> {
    return this.#with(name, operation, options);
  }

  /** Adds a part of several calls of one operation, a bounded number of them at once. Errors as for `part`. */
  each<
    const Name extends string,
    S extends HttpSpec,
    const After extends keyof P & string = never,
    const Optional extends boolean = false,
  >(
    name: NewName<Name, P>,
    operation: HttpOperation<S>,
    options: EachOptions<S, InputFrom<A, P, After, readonly CallerInput<S>[]>, PartLimits<After, Optional>>,
  ): Composition<A, P & { readonly [N in Name]: ManyPart<S, Optional> }> {
    return this.#with(name, operation, options);
  }

  /** The same without some parts, for a client that shows less. SERVICE_COMPOSITION_INVALID when another part waits for one of them. */
  without<Name extends keyof P & string>(...names: readonly Name[]): Composition<A, Omit<P, Name>> {
    const dropped: ReadonlySet<string> = new Set(names);
    const kept = this.parts.filter(({ name }) => !dropped.has(name));
    for (const { name, after } of kept) {
      const missing = after.find((one) => dropped.has(one));
      if (missing !== undefined)
        throw serviceErrors.COMPOSITION_INVALID(`the part "${name}" waits for "${missing}", which is left out`);
    }
    return new Composition<A, Omit<P, Name>>(this.asked, kept);
  }

  #with<Q extends PartTypes>(name: string, operation: HttpOperation, draft: object): Composition<A, Q> {
    const plan = partPlan(name, operation, draft as PartDraft);
    const names = this.parts.map((part) => part.name);
    const unknown = plan.after.find((one) => !names.includes(one));
    const why = names.includes(name)
      ? 'there is one of that name already'
      : contractOf(operation) === undefined
        ? 'its operation is of no contract'
        : unknown !== undefined
          ? `it waits for "${unknown}", but before it stand ${names.join(', ') || 'none'}`
          : undefined;
    if (why !== undefined) throw serviceErrors.COMPOSITION_INVALID(`the part "${name}": ${why}`);
    return new Composition<A, Q>(this.asked, [...this.parts, plan]);
  }
}

/**
 * Begins a composition, with the schemas of what its pages are asked with.
 *
 * @example
 * const orderParts = composition({ params: z.object({ orderId: z.uuid() }) })
 *   .part('order', order.operations.getOrder, { input: ({ params }) => ({ params }) })
 *   .part('customer', user.operations.getMe, { optional: true, share: 0.3 })
 *   .each('products', product.operations.getProduct, {
 *     after: ['order'],
 *     inputs: (_, { order }) => order.lines.map(({ sku }) => ({ params: { sku } })),
 *   });
 */
export function composition<A extends AskedSchemas>(asked: A): Composition<A, Record<never, never>> {
  return new Composition(asked, []);
}
