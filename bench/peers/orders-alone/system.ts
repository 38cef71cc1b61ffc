import { edge, system } from '@dure/dure';
import { user } from '@shop/user/contract';
import { order } from './contract.ts';

export const orders = system('orders', {
  services: {
    user: () => import('@shop/user/service').then((module) => module.userService),
    order: () => import('./service.ts').then((module) => module.orderService),
  },
  edge: edge({ expose: [user, order], session: { issuer: user, signIn: 'signIn' } }),
});
