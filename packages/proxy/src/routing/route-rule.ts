import type { Access, HttpOperation } from '@dure/service/contract';
import type { EdgeHandler, EdgeLayer } from '../engine/edge-layer.ts';
import type { StepBudget } from '../regex/run-program.ts';
import type { AddressRange } from './address-range.ts';
import type { HostPattern } from './host-pattern.ts';
import type { PathPattern } from './path-pattern.ts';

/** One route of the edge, whatever it was written as: a contract, a typed `gateway.ts`, Spring's YAML. */
export interface RouteRule {
  /** Unique among all routes. */
  readonly id: string;
  /** Ascending; then the more specific match; then the order of definition. */
  readonly order: number;
  readonly match: RouteMatch;
  readonly to: RouteTarget;
  /** Who may use it. There is no default: a route without a policy is refused. */
  readonly access: Access;
  /** Outermost first. */
  readonly layers: readonly NamedLayer[];
  /** How long an answer may take to begin, in milliseconds. */
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** What is spoken besides plain HTTP: requests may become WebSockets, or all of them are calls of gRPC. */
  readonly protocol?: 'grpc' | 'websocket';
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The operation of a contract that it leads to: whether it may be repeated, what it costs, whether it is a stream. */
  readonly operation?: HttpOperation;
  /** Sends its requests on in another protocol's form; else they are forwarded as they came. */
  readonly translated?: EdgeHandler;
  /** Which pages of other origins may use it; else the gateway's own rule holds. */
  readonly crossOrigin?: EdgeLayer;
  /** Where it is written: `order.getOrder`, `gateway.ts`, `application.yml:12:5`. */
  readonly source: string;
}

/** What a request must be like. All of it must hold; inside a list of patterns, methods or ranges one is enough. */
export interface RouteMatch {
  /** Without: every path. */
  readonly paths?: readonly PathPattern[];
  /** In upper case. GET takes HEAD as well. */
  readonly methods?: readonly string[];
  readonly hosts?: readonly HostPattern[];
  readonly headers?: readonly ValueMatch[];
  readonly queries?: readonly ValueMatch[];
  readonly cookies?: readonly ValueMatch[];
  readonly remoteAddresses?: readonly AddressRange[];
  /** Later than this, in milliseconds since 1970. */
  readonly after?: number;
  /** Earlier than this, in milliseconds since 1970. */
  readonly before?: number;
  /** Of the routes of one group, each request may take one, chosen in proportion; they should match the same otherwise. */
  readonly weight?: { readonly group: string; readonly weight: number };
}

/** A header field, query parameter or cookie that must be there; with a value that is so, if that is said. */
export interface ValueMatch {
  /** A header's name in any case; the others are compared as they are. */
  readonly name: string;
  readonly equals?: string;
  /** Made by `javaExpression`. */
  readonly matches?: ValueTest;
}

/** What a value must be like, as a regular expression that matches it whole. */
export interface ValueTest {
  readonly source: string;
  test(value: string, budget?: StepBudget): boolean;
}

/** Where a route leads. */
export type RouteTarget =
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'url'; readonly url: string }
  /** A layer answers. */
  | { readonly kind: 'none' };

/** A layer as a route lists it. */
export interface NamedLayer<Variable extends string = string> {
  readonly name: string;
  /** The layer with its settings, as it is shown. Says all of them: layers of the same name and text are interchangeable. */
  readonly text: string;
  readonly layer: EdgeLayer;
  /** The variables of path and host that it uses. */
  readonly variables?: readonly Variable[];
}

/** What a route is found by. Only what the routes at hand look at is read. */
export interface RoutedRequest {
  readonly method: string;
  /** In the one spelling of `readTarget`. */
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly query?: string;
  /** The Host field. */
  readonly host?: string;
  /** Every value of a header field; the name is in lower case. */
  readonly header?: (name: string) => readonly string[];
  /** The Cookie field. */
  readonly cookie?: string | undefined;
  /** The client's address. */
  readonly address?: string;
  /** Milliseconds since 1970. */
  readonly nowMs?: number;
  /** Made by `patternBudget`; without, only each pattern by itself is bounded. */
  readonly patterns?: StepBudget;
  /** In [0, 1): what weights choose by. Give it to keep a user on one side; without, it is drawn. */
  readonly draw?: number;
}
