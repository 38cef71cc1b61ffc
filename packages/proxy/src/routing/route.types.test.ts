import type { VariablesIn } from './route.ts';
import { route } from './route.ts';
import type { NamedLayer } from './route-rule.ts';

declare function setPath<const Name extends string>(...names: readonly Name[]): NamedLayer<Name>;

const names: VariablesIn<'/a/{id}/:sku/{n:[0-9]+}-{m}/{*rest}'>[] = ['id', 'sku', 'n', 'm', 'rest'];
// @ts-expect-error the pattern has no such variable
const unknown: VariablesIn<'/a/{id}'> = 'sku';
export const used = [names, unknown];

export const routes = [
  route('a', { path: '/a/{id}', to: { name: 'order' }, access: 'public', layers: [setPath('id')] }),
  route('b', { hosts: ['{tenant}.shop.example'], to: 'layers', access: 'user', layers: [setPath('tenant')] }),
  // @ts-expect-error a route needs a policy
  route('c', { path: '/a', to: { name: 'order' } }),
  // @ts-expect-error services have no business at the edge
  route('d', { path: '/a', to: { name: 'order' }, access: 'service' }),
  // @ts-expect-error the path binds no `sku`
  route('e', { path: '/a/{id}', to: { name: 'order' }, access: 'public', layers: [setPath('sku')] }),
];
