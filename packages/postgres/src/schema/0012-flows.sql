-- Instances of flows that this service watches over, by what all their messages have in common.
create table dure.flow (
  flow text not null,
  correlation text not null,
  last_event text not null,
  last_at timestamptz not null,
  due_at timestamptz, -- null until the event that starts it was seen
  ended boolean not null default false,
  told boolean not null default false, -- that it has stalled
  primary key (flow, correlation)
) with (fillfactor = 70);
create index flow_due on dure.flow (due_at) where due_at is not null and not ended and not told;
create index flow_last on dure.flow (last_at);
