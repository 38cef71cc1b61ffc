import type { Live, ManagementEndpoint } from '@dure/core';
import type { Asker } from './decide.ts';
import type { Flag } from './flag.ts';
import type { FlagRule } from './flag-rules.ts';
import type { RulesByFlag } from './flags-section.ts';
import type { OpenFlags } from './open-flags.ts';

/**
 * `/actuator/flags`: every flag with its default and its rules. `flags/{name}?user=…&role=…&key=…&country=…`: what it is for
 * somebody, and why; what is none of user, role and key is an attribute.
 */
export function flagsEndpoint(
  flags: readonly Flag<unknown>[],
  rules: Live<RulesByFlag>,
  open: OpenFlags,
): ManagementEndpoint {
  const shown = (flag: Flag<unknown>) => {
    const { value, rules: own = [] } = rules.current.get(flag.name) ?? {};
    return {
      name: flag.name,
      default: flag.default,
      ...(flag.variants === undefined ? {} : { variants: flag.variants }),
      ...(value === undefined ? {} : { value: value.is }),
      rules: own.map(shownRule),
    };
  };
  return {
    id: 'flags',
    handle({ method, path: [name, ...rest], query }) {
      if (method !== 'GET') return { status: 405, allow: 'GET' };
      if (name === undefined) return { status: 200, body: { flags: flags.map(shown) } };
      const flag = flags.find((one) => one.name === name);
      if (flag === undefined || rest.length > 0)
        return { status: 404, detail: `there is no such flag; there are ${flags.map((one) => one.name).join(', ')}` };
      return { status: 200, body: { flag: shown(flag), decision: open.preview(name, askerOf(query)) } };
    },
  };
}

function shownRule({ value, users, roles, where, percent }: FlagRule) {
  return {
    value,
    ...(users === undefined ? {} : { users: [...users] }),
    ...(roles === undefined ? {} : { roles: [...roles] }),
    ...(where.length === 0 ? {} : { where: Object.fromEntries(where.map(([name, values]) => [name, [...values]])) }),
    ...(percent === undefined ? {} : { percent }),
  };
}

function askerOf({ user, role = '', key, ...attributes }: Readonly<Record<string, string>>): Asker {
  const roles = role.split(',').filter((one) => one !== '');
  return {
    user: user === undefined ? undefined : { kind: 'user', subject: user, roles, scopes: [] },
    key,
    attributes,
  };
}
