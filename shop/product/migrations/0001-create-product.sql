create table product (
  sku text primary key check (sku ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(sku) <= 40),
  name_en text not null,
  name_ko text not null,
  description_en text not null,
  description_ko text not null,
  price bigint not null check (price >= 0), -- won
  picture text not null,
  added_at timestamptz not null default dure.now()
);
