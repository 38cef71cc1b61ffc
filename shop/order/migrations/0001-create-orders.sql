create table orders (
  order_id uuid primary key,
  customer_id uuid not null,
  state text not null default 'pending' check (state in ('pending', 'confirmed', 'rejected')),
  reason text,
  reason_data jsonb,
  total bigint not null check (total >= 0), -- won
  shipment_id uuid,
  placed_at timestamptz not null default dure.now(),
  decided_at timestamptz,
  check ((state = 'pending') = (decided_at is null)),
  check ((state = 'rejected') = (reason is not null)),
  check ((state = 'confirmed') = (shipment_id is not null))
) with (fillfactor = 80);
create index orders_customer on orders (customer_id, order_id desc);
create index orders_pending on orders (placed_at) where state = 'pending';

create table order_line (
  order_id uuid not null references orders,
  sku text not null,
  quantity bigint not null check (quantity > 0),
  price bigint not null check (price >= 0), -- won, for one, when the order was placed
  primary key (order_id, sku)
);
