import { serviceErrors } from '../errors.ts';
import { isBytes } from './bytes.ts';
import type { GrpcBinding, HttpBinding, HttpSpec } from './operation-spec.ts';

/** SERVICE_CONTRACT_INVALID unless it is a name. */
export function checkName(what: string, name: string): void {
  if (!/^[a-z][a-zA-Z0-9-]{0,62}$/.test(name)) {
    throw serviceErrors.CONTRACT_INVALID(
      `the ${what} name "${name}" is not a name: a lower-case letter, then letters, digits or hyphens, at most 63`,
      { details: { name } },
    );
  }
}

/** SERVICE_CONTRACT_INVALID when path, parameters, body and output of an operation do not agree, or a route is taken. */
export function checkRoute(
  service: string,
  name: string,
  { method, path, spec }: HttpBinding,
  seen: Map<string, string>,
): void {
  if (!/^(\/(:[a-zA-Z][a-zA-Z0-9]*|[a-zA-Z0-9._~-]+))+\/?$|^\/$/.test(path)) {
    throw serviceErrors.CONTRACT_INVALID(`${service}.${name}: the path "${path}" is not a path such as "/stock/:sku"`, {
      details: { path },
    });
  }
  const route = `${method} ${path.replace(/:[^/]+/g, ':')}`;
  const other = seen.get(route);
  if (other !== undefined) {
    throw serviceErrors.CONTRACT_INVALID(
      `${service}.${name} and ${service}.${other} both answer ${method} ${path}; give one another path`,
      { details: { path } },
    );
  }
  seen.set(route, name);
  if (path.includes('/:') !== (spec.params !== undefined)) {
    throw serviceErrors.CONTRACT_INVALID(
      `${service}.${name}: the path "${path}" and \`params\` do not agree; declare a schema for exactly the path's parameters`,
      { details: { path } },
    );
  }
  if (method === 'GET' && spec.body !== undefined) {
    throw serviceErrors.CONTRACT_INVALID(`${service}.${name}: a GET has no body; use \`query\``, { details: { path } });
  }
  const why = contradictionIn(spec);
  if (why !== undefined) throw serviceErrors.CONTRACT_INVALID(`${service}.${name}: ${why}`, { details: { path } });
}

function contradictionIn(spec: HttpSpec): string | undefined {
  const { params, query, body, output, stream, idempotent, pages } = spec;
  if (isBytes(params) || isBytes(query)) return 'bytes are a `body` or an `output`, never `params` or `query`';
  if (isBytes(output) && stream === true) return 'an output of bytes is a stream already; leave out `stream`';
  if ((isBytes(body) || isBytes(output)) && idempotent === 'key')
    return 'bytes and an Idempotency-Key do not go together: a stream can be neither hashed nor kept for a repetition';
  if (pages !== undefined && (query === undefined || output === undefined || stream === true))
    return '`pages` needs a `query` that takes the cursor and an `output` that is one page';
  if (spec.grpc !== undefined && (isBytes(body) || isBytes(output)))
    return 'bytes and a gRPC method do not go together: its messages are JSON here';
  return wrongMethod(spec.grpc) ?? wrongLimit(spec);
}

function wrongMethod(grpc: GrpcBinding | undefined): string | undefined {
  if (grpc === undefined) return undefined;
  const { service, method } = grpc;
  if (!/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(service))
    return `\`grpc.service\` is "${service}", which is no service with its package, such as "shop.v1.Users"`;
  if (!/^[A-Za-z_]\w*$/.test(method)) return `\`grpc.method\` is "${method}", which is no method such as "GetUser"`;
  return undefined;
}

function wrongLimit({ cost = 1, rateLimit }: HttpSpec): string | undefined {
  if (!(cost > 0 && Number.isFinite(cost))) return `\`cost\` is ${cost}; it must be more than 0`;
  if (rateLimit === undefined) return undefined;
  const { quota, windowSeconds, burst = quota } = rateLimit;
  if (!isCount(quota)) return `\`rateLimit.quota\` is ${quota}; it must be a whole number from 1`;
  if (!isCount(windowSeconds))
    return `\`rateLimit.windowSeconds\` is ${windowSeconds}; it must be a whole number from 1`;
  if (!(burst >= cost))
    return `\`rateLimit.burst\` is ${burst}; with less than the operation's cost it never goes through`;
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
