import {
  Empty,
  formatDateTime,
  formatMoney,
  Icon,
  Link,
  navigate,
  Skeleton,
  usePreferences,
  useResource,
} from '@dure/console/design';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Order } from './api.ts';
import { listOrders } from './api.ts';
import { OrderState } from './order-state.tsx';
import { PageHead } from './page-head.tsx';
import { Picture } from './picture.tsx';
import { useExpiry, useSession } from './session.ts';
import { ShopFailure } from './shop-failure.tsx';
import { useMessages } from './use-messages.ts';

/** What the customer has ordered, latest first. */
export function OrdersPage(): JSX.Element {
  const m = useMessages();
  const session = useSession();
  const signedIn = session.state === 'somebody';
  const orders = useResource(signedIn ? 'orders' : undefined, listOrders);
  useExpiry(orders.failure);
  useEffect(() => {
    if (session.state === 'nobody') navigate('/sign-in?next=%2Fmy%2Forders', { replace: true });
  }, [session.state]);
  return (
    <div class="narrow">
      <PageHead title={m.orders} back={{ to: '/', label: m.toProducts }} />
      {orders.failure === undefined ? null : (
        <ShopFailure failure={orders.failure} retry={orders.reload} traceId={orders.traceId} />
      )}
      {orders.value === undefined ? (
        orders.failure === undefined && <Skeleton rows={5} height="3rem" />
      ) : orders.value.orders.length === 0 ? (
        <Empty icon="box" title={m.ordersEmpty}>
          <p>{m.ordersEmptyHint}</p>
          <Link to="/" class="button button-primary">
            {m.toProducts}
          </Link>
        </Empty>
      ) : (
        <ul class="orders panel">
          {orders.value.orders.map((order) => (
            <li key={order.orderId}>
              <OrderRow order={order} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function OrderRow({ order }: { readonly order: Order }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  return (
    <Link to={`/my/orders/${order.orderId}`} class="order-row">
      <span class="order-pictures">
        {order.lines.slice(0, 3).map(({ sku }) => (
          <Picture key={sku} sku={sku} emoji="📦" />
        ))}
      </span>
      <span class="order-words">
        <strong class="numeric">{formatMoney(order.total, language)}</strong>
        <span class="faint">
          <span class="hidden">{m.placedAt}: </span>
          {formatDateTime(Date.parse(order.placedAt), language, 'minute')}
        </span>
      </span>
      <OrderState state={order.state} />
      <Icon name="right" size={16} />
    </Link>
  );
}
