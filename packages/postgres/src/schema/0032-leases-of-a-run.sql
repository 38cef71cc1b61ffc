-- What a process remembers of a database is worth nothing in another run of the server, in which the database may have lost its newest part, as
-- after a failover to a copy that was behind. So leases end with the run in which they were given, and whoever gets one anew begins
-- where the database says; and who applies messages says how far it has already seen the stored position.

alter table dure.follower_lane add column run text;
alter table dure.relay add column run text;

-- As in 0003; leases of an earlier run are nobody's.
create or replace function dure.beat_follower(of_follower text, by_member text, held jsonb, lease interval) returns jsonb
language plpgsql as $$
begin
  update dure.follower_lane l set owner = null, until = '-infinity', epoch = l.epoch + 1
  where l.follower = of_follower and l.owner is not null and l.run is distinct from dure.log_run();
  delete from dure.follower_member m
  where (m.follower, m.member) in (
    select d.follower, d.member from dure.follower_member d
    where d.follower = of_follower and d.until <= dure.now() and d.member <> by_member for update skip locked);
  insert into dure.follower_member as m (follower, member, until) values (of_follower, by_member, dure.now() + lease)
  on conflict (follower, member) do update set until = excluded.until;
  update dure.follower_lane l set pos = greatest(l.pos, h.position), until = dure.now() + lease
  from jsonb_to_recordset(held) as h("from" smallint, epoch bigint, position bigint)
  where l.follower = of_follower and l.lane_from = h."from" and l.epoch = h.epoch and l.owner = by_member;
  return dure.follower_view(of_follower);
end $$;

create or replace function dure.claim_lanes(of_follower text, by_member text, lease interval) returns setof dure.follower_lane
language sql as $$
  update dure.follower_lane l set owner = by_member, epoch = l.epoch + 1, until = dure.now() + lease, run = dure.log_run()
  where l.follower = of_follower and l.lane_from = (
    select c.lane_from from dure.follower_lane c
    where c.follower = of_follower and (c.owner is null or c.until <= dure.now() or c.run is distinct from dure.log_run())
    order by c.lane_from limit 1 for update skip locked)
  returning *
$$;

create or replace function dure.split_lanes(of_follower text, at_lane smallint, by_member text, with_epoch bigint, reached bigint)
returns setof dure.follower_lane language plpgsql as $$
declare
  whole dure.follower_lane;
  middle smallint;
begin
  select * into whole from dure.follower_lane l
  where l.follower = of_follower and l.lane_from = at_lane and l.owner = by_member and l.epoch = with_epoch
    and l.run = dure.log_run() for update;
  if not found or whole.lane_from = whole.lane_to then
    return;
  end if;
  middle := (whole.lane_from + whole.lane_to) / 2;
  insert into dure.follower_lane (follower, lane_from, lane_to, pos)
  values (of_follower, middle + 1, whole.lane_to, greatest(whole.pos, reached));
  return query update dure.follower_lane l set lane_to = middle, epoch = l.epoch + 1, pos = greatest(l.pos, reached)
    where l.follower = of_follower and l.lane_from = at_lane returning *;
end $$;

create or replace function dure.merge_lanes(
  of_follower text, by_member text, lower_lane smallint, lower_epoch bigint, upper_lane smallint, upper_epoch bigint,
  reached bigint
) returns setof dure.follower_lane language plpgsql as $$
declare
  lower_lanes dure.follower_lane;
  upper_lanes dure.follower_lane;
begin
  select * into lower_lanes from dure.follower_lane l
  where l.follower = of_follower and l.lane_from = lower_lane and l.owner = by_member and l.epoch = lower_epoch
    and l.run = dure.log_run() for update;
  select * into upper_lanes from dure.follower_lane l
  where l.follower = of_follower and l.lane_from = upper_lane and l.owner = by_member and l.epoch = upper_epoch
    and l.run = dure.log_run() for update;
  if lower_lanes is null or upper_lanes is null or lower_lanes.lane_to + 1 <> upper_lanes.lane_from then
    return;
  end if;
  delete from dure.follower_lane l where l.follower = of_follower and l.lane_from = upper_lane;
  return query update dure.follower_lane l
    set lane_to = upper_lanes.lane_to, epoch = l.epoch + 1, pos = greatest(l.pos, reached)
    where l.follower = of_follower and l.lane_from = lower_lane returning *;
end $$;

create or replace function dure.move_follower(
  of_follower text, at_lane smallint, by_member text, with_epoch bigint, reached bigint, lease interval
) returns void language plpgsql as $$
begin
  update dure.follower_lane l set pos = greatest(l.pos, reached), until = dure.now() + lease
  where l.follower = of_follower and l.lane_from = at_lane and l.owner = by_member and l.epoch = with_epoch
    and l.run = dure.log_run();
  if not found then
    raise exception using errcode = 'DU005',
      message = format('%s does not hold the lanes from %s of the follower "%s" any more', by_member, at_lane, of_follower);
  end if;
end $$;

drop function dure.take(text, bigint, text, text);
-- As in 0014. `after_pos`: a position that was stored before; DU006 when the stored one is behind it, for then what was applied in between is lost.
create function dure.take(of_source text, at_pos bigint, of_key text, of_stream text, after_pos bigint default 0) returns text
language plpgsql as $$
begin
  if of_stream <> of_source and exists (select from dure.source s where s.source = of_source and s.paused is not null) then
    return case when exists (select from dure.source s where s.source = of_stream and s.pos >= at_pos)
      then 'duplicate' else 'paused' end;
  end if;
  update dure.source s set pos = at_pos, changed_at = dure.now()
  where s.source = of_stream and s.pos < at_pos and s.pos >= after_pos and s.paused is null;
  if not found then
    if after_pos > 0 and not exists (select from dure.source s where s.source = of_stream and s.pos >= after_pos) then
      raise exception using errcode = 'DU006',
        message = format('the position of "%s" is behind %s, where it has been', of_stream, after_pos);
    end if;
    insert into dure.source as s (source, pos) values (of_stream, at_pos)
    on conflict (source) do update set pos = excluded.pos, changed_at = dure.now()
    where s.pos < excluded.pos and s.paused is null;
    if not found then
      return case when exists (select from dure.source s where s.source = of_stream and s.pos < at_pos)
        then 'paused' else 'duplicate' end;
    end if;
  end if;
  perform from dure.parked_key k where k.source = of_source and k.key = of_key for update;
  return case when found then 'parked' else 'new' end;
end $$;
