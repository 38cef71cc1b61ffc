import { edge, system } from '@dure/dure';
import { stock } from './contracts.ts';

export const shelves = system('shelves', {
  services: {
    stock: () => import('./stock/service.ts').then((module) => module.stockService),
    depot: () => import('./depot/service.ts').then((module) => module.depotService),
  },
  edge: edge({ expose: [stock] }),
});
