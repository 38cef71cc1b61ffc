create table stock (
  sku text primary key,
  supplied bigint not null default 0,
  available bigint not null default 0 check (available >= 0),
  reserved bigint not null default 0 check (reserved >= 0),
  sold bigint not null default 0 check (sold >= 0),
  check (supplied = available + reserved + sold)
) with (fillfactor = 70);

-- Every delivery to the shelf, so that `supplied` can be proved.
create table supply (
  supply_id uuid primary key,
  sku text not null references stock,
  quantity bigint not null check (quantity > 0),
  at timestamptz not null default dure.now()
);
create index supply_sku on supply (sku);

create table reservation (
  order_id uuid primary key,
  state text not null check (state in ('reserved', 'released', 'sold')),
  changed_at timestamptz not null default dure.now()
);

create table reservation_line (
  order_id uuid not null references reservation,
  sku text not null references stock,
  quantity bigint not null check (quantity > 0),
  primary key (order_id, sku)
);
