-- Money that was given back. A row is never changed.
create table refund (
  capture_id uuid primary key references capture,
  order_id uuid not null,
  amount bigint not null check (amount >= 0),
  at timestamptz not null default dure.now()
);
