-- Past messages that are delivered once more to one reaction. What comes for it meanwhile is held back behind them, so that the
-- reaction sees each key in order; all other reactions and keys go on.

create table dure.replay (
  id uuid primary key,
  reaction text not null,
  source text not null,
  event text not null,
  key text, -- null: every key
  since timestamptz, -- what was written before is passed over
  began_after bigint not null,
  starts json not null, -- how far the reaction had come: { "whole", "tracks": { <stream>: <position> }, "lanes": [{ "from", "to", "position" }] }
  pos bigint not null, -- of the past, up to here
  up_to bigint not null, -- where the past ends
  state text not null check (state in ('running', 'paused', 'stopped', 'done')),
  applied bigint not null default 0,
  error json, -- { "code", "message", "id": <of the message> }
  actions json not null, -- [{ "what", "by", "why", "at" }]
  at timestamptz not null default dure.now(),
  finished_at timestamptz
) with (fillfactor = 50);
create unique index replay_open on dure.replay (reaction) where state <> 'done';

create table dure.replay_held (
  n bigint generated always as identity primary key, -- the order in which they came
  replay uuid not null references dure.replay on delete cascade,
  id text not null,
  envelope json not null -- as it came: a CloudEvent
);
create index replay_held_order on dure.replay_held (replay, n);

-- The gate of a reaction: each of its deliveries holds it together with the others until the commit; a replay begins and ends while it
-- holds it alone, so that no delivery is under way that has not seen the other side.
create function dure.replay_gate(of_reaction text) returns int language sql immutable as $$ select hashtext(of_reaction) $$;

-- The replay that a delivery must wait behind, or null. Each statement sees what the one before waited for.
create function dure.replay_of(of_reaction text, of_key text) returns uuid language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(7008, dure.replay_gate(of_reaction));
  return (select r.id from dure.replay r
    where r.reaction = of_reaction and r.state <> 'done' and (r.key is null or r.key = of_key));
end $$;

-- The furthest position that this service has reached of a source: by the whole log, by stream, or by lane of its own.
create function dure.reached(of_source text, of_follower text) returns bigint language sql stable as $$
  select greatest(
    coalesce((select max(s.pos) from dure.source s where s.source = of_source or starts_with(s.source, of_source || '/')), 0),
    coalesce((select max(l.pos) from dure.follower_lane l where l.follower = of_follower), 0))
$$;

-- Begins one; null when the reaction has one that is not done. `follower`: of the service's own log, or null for another source.
-- who: { "what", "by", "why", "at" }
create function dure.begin_replay(
  of_id uuid, of_reaction text, of_source text, of_event text, of_key text, of_since timestamptz, after bigint, of_follower text, who json
) returns uuid language plpgsql set lock_timeout = '2s' as $$
declare
  come json;
  last bigint;
begin
  perform pg_advisory_xact_lock(7008, dure.replay_gate(of_reaction));
  if exists (select from dure.replay r where r.reaction = of_reaction and r.state <> 'done') then
    return null;
  end if;
  delete from dure.replay r where r.id in (
    select o.id from dure.replay o where o.state = 'done' order by o.at desc offset 200);
  select json_build_object('whole', coalesce(max(s.pos) filter (where s.source = of_source), 0),
      'tracks', coalesce(json_object_agg(s.source, s.pos) filter (where s.source <> of_source), '{}'),
      'lanes', coalesce((
        select json_agg(json_build_object('from', l.lane_from, 'to', l.lane_to, 'position', l.pos) order by l.lane_from)
        from dure.follower_lane l where l.follower = of_follower), '[]'))
  into come
  from dure.source s where s.source = of_source or starts_with(s.source, of_source || '/');
  last := dure.reached(of_source, of_follower);
  insert into dure.replay (id, reaction, source, event, key, since, began_after, starts, pos, up_to, state, actions)
  values (of_id, of_reaction, of_source, of_event, of_key, of_since, after, come, least(after, last), last, 'running', json_build_array(who));
  return of_id;
end $$;

-- Whether a message waits elsewhere, and comes to the reaction by itself.
create function dure.waits_elsewhere(of_replay uuid, of_id text) returns boolean language sql stable as $$
  select exists (select from dure.parked_message p where p.id = of_id)
    or exists (select from dure.replay_held h where h.replay = of_replay and h.id = of_id)
$$;

create function dure.finish_replay(of_id uuid) returns boolean language plpgsql set lock_timeout = '2s' as $$
declare
  r dure.replay;
begin
  select * into r from dure.replay o
  where o.id = of_id and o.state = 'running' and o.pos >= o.up_to for update skip locked;
  if not found then
    return false;
  end if;
  perform pg_advisory_xact_lock(7008, dure.replay_gate(r.reaction));
  if exists (select from dure.replay_held h where h.replay = of_id) then
    return false;
  end if;
  update dure.replay o set state = 'done', finished_at = dure.now() where o.id = of_id;
  return true;
end $$;

-- what: pause, resume, skip (the message at which it has stopped), cancel (what is left of the past). who: { "what", "by", "why", "at" }
create function dure.steer_replay(of_id uuid, what text, who json) returns boolean language plpgsql as $$
declare
  r dure.replay;
begin
  select * into r from dure.replay o where o.id = of_id and o.state <> 'done' for update;
  if not found or (what = 'skip' and r.state <> 'stopped') then
    return false;
  end if;
  if what = 'skip' then
    if r.pos < r.up_to then
      update dure.replay o set pos = (r.error ->> 'position')::bigint where o.id = of_id;
    else
      delete from dure.replay_held h where h.n = (select min(f.n) from dure.replay_held f where f.replay = of_id);
    end if;
  end if;
  update dure.replay o set
    state = case when what = 'pause' then 'paused' else 'running' end,
    pos = case when what = 'cancel' then o.up_to else o.pos end,
    error = case when what = 'pause' then o.error end,
    actions = (o.actions::jsonb || who::jsonb)::json
  where o.id = of_id;
  return true;
end $$;

-- A position behind which everything stands that was written at a time or later, as near as the times of writing tell, which are in
-- order but for a minute: clocks of several processes, and transactions that took long.
create function dure.log_before(at_time timestamptz) returns bigint language plpgsql stable as $$
declare
  low bigint := (select s.floor from dure.log_shape s);
  high bigint := (select m.safe from dure.fence_mark m);
  middle bigint;
  found_pos bigint;
  found_at timestamptz;
  floor_pos bigint := low;
begin
  at_time := at_time - interval '1 minute';
  while low < high loop
    middle := (low + high) / 2;
    select l.pos, l.at into found_pos, found_at from dure.log l where l.pos > middle and l.pos <= high order by l.pos limit 1;
    if not found or found_at >= at_time then
      high := middle;
    else
      low := found_pos;
    end if;
  end loop;
  return greatest(low, floor_pos);
end $$;
