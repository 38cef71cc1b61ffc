create table product (sku text primary key, price bigint not null);
insert into product values ('paper-hanji', 9000);
create table orders (
  order_id uuid primary key,
  customer_id uuid not null,
  state text not null default 'pending',
  total bigint not null,
  placed_at timestamptz not null default dure.now()
);
create index orders_customer on orders (customer_id, order_id desc);
create index orders_pending on orders (placed_at) where state = 'pending';
create table order_line (
  order_id uuid not null references orders,
  sku text not null,
  quantity bigint not null,
  price bigint not null,
  primary key (order_id, sku)
);
