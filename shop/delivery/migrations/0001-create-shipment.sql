create table shipment (
  shipment_id uuid primary key,
  order_id uuid not null unique,
  recipient text not null,
  street text not null,
  city text not null,
  postcode text not null,
  lines jsonb not null, -- [{ sku, quantity }]
  shipped_at timestamptz not null default dure.now()
);
