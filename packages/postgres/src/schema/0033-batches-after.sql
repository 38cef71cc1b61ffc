drop function dure.take_batch(text, bigint[], text[], text[], text);
-- As in 0014. `after_pos`: as for dure.take in 0032.
create function dure.take_batch(of_source text, positions bigint[], ids text[], keys text[], of_stream text, after_pos bigint default 0)
returns text[] language plpgsql as $$
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
    if before < after_pos then
      raise exception using errcode = 'DU006',
        message = format('the position of "%s" is behind %s, where it has been', of_stream, after_pos);
    end if;
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
