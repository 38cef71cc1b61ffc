import { nearest } from '@dure/config/properties';
import { filterText } from '../filters/filter-setting.ts';
import { statusOf } from '../filters/own-answers.ts';
import type { Arguments } from './arguments.ts';
import type { FilterDraft, FilterKind } from './filter-kind.ts';
import type { RateLimitKey, RetrySetting } from './spring-rule.ts';

/** Filters that are not layers: the gateway's own engine does what they ask for. */
export const engineFilters: Readonly<Record<string, FilterKind>> = {
  CircuitBreaker: {
    fields: ['name'],
    others: ['fallbackUri', 'statusCodes', 'routeId', 'resumeWithoutError'],
    read(args, draft) {
      const name = args.optional('name') ?? args.optional('routeId');
      if (name === undefined) throw args.bad('name', 'needs the argument "name"');
      const fallback = args.optional('fallbackUri');
      const fallbackPath = /^forward:\/*(\/.*)$/.exec(fallback ?? '')?.[1];
      if (fallback !== undefined && fallbackPath === undefined)
        throw args.bad('fallbackUri', `has fallbackUri "${fallback}"; expected forward:/path`);
      draft.circuitBreaker = {
        name,
        ...(fallbackPath !== undefined && { fallbackPath }),
        statusCodes: statusesIn(args, 'statusCodes'),
        resumeWithoutError: args.flag('resumeWithoutError') ?? false,
      };
      return { text: filterText('CircuitBreaker', { name, fallback: fallback ?? null }) };
    },
  },
  Retry: {
    fields: [
      ...['retries', 'statuses', 'methods', 'backoff.firstBackoff', 'backoff.maxBackoff', 'backoff.factor'],
      ...['backoff.basedOnPreviousValue', 'jitter.randomFactor', 'timeout'],
    ],
    others: ['series', 'exceptions'],
    read(args, draft) {
      draft.retry = retryIn(args);
      const { retries, methods } = draft.retry;
      return { text: filterText('Retry', { retries, methods }) };
    },
  },
  RequestRateLimiter: {
    fields: [],
    others: [
      ...['keyResolver', 'rateLimiter', 'denyEmptyKey', 'emptyKeyStatus', 'statusCode', 'routeId'],
      ...['redisRateLimiter.replenishRate', 'redisRateLimiter.burstCapacity', 'redisRateLimiter.requestedTokens'],
      'redisRateLimiter.includeHeaders',
    ],
    read(args, draft) {
      const replenishRate = args.whole('redisRateLimiter.replenishRate');
      if (replenishRate === undefined) throw args.bad('', 'needs the argument "redis-rate-limiter.replenishRate"');
      draft.rateLimit = {
        replenishRate: atLeast(args, 'redisRateLimiter.replenishRate', replenishRate, 1),
        burstCapacity: atLeast(
          args,
          'redisRateLimiter.burstCapacity',
          args.whole('redisRateLimiter.burstCapacity') ?? 1,
          0,
        ),
        requestedTokens: atLeast(
          args,
          'redisRateLimiter.requestedTokens',
          args.whole('redisRateLimiter.requestedTokens') ?? 1,
          1,
        ),
        keyResolver: keyIn(args, draft),
        denyEmptyKey: args.flag('denyEmptyKey') ?? true,
        emptyKeyStatus: statusesIn(args, 'emptyKeyStatus')[0] ?? 403,
        statusCode: statusesIn(args, 'statusCode')[0] ?? 429,
        includeHeaders: args.flag('redisRateLimiter.includeHeaders') ?? true,
      };
      return { text: filterText('RequestRateLimiter', { replenishRate }) };
    },
  },
  LocalResponseCache: {
    fields: ['timeToLive', 'size'],
    read(args, draft) {
      const maxBytes = args.bytes('size');
      const timeToLiveMs = args.durationMs('timeToLive') ?? 300_000;
      draft.cache = { timeToLiveMs, ...(maxBytes !== undefined && { maxBytes }) };
      return { text: filterText('LocalResponseCache', { timeToLiveMs, size: maxBytes ?? null }) };
    },
  },
};

const everyFailure = ['connection', 'timeout'] as const;
const failureOf: Readonly<Record<string, 'connection' | 'timeout'>> = {
  'java.io.IOException': 'connection',
  'java.net.ConnectException': 'connection',
  'java.util.concurrent.TimeoutException': 'timeout',
  'org.springframework.cloud.gateway.support.TimeoutException': 'timeout',
};
const seriesOf: Readonly<Record<string, number>> = {
  INFORMATIONAL: 1,
  SUCCESSFUL: 2,
  REDIRECTION: 3,
  CLIENT_ERROR: 4,
  SERVER_ERROR: 5,
};

function retryIn(args: Arguments): RetrySetting {
  const named = args.list('series');
  const series = (named.length === 0 ? ['SERVER_ERROR'] : named).map((name) => {
    const hundred = seriesOf[name];
    if (hundred === undefined)
      throw args.bad('series', `has the series "${name}"; expected one of ${Object.keys(seriesOf).join(', ')}`);
    return [hundred * 100, hundred * 100 + 99] as const;
  });
  const failures = args.list('exceptions').map((name) => {
    const failure = failureOf[name];
    if (failure === undefined)
      throw args.bad(
        'exceptions',
        `has "${name}", which nothing here throws; expected ${Object.keys(failureOf).join(', ')}`,
      );
    return failure;
  });
  const methods = args.list('methods');
  const backoff = backoffIn(args);
  const jitter = args.optional('jitter.randomFactor');
  const timeoutMs = args.durationMs('timeout');
  return {
    retries: atLeast(args, 'retries', args.whole('retries') ?? 3, 0),
    statuses: [...series, ...statusesIn(args, 'statuses').map((status) => [status, status] as const)],
    methods: methods.length === 0 ? ['GET'] : methods,
    failures: failures.length === 0 ? everyFailure : [...new Set(failures)],
    ...(backoff !== undefined && { backoff }),
    ...(jitter !== undefined && { jitter: ratioIn(args, 'jitter.randomFactor', jitter) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

function backoffIn(args: Arguments): RetrySetting['backoff'] {
  const [firstMs, maxMs, factor, basedOnPreviousValue] = [
    args.durationMs('backoff.firstBackoff'),
    args.durationMs('backoff.maxBackoff'),
    args.whole('backoff.factor'),
    args.flag('backoff.basedOnPreviousValue'),
  ];
  if ([firstMs, maxMs, factor, basedOnPreviousValue].every((one) => one === undefined)) return undefined;
  return {
    firstMs: firstMs ?? 5,
    ...(maxMs !== undefined && { maxMs }),
    factor: factor ?? 2,
    basedOnPreviousValue: basedOnPreviousValue ?? true,
  };
}

/** A bean that makes keys, by the names that are common or that were told. */
function keyIn(args: Arguments, { keyResolvers }: FilterDraft): RateLimitKey {
  const text = args.optional('keyResolver');
  if (text === undefined) return 'subject';
  const [, bean = ''] = /^#\{@(\w+)\}$/.exec(text) ?? [];
  const known = { ...commonKeys, ...keyResolvers };
  if (Object.hasOwn(known, bean)) return known[bean] ?? 'subject';
  const near = nearest(bean, Object.keys(known));
  throw args.bad(
    'keyResolver',
    `has the key-resolver "${text}", a bean that is not known here${near === undefined ? '' : `; did you mean "#{@${near}}"?`}; say by \`keyResolvers\` what it stands for`,
  );
}

const commonKeys: Readonly<Record<string, RateLimitKey>> = {
  principalNameKeyResolver: 'subject',
  userKeyResolver: 'subject',
  remoteAddrKeyResolver: 'address',
  ipKeyResolver: 'address',
  hostAddrKeyResolver: 'address',
  apiKeyResolver: 'apiKey',
};

function statusesIn(args: Arguments, name: string): readonly number[] {
  return args.list(name).map((text) => {
    const status = statusOf(text);
    if (status === undefined) throw args.bad(name, `has "${text}", which is no status of HTTP`);
    return status;
  });
}

function atLeast(args: Arguments, name: string, value: number, least: number): number {
  if (value < least) throw args.bad(name, `has ${name} ${value}; it must be at least ${least}`);
  return value;
}

function ratioIn(args: Arguments, name: string, text: string): number {
  const ratio = Number(text);
  if (!(ratio >= 0 && ratio <= 1)) throw args.bad(name, `has ${name} "${text}"; expected a number from 0 to 1`);
  return ratio;
}
