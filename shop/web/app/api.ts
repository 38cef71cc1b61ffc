import type { Answer } from '@dure/console/design';
import { requestJson } from '@dure/console/design';
import type { Stock as StockSchema } from '@shop/inventory/contract';
import type { Offer as OfferSchema, Order as OrderSchema } from '@shop/order/contract';
import type { PaymentMethod as PaymentMethodSchema } from '@shop/payment/contract';
import type { ShownProduct } from '@shop/product/contract';
import type { OrderPageAnswer } from '@shop/system/pages/contract';
import type { User as UserSchema } from '@shop/user/contract';
import type { z } from 'zod';

export type Product = z.infer<typeof ShownProduct>;
export type Stock = z.infer<typeof StockSchema>;
export type Order = z.infer<typeof OrderSchema>;
export type Offer = z.infer<typeof OfferSchema>;
export type PaymentMethod = z.infer<typeof PaymentMethodSchema>;
export type User = z.infer<typeof UserSchema>;

/** An order with everything that its page shows, composed at the edge; `parts` says what became of each. */
export type OrderPage = OrderPageAnswer;

/** What is bought, how it is paid, where it goes. */
export interface Purchase {
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly payment: { readonly method: PaymentMethod };
  readonly address: {
    readonly recipient: string;
    readonly street: string;
    readonly city: string;
    readonly postcode: string;
  };
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export function listProducts(
  signal: AbortSignal,
): Promise<Answer<{ readonly products: readonly Product[]; readonly next: string | null }>> {
  return requestJson('GET', '/products?limit=50', { signal });
}

/** What an order would get just now. */
export function getOffer(signal: AbortSignal): Promise<Answer<Offer>> {
  return requestJson('GET', '/offer', { signal });
}

/** Products that hold all of these words, the best first. */
export function searchProducts(
  words: string,
  signal: AbortSignal,
): Promise<Answer<{ readonly products: readonly Product[] }>> {
  return requestJson('GET', `/search?q=${encodeURIComponent(words)}&limit=50`, { signal });
}

export function getProduct(sku: string, signal: AbortSignal): Promise<Answer<Product>> {
  return requestJson('GET', `/products/${encodeURIComponent(sku)}`, { signal });
}

export function listStock(
  skus: readonly string[],
  signal: AbortSignal,
): Promise<Answer<{ readonly stock: readonly Stock[] }>> {
  return requestJson('GET', `/stock?skus=${encodeURIComponent(skus.join(','))}`, { signal });
}

export function getStock(sku: string, signal: AbortSignal): Promise<Answer<Stock>> {
  return requestJson('GET', `/stock/${encodeURIComponent(sku)}`, { signal });
}

/** Registers; signing in is another request. */
export function register(account: Credentials & { readonly name: string }): Promise<Answer<User>> {
  return requestJson('POST', '/users', { body: account });
}

/** Signs in: the gateway keeps the token in an HttpOnly cookie and answers without it. */
export function signIn(credentials: Credentials): Promise<Answer<{ readonly user: User }>> {
  return requestJson('POST', '/session', { body: credentials });
}

export function signOut(): Promise<Answer<undefined>> {
  return requestJson('DELETE', '/session');
}

/** Whom the browser's cookie stands for; a problem or no subject when it is nobody. */
export function getSession(signal: AbortSignal): Promise<Answer<{ readonly subject?: string } | undefined>> {
  return requestJson('GET', '/session', { signal });
}

export function getMe(signal: AbortSignal): Promise<Answer<User>> {
  return requestJson('GET', '/users/me', { signal });
}

/** Places an order. The same key for the same purchase places it once, however often it is sent. */
export function placeOrder(
  purchase: Purchase,
  idempotencyKey: string,
): Promise<Answer<Pick<Order, 'orderId' | 'state'>>> {
  return requestJson('POST', '/orders', { body: purchase, headers: { 'idempotency-key': idempotencyKey } });
}

export function listOrders(
  signal: AbortSignal,
): Promise<Answer<{ readonly orders: readonly Order[]; readonly next: string | null }>> {
  return requestJson('GET', '/orders?limit=50', { signal });
}

export function getOrderPage(orderId: string, signal: AbortSignal): Promise<Answer<OrderPage>> {
  return requestJson('GET', `/order-pages/${encodeURIComponent(orderId)}`, { signal });
}

/** The address of an order's live states. */
export function orderEventsPath(orderId: string): string {
  return `/orders/${encodeURIComponent(orderId)}/events`;
}
