import { edge, system } from '@dure/dure';
import { inventory } from '@shop/inventory/contract';
import { order } from '@shop/order/contract';
import { product } from '@shop/product/contract';
import { search } from '@shop/search/contract';
import { user } from '@shop/user/contract';
import { goodsMatchOrders } from './invariants/goods-match-orders.ts';
import { ordersAreDecided } from './invariants/orders-are-decided.ts';
import { paymentsMatchOrders } from './invariants/payments-match-orders.ts';
import { stockIsConserved } from './invariants/stock-is-conserved.ts';
import { pages } from './pages/contract.ts';

/** With SHOP_CANARY_MS one instance runs on a change of configuration for so long before the others, as in production. */
const watchMs = Number(process.env.SHOP_CANARY_MS ?? 0);

/** The reference shop: what `dure up` runs, `dure check` judges and `dure verify` proves. */
export const shop = system('shop', {
  services: {
    user: () => import('@shop/user/service').then((module) => module.userService),
    product: () => import('@shop/product/service').then((module) => module.productService),
    search: () => import('@shop/search/service').then((module) => module.searchService),
    inventory: () => import('@shop/inventory/service').then((module) => module.inventoryService),
    order: () => import('@shop/order/service').then((module) => module.orderService),
    payment: () => import('@shop/payment/service').then((module) => module.paymentService),
    delivery: () => import('@shop/delivery/service').then((module) => module.deliveryService),
  },
  edge: edge({
    expose: [user, product, search, inventory, order, pages],
    composed: { pages: () => import('./pages/service.ts').then((module) => module.pagesService) },
    session: { issuer: user, signIn: 'signIn' },
    storefront: './web',
    gateway: () => import('./gateway.ts').then((module) => module.gateway),
  }),
  config: { from: './config', rollOut: watchMs > 0 ? { canary: true, watchMs } : {} },
  traffic: () => import('./traffic/traffic.ts').then((module) => module.traffic),
  invariants: [stockIsConserved, paymentsMatchOrders, goodsMatchOrders, ordersAreDecided],
  examples: (gateway) => [
    { en: 'List the products', ko: '상품 목록 보기', command: `curl -s ${gateway}/products?limit=3` },
    { en: 'See the stock of one', ko: '재고 보기', command: `curl -s ${gateway}/stock/tea-green` },
    {
      en: 'Register, to buy something',
      ko: '회원 가입하기',
      command: `curl -s ${gateway}/users -H 'content-type: application/json' -d '{"email":"sora@example.com","password":"correct horse","name":"Sora"}'`,
    },
  ],
});
