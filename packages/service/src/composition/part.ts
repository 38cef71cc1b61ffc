import type { Call } from '@dure/core';
import type { RefusalSpecs } from '@dure/messaging';
import type {
  Access,
  AnySchema,
  CallerInput,
  HandlerInput,
  HttpOperation,
  HttpSpec,
  OutputOf,
} from '../contract/index.ts';
import { isBytes } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';

/** What a page is asked with. */
export interface AskedSchemas {
  readonly params?: AnySchema;
  readonly query?: AnySchema;
}

/** A page's input, validated. */
export type Asked<A extends AskedSchemas> = HandlerInput<A & { readonly access: Access }>;

/** What a part contributes to a page: its value, and the refusals that become the page's own. */
export interface PartType {
  readonly value: unknown;
  readonly refuses: RefusalSpecs;
}

/** The parts of a composition, by name. */
export type PartTypes = Readonly<Record<string, PartType>>;

/** The values of the parts, by name. */
export type PartValues<P extends PartTypes> = { readonly [Name in keyof P]: P[Name]['value'] };

/** A part's options, whatever its operation. */
export interface PartLimits<After extends string, Optional extends boolean> {
  /** The parts that it waits for, and whose values `input` may use. Default: none, it begins at once. */
  readonly after?: readonly After[];
  /** A page can do without it: its value may be `undefined`. Default `false`: without it there is no page. */
  readonly optional?: Optional;
  /**
   * How much of the time that is left to the page when the part begins it may take, above 0 and at most 1. Default 1; 0.5 of a
   * part that is optional or has a fallback, and at most 0.9, so that there is time to answer without it.
   */
  readonly share?: number;
  /** The longest it may take, in milliseconds, if that is shorter. Default: its share only. */
  readonly timeoutMs?: number;
}

type Skip<Optional extends boolean> = Optional extends true ? undefined : never;
type InputOf<S extends HttpSpec, Given> =
  CallerInput<S> extends Record<string, never> ? { readonly input?: Given } : { readonly input: Given };
type Fallback<S extends HttpSpec> = {
  /** Stands in when there is no answer; never in place of a refusal. */
  readonly fallback?: (input: CallerInput<S>, error: unknown) => OutputOf<S>;
};

/** What makes an input of an operation: from what was asked, and from the parts that are waited for. */
export type InputFrom<A extends AskedSchemas, P extends PartTypes, After extends keyof P, Input> = (
  asked: Asked<A>,
  parts: PartValues<Pick<P, After>>,
  call: Call,
) => Input;

/** How one call becomes a part. An optional part whose `input` is `undefined` is not asked for. */
export type PartOptions<S extends HttpSpec, Make, Limits> = Limits & InputOf<S, Make> & Fallback<S>;

/** How several calls of one operation become a part. */
export type EachOptions<S extends HttpSpec, Make, Limits> = Limits &
  Fallback<S> & {
    /** The inputs, one for each call; equal ones are asked once. */
    readonly inputs: Make;
    /** The most calls under way at once. Default 8. */
    readonly atOnce?: number;
  };

/** The input of one call, or `undefined` where an optional part is not asked for. */
export type OneInput<S extends HttpSpec, Optional extends boolean> = CallerInput<S> | Skip<Optional>;

type Refuses<S extends HttpSpec, Optional extends boolean> = Optional extends true
  ? Record<never, never>
  : S['refuses'] extends RefusalSpecs
    ? S['refuses']
    : Record<never, never>;

/** What a part of one call contributes. */
export interface OnePart<S extends HttpSpec, Optional extends boolean> {
  readonly value: Optional extends true ? OutputOf<S> | undefined : OutputOf<S>;
  readonly refuses: Refuses<S, Optional>;
}

/** What a part of several calls contributes: their answers in the order of the inputs. */
export interface ManyPart<S extends HttpSpec, Optional extends boolean> {
  readonly value: readonly OnePart<S, Optional>['value'][];
  readonly refuses: Refuses<S, Optional>;
}

/** A part as it is run; its types have been checked where it was declared. */
export interface PartPlan {
  readonly name: string;
  readonly operation: HttpOperation;
  readonly after: readonly string[];
  readonly optional: boolean;
  readonly share: number;
  readonly timeoutMs: number;
  /** The inputs of its calls; one, unless it is made of many. */
  readonly inputs: (asked: unknown, parts: unknown, call: Call) => readonly unknown[] | undefined;
  readonly many: boolean;
  readonly atOnce: number;
  readonly fallback: ((input: unknown, error: unknown) => unknown) | undefined;
}

/** What a declared part says, before it is checked. */
export interface PartDraft extends PartLimits<string, boolean> {
  readonly input?: (asked: never, parts: never, call: Call) => unknown;
  readonly inputs?: (asked: never, parts: never, call: Call) => readonly unknown[];
  readonly atOnce?: number;
  readonly fallback?: (input: never, error: unknown) => unknown;
}

/** What a part that a page can do without may take of the time that is left: by default, and at most. */
const shareOfDispensable = { usual: 0.5, most: 0.9 };

/** Checks a part and fills in the defaults. SERVICE_COMPOSITION_INVALID. */
export function partPlan(name: string, operation: HttpOperation, draft: PartDraft): PartPlan {
  const { after = [], optional = false, timeoutMs = Number.POSITIVE_INFINITY, atOnce = 8, fallback } = draft;
  const isDispensable = optional || fallback !== undefined;
  const { share = isDispensable ? shareOfDispensable.usual : 1 } = draft;
  const most = isDispensable ? shareOfDispensable.most : 1;
  const { spec, idempotent, method } = operation;
  const faults: readonly (readonly [boolean, string])[] = [
    [
      spec.stream === true || spec.output === undefined || isBytes(spec.output),
      'its operation has no output that is one JSON value',
    ],
    [
      idempotent !== true || (method !== 'GET' && method !== 'POST'),
      `${method} has effects; a page only reads (a POST that reads says \`idempotent: true\`)`,
    ],
    [!(share > 0 && share <= most), `its share is ${share}, and must be above 0 and at most ${most}`],
    [!(timeoutMs >= 1), `its \`timeoutMs\` is ${timeoutMs}, and must be at least 1`],
    [!(Number.isSafeInteger(atOnce) && atOnce >= 1), `its \`atOnce\` is ${atOnce}, and must be a whole number above 0`],
  ];
  const why = faults.find(([isSo]) => isSo)?.[1];
  if (why !== undefined)
    throw serviceErrors.COMPOSITION_INVALID(`the part "${name}" (${operation.service}.${operation.name}): ${why}`);
  return {
    name,
    operation,
    after,
    optional,
    share,
    timeoutMs,
    inputs: (draft.inputs ?? oneInput(draft.input)) as PartPlan['inputs'],
    many: draft.inputs !== undefined,
    atOnce,
    fallback: fallback as PartPlan['fallback'],
  };
}

function oneInput(input: PartDraft['input'] = () => ({})) {
  return (asked: never, parts: never, call: Call): readonly unknown[] | undefined => {
    const made = input(asked, parts, call);
    return made === undefined ? undefined : [made];
  };
}
