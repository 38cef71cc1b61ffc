-- What is said of a product each time it runs low. A notice that was withdrawn, or is over, may have been so before it was given:
-- the events of two services may overtake each other.
create table notice (
  sku text not null,
  round bigint not null,
  left_over bigint, -- null until it was given
  state text not null check (state in ('coming', 'withdrawn', 'over')),
  at timestamptz not null default dure.now(),
  primary key (sku, round)
);
