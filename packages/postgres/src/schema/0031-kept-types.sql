-- Types of messages that are kept longer than the others. Partitions go as a whole and in order, so one that holds such a message stays, and so
-- does all that follows it.

drop function dure.drop_log(timestamptz, text[], boolean, timestamptz);
-- Drops the oldest partitions whose newest message is older than `before`, that hold no event of a stream, nothing that is `kept` (for each type of
-- message the time, in epoch milliseconds, from which on it is; null: always), and that everybody is past; a reader that has never asked holds
-- everything. Nobody holds what is older than `latest`: `missed` names those who had not had it.
create function dure.drop_log(
  before timestamptz, readers text[], has_relay boolean default false, latest timestamptz default '-infinity',
  kept json default '{}',
  out dropped int, out missed text[]
) language plpgsql security definer set search_path = pg_catalog set lock_timeout = '200ms' as $$
declare
  safe_pos bigint := (select safe from dure.fence_mark);
  kept_types text[] := array(select json_object_keys(kept));
  past bigint := (select min(h.pos) from dure.log_holders(readers, has_relay) h);
  p record;
  newest timestamptz;
  age timestamptz;
  is_state boolean;
  is_kept boolean;
begin
  dropped := 0;
  missed := '{}';
  if not pg_try_advisory_xact_lock(7006, 0) then
    return;
  end if;
  for p in select * from dure.log_partition where upper - 1 <= safe_pos order by lower loop
    execute format(
      'select (select at from dure.%1$I order by pos desc limit 1), exists (select from dure.%1$I where stream is not null)', p.name)
    into newest, is_state;
    exit when is_state or newest >= before;
    if cardinality(kept_types) > 0 then
      execute format(
        'select exists (select from dure.%I l where l.type = any ($1)
          and l.at >= coalesce(to_timestamp(($2 ->> l.type)::float8 / 1000), ''-infinity''))', p.name)
      into is_kept using kept_types, kept;
      exit when is_kept;
    end if;
    if p.upper - 1 > past then
      -- A partition in which nothing was written is as old as what follows it.
      age := coalesce(newest, (select l.at from dure.log l where l.pos >= p.upper order by l.pos limit 1));
      exit when age is null or age >= latest;
    end if;
    if newest is not null then
      missed := array(
        select unnest(missed) union select h.holder from dure.log_holders(readers, has_relay) h where h.pos < p.upper - 1 order by 1);
    end if;
    execute format('drop table dure.%I', p.name);
    delete from dure.log_partition where lower = p.lower;
    update dure.log_shape set floor = p.upper - 1;
    dropped := dropped + 1;
  end loop;
end $$;
