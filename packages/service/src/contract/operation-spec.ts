import type { Operation, Schema, SchemaInput, SchemaOutput } from '@dure/core';
import type { ClaimSpec, CommandType, RefusalSpecs, Upcasts } from '@dure/messaging';

export type AnySchema = Schema<unknown, unknown>;
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may call: anybody; a signed-in user; other services only; a user with a role; a caller with a scope; a user who has
 * granted a scope to the program that acts for them. `service` and `{ scope }` operations are not exposed at the edge.
 */
export type Access =
  | 'public'
  | 'user'
  | 'service'
  | { readonly role: string }
  | { readonly scope: string }
  | { readonly userScope: string };

/** What an HTTP operation declares. */
export interface HttpSpec {
  readonly params?: AnySchema;
  readonly query?: AnySchema;
  readonly body?: AnySchema;
  readonly output?: AnySchema;
  /** The business answers other than success. */
  readonly refuses?: RefusalSpecs;
  readonly access: Access;
  /** Default: `true` for GET, PUT and DELETE, `false` for the others. */
  readonly idempotent?: boolean | 'key';
  /** The status of success. Default: 200, or 204 without an output. */
  readonly status?: number;
  /** The output is a stream of such values, sent as server-sent events. */
  readonly stream?: boolean;
  /** The output is one page of a list: a client can follow it (`client.list.pages`). */
  readonly pages?: PagesSpec;
  /** Relative cost for limits and shedding; 1 is an ordinary read. Default 1. */
  readonly cost?: number;
  /** How often one caller may use it from outside: the gateway refuses what is more. Default: no limit of its own. */
  readonly rateLimit?: RateLimitSpec;
  /** Dotted paths in the input (`body.password`) that must never reach a log, a trace or an error. */
  readonly sensitive?: readonly string[];
  /** The longest time one attempt may take, in milliseconds. Default 5 000. */
  readonly timeoutMs?: number;
  /** What callers get, marked as such, when there is no answer. Never in place of a refusal. Default: the failure. */
  readonly fallback?: FallbackSpec;
  /** The method of a gRPC server that carries it out: the gateway translates, and the service speaks no HTTP of ours. */
  readonly grpc?: GrpcBinding;
  readonly summary?: string;
  /** Where what was made, or is being done, can be seen: the answer's `Location`. */
  readonly location?: (output: never) => string;
  /** Said of the operations that an exposed command makes: which command it takes or tells of. */
  readonly carries?: { readonly command: string; readonly as: 'submission' | 'outcome' };
}

/**
 * A method of gRPC. Path variables and query parameters become fields of its message by their names, and so does the body;
 * its answer is the output as JSON (ProtoJSON). A method that streams its answers is an operation with `stream: true`.
 *
 * @example
 * getUser: get('/users/:id', {
 *   params: z.object({ id: z.string() }), output: User, access: 'user',
 *   grpc: { service: 'shop.v1.Users', method: 'GetUser', proto: new URL('./users.proto', import.meta.url) },
 * }),
 */
export interface GrpcBinding {
  /** With its package: `shop.v1.Users`. */
  readonly service: string;
  /** `GetUser` */
  readonly method: string;
  /**
   * The `.proto` file that declares it, or the file of a descriptor set (`protoc --descriptor_set_out --include_imports`).
   * Only the gateway reads it, from its disk: a page that shares the contract may have any URL here.
   */
  readonly proto: URL;
  /** The folder that imports in the `.proto` file start from. Default: the file's own. */
  readonly imports?: URL;
  /** The field of the message that the body fills; default: all of it. */
  readonly body?: string;
}

/** How often an operation may be used, weighed by its `cost`. */
export interface RateLimitSpec {
  /** Units in a window, a whole number. */
  readonly quota: number;
  /** The length of the window in seconds, a whole number. */
  readonly windowSeconds: number;
  /** Units that a pause can save up. Default: the quota. */
  readonly burst?: number;
  /** Whom it is counted for: each signed-in user (others by address), each address, or all callers together. Default `user`. */
  readonly per?: 'user' | 'address' | 'everybody';
}

/** What stands in for an answer, tried in this order. */
export interface FallbackSpec {
  /** The last good answer to the same question, of the same user unless the operation is public. */
  readonly lastGood?: {
    /** The oldest that is still given, in milliseconds. */
    readonly oldestMs: number;
  };
  /** Always the same answer. */
  readonly value?: unknown;
}

/** Demands that a fallback's value is an output. */
export type CheckedFallback<S extends HttpSpec> = S extends { readonly fallback: { readonly value: unknown } }
  ? { readonly fallback: { readonly value: Draft<S['output']> } }
  : unknown;

/** Which fields a list is followed by. */
export interface PagesSpec {
  /** The field of the query that takes the cursor. */
  readonly cursor: string;
  /** The field of the output that holds the next cursor; absent, `null` or empty on the last page. */
  readonly next: string;
  /** The field of the output that holds the items. */
  readonly items: string;
}

type FieldOf<T> = keyof NonNullable<T> & string;
type ListOf<T> = { [Key in keyof T & string]: T[Key] extends readonly unknown[] ? Key : never }[keyof T & string];

/** Demands that the fields named in `pages` are there. */
export type CheckedPages<S extends HttpSpec> = S extends { readonly pages: PagesSpec }
  ? {
      readonly pages: {
        readonly cursor: FieldOf<SchemaInput<S['query']>>;
        readonly next: FieldOf<SchemaOutput<S['output']>>;
        readonly items: ListOf<SchemaOutput<S['output']>>;
      };
    }
  : unknown;

/** One item of an operation's pages; `never` when it has none. */
export type PageItem<S extends HttpSpec> = S extends {
  readonly pages: { readonly items: infer Key };
  readonly output: infer O;
}
  ? SchemaOutput<O> extends { readonly [K in Key & string]: readonly (infer Item)[] }
    ? Item
    : never
  : never;

/** How a command is reached from outside: as a POST that is answered 202 before it is carried out. */
export interface ExposeSpec {
  /** `/restocks`: takes the command; `/restocks/<id>` tells its outcome. */
  readonly path: string;
  readonly access: Access;
  readonly summary?: string;
}

/** What a command declares. */
export interface CommandSpec {
  readonly input: AnySchema;
  readonly output?: AnySchema | undefined;
  readonly refuses?: RefusalSpecs;
  readonly sensitive?: readonly string[];
  readonly claims?: ClaimSpec<never>;
  readonly large?: boolean;
  readonly version?: number;
  readonly upcast?: Upcasts | undefined;
  readonly expose?: ExposeSpec | undefined;
}

/** An operation with an HTTP binding, before a contract has given it a name. */
export interface HttpBinding<S extends HttpSpec = HttpSpec> {
  readonly kind: 'http';
  readonly method: Method;
  /** `/stock/:sku` */
  readonly path: string;
  readonly spec: S;
}

/** An operation bound to messages, before a contract has given it a name. */
export interface CommandBinding<S extends CommandSpec = CommandSpec> {
  readonly kind: 'command';
  readonly spec: S;
  readonly key: (input: never) => string;
}

export type Binding = HttpBinding | CommandBinding;
export type Bindings = Readonly<Record<string, Binding>>;

/** An operation of a contract with an HTTP binding. */
export interface HttpOperation<S extends HttpSpec = HttpSpec> extends Operation, HttpBinding<S> {}

/** The input that a handler receives: the parts that are declared, validated. */
export type HandlerInput<S extends HttpSpec> = {
  readonly [Part in 'params' | 'query' | 'body' as S[Part] extends AnySchema ? Part : never]: SchemaOutput<S[Part]>;
};
/** The input that a caller gives. */
export type CallerInput<S extends HttpSpec> = {
  readonly [Part in 'params' | 'query' | 'body' as S[Part] extends AnySchema ? Part : never]: SchemaInput<S[Part]>;
};

type Answer<O> = O extends AnySchema ? SchemaOutput<O> : void;
type Draft<O> = O extends AnySchema ? SchemaInput<O> : void;

/** What a caller gets. */
export type OutputOf<S extends HttpSpec> = S['stream'] extends true
  ? AsyncIterable<Answer<S['output']>>
  : Answer<S['output']>;
/** What a handler returns. */
export type HandlerOutput<S extends HttpSpec> = S['stream'] extends true
  ? AsyncIterable<Draft<S['output']>>
  : Draft<S['output']>;

type Codes<R> = R extends RefusalSpecs
  ? { [Code in keyof R & string]: { readonly code: Code; readonly data: SchemaOutput<R[Code]['data']> } }[keyof R &
      string]
  : never;

/** The union of an operation's refusals: `{ code, data }`. */
export type RefusalOf<S extends { readonly refuses?: RefusalSpecs }> = Codes<S['refuses']>;

/** A command binding once the contract named it. */
export type NamedCommand<Name extends string, S extends CommandSpec> = CommandType<
  Name,
  SchemaOutput<S['input']>,
  Answer<S['output']>,
  S['refuses'] extends RefusalSpecs ? S['refuses'] : Record<never, never>
>;
