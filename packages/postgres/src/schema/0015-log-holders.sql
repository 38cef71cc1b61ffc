-- Who still needs the log, and up to where each has it: followers, projections, the readers that are named, and the relay of a broker
-- where the service has one.
create function dure.log_holders(readers text[], has_relay boolean) returns table (holder text, pos bigint)
language sql stable as $$
  select 'the follower ' || l.follower, min(l.pos) from dure.follower_lane l group by l.follower
  union all
  select format('version %s of the projection %s', v.version, v.name), v.pos
  from dure.projection v where v.mode <> 'inline' or v.state <> 'active'
  union all
  select 'the service ' || n.reader, coalesce(r.pos, 0)
  from unnest(readers) as n(reader) left join dure.log_reader r on r.reader = n.reader
  union all
  select 'the relay', coalesce((select r.pos from dure.relay r), 0) where has_relay
$$;

-- The one that is furthest behind, and when the first message was written that it has not had; nothing when nobody waits.
create function dure.log_slowest(readers text[], has_relay boolean) returns table (holder text, pos bigint, since timestamptz)
language sql stable as $$
  select h.holder, h.pos, l.at
  from (select * from dure.log_holders(readers, has_relay) order by pos limit 1) h,
    lateral (select l.at from dure.log l where l.pos > h.pos order by l.pos limit 1) l
$$;

drop function dure.drop_log(timestamptz, text[]);
-- Drops the oldest partitions whose newest message is older than `before`, that hold no event of a stream and that everybody is past; a
-- reader that has never asked holds everything. Nobody holds what is older than `latest`: `missed` names those who had not had it.
create function dure.drop_log(
  before timestamptz, readers text[], has_relay boolean default false, latest timestamptz default '-infinity',
  out dropped int, out missed text[]
) language plpgsql security definer set search_path = pg_catalog set lock_timeout = '200ms' as $$
declare
  safe_pos bigint := (select safe from dure.fence_mark);
  past bigint := (select min(h.pos) from dure.log_holders(readers, has_relay) h);
  p record;
  newest timestamptz;
  age timestamptz;
  is_state boolean;
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
