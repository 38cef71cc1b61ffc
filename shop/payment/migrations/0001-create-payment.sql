create table authorisation (
  authorisation_id uuid primary key,
  order_id uuid not null unique,
  amount bigint not null check (amount >= 0), -- won
  method text not null,
  state text not null check (state in ('authorised', 'captured', 'voided')),
  at timestamptz not null default dure.now()
);

-- Money that was taken. A row is never changed.
create table capture (
  capture_id uuid primary key,
  order_id uuid not null,
  authorisation_id uuid not null references authorisation,
  amount bigint not null check (amount >= 0),
  at timestamptz not null default dure.now()
);
create unique index capture_once on capture (authorisation_id);
create index capture_order on capture (order_id);
