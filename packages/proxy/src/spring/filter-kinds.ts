import { redirectTo, setStatus, statusOf } from '../filters/own-answers.ts';
import { removeJsonAttributes } from '../filters/remove-json-attributes.ts';
import {
  addRequestHeader,
  addRequestHeadersIfNotPresent,
  mapRequestHeader,
  preserveHostHeader,
  removeRequestHeader,
  setRequestHeader,
  setRequestHostHeader,
} from '../filters/request-headers.ts';
import { requestHeaderSize, requestSize } from '../filters/request-limits.ts';
import { addRequestParameter, removeRequestParameter, rewriteRequestParameter } from '../filters/request-parameters.ts';
import { prefixPath, rewritePath, setPath, stripPrefix } from '../filters/request-path.ts';
import {
  addResponseHeader,
  dedupeResponseHeader,
  removeResponseHeader,
  rewriteResponseHeader,
  setResponseHeader,
} from '../filters/response-headers.ts';
import { rewriteLocationResponseHeader } from '../filters/rewrite-location.ts';
import { secureHeaders } from '../filters/secure-headers.ts';
import type { Arguments } from './arguments.ts';
import { engineFilters } from './engine-filters.ts';
import type { FilterKind } from './filter-kind.ts';

const nameAndValue = ['name', 'value'] as const;

/** Spring's RouteToRequestUrlFilter, after which the address of a route is changed. */
const afterRouting = 10_001;
/** Before the answer is written. */
const beforeWriting = -2;

/** Every filter of Spring Cloud Gateway that a route of Dure can have, by its name. */
export const filterKinds: Readonly<Record<string, FilterKind>> = {
  AddRequestHeader: { fields: nameAndValue, read: (args) => addRequestHeader(args.text('name'), args.text('value')) },
  AddRequestHeadersIfNotPresent: {
    fields: ['headers'],
    gathers: 'list',
    read: (args) => addRequestHeadersIfNotPresent(args.gathered.map((pair) => pairOf(args, pair))),
  },
  AddRequestParameter: {
    fields: nameAndValue,
    read: (args) => addRequestParameter(args.text('name'), args.text('value')),
  },
  AddResponseHeader: {
    fields: [...nameAndValue, 'override'],
    read: (args) => addResponseHeader(args.text('name'), args.text('value'), args.flag('override') ?? true),
  },
  DedupeResponseHeader: {
    fields: ['name', 'strategy'],
    read: (args) =>
      dedupeResponseHeader(
        args.text('name').split(/\s+/),
        args.oneOf('strategy', ['RETAIN_FIRST', 'RETAIN_LAST', 'RETAIN_UNIQUE']) ?? 'RETAIN_FIRST',
      ),
  },
  MapRequestHeader: {
    fields: ['fromHeader', 'toHeader'],
    read: (args) => mapRequestHeader(args.text('fromHeader'), args.text('toHeader')),
  },
  PrefixPath: {
    fields: ['prefix'],
    read(args, draft) {
      const layer = prefixPath(args.text('prefix'));
      // Once for a request, as in Spring, whose second one finds the mark of the first.
      if (draft.hasPrefix === true) return { text: layer.text };
      draft.hasPrefix = true;
      return layer;
    },
  },
  PreserveHostHeader: { fields: [], read: () => preserveHostHeader() },
  RedirectTo: {
    fields: ['status', 'url', 'includeRequestParams'],
    read: (args) => redirectTo(statusIn(args), args.text('url'), args.flag('includeRequestParams') ?? false),
  },
  RemoveJsonAttributesResponseBody: {
    fields: ['fieldList', 'deleteRecursively'],
    gathers: 'tail-flag',
    read(args) {
      const layer = removeJsonAttributes(args.gathered, { deleteRecursively: args.tailFlag(false) });
      return { layer, text: layer.text, order: beforeWriting };
    },
  },
  RemoveRequestHeader: { fields: ['name'], read: (args) => removeRequestHeader(args.text('name')) },
  RemoveRequestParameter: { fields: ['name'], read: (args) => removeRequestParameter(args.text('name')) },
  RemoveResponseHeader: { fields: ['name'], read: (args) => removeResponseHeader(args.text('name')) },
  RequestHeaderSize: {
    fields: ['maxSize'],
    others: ['errorHeaderName'],
    read: (args) => requestHeaderSize(args.bytes('maxSize'), args.optional('errorHeaderName')),
  },
  RequestSize: { fields: ['maxSize'], read: (args) => requestSize(args.bytes('maxSize')) },
  RewriteLocationResponseHeader: {
    fields: ['stripVersion', 'locationHeaderName', 'hostValue', 'protocols'],
    read: (args) => rewriteLocationResponseHeader(locationOptions(args)),
  },
  RewritePath: {
    fields: ['regexp', 'replacement'],
    read: (args) => rewritePath(args.text('regexp'), args.optional('replacement') ?? ''),
  },
  RewriteRequestParameter: {
    fields: ['name', 'replacement'],
    read: (args) => rewriteRequestParameter(args.text('name'), args.text('replacement')),
  },
  RewriteResponseHeader: {
    fields: ['name', 'regexp', 'replacement'],
    read: (args) => rewriteResponseHeader(args.text('name'), args.text('regexp'), args.optional('replacement') ?? ''),
  },
  SaveSession: { fields: [], read: () => ({ text: 'SaveSession' }) },
  SecureHeaders: { fields: [], read: (_, draft) => secureHeaders(draft.secureHeaders) },
  SetPath: { fields: ['template'], read: (args) => setPath(args.text('template')) },
  SetRequestHeader: { fields: nameAndValue, read: (args) => setRequestHeader(args.text('name'), args.text('value')) },
  SetRequestHostHeader: { fields: ['host'], read: (args) => setRequestHostHeader(args.text('host')) },
  SetRequestUri: {
    fields: ['template'],
    read(args, draft) {
      const [, origin, path = ''] = /^(https?:\/\/[^/?#{}]+)([^?#]*)$/.exec(args.text('template')) ?? [];
      if (origin === undefined) throw args.bad('template', 'needs an address whose host holds no variable');
      draft.url = origin;
      const layer = setPath(path === '' ? '/' : path);
      return { layer, text: `SetRequestUri template = '${args.text('template')}'`, order: afterRouting };
    },
  },
  SetResponseHeader: { fields: nameAndValue, read: (args) => setResponseHeader(args.text('name'), args.text('value')) },
  SetStatus: { fields: ['status'], read: (args) => setStatus(statusIn(args)) },
  StripPrefix: { fields: ['parts'], read: (args) => stripPrefix(args.whole('parts') ?? 1) },
  // The gateway forwards who has signed in anyway, with a token of its own session.
  TokenRelay: { fields: [], read: () => ({ text: 'TokenRelay' }) },
  ...engineFilters,
};

/** Filters of Spring Cloud Gateway that no route of Dure can have, and why. */
export const refusedFilters: Readonly<Record<string, string>> = {
  CacheRequestBody: 'it keeps the body for filters written in Java',
  FallbackHeaders: 'it tells services the names of Java exceptions; the problem of a fallback says what happened',
  JsonToGrpc: 'it needs a descriptor file; expose a contract whose operation names it in `grpc`',
  ModifyRequestBody: 'it runs code written in Java; write a layer in gateway.ts',
  ModifyResponseBody: 'it runs code written in Java; write a layer in gateway.ts',
  RequestHeaderToRequestUri: 'it lets whoever asks choose where the gateway connects to',
};

function pairOf(args: Arguments, pair: string): readonly [string, string] {
  const colon = pair.indexOf(':');
  if (colon < 1) throw args.bad('headers', `has "${pair}"; expected name:value`);
  return [pair.slice(0, colon).trim(), pair.slice(colon + 1).trim()];
}

function statusIn(args: Arguments): number {
  const status = statusOf(args.text('status'));
  if (status === undefined) throw args.bad('status', `has "${args.text('status')}", which is no status of HTTP`);
  return status;
}

function locationOptions(args: Arguments) {
  const stripVersion = args.oneOf('stripVersion', ['AS_IN_REQUEST', 'ALWAYS_STRIP', 'NEVER_STRIP']);
  const [name, host, protocols] = ['locationHeaderName', 'hostValue', 'protocols'].map((one) => args.optional(one));
  return {
    ...(stripVersion !== undefined && { stripVersion }),
    ...(name !== undefined && { locationHeaderName: name }),
    ...(host !== undefined && { hostValue: host }),
    ...(protocols !== undefined && { protocols }),
  };
}
