import {
  Empty,
  formatDateTime,
  formatMoney,
  Icon,
  Link,
  Note,
  navigate,
  Skeleton,
  usePreferences,
  useResource,
} from '@dure/console/design';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Order, OrderPage as OrderPageView } from './api.ts';
import { getOrderPage } from './api.ts';
import { BasketLines } from './basket-lines.tsx';
import { traceUrl } from './console-link.ts';
import { OrderSteps } from './order-steps.tsx';
import { PageHead } from './page-head.tsx';
import { partNotes } from './part-notes.ts';
import { traceOfOrder } from './placed-orders.ts';
import { rejectionWords } from './rejection-words.ts';
import { useExpiry, useSession } from './session.ts';
import { ShopFailure } from './shop-failure.tsx';
import type { LiveOrder } from './use-live-order.ts';
import { useLiveOrder } from './use-live-order.ts';
import { useMessages } from './use-messages.ts';

/** One order, read in one composed answer, then followed live until it is decided. */
export function OrderPage({ orderId }: { readonly orderId: string }): JSX.Element {
  const m = useMessages();
  const session = useSession();
  const page = useResource(session.state === 'somebody' ? orderId : undefined, (signal) =>
    getOrderPage(orderId, signal),
  );
  useExpiry(page.failure);
  useEffect(() => {
    if (session.state === 'nobody')
      navigate(`/sign-in?next=${encodeURIComponent(`/my/orders/${orderId}`)}`, { replace: true });
  }, [session.state, orderId]);
  const unknown = page.failure?.kind === 'problem' && page.failure.problem.status === 404;
  return (
    <div class="narrow">
      <PageHead title={m.orderNumber(orderId.slice(-8))} back={{ to: '/my/orders', label: m.orders }} />
      {page.value === undefined ? null : <OrderView page={page.value} />}
      {page.failure === undefined ? (
        page.value === undefined && <Skeleton rows={6} />
      ) : unknown ? (
        <Empty icon="box" title={m.orderUnknown} />
      ) : (
        <ShopFailure failure={page.failure} retry={page.reload} traceId={page.traceId} />
      )}
    </div>
  );
}

function OrderView({ page }: { readonly page: OrderPageView }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const live = useLiveOrder(page.order);
  const { order } = live;
  const productOf = (sku: string) => page.products.find((product) => product.sku === sku);
  const nameOf = (sku: string) => productOf(sku)?.name[language] ?? sku;
  return (
    <>
      <section class={`verdict panel is-${order.state}`}>
        <Verdict live={live} nameOf={nameOf} />
        <OrderSteps state={order.state} />
        <TraceLink orderId={order.orderId} />
      </section>
      {partNotes(page.parts, m).map(({ tone, text }) => (
        <Note key={text} tone={tone}>
          {text}
        </Note>
      ))}
      <section class="panel order-content" aria-labelledby="content-title">
        <h2 id="content-title">{m.yourOrder}</h2>
        <BasketLines
          lines={order.lines.map(({ sku, quantity, price }) => ({
            sku,
            quantity,
            product: productOf(sku),
            amount: price.amount,
          }))}
        />
        <p class="total">
          <span>{m.total}</span>
          <strong class="numeric">{formatMoney(order.total, language)}</strong>
        </p>
        <Facts order={order} customer={page.customer} />
      </section>
    </>
  );
}

function Verdict({ live: { order, connection }, nameOf }: VerdictProps): JSX.Element {
  const m = useMessages();
  return (
    <div class="verdict-words" role="status" aria-live="polite" aria-atomic="true">
      <p class="verdict-title">
        {order.state === 'pending' ? m.pendingTitle : order.state === 'confirmed' ? m.confirmedTitle : m.rejectedTitle}
      </p>
      {order.state === 'pending' ? <p>{connection === 'lost' ? m.liveLost : m.pendingText}</p> : null}
      {order.state === 'confirmed' ? <p>{m.confirmedText}</p> : null}
      {order.state === 'rejected' ? (
        <>
          <p>{rejectionWords(order, m, nameOf)}</p>
          <p class="note-small">{m.nothingCharged}</p>
        </>
      ) : null}
    </div>
  );
}

interface VerdictProps {
  readonly live: LiveOrder;
  readonly nameOf: (sku: string) => string;
}

function Facts({
  order,
  customer,
}: {
  readonly order: Order;
  readonly customer: OrderPageView['customer'];
}): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const facts: readonly (readonly [string, string | undefined])[] = [
    [m.placedAt, formatDateTime(Date.parse(order.placedAt), language, 'minute')],
    [m.customer, customer === null ? undefined : `${customer.name} · ${customer.email}`],
    [m.shipment, order.shipmentId],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="numeric">{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function TraceLink({ orderId }: { readonly orderId: string }): JSX.Element {
  const m = useMessages();
  const traceId = traceOfOrder(orderId);
  const url = traceUrl(location, traceId === undefined ? { text: orderId } : { traceId });
  return (
    <p class="verdict-links">
      {url === undefined ? null : (
        <a href={url} class="trace-link" data-trace={traceId}>
          <Icon name="traces" size={16} />
          <span>
            {m.seeTrace}
            <span class="hidden">, {m.seeTraceHint}</span>
          </span>
          <Icon name="external" size={14} />
        </a>
      )}
      <Link to="/">{m.buyAgain}</Link>
    </p>
  );
}
