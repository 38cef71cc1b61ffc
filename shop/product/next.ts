import { productVersion } from './service.ts';

const littleGift = { en: 'Little gift', ko: '작은 선물' };
const mostWon = 20_000;

// region next
/** Version 2, which sets little gifts apart: `dure canary product shop/product/next.ts`, then the cookie `shop_beta=1`. */
export const nextProductService = productVersion('2', (item) =>
  item.price.amount <= mostWon ? { ...item, badge: littleGift } : item,
);
// endregion
