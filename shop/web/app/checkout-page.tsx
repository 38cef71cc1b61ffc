import type { Answer } from '@dure/console/design';
import { formatMoney, navigate, Skeleton, usePreferences, useResource } from '@dure/console/design';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Purchase } from './api.ts';
import { listProducts, placeOrder } from './api.ts';
import { attemptFor } from './attempt.ts';
import { changeBasket, useBasket } from './basket.ts';
import { BasketLines } from './basket-lines.tsx';
import type { Cart } from './cart.ts';
import { cartTotal, emptyCart } from './cart.ts';
import { fieldErrors, formText } from './form-errors.ts';
import { OfferNote } from './offer-note.tsx';
import { PageHead } from './page-head.tsx';
import { PaymentChoice, readMethod } from './payment-choice.tsx';
import { keepAttempt, keepTrace, openAttempt } from './placed-orders.ts';
import { forgetSession, useSession } from './session.ts';
import { ShopFailure } from './shop-failure.tsx';
import { TextField } from './text-field.tsx';
import { useMessages } from './use-messages.ts';
import { useOffer } from './use-offer.ts';

type Placed = Answer<{ readonly orderId: string }>;

/** Address, payment, and the order itself. Sending it again carries the same key, so it is placed once at most. */
export function CheckoutPage(): JSX.Element {
  const m = useMessages();
  const session = useSession();
  const cart = useBasket();
  const away =
    session.state === 'nobody' ? '/sign-in?next=%2Fcheckout' : cart.lines.length === 0 ? '/basket' : undefined;
  useEffect(() => {
    if (away !== undefined) navigate(away, { replace: true });
  }, [away]);
  return (
    <div class="checkout">
      <PageHead title={m.checkout} back={{ to: '/basket', label: m.basket }} />
      {session.state === 'somebody' && away === undefined ? (
        <CheckoutForm cart={cart} name={session.user?.name ?? ''} />
      ) : (
        <Skeleton rows={6} />
      )}
    </div>
  );
}

function CheckoutForm({ cart, name }: { readonly cart: Cart; readonly name: string }): JSX.Element {
  const m = useMessages();
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Placed | undefined>(undefined);
  const submit = async (form: HTMLFormElement) => {
    setBusy(true);
    setAnswer(undefined);
    const placed = await send(cart, new FormData(form));
    setBusy(false);
    setAnswer(placed);
    if (placed.ok) leaveFor(placed.value.orderId);
    else if (placed.failure.kind === 'problem' && placed.failure.problem.status === 401) forgetSession();
  };
  const failure = answer?.ok === false ? answer.failure : undefined;
  return (
    <form
      class="checkout-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void submit(event.currentTarget);
      }}
    >
      <div class="checkout-fields">
        <AddressFields name={name} wrong={fieldErrors(failure, m.wrongFields)} />
        <PaymentChoice />
      </div>
      <Summary cart={cart} busy={busy}>
        {failure === undefined ? null : (
          <>
            <ShopFailure failure={failure} traceId={answer?.traceId} />
            <p class="note-small">{m.retrySafe}</p>
          </>
        )}
      </Summary>
    </form>
  );
}

function AddressFields({ name, wrong }: AddressFieldsProps): JSX.Element {
  const m = useMessages();
  return (
    <fieldset class="form">
      <legend>{m.address}</legend>
      <TextField
        name="recipient"
        label={m.recipient}
        autocomplete="name"
        maxLength={80}
        defaultValue={name}
        error={wrong.recipient}
      />
      <TextField name="street" label={m.street} autocomplete="street-address" maxLength={200} error={wrong.street} />
      <div class="pair">
        <TextField name="city" label={m.city} autocomplete="address-level2" maxLength={80} error={wrong.city} />
        <TextField
          name="postcode"
          label={m.postcode}
          autocomplete="postal-code"
          inputMode="numeric"
          maxLength={16}
          error={wrong.postcode}
        />
      </div>
    </fieldset>
  );
}

interface AddressFieldsProps {
  readonly name: string;
  /** What the server said about each field. */
  readonly wrong: Readonly<Record<string, string>>;
}

function Summary({ cart, busy, children }: SummaryProps): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const catalogue = useResource('products', listProducts);
  const { offer, priceOf } = useOffer();
  const productOf = (sku: string) => catalogue.value?.products.find((product) => product.sku === sku);
  const amount = cartTotal(cart, (sku) => priceOf(productOf(sku)));
  const total = formatMoney({ amount, currency: 'KRW' }, language);
  return (
    <section class="summary panel" aria-labelledby="summary-title">
      <h2 id="summary-title">{m.yourOrder}</h2>
      <BasketLines
        lines={cart.lines.map((line) => {
          const product = productOf(line.sku);
          return { ...line, product, amount: priceOf(product) };
        })}
      />
      <OfferNote offer={offer} />
      <p class="total">
        <span>{m.total}</span>
        <strong class="numeric">{total}</strong>
      </p>
      {children}
      <button type="submit" class="button button-primary button-large wide" disabled={busy}>
        {busy ? m.placing : m.placeOrder(total)}
      </button>
    </section>
  );
}

interface SummaryProps {
  readonly cart: Cart;
  readonly busy: boolean;
  readonly children: JSX.Element | null;
}

async function send(cart: Cart, data: FormData): Promise<Placed> {
  const purchase: Purchase = {
    lines: cart.lines,
    payment: { method: readMethod(data) },
    address: {
      recipient: formText(data, 'recipient'),
      street: formText(data, 'street'),
      city: formText(data, 'city'),
      postcode: formText(data, 'postcode'),
    },
  };
  const attempt = attemptFor(openAttempt(), purchase, () => crypto.randomUUID());
  keepAttempt(attempt);
  const answer = await placeOrder(purchase, attempt.key);
  if (answer.ok) {
    keepAttempt(undefined);
    keepTrace(answer.value.orderId, answer.traceId);
  }
  return answer;
}

function leaveFor(orderId: string): void {
  navigate(`/my/orders/${orderId}`, { replace: true });
  changeBasket(() => emptyCart);
}
