-- How far a service's log has been published to a broker: everything up to `pos` is confirmed. `heads` holds the last position of
-- each lane of each topic as of `pos`, which the next record of the lane names as its predecessor. One process has the turn.
create table dure.relay (
  one boolean primary key default true check (one),
  pos bigint not null default 0,
  heads jsonb not null default '{}',
  owner text,
  owned_until timestamptz
) with (fillfactor = 50);
