-- A source whose messages come by several streams, as through a broker: each stream has a position of its own, and all of them share
-- the parked keys and the pause of the source.

drop function dure.take(text, bigint, text);
-- Claims a message for the transaction of its delivery: 'new', 'duplicate', 'paused', or 'parked' when its key is. The row of
-- the stream stays locked until the commit, so a rival waits and then finds the position moved; so does that of a parked
-- key, so that a message is never put behind a last one that is just being taken away.
create function dure.take(of_source text, at_pos bigint, of_key text, of_stream text) returns text language plpgsql as $$
begin
  if of_stream <> of_source and exists (select from dure.source s where s.source = of_source and s.paused is not null) then
    return case when exists (select from dure.source s where s.source = of_stream and s.pos >= at_pos)
      then 'duplicate' else 'paused' end;
  end if;
  update dure.source s set pos = at_pos, changed_at = dure.now()
  where s.source = of_stream and s.pos < at_pos and s.paused is null;
  if not found then
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

drop function dure.take_batch(text, bigint[], text[], text[]);
-- Claims several messages of one stream at once: for each, in order, what became of it. By position, where positions are given
-- (ascending), or else by id.
create function dure.take_batch(of_source text, positions bigint[], ids text[], keys text[], of_stream text) returns text[]
language plpgsql as $$
declare
  many int := cardinality(ids);
  before bigint;
  fresh text[];
  waiting text[];
begin
  if exists (select from dure.source s where s.source in (of_source, of_stream) and s.paused is not null) then
    return array_fill('paused'::text, array[many]);
  end if;
  if positions is not null then
    insert into dure.source (source, pos) values (of_stream, 0) on conflict do nothing;
    select s.pos into before from dure.source s where s.source = of_stream for update;
    update dure.source s set pos = positions[many], changed_at = dure.now()
    where s.source = of_stream and s.pos < positions[many];
    fresh := (select array_agg(t.id) from unnest(positions, ids) as t(pos, id) where t.pos > before);
  else
    with inserted as (
      insert into dure.inbox (source, id) select of_source, unnest(ids) on conflict do nothing returning id
    ) select array_agg(id) into fresh from inserted;
  end if;
  with locked as (
    select k.key from dure.parked_key k where k.source = of_source and k.key = any (keys) order by k.key for update
  ) select array_agg(key) into waiting from locked;
  if waiting is null and cardinality(fresh) = many then
    return array_fill('new'::text, array[many]);
  end if;
  return (
    select array_agg(
      case
        when not t.id = any (coalesce(fresh, '{}')) then 'duplicate'
        when t.key = any (coalesce(waiting, '{}')) then 'parked'
        else 'new'
      end order by t.n)
    from unnest(ids, keys) with ordinality as t(id, key, n)
  );
end $$;

-- Puts a message that was claimed behind those of its key. failure: { "code", "message", "attempts", "at", "nextAt" }, times in
-- epoch milliseconds. Another stream may park the same key at the same time: whoever comes second is put behind.
create or replace function dure.park(
  claimed text, of_source text, of_key text, of_id text, of_kind "char", of_envelope json, failure json
) returns text language plpgsql as $$
begin
  if claimed in ('duplicate', 'paused') then
    return claimed;
  end if;
  if claimed = 'new' then
    insert into dure.parked_key as k (source, key, state, kind, attempts, since, next_at, error)
    select of_source, of_key, case when f."nextAt" is null then 'stopped' else 'waiting' end, of_kind, f.attempts,
      to_timestamp(f.at / 1000), to_timestamp(coalesce(f."nextAt", f.at) / 1000), failure
    from json_to_record(failure) as f(attempts int, at double precision, "nextAt" double precision)
    on conflict (source, key) do update set state = k.state; -- which locks it, so that it is not taken away meanwhile
  end if;
  insert into dure.parked_message (source, key, id, kind, envelope) values (of_source, of_key, of_id, of_kind, of_envelope);
  return 'parked';
end $$;
