import { serviceErrors } from '../errors.ts';
import type { Access } from './operation-spec.ts';

const words: ReadonlySet<unknown> = new Set(['public', 'user', 'service'] satisfies Access[]);
const demands = ['role', 'scope', 'userScope'] as const;

/** SERVICE_ACCESS_INVALID unless it says who may call: nothing is open, or closed, because nobody thought of it. */
export function checkAccess(what: string, access: unknown): void {
  const why = unclear(access);
  if (why === undefined) return;
  throw serviceErrors.ACCESS_INVALID(
    `${what} ${why}; its \`access\` is 'public', 'user', 'service', { role }, { scope } or { userScope }`,
    { details: { what } },
  );
}

/** Whether a value says who may call. */
export function isAccess(access: unknown): access is Access {
  return unclear(access) === undefined;
}

function unclear(access: unknown): string | undefined {
  if (access === undefined || access === null) return 'does not say who may call it';
  if (words.has(access)) return undefined;
  if (typeof access !== 'object') return `may be called by ${JSON.stringify(access)}, which is nobody`;
  const [name = '', ...others] = Object.keys(access);
  if (others.length > 0)
    return `demands ${[name, ...others].join(' and ')} at once, of which all but one would be ignored`;
  const value: unknown = (access as Readonly<Record<string, unknown>>)[name];
  if (!demands.some((demand) => demand === name)) return `demands "${name}", which nobody can have`;
  return typeof value === 'string' && /^\S+$/.test(value) ? undefined : `demands a ${name} that is no word`;
}

/** Whether an operation may be reached from outside at all. */
export function isExposable(access: Access): boolean {
  return access !== 'service' && (typeof access === 'string' || !('scope' in access));
}

/** An access in words: `role admin`, `scope stock:write`, `user scope orders:write`. */
export function accessText(access: Access): string {
  if (typeof access === 'string') return access;
  if ('role' in access) return `role ${access.role}`;
  return 'scope' in access ? `scope ${access.scope}` : `user scope ${access.userScope}`;
}
