-- Followers of this service's own log: how far each has handled the lanes of the log, and which process handles which.

create table dure.follower (
  name text primary key,
  paused text -- why; null while it runs
);

-- One row for each range of lanes; together the ranges of a follower are 0 to 255. The epoch grows with every change of holder
-- or range and is checked by the transaction of each effect: a process that was frozen cannot apply what its successor has.
create table dure.follower_lane (
  follower text not null references dure.follower,
  lane_from smallint not null,
  lane_to smallint not null,
  pos bigint not null,
  epoch bigint not null default 0,
  owner text,
  until timestamptz not null default '-infinity',
  primary key (follower, lane_from),
  check (lane_from between 0 and lane_to and lane_to <= 255)
) with (fillfactor = 50);

-- The processes that have given a sign of life; as many shares there are.
create table dure.follower_member (
  follower text not null references dure.follower,
  member text not null,
  until timestamptz not null,
  primary key (follower, member)
) with (fillfactor = 50);

create function dure.follower_view(of_follower text) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'name', f.name,
    'paused', f.paused,
    'members', coalesce((
      select jsonb_agg(m.member order by m.member) from dure.follower_member m
      where m.follower = f.name and m.until > dure.now()), '[]'),
    'lanes', coalesce((
      select jsonb_agg(jsonb_build_object(
        'from', l.lane_from, 'to', l.lane_to, 'position', l.pos, 'epoch', l.epoch,
        'owner', case when l.until > dure.now() then l.owner end) order by l.lane_from)
      from dure.follower_lane l where l.follower = f.name), '[]'))
  from dure.follower f where f.name = of_follower
$$;

create function dure.open_follower(new_name text, start bigint) returns void language sql as $$
  insert into dure.follower (name) values (new_name) on conflict do nothing;
  insert into dure.follower_lane (follower, lane_from, lane_to, pos)
  select new_name, 0, 255, start where not exists (select from dure.follower_lane where follower = new_name)
  on conflict do nothing
$$;

-- A sign of life. held: [{ "from", "epoch", "position" }]
create function dure.beat_follower(of_follower text, by_member text, held jsonb, lease interval) returns jsonb
language plpgsql as $$
begin
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

create function dure.claim_lanes(of_follower text, by_member text, lease interval) returns setof dure.follower_lane
language sql as $$
  update dure.follower_lane l set owner = by_member, epoch = l.epoch + 1, until = dure.now() + lease
  where l.follower = of_follower and l.lane_from = (
    select c.lane_from from dure.follower_lane c
    where c.follower = of_follower and (c.owner is null or c.until <= dure.now())
    order by c.lane_from limit 1 for update skip locked)
  returning *
$$;

create function dure.split_lanes(of_follower text, at_lane smallint, by_member text, with_epoch bigint, reached bigint)
returns setof dure.follower_lane language plpgsql as $$
declare
  whole dure.follower_lane;
  middle smallint;
begin
  select * into whole from dure.follower_lane l
  where l.follower = of_follower and l.lane_from = at_lane and l.owner = by_member and l.epoch = with_epoch for update;
  if not found or whole.lane_from = whole.lane_to then
    return;
  end if;
  middle := (whole.lane_from + whole.lane_to) / 2;
  insert into dure.follower_lane (follower, lane_from, lane_to, pos)
  values (of_follower, middle + 1, whole.lane_to, greatest(whole.pos, reached));
  return query update dure.follower_lane l set lane_to = middle, epoch = l.epoch + 1, pos = greatest(l.pos, reached)
    where l.follower = of_follower and l.lane_from = at_lane returning *;
end $$;

create function dure.merge_lanes(
  of_follower text, by_member text, lower_lane smallint, lower_epoch bigint, upper_lane smallint, upper_epoch bigint,
  reached bigint
) returns setof dure.follower_lane language plpgsql as $$
declare
  lower_lanes dure.follower_lane;
  upper_lanes dure.follower_lane;
begin
  select * into lower_lanes from dure.follower_lane l
  where l.follower = of_follower and l.lane_from = lower_lane and l.owner = by_member and l.epoch = lower_epoch for update;
  select * into upper_lanes from dure.follower_lane l
  where l.follower = of_follower and l.lane_from = upper_lane and l.owner = by_member and l.epoch = upper_epoch for update;
  if lower_lanes is null or upper_lanes is null or lower_lanes.lane_to + 1 <> upper_lanes.lane_from then
    return;
  end if;
  delete from dure.follower_lane l where l.follower = of_follower and l.lane_from = upper_lane;
  return query update dure.follower_lane l
    set lane_to = upper_lanes.lane_to, epoch = l.epoch + 1, pos = greatest(l.pos, reached)
    where l.follower = of_follower and l.lane_from = lower_lane returning *;
end $$;

-- With the COMMIT of each effect. It throws where the lanes have been lost, so that nothing is committed.
create function dure.move_follower(
  of_follower text, at_lane smallint, by_member text, with_epoch bigint, reached bigint, lease interval
) returns void language plpgsql as $$
begin
  update dure.follower_lane l set pos = greatest(l.pos, reached), until = dure.now() + lease
  where l.follower = of_follower and l.lane_from = at_lane and l.owner = by_member and l.epoch = with_epoch;
  if not found then
    raise exception using errcode = 'DU005',
      message = format('%s does not hold the lanes from %s of the follower "%s" any more', by_member, at_lane, of_follower);
  end if;
end $$;
