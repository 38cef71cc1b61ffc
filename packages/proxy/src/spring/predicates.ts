import { javaExpression } from '../regex/java-expression.ts';
import { parseAddressRange } from '../routing/address-range.ts';
import { parseHostPattern } from '../routing/host-pattern.ts';
import { parsePathPattern } from '../routing/path-pattern.ts';
import type { ValueMatch } from '../routing/route-rule.ts';
import type { ArgumentShape, Arguments } from './arguments.ts';
import type { MatchDraft } from './match-draft.ts';

/** A kind of predicate: how its arguments are written, and what it adds to a match. */
export interface PredicateKind extends ArgumentShape {
  read(args: Arguments, draft: MatchDraft): void;
}

/** Every predicate of Spring Cloud Gateway that a route of Dure can have, by its name. */
export const predicateKinds: Readonly<Record<string, PredicateKind>> = {
  After: {
    fields: ['datetime'],
    read(args, draft) {
      draft.after = Math.max(draft.after ?? 0, momentOf(args, 'datetime'));
      draft.shown.push(`After: ${args.text('datetime')}`);
    },
  },
  Before: {
    fields: ['datetime'],
    read(args, draft) {
      draft.before = Math.min(draft.before ?? Number.POSITIVE_INFINITY, momentOf(args, 'datetime'));
      draft.shown.push(`Before: ${args.text('datetime')}`);
    },
  },
  Between: {
    fields: ['datetime1', 'datetime2'],
    read(args, draft) {
      const [from, to] = [momentOf(args, 'datetime1'), momentOf(args, 'datetime2')];
      if (from >= to) throw args.bad('datetime2', 'ends before it begins');
      draft.after = Math.max(draft.after ?? 0, from);
      draft.before = Math.min(draft.before ?? Number.POSITIVE_INFINITY, to);
      draft.shown.push(`Between: ${args.text('datetime1')} and ${args.text('datetime2')}`);
    },
  },
  Cookie: {
    fields: ['name', 'regexp'],
    read(args, draft) {
      draft.cookies.push({ name: args.text('name'), matches: javaExpression(args.text('regexp')) });
      draft.shown.push(`Cookie: name=${args.text('name')} regexp=${args.text('regexp')}`);
    },
  },
  Header: {
    fields: ['header', 'regexp'],
    read(args, draft) {
      draft.headers.push(valueMatch(args, 'header'));
      draft.shown.push(`Header: ${args.text('header')} regexp=${args.optional('regexp') ?? null}`);
    },
  },
  Host: {
    fields: ['patterns'],
    gathers: 'list',
    read(args, draft) {
      demandOne(args, draft.hosts);
      draft.hosts = demandSome(args).map(parseHostPattern);
      draft.shown.push(`Hosts: [${args.gathered.join(', ')}]`);
    },
  },
  Method: {
    fields: ['methods'],
    gathers: 'list',
    read(args, draft) {
      const methods = demandSome(args);
      const kept = draft.methods === undefined ? methods : draft.methods.filter((method) => methods.includes(method));
      if (kept.length === 0)
        throw args.bad('methods', 'has no method in common with the one before: nothing can match');
      draft.methods = kept;
      draft.shown.push(`Methods: [${methods.join(', ')}]`);
    },
  },
  Path: {
    fields: ['patterns', 'matchTrailingSlash'],
    gathers: 'tail-flag',
    read(args, draft) {
      demandOne(args, draft.paths);
      const matchTrailingSlash = args.tailFlag(true);
      draft.paths = demandSome(args).map((path) =>
        parsePathPattern(path.startsWith('/') ? path : `/${path}`, { matchTrailingSlash }),
      );
      draft.shown.push(`Paths: [${args.gathered.join(', ')}], match trailing slash: ${matchTrailingSlash}`);
    },
  },
  Query: {
    fields: ['param', 'regexp'],
    read(args, draft) {
      draft.queries.push(valueMatch(args, 'param'));
      draft.shown.push(`Query: param=${args.text('param')} regexp=${args.optional('regexp') ?? null}`);
    },
  },
  RemoteAddr: {
    fields: ['sources'],
    gathers: 'list',
    read(args, draft) {
      demandOne(args, draft.remoteAddresses);
      draft.remoteAddresses = demandSome(args).map(parseAddressRange);
      draft.shown.push(`RemoteAddrs: [${args.gathered.join(', ')}]`);
    },
  },
  /** The edge knows whom it believes about `X-Forwarded-For`; a number of proxies in a route would contradict it. */
  XForwardedRemoteAddr: {
    fields: ['sources'],
    gathers: 'list',
    read(args, draft) {
      demandOne(args, draft.remoteAddresses);
      draft.remoteAddresses = demandSome(args).map(parseAddressRange);
      draft.shown.push(`RemoteAddrs: [${args.gathered.join(', ')}]`);
    },
  },
  Weight: {
    fields: ['group', 'weight'],
    others: ['weight.group', 'weight.weight'],
    read(args, draft) {
      demandOne(args, draft.weight);
      const prefix = args.optional('weight.group') === undefined ? '' : 'weight.';
      const weight = args.whole(`${prefix}weight`);
      if (weight === undefined || weight < 0) throw args.bad(`${prefix}weight`, 'needs a weight of 0 or more');
      draft.weight = { group: args.text(`${prefix}group`), weight };
      draft.shown.push(`Weight: ${draft.weight.group} ${weight}`);
    },
  },
};

/** Predicates of Spring Cloud Gateway that no route of Dure can have, and why. */
export const refusedPredicates: Readonly<Record<string, string>> = {
  ReadBody: 'it runs a predicate written in Java; write a layer in gateway.ts',
  CloudFoundryRouteService: 'it belongs to Cloud Foundry; match its header fields with Header',
  Version: 'it needs the version strategy of a Spring application; match a path, Header or Query',
};

function momentOf(args: Arguments, name: string): number {
  args.text(name);
  return args.momentMs(name) ?? 0;
}

function valueMatch(args: Arguments, name: string): ValueMatch {
  const regexp = args.optional('regexp');
  return { name: args.text(name), ...(regexp !== undefined && { matches: javaExpression(regexp) }) };
}

function demandSome(args: Arguments): readonly string[] {
  if (args.gathered.length === 0) throw args.bad('', 'needs at least one argument');
  return args.gathered;
}

function demandOne(args: Arguments, before: unknown): void {
  if (before !== undefined) throw args.bad('', 'stands here twice, and both would have to match; write one');
}
