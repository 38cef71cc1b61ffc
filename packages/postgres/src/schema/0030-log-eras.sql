-- Eras of the log, as Kafka tells a log that was cut from one that was not (KIP-320, "leader epochs"). An era begins with the first look at
-- the log in another run of the server, or in other tables of the same names: after a restart, a failover, a restored backup. It
-- begins behind the mark, for nobody outside was ever given a position beyond the mark before the mark was durable. Whoever has read
-- further in an earlier era has read what this log no longer holds, however far the log has grown since.
create table dure.log_era (
  n bigint generated always as identity primary key,
  era uuid not null unique default gen_random_uuid(),
  from_pos bigint not null, -- what is behind it belongs to this era, or to a later one
  at timestamptz not null default dure.now()
);

alter table dure.fence_mark add column era uuid, add column run text;

-- What a restart, a failover, a restore and a copy of the database each change: when the server began, and the table's file, in whose path the
-- database is.
create function dure.log_run() returns text language sql stable as $$
  select concat_ws(' ', extract(epoch from pg_postmaster_start_time()), pg_relation_filepath('dure.fence_mark'))
$$;

-- As dure.advance, with the era in which the position is safe.
create function dure.advance_in_era(out safe bigint, out era uuid) language plpgsql as $$
declare
  this_run text := dure.log_run();
  m dure.fence_mark;
begin
  -- A mark that is given away before it is durable would be given away again, for other messages, after a crash.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  select * into m from dure.fence_mark;
  if m.run is distinct from this_run then
    -- The row is the lock: of two that look at once the second finds it done.
    select * into m from dure.fence_mark for update;
    if m.run is distinct from this_run then
      insert into dure.log_era (from_pos) values (m.safe) returning log_era.era into m.era;
      update dure.fence_mark f set era = m.era, run = this_run;
    end if;
  end if;
  safe := dure.advance();
  era := (select f.era from dure.fence_mark f);
end $$;

-- The last position that an era shares with what came after it; null when the log knows no such era.
create function dure.era_end(of_era text) returns bigint language sql stable as $$
  select coalesce((select min(l.from_pos) from dure.log_era l where l.n > e.n), 9007199254740991)
  from dure.log_era e where e.era::text = of_era
$$;

-- On the side of a consumer: the era in which it has read a source.
alter table dure.source add column era text;
