import { edge, system } from '@dure/dure';
import { price, priceService } from './price.ts';

// region system
export const market = system('market', {
  services: { price: async () => priceService },
  edge: edge({ expose: [price] }),
  config: process.env.MARKET_CONFIG ?? './config', // main.ts edits a copy
});
// endregion
