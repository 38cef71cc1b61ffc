import { route } from '../routing/route.ts';
import { setRequestHeader } from './request-headers.ts';
import { setPath, stripPrefix } from './request-path.ts';

const common = { to: { service: 'order' }, access: 'user' } as const;

export const routes = [
  route('fits', {
    ...common,
    path: '/t/{tenant}/orders/{id}',
    layers: [stripPrefix(1), setPath('/{id}'), setRequestHeader('X-Tenant', 'shop-{tenant}')],
  }),
  route('of the host', { ...common, path: '/a', hosts: ['{tenant}.shop.example'], layers: [setPath('/{tenant}')] }),
  // @ts-expect-error the path binds no such variable
  route('misses', { ...common, path: '/orders/{id}', layers: [setPath('/{other}')] }),
];
